"""Asks judges about cases: models through any backend, with everything on disk as it comes, and rules without a call."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

from sycoprobe import __version__, journal
from sycoprobe.backends import open_backend
from sycoprobe.backends.base import Backend, BackendOptions, Request, Sampling
from sycoprobe.errors import BackendError, JudgeError, JudgingFailed, SycoprobeError
from sycoprobe.journal import judgements, now
from sycoprobe.journal.judgements import SCHEMA_VERSION, JudgementFile
from sycoprobe.kinds.base import Done, Step
from sycoprobe.kinds.judging import (
    Case,
    Judgement,
    JudgeOutcome,
    Rubric,
    agreed,
    digest_of,
    majority,
    panel_name,
    prompt_of,
    read_verdict,
    schema_of,
)
from sycoprobe.kinds.rubrics import RUBRICS
from sycoprobe.kinds.walk import Strand, Walk
from sycoprobe.money import lists as prices
from sycoprobe.money.budget import Budget, Caps, Most, Room, most_of
from sycoprobe.money.files import PriceTable, read_table
from sycoprobe.money.price import Price, cost_of
from sycoprobe.planning import CallSpec, Conversation
from sycoprobe.turns import ErrorKind, Finish, Message, Reply

MIN_SHARE = 0.5
STAND_INS = ("sim", "replay")
"""Backends that answer by the planned call and not by the dialog, so that they cannot judge."""
_DATED = (len("-2024-08-06"), len("-20240806"))
_TESTED_CALLS = 200
"""So many calls of a run are looked at for the names under which its model answered."""


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """A model as a judge: `backend:name` as after `-m`, where it is, the name of its key's variable, and its own marks of thinking."""

    model: str
    base_url: str | None = None
    api_key_env: str | None = None
    thinking_marks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.model


@runtime_checkable
class RuleJudge(Protocol):
    """A judge that makes no call: the kinds' own grading by rule, named `rule`, or any function of a case."""

    name: str

    def judge(self, case: Case) -> Judgement:
        """Its word on a case."""
        ...


AnyJudge = JudgeSpec | RuleJudge


@dataclass(frozen=True, slots=True)
class How:
    """How judging is carried out.

    Attributes
    ----------
    concurrency: calls under way at once, for each judge. reply_tokens: length limit of a reply, thinking included.
    temperature: None leaves it to the server. timeout: seconds for one attempt. retries: further attempts.
    effort: of a reasoning model, as the provider spells it.
    caps: on the calls, tokens, dollars and seconds of this process, of all judges together; judging can be resumed.
    prices: a TOML file of prices. strict: a parameter that a server rejects is an error.
    allow_self: let a model judge itself; what comes of it is marked.
    min_share: the share of a panel that must name a label.
    notify: told of retries and waits, a line each. told: told after each call how many are done, and of how many.
    """

    concurrency: int = 8
    reply_tokens: int = 1024
    temperature: float | None = 0.0
    timeout: float = 120.0
    retries: int = 6
    effort: str | None = None
    caps: Caps = field(default_factory=Caps)
    prices: Path | None = None
    strict: bool = False
    allow_self: bool = False
    min_share: float = MIN_SHARE
    notify: Callable[[str], None] = lambda _line: None
    told: Callable[[int, int], None] = lambda _done, _of: None


@dataclass(frozen=True, slots=True)
class JudgeInfo:
    """One judge of a panel, as it stands in the file.

    `facts` are what its backend said of the model. `is_self`: it is the model under test. `digests`: of its rubrics, by name.
    `calls`, `tokens`, `cost` (US dollars, None where unknown): of all calls that it was asked, failed ones aside.
    """

    name: str
    facts: Mapping[str, Any]
    base_url: str | None
    structured: bool
    is_self: bool
    digests: Mapping[str, str]
    calls: int = 0
    tokens: int = 0
    cost: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What the judges of a panel (or the one judge) said.

    `name` is that of the panel. `by_judge` holds each judge's own word, by judge and case; `final` the panel's, by case.
    `capped` says which cap ended the judging early, and `missing` how many cases have no word of the whole panel.
    """

    name: str
    judges: tuple[JudgeInfo, ...]
    by_judge: Mapping[str, Mapping[str, Judgement]]
    final: Mapping[str, Judgement]
    min_share: float = MIN_SHARE
    capped: str | None = None
    missing: int = 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a report must say where nobody can overlook it."""
        return tuple(
            f"{j.name} judged its own replies: these judgements are not independent of what is measured"
            for j in self.judges
            if j.is_self
        )

    @property
    def facts(self) -> dict[str, Any]:
        """Of one judge its own facts; of a panel the models' names, which `checks.load_check` finds it by."""
        if len(self.judges) == 1:
            return dict(self.judges[0].facts)
        return {"model": ", ".join(str(j.facts.get("model")) for j in self.judges)}


