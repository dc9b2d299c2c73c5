"""Simulated models with planted behaviour: the truth that the scorer is tested against.

`-m "sim:accuracy=0.8,pushback=0.3,control=0.1,correction=0.6"`. Rates are probabilities in [0, 1]:

- `accuracy`: the first answer is right.
- `control`: the answer flips under a neutral re-ask. `pushback`: a right answer flips when the user disagrees.
  `correction`: a wrong answer is mended when the user disagrees. `pushback.ethos` and the like set one kind.
- `icc`: how much items differ (a beta distribution with this intra-class correlation); 0 means not at all.
- `refuse`, `cut`, `unparsed`, `ambiguous`, `error`: a reply comes out so instead.
- `verbose`: chance of wrapping the answer in a longer reply; `noise`: chance of an unusual form.
- `letter`: chance that a choice is answered by the first letter, whatever it says.
- `delay`: seconds a call takes.

In runs of other probe kinds, `ARM.LABEL=rate` plants a label of the kind (`sycoprobe kinds NAME` lists arms and labels), and
`ARM.ASPECT.LABEL=rate` where the kind reads several aspects; what is left of the probability goes to what the kind calls settled.
`ARM@TURN.LABEL` sets one turn. Without a plan for an arm, its replies settle.
"""

from __future__ import annotations

import asyncio
import random
import re
from typing import TYPE_CHECKING, Any

from sycoprobe.backends.base import BackendOptions, ErrorKind, Finish, Reply, Request
from sycoprobe.challenges import DISPUTES, Arm
from sycoprobe.errors import BackendError, PlanError
from sycoprobe.planning import CallSpec, rng_for
from sycoprobe.probes import LETTERS, AnswerFormat, Asked, parse_number

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
}


_KNOWN = [*DEFAULTS, *(f"{arm}.{kind}" for arm in (Arm.PUSHBACK, Arm.CORRECTION) for kind in DISPUTES)]


def open_backend(name: str, options: BackendOptions) -> SimBackend:
    """A simulated model from `key=rate` pairs joined by commas. Raises `PlanError` for an unknown key or a bad rate."""
    return SimBackend(parse_behaviour(name), options.seed, options.replica)


def parse_behaviour(text: str) -> dict[str, float]:
    """The planted rates in `text`, over the defaults. Raises `PlanError`."""
    rates = dict(DEFAULTS)
    for pair in filter(None, (p.strip() for p in text.split(","))):
        key, _, value = pair.partition("=")
        if key not in _KNOWN and not _PLANTED.fullmatch(key):
            raise PlanError(f"sim: no behaviour {key!r}", f"known: {', '.join(_KNOWN)}")
        try:
            rates[key] = float(value)
        except ValueError:
            raise PlanError(f"sim: {key}={value!r} is not a number", "write a rate such as 0.3") from None
        if not 0 <= rates[key] <= (60 if key == "delay" else 1):
            raise PlanError(f"sim: {key}={value} is out of range", "rates lie between 0 and 1")
    return rates


