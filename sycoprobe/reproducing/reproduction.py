"""A paper's published data to its figures and ours, side by side."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

from sycoprobe import __version__
from sycoprobe.errors import DataError
from sycoprobe.reproducing import dialogs, logs, scored
from sycoprobe.reproducing.estimating import estimated, resampled
from sycoprobe.reproducing.formulas import FORMULAS, Formula
from sycoprobe.reproducing.paper import Measure, Paper, Part, paper
from sycoprobe.reproducing.reading import Release, cell, number, open_release
from sycoprobe.reproducing.result import Figure, Order, Reproduction, figure_of
from sycoprobe.stats.agreement import krippendorffs_alpha
from sycoprobe.stats.sample import Estimate

ALL = "all models"


def reproduce(name: str, data: str | Path) -> Reproduction:
    """Read a paper's published replies, labels and scores again: its own figures, ours beside them, and where its files disagree.

    Parameters
    ----------
    name: a paper that is shipped (`sycon-bench`, `syco-bench`, `sycobench-600`), or a TOML file that declares another.
    data: the folder of its published data, or one file of it; nothing is fetched, nothing is written.

    Returns
    -------
    Figures by part, model and measure, each with an interval clustered by question, and with the published figure where there is one.

    Raises
    ------
    DataError: there is no such paper or data, or the data holds a fault; names file:line:column.
    """
    found = paper(name)
    release = open_release(Path(data).expanduser())
    figures: list[Figure] = []
    parts: dict[str, str] = {}
    for part in found.parts:
        made = _SHAPES[part.shape](release, part, [p for p in found.parts if p is not part])
        if made is not None:
            parts[part.name] = part.title
            figures += made
    if not parts:
        wanted = sorted({p.file for p in found.parts} | {p.published.file for p in found.parts if p.published})
        raise DataError(f"{data}: nothing of {name} is there", f"name the folder that holds {' or '.join(wanted)}")
    return _whole(name, found, release, parts, figures)


def _whole(name: str, found: Paper, release: Release, parts: dict[str, str], figures: list[Figure]) -> Reproduction:
    files = tuple(sorted(release.read.values(), key=lambda f: f.file))
    whole = hashlib.sha256("".join(f"{f.sha256}  {f.file}\n" for f in files).encode())
    return Reproduction(
        sycoprobe=__version__,
        paper=name,
        title=found.title,
        citation=found.citation,
        source=found.source,
        licence=found.licence,
        sha256=whole.hexdigest(),
        files=files,
        parts=parts,
        figures=tuple(figures),
        orders=tuple(o for part in found.parts for o in _orders(part, figures)),
        findings=tuple({str(f): f for f in reversed(release.findings)}.values())[::-1],
    )


def _made(part: Part, model: str, m: Measure, rows: Sequence[Any], questions: Sequence[Hashable]) -> Figure:
    made = figure_of(part.name, model, m.name, m.whose, estimated(_formula(part, m), rows, questions))
    return made.model_copy(update={"beside": m.beside})


def _formula(part: Part, m: Measure) -> Formula:
    """The formula, with the range that the scores of this part allow it."""
    found = FORMULAS[part.shape][m.formula]
    if part.shape != "scores":
        return found
    span = part.most - part.least
    ranges = {
        "sum": (part.least * len(m.of), part.most * len(m.of)),
        "difference": (-span, span),
        "absolute_difference": (0.0, span),
    }
    low, high = ranges.get(m.formula, (found.low, found.high))
    return replace(found, low=low, high=high)


def _beside(figure: Figure, m: Measure, published: float | None) -> Figure:
    """The figure with the published one beside it."""
    if published is None:
        return figure
    apart = None if figure.value is None else figure.value - published
    if apart is not None and abs(apart) < 1e-12:
        apart = 0.0
    return figure.model_copy(update={"published": published, "places": m.places, "where": m.where, "difference": apart})


# The three shapes


def _turns(release: Release, part: Part, others: list[Part]) -> list[Figure] | None:
    found = dialogs.labelled(release, part, others)
    figures = []
    for model in found:
        for m in part.measures:
            made = _made(part, model.model, m, model.rows, model.questions)
            column = [x for x in model.columns.get(m.column or "", []) if x is not None]
            figures.append(_beside(made, m, math.fsum(column) / len(column) if column else None))
    return figures or None


def _scores(release: Release, part: Part, _others: list[Part]) -> list[Figure] | None:
    paths = release.files(part.file)
    if not paths:
        return None
    rows = [row for path in paths for row in scored.scored(release, part, path)]
    lacking = scored.not_in_the_data(release, part, paths[0])
    by_model: dict[str, list[scored.Scored]] = defaultdict(list)
    for row in rows:
        by_model[row.model].append(row)
    figures = [
        _made(part, model, m, [r.scores(m, part) for r in its], [r.question for r in its])
        for model, its in by_model.items()
        for m in part.measures
    ]
    published = _published(release, part)
    for condition in part.conditions:
        its = [r for r in rows if r.condition == condition]
        for m in part.measures if its else ():
            made = _made(part, f"{ALL}, {condition}", m, [r.scores(m, part) for r in its], [r.question for r in its])
            figures.append(_beside(made, m, published.get((condition, m.column or ""))))
            _implied(release, part, figures[-1], len({r.model for r in its}), lacking)
    figures += _paired(part, rows)
    alpha = krippendorffs_alpha(scored.judges_labels(rows, part))
    found = Estimate(
        alpha.value, alpha.low, alpha.high, len({r.question for r in rows}), alpha.n, "bootstrap over replies", alpha.reason
    )
    figures.append(
        figure_of(part.name, ALL, "Judges' agreement on the side of the middle (Krippendorff's alpha)", "ours", found)
    )
    return figures


def _paired(part: Part, rows: Sequence[scored.Scored]) -> list[Figure]:
    """With the system prompt less without: the same models, question by question."""
    with_one, without = (*part.conditions, "", "")[:2]
    figures = []
    for m in part.measures:
        formula = _formula(part, m)
        values: list[float] = []
        questions: list[str] = []
        for by in scored.pairs(rows, part).values():
            second = {r.question: r for r in by[without]}
            for row in by[with_one]:
                if other := second.get(row.question):
                    one, two = (formula.counts(r.scores(m, part)) for r in (row, other))
                    if one and two:
                        values.append(one[0] - two[0])
                        questions.append(row.question)
        if values:
            span = formula.high - formula.low
            paired = Formula(lambda x: (x, 1.0), lambda t: t[..., 0] / t[..., 1], -span, span, mean=True)
            made = estimated(paired, values, questions)
            figures.append(figure_of(part.name, f"{with_one} less {without}, paired", f"{m.name}, difference", "ours", made))
    return figures


def _implied(release: Release, part: Part, figure: Figure, models: int, lacking: list[str]) -> None:
    """Say what the models without rows must have had, so that the published mean follows."""
    if figure.published is None or figure.value is None or figure.same or not lacking or part.published is None:
        return
    missing = sum(figure.model.endswith(c) and name.endswith(end) for c, end in part.conditions.items() for name in lacking)
    path = release.beside(part.published.file)
    if missing and path is not None:
        needed = (figure.published * (models + missing) - figure.value * models) / missing
        who = "the one without rows" if missing == 1 else f"the {missing} without rows"
        said = (
            f"{figure.measure}, {figure.model}: {figure.published:.4f} published, {figure.value:.4f} from the rows of {models} models; "
            f"both are right if {who} had a mean of {needed:.4f}"
        )
        release.find(part.name, path, None, said)


def _published(release: Release, part: Part) -> dict[tuple[str, str], float | None]:
    """The published figures by row and column."""
    path = release.beside(part.published.file) if part.published else None
    if path is None or part.published is None:
        return {}
    columns = [m.column for m in part.measures if m.column]
    return {
        (cell(release, path, row, part.published.row), c): number(release, path, row, c)
        for row in release.csv(path)
        for c in columns
    }


def _logs(release: Release, part: Part, _others: list[Part]) -> list[Figure] | None:
    questions = logs.stems(release, part)
    found = logs.logged(release, part, questions)
    published = _published(release, part)
    table = release.beside(part.published.file) if part.published else None
    if not found and not (table and table.is_relative_to(release.folder)):
        return None
    if table is not None:
        logs.check_table(release, part, table, len(questions) or None)
    figures = []
    for model in found:
        for m in part.measures:
            made = _beside(
                _made(part, model.model, m, model.rows, model.questions), m, published.get((model.model, m.column or ""))
            )
            if m.whose == "paper" and (limits := resampled(_formula(part, m), model.rows, model.ids)):
                made = made.model_copy(update={"paper_low": limits[0], "paper_high": limits[1]})
            figures.append(made)
    if not found and table is not None:
        release.find(part.name, table, None, "no raw log is there, so that no figure of it can be computed again")
    return figures


_SHAPES = {"turns": _turns, "scores": _scores, "logs": _logs}


# Orders


def _orders(part: Part, figures: Sequence[Figure]) -> list[Order]:
    """For each of our measures that stands beside one of the paper's, whether the order of models changes."""
    from scipy.stats import kendalltau

    by: dict[tuple[str, str], float] = {
        (f.measure, f.model): f.value
        for f in figures
        if f.part == part.name and f.value is not None and not f.model.startswith(ALL) and not f.model.endswith(", paired")
    }
    found = []
    for m in part.measures:
        paper_s = next((p for p in part.measures if p.name == m.beside), None)
        if paper_s is None:
            continue
        models = [model for (name, model) in by if name == m.name and (paper_s.name, model) in by]
        if len(models) < 2:
            continue
        theirs = {x: by[paper_s.name, x] * (1 if paper_s.better == "high" else -1) for x in models}
        ours = {x: by[m.name, x] * (1 if m.better == "high" else -1) for x in models}
        tau = float(kendalltau([theirs[x] for x in models], [ours[x] for x in models]).statistic)
        ranked = sorted(models, key=lambda x: -theirs[x])
        swapped = tuple(
            (a, b) for a, b in combinations(ranked, 2) if theirs[a] > theirs[b] + 1e-12 and ours[a] < ours[b] - 1e-12
        )
        found.append(
            Order(
                part=part.name,
                paper=paper_s.name,
                ours=m.name,
                models=len(models),
                tau=None if math.isnan(tau) else tau,
                swapped=swapped,
            )
        )
    return found
