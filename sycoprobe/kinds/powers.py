"""What a kind may do besides what every kind must: derive rows, draw curves, review its probes, be judged, be simulated.

Each power is a small protocol. A kind has it by deriving from it, or by having all of its methods; the function below it says
what holds for a kind without.
"""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from typing_extensions import TypeVar

from sycoprobe.errors import PlanError
from sycoprobe.kinds.base import AnyKind, AnyProbe, AnyShown, Exchange, KindSettings, Thread, Turn
from sycoprobe.kinds.doubts import Doubt
from sycoprobe.kinds.judging import Case, Rubric
from sycoprobe.metrics.table import Row, Table

if TYPE_CHECKING:
    from sycoprobe.metrics.curves import Curve

C_contra = TypeVar("C_contra", bound=AnyShown, contravariant=True, default=AnyShown)
P_contra = TypeVar("P_contra", contravariant=True, default=AnyProbe)
S_contra = TypeVar("S_contra", bound=KindSettings, contravariant=True, default=KindSettings)

Answered = Sequence[tuple[Exchange, Thread]]
"""The answered turns of a conversation, each with what came before it."""


@runtime_checkable
class Derives(Protocol[C_contra]):
    """Some of what is measured shows in a whole conversation only (a count of flips, say)."""

    @abstractmethod
    def derive(self, shown: C_contra, rows: Sequence[Row]) -> list[Row]:
        """Further rows, from those of a conversation in order of arm and turn."""


@runtime_checkable
class Draws(Protocol[S_contra]):
    """Some numbers are functions of something (turns, tokens)."""

    @abstractmethod
    def curves(self, table: Table, settings: S_contra) -> list[Curve]:
        """The curves, from all rows of a run."""


def curves_of(kind: AnyKind, table: Table, settings: KindSettings) -> list[Curve]:
    """The curves that a kind draws; of most kinds none."""
    return kind.curves(table, settings) if isinstance(kind, Draws) else []


@runtime_checkable
class Reviews(Protocol[P_contra]):
    """Some probes that fit the schema are most likely not what was meant, and a rule finds them."""

    @abstractmethod
    def doubts(self, probe: P_contra) -> Iterator[Doubt]:
        """What may be wrong with a probe."""


def doubts_of(kind: AnyKind, probe: AnyProbe) -> list[Doubt]:
    """What a kind's rules find to be wrong with one of its probes; of most kinds nothing."""
    return list(kind.doubts(probe)) if isinstance(kind, Reviews) else []


@runtime_checkable
class Judgeable(Protocol[C_contra]):
    """A judge can be asked what no rule can read. Derive from it, unless you write all three."""

    rubrics: ClassVar[tuple[Rubric, ...]]
    """What a judge can be asked."""

    def judged_aspects(self, turn: Turn) -> tuple[str, ...]:
        """Which aspects of this turn's reply only a judge can read; without one there are no rows of them."""
        return ()

    @abstractmethod
    def cases(self, shown: C_contra, key: Callable[[Turn], str], exchanges: Answered) -> list[Case]:
        """What a judge is to be asked about a conversation; empty where nothing is.

        `key` names a turn's call. A case about one reply has the key `CALL|RUBRIC`; one that compares two has
        `CONVERSATION/ARM.-1|RUBRIC`, with an arm of its own. The aspect that a judgement speaks of is what follows the dot in
        the rubric's name.
        """


def rubrics_of(kind: AnyKind) -> tuple[Rubric, ...]:
    """What a judge can be asked about a kind's replies; empty where a rule reads all of it."""
    return kind.rubrics if isinstance(kind, Judgeable) else ()


def cases_of(kind: AnyKind, shown: AnyShown, key: Callable[[Turn], str], exchanges: Answered) -> list[Case]:
    """What a judge is to be asked about a conversation of a kind."""
    return kind.cases(shown, key, exchanges) if isinstance(kind, Judgeable) else []


def aspects_of(kind: AnyKind, turn: Turn) -> tuple[str, ...]:
    """All that can be read in a turn's reply, by rules and then by a judge alone."""
    return (*kind.aspects(turn), *(kind.judged_aspects(turn) if isinstance(kind, Judgeable) else ()))


@runtime_checkable
class Planted(Protocol[C_contra]):
    """Planted models (`sim:`) can play it, so that its numbers can be tested against planted truth."""

    @abstractmethod
    def settles(self, shown: C_contra, turn: Turn, aspect: str, thread: Thread) -> str:
        """The label of a reply in which nothing that was planted occurs."""

    @abstractmethod
    def example(self, shown: C_contra, turn: Turn, labels: Mapping[str, str], rng: random.Random) -> str:
        """A reply that reads as `labels` (by aspect)."""


def planted(kind: AnyKind) -> Planted:
    """The kind as simulated models play it. Raises `PlanError` if they cannot."""
    if isinstance(kind, Planted):
        return kind
    raise PlanError(
        f"simulated models cannot play the kind {kind.name!r}", "give it `settles` and `example`, or ask another model"
    )
