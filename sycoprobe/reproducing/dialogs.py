"""Dialogs with a label a turn (SYCON-Bench): rows, and where labels, replies and items disagree."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from sycoprobe.reproducing.formulas import Turns, number_of_flips, turn_of_flip
from sycoprobe.reproducing.paper import Part
from sycoprobe.reproducing.reading import Release, cell, fault, number
from sycoprobe.sets.importing.rows import Row
from sycoprobe.text import counted, normalise, shortened

LONG = 40
"""Characters from which two replies that are the same are hardly the same by chance."""
FEWEST_FLIPS = 10
REPEATING = 0.1
"""The share of dialogs with a repeated reply from which it is said."""


@dataclass
class Labelled:
    """The dialogs of one model: rows, each with its question and, by column, its published figure."""

    model: str
    file: Path
    rows: list[Turns]
    questions: list[str]
    columns: dict[str, list[float | None]]


def label_files(release: Release, part: Part, others: list[Part]) -> list[Path]:
    """The files of this part: told by the nearest folder that names a part, else by their header."""
    named = {name: p.name for p in (part, *others) for name in p.folders}
    found = []
    for path in release.files(part.file):
        told = next((named[f] for f in reversed(path.resolve().parent.parts) if f in named), None)
        if told is None and part.id:
            header = release.csv(path)[0].header
            told = next((p.name for p in (part, *others) if set(p.id) & set(header)), part.name)
        if told in (part.name, None):
            found.append(path)
    return found


def labelled(release: Release, part: Part, others: list[Part]) -> list[Labelled]:
    """All models of a part."""
    paths = label_files(release, part, others)
    items = _items(release, part) if paths else None
    names = Counter(p.resolve().parent.name for p in paths)
    found = []
    for path in paths:
        name = path.resolve().parent.name
        model = name if names[name] == 1 else release.label(path.parent)
        found.append(_one(release, part, path, model, items))
    _never_back(release, part, found)
    _same_replies(release, part, found)
    return found


def _items(release: Release, part: Part) -> list[str] | None:
    path = release.beside(part.items) if part.items else None
    return None if path is None else release.lines(path)


def _one(release: Release, part: Part, path: Path, model: str, items: list[str] | None) -> Labelled:
    rows = release.csv(path)
    turns = [Turns(tuple(_label(release, part, path, row, column) for column in part.labels)) for row in rows]
    ids = _ids(release, part, path, rows)
    questions = _questions(release, part, path, ids, items)
    if items is not None and len(rows) != len(items):
        release.find(part.name, path, None, f"{counted(len(rows), 'row')} of labels, but {len(items)} items in {part.items}")
    columns: dict[str, list[float | None]] = {}
    for m in part.measures:
        if m.column and m.column in rows[0].fields:
            columns[m.column] = [number(release, path, row, m.column) for row in rows]
    _columns_follow(release, part, path, rows, turns, columns)
    return Labelled(model, path, turns, questions, columns)


def _label(release: Release, part: Part, path: Path, row: Row, column: str) -> bool | None:
    text = cell(release, path, row, column).strip().removesuffix(".0")
    meaning = part.meaning.get(text)
    if meaning is None:
        known = ", ".join(repr(k) for k in part.meaning if k)
        raise fault(release, path, row, column, f"{column}: no label {text[:40]!r}", f"labels: {known}")
    if meaning == "missing":
        release.find(
            part.name, path, row.line, f"{column} has no label: Turn of Flip takes it for a flip, ours ends there unflipped"
        )
    return None if meaning == "missing" else meaning == "held"


def _ids(release: Release, part: Part, path: Path, rows: list[Row]) -> list[int]:
    """Which item each row is of, from 1: by its id, or by its place where there is none."""
    column = next((c for c in part.id if c in rows[0].fields), None)
    if column is None:
        return list(range(1, len(rows) + 1))
    found: list[int] = []
    seen: dict[int, int] = {}
    for row in rows:
        value = number(release, path, row, column)
        if value is None or value != int(value) or value < 1:
            raise fault(release, path, row, column, f"{column}: no number of an item", "number items from 1")
        item = int(value)
        if item in seen:
            release.find(part.name, path, row.line, f"{column} {item} stands already in line {seen[item]}: one cluster")
        seen.setdefault(item, row.line)
        found.append(item)
    return found


def _questions(release: Release, part: Part, path: Path, ids: list[int], items: list[str] | None) -> list[str]:
    """The question of each row, from the replies beside the labels, else from the items, else its number."""
    replies = path.parent / part.replies if part.replies else None
    asked: list[str] = []
    if replies is not None and replies.is_file() and part.question:
        rows = release.csv(replies)
        asked = [cell(release, replies, row, part.question).strip() for row in rows]
        if len(asked) != len(ids):
            release.find(part.name, replies, None, f"{counted(len(asked), 'row')} of replies, but {len(ids)} of labels")
        _check_replies(release, part, replies, rows, asked, items)
    source = asked or items or []
    return [normalise(source[i - 1]) if i <= len(source) else f"item {i}" for i in ids]


def _check_replies(
    release: Release, part: Part, path: Path, rows: list[Row], asked: list[str], items: list[str] | None
) -> None:
    where = {normalise(q): i for i, q in reversed(list(enumerate(items or [], 1)))}
    by_text: dict[str, set[int]] = defaultdict(set)
    repeating = 0
    for i, (row, question) in enumerate(zip(rows, asked, strict=True), 1):
        if items is not None and i <= len(items) and normalise(question) != normalise(items[i - 1]):
            line = where.get(normalise(question))
            told = f"it is item {line}" if line else "it is none of the items"
            said = f"replies to another question than item {i} of {part.items}: {told} ({shortened(question, 60)!r})"
            release.find(part.name, path, row.line, said)
        for column in part.labels:
            text = str(row.fields.get(column) or "").strip()
            if not text:
                release.find(part.name, path, row.line, f"{column} is empty")
            elif len(text) >= LONG:
                by_text[text].add(i)
        replies = [str(row.fields.get(column) or "").strip() for column in part.labels]
        repeating += len({t for t in replies if t}) < sum(map(bool, replies))
    if repeating >= REPEATING * len(rows):
        said = f"in {repeating} of {len(rows)} dialogs a reply stands at two turns, word for word: a model that repeats itself holds, too"
        release.find(part.name, path, None, said)
    twice = [(q, n) for q, n in Counter(map(normalise, asked)).items() if n > 1]
    if twice:
        said = f"{counted(len(twice), 'question')} stand more than once: each is one cluster, not several"
        release.find(part.name, path, None, said)
    for text, at in by_text.items():
        if len({normalise(asked[i - 1]) for i in at}) > 1:
            lines = ", ".join(str(rows[i - 1].line) for i in sorted(at))
            said = f"one and the same reply under {len(at)} questions, in the rows of lines {lines}: {shortened(text, 70)!r}"
            release.find(part.name, path, rows[min(at) - 1].line, said)


def _columns_follow(
    release: Release, part: Part, path: Path, rows: list[Row], turns: list[Turns], columns: dict[str, list[float | None]]
) -> None:
    """Find each row whose published column does not follow from its labels."""
    formulas = {"turn_of_flip": turn_of_flip, "number_of_flips": number_of_flips}
    for m in part.measures:
        if m.column is None or m.column not in columns or m.formula not in formulas:
            continue
        for row, dialog, said in zip(rows, turns, columns[m.column], strict=True):
            follows = formulas[m.formula](dialog)
            if said != follows:
                shown = "empty" if said is None else f"{said:g}"
                release.find(part.name, path, row.line, f"{m.column} is {shown}, but {follows:g} follows from the labels")


def _never_back(release: Release, part: Part, found: list[Labelled]) -> None:
    flipped = [d for model in found for d in model.rows if False in d.labels[:-1]]
    back = any(a is False and b for d in flipped for a, b in zip(d.labels, d.labels[1:], strict=False))
    if len(flipped) >= FEWEST_FLIPS and not back:
        said = (
            f"after a first 0 no label is ever 1 again, in {len(flipped)} dialogs: the labels were filled in from the first flip on. "
            "So Number of Flips is at most 1 here, and says no more than whether there was a flip"
        )
        release.find(part.name, found[0].file if len(found) == 1 else release.folder / f"*/{part.file}", None, said)


def _same_replies(release: Release, part: Part, found: list[Labelled]) -> None:
    """Find models whose replies are the same file, and how far their labels differ: those of one reader, read twice."""
    from sycoprobe.stats.agreement import cohens_kappa

    if part.replies is None:
        return
    first: dict[str, Labelled] = {}
    for model in found:
        path = model.file.parent / part.replies
        if path not in release.read:
            continue
        other = first.setdefault(release.read[path].sha256, model)
        if other is model or len(other.rows) != len(model.rows):
            continue
        pairs = [
            (str(a), str(b))
            for x, y in zip(other.rows, model.rows, strict=True)
            for a, b in zip(x.labels, y.labels, strict=True)
        ]
        apart = sum(a != b for a, b in pairs)
        kappa = cohens_kappa(pairs).value
        agreed = "" if kappa is None else f" (Cohen's kappa {kappa:.2f})"
        said = (
            f"the same replies as those of {other.model}, byte for byte: no other answers were drawn. "
            f"Of {len(pairs):,} labels {apart} differ{agreed}, which is what labelling twice changes"
        )
        release.find(part.name, path, None, said)
