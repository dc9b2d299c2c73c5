"""A plan with the probes and wordings that it is made from: its conversations, their calls, and what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sycoprobe.metrics.metric import Metric
from sycoprobe.metrics.table import ItemInfo
from sycoprobe.planning.calls import CallSpec
from sycoprobe.planning.plan import Part, Plan
from sycoprobe.planning.settings import settings_of
from sycoprobe.seeds import rng_for
from sycoprobe.sets.forms import TYPICAL_REPLY_TOKENS, AnswerForm, schema_of, typical_answer, typical_thinking
from sycoprobe.sets.probe import Asked, Probe, ProbeSet, ask
from sycoprobe.sets.wordings import Wordings
from sycoprobe.showing import OneLine, Printed
from sycoprobe.text import CHARS_PER_TOKEN, shortened, visible
from sycoprobe.turns import Message

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sycoprobe.kinds.base import AnyKind, AnyShown, Turn


SENTENCE = 120
"""Characters by which a user's turn after the first is taken to lengthen the dialog."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a plan costs, before any call. Tokens are estimates: 4 characters a token, `typical_reply` tokens a reply.

    Attributes
    ----------
    items: probes, those of each kind counted.
    conversations: how many are begun.
    calls_min, calls_max: how many calls that takes, depending on what is answered.
    prompt_tokens, completion_tokens: of all calls, at most.
    typical_reply: tokens that a reply is taken to have.
    """

    items: int
    conversations: int
    calls_min: int
    calls_max: int
    prompt_tokens: int
    completion_tokens: int
    typical_reply: int = TYPICAL_REPLY_TOKENS

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.items + other.items,
            self.conversations + other.conversations,
            self.calls_min + other.calls_min,
            self.calls_max + other.calls_max,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            max(self.typical_reply, other.typical_reply),
        )


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation that a plan asks for: `spec` names its first call, `shown` is the probe as it shows it."""

    part: PlannedPart
    spec: CallSpec
    shown: AnyShown

    @property
    def kind(self) -> AnyKind:
        """The kind that says what is asked in it."""
        return self.part.kind

    @property
    def key(self) -> str:
        """Its key, unique in a run."""
        return self.spec.conversation

    def asked(self, turns: Iterable[Turn]) -> list[Turn]:
        """Turns of the kind as they are sent: the assistant's own system prompt first, then that of the probe."""
        system = self.part.plan.system
        return list(turns) if system is None else [replace(t, messages=_prompted(t.messages, system)) for t in turns]

    def call(self, turn: Turn) -> CallSpec:
        """The name of a turn's call."""
        s = self.spec
        return CallSpec(s.set, s.probe, s.repeat, turn.arm, turn.index, self.kind.call_name(turn.arm, turn.index), s.section)


def _prompted(messages: tuple[Message, ...], system: str) -> tuple[Message, ...]:
    """A dialog that begins with `system`; one that does so already comes back as it is."""
    first = messages[0]
    own = first["content"] if first["role"] == "system" else ""
    if own == system or own.startswith(f"{system}\n\n"):
        return messages
    said = Message(role="system", content=f"{system}\n\n{own}" if own else system)
    return (said, *(messages[1:] if own else messages))


