"""The backends that do not speak HTTP, under the suite that every backend passes."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sycoprobe import api
from sycoprobe.backends import command, python, replay, sim
from sycoprobe.backends.base import Backend, BackendOptions
from sycoprobe.errors import BackendError
from sycoprobe.journal import Journal
from sycoprobe.planning.call import Call
from sycoprobe.testing import EXPECTED, LONG_ANSWER, UNICODE_ANSWER, BackendConformance, Case, Failed, request
from sycoprobe.testing.conformance import KEY
from sycoprobe.turns import ErrorKind, Finish, Reply
from tests.makers import write_probes

OPTIONS = BackendOptions(concurrency=8)
REPLIES: dict[Case, Reply] = {
    Case.NORMAL: Reply("Paris", usage={"prompt_tokens": 12, "completion_tokens": 2}),
    Case.UNICODE: Reply(UNICODE_ANSWER),
    Case.LONG: Reply(LONG_ANSWER),
    Case.EMPTY: Reply(""),
    Case.THINKING: Reply("Paris", reasoning="I recall."),
    Case.THINKING_ONLY: Reply("", reasoning="I recall."),
    Case.REFUSAL: Reply("", Finish.REFUSAL, refusal=f"not with {KEY}"),
    Case.BLOCKED: Reply("", Finish.REFUSAL),
    Case.CUT_OFF: Reply("The capital of", Finish.LENGTH),
    Case.TOOL_CALL: Reply("", Finish.OTHER),
}
"""What a model that can say of itself what it did says in each case where there is a reply."""
ERRORS: dict[Case, ErrorKind] = {
    case: next(iter(expected.kind)) for case, expected in EXPECTED.items() if isinstance(expected, Failed)
}


def _function(case: Case) -> Callable[[Any], Any]:
    def function(messages: Any) -> Any:
        if case is Case.TIMEOUT:
            time.sleep(3)
        if case is Case.NORMAL:
            return "Paris"
        if case in REPLIES:
            return REPLIES[case]
        expected = EXPECTED[case]
        assert isinstance(expected, Failed)
        said = f"the server said no to {KEY}"
        raise BackendError(said, said, kind=ERRORS[case], retryable=expected.retryable, fatal=expected.fatal)

    return function


class Functions:
    """A function for each case, found by its name."""


for _case in Case:
    setattr(Functions, _case.value, staticmethod(_function(_case)))


class TestPython(BackendConformance):
    key_env = "MY_SERVICE_KEY"

    @contextmanager
    def serving(self, case: Case) -> Iterator[Backend]:
        yield python.open_backend(f"{__name__}:Functions.{case.value}", OPTIONS)


PROGRAM = """
import json, sys, time
given = json.load(open(sys.argv[1], encoding="utf-8"))
for line in sys.stdin:
    asked = json.loads(line)
    sys.stderr.write("the key is " + given["key"] + "\\n")
    if given["does"] == "dies":
        sys.exit(3)
    if given["does"] == "half a line":
        sys.stdout.write('{"id": "' + asked["id"] + '", "text": "Par')
        sys.exit(0)
    if given["does"] == "hangs":
        time.sleep(60)
    if given["does"] == "babbles":
        print("Paris is what I would say", flush=True)
    else:
        print(json.dumps({"id": asked["id"], **given["answer"]}), flush=True)
