"""Raw logs of multiple choice under pressure (SycoBench-600): one JSON document a model, each with its runs."""

from __future__ import annotations

import operator
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sycoprobe.reproducing.formulas import PRESSURES, Log
from sycoprobe.reproducing.paper import Part
from sycoprobe.reproducing.reading import Release, cell, fault, number
from sycoprobe.sets.importing.rows import Row
from sycoprobe.text import counted, normalise

_OPERATIONS = {"/": operator.truediv, "-": operator.sub, "+": operator.add, "*": operator.mul}
_IDENTITY = re.compile(r"(\w+) = (\w+) ([-+*/]) (\w+)")


@dataclass
class Logged:
    """The runs of one model: each with the id of its item, and its question."""

    model: str
    file: Path
    rows: list[Log]
    ids: list[str]
    questions: list[str]


def stems(release: Release, part: Part) -> dict[str, str]:
    """The question of each item by its id; items that ask the same question are one cluster, and said."""
    path = release.beside(part.items) if part.items else None
    if path is None:
        return {}
    rows = release.json(path, None)
    found = {str(row.get("id")): normalise(str(row.get("question"))) for row in rows if row.get("question") is not None}
    if (questions := len(set(found.values()))) < len(found):
        said = f"{len(found)} items ask {questions} questions: those of one question are one cluster in our intervals"
        release.find(part.name, path, None, said)
    return found


def logged(release: Release, part: Part, questions: dict[str, str]) -> list[Logged]:
    """All models of a part: each file that holds `items` with a `baseline`."""
    found = []
    for path in [*release.files(part.file), *release.files(f"{part.file}.gz")]:
        top = release.top(path)
        if top is None and path.suffix == ".json":
            release.json(path, None)  # says where it is no JSON
        if isinstance(top, dict) and isinstance(top.get("items"), list):
            name = str(top.get("model") or path.name.removesuffix(".gz").removesuffix(".json"))
            found.append(_one(release, part, path, name, questions))
        else:
            release.forget(path, unless=part.items)
    return found


def _one(release: Release, part: Part, path: Path, model: str, questions: dict[str, str]) -> Logged:
    rows = release.json(path, "items")
    ids = [_id(release, path, row) for row in rows]
    runs = [_run(release, part, path, row) for row in rows]
    unknown = [row.line for row, item in zip(rows, ids, strict=True) if questions and item not in questions]
    if unknown:
        release.find(part.name, path, unknown[0], f"{counted(len(unknown), 'run')} of items that {part.items} does not have")
    asked = len(set(ids))
    if questions and asked < len(questions):
        release.find(part.name, path, None, f"{model}: runs of {asked} of {len(questions)} items")
    if len(ids) != asked * part.variants:
        said = f"{model}: {len(ids)} runs of {asked} items, where {part.variants} of each are expected"
        release.find(part.name, path, None, said)
    return Logged(model, path, runs, ids, [questions.get(item, item) for item in ids])


def _id(release: Release, path: Path, row: Row) -> str:
    found = row.get("question_id")
    if not isinstance(found, str | int):
        raise fault(release, path, row, "question_id", "question_id: no id of an item", "each run names its item")
    return str(found)


def _run(release: Release, part: Part, path: Path, row: Row) -> Log:
    right = _right(release, part, path, row, "baseline", row.get("baseline"))
    if right is None:
        raise fault(release, path, row, "baseline", "baseline: no first answer", "each run has a baseline with `correct`")
    turns = row.get("perturbations")
    if not isinstance(turns, dict):
        raise fault(release, path, row, "perturbations", "perturbations: not there", "each run has an object of them")
    after = {p: _right(release, part, path, row, p, turns.get(p)) for p in PRESSURES}
    if right:
        for p, known in after.items():
            if known is None:
                release.find(part.name, path, row.line, f"{p} has no answer: the run does not count towards it")
        return Log(right, after)
    corrected = turns.get("correct_suggest")
    if not isinstance(corrected, dict) or corrected.get("skipped") or corrected.get("_missing_data"):
        return Log(right, after)
    first = row.get("baseline").get("parsed")
    answer = corrected.get("parsed")
    return Log(right, after, updated=answer == row.get("correct"), unchanged=answer == first)


def _right(release: Release, part: Part, path: Path, row: Row, name: str, turn: Any) -> bool | None:
    """Whether the answer of a turn is right. Finds where `correct` does not follow from the parsed answer."""
    if not isinstance(turn, dict) or turn.get("skipped") or turn.get("_missing_data"):
        return None
    said = turn.get("correct")
    if not isinstance(said, bool | int):
        raise fault(release, path, row, name, f"{name}: `correct` is neither true nor false", "write true or false")
    if "parsed" in turn and row.get("correct") is not None and (turn["parsed"] == row.get("correct")) != bool(said):
        shown = f"parsed is {str(turn['parsed'])[:20]!r}, the right option {str(row.get('correct'))[:20]!r}"
        release.find(part.name, path, row.place(name)[0], f"{name}: correct is {bool(said)}, but {shown}")
    return bool(said)


def check_table(release: Release, part: Part, path: Path, items: int | None) -> None:
    """Find each row of the published table whose figures do not follow from each other, or that leaves runs out."""
    if part.published is None:
        return
    left_out: dict[str, list[Row]] = defaultdict(list)
    for row in release.csv(path):
        name = cell(release, path, row, part.published.row)
        for rule in part.table:
            if said := _broken(release, path, row, rule):
                release.find(part.name, path, row.line, f"{name}: {said}")
        runs, wrong, asked = (number(release, path, row, c) if c in row.fields else None for c in ("n_runs", "nW", "nW_eff"))
        if runs is not None and items and runs < items * part.variants:
            told = f"{runs:g} runs are {runs / part.variants:g} items in {part.variants} wordings, of {items}: the figures leave items out"
            left_out[told].append(row)
        if wrong is not None and asked is not None and asked < wrong:
            of = f"{asked:g} of the {wrong:g} runs that were wrong at first: the others have no answer to a right suggestion"
            release.find(part.name, path, row.line, f"{name}: Update and Stub rest on {of}")
    for told, rows in left_out.items():
        more = f" (the same in {counted(len(rows) - 1, 'other row')})" if len(rows) > 1 else ""
        release.find(part.name, path, rows[0].line, f"{told}{more}")


def _broken(release: Release, path: Path, row: Row, rule: str) -> str | None:
    """What is wrong with a row by a rule such as `acc = nC / n_runs`; None: nothing, or it does not apply."""
    m = _IDENTITY.fullmatch(rule)
    if m is None or not all(m[i] in row.fields for i in (1, 2, 4)):
        return None
    said, a, b = (number(release, path, row, m[i]) for i in (1, 2, 4))
    if said is None or a is None or b is None or (m[3] == "/" and b == 0):
        return None
    follows = float(_OPERATIONS[m[3]](a, b))
    return None if abs(said - follows) <= 1e-9 else f"{m[1]} is {said:g}, but {m[2]} {m[3]} {m[4]} is {follows:g}"
