"""For those who write a backend: the suite that every backend of ours passes, and the loopback server that it runs on.

    from sycoprobe.testing import HttpConformance

    class TestMine(HttpConformance):
        opener = staticmethod(my_package.open_backend)
        recorded = Path(__file__).with_name("recorded.json")

Needs pytest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sycoprobe.testing.cases import EXPECTED, LONG_ANSWER, UNICODE_ANSWER, Answered, Case, Failed
    from sycoprobe.testing.conformance import BackendConformance, HttpConformance, request
    from sycoprobe.testing.server import Asked, LoopbackServer, Made

_HOMES = {
    "cases": ("EXPECTED", "LONG_ANSWER", "UNICODE_ANSWER", "Answered", "Case", "Failed"),
    "conformance": ("BackendConformance", "HttpConformance", "request"),
    "server": ("Asked", "LoopbackServer", "Made"),
}

__all__ = [
    "EXPECTED",
    "LONG_ANSWER",
    "UNICODE_ANSWER",
    "Answered",
    "Asked",
    "BackendConformance",
    "Case",
    "Failed",
    "HttpConformance",
    "LoopbackServer",
    "Made",
    "request",
]


def __getattr__(name: str) -> Any:
    """Load a name when it is first used: the server runs without pytest."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"sycoprobe.testing.{home}"), name)
    raise AttributeError(f"module 'sycoprobe.testing' has no attribute {name!r}")