class SimBackend:
    """A model whose flips are drawn from known rates; the same seed gives the same replies in any order."""

    def __init__(self, rates: dict[str, float], seed: int, replica: int = 0) -> None:
        self.rates = rates
        self.seed = seed
        self._again = (f"replica {replica}",) if replica else ()

    async def start(self) -> dict[str, Any]:
        return {
            "model": "sim",
            "mode": "chat",
            "rates": self.rates,
            "notes": ["a simulated model with planted behaviour, not a real one"],
        }

    async def close(self) -> None:
        pass

    async def complete(self, request: Request) -> Reply:
        if self.rates["delay"]:
            await asyncio.sleep(self.rates["delay"])
        spec, asked = request.spec, request.asked
        rng = rng_for(self.seed, "sim", spec.key, *self._again)
        if rng.random() < self.rates["error"]:
            raise BackendError("the simulated server failed", kind=ErrorKind.SERVER, retryable=True)
        if request.scene is not None:
            return self._in_scene(spec, request.scene, rng)
        if unknown := [key for key in self.rates if key not in _KNOWN]:
            raise PlanError(f"sim: no behaviour {unknown[0]!r}", f"known: {', '.join(_KNOWN)}")
        assert asked is not None  # noqa: S101
        first = self._first_answer(spec, asked)
        answer = first if spec.arm is None else self._second_answer(spec, asked, first, rng)
        return self._reply(asked, answer, rng)

    def _first_answer(self, spec: CallSpec, asked: Asked) -> str:
        """The conversation's first answer, found again the same way in each of its branches."""
        rng = rng_for(self.seed, "sim-first", spec.conversation, *self._again)
        if asked.options and rng.random() < self.rates["letter"]:
            return asked.options[0]
        right = rng.random() < self._rate("accuracy", spec)
        return asked.probe.answer if right else _wrong(asked, rng)

    def _second_answer(self, spec: CallSpec, asked: Asked, first: str, rng: random.Random) -> str:
        assert spec.arm is not None and spec.kind is not None  # noqa: S101
        key = f"{spec.arm.value}.{spec.kind.value}"
        flips = rng.random() < self._rate(key if key in self.rates else spec.arm.value, spec)
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

    def _in_scene(self, spec: CallSpec, scene: Scene, rng: random.Random) -> Reply:
        """A reply in a run of another probe kind: each aspect gets a planted label, or settles."""
        kind, step = scene.kind, scene.step
        labels: dict[str, str] = {}
        for aspect in kind.aspects(step):
            labels[aspect] = kind.settles(scene.shown, step, aspect, scene.dialog)
            draw = rng.random()
            for key, label in self._planted(scene, aspect):
                draw -= self._rate(key, spec)
                if draw < 0:
                    labels[aspect] = label
                    break
        spoilt = self._spoilt(rng, "It could be one thing or it could be the other, I cannot decide.")
        return spoilt or _plain(kind.example(scene.shown, step, labels, rng))

    def _planted(self, scene: Scene, aspect: str) -> list[tuple[str, str]]:
        """The planted (key, label) pairs that apply to a step; those of the very turn before those of the arm. Raises `PlanError`."""
        step, kind = scene.step, scene.kind
        found: dict[str, list[tuple[str, str]]] = {"turn": [], "arm": []}
        for key in self.rates:
            named = _PLANTED.fullmatch(key)
            if key in DEFAULTS or named is None:
                continue
            if named["arm"] not in kind.arms(scene.shown.settings):
                arms = ", ".join(kind.arms(scene.shown.settings))
                raise PlanError(f"sim: {kind.name} has no arm {named['arm']!r}", f"its arms: {arms}")
            of = named["aspect"] or next(iter(kind.labels))
            if named["label"] not in kind.labels.get(of, {}):
                known = "; ".join(f"{a}: {', '.join(ls)}" for a, ls in kind.labels.items())
                raise PlanError(f"sim: {kind.name} has no label {named['label']!r} of {of!r}", f"its labels are {known}")
            if named["arm"] == step.arm and of == aspect and named["turn"] in (None, str(step.turn)):
                found["turn" if named["turn"] else "arm"].append((key, named["label"]))
        return found["turn"] or found["arm"]

    def _reply(self, asked: Asked, answer: str, rng: random.Random) -> Reply:
        torn = f"It could be {asked.probe.answer} or it could be {asked.probe.wrong_answer}, I cannot decide."
        return self._spoilt(rng, torn) or _plain(_phrase(asked, answer, rng, self.rates["verbose"], self.rates["noise"]))

    def _spoilt(self, rng: random.Random, torn: str) -> Reply | None:
        """A reply without an answer, as often as that is planted; `torn` is one that names two."""
        draw = rng.random()
        for outcome in ("refuse", "cut", "unparsed", "ambiguous"):
            draw -= self.rates[outcome]
            if draw < 0:
                break
        else:
            return None
        match outcome:
            case "refuse":
                return _plain("I am sorry, but I cannot help with that.")
            case "cut":
                return _plain("Let us think about this in detail. First of all,", Finish.LENGTH)
            case "unparsed":
                return _plain("That is an interesting question, and thank you for asking it.")
            case _:
                return _plain(torn)


_PLANTED = re.compile(r"(?P<arm>[a-z_0-9]+)(?:@(?P<turn>\d+))?\.(?:(?P<aspect>[a-z_]+)\.)?(?P<label>[a-z_0-9]+)")


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
