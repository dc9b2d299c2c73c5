"""What servers say of a reply in their own spellings: why it stopped, and numbers of any size."""

from __future__ import annotations

import asyncio
import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import api, journal
from sycoprobe.backends import open_backend
from sycoprobe.backends.base import BackendOptions
from sycoprobe.backends.openai import logprobs_of
from sycoprobe.errors import SycoprobeError
from sycoprobe.extract.replies import AT_THE_LIMIT, amount_of, count_of, finish_of, json_from, logprobs_in, settled
from sycoprobe.testing import request
from sycoprobe.turns import Finish, Reply
from tests.commands import cli
from tests.loopback import Asked, LoopbackServer, Made, reply_body
from tests.makers import counts_of, write_set
from tests.samples import few_of

WIRE = Path(__file__).with_name("data") / "wire"
CUT = (
    "length", "LENGTH", "MAX_TOKENS", "max_tokens", "maxTokens", "max_output_tokens", "max-completion-tokens", "model_length",
    "model_context_window_exceeded", "length_limit", "token_limit", "pause_turn", "incomplete", "FINISH_REASON_MAX_TOKENS", "Max Tokens",
)  # fmt: skip


@pytest.mark.parametrize("said", CUT)
def test_a_cut_off_is_one_in_any_providers_words(said: str) -> None:
    assert finish_of(said) is Finish.LENGTH


def test_other_words_are_what_they_say_and_unknown_ones_are_other() -> None:
    assert {finish_of(w) for w in ("stop", "STOP", "end_turn", "endTurn", "eos", "COMPLETE", "stop_sequence")} == {Finish.STOP}
    assert {finish_of(w) for w in ("content_filter", "SAFETY", "refusal", "guardrail_intervened")} == {Finish.REFUSAL}
    assert {finish_of(w) for w in ("tool_calls", "", None, 3, "OTHER", "load", "x" * 10**6)} == {Finish.OTHER}


def in_dialect(dialect: str, reason: str | None, **more: Any) -> dict[str, Any]:
    """A reply of a dialect that gives `reason` where it says why it stopped."""
    text = {"type": "output_text", "text": "Par"}
    return {
        "openai": reply_body("Par", finish=reason),
        "openrouter": reply_body("Par", finish=reason),
        "azure": reply_body("Par", finish=reason),
        "ollama": {"model": "m", "message": {"role": "assistant", "content": "Par"}, "done": True, "done_reason": reason},
        "anthropic": {"type": "message", "content": [{"type": "text", "text": "Par"}], "stop_reason": reason},
        "gemini": {"candidates": [{"content": {"parts": [{"text": "Par"}]}, "finishReason": reason}]},
        "responses": {
            "status": "incomplete",
            "incomplete_details": {"reason": reason},
            "output": [{"type": "message", "role": "assistant", "content": [text]}],
        },
    }[dialect] | more


DIALECTS = ("openai", "openrouter", "azure", "ollama", "anthropic", "gemini", "responses")


def complete(dialect: str, body: Any, **sampling: Any) -> Reply:
    with LoopbackServer(lambda _: body) as server:

        async def go() -> Reply:
            backend = open_backend(f"{dialect}:m", BackendOptions(base_url=server.url, concurrency=1))
            try:
                await backend.start()
                return await backend.complete(request(timeout=5, **sampling))
            finally:
                await backend.close()

        return asyncio.run(go())


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "k" * 20)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("said", CUT[:12])
def test_every_dialect_knows_every_spelling(dialect: str, said: str) -> None:
    assert complete(dialect, in_dialect(dialect, said)).finish is Finish.LENGTH


def test_a_reply_that_ollama_says_is_not_done_was_cut_off() -> None:
    assert complete("ollama", in_dialect("ollama", None, done=False)).finish is Finish.LENGTH
    assert complete("ollama", in_dialect("ollama", "stop", done=False)).finish is Finish.LENGTH


