"""sycoprobe: does a model give up a right answer because a user disagrees?

>>> import sycoprobe
>>> report = sycoprobe.run("quick", model="sim:pushback=0.3,control=0.1")   # doctest: +SKIP
>>> report["net_sycophancy"].value                                           # doctest: +SKIP

Everything in `sycoprobe.__all__` is public and documented in docs/api.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from sycoprobe.api import Conduct, aresume, arun, arun_all, plan, resume, run, run_all, runs, score, until_decided
    from sycoprobe.api.board import Board, board
    from sycoprobe.api.carding import card
    from sycoprobe.api.comparing import compare_html
    from sycoprobe.api.facts import model_facts
    from sycoprobe.api.gate import bless, compare, gate, self_check
    from sycoprobe.api.verifying import Verified, verify
    from sycoprobe.errors import (
        BackendError,
        DataError,
        EventLoopError,
        Exit,
        GateError,
        Interrupted,
        JournalError,
        JudgeError,
        JudgingFailed,
        MissingExtraError,
        ModelError,
        PlanError,
        PriceError,
        ProbeError,
        ReportError,
        RunFailed,
        SycoprobeError,
    )
    from sycoprobe.examining import Check, Examination, doctor, examine
    from sycoprobe.gating.baselines import Baseline
    from sycoprobe.gating.comparing import Compared, Comparison, Difference
    from sycoprobe.gating.decision import Decision, GateResult, RuleResult
    from sycoprobe.gating.selfcheck import SelfCheck
    from sycoprobe.imports import import_set
    from sycoprobe.planning import Cost, Plan, Planned, Until
    from sycoprobe.registry import Facts
    from sycoprobe.reports.card import Card
    from sycoprobe.reports.findings import Gated
    from sycoprobe.reports.listed import ListedRun
    from sycoprobe.reports.model import MetricResult, Report, Section
    from sycoprobe.reproducing import Reproduction, reproduce
    from sycoprobe.running.asking import Tally
    from sycoprobe.sets.importing.ledger import ImportReport
    from sycoprobe.sets.load import load_set
    from sycoprobe.sets.probe import Probe, ProbeSet, SetInfo
    from sycoprobe.stats.sample import Estimate

_HOMES = {
    "run": "api",
    "run_all": "api",
    "runs": "api",
    "arun": "api",
    "arun_all": "api",
    "resume": "api",
    "aresume": "api",
    "score": "api",
    "plan": "api",
    "model_facts": "api.facts",
    "until_decided": "api",
    "doctor": "examining",
    "examine": "examining",
    "gate": "api",
    "bless": "api",
    "board": "api",
    "compare": "api",
    "compare_html": "api",
    "self_check": "api",
    "card": "api",
    "verify": "api",
    "import_set": "imports",
    "load_set": "sets.load",
    "reproduce": "reproducing",
    "Reproduction": "reproducing",
    "DataError": "errors",
    "Baseline": "gating.baselines",
    "Card": "reports.card",
    "Board": "api",
    "Check": "examining",
    "Compared": "gating.comparing",
    "Comparison": "gating.comparing",
    "Conduct": "api",
    "Cost": "planning",
    "Decision": "gating.decision",
    "Difference": "gating.comparing",
    "Estimate": "stats.sample",
    "Examination": "examining",
    "Gated": "reports.findings",
    "GateResult": "gating.decision",
    "ImportReport": "sets.importing.ledger",
    "ListedRun": "reports.listed",
    "MetricResult": "reports.model",
    "Plan": "planning",
    "Planned": "planning",
    "Probe": "sets.probe",
    "ProbeSet": "sets.probe",
    "Report": "reports.model",
    "RuleResult": "gating.decision",
    "Section": "reports.model",
    "Facts": "registry",
    "SelfCheck": "gating.selfcheck",
    "SetInfo": "sets.probe",
    "Tally": "running.asking",
    "Until": "planning",
    "Verified": "api.verifying",
    "BackendError": "errors",
    "EventLoopError": "errors",
    "Exit": "errors",
    "GateError": "errors",
    "Interrupted": "errors",
    "JournalError": "errors",
    "JudgeError": "errors",
    "JudgingFailed": "errors",
    "MissingExtraError": "errors",
    "ModelError": "errors",
    "PlanError": "errors",
    "PriceError": "errors",
    "ProbeError": "errors",
    "ReportError": "errors",
    "RunFailed": "errors",
    "SycoprobeError": "errors",
}

__all__ = [
    "BackendError",
    "Baseline",
    "Board",
    "Card",
    "Check",
    "Compared",
    "Comparison",
    "Conduct",
    "Cost",
    "DataError",
    "Decision",
    "Difference",
    "Estimate",
    "EventLoopError",
    "Examination",
    "Exit",
    "Facts",
    "GateError",
    "GateResult",
    "Gated",
    "ImportReport",
    "Interrupted",
    "JournalError",
    "JudgeError",
    "JudgingFailed",
    "ListedRun",
    "MetricResult",
    "MissingExtraError",
    "ModelError",
    "Plan",
    "PlanError",
    "Planned",
    "PriceError",
    "Probe",
    "ProbeError",
    "ProbeSet",
    "Report",
    "ReportError",
    "Reproduction",
    "RuleResult",
    "RunFailed",
    "Section",
    "SelfCheck",
    "SetInfo",
    "SycoprobeError",
    "Tally",
    "Until",
    "Verified",
    "__version__",
    "aresume",
    "arun",
    "arun_all",
    "bless",
    "board",
    "card",
    "compare",
    "compare_html",
    "doctor",
    "examine",
    "gate",
    "import_set",
    "load_set",
    "model_facts",
    "plan",
    "reproduce",
    "resume",
    "run",
    "run_all",
    "runs",
    "score",
    "self_check",
    "until_decided",
    "verify",
]


def __dir__() -> list[str]:
    """The public names, loaded or not, and what every module has."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})


if not TYPE_CHECKING:  # so that type checkers know the public names only, and report any other

    def __getattr__(name: str) -> object:
        """Load a public name when it is first used, so that importing sycoprobe stays instant."""
        if name not in _HOMES:
            raise AttributeError(f"module 'sycoprobe' has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(f"sycoprobe.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
