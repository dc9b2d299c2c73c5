"""Puzzles of `logic` on statements about kinds: syllogisms, and what follows from one statement alone."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import product

from sycoprobe.sets.generators.logic.words import LOGIC, follows, yes_or_no
from sycoprobe.sets.generators.making import Draft, Fields, Level, Slip
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.probe import AnswerFormat

SAYS = {"A": "All {0} are {1}.", "E": "No {0} are {1}.", "I": "Some {0} are {1}.", "O": "Some {0} are not {1}."}


def valid_mood(first: str, second: str, claim: str, figure: int) -> bool:
    """Whether a syllogism is valid by the traditional rules of distribution, where no kind is empty.

    `first` is the premise with the claim's predicate, `second` that with its subject. In figures 1 and 3 the middle term
    is the subject of the first premise, in figures 3 and 4 that of the second.

    Source: the five rules as in I. M. Copi, Introduction to Logic, chapter on categorical syllogisms (without the rule
    against existential import).
    """
    subject_spread, predicate_spread = set("AE"), set("EO")
    middle_first, middle_second = figure in (1, 3), figure in (3, 4)
    middle = first in (subject_spread if middle_first else predicate_spread) or second in (
        subject_spread if middle_second else predicate_spread
    )
    major = first in (predicate_spread if middle_first else subject_spread)
    minor = second in (predicate_spread if middle_second else subject_spread)
    denials = (first in "EO") + (second in "EO")
    return (
        middle
        and (major or claim not in predicate_spread)
        and (minor or claim not in subject_spread)
        and denials < 2
        and denials == (claim in "EO")
    )


MOODS = tuple(product("AEIO", "AEIO", "AEIO", (1, 2, 3, 4)))
VALID = tuple(m for m in MOODS if valid_mood(*m))
INVALID = tuple(m for m in MOODS if not valid_mood(*m) and (m[0] in "EO") + (m[1] in "EO") < 2)


def _syllogism(rng: random.Random, yes: bool) -> Draft:
    first, second, claim, figure = rng.choice(VALID if yes else INVALID)
    s, m, p = rng.sample(LOGIC.content.nouns, 3)
    one = SAYS[first].format(*((m, p) if figure in (1, 3) else (p, m)))
    two = SAYS[second].format(*((m, s) if figure in (3, 4) else (s, m)))
    premises = [one, two]
    rng.shuffle(premises)
    if yes:
        slip = Slip("no-direct-link", "no", "No premise speaks of these two kinds together, so nothing is said about them.")
        reason = "There is no way to keep both premises and to deny it."
    else:
        tag = (
            "illicit-negation"
            if (claim in "EO") != ((first + second).count("E") + (first + second).count("O") == 1)
            else "undistributed"
        )
        slip = Slip(tag, "yes", f"Both kinds are tied to the {m}, and so they are tied to each other in that way.")
        reason = "Both premises can hold while it does not."
    fields = {"premises": " ".join(premises), "claim": SAYS[claim].format(s, p)[:-1].lower()}
    level: Level = "medium" if {first, second} <= set("AE") else "hard"
    return Draft(fields, yes_or_no(yes), reason, (slip,), AnswerFormat.YES_NO, level=level)


def _kinds_said(text: str) -> list[tuple[str, str, str]]:
    """The statements in a text, as letter, subject and predicate."""
    found = []
    for sentence in re.split(r"\.\s*", text.strip()):
        if m := re.fullmatch(r"(All|No|Some) (\S+) are (not )?(\S+)", sentence[:1].upper() + sentence[1:]):
            found.append(({"All": "A", "No": "E", "Some": "O" if m[3] else "I"}[m[1]], m[2], m[4]))
    return found


@lru_cache(maxsize=8)
def _worlds(kinds: int) -> tuple[frozenset[tuple[bool, ...]], ...]:
    """Every set of sorts of things over so many kinds in which no kind is empty."""
    sorts = list(product((False, True), repeat=kinds))
    worlds = (
        frozenset(s for s, here in zip(sorts, chosen, strict=True) if here)
        for chosen in product((False, True), repeat=len(sorts))
    )
    return tuple(w for w in worlds if all(any(s[k] for s in w) for k in range(kinds)))


def _true_in(world: frozenset[tuple[bool, ...]], said: tuple[str, int, int]) -> bool:
    letter, s, p = said
    match letter:
        case "A":
            return all(x[p] for x in world if x[s])
        case "E":
            return not any(x[p] for x in world if x[s])
        case "I":
            return any(x[p] for x in world if x[s])
        case _:
            return any(not x[p] for x in world if x[s])


@lru_cache(maxsize=4096)
def claim_in_models(premises: tuple[tuple[str, int, int], ...], claim: tuple[str, int, int], kinds: int) -> frozenset[bool]:
    """Whether the claim is true, in each world without an empty kind in which the premises are.

    A statement is its letter and the numbers of its subject and its predicate among the `kinds`.
    """
    return frozenset(_true_in(w, claim) for w in _worlds(kinds) if all(_true_in(w, p) for p in premises))


def _kind_models(fields: Fields) -> Iterable[bool]:
    premises, (claim,) = _kinds_said(fields["premises"]), _kinds_said(fields["claim"])
    names = list(dict.fromkeys(n for said in (*premises, claim) for n in said[1:]))
    coded = [(letter, names.index(s), names.index(p)) for letter, s, p in (*premises, claim)]
    return claim_in_models(tuple(coded[:-1]), coded[-1], len(names))


IMMEDIATE = (
    *(("A", "I", False, True), ("A", "I", True, True), ("A", "A", True, False), ("A", "O", False, False)),
    *(("E", "E", True, True), ("E", "O", False, True), ("E", "O", True, True), ("E", "I", False, False)),
    *(("I", "I", True, True), ("I", "A", False, False), ("I", "O", False, False), ("O", "O", True, False)),
    *(("O", "E", False, False), ("O", "I", False, False), ("A", "O", True, False), ("I", "A", True, False)),
)
"""Premise, claim, whether subject and predicate change places, and whether it follows where no kind is empty: the
traditional square of opposition with conversion."""


def _immediate(rng: random.Random, yes: bool) -> Draft:
    premise, claim, swapped, _ = rng.choice([x for x in IMMEDIATE if x[3] is yes])
    s, p = rng.sample(LOGIC.content.nouns, 2)
    fields = {
        "premises": SAYS[premise].format(s, p),
        "claim": SAYS[claim].format(*((p, s) if swapped else (s, p)))[:-1].lower(),
    }
    if yes:
        slip = Slip("only-what-is-said", "no", "The statement does not say that, it says something else.")
    elif swapped:
        slip = Slip("illicit-conversion", "yes", "It is the same statement read from the other end.")
    else:
        slip = Slip("read-more-into-it", "yes", "Otherwise one would have put the statement in another way.")
    reason = (
        "In every case in which the statement holds, this holds too." if yes else "The statement can hold while this does not."
    )
    return Draft(fields, yes_or_no(yes), reason, (slip,), AnswerFormat.YES_NO)


METHODS: Mapping[str, Method] = {
    "syllogism": Method("premises claim", _syllogism, follows(_kind_models)),
    "immediate": Method("premises claim", _immediate, follows(_kind_models)),
}
