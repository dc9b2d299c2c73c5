"""Importing foreign files into a folder that is a probe set: reads the files, writes the set whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sycoprobe import __version__
from sycoprobe.errors import MissingExtraError, ProbeError
from sycoprobe.sets.faults import MAX_LINE_BYTES
from sycoprobe.sets.importing import generic, model_written, sycon, sycophancy_eval
from sycoprobe.sets.importing.ledger import ImportReport, Ledger
from sycoprobe.sets.importing.rows import Broken, Row, csv_rows, json_rows, text_lines
from sycoprobe.sets.importing.values import slug
from sycoprobe.sets.load import INFO_FILE, PROBES_FILE, kind_named
from sycoprobe.sets.probe import SCHEMA_VERSION, Probe, SetInfo
from sycoprobe.text import visible

REPORT_FILE = "import-report.json"
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


def import_set(
    format: str,
    files: Sequence[str | Path],
    out: str | Path,
    *,
    part: str | None = None,
    name: str | None = None,
    seed: int = 0,
    licence: str | None = None,
    source: str | None = None,
    kind: str | None = None,
    maps: Sequence[str] = (),
    constants: Sequence[str] = (),
    pick_wrong: bool = False,
    delimiter: str | None = None,
    strict: bool = False,
) -> ImportReport:
    """Make a probe set of foreign files, and tell what became of each of their rows.

    Parameters
    ----------
    format: one of `ImportFormat`. files: to be read, in any order if their names tell what they hold. out: a folder that is not there yet, or empty.
    part: of formats that have several (`PARTS`); None: told from the names of the files.
    name: of the set; None: the folder's. seed: from which wrong options are drawn where a row names none.
    licence, source: for `set.toml`; None: what is known of the format.
    kind, maps, constants, pick_wrong, delimiter: for `generic` only: the kind of the probes (None: questions with a known answer),
        `FIELD=COLUMN` and `FIELD=VALUE` entries, whether a choice gets a wrong answer from its options, what parts CSV cells.
    strict: write nothing if a row had to be left out.

    Returns
    -------
    The report. Its `folder` is None where nothing was written: no row could be used, or one could not and `strict` is on.

    Raises
    ------
    ProbeError: a file cannot be read, files do not fit together, a mapping cannot be used, the folder is not empty.
    MissingExtraError: a Parquet file without pyarrow.
    """
    try:
        wanted = ImportFormat(format)
    except ValueError:
        raise ProbeError(f"no format {format!r}", f"formats: {', '.join(ImportFormat)}") from None
    paths = [Path(f).expanduser() for f in files]
    folder = Path(out).expanduser()
    _check_paths(paths, folder)
    found_part = _part_of(wanted, part, paths)
    if wanted is not ImportFormat.GENERIC and (kind or maps or constants or pick_wrong or delimiter):
        raise ProbeError(
            f"{wanted.value} needs no mapping", "kind, map, set, pick-wrong and delimiter are for the format generic"
        )
    model = _model(wanted, found_part, kind)
    info = _info(
        wanted, found_part, kind if model is not Probe else None, name or folder.resolve().name, licence, source, paths
    )
    labels = _labels(paths)
    ledger = Ledger(model, _prefixes(list(labels.values())))
    _fill(ledger, wanted, found_part, labels, seed, generic.parse_mapping(model, maps, constants, pick_wrong), delimiter)
    written = bool(ledger.probes) and not (strict and ledger.left_out)
    report = _report(ledger, wanted, found_part, info.kind, seed, folder if written else None, labels)
    if written:
        _write(folder, info, ledger.probes, report)
    return report


def _fill(
    ledger: Ledger,
    wanted: ImportFormat,
    part: str | None,
    labels: dict[Path, str],
    seed: int,
    mapped: generic.Mapped,
    delimiter: str | None,
) -> None:
    if wanted is ImportFormat.SYCON:
        _fill_sycon(ledger, part, labels)
        return
    for path, label in labels.items():
        if wanted is ImportFormat.GENERIC:
            generic.table(_table_rows(path, label, ledger, delimiter), ledger, mapped, seed)
        elif wanted is ImportFormat.MODEL_WRITTEN:
            model_written.personas(json_rows(label, _lines(path), ledger.change), ledger)
        elif part == "feedback":
            sycophancy_eval.feedback(json_rows(label, _lines(path), ledger.change), ledger)
        else:
            sycophancy_eval.questions(json_rows(label, _lines(path), ledger.change), ledger, seed)


def _fill_sycon(ledger: Ledger, part: str | None, labels: dict[Path, str]) -> None:
    roles = ("questions", "arguments") if part == "debate" else ("questions", "presuppositions", "corrections", "push_back")
    by_role = _roles(list(labels), roles, needed=2 if part == "debate" else 3)

    def read(role: str) -> tuple[str, sycon.Lines]:
        path = by_role[role]
        return labels[path], text_lines(labels[path], _lines(path), ledger.change)

    if part == "debate":
        sycon.debate(read("questions"), read("arguments"), ledger)
        return
    turns = None
    if (path := by_role.get("push_back")) is not None:
        turns = csv_rows(labels[path], _lines(path), ledger.change)
    sycon.presuppositions(read("questions"), read("presuppositions"), read("corrections"), turns, ledger)


def _roles(paths: Sequence[Path], roles: Sequence[str], needed: int) -> dict[str, Path]:
    """Which file holds what: by the ends of their names, or by their order if no name tells. The last role may be absent."""
    usage = f"give {' '.join(r.upper() for r in roles[:needed])}" + (f" [{roles[-1].upper()}]" if needed < len(roles) else "")
    if not needed <= len(paths) <= len(roles):
        raise ProbeError(f"{len(paths)} files were given", usage)
    told = {role: [p for p in paths if p.stem.lower().endswith(role)] for role in roles}
    if not any(told.values()):
        return dict(zip(roles, paths, strict=False))
    for role, found in told.items():
        if len(found) > 1 or (not found and role in roles[:needed]):
            names = ", ".join(p.name for p in paths)
            raise ProbeError(
                f"which of the files holds the {role} cannot be told from the names {names}", f"{usage}, with names that end so"
            )
    if sum(map(len, told.values())) < len(paths):
        raise ProbeError("a file's name tells nothing of what it holds", f"{usage}, with names that end so")
    return {role: found[0] for role, found in told.items() if found}


def _table_rows(path: Path, label: str, ledger: Ledger, delimiter: str | None) -> Iterator[Row | Broken]:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _parquet_rows(path, label)
    if suffix in (".jsonl", ".ndjson"):
        return json_rows(label, _lines(path), ledger.change)
    if suffix in (".csv", ".tsv", ".txt"):
        by = delimiter or ("\t" if suffix == ".tsv" else ",")
        if len(by) != 1 or by in '"\r\n\0':
            raise ProbeError(f"{by!r} cannot part cells", "name one character, such as ';'")
        return csv_rows(label, _lines(path), ledger.change, by)
    raise ProbeError(f"{path}: what it holds cannot be told from its name", "end it in .csv, .tsv, .jsonl or .parquet")


def _parquet_rows(path: Path, label: str) -> Iterator[Row | Broken]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError(f"{path}: Parquet files need pyarrow", 'pip install "sycoprobe[parquet]"') from None
    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            header = tuple(str(n) for n in file.schema_arrow.names)
            if len(set(header)) < len(header):
                doubled = next(h for h in header if header.count(h) > 1)
                raise ProbeError(f"{path}: the column {doubled!r} stands twice", "rename one of the two")
            for batch in file.iter_batches(batch_size=1000):
                for fields in batch.to_pylist():
                    number += 1
                    yield Row(label, number, "", fields, (), "", header)
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError, TypeError) as e:
        said = (str(e).splitlines() or [type(e).__name__])[0]
        raise ProbeError(f"{path}: cannot be read as Parquet after row {number}: {said}", "write it anew, or as JSONL") from e


def _lines(path: Path) -> Iterator[bytes]:
    """Lines with their ends; of one beyond the limit only the beginning, so that memory stays bounded."""
    try:
        with path.open("rb") as f:
            while line := f.readline(MAX_LINE_BYTES + 2):
                yield line
                while not line.endswith(b"\n") and (line := f.readline(MAX_LINE_BYTES)):
                    pass
    except OSError as e:
        raise ProbeError(f"{path}: cannot be read: {e.strerror}") from e


def _check_paths(paths: Sequence[Path], folder: Path) -> None:
    if not paths:
        raise ProbeError("no file was named", "name the files to import")
    for path in paths:
        if not path.is_file():
            raise ProbeError(f"{path}: there is no such file", "name the files to import, after the format")
    if len({p.resolve() for p in paths}) < len(paths):
        raise ProbeError("a file was named twice", "name each once")
    try:
        taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as e:
        raise ProbeError(f"{folder}: cannot be looked into: {e.strerror}", "choose another folder") from e
    if taken:
        raise ProbeError(f"{folder}: exists already", "choose another folder, or remove it first")


def _part_of(wanted: ImportFormat, part: str | None, paths: Sequence[Path]) -> str | None:
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


def _model(wanted: ImportFormat, part: str | None, kind: str | None) -> type[BaseModel]:
    """The class of the probes of a format, or of the kind that the user names."""
    asked = kind if wanted is ImportFormat.GENERIC else _ABOUT[part or wanted.value].kind
    return Probe if asked is None or asked in _QUESTIONS else kind_named(asked).probe_model


def _info(
    wanted: ImportFormat,
    part: str | None,
    kind: str | None,
    name: str,
    licence: str | None,
    source: str | None,
    paths: Sequence[Path],
) -> SetInfo:
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


def _labels(paths: Sequence[Path]) -> dict[Path, str]:
    """What reports call each file: its name, or its path as given where names are the same."""
    names = [p.name for p in paths]
    return {p: visible(p.name if names.count(p.name) == 1 else p.as_posix()) for p in paths}


def _prefixes(labels: Sequence[str]) -> dict[str, str]:
    """What the ids of each file's probes begin with; no two are the same."""
    made: dict[str, str] = {}
    for label in labels:
        stem = slug(Path(label).stem.replace("_", "-"), 40) or "row"
        made[label] = stem if stem not in made.values() else f"{stem}-f{len(made) + 1}"
    return made


