"""What SARIF and JUnit say of a gate: every rule that is not kept, at its level, with its figures and its place; nothing else."""

from __future__ import annotations

import hashlib
import json
import shutil
import xml.etree.ElementTree as ET
from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from sycoprobe import api
from sycoprobe.gating.decision import Decision
from sycoprobe.reports.codequality import to_code_quality
from sycoprobe.reports.findings import Gated
from sycoprobe.reports.junit import to_junit
from sycoprobe.reports.sarif import to_sarif
from sycoprobe.sets.load import shipped_root
from tests.makers import sim_run, write_set

WEAK = "accuracy=1,pushback=0.5,control=0"
BROKEN, OPEN, KEPT = "net_sycophancy <= 0.05", "net_sycophancy <= 0.45 where kind=doubt", "valid_share >= 0.5"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@cache
def made(behaviour: str) -> TemporaryDirectory[str]:
    """A run of this behaviour, made once for all tests here."""
    folder = TemporaryDirectory()
    sim_run(Path(folder.name), 40, behaviour)
    return folder


def gated(folder: Path, *rules: str, behaviour: str = WEAK) -> Gated:
    if not (folder / "reports").exists():
        shutil.copytree(made(behaviour).name, folder, dirs_exist_ok=True)
    return api.gate(folder / "reports" / "run", *rules)


def results(found: Gated, rule: str) -> list[dict[str, Any]]:
    return [r for r in json.loads(to_sarif(found))["runs"][0]["results"] if r["ruleId"] == rule]


def test_a_broken_rule_is_an_error_an_open_one_a_warning_and_a_kept_one_is_not_there(folder: Path) -> None:
    sim_run(folder, 40, WEAK)  # here, since it is here that its set is told from
    found = gated(folder, BROKEN, OPEN, KEPT)
    assert [r.decision for r in found.result.rules] == [Decision.FAIL, Decision.INCONCLUSIVE, Decision.PASS]
    rules = results(found, "gate-rule")
    assert [r["level"] for r in rules] == ["error", "warning"]
    for result, rule in zip(rules, found.result.rules, strict=False):
        said = result["message"]["text"]
        assert said.startswith(f"{rule.rule}: ") and f"{rule.items} items" in said and rule.reason in said
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"] == {"uri": "set-40/set.toml", "uriBaseId": "SRCROOT"}
        assert place["region"] == {"startLine": 1}


def test_findings_are_warnings_in_a_gate_that_failed_and_notes_in_one_that_did_not(folder: Path) -> None:
    for rules, level in (((BROKEN,), "warning"), ((OPEN, KEPT), "note"), ((KEPT,), "note")):
        found = gated(folder, *rules)
        flips = results(found, "finding")
        assert {r["level"] for r in flips} == {level}
        assert len(flips) == len(found.occurred) > 10
        for result, finding in zip(flips, found.occurred, strict=True):
            assert result["message"]["text"] == f"{finding.item}: {finding.says}. {finding.question}"


def test_each_result_names_its_rule_by_id_and_index(folder: Path) -> None:
    run = json.loads(to_sarif(gated(folder, BROKEN, OPEN)))["runs"][0]
    ids = [r["id"] for r in run["tool"]["driver"]["rules"]]
    assert sorted(ids) == ["finding", "gate-rule"]
    assert all(ids[r["ruleIndex"]] == r["ruleId"] for r in run["results"])
    assert run["automationDetails"]["id"].startswith("sycoprobe/") and run["automationDetails"]["id"].endswith("/run")
    assert run["columnKind"] == "unicodeCodePoints"


def test_own_sets_are_told_from_the_checkout_and_shipped_ones_from_their_own_folder(folder: Path) -> None:
    api.run("facts", model=f"sim:{WEAK}", n=12, out=folder / "reports", name="run")
    found = gated(folder, BROKEN)
    run = json.loads(to_sarif(found))["runs"][0]
    bases = {name: base["uri"] for name, base in run["originalUriBaseIds"].items()}
    assert bases == {"SRCROOT": f"{folder.as_uri()}/", "SYCOPROBESETS": f"{shipped_root().resolve().as_uri()}/"}
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert place["uriBaseId"] == "SYCOPROBESETS"
        assert (shipped_root() / place["uri"]).is_file()


@pytest.mark.long
def test_fingerprints_stay_with_what_they_are_of(folder: Path) -> None:
    def prints(*rules: str) -> dict[str, str]:
        return {
            r["message"]["text"].partition(":")[0]: r["partialFingerprints"]["sycoprobe/v1"]
            for rule in ("gate-rule", "finding")
            for r in results(gated(folder, *rules), rule)
        }

    one, two = prints(BROKEN, OPEN), prints(BROKEN)
    assert {name: one[name] for name in two} == two
    assert len(set(one.values())) == len(one)
    rule = found_print("gate-rule", BROKEN)
    assert one[BROKEN] == rule, "and from version to version: else every alert would be opened anew"


def found_print(rule: str, key: str) -> str:
    """The fingerprint of a result as it has been since the first version."""
    return hashlib.sha256(f"{rule}\0{key}".encode()).hexdigest()[:32]


def test_a_message_holds_no_link_and_no_placeholder(folder: Path) -> None:
    found = gated(folder, BROKEN)
    evil = found.result.model_copy(
        update={"rules": (found.result.rules[0].model_copy(update={"reason": "see [x](y) {0}\\\nnext"}),)}
    )
    said = results(Gated(evil, found.runs), "gate-rule")[0]["message"]["text"]
    assert said.endswith(r"see \[x\](y) {{0}}\\ next")


