"""Runs in the vendors' batches: the same report as live, at half the calls' price, and nothing is lost or paid twice."""

from __future__ import annotations

import asyncio
import json
import math
import random
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import api, journal
from sycoprobe.api import Conduct
from sycoprobe.backends import open_backend
from sycoprobe.backends.base import BackendOptions
from sycoprobe.backends.batches import AnthropicBatches, Limits, OpenAIBatches, batches_of
from sycoprobe.errors import PlanError
from sycoprobe.reports.model import Report
from tests.batch_server import VENDORS, BatchServer, MadeBatch, varied_answer
from tests.commands import Command, cli
from tests.loopback import Asked, LoopbackServer, Made
from tests.makers import write_set
from tests.samples import few_of
from tests.test_run import rows

KEY = "sk-planted-0123456789abcdef"
POLL = 0.4
ITEMS = 24


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


EACH = [VENDORS[0], *(pytest.param(v, marks=pytest.mark.long) for v in VENDORS[1:])]


@pytest.fixture(params=EACH)
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def settings(tmp_path: Path, server: BatchServer, vendor: str, n: int = ITEMS) -> tuple[str, dict[str, Any]]:
    """The set, and how both kinds of run are made from it."""
    folder = tmp_path / f"set-{n}"
    if not folder.exists():
        write_set(folder, n)
    return str(folder), {"model": f"{vendor}:m", "base_url": server.url, "out": tmp_path, "seed": 3, "reply_tokens": 256}


def batch_run(
    tmp_path: Path, server: BatchServer, vendor: str, *, n: int = ITEMS, name: str = "batch", **conduct: Any
) -> Report:
    folder, made = settings(tmp_path, server, vendor, n)
    return api.run(folder, name=name, conduct=Conduct(batch=True, poll=POLL, **conduct), **made)


def live_run(tmp_path: Path, server: BatchServer, vendor: str, *, n: int = ITEMS) -> Report:
    folder, made = settings(tmp_path, server, vendor, n)
    return api.run(folder, name="live", **made)