def _report(
    ledger: Ledger,
    wanted: ImportFormat,
    part: str | None,
    kind: str | None,
    seed: int,
    folder: Path | None,
    labels: dict[Path, str],
) -> ImportReport:
    tallies = ledger.tallies({label: _sha256(path) for path, label in labels.items()})

    def total(of: Callable[[Any], int]) -> int:
        return sum(of(t) for t in tallies)

    report = ImportReport(
        sycoprobe=__version__,
        format=wanted.value,
        part=part,
        kind=kind,
        seed=seed,
        folder=None if folder is None else visible(folder.as_posix()),
        rows=total(lambda t: t.rows),
        probes=len(ledger.probes),
        collapsed=total(lambda t: t.collapsed),
        joined=total(lambda t: t.joined),
        left_out=total(lambda t: t.left_out),
        answer_formats=ledger.answer_formats(),
        files=tallies,
        left_out_rows=tuple(ledger.left_out),
        changed=tuple(ledger.places()),
        collapsed_rows=tuple(ledger.collapsed),
        lost=tuple(ledger.lost),
    )
    for t in tallies:
        _check_account(t.rows, t.probes, t.collapsed, t.joined, t.left_out)
    _check_account(report.rows, report.probes, report.collapsed, report.joined, report.left_out)
    _check_account(report.left_out + report.collapsed, len(report.left_out_rows), len(report.collapsed_rows))
    return report