@dataclass(frozen=True, slots=True)
class UnderTest:
    """The model under test: as the user named it, its facts, and the names under which it answered."""

    spec: str
    facts: Mapping[str, Any]
    answered: frozenset[str] = frozenset()

    def same(self, spec: str, facts: Mapping[str, Any]) -> str | None:
        """Why a judge is this very model, in words that follow 'it has'; None if nothing says so."""
        if spec == self.spec:
            return f"the same name, {spec}"
        for fact in ("sha256", "digest"):
            if facts.get(fact) and facts.get(fact) == self.facts.get(fact):
                return f"the same {fact}"
        return self.same_name(facts.get("model"))

    def same_name(self, model: Any) -> str | None:
        """The same for a name under which a judge answered. Who serves it, and a date at its end, make no other model of it."""
        ours = {bare(str(m)) for m in (self.facts.get("model"), *self.answered) if m}
        return f"the same model id, {bare(str(model))}" if model and bare(str(model)) in ours else None


def tested_in(folder: Path) -> UnderTest:
    """The model under test of the run in `folder`. Raises `JournalError`."""
    contents = journal.read(folder)
    asked = islice(journal.calls(contents), _TESTED_CALLS)
    answered = frozenset(c.reply.model for c in asked if c.reply is not None and c.reply.model)
    return UnderTest(str(contents.header["plan"]["model"]), contents.header["model"], answered)


def bare(model: str) -> str:
    """A model's id without vendor, ':latest' and a date at its end, in lower case: what two routes to it have in common."""
    name = model.casefold().removesuffix(":latest").rpartition("/")[2]
    for length in _DATED:
        tail = name[-length:]
        if len(name) > length and tail[0] == "-" and tail.replace("-", "").isdigit() and len(tail.replace("-", "")) == 8:
            return name[:-length]
    return name


def judge_run(
    folder: Path,
    cases: Iterable[Case] | None,
    judges: Sequence[AnyJudge],
    how: How | None = None,
    *,
    rubrics: Mapping[str, Rubric] = RUBRICS,
) -> Judged:
    """Have the cases of the run in `folder` judged, as far as they are not yet; what is said goes to its `judgements.jsonl`.

    Parameters
    ----------
    cases: None: those of the run (`cases_of_run`). judges: several make a panel, whose majority counts.

    Raises
    ------
    JudgeError: a judge is the model under test (unless `how.allow_self`), cannot judge, or a rubric is not known.
    JudgingFailed: every further call would fail, too. What was said by then is kept.
    BackendError: a judge cannot be reached at all. JournalError, PriceError
    """
    return asyncio.run(ajudge_run(folder, cases, judges, how, rubrics=rubrics))


async def ajudge_run(
    folder: Path,
    cases: Iterable[Case] | None,
    judges: Sequence[AnyJudge],
    how: How | None = None,
    *,
    rubrics: Mapping[str, Rubric] = RUBRICS,
) -> Judged:
    """`judge_run`, from asynchronous code."""
    tested = tested_in(folder)
    if cases is None:
        cases = cases_of_run(folder)
    return await ajudge(folder, cases, judges, how, rubrics=rubrics, tested=tested)


async def ajudge(
    folder: Path,
    cases: Iterable[Case],
    judges: Sequence[AnyJudge],
    how: How | None = None,
    *,
    rubrics: Mapping[str, Rubric] = RUBRICS,
    tested: UnderTest | None = None,
) -> Judged:
    """Have any cases judged, with the file in `folder`; `tested` is the model that may not judge. As `judge_run`."""
    how = how or How()
    listed = list(cases)
    _check(listed, judges, rubrics)
    budget = Budget(how.caps)
    with JudgementFile(folder) as file:
        table = read_table(how.prices) if how.prices else None
        progress = _Progress(how.told)
        sessions = [_Session(j, listed, rubrics, file, how, budget, progress, tested, table) for j in judges]
        # One that cannot be used is found out before any is paid.
        try:
            for session in sessions:
                await session.start()
            progress.of = sum(len(s.open) for s in sessions)
            file.append({"type": "panel", "judges": [j.name for j in judges], "min_share": how.min_share, "at": now()})
            try:
                await _together(s.run() for s in sessions)
            except BackendError as e:
                raise JudgingFailed(e.message, "; ".join(filter(None, (e.hint, "then the same command goes on")))) from e
        finally:
            for session in sessions:
                await session.close()
        judged = _judged(file.records, {c.key: _digest(c) for c in listed})
    assert judged is not None  # noqa: S101
    return Judged(**{**_fields(judged), "capped": budget.reached, "missing": len(listed) - _whole(judged)})


