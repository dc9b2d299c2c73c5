"""From the bytes of a probe set to its probes, or to every fault in them as file:line:column."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import jsonlines
from pydantic import BaseModel, ValidationError

from sycoprobe.jsontext import DoubledField, NoNumber, TextFault, once_each, read_toml, refused
from sycoprobe.sets.lettered import Lettered, lettered
from sycoprobe.sets.probe import Probe, SetInfo, numbers_beyond

MAX_LINE_BYTES = 1 << 20
_TOO_LONG = re.compile(r"\d{4301,}")
"""More digits than Python makes an integer of, unless it is told to."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a probe set; `line` and `column` count from 1, columns in characters."""

    file: str
    line: int
    column: int
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}; {self.fix}"


def parse_info(file: str, raw: bytes) -> tuple[SetInfo | None, list[Fault]]:
    """The metadata in the bytes of a `set.toml`, and every fault in it.

    `file` is the name that faults carry. The metadata is None if there is any fault.
    """
    text, faults = _decode(file, raw)
    if text is None:
        return None, faults
    try:
        data = read_toml(text)
    except TextFault as e:
        return None, [*faults, Fault(file, e.line, e.column, e.message, 'write `key = "value"` lines')]
    try:
        info = SetInfo.model_validate(data)
    except ValidationError as e:
        lines = text.splitlines()
        for error in e.errors(include_url=False):
            key = str(error["loc"][0]) if error["loc"] else ""
            line = next((i for i, t in enumerate(lines, 1) if re.match(rf"\s*{re.escape(key)}\s*=", t)), 1)
            faults.append(pydantic_fault(file, line, 1, error))
        return None, faults
    return (None if faults else info), faults


def parse_probes(file: str, lines: Iterable[bytes], model: type[BaseModel] = Probe) -> tuple[list[Any], list[Fault]]:
    """The probes in the raw lines of a JSONL file, and every fault in them.

    `model` is the class of the probes. Every line is looked at: a fault in one does not hide those in the next. Lines are given with their line ends.
    """
    faults: list[Fault] = []
    probes: list[Any] = []
    seen: dict[str, int] = {}
    for number, text in _clean_lines(file, lines, faults):
        try:
            with jsonlines.Reader([text], loads=_strict_loads) as reader:
                data = reader.read()
        except (jsonlines.InvalidLineError, RecursionError) as e:
            faults.append(_json_fault(file, number, text, e.__cause__ or e))
            continue
        except EOFError:
            continue
        if not isinstance(data, dict):
            faults.append(Fault(file, number, 1, f"a {type(data).__name__}, not an object", "write one probe as {…} a line"))
            continue
        try:
            probe: Any = model.model_validate(data)
        except ValidationError as e:
            faults += [_field_fault(file, number, text, error) for error in e.errors(include_url=False)]
            probe_id = data.get("id")
        else:
            probes.append(probe)
            probe_id = probe.id
            for sentence in numbers_beyond(probe) if isinstance(probe, Probe) else ():
                column = _column(text, (sentence.partition(":")[0],))
                faults.append(fault_saying(file, number, column, sentence))
        if isinstance(probe_id, str):
            if probe_id in seen:
                column = _column(text, ("id",))
                message = f"id: {probe_id!r} stands already on line {seen[probe_id]}"
                faults.append(Fault(file, number, column, message, "give each probe an id of its own"))
            seen.setdefault(probe_id, number)
    if not seen and not faults:
        faults.append(Fault(file, 1, 1, "there are no probes", "write one probe as a JSON object a line"))
    return probes, sorted(faults, key=lambda f: (f.line, f.column))


