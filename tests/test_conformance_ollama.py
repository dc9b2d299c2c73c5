"""The Ollama dialect under the suite that plug-in authors run on theirs."""

from __future__ import annotations

from pathlib import Path

from sycoprobe.backends import ollama
from sycoprobe.testing import Case, HttpConformance


class TestOllama(HttpConformance):
    opener = staticmethod(ollama.open_backend)
    recorded = Path(__file__).with_name("data") / "wire" / "ollama.json"
    key_env = "OLLAMA_API_KEY"
    root = ""
    not_applicable = {  # noqa: RUF012
        Case.REFUSAL: "Ollama has no filter: it marks no reply as a refusal",
        Case.BLOCKED: "Ollama has no filter: it blocks no prompt",
    }