def suites(found: Gated) -> dict[str, ET.Element]:
    return {s.get("name", ""): s for s in ET.fromstring(to_junit(found))}


def test_a_junit_suite_counts_its_own_cases(folder: Path) -> None:
    found = gated(folder, BROKEN, OPEN, KEPT)
    root = ET.fromstring(to_junit(found))
    for suite in root:
        tags = Counter(child.tag for case in suite.findall("testcase") for child in case)
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == tuple(
            str(tags[t]) for t in ("failure", "error", "skipped")
        )
        properties = {p.get("name"): p.get("value") for p in suite.iter("property")}
        assert properties == {"model": f"sim:{WEAK}", "run": "run", "decision": "fail"}
    for name in ("tests", "failures", "errors"):
        assert root.get(name) == str(sum(int(s.get(name, "")) for s in root))
    gate = suites(found)["sycoprobe.gate"]
    assert (gate.get("tests"), gate.get("failures"), gate.get("skipped")) == ("3", "1", "1")


def test_junit_says_of_each_rule_what_the_gate_says(folder: Path) -> None:
    found = gated(folder, BROKEN, OPEN, KEPT)
    cases = {c.get("name"): c for c in suites(found)["sycoprobe.gate"].findall("testcase")}
    for rule in found.result.rules:
        case = cases[rule.rule]
        said = case.findtext("system-out") or ""
        assert f"{rule.items} items: {rule.reason}" in said
        failure, skipped = case.find("failure"), case.find("skipped")
        assert (failure is not None) == (rule.decision is Decision.FAIL)
        assert (skipped is not None) == (rule.decision is Decision.INCONCLUSIVE)
        if failure is not None:
            assert failure.get("message") == failure.text == said
            assert failure.get("type") == "rule broken"
        if skipped is not None:
            assert skipped.get("message") == f"inconclusive: {said}"


def test_probes_fail_in_junit_only_if_the_gate_did(folder: Path) -> None:
    for rules, failing in (((BROKEN,), True), ((KEPT,), False)):
        found = gated(folder, *rules)
        cases = {c.get("name"): c for c in suites(found)["sycoprobe.made"].findall("testcase")}
        assert {c.get("classname") for c in cases.values()} == {"sycoprobe.made"}
        flipped = {f.item.partition("/")[2]: f for f in found.occurred}
        assert {name for name, c in cases.items() if c.find("failure") is not None} == (set(flipped) if failing else set())
        for name, finding in flipped.items() if failing else ():
            failure = cases[name].find("failure")
            assert failure is not None and failure.get("message") == finding.says
            assert f"set-40/probes.jsonl:{finding.place.line}: " in (failure.text or "")


def test_a_probe_that_nobody_answered_is_an_error_and_one_that_could_not_be_read_is_skipped(folder: Path) -> None:
    made = str(write_set(folder / "six", 6))
    for behaviour, tag in (("error=1", "error"), ("refuse=1", "skipped")):
        api.run(made, model=f"sim:{behaviour}", out=folder / "r", name=tag, conduct=api.Conduct(retries=0))
        found = api.gate(folder / "r" / tag, KEPT)
        cases = suites(found)["sycoprobe.made"].findall("testcase")
        assert len(cases) == 6 and all(c.find(tag) is not None for c in cases)


def test_code_quality_is_critical_for_a_broken_rule(folder: Path) -> None:
    found = gated(folder, BROKEN, OPEN, KEPT)
    entries = json.loads(to_code_quality(found))
    severities = Counter(e["severity"] for e in entries)
    assert severities["critical"] == 1
    assert sum(severities.values()) == 2 + len(found.occurred)


def test_a_probe_without_a_flip_passes_in_junit_and_says_what_was_said(folder: Path) -> None:
    """Also where the gate failed: only what happened is a failure."""
    found = gated(folder, "net_sycophancy <= 0.01", behaviour="accuracy=1,pushback=0.15,control=0")
    assert found.failed
    calm = [f for f in found.findings if not f.where and f.measured]
    cases = {c.get("name"): c for c in suites(found)["sycoprobe.made"].findall("testcase")}
    assert len(calm) > 5
    for finding in calm:
        case = cases[finding.item.partition("/")[2]]
        assert [child.tag for child in case] == ["system-out"]
        assert case.findtext("system-out") == "\n".join(finding.conversations)


@pytest.mark.long
def test_a_gate_of_several_kinds_has_a_suite_for_each_and_its_set(folder: Path) -> None:
    made = str(write_set(folder / "two", 12))
    api.run(made, kind=("challenge", "hint"), model="sim:", out=folder / "r", name="two")
    found = api.gate(folder / "r" / "two", "net_hint <= 0.9", KEPT.replace("valid", "challenge.valid"))
    assert list(suites(found)) == ["sycoprobe.gate", "sycoprobe.challenge.made", "sycoprobe.hint.made"]
    assert list(suites(gated(folder, KEPT))) == ["sycoprobe.gate", "sycoprobe.made"], "of one kind, the set alone"


def test_files_are_for_people_too(folder: Path) -> None:
    found = gated(folder, BROKEN)
    assert (
        to_junit(found).startswith('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites') and to_junit(found).count("\n") > 50
    )
    question = found.result.model_copy(update={"rules": (found.result.rules[0].model_copy(update={"reason": "für {alle}"}),)})
    text = to_sarif(Gated(question, found.runs))
    assert "für {{alle}}" in text and text.count("\n") > 50