def close(a: Any, b: Any) -> bool:
    """Whether two reports' parts are equal, but for the order in which numbers were added up."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(close(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(close, a, b))
    return math.isclose(a, b, rel_tol=1e-9) if isinstance(a, float) and isinstance(b, float) else bool(a == b)


def same_as_live(tmp_path: Path, name: str = "batch") -> None:
    """A run in batches comes to the estimates and rows of the live one."""
    told = [json.loads((tmp_path / x / "report.json").read_text()) for x in ("live", name)]
    for part in ("kinds", "conclusion"):
        assert close(told[0][part], told[1][part]), part
    assert rows(tmp_path / "live") == rows(tmp_path / name)
    assert told[1]["status"]["complete"]


def test_a_run_in_batches_reports_what_the_live_run_reports(tmp_path: Path, vendor: str) -> None:
    with BatchServer() as server:
        live_run(tmp_path, server, vendor)
        report = batch_run(tmp_path, server, vendor)
        assert len(server.batches) == 2, "first answers, then branches"
        assert set(server.paid.values()) == {1}
        assert sorted(server.bodies) == sorted(server.live), "a request in a batch is the live one, byte for byte"
    same_as_live(tmp_path)
    assert report.status.calls == sum(server.paid.values())
    calls = list(journal.calls(journal.read(tmp_path / "batch")))
    assert all(c.batch for c in calls) and "asked in 2 of the vendor's batches" in report.notes
    assert not any(c.batch for c in journal.calls(journal.read(tmp_path / "live")))


def test_a_batch_costs_half_and_a_cap_on_money_holds(tmp_path: Path, vendor: str) -> None:
    table = tmp_path / "prices.toml"
    table.write_text(f'schema_version = 1\n["{vendor}:m"]\ninput = 3\noutput = 15\n')
    with BatchServer() as server:
        folder, made = settings(tmp_path, server, vendor)
        live = api.run(folder, name="live", conduct=Conduct(prices=table), **made)
        whole = batch_run(tmp_path, server, vendor, prices=table)
        assert live.cost and whole.cost == pytest.approx(live.cost / 2)
        asked = len(server.paid)
        capped = batch_run(tmp_path, server, vendor, name="capped", prices=table, max_cost=whole.cost)
        assert (capped.status.cap or "").startswith("the cap of $")
        assert capped.cost is not None and 0 < capped.cost <= whole.cost
        assert len(server.paid) < 2 * asked


# Killed processes

LOOKING_OFTEN = f"from sycoprobe.running import batched; batched.LONGEST = {POLL}"
"""What the processes of the command line do first."""
KILLS = {
    "openai": [
        ("upload:before", 1),
        ("upload:after", 1),
        ("create:before", 1),
        ("create:after", 1),
        ("status", 1),
        ("results", 1),
        ("upload:before", 2),
        ("create:after", 2),
        ("status", 3),
        ("results", 2),
    ],
    "anthropic": [
        ("list", 2),
        ("create:before", 1),
        ("create:after", 1),
        ("status", 2),
        ("results", 1),
        ("list", 3),
        ("create:after", 2),
        ("status", 3),
        ("results", 2),
    ],
}


def begun(tmp_path: Path, server: BatchServer, vendor: str, *more: object, n: int = ITEMS) -> Command:
    """The command line, asking in batches in a process of its own."""
    folder, made = settings(tmp_path, server, vendor, n)
    args = ["run", folder, "-m", made["model"], "--base-url", server.url, "--seed", 3, "--out", tmp_path, "--name", "killed"]
    return Command(*args, "--batch", *more, first=LOOKING_OFTEN)


def killed_at(tmp_path: Path, server: BatchServer, vendor: str) -> None:
    """A run that was killed while the server held a request."""
    with begun(tmp_path, server, vendor, "-q") as process:
        assert server.held.wait(30), process.communicate(timeout=5)
        process.kill()
    server.let_go()


def resumed(tmp_path: Path, *more: object) -> subprocess.CompletedProcess[str]:
    return cli("resume", tmp_path / "killed", "--out", tmp_path, *more, first=LOOKING_OFTEN)


def whole(tmp_path: Path, server: BatchServer) -> None:
    """Every call of the run is there once, and was paid once."""
    keys = Counter(c.spec.key for c in journal.calls(journal.read(tmp_path / "killed")))
    assert set(keys.values()) == {1}
    assert set(server.paid.values()) == {1}
    assert len(server.paid) == len(keys)


@pytest.fixture(scope="module", params=EACH)
def reference(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A vendor, and the folder of a run of it that nobody interrupted, named 'live'."""
    folder = tmp_path_factory.mktemp(str(request.param))
    with BatchServer() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv(f"{str(request.param).upper()}_API_KEY", KEY)
        live_run(folder, server, str(request.param))
    return str(request.param), folder / "live"


@pytest.mark.long
@pytest.mark.parametrize("number", few_of(range(10)))
def test_a_killed_run_loses_nothing_and_pays_nothing_twice(number: int, reference: tuple[str, Path], tmp_path: Path) -> None:
    """`kill -9` while the server holds a request: at each step of a batch in both stages, each in its turn."""
    vendor, uninterrupted = reference
    if number >= len(KILLS[vendor]):
        pytest.skip("has fewer steps")
    shutil.copytree(uninterrupted, tmp_path / "live")
    with BatchServer(hold=KILLS[vendor][number]) as server:
        killed_at(tmp_path, server, vendor)
        before = (tmp_path / "killed" / "journal.jsonl").read_bytes()
        api.resume(tmp_path / "killed", conduct=Conduct(poll=POLL))
        assert (tmp_path / "killed" / "journal.jsonl").read_bytes().startswith(before)
        whole(tmp_path, server)
    same_as_live(tmp_path, "killed")


@pytest.mark.long
def test_a_submission_that_the_vendor_never_took_is_made_once_more(reference: tuple[str, Path], tmp_path: Path) -> None:
    vendor, uninterrupted = reference
    shutil.copytree(uninterrupted, tmp_path / "live")
    with BatchServer(hold=("create:before", 1), drop=True) as server:
        killed_at(tmp_path, server, vendor)
        server.drop = False
        api.resume(tmp_path / "killed", conduct=Conduct(poll=POLL))
        whole(tmp_path, server)
    same_as_live(tmp_path, "killed")


@pytest.mark.long
def test_a_batch_that_the_vendors_list_does_not_show_at_once_is_found_all_the_same(tmp_path: Path, vendor: str) -> None:
    with BatchServer(hold=("create:after", 1)) as server:
        killed_at(tmp_path, server, vendor)
        server.hide = 1
        api.resume(tmp_path / "killed", conduct=Conduct(poll=6))
        whole(tmp_path, server)


