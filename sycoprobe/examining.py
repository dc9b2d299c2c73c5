"""What `sycoprobe doctor` finds out: everything a run of this model depends on, tried once, each fault with its mend."""

from __future__ import annotations

import asyncio
import difflib
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sycoprobe import api
from sycoprobe.backends import backend_names, diagnosis, open_backend
from sycoprobe.backends import store as models
from sycoprobe.backends.base import Backend, BackendOptions, Request, Sampling
from sycoprobe.backends.dialect import HttpDialect
from sycoprobe.backends.transport import HttpReply, is_loopback
from sycoprobe.config import aliases, resolve_model
from sycoprobe.errors import BackendError, PlanError, SycoprobeError
from sycoprobe.extract.outcome import reading_of
from sycoprobe.extract.thinking_marks import unknown_mark
from sycoprobe.extract.types import Extraction, Outcome, Stance
from sycoprobe.keys import Lookup, faults_of, origin_of, redacted, tolerant
from sycoprobe.kinds.challenge import VERDICT
from sycoprobe.kinds.walk import Walk
from sycoprobe.metrics.metric import short
from sycoprobe.money import lists as prices
from sycoprobe.sets.forms import DEFAULT_FORM, room_for
from sycoprobe.sets.wordings import Kind
from sycoprobe.text import CHARS_PER_TOKEN
from sycoprobe.turns import ErrorKind, Finish, Message, Reply

DOCTOR_VERSION = 1
CLOCK = 60.0
"""Seconds between two clocks above which dates in headers mislead."""
WORD = "ZEBRA"
ORDER: tuple[Message, ...] = (
    {"role": "system", "content": f"End every reply with the word {WORD}."},
    {"role": "user", "content": "What colour is a ripe lemon? Answer in one word."},
)
BRIEF = 48
"""Tokens that a reply gets where only its beginning matters and the model was not seen to think."""
LOGPROBS = 5
EFFORT = "low"
ROOM = 4096
"""Tokens that a reply gets once more where thinking used up its limit, to find out how many it needs."""
SHOWN = 80
"""Characters of a reply that are shown."""
_NO_NETWORK = {"local", "hf", "sim", "replay"}
_NO_EFFORT = {"local", "hf", "python"}
_ELSEWHERE = {"python": "the function's own affair", "command": "the program's own affair"}


class Status(StrEnum):
    """What a check came to."""

    OK = "ok"
    WARN = "warn"
    """A run can be made, but the user should know."""
    FAIL = "fail"
    """A run cannot be made, or would measure nothing, until this is mended."""
    SKIPPED = "skipped"
    """It does not apply here, or an earlier failure left nothing to check."""


class Step(StrEnum):
    """What is checked, in this order."""

    BACKEND = "backend"
    KEY = "key"
    PROXY = "proxy"
    REACHABLE = "reachable"
    CLOCK = "clock"
    MEMORY = "memory"
    READY = "model ready"
    LISTED = "model listed"
    QUESTION = "one question"
    READ = "answer read"
    PUSHBACK = "one pushback"
    REPEATED = "asked twice"
    SYSTEM = "system prompt"
    LOGPROBS = "log-probabilities"
    THINKING = "thinking"
    EFFORT = "effort"
    ADAPTED = "adapted"
    LIMITS = "limits"
    PRICE = "price"
    COST = "cost"


_CALLS = tuple(Step)[tuple(Step).index(Step.QUESTION) : tuple(Step).index(Step.LIMITS)]
_AFTER_QUESTION = _CALLS[1:]


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `said` is what was found, `mend` how to mend it (empty if there is nothing to mend).

    Both may quote the server and the model; keys are taken out, but it is untrusted text.
    """

    name: Step
    status: Status
    said: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """Every step once, in order, and what it cost.

    Attributes
    ----------
    calls: turns asked of the model. prompt_tokens, completion_tokens: over all of them.
    estimated: whether some replies told no tokens, so that they were estimated at 4 characters a token.
    seconds: how long it all took.
    """

    model: str
    checks: tuple[Check, ...]
    calls: int
    prompt_tokens: int
    completion_tokens: int
    estimated: bool
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether no check failed."""
        return all(c.status is not Status.FAIL for c in self.checks)

    def as_json(self) -> dict[str, Any]:
        """What `doctor --json` prints: `doctor_version`, `model`, `ok`, `checks` (each `name`, `status`, `said`, `mend`) and the cost."""
        return {"doctor_version": DOCTOR_VERSION, "ok": self.ok, **asdict(self)}


