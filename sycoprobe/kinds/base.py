"""What a probe kind is: which arms it has, what is said in them, how replies are read, and what is measured.

A kind is a small pure class, registered under the entry-point group `sycoprobe.kinds`. Five methods are its own: `arms`, `begin`,
`then`, `read` and `metrics`; what it can do besides stands in `powers`. The runner asks it what to say next
(`begin`, `then`), the scorer asks it what a reply amounts to (`read`), and `metrics` says which labels in which arms make
a number, and against which control. Nothing here knows of backends or files.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic

from pydantic import BaseModel
from typing_extensions import TypeVar

from sycoprobe.kinds.conversation import AnyProbe as AnyProbe
from sycoprobe.kinds.conversation import AnyShown as AnyShown
from sycoprobe.kinds.conversation import Exchange as Exchange
from sycoprobe.kinds.conversation import KindProbe as KindProbe
from sycoprobe.kinds.conversation import KindSettings as KindSettings
from sycoprobe.kinds.conversation import Question as Question
from sycoprobe.kinds.conversation import Reading as Reading
from sycoprobe.kinds.conversation import Readings as Readings
from sycoprobe.kinds.conversation import Shown as Shown
from sycoprobe.kinds.conversation import Thread as Thread
from sycoprobe.kinds.conversation import Turn as Turn
from sycoprobe.metrics.metric import ANSWER as ANSWER
from sycoprobe.metrics.metric import FIRST as FIRST
from sycoprobe.metrics.metric import Among as Among
from sycoprobe.metrics.metric import Metric as Metric
from sycoprobe.metrics.metric import bounds_of, valid_share
from sycoprobe.metrics.table import Row as Row
from sycoprobe.sets.forms import TYPICAL_REPLY_TOKENS
from sycoprobe.sets.probe import Probe
from sycoprobe.sets.wordings import Arm

if TYPE_CHECKING:
    from sycoprobe.stats.sample import Estimate

FREE_TEXT_TOKENS = 200
"""About how long a reply is where no short answer is asked for."""


def each_once(value: object) -> object:
    """For settings that list things, before they are checked: one thing is a list of it. Raises `ValueError` for one named twice."""
    listed = (value,) if isinstance(value, str | int) else value
    if isinstance(listed, list | tuple) and any(x in listed[:i] for i, x in enumerate(listed)):
        raise ValueError("one stands there twice")
    return listed


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a kind cannot use a probe: in one clause, and how to fix it."""

    what: str
    fix: str


C = TypeVar("C", bound=AnyShown, default=AnyShown)
"""A kind's conversations."""
S = TypeVar("S", bound=KindSettings, default=KindSettings)
"""A kind's settings."""