"""
DOES = {Case.RESET: "dies", Case.TRUNCATED: "half a line", Case.TIMEOUT: "hangs", Case.BAD_BODY: "babbles"}


class TestCommand(BackendConformance):
    patience = 30.0
    key_env = "MY_SERVICE_KEY"

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path
        (tmp_path / "program.py").write_text(PROGRAM)

    @contextmanager
    def serving(self, case: Case) -> Iterator[Backend]:
        answer: dict[str, Any]
        if case in REPLIES:
            reply = REPLIES[case]
            answer = {"text": reply.text, "finish": reply.finish, "usage": reply.usage}
            answer |= {"refusal": reply.refusal} if reply.refusal else {}
            # As raw text, so that the block has to be found.
            answer |= {"text": f"<think>{reply.reasoning}</think>{reply.text}"} if reply.reasoning else {}
        else:
            answer = {"error": {"message": f"the server said no to {KEY}", "kind": ERRORS[case]}}
        given = {"does": DOES.get(case, ""), "answer": answer, "key": KEY}
        (self.folder / "given.json").write_text(json.dumps(given), encoding="utf-8")
        words = [sys.executable, "-S", "-E", str(self.folder / "program.py"), str(self.folder / "given.json")]
        yield command.open_backend(shlex.join(words), OPTIONS)


class TestReplay(BackendConformance):
    not_applicable: ClassVar[Mapping[Case, str]] = {
        case: "makes no call: a failed one of the earlier run is missing, and only answers are replayed"
        for case in Case
        if case not in REPLIES
    }

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    @contextmanager
    def serving(self, case: Case) -> Iterator[Backend]:
        asked = request()
        own = write_probes(self.folder / "set", [asked.asked.probe])
        info = (own / "set.toml").read_text(encoding="utf-8")
        (own / "set.toml").write_text(re.sub("(?m)^name = .*$", f'name = "{asked.spec.set}"', info), encoding="utf-8")
        planned = api.plan(str(own), model="sim:")
        journal = Journal.create(self.folder / "run", planned, {"model": "m", "notes": []}, {})
        journal.append_call(Call(asked.spec, asked.messages[-1]["content"], REPLIES[case]))
        journal.close()
        yield replay.open_backend(str(self.folder / "run"), OPTIONS)

    def test_a_call_that_failed_in_the_earlier_run_is_missing(self) -> None:
        with self.serving(Case.NORMAL) as backend:

            async def other() -> None:
                await backend.start()
                await backend.complete(request(({"role": "user", "content": "something else"},)))

            with pytest.raises(BackendError) as caught:
                asyncio.run(other())
        assert caught.value.kind == ErrorKind.MISSING


PLANTED = {Case.NORMAL: "accuracy=1", Case.CUT_OFF: "cut=1", Case.OVERLOADED: "error=1"}


class TestSim(BackendConformance):
    not_applicable: ClassVar[Mapping[Case, str]] = {
        case: "a simulated model plants answers, cut-offs and failures of one kind, and nothing else"
        for case in Case
        if case not in PLANTED
    }

    @contextmanager
    def serving(self, case: Case) -> Iterator[Backend]:
        yield sim.open_backend(f"verbose=0,noise=0,{PLANTED[case]}", OPTIONS)


NO_SERVER = "the model runs in this process: there is no account, no provider and no connection"
IN_PROCESS: dict[Case, str] = {
    **dict.fromkeys(
        (
            Case.BLOCKED,
            Case.REFUSAL,
            Case.RATE_LIMIT,
            Case.QUOTA,
            Case.OVERLOADED,
            Case.AUTH,
            Case.ERROR_IN_200,
            Case.BAD_BODY,
            Case.RESET,
            Case.TRUNCATED,
        ),
        NO_SERVER,
    ),
    Case.NOT_FOUND: "found out when the model is loaded, as a ModelError",
    Case.TOOL_CALL: "a call of a tool is text here, like any other",
}
WORDS: dict[Case, list[str]] = {
    Case.NORMAL: ["Paris"],
    Case.UNICODE: [UNICODE_ANSWER],
    Case.LONG: [LONG_ANSWER],
    Case.EMPTY: [],
    Case.THINKING: ["<think>", "I recall.", "</think>", "Paris"],
    Case.THINKING_ONLY: ["<think>", "I recall."],
    Case.CUT_OFF: ["la"],
    Case.TIMEOUT: ["la"],
}
"""What a model with planted words answers."""


class TestTransformers(BackendConformance):
    patience = 60.0
    not_applicable = IN_PROCESS

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> Iterator[None]:
        torch = pytest.importorskip("torch", reason="the extra [hf] is not installed")
        pytest.importorskip("transformers", reason="the extra [hf] is not installed")
        self.folder = tmp_path
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(before)

    @contextmanager
    def serving(self, case: Case) -> Iterator[Backend]:
        from sycoprobe.backends import transformers
        from tests.tiny_models import planted_model, slow_from

        shape: dict[str, Any] = {}
        if case is Case.CONTEXT:
            shape = {"positions": 8}
        if case is Case.CUT_OFF:
            shape = {"positions": 64}
        if case is Case.BAD_REQUEST:
            shape = {"template": "{{ raise_exception('I take no dialog') }}"}
        with pytest.MonkeyPatch.context() as patched:
            if case is Case.TIMEOUT:
                slow_from(patched, 1, 6.0)  # the first token is that of the trial at the start
            yield transformers.open_backend(str(planted_model(self.folder, WORDS.get(case, ["Paris"]), **shape)), OPTIONS)


class TestLocal(BackendConformance):
    """llama.cpp with a model of 3 MB whose words are planted."""

    patience = 60.0
    not_applicable: ClassVar[Mapping[Case, str]] = {
        **IN_PROCESS,
        Case.BAD_REQUEST: "llama.cpp tries the chat template when it loads the model, so that one that takes no dialog is a ModelError",
        Case.TIMEOUT: "a model slow enough would be large; it is asked through OpenAIBackend, whose own suite has the case",
    }

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        pytest.importorskip("xllamacpp", reason="the extra [local] is not installed")
        self.folder = tmp_path

    @contextmanager
    def serving(self, case: Case) -> Iterator[Backend]:
        from sycoprobe.backends import local
        from tests.tiny_models import planted_gguf

        positions = {Case.CONTEXT: 8, Case.CUT_OFF: 120}.get(case, 4096)
        file = planted_gguf(self.folder / "planted.gguf", WORDS.get(case, ["Paris"]), positions=positions)
        yield local.open_backend(str(file), OPTIONS)