@pytest.mark.long
def test_a_lost_batch_is_told_from_others_of_the_same_size(tmp_path: Path) -> None:
    """Anthropic's batches carry no name of ours: others as large, running and ended, are waited for and left alone."""
    with BatchServer() as server:
        batch_run(tmp_path, server, "openai", name="other")
        server.steps.clear()
        server.hold = ("create:after", 1)
        killed_at(tmp_path, server, "anthropic")
        for number, looks in enumerate((0, 4)):
            requests = [(f"other-{i}", body) for i, (_, body) in enumerate(server.batches[-1].requests)]
            other = MadeBatch(f"msgbatch_other{number}", requests, looks=-looks, status="in_progress")
            server._carry_out(other)
            server.batches.append(other)
        server.paid = Counter({k: n for k, n in server.paid.items() if k in dict(server.batches[2].requests)})
        api.resume(tmp_path / "killed", conduct=Conduct(poll=POLL))
        whole(tmp_path, server)
        adopted = [r for r in records(tmp_path / "killed", "batch") if r.get("adopted")]
        assert [r["id"] for r in adopted] == [server.batches[2].id]


@pytest.mark.long
@pytest.mark.parametrize("made", [True, False])
@pytest.mark.parametrize("how", ["reset", "truncated", "500"])
def test_a_submission_without_a_readable_answer_is_looked_for_before_it_is_made_again(
    tmp_path: Path, vendor: str, made: bool, how: str
) -> None:
    step = "create:after" if made else "create:before"
    with BatchServer(fault=lambda at, nth: how if (at, nth) == (step, 1) else None) as server:
        batch_run(tmp_path, server, vendor, name="killed")
        whole(tmp_path, server)
        assert len(server.batches) == 2


@pytest.mark.long
def test_random_kills_lose_nothing_and_pay_nothing_twice(tmp_path: Path) -> None:
    """One run, killed again and again wherever it happens to be, results half read among the rest."""
    rng = random.Random(3)
    with BatchServer(outcome=lambda i, _, nth: "expired" if nth == 1 and i[-1] in "012" else None) as server:
        process = begun(tmp_path, server, "openai", "-q", n=200)
        while not (tmp_path / "killed" / "journal.jsonl").exists() or not records(tmp_path / "killed", "batch"):
            time.sleep(0.005)  # before that, nothing is asked and there is nothing to resume
        kills = 0
        while kills < 5:
            time.sleep(rng.uniform(0, 0.15))
            if process.poll() is not None:
                break
            process.kill()
            kills += 1
            before = sum(server.steps.values())
            process = Command("resume", tmp_path / "killed", "--out", tmp_path, "-q", first=LOOKING_OFTEN)
            while process.poll() is None and sum(server.steps.values()) <= before:
                time.sleep(0.001)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
        assert kills >= 3
        whole(tmp_path, server)


@pytest.mark.long
@pytest.mark.parametrize("kept", [0, 1, 11.5, ITEMS])
def test_results_that_were_read_in_part_are_read_to_the_end(tmp_path: Path, vendor: str, kept: float) -> None:
    """The journal ends after so many calls of the first batch, or within one, as a process killed there would leave it."""
    with BatchServer() as server:
        live_run(tmp_path, server, vendor)
        batch_run(tmp_path, server, vendor, max_calls=ITEMS)
        file = tmp_path / "batch" / "journal.jsonl"
        lines = file.read_bytes().splitlines(keepends=True)
        first = next(i for i, x in enumerate(lines) if x.startswith(b'{"type":"call"'))
        torn = lines[first + int(kept)][:40] if kept % 1 else b""
        file.write_bytes(b"".join(lines[: first + int(kept)]) + torn)
        api.resume(tmp_path / "batch", conduct=Conduct(poll=POLL, max_calls=9999))
        assert set(server.paid.values()) == {1} and len(server.batches) == 2
    same_as_live(tmp_path)


# What comes back


def records(folder: Path, kind: str) -> list[dict[str, Any]]:
    """The journal's records of a type."""
    lines = (folder / "journal.jsonl").read_text().split("\n")[:-1]
    return [r for r in map(json.loads, lines) if r["type"] == kind]


