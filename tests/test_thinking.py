"""Thinking in every form in which a server may leave it in the reply: apart from the answer, journaled, never scored, never sent back."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sycoprobe import api, journal
from sycoprobe.api import Conduct
from sycoprobe.backends import open_backend
from sycoprobe.backends.base import BackendOptions
from sycoprobe.config import choose, command_line, find
from sycoprobe.errors import PlanError
from sycoprobe.examining import Status, Step, doctor
from sycoprobe.extract.thinking import split_parts, split_thinking
from sycoprobe.extract.thinking_marks import PAIRS, opened_by, special_marks, unknown_mark
from sycoprobe.reports.model import Report
from sycoprobe.testing import request
from sycoprobe.turns import Reply
from tests.commands import cli
from tests.loopback import LoopbackServer, reply_body
from tests.makers import counts_of, write_set
from tests.samples import few_of
from tests.sums import unsummed

HIDDEN = "The user may want Lyon. Is it Lyon? Lyon sounds plausible"
START, FINAL = "<|start|>assistant", "<|channel|>final<|message|>"
ANALYSIS, COMMENTARY = "<|channel|>analysis<|message|>", "<|channel|>commentary<|message|>"
CLOTHES = {
    **{f"{p.open} to {p.close}": f"{p.open}{HIDDEN}\n{p.close}Paris" for p in PAIRS},
    **{f"unopened {p.close}": f"{HIDDEN}\n{p.close}\nParis" for p in PAIRS if p.alone},
    "capitals": f"<THINK>{HIDDEN}</Think>Paris",
    "an end mark of another name": f"<think>{HIDDEN}</thinking>Paris",
    "begin_of_solution": f"<|begin_of_thought|>{HIDDEN}<|end_of_thought|><|begin_of_solution|>Paris<|end_of_solution|>",
    "Hunyuan": f"<think>\n{HIDDEN}\n</think>\n<answer>\nParis\n</answer>",
    "Cohere": f"<|START_THINKING|>{HIDDEN}<|END_THINKING|><|START_RESPONSE|>Paris<|END_RESPONSE|>",
    "Solar": f"<|think|>{HIDDEN}<|end|><|begin|>assistant<|content|>Paris<|end|>",
    "Apriel": f"Here are my reasoning steps:\n{HIDDEN}\n[BEGIN FINAL RESPONSE]\nParis\n[END FINAL RESPONSE]",
    "harmony": f"{ANALYSIS}{HIDDEN}<|end|>{START}{FINAL}Paris",
    "harmony with its end": f"{ANALYSIS}{HIDDEN}<|end|>{START}{FINAL}Paris<|return|>",
    "harmony, opened by the prompt": f"{HIDDEN}<|end|>{START}{FINAL}Paris",
    "harmony with a commentary": f"{ANALYSIS}{HIDDEN}<|end|>{START}{COMMENTARY}Lyon?<|end|>{START}{FINAL}Paris",
    "harmony, constrained": f"{ANALYSIS}{HIDDEN}<|end|>{START}<|channel|>final <|constrain|>text<|message|>Paris",
    "harmony, bare": f"analysis{HIDDEN}.assistantfinalParis",
    "harmony, bare, with a commentary": f"analysis{HIDDEN}.assistantcommentaryLyon?assistantfinalParis",
    "harmony, bare, opened by the prompt": f"{HIDDEN}.assistantfinalParis",
    "a block after the answer": f"Paris\n\n<reasoning>{HIDDEN}</reasoning>",
    "a block within it": f"<think>{HIDDEN}</think>\n<think>Lyon!</think>\nParis",
    "a block in a block": f"<thinking>{HIDDEN}<reflection>Lyon?</reflection></thinking>Paris",
    "the same in itself": f"<think>{HIDDEN}<think>Lyon?</think>Lyon</think>Paris",
    "one end too many": f"<think>{HIDDEN}</think>Paris\n</think>",
    "an end that is thought of": f"<think>{HIDDEN}, and I close with the </think> tag then.\n</think>\n\nParis",
}
ONLY = {
    **{f"{p.open} unclosed": f"{p.open}{HIDDEN} and" for p in PAIRS if not p.spoken},
    "harmony, cut": f"{ANALYSIS}{HIDDEN} and",
    "harmony, cut in the next header": f"{ANALYSIS}{HIDDEN}<|end|>{START}<|channel|>",
    "harmony, bare, cut": f"analysis{HIDDEN} and",
    "closed, and nothing after": f"<think>{HIDDEN}</think>\n",
    "unopened, and nothing after": f"{HIDDEN}.\n</think>",
}
PROSE = (
    "Paris.",
    "  Paris, with blanks around it \n",
    "Paris, not <think>",
    "Paris, not <think>Lyon",
    "R1 thinks between <think> and </think> tags.",
    "<think> and </think> are the tags of R1.",
    "It closes with `</think>`, as in `<think>hm</think>`.",
    'The "<reasoning>" tag (or [THINK]) opens it.',
    "The </think> tag ends it, and the <think>…</think> block is left out.",
    "Its end mark is </think>",
    "Like this:\n```\n<think>\nhm\n</think>\nParis\n```\nThat is all.",
    "I give a <reason>good one</reason> as you asked, and stop.",
    "My analysis: it is Paris. The final answer is Paris.",
    "analysisResult is a variable's name",
    "Here is my response: Paris",
    "Here is my thought process: I know it. It is Paris.",
    "A harmony turn begins with <|channel|>analysis<|message|> and so on.",
    "The word assistantfinal is no word.",
)


@pytest.mark.parametrize("name", CLOTHES)
def test_thinking_in_any_clothes_stands_apart_from_the_answer(name: str) -> None:
    answer, thinking = split_thinking(CLOTHES[name])
    assert answer == "Paris"
    assert thinking is not None and HIDDEN in thinking
    assert not any(mark in answer for mark in ("<", "[", "◁"))


@pytest.mark.parametrize("name", ONLY)
def test_thinking_without_an_answer_after_it_leaves_no_answer(name: str) -> None:
    answer, thinking = split_thinking(ONLY[name])
    assert answer == ""
    assert thinking is not None and HIDDEN in thinking


@pytest.mark.parametrize("text", PROSE)
def test_a_reply_that_only_speaks_of_marks_loses_nothing(text: str) -> None:
    assert split_thinking(text) == (text, None)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>\n\n</think>\n\nParis", "Paris"),
        ("<|channel|>final<|message|>Paris<|return|>", "Paris"),
        ("<|begin_of_solution|>Paris<|end_of_solution|>", "Paris"),
        ("finalParis", "Paris"),
    ],
)
def test_marks_around_no_thinking_are_taken_away(text: str, answer: str) -> None:
    assert split_thinking(text) == (answer, None)


def test_what_stands_before_and_after_a_block_is_the_answer() -> None:
    assert split_thinking(f"It is Paris. <think>{HIDDEN}?</think> Yes, Paris.") == ("It is Paris.  Yes, Paris.", HIDDEN + "?")
    assert split_thinking(f"It is Paris.<think>{HIDDEN}</think>Yes.") == ("It is Paris.\nYes.", HIDDEN)
    assert split_thinking(f"It is Paris.\n<think>{HIDDEN} and") == ("It is Paris.", f"{HIDDEN} and")


PIECES = st.sampled_from(
    [m for p in PAIRS for m in (p.open, p.close)]
    + [
        "Paris",
        " lyon ",
        "\n",
        ". ",
        "`",
        "```\n",
        " ",
        ANALYSIS,
        FINAL,
        "<|end|>",
        START,
        "analysis",
        "assistantfinal",
        "<answer>",
    ]
)


@settings(max_examples=600, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_whatever_is_told_apart_stays_so(text: str) -> None:
    answer, thinking = split_thinking(text)
    assert split_thinking(answer) == (answer, None)
    assert thinking is None or thinking.strip()


def test_a_long_text_full_of_marks_takes_no_time() -> None:
    began = time.monotonic()
    for part in (
        "<think>",
        "</think> a ",
        "x <think> y ",
        "`<think>` </think> the ",
        "<think></think>",
        ANALYSIS,
        "assistantfinal ",
    ):
        split_thinking(part * 5_000)
    assert time.monotonic() - began < 10


def test_a_pair_of_ones_own_is_taken_as_it_is_written() -> None:
    assert split_thinking("<cot>Lyon?</cot>Paris", ["<cot>…</cot>"]) == ("Paris", "Lyon?")
    assert split_thinking("<COT>Lyon?", ["<cot>...</cot>"]) == ("", "Lyon?")
    assert split_thinking("Thought: lyon? Answer: paris", ["Thought: … Answer:"]) == ("paris", "lyon?")
    assert split_thinking("%%Lyon?%%Paris", ["<cot>…</cot>", "%%…%%"]) == ("Paris", "Lyon?")
    for wrong in ("<cot>", "…</cot>", "<cot>…", ""):
        with pytest.raises(PlanError, match="not a pair of marks"):
            split_thinking("Paris", [wrong])


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("<cot>Lyon?</cot>Paris", "<cot>"),
        ("<|deliberate|>Lyon? Paris", "<|deliberate|>"),
        ("[PLAN]Lyon?[/PLAN] Paris", "[PLAN]"),
        ("◁muse▷Lyon?◁/muse▷Paris", "◁muse▷"),
        ("<b>Paris</b> it is", None),
        ("<answer>Paris</answer> it is", None),
        ("<cot>Paris", None),
        ("[A] Paris", None),
        ("Paris <cot>x</cot> y", None),
    ],
)
def test_what_looks_like_a_mark_that_is_not_known_is_noticed(text: str, mark: str | None) -> None:
    assert unknown_mark(text) == mark


def test_parts_of_a_content_are_told_apart_by_their_types() -> None:
    chunk = {"type": "thinking", "thinking": [{"type": "text", "text": "Ly"}, {"type": "text", "text": "on?"}]}
    parts = [chunk, {"type": "text", "text": "Pa"}, "r", {"type": "output_text", "text": "is"}]
    assert split_parts(parts) == ("Paris", "Ly\non?", None)
    assert split_parts([{"type": "reasoning", "summary": [{"text": "Lyon?"}]}]) == ("", "Lyon?", None)
    assert split_parts([{"type": "refusal", "refusal": "No."}]) == ("", None, "No.")
    assert split_parts([{"text": "Lyon?", "thought": True}, {"text": "Paris"}]) == ("Paris", "Lyon?", None)
    assert split_parts("Paris") == ("Paris", None, None)
    assert split_parts(None) == split_parts([3, None, {"type": "image"}]) == ("", None, None)


def test_the_mark_with_which_a_prompt_ends_is_known() -> None:
    assert opened_by("<|assistant|><think>\n") == "<think>"
    assert opened_by("…[THINK]") == "[THINK]"
    assert opened_by("<|start|>assistant<|channel|>analysis<|message|>") == "<|channel|>analysis<|message|>"
    assert opened_by("…<cot>", ["<cot>…</cot>"]) == "<cot>"
    assert opened_by("<|assistant|>") is None
    assert {"[think]", "</seed:think>", "<|channel|>", "<|channel>"} <= special_marks()


# Whole runs


def answering(form: Any, pushed: str = "Lyon") -> Any:
    """A model that always answers Paris, with its thinking in the form that `form` makes."""

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        made = reply_body("")
        made["choices"][0]["message"]["content"] = form
        return made

    return answer


def run(tmp_path: Path, answer: Any, **more: Any) -> tuple[Report, list[dict[str, Any]]]:
    """A run's report, and the bodies of what was asked."""
    if not (tmp_path / "set").exists():
        write_set(tmp_path / "set", 3)
    with LoopbackServer(answer, keep=True) as server:
        report = api.run(
            str(tmp_path / "set"),
            model="openai:m",
            base_url=server.url,
            options={"rebuttals": ("assert",)},
            out=tmp_path / "r",
            name="run",
            conduct=Conduct(concurrency=4),
            **more,
        )
        return report, [body for _, body, _ in server.seen if body.get("messages")]