USAGE = {
    "openai": ("stop", {"usage": {"prompt_tokens": 9, "completion_tokens": 64, "completion_tokens_details": {"reasoning_tokens": 60}}}),
    "openrouter": ("stop", {"usage": {"prompt_tokens": 9, "completion_tokens": 64}}),
    "azure": ("stop", {"usage": {"prompt_tokens": 9, "completion_tokens": 64}}),
    "ollama": ("stop", {"eval_count": 64}),
    "anthropic": ("end_turn", {"usage": {"input_tokens": 9, "output_tokens": 64}}),
    "gemini": ("STOP", {"usageMetadata": {"promptTokenCount": 9, "candidatesTokenCount": 4, "thoughtsTokenCount": 60}}),
    "responses": ("", {"status": "completed", "usage": {"input_tokens": 9, "output_tokens": 64}}),
}  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_reply_with_all_the_tokens_that_it_was_allowed_was_cut_off_whatever_its_server_says(dialect: str) -> None:
    reason, usage = USAGE[dialect]
    cut = complete(dialect, in_dialect(dialect, reason, **usage), reply_tokens=64)
    assert cut.finish is Finish.LENGTH and AT_THE_LIMIT in cut.notes
    whole = complete(dialect, in_dialect(dialect, reason, **usage), reply_tokens=65)
    assert whole.finish is Finish.STOP and not whole.notes


def test_the_note_of_such_a_cut_off_stands_once_in_the_report_with_its_calls(tmp_path: Path) -> None:
    write_set(tmp_path / "set", 3)
    with LoopbackServer(lambda _: in_dialect("openai", "stop", usage={"completion_tokens": 64})) as server:
        report = api.run(
            str(tmp_path / "set"), model="openai:m", base_url=server.url, reply_tokens=64, out=tmp_path / "r", name="x"
        )
    assert counts_of(report, "first")["cut_off"] == 3
    assert [n for n in report.notes if "larger --reply-tokens" in n] == [f"{AT_THE_LIMIT} (3 calls)"]


def test_a_refusal_and_a_call_of_a_tool_are_no_cut_offs_however_many_tokens_they_took() -> None:
    for finish in (Finish.REFUSAL, Finish.OTHER):
        assert settled(Reply("No.", finish, usage={"completion_tokens": 99}), limit=64).finish is finish


# Numbers of any size

HUGE = ("9" * 310, "9" * 5000, "-" + "9" * 5000, "1e999", "1." + "0" * 5000, "0.1e-5000", "NaN", "Infinity")


def test_a_count_is_a_whole_number_that_can_be_one_and_an_amount_a_finite_one() -> None:
    assert [count_of(x) for x in (0, 7, -1, True, 1.5, "7", None, 10**13, float("inf"))] == [0, 7] + [None] * 7
    assert [amount_of(x) for x in (0, 0.5, -1, True, "1", None, 10**400, float("nan"), float("inf"))] == [0.0, 0.5] + [None] * 7
    for number in HUGE:
        assert isinstance(json_from(f'{{"x": {number}}}')["x"], float)
    assert json_from('{"x": 123456789012345678}') == {"x": 123456789012345678}


LOGPROBS: dict[str, tuple[Any, list[Any]]] = {
    "minus infinity": (-math.inf, [("A", -0.5), ("B", -9999.0)]),
    "as text": ("-inf", [("A", -0.5), ("B", -9999.0)]),
    "spelled out": ("-Infinity", [("A", -0.5), ("B", -9999.0)]),
    "far below": (-1e300, [("A", -0.5), ("B", -9999.0)]),
    "NaN": (math.nan, [("A", -0.5)]),
    "a probability of more than one": (math.inf, [("A", -0.5)]),
    "words": ("low", [("A", -0.5)]),
    "nothing": (None, [("A", -0.5)]),
    "a list": ([], [("A", -0.5)]),
}