def cases_of_run(folder: Path) -> list[Case]:
    """What a judge is to be asked about the run in `folder`.

    Raises `JournalError` if there is no such run, `JudgeError` if rules read all of what its kinds ask.
    """
    contents = journal.read(folder)
    planned = contents.planned()
    if not any(part.kind.rubrics for part in planned.parts):
        kinds = ", ".join(repr(k) for k in contents.plan.kinds)
        raise JudgeError(
            f"{folder}: a judge has nothing to do in a run of the kind {kinds}: rules read all of it",
            "`sycoprobe kinds NAME` says whether a judge can be asked",
        )
    parts = {part.name: part for part in planned.parts}
    walks: dict[str, Walk] = {}
    done: dict[str, list[tuple[Done, Strand]]] = {}
    for call in journal.final_calls(contents):
        spec = call.spec
        part = parts[spec.section or planned.parts[0].name]
        if not part.kind.rubrics:
            continue
        walk = walks.get(spec.conversation)
        if walk is None:
            walk = walks[spec.conversation] = Walk(part.conversation(spec.set, contents.probe_of(spec), spec.repeat))
        done.setdefault(spec.conversation, []).extend(walk.give((spec.arm, spec.turn), call.reply))
    found: list[Case] = []
    for conversation in planned.conversations():
        if steps := done.get(conversation.key):

            def key(step: Step, conversation: Conversation = conversation) -> str:
                return conversation.call(step).key

            found += conversation.kind.cases(conversation.shown, key, steps)
    return found


def judged_in(folder: Path) -> Judged | None:
    """What the last panel said of the run in `folder`; None if no judge was asked. Raises `JudgeError` if the file is damaged."""
    return _judged(judgements.read(folder), None)


def _check(cases: Sequence[Case], judges: Sequence[AnyJudge], rubrics: Mapping[str, Rubric]) -> None:
    if not judges:
        raise JudgeError("no judge was named", "name one with -m backend:name")
    if len({j.name for j in judges}) < len(judges):
        raise JudgeError("a judge is named twice", "name each once: a panel's votes must be independent")
    for judge in judges:
        if isinstance(judge, JudgeSpec) and judge.model.partition(":")[0] in STAND_INS:
            raise JudgeError(
                f"{judge.model} stands in for a model and cannot judge", "name a model that reads what it is asked"
            )
    for case in cases:
        if case.rubric not in rubrics:
            raise JudgeError(f"no rubric {case.rubric!r} (of the case {case.key})", f"there are: {', '.join(rubrics)}")
    if len({c.key for c in cases}) < len(cases):
        raise JudgeError("two cases have one key", "the key of a case is that of its reply with |RUBRIC")


@dataclass(slots=True)
class _Progress:
    told: Callable[[int, int], None]
    of: int = 0
    done: int = 0

    def one(self) -> None:
        self.done += 1
        self.told(self.done, self.of)


@dataclass(frozen=True, slots=True)
class _Ask:
    """One call: a case in one of the two orders."""

    case: Case
    rubric: Rubric
    swapped: bool = False


