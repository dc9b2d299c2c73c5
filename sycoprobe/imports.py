"""Importing foreign files into a folder that is a probe set: reads the files, asks each answer back, writes the set whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sycoprobe import __version__
from sycoprobe.errors import ProbeError
from sycoprobe.extract.asked_back import unread
from sycoprobe.sets.importing import generic, model_written, sycon, sycophancy_eval
from sycoprobe.sets.importing.csv_rows import csv_rows
from sycoprobe.sets.importing.formats import ImportFormat, info_of, model_of, part_of
from sycoprobe.sets.importing.hints import hints_of
from sycoprobe.sets.importing.json_rows import json_rows
from sycoprobe.sets.importing.ledger import ImportReport, Ledger, Tally
from sycoprobe.sets.importing.mapping import Mapped, parse_mapping
from sycoprobe.sets.importing.names import Names
from sycoprobe.sets.importing.reading import check_paths, labels_of, lines_of, prefixes_of, roles_of, sha256_of, table_rows
from sycoprobe.sets.importing.rows import text_lines
from sycoprobe.sets.importing.writing import write_set
from sycoprobe.sets.probe import Probe, numbers_beyond
from sycoprobe.text import visible


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
    rows: str | None = None,
    strict: bool = False,
) -> ImportReport:
    """Make a probe set of foreign files, and tell what became of each of their rows.

    Parameters
    ----------
    format: `sycophancy-eval`, `model-written-evals`, `sycon-bench` or `generic`.
    files: to be read, in any order if their names tell what they hold.
    out: a folder that is not there yet, or empty.
    part: of formats that have several (`are_you_sure`, `answer`, `feedback`; `presupposition`, `debate`); None: told from
        the names of the files.
    name: of the set; None: the folder's.
    seed: from which wrong options are drawn where a row names none.
    licence, source: for `set.toml`; None: what is known of the format.
    kind, maps, constants, pick_wrong, delimiter, rows: for `generic` only: the kind of the probes (None: questions with a known
        answer), `FIELD=COLUMN` and `FIELD=VALUE` entries, whether a choice gets a wrong answer from its options, what parts CSV
        cells, in which field of a JSON document the list of rows stands.
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
    check_paths(paths, folder)
    found_part = part_of(wanted, part, paths)
    if wanted is not ImportFormat.GENERIC and (kind or maps or constants or pick_wrong or delimiter or rows):
        raise ProbeError(
            f"{wanted.value} needs no mapping", "kind, map, set, pick-wrong, delimiter and rows are for the format generic"
        )
    model = model_of(wanted, found_part, kind)
    info = info_of(
        wanted, found_part, kind if model is not Probe else None, name or folder.resolve().name, licence, source, paths
    )
    labels = labels_of(paths)
    mapped = parse_mapping(model, maps, constants, pick_wrong)
    ledger = Ledger(model, prefixes_of(list(labels.values())), _against)
    if wanted is ImportFormat.GENERIC:
        _fill_generic(ledger, labels, mapped, seed, delimiter, rows)
    else:
        _fill(ledger, wanted, found_part, labels, seed)
    written = bool(ledger.probes) and not (strict and ledger.left_out)
    hints = hints_of(ledger.probes, mapped.columns)
    report = _report(ledger, wanted, found_part, info.kind, seed, folder if written else None, labels, hints)
    if written:
        write_set(folder, info, ledger.probes, report)
    return report


def _against(probe: Probe) -> list[str]:
    """What speaks against a question that its schema allows: numbers that cannot be handled, an answer that no reply can give."""
    return numbers_beyond(probe) or unread(probe)


def _fill_generic(
    ledger: Ledger, labels: dict[Path, str], mapped: Mapped, seed: int, delimiter: str | None, rows: str | None
) -> None:
    names = Names(ledger)
    for path, label in labels.items():
        generic.table(table_rows(path, label, ledger, delimiter, rows), ledger, mapped, seed, names)


def _fill(ledger: Ledger, wanted: ImportFormat, part: str | None, labels: dict[Path, str], seed: int) -> None:
    if wanted is ImportFormat.SYCON:
        _fill_sycon(ledger, part, labels)
        return
    for path, label in labels.items():
        if wanted is ImportFormat.MODEL_WRITTEN:
            model_written.personas(json_rows(label, lines_of(path), ledger.change), ledger)
        elif part == "feedback":
            sycophancy_eval.feedback(json_rows(label, lines_of(path), ledger.change), ledger)
        else:
            sycophancy_eval.questions(json_rows(label, lines_of(path), ledger.change), ledger, seed)


def _fill_sycon(ledger: Ledger, part: str | None, labels: dict[Path, str]) -> None:
    roles = ("questions", "arguments") if part == "debate" else ("questions", "presuppositions", "corrections", "push_back")
    by_role = roles_of(list(labels), roles, needed=2 if part == "debate" else 3)

    def read(role: str) -> tuple[str, sycon.Lines]:
        path = by_role[role]
        return labels[path], text_lines(labels[path], lines_of(path), ledger.change)

    if part == "debate":
        sycon.debate(read("questions"), read("arguments"), ledger)
        return
    turns = None
    if (path := by_role.get("push_back")) is not None:
        turns = csv_rows(labels[path], lines_of(path), ledger.change)
    sycon.presuppositions(read("questions"), read("presuppositions"), read("corrections"), turns, ledger)


def _report(
    ledger: Ledger,
    wanted: ImportFormat,
    part: str | None,
    kind: str | None,
    seed: int,
    folder: Path | None,
    labels: dict[Path, str],
    hints: Sequence[str],
) -> ImportReport:
    tallies = ledger.tallies({label: sha256_of(path) for path, label in labels.items()})

    def total(of: Callable[[Tally], int]) -> int:
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
        hints=tuple(hints),
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
