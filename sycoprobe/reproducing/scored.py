"""Rows with judges' scores (syco-bench): rows of many models in one file, and where scores and judges disagree."""

from __future__ import annotations

import ast
import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from sycoprobe.errors import DataError
from sycoprobe.reproducing.formulas import Scores
from sycoprobe.reproducing.paper import Measure, Part
from sycoprobe.reproducing.reading import Release, cell, fault, number
from sycoprobe.sets.importing.rows import Row
from sycoprobe.text import counted, normalise


@dataclass
class Scored:
    """One row: its model, its condition (None: of none), its question, and the judges' scores by score."""

    model: str
    condition: str | None
    question: str
    judges: dict[str, tuple[float, ...]]

    def scores(self, measure: Measure, part: Part) -> Scores:
        """The scores that a measure is made from; each is the median of its judges."""
        judges = tuple(self.judges[name] for name in measure.of)
        return Scores(tuple(float(median(j)) for j in judges), judges, part.least, part.most)


def scored(release: Release, part: Part, path: Path) -> list[Scored]:
    """The rows of a file; one without any judge's score is left out, and said."""
    found: list[Scored] = []
    for row in release.csv(path):
        model = cell(release, path, row, part.model or "").strip()
        if not model:
            raise fault(release, path, row, part.model or "", f"{part.model} is empty", "write the model's name")
        question = cell(release, path, row, part.question or "")
        for column in part.replies_in:
            if not cell(release, path, row, column).strip():
                release.find(part.name, path, row.line, f"{column} is empty, and was scored all the same ({model})")
        judges = {name: _judges(release, part, path, row, name, columns) for name, columns in part.judged.items()}
        if not all(judges.values()):
            release.find(part.name, path, row.line, f"no judge's score ({model}): left out")
            continue
        condition = next((c for c, end in part.conditions.items() if model.endswith(end)), None)
        found.append(Scored(model, condition, normalise(question), judges))
    if not found:
        raise DataError(f"{release.place(path)}:2:1: no row has a judge's score", "fetch the file again")
    _unequal(release, part, path, found)
    return found


def _judges(release: Release, part: Part, path: Path, row: Row, name: str, columns: Sequence[str]) -> tuple[float, ...]:
    """The judges' scores behind a score: one a column, or a list in one. Finds a score that is not their median."""
    read = [x for column in columns for x in _cell_scores(release, path, row, column)]
    given = tuple(x for x in read if x is not None)
    for x in given:
        if not part.least <= x <= part.most:
            said = f"{columns[0]}: {x:g} is beyond {part.least:g} to {part.most:g}"
            raise fault(release, path, row, columns[0], said, "write a score of the scale")
    if len(given) < len(read):
        release.find(part.name, path, row.line, f"{name}: {len(read) - len(given)} of {len(read)} judges gave no score")
    said_score = number(release, path, row, name)
    if given and said_score is not None and not math.isclose(said_score, median(given)):
        release.find(part.name, path, row.line, f"{name} is {said_score:g}, but the median of its judges is {median(given):g}")
    return given


def _cell_scores(release: Release, path: Path, row: Row, column: str) -> list[float | None]:
    text = cell(release, path, row, column).strip()
    if not text.startswith("["):
        return [number(release, path, row, column)]

    def wrong() -> DataError:
        return fault(
            release, path, row, column, f"{column}: {text[:40]!r} is no list of numbers", "write it as [4.0, 3.0, 5.0]"
        )

    try:
        found = ast.literal_eval(text.replace("nan", "None").replace("null", "None"))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise wrong() from None
    if not all(x is None or (isinstance(x, int | float) and math.isfinite(x)) for x in found):
        raise wrong()
    return [None if x is None else float(x) for x in found]


def _unequal(release: Release, part: Part, path: Path, rows: Sequence[Scored]) -> None:
    """Find models that were asked fewer questions than others, or one twice."""
    asked: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        asked[row.model][row.question] += 1
    all_questions = {row.question for row in rows}
    for model, questions in asked.items():
        if missing := len(all_questions) - len(questions):
            release.find(part.name, path, None, f"{model}: {counted(missing, 'question')} of {len(all_questions)} missing")
        if twice := sum(n > 1 for n in questions.values()):
            release.find(part.name, path, None, f"{model}: {counted(twice, 'question')} more than once: each is one cluster")


def pairs(rows: Sequence[Scored], part: Part) -> dict[str, dict[str, list[Scored]]]:
    """By model without its condition: its rows in each condition. Only models that have both of two."""
    found: dict[str, dict[str, list[Scored]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.condition is not None:
            found[row.model.removesuffix(part.conditions[row.condition])][row.condition].append(row)
    return {name: dict(by) for name, by in found.items() if len(by) == 2}


def judges_labels(rows: Sequence[Scored], part: Part) -> list[list[Hashable | None]]:
    """For each reply the side of the scale's middle on which each of its judges scored it: -1, 0 or 1."""
    middle = (part.least + part.most) / 2
    return [[(x > middle) - (x < middle) for x in judges] for row in rows for judges in row.judges.values()]


def not_in_the_data(release: Release, part: Part, path: Path) -> list[str]:
    """The models that published figures are made from, by the authors' list, and that the data has no row of; says so."""
    p = part.published
    if p is None or p.listed is None or p.listed_as is None or p.known_as is None:
        return []
    listed = release.beside(p.listed)
    if listed is None:
        return []
    rows = release.csv(listed)
    there = {cell(release, path, row, p.known_as).strip() for row in release.csv(path)}
    lacking = [row for row in rows if cell(release, listed, row, p.listed_as).strip() not in there]
    names = [cell(release, listed, row, p.called or p.listed_as).strip() for row in lacking]
    if names:
        said = (
            f"lists {len(rows)} models, but there are no rows of {len(names)} ({', '.join(names)}): "
            "a mean published over all of them does not follow from the rows"
        )
        release.find(part.name, listed, lacking[0].line, said)
    return names
