"""How a gated run ends: its settings, its decision printed and written, and the exit code that it deserves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sycoprobe.cli.outlet import write_commands, write_json
from sycoprobe.cli.show import Shown, console, print_one
from sycoprobe.errors import Exit

if TYPE_CHECKING:
    from sycoprobe.reports.findings import Gated
    from sycoprobe.reports.model import Report
    from sycoprobe.settings import GateSettings


def finish(
    found: Gated,
    chosen: GateSettings,
    *,
    json: bool = False,
    show: bool = True,
    full: bool = False,
    artefacts: dict[str, Path | None] | None = None,
    summary: Path | None = None,
    annotations: bool | None = None,
) -> None:
    """Write what was asked for, print the decision (as a table, in `full`, as `json`, or not at all), and exit with the code that it deserves."""
    import os
    import sys
    from dataclasses import replace

    from sycoprobe.pages.report import put_decision
    from sycoprobe.reports import artefacts as writers
    from sycoprobe.reports.gate_terminal import print_gate

    notes = found.notes
    if found.baseline is not None and chosen.max_baseline_age is not None:
        notes = (*notes, *writers.age_notes(found.baseline, chosen.max_baseline_age))
    found = replace(found, notes=notes)
    code, why = exit_code(found, chosen)
    text = writers.to_json(found)
    left_out: tuple[str, ...] = ()
    for run in found.runs:
        left_out += _kept(run.folder / "gate.json", text)
        put_decision(run.folder)
    notes = (*notes, *left_out)
    for name, path in (artefacts or {}).items():
        if path is not None:
            writers.write(path, writers.WRITERS[name](found))
    page = summary or (Path(os.environ["GITHUB_STEP_SUMMARY"]) if os.environ.get("GITHUB_STEP_SUMMARY") else None)
    if page is not None:
        writers.append(page, writers.to_summary(found))
    if json:
        write_json(text)
        for note in left_out:
            print(f"note: {note}", file=sys.stderr)
    elif show:
        print_gate(found.result, console(), notes, [run.subject for run in found.runs], full=full)
    if annotations if annotations is not None else os.environ.get("GITHUB_ACTIONS") == "true":
        write_commands(writers.to_annotations(found), stderr=json or not show)
    if why:
        print(f"exit {code.value}: {why}", file=sys.stderr)
    raise typer.Exit(code)


def _kept(file: Path, text: str) -> tuple[str, ...]:
    """Write the decision beside its run; where that cannot be, a note says so: a run that is only archived can be judged, too."""
    from sycoprobe.errors import GateError
    from sycoprobe.reports.artefacts import write

    try:
        write(file, text)
    except GateError as e:
        return (f"gate.json was left out: {e.message}",)
    return ()


GIVEN_AWAY = "a limit may be broken without being noticed"
"""What it means that an open gate lets a run through."""


def exit_code(found: Gated, chosen: GateSettings) -> tuple[Exit, str]:
    """The exit code of a gated run, and why where it is not plain from the decision."""
    from sycoprobe.gating.decision import Decision
    from sycoprobe.reports.conclusion import why_incomplete

    alone = len(found.runs) == 1
    for run in found.runs:
        named = "" if alone else f"{run.report.run}: "
        incomplete = why_incomplete(run.report, chosen.error_tolerance, found.result)
        if incomplete:
            return Exit.INCOMPLETE, named + incomplete
        rules = [r for r in found.result.rules if r.kind in run.kinds and r.run in ("", run.report.run)]
        if rules and all(r.value is None for r in rules):
            return Exit.INCOMPLETE, f"{named}nothing was measured: {rules[0].reason}"
    match found.result.decision:
        case Decision.PASS:
            return Exit.OK, ""
        case Decision.FAIL:
            return Exit.CHECK_FAILED, ""
    match chosen.on_inconclusive:
        case "pass":
            return (
                Exit.OK,
                f"note: not passed, only inconclusive; the exit code is 0 because of on-inconclusive = pass: {GIVEN_AWAY}",
            )
        case "warn":
            return (
                Exit.OK,
                f"warning: not passed, only inconclusive; the exit code is 0 because of on-inconclusive = warn: {GIVEN_AWAY}",
            )
        case "fail":
            return Exit.CHECK_FAILED, "the gate is inconclusive, which --on-inconclusive fail counts as a fail"
    return Exit.INCONCLUSIVE, "the gate is inconclusive"


def finish_sequential(report: Report, folder: Path, gate: GateSettings, how: Shown) -> None:
    """Print a sequential run with its decision, and exit with the gate's code."""
    from sycoprobe import api

    print_one(report, folder, how)
    finish(api.gate(folder), gate, show=not how.json, full=how.full)
