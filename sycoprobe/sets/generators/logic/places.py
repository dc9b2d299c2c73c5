"""Puzzles of `logic` on what is where: a thing in one of some labelled boxes, and things shared out among people."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations

from sycoprobe.sets.generators.logic.words import LOGIC, agreed
from sycoprobe.sets.generators.making import Draft, Fields, Slip
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.probe import AnswerFormat


def _boxes(rng: random.Random, _: bool) -> Draft | None:
    size = rng.choice((3, 3, 4))
    colours, thing = rng.sample(LOGIC.content.colours, size), rng.choice(LOGIC.content.objects)
    gold, pivot = rng.sample(colours, 2) if rng.random() < 0.8 else [rng.choice(colours)] * 2
    one_true = rng.random() < 0.5
    settled = f"is not in the {gold} box" if one_true else f"is in the {gold} box"
    labels = [f"is in the {pivot} box", f"is not in the {pivot} box", settled]
    if size == 4:
        # like the settled one, it must be false where only one label is true, and true where only one is false
        other = rng.choice([c for c in colours if c != gold])
        labels.append(f"is in the {other} box" if one_true else f"is not in the {other} box")
    if len(set(labels)) < len(labels):
        return None
    places = rng.sample(colours, size)
    written = [f'The label on the {c} box reads: "The {thing} {x}."' for c, x in zip(places, labels, strict=True)]
    settled_on, plain_on = places[2], places[0]
    rng.shuffle(written)
    order = [c for c in colours if c != gold]
    rng.shuffle(order)
    return Draft(
        {
            "colours": ", ".join(colours[:-1]) + f" and {colours[-1]}",
            "thing": thing,
            "labels": " ".join(written),
            "count": "one of the labels is true" if one_true else "one of the labels is false",
        },
        gold,
        "Two labels contradict each other, so the odd one out is one of these two, and the remaining labels are settled.",
        (
            Slip("took-a-label-at-its-word", pivot, "One label says so plainly."),
            Slip("label-for-place", settled_on, "The label on that box is the one that decides."),
            Slip("label-for-place", plain_on, "That is the box whose label fits."),
            *(Slip("lost-track", c, "The labels on the others rule the others out.") for c in order),
        ),
        AnswerFormat.SHORT_TEXT,
        (f"{gold} box", f"in the {gold} box"),
    )


def _box_models(fields: Fields) -> Iterable[str]:
    colours = re.findall(r"\w+", fields["colours"].replace(" and ", ", "))
    labels = re.findall(r'"The \w+ is (not )?in the (\w+) box\."', fields["labels"])
    for place in colours:
        true = sum((place == colour) is (not denied) for denied, colour in labels)
        if true == 1 if fields["count"].endswith("true") else true == len(labels) - 1:
            yield place


def _assignment(rng: random.Random, _: bool) -> Draft | None:
    size = rng.choice((3, 3, 4))
    people, things = rng.sample(LOGIC.content.people, size), rng.sample(LOGIC.content.objects, size)
    denied: list[tuple[str, str]] = []
    pool = [(p, t) for i, p in enumerate(people) for j, t in enumerate(things) if i != j]
    rng.shuffle(pool)
    for clue in pool:
        denied.append(clue)
        owners = _eliminate(people, things, denied)
        if len(owners) == size:
            break
    else:
        return None
    clues = [f"{p} does not have the {t}." for p, t in denied]
    person_asked = rng.random() < 0.5
    owner = dict(_eliminate(people, things, denied))
    who = rng.choice(people)
    if person_asked:
        question, gold = f"Who has the {owner[who]}?", who
        others = [p for p in people if p != who]
        named = [p for p, t in denied if t != owner[who] and p != who]
    else:
        question, gold = f"What does {who} have?", owner[who]
        others = [t for t in things if t != gold]
        named = [t for p, t in denied if p != who and t != gold]
    rng.shuffle(others)
    slips = [Slip("one-clue-only", x, "What is said about the others leaves just that.") for x in named[:1]]
    slips += [Slip("lost-track", x, "It is the only one that is not ruled out.") for x in others]
    return Draft(
        {
            "people": ", ".join(people[:-1]) + f" and {people[-1]}",
            "things": ", ".join(f"a {t}" for t in things[:-1]) + f" and a {things[-1]}",
            "clues": " ".join([*clues, question]),
        },
        gold,
        "Striking out what is denied leaves one possibility for somebody, and then one for each of the others in turn.",
        tuple(slips),
        AnswerFormat.SHORT_TEXT,
        level="medium" if size == 3 else "hard",
    )


def _eliminate(people: Sequence[str], things: Sequence[str], denied: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Who has what, as far as striking out leads: a person with one thing left, or a thing with one person left."""
    left = {(p, t) for p in people for t in things} - set(denied)
    found: dict[str, str] = {}
    while True:
        single = next(
            (
                (p, t)
                for p, t in sorted(left)
                if p not in found and (sum(x[0] == p for x in left) == 1 or sum(x[1] == t for x in left) == 1)
            ),
            None,
        )
        if single is None:
            return found
        found[single[0]] = single[1]
        left = {x for x in left if (x[0] != single[0]) is (x[1] != single[1])}


def _assignment_models(fields: Fields) -> Iterable[str]:
    people = re.findall(r"\w+", fields["people"].replace(" and ", ", "))
    things = re.findall(r"a (\w+)", fields["things"])
    denied = set(re.findall(r"(\w+) does not have the (\w+)", fields["clues"]))
    asked = fields["clues"].rsplit(". ", 1)[1]
    for order in permutations(things):
        pairs = list(zip(people, order, strict=True))
        if denied.isdisjoint(pairs):
            for person, thing in pairs:
                if asked == f"Who has the {thing}?":
                    yield person
                elif asked == f"What does {person} have?":
                    yield thing


METHODS: Mapping[str, Method] = {
    "boxes": Method("colours thing labels count", _boxes, agreed(_box_models)),
    "assignment": Method("people things clues", _assignment, agreed(_assignment_models)),
}
