"""A record of a run that can be cited, with what the gate said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sycoprobe.api.folders import Run, find_run
from sycoprobe.api.gate import gate
from sycoprobe.errors import ReportError, SycoprobeError
from sycoprobe.files import is_file, read_bytes
from sycoprobe.gating.decision import GateResult
from sycoprobe.jsontext import TextFault, read_json
from sycoprobe.reports.build import judge
from sycoprobe.reports.card import Card
from sycoprobe.reports.card_compared import alike
from sycoprobe.reports.card_of import card_of, decision_record
from sycoprobe.reports.model import Report
from sycoprobe.settings import Cluster

GATE_FILE = "gate.json"


def card(run: Run, *, out: str | Path | None = None) -> Card:
    """A short record of a run for a model card, named by the SHA-256 of its content. The run is scored again, and nothing is written.

    Parameters
    ----------
    run: the run's folder, its name in `out`, `latest`, or its report.
    out: the folder that holds the runs (default: reports).

    Returns
    -------
    The record; `to_json` and `to_markdown` give its text. The same run, read by the same version, gives the same record.

    Raises
    ------
    JournalError: there is no such run, or it is damaged.
    ReportError: the decision of a gate beside the run (gate.json) is not what its rules come to now.
    """
    folder = find_run(run, out)
    judged = judge(folder, write=False)
    return card_of(judged, _decision(folder, judged.report))


def _decision(folder: Path, report: Report) -> dict[str, Any] | None:
    """What the gate said of a run, judged again where that can be. Raises `ReportError` if gate.json says something else."""
    file = folder / GATE_FILE
    if not is_file(file):
        return None if report.decision is None else decision_record(report.decision, (report.run,), None)
    said = gate_file(file)
    if len(said["runs"]) > 1 or said["baseline"] is not None:
        return said
    now = judged_again(folder, said)
    if now is None or not alike(said, now):
        raise ReportError(
            f"{file}: says {said['decision']}, and its rules now come to {now['decision'] if now else 'nothing'}, or to other numbers",
            f"`sycoprobe gate {folder}` writes it anew, or delete it",
        )
    return said


def judged_again(folder: Path, said: dict[str, Any]) -> dict[str, Any] | None:
    """What the rules of a decision come to; None if they cannot be judged.

    A decision does not say whether its numbers are to hold for new templates too, so either is tried until it agrees.
    """
    rules = [r["rule"] for r in said["rules"]]
    either: tuple[Cluster | None, ...] = (None, "item", "template")
    first = None
    for cluster in either:
        try:
            again = gate(folder, rules, alpha=said["alpha"], min_items=said["min_items"], cluster=cluster)
        except SycoprobeError:
            continue
        found = decision_record(again.result, tuple(r.report.run for r in again.runs), None)
        if alike(said, found):
            return found
        first = first or found
    return first


def gate_file(file: Path) -> dict[str, Any]:
    """The decision in a gate.json, as a record holds it. Raises `ReportError`."""
    try:
        data = read_json(read_bytes(file))
        runs = tuple(str(r["run"]) for r in data["runs"])
        baseline = str(data["baseline"]["run"]) if data["baseline"] else None
        return decision_record(GateResult.model_validate(data["result"]), runs, baseline)
    except OSError as e:
        said = f"{file}: cannot be read: {e.strerror or e}"
    except TextFault as e:
        said = f"{file}:{e.place}: {e.message}"
    except (ValidationError, KeyError, TypeError, AttributeError):
        said = f"{file}: is of another shape than a gate's decision"
    raise ReportError(said, f"`sycoprobe gate {file.parent}` writes it anew, or delete it")
