"""Words of which a thing is only one: won and lost, solid and liquid. What says the other one denies what was asked."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from sycoprobe.extract.content_words import words_of


@cache
def poles() -> dict[str, frozenset[tuple[int, int]]]:
    """For each stem its groups and its pole in each."""
    text = files("sycoprobe.extract").joinpath("opposites.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    found: dict[str, set[tuple[int, int]]] = {}
    for group, line in enumerate(lines):
        for pole, words in enumerate(line.split("|")):
            for stem in words_of(words):
                found.setdefault(stem, set()).add((group, pole))
    return {stem: frozenset(places) for stem, places in found.items()}


def met(asked: Iterable[str], said: frozenset[str]) -> tuple[set[str], set[str]]:
    """Of the stems of a question, those that a sentence has in another word that says the same, and those of which it says the opposite."""
    known = poles()
    told = {place for w in said if w in known for place in known[w]}
    same: set[str] = set()
    opposed: set[str] = set()
    if not told:
        return same, opposed
    groups = {group for group, _ in told}
    for word in asked:
        places = known.get(word, frozenset())
        if word in said or not places:
            continue
        if places & told:
            same.add(word)
        elif any(group in groups for group, _ in places):
            opposed.add(word)
    return same, opposed