@pytest.mark.long
@pytest.mark.parametrize(
    "become", [(500, "api_error", "internal"), (529, "overloaded_error", "Overloaded"), "expired", "silent"], ids=str
)
def test_a_fifth_that_fails_at_first_is_asked_again(tmp_path: Path, vendor: str, become: Any) -> None:
    def outcome(custom_id: str, _: dict[str, Any], nth: int) -> Any:
        return become if nth == 1 and int(custom_id[-8:], 16) % 5 == 0 else None

    with BatchServer(outcome=outcome) as server:
        live_run(tmp_path, server, vendor)
        batch_run(tmp_path, server, vendor)
        assert set(server.paid.values()) == {1}
        again = [i for i, n in server.came.items() if n == 2]
        assert len(server.came) / 10 < len(again) < len(server.came) / 3 and max(server.came.values()) == 2
    same_as_live(tmp_path)
    attempts = Counter(c.attempts for c in journal.calls(journal.read(tmp_path / "batch")))
    assert attempts[2] == len(again)


def test_what_keeps_failing_is_a_failed_call_in_the_end_and_what_cannot_pass_at_once(tmp_path: Path, vendor: str) -> None:
    def outcome(custom_id: str, _: dict[str, Any], nth: int) -> Any:
        return {"0": (500, "api_error", "internal"), "1": (400, "invalid_request_error", "no")}.get(custom_id[-1])

    with BatchServer(outcome=outcome) as server:
        report = batch_run(tmp_path, server, vendor)
        for custom_id, times in server.came.items():
            assert times == {"0": 4}.get(custom_id[-1], 1), "asked in four batches at most"
        assert report.status.complete
        assert set(report.status.error_kinds) == {"server_error", "bad_request"}
        again = {i[-1] for i, n in server.came.items() if n == 4}
        server.outcome = lambda *_: None
        assert api.resume(tmp_path / "batch", conduct=Conduct(poll=POLL)).status.errors == 0
        assert again == {"0"} and set(server.paid.values()) == {1}


@pytest.mark.long
@pytest.mark.parametrize(
    ("become", "kind"),
    [((401, "authentication_error", "invalid key"), "auth"), ((402, "billing_error", "no credit"), "quota"), ("cancelled", "")],
    ids=str,
)
def test_what_ends_the_run_leaves_the_rest_of_the_batch_kept(tmp_path: Path, vendor: str, become: Any, kind: str) -> None:
    with BatchServer(outcome=lambda i, _, nth: become if nth == 1 and i[-1] in "0123" else None) as server:
        live_run(tmp_path, server, vendor)
        with pytest.raises(api.RunFailed) as e:
            batch_run(tmp_path, server, vendor)
        assert (e.value.__cause__.kind == kind) if kind else ("cancelled at the vendor" in e.value.message)  # type: ignore[union-attr]
        kept = len(list(journal.calls(journal.read(tmp_path / "batch"))))
        assert kept == sum(server.paid.values()) > 0
        while not (tmp_path / "batch" / "report.json").exists():  # each wave of new calls has some that fail once
            assert len(server.batches) < 8
            with suppress(api.RunFailed):
                api.resume(tmp_path / "batch", conduct=Conduct(poll=POLL))
        assert set(server.paid.values()) == {1}
    same_as_live(tmp_path)


@pytest.mark.long
def test_a_rejected_parameter_is_adapted_once_and_stays_so_over_a_kill(tmp_path: Path, vendor: str) -> None:
    said = "`temperature` is deprecated for this model"

    def outcome(_: str, body: dict[str, Any], nth: int) -> Any:
        return (400, "invalid_request_error", said) if "temperature" in body else None

    with BatchServer(outcome=outcome, hold=("create:after", 3)) as server:
        killed_at(tmp_path, server, vendor)
        report = api.resume(tmp_path / "killed", conduct=Conduct(poll=POLL))
        whole(tmp_path, server)
        assert [len(b.requests) for b in server.batches[:2]] == [ITEMS, ITEMS] and len(server.batches) == 3
    assert f"adapted: temperature -> left out ({report.status.calls} calls)" in report.notes


def test_strictly_a_rejected_parameter_ends_the_run(tmp_path: Path, vendor: str) -> None:
    rejection = (400, "invalid_request_error", "temperature is not supported")
    with (
        BatchServer(outcome=lambda *_: rejection) as server,
        pytest.raises(api.RunFailed, match="the server rejects temperature"),
    ):
        batch_run(tmp_path, server, vendor, strict=True)


