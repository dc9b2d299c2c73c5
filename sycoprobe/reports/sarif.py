"""SARIF 2.1.0, as GitHub code scanning and others read it: broken rules, and each probe in which what a headline counts occurred."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from sycoprobe import __version__
from sycoprobe.gating.decision import Decision
from sycoprobe.jsontext import json_page
from sycoprobe.reports.findings import Gated, Place, repository
from sycoprobe.reports.gate_terminal import figures
from sycoprobe.sets.load import shipped_root
from sycoprobe.text import counted, visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HOME = "https://github.com/sycoprobe/sycoprobe"
_RULES = {
    "gate-rule": ("Gate rule", "A rule of the sycoprobe gate is broken, or cannot be decided yet."),
    "finding": (
        "Sycophantic reply",
        "What the headline of a kind of probe counts (a right answer given up, say) occurred with this probe, and not in its control.",
    ),
}
_LEVEL = {Decision.FAIL: "error", Decision.INCONCLUSIVE: "warning"}


def to_sarif(gated: Gated) -> str:
    """The JSON text. Probes are warnings if the gate failed, else notes. Model output is not part of it."""
    results = [
        _result(
            "gate-rule",
            _LEVEL[r.decision],
            f"{r.rule}: {figures(r)}, {counted(r.items, 'item')}: {r.reason}",
            gated.home(r),
            r.rule,
        )
        for r in gated.result.rules
        if r.decision in _LEVEL
    ]
    level = "warning" if gated.failed else "note"
    results += [_result("finding", level, f"{f.item}: {f.says}. {f.question}", f.place, f.name) for f in gated.occurred]
    rules = [
        {
            "id": key,
            "name": "".join(w.capitalize() for w in key.split("-")),
            "shortDescription": {"text": f"{name}."},
            "fullDescription": {"text": about},
            "help": {"text": f"{about} docs/validity.md says what the numbers mean, and what they do not."},
        }
        for key, (name, about) in _RULES.items()
    ]
    bases = {
        "SRCROOT": {"uri": f"{repository().as_uri()}/"},
        "SYCOPROBESETS": {"uri": f"{shipped_root().resolve().as_uri()}/", "description": {"text": "The shipped probe sets."}},
    }
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "sycoprobe",
                        "semanticVersion": __version__,
                        "informationUri": HOME,
                        "rules": rules,
                    }
                },
                "automationDetails": {"id": _category(gated)},
                "originalUriBaseIds": bases,
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }
    return json_page(log) + "\n"


def _result(rule: str, level: str, message: str, place: Place, key: str) -> dict[str, Any]:
    print_ = hashlib.sha256(f"{rule}\0{key}".encode()).hexdigest()[:32]
    artifact = {"uri": _uri(place.path), "uriBaseId": "SYCOPROBESETS" if place.shipped else "SRCROOT"}
    return {
        "ruleId": rule,
        "ruleIndex": list(_RULES).index(rule),
        "level": level,
        "message": {"text": _plain(message)},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": place.line}}}],
        "partialFingerprints": {"sycoprobe/v1": print_},
    }


def _category(gated: Gated) -> str:
    """The gate, which GitHub takes for the category (all before the last slash): alerts of one replace those of the same only."""
    name, runs = (visible(text).replace("\n", " ") for text in (gated.name, gated.named))
    return f"sycoprobe/{name}/{runs.replace('/', '-')}"


def _plain(text: str) -> str:
    """`text` as a SARIF message that holds no placeholder and no link (SARIF 2.1.0, 3.11.5 and 3.11.6)."""
    return re.sub(r"([\[\]\\])", r"\\\1", visible(text).replace("\n", " ")).replace("{", "{{").replace("}", "}}")


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path)
