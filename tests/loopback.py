"""The loopback server of `sycoprobe.testing`, under the name that the tests use."""

from __future__ import annotations

from sycoprobe.testing.server import FAULTS, Asked, LoopbackServer, Made, default_answer, reply_body

__all__ = ["FAULTS", "Asked", "LoopbackServer", "Made", "default_answer", "reply_body"]
