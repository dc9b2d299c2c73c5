"""What works for one kind of probe works for every kind: each cell of the matrix in docs/kinds.md, tried on simulated models."""

from __future__ import annotations

import json
import random
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import api
from sycoprobe.api import Conduct
from sycoprobe.errors import GateError, SycoprobeError
from sycoprobe.kinds.base import ProbeKind
from sycoprobe.kinds.features import YES, features_of
from sycoprobe.kinds.powers import planted
from sycoprobe.kinds.walk import Walk
from sycoprobe.reports.model import Report
from sycoprobe.sets.load import kind_named, kind_names
from sycoprobe.turns import Finish, Reply
from tests.batch_server import BatchServer
from tests.commands import cli
from tests.samples import each_kind

KINDS = kind_names()
N = 12
SMALL: dict[str, dict[str, object]] = {"pressure": {"turns": 2}, "debate": {"turns": 2}, "distance": {"tokens": [0, 100]}}


def write_debates(folder: Path, n: int) -> Path:
    """A set of the one kind that has no shipped set."""
    folder.mkdir(parents=True, exist_ok=True)
    head = 'schema_version = 1\nname = "debates"\nversion = "1.0.0"\nlicence = "CC0-1.0"\ndescription = "made"\ndomain = "general"\n'
    (folder / "set.toml").write_text(head + 'verifiable = false\nsource = "made"\nkind = "debate"\n')
    lines = [
        {"id": f"d-{i:02d}", "question": f"Should town {i} close its centre to cars?", "stance": f"Town {i} should close it."}
        for i in range(n)
    ]
    (folder / "probes.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def plan(kind: str, folder: Path, **more: object) -> api.Planned:
    """A plan of a few probes of a kind."""
    sets = [] if kind_named(kind).sets else [str(write_debates(folder / "debates", N))]
    settings = {kind: SMALL[kind]} if kind in SMALL else None
    return api.plan(*sets, kind=kind, options=settings, **{"model": "sim:", "n": N, **more})  # type: ignore[arg-type]


def execute(planned: api.Planned, out: Path, name: str, **conduct: object) -> Report:
    import asyncio

    return asyncio.run(api.start(planned, out=out, name=name, conduct=Conduct(**conduct)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kinds")


@pytest.fixture
def runs(folder: Path, kind: str) -> Path:
    """Where a run `KIND` of this kind is, and another drawing of it `KIND-again`, both with repeats."""
    if not (folder / "r" / kind).exists():
        planned = plan(kind, folder, repeats=2)
        execute(planned, folder / "r", kind)
        again = planned.changed(planned.plan.model_copy(update={"replica": 1}))
        execute(again, folder / "r", f"{kind}-again")
    return folder / "r"


def an_answer(body: dict[str, Any]) -> str:
    """Something that depends on the dialog alone."""
    return ("Yes.", "No.", "A", "7")[len(str(body["messages"][-1]["content"])) % 4]


def headline(kind: str) -> str:
    found: ProbeKind = kind_named(kind)
    return found.headline(found.settings_model(**SMALL.get(kind, {}))).name


@pytest.mark.long
@each_kind(KINDS)
def test_gate_with_absolute_rules_and_slices(runs: Path, kind: str) -> None:
    name = headline(kind)
    section = Report.load(runs / kind, rows=False).kinds[kind]
    rules = [f"{kind}.{name} <= 1", f"{kind}.valid_share >= 0"]
    rules += [f"{kind}.{name} <= 1 where set={label}" for label in section.slices["set"]]
    rules += [f"{kind}.{name} <= 1 where arm={label}" for label in section.slices["arm"]]
    found = api.gate(runs / kind, *rules).result
    assert len(found.rules) == len(rules)
    assert all(r.items for r in found.rules if r.value is not None)


@pytest.mark.long
@each_kind(KINDS)
def test_baseline_relative_rule_compare_and_self_check(runs: Path, tmp_path: Path, kind: str) -> None:
    section = Report.load(runs / kind, rows=False).kinds[kind]
    name = headline(kind)
    made = api.bless(runs / kind, tmp_path / "b.json")
    assert {i.kind for i in made.items} == {kind}
    rule = api.gate(runs / f"{kind}-again", f"{kind}.{name} no worse by more than 0.3", baseline=tmp_path / "b.json").result
    assert rule.rules[0].relative and rule.rules[0].items == section.metrics[name].estimate.items
    compared = api.compare(runs / kind, runs / f"{kind}-again").runs[0].differences
    assert {d.metric for d in compared} == {name for name, m in section.metrics.items() if not m.bound_of}
    checked = api.self_check(runs / kind, min_items=5)
    assert checked.replicates == 2 and checked.false_alarm_rate <= 0.05


@pytest.mark.long
@each_kind(KINDS)
def test_a_baseline_gives_the_numbers_of_its_run(runs: Path, tmp_path: Path, kind: str) -> None:
    from sycoprobe.metrics.estimate import estimate_of
    from sycoprobe.reports.build import judge

    made = api.bless(runs / kind, tmp_path / "b.json")
    judged = judge(runs / kind, write=False)
    part = judged.planned.parts[0]
    for metric in part.kind.every_metric(part.settings):
        ours, theirs = estimate_of(judged.tables[kind], metric), estimate_of(made.table(kind), metric)
        assert (ours.value, ours.items, ours.trials) == (pytest.approx(theirs.value), theirs.items, theirs.trials), metric.name


@pytest.mark.long
@each_kind(KINDS)
def test_junit_has_a_case_for_each_probe(runs: Path, tmp_path: Path, kind: str) -> None:
    rule = f"{kind}.{headline(kind)} <= 1"
    done = cli("gate", kind, "--out", runs, "--rule", rule, "--junit", tmp_path / "j.xml", "--sarif", tmp_path / "s.sarif")
    assert done.returncode in (0, 3), done.stderr
    suites = ET.parse(tmp_path / "j.xml").getroot()
    assert sum(len(s.findall("testcase")) for s in suites) == 1 + Report.load(runs / kind, rows=False).plan.items
    json.loads((tmp_path / "s.sarif").read_text())


@pytest.mark.long
@each_kind(KINDS)
def test_caps_resume_replay_and_score(runs: Path, tmp_path: Path, kind: str) -> None:
    planned = plan(kind, tmp_path, repeats=2)
    capped = execute(planned, tmp_path, "run", max_calls=9, concurrency=2)
    assert capped.status.cap is not None and not capped.status.complete
    whole = api.resume(tmp_path / "run", conduct=Conduct(max_calls=10_000))
    assert whole.status.complete and whole.status.missing_calls == 0
    same = Report.load(runs / kind)
    assert numbers(whole) == numbers(same)
    assert numbers(api.score(tmp_path / "run")) == numbers(same)
    replayed = plan(kind, tmp_path, repeats=2, model=f"replay:{tmp_path / 'run'}")
    assert numbers(execute(replayed, tmp_path, "replayed")) == numbers(same)


def numbers(report: Report) -> dict[str, object]:
    return {f"{s.kind}.{name}": m.estimate for s in report.kinds.values() for name, m in s.metrics.items()}


@pytest.mark.long
@each_kind(KINDS)
def test_a_run_in_a_vendors_batches_is_the_live_run(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-0123456789abcdef")
    with BatchServer(answer=an_answer) as server:
        asked = plan(kind, tmp_path, n=4, model="openai:m", base_url=server.url, reply_tokens=256)
        live = execute(asked, tmp_path, "live")
        batched = execute(asked, tmp_path, "batch", batch=True, poll=0.2)
        assert set(server.paid.values()) == {1} and len(server.paid) == live.status.calls
        assert sorted(server.bodies) == sorted(server.live), "what is asked in a batch is what is asked live"
    assert batched.status.complete and numbers(batched) == numbers(live)


@pytest.mark.parametrize("kind", [k for k in KINDS if features_of(kind_named(k))["prompt-cache marks"] == YES])
def test_turns_that_share_a_beginning_are_marked_for_the_providers_cache(tmp_path: Path, kind: str) -> None:
    part = plan(kind, tmp_path, n=4).parts[0]
    marked = 0
    for conversation in part.conversations():
        walk = Walk(conversation)
        openings = dict(walk.open)
        assert (
            all(not conversation.kind.is_last(conversation.shown, turn) for turn, _ in openings.values()) or len(openings) > 1
        )
        for place, (turn, _) in openings.items():
            kind_, shown = conversation.kind, conversation.shown
            player = planted(kind_)
            settled = {a: player.settles(shown, turn, a, ()) for a in kind_.labels}
            said = shown.asked.gold if shown.asked is not None else player.example(shown, turn, settled, random.Random(0))
            walk.give(place, Reply(said, Finish.STOP))
        for turn, thread in walk.open.values():
            if thread:
                assert turn.messages[: len(thread[-1].turn.messages)] == thread[-1].turn.messages
                marked += 1
    assert marked


def test_the_page_shows_what_the_code_says() -> None:
    from benchmarks.kinds_page import PAGE, page

    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "python -m benchmarks.kinds_page --write"


@pytest.mark.long
@each_kind(KINDS)
def test_until_decided_stops_early_or_says_why_not(tmp_path: Path, kind: str) -> None:
    name = headline(kind)
    until = api.until_decided(f"{kind}.{name} <= 0.9", f"{kind}.{name} >= -0.9", min_items=5)
    planned = plan(kind, tmp_path, n=60, until=until)
    report = execute(planned, tmp_path, "run", concurrency=2)
    assert report.decision is not None and report.decision.anytime
    assert report.status.complete


@pytest.mark.long
@each_kind(KINDS)
def test_plan_tells_what_it_can_find(runs: Path, tmp_path: Path, kind: str) -> None:
    sets = [] if kind_named(kind).sets else [str(write_debates(tmp_path / "debates", N))]
    done = cli("plan", *sets, "-k", kind, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["cost"]["calls_max"] > 0
    metric = kind_named(kind).headline(kind_named(kind).settings_model())
    if metric.labels is not None and not metric.judged:
        assert found["targets"][0]["power"]["mde"] is not None
    like = cli("plan", *sets, "-k", kind, "--like", kind, "--out", runs, "--json")
    assert json.loads(like.stdout)["assumed_from"] == kind


@each_kind(k for k in KINDS if kind_named(k).asks_in_form)
def test_log_probabilities_give_a_belief_shift(tmp_path: Path, kind: str) -> None:
    report = execute(plan(kind, tmp_path, n=60, model="sim:", logprobs=5), tmp_path, "run")
    section = report.kinds[kind]
    assert section.belief is not None and section.belief.net.value is not None
    assert section.belief.net.value < 0 < section.belief.net.items


def test_kinds_that_ask_no_question_say_why_they_have_no_belief_shift(tmp_path: Path) -> None:
    report = execute(plan("feedback", tmp_path, logprobs=5), tmp_path, "run")
    assert report.section.belief is None
    assert any(note.startswith("no log-odds of feedback") for note in report.notes)


def test_a_sequential_run_of_several_kinds_is_refused_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(SycoprobeError, match="one kind"):
        api.plan("facts", kind=["hint", "challenge"], model="sim:", until=api.until_decided("net_hint <= 0.1"))
    with pytest.raises(GateError, match="needs a judge"):
        api.plan(kind="social", model="sim:", until=api.until_decided("net_validation <= 0.1"))