@pytest.mark.long
def test_a_parameter_that_the_whole_batch_is_refused_for_is_adapted(tmp_path: Path, vendor: str) -> None:
    error = {"code": "unsupported_parameter", "message": "temperature is not supported", "param": "temperature", "line": 1}
    body = json.dumps({"error": {"type": "invalid_request_error", "message": "params.temperature: not permitted"}}).encode()

    def fault(step: str, nth: int) -> Any:
        return (400, {}, body) if vendor == "anthropic" and (step, nth) == ("create:before", 1) else None

    with BatchServer(refuse=[error], fault=fault) as server:
        batch_run(tmp_path, server, vendor, name="killed")
        whole(tmp_path, server)
        assert all(b"temperature" not in b for b in server.bodies[-5:])


@pytest.mark.long
@pytest.mark.parametrize("largest", [5, 1])
def test_a_batch_that_is_too_large_for_the_account_is_halved_until_it_is_taken(
    tmp_path: Path, vendor: str, largest: int
) -> None:
    with BatchServer(largest=largest, looks=0) as server:
        live_run(tmp_path, server, vendor, n=4 if largest == 1 else ITEMS)
        batch_run(tmp_path, server, vendor, n=4 if largest == 1 else ITEMS)
        taken = [b for b in server.batches if b.status != "failed"]
        assert all(len(b.requests) <= largest for b in taken) and set(server.paid.values()) == {1}
    same_as_live(tmp_path)


def test_a_batch_that_is_refused_ends_the_run_with_the_vendors_reason_and_can_be_resumed(tmp_path: Path) -> None:
    fault = {"code": "model_not_found", "message": f"The model m does not exist, says {KEY}", "line": None, "param": None}
    with BatchServer(refuse=[fault]) as server:
        with pytest.raises(api.RunFailed, match="The model m does not exist, says") as e:
            batch_run(tmp_path, server, "openai", name="killed")
        assert KEY not in str(e.value)
        assert not server.paid and server.files
        api.resume(tmp_path / "killed", conduct=Conduct(poll=POLL))
        whole(tmp_path, server)
        assert server.files, "something failed, so the files stay for who wants to look"


@pytest.mark.long
def test_rows_that_belong_to_no_call_are_ignored_and_counted(tmp_path: Path, vendor: str) -> None:
    def extra(lines: list[bytes]) -> list[bytes]:
        odd = re.sub(rb'"custom_id": "[^"]+"', b'"custom_id": "somebody-elses"', lines[0])
        return [odd, *lines, lines[0], lines[-1], b"{half a line", b"[]"]

    with BatchServer(extra=extra) as server:
        live_run(tmp_path, server, vendor)
        report = batch_run(tmp_path, server, vendor)
    same_as_live(tmp_path)
    counted = {n for n in report.notes if "ignored" in n}
    assert counted == {
        "4 doubled rows in the batches' results, ignored",
        "2 rows with unknown ids in the batches' results, ignored",
        "4 unreadable rows in the batches' results, ignored",
    }


@pytest.mark.long
def test_the_vendor_out_of_reach_while_it_is_waited_for_changes_nothing(tmp_path: Path, vendor: str) -> None:
    broken: dict[int, Any] = {1: "reset", 2: "503", 3: "half-json", 5: (429, {}, b'{"error": {"message": "slow down"}}')}
    with BatchServer(fault=lambda step, nth: broken.get(nth) if step in ("status", "results") and nth < 6 else None) as server:
        live_run(tmp_path, server, vendor)
        batch_run(tmp_path, server, vendor)
        assert set(server.paid.values()) == {1}
    same_as_live(tmp_path)