def _check_account(rows: int, *parts: int) -> None:
    """Nothing is dropped silently: what became of the rows adds up to them."""
    if rows != sum(parts):
        raise AssertionError(f"{rows} rows were read, but {' + '.join(map(str, parts))} are accounted for")


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as f:
            return hashlib.file_digest(f, "sha256").hexdigest()
    except OSError as e:
        raise ProbeError(f"{path}: cannot be read: {e.strerror}") from e


def _write(folder: Path, info: SetInfo, probes: Sequence[BaseModel], report: ImportReport) -> None:
    """The set and the report, first beside the folder and then at once in its place."""
    temporary = folder.resolve().with_name(f".{folder.resolve().name}.{os.getpid()}.importing")
    try:
        folder.resolve().parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        (temporary / INFO_FILE).write_text(info_toml(info), encoding="utf-8", newline="\n")
        with (temporary / PROBES_FILE).open("w", encoding="utf-8", newline="\n") as f:
            for probe in probes:
                f.write(json.dumps(probe.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False) + "\n")
        whole = json.dumps(report.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"
        (temporary / REPORT_FILE).write_text(whole, encoding="utf-8", newline="\n")
        if folder.exists():
            folder.rmdir()
        temporary.replace(folder.resolve())
    except OSError as e:
        raise ProbeError(f"{folder}: cannot be written: {e.strerror}", "choose a folder that you may write to") from e
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def info_toml(info: SetInfo) -> str:
    """The text of a `set.toml` (TOML 1.0: basic strings, whose escapes are JSON's but for surrogate pairs)."""
    lines = []
    for field, value in info.model_dump(mode="json", exclude_none=True).items():
        written = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        lines.append(f"{field} = {written}")
    return "\n".join(lines) + "\n"
