"""The command `import`: foreign files to a probe set, and what became of each of their rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sycoprobe.cli.outlet import write_json
from sycoprobe.cli.usage import Command
from sycoprobe.errors import Exit

if TYPE_CHECKING:
    from sycoprobe.sets.importing.ledger import ImportReport, Place

SHOWN = 8
"""How many sorts of faults are printed; the report file holds all of them."""


class FormatName(StrEnum):
    """The formats, as the command line names them."""

    SYCOPHANCY_EVAL = "sycophancy-eval"
    MODEL_WRITTEN = "model-written-evals"
    SYCON = "sycon-bench"
    GENERIC = "generic"


def register(app: typer.Typer) -> None:
    """Add the command of this file to the application."""
    app.command(name="import", cls=Command)(import_)


def import_(
    format: Annotated[FormatName, typer.Argument(metavar="FORMAT", help=f"One of {', '.join(FormatName)}.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files that you have; nothing is fetched.")],
    out: Annotated[Path, typer.Option(help="Folder of the new set; must not be there yet, or be empty.")],
    part: Annotated[
        str | None,
        typer.Option(help="are_you_sure, answer, feedback; presupposition, debate. Default: told from the files' names."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the set (default: the folder's).")] = None,
    seed: Annotated[int, typer.Option(help="From which a wrong option is drawn where a row names none.")] = 0,
    licence: Annotated[
        str | None, typer.Option(help="For set.toml, an SPDX identifier (default: the format's, if known).")
    ] = None,
    source: Annotated[str | None, typer.Option(help="For set.toml: where it comes from.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="generic: the kind of probes, e.g. persona (default: questions with a known answer).")
    ] = None,
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="generic: also FIELD=A,B,C and FIELD=COLUMN:split(|), :json, :letter, :index, :number, :flags. Repeatable.",
        ),
    ] = None,
    constants: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="generic: the same in every probe. Repeatable.")
    ] = None,
    pick_wrong: Annotated[
        bool,
        typer.Option(
            "--pick-wrong", help="generic: draw the wrong answer of a choice from its other options; of yes, it is no."
        ),
    ] = False,
    delimiter: Annotated[
        str | None, typer.Option(help="generic: what parts CSV cells (default: ',', or a tab in .tsv).")
    ] = None,
    rows: Annotated[
        str | None, typer.Option(help="generic: the field of a JSON document in which the list of rows stands.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Write nothing if a row must be left out.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
) -> None:
    """Make a probe set of files that you have, and account for every row. Exit code 1 if rows were left out, 2 if all were."""
    from sycoprobe.imports import import_set

    report = import_set(
        format.value,
        files,
        out,
        part=part,
        name=name,
        seed=seed,
        licence=licence,
        source=source,
        kind=kind,
        maps=maps or (),
        constants=constants or (),
        pick_wrong=pick_wrong,
        delimiter=delimiter,
        rows=rows,
        strict=strict,
    )
    if json:
        write_json(report.model_dump_json(indent=1))
    else:
        _show(report, out)
    if not report.probes:
        raise typer.Exit(Exit.USAGE)
    if report.left_out:
        raise typer.Exit(Exit.CHECK_FAILED)


def _show(report: ImportReport, out: Path) -> None:
    from sycoprobe.sets.importing.writing import REPORT_FILE

    for t in report.files:
        print(f"read       {t.file}: {_rows(t.rows)}")
    formats = ", ".join(f"{n:,} {f}" for f, n in report.answer_formats.items())
    where = f"to {report.folder}" if report.folder is not None else "NOT WRITTEN"
    print(f"probes     {report.probes:,} {where}" + (f" ({formats})" if formats else ""))
    if report.joined:
        print(f"joined     {_rows(report.joined)}, each with the probe of another file's row")
    if report.collapsed:
        why = Counter(c.why.value for c in report.collapsed_rows)
        said = {"variant": "other wordings of one item", "duplicate": "duplicates"}
        parts = ", ".join(f"{n:,} {said[w]}" for w, n in why.most_common())
        print(f"collapsed  {_rows(report.collapsed)} into the probe that an earlier row made: {parts}")
    if report.left_out:
        print(f"left out   {_rows(report.left_out)}")
        _show_places([f for row in report.left_out_rows for f in row.faults])
    if report.changed:
        print(f"changed    {len(report.changed):,} place{'' if len(report.changed) == 1 else 's'}")
        _show_places(report.changed)
    for sentence in report.lost:
        print(f"lost       {sentence}")
    for sentence in report.hints:
        print(f"hint       {sentence}")
    if report.folder is not None:
        if report.left_out or report.changed or report.collapsed:
            print(f"Every row that was left out, changed or collapsed stands in {out / REPORT_FILE}.")
        print(f"next: `sycoprobe show {out}` to look at some of them, then `sycoprobe run {out}`")
    elif report.probes:
        print("Nothing was written, because rows had to be left out and --strict is on; fix them, or leave --strict away.")
    else:
        print("Nothing was written: no row could be used.")


def _rows(n: int) -> str:
    return f"{n:,} row{'' if n == 1 else 's'}"


def _show_places(places: Sequence[Place]) -> None:
    """Each sort of fault once, with its number and first place; few are shown one by one."""
    if len(places) <= SHOWN:
        for p in places:
            print(f"  {p}")
        return
    sorts: dict[str, list[Place]] = {}
    for p in places:
        sorts.setdefault(re.sub(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\d[\d,]*", "…", p.message), []).append(p)
    ranked = sorted(sorts.values(), key=len, reverse=True)
    for found in ranked[:SHOWN]:
        print(f"  {len(found):,} ×  {found[0]}")
    if len(ranked) > SHOWN:
        print(f"  and {len(ranked) - SHOWN} other sorts")
