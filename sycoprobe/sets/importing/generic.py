"""Rows of any table to probes, by a mapping of columns to fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from sycoprobe.errors import ProbeError
from sycoprobe.seeds import rng_for
from sycoprobe.sets.faults import Fault
from sycoprobe.sets.importing.ledger import Ledger
from sycoprobe.sets.importing.rows import Broken, Row
from sycoprobe.sets.importing.values import format_of, json_list, letter_in, missing, one_of, own_letters, plain, several, slug
from sycoprobe.sets.lettered import lettered
from sycoprobe.sets.probe import LETTERS, AnswerFormat, Probe
from sycoprobe.text import normalise, visible

_TAKEN = re.compile(r"(?P<column>.*?)(?::(?P<how>split|json|letter|index)(?:\((?P<by>.+)\))?)?", re.DOTALL)


class How(StrEnum):
    """How a cell becomes a field's value."""

    PLAIN = "plain"
    """As it stands; for a field that is a list, a JSON list or else its only element."""
    SPLIT = "split"
    """A list, whose elements a separator parts."""
    JSON = "json"
    """A JSON list."""
    LETTER = "letter"
    """The option that a letter, or its text, names."""
    INDEX = "index"
    """The option of a number, counted from 0."""


@dataclass(frozen=True, slots=True)
class Column:
    """Where a field's value comes from. `by` is the separator of a split."""

    name: str
    how: How = How.PLAIN
    by: str = ""


@dataclass(frozen=True, slots=True)
class Mapped:
    """How rows become probes.

    Attributes
    ----------
    model: the class of the probes.
    columns: by field.
    constants: fields that are the same in every probe, as they were written.
    pick_wrong: a choice without a wrong answer gets one of its other options, drawn by seed.
    """

    model: type[BaseModel]
    columns: Mapping[str, Column]
    constants: Mapping[str, str]
    pick_wrong: bool = False


def parse_mapping(model: type[BaseModel], maps: Sequence[str], constants: Sequence[str], pick_wrong: bool = False) -> Mapped:
    """The mapping that `FIELD=COLUMN` and `FIELD=VALUE` entries describe.

    A column may be followed by `:split(SEP)`, `:json`, `:letter` or `:index`. Raises `ProbeError`.
    """
    columns: dict[str, Column] = {}
    for entry in maps:
        field, value = _pair(model, entry, "--map question=COLUMN")
        found = _TAKEN.fullmatch(value)
        how = How(found["how"]) if found and found["how"] else How.PLAIN
        by = (found["by"] or "") if found else ""
        column = found["column"] if found else value
        if (how is How.SPLIT) != bool(by) or not column:
            raise ProbeError(f"--map {entry}: cannot be read", "write FIELD=COLUMN, or FIELD=COLUMN:split(SEPARATOR)")
        if how in (How.SPLIT, How.JSON) and field not in list_fields(model):
            raise ProbeError(f"--map {entry}: {field} is no list", f"fields that are: {', '.join(sorted(list_fields(model)))}")
        if how in (How.LETTER, How.INDEX) and field not in ("answer", "wrong_answer"):
            raise ProbeError(f"--map {entry}: only an answer can be a letter or an index", "name it as answer or wrong_answer")
        if field in columns:
            raise ProbeError(f"--map {entry}: {field} is mapped twice", "keep one of the two")
        columns[field] = Column(column, how, by)
    fixed: dict[str, str] = {}
    for entry in constants:
        field, value = _pair(model, entry, "--set difficulty=hard")
        if field in columns or field in fixed or field == "id":
            raise ProbeError(f"--set {entry}: {field} cannot be the same in every probe", "remove it, or map a column to it")
        fixed[field] = value
    if pick_wrong and "options" not in model.model_fields:
        raise ProbeError("only questions with options can have a wrong answer picked", "leave --pick-wrong away")
    return Mapped(model, columns, fixed, pick_wrong)


def list_fields(model: type[BaseModel]) -> set[str]:
    """The fields of a class of probes that hold lists."""
    return {name for name, info in model.model_fields.items() if str(info.annotation).startswith("tuple[")}


