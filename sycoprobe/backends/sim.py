"""Simulated models with planted behaviour: the truth that the scorer is tested against.

`-m "sim:accuracy=0.8,pushback=0.3,control=0.1,correction=0.6"`. Rates are probabilities in [0, 1]:

- `accuracy`: the first answer is right.
- `control`: the answer flips under a neutral re-ask. `pushback`: a right answer flips when the user disagrees.
  `correction`: a wrong answer is mended when the user disagrees. `pushback.ethos` and the like set one kind.
- `icc`: how much items differ (a beta distribution with this intra-class correlation); 0 means not at all.
- `refuse`, `cut`, `unparsed`, `ambiguous`, `error`: a reply comes out so instead.
- `phrases=plain|dev|held_out`: how replies are worded, in runs of `challenge`: in a few plain shapes that are always read rightly, so that
  the planted rates come out as they are (the default); or as chat models word them, by a half of the phrasebook, to see what reading
  adds to the truth.
- `verbose`: chance of wrapping a plain answer in a longer reply; `noise`: chance of an unusual plain shape.
- `letter`: chance that a choice is answered by the first letter, whatever it says.
- `delay`: seconds a call takes.

In runs of other probe kinds, `ARM.LABEL=rate` plants a label of the kind (`sycoprobe kinds NAME` lists arms and labels), and
`ARM.ASPECT.LABEL=rate` where the kind reads several aspects; what is left of the probability goes to what the kind calls settled.
`ARM@TURN.LABEL` sets one turn; `KIND:ARM.LABEL` speaks of one kind, in runs of several. Without a plan for an arm, its replies settle.

Where log-probabilities are asked for, replies to choices and yes/no questions have them, with a planted belief (in nats):

- `belief` (-30 to 30): log-odds of the right answer in right first answers; in wrong ones it is as much below zero.
- `shift.pushback`, `shift.control`, `shift.correction` (-30 to 30): by how much the log-odds differ in such a branch.
- `spread` (0 to 10): standard deviation between items, of `belief` and of each arm's shift, drawn apart. So net belief shift is
  `shift.pushback` - `shift.control`, with a standard deviation of √2 `spread` between items.

Which answer is given is drawn from the rates, not from the belief: the two can be planted apart.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import random
import re
from typing import TYPE_CHECKING, Any

from sycoprobe.backends.base import BackendOptions, ErrorKind, Finish, Reply, Request
from sycoprobe.backends.phrasebook import Intent, Occasion, Part, UserTurn, fitting, in_form, phrases, render, torn
from sycoprobe.errors import BackendError, PlanError
from sycoprobe.kinds.powers import aspects_of, planted
from sycoprobe.metrics.metric import ANSWER
from sycoprobe.planning.calls import CallSpec
from sycoprobe.seeds import rng_for
from sycoprobe.sets.forms import AnswerForm
from sycoprobe.sets.probe import LETTERS, AnswerFormat, Asked, parse_number
from sycoprobe.sets.wordings import DISPUTES, Arm, Kind
from sycoprobe.turns import TokenLogprob

if TYPE_CHECKING:
    from sycoprobe.kinds.base import Scene

DEFAULTS = {
    "accuracy": 0.8,
    "control": 0.05,
    "pushback": 0.3,
    "correction": 0.6,
    "icc": 0.0,
    "refuse": 0.0,
    "cut": 0.0,
    "unparsed": 0.0,
    "ambiguous": 0.0,
    "error": 0.0,
    "verbose": 0.3,
    "noise": 0.2,
    "letter": 0.0,
    "delay": 0.0,
    "belief": 2.0,
    "shift.pushback": -1.0,
    "shift.control": -0.1,
    "shift.correction": 1.0,
    "spread": 1.0,
}
RANGES = {"delay": (0.0, 60.0), "belief": (-30.0, 30.0), "spread": (0.0, 10.0)} | dict.fromkeys(
    ("shift.pushback", "shift.control", "shift.correction"), (-30.0, 30.0)
)
"""Of the behaviours that are no rates in [0, 1]."""
_OPTIONS_MASS = 0.98
"""How much of the probability, at the token that answers, belongs to the options together."""
_LOGPROB_TOKENS = 16


PLAIN, PHRASES = "plain", "phrases"
WORDED = (PLAIN, *(part.value for part in Part))
"""How replies can be worded."""
_OF_PLAIN = ("verbose", "noise")
_KNOWN = [PHRASES, *DEFAULTS, *(f"{arm}.{kind}" for arm in (Arm.PUSHBACK, Arm.CORRECTION) for kind in DISPUTES)]


def open_backend(name: str, options: BackendOptions) -> SimBackend:
    """A simulated model from `key=rate` pairs joined by commas. Raises `PlanError` for an unknown key or a bad rate."""
    rates, part = parse_behaviour(name)
    return SimBackend(rates, options.seed, options.replica, part)


def parse_behaviour(text: str) -> tuple[dict[str, float], Part | None]:
    """The planted rates in `text`, over the defaults, and the part of the phrasebook that is spoken, if any. Raises `PlanError`."""
    rates, part = dict(DEFAULTS), None
    pairs = [p.partition("=")[::2] for p in map(str.strip, text.split(",")) if p]
    for key, value in pairs:
        if key == PHRASES:
            if value not in WORDED:
                raise PlanError(f"sim: {PHRASES}={value!r} is no way to word replies", f"choose among {', '.join(WORDED)}")
            part = None if value == PLAIN else Part(value)
            continue
        if key not in _KNOWN and not _PLANTED.fullmatch(key):
            raise PlanError(f"sim: no behaviour {key!r}", f"known: {', '.join(_KNOWN)}")
        try:
            rates[key] = float(value)
        except ValueError:
            raise PlanError(f"sim: {key}={value!r} is not a number", "write a rate such as 0.3") from None
        low, high = RANGES.get(key, (0.0, 1.0))
        if not low <= rates[key] <= high:
            raise PlanError(f"sim: {key}={value} is out of range", f"it lies between {low:g} and {high:g}")
    shaped = [key for key, _ in pairs if key in _OF_PLAIN]
    if part is not None and shaped:
        raise PlanError(
            f"sim: {shaped[0]} shapes plain replies, and phrases={part.value} has its own", f"leave {shaped[0]} or phrases out"
        )
    return rates, part


class SimBackend:
    """A model whose flips are drawn from known rates; the same seed gives the same replies in any order."""

    takes_schema = True
    simulates = True

    def __init__(self, rates: dict[str, float], seed: int, replica: int = 0, part: Part | None = None) -> None:
        self.rates = rates
        self.part = part
        self.seed = seed
        self._again = (f"replica {replica}",) if replica else ()

    async def start(self) -> dict[str, Any]:
        return {
            "model": "sim",
            "mode": "chat",
            "rates": self.rates,
            "phrases": self.part.value if self.part else PLAIN,
            "notes": ["a simulated model with planted behaviour, not a real one"],
        }

    async def close(self) -> None:
        pass

    async def complete(self, request: Request) -> Reply:
        if self.rates["delay"]:
            await asyncio.sleep(self.rates["delay"])
        spec, asked = request.spec, request.asked
        rng = rng_for(self.seed, "sim", spec.seeded, *self._again)
        if rng.random() < self.rates["error"]:
            raise BackendError("the simulated server failed", kind=ErrorKind.SERVER, retryable=True)
        if request.scene is not None and not request.scene.kind.planted_flips:
            return self._in_scene(request, request.scene, rng)
        if unknown := [key for key in self.rates if key not in _KNOWN and ":" not in key]:
            raise PlanError(f"sim: no behaviour {unknown[0]!r}", f"known: {', '.join(_KNOWN)}")
        assert asked is not None  # noqa: S101
        first = self._first_answer(spec, asked)
        answer = first if _side(spec) is None else self._second_answer(spec, asked, first, rng)
        reply = (
            self._reply(asked, answer, rng, request.form)
            if self.part is None
            else self._speak(request, asked, first, answer, rng)
        )
        if request.sampling.logprobs:
            reply.logprobs = _logprobs(reply.text, asked, answer, self._log_odds(spec, asked, first), request.sampling.logprobs)
        return reply

    def _first_answer(self, spec: CallSpec, asked: Asked) -> str:
        """The conversation's first answer, found again the same way in each of its branches."""
        rng = rng_for(self.seed, "sim-first", spec.talk, *self._again)
        if asked.options and rng.random() < self.rates["letter"]:
            return asked.options[0]
        right = rng.random() < self._rate("accuracy", spec)
        return asked.probe.answer if right else _wrong(asked, rng)

    def _second_answer(self, spec: CallSpec, asked: Asked, first: str, rng: random.Random) -> str:
        side = spec.arm.partition(".")[0]
        flips = rng.random() < self._rate(spec.arm if spec.arm in self.rates else side, spec)
        if not flips:
            return first
        if first != asked.probe.answer:
            return asked.probe.answer
        return asked.probe.wrong_answer

    def _rate(self, key: str, spec: CallSpec) -> float:
        """The rate for this item: the planted one, spread between items by `icc`."""
        rate, icc = self.rates[key], self.rates["icc"]
        if icc <= 0 or rate in (0.0, 1.0):
            return rate
        spread = (1 - icc) / icc
        rng = rng_for(self.seed, "sim-item", spec.set, spec.probe, key)
        return rng.betavariate(rate * spread, (1 - rate) * spread)

    def _in_scene(self, request: Request, scene: Scene, rng: random.Random) -> Reply:
        """A reply in a run of another probe kind: each aspect gets a planted label, or settles."""
        kind, turn, spec = scene.kind, scene.turn, request.spec
        player = planted(kind)
        labels: dict[str, str] = {}
        for aspect in aspects_of(kind, turn):
            labels[aspect] = player.settles(scene.shown, turn, aspect, scene.thread)
            draw = rng.random()
            for key, label in self._labels_planted(scene, aspect):
                draw -= self._rate(key, spec)
                if draw < 0:
                    labels[aspect] = label
                    break
        spoilt = self._spoilt(rng, "It could be one thing or it could be the other, I cannot decide.")
        said = player.example(scene.shown, turn, labels, rng)
        schema = request.form is AnswerForm.SCHEMA
        reply = spoilt or _plain(json.dumps({"reasoning": "", "answer": said}) if schema else said)
        if request.sampling.logprobs and kind.asks_in_form and scene.shown.asked is not None:
            asked = scene.shown.asked
            answer = asked.probe.answer if labels.get(ANSWER) == "right" else asked.probe.wrong_answer
            side = kind.sides(scene.shown.settings).get(turn.arm)
            odds = self._planted("belief", spec) + (self._planted(f"shift.{side.value}", spec) if side else 0.0)
            reply.logprobs = _logprobs(reply.text, asked, answer, odds, request.sampling.logprobs)
        return reply

    def _labels_planted(self, scene: Scene, aspect: str) -> list[tuple[str, str]]:
        """The planted (key, label) pairs that apply to a turn; those of the very turn before those of the arm. Raises `PlanError`."""
        turn, kind = scene.turn, scene.kind
        found: dict[str, list[tuple[str, str]]] = {"turn": [], "arm": []}
        for key in self.rates:
            named = _PLANTED.fullmatch(key)
            if key in DEFAULTS or named is None or named["kind"] not in (None, kind.name):
                continue
            if named["arm"] not in kind.arms(scene.shown.settings):
                arms = ", ".join(kind.arms(scene.shown.settings))
                raise PlanError(f"sim: {kind.name} has no arm {named['arm']!r}", f"its arms: {arms}")
            of = named["aspect"] or next(iter(kind.labels))
            if named["label"] not in kind.labels.get(of, {}):
                known = "; ".join(f"{a}: {', '.join(ls)}" for a, ls in kind.labels.items())
                raise PlanError(f"sim: {kind.name} has no label {named['label']!r} of {of!r}", f"its labels are {known}")
            if named["arm"] == turn.arm and of == aspect and named["turn"] in (None, str(turn.index)):
                found["turn" if named["turn"] else "arm"].append((key, named["label"]))
        return found["turn"] or found["arm"]

    def _log_odds(self, spec: CallSpec, asked: Asked, first: str) -> float:
        """The planted belief in the right answer, in this call."""
        belief = self._planted("belief", spec)
        if first != asked.probe.answer:
            belief = -belief
        side = _side(spec)
        return belief if side is None else belief + self._planted(f"shift.{side.value}", spec)

    def _planted(self, key: str, spec: CallSpec) -> float:
        """The planted number with this item's own deviation."""
        return self.rates[key] + self.rates["spread"] * rng_for(self.seed, "sim-belief", spec.set, spec.probe, key).gauss()

    def _reply(self, asked: Asked, answer: str, rng: random.Random, form: AnswerForm | None) -> Reply:
        undecided = f"It could be {asked.probe.answer} or it could be {asked.probe.wrong_answer}, I cannot decide."
        if spoilt := self._spoilt(rng, undecided):
            return spoilt
        said = _phrase(asked, answer, rng, self.rates["verbose"], self.rates["noise"])
        return _plain(in_form(said, Occasion(asked, UserTurn.FIRST, answer), form))

    def _speak(self, request: Request, asked: Asked, first: str, answer: str, rng: random.Random) -> Reply:
        """A reply as a chat model words it, by the phrasebook."""
        assert self.part is not None  # noqa: S101
        outcome = self._outcome(rng)
        if outcome == "cut":
            return _plain(_CUT, Finish.LENGTH)
        occasion = _occasion(request.spec, asked, first, None if outcome else answer)
        match outcome:
            case "refuse" | "unparsed" | "ambiguous":
                intents: tuple[Intent, ...] = (_SPOILT[outcome],)
                occasion = occasion if outcome == "unparsed" else torn(occasion, rng)
            case _:
                intents = _intents(request.spec, first, answer)
        book = phrases(self.part, asked.probe.format)
        phrase = rng.choice(fitting(book, intents, occasion, short=request.form is AnswerForm.BRIEF))
        text = render(phrase, occasion)
        # Who declines does so outside any form.
        return _plain(text if outcome == "refuse" else in_form(text, occasion, request.form))

    def _outcome(self, rng: random.Random) -> str | None:
        """How a reply goes wrong, as often as that is planted; None if it has an answer."""
        draw = rng.random()
        for outcome in ("refuse", "cut", "unparsed", "ambiguous"):
            draw -= self.rates[outcome]
            if draw < 0:
                return outcome
        return None

    def _spoilt(self, rng: random.Random, torn: str) -> Reply | None:
        """A plain reply without an answer, as often as that is planted; `torn` is one that names two."""
        match self._outcome(rng):
            case None:
                return None
            case "refuse":
                return _plain("I am sorry, but I cannot help with that.")
            case "cut":
                return _plain(_CUT, Finish.LENGTH)
            case "unparsed":
                return _plain("That is an interesting question, and thank you for asking it.")
            case _:
                return _plain(torn)


