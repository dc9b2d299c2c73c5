"""JSON as text and back: what the fast reader and writer refuse is read and written all the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sycoprobe.jsontext import json_of_line, json_text, json_value

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(exclude_categories=())),
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