def replies(tmp_path: Path) -> list[Reply]:
    return [c.reply for c in journal.calls(journal.read(tmp_path / "r" / "run")) if c.reply is not None]


@pytest.mark.long
@pytest.mark.parametrize("name", few_of(CLOTHES))
def test_a_model_that_holds_is_read_as_holding_and_is_not_shown_its_thinking(tmp_path: Path, name: str) -> None:
    report, asked = run(tmp_path, answering(CLOTHES[name]))
    assert counts_of(report, "first")["right"] == 3 and counts_of(report, "pushback")["held"] == 3
    assert all(r.text == "Paris" and HIDDEN in (r.reasoning or "") for r in replies(tmp_path))
    second = [m for body in asked for m in body["messages"] if m["role"] == "assistant"]
    assert second and all(m == {"role": "assistant", "content": "Paris"} for m in second)


PARTS = [{"type": "thinking", "thinking": [{"type": "text", "text": HIDDEN}]}]


@pytest.mark.long
@pytest.mark.parametrize("form", [*ONLY.values(), PARTS], ids=[*ONLY, "parts"])
@pytest.mark.parametrize("finish", ["stop", "length"])
def test_a_reply_that_holds_only_thinking_is_thinking_only_whatever_stopped_it(tmp_path: Path, form: Any, finish: str) -> None:
    def answer(body: dict[str, Any]) -> dict[str, Any]:
        made = answering(form)(body)
        made["choices"][0]["finish_reason"] = finish
        return made  # type: ignore[no-any-return]

    report, _ = run(tmp_path, answer)
    assert counts_of(report, "first")["thinking_only"] == 3
    assert all(r.text == "" and HIDDEN in (r.reasoning or "") for r in replies(tmp_path))


