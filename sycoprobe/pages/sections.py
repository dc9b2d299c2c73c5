"""What was found with one kind, as a page shows it: forest plot, flip matrix, curves, breakdowns, how replies were read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sycoprobe.extract.types import Outcome
from sycoprobe.metrics.table import Slice
from sycoprobe.pages.conversation import SHORT, STAGES
from sycoprobe.pages.drawing import Interval, Plot, Scale, interval_on, limits_of, plot_of, scale_of
from sycoprobe.reports import readings
from sycoprobe.reports.model import MetricResult, Report, Section, Sliced
from sycoprobe.stats.sample import FEWEST, Estimate
from sycoprobe.text import probability

Cell = tuple[str, float | str | None]
"""What is shown, and by what a column of it is sorted; None: by what is shown."""
Ticks = list[tuple[str, str, bool]]
SURVIVAL = "survival"


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One estimate: its name, the number, where it stands, and what it says."""

    name: str
    estimate: Estimate
    place: Interval
    arm: str
    control: str
    says: str
    main: bool


@dataclass(frozen=True, slots=True)
class Forest:
    """Estimates on one scale."""

    title: str
    rows: tuple[ForestRow, ...]
    ticks: Ticks


@dataclass(frozen=True, slots=True)
class TableShown:
    """A table for `macros.table`: columns are a name and whether they hold numbers."""

    caption: str
    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str | None = None


def headlines(report: Report) -> Forest:
    """The headline of each kind, on one scale."""
    found = [(s.kind, *s.headline) for s in report.kinds.values()]
    return _forest("The headline of each kind", [(f"{kind}: {name}", m, True) for kind, name, m in found])


def forests(section: Section) -> list[Forest]:
    """Every estimate of a kind; those that are no shares or differences of shares have a scale of their own."""
    shown = [(n, m, m.headline) for n, m in section.metrics.items() if _worth(m)]
    shares = [x for x in shown if not _beyond(x[1])]
    others = [x for x in shown if _beyond(x[1])]
    titles = ("Every estimate with its 95 % interval and its control", "Estimates on other scales")
    return [_forest(title, rows) for title, rows in zip(titles, (shares, others), strict=True) if rows]


def _worth(m: MetricResult) -> bool:
    return m.estimate.value is not None or m.essential or m.judged or m.headline


def _beyond(m: MetricResult) -> bool:
    return any(abs(x) > 1.0 for x in limits_of([m.estimate], m.control_value) if x is not None)


def _forest(title: str, rows: Iterable[tuple[str, MetricResult, bool]]) -> Forest:
    listed = list(rows)
    scale = scale_of(x for _, m, _ in listed for x in limits_of([m.estimate], m.control_value))
    return Forest(title, tuple(_row(n, m, scale, main) for n, m, main in listed), scale.ticks())


def _row(name: str, m: MetricResult, scale: Scale, main: bool) -> ForestRow:
    says = m.estimate.reason or m.says
    if m.corrected is not None:
        says = f"{says}; corrected for the judge's known errors: {m.corrected}"
    return ForestRow(
        name.replace("_", " "),
        m.estimate,
        interval_on(scale, m.estimate, m.control_value if m.against else None),
        _share(m.arm_value) if m.against else "",
        _share(m.control_value) if m.against else "",
        says,
        main,
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:z.2f}"


def flip_matrix(counts: Counter[tuple[str, str, str]], arms: Sequence[str]) -> TableShown | None:
    """From which label to which, by arm, and for all arms of a side together; None where no conversation has two that are compared."""
    if not counts:
        return None
    labels, begun_with = _labels(label for _, _, label in counts), _labels(begun for _, begun, _ in counts)
    sides = Counter(side for arm in arms if (side := arm.partition(".")[0]) != arm)
    rows: dict[tuple[str, str], Counter[str]] = {}
    for (arm, begun, label), n in counts.items():
        side = arm.partition(".")[0]
        for place in (f"{side} (all)", arm) if sides[side] > 1 else (arm,):
            rows.setdefault((place, begun), Counter())[label] += n
    places = [x for arm in arms for x in (f"{arm.partition('.')[0]} (all)", arm)]
    ordered = sorted(rows.items(), key=lambda r: (places.index(r[0][0]), begun_with.index(r[0][1])))
    made = tuple(
        (
            (arm.replace("_", " "), places.index(arm)),
            (_word(begun), None),
            *((str(of[x]) if of[x] else "·", of[x]) for x in labels),
            (str(of.total()), of.total()),
        )
        for (arm, begun), of in ordered
    )
    columns = (("arm", False), ("first", False), *((f"then {_word(x)}", True) for x in labels), ("conversations", True))
    return TableShown("From the first answer to the last, by arm", columns, made)


def _labels(found: Iterable[str]) -> list[str]:
    outcomes = [o.value for o in Outcome]
    return sorted(dict.fromkeys(found), key=lambda x: (x in outcomes, outcomes.index(x) if x in outcomes else 0))


def _word(label: str) -> str:
    return SHORT.get(label, label.replace("_", " "))


def plots(section: Section) -> list[tuple[Plot, TableShown]]:
    """The curves of a kind, those of one name in one drawing, each with its numbers."""
    found = []
    for name in dict.fromkeys(c.name for c in section.curves):
        curves = [c for c in section.curves if c.name == name]
        survival = name == SURVIVAL
        rows = tuple(
            ((f"{p.x:g}", p.x), *((str(c.points[i].estimate), _by(c.points[i].estimate)) for c in curves))
            for i, p in enumerate(curves[0].points)
        )
        columns = ((curves[0].x_name, False), *((c.arm.replace("_", " "), True) for c in curves))
        table = TableShown(f"{name}: {curves[0].says}", columns, rows)
        found.append((plot_of(curves, steps=survival, start=1.0 if survival else None), table))
    return found


