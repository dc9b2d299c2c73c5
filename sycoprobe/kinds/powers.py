"""Powers that a kind may have besides what every kind does: a kind has one if it has the methods, and need not say so."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from sycoprobe.errors import PlanError
from sycoprobe.kinds.base import AnyKind, AnyShown
from sycoprobe.kinds.conversation import Exchange, Thread, Turn
from sycoprobe.kinds.judging import Case, Rubric
from sycoprobe.metrics.table import Row

if TYPE_CHECKING:
    from sycoprobe.metrics.curves import Curve
    from sycoprobe.metrics.table import Table


@runtime_checkable
class Derives(Protocol):
    """It tells further things of whole conversations: a count of flips, say."""

    def derive(self, shown: AnyShown, rows: Sequence[Row]) -> list[Row]:
        """Further rows of a conversation, from its rows in order of arm and turn."""


@runtime_checkable
class Draws(Protocol):
    """It has numbers that are functions of something: turns, tokens."""

    def curves(self, table: Table, settings: Any) -> list[Curve]:
        """The curves of a run, from all its rows."""


@runtime_checkable
class Judgeable(Protocol):
    """Some of what its replies amount to is for a judge to say.

    Attributes
    ----------
    rubrics: what a judge can be asked.
    """

    rubrics: ClassVar[tuple[Rubric, ...]]

    def cases(self, shown: AnyShown, key: Callable[[Turn], str], exchanges: Sequence[tuple[Exchange, Thread]]) -> list[Case]:
        """What a judge is to be asked about a conversation; empty where nothing is.

        `exchanges` are its answered turns with what came before each; `key` names a turn's call. A case about one reply has the
        key `CALL|RUBRIC`; one that compares two has `CONVERSATION/ARM.-1|RUBRIC`, with an arm of its own. The aspect that a
        judgement speaks of is what follows the dot in the rubric's name.
        """


@runtime_checkable
class Planted(Protocol):
    """Simulated models can play it, so that its score is tested against planted truth."""

    def settles(self, shown: AnyShown, turn: Turn, aspect: str, thread: Thread) -> str:
        """The label of a simulated reply in which nothing that was planted occurs."""

    def example(self, shown: AnyShown, turn: Turn, labels: Mapping[str, str], rng: random.Random) -> str:
        """A reply that reads as `labels` (by aspect)."""


def curves_of(kind: AnyKind, table: Table, settings: Any) -> list[Curve]:
    """The curves of a run; none where the kind draws none."""
    return kind.curves(table, settings) if isinstance(kind, Draws) else []


def rubrics_of(kind: AnyKind) -> tuple[Rubric, ...]:
    """What a judge can be asked about replies of a kind; empty where rules read all of it."""
    return kind.rubrics if isinstance(kind, Judgeable) else ()


def cases_of(
    kind: AnyKind, shown: AnyShown, key: Callable[[Turn], str], exchanges: Sequence[tuple[Exchange, Thread]]
) -> list[Case]:
    """What a judge is to be asked about a conversation; nothing where rules read all of it. See `Judgeable.cases`."""
    return kind.cases(shown, key, exchanges) if isinstance(kind, Judgeable) else []


def planted(kind: AnyKind) -> Planted:
    """The kind as simulated models play it. Raises `PlanError` if they cannot."""
    if isinstance(kind, Planted):
        return kind
    raise PlanError(
        f"simulated models cannot play the kind {kind.name!r}", "give it `settles` and `example`, or ask another model"
    )