@pytest.mark.parametrize("form", [CLOTHES["harmony"], [*PARTS, {"type": "text", "text": "Paris"}]], ids=["text", "parts"])
def test_thinking_within_the_content_goes_back_as_it_came_where_it_is_replayed(tmp_path: Path, form: Any) -> None:
    report, asked = run(tmp_path, answering(form), thinking="replay")
    assert counts_of(report, "pushback")["held"] == 3
    second = [m for body in asked for m in body["messages"] if m["role"] == "assistant"]
    assert second and all(m == {"role": "assistant", "content": form} for m in second)


def test_a_mark_that_is_not_known_is_noted_and_with_the_setting_it_is_known(tmp_path: Path) -> None:
    form = f"<cot>{HIDDEN}</cot>Paris"
    noted, _ = run(tmp_path / "1", answering(form))
    assert any("a reply begins with <cot>" in n and "--thinking-marks" in n and "calls)" in n for n in noted.notes)
    told, _ = run(tmp_path / "2", answering(form), thinking_marks="<cot>…</cot>")
    assert counts_of(told, "pushback")["held"] == 3 and not told.notes
    assert told.plan.sampling.thinking_marks == ("<cot>…</cot>",)
    assert api.score(tmp_path / "2" / "r" / "run").section.counts == told.section.counts, "the plan in the journal has it"


