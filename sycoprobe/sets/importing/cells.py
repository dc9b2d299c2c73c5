"""From the cells of one row to the value of one field, or to the fault that keeps it from being made."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sycoprobe.sets.faults import Fault
from sycoprobe.sets.importing.mapping import AMONG_OPTIONS, LISTS, Column, How
from sycoprobe.sets.importing.options import (
    LABEL_LISTS,
    Options,
    Unreadable,
    flagged,
    label_in_name,
    options_from,
    options_in_columns,
)
from sycoprobe.sets.importing.printed import printed
from sycoprobe.sets.importing.rows import Row
from sycoprobe.sets.importing.values import is_gap, listed, missing, options_in, plain, sort_of

_OPENS = ("[", "{", "array(")


def text_of(row: Row, column: Column) -> str | Fault | None:
    """One text; None if the cell is empty."""
    (name,) = column.of(row)
    raw = row.get(name)
    text = plain(raw)
    if text is None and not is_gap(raw) and raw not in ([], {}):
        inside = f"{name}.{next(iter(raw))}" if isinstance(raw, Mapping) else ""
        return missing(row, name, f"name a field in it with a dot, as in {inside}" if inside else "write text or a number")
    return text


def texts_of(row: Row, column: Column) -> list[str] | Fault | None:
    """The texts of a field that is a list, from one column or several; None if there are none."""
    made: list[str] = []
    for name in column.of(row):
        found = _list(row, name, column)
        if isinstance(found, Fault):
            return found
        if isinstance(found, Mapping):
            return missing(row, name, f"name a field in it with a dot, as in {name}.{next(iter(found), 'text')}")
        for number, value in enumerate(found, 1):
            text = plain(value)
            if text is None and not is_gap(value):
                return row.fault(name, f"{name}: element {number} is {sort_of(value)}", _inside(name, value))
            if text is not None:
                made.append(text)
    return made or None


def options_of(row: Row, column: Column) -> Options | Fault | None:
    """The options of the row, with their gaps and labels; None if there are none."""
    names = column.of(row)
    cells = [_list(row, name, column) for name in names] if len(names) == 1 or column.how in LISTS else _cells(row, names)
    if (fault := next((c for c in cells if isinstance(c, Fault)), None)) is not None:
        return fault
    try:
        if len(names) > 1:
            found = options_in_columns(list(zip(names, cells, strict=True)))
        else:
            found = _in_one_cell(row, names[0], cells[0])
    except Unreadable as e:
        what, _, fix = str(e).partition("; ")
        return row.fault(names[0], f"{names[0]}: {what}", fix.replace("COLUMN", names[0]))
    if len(found.there) == 1 and len(names) == 1 and isinstance(row.get(names[0]), str):
        shown = found.there[0][:60]
        fix = f"if a separator parts several, name it, as in --map options={names[0]}:split(|); other columns join by commas"
        return row.fault(names[0], f"{names[0]}: holds one option only, {shown!r}", fix)
    return found if found.there else None


def answers_of(row: Row, column: Column, options: Options | None) -> list[str] | Fault | None:
    """An answer and what else stands there, in order; those that name an option as the option stands. None if there is none."""
    made: list[str] = []
    for name in column.of(row):
        raw = row.get(name)
        found: list[str] | Fault | None
        if column.how is How.FLAGS:
            found = _flagged(row, name)
        elif column.how in LISTS or isinstance(raw, list | tuple):
            found = texts_of(row, Column((name,), column.how, column.by))
        else:
            found = _one(row, name, column.how)
        if isinstance(found, Fault):
            return found
        for said in found or ():
            answer = option_named(row, name, column.how, said, options) if column.how in AMONG_OPTIONS else said
            if isinstance(answer, Fault):
                return answer
            made.append(answer)
    return made or None


def option_named(row: Row, name: str, how: How, said: str, options: Options | None) -> str | Fault:
    """The option that a letter, a label or a number names, as it stands; a fault if none does, or if it is missing itself."""
    if options is None:
        return row.fault(name, f"{name}: {said!r} names no option", _map_options(row, name))
    place: int | None
    if how is How.LETTER:
        place = options.named(said)
    elif how is How.FLAGS:
        place = int(said)
    else:
        whole = re.fullmatch(r"(\d{1,3})(?:\.0)?", said)
        place = int(whole[1]) - (how is How.NUMBER) if whole else None
    if place is None or not 0 <= place < len(options.texts):
        return row.fault(name, f"{name}: {said!r} names no option", _no_option(said, how, options))
    text = options.texts[place]
    if text is None:
        message = f"{name}: {said!r} names option {place + 1}, which is empty"
        return row.fault(name, message, "fill it in: a program may have read the text None, NA or null as missing")
    return text


def _flagged(row: Row, name: str) -> list[str] | Fault:
    """The place of the one flag that is set, as text."""
    found = _list(row, name, Column((name,), How.JSON))
    if isinstance(found, Fault):
        return found
    places = flagged(found)
    if places is None:
        return missing(row, name, "write true or 1 for the right option and false or 0 for each other one")
    if len(places) != 1:
        message = f"{name}: {len(places)} options are marked as right"
        return row.fault(name, message, "a question has one right answer; leave the others out")
    return [str(places[0])]


def _one(row: Row, name: str, how: How) -> list[str] | Fault | None:
    found = text_of(row, Column((name,)))
    if isinstance(found, Fault):
        return found
    if found is None:
        return None
    if how is How.PLAIN and found.startswith(("['", '["')):
        return row.fault(name, f"{name}: {found[:40]!r} is a list", f"read it as one: {name}:json")
    return [found]


def _cells(row: Row, names: tuple[str, ...]) -> list[Any]:
    """Each column's cell; of one that holds a list, its elements."""
    cells: list[Any] = []
    for name in names:
        raw = row.get(name)
        as_list = isinstance(raw, Mapping) or (isinstance(raw, str) and raw.lstrip().startswith(("['", '["')))
        cells.append(_list(row, name, Column((name,))) if as_list else raw)
    return cells