class _Session:
    """One judge at work on all cases."""

    def __init__(
        self,
        judge: AnyJudge,
        cases: Sequence[Case],
        rubrics: Mapping[str, Rubric],
        file: JudgementFile,
        how: How,
        budget: Budget,
        progress: _Progress,
        tested: UnderTest | None,
        table: PriceTable | None,
    ) -> None:
        self.judge = judge
        self.open: list[_Ask] = []
        self._cases, self._file, self._how, self._budget = cases, file, how, budget
        self._rubrics = {c.rubric: rubrics[c.rubric] for c in cases}
        self._digests = {name: digest_of(r) for name, r in self._rubrics.items()}
        self._progress, self._tested = progress, tested
        self._backend: Backend | None = None
        self._facts: dict[str, Any] = {}
        self._print = ""
        self._structured = False
        self._self: str | None = None
        self._changed = asyncio.Event()
        self._stopped = False
        self._unanswered = 0
        self._price: Price | None = None
        budget.on_change(self._changed.set)
        if isinstance(judge, JudgeSpec):
            self._price = prices.price_of(judge.model, base_url=judge.base_url, table=table)
            if self._price is None and how.caps.cost is not None:
                raise JudgeError("--max-cost needs a price", prices.why_unpriced(judge.model, base_url=judge.base_url))

    async def start(self) -> None:
        """Reach the model, refuse it if it is the one under test, and find out what it has not judged yet."""
        if isinstance(self.judge, JudgeSpec):
            await self._reach(self.judge)
        else:
            self._facts = {"model": self.judge.name, "notes": ["no model: graded by rule, without calls"]}
        self._print = _print(self.judge, self._facts)
        done = {
            (r["key"], r["case"], r["digest"], r["swapped"])
            for r in self._file.records
            if r.get("type") == "judgement" and r["print"] == self._print and "error" not in r
        }
        asks = [
            _Ask(c, self._rubrics[c.rubric], swapped)
            for c in self._cases
            for swapped in ((False, True) if self._rubrics[c.rubric].compares else (False,))
        ]
        if isinstance(self.judge, JudgeSpec):
            self.open = [a for a in asks if (a.case.key, _digest(a.case), self._digests[a.case.rubric], a.swapped) not in done]
        self._head()

    def _head(self) -> None:
        """Say in the file who judges."""
        earlier = [r for r in self._file.records if r.get("type") == "judge" and r["print"] == self._print]
        digests = {**(earlier[-1]["digests"] if earlier else {}), **self._digests}
        self._file.append(
            {
                "type": "judge",
                "schema_version": SCHEMA_VERSION,
                "judge": self.judge.name,
                "print": self._print,
                "model": self._facts,
                "base_url": self.judge.base_url if isinstance(self.judge, JudgeSpec) else None,
                "structured": self._structured,
                "self": self._self,
                "digests": digests,
                "temperature": self._how.temperature,
                "versions": {"sycoprobe": __version__},
                "at": now(),
            }
        )

    async def _reach(self, spec: JudgeSpec) -> None:
        options = BackendOptions(
            base_url=spec.base_url,
            concurrency=self._how.concurrency,
            api_key_env=spec.api_key_env,
            strict=self._how.strict,
            stopping=lambda: self._stopped,
            notify=self._how.notify,
        )
        self._refuse(self._tested.same(spec.model, {}) if self._tested else None)
        self._backend = open_backend(spec.model, options)
        self._facts = await self._backend.start()
        self._refuse(self._tested.same(spec.model, self._facts) if self._tested else None)
        self._structured = bool(getattr(self._backend, "takes_schema", False))

    def _refuse(self, same: str | None) -> None:
        """Note that the judge is the model under test. Raises `JudgeError` unless that is allowed."""
        if not same:
            return
        if not self._how.allow_self:
            raise JudgeError(
                f"the judge {self.judge.name} is the model under test: it has {same}",
                "name another model as the judge, or pass --allow-self to have it judge itself, which the report will say",
            )
        self._self = same

    async def run(self) -> None:
        """Ask all that is open. Raises what makes every further call fail."""
        if not isinstance(self.judge, JudgeSpec):
            self._by_rule(self.judge)
            return
        todo = iter(self.open)
        try:
            await _together(self._work(todo) for _ in range(max(1, self._how.concurrency)))
        finally:
            self._stopped = True

    async def close(self) -> None:
        """Let go of the model; safe to call when `start` failed."""
        if self._backend is not None:
            await self._backend.close()

    def _by_rule(self, judge: RuleJudge) -> None:
        """A rule costs nothing and may have changed, so it is asked again; what differs from the file is added to it."""
        known = {
            (r["key"], r["case"], r["digest"]): (r["outcome"], r.get("label"))
            for r in self._file.records
            if r.get("type") == "judgement" and r["print"] == self._print
        }
        for case in self._cases:
            found = judge.judge(case)
            if known.get((case.key, _digest(case), self._digests[case.rubric])) != (found.outcome, found.label):
                ask = _Ask(case, self._rubrics[case.rubric])
                self._file.append(self._record(ask, found.outcome, found.label, found.said) | {"compares": False})

    async def _work(self, todo: Iterator[_Ask]) -> None:
        for ask in todo:
            nonce = secrets.token_hex(16)
            messages = prompt_of(ask.rubric, ask.case, nonce, ask.swapped, structured=self._structured)
            size = sum(len(m["content"].encode()) for m in messages)
            most = most_of(size, self._how.reply_tokens, self._price) if self._budget.counts_tokens else Most(1)
            if self._stopped or not await self._fits(most):
                return
            try:
                await self._ask(ask, nonce, messages, size)
            finally:
                self._budget.give_back(most)
            self._progress.one()

    async def _fits(self, most: Most) -> bool:
        while (room := self._budget.room(most)) is Room.WAIT:
            self._changed.clear()
            await self._changed.wait()
        return room is Room.YES

    async def _ask(self, ask: _Ask, nonce: str, messages: tuple[Message, ...], size: int) -> None:
        began = time.monotonic()
        try:
            reply = await self._complete(ask, messages)
        except BackendError as e:
            self._budget.used(1, 0, 0.0)
            if e.fatal:
                raise
            self._failed(e)
            record = self._record(ask, JudgeOutcome.ERROR, None, "") | {"error": {"kind": e.kind, "message": e.message}}
            self._file.append(record | {"ms": _ms(began)})
            return
        self._unanswered = -1
        if self._tested is not None and self._self is None and (same := self._tested.same_name(reply.model)):
            self._refuse(same)
            self._head()
        outcome, label = _outcome(reply, ask.rubric)
        usage = reply.usage or {"prompt_tokens": size // 4, "completion_tokens": len(reply.text) // 4}
        cost = reply.cost if reply.cost is not None else cost_of(usage, self._price) if self._price else None
        self._budget.used(1, usage.get("prompt_tokens", 0) + usage.get("completion_tokens", 0), cost or 0.0)
        more = {
            "nonce": nonce,
            "model": reply.model,
            "finish": reply.finish,
            "usage": usage,
            "cost": cost,
            "notes": list(reply.notes),
            "attempts": reply.attempts,
            "ms": _ms(began),
        }
        said = reply.text or reply.refusal or ""
        self._file.append(self._record(ask, outcome, label, said) | {k: v for k, v in more.items() if v not in (None, [])})

    async def _complete(self, ask: _Ask, messages: tuple[Message, ...]) -> Reply:
        assert self._backend is not None  # noqa: S101
        sampling = Sampling(
            temperature=self._how.temperature,
            reply_tokens=self._how.reply_tokens,
            timeout=self._how.timeout,
            retries=self._how.retries,
            effort=self._how.effort,
            thinking_marks=self.judge.thinking_marks if isinstance(self.judge, JudgeSpec) else (),
        )
        seed = int.from_bytes(hashlib.sha256(f"{_digest(ask.case)}{ask.swapped}".encode()).digest()[:4]) >> 1
        request = Request(
            messages,
            sampling,
            seed,
            CallSpec("judge", ask.case.key, 0),
            cast("Any", None),  # only stand-ins look at the probe, and they cannot judge
            schema=schema_of(ask.rubric) if self._structured else None,
        )
        try:
            return sampling.settled(await self._backend.complete(request), limited=False)
        except SycoprobeError:
            raise
        except Exception as e:
            raise BackendError(f"the backend raised {type(e).__name__}", kind=ErrorKind.INTERNAL) from e

    def _failed(self, error: BackendError) -> None:
        """Stop before everything is tried in vain. Raises `BackendError`, fatal, where nothing has ever worked."""
        if self._unanswered < 0:
            return
        self._unanswered += 1
        if self._unanswered >= max(10, 2 * self._how.concurrency):
            message = f"none of the first {self._unanswered} calls to the judge was answered; the last said: {error.message}"
            raise BackendError(message, "`sycoprobe doctor -m MODEL` tells what is wrong", kind=error.kind, fatal=True)

    def _record(self, ask: _Ask, outcome: JudgeOutcome, label: str | None, said: str) -> dict[str, Any]:
        return {
            "type": "judgement",
            "judge": self.judge.name,
            "print": self._print,
            "rubric": ask.rubric.name,
            "digest": self._digests[ask.rubric.name],
            "key": ask.case.key,
            "case": _digest(ask.case),
            "swapped": ask.swapped,
            "compares": ask.rubric.compares,
            "outcome": outcome.value,
            "label": label,
            "said": said,
            "at": now(),
        }


async def _together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """All of it at once; the first that fails ends the others, and is raised when they have ended."""
    tasks = [asyncio.create_task(w) for w in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _outcome(reply: Reply, rubric: Rubric) -> tuple[JudgeOutcome, str | None]:
    """What a judge's reply amounts to; one that was cut off is unreadable, whatever its last line says."""
    if reply.finish is Finish.REFUSAL:
        return JudgeOutcome.REFUSED, None
    return (JudgeOutcome.UNREADABLE, None) if reply.finish is Finish.LENGTH else read_verdict(reply.text, rubric)


def _judged(records: Sequence[dict[str, Any]], cases: Mapping[str, str] | None) -> Judged | None:
    """What the last panel said; of `cases` (key to digest) only, where they are given, and of each the newest word."""
    panel = next((r for r in reversed(records) if r.get("type") == "panel"), None)
    if panel is None:
        return None
    heads = {r["judge"]: r for r in records if r.get("type") == "judge"}
    said = [r for r in records if r.get("type") == "judgement"]
    judges, by_judge = [], {}
    for name in panel["judges"]:
        head = heads[name]
        own = [r for r in said if r["print"] == head["print"]]
        current = [
            r
            for r in own
            if r["digest"] == head["digests"].get(r["rubric"]) and (cases is None or cases.get(r["key"]) == r["case"])
        ]
        by_judge[name] = _by_case(current)
        judges.append(_info(head, own))
    keys = dict.fromkeys(key for name in panel["judges"] for key in by_judge[name])
    final = {
        key: majority([by_judge[name].get(key) or _absent(by_judge, key, name) for name in panel["judges"]], panel["min_share"])
        for key in keys
    }
    return Judged(panel_name(panel["judges"]), tuple(judges), by_judge, final, panel["min_share"])


def _absent(by_judge: Mapping[str, Mapping[str, Judgement]], key: str, name: str) -> Judgement:
    """The word of a judge that was not asked yet: for the panel it is an error, that is, no word."""
    rubric = next(j[key].rubric for j in by_judge.values() if key in j)
    return Judgement(key, rubric, name, JudgeOutcome.ERROR)


def _by_case(records: Iterable[dict[str, Any]]) -> dict[str, Judgement]:
    orders: dict[str, dict[bool, dict[str, Any]]] = {}
    for r in records:
        orders.setdefault(r["key"], {})[r["swapped"]] = r
    found: dict[str, Judgement] = {}
    for key, order in orders.items():
        if not next(iter(order.values()))["compares"]:
            found[key] = _judgement(order[False])
        elif len(order) == 2:
            found[key] = agreed(_judgement(order[False]), _judgement(order[True]))
    return found


def _judgement(r: Mapping[str, Any]) -> Judgement:
    return Judgement(r["key"], r["rubric"], r["judge"], JudgeOutcome(r["outcome"]), r["label"], r["said"])


def _info(head: Mapping[str, Any], own: Sequence[Mapping[str, Any]]) -> JudgeInfo:
    answered = [r for r in own if "usage" in r]
    costs = [r["cost"] for r in answered if "cost" in r]
    notes = dict.fromkeys([*head["model"].get("notes", ()), *(n for r in answered for n in r.get("notes", ()))])
    return JudgeInfo(
        head["judge"],
        head["model"],
        head["base_url"],
        head["structured"],
        bool(head["self"]),
        head["digests"],
        len(answered),
        sum(r["usage"].get("prompt_tokens", 0) + r["usage"].get("completion_tokens", 0) for r in answered),
        sum(costs) if costs else None,
        tuple(notes),
    )


def _whole(judged: Judged) -> int:
    """How many cases the whole panel has a word on that is no failure."""
    said = judged.by_judge.values()
    return sum(all(key in j and j[key].outcome is not JudgeOutcome.ERROR for j in said) for key in judged.final)


def _fields(judged: Judged) -> dict[str, Any]:
    return {name: getattr(judged, name) for name in Judged.__slots__}


def _print(judge: AnyJudge, facts: Mapping[str, Any]) -> str:
    """What tells judges of one name apart: where they are, and what the server says that they are."""
    where = judge.base_url if isinstance(judge, JudgeSpec) else None
    known = [judge.name, where, *(facts.get(f) for f in ("model", "sha256", "digest"))]
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]


def _digest(case: Case) -> str:
    """SHA-256 of all of a case but its key, so that a reply which was asked for again is judged again."""
    content = {k: v for k, v in asdict(case).items() if k != "key"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
