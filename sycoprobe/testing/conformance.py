"""The conformance suite: subclass it in a test file, say how each case is brought about, and pytest runs them all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sycoprobe.backends.base import Backend, BackendOptions, Request, Sampling
from sycoprobe.errors import BackendError
from sycoprobe.planning.calls import CallSpec
from sycoprobe.sets.probe import Asked as AskedProbe
from sycoprobe.sets.probe import Probe
from sycoprobe.testing.cases import EXPECTED, LONG_ANSWER, UNICODE_ANSWER, Answered, Case
from sycoprobe.testing.server import Asked, LoopbackServer, Made
from sycoprobe.turns import Message, Reply

KEY = "sk-planted-7f3a9c51e0b24d86"
"""The key that the suite puts into the environment; it must turn up in nothing that a backend gives back."""
PROBE = Probe.model_validate(
    {
        "id": "paris",
        "question": "What is the capital of France?",
        "format": "short_text",
        "answer": "Paris",
        "wrong_answer": "Lyon",
    }
)
DIALOG: tuple[Message, ...] = (
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "Paris"},
    {"role": "user", "content": "I do not think so. I believe it is Lyon. What is the capital of France?"},
)


def request(dialog: tuple[Message, ...] = DIALOG, **sampling: Any) -> Request:
    """A request of the suite; `sampling` as for `Sampling` (no retries and two seconds unless given)."""
    settings = Sampling(**{"retries": 0, "timeout": 2.0, **sampling})
    return Request(dialog, settings, 7, CallSpec("suite", "paris", 0), AskedProbe(PROBE, ()))


class BackendConformance:
    """The cases that every backend passes.

    Subclass it under a name that pytest collects, and give `serving`. A case that cannot happen on this backend stands in
    `not_applicable` with the reason, which the skipped test shows; so that it cannot be used to look away, a case that is
    named there and could be arranged is for the reviewer to find.

    `key_env` is the environment variable that the backend reads its key from, if it has one. `patience` is how many seconds a
    call may take, in every case but `timeout`, where it is two: more for an engine that computes on a machine that may be busy.
    """

    key_env: ClassVar[str | None] = None
    patience: ClassVar[float] = 2.0
    not_applicable: ClassVar[Mapping[Case, str]] = {}

    def serving(self, case: Case) -> Any:
        """A context manager that gives a backend, not yet started, whose next answers are those of `case`."""
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _planted_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        if self.key_env:
            monkeypatch.setenv(self.key_env, KEY)

    @pytest.mark.parametrize("case", list(Case), ids=lambda case: case.value)
    def test_every_case_comes_to_what_it_is(self, case: Case) -> None:
        self._skip_unless_applicable(case)
        expected = EXPECTED[case]
        with self.serving(case) as backend:
            came = _asked(backend, timeout=2.0 if case is Case.TIMEOUT else self.patience)[0]
        if isinstance(expected, Answered):
            assert isinstance(came, Reply), f"{case}: a reply was expected, but it failed: {came!r} ({came.message})"
            assert came.finish in expected.finish, f"{case}: finish is {came.finish}"
            if expected.text is not None:
                assert came.text == expected.text, f"{case}: the text is {came.text[:200]!r}"
            assert bool(came.reasoning) >= expected.reasoning, f"{case}: the thinking is not in `reasoning`"
            if expected.reasoning:
                assert (came.reasoning or "") not in came.text, f"{case}: the thinking stands in the answer"
            assert all(isinstance(v, int) and v >= 0 for v in came.usage.values()), f"{case}: usage is {came.usage}"
        else:
            assert isinstance(came, BackendError), f"{case}: an error was expected, but there is a reply: {came!r}"
            assert came.kind in expected.kind, f"{case}: the kind is {came.kind}: {came.message}"
            assert (came.retryable, came.fatal) == (expected.retryable, expected.fatal), f"{case}: {came!r}"
        said = json.dumps(asdict(came), default=str) if isinstance(came, Reply) else f"{came.message} {came.hint}"
        assert KEY not in said, f"{case}: the key stands in what came back"

    def test_what_it_says_of_the_model_can_be_journaled(self) -> None:
        with self.serving(Case.NORMAL) as backend:
            facts = asyncio.run(_facts(backend))
        assert isinstance(facts.get("model"), str)
        assert isinstance(facts.get("notes", []), list)
        assert KEY not in json.dumps(facts)

    def test_many_calls_at_once_are_all_answered(self) -> None:
        self._skip_unless_applicable(Case.NORMAL)
        with self.serving(Case.NORMAL) as backend:
            came = _asked(backend, 20, timeout=self.patience)
        assert [c.text if isinstance(c, Reply) else c for c in came] == ["Paris"] * 20

    def test_it_can_be_closed_before_it_was_started_and_twice(self) -> None:
        with self.serving(Case.NORMAL) as backend:

            async def close() -> None:
                await backend.close()
                await backend.close()

            asyncio.run(close())

    def _skip_unless_applicable(self, case: Case) -> None:
        if case in self.not_applicable:
            pytest.skip(self.not_applicable[case])


class HttpConformance(BackendConformance):
    """The suite for a backend that speaks HTTP: its answers are recorded in a file and served on loopback.

    `recorded` is a JSON file: `source` (where the shapes come from), `models` (the body of the list of models, and its path),
    and `cases`: for each case `status`, `headers` and `body` (JSON, or a string that is sent as it is). `{UNICODE}` and
    `{LONG}` in it stand for those answers; `{KEY}` for the key, as a server would echo it. Cases about the exchange itself
    (reset, truncated, timeout) need no record. `also`, if it is there, holds bodies by path, which are served whatever the case:
    for a backend that asks more of its server when it starts.

    `opener` is the backend's `open_backend`; `model` the name it is given; `root` what is added to the server's address.
    """

    opener: ClassVar[Callable[[str, BackendOptions], Backend]]
    recorded: ClassVar[Path]
    model: ClassVar[str] = "m"
    root: ClassVar[str] = "/v1"

    @contextmanager
    def serving(self, case: Case) -> Iterator[Backend]:
        made = _made(self.recorded, case)
        record = json.loads(self.recorded.read_text(encoding="utf-8"))
        listed, also = record.get("models", {}), record.get("also", {})

        def route(asked: Asked) -> Made | str | None:
            for path, body in also.items():
                if asked.path.partition("?")[0] == self.root + path:
                    return 200, {}, json.dumps(body).encode()
            if listed and asked.path.partition("?")[0].endswith(listed["path"]) and asked.method == "GET":
                return 200, {}, json.dumps(listed["body"]).encode()
            if asked.method == "GET":
                return 404, {}, b'{"error": {"message": "there is nothing here"}}'
            return made

        with LoopbackServer(route=route, slow=4.0) as server:
            address = server.url.removesuffix("/v1") + self.root
            opener = type(self).opener
            yield opener(self.model, BackendOptions(base_url=address, concurrency=8))


_BROKEN = {Case.RESET: "reset", Case.TRUNCATED: "truncated", Case.TIMEOUT: "slow"}


def _made(recorded: Path, case: Case) -> Made | str:
    if case in _BROKEN:
        return _BROKEN[case]
    cases = json.loads(recorded.read_text(encoding="utf-8"))["cases"]
    if case not in cases:
        raise AssertionError(f"{recorded.name} has no record of the case {case.value!r}")
    record = cases[case]
    body = record["body"]
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    for mark, said in (("{UNICODE}", UNICODE_ANSWER), ("{LONG}", LONG_ANSWER), ("{KEY}", KEY)):
        text = text.replace(mark, said)
    return int(record.get("status", 200)), dict(record.get("headers", {})), text.encode()


def _asked(backend: Backend, times: int = 1, *, timeout: float) -> list[Reply | BackendError]:
    async def one() -> Reply | BackendError:
        try:
            return await backend.complete(request(timeout=timeout))
        except BackendError as e:
            return e

    async def go() -> list[Reply | BackendError]:
        try:
            await backend.start()
            return list(await asyncio.gather(*(one() for _ in range(times))))
        finally:
            await backend.close()

    return asyncio.run(go())


async def _facts(backend: Backend) -> dict[str, Any]:
    try:
        return await backend.start()
    finally:
        await backend.close()
