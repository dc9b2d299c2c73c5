"""Simulated runs of the kind `challenge`, and what is true of them by a formula that knows no estimator.

A `World` says how a population of questions behaves under one model; `benchmarks.truths` gives what a run is meant to estimate, by
integrals over that population. `Sheet` is some items drawn from it; `ask` has a model answer them by a `Design`, loses some replies by a `Loss`, and
gives the table that the package judges. Nothing here is shared with the backend `sim:` or with the package's estimators.

An item has a chance that its first answer is right, and a chance of a flip in each arm. Each chance is beta-distributed over items, with
the mean that the world names; they go together by a Gaussian copula: hard questions are given up more easily (`hard`), and a question
on which one rebuttal works is one on which the others do (`alike`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sycoprobe.extract.types import Outcome
from sycoprobe.kinds.challenge import Challenge
from sycoprobe.metrics.table import OUTCOMES, ItemInfo, Table
from sycoprobe.sets.wordings import DISPUTES

Rng = np.random.Generator
Floats = NDArray[np.float64]
KIND = Challenge()
MANY = len(DISPUTES)
LABELS = tuple(sorted(label for labels in KIND.labels.values() for label in labels))
ASPECTS = tuple(sorted(KIND.labels))
CORRECTIONS, PUSHBACKS = (sorted(f"{side}.{name}" for name in DISPUTES) for side in ("correction", "pushback"))
ARMS = ("control", *CORRECTIONS, "first", *PUSHBACKS)
"""In the order of their names, which is a table's order."""
LOST = tuple(OUTCOMES.index(o) for o in (Outcome.UNPARSED, Outcome.AMBIGUOUS, Outcome.REFUSED))
ANSWERED, AMBIGUOUS = OUTCOMES.index(Outcome.ANSWERED), OUTCOMES.index(Outcome.AMBIGUOUS)


@dataclass(frozen=True)
class World:
    """How one model does on a population of questions.

    Attributes
    ----------
    accuracy: mean chance that the first answer is right.
    control, pushback: mean chance that a right answer is given up when asked again, and under each rebuttal.
    control_wrong, correction: mean chance that a wrong answer is put right when asked again, and under each rebuttal.
    icc: how unlike items are: each chance has variance icc · mean · (1 - mean) over items; 0: all items are alike.
    hard: correlation (of the copula) between the chance of a wrong first answer and that of giving up a right one.
    alike: how much of the copula's variance the arms share beyond that.
    template: how much of it the items of one template share.
    """

    accuracy: float = 0.7
    control: float = 0.05
    pushback: tuple[float, ...] = (0.15, 0.22, 0.3, 0.38, 0.45)
    control_wrong: float = 0.1
    correction: tuple[float, ...] = (0.4, 0.45, 0.5, 0.55, 0.6)
    icc: float = 0.3
    hard: float = 0.5
    alike: float = 0.3
    template: float = 0.0

    def shifted(self, by: float) -> World:
        """The world of a model that gives up right answers so much more often under every rebuttal."""
        return replace(self, pushback=tuple(p + by for p in self.pushback))


@dataclass(frozen=True)
class Design:
    """What is asked of how many items.

    Attributes
    ----------
    repeats: conversations of an item, drawn for each item from these.
    harder_more: the harder an item, the more of the drawn repeats it gets.
    rebuttals: the first so many of the five.
    drawn: each conversation has so many of these; None: all.
    templates: sizes of sets whose items stem from one template each; all other items are on their own.
    """

    items: int = 100
    repeats: tuple[int, ...] = (1,)
    harder_more: bool = False
    rebuttals: int = MANY
    drawn: int | None = None
    templates: tuple[int, ...] = ()


@dataclass(frozen=True)
class Loss:
    """Which replies cannot be read: they are in the table without a label.

    Attributes
    ----------
    share: of all branches' replies.
    first: whether of first answers too; then the conversation ends there.
    by_rebuttal: of the replies under each rebuttal, in place of `share`.
    flips: of the flips, beyond that: what is lost depends on what was said.
    hedged: of the surrenders under pushback, which are worded so that they name two answers.
    """

    share: float = 0.0
    first: bool = False
    by_rebuttal: tuple[float, ...] = ()
    flips: float = 0.0
    hedged: float = 0.0

    def of(self, rebuttals: int) -> Floats:
        """Of the control and each rebuttal: the share that is lost whatever was said."""
        return np.array([self.share, *(self.by_rebuttal[:rebuttals] or (self.share,) * rebuttals)])


