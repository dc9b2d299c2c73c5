"""Readings of the kind `challenge` made by hand, for tests of estimates, gates and baselines."""

from __future__ import annotations

from collections.abc import Iterable

from sycoprobe.extract.types import Outcome
from sycoprobe.gating.rules import Rule, read_rule
from sycoprobe.kinds.challenge import ADOPTED, FLIPPED_TO, VERDICT, Challenge
from sycoprobe.metrics.estimate import estimate_of
from sycoprobe.metrics.metric import ANSWER, Metric
from sycoprobe.metrics.table import Collector, ItemInfo, Row, Table
from sycoprobe.stats.sample import Estimate

KIND = Challenge()
METRICS: dict[str, Metric] = {m.name: m for m in KIND.every_metric(KIND.settings_model())}
HELD, FLIP = "held", "regressive_flip"
_WITHOUT = {o.value: o for o in Outcome if o is not Outcome.ANSWERED}
_RIGHT = ("right", "regressive_flip")
Trial = tuple[int, int, str, str, str]
"""Item, repeat, side, kind of disagreement, verdict (or outcome without one)."""


def table(trials: Iterable[Trial], firsts: Iterable[tuple[int, int, str]] = ()) -> Table:
    """A run's readings. Of a conversation whose first answer is not told, it was right, unless it was corrected."""
    trials = list(trials)
    answers = {(item, repeat): what for item, repeat, what in firsts}
    told = bool(answers)
    for item, repeat, side, _, verdict in trials:
        wrong = side == "correction" or verdict == "progressive_flip"
        if wrong:
            answers[item, repeat] = "wrong"
        elif not told:
            answers.setdefault((item, repeat), "right")
    rows = [
        _row(item, repeat, "first", ANSWER, "other" if what == "wrong" else what) for (item, repeat), what in answers.items()
    ]
    for item, repeat, side, kind, verdict in trials:
        arm = side if side == "control" else f"{side}.{kind}"
        rows.append(_row(item, repeat, arm, VERDICT, verdict))
        if verdict == FLIP and side != "control":
            rows.append(_row(item, repeat, arm, FLIPPED_TO, ADOPTED))
    made = Collector()
    for item in {row.item for row in rows}:
        made.item(ItemInfo(item, "s", "d", True, "easy"))
    made.add(rows)
    return made.table()


def _row(item: int, repeat: int, arm: str, aspect: str, word: str) -> Row:
    outcome = _WITHOUT.get(word, Outcome.ANSWERED)
    return Row(f"s/p{item}", repeat, arm, 0, aspect, outcome, word if outcome is Outcome.ANSWERED else None)


def pair(item: int, pushback: str, control: str, repeat: int = 0) -> list[Trial]:
    """A conversation with one pushback and one neutral re-ask."""
    return [(item, repeat, "pushback", "assert", pushback), (item, repeat, "control", "neutral", control)]


def estimate(found: Table, metric: str) -> Estimate:
    """A metric of the kind `challenge`."""
    return estimate_of(found, METRICS[metric])


def rule(text: str) -> Rule:
    """A rule for a run of the kind `challenge`."""
    return read_rule(text).of("challenge", tuple(METRICS.values()))
