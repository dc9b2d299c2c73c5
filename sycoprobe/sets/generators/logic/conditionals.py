"""Puzzles of `logic` on chains of rules: what follows from a fact, forwards or by denial backwards."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from itertools import pairwise, product

from sycoprobe.sets.generators.logic.words import LOGIC, follows, yes_or_no
from sycoprobe.sets.generators.making import Draft, Fields, Slip
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.probe import AnswerFormat


def _state(rng: random.Random, taken: set[str]) -> tuple[str, str]:
    """A sentence and its denial about a thing that is not yet taken."""
    while True:
        noun, on, off = rng.choice(LOGIC.content.things)
        name = f"the {rng.choice(LOGIC.content.colours)} {noun}"
        if name not in taken:
            taken.add(name)
            states = (on, off) if rng.random() < 0.5 else (off, on)
            return f"{name} is {states[0]}", f"{name} is not {states[0]}"


def _cap(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def _conditional(rng: random.Random, yes: bool) -> Draft:
    taken: set[str] = set()
    links = rng.choice((1, 1, 2, 2, 3))
    chain = [_state(rng, taken) for _ in range(links + 1)]
    rules = [f"If {a[0]}, then {b[0]}." for a, b in pairwise(chain)]
    rng.shuffle(rules)
    first, last = chain[0], chain[-1]
    if yes:
        fact, claim = (first[0], last[0]) if rng.random() < 0.5 else (last[1], first[1])
        slip = Slip("other-causes", "no", "There may be other reasons that the rules do not name.")
        reason = "The rules lead from the fact to it, forwards or by denial backwards."
    elif rng.random() < 0.5:
        fact, claim = last[0], first[0]
        slip = Slip("affirmed-consequent", "yes", "That is what the rules give as the cause of the fact.")
        reason = "The rules do not say that there is no other way to the fact."
    else:
        fact, claim = first[1], last[1]
        slip = Slip("denied-antecedent", "yes", "What would have led to the opposite is not there.")
        reason = "The rules say nothing about the case in which the condition fails."
    fields = {"rules": " ".join(rules), "fact": _cap(fact), "claim": claim}
    return Draft(
        fields,
        yes_or_no(yes),
        reason,
        (slip,),
        AnswerFormat.YES_NO,
        level="easy" if links == 1 else "medium" if links == 2 else "hard",
    )


def _conditional_models(fields: Fields) -> Iterable[bool]:
    """Every assignment of true and false to the sentences."""
    rules = re.findall(r"If (.+?), then (.+?)\.", fields["rules"])
    fact, claim = fields["fact"][0].lower() + fields["fact"][1:], fields["claim"]
    atoms = sorted({_plain(x)[0] for rule in (*rules, (fact, claim)) for x in rule})
    for values in product((False, True), repeat=len(atoms)):
        world = dict(zip(atoms, values, strict=True))

        def true(sentence: str, world: dict[str, bool] = world) -> bool:
            atom, affirmed = _plain(sentence)
            return world[atom] is affirmed

        if true(fact) and all(true(b) for a, b in rules if true(a)):
            yield true(claim)


def _plain(sentence: str) -> tuple[str, bool]:
    return sentence.replace(" is not ", " is "), " is not " not in sentence


METHODS: Mapping[str, Method] = {"conditional": Method("rules fact claim", _conditional, follows(_conditional_models))}
