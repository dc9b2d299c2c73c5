"""The files that are imported: which there are, what reports call them, and their rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from sycoprobe.errors import MissingExtraError, ProbeError
from sycoprobe.files import opened
from sycoprobe.installing import install
from sycoprobe.sets.faults import MAX_LINE_BYTES
from sycoprobe.sets.importing.csv_rows import csv_rows
from sycoprobe.sets.importing.json_rows import begins_document, document_rows, json_rows
from sycoprobe.sets.importing.ledger import Ledger
from sycoprobe.sets.importing.rows import BOM, Broken, Row
from sycoprobe.sets.importing.values import slug
from sycoprobe.text import visible

MAX_DOCUMENT_BYTES = 1 << 29
_JSON = (".json", ".jsonl", ".ndjson")
_OTHERWISE = {
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "save the sheet as CSV (UTF-8)"),
    **dict.fromkeys((".gz", ".zip", ".zst", ".bz2", ".xz"), "unpack it first"),
    **dict.fromkeys((".arrow", ".feather", ".pkl", ".pickle"), "write it as Parquet or JSONL"),
}


def check_paths(paths: Sequence[Path], folder: Path) -> None:
    """Raises `ProbeError` unless each path is a file, named once, and the folder is not there yet or empty."""
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


def labels_of(paths: Sequence[Path]) -> dict[Path, str]:
    """What reports call each file: its name, or its path as given where names are the same."""
    names = [p.name for p in paths]
    return {p: visible(p.name if names.count(p.name) == 1 else p.as_posix()) for p in paths}


def prefixes_of(labels: Sequence[str]) -> dict[str, str]:
    """What the ids of each file's probes begin with; no two are the same."""
    made: dict[str, str] = {}
    for label in labels:
        stem = slug(Path(label).stem.replace("_", "-"), 40) or "row"
        made[label] = stem if stem not in made.values() else f"{stem}-f{len(made) + 1}"
    return made


def roles_of(paths: Sequence[Path], roles: Sequence[str], needed: int) -> dict[str, Path]:
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


def table_rows(path: Path, label: str, ledger: Ledger, delimiter: str | None, at: str | None = None) -> Iterator[Row | Broken]:
    """The rows of a CSV, TSV, JSON, JSONL or Parquet file, told apart by the ends of their names.

    Parameters
    ----------
    delimiter: of CSV; None: a comma, or a tab in .tsv.
    at: of JSON, the field in which the list of rows stands; None: the file is that list, or a row a line.

    Raises
    ------
    ProbeError: the name tells nothing, or the file cannot be read.
    """
    suffix = path.suffix.lower()
    if at is not None and suffix not in _JSON:
        raise ProbeError(f"{path}: only JSON has its rows in a field", f"leave --rows {at} away")
    if suffix == ".parquet":
        return _parquet_rows(path, label)
    if suffix in _JSON:
        if at is not None or _is_document(path, suffix):
            return document_rows(label, _whole(path), ledger.change, at)
        return json_rows(label, lines_of(path), ledger.change)
    if suffix in (".csv", ".tsv", ".txt"):
        by = delimiter or ("\t" if suffix == ".tsv" else ",")
        if len(by) != 1 or by in '"\r\n\0':
            raise ProbeError(f"{by!r} cannot part cells", "name one character, such as ';'")
        return csv_rows(label, lines_of(path), ledger.change, by)
    raise ProbeError(
        f"{path}: what it holds cannot be told from its name",
        _OTHERWISE.get(suffix, "end it in .csv, .tsv, .json, .jsonl or .parquet"),
    )


def _is_document(path: Path, suffix: str) -> bool:
    for line in lines_of(path):
        if text := line.removeprefix(BOM).decode("utf-8", "replace").strip():
            return begins_document(text, may_be_list=suffix == ".json")
    return False


def _whole(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_DOCUMENT_BYTES:
            message = f"{path}: is one document of more than {MAX_DOCUMENT_BYTES >> 20} MiB, which is read at once"
            raise ProbeError(message, "write a row a line, as .jsonl, which is read line by line")
        return path.read_bytes()
    except OSError as e:
        raise ProbeError(f"{path}: cannot be read: {e.strerror}", "look at its permissions") from e


def _parquet_rows(path: Path, label: str) -> Iterator[Row | Broken]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError(f"{path}: Parquet files need pyarrow", install("parquet")) from None
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


def lines_of(path: Path) -> Iterator[bytes]:
    """Lines with their ends; of one beyond the limit only the beginning, so that memory stays bounded."""
    try:
        with opened(path) as f:
            while line := f.readline(MAX_LINE_BYTES + 2):
                yield line
                while not line.endswith(b"\n") and (line := f.readline(MAX_LINE_BYTES)):
                    pass
    except OSError as e:
        raise ProbeError(f"{path}: cannot be read: {e.strerror}") from e


def sha256_of(path: Path) -> str:
    """SHA-256 (hex) of a file. Raises `ProbeError` if it cannot be read."""
    try:
        with opened(path) as f:
            return hashlib.file_digest(f, "sha256").hexdigest()
    except OSError as e:
        raise ProbeError(f"{path}: cannot be read: {e.strerror}") from e
