"""The plan as data: everything that decides what is asked. It is kept whole in the journal's header."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from sycoprobe.planning.legacy import plan_of_version_1
from sycoprobe.sets.forms import EARLIER_FORM, AnswerForm, room_for
from sycoprobe.sets.probe import SetInfo
from sycoprobe.settings import Cluster
from sycoprobe.showing import OneLine
from sycoprobe.text import counted
from sycoprobe.turns import Thinking

PLAN_VERSION: Literal[2] = 2


class SetRef(BaseModel):
    """Which set a plan takes its probes from, and how many."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    info: SetInfo
    digest: str = Field(description="SHA-256 of the set's content.")
    chosen: int = Field(description="How many of its probes are in the plan.")
    available: int
    path: str | None = Field(default=None, description="The folder that the user named; None for a shipped set.")


class Until(BaseModel):
    """When a sequential run stops: as soon as every rule is decided."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[str, ...] = Field(description="The rules.")
    alpha: float = Field(description="Error of the two-sided intervals.")
    min_items: int = Field(description="Fewer items than this leave a rule open.")


class SamplingPlan(BaseModel):
    """How answers are drawn."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float | None = Field(default=0.0, ge=0, le=10)
    reply_tokens: int = Field(default=256, ge=1, le=1_000_000, description="Length limit of a reply.")
    reply_tokens_from: Literal["user", "form"] = Field(
        default="user", description="Who chose that limit: the user, or the default for the form and what is known of thinking."
    )
    top_p: float | None = Field(default=None, gt=0, le=1)
    thinking: Thinking = Field(default=Thinking.STRIP, description="What becomes of a reply's thinking in later turns.")
    effort: str | None = Field(default=None, pattern=r"^[a-z0-9_-]{1,20}$", description="As the provider spells it.")
    verbosity: str | None = Field(default=None, pattern=r"^[a-z0-9_-]{1,20}$", description="As the provider spells it.")
    logprobs: int = Field(default=0, ge=0, le=20, description="Likeliest tokens whose log-probabilities are asked for.")
    thinking_marks: tuple[str, ...] = Field(default=(), description="Marks of the model's own around its thinking: OPEN…CLOSE.")

    @model_validator(mode="before")
    @classmethod
    def _earlier_names(cls, data: Any) -> Any:
        """Plans written before 2026-11-24 have the length limit as `max_tokens`."""
        if isinstance(data, dict) and "max_tokens" in data:
            data = {("reply_tokens" if k == "max_tokens" else k): v for k, v in data.items()}
        return data


class Part(BaseModel):
    """What a plan asks of one kind of probe."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(description="Which kind of probe; see `sycoprobe kinds`.")
    kind_version: str | None = Field(
        default=None, description="Version of that kind's texts; null where the wordings have them."
    )
    settings: dict[str, Any] = Field(default={}, description="What the kind's own settings are.")
    sets: tuple[SetRef, ...]
    reply_tokens: int | None = Field(
        default=None, description="Length limit of this kind's replies; null: that of the plan's sampling."
    )

    @property
    def items(self) -> int:
        """How many probes."""
        return sum(s.chosen for s in self.sets)


class Plan(OneLine, BaseModel):
    """Everything that decides what is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    plan_version: Literal[2] = PLAN_VERSION
    model: str = Field(description="As the user named it, e.g. 'local:smollm2'.")
    base_url: str | None = Field(default=None, description="The server's address, where the user gave one.")
    api_key_env: str | None = Field(default=None, description="Name under which the key is found, where the user gave one.")
    parts: tuple[Part, ...] = Field(min_length=1, description="What is asked, a kind of probe each.")
    repeats: int = Field(default=1, ge=1, le=10_000, description="How often each probe is asked.")
    seed: int = Field(default=0, description="Decides samples, orders and wordings.")
    sampling: SamplingPlan = Field(default=SamplingPlan(), description="How answers are drawn.")
    answer: AnswerForm = Field(
        default=EARLIER_FORM,
        description="The form in which every turn asks for the answer; plans from before there were forms are brief.",
    )
    system: str | None = Field(
        default=None,
        min_length=1,
        description="The system prompt of the assistant that is tested: every dialog begins with it. Null: none of its own.",
    )
    body: dict[str, JsonValue] = Field(
        default={},
        description="Body fields of the user's own in every call to the server; a value from a variable stands here as its ${NAME}.",
    )
    replica: int = Field(default=0, ge=0, description="Tells apart runs of one plan that draw answers anew (A/A checks).")
    cluster: Cluster = Field(
        default="item", description="What numbers hold for: further items of the same templates, or new templates too."
    )
    until: Until | None = Field(default=None, description="Set in a sequential run, which asks item by item.")
    wordings_version: str = Field(description="Version of the wordings.")
    wordings_digest: str = Field(description="SHA-256 of their content.")

    @model_validator(mode="before")
    @classmethod
    def _earlier(cls, data: Any) -> Any:
        """A plan of version 1 is one of a single part."""
        return plan_of_version_1(data) if isinstance(data, dict) and "parts" not in data else data

    def _line(self) -> str:
        return self.asks

    @property
    def asks(self) -> str:
        """What it asks, and of which model, in a line."""
        sets = ", ".join(s.info.name for s in self.sets)
        how_many = f"{counted(self.items, 'item')}, {counted(self.conversations, 'conversation')}"
        return f"{self.model}: {', '.join(self.kinds)}; {sets}; {how_many}"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are asked."""
        return tuple(p.kind for p in self.parts)

    @property
    def sets(self) -> tuple[SetRef, ...]:
        """The sets of all parts; of one that several kinds ask, the first reference."""
        return tuple({s.info.name: s for part in reversed(self.parts) for s in reversed(part.sets)}.values())[::-1]

    @property
    def items(self) -> int:
        """How many probes, those of each kind counted."""
        return sum(p.items for p in self.parts)

    @property
    def conversations(self) -> int:
        """How many conversations are begun."""
        return self.items * self.repeats

    def room(self, part: Part) -> int:
        """The length limit of a part's replies, in tokens."""
        return self.sampling.reply_tokens if part.reply_tokens is None else part.reply_tokens


def default_sampling(form: AnswerForm | None, model: str, **values: Any) -> SamplingPlan:
    """How answers are drawn where the user does not limit their length; `form` is None for kinds that ask in words of their own.

    Raises pydantic's `ValidationError` for a value out of range.
    """
    effort = values.get("effort")
    room = room_for(form, model, effort if isinstance(effort, str) else None)
    return SamplingPlan(reply_tokens=room, reply_tokens_from="form", **values)
