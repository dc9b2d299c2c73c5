"""One judge at work: each case is put to it, and what it says is on disk before the next is asked."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sycoprobe import __version__
from sycoprobe.backends import open_backend
from sycoprobe.backends.base import Backend, BackendOptions, Request, Sampling
from sycoprobe.errors import BackendError, JudgeError, SycoprobeError
from sycoprobe.journal import now
from sycoprobe.journal.judgements import SCHEMA_VERSION, JudgementFile
from sycoprobe.journal.records import checked
from sycoprobe.judging.spec import AnyJudge, How, JudgeSpec, RuleJudge
from sycoprobe.judging.tested import UnderTest
from sycoprobe.kinds.judging import Case, JudgeOutcome, Rubric, digest_of, prompt_of, read_verdict, schema_of
from sycoprobe.money import lists as prices
from sycoprobe.money.budget import Budget, Most, Room, most_of
from sycoprobe.money.files import PriceTable
from sycoprobe.money.price import Price, cost_of
from sycoprobe.planning import CallSpec
from sycoprobe.turns import ErrorKind, Finish, Message, Reply


@dataclass(slots=True)
class Progress:
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


class Session:
    """One judge at work on all cases."""

    def __init__(
        self,
        judge: AnyJudge,
        cases: Sequence[Case],
        rubrics: Mapping[str, Rubric],
        file: JudgementFile,
        how: How,
        budget: Budget,
        progress: Progress,
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
            self.open = [
                a for a in asks if (a.case.key, case_digest(a.case), self._digests[a.case.rubric], a.swapped) not in done
            ]
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
            headers=spec.headers,
            body=spec.body,
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
        if self._backend is None:
            raise RuntimeError("start() comes first")
        todo, backend = iter(self.open), self._backend
        try:
            await together(self._work(todo, backend) for _ in range(max(1, self._how.concurrency)))
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
            if known.get((case.key, case_digest(case), self._digests[case.rubric])) != (found.outcome, found.label):
                ask = _Ask(case, self._rubrics[case.rubric])
                self._file.append(self._record(ask, found.outcome, found.label, found.said) | {"compares": False})

    async def _work(self, todo: Iterator[_Ask], backend: Backend) -> None:
        for ask in todo:
            nonce = secrets.token_hex(16)
            messages = prompt_of(ask.rubric, ask.case, nonce, ask.swapped, structured=self._structured)
            size = sum(len(m["content"].encode()) for m in messages)
            most = most_of(size, self._how.reply_tokens, self._price) if self._budget.counts_tokens else Most(1)
            if self._stopped or not await self._fits(most):
                return
            try:
                await self._ask(backend, ask, nonce, messages, size)
            finally:
                self._budget.give_back(most)
            self._progress.one()

    async def _fits(self, most: Most) -> bool:
        while (room := self._budget.room(most)) is Room.WAIT:
            self._changed.clear()
            await self._changed.wait()
        return room is Room.YES

    async def _ask(self, backend: Backend, ask: _Ask, nonce: str, messages: tuple[Message, ...], size: int) -> None:
        began = time.monotonic()
        try:
            reply = await self._complete(backend, ask, messages)
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

    async def _complete(self, backend: Backend, ask: _Ask, messages: tuple[Message, ...]) -> Reply:
        sampling = Sampling(
            temperature=self._how.temperature,
            reply_tokens=self._how.reply_tokens,
            timeout=self._how.timeout,
            retries=self._how.retries,
            effort=self._how.effort,
            thinking_marks=self.judge.thinking_marks if isinstance(self.judge, JudgeSpec) else (),
        )
        seed = int.from_bytes(hashlib.sha256(f"{case_digest(ask.case)}{ask.swapped}".encode()).digest()[:4]) >> 1
        request = Request(
            messages,
            sampling,
            seed,
            CallSpec("judge", ask.case.key, 0),
            None,  # only stand-ins look at the probe, and they cannot judge
            schema=schema_of(ask.rubric) if self._structured else None,
        )
        try:
            return sampling.settled(checked(await backend.complete(request)), limited=False)
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
            "case": case_digest(ask.case),
            "swapped": ask.swapped,
            "compares": ask.rubric.compares,
            "outcome": outcome.value,
            "label": label,
            "said": said,
            "at": now(),
        }


async def together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
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


def _print(judge: AnyJudge, facts: Mapping[str, Any]) -> str:
    """What tells judges of one name apart: where they are, and what the server says that they are."""
    where = judge.base_url if isinstance(judge, JudgeSpec) else None
    known = [judge.name, where, *(facts.get(f) for f in ("model", "sha256", "digest"))]
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]


def case_digest(case: Case) -> str:
    """SHA-256 of all of a case but its key, so that a reply which was asked for again is judged again."""
    content = {k: v for k, v in asdict(case).items() if k != "key"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
