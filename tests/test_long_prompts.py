"""What long contexts and replayed thinking change in what is sent: one branch before the others, and the thinking given back."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import api, journal
from sycoprobe.api import Conduct
from sycoprobe.reports.model import Report
from tests.loopback import Asked, LoopbackServer, Made
from tests.makers import counts_of, write_set
from tests.sums import unsummed

DELAY = 0.04
CONTEXT = "The archive says the following of the matter. " * 120


def long_set(folder: Path, n: int) -> Path:
    """A made set whose probes carry a long context."""
    write_set(folder, n)
    lines = [json.loads(x) | {"context": CONTEXT} for x in (folder / "probes.jsonl").read_text().splitlines()]
    (folder / "probes.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    return folder


class Messages:
    """A loopback Messages API with a prompt cache: a marked prefix is written by the first call that has ended, and then read."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.cached: dict[str, float] = {}
        self.read = self.written = 0

    def __call__(self, asked: Asked) -> Made | None:
        if asked.method == "GET":
            return 200, {}, b'{"data": []}'
        body = json.loads(asked.body)
        self.bodies.append(body)
        usage = {"input_tokens": 20, "output_tokens": 3}
        marked = [
            m["content"][0]["text"]
            for m in body["messages"]
            if isinstance(m["content"], list) and "cache_control" in m["content"][0]
        ]
        if marked:
            hit = time.monotonic() >= self.cached.get(marked[0], math.inf)
            self.read, self.written = self.read + hit, self.written + (not hit)
            usage["cache_read_input_tokens" if hit else "cache_creation_input_tokens"] = len(marked[0]) // 4
            self.cached.setdefault(marked[0], time.monotonic() + DELAY / 2)
        made = {"type": "message", "role": "assistant", "model": "c", "stop_reason": "end_turn", "usage": usage}
        blocks = [{"type": "thinking", "thinking": "hm", "signature": "s1gn"}, {"type": "text", "text": "Paris"}]
        return 200, {}, json.dumps(made | {"content": blocks}).encode()


def is_kept(line: str) -> bool:
    """Whether a line of a journal is no branch and no end."""
    record = json.loads(line)
    return record["type"] != "end" and record.get("arm", "first") == "first"


