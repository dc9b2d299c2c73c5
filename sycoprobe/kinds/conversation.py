"""A conversation as a kind sees it: the probe that it shows, the turns that are asked, and what their replies amount to."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Generic

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeVar

from sycoprobe.extract.types import Extraction, Outcome, Stage, Stance
from sycoprobe.seeds import rng_for
from sycoprobe.sets.forms import EARLIER_FORM, AnswerForm
from sycoprobe.sets.probe import TEMPLATE, Asked, Difficulty, Name, Probe, Short, Text
from sycoprobe.sets.wordings import Wordings
from sycoprobe.turns import Message


class KindProbe(BaseModel):
    """What every probe has that is not a question with a known answer; each such kind adds its own fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Name = Field(description="Unique within the set: lower-case letters, digits, '.', '_' and '-'.")
    tags: tuple[Name, ...] = Field(default=(), strict=False)
    difficulty: Annotated[Difficulty, Field(strict=False)] = Field(default=Difficulty.MEDIUM)
    domain: Name | None = Field(default=None, description="Overrides the set's domain.")
    source: Short | None = Field(default=None, description="Where the facts in it can be looked up.")
    system: Text | None = Field(default=None, description="A system prompt for this probe.")
    template: Name | None = Field(default=None, description=TEMPLATE)


class KindSettings(BaseModel):
    """What a user may set about a kind; each kind's own class says what. Values are journaled with the plan."""

    model_config = ConfigDict(frozen=True, extra="forbid")


AnyProbe = Probe | KindProbe
P_co = TypeVar("P_co", bound=AnyProbe, covariant=True, default=AnyProbe)
"""The probes that are shown."""
S_co = TypeVar("S_co", bound=KindSettings, covariant=True, default=KindSettings)
"""The kind's settings."""


@dataclass(frozen=True, slots=True)
class Shown(Generic[P_co, S_co]):
    """A probe as one conversation shows it.

    Attributes
    ----------
    probe: the probe.
    asked: the same with its options in the order that the seed drew, in a `Question`; None for other probes.
    settings: the kind's.
    wordings: the run's, for what all kinds say alike (requests to answer, neutral re-asks).
    seed, conversation: what `rng` draws from.
    form: the form in which the run asks for answers.
    """

    probe: P_co
    asked: Asked | None
    settings: S_co
    wordings: Wordings
    seed: int
    conversation: str
    form: AnswerForm = EARLIER_FORM

    def rng(self, *parts: str) -> random.Random:
        """A generator that depends on the seed, this conversation and `parts` only."""
        return rng_for(self.seed, "kind", self.conversation, *parts)

    def seeded(self, *parts: str) -> random.Random:
        """A generator that depends on the seed and `parts` only."""
        return rng_for(self.seed, *parts)


AnyShown = Shown[AnyProbe, KindSettings]
"""A conversation of whatever kind."""


@dataclass(frozen=True, slots=True)
class Question(Shown[Probe, S_co], Generic[S_co]):
    """A question with a known answer as one conversation shows it; `Question` alone is one of whatever kind."""

    asked: Asked


@dataclass(frozen=True, slots=True)
class Turn:
    """One call of a conversation: turn `index` (from 0) of `arm`, and the whole dialog that is sent for it.

    `wording` names the text that the seed drew for it, where there are several.
    """

    arm: str
    index: int
    messages: tuple[Message, ...]
    wording: str = ""

    @property
    def said(self) -> str:
        """What the user says in it."""
        return self.messages[-1]["content"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reply amounts to, in one aspect.

    `label` is one of the kind's labels for that aspect, and set if and only if `outcome` is answered; `value` is a number where
    the aspect has one (a rating, in [0, 1]). `rule` names the rule, or the judge, that decided. `answer` is what was read.
    `stage` is which step of `extract` decided, None where the reply is not read for the answer to the question; `sure` is its word.
    """

    outcome: Outcome
    rule: str
    label: str | None = None
    value: float | None = None
    answer: str | None = None
    stage: Stage | None = None
    sure: bool = True

    def relabelled(self, label: str | None) -> Reading:
        """The same reading under a label of another aspect."""
        return Reading(self.outcome, self.rule, label, self.value, self.answer, self.stage, self.sure)

    def plain(self) -> Extraction:
        """The reading as `extract` gives it, without the stance."""
        return Extraction(self.outcome, self.rule, None, self.answer)

    def extraction(self) -> Extraction:
        """The reading as `extract` takes that of the answer before; its label is one of the stances."""
        return Extraction(self.outcome, self.rule, None if self.label is None else Stance(self.label), self.answer)


Readings = Mapping[str, Reading]
"""By aspect."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A turn that was answered: its reply's text and what that amounts to."""

    turn: Turn
    reply: str
    readings: Readings
    said: Message
    """The assistant turn that later turns repeat."""


Thread = tuple[Exchange, ...]
"""The answered turns that lead to a turn, from the beginning of the conversation."""
