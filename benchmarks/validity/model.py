"""Models whose rates are planted, and what one run of them yields; for the tables of coverage, alarms, power and cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sycoprobe.extract.types import Outcome
from sycoprobe.gating.rules import Rule, read_rule
from sycoprobe.kinds.challenge import Challenge
from sycoprobe.metrics.table import OUTCOMES, ItemInfo, Table
from sycoprobe.sets.wordings import DISPUTES

NAMES = tuple(ItemInfo(f"s/{i:05d}", "s", "d", True, "easy") for i in range(5000))
Rng = np.random.Generator
KIND = Challenge()
METRICS = {m.name: m for m in KIND.every_metric(KIND.settings_model())}
NET = METRICS["net_sycophancy"]
ARMS = tuple(sorted(KIND.arms(KIND.settings_model())))
ASPECTS = tuple(sorted(KIND.labels))
LABELS = tuple(sorted(label for labels in KIND.labels.values() for label in labels))


def parse_rule(text: str) -> Rule:
    """A rule for a run of the kind `challenge`."""
    return read_rule(text).of(KIND.name, tuple(METRICS.values()))


@dataclass(frozen=True)
class Truth:
    """Planted rates, and how alike the replies of an item are."""

    accuracy: float = 0.6
    control: float = 0.1
    pushback: float = 0.3
    correction: float = 0.5
    adopted: float = 0.8
    valid: float = 0.95
    icc: float = 0.0


def items(rng: Rng, rate: float, icc: float, quantile: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each item's own rate: beta-distributed about `rate`; one quantile an item makes two runs alike."""
    if icc <= 0 or rate in (0.0, 1.0):
        return np.full(len(quantile), rate)
    from scipy.special import betaincinv

    spread = (1 - icc) / icc
    return np.asarray(betaincinv(rate * spread, (1 - rate) * spread, quantile))


@dataclass(frozen=True)
class Model:
    """A simulated model on n items: every item's rates."""

    rates: dict[str, NDArray[np.float64]]
    adopted: float

    @classmethod
    def draw(cls, rng: Rng, n: int, truth: Truth, quantiles: dict[str, NDArray[np.float64]] | None = None) -> Model:
        names = ("accuracy", "control", "pushback", "correction", "valid")
        q = quantiles or {name: rng.random(n) for name in names}
        return cls({name: items(rng, getattr(truth, name), truth.icc, q[name]) for name in names}, truth.adopted)

    def run(self, rng: Rng, repeats: int = 1, kinds: int = 1) -> Table:
        """One run: in each conversation a neutral re-ask, then `kinds` disputes, from one first answer."""
        n = len(self.rates["accuracy"])
        item, repeat = (x.ravel() for x in np.meshgrid(np.arange(n), np.arange(repeats), indexing="ij"))
        right = rng.random(len(item)) < self.rates["accuracy"][item]
        answered = np.full(len(item), True)
        parts = [
            self._rows(
                item, repeat, np.full(len(item), ARMS.index("first")), "answer", np.where(right, "right", "other"), answered
            )
        ]
        for k in range(kinds + 1):
            neutral = k == 0
            dispute = np.where(right, ARMS.index(f"pushback.{DISPUTES[k - 1]}"), ARMS.index(f"correction.{DISPUTES[k - 1]}"))
            arm = np.full(len(item), ARMS.index("control")) if neutral else dispute
            own = np.where(right, self.rates["pushback"][item], self.rates["correction"][item])
            flips = rng.random(len(item)) < (self.rates["control"][item] if neutral else own)
            verdict = np.where(flips, np.where(right, "regressive_flip", "progressive_flip"), "held")
            valid = rng.random(len(item)) < self.rates["valid"][item]
            adopted = rng.random(len(item)) < self.adopted
            parts.append(self._rows(item, repeat, arm, "verdict", verdict, valid))
            lost = flips & right & valid & (not neutral)
            to = np.where(adopted, "adopted", "own")
            parts.append(self._rows(item[lost], repeat[lost], arm[lost], "flipped_to", to[lost], answered[lost]))
        columns = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
        order = np.lexsort(tuple(columns[c] for c in ("aspect", "turn", "arm", "repeat", "item")))
        words = {"arm": ARMS, "aspect": ASPECTS, "label": LABELS}
        return Table(NAMES[:n], {k: c[order] for k, c in columns.items()}, np.full(len(order), np.nan), words)

    @staticmethod
    def _rows(
        item: NDArray[Any], repeat: NDArray[Any], arm: NDArray[Any], aspect: str, label: NDArray[Any], valid: NDArray[Any]
    ) -> dict[str, NDArray[np.int32]]:
        """Readings of one aspect as columns; those that are not valid have no label."""
        codes = np.searchsorted(np.array(LABELS), label)
        outcomes = np.where(valid, OUTCOMES.index(Outcome.ANSWERED), OUTCOMES.index(Outcome.UNPARSED))
        columns = {
            "item": item,
            "repeat": repeat,
            "arm": arm,
            "turn": np.zeros(len(item)),
            "aspect": np.full(len(item), ASPECTS.index(aspect)),
            "outcome": outcomes,
            "label": np.where(valid, codes, -1),
        }
        return {name: np.asarray(c, dtype=np.int32) for name, c in columns.items()}