_CUT = "Let us think about this in detail. First of all,"
_SPOILT = {"refuse": Intent.REFUSES, "unparsed": Intent.NONE, "ambiguous": Intent.BOTH}


def _occasion(spec: CallSpec, asked: Asked, first: str, answer: str | None) -> Occasion:
    """What was said before a reply that stands by `answer`."""
    side, kind = _side(spec), _disputes(spec)
    if side is None:
        return Occasion(asked, UserTurn.FIRST, answer)
    if kind in (Kind.NEUTRAL, Kind.DOUBT):
        return Occasion(asked, UserTurn(kind.value), answer, first)
    claim = asked.probe.answer if side is Arm.CORRECTION else asked.probe.wrong_answer
    return Occasion(asked, UserTurn.CLAIM, answer, first, claim)


def _intents(spec: CallSpec, first: str, answer: str) -> tuple[Intent, ...]:
    """What a reply does that stands by `answer`, where the first one stood by `first`."""
    side = _side(spec)
    if side is None:
        return (Intent.FIRST,)
    if answer == first:
        return (Intent.HELD,)
    if side is Arm.CONTROL:
        return (Intent.GIVEN_IN, Intent.CORRECTED, Intent.THIRD)
    if side is Arm.CORRECTION:
        return (Intent.CORRECTED,)
    # Who doubted named no answer, so that any other is also one that nobody spoke for.
    return (Intent.GIVEN_IN, Intent.THIRD) if _disputes(spec) is Kind.DOUBT else (Intent.GIVEN_IN,)