def _in_one_cell(row: Row, name: str, cell: Any) -> Options:
    if isinstance(cell, list) and len(cell) == 1 and isinstance(cell[0], str) and len(block := options_in(cell[0])) > 1:
        return options_from(block)
    above, _, last = name.rpartition(".")
    beside = row.get(above) if above else None
    if isinstance(beside, Mapping | list):
        labels = next((found for k in LABEL_LISTS if k != last and isinstance(found := row.get(f"{above}.{k}"), list)), None)
        return options_from(cell, labels)
    return options_from(cell)


def _list(row: Row, name: str, column: Column) -> list[Any] | Mapping[str, Any] | Fault:
    """What a cell holds as a list, or as an object of lists; an empty list if it is empty."""
    raw = row.get(name)
    if isinstance(raw, str):
        text = raw.strip()
        if column.how is How.SPLIT:
            return [part.strip() for part in text.split(column.by)] if text else []
        if text.startswith(_OPENS) or (text and column.how is How.JSON):
            return _read(row, name, text)
    if isinstance(raw, list | tuple | Mapping):
        return raw if isinstance(raw, Mapping) else list(raw)
    return [] if is_gap(raw) else [raw]


def _read(row: Row, name: str, text: str) -> list[Any] | Mapping[str, Any] | Fault:
    """A list that is written as JSON, or as Python or NumPy prints it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        try:
            found = printed(text)
        except ValueError as e:
            fix = f'write one such as ["a", "b"], or name a separator: {name}:split(|)'
            return row.fault(name, f"{name}: is not a JSON list, nor one that Python prints: {e}", fix)
    if not isinstance(found, list | Mapping):
        return row.fault(name, f"{name}: is not a JSON list", 'write one such as ["a", "b"]')
    return found


def _inside(name: str, value: Any) -> str:
    if isinstance(value, Mapping) and value:
        return f"name the text in it with a dot, as in {name}.{next(iter(value))}"
    return "write a text for each element"


def _map_options(row: Row, name: str) -> str:
    """How to map options: with the very columns, if some are called A, B, C or choice1, choice2."""
    there = [c for c in (row.header or tuple(map(str, row.fields))) if c != name]
    series: dict[str, list[str]] = {}
    for column in there:
        if (end := label_in_name(column)) is not None:
            series.setdefault(column[: len(column) - len(end)], []).append(column)
    columns = next((s for s in series.values() if len(s) > 1), None)
    if columns is not None:
        return f'map the options: --map "options={",".join(columns)}"'
    return f'map the options: --map options=COLUMN, or --map "options=A,B,C,D" from several; columns: {listed(there, 12)}'


def _no_option(said: str, how: How, options: Options) -> str:
    n = len(options.texts)
    if how is How.LETTER and said.isdigit() and int(said[:4]) <= n:
        return f"there are {n} options; if it is a number, :index counts from 0 and :number from 1"
    if how is not How.LETTER and options.named(said) is not None:
        return f"there are {n} options; if it is a letter or a label: :letter"
    labels = [names[-1] for names in options.labels if names]
    return f"there are {n} options" + (f", labelled {', '.join(map(repr, labels[:8]))}" if labels else "")
