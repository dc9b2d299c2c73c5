"""Every backend of ours under the suite that plug-in authors run on theirs."""

from __future__ import annotations

from pathlib import Path

from sycoprobe.backends import openai
from sycoprobe.testing import HttpConformance

WIRE = Path(__file__).with_name("data") / "wire"


class TestOpenAI(HttpConformance):
    opener = staticmethod(openai.open_backend)
    recorded = WIRE / "openai.json"
    key_env = "OPENAI_API_KEY"