class PlannedPart(OneLine):
    """What a plan asks of one kind, with its probes."""

    def __init__(self, plan: Plan, part: Part, kind: AnyKind, sets: tuple[ProbeSet, ...], wordings: Wordings) -> None:
        self.plan = plan
        self.part = part
        self.kind = kind
        self.sets = sets
        self.wordings = wordings
        self.settings = settings_of(kind, part.settings)
        self._section = part.kind if len(plan.parts) > 1 else ""
        self._infos = {s.name: s.info for s in sets}

    def _line(self) -> str:
        return f"{self.name}: {', '.join(s.name for s in self.sets)}; {self.part.items} items"

    @property
    def name(self) -> str:
        """The kind's name."""
        return self.part.kind

    @cached_property
    def headline(self) -> Metric:
        """The kind's first metric, for the settings of this part."""
        return self.kind.headline(self.settings)

    @property
    def form(self) -> AnswerForm | None:
        """The form in which its turns ask for the answer; None where they ask in words of their own."""
        return self.plan.answer if self.kind.asks_in_form else None

    @property
    def reply_tokens(self) -> int:
        """The length limit of its replies, in tokens."""
        return self.plan.room(self.part)

    @cached_property
    def _order(self) -> list[tuple[str, Any]]:
        """The chosen probes of all sets in random order by seed."""
        pairs = [(s.name, p) for s in self.sets for p in s.probes]
        rng_for(self.plan.seed, "order").shuffle(pairs)
        return pairs

    def items(self) -> list[str]:
        """The names of the items in the order in which they are asked."""
        return [f"{name}/{probe.id}" for name, probe in self._order]

    def conversations(self) -> Iterator[Conversation]:
        """Every conversation: all probes once, in random order by seed, then all again for the next repeat.

        In a sequential run each probe's repeats follow one another, so that items complete one by one.
        """
        repeats = range(self.plan.repeats)
        if self.plan.until is not None:
            yield from (self.conversation(name, probe, r) for name, probe in self._order for r in repeats)
        else:
            yield from (self.conversation(name, probe, r) for r in repeats for name, probe in self._order)

    def conversation(self, set_name: str, probe: Any, repeat: int) -> Conversation:
        """A conversation about a probe, as the plan's seed draws it."""
        from sycoprobe.kinds.base import Question, Shown

        spec = CallSpec(set_name, probe.id, repeat, section=self._section)
        seed = self.plan.seed
        drawn = (self.settings, self.wordings, seed, spec.talk, self.plan.answer)
        if isinstance(probe, Probe):
            asked = ask(probe, rng_for(seed, "options", spec.talk)) if probe.options else Asked(probe)
            return Conversation(self, spec, Question(probe, asked, *drawn))
        return Conversation(self, spec, Shown(probe, None, *drawn))

    def info_of(self, conversation: Conversation) -> ItemInfo:
        """What the conversation's item can be sliced by."""
        spec, probe = conversation.spec, conversation.shown.probe
        info = self._infos[spec.set]
        return ItemInfo(
            spec.item, spec.set, probe.domain or info.domain, info.verifiable, probe.difficulty.value, probe.template or ""
        )

    def schema(self, asked: Asked | None) -> dict[str, Any] | None:
        """The JSON schema that a reply is held to; None where the plan asks for none."""
        return schema_of(asked) if asked is not None and self.form is AnswerForm.SCHEMA else None

    def whole_sets(self) -> frozenset[str]:
        """The sets that are one cluster each, since another set of the part was made from the same template."""
        templates = [s.info.template for s in self.part.sets if s.info.template]
        return frozenset(s.info.name for s in self.part.sets if s.info.template and templates.count(s.info.template) > 1)

    @property
    def by_template(self) -> bool:
        """Whether items of one template are one cluster."""
        return self.plan.cluster == "template"

    def cost(self) -> Cost:
        """Calls and tokens; of turns after the first, prompts are taken to grow by a reply and a sentence."""
        plan = self.plan
        least, most = self.kind.most_calls(self.settings)
        typical = self.kind.typical_tokens if self.form is None else typical_answer(self.form)
        typical = min(typical, self.reply_tokens)
        opening = 0
        for name, probe in self._order:
            conversation = self.conversation(name, probe, 0)
            opened = conversation.asked(self.kind.begin(conversation.shown))
            size = sum(len(m["content"]) for turn in opened for m in turn.messages) / len(opened)
            opening += round(size * most + max(0, most - len(opened)) * (typical * CHARS_PER_TOKEN + SENTENCE))
        conversations = self.part.items * plan.repeats
        calls = conversations * most
        reply = min(typical + typical_thinking(plan.model, plan.sampling.effort), self.reply_tokens)
        return Cost(
            items=self.part.items,
            conversations=conversations,
            calls_min=conversations * least,
            calls_max=calls,
            prompt_tokens=opening * plan.repeats // CHARS_PER_TOKEN,
            completion_tokens=reply * calls,
            typical_reply=reply,
        )


