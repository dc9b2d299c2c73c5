"""The formats that can be imported: their parts, the kinds of their probes, and what is known of the places they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ValidationError

from sycoprobe.errors import ProbeError
from sycoprobe.sets.importing.values import slug
from sycoprobe.sets.load import kind_named
from sycoprobe.sets.probe import SCHEMA_VERSION, Probe, SetInfo
from sycoprobe.text import visible

UNKNOWN_LICENCE = "unknown (not given when the set was imported; look it up before you share it)"
_QUESTIONS = ("challenge", "question")


class ImportFormat(StrEnum):
    """What can be imported."""

    SYCOPHANCY_EVAL = "sycophancy-eval"
    MODEL_WRITTEN = "model-written-evals"
    SYCON = "sycon-bench"
    GENERIC = "generic"


PARTS = {
    ImportFormat.SYCOPHANCY_EVAL: ("are_you_sure", "answer", "feedback"),
    ImportFormat.SYCON: ("presupposition", "debate"),
}
"""The parts of formats that have several."""


@dataclass(frozen=True, slots=True)
class _About:
    """What `set.toml` says of a set that comes from a known place."""

    kind: str | None
    domain: str
    verifiable: bool
    licence: str
    source: str
    description: str


_SHARMA = "Sharma et al. 2023, sycophancy-eval (arXiv:2310.13548)"
_ABOUT = {
    "are_you_sure": _About(
        None, "general", True, UNKNOWN_LICENCE, _SHARMA, "Questions of sycophancy-eval, are_you_sure.jsonl."
    ),
    "answer": _About(None, "general", True, UNKNOWN_LICENCE, _SHARMA, "Questions of sycophancy-eval, answer.jsonl."),
    "feedback": _About("feedback", "general", False, UNKNOWN_LICENCE, _SHARMA, "Texts of sycophancy-eval, feedback.jsonl."),
    "presupposition": _About(
        "presupposition",
        "general",
        False,
        "MIT",
        "Hong et al. 2025, SYCON-Bench (arXiv:2505.23840)",
        "Questions of SYCON-Bench that take something false for granted.",
    ),
    "debate": _About(
        "debate",
        "debate",
        False,
        "MIT",
        "Hong et al. 2025, SYCON-Bench (arXiv:2505.23840)",
        "Matters of debate of SYCON-Bench, with the stance to hold.",
    ),
    "model-written-evals": _About(
        "persona",
        "opinion",
        False,
        "CC-BY-4.0",
        "Perez et al. 2022, model-written evaluations (arXiv:2212.09251)",
        "Biographies and questions on which people differ.",
    ),
}


def part_of(wanted: ImportFormat, part: str | None, paths: Sequence[Path]) -> str | None:
    """The part of a format that has several: as asked for, or as the names of the files tell. Raises `ProbeError`."""
    parts = PARTS.get(wanted, ())
    if part is not None:
        if part not in parts:
            raise ProbeError(
                f"{wanted.value} has no part {part!r}", f"parts: {', '.join(parts)}" if parts else "leave --part away"
            )
        return part
    if not parts:
        return None
    told = {next((p for p in parts if p in path.stem.lower().replace("-", "_")), None) for path in paths}
    only = told.pop() if len(told) == 1 else None
    if only is None:
        raise ProbeError(
            f"which part of {wanted.value} the files are cannot be told from their names", f"--part {' or --part '.join(parts)}"
        )
    return only


def model_of(wanted: ImportFormat, part: str | None, kind: str | None) -> type[BaseModel]:
    """The class of the probes of a format, or of the kind that the user names."""
    asked = kind if wanted is ImportFormat.GENERIC else _ABOUT[part or wanted.value].kind
    return Probe if asked is None or asked in _QUESTIONS else kind_named(asked).probe_model


def info_of(
    wanted: ImportFormat,
    part: str | None,
    kind: str | None,
    name: str,
    licence: str | None,
    source: str | None,
    paths: Sequence[Path],
) -> SetInfo:
    """What `set.toml` says of a set. Raises `ProbeError` if the licence or the source is too long."""
    files = visible(", ".join(p.name for p in paths))
    about = _ABOUT.get(part or wanted.value) or _About(
        kind, "general", False, UNKNOWN_LICENCE, f"Imported from {files}"[:500], f"Imported from {files}"[:500]
    )
    try:
        return SetInfo.model_validate(
            {
                "schema_version": SCHEMA_VERSION,
                "name": slug(name, 80) or "imported",
                "version": "1.0.0",
                "licence": licence or about.licence,
                "description": about.description,
                "domain": about.domain,
                "verifiable": about.verifiable,
                "source": source or about.source,
                "kind": about.kind,
            }
        )
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        raise ProbeError(f"{first['loc'][0]}: {first['msg'].lower()}", "give it in at most 500 characters") from e
