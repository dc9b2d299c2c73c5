"""The rows of JSON: lines of it, or one document that is a list, or holds one. What cannot be read costs its row and not the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sycoprobe.errors import ProbeError
from sycoprobe.jsontext import DoubledField, once_each
from sycoprobe.sets.faults import MAX_LINE_BYTES, Fault, too_many_digits
from sycoprobe.sets.importing.rows import BOM, Broken, Note, Row, place_in, texts

_MISSING = object()
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)
"""What a document is split by: a text (which runs to the end if its quote is not closed), a bracket, a comma."""
_KEY = re.compile(r'\s*("(?:[^"\\]++|\\.)*+")\s*:\s*', re.DOTALL)
_BEGINS_DOCUMENT = re.compile(r"\s*(?:\[\s*\{|[\[{]\s*$)")


def json_rows(file: str, lines: Iterable[bytes], note: Note) -> Iterator[Row | Broken]:
    """The rows of a JSONL file, given as lines with their ends; blank lines are none.

    NaN, Infinity and -Infinity, which Python and pandas write though RFC 8259 (section 6) has no such numbers, are read as
    absent values, and kept in `Row.not_numbers`.
    """
    for number, text in texts(file, lines, note):
        if isinstance(text, Fault):
            yield Broken(file, number, text)
        elif text.strip():
            yield _row(file, number, 1, text)


def begins_document(line: str, may_be_list: bool) -> bool:
    """Whether the first line that is not blank begins a document over many lines, or a list of rows, rather than being a row.

    >>> begins_document("[", False), begins_document('[{"q": 1}]', False), begins_document('["a"]', False)
    (True, True, False)
    """
    return _BEGINS_DOCUMENT.match(line) is not None or (may_be_list and line.lstrip().startswith("["))


def document_rows(file: str, raw: bytes, note: Note, at: str | None = None) -> Iterator[Row | Broken]:
    """The rows of a JSON document: the elements of its list, or one object after the other, each with its own place.

    Parameters
    ----------
    at: the field, dotted if nested, in which the list stands; None: the document is the list.

    Raises
    ------
    ProbeError: there is no list in `at`.
    """
    text = _text(file, raw, note)
    begin = len(text) - len(text.lstrip())
    if at is not None:
        begin = _list_in(file, text, begin, at)
    is_list = text.startswith("[", begin)
    line, seen, line_begin = 1, 0, 0
    for number, (start, end) in enumerate(_elements(text, begin) if is_list else _values(text, begin), 1):
        line += text.count("\n", seen, start)
        line_begin = max(line_begin, text.rfind("\n", seen, start) + 1)
        seen = start
        row = _element(file, line, start - line_begin + 1, text[start:end])
        yield replace(row, number=number) if isinstance(row, Row) else row
    if is_list and (fault := _fault_of_the_end(file, text, begin, at is not None)) is not None:
        yield Broken(file, fault.line, fault)


def _text(file: str, raw: bytes, note: Note) -> str:
    if raw.startswith(BOM):
        note(Fault(file, 1, 1, "the file begins with a byte-order mark", "it was left away"))
        raw = raw[len(BOM) :]
    if b"\r\n" in raw:
        line = raw.count(b"\n", 0, raw.index(b"\r\n")) + 1
        note(Fault(file, line, 1, "the line ends in CRLF (told once)", "it was read as LF"))
        raw = raw.replace(b"\r\n", b"\n")
    # Bytes that are not UTF-8 become halves of characters, which are found in the element that they stand in.
    return raw.decode("utf-8", "surrogateescape")


def _element(file: str, line: int, column: int, text: str) -> Row | Broken:
    if not text:
        return Broken(file, line, Fault(file, line, column, "an element of the list is empty", "remove a comma"))
    if len(text) > MAX_LINE_BYTES:
        fault = Fault(
            file, line, column, f"the row is longer than {MAX_LINE_BYTES:,} characters", "leave long material out of the row"
        )
        return Broken(file, line, fault)
    if not text.isascii() and (byte := re.search("[\udc80-\udcff]", text)):
        at = place_in(text, byte.start(), line, column)
        return Broken(file, line, Fault(file, *at, f"not UTF-8: byte 0x{ord(byte[0]) - 0xDC00:02x}", "save the file as UTF-8"))
    return _row(file, line, column, text)


def _elements(text: str, begin: int) -> Iterator[tuple[int, int]]:
    """Where each element of the list, or member of the object, that opens at `begin` stands, without outer space."""
    depth, start = 0, begin + 1
    for token in _TOKEN.finditer(text, begin):
        first = token[0][0]
        if first in "[{":
            depth += 1
        elif first in "]}":
            depth -= 1
        if (depth == 1 and first == ",") or depth == 0:
            stripped = _stripped(text, start, token.start())
            if depth == 1 or stripped[0] < stripped[1]:
                yield stripped
            start = token.end()
        if depth == 0:
            return
    stripped = _stripped(text, start, len(text))
    if stripped[0] < stripped[1]:
        yield stripped


def _values(text: str, begin: int) -> Iterator[tuple[int, int]]:
    """Where each of several values stands that follow one another."""
    start = begin
    while start < len(text):
        end = _end_of(text, start)
        yield _stripped(text, start, end)
        start = end
        while start < len(text) and text[start] in ", \t\r\n":
            start += 1


def _end_of(text: str, begin: int) -> int:
    """Where the value that begins at `begin` ends; the text's end if it is not closed."""
    depth = 0
    for token in _TOKEN.finditer(text, begin):
        depth += (token[0][0] in "[{") - (token[0][0] in "]}")
        if depth <= 0:
            return token.end()
    return len(text)