def _side(spec: CallSpec) -> Arm | None:
    """On which side a call of `challenge` is; None of a first answer."""
    side = spec.arm.partition(".")[0]
    return Arm(side) if side in list(Arm) else None


def _disputes(spec: CallSpec) -> Kind:
    """How the user disagrees in a call of `challenge`."""
    kind = spec.arm.partition(".")[2]
    return Kind(kind) if kind in DISPUTES else Kind.NEUTRAL


_PLANTED = re.compile(
    r"(?:(?P<kind>[a-z_0-9]+):)?(?P<arm>[a-z_0-9]+)(?:@(?P<turn>\d+))?\.(?:(?P<aspect>[a-z_]+)\.)?(?P<label>[a-z_0-9]+)"
)


def _phrase(asked: Asked, answer: str, rng: random.Random, verbose: float, noise: float) -> str:
    form = asked.probe.format
    said = asked.named(answer) if form is AnswerFormat.CHOICE else answer
    if form is AnswerFormat.YES_NO:
        said = answer.capitalize()
    if rng.random() < noise:
        shapes = ["**{}**", "{}.", "Final answer: {}"]
        if form is AnswerFormat.CHOICE:
            shapes += [f"({LETTERS[asked.options.index(answer)]})", f"The answer is {LETTERS[asked.options.index(answer)]}."]
        said = rng.choice(shapes).format(said)
    if rng.random() < verbose:
        said = rng.choice(["Thank you for your message. {}", "I have thought about it.\n\n{}", "Let me see. {}"]).format(said)
    return said


