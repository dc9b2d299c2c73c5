"""JUnit XML, as Jenkins, GitLab and most CI servers read it: a suite of rules, and a suite for each probe set."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable

from sycoprobe.gating.decision import Decision
from sycoprobe.reports.findings import Finding, Gated
from sycoprobe.reports.gate_terminal import figures
from sycoprobe.text import counted, visible

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(gated: Gated) -> str:
    """The XML text.

    A broken rule is a failure and an open one is skipped. A probe in which what a headline counts occurred is a failure only
    if the gate failed: else a gate that passes would turn a build red.
    """
    root = ET.Element("testsuites", name="sycoprobe")
    gate = _suite(root, "gate", gated)
    for rule in gated.result.rules:
        case = ET.SubElement(gate, "testcase", classname="sycoprobe.gate", name=_clean(rule.rule), time=_seconds(0))
        said = f"{figures(rule)}, {counted(rule.items, 'item')}: {rule.reason}"
        if rule.decision is Decision.FAIL:
            ET.SubElement(case, "failure", type="rule broken", message=_clean(said)).text = _clean(said)
        elif rule.decision is Decision.INCONCLUSIVE:
            ET.SubElement(case, "skipped", message=_clean(f"inconclusive: {said}"))
        ET.SubElement(case, "system-out").text = _clean(said)
    suites: dict[str, ET.Element] = {}
    for finding in gated.findings:
        suite = f"{finding.kind}.{finding.set}" if len(gated.kinds) > 1 else finding.set
        if suite not in suites:
            suites[suite] = _suite(root, suite, gated)
        _probe(suites[suite], finding, gate_failed=gated.failed)
    for element in root:
        _count(element)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(x.get(name, "0")) for x in root)))
    root.set("time", _summed(root))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, name: str, gated: Gated) -> ET.Element:
    suite = ET.SubElement(root, "testsuite", name=f"sycoprobe.{name}", timestamp=gated.report.started[:19])
    properties = ET.SubElement(suite, "properties")
    for key, value in (
        ("model", gated.models),
        ("run", gated.named),
        ("decision", gated.result.decision.value),
    ):
        ET.SubElement(properties, "property", name=key, value=_clean(value))
    return suite


def _probe(suite: ET.Element, finding: Finding, *, gate_failed: bool) -> None:
    case = ET.SubElement(suite, "testcase", classname=f"sycoprobe.{finding.set}", name=finding.item.partition("/")[2])
    case.set("time", _seconds(finding.seconds))
    if finding.failed:
        ET.SubElement(case, "error", type="no answer", message=finding.says)
    elif not finding.measured:
        ET.SubElement(case, "skipped", message=finding.says)
    elif finding.where and gate_failed:
        detail = f"{finding.place.path}:{finding.place.line}: {finding.question}\n{finding.says}"
        ET.SubElement(case, "failure", type=finding.kind, message=_clean(finding.says)).text = _clean(detail)
    ET.SubElement(case, "system-out").text = _clean("\n".join(finding.conversations))


def _count(suite: ET.Element) -> None:
    cases = suite.findall("testcase")
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("tests", str(len(cases)))
    suite.set("time", _summed(cases))


def _summed(parts: Iterable[ET.Element]) -> str:
    return _seconds(sum(float(part.get("time", "0")) for part in parts))


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _clean(text: str) -> str:
    """`text` without what XML cannot hold."""
    return _NOT_XML.sub("�", visible(text))
