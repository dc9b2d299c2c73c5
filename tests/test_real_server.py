"""The HTTP dialects against a real llama.cpp server on loopback with a real aligned model, on the CPU."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import api, journal
from sycoprobe.backends import openai, responses
from sycoprobe.backends import store as models
from sycoprobe.backends.base import BackendOptions
from sycoprobe.errors import BackendError
from sycoprobe.sets.forms import schema_of
from sycoprobe.sets.probe import Asked
from sycoprobe.turns import ErrorKind, Finish, Reply
from tests import makers
from tests.makers import write_set
from tests.vendor import DIALOG, asked, facts, request

pytestmark = [pytest.mark.model, pytest.mark.long, pytest.mark.timeout(600)]
ALTERNATING = (
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""A chat template in the manner of Gemma's: no two turns of one role in a row."""


@contextmanager
def llama_cpp(**changes: Any) -> Iterator[str]:
    """llama.cpp's own server with the embedded model; its address."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(models.resolve("smollm2", lambda _line: None))
    params.n_gpu_layers, params.n_parallel, params.n_ctx, params.verbosity = 0, 2, 1024, -1
    params.hostnames, params.port = ["127.0.0.1"], 0
    for name, value in changes.items():
        setattr(params, name, value)
    server = xllamacpp.Server(params)
    yield f"{server.listening_address}/v1"
    del server


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with llama_cpp() as url:
        yield url


def options(url: str, **more: Any) -> BackendOptions:
    return BackendOptions(base_url=url, concurrency=2, **more)


def test_the_server_says_what_it_is_without_a_path(server: str) -> None:
    found = facts(openai.open_backend("smollm2", options(server)))
    assert found["engine"].startswith("llama.cpp")
    assert (found["context"], found["model_file"]) == (512, "SmolLM2-135M-Instruct.Q4_1.gguf")
    assert str(models.resolve("smollm2", lambda _line: None).parent) not in json.dumps(found)


def test_a_run_over_the_servers_chat_completions_ends_in_a_report(server: str, tmp_path: Path) -> None:
    report = api.run(
        str(write_set(tmp_path / "set", 2)),
        model="openai:smollm2",
        base_url=server,
        options={"rebuttals": ["assert"]},
        reply_tokens=8,
        out=tmp_path,
        name="real",
        conduct=api.Conduct(concurrency=2),
    )
    assert report.status.complete and report.status.errors == 0
    assert report.model["engine"].startswith("llama.cpp")
    assert set(report.models_seen) == {"SmolLM2-135M-Instruct.Q4_1.gguf"}
    calls = list(journal.calls(journal.read(tmp_path / "real")))
    assert all(c.reply and c.reply.text and 0 < c.reply.usage["completion_tokens"] <= 8 for c in calls)


def test_logprobs_are_the_models_own(server: str) -> None:
    (reply,) = asked(openai.open_backend("smollm2", options(server)), reply_tokens=2, logprobs=2, timeout=120.0)
    assert len(reply.logprobs) == 2
    assert all(len(t["top"]) == 2 and t["logprob"] <= 0 and t["top"][0][1] >= t["top"][1][1] for t in reply.logprobs)


def test_a_dialog_that_is_too_long_is_named(server: str) -> None:
    with pytest.raises(BackendError) as e:
        asked(openai.open_backend("smollm2", options(server)), [{"role": "user", "content": "word " * 2000}], timeout=120.0)
    assert e.value.kind == ErrorKind.CONTEXT


def test_its_responses_api_is_spoken_too(server: str) -> None:
    (reply,) = asked(responses.open_backend("smollm2", options(server)), reply_tokens=4, timeout=120.0)
    assert reply.text and reply.finish in (Finish.STOP, Finish.LENGTH)
    assert reply.usage["completion_tokens"] <= 4


def test_turns_that_its_template_rejects_are_merged_after_its_own_error() -> None:
    dialog = (*DIALOG[1:], {"role": "user", "content": "Now."})
    with llama_cpp(chat_template=ALTERNATING, use_jinja=True) as url:
        (reply,) = asked(openai.open_backend("smollm2", options(url)), dialog, reply_tokens=4, timeout=120.0)
        assert reply.notes == ("adapted: consecutive turns of one role -> merged",)
        with pytest.raises(BackendError, match="must alternate"):
            asked(openai.open_backend("smollm2", options(url, strict=True)), dialog, reply_tokens=2, timeout=120.0)


@pytest.mark.parametrize("mode", ["chat", "completion"])
def test_a_reply_is_held_to_a_schema_with_and_without_a_chat_template(mode: openai.Mode) -> None:
    probe = Asked(makers.probe(format="yes_no", question="Is ice cold?", answer="yes", wrong_answer="no"))
    schema = schema_of(probe)
    dialog = ({"role": "user", "content": "Is ice cold? Reply with a JSON object with reasoning and answer."},)
    with llama_cpp() as server:
        backend = openai.OpenAIBackend("smollm2", base_url=server, key=None, options=options(server), mode=mode)

        async def go() -> Reply:
            await backend.start()
            try:
                return await backend.complete(replace(request(dialog, reply_tokens=300, timeout=120.0), schema=schema))
            finally:
                await backend.close()

        reply = asyncio.run(go())
    assert backend.takes_schema
    assert reply.notes == ()
    assert reply.finish is Finish.LENGTH or json.loads(reply.text)["answer"] in ("yes", "no")
    assert reply.text.lstrip().startswith("{")