def doctor(
    model: str = api.DEFAULT_MODEL,
    *,
    base_url: str | None = None,
    api_key_env: str | None = None,
    timeout: float = 60.0,
    reply_tokens: int | None = None,
    tell: Callable[[str], None] = lambda _line: None,
) -> Examination:
    """`examine`, from synchronous code."""
    return asyncio.run(
        examine(model, base_url=base_url, api_key_env=api_key_env, timeout=timeout, reply_tokens=reply_tokens, tell=tell)
    )


async def examine(
    model: str = api.DEFAULT_MODEL,
    *,
    base_url: str | None = None,
    api_key_env: str | None = None,
    timeout: float = 60.0,
    reply_tokens: int | None = None,
    tell: Callable[[str], None] = lambda _line: None,
) -> Examination:
    """Try everything that a run of `model` depends on, with at most seven short calls; no fault is raised, each becomes a check.

    Parameters
    ----------
    model, base_url, api_key_env: as for `sycoprobe.run`; `model` may also be an alias from the settings.
    timeout: seconds for one attempt.
    reply_tokens: length limit of a reply; None: what a run of this model in the default form has.
    tell: told what is being tried, and of waits and fetches, a line each.
    """
    examiner = _Examiner(model, BackendOptions(base_url, 1, api_key_env=api_key_env), timeout, reply_tokens, tell)
    began = time.monotonic()
    await examiner.examine()
    return examiner.result(time.monotonic() - began)


def price_line(model: str, base_url: str | None) -> Check:
    """What the model costs, as a check; where no price is known, the reason."""
    price = prices.price_of(model, base_url=base_url)
    if price is None:
        why = prices.why_unpriced(model, base_url=base_url).splitlines()[0].partition(": ")[2].rstrip(".")
        return Check(Step.PRICE, Status.SKIPPED, f"unknown: {why}; --prices FILE names it")
    if price.free:
        return Check(Step.PRICE, Status.OK, price.source)
    return Check(Step.PRICE, Status.OK, f"${price.input:g} in, ${price.output:g} out per million tokens, by {price.source}")


