"""The settings as keywords of Python, for editors and type checkers; made by `python -m benchmarks.keywords --write`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from typing_extensions import TypedDict


class AskKeywords(TypedDict, total=False):
    """What of a plan `run` takes too."""

    kind: str | Sequence[str]
    profile: Literal["quick", "ci", "standard", "full"] | None
    options: Mapping[str, Any]
    n: int | None
    repeats: int
    seed: int
    answer: Literal["line", "brief", "free", "schema"]
    system: str | Path | None
    wordings: str | Path | None
    cluster: Literal["item", "template"]
    base_url: str | None
    api_key_env: str | None
    headers: Mapping[str, str] | Sequence[str]
    body: Mapping[str, Any] | Sequence[str]
    temperature: float | None
    reply_tokens: int | None
    top_p: float | None
    thinking: Literal["strip", "replay"]
    thinking_marks: str | Sequence[str]
    effort: str | None
    verbosity: str | None
    logprobs: int


class PlanKeywords(AskKeywords, total=False):
    """What `plan` takes."""

    model: str


class RunKeywords(AskKeywords, total=False):
    """What `run` takes beside the model."""

    concurrency: int
    timeout: float
    retries: int
    strict: bool
    batch: bool
    out: str | Path | None
    name: str | None
    html: bool
    max_calls: int | None
    max_tokens: int | None
    max_cost: float | None
    max_time: float | None
    prices: str | Path | None
    until_decided: bool
    rules: str | Sequence[str]
    baseline: str | Path | None
    allow_mismatch: bool
    alpha: float
    min_items: int