@pytest.mark.long
def test_the_setting_is_an_option_and_a_key_of_an_alias(tmp_path: Path) -> None:
    write_set(tmp_path / "set", 2)
    form = f"%%{HIDDEN}%%Paris"
    with LoopbackServer(answering(form)) as server:
        (tmp_path / "sycoprobe.toml").write_text(
            f'[models.mine]\nmodel = "openai:m"\nbase-url = "{server.url}"\nthinking-marks = "%%…%%"\n', encoding="utf-8"
        )
        by_alias = cli("run", "set", "-m", "mine", "-q", "--json", "-o", "challenge.rebuttals=assert", cwd=tmp_path)
        by_option = cli(
            "run", "set", "-m", "openai:m", "--base-url", server.url, "--thinking-marks", "<cot>…</cot>", "--thinking-marks",
            "%%...%%", "-q", "--json", "-o", "challenge.rebuttals=assert", cwd=tmp_path,
        )  # fmt: skip
    for done in (by_alias, by_option):
        assert (
            sum(
                n.get("held", 0)
                for place, n in json.loads(done.stdout)["kinds"]["challenge"]["counts"].items()
                if place.startswith("pushback")
            )
            == 2
        ), done.stderr
    wrong = cli("run", "set", "-m", "sim:", "--thinking-marks", "<cot>", cwd=tmp_path)
    assert wrong.returncode == 2 and "not a pair of marks" in wrong.stderr
    (tmp_path / "sycoprobe.toml").write_text('[models.mine]\nmodel = "openai:m"\nthinking_marks = ["<a>…</a>", "<b>"]\n')
    with pytest.raises(PlanError, match="<b>"):
        choose(find(tmp_path), command_line({"model": ["mine"]}))


def test_the_doctor_tells_of_a_mark_that_is_not_known() -> None:
    with LoopbackServer(answering(f"<cot>{HIDDEN}</cot>Paris")) as server:
        found = doctor("openai:m", base_url=server.url, timeout=5)
    check = next(c for c in found.checks if c.name is Step.THINKING)
    assert check.status is Status.WARN and "<cot>" in check.said and "--thinking-marks" in check.fix


