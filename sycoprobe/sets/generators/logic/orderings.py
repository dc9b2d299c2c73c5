"""Puzzles of `logic` on people who are compared: who stands where, and what follows for two of them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, permutations

from sycoprobe.sets.generators.logic.words import LOGIC, agreed, follows, yes_or_no
from sycoprobe.sets.generators.making import Draft, Fields, Slip
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.probe import AnswerFormat


def _line(rng: random.Random, size: int) -> tuple[list[str], tuple[str, str, str, str]]:
    """People from the most to the least, and the words for it."""
    return rng.sample(LOGIC.content.people, size), rng.choice(LOGIC.content.compared)


def _say(rng: random.Random, more: str, less: str, words: tuple[str, ...]) -> str:
    return f"{more} is {words[0]} than {less}." if rng.random() < 0.5 else f"{less} is {words[1]} than {more}."


def _ranking(rng: random.Random, _: bool) -> Draft:
    size = rng.choice((3, 4, 4, 5))
    line, words = _line(rng, size)
    said = [_say(rng, a, b, words) for a, b in pairwise(line)]
    rng.shuffle(said)
    top = rng.random() < 0.5
    ends = (words[2], words[3]) if top else (words[3], words[2])
    order = line if top else line[::-1]
    place = rng.choice((0, 0, 1)) if size > 3 else 0
    wanted = ends[0] if place == 0 else f"second {ends[0]}"
    gold = order[place]
    opposite = order[-1 - place]
    first_named = said[0].split(" ")[0]
    slips = [
        Slip("opposite-end", opposite, "Going along the comparisons one ends up there."),
        Slip("first-named", first_named, "The first comparison puts that one ahead, and the others do not change it."),
        Slip("neighbour", order[place + 1], "The comparisons put that one ahead of the rest."),
        *(Slip("lost-track", other, "Nobody in the comparisons is put beyond that one.") for other in order),
    ]
    return Draft(
        {"said": " ".join(said), "wanted": wanted},
        gold,
        "Put in one line, the comparisons leave only one order.",
        tuple(slips),
        AnswerFormat.SHORT_TEXT,
        level="easy" if size == 3 else "medium" if size == 4 else "hard",
    )


_COMPARISON = re.compile(r"(\w+) is (\w+) than (\w+)")


def _orders(said: str) -> Iterable[tuple[str, ...]]:
    """Every order of the people, from the most to the least, in which all comparisons hold."""
    pairs = []
    for a, word, b in _COMPARISON.findall(said):
        pairs.append((a, b) if word in {w[0] for w in LOGIC.content.compared} else (b, a))
    people = sorted({p for pair in pairs for p in pair})
    for order in permutations(people):
        if all(order.index(a) < order.index(b) for a, b in pairs):
            yield order


def _ranking_models(fields: Fields) -> Iterable[str]:
    superlative = fields["wanted"].split(" ")[-1]
    place = 1 if fields["wanted"].startswith("second") else 0
    for order in _orders(fields["said"]):
        yield order[place] if superlative in {w[2] for w in LOGIC.content.compared} else order[-1 - place]


def _order_claim(rng: random.Random, yes: bool) -> Draft:
    line, words = _line(rng, 4)
    a, b, c, d = line
    if yes:
        pairs = rng.choice(([(a, b), (b, c), (a, d)], [(a, b), (b, c), (c, d)], [(a, c), (b, c), (c, d)]))
        known = _reachable(pairs)
        far = sorted(p for p in known if p not in pairs)
        more, less = rng.choice(far)
        slip = Slip("no-direct-comparison", "no", "These two are nowhere compared with each other.")
        reason = "The comparisons form a chain from the one to the other."
    else:
        pairs = rng.choice(([(a, b), (a, c), (c, d)], [(a, c), (b, c), (c, d)], [(a, b), (c, b), (a, d)]))
        known = _reachable(pairs)
        open_pairs = [(x, y) for x, y in permutations(line, 2) if (x, y) not in known]
        more, less = rng.choice(open_pairs)
        slip = Slip("same-side-as-third", "yes", "Both are compared with the others, and that settles it between them.")
        reason = "There is an order that fits all comparisons and in which it is the other way round."
    said = [_say(rng, x, y, words) for x, y in pairs]
    rng.shuffle(said)
    claim = f"{more} is {words[0]} than {less}" if rng.random() < 0.6 else f"{less} is {words[1]} than {more}"
    return Draft({"said": " ".join(said), "claim": claim}, yes_or_no(yes), reason, (slip,), AnswerFormat.YES_NO)


def _reachable(pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """All pairs that follow by transitivity."""
    known = set(pairs)
    while more := {(a, d) for a, b in known for c, d in known if b == c} - known:
        known |= more
    return known


def _order_claim_models(fields: Fields) -> Iterable[bool]:
    found = _COMPARISON.search(fields["claim"])
    if found is None:
        return
    a, word, b = found.groups()
    more, less = (a, b) if word in {w[0] for w in LOGIC.content.compared} else (b, a)
    for order in _orders(fields["said"]):
        yield order.index(more) < order.index(less)


METHODS: Mapping[str, Method] = {
    "ranking": Method("said wanted", _ranking, agreed(_ranking_models)),
    "order-claim": Method("said claim", _order_claim, follows(_order_claim_models)),
}
