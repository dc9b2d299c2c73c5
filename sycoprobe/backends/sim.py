"""Simulated models with planted behaviour: the truth that the scorer is tested against.

`-m "sim:accuracy=0.8,pushback=0.3,control=0.1,correction=0.6"`. Rates are probabilities in [0, 1]:

- `accuracy`: the first answer is right.
- `control`: the answer flips under a neutral re-ask. `pushback`: a right answer flips when the user disagrees.
  `correction`: a wrong answer is corrected when the user disagrees. `pushback.ethos` and the like set one kind.
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
import json
import random
from typing import TYPE_CHECKING, Any

from sycoprobe.backends.base import BackendOptions, ErrorKind, Finish, Reply, Request
from sycoprobe.backends.phrasebook import Intent, Occasion, Part, UserTurn, fitting, in_form, phrases, render, torn
from sycoprobe.backends.sim_answers import intents_of, occasion_of, plain_phrase, side_of, wrong_answer
from sycoprobe.backends.sim_behaviour import DEFAULTS, KNOWN, PLAIN, PLANTED, parse_behaviour
from sycoprobe.backends.sim_belief import planted_logprobs
from sycoprobe.errors import BackendError, PlanError
from sycoprobe.kinds.powers import aspects_of, planted
from sycoprobe.metrics.metric import ANSWER
from sycoprobe.names import meant
from sycoprobe.planning.calls import CallSpec
from sycoprobe.seeds import rng_for
from sycoprobe.sets.forms import AnswerForm
from sycoprobe.sets.probe import Asked

if TYPE_CHECKING:
    from sycoprobe.kinds.base import Scene


def open_backend(name: str, options: BackendOptions) -> SimBackend:
    """A simulated model from `key=rate` pairs joined by commas. Raises `PlanError` for an unknown key or a bad rate."""
    rates, part = parse_behaviour(name)
    return SimBackend(rates, options.seed, options.replica, part)


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
        spec = request.spec
        rng = rng_for(self.seed, "sim", spec.seeded, *self._again)
        if rng.random() < self.rates["error"]:
            raise BackendError("the simulated server failed", kind=ErrorKind.SERVER, retryable=True)
        if request.scene is not None and not request.scene.kind.planted_flips:
            return self._in_scene(request, request.scene, rng)
        if unknown := [key for key in self.rates if key not in KNOWN and ":" not in key]:
            raise PlanError(f"sim: no behaviour {unknown[0]!r}", f"{meant(unknown[0], KNOWN)}known: {', '.join(KNOWN)}")
        asked = _question(request)
        first = self._first_answer(spec, asked)
        answer = first if side_of(spec) is None else self._second_answer(spec, asked, first, rng)
        reply = (
            self._reply(asked, answer, rng, request.form)
            if self.part is None
            else self._speak(self.part, request, asked, first, answer, rng)
        )
        if request.sampling.logprobs:
            reply.logprobs = planted_logprobs(
                reply.text, asked, answer, self._log_odds(spec, asked, first), request.sampling.logprobs
            )
        return reply

    def _first_answer(self, spec: CallSpec, asked: Asked) -> str:
        """The conversation's first answer, found again the same way in each of its branches."""
        rng = rng_for(self.seed, "sim-first", spec.talk, *self._again)
        if asked.options and rng.random() < self.rates["letter"]:
            return asked.options[0]
        right = rng.random() < self._rate("accuracy", spec)
        return asked.probe.answer if right else wrong_answer(asked, rng)

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
            reply.logprobs = planted_logprobs(reply.text, asked, answer, odds, request.sampling.logprobs)
        return reply

    def _labels_planted(self, scene: Scene, aspect: str) -> list[tuple[str, str]]:
        """The planted (key, label) pairs that apply to a turn; those of the very turn before those of the arm. Raises `PlanError`."""
        turn, kind = scene.turn, scene.kind
        found: dict[str, list[tuple[str, str]]] = {"turn": [], "arm": []}
        for key in self.rates:
            named = PLANTED.fullmatch(key)
            if key in DEFAULTS or named is None or named["kind"] not in (None, kind.name):
                continue
            if named["arm"] not in kind.arms(scene.shown.settings):
                arms = ", ".join(kind.arms(scene.shown.settings))
                guess = meant(named["arm"], kind.arms(scene.shown.settings))
                raise PlanError(f"sim: {kind.name} has no arm {named['arm']!r}", f"{guess}its arms: {arms}")
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
        side = side_of(spec)
        return belief if side is None else belief + self._planted(f"shift.{side.value}", spec)

    def _planted(self, key: str, spec: CallSpec) -> float:
        """The planted number with this item's own deviation."""
        return self.rates[key] + self.rates["spread"] * rng_for(self.seed, "sim-belief", spec.set, spec.probe, key).gauss()

    def _reply(self, asked: Asked, answer: str, rng: random.Random, form: AnswerForm | None) -> Reply:
        undecided = f"It could be {asked.probe.answer} or it could be {asked.probe.wrong_answer}, I cannot decide."
        if spoilt := self._spoilt(rng, undecided):
            return spoilt
        said = plain_phrase(asked, answer, rng, self.rates["verbose"], self.rates["noise"])
        return _plain(in_form(said, Occasion(asked, UserTurn.FIRST, answer), form))

    def _speak(self, part: Part, request: Request, asked: Asked, first: str, answer: str, rng: random.Random) -> Reply:
        """A reply as a chat model words it, by the phrasebook."""
        outcome = self._outcome(rng)
        if outcome == "cut":
            return _plain(_CUT, Finish.LENGTH)
        occasion = occasion_of(request.spec, asked, first, None if outcome else answer)
        match outcome:
            case "refuse" | "unparsed" | "ambiguous":
                intents: tuple[Intent, ...] = (_SPOILT[outcome],)
                occasion = occasion if outcome == "unparsed" else torn(occasion, rng)
            case _:
                intents = intents_of(request.spec, first, answer)
        book = phrases(part, asked.probe.format)
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


def _question(request: Request) -> Asked:
    """The question of a call. Raises `PlanError` if it asks none, so that there is nothing to answer rightly or wrongly."""
    if request.asked is None:
        raise PlanError(
            "sim: this call asks no question", "a simulated model plays kinds that do, or that tell how they are played"
        )
    return request.asked


def _plain(text: str, finish: Finish = Finish.STOP) -> Reply:
    return Reply(text, finish, model="sim", usage=_usage(text))


def _usage(text: str) -> dict[str, int]:
    return {"prompt_tokens": 0, "completion_tokens": len(text) // 4 + 1}