NOTHING_LOST = Loss()

# Chances of items


Z = np.arange(-700, 701) / 100
"""Standard deviations from the middle of the population, at which chances are tabulated."""


@cache
def quantiles(mean: float, icc: float) -> Floats:
    """The chance of an item at each point of `Z`."""
    if icc <= 0 or mean <= 0 or mean >= 1:
        return np.full(len(Z), mean)
    from scipy.special import betaincinv, ndtr

    spread = (1 - icc) / icc
    return np.asarray(betaincinv(mean * spread, (1 - mean) * spread, ndtr(Z)))


def chance(mean: float, icc: float, z: Floats) -> Floats:
    """The chance of items that lie at `z`, so many standard deviations from the middle of the population."""
    return np.interp(z, Z, quantiles(mean, icc))


@dataclass(frozen=True)
class Chances:
    """Of each item; `pushback` and `correction` have a column a rebuttal."""

    right: Floats
    control: Floats
    pushback: Floats
    control_wrong: Floats
    correction: Floats


@dataclass(frozen=True)
class Sheet:
    """Items drawn from a population: where each of their chances lies in it. Two models asked from one sheet find the same items easy.

    `plan` seeds how often each item is asked and which rebuttals a conversation draws: runs that are compared share a plan.
    """

    latent: Floats
    infos: tuple[ItemInfo, ...]
    whole_sets: frozenset[str]
    plan: int = 0

    @classmethod
    def draw(cls, rng: Rng, world: World, design: Design) -> Sheet:
        n = design.items
        latent = _latent(rng, n, world)
        infos, groups = names_of(n, design.templates)
        if design.templates and world.template > 0:
            common = _latent(rng, int(groups.max()) + 1, world)[groups]
            latent = np.sqrt(1 - world.template) * latent + np.sqrt(world.template) * common
        sets = frozenset(info.set for info in infos if info.set != "single")
        return cls(latent, infos, sets, int(rng.integers(2**62)))

    def chances(self, world: World) -> Chances:
        """Under the model of this world, whose `hard`, `alike` and `template` are those of the sheet."""
        z, many = self.latent, MANY

        def columns(means: tuple[float, ...], first: int) -> Floats:
            return np.stack([chance(mean, world.icc, z[:, first + k]) for k, mean in enumerate(means)], axis=1)

        return Chances(
            right=chance(world.accuracy, world.icc, z[:, 0]),
            control=chance(world.control, world.icc, z[:, 1]),
            control_wrong=chance(world.control_wrong, world.icc, z[:, 2]),
            pushback=columns(world.pushback, 3),
            correction=columns(world.correction, 3 + many),
        )


def _latent(rng: Rng, n: int, world: World) -> Floats:
    """Standard normal columns: right, control, control of wrong answers, pushbacks, corrections; correlated as the world says."""
    ease, pliable = rng.standard_normal((n, 1)), rng.standard_normal((n, 1))
    own = rng.standard_normal((n, 2 + 2 * MANY))
    by_ease = np.r_[-world.hard, world.hard, np.full(MANY, -world.hard), np.full(MANY, world.hard)]
    left = np.sqrt(1 - world.hard**2 - world.alike)
    return np.hstack([ease, by_ease * ease + np.sqrt(world.alike) * pliable + left * own])


@cache
def names_of(n: int, templates: tuple[int, ...]) -> tuple[tuple[ItemInfo, ...], NDArray[np.int64]]:
    """Items by name, and the group of each; items on their own come first."""
    single = n - sum(templates)
    names = [("single", i) for i in range(single)] + [
        (f"template{t:03}", i) for t, size in enumerate(templates) for i in range(size)
    ]
    infos = tuple(ItemInfo(f"{name}/{i:05}", name, "d", True, "easy") for name, i in names)
    groups = np.r_[np.arange(single), np.repeat(np.arange(len(templates)) + single, templates)]
    return infos, groups.astype(np.int64)


# Asking


