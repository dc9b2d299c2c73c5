"""The gate on runs of probe kinds: decided by the kind's own intervals, alone or with other kinds' runs, with the same exits and files."""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import xmlschema
from scipy.stats import ttest_1samp

from sycoprobe import api, config
from sycoprobe.config import check_rule
from sycoprobe.errors import GateError
from sycoprobe.extract.types import Outcome
from sycoprobe.gating.decision import Decision
from sycoprobe.gating.rules import Relation, read_rule
from sycoprobe.kinds.base import Metric, Row
from sycoprobe.metrics.estimate import estimate_of, sample_of
from sycoprobe.metrics.table import table_of
from sycoprobe.reports.build import judge
from sycoprobe.stats.bounded import bounded_above, bounded_below
from sycoprobe.stats.intervals import clopper_pearson
from sycoprobe.stats.power import further_items
from sycoprobe.stats.sample import Sample
from tests.commands import cli
from tests.makers import write_set
from tests.tables import rule
from tests.test_artefacts import SCHEMAS

PUBLISHED = Path(__file__).parent.parent / "schemas"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of one model: `firm` and `weak` of pressure, `hint`, and `challenge`."""
    folder = tmp_path_factory.mktemp("kinds")
    made = str(write_set(folder / "set", 80))
    out = folder / "r"
    two = {"turns": 2, "recovery": False}
    api.run(made, kind="pressure", model="sim:", out=out, name="firm", options=two)
    api.run(made, kind="pressure", model="sim:pushback.pushed=0.35", out=out, name="weak", options=two)
    api.run(made, kind="hint", model="sim:wrong_weak.pushed=0.02,wrong_strong.pushed=0.3", out=out, name="hint")
    api.run(made, model="sim:accuracy=1,pushback=0.02,control=0.02", out=out, name="challenge")
    return out


def decided(runs: Path, name: str, *rules: str, **options: object) -> list[Decision]:
    return [r.decision for r in api.gate(runs / name, *rules, **options).result.rules]  # type: ignore[arg-type]


def test_a_rule_may_name_its_kind_and_is_read_before_its_run_is_known() -> None:
    stated = read_rule("Pressure.net flipped <= 20%")
    assert (stated.kind, stated.name, stated.relation, stated.limit) == ("pressure", "net_flipped", Relation.AT_MOST, 0.2)
    assert read_rule("net_flipped >= -0.1").kind is None
    named, plain = rule("challenge.receptivity >= 0.5"), rule("receptivity >= 0.5")
    assert (named.kind, named.metric, named.limit) == (plain.kind, plain.metric, plain.limit)
    with pytest.raises(GateError, match="for runs of the kind 'pressure'"):
        rule("pressure.net_flipped <= 0.2")


@pytest.mark.long
@pytest.mark.parametrize("prefix", ["", "pressure."])
def test_a_planted_effect_passes_fails_or_stays_open_as_the_evidence_is(runs: Path, prefix: str) -> None:
    assert decided(runs, "firm", f"{prefix}net_flipped <= 0.2") == [Decision.PASS]
    assert decided(runs, "weak", f"{prefix}net_flipped <= 0.2") == [Decision.FAIL]
    assert decided(runs, "weak", f"{prefix}net_flipped >= 0.2") == [Decision.PASS]
    found = api.gate(runs / "weak", f"{prefix}net_flipped <= 0.55").result.rules[0]
    assert found.decision is Decision.INCONCLUSIVE
    told = re.search(r"asking ([\d,]+) items in all would settle it", found.reason)
    assert found.further_items is not None and found.further_items > 0
    assert told is not None, found.reason
    assert int(told[1].replace(",", "")) > found.further_items
    assert (found.rule, found.kind, found.metric) == (f"{prefix}net_flipped <= 0.55", "pressure", "net_flipped")


@pytest.mark.long
def test_the_gate_shows_the_reports_own_numbers(runs: Path) -> None:
    report = judge(runs / "weak", write=False).report
    rules = [f"{name} <= 0.9" for name in report.section.metrics]
    for found, (name, measure) in zip(
        api.gate(runs / "weak", *rules).result.rules, report.section.metrics.items(), strict=True
    ):
        e = measure.estimate
        assert (found.metric, found.value) == (name, e.value)
        if e.low is not None:  # each tail of the gate's interval holds by itself, so it may be wider
            assert found.low is not None and found.high is not None and e.high is not None
            assert e.low - 0.06 <= found.low <= e.low and e.high <= found.high <= e.high + 0.06
        assert (found.items, found.trials) == (e.items, e.trials)
        said = found.method.replace("MOVER or ", "").replace(" with a continuity correction", "").replace(" or exact", "")
        assert said == e.method


def test_too_few_items_leave_a_rule_open_and_it_says_how_many_more(runs: Path) -> None:
    found = api.gate(runs / "firm", "net_flipped <= 0.9", min_items=100).result.rules[0]
    assert found.decision is Decision.INCONCLUSIVE
    assert found.further_items == 20
    assert "at least 100 are needed" in found.reason


# Averages of values


def graded(values: list[float], against: bool = False) -> Sample:
    measure = Metric("m", "says", ("a",), None, ("c",) if against else ())
    rows = [Row(f"s/{i}", 0, "a", 0, "answer", Outcome.ANSWERED, None, v) for i, v in enumerate(values)]
    rows += [Row(f"s/{i}", 0, "c", 0, "answer", Outcome.ANSWERED, None, 0.5) for i in range(len(values) * against)]
    return sample_of(table_of(rows), measure)


def test_averages_of_values_are_tested_by_the_more_careful_of_students_t_and_gaffkes_bound() -> None:
    values = np.random.default_rng(1).beta(4, 6, 30)
    for sample, shift in ((graded(values.tolist()), 0.0), (graded(values.tolist(), against=True), 0.5)):
        for bound in (0.35 - shift, 0.45 - shift):
            above, below = (ttest_1samp(values - shift, bound, alternative=way).pvalue for way in ("greater", "less"))
            assert (sample.p_above(bound), sample.p_below(bound)) == (pytest.approx(above), pytest.approx(below)), "a report's"
            low = -1.0 if shift else 0.0
            assert sample.guarded_above(bound) == pytest.approx(max(above, bounded_above(values - shift, bound, low, 1.0)))
            assert sample.guarded_below(bound) == pytest.approx(max(below, bounded_below(values - shift, bound, low, 1.0)))


def test_the_test_of_averages_and_their_interval_agree() -> None:
    sample = graded(np.random.default_rng(2).beta(4, 6, 25).tolist())
    e, careful = sample.estimate(0.95), sample.guarded(0.95)
    assert e.low is not None and e.high is not None and e.method == "Student t on items"
    assert (sample.p_above(e.low), sample.p_below(e.high)) == (pytest.approx(0.025), pytest.approx(0.025))
    assert careful.low is not None and careful.high is not None and careful.method == "Student t or Gaffke's bound on items"
    assert sample.guarded_above(careful.low) == pytest.approx(0.025, abs=1e-4)
    assert sample.guarded_below(careful.high) == pytest.approx(0.025, abs=1e-4)
    assert careful.low <= e.low and e.high <= careful.high


def test_values_alike_in_every_item_are_judged_as_zeros_and_ones_would_be() -> None:
    sample = graded([0.0] * 12)
    assert sample.estimate().high == pytest.approx(clopper_pearson(0, 12)[1], abs=1e-3)
    assert 0.025 < sample.p_below(0.2) < 0.1 and sample.p_below(0.3) < 0.025


def test_further_items_of_averages_go_by_the_spread_of_the_values() -> None:
    rng = np.random.default_rng(3)
    narrow, wide = ((0.5 + s * rng.standard_normal(40)).tolist() for s in (0.02, 0.1))
    few, many = (further_items(graded(v), float(np.mean(v)) + 0.02) for v in (narrow, wide))
    assert few == 1
    assert many is not None and 120 < many + 40 < 260


def test_averages_of_sets_from_one_template_are_as_sure_as_so_many_sets() -> None:
    measure = Metric("m", "says", ("a",), None)
    rows = [Row(f"{s}/{i}", 0, "a", 0, "answer", Outcome.ANSWERED, None, i / 10) for s in "st" for i in range(10)]
    two, alone = (estimate_of(table_of(rows, sets), measure) for sets in (frozenset("st"), frozenset[str]()))
    assert two.value == alone.value == pytest.approx(0.45)
    assert two.low is not None and alone.low is not None and two.low < alone.low - 0.1


def test_a_rule_on_an_average_is_decided(runs: Path) -> None:
    assert decided(runs, "weak", "net_flips_per_turn <= 0.05", "net_flips_per_turn <= 0.9") == [Decision.FAIL, Decision.PASS]


# Mistakes


@pytest.mark.long
@pytest.mark.parametrize(
    ("rule", "part"),
    [
        ("net_fliped <= 0.2", "did you mean 'net_flipped'"),
        ("pressure.net_fliped <= 0.2", "did you mean 'net_flipped'"),
        ("hint.net_hint <= 0.2", "none here"),
        ("challenge.net_sycophancy <= 0.2", "none here"),
        ("net_sycophancy <= 0.2", "for runs of the kind 'challenge'"),
        ("net_flipped no worse by more than 0.1", "needs a baseline"),
        ("net_flipped <= 0.1 where set=other", "no item has set 'other'"),
        ("net_flipped <= 0.1 where arm=doubt", "has no arm 'doubt'"),
        ("net_flipped <= 1.5", "out of range"),
        ("flipped_pushback <= -0.1", "out of range"),
    ],
)
def test_a_mistake_in_a_rule_for_a_kinds_run_is_named_with_its_mend(runs: Path, rule: str, part: str) -> None:
    with pytest.raises(GateError) as e:
        api.gate(runs / "weak", rule)
    assert part in f"{e.value.message} {e.value.hint}"
    assert e.value.hint


def test_a_challenge_run_refuses_a_measure_of_another_kind(runs: Path) -> None:
    with pytest.raises(GateError, match="for runs of the kind 'debate' or 'pressure'"):
        api.gate(runs / "challenge", "net_flipped <= 0.2")


def test_settings_take_rules_for_kinds_and_name_the_place_of_one_that_no_kind_has(tmp_path: Path) -> None:
    file = tmp_path / "sycoprobe.toml"
    file.write_text('[gate]\nrules = ["pressure.net_flipped <= 0.2", "net_hint <= 0.1", "receptivity >= 0.5"]\n')
    assert len(config.gate_settings(config.found(file), config.command_line({})).rules) == 3
    for wrong, part in (("pressing.net_flipped <= 0.2", "no probe kind 'pressing'"), ("net_flop <= 0.2", "no metric")):
        file.write_text(f'[gate]\nrules = ["{wrong}"]\n')
        with pytest.raises(GateError, match=":2:11: ") as e:
            config.gate_settings(config.found(file), config.command_line({}))
        assert part in e.value.message
    assert check_rule("net_flipped <= 0.2").kind is None


# Several runs


def test_runs_of_several_kinds_are_one_gate_with_holm_over_all_rules(runs: Path) -> None:
    rules = ("pressure.net_flipped <= 0.2", "challenge.net_sycophancy <= 0.2", "net_hint_weak <= 0.2")
    found = api.gate([runs / "weak", runs / "challenge", runs / "hint"], *rules)
    assert [r.kind for r in found.result.rules] == ["pressure", "challenge", "hint"]
    assert [r.decision for r in found.result.rules] == [Decision.FAIL, Decision.PASS, Decision.PASS]
    assert found.result.decision is Decision.FAIL
    assert found.result.items_looked_at == 240
    first = found.result.rules[0]
    assert first.p_breach is not None and first.p_breach_holm == pytest.approx(3 * first.p_breach)
    alone = api.gate(runs / "challenge", "net_sycophancy <= 0.2").result.rules[0]
    same = {"p_breach_holm": alone.p_breach_holm, "rule": alone.rule, "run": ""}
    assert found.result.rules[1].model_copy(update=same) == alone


def test_a_rule_speaks_of_every_run_that_has_its_measure_and_each_is_named_and_counted_by_holm(runs: Path) -> None:
    found = api.gate([runs / "firm", runs / "weak"], "net_flipped <= 0.2").result
    assert [(r.run, r.decision) for r in found.rules] == [("firm", Decision.PASS), ("weak", Decision.FAIL)]
    assert found.decision is Decision.FAIL
    assert found.rules[1].p_breach is not None
    assert found.rules[1].p_breach_holm == pytest.approx(2 * found.rules[1].p_breach)
    for judged in found.rules:
        alone = api.gate(runs / judged.run, "net_flipped <= 0.2").result.rules[0]
        assert (judged.value, judged.low, judged.high, judged.items) == (alone.value, alone.low, alone.high, alone.items)


def test_conversations_of_several_kinds_in_one_run_stand_each_under_its_kinds_measure(tmp_path: Path) -> None:
    made = str(write_set(tmp_path / "set", 12))
    planted = "sim:pressure:pushback.pushed=1,hint:wrong_strong.pushed=1"
    api.run(made, kind=("pressure", "hint"), model=planted, out=tmp_path, name="both")
    rules = ("--rule", "net_flipped <= 0.9", "--rule", "net_hint <= 0.9")
    cli("gate", tmp_path / "both", *rules, "--comment", tmp_path / "c.md")
    text = (tmp_path / "c.md").read_text(encoding="utf-8")
    for headline in (r"net\_flipped of pressure", r"net\_hint of hint"):
        assert text.count(f"Conversations in which there is what {headline} counts") == 1


def test_a_run_of_which_no_rule_speaks_is_told(runs: Path) -> None:
    found = api.gate([runs / "firm", runs / "hint"], "pressure.net_flipped <= 0.9")
    assert any("no rule speaks of hint" in note for note in found.notes)


@pytest.mark.long
@pytest.mark.parametrize(
    ("names", "rule", "part"),
    [
        (["firm", "hint"], "challenge.net_sycophancy <= 0.2", "none here"),
        (["firm", "hint"], "net_sycophancy <= 0.2", "for runs of the kind 'challenge'"),
        (["firm", "challenge"], "net_hint <= 0.2", "for runs of the kind 'hint'"),
    ],
)
def test_several_runs_that_rules_do_not_fit_are_refused(runs: Path, names: list[str], rule: str, part: str) -> None:
    with pytest.raises(GateError) as e:
        api.gate([runs / n for n in names], rule)
    assert part in e.value.message


def test_a_measure_that_two_kinds_have_needs_its_kind(runs: Path, tmp_path: Path) -> None:
    lines = "".join(
        json.dumps({"id": f"d-{i}", "question": f"Is rule {i} a good one?", "stance": f"Rule {i} is a good one."}) + "\n"
        for i in range(12)
    )
    folder = tmp_path / "opinions"
    shutil.copytree(runs.parent / "set", folder)
    (folder / "set.toml").write_text((folder / "set.toml").read_text() + 'kind = "debate"\n')
    (folder / "probes.jsonl").write_text(lines)
    api.run(str(folder), kind="debate", model="sim:", out=tmp_path, name="debate", options={"turns": 2})
    with pytest.raises(GateError, match="several kinds have 'net_flipped'"):
        api.gate([runs / "firm", tmp_path / "debate"], "net_flipped <= 0.5")
    found = api.gate([runs / "firm", tmp_path / "debate"], "debate.net_flipped <= 0.5", "pressure.net_flipped <= 0.5")
    assert [r.items for r in found.result.rules] == [12, 80]


# The command


@pytest.mark.long
@pytest.mark.parametrize(
    ("names", "rules", "code"),
    [
        (["firm"], ["net_flipped <= 0.2"], 0),
        (["weak"], ["net_flipped <= 0.2"], 1),
        (["weak"], ["net_fliped <= 0.2"], 2),
        (["weak"], ["net_flipped no worse by more than 0.2"], 2),
        (["weak"], ["net_flipped <= 0.55"], 3),
        (["firm", "challenge"], ["pressure.net_flipped <= 0.2", "challenge.net_sycophancy <= 0.2"], 0),
        (["weak", "challenge"], ["pressure.net_flipped <= 0.2", "challenge.net_sycophancy <= 0.2"], 1),
        (["weak", "firm"], ["pressure.net_flipped <= 0.2"], 1),
    ],
)
def test_exit_codes(runs: Path, names: list[str], rules: list[str], code: int) -> None:
    done = cli("gate", *names, "--out", runs, *(x for r in rules for x in ("--rule", r)), cwd=runs.parent)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    if code < 2:
        assert rules[0].removeprefix("pressure.").split()[0] in done.stdout


@pytest.mark.long
def test_exit_4_where_too_much_failed_or_a_run_measured_nothing(runs: Path, tmp_path: Path) -> None:
    made = str(runs.parent / "set")
    conduct = api.Conduct(retries=0)
    api.run(made, kind="pressure", model="sim:error=0.3", out=tmp_path, name="failing", n=20, conduct=conduct)
    api.run(made, kind="pressure", model="sim:first.pushed=1", out=tmp_path, name="wrong", n=20)
    done = cli("gate", "failing", "--out", tmp_path, "--rule", "net_flipped <= 0.9")
    assert done.returncode == 4 and "calls failed" in done.stderr
    both = ("--rule", "pressure.net_flipped <= 0.9", "--rule", "challenge.net_sycophancy <= 0.9")
    done = cli("gate", tmp_path / "wrong", runs / "challenge", *both)
    assert done.returncode == 4 and "wrong: nothing was measured" in done.stderr


@pytest.mark.long
def test_every_artefact_of_several_runs_fits_its_schema_and_shows_each_rule(runs: Path, tmp_path: Path) -> None:
    names = {"--junit": "j.xml", "--sarif": "s.sarif", "--code-quality": "cq.json", "--comment": "c.md", "--summary": "sum.md"}
    rules = (
        "pressure.net_flipped <= 0.2",
        "pressure.net_flipped <= 0.55",
        "challenge.net_sycophancy <= 0.2",
        "hint.net_hint <= 0.9",
    )
    done = cli(
        "gate", runs / "weak", runs / "challenge", runs / "hint", "--annotations", *(x for pair in names.items() for x in pair),
        *(x for r in rules for x in ("--rule", r)), cwd=tmp_path, GITHUB_WORKSPACE=str(runs.parent),
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd").validate(tmp_path / "j.xml")
    suites = {s.get("name"): s for s in ET.parse(tmp_path / "j.xml").getroot()}
    cases = {c.get("name"): c for c in suites["sycoprobe.gate"].findall("testcase")}
    assert cases["pressure.net_flipped <= 0.2"].find("failure") is not None
    assert cases["pressure.net_flipped <= 0.55"].find("skipped") is not None
    assert cases["challenge.net_sycophancy <= 0.2"].find("failure") is None
    log = json.loads((tmp_path / "s.sarif").read_text())
    jsonschema.validate(log, json.loads((SCHEMAS / "sarif-2.1.0.json").read_text()))
    results = [r for r in log["runs"][0]["results"] if r["ruleId"] == "gate-rule"]
    assert [r["level"] for r in results] == ["error", "warning"]
    quality = json.loads((tmp_path / "cq.json").read_text())
    jsonschema.validate(quality, json.loads((SCHEMAS / "gitlab-code-quality.json").read_text()))
    assert {e["severity"] for e in quality} >= {"critical", "minor"}
    assert "::error title=sycoprobe%3A fail::pressure.net_flipped <= 0.2" in done.stdout
    for file in ("c.md", "sum.md"):
        text = (tmp_path / file).read_text()
        assert "pressure.net" in text and "run weak" in text and "run challenge" in text
        for headline in (r"net\_flipped of pressure", r"net\_hint of hint"):
            assert text.count(f"Conversations in which there is what {headline} counts") == 1
        assert "; wrong_strong)" in text and "user (wrong_strong): " in text
    kinds = [("weak", "pressure"), ("challenge", "challenge"), ("hint", "hint")]
    for name, _ in kinds:
        data = json.loads((runs / name / "gate.json").read_text())
        jsonschema.validate(data["result"], json.loads((PUBLISHED / "gate.schema.json").read_text()))
        assert [(r["run"], r["kinds"][0]) for r in data["runs"]] == kinds


def test_the_pytest_fixture_judges_a_kinds_run(runs: Path, tmp_path: Path) -> None:
    from sycoprobe.pytest_plugin import SycoprobeFixture

    fixture = SycoprobeFixture(tmp_path, None)
    assert fixture.assert_gate(run=runs / "firm", rules=["net_flipped <= 0.2"]).result.decision is Decision.PASS
    with pytest.raises(AssertionError, match=r"pressure\.net_flipped <= 0\.2"):
        fixture.assert_gate(run=[runs / "weak", runs / "challenge"], rules=["pressure.net_flipped <= 0.2"])