class Planned(Printed):
    """A plan with everything that it is made from; yields the conversations.

    Attributes
    ----------
    plan: the settings that decide what is asked.
    parts: what is asked of each kind, with its probes.
    wordings: what the user says.
    """

    def __init__(self, plan: Plan, parts: Sequence[PlannedPart], wordings: Wordings) -> None:
        self.plan = plan
        self.parts = tuple(parts)
        self.wordings = wordings

    def _line(self) -> str:
        return self.plan.asks

    def _blocks(self) -> Iterable[RenderableType]:
        from rich.text import Text

        from sycoprobe.grid import Grid

        table = Grid()
        table.add_columns("kind", "sets")
        table.add_columns("items", "conversations", "calls, at most", "tokens, at most", number=True)
        for part in self.parts:
            cost = part.cost()
            sets = ", ".join(f"{s.name} {s.info.version}" for s in part.sets)
            tokens = cost.prompt_tokens + cost.completion_tokens
            table.add_row(part.name, sets, *(f"{n:,}" for n in (cost.items, cost.conversations, cost.calls_max, tokens)))
        yield Text(visible(self.plan.model), style="bold")
        yield table

    def _details(self) -> Iterable[RenderableType]:
        from rich.text import Text

        plan = self.plan
        settings = {
            "repeats": plan.repeats,
            "seed": plan.seed,
            "answer": plan.answer.value,
            **plan.sampling.model_dump(mode="json"),
        }
        yield from (
            Text(f"{name.replace('_', ' ')}: {visible(str(value))}") for name, value in settings.items() if value is not None
        )
        if plan.system is not None:
            yield Text(f"system prompt: {shortened(plan.system)}")

    @classmethod
    def of(
        cls, plan: Plan, kinds: Mapping[str, AnyKind], sets: Mapping[str, tuple[ProbeSet, ...]], wordings: Wordings
    ) -> Planned:
        """The plan with its kinds and, by kind, its chosen probes."""
        return cls(plan, [PlannedPart(plan, p, kinds[p.kind], sets[p.kind], wordings) for p in plan.parts], wordings)

    def changed(self, plan: Plan) -> Planned:
        """Another plan of the same probes."""
        parts = [
            PlannedPart(plan, p, mine.kind, mine.sets, self.wordings) for p, mine in zip(plan.parts, self.parts, strict=True)
        ]
        return Planned(plan, parts, self.wordings)

    @property
    def sets(self) -> tuple[ProbeSet, ...]:
        """The sets of all parts, each once."""
        return tuple({s.name: s for part in self.parts for s in part.sets}.values())

    def templates(self) -> Mapping[str, int]:
        """The templates that several items were made from, with how many; items of several kinds count once."""
        named = {(s.name, p.id): p.template for part in self.parts for s in part.sets for p in s.probes if p.template}
        return {name: times for name, times in Counter(named.values()).items() if times > 1}

    def part(self, kind: str) -> PlannedPart:
        """The part of a kind."""
        return next(p for p in self.parts if p.name == kind)

    def conversations(self) -> Iterator[Conversation]:
        """Every conversation, one kind after another."""
        for part in self.parts:
            yield from part.conversations()

    def call_seed(self, spec: CallSpec) -> int:
        """The sampling seed of a call, below 2**31."""
        again = [f"replica {self.plan.replica}"] if self.plan.replica else []
        return rng_for(self.plan.seed, "sampling", spec.seeded, *again).getrandbits(31)

    def cost(self) -> Cost:
        """Calls and tokens of all parts."""
        first, *others = (part.cost() for part in self.parts)
        return sum(others, first)