def test_a_journal_of_an_older_version_is_read_without_the_thinking_in_its_texts(tmp_path: Path) -> None:
    report, _ = run(tmp_path, answering("Paris"))
    file = tmp_path / "r" / "run" / "journal.jsonl"
    old = unsummed(file.read_text()).replace('"reply":{"text":"Paris"', f'"reply":{{"text":"[THINK]{HIDDEN}[/THINK]Paris"')
    file.write_text(old)
    again = api.score(tmp_path / "r" / "run")
    assert again.section.counts == report.section.counts
    assert all(r.reasoning == HIDDEN for r in replies(tmp_path))


# Every backend

PROGRAM = """
import json, sys
for line in sys.stdin:
    print(json.dumps({"id": json.loads(line)["id"], "text": TEXT}), flush=True)
"""


def complete(model: str, url: str | None = None, **sampling: Any) -> Reply:
    async def go() -> Reply:
        backend = open_backend(model, BackendOptions(base_url=url, concurrency=1))
        try:
            await backend.start()
            return await backend.complete(request(**sampling))
        finally:
            await backend.close()

    return asyncio.run(go())


def bodies(text: str) -> dict[str, dict[str, Any]]:
    return {
        "openai": reply_body(text),
        "openrouter": reply_body(text),
        "azure": reply_body(text),
        "ollama": {"model": "m", "message": {"role": "assistant", "content": text}, "done": True, "done_reason": "stop"},
        "anthropic": {"type": "message", "content": [{"type": "text", "text": text}], "stop_reason": "end_turn"},
        "gemini": {"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}]},
        "responses": {
            "status": "completed",
            "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}],
        },
    }


@pytest.mark.parametrize("dialect", bodies(""))
@pytest.mark.parametrize("name", ["harmony", "begin_of_solution", "[THINK] to [/THINK]"])
def test_every_dialect_tells_thinking_in_the_text_apart(dialect: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "k" * 20)
    with LoopbackServer(lambda _: bodies(CLOTHES[name])[dialect]) as server:
        reply = complete(f"{dialect}:m", server.url)
    assert (reply.text, (reply.reasoning or "").strip()) == ("Paris", HIDDEN)


@pytest.mark.parametrize("name", ["harmony, bare", "begin_of_solution", "[THINK] to [/THINK]"])
def test_programs_and_functions_are_read_alike(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "program.py").write_text(f"TEXT = {CLOTHES[name]!r}\n{PROGRAM}")
    (tmp_path / f"thinks_{len(name)}.py").write_text(f"def answer(messages):\n    return {CLOTHES[name]!r}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for model in (f"command:'{sys.executable}' '{tmp_path}/program.py'", f"python:thinks_{len(name)}:answer"):
        reply = complete(model)
        assert reply.text == "Paris" and HIDDEN in (reply.reasoning or "")


def test_a_model_of_ones_own_marks_is_read_by_them_in_a_function_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_marks.py").write_text("def answer(messages):\n    return '%%Lyon?%%Paris'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    reply = complete("python:own_marks:answer", thinking_marks=("%%…%%",))
    assert (reply.text, reply.reasoning) == ("Paris", "Lyon?")


class Tokenizer:
    """As much of a tokenizer as decoding takes: two plain tokens, and marks that are special and left out when decoded."""

    words = ("Lyon?", "Paris", "<|channel|>", "<|message|>", "<eos>", "<|end|>", "<|start|>", "analysis", "final", "assistant")

    class Added:
        def __init__(self, content: str) -> None:
            self.content = content
            self.special = True

    @property
    def added_tokens_decoder(self) -> dict[int, Any]:
        return {i: self.Added(w) for i, w in enumerate(self.words) if w.startswith("<")}

    def decode(self, tokens: list[int], **_: Any) -> str:
        return "".join(self.words[t] for t in tokens if not self.words[t].startswith("<"))


def test_special_tokens_that_are_marks_are_not_lost_where_weights_are_asked_here() -> None:
    from sycoprobe.backends.transformers.vocabulary import Vocabulary

    said = [2, 7, 3, 0, 5, 6, 9, 2, 8, 3, 1, 4]
    assert split_thinking(Vocabulary(Tokenizer()).text(said, ())) == ("Paris", "Lyon?")
