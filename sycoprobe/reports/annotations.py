"""GitHub annotations: workflow commands on standard output, which show beside the files of a pull request."""

from __future__ import annotations

from sycoprobe.gating.decision import Decision
from sycoprobe.reports.findings import Gated
from sycoprobe.reports.gate_terminal import figures
from sycoprobe.text import visible

MOST = 10
"""GitHub shows at most ten of each level a step."""
_COMMAND = {Decision.FAIL: "error", Decision.INCONCLUSIVE: "warning", Decision.PASS: "notice"}


def to_annotations(gated: Gated) -> str:
    """A line for each rule, then for each probe in which what a headline counts occurred (warnings if the gate failed, else notices)."""
    lines = [
        f"::{_COMMAND[r.decision]} title={_property('sycoprobe: ' + r.decision.value)}::{_data(f'{r.rule}: {figures(r)}: {r.reason}')}"
        for r in gated.result.rules[:MOST]
    ]
    level = "warning" if gated.failed else "notice"
    for f in gated.occurred[:MOST]:
        where = "" if f.place.shipped else f"file={_property(f.place.path)},line={f.place.line},"
        lines.append(f"::{level} {where}title={_property(f.kind)}::{_data(f'{f.item}: {f.says}')}")
    return "".join(line + "\n" for line in lines)


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