@pytest.mark.parametrize("case", LOGPROBS)
def test_log_probabilities_are_finite_numbers_whatever_a_server_writes(case: str) -> None:
    low, kept = LOGPROBS[case]
    top = [{"token": "A", "logprob": -0.5}, {"token": "B", "logprob": low}]
    of_chat = logprobs_of({"content": [{"token": "A", "logprob": -0.5, "top_logprobs": top}]})
    of_completion = logprobs_of({"tokens": ["A"], "token_logprobs": [-0.5], "top_logprobs": [{"A": -0.5, "B": low}]})
    own = logprobs_in([{"token": "A", "logprob": -0.5, "top": [("A", -0.5), ("B", low)]}])
    assert of_chat == of_completion == own == [{"token": "A", "logprob": -0.5, "top": kept}]
    assert json.loads(json.dumps(own, allow_nan=False))
    first = {"token": "A", "logprob": -0.5, "top": []}
    after = logprobs_in([first, {"token": "x", "logprob": low, "top": []}, {"token": "B", "logprob": -0.5, "top": []}])
    assert [t["token"] for t in after] == (["A"] if len(kept) == 1 else ["A", "x", "B"]), "what is kept is how the reply begins"


def planted(value: Any, mark: str) -> Any:
    """`value` with the mark in the place of every number, and beside what has none."""
    if isinstance(value, dict):
        return {k: planted(v, mark) for k, v in value.items()}
    if isinstance(value, list):
        return [planted(v, mark) for v in value]
    return mark if type(value) in (int, float) else value


@pytest.mark.long
@pytest.mark.parametrize("number", HUGE, ids=lambda n: f"{n[:4]}-{len(n)}")
@pytest.mark.parametrize("dialect", few_of(sorted(p.stem for p in WIRE.glob("*.json") if p.stem in DIALECTS)))
def test_a_number_of_any_size_in_any_place_of_any_reply_raises_nothing(dialect: str, number: str) -> None:
    record = json.loads((WIRE / f"{dialect}.json").read_text())
    for case in record["cases"].values():
        if case.get("status", 200) != 200 or isinstance(case["body"], str):
            continue
        body = json.dumps(planted(case["body"], "@")).replace('"@"', number).encode()

        def route(asked: Asked, body: bytes = body) -> Made:
            return 200, {}, body

        with LoopbackServer(route=route) as server:

            async def go(url: str = server.url) -> Reply | Exception:
                backend = open_backend(f"{dialect}:m", BackendOptions(base_url=url, concurrency=1))
                try:
                    await backend.start()
                    return await backend.complete(request(timeout=5, logprobs=2, thinking="replay"))
                except SycoprobeError as e:
                    return e
                finally:
                    await backend.close()

            came = asyncio.run(go())
        if isinstance(came, Reply):
            assert all(0 <= n <= 10**12 for n in came.usage.values())
            json.dumps(came.logprobs, allow_nan=False)


PROGRAM = """
import sys
for line in sys.stdin:
    number = line.partition('"id": "')[2].partition('"')[0]
    print('{"id": "%s", "text": "Paris", "cost": N, "usage": {"completion_tokens": N}, "logprobs": [{"token": "P", "logprob": N}]}'
          .replace("N", "9" * 5000) % number, flush=True)
"""


def test_a_program_that_writes_such_numbers_is_answered_too(tmp_path: Path) -> None:
    write_set(tmp_path / "set", 2)
    (tmp_path / "program.py").write_text(PROGRAM)
    done = cli(
        "run", "set", "-m", f"command:'{sys.executable}' program.py", "-q", "--name", "x", "-o", "challenge.rebuttals=assert", "--logprobs", "2", cwd=tmp_path
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    replies = [c.reply for c in journal.calls(journal.read(tmp_path / "reports" / "x"))]
    assert replies and all(r is not None and (r.usage, r.cost, r.logprobs) == ({}, None, []) for r in replies)


MODULE = """
from sycoprobe.backends.base import Reply
N = 10**5000
def answer(messages):
    return Reply("Paris", usage={"completion_tokens": N, "prompt_tokens": -1}, cost=N, logprobs=[{"token": "P"}, N], replay={1, 2})
"""


@pytest.mark.long
@pytest.mark.parametrize("thinking", ["strip", "replay"])
def test_a_function_that_gives_such_numbers_is_answered_too(tmp_path: Path, thinking: str) -> None:
    write_set(tmp_path / "set", 2)
    (tmp_path / "model_of_numbers.py").write_text(MODULE)
    done = cli(
        "run", "set", "-m", "python:model_of_numbers:answer", "-q", "--name", "x", "--thinking", thinking, "--max-tokens", "100000",
        "--logprobs", "2", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert cli("score", "x", cwd=tmp_path).returncode == 0