def windows_marks(file: str, lines: Iterable[bytes]) -> list[Fault]:
    """The byte-order mark and the first CRLF of a file. It is read as if they were not there, but other programs may stumble."""
    found: list[Fault] = []
    for number, line in enumerate(lines, 1):
        if number == 1 and line.startswith(_BOM):
            found.append(Fault(file, 1, 1, "the file begins with a byte-order mark", "save it as UTF-8 without BOM"))
        if line.endswith(b"\r\n"):
            fix = "save it with LF line ends (told once; `*.jsonl eol=lf` in .gitattributes keeps git from changing them)"
            found.append(Fault(file, number, 1, "the line ends in CRLF", fix))
            break
    return found


def lines_by_id_in(lines: Iterable[bytes]) -> dict[str, tuple[int, str]]:
    """The number and the text of the line on which each probe of a JSONL file stands, by its id."""
    found: dict[str, tuple[int, str]] = {}
    for number, text in _clean_lines("", lines, []):
        try:
            data = _strict_loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict) and isinstance(data.get("id"), str):
            found.setdefault(data["id"], (number, text))
    return found


def column_of(text: str, field: str) -> int:
    """Where a field stands in the line of a probe, from 1; 1 if it does not."""
    return _column(text, (field,))


def warnings_in(file: str, lines: Iterable[bytes]) -> list[Fault]:
    """What is no fault in the raw lines of a JSONL file of probes, but most likely not meant.

    Options that bring letters of their own get second ones, and are shuffled under them: told once, at the first place.
    """
    found: list[tuple[int, str, Lettered]] = []
    choices = 0
    for number, text in _clean_lines(file, lines, []):
        try:
            data = _strict_loads(text)
        except (ValueError, RecursionError):
            continue
        options = data.get("options") if isinstance(data, dict) else None
        if not isinstance(options, list) or not options or not all(isinstance(o, str) for o in options):
            continue
        choices += 1
        if (own := lettered(options)) is not None:
            found.append((number, text, own))
    if not found:
        return []
    number, text, own = found[0]
    many = f"{len(found)} of {choices} questions with options" if choices > 1 else "the question"
    message = (
        f"options: those of {many} bring their own letters, numbers or bullets, as {own.whole[0][:40]!r}, "
        "though each conversation shuffles the options and letters them itself"
    )
    return [Fault(file, number, _column(text, ("options",)), message, "take them off, in the answers too")]


def _clean_lines(file: str, lines: Iterable[bytes], faults: list[Fault]) -> Iterator[tuple[int, str]]:
    """Each line that can be read as text, with its number; what is wrong with the bytes goes to `faults`."""
    for number, line in enumerate(lines, 1):
        raw = line.removeprefix(_BOM) if number == 1 else line
        if len(raw) > MAX_LINE_BYTES:
            message = f"the line is longer than {MAX_LINE_BYTES:,} bytes"
            faults.append(
                Fault(file, number, MAX_LINE_BYTES + 1, message, "one probe a line; move long material out of the probe")
            )
            continue
        try:
            text = raw.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as e:
            column = len(raw[: e.start].decode("utf-8", "replace")) + 1
            faults.append(Fault(file, number, column, f"not UTF-8: byte 0x{raw[e.start]:02x}", "save the file as UTF-8"))
            continue
        if text.strip():
            yield number, text


def _decode(file: str, raw: bytes) -> tuple[str | None, list[Fault]]:
    faults: list[Fault] = []
    lines = [t for _, t in _all_lines(file, raw.splitlines(keepends=True), faults)]
    return ("\n".join(lines), faults) if not any("UTF-8: byte" in f.message for f in faults) else (None, faults)


def _all_lines(file: str, lines: list[bytes], faults: list[Fault]) -> list[tuple[int, str]]:
    kept = dict(_clean_lines(file, lines, faults))
    return [(i, kept.get(i, "")) for i in range(1, len(lines) + 1)]


def _strict_loads(text: str | bytes) -> Any:
    return json.loads(text, parse_constant=refused, object_pairs_hook=once_each)


