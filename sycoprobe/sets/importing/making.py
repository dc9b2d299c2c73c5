"""One row of a table on its way to be a probe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sycoprobe.seeds import rng_for
from sycoprobe.sets.faults import Fault
from sycoprobe.sets.importing.cells import answers_of, options_of, text_of, texts_of
from sycoprobe.sets.importing.ledger import Ledger
from sycoprobe.sets.importing.mapping import AMONG_OPTIONS, ANSWERS, LISTS, Column, Mapped, list_fields, needed
from sycoprobe.sets.importing.names import Names
from sycoprobe.sets.importing.options import Options, Unreadable, options_from
from sycoprobe.sets.importing.rows import Row
from sycoprobe.sets.importing.values import (
    aliases_of,
    format_of,
    json_list,
    like,
    listed,
    missing,
    numbered,
    own_letters,
    plain,
    slug,
)
from sycoprobe.sets.lettered import lettered
from sycoprobe.sets.probe import AnswerFormat, Probe
from sycoprobe.text import normalise

_PAIR = ("option_a", "option_b")
_YES_NO = {"yes": "no", "no": "yes"}


class Making:
    """One row on its way to be a probe."""

    def __init__(
        self, row: Row, mapped: Mapped, columns: Mapping[str, Column], seed: int, ledger: Ledger, names: Names
    ) -> None:
        self._row = row
        self._mapped = mapped
        self._columns = columns
        self._seed = seed
        self._ledger = ledger
        self._names = names
        self._is_question = mapped.model is Probe
        self._data: dict[str, Any] = {}
        self._more: dict[str, list[str]] = {}

    def probe(self) -> dict[str, Any] | Fault:
        """The fields of the probe; a fault if one cannot be made."""
        if missed := needed(self._mapped, self._columns):
            return self._unmapped(missed[0])
        self._constants()
        options = self._options()
        for step in (options, self._fields(options if isinstance(options, Options) else None), self._id()):
            if isinstance(step, Fault):
                return step
        self._data.update(self._names.of(self._row, self._columns, self._data))
        if self._is_question and options is None and (fault := self._choice_of_wrongs()) is not None:
            return fault
        self._without_letters(options if isinstance(options, Options) else None)
        if not self._is_question:
            return self._data
        return self._question() or self._unnamed(options if isinstance(options, Options) else None) or self._data

    def _unmapped(self, field: str) -> Fault:
        row = self._row
        names = [str(name) for name in row.fields]
        fix = f"--map {field}={like(field, names) or 'COLUMN'}; the row's fields: {listed(names, 20)}"
        inside = next((k for k, v in row.fields.items() if isinstance(v, list) and v and isinstance(v[0], Mapping)), None)
        if inside is not None and not row.header:
            fix += f"; if {str(inside)!r} is the list of rows: --rows {inside}"
        return row.fault(field, f"{field}: is missing", fix)

    def _constants(self) -> None:
        lists = list_fields(self._mapped.model)
        for field, text in self._mapped.constants.items():
            as_list = json_list(text) if field in lists else None
            self._data[field] = text if field not in lists else [text] if as_list is None else as_list

    def _options(self) -> Options | Fault | None:
        if not self._is_question:
            return None
        column = self._columns.get("options")
        if column is None:
            try:
                return options_from(self._data["options"]) if "options" in self._data else None
            except Unreadable as e:
                what, _, fix = str(e).partition("; ")
                return self._row.fault("options", f"--set options: {what}", fix)
        found = options_of(self._row, column)
        if not isinstance(found, Options):
            return found
        self._data["options"] = found.there
        if found.gaps:
            names = column.of(self._row)
            at = names[found.gaps[0]] if len(names) == len(found.texts) else names[0]
            message = f"{at}: of {len(found.texts)} options, {numbered(found.gaps)} empty"
            self._ledger.change(self._row.fault(at, message, "left away; letters and numbers count the places as they stand"))
        return found

    def _fields(self, options: Options | None) -> Fault | None:
        lists = list_fields(self._mapped.model)
        for field, column in self._columns.items():
            if field == "id" or (field == "options" and self._is_question):
                continue
            if self._is_question and field in ANSWERS:
                found: Any = answers_of(self._row, column, options)
                if isinstance(found, list):
                    found, self._more[field] = found[0], found[1:]
            else:
                found = texts_of(self._row, column) if field in lists else text_of(self._row, column)
            if isinstance(found, Fault):
                return found
            if found is not None:
                self._data[field] = found
            elif (absent := self._absent(field, column)) is not None:
                return absent
        return None

    def _absent(self, field: str, column: Column) -> Fault | None:
        """The fault of an empty cell without which there is no probe, where the probe's own schema would not say what it holds."""
        if field == "answer" and column.how in AMONG_OPTIONS:
            return missing(self._row, column.of(self._row)[0], f"write the {column.how.value} of an option")
        if not self._mapped.model.model_fields[field].is_required():
            return None
        nan = next((n for n in column.of(self._row) if _is_nan(self._row, n)), None)
        return None if nan is None else missing(self._row, nan, "write a value, or leave the row out")

    def _id(self) -> Fault | None:
        column = self._columns.get("id")
        if column is None:
            return None
        (name,) = column.of(self._row)
        given = plain(self._row.get(name))
        made = slug(given or "", 80)
        if not made:
            return missing(self._row, name, "write an id of letters and digits, or map none to number the rows")
        if made != given:
            fault = self._row.fault(name, f"id: {given!r} has a form that ids cannot have", f"it became {made!r}")
            self._ledger.change(fault)
        self._data["id"] = made
        return None

    def _choice_of_wrongs(self) -> Fault | None:
        """Wrong answers that stand in columns of their own make a choice, with the right one."""
        column, answer = self._columns.get("wrong_answer"), self._data.get("answer")
        if column is None or len(column.of(self._row)) < 2 or column.how in AMONG_OPTIONS or answer is None:
            return None
        wrongs = [w for field in ("wrong_answer",) if (w := self._data.get(field))] + self._more.pop("wrong_answer", [])
        self._data["options"] = [answer, *wrongs]
        if self._mapped.pick_wrong:
            self._data.pop("wrong_answer", None)
        return None

    def _without_letters(self, options: Options | None) -> None:
        """Takes off the letters that options bring with them, and the same letters in the answers that are among the options."""
        data = self._data
        if all(isinstance(data.get(field), str) for field in _PAIR):
            both = [data[field] for field in _PAIR]
            # The option that a biography leans to comes first, whatever its letter is.
            own = lettered(both) or lettered(both[::-1])
            names: tuple[str, ...] = _PAIR
        else:
            own = lettered(data.get("options", []), options.places if options else None)
            names = ("answer", "wrong_answer", "aliases", "wrong_aliases")
        if own is None:
            return
        for field in names:
            value = data.get(field)
            if value is not None:
                data[field] = own.bare(value) if isinstance(value, str) else [own.bare(v) for v in value]
        self._more = {field: [own.bare(v) for v in more] for field, more in self._more.items()}
        at = "option_a"
        if names != _PAIR:
            data["options"] = list(own.texts)
            at = "options"
        self._ledger.change(own_letters(self._row, self._at(at), own))

    def _at(self, field: str) -> str:
        """Where the value of a field comes from."""
        return self._columns[field].of(self._row)[0] if field in self._columns else field

    def _question(self) -> Fault | None:
        """What a question with a known answer needs besides: an answer format, and, if asked for, a wrong answer."""
        data = self._data
        answer, options = data.get("answer"), data.get("options", [])
        if self._mapped.pick_wrong and not options and str(answer).lower() in _YES_NO:
            data.setdefault("wrong_answer", _YES_NO[str(answer).lower()])
        if self._mapped.pick_wrong and "wrong_answer" not in data and answer is not None:
            others = sorted({o for o in options if normalise(o) != normalise(answer)})
            if not others:
                message = "options: there is none to take a wrong answer from"
                return self._row.fault(self._at("options"), message, "give options, or a wrong answer")
            data["wrong_answer"] = rng_for(self._seed, "import", str(data.get("question")), *sorted(options)).choice(others)
        wrong = data.get("wrong_answer")
        if answer is None or wrong is None:
            # The answer that is missing is reported; that no format follows from it is not another fault.
            data.setdefault("format", AnswerFormat.SHORT_TEXT)
            return None
        data.setdefault("format", format_of(answer, wrong, options))
        if data["format"] == AnswerFormat.YES_NO:
            data.update(answer=answer.lower(), wrong_answer=wrong.lower())
        return self._further_answers()

    def _further_answers(self) -> Fault | None:
        """What stands beside an answer in its cell: other spellings of it; but one option only can be the right one."""
        data = self._data
        is_choice = data["format"] == AnswerFormat.CHOICE
        for field, aliases in (("answer", "aliases"), ("wrong_answer", "wrong_aliases")):
            more = [m for m in self._more.get(field, ()) if normalise(m) != normalise(data[field])]
            at = self._at(field)
            if more and is_choice and field == "answer":
                message = f"{at}: names several right answers, {data[field]!r} and {more[0]!r}"
                return self._row.fault(at, message, "a question has one right answer; leave those with several out")
            column = self._columns.get(aliases)
            if not more and (column is None or column.how not in LISTS):
                continue
            if data["format"] == AnswerFormat.YES_NO or is_choice:
                said = f"{at}: holds {len(more) + 1} answers" if more else f"{self._at(aliases)}: holds other spellings"
                data.pop(aliases, None)
                self._ledger.change(self._row.fault(at, said, "only the first is used"))
                continue
            kept, unusable = aliases_of(data[field], [*more, *data.get(aliases, [])])
            data[aliases] = kept
            if more:
                fix = "the first counts, the others are other ways to write it"
                if field == "wrong_answer":
                    fix += f'; for a choice of all: --map "options={self._at("answer")},{at}"'
                self._ledger.change(self._row.fault(at, f"{at}: holds {len(more) + 1} answers", fix))
            if unusable:
                message = f"{at}: {unusable} other spellings are too long or hold no letter or digit"
                self._ledger.change(self._row.fault(at, message, "they were left away"))
        return None

    def _unnamed(self, options: Options | None) -> Fault | None:
        """The fault of an answer that is none of the options, with what it may be instead."""
        data = self._data
        for field in ANSWERS if data.get("options") else ():
            said, at = data.get(field), self._at(field)
            if said is None or said in data["options"] or field not in self._columns:
                continue
            fix = "write it exactly as it stands in options"
            if options is not None and options.gaps:
                fix += "; one option is empty: a program may have read the text None, NA or null as missing"
            elif options is not None and re.fullmatch(r"\d{1,2}", said):
                fix = f"if it is a number: --map {field}={at}:index (from 0), or :number (from 1)"
            elif options is not None and options.named(said) is not None and len(said) <= 4:
                fix = f"if it is a letter or a label: --map {field}={at}:letter"
            return self._row.fault(
                at, f"{field}{'' if at == field else f' (from {at})'}: {said!r} is not one of the options", fix
            )
        return None


def _is_nan(row: Row, name: str) -> bool:
    return name in row.not_numbers or isinstance(row.get(name), float)