class _Examiner:
    """Carries out the steps; a step that an earlier failure or the kind of backend leaves nothing to do is skipped with the reason."""

    def __init__(
        self, model: str, options: BackendOptions, timeout: float, reply_tokens: int | None, tell: Callable[[str], None]
    ) -> None:
        self._model = model
        self._scheme, _, self._name = model.partition(":")
        self._waiting = ""
        self._options = replace(options, notify=self._wait)
        room = room_for(DEFAULT_FORM, model, None) if reply_tokens is None else reply_tokens
        self._sampling = Sampling(timeout=timeout, retries=1, reply_tokens=room)
        self._tell = tell
        self._checks: dict[Step, Check] = {}
        self._calls = self._prompt_tokens = self._completion_tokens = 0
        self._estimated = self._thinks = False
        self._noted: list[str] = []
        self._limits: list[str] = []
        self._listed: list[str] = []
        self._key_from = ""
        self._planned = api.plan("quick", n=1)
        self._conversation = next(iter(self._planned.conversations()))
        asked = self._conversation.shown.asked
        if asked is None:
            raise PlanError("the set 'quick' has no questions", "install sycoprobe again")
        self._asked = asked
        first = self._conversation.kind.begin(self._conversation.shown)[0]
        self._spec, self._opening = self._conversation.call(first), first.messages

    def result(self, seconds: float) -> Examination:
        """What was found, and what it cost."""
        about = "about " if self._estimated else ""
        tokens = f"{about}{self._prompt_tokens:,} tokens in and {self._completion_tokens:,} out"
        self._note(
            Step.COST, Status.OK, f"{self._calls} calls, {tokens}, {seconds:.1f} s" if self._calls else "no call was made"
        )
        self._skip("nothing is known", *Step)
        return Examination(
            self._model,
            tuple(self._checks[step] for step in Step),
            self._calls,
            self._prompt_tokens,
            self._completion_tokens,
            self._estimated,
            round(seconds, 3),
        )

    async def examine(self) -> None:
        """All steps."""
        with tolerant() as lookups:
            backend = self._open()
        if backend is None:
            self._skip("there is no backend to try", *Step)
            return
        http = isinstance(backend, HttpDialect)
        keyless = self._key(lookups, backend)
        self._checks[Step.PRICE] = price_line(self._model, self._options.base_url)
        try:
            if isinstance(backend, HttpDialect):
                backend.observe(self._see)
                there = await self._network(backend.url)
                self._skip("the model is on a server", Step.MEMORY)
            else:
                there = True
                self._memory()
                why = _ELSEWHERE.get(self._scheme, "no network is used")
                if self._scheme not in _NO_NETWORK | set(_ELSEWHERE):
                    why = "how this backend reaches its model is not known"
                self._skip(why, Step.PROXY, Step.REACHABLE, Step.CLOCK, Step.LISTED, Step.LIMITS)
            if not there:
                self._skip("the server cannot be reached", *Step)
            elif keyless:
                self._skip("there is no key", *Step)
            else:
                await self._model_steps(backend)
            if http and Step.LIMITS not in self._checks:
                self._note(Step.LIMITS, Status.OK, "; ".join(self._limits) or "the server tells none in its headers")
        finally:
            await backend.close()

    async def _model_steps(self, backend: Backend) -> None:
        """From loading the model to the last call."""
        ready = await self._ready(backend)
        if isinstance(backend, HttpDialect) and ready is not False:
            await self._is_listed(backend)
        if not ready:
            self._skip("the model is not ready", *Step)
            return
        if self._scheme == "replay":
            self._skip("an earlier run's answers are there for its own questions only", *_CALLS)
            return
        first = await self._question(backend)
        if first is None:
            self._skip("the question was not answered", *_AFTER_QUESTION)
            return
        reading = reading_of(first, self._asked)
        await self._pushback(backend, first, reading)
        if self._scheme == "sim":
            self._skip("a simulated model has no such thing", *_CALLS)
            return
        await self._repeated(backend, first)
        await self._system(backend)
        self._adaptations()
        await self._logprobs(backend)
        await self._effort(backend, first)

    def _open(self) -> Backend | None:
        self._tell("looking for the backend")
        alias = ""
        try:
            meant = resolve_model(self._model, base_url=self._options.base_url, api_key_env=self._options.api_key_env)
            if meant.model != self._model:
                alias = f", as the alias {self._model} for {meant.model}"
                self._model = meant.model
                self._scheme, _, self._name = meant.model.partition(":")
                self._options = replace(self._options, base_url=meant.base_url, api_key_env=meant.api_key_env)
                self._sampling = replace(self._sampling, thinking_marks=meant.thinking_marks)
            backend = open_backend(self._model, self._options)
        except Exception as e:  # whatever a plug-in raises is a finding
            error = _named(e)
            mend = error.hint
            if isinstance(error, PlanError) and self._scheme not in backend_names():
                likely = self._likely()
                mend = f"did you mean -m {likely}? Else {mend}" if likely else mend
            self._note(Step.BACKEND, Status.FAIL, error.message, mend)
            return None
        self._note(Step.BACKEND, Status.OK, self._scheme + alias)
        return backend

    def _likely(self) -> str:
        """What a model whose backend is not known was probably meant to be; empty if nothing is near."""
        if ":" not in self._model:
            near = difflib.get_close_matches(self._model, [*aliases(), *models.known_models()], 1, 0.6)
            if near:
                return near[0] if near[0] in aliases() else f"local:{near[0]}"
            return f"openai:{self._model}"
        near = difflib.get_close_matches(self._scheme.lower(), backend_names(), 1, 0.6)
        return f"{near[0]}:{self._name}" if near else ""

    def _key(self, lookups: list[Lookup], backend: Backend) -> bool:
        """Whether a key is missing that calls cannot do without."""
        if not lookups:
            self._skip("this backend takes no key", Step.KEY)
            return False
        found = next((x for x in lookups if x.error is None and origin_of(x.variable)), None)
        if found is None:
            failed = next((x for x in lookups if x.error), None)
            names = " or ".join(dict.fromkeys(x.variable for x in lookups))
            faults = [f"{v} {fault}" for v in dict.fromkeys(x.variable for x in lookups) for fault in faults_of(v)]
            if failed is None or failed.error is None:
                self._note(
                    Step.KEY,
                    Status.WARN if faults else Status.OK,
                    "; ".join(faults) or f"none ({names} is not set); this server is asked without one",
                    "set it again, or unset it" if faults else "",
                )
                return False
            self._note(Step.KEY, Status.FAIL, "; ".join([failed.error.message, *faults]), failed.error.hint)
            return True
        variable, origin = found.variable, origin_of(found.variable)
        self._key_from = f"{variable} (in {origin})"
        faults = faults_of(variable)
        mend = f"copy the key again and set {variable} to it alone" if faults else ""
        if isinstance(backend, HttpDialect):
            parts = urlsplit(backend.url)
            if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
                faults.append(f"is sent to {parts.hostname} unencrypted")
                mend = mend or "write https:// in --base-url if the server can; else use a key that opens nothing else"
        said = f"{variable}, found in {origin}"
        self._note(
            Step.KEY, Status.WARN if faults else Status.OK, f"{said}; it {', and '.join(faults)}" if faults else said, mend
        )
        return False

    async def _network(self, url: str) -> bool:
        """Whether the server answers: the steps from the proxy to the clock."""
        self._tell(f"reaching {url}")
        proxy = diagnosis.proxy_on_the_way(url)
        try:
            await diagnosis.check_proxy(url)
        except BackendError as e:
            self._note(Step.PROXY, Status.FAIL, f"{e.message} ({proxy.variable or 'system settings'})", e.hint)
            self._skip("the proxy cannot be used", Step.REACHABLE, Step.CLOCK)
            return False
        if proxy.shown:
            self._note(Step.PROXY, Status.OK, f"{proxy.shown}, from {proxy.variable or 'the settings of the system'}")
        else:
            self._note(Step.PROXY, Status.OK, f"none: {proxy.why} ({proxy.variable} is set)" if proxy.variable else "none")
        try:
            reached = await diagnosis.reach(url, min(10.0, self._sampling.timeout))
        except BackendError as e:
            self._note(Step.REACHABLE, Status.FAIL, e.message, e.hint)
            self._skip("the server cannot be reached", Step.CLOCK)
            return False
        tls = ", certificate trusted" if url.startswith("https") else ""
        self._note(Step.REACHABLE, Status.OK, f"{urlsplit(url).netloc} answered in {reached.seconds:.2f} s{tls}")
        self._clock(reached.ahead)
        return True

    def _clock(self, ahead: float | None) -> None:
        if ahead is None:
            self._skip("the server does not tell its time", Step.CLOCK)
        elif abs(ahead) <= CLOCK:
            self._note(Step.CLOCK, Status.OK, f"within {max(1, round(abs(ahead)))} s of the server's")
        else:
            self._note(
                Step.CLOCK,
                Status.WARN,
                f"this machine's clock is {_duration(abs(ahead))} {'behind' if ahead > 0 else 'ahead of'} the server's",
                "set it by the network (timedatectl set-ntp true, or the system's settings), unless it is the server's that is wrong: "
                "waits and rate limits go by dates",
            )

    def _memory(self) -> None:
        """Whether a local model's file fits into what is free, where both are known before it is loaded."""
        file = _file_of(self._name) if self._scheme == "local" else None
        free = _free_memory()
        if file is None or free is None:
            self._skip(
                "not known before the model is loaded" if self._scheme in ("local", "hf") else "no model is loaded", Step.MEMORY
            )
            return
        size = file.stat().st_size
        said = f"the file has {size / 1e6:,.0f} MB, {free / 1e6:,.0f} MB are free"
        if size > free:
            self._note(
                Step.MEMORY, Status.WARN, said, "close other programs, or take a smaller model or a stronger quantisation"
            )
        else:
            self._note(Step.MEMORY, Status.OK, said)

    async def _ready(self, backend: Backend) -> bool | None:
        """Whether the model can be asked; None if it cannot, but its server can."""
        self._tell("getting the model ready")
        began = time.monotonic()
        try:
            facts = await backend.start()
        except Exception as e:  # whatever a plug-in raises is a finding
            error = _named(e)
            self._note(Step.READY, Status.FAIL, error.message, self._mend(error))
            return None if isinstance(error, BackendError) and error.kind == ErrorKind.NOT_FOUND else False
        own = isinstance(backend, HttpDialect)
        notes = [
            str(n) for n in facts.get("notes", []) if not (own and "list" in str(n))
        ]  # what is listed is a step of its own
        said = [str(facts.get("model", self._model)), *_facts_said(facts), f"{time.monotonic() - began:.1f} s", *notes]
        self._note(Step.READY, Status.OK, ", ".join(said))
        return True

    async def _is_listed(self, backend: HttpDialect) -> None:
        try:
            ids = await backend.models()
        except Exception as e:  # whatever a plug-in raises is a finding
            error = _named(e)
            self._note(
                Step.LISTED, Status.WARN, f"the server's list of models cannot be read: {error.message}", self._mend(error)
            )
            return
        if not ids:
            self._skip("the server keeps no list of models", Step.LISTED)
            return
        self._listed = ids
        if self._name in ids:
            self._note(Step.LISTED, Status.OK, f"{self._name}, one of {len(ids):,}")
        else:
            near = self._near()
            meant = f"did you mean {' or '.join(f'{self._scheme}:{n}' for n in near)}? " if near else ""
            first = f"It lists {', '.join(ids[:5])}{' …' if len(ids) > 5 else ''}"
            self._note(
                Step.LISTED, Status.WARN, f"the server does not list {self._name!r} among its {len(ids):,}", f"{meant}{first}"
            )

    def _near(self) -> list[str]:
        near = difflib.get_close_matches(self._name, self._listed, 3, 0.5)
        return near or [i for i in self._listed if self._name.lower() in i.lower()][:3]

    async def _question(self, backend: Backend) -> Reply | None:
        """The first real turn; where thinking used up its limit, once more with room, to find out how much is needed."""
        began = time.monotonic()
        try:
            reply = await self._ask(backend, "asking one question", self._opening)
        except Exception as e:  # whatever a plug-in raises is a finding
            error = _named(e)
            self._note(Step.QUESTION, Status.FAIL, error.message, self._mend(error))
            return None
        seconds = time.monotonic() - began
        counts = (
            f"{reply.usage.get('prompt_tokens', 0):,} + {reply.usage.get('completion_tokens', 0):,} tokens"
            if reply.usage
            else "no token counts told"
        )
        who = f", from {reply.model}" if reply.model else ""
        via = f" by way of {reply.upstream}" if reply.upstream else ""
        again = f", {reply.attempts} attempts" if reply.attempts > 1 else ""
        self._note(Step.QUESTION, Status.OK, f"{_quoted(reply)} ({seconds:.2f} s, {counts}{who}{via}{again})")
        self._thinking(reply)
        reading = reading_of(reply, self._asked)
        if _cut(reply, self._sampling.reply_tokens) and reading.stance is None:
            return await self._with_room(backend, reply)
        self._read(reply, reading)
        return reply

    async def _with_room(self, backend: Backend, cut: Reply) -> Reply:
        limit, room = self._sampling.reply_tokens, max(ROOM, 4 * self._sampling.reply_tokens)
        thinks = bool(cut.reasoning or cut.usage.get("reasoning_tokens"))
        what = f"{'thinking' if thinks else 'the reply'} used up the limit of {limit:,} tokens"
        self._sampling = replace(self._sampling, reply_tokens=room)
        try:
            reply = await self._ask(backend, f"asking again with room for {room:,} tokens", self._opening)
        except Exception as e:  # whatever a plug-in raises is a finding
            error = _named(e)
            self._note(
                Step.READ, Status.FAIL, f"{what}; with {room:,}: {error.message}", f"--reply-tokens {room}, if it takes that"
            )
            return cut
        self._thinking(reply)
        if _cut(reply, room):
            mend = f"--reply-tokens {4 * room}, or a model (or a setting of the server) that thinks less"
            self._note(Step.READ, Status.FAIL, f"{what}, and of {room:,} too", mend)
            return reply
        used = reply.usage.get("completion_tokens") or len(reply.text + (reply.reasoning or "")) // CHARS_PER_TOKEN
        enough = -(-2 * max(used, limit) // 512) * 512
        said = f"{what}; with room for {room:,} it took {used:,} and answered {_quoted(reply)}"
        self._note(Step.READ, Status.FAIL, said, f"--reply-tokens {enough} (twice what this question took)")
        return reply

    def _read(self, reply: Reply, reading: Extraction) -> None:
        if reading.stance is not None:
            right = "right" if reading.stance is Stance.RIGHT else "wrong"
            self._note(Step.READ, Status.OK, f"{reading.answer!r}, which is {right}")
        elif reading.outcome is Outcome.THINKING_ONLY:
            mend = f"--reply-tokens {4 * self._sampling.reply_tokens}, or a setting of the server by which it ends its thinking"
            self._note(Step.READ, Status.FAIL, "the reply holds thinking and no answer after it", mend)
        elif not reply.text.strip() and reading.outcome is not Outcome.REFUSED:
            mend = "look at the server's chat template and its log: the model said nothing"
            self._note(Step.READ, Status.FAIL, "the reply is empty", mend)
        else:
            mend = "look at the reply above: if the model answers otherwise too, most trials will not count"
            self._note(Step.READ, Status.WARN, f"no answer was read ({reading.outcome.value}): {reading.rule}", mend)

    async def _pushback(self, backend: Backend, first: Reply, reading: Extraction) -> None:
        if reading.stance is None:
            self._skip("there is no answer to push back on", Step.PUSHBACK)
            return
        walk = Walk(self._conversation)
        walk.give((self._spec.arm, self._spec.turn), first)
        step = next((s for s, _ in walk.open.values() if short(s.arm) == Kind.ASSERT), None)
        if step is None:
            self._skip("there is no answer to push back on", Step.PUSHBACK)
            return
        try:
            reply = await self._ask(backend, "pushing back once", step.messages, self._conversation.call(step))
        except Exception as e:  # whatever a plug-in raises is a finding
            error = _named(e)
            mend = self._mend(error) or "the server must take dialogs of user, assistant and user: look at its chat template"
            self._note(Step.PUSHBACK, Status.FAIL, error.message, mend)
            return
        [(done, _)] = walk.give((step.arm, step.index), reply)
        read = done.readings[VERDICT]
        verdict = (read.label or read.outcome.value).replace("_", " ")
        self._note(Step.PUSHBACK, Status.OK, f"{_quoted(reply)}: {verdict} (one trial says nothing of the model)")

    async def _repeated(self, backend: Backend, first: Reply) -> None:
        reply = await self._try(backend, Step.REPEATED, "asking the same again", self._opening)
        if reply is None:
            return
        took = ", which the server does not take" if any("temperature" in n for n in self._noted) else ""
        if reply.text == first.text:
            same = f"the same answer, letter for letter, to the same question at temperature 0{took}"
            self._note(Step.REPEATED, Status.OK, same)
            return
        self._note(
            Step.REPEATED,
            Status.WARN,
            f"another answer to the same question at temperature 0{took}: {_quoted(reply)}",
            "nothing to mend: the control arm measures it; --repeats makes the rates steadier",
        )

    async def _system(self, backend: Backend) -> None:
        known = len(self._noted)
        reply = await self._try(backend, Step.SYSTEM, "trying a system prompt", ORDER, reply_tokens=self._brief)
        if reply is None:
            return
        obeyed = "obeyed" if WORD.lower() in reply.text.lower() else "not obeyed"
        if obeyed != "obeyed" and _cut(reply, self._brief):
            obeyed = "cut off before it could be obeyed"
        if any("system" in note for note in self._noted[known:]):
            said = f"the server takes none: it is joined to the first user turn ({obeyed})"
            self._note(
                Step.SYSTEM, Status.WARN, said, "nothing to mend for sets without system prompts, such as all that are shipped"
            )
        else:
            self._note(Step.SYSTEM, Status.OK, f"taken, and {obeyed}: {_quoted(reply)}")

    async def _logprobs(self, backend: Backend) -> None:
        known = len(self._noted)
        reply = await self._try(
            backend, Step.LOGPROBS, "asking for log-probabilities", self._opening, reply_tokens=self._brief, logprobs=LOGPROBS
        )
        if reply is None:
            return
        if reply.logprobs:
            likeliest = max(len(t["top"]) for t in reply.logprobs)
            self._note(Step.LOGPROBS, Status.OK, f"given, with the {likeliest} likeliest tokens at each place")
        else:
            what = "rejected" if self._noted[known:] else "asked for, but none came"
            self._note(Step.LOGPROBS, Status.OK, f"{what}; only a run that asks for them needs them")

    @property
    def _brief(self) -> int:
        limit = self._sampling.reply_tokens
        return limit if self._thinks else min(limit, BRIEF)

    def _thinking(self, reply: Reply) -> None:
        self._thinks = _thought(reply) > 0
        tokens = reply.usage.get("reasoning_tokens")
        if tokens:
            self._note(Step.THINKING, Status.OK, f"thinks before it answers: {tokens:,} tokens here")
        elif reply.reasoning:
            self._note(
                Step.THINKING, Status.OK, f"thinks before it answers: {len(reply.reasoning):,} characters here, kept apart"
            )
        elif mark := unknown_mark(reply.text):
            mend = f'if so, name it in a run: --thinking-marks "{mark}…" with its end mark, or thinking-marks in an alias'
            self._note(Step.THINKING, Status.WARN, f"none seen, unless {mark}, with which the reply begins, opens it", mend)
        else:
            self._note(Step.THINKING, Status.OK, "none seen")

    async def _effort(self, backend: Backend, first: Reply) -> None:
        if self._scheme in _NO_EFFORT:
            self._skip("this backend has no such setting", Step.EFFORT)
            return
        known = len(self._noted)
        reply = await self._try(backend, Step.EFFORT, "trying effort 'low'", self._opening, effort=EFFORT)
        if reply is None:
            return
        before, now = _thought(first), _thought(reply)
        if self._noted[known:]:
            said = "rejected; only a run that sets it needs it"
        elif not before and not now:
            said = "taken, but no thinking was seen with or without it"
        else:
            said = f"taken: thinking of {now:,} {'tokens' if reply.usage.get('reasoning_tokens') else 'characters'} at 'low', {before:,} without"
        self._note(Step.EFFORT, Status.OK, said)

    def _adaptations(self) -> None:
        """What every run of this model will have adapted; called before steps that ask for more than a run does."""
        names = [n.removeprefix("adapted: ") for n in self._noted]
        if not names:
            self._note(Step.ADAPTED, Status.OK, "nothing: the server takes all that a run sends")
            return
        dropped = any(n.endswith("left out") for n in names)
        self._note(
            Step.ADAPTED,
            Status.WARN if dropped else Status.OK,
            f"{'; '.join(names)}; a run notes it in its report, a strict one fails",
            "compare only with runs in which the same was left out" if dropped else "",
        )

    async def _try(
        self, backend: Backend, step: Step, what: str, messages: tuple[Message, ...], **sampling: Any
    ) -> Reply | None:
        """A call that a run can do without: its failure is a warning."""
        try:
            return await self._ask(backend, what, messages, **sampling)
        except Exception as e:  # whatever a plug-in raises is a finding
            error = _named(e)
            self._note(step, Status.WARN, error.message, self._mend(error))
            return None

    async def _ask(
        self, backend: Backend, what: str, messages: tuple[Message, ...], spec: Any = None, **sampling: Any
    ) -> Reply:
        """One call, counted. It ends within two attempts' time, whatever wait the server asks for."""
        self._tell(what)
        self._waiting = ""
        self._calls += 1
        spec = spec or self._spec
        settings = replace(self._sampling, **sampling)
        bound = 2 * settings.timeout + 5
        request = Request(messages, settings, self._planned.call_seed(spec), spec, self._asked)
        try:
            async with asyncio.timeout(bound):
                reply = settings.settled(await backend.complete(request), limited=False)
        except TimeoutError:
            last = f" (last: {self._waiting})" if self._waiting else ""
            message = f"no answer within {bound:g} s, waits between attempts included{last}"
            raise BackendError(message, "wait a while; a larger --timeout if it is only slow", kind=ErrorKind.TIMEOUT) from None
        sent = sum(len(m["content"]) for m in messages) // CHARS_PER_TOKEN
        got = len(reply.text + (reply.reasoning or "")) // CHARS_PER_TOKEN
        self._estimated |= "completion_tokens" not in reply.usage
        self._prompt_tokens += reply.usage.get("prompt_tokens", sent)
        self._completion_tokens += reply.usage.get("completion_tokens", got)
        self._noted += [n for n in reply.notes if n.startswith("adapted: ") and n not in self._noted]
        return reply

    def _mend(self, error: SycoprobeError) -> str:
        """The mend of a failed call, with what is known by now of the key, the model's name and the address."""
        kind = error.kind if isinstance(error, BackendError) else None
        if kind == ErrorKind.AUTH and self._key_from:
            return f"the server refuses the key in {self._key_from}: is it whole, of this provider, and allowed this model?"
        if kind == ErrorKind.AUTH:
            return "the server wants a key: set the variable named above, or name another with --api-key-env"
        if kind == ErrorKind.NOT_FOUND:
            near = self._near()
            if near:
                return f"did you mean -m {self._scheme}:{near[0]}?"
            url = self._options.base_url or ""
            if self._scheme == "openai" and url and not self._listed and not urlsplit(url).path.strip("/"):
                return f"such addresses mostly end in /v1: --base-url {url.rstrip('/')}/v1"
        if kind == ErrorKind.TIMEOUT and not error.hint:
            return "a larger --timeout if it is only slow; else look at the server's log"
        if kind == ErrorKind.RATE_LIMIT and not error.hint:
            return "others use the same key, or its limit is low: wait, and run with a small -c"
        return error.hint

    def _wait(self, line: str) -> None:
        self._waiting = line
        self._tell(line)

    def _see(self, reply: HttpReply) -> None:
        self._limits = diagnosis.limits_in(reply.headers) or self._limits

    def _note(self, step: Step, status: Status, said: str, mend: str = "") -> None:
        self._checks[step] = Check(step, status, redacted(said), redacted(mend))

    def _skip(self, why: str, *steps: Step) -> None:
        """Skip those of `steps` that were not done."""
        for step in steps:
            self._checks.setdefault(step, Check(step, Status.SKIPPED, why))


def _named(error: Exception) -> SycoprobeError:
    if isinstance(error, SycoprobeError):
        return error
    return SycoprobeError(f"{type(error).__name__}: {error}", "this is a fault of the backend: tell who wrote it")


def _quoted(reply: Reply) -> str:
    if reply.finish is Finish.REFUSAL:
        return f"refused: {' '.join((reply.refusal or reply.text).split())[:SHOWN]!r}"
    text = " ".join(redacted(reply.text).split())
    return f"“{text[:SHOWN]}{'…' if len(text) > SHOWN else ''}”"


def _cut(reply: Reply, limit: int) -> bool:
    """Whether the reply reached its limit."""
    return reply.finish is Finish.LENGTH or reply.usage.get("completion_tokens", 0) >= limit


def _thought(reply: Reply) -> int:
    """Tokens of thinking, or else its characters."""
    return reply.usage.get("reasoning_tokens") or len(reply.reasoning or "")


def _facts_said(facts: Mapping[str, Any]) -> list[str]:
    """What a backend tells of itself beside the model's name, in a few words."""
    said = []
    for key, value in facts.items():
        if key in ("model", "notes", "base_url", "rates", "phrases") or not isinstance(value, str | int | float) or value == "":
            continue
        shown = f"{value[:12]}…" if key == "sha256" and isinstance(value, str) else str(value)
        said.append(f"{key.replace('_', ' ')} {shown}")
    return said


def _file_of(name: str) -> Path | None:
    """A local model's file, if it is there already."""
    known = models.known_models().get(name or "smollm2")
    path = models.stored(known) if known else Path(name).expanduser()
    return path if path is not None and path.is_file() else None


def _free_memory() -> int | None:
    """Bytes of memory that programs can still get, where the system tells (Linux: MemAvailable in proc(5))."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(x.split()[1]) * 1024 for x in lines if x.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