def _json_fault(file: str, number: int, text: str, cause: BaseException | None) -> Fault:
    match cause:
        case json.JSONDecodeError():
            return Fault(file, number, cause.colno, f"not JSON: {cause.msg}", "one complete JSON object a line")
        case NoNumber():
            name = str(cause)
            return Fault(
                file, number, text.find(name) + 1, f"{name} is not JSON", "write a finite number, or leave the field out"
            )
        case DoubledField():
            key = str(cause)
            column = text.find(f'"{key}"', text.find(f'"{key}"') + 1) + 1
            return Fault(file, number, column, f"{key}: the field stands twice in one object", "keep one of the two")
        case RecursionError():
            return Fault(file, number, 1, "nested too deeply", "a probe is a flat object")
        case ValueError() if (fault := too_many_digits(file, number, text)) is not None:
            return fault
        case _:
            return Fault(file, number, 1, f"not JSON: {cause}", "one complete JSON object a line")


def too_many_digits(file: str, number: int, text: str) -> Fault | None:
    """The fault of a line in which a number stands that has more digits than Python reads; None if none does."""
    digits = _TOO_LONG.search(text)
    if digits is None:
        return None
    message = f"a number of {len(digits[0]):,} digits cannot be handled"
    return Fault(file, number, digits.start() + 1, message, "write one of at most 308 digits, as text in double quotes")


_TYPES = {
    "string_type": "text in double quotes",
    "float_type": "a number",
    "tuple_type": 'a list such as ["…"]',
    "bool_type": "true or false",
    "int_type": "a whole number",
}


def fault_saying(file: str, line: int, column: int, sentence: str) -> Fault:
    """The fault that a sentence of the form `field: what is wrong; how to fix it` tells of."""
    message, _, fix = sentence.partition("; ")
    return Fault(file, line, column, message, fix or "correct it")


def pydantic_fault(file: str, line: int, column: int, error: Any) -> Fault:
    """A pydantic error in our own words."""
    field = ".".join(str(part) for part in error["loc"])
    kind = error["type"]
    if kind == "value_error":
        return fault_saying(file, line, column, str(error["ctx"]["error"]))
    match kind:
        case "missing":
            return Fault(file, line, column, f"{field}: is missing", f"add {field!r}")
        case "extra_forbidden":
            return Fault(file, line, column, f"{field}: is no field of the schema", "remove it, or fix its spelling")
        case "enum":
            return Fault(file, line, column, f"{field}: {error['input']!r} is not known", f"write {error['ctx']['expected']}")
        case "string_too_long":
            return Fault(file, line, column, f"{field}: is too long", f"at most {error['ctx']['max_length']:,} characters")
        case "string_pattern_mismatch" if error["ctx"]["pattern"] == r"\S":
            return Fault(file, line, column, f"{field}: is blank", "write some text")
        case "string_pattern_mismatch":
            return Fault(
                file, line, column, f"{field}: {error['input']!r} has a wrong form", f"it must match {error['ctx']['pattern']}"
            )
        case "string_too_short":
            return Fault(file, line, column, f"{field}: is empty", "write some text, or leave an optional field out")
        case _ if kind in _TYPES:
            return Fault(file, line, column, f"{field}: is of the wrong type", f"write {_TYPES[kind]}")
        case _:
            return Fault(file, line, column, f"{field}: {error['msg'].lower()}", "correct the value")


def _field_fault(file: str, number: int, text: str, error: Any) -> Fault:
    loc: tuple[Any, ...] = error["loc"]
    if error["type"] == "value_error":
        loc = (str(error["ctx"]["error"]).partition(":")[0],)
    return pydantic_fault(file, number, 1 if error["type"] == "missing" else _column(text, loc), error)


def _column(text: str, loc: tuple[Any, ...]) -> int:
    """Where the field that `loc` names stands in the line, from 1; 1 if it does not."""
    if not loc:
        return 1
    found = re.search(rf'"{re.escape(str(loc[0]))}"\s*:', text)
    return found.start() + 1 if found else 1
