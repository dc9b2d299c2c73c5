"""Which column a field's value comes from, and how: what `--map FIELD=COLUMN` and `--set FIELD=VALUE` say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from pydantic import BaseModel

from sycoprobe.errors import ProbeError
from sycoprobe.sets.importing.rows import Row
from sycoprobe.sets.probe import Probe

ANSWERS = ("answer", "wrong_answer")
_ALIASES = {"cluster": "template", "group": "template", "choices": "options", "wrong": "wrong_answer", "gold": "answer"}
"""What users call fields that have other names."""


class How(StrEnum):
    """How a cell becomes a field's value."""

    PLAIN = "plain"
    """As it stands; for a field that is a list, a list or else its only element."""
    SPLIT = "split"
    """A list, whose elements a separator parts."""
    JSON = "json"
    """A list in JSON, or as Python prints it."""
    LETTER = "letter"
    """The option that a letter, a label, or its text, names."""
    INDEX = "index"
    """The option of a number, counted from 0."""
    NUMBER = "number"
    """The option of a number, counted from 1."""
    FLAGS = "flags"
    """The option beside which true, or 1, stands in a list of as many."""


AMONG_OPTIONS = (How.LETTER, How.INDEX, How.NUMBER, How.FLAGS)
LISTS = (How.SPLIT, How.JSON)
_TAKEN = re.compile(
    rf"(?P<column>.*?)(?::(?P<how>{'|'.join(h for h in How if h is not How.PLAIN)})(?:\((?P<by>.+)\))?)?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Column:
    """Where a field's value comes from: one column or several. `by` is the separator of a split."""

    names: tuple[str, ...]
    how: How = How.PLAIN
    by: str = ""
    several: bool = False
    """Whether commas in a name that is no column's part the names of several."""

    @property
    def written(self) -> str:
        """As it may stand after `FIELD=`."""
        return ",".join(self.names)

    def of(self, row: Row) -> tuple[str, ...]:
        """The columns of a row that are meant."""
        (first, *more) = self.names
        if more or not self.several or "," not in first or row.has(first):
            return self.names
        return tuple(part.strip() for part in first.split(",") if part.strip())


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

    A column may be followed by `:split(SEP)`, `:json`, `:letter`, `:index`, `:number` or `:flags`. A list, and the wrong answers, may come
    from several columns: parted by commas, or each in an entry of its own. Raises `ProbeError`.
    """
    columns: dict[str, Column] = {}
    for entry in maps:
        field, column = _entry(model, entry)
        if (known := columns.get(field)) is not None:
            if not column.several:
                raise ProbeError(f"--map {entry}: {field} is mapped twice", "keep one of the two")
            if (known.how, known.by) != (column.how, column.by):
                fix = "end both in the same, or map one column"
                raise ProbeError(f"--map {entry}: {field} is read in another way than before", fix)
            column = Column((*known.names, *column.names), column.how, column.by, True)
        columns[field] = column
    fixed: dict[str, str] = {}
    for entry in constants:
        field, value = _pair(model, entry, "--set difficulty=hard")
        if field in columns or field in fixed or field == "id":
            raise ProbeError(f"--set {entry}: {field} cannot be the same in every probe", "remove it, or map a column to it")
        fixed[field] = value
    if pick_wrong and "options" not in model.model_fields:
        raise ProbeError("only questions with options can have a wrong answer picked", "leave --pick-wrong away")
    return Mapped(model, columns, fixed, pick_wrong)


def needed(mapped: Mapped, columns: Mapping[str, Column]) -> list[str]:
    """The fields that a probe cannot do without and that nothing is mapped to."""
    made = {"id", "format"} | ({"wrong_answer"} if mapped.pick_wrong else set())
    required = [field for field, info in mapped.model.model_fields.items() if info.is_required()]
    return [f for f in required if f not in columns and f not in mapped.constants and f not in made]


@cache
def list_fields(model: type[BaseModel]) -> frozenset[str]:
    """The fields of a class of probes that hold lists."""
    return frozenset(n for n, info in model.model_fields.items() if str(info.annotation).startswith("tuple["))


def _entry(model: type[BaseModel], entry: str) -> tuple[str, Column]:
    field, value = _pair(model, entry, "--map question=COLUMN")
    found = _TAKEN.fullmatch(value)
    how = How(found["how"]) if found and found["how"] else How.PLAIN
    by = (found["by"] or "") if found else ""
    column = found["column"] if found else value
    lists = list_fields(model)
    if (how is How.SPLIT) != bool(by) or not column:
        raise ProbeError(f"--map {entry}: cannot be read", "write FIELD=COLUMN, or FIELD=COLUMN:split(SEPARATOR)")
    if how in LISTS and field not in {*lists, *(ANSWERS if model is Probe else ())}:
        raise ProbeError(f"--map {entry}: {field} is no list", f"fields that are: {', '.join(sorted(lists))}")
    if how in AMONG_OPTIONS and field not in ANSWERS:
        raise ProbeError(f"--map {entry}: only an answer can be a letter or an index", "name it as answer or wrong_answer")
    return field, Column((column,), how, by, field in lists or (model is Probe and field == "wrong_answer"))


def _pair(model: type[BaseModel], entry: str, example: str) -> tuple[str, str]:
    field, sign, value = entry.partition("=")
    if not sign or not value:
        raise ProbeError(f"{entry!r} is not FIELD=…", f"for example {example}")
    if field not in model.model_fields:
        meant = _ALIASES.get(field)
        fix = f"its fields: {', '.join(model.model_fields)}"
        if meant in model.model_fields:
            fix = f"{meant}={value} may be meant; {fix}"
        raise ProbeError(f"{entry}: a {model.__name__} has no field {field!r}", fix)
    return field, value
