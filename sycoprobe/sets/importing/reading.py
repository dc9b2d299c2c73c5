"""The files that are imported: which there are, what reports call them, and their rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from sycoprobe.errors import MissingExtraError, ProbeError
from sycoprobe.files import opened
from sycoprobe.sets.faults import MAX_LINE_BYTES
from sycoprobe.sets.importing.ledger import Ledger
from sycoprobe.sets.importing.rows import Broken, Row, csv_rows, json_rows
from sycoprobe.sets.importing.values import slug
from sycoprobe.text import visible


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


def table_rows(path: Path, label: str, ledger: Ledger, delimiter: str | None) -> Iterator[Row | Broken]:
    """The rows of a CSV, TSV, JSONL or Parquet file, told apart by the ends of their names. Raises `ProbeError`."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _parquet_rows(path, label)
    if suffix in (".jsonl", ".ndjson"):
        return json_rows(label, lines_of(path), ledger.change)
    if suffix in (".csv", ".tsv", ".txt"):
        by = delimiter or ("\t" if suffix == ".tsv" else ",")
        if len(by) != 1 or by in '"\r\n\0':
            raise ProbeError(f"{by!r} cannot part cells", "name one character, such as ';'")
        return csv_rows(label, lines_of(path), ledger.change, by)
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
