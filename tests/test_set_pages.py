"""The pages of docs/sets: one for every shipped set, with the numbers of the set as it is now."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.difficulty import BEGIN, END, Asked, block, digest_of, measured_names, overview, read_answers
from sycoprobe.sets.load import load_set, shipped_names

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "sets"
HOW = "`python -m benchmarks.difficulty` asks what has changed and writes the pages (with --pages it only writes them)"


def block_in(page: str) -> str:
    assert page.count(BEGIN) == page.count(END) == 1
    return page[page.index(BEGIN) : page.index(END) + len(END)]


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_set_has_a_page_that_says_what_it_is_and_is_linked(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    prose = page.partition(BEGIN)[0]
    assert f"`{name}`" in prose.splitlines()[0]
    assert len(prose.split()) > 40
    assert f"[`{name}`]({name}.md)" in (PAGES / "README.md").read_text(encoding="utf-8")
    before, _, _ = (PAGES / "README.md").read_text(encoding="utf-8").partition(BEGIN)
    assert f"\n| [`{name}`]({name}.md) |" in before, "what it is about"


@pytest.mark.parametrize("name", measured_names())
def test_a_pages_numbers_are_those_of_the_set_and_of_the_answers_kept(name: str) -> None:
    made = load_set(name)
    found = block_in((PAGES / f"{name}.md").read_text(encoding="utf-8"))
    assert f"Set `{name}`, version {made.info.version}: {len(made.probes)} probes" in found, HOW
    assert found == block(made, read_answers()[name]), HOW


def test_the_page_of_all_sets_is_up_to_date() -> None:
    found = block_in((PAGES / "README.md").read_text(encoding="utf-8"))
    assert found == overview([load_set(name) for name in shipped_names()], read_answers()), HOW


def test_a_probe_that_changed_since_it_was_asked_is_left_out_of_the_measurement_and_the_page_says_so() -> None:
    made = load_set("quick")
    one, other = made.probes[:2]
    asked = Asked({"name": "m", "engine": "e"}, {one.id: (digest_of(one), "right"), other.id: (digest_of(one), "right")})
    assert asked.reading(one) == "right"
    assert asked.reading(other) is None
    assert f"{len(made.probes) - 1} probes were changed or added after the measurement" in block(made, asked)
    assert digest_of(one.model_copy(update={"difficulty": "hard", "source": "elsewhere"})) == digest_of(one)
    assert digest_of(one.model_copy(update={"question": "Which?"})) != digest_of(one)


def test_a_set_that_was_not_asked_says_so_and_has_no_numbers_in_place_of_it() -> None:
    told = block(load_set("quick"), Asked()).partition("## Difficulty as measured")[2]
    assert "Not measured." in told
    assert "%" not in told