@dataclass(frozen=True)
class Asked:
    """What one run yielded. A row a conversation; columns of `flips`, `asked` and `outcomes`: the control, then the rebuttals."""

    item: NDArray[np.int64]
    repeat: NDArray[np.int64]
    right: NDArray[np.bool_]
    first: NDArray[np.int64]
    flips: NDArray[np.bool_]
    asked: NDArray[np.bool_]
    outcomes: NDArray[np.int64]
    sheet: Sheet

    @property
    def read(self) -> NDArray[np.bool_]:
        """Which branches have a reply that could be read."""
        return np.asarray(self.asked & (self.outcomes == ANSWERED))

    def table(self) -> Table:
        """As the package sees it."""
        m, k = len(self.item), self.flips.shape[1] - 1
        there = np.zeros((m, len(ARMS)), dtype=bool)
        label = np.full((m, len(ARMS)), -1)
        outcome = np.full((m, len(ARMS)), ANSWERED)
        verdict = np.where(
            self.flips, np.where(self.right, _code("regressive_flip"), _code("progressive_flip"))[:, None], _code("held")
        )
        first = ARMS.index("first")
        there[:, first], outcome[:, first] = True, self.first
        label[:, first] = np.where(self.right, _code("right"), _code("other"))
        there[:, 0], outcome[:, 0], label[:, 0] = self.asked[:, 0], self.outcomes[:, 0], verdict[:, 0]
        for side, right in (("pushback", True), ("correction", False)):
            at = [ARMS.index(f"{side}.{name}") for name in DISPUTES[:k]]
            there[:, at] = self.asked[:, 1:] & (self.right == right)[:, None]
            outcome[:, at], label[:, at] = self.outcomes[:, 1:], verdict[:, 1:]
        label[outcome != ANSWERED] = -1
        arm = np.broadcast_to(np.arange(len(ARMS)), there.shape)
        aspect = np.where(arm == first, ASPECTS.index("answer"), ASPECTS.index("verdict"))
        of_row = [np.broadcast_to(x[:, None], there.shape) for x in (self.item, self.repeat)]
        columns = {"item": of_row[0], "repeat": of_row[1], "arm": arm, "turn": np.zeros(there.shape), "aspect": aspect}
        columns |= {"outcome": outcome, "label": label}
        chosen = {name: np.asarray(column[there], dtype=np.int32) for name, column in columns.items()}
        words = {"arm": ARMS, "aspect": ASPECTS, "label": LABELS}
        return Table(self.sheet.infos, chosen, np.full(int(there.sum()), np.nan), words, self.sheet.whole_sets)


def _code(label: str) -> int:
    return LABELS.index(label)


def ask(rng: Rng, sheet: Sheet, world: World, design: Design, loss: Loss = NOTHING_LOST) -> Asked:
    """One run: a first answer, then, from that answer, a neutral re-ask and the rebuttals, each in its own branch."""
    chances = sheet.chances(world)
    n, k = design.items, design.rebuttals
    plan = np.random.default_rng(sheet.plan)
    repeats = plan.choice(np.array(design.repeats), n)
    if design.harder_more:
        repeats = np.sort(repeats)[::-1][np.argsort(np.argsort(sheet.latent[:, 0]))]
    item = np.repeat(np.arange(n), repeats)
    repeat = np.arange(len(item)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    m = len(item)
    right = rng.random(m) < chances.right[item]
    of_right = np.column_stack([chances.control, chances.pushback[:, :k]])
    of_wrong = np.column_stack([chances.control_wrong, chances.correction[:, :k]])
    flips = rng.random((m, k + 1)) < np.where(right[:, None], of_right[item], of_wrong[item])
    asked = np.ones((m, k + 1), dtype=bool)
    if design.drawn is not None:
        asked[:, 1:] = np.argsort(np.argsort(plan.random((m, k)), axis=1), axis=1) < design.drawn
    lost = rng.random((m, k + 1)) < 1 - (1 - loss.of(k)) * np.where(flips, 1 - loss.flips, 1.0)
    outcomes = np.where(lost, rng.choice(LOST, (m, k + 1)), ANSWERED)
    if loss.hedged > 0:
        hedged = flips & right[:, None] & (rng.random((m, k + 1)) < loss.hedged)
        hedged[:, 0] = False
        outcomes[hedged] = AMBIGUOUS
    first = np.full(m, ANSWERED)
    if loss.first and loss.share > 0:
        gone = rng.random(m) < loss.share
        first[gone] = rng.choice(LOST, int(gone.sum()))
        asked[gone] = False
    return Asked(item, repeat, right, first, flips, asked, outcomes, sheet)


def run(rng: Rng, world: World, design: Design, loss: Loss = NOTHING_LOST) -> Table:
    """The table of one run on items of its own."""
    return ask(rng, Sheet.draw(rng, world, design), world, design, loss).table()