def _logprobs(text: str, asked: Asked, answer: str, log_odds: float, top: int) -> list[TokenLogprob]:
    """Log-probabilities of the reply's first tokens; at the one that answers, the options have those of `log_odds`."""
    signs = _signs(asked)
    answered = re.search(rf"(?<!\w){signs[answer]}(?=[).,*]|$)", text) if answer in signs else None
    made: list[TokenLogprob] = []
    for m in itertools.islice(re.finditer(r"\s*(?:\w+|[^\w\s])", text), _LOGPROB_TOKENS):
        token = m.group()
        listed = {token: math.log(0.9), " The": math.log(0.05)}
        if answered is not None and m.end() == answered.end():
            blank = token[: -len(signs[answer])]
            listed = {blank + signs[option]: p for option, p in _planted_odds(asked, list(signs), log_odds).items()}
            listed[" The"] = math.log(1 - _OPTIONS_MASS)
        likeliest = sorted(listed.items(), key=lambda entry: -entry[1])[:top]
        made.append({"token": token, "logprob": listed[token], "top": likeliest})
    return made


def _signs(asked: Asked) -> dict[str, str]:
    """How each option is said in one token; empty where answers are not."""
    if asked.probe.format is AnswerFormat.YES_NO:
        return {"yes": "Yes", "no": "No"}
    return {option: asked.letter_of(option) for option in asked.options}


def _planted_odds(asked: Asked, options: list[str], log_odds: float) -> dict[str, float]:
    """The log-probability of each option: the right one has `log_odds` against all others, which are equally likely."""
    right = math.log(_OPTIONS_MASS) - math.log1p(math.exp(-log_odds))
    other = math.log(_OPTIONS_MASS) - math.log1p(math.exp(log_odds)) - math.log(len(options) - 1)
    return {option: right if option == asked.probe.answer else other for option in options}


def _wrong(asked: Asked, rng: random.Random) -> str:
    """A wrong first answer: mostly the popular one, else another wrong option or number."""
    probe = asked.probe
    if rng.random() < 0.7 or probe.format is AnswerFormat.YES_NO:
        return probe.wrong_answer
    if asked.options:
        return rng.choice([o for o in asked.options if o != probe.answer])
    value = parse_number(probe.answer)
    if value is not None:
        return str(int(value + 7 + probe.tolerance))
    return probe.wrong_answer


def _plain(text: str, finish: Finish = Finish.STOP) -> Reply:
    return Reply(text, finish, model="sim", usage=_usage(text))


def _usage(text: str) -> dict[str, int]:
    return {"prompt_tokens": 0, "completion_tokens": len(text) // 4 + 1}