def run(folder: Path, out: Path, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> Report:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-planted-99887766")
    return api.run(
        str(folder), model="anthropic:c", base_url=server.url, out=out, name="x", conduct=Conduct(concurrency=16), **settings
    )


def test_a_long_context_is_written_to_the_cache_once_and_read_by_every_branch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api_server = Messages()
    table = tmp_path / "prices.toml"
    table.write_text('schema_version = 1\n["anthropic:c"]\ninput = 3\noutput = 15\ncached_input = 0.3\ncache_write = 3.75\n')
    with LoopbackServer(route=api_server, delay=DELAY) as server:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-planted-99887766")
        report = api.run(
            str(long_set(tmp_path / "set", 10)),
            model="anthropic:c",
            base_url=server.url,
            out=tmp_path,
            conduct=Conduct(concurrency=16, prices=table),
        )
    assert report.status.complete and report.status.calls == 70
    assert (api_server.written, api_server.read) == (10, 60)
    rows = {row.arm: row for row in report.spending}
    assert rows["first"].cached_tokens == 0 and rows["first"].cache_write_tokens > 0
    assert rows["pushback"].cached_tokens > 0 and rows["pushback"].cache_write_tokens == 0
    saved = sum(row.saved or 0 for row in report.spending)
    assert saved > 0.5 * (report.cost or 0), "what was saved is shown"


def test_a_short_prompt_is_sent_without_any_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api_server = Messages()
    with LoopbackServer(route=api_server) as server:
        run(write_set(tmp_path / "set", 5), tmp_path, server, monkeypatch)
    assert "cache_control" not in json.dumps(api_server.bodies)


def test_after_a_pause_one_branch_renews_the_cache_before_the_others_go_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache lives for minutes: a resume finds it empty, and only one branch of each conversation may miss it."""
    first = Messages()
    folder = long_set(tmp_path / "set", 6)
    with LoopbackServer(route=first) as server:
        run(folder, tmp_path, server, monkeypatch)
    path = tmp_path / "x" / "journal.jsonl"
    kept = [x for x in path.read_text().splitlines() if is_kept(x)]
    path.write_text("\n".join(kept) + "\n")
    slow = Messages()
    with LoopbackServer(route=slow, delay=DELAY) as server:
        header, *rest = unsummed(path.read_text()).splitlines()
        header = header.replace(json.loads(header)["plan"]["base_url"], server.url)
        path.write_text("\n".join([header, *rest]) + "\n")
        report = api.resume(tmp_path / "x", conduct=Conduct(concurrency=16))
    assert report.status.complete
    assert (slow.written, slow.read) == (6, 30)


@pytest.mark.long
@pytest.mark.parametrize("long", [True, False])
def test_where_a_provider_caches_by_itself_one_branch_goes_out_first_too(tmp_path: Path, long: bool) -> None:
    begun: dict[str, list[float]] = {}

    def answer(body: dict[str, Any]) -> str:
        if len(body["messages"]) > 1:
            begun.setdefault(body["messages"][0]["content"], []).append(time.monotonic())
        return "Paris"

    folder = (long_set if long else write_set)(tmp_path / "set", 3)
    with LoopbackServer(answer, delay=4 * DELAY) as server:
        api.run(str(folder), model="openai:m", base_url=server.url, out=tmp_path, conduct=Conduct(concurrency=32))
    gaps = [times[1] - times[0] for times in map(sorted, begun.values())]
    assert len(gaps) == 3
    assert (min(gaps) >= 3 * DELAY) == long, gaps


@pytest.mark.parametrize("policy", ["strip", "replay"])
def test_the_thinking_of_the_first_answer_is_given_back_only_where_it_is_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    api_server = Messages()
    with LoopbackServer(route=api_server) as server:
        report = run(write_set(tmp_path / "set", 3), tmp_path, server, monkeypatch, thinking=policy)
    second = [b["messages"][1]["content"] for b in api_server.bodies if len(b["messages"]) == 3]
    assert len(second) == 18
    for content in second:
        if policy == "strip":
            assert content == "Paris"
        else:
            assert [b["type"] for b in content] == ["thinking", "text"] and content[0]["signature"] == "s1gn"
    assert report.plan.sampling.thinking == policy
    texts = [c.reply.text for c in journal.calls(journal.read(tmp_path / "x")) if c.reply]
    assert set(texts) == {"Paris"}, "thinking is never part of the answer"


def test_a_resume_still_has_the_thinking_to_replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api_server = Messages()
    with LoopbackServer(route=api_server) as server:
        run(write_set(tmp_path / "set", 3), tmp_path, server, monkeypatch, thinking="replay")
        path = tmp_path / "x" / "journal.jsonl"
        kept = [x for x in path.read_text().splitlines() if is_kept(x)]
        path.write_text("\n".join(kept) + "\n")
        api_server.bodies.clear()
        api.resume(tmp_path / "x")
    assert len(api_server.bodies) == 18
    assert all(b["messages"][1]["content"][0]["signature"] == "s1gn" for b in api_server.bodies)


def test_a_reply_that_only_thought_is_an_outcome_of_its_own(tmp_path: Path) -> None:
    def answer(body: dict[str, Any]) -> dict[str, Any]:
        message = {"role": "assistant", "content": "", "reasoning_content": "Let me think"}
        if len(body["messages"]) == 1:
            message = {"role": "assistant", "content": "Paris"}
        return {"model": "m", "choices": [{"index": 0, "finish_reason": "length", "message": message}]}

    with LoopbackServer(answer) as server:
        report = api.run(str(write_set(tmp_path / "set", 4)), model="openai:m", base_url=server.url, out=tmp_path)
    assert counts_of(report, "first")["cut_off"] == 4
    finish = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Paris"}}

    def later(body: dict[str, Any]) -> dict[str, Any]:
        return {"model": "m", "choices": [finish]} if len(body["messages"]) == 1 else answer(body)

    with LoopbackServer(later) as server:
        report = api.run(str(tmp_path / "set"), model="openai:m", base_url=server.url, out=tmp_path, name="y")
    assert counts_of(report, "pushback")["thinking_only"] == 20
    assert counts_of(report, "pushback")["cut_off"] == 0
    assert report.estimates.flip_pushback.value is None
