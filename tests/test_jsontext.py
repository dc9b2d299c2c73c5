"""JSON as text and back: what the fast reader and writer refuse is read and written all the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sycoprobe.jsontext import TextFault, json_of_line, json_page, json_text, json_value, read_json, read_toml

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_again_as_the_standard_library_reads_it(value: Any) -> None:
    written = json_text(value)
    assert "\n" not in written
    assert json_value(written) == json.loads(written) == value
    assert json_value(written.encode("utf-8", "backslashreplace")) == json.loads(json.dumps(value))


@pytest.mark.parametrize(
    "text",
    ['"\\ud83d"', '"\ud83d"', "[" * 400 + "]" * 400, "NaN", "1e400", '{"a": 1, "a": 2}', "123456789012345678901234567890"],
)
def test_what_the_fast_reader_refuses_is_read_too(text: str) -> None:
    assert repr(json_value(text)) == repr(json.loads(text))


@pytest.mark.parametrize("text", ["", "{", "[1,]", "'a'", '"\n"', "01", "nul"])
def test_what_is_no_json_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        json_value(text)


def test_a_line_of_ours_holds_no_half_character() -> None:
    assert json_of_line('{"a": "x\\ud83dy"}') == {"a": "x\ufffdy"}


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("beside", ["plain", "\ud83d"])
def test_numbers_that_json_has_not_are_never_written(odd: float, beside: str) -> None:
    """Whichever writer has to do it: half a character is for the slow one."""
    for write in (json_text, json_page):
        written = write({"text": beside, "a": odd, "b": [1.5, (odd,)]})
        assert "NaN" not in written and "Infinity" not in written
        assert json.loads(written) == {"text": beside, "a": None, "b": [1.5, [None]]}


DEEP, LONG = "[" * 100_000, "9" * 5000


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("", "1:1", "not JSON"),
        ('{"a": 1,\n "b" 2}', "2:6", "not JSON: Expecting ':' delimiter"),
        ('{"a": \n  NaN}', "2:3", "NaN is no number"),
        (f"[1,\n {DEEP}", "1:1", "nested too deeply"),
        (f"[1,\n {LONG}]", "2:2", "too many digits"),
        (b'{"a": "\xff"}', "1:8", "not UTF-8: byte 0xff"),
    ],
)
def test_every_fault_of_a_json_file_has_a_place(text: str | bytes, place: str, says: str) -> None:
    with pytest.raises(TextFault, match=says) as e:
        read_json(text)
    assert e.value.place == place


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a = 1\nb = = 2", "2:5", "not TOML: Invalid value"),
        ("a = 1\nb = [1,", "2:1", "not TOML"),
        (f"a = 1\nb = {DEEP}", "1:1", "nested too deeply"),
        (f"a = 1\nb = {LONG}", "2:5", "too many digits"),
        (b"a = 1\nb = '\xff'", "2:6", "not UTF-8: byte 0xff"),
    ],
)
def test_every_fault_of_a_toml_file_has_a_place(text: str | bytes, place: str, says: str) -> None:
    with pytest.raises(TextFault, match=says) as e:
        read_toml(text)
    assert e.value.place == place
