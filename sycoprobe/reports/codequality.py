"""GitLab's code-quality report: broken rules, and each probe in which what a headline counts occurred."""

from __future__ import annotations

import hashlib
from typing import Any

from sycoprobe.gating.decision import Decision
from sycoprobe.jsontext import json_page
from sycoprobe.reports.findings import Gated, Place
from sycoprobe.reports.gate_terminal import figures
from sycoprobe.text import visible

_SEVERITY = {Decision.FAIL: "critical", Decision.INCONCLUSIVE: "minor"}


def to_code_quality(gated: Gated) -> str:
    """The JSON text. Probes are `major` if the gate failed, else `info`. Model output is not part of it."""
    entries = [
        _entry("sycoprobe-gate-rule", _SEVERITY[r.decision], f"{r.rule}: {figures(r)}: {r.reason}", gated.home(r), r.rule)
        for r in gated.result.rules
        if r.decision in _SEVERITY
    ]
    severity = "major" if gated.failed else "info"
    entries += [_entry("sycoprobe-finding", severity, f"{f.item}: {f.says}", f.place, f.name) for f in gated.occurred]
    return json_page(entries) + "\n"


def _entry(check: str, severity: str, description: str, place: Place, key: str) -> dict[str, Any]:
    return {
        "description": visible(description),
        "check_name": check,
        "fingerprint": hashlib.sha256(f"{check}\0{key}".encode()).hexdigest(),
        "severity": severity,
        "location": {"path": f"probes/{place.path}" if place.shipped else place.path, "lines": {"begin": place.line}},
    }
