"""For those who write a backend: the suite that every backend of ours passes, and the loopback server that it runs on.

    from sycoprobe.testing import Case, HttpConformance

    class TestMine(HttpConformance):
        opener = staticmethod(my_package.open_backend)
        recorded = Path(__file__).with_name("recorded.json")

Needs pytest.
"""

from __future__ import annotations

from sycoprobe.testing.cases import EXPECTED, LONG_ANSWER, UNICODE_ANSWER, Answered, Case, Failed
from sycoprobe.testing.conformance import BackendConformance, HttpConformance, request
from sycoprobe.testing.server import Asked, LoopbackServer, Made

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