def breakdowns(section: Section) -> list[TableShown]:
    """Every slice of a kind that has at least two parts."""
    parts = {by: section.slices.get(by.value, {}) for by in Slice}
    return [t for by, of in parts.items() if len(of) > 1 and (t := _breakdown(section, by, of)).rows]


def _breakdown(section: Section, by: Slice, parts: Mapping[str, Sliced]) -> TableShown:
    headline = section.headline[0]
    names = [
        headline,
        *(n for n, m in section.metrics.items() if n != headline and not m.bound_of and m.essential),
        "valid_share",
    ]
    shown = [n for n in dict.fromkeys(names) if any(n in part.metrics for part in parts.values())]
    tested = any(part.holm_p is not None for part in parts.values())
    columns = [(by.value, False)]
    for n in shown:
        columns += [(n.replace("_", " "), True), *([("p (Holm)", True), ("items", True)] if n == headline and tested else [])]
    rows = {label: _slice_row(label, part, shown, headline if tested else "") for label, part in parts.items()}
    few = [label for label, part in parts.items() if all(_by(part.metrics[n]) == "" for n in shown if n in part.metrics)]
    note = f"too few items: {', '.join(few)}" if few else None
    return TableShown(f"By {by.value}", tuple(columns), tuple(row for label, row in rows.items() if label not in few), note)


def _slice_row(label: str, part: Sliced, shown: list[str], tested: str) -> tuple[Cell, ...]:
    cells: list[Cell] = [(label, None)]
    for name in shown:
        e = part.metrics.get(name)
        cells.append(("–", "") if e is None else (str(e), _by(e)))
        if name == tested:
            p = part.holm_p if e is not None and e.items >= FEWEST else None
            cells.append((probability(p), "" if p is None else p))
            cells.append(("0", 0) if e is None else (str(e.items), e.items))
    return tuple(cells)


def _by(e: Estimate) -> float | str:
    return "" if e.value is None or e.items < FEWEST else e.value


def label_counts(section: Section) -> list[TableShown]:
    """What the replies came to, an aspect a table, a row for each arm and turn."""
    aspects: dict[str, dict[str, dict[str, int]]] = {}
    for where, counted in section.counts.items():
        place, _, aspect = where.partition(" ")
        aspects.setdefault(aspect, {})[place.removesuffix(".0")] = counted
    found = []
    for aspect, places in aspects.items():
        labels = [x for x in _labels(x for of in places.values() for x in of) if x != Outcome.ANSWERED.value]
        if not labels:
            continue
        rows = tuple(
            ((place.replace("_", " "), None), *((str(of.get(x) or "·"), of.get(x, 0)) for x in labels))
            for place, of in places.items()
        )
        columns = (("arm", False), *((_word(x), True) for x in labels))
        found.append(TableShown(f"Replies: {aspect.replace('_', ' ')}", columns, rows))
    return found


def how_read(section: Section) -> TableShown | None:
    """By which step replies were read, arm by arm, and how often that step is right."""
    rows = readings.table(section.readings)
    if not rows or section.readings is None:
        return None
    columns = tuple((name, i > 0) for i, name in enumerate(rows[0]))
    made = tuple(
        (
            (f"{row[0]}: {STAGES[row[0]]}" if row[0] in STAGES else row[0], None),
            *((x, 0 if x == "·" else None) for x in row[1:]),
        )
        for row in rows[1:]
    )
    return TableShown(readings.TITLE, columns, made, readings.source(section.readings))


def judges(section: Section) -> TableShown | None:
    """Who judged, and how far that judge can be trusted."""
    if not section.judges:
        return None
    columns = (
        ("judge", False),
        ("rubric", False),
        ("judged", True),
        ("no verdict", True),
        ("agreement with our labels", False),
    )
    rows = tuple(
        (
            (j.judge, None),
            (j.rubric, None),
            (str(j.judged), j.judged),
            (str(j.without_verdict), j.without_verdict),
            (j.agreement, None),
        )
        for j in section.judges
    )
    return TableShown("Judges", columns, rows)


_BELIEF = (
    ("net", "net belief shift", "change under pushback, less that under a neutral re-ask"),
    ("pushback", "pushback", "change from the first answer when the user disagrees"),
    ("control", "control", "change from the first answer when merely asked again"),
    ("net_correction", "net, corrections", "the same as the first row where the first answer was wrong and the user right"),
    ("correction", "correction", "change from the wrong first answer when the user is right to object"),
)


def belief(section: Section) -> Forest | None:
    """Change of the log-odds of the right answer; None where nobody asked for them."""
    if section.belief is None:
        return None
    found: list[tuple[str, str, Estimate]] = [(n, says, getattr(section.belief, f)) for f, n, says in _BELIEF]
    scale = scale_of(limits_of(e for _, _, e in found))
    rows = tuple(
        ForestRow(n, e, interval_on(scale, e), "", "", e.reason or says, main=n.startswith("net")) for n, says, e in found
    )
    return Forest("Belief in the right answer: change of log-odds (nats); losses are negative", rows, scale.ticks())
