"""sycoprobe: does a model give up a right answer because a user disagrees?

>>> import sycoprobe
>>> report = sycoprobe.run("quick", model="sim:pushback=0.3,control=0.1")   # doctest: +SKIP
>>> report.estimates.net_sycophancy.value                                    # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from sycoprobe.api import Conduct, arun, plan, plan_kind, plan_profile, resume, run, run_kind, score, until_decided
    from sycoprobe.budget import Caps
    from sycoprobe.errors import SycoprobeError
    from sycoprobe.examining import doctor
    from sycoprobe.gating import bless, compare, gate, self_check
    from sycoprobe.imports import import_set
    from sycoprobe.probes import Probe
    from sycoprobe.reports.model import Report
    from sycoprobe.sets import load_set

_HOMES = {
    "Caps": "budget",
    "Conduct": "api",
    "run": "api",
    "arun": "api",
    "plan": "api",
    "plan_kind": "api",
    "plan_profile": "api",
    "run_kind": "api",
    "resume": "api",
    "score": "api",
    "until_decided": "api",
    "doctor": "examining",
    "gate": "gating",
    "bless": "gating",
    "compare": "gating",
    "self_check": "gating",
    "import_set": "imports",
    "load_set": "sets",
    "Probe": "probes",
    "Report": "reports.model",
    "SycoprobeError": "errors",
}

__all__ = [
    "Caps",
    "Conduct",
    "Probe",
    "Report",
    "SycoprobeError",
    "__version__",
    "arun",
    "bless",
    "compare",
    "doctor",
    "gate",
    "import_set",
    "load_set",
    "plan",
    "plan_kind",
    "plan_profile",
    "resume",
    "run",
    "run_kind",
    "score",
    "self_check",
    "until_decided",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that importing sycoprobe stays instant."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sycoprobe' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"sycoprobe.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
