"""The first line of a journal: what it must have."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Required

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from sycoprobe.errors import JournalError, PriceError
from sycoprobe.journal.lines import HEAD, damaged
from sycoprobe.journal.records import why_invalid
from sycoprobe.money.price import Price
from sycoprobe.planning import Plan

SCHEMA_VERSION = 2


class _Caps(TypedDict, total=False):
    calls: int
    tokens: int
    cost: float


class _Conduct(TypedDict, total=False):
    caps: _Caps
    headers: list[str]


class _Facts(TypedDict, total=False):
    notes: list[str]


class _Header(TypedDict, total=False):
    run: Required[str]
    started: Required[str]
    versions: Required[dict[str, str]]
    model: Required[_Facts]
    plan: Required[dict[str, Any]]
    price: dict[str, Any] | None
    conduct: _Conduct
    batch: str | None


_HEADER = TypeAdapter(_Header)


def checked_header(path: Path, record: dict[str, Any]) -> dict[str, Any]:
    """The header itself. Raises `JournalError` if it is none, a newer version's, or damaged."""
    version = record.get("schema_version")
    if record.get("type") != "header" or not isinstance(version, int):
        raise JournalError(f"{path}:1:1: this is no sycoprobe journal", "a run's journal is named journal.jsonl")
    if version > SCHEMA_VERSION:
        raise JournalError(
            f"{path}:1:1: written by a newer sycoprobe (journal version {version})", "upgrade sycoprobe to read it"
        )
    try:
        _HEADER.validate_python(record, strict=True)
        if record.get("price"):
            Price.from_dict(record["price"])
    except ValidationError as e:
        raise damaged(path, 1, why_invalid(e), HEAD) from None
    except (PriceError, TypeError, KeyError, ValueError, AttributeError) as e:
        raise damaged(path, 1, f"price: {e}", HEAD) from None
    return record


def plan_of(header: dict[str, Any]) -> Plan:
    """The plan of a run. Raises `ValidationError`."""
    return Plan.model_validate(header["plan"])
