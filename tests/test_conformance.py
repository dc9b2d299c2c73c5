"""Every backend of ours under the suite that plug-in authors run on theirs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from anthropic.types import ErrorResponse, Message

from sycoprobe.backends import anthropic, openai
from sycoprobe.testing import Case, HttpConformance

WIRE = Path(__file__).with_name("data") / "wire"


class TestOpenAI(HttpConformance):
    opener = staticmethod(openai.open_backend)
    recorded = WIRE / "openai.json"
    key_env = "OPENAI_API_KEY"


class TestAnthropic(HttpConformance):
    opener = staticmethod(anthropic.open_backend)
    recorded = WIRE / "anthropic.json"
    key_env = "ANTHROPIC_API_KEY"
    not_applicable = {Case.BLOCKED: "a prompt that is declined comes back as a reply with the stop reason `refusal`"}  # noqa: RUF012


@pytest.mark.parametrize("case", [c for c in Case if c in json.loads((WIRE / "anthropic.json").read_text())["cases"]])
def test_the_recorded_replies_of_anthropic_are_what_its_sdk_reads(case: Case) -> None:
    body = json.loads((WIRE / "anthropic.json").read_text())["cases"][case]["body"]
    if isinstance(body, dict) and body["type"] == "message":
        read = Message.model_validate(body)
        assert read.to_dict().keys() <= body.keys() | {"container"}
    elif isinstance(body, dict):
        assert ErrorResponse.model_validate(body).error.type == body["error"]["type"]