class ProbeKind(ABC, Generic[C, S]):
    """A kind of probe, over its conversations and its settings. Stateless; one instance serves all runs.

    `ProbeKind[Shown[PROBE, SETTINGS], SETTINGS]`; a kind that asks questions with a known answer is a `questions.QuestionKind[SETTINGS]`.

    Class attributes
    ----------------
    name: as users write it.
    summary: one line.
    paper: where the idea comes from.
    control: what the control is, and what the paper's own design lacked.
    probe_model: the class of its probes.
    settings_model: what users may set.
    sets: shipped sets that suit it, the default of a run of this kind.
    labels: by aspect, the closed vocabulary with what each label means.
    version: of its texts; raised when any text changes.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str]
    control: ClassVar[str]
    probe_model: ClassVar[type[BaseModel]] = Probe
    settings_model: ClassVar[type[KindSettings]] = KindSettings
    sets: ClassVar[tuple[str, ...]]
    labels: ClassVar[Mapping[str, Mapping[str, str]]]
    version: ClassVar[str | None] = "1"
    typical_tokens: ClassVar[int] = TYPICAL_REPLY_TOKENS
    """About how long a reply is, for estimates of what a run costs; of a kind that asks in the run's form, the form says it."""
    asks_in_form: ClassVar[bool] = False
    """Whether its turns end in the run's own request for an answer (`common.opening`, `closing` …), of which there are several forms."""
    read_in_all: ClassVar[tuple[str, ...]] = ()
    """Aspects of which one is read in every reply; empty: the first of `labels`."""
    planted_flips: ClassVar[bool] = False
    """Whether `sim:` answers it by rates of flips (`pushback=0.3`) instead of labels in arms."""

    @abstractmethod
    def arms(self, settings: S) -> tuple[str, ...]:
        """The arms in the order in which they are shown, a shared first answer (if there is one) as `first`."""

    @abstractmethod
    def begin(self, shown: C) -> list[Turn]:
        """The calls with which a conversation begins: one for a shared first answer, or one an arm."""

    def then(self, shown: C, thread: Thread) -> list[Turn]:
        """The calls that follow the last of `thread`.

        Must depend on its arguments only: a resume asks it again. An unanswered or failed turn is followed by nothing.
        """
        return []

    @abstractmethod
    def read(self, shown: C, turn: Turn, reply: str, thread: Thread) -> Readings:
        """What an ordinary reply amounts to, by aspect, as far as a rule can tell. `thread` is what came before.

        Refusals by the provider, cut-offs and failures never come here.
        """

    @abstractmethod
    def metrics(self, settings: S) -> tuple[Metric, ...]:
        """What is estimated, the headline first."""

    def every_metric(self, settings: S) -> tuple[Metric, ...]:
        """`metrics`, the bounds of the headline, and the share of replies that could be read."""
        share = valid_share(self.arms(settings), self.read_in_all or (next(iter(self.labels)),))
        return (*self.metrics(settings), *bounds_of(self.headline(settings)), share)

    def headline(self, settings: S) -> Metric:
        """The metric to look at first."""
        return next(m for m in self.metrics(settings) if m.headline)

    def most_calls(self, settings: S) -> tuple[int, int]:
        """The least and the most calls of one conversation, where nothing fails."""
        n = len(self.arms(settings))
        return n, n

    def title_of(self, probe: AnyProbe) -> str:
        """What a probe asks, in one line for a list of probes."""
        for name in ("question", "text", "told", "flaw"):
            if isinstance(said := getattr(probe, name, None), str):
                return said
        return probe.id

    def conclusion(self, model: str, estimates: Mapping[str, Estimate]) -> str | None:
        """The finding in one plain sentence of the kind's own; None: a general one is made of the headline."""
        return None

    def notes(self, settings: S) -> tuple[str, ...]:
        """What a reader must know of a run with these settings."""
        return ()

    def sides(self, settings: S) -> Mapping[str, Arm]:
        """Which arms log-odds are compared between: those of the headline, and its control."""
        headline = self.headline(settings)
        return {**dict.fromkeys(headline.arms, Arm.PUSHBACK), **dict.fromkeys(headline.against, Arm.CONTROL)}

    def replies_in(self, metric: Metric, settings: S) -> int:
        """How many replies a conversation has, at most, in the arms of a metric."""
        return len(metric.arms)

    def is_last(self, shown: C, turn: Turn) -> bool:
        """Whether nothing follows this turn, whatever is replied: its dialog need not be kept in a provider's cache."""
        return type(self).then is ProbeKind.then or turn.arm != FIRST

    def call_name(self, arm: str, index: int) -> str:
        """How a call is named in its conversation; seeds go by it, so it never changes."""
        return f"{arm}.{index}"

    def fault(self, probe: AnyProbe, settings: S) -> Fault | None:
        """Why this kind cannot use `probe`, or None."""
        return None

    def in_form(self, turn: Turn) -> bool:
        """Whether this turn ends in the run's request for an answer."""
        return self.asks_in_form

    def aspects(self, turn: Turn) -> tuple[str, ...]:
        """Which aspects are read in this turn's reply; by default all that the kind has."""
        return tuple(self.labels)

    def reads_cut(self, turn: Turn) -> bool:
        """Whether a reply that was stopped by the length limit can still be read, because what counts does not stand at its end."""
        return False


AnyKind = ProbeKind[AnyShown, KindSettings]
"""A kind as the rest of the program knows it, which hands it its own conversations back. `sets.load.kind_named` gives it this type."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a stand-in for a model is told of a call, besides its messages."""

    kind: AnyKind
    shown: AnyShown
    turn: Turn
    thread: Thread = ()
