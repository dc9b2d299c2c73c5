"""The Gemini dialect under the suite that plug-in authors run on theirs."""

from __future__ import annotations

from pathlib import Path

from sycoprobe.backends import gemini
from sycoprobe.testing import HttpConformance


class TestGemini(HttpConformance):
    opener = staticmethod(gemini.open_backend)
    recorded = Path(__file__).with_name("data") / "wire" / "gemini.json"
    key_env = "GEMINI_API_KEY"
    root = "/v1beta"
