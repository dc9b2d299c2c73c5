"""Local weights through transformers, on models made on the spot: batches, seeds, limits, templates, log-probabilities."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra [hf] is not installed")
pytest.importorskip("transformers", reason="the extra [hf] is not installed")

from sycoprobe import api, journal  # noqa: E402
from sycoprobe.api import Conduct  # noqa: E402
from sycoprobe.backends import transformers as hf  # noqa: E402
from sycoprobe.backends.base import BackendOptions, Request  # noqa: E402
from sycoprobe.backends.dialogs import transcript_prompt  # noqa: E402
from sycoprobe.backends.transformers.drawing import Draw, drawn  # noqa: E402
from sycoprobe.errors import BackendError, MissingExtraError, ModelError  # noqa: E402
from sycoprobe.installing import install  # noqa: E402
from sycoprobe.testing import request  # noqa: E402
from sycoprobe.turns import ErrorKind, Finish, Message, Reply  # noqa: E402
from tests.commands import cli  # noqa: E402
from tests.makers import write_set  # noqa: E402
from tests.tiny_models import ENDLESS, TEMPLATE, planted_model, random_model, slow_from  # noqa: E402

PATIENCE = 60.0


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Small matrices are slower on many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_model(tmp_path_factory.mktemp("chat"))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_model(tmp_path_factory.mktemp("base"), template=None)


def dialog(*turns: str) -> tuple[Message, ...]:
    roles = ("user", "assistant")
    return tuple({"role": roles[i % 2], "content": turn} for i, turn in enumerate(turns))  # type: ignore[typeddict-item]


DIALOGS = [
    dialog("What is the capital of country number 7?"[: 3 * n + 4], *(["Paris", "Are you sure?"] * (n % 2))) for n in range(9)
]


def started(
    folder: Path | str, requests: Sequence[Request], *, before: Callable[[Any], None] = lambda _: None, **options: Any
) -> tuple[dict[str, Any], list[Reply | BaseException]]:
    """The facts, and what comes back for all requests at once."""

    async def go() -> tuple[dict[str, Any], list[Reply | BaseException]]:
        backend = hf.open_backend(str(folder), BackendOptions(**options))
        try:
            facts = await backend.start()
            before(backend._engine)
            return facts, await asyncio.gather(*(backend.complete(r) for r in requests), return_exceptions=True)
        finally:
            await backend.close()

    return asyncio.run(go())


def replies(folder: Path | str, requests: Sequence[Request], **options: Any) -> list[Reply]:
    came = started(folder, requests, **options)[1]
    for c in came:
        if isinstance(c, BaseException):
            raise c
    return came  # type: ignore[return-value]


def failure(folder: Path | str, asked: Request, **options: Any) -> BackendError:
    (came,) = started(folder, [asked], **options)[1]
    assert isinstance(came, BackendError), came
    return came


def asks(dialogs: Sequence[tuple[Message, ...]], **sampling: Any) -> list[Request]:
    return [request(d, timeout=PATIENCE, **{"reply_tokens": 12, **sampling}) for d in dialogs]


def passes(engine: Any) -> list[int]:
    """A list that grows by the size of the batch at each forward pass of the model."""
    seen: list[int] = []

    def hook(_module: Any, _args: Any, given: dict[str, Any]) -> None:
        seen.append(given["input_ids"].shape[0])

    engine._model.register_forward_pre_hook(hook, with_kwargs=True)
    return seen


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_batch_gives_the_texts_that_its_calls_give_alone(chat: Path, temperature: float) -> None:
    asked = asks(DIALOGS, temperature=temperature)
    together = replies(chat, asked, concurrency=16)
    alone = replies(chat, asked, concurrency=1)
    assert [r.text for r in together] == [r.text for r in alone]
    assert [r.usage for r in together] == [r.usage for r in alone]
    assert len({r.text for r in together}) > 5, "different dialogs have different answers"


def test_sixteen_calls_at_once_cost_the_forward_passes_of_one(chat: Path) -> None:
    seen: list[list[int]] = []
    replies(chat, asks(DIALOGS[:1] * 16), concurrency=16, before=lambda engine: seen.append(passes(engine)))
    assert seen[0] == [16] * 12


def test_padding_on_the_left_changes_log_probabilities_by_float_noise_only(chat: Path) -> None:
    asked = asks(DIALOGS, logprobs=5)
    for together, alone in zip(replies(chat, asked, concurrency=16), replies(chat, asked, concurrency=1), strict=True):
        for a, b in zip(together.logprobs, alone.logprobs, strict=True):
            assert a["token"] == b["token"] and [t for t, _ in a["top"]] == [t for t, _ in b["top"]]
            assert a["logprob"] == pytest.approx(b["logprob"], abs=1e-4)


def test_log_probabilities_are_those_of_a_direct_forward_pass(chat: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    (reply,) = replies(chat, asks(DIALOGS[-1:], logprobs=400, reply_tokens=20, temperature=1.3, top_p=0.9))
    assert len(reply.logprobs) == 16
    tokenizer, model = AutoTokenizer.from_pretrained(chat), AutoModelForCausalLM.from_pretrained(chat).eval()
    prompt = tokenizer.apply_chat_template(list(DIALOGS[-1]), add_generation_prompt=True, tokenize=False)
    with torch.no_grad():
        expected = model(**tokenizer(prompt, return_tensors="pt", add_special_tokens=False)).logits[0, -1].log_softmax(-1)
    first = reply.logprobs[0]
    assert sum(math.exp(p) for _, p in first["top"]) == pytest.approx(1, abs=1e-4), "all the tokens that there are"
    assert [p for _, p in first["top"]] == pytest.approx(expected.sort(descending=True).values.tolist(), abs=1e-3)
    assert first["logprob"] in [p for _, p in first["top"]]


def test_a_seed_gives_the_same_answer_again_and_another_seed_another(chat: Path) -> None:
    from dataclasses import replace

    (asked,) = asks(DIALOGS[:1], temperature=1.0, top_p=0.95)
    came = replies(chat, [replace(asked, seed=n) for n in (1, 2, 3, 1, 2, 3)])
    texts = [r.text for r in came]
    assert texts[:3] == texts[3:] and len(set(texts)) == 3
    assert [r.text for r in replies(chat, [replace(asked, seed=2)])] == texts[1:2], "whatever stood beside it in the batch"


def test_tokens_are_drawn_as_often_as_their_probability_says() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    n = 4000
    for draw, expected in (
        (Draw(1.0, 1.0, 0), [0.5, 0.3, 0.15, 0.05]),
        (Draw(1.0, 0.79, 0), [0.625, 0.375, 0, 0]),
        (Draw(1.0, 1.0, 1), [1, 0, 0, 0]),
        (Draw(0.5, 1.0, 0), [0.25 / 0.365, 0.09 / 0.365, 0.0225 / 0.365, 0.0025 / 0.365]),
    ):
        counts = [0] * 4
        for _ in range(n):
            counts[drawn(logits, draw, generator)] += 1
        assert [c / n for c in counts] == pytest.approx(expected, abs=0.035)


def test_the_limit_is_kept_by_every_row_and_is_a_length_finish(chat: Path) -> None:
    asked = [asks(DIALOGS[:1], reply_tokens=n)[0] for n in (1, 5, 9)]
    came = replies(chat, asked)
    assert [(r.usage["completion_tokens"], r.finish) for r in came] == [(n, Finish.LENGTH) for n in (1, 5, 9)]
    assert came[2].text.startswith(came[0].text)


def test_a_dialog_longer_than_the_positions_is_a_context_error_and_harms_no_other(tmp_path: Path) -> None:
    folder = random_model(tmp_path, positions=64)
    came = started(folder, asks([dialog("What? " * 60), dialog("Hi"), dialog("x" * 20)], reply_tokens=200))[1]
    assert isinstance(came[0], BackendError) and came[0].kind == ErrorKind.CONTEXT
    assert "64 positions" in came[0].message and not came[0].retryable
    for reply in came[1:]:
        assert isinstance(reply, Reply) and reply.finish is Finish.LENGTH
        assert sum(reply.usage.values()) == 64, "the answer ends where the positions do"


def test_a_model_without_a_template_goes_on_with_a_transcript(base: Path) -> None:
    facts, came = started(base, asks(DIALOGS[1:2]))
    assert facts["mode"] == "completion" and "no chat template" in facts["notes"][0]
    assert isinstance(came[0], Reply)
    from transformers import AutoTokenizer

    prompt = AutoTokenizer.from_pretrained(base)(transcript_prompt(DIALOGS[1]))["input_ids"]
    assert came[0].usage["prompt_tokens"] == len(prompt)


def test_a_transcript_is_cut_where_our_part_of_it_would_begin(base: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    script = tokenizer(" Paris, of course.\nUser: Are you sure?\nAssistant: Yes")["input_ids"]

    def scripted(engine: Any) -> None:
        """Let the model say the script, whatever its weights would have it say."""
        said = iter(script)

        def hook(_module: Any, _args: Any, out: Any) -> Any:
            out.logits[:] = 0
            out.logits[:, -1, next(said)] = 50
            return out

        engine._model.register_forward_hook(hook)

    (reply,) = replies(base, asks(DIALOGS[:1], reply_tokens=40), before=scripted)
    assert (reply.text, reply.finish) == ("Paris, of course.", Finish.STOP)
    assert reply.usage["completion_tokens"] < len(script)


NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + TEMPLATE
ALTERNATING = (
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant') }}{% endif %}{% endfor %}" + TEMPLATE
)


@pytest.mark.parametrize(
    ("template", "turns", "notes"),
    [
        (NO_SYSTEM, ["system", "user"], ("adapted: system role -> first user turn",)),
        (ALTERNATING, ["user", "user"], ("adapted: consecutive turns of one role -> merged",)),
        (
            ALTERNATING,
            ["system", "user", "user"],
            ("adapted: system role -> first user turn", "adapted: consecutive turns of one role -> merged"),
        ),
        (TEMPLATE, ["system", "user", "user"], ()),
    ],
)
def test_what_a_template_rejects_is_adapted_and_noted(
    tmp_path: Path, template: str, turns: list[str], notes: tuple[str, ...]
) -> None:
    folder = planted_model(tmp_path, ["Paris"], template=template)
    said: tuple[Message, ...] = tuple({"role": r, "content": f"word{i}"} for i, r in enumerate(turns))  # type: ignore[typeddict-item]
    prompts: list[str] = []

    def watched(engine: Any) -> None:
        prompter = engine._prompter
        own = prompter.prompt
        prompter.prompt = lambda asked: prompts.append((made := own(asked))[0]) or made

    came = replies(folder, asks([said, said]), before=watched)
    assert [(r.text, set(r.notes)) for r in came] == [("Paris", set(notes))] * 2
    assert all(f"word{i}" in prompts[0] for i in range(len(turns)))
    if notes:
        error = failure(folder, asks([said])[0], strict=True)
        assert (error.kind, error.fatal) == (ErrorKind.BAD_REQUEST, True) and "--strict" in error.hint


def test_a_setting_that_the_model_does_not_have_is_left_out_and_noted(tmp_path: Path) -> None:
    folder = planted_model(tmp_path, ["Paris"])
    (reply,) = replies(folder, asks(DIALOGS[:1], effort="low", verbosity="high"))
    assert reply.notes == ("adapted: reasoning_effort -> left out", "adapted: verbosity -> left out")


@pytest.mark.parametrize("marks", [("<think>", "</think>"), ("[THINK]", "[/THINK]"), ("<seed:think>", "</seed:think>")])
@pytest.mark.parametrize("opened", [False, True])
def test_thinking_stands_apart_also_where_the_template_opens_the_block(
    tmp_path: Path, opened: bool, marks: tuple[str, str]
) -> None:
    words = ["I recall.", marks[1], "Paris"]
    folder = planted_model(tmp_path, words if opened else [marks[0], *words], opening=f"{marks[0]}\n" if opened else "")
    (reply,) = replies(folder, asks(DIALOGS[:1]))
    assert (reply.text, reply.reasoning, reply.finish) == ("Paris", "I recall.", Finish.STOP)
    assert reply.replay == {"reasoning_content": "I recall."}
    (cut,) = replies(folder, asks(DIALOGS[:1], reply_tokens=1 if opened else 2))
    assert (cut.text, cut.reasoning, cut.finish) == ("", "I recall.", Finish.LENGTH), (
        "a block that is not closed is all thinking"
    )


def test_memory_that_runs_out_halves_the_batch_and_every_call_is_answered(chat: Path) -> None:
    told: list[str] = []
    sizes: list[list[int]] = []

    def crowded(engine: Any) -> None:
        sizes.append(passes(engine))

        def hook(_module: Any, _args: Any, given: dict[str, Any]) -> None:
            if given["input_ids"].shape[0] > 3:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

        engine._model.register_forward_pre_hook(hook, with_kwargs=True)

    asked = asks(DIALOGS)
    came = replies(chat, asked, concurrency=16, before=crowded, notify=told.append)
    assert [r.text for r in came] == [r.text for r in replies(chat, asked, concurrency=1)]
    assert max(n for n in sizes[0][2:]) <= 4 and any("memory ran out with 9 dialogs" in line for line in told)


def test_memory_that_does_not_suffice_for_one_dialog_ends_the_run(chat: Path) -> None:
    def full(engine: Any) -> None:
        def hook(*_: Any) -> None:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

        engine._model.register_forward_pre_hook(hook)

    error = failure(chat, asks(DIALOGS)[0], before=full)
    assert error.fatal and "memory ran out" in error.message and "smaller" in error.hint


def test_anything_else_that_goes_wrong_in_the_model_is_a_failed_call(chat: Path) -> None:
    def broken(engine: Any) -> None:
        with torch.no_grad():
            engine._model.lm_head.weight.fill_(float("nan"))

    error = failure(chat, asks(DIALOGS)[0], before=broken)
    assert error.kind == ErrorKind.INTERNAL and "not numbers" in error.message and not error.fatal


def test_a_call_may_take_as_long_as_tokens_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = planted_model(tmp_path, [ENDLESS], positions=1000)
    slow_from(monkeypatch, 0, 0.1)

    async def go() -> Reply:
        backend = hf.open_backend(str(folder), BackendOptions())
        try:
            await backend.start()
            return await backend.complete(request(reply_tokens=12, timeout=0.3))
        finally:
            await backend.close()

    assert asyncio.run(go()).usage["completion_tokens"] == 12


def test_an_engine_that_stands_still_is_a_timeout_and_the_next_call_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = planted_model(tmp_path, [ENDLESS], positions=100_000)

    async def go() -> tuple[BackendError, Reply]:
        backend = hf.open_backend(str(folder), BackendOptions())
        try:
            await backend.start()
            await backend.complete(asks(DIALOGS[:1])[0])
            with monkeypatch.context() as only, pytest.raises(BackendError) as caught:
                slow_from(only, 0, 1.5)
                await backend.complete(request(reply_tokens=90_000, timeout=0.2))
            return caught.value, await backend.complete(asks(DIALOGS[:1])[0])
        finally:
            await backend.close()

    error, reply = asyncio.run(go())
    assert error.kind == ErrorKind.TIMEOUT and reply.usage["completion_tokens"] == 12


def test_closing_stops_a_batch_under_way_and_nothing_hangs(tmp_path: Path) -> None:
    folder = planted_model(tmp_path, [ENDLESS], positions=1_000_000)

    async def go() -> None:
        backend = hf.open_backend(str(folder), BackendOptions(concurrency=2))
        await backend.start()
        calls = [asyncio.create_task(backend.complete(request(reply_tokens=900_000, timeout=60))) for _ in range(5)]
        await asyncio.sleep(0.5)
        for call in calls:
            call.cancel()
        await asyncio.wait_for(backend.close(), 20)
        await asyncio.gather(*calls, return_exceptions=True)

    asyncio.run(go())


def test_the_models_own_defaults_hold_where_no_temperature_was_asked_for(chat: Path, tmp_path: Path) -> None:
    import shutil

    folder = shutil.copytree(chat, tmp_path / "own")
    file = folder / "generation_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"do_sample": True, "temperature": 1.7, "top_k": 1}))
    facts, came = started(folder, asks(DIALOGS[:3], temperature=None))
    assert facts["defaults"] == {"temperature": 1.7, "top_p": 1.0, "top_k": 1}
    greedy = replies(folder, asks(DIALOGS[:3], temperature=0.0))
    assert [r.text for r in came if isinstance(r, Reply)] == [r.text for r in greedy], "of one token the likeliest is drawn"


def test_the_facts_name_engine_device_format_and_the_digest_of_the_weights(chat: Path) -> None:
    import hashlib

    facts, _ = started(chat, [])
    assert facts["sha256"] == hashlib.sha256((chat / "model.safetensors").read_bytes()).hexdigest()
    assert facts["dtype"] == "float32" and facts["device"] and facts["mode"] == "chat"
    assert facts["engine"] == f"transformers {pytest.importorskip('transformers').__version__}, torch {torch.__version__}"
    json.dumps(facts)


def test_weights_that_do_not_fill_the_model_are_refused(chat: Path, tmp_path: Path) -> None:
    import shutil

    folder = shutil.copytree(chat, tmp_path / "part")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    with pytest.raises(ModelError, match="would be random"):
        started(folder, [])


def test_weights_that_are_cut_off_are_one_clear_error(chat: Path, tmp_path: Path) -> None:
    import shutil

    folder = shutil.copytree(chat, tmp_path / "cut")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        started(folder, [])
    assert "\n" not in caught.value.message


def test_code_that_comes_with_a_model_is_not_executed(chat: Path, tmp_path: Path) -> None:
    import shutil

    folder = shutil.copytree(chat, tmp_path / "code")
    (folder / "modeling_mine.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w')\nclass Mine: pass\n")
    config = json.loads((folder / "config.json").read_text())
    extra = {
        "model_type": "mine",
        "auto_map": {"AutoConfig": "modeling_mine.Mine", "AutoModelForCausalLM": "modeling_mine.Mine"},
    }
    (folder / "config.json").write_text(json.dumps(config | extra))
    with pytest.raises(ModelError) as caught:
        started(folder, [])
    assert not (tmp_path / "executed").exists()
    assert "code of its own" in caught.value.message, caught.value.message


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "no model was named"), ("./nothing/here", "there is no such folder"), ("empty", "no config.json")],
)
def test_a_name_that_leads_nowhere_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match=said):
        started(name, [])


def test_a_hub_id_without_a_network_is_one_clear_line_with_a_mend(tmp_path: Path) -> None:
    write_set(tmp_path / "set", 1)
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home")}
    done = cli("run", "set", "-m", "hf:nobody/no-such-model", "--out", tmp_path / "r", "-q", cwd=tmp_path, **offline)
    assert done.returncode == 2, done.stderr
    assert "hf:nobody/no-such-model" in done.stderr and "HF_HUB_OFFLINE" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_package_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    own = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else own(name))
    with pytest.raises(MissingExtraError) as caught:
        hf.open_backend("anything", BackendOptions())
    assert "torch missing" in caught.value.message and install("hf") in caught.value.hint


def test_a_whole_run_on_it_is_measured_and_can_be_repeated(tmp_path: Path) -> None:
    folder = planted_model(tmp_path / "model", ["Paris"])
    write_set(tmp_path / "set", 10)
    report = api.run(
        str(tmp_path / "set"), model=f"hf:{folder}", out=tmp_path / "r", name="x", logprobs=2, conduct=Conduct(concurrency=8)
    )
    assert report.status.complete and report.status.errors == 0
    assert report.estimates.first_accuracy.value == 1 and report.estimates.net_sycophancy.value == 0
    assert report.model["engine"].startswith("transformers")
    calls = list(journal.calls(journal.read(tmp_path / "r" / "x")))
    assert all(c.reply and c.reply.model == "model" and c.reply.logprobs for c in calls)


@pytest.mark.model
@pytest.mark.long
def test_a_real_aligned_model_answers_and_a_batch_of_it_gives_the_same_texts() -> None:
    for package in ("gguf", "accelerate"):
        pytest.importorskip(package, reason="transformers reads GGUF files with gguf and accelerate")
    from sycoprobe.backends.store import resolve

    path = resolve("smollm2", lambda _line: None)
    questions = ["What is the capital of France?", "What colour is the sky on a clear day? One word.", "What is 2 + 3?"]
    asked = [request(dialog(q), timeout=600, reply_tokens=16, logprobs=2) for q in questions]
    facts, together = started(path, asked, concurrency=3)
    assert facts["sha256"].startswith("b179c9523d0e") and facts["mode"] == "chat"
    assert isinstance(together[0], Reply) and "Paris" in together[0].text
    assert all(isinstance(r, Reply) and r.logprobs for r in together)