def test_results_are_split_over_as_many_batches_as_the_limits_ask_for(
    tmp_path: Path, vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = {"openai": OpenAIBatches, "anthropic": AnthropicBatches}[vendor]
    monkeypatch.setattr(kind, "limits", Limits(50, 6000))
    with BatchServer() as server:
        live_run(tmp_path, server, vendor)
        batch_run(tmp_path, server, vendor)
        assert len(server.batches) > 5
        assert all(len(content) <= 6000 for name, content in server.files.values() if name.endswith(".jsonl"))
        assert all(len(b.requests) <= 50 for b in server.batches) and set(server.paid.values()) == {1}
    same_as_live(tmp_path)


# Keys, files, hosts


def test_a_key_that_the_server_repeats_everywhere_is_nowhere_in_what_is_written_or_shown(tmp_path: Path, vendor: str) -> None:
    def outcome(custom_id: str, _: dict[str, Any], nth: int) -> Any:
        return (400, "invalid_request_error", f"bad key {KEY}, {KEY[:14]}…") if custom_id[-1] in "01" else None

    def fault(step: str, nth: int) -> Any:
        slow = (503, {}, json.dumps({"error": {"message": f"upstream said {KEY}"}}).encode())
        return slow if step == "status" and nth == 2 else None

    with BatchServer(lambda body: f"{varied_answer(body)}\n\n(your key is {KEY})", outcome=outcome, fault=fault) as server:
        with begun(tmp_path, server, vendor) as process:
            shown = "".join(process.communicate(timeout=60))
        status = api.load_report(tmp_path / "killed").status  # how many ids end in 0 or 1 differs from run to run
        assert status.errors > 0
        assert process.returncode == (4 if status.errors > 0.05 * status.calls else 0), shown
        assert server.keys == {KEY}
    written = [f.read_text() for f in (tmp_path / "killed").iterdir() if f.is_file()]
    assert any("[key]" in text for text in written)
    for text in (shown, *written):
        assert KEY not in text and KEY[:14] not in text


def test_results_at_another_host_are_not_fetched_there(tmp_path: Path) -> None:
    asked: list[str] = []

    def route(request: Asked) -> Made:
        asked.append(request.path)
        return 200, {}, b""

    with LoopbackServer(route=route) as elsewhere, BatchServer() as server:
        named = [f"{elsewhere.url}/results", server.url.replace("http://", f"http://x@{elsewhere.url[7:-3]}@"), "nonsense"]
        for number, url in enumerate(named):
            server.results_url = url
            batch_run(tmp_path, server, "anthropic", n=3, name=str(number))
    assert not asked


@pytest.mark.long
def test_files_at_the_vendor_are_deleted_after_a_run_without_failures_also_those_of_killed_uploads(tmp_path: Path) -> None:
    with BatchServer(hold=("upload:after", 1)) as server:
        killed_at(tmp_path, server, "openai")
        server.files["file-else"] = ("somebody-elses.jsonl", b"{}")
        assert len(server.files) == 2
        api.resume(tmp_path / "killed", conduct=Conduct(poll=POLL))
        assert list(server.files) == ["file-else"]
        deleted = len(server.deleted)
        api.resume(tmp_path / "killed", conduct=Conduct(poll=POLL))
        assert len(server.deleted) == deleted, "a run that is complete has nothing left to delete"


# Stops and caps


@pytest.mark.long
def test_ctrl_c_leaves_the_batch_at_the_vendor_and_says_so(tmp_path: Path, vendor: str) -> None:
    with BatchServer(looks=10**6) as server:
        with begun(tmp_path, server, vendor) as process:
            while server.steps["status"] < 2:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        assert process.returncode == 130
        assert f"batch {server.batches[0].id} goes on at the vendor" in " ".join(said.split())
        assert f"0 of {ITEMS} done" in said and "next look in" in said
        assert server.batches[0].status in ("in_progress", "validating"), "it was not cancelled"
        server.looks = 1
        done = resumed(tmp_path)
        assert done.returncode == 0, done.stderr
        whole(tmp_path, server)


@pytest.mark.long
def test_a_second_ctrl_c_ends_a_submission_at_once_and_it_is_found_again(tmp_path: Path, vendor: str) -> None:
    with BatchServer(hold=("create:after", 1)) as server:
        with begun(tmp_path, server, vendor, "-q") as process:
            assert server.held.wait(30)
            process.send_signal(signal.SIGINT)
            time.sleep(0.3)
            assert process.poll() is None, "the first one waits for the vendor's answer"
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
        assert process.returncode == 130
        server.let_go()
        api.resume(tmp_path / "killed", conduct=Conduct(poll=POLL))
        whole(tmp_path, server)


@pytest.mark.long
def test_when_its_time_is_up_a_run_stops_looking_and_can_be_resumed(tmp_path: Path, vendor: str) -> None:
    with BatchServer(looks=10**6) as server:
        report = batch_run(tmp_path, server, vendor, name="killed", max_time=0.5)
        assert report.status.cap == "the cap of 0.5 seconds" and not report.status.complete
        server.looks = 0
        assert api.resume(tmp_path / "killed", conduct=Conduct(poll=POLL)).status.complete
        whole(tmp_path, server)


@pytest.mark.long
@pytest.mark.parametrize("caps", [{"max_calls": 60}, {"max_tokens": 6_000}], ids=["calls", "tokens"])
def test_caps_let_whole_conversations_through_and_no_more(tmp_path: Path, vendor: str, caps: dict[str, int]) -> None:
    with BatchServer() as server:
        live_run(tmp_path, server, vendor)
        report = batch_run(tmp_path, server, vendor, **caps)
        assert report.status.cap is not None and not report.status.complete
        assert ITEMS < report.status.calls == sum(server.paid.values())
        assert report.status.calls <= caps.get("max_calls", report.status.calls)
        assert 33 * report.status.calls <= caps.get("max_tokens", 33 * report.status.calls)
        branches = Counter(
            c.spec.conversation for c in journal.calls(journal.read(tmp_path / "batch")) if c.spec.arm != "first"
        )
        assert set(branches.values()) == {6}, "no conversation is left half asked"
        api.resume(tmp_path / "batch", conduct=Conduct(poll=POLL, max_calls=9999))
        assert set(server.paid.values()) == {1}
    same_as_live(tmp_path)


def test_without_room_for_the_first_batch_nothing_is_asked(tmp_path: Path, vendor: str) -> None:
    with BatchServer() as server:
        with pytest.raises(PlanError, match="max-tokens 100: not even the first call fits"):
            batch_run(tmp_path, server, vendor, max_tokens=100)
        assert not server.batches


# Where there is no batch mode


def test_a_backend_without_a_batch_mode_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    write_set(tmp_path / "set", 3)
    with pytest.raises(PlanError, match="--batch: the backend 'sim' has no batch mode; OpenAI and Anthropic have one"):
        api.run(str(tmp_path / "set"), model="sim:", out=tmp_path, conduct=Conduct(batch=True))
    with LoopbackServer() as server, pytest.raises(PlanError, match="has no batch mode"):
        api.run(
            str(tmp_path / "set"), model="openai:m", base_url=server.url, out=tmp_path, name="x", conduct=Conduct(batch=True)
        )
    assert not (tmp_path / "x").exists()


def test_a_sequential_run_cannot_go_in_batches(tmp_path: Path) -> None:
    write_set(tmp_path / "set", 3)
    with BatchServer() as server, pytest.raises(PlanError, match="--batch does not go with --until-decided"):
        api.run(
            str(tmp_path / "set"),
            model="openai:m",
            base_url=server.url,
            until_decided=True,
            rules="net_sycophancy <= 0.1",
            out=tmp_path,
            conduct=Conduct(batch=True),
        )


def test_journals_without_batches_say_so(tmp_path: Path) -> None:
    sample = journal.read(Path(__file__).parent.parent / "reports" / "sample")
    assert journal.batched(sample) == journal.Batched(None) and journal.batch_notes(sample) == []


@pytest.mark.long
def test_a_run_in_batches_is_scored_and_replayed_like_any_other(tmp_path: Path, vendor: str) -> None:
    with BatchServer() as server:
        folder, made = settings(tmp_path, server, vendor)
        live_run(tmp_path, server, vendor)
        batch_run(tmp_path, server, vendor)
    api.score(tmp_path / "batch")
    same_as_live(tmp_path)
    api.run(folder, name="replayed", **made | {"model": f"replay:{tmp_path / 'batch'}", "base_url": None})
    assert rows(tmp_path / "replayed") == rows(tmp_path / "live")


def test_a_batch_can_be_cancelled(tmp_path: Path, vendor: str) -> None:
    """The protocol's `cancel`, which no run uses by itself: what was paid for is never thrown away."""

    async def go(server: BatchServer) -> str:
        backend = open_backend(f"{vendor}:m", BackendOptions(base_url=server.url))
        await backend.start()
        try:
            return (await batches_of(backend, vendor).cancel(server.batches[0].id)).said
        finally:
            await backend.close()

    with BatchServer(looks=10**6) as server:
        batch_run(tmp_path, server, vendor, max_time=0.2)
        assert asyncio.run(go(server)) in ("cancelling", "canceling")
