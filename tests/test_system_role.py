"""A system prompt where there is no system role: it goes into the first user turn, once and noted, or a strict run fails.

How OpenAI-compatible servers word such a rejection stands in test_openai_servers.py.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from sycoprobe.backends import open_backend
from sycoprobe.backends.base import BackendOptions, Reply
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind
from tests.loopback import Asked, LoopbackServer, Made
from tests.test_secrets import DIALECTS
from tests.tiny_models import TEMPLATE, planted_gguf
from tests.vendor import DIALOG, asked, bodies, request

NOTE = ("adapted: system role -> first user turn",)
JOINED = "Be brief.\n\nWhat is the capital of France?"
REJECTIONS = (
    "System role not supported",
    "Conversation roles must alternate user/assistant/user/assistant/...",
    "Developer instruction is not enabled for this model",
)
REFUSES = "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + TEMPLATE
IGNORES = TEMPLATE.replace(
    "<|{{ m.role }}|>{{ m.content }}<eos>", "{% if m.role != 'system' %}<|{{ m.role }}|>{{ m.content }}<eos>{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}"
    "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
"""As google/gemma-2 has it, but for the words that make our planted model answer."""


def has_system(sent: Any) -> bool:
    """Whether a body of any dialect has a system prompt in the place that the dialect has for one."""
    turns = sent.get("messages") or sent.get("input") or []
    return any(name in sent for name in ("system", "instructions", "systemInstruction")) or any(
        t.get("role") == "system" for t in turns
    )


@pytest.mark.parametrize("said", REJECTIONS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_server_that_rejects_it_is_adapted_to_once_in_every_dialect(
    dialect: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, variable, root = DIALECTS[dialect]
    monkeypatch.setenv(variable, "sk-planted-0123456789")
    sent: list[dict[str, Any]] = []

    def route(came: Asked) -> Made:
        if came.method == "GET" or "/api/show" in came.path:
            return 404, {}, b"{}"
        sent.append(json.loads(came.body))
        if has_system(sent[-1]):
            return 400, {}, json.dumps({"error": {"message": said, "type": "invalid_request_error"}}).encode()
        return 200, {}, json.dumps(bodies(f"{dialect}.json")["normal"]).encode()

    with LoopbackServer(route=route) as server:
        url = server.url.removesuffix("/v1") + root
        first, second = asked(open_backend(model, BackendOptions(base_url=url)), DIALOG, DIALOG)
        assert [has_system(body) for body in sent] == [True, False, False], "asked once in vain, and never again"
        with pytest.raises(BackendError, match="rejects system role") as caught:
            asked(open_backend(model, BackendOptions(base_url=url, strict=True)))
    assert first.notes == second.notes == NOTE
    assert json.dumps(JOINED)[1:-1] in json.dumps(sent[1]), "it stands before the first user turn's words"
    assert (caught.value.kind, caught.value.fatal) == (ErrorKind.BAD_REQUEST, True) and "--strict" in caught.value.hint


def local(file: Path, *dialogs: Any, strict: bool = False) -> list[Reply]:
    return asked(open_backend(f"local:{file}", BackendOptions(concurrency=1, strict=strict)), *dialogs, timeout=60.0)


@pytest.mark.long
@pytest.mark.parametrize(("template", "notes"), [(TEMPLATE, ()), (REFUSES, NOTE), (IGNORES, NOTE), (GEMMA, NOTE)])
def test_a_local_model_whose_template_refuses_or_ignores_it_gets_it_in_the_first_user_turn(
    tmp_path: Path, template: str, notes: tuple[str, ...]
) -> None:
    pytest.importorskip("xllamacpp", reason="the extra [local] is not installed")
    file = planted_gguf(tmp_path / "m.gguf", ["Paris"], template=template)
    by_us = ({"role": "user", "content": JOINED}, *DIALOG[2:])
    asked_so, joined, bare = local(file, DIALOG, by_us, DIALOG[1:])
    assert (asked_so.text, asked_so.notes) == ("Paris", notes)
    tokens = [reply.usage["prompt_tokens"] for reply in (asked_so, joined, bare)]
    assert tokens[0] > tokens[2], "the model reads the system prompt"
    if notes:
        assert tokens[0] == tokens[1], "what it reads is what the note says"
        with pytest.raises(BackendError, match="rejects system role"):
            local(file, DIALOG, strict=True)
        assert local(file, DIALOG[1:], strict=True)[0].text == "Paris"


@pytest.mark.parametrize(("template", "notes"), [(TEMPLATE, ()), (REFUSES, NOTE), (IGNORES, NOTE), (GEMMA, NOTE)])
def test_weights_whose_template_refuses_or_ignores_it_are_prompted_with_it_in_the_first_user_turn(
    template: str, notes: tuple[str, ...]
) -> None:
    pytest.importorskip("transformers", reason="the extra [hf] is not installed")
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    from sycoprobe.backends.transformers.prompts import Prompter

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>")), unk_token="<unk>", bos_token="<s>"
    )
    tokenizer.chat_template = template
    prompter = Prompter(tokenizer, mode="chat", strict=False)
    first, again, bare = (prompter.prompt(request(dialog))[0] for dialog in (DIALOG, DIALOG, DIALOG[1:]))
    assert first == again and first.count("Be brief.") == 1 and "Be brief." not in bare
    assert (JOINED in first) == bool(notes) and prompter.notes == notes
    strict = Prompter(tokenizer, mode="chat", strict=True)
    assert strict.prompt(request(DIALOG[1:]))[0] == bare
    if notes:
        with pytest.raises(BackendError, match="takes no system role") as caught:
            strict.prompt(request())
        assert caught.value.fatal and "--strict" in caught.value.hint


def test_an_ollama_template_without_a_place_for_it_is_sent_none(tmp_path: Path) -> None:
    sent: list[Any] = []

    def route(came: Asked) -> Made:
        if came.path.endswith("/api/show"):
            return 200, {}, json.dumps({"template": "[INST] {{ .Prompt }} [/INST]"}).encode()
        if came.method == "GET":
            return 200, {}, b'{"models": [{"name": "m"}]}'
        sent.append(json.loads(came.body)["messages"])
        return 200, {}, json.dumps(bodies("ollama.json")["normal"]).encode()

    async def go(strict: bool) -> Reply:
        backend = open_backend("ollama:m", BackendOptions(base_url=server.url.removesuffix("/v1"), strict=strict))
        try:
            facts = await backend.start()
            assert "one goes into the first user turn" in " ".join(facts["notes"])
            return await backend.complete(request())
        finally:
            await backend.close()

    with LoopbackServer(route=route) as server:
        assert asyncio.run(go(strict=False)).notes == NOTE
        assert sent == [[{"role": "user", "content": JOINED}, *DIALOG[2:]]]
        with pytest.raises(BackendError, match="would drop it without a word"):
            asyncio.run(go(strict=True))
