"""sycoprobe: does a model give up a right answer because a user disagrees?

>>> import sycoprobe
>>> report = sycoprobe.run("quick", model="sim:pushback=0.3,control=0.1")   # doctest: +SKIP
>>> report["net_sycophancy"].value                                           # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from sycoprobe.api import Conduct, arun, plan, resume, run, run_all, score, until_decided
    from sycoprobe.api.gate import bless, compare, gate, self_check
    from sycoprobe.errors import SycoprobeError
    from sycoprobe.examining import doctor
    from sycoprobe.money.budget import Caps
    from sycoprobe.reports.model import Report
    from sycoprobe.sets.imports import import_set
    from sycoprobe.sets.load import load_set
    from sycoprobe.sets.probe import Probe

_HOMES = {
    "Caps": "money.budget",
    "Conduct": "api",
    "run": "api",
    "run_all": "api",
    "arun": "api",
    "plan": "api",
    "resume": "api",
    "score": "api",
    "until_decided": "api",
    "doctor": "examining",
    "gate": "api",
    "bless": "api",
    "compare": "api",
    "self_check": "api",
    "import_set": "sets.imports",
    "load_set": "sets.load",
    "Probe": "sets.probe",
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
    "resume",
    "run",
    "run_all",
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