def table(rows: Iterable[Row | Broken], ledger: Ledger, mapped: Mapped, seed: int) -> None:
    """The rows of one table. Columns that have a field's name serve for it unless another one is mapped.

    Raises
    ------
    ProbeError: the header lacks a column that is mapped, or that a probe cannot do without.
    """
    checked = False
    unused: set[str] = set()
    for row in ledger.counted(rows):
        if isinstance(row, Broken):
            ledger.leave_out(row)
            continue
        columns = _columns_of(row, mapped)
        if row.header and not checked:
            _check_header(row, mapped, columns)
            checked = True
        unused |= (
            {str(name) for name in row.fields}
            - {c.name.partition(".")[0] for c in columns.values()}
            - {c.name for c in columns.values()}
        )
        made = _probe(row, mapped, columns, seed, ledger)
        if isinstance(made, Fault):
            ledger.leave_out(row, made)
        else:
            ledger.keep(row, made, {field: column.name for field, column in columns.items()})
    if unused:
        names = sorted(unused)
        shown = ", ".join(repr(n) for n in names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
        ledger.lose(visible(f"columns that no field was made from: {shown}"))


def _pair(model: type[BaseModel], entry: str, example: str) -> tuple[str, str]:
    field, sign, value = entry.partition("=")
    if not sign or not value:
        raise ProbeError(f"{entry!r} is not FIELD=…", f"for example {example}")
    if field not in model.model_fields:
        raise ProbeError(f"{entry}: a {model.__name__} has no field {field!r}", f"its fields: {', '.join(model.model_fields)}")
    return field, value


def _columns_of(row: Row, mapped: Mapped) -> dict[str, Column]:
    named = {f: Column(f) for f in mapped.model.model_fields if f in row.fields and f not in mapped.constants}
    return {**named, **mapped.columns}


def _check_header(row: Row, mapped: Mapped, columns: Mapping[str, Column]) -> None:
    there = ", ".join(repr(h) for h in row.header[:30])
    hint = f"columns: {there}"
    if len(row.header) == 1 and re.search(r"[;\t|]", row.header[0]):
        hint += "; it looks as if another delimiter parts them: --delimiter ';' (or '|', or a tab)"
    for field, column in mapped.columns.items():
        if column.name not in row.header and not row.has(column.name):
            raise ProbeError(f"{row.file}: there is no column {column.name!r} for {field}", hint)
    made = {"id", "format"} | ({"wrong_answer"} if mapped.pick_wrong else set())
    for field, info in mapped.model.model_fields.items():
        if info.is_required() and field not in columns and field not in mapped.constants and field not in made:
            raise ProbeError(f"{row.file}: no column is mapped to {field}", f"--map {field}=COLUMN; {hint}")


def _probe(row: Row, mapped: Mapped, columns: Mapping[str, Column], seed: int, ledger: Ledger) -> dict[str, Any] | Fault:
    lists = list_fields(mapped.model)
    data: dict[str, Any] = {}
    for field, text in mapped.constants.items():
        as_list = json_list(text) if field in lists else None
        data[field] = text if field not in lists else [text] if as_list is None else as_list
    for field, column in sorted(columns.items(), key=lambda c: c[1].how in (How.LETTER, How.INDEX)):
        value = _value(row, field, column, field in lists, data)
        if isinstance(value, Fault):
            return value
        if value is not None:
            data[field] = value
    if "id" in columns:
        given = plain(row.get(columns["id"].name))
        made = slug(given or "", 80)
        if not made:
            return missing(row, columns["id"].name, "write an id of letters and digits, or map none to number the rows")
        if made != given:
            ledger.change(
                row.fault(columns["id"].name, f"id: {given!r} has a form that ids cannot have", f"it became {made!r}")
            )
        data["id"] = made
    _without_letters(row, columns, data, ledger)
    return _question(row, mapped, columns, seed, data) if mapped.model is Probe else data


def _without_letters(row: Row, columns: Mapping[str, Column], data: dict[str, Any], ledger: Ledger) -> None:
    """Takes off the letters that options bring with them, and the same letters in the answers that are among the options."""
    pair = ("option_a", "option_b")
    if all(isinstance(data.get(field), str) for field in pair):
        both = [data[field] for field in pair]
        # The option that a biography leans to comes first, whatever its letter is.
        own = lettered(both) or lettered(both[::-1])
        names: tuple[str, ...] = pair
    else:
        own = lettered(data.get("options", []))
        names = ("answer", "wrong_answer", "aliases", "wrong_aliases")
    if own is None:
        return
    for field in names:
        value = data.get(field)
        if value is not None:
            data[field] = own.bare(value) if isinstance(value, str) else [own.bare(v) for v in value]
    if names != pair:
        data["options"] = list(own.texts)
    at = "options" if names != pair else "option_a"
    ledger.change(own_letters(row, columns[at].name if at in columns else at, own))


def _question(
    row: Row, mapped: Mapped, columns: Mapping[str, Column], seed: int, data: dict[str, Any]
) -> dict[str, Any] | Fault:
    """What a question with a known answer needs besides: an answer format, and, if asked for, a wrong answer."""
    answer, options = data.get("answer"), data.get("options", [])
    if mapped.pick_wrong and "wrong_answer" not in data and answer is not None:
        others = sorted({o for o in options if normalise(o) != normalise(answer)})
        if not others:
            at = columns["options"].name if "options" in columns else ""
            return row.fault(at, "options: there is none to take a wrong answer from", "give options, or a wrong answer")
        data["wrong_answer"] = rng_for(seed, "import", str(data.get("question")), *sorted(options)).choice(others)
    wrong = data.get("wrong_answer")
    if answer is not None and wrong is not None:
        data.setdefault("format", format_of(answer, wrong, options))
        if data["format"] == AnswerFormat.YES_NO:
            data.update(answer=answer.lower(), wrong_answer=wrong.lower())
    else:
        # The answer that is missing is reported; that no format follows from it is not another fault.
        data.setdefault("format", AnswerFormat.SHORT_TEXT)
    return data


def _value(row: Row, field: str, column: Column, is_list: bool, data: Mapping[str, Any]) -> Any:
    """The value of one field; None if the cell is empty and the field may be; a fault if it cannot be made."""
    raw = row.get(column.name)
    required = field in ("answer",) and column.how is not How.PLAIN
    if is_list:
        return _list(row, column, raw)
    text = plain(raw)
    if column.how in (How.LETTER, How.INDEX):
        if text is None:
            return missing(row, column.name, f"write the {column.how.value} of an option") if required else None
        return _option(row, column, text, data.get("options", []))
    if text is None and raw not in (None, "", []) and not (isinstance(raw, str) and not raw.strip()):
        return missing(row, column.name, "write text or a number")
    return text


def _list(row: Row, column: Column, raw: Any) -> list[str] | Fault | None:
    text = raw.strip() if isinstance(raw, str) else ""
    if column.how is How.SPLIT:
        return [part.strip() for part in text.split(column.by) if part.strip()] if text else several(raw) or None
    if text and (column.how is How.JSON or text.startswith("[")):
        found = json_list(text)
        if found is None:
            fix = 'write one such as ["a", "b"], or name a separator: :split(|)'
            return row.fault(column.name, f"{column.name}: is not a JSON list", fix)
        return several(found) or None
    return several(raw) or None


def _option(row: Row, column: Column, text: str, options: Sequence[str]) -> str | Fault:
    """The option that a letter or an index names, as it stands."""
    found: str | None = None
    own = lettered(options)
    if column.how is How.INDEX:
        if re.fullmatch(r"\d{1,3}(\.0)?", text) and int(float(text)) < len(options):
            found = options[int(float(text))]
    elif own is not None and (named := own.named(text)) is not None:
        found = options[own.texts.index(named)]
    elif (letter := letter_in(text.upper())) is not None:
        index = LETTERS.index(letter)
        found = options[index] if index < len(options) else None
    else:
        found = one_of(options, text)
    if found is not None:
        return found
    fix = f"there are {len(options)} options" if options else "map the options: --map options=COLUMN"
    return row.fault(column.name, f"{column.name}: {text!r} names no option", fix)