def _fault_of_the_end(file: str, text: str, begin: int, inside: bool) -> Fault | None:
    """What is wrong with the end of the list that begins there: it is not closed, or text follows it though it is in no object."""
    end = _end_of(text, begin)
    if text[end - 1] != "]" or end == begin + 1:
        return Fault(file, *place_in(text, end, 1, 1), "the list is not closed: the file may be cut off", "end it in ]")
    rest = text[end:].lstrip()
    if inside or not rest:
        return None
    return Fault(
        file, *place_in(text, len(text) - len(rest), 1, 1), "text follows the list", "write one list, or an object a line"
    )


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    inner = part.strip()
    begin = start + len(part) - len(part.lstrip()) if inner else end
    return begin, begin + len(inner)


def _list_in(file: str, text: str, begin: int, at: str) -> int:
    """Where the list in the field `at` of a document begins. Raises `ProbeError`."""
    for part in at.split("."):
        members = {}
        for start, end in _elements(text, begin) if text.startswith("{", begin) else ():
            if (key := _KEY.match(text, start, end)) is not None:
                members[json.loads(key[1], strict=False)] = key.end()
        if part not in members:
            named = ", ".join(repr(m) for m in list(members)[:20])
            found = f"the document's fields: {named}" if named else "leave --rows away: the document is no object"
            raise ProbeError(f"{file}: there is no {at!r} in it", found)
        begin = members[part]
    if not text.startswith("[", begin):
        line, column = place_in(text, begin, 1, 1)
        raise ProbeError(f"{file}:{line}:{column}: {at!r} is no list", "name the field that holds the list of rows")
    return begin


def _row(file: str, line: int, column: int, text: str) -> Row | Broken:
    """The row of one object, which begins at a place of the file."""

    def broken(at: int, message: str, fix: str) -> Broken:
        return Broken(file, line, Fault(file, *place_in(text, max(at, 0), line, column), message, fix))

    try:
        data = json.loads(text, parse_constant=_not_a_number, object_pairs_hook=once_each)
        found: list[str] = []
        cleaned = _cleaned(data, "", found)
    except json.JSONDecodeError as e:
        return broken(e.pos, f"not JSON: {e.msg}", "one complete JSON object a line")
    except DoubledField as e:
        key = f'"{e}"'
        return broken(text.find(key, text.find(key) + 1), f"{e}: the field stands twice in one object", "keep one of the two")
    except RecursionError:
        return broken(0, "nested too deeply", "a row is a flat object, or nearly so")
    except ValueError as e:
        if (fault := too_many_digits(file, line, text)) is not None:
            return broken(fault.column - 1, fault.message, fault.fix)
        return broken(0, f"not JSON: {str(e).splitlines()[0]}", "write an ordinary number, or text")
    if not isinstance(cleaned, dict):
        fix = (
            "write one row as {…} a line"
            if not text.lstrip().startswith("[")
            else "write each element of the list on a line of its own"
        )
        return broken(0, f"a {type(data).__name__}, not an object", fix)
    return Row(file, line, text, cleaned, tuple(found), column=column)


def _not_a_number(_name: str) -> object:
    return _MISSING


def _cleaned(value: Any, path: str, found: list[str]) -> Any:
    """`value` with None where NaN or an infinity stood; the paths of those go to `found`."""
    if value is _MISSING:
        found.append(path)
        return None
    if isinstance(value, dict):
        return {k: _cleaned(v, f"{path}.{k}" if path else k, found) for k, v in value.items()}
    if isinstance(value, list):
        return [_cleaned(v, path, found) for v in value]
    return value
