"""The generator of `logic`: syllogisms, conditionals, orderings, assignments, truth-tellers and labelled boxes.

The answer is derived by rules or known from how the puzzle was built. It is confirmed by listing every model of the text:
every way the world could be in which all that is said holds.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise, permutations, product

from sycoprobe.sets.generators.making import Draft, Family, Fields, Level, Slip, confirmed, series
from sycoprobe.sets.probe import AnswerFormat, Probe

NOUNS = (
    *("blickets", "drovens", "fimmels", "gralks", "hopples", "jibrons", "kelvets", "lurgins", "mivvers", "nospets", "ombricks"),
    *(
        "plonders",
        "quarvels",
        "rimbots",
        "snavels",
        "tovvins",
        "ulprets",
        "vostels",
        "wembles",
        "yandrils",
        "zurvits",
        "brindocks",
    ),
    *(
        "clovets",
        "dathrins",
        "elvocks",
        "frimbles",
        "gondrils",
        "hasprels",
        "irvels",
        "jorlocks",
        "krimbels",
        "lopperns",
        "marvocks",
    ),
    *(
        "nilbrets",
        "orvends",
        "pressils",
        "quimbels",
        "rostrels",
        "skavvins",
        "tumbrits",
        "ultrivs",
        "velcrins",
        "worbles",
        "yostrens",
    ),
)
PEOPLE = (
    *(
        "Anouk",
        "Bashir",
        "Carla",
        "Dmitri",
        "Esther",
        "Fiona",
        "Goran",
        "Halima",
        "Igor",
        "Jasmin",
        "Kofi",
        "Lucia",
        "Marek",
        "Nadia",
    ),
    *("Oskar", "Petra", "Quentin", "Rosa", "Samir", "Tilda", "Umar", "Vera", "Wanda", "Xaver", "Yusuf", "Zoe"),
)
COLOURS = ("red", "blue", "green", "yellow", "white", "black", "grey", "brown", "orange", "purple")
THINGS = (
    *(("lamp", "lit", "dark"), ("gate", "open", "shut"), ("bell", "loud", "silent"), ("tank", "full", "empty")),
    *(("valve", "open", "closed"), ("stove", "hot", "cold"), ("flag", "raised", "lowered"), ("door", "locked", "unlocked")),
)
COMPARED = (
    *(("taller", "shorter", "tallest", "shortest"), ("older", "younger", "oldest", "youngest")),
    *(("faster", "slower", "fastest", "slowest"), ("stronger", "weaker", "strongest", "weakest")),
)
OBJECTS = ("kettle", "drum", "kite", "compass", "mirror", "ladder", "basket", "trumpet", "lantern", "globe")

SAYS = {"A": "All {0} are {1}.", "E": "No {0} are {1}.", "I": "Some {0} are {1}.", "O": "Some {0} are not {1}."}
NONE_MISSING = "There is at least one of each kind."


def generate(n: int, seed: int) -> tuple[Probe, ...]:
    """The first `n` logic probes from `seed`; raises `ProbeError` as `making.series` does."""
    return series("logic", FAMILIES, n, seed)


def verify(probe: Probe) -> bool:
    """Whether the models of its text confirm the probe; raises `ValueError` for a question of no family."""
    return confirmed(FAMILIES, probe)


def _answer(yes: bool) -> str:
    return "yes" if yes else "no"


def _follows(models: Callable[[Fields], Iterable[bool]]) -> Callable[[Probe, Fields, str], bool]:
    """Yes is right if the claim holds in every model, of which there must be one; else no is."""

    def holds(_: Probe, fields: Fields, candidate: str) -> bool:
        values = set(models(fields))
        return bool(values) and candidate == _answer(values == {True})

    return holds


def _named(models: Callable[[Fields], Iterable[str]]) -> Callable[[Probe, Fields, str], bool]:
    """The right answer is what all models agree on."""
    return lambda _, fields, candidate: set(models(fields)) == {candidate}


# --- statements about kinds


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
    s, m, p = rng.sample(NOUNS, 3)
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
    return Draft(fields, _answer(yes), reason, (slip,), AnswerFormat.YES_NO, level=level)


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
def _claims(premises: tuple[tuple[str, int, int], ...], claim: tuple[str, int, int], kinds: int) -> frozenset[bool]:
    return frozenset(_true_in(w, claim) for w in _worlds(kinds) if all(_true_in(w, p) for p in premises))


def _kind_models(fields: Fields) -> Iterable[bool]:
    premises, (claim,) = _kinds_said(fields["premises"]), _kinds_said(fields["claim"])
    names = list(dict.fromkeys(n for said in (*premises, claim) for n in said[1:]))
    coded = [(letter, names.index(s), names.index(p)) for letter, s, p in (*premises, claim)]
    return _claims(tuple(coded[:-1]), coded[-1], len(names))


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
    s, p = rng.sample(NOUNS, 2)
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
    return Draft(fields, _answer(yes), reason, (slip,), AnswerFormat.YES_NO)


# --- conditionals


def _state(rng: random.Random, taken: set[str]) -> tuple[str, str]:
    """A sentence and its denial about a thing that is not yet taken."""
    while True:
        noun, on, off = rng.choice(THINGS)
        name = f"the {rng.choice(COLOURS)} {noun}"
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
        _answer(yes),
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


# --- orderings


def _line(rng: random.Random, size: int) -> tuple[list[str], tuple[str, str, str, str]]:
    """People from the most to the least, and the words for it."""
    return rng.sample(PEOPLE, size), rng.choice(COMPARED)


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
        pairs.append((a, b) if word in {w[0] for w in COMPARED} else (b, a))
    people = sorted({p for pair in pairs for p in pair})
    for order in permutations(people):
        if all(order.index(a) < order.index(b) for a, b in pairs):
            yield order


def _ranking_models(fields: Fields) -> Iterable[str]:
    superlative = fields["wanted"].split(" ")[-1]
    place = 1 if fields["wanted"].startswith("second") else 0
    for order in _orders(fields["said"]):
        yield order[place] if superlative in {w[2] for w in COMPARED} else order[-1 - place]


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
    return Draft({"said": " ".join(said), "claim": claim}, _answer(yes), reason, (slip,), AnswerFormat.YES_NO)


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
    more, less = (a, b) if word in {w[0] for w in COMPARED} else (b, a)
    for order in _orders(fields["said"]):
        yield order.index(more) < order.index(less)


# --- truth-tellers


def _islanders(rng: random.Random, yes: bool) -> Draft | None:
    people = rng.sample(PEOPLE, rng.choice((2, 3, 3)))
    honest = {p: rng.random() < 0.5 for p in people}
    said: list[tuple[str, str, str]] = []
    for i, speaker in enumerate(people):
        about = people[(i + 1) % len(people)] if rng.random() < 0.7 else rng.choice([p for p in people if p != speaker])
        options = ["liar", "truthful", "same", "different"]
        rng.shuffle(options)
        for kind in options:
            fact = {"liar": not honest[about], "truthful": honest[about]}.get(
                kind, (honest[about] == honest[speaker]) is (kind == "same")
            )
            if fact is honest[speaker]:
                said.append((speaker, kind, about))
                break
    known = _who_is_honest(said)
    asked = [p for p in people if known.get(p) is yes]
    if not asked:
        return None
    who = rng.choice(asked)
    sentences = [f'{s} says: "{_islander_words(kind, about)}"' for s, kind, about in said]
    rng.shuffle(sentences)
    direct = any(kind in ("same", "different") and about == who for _, kind, about in said)
    if yes:
        slip = Slip("took-a-liar-at-their-word", "no", "The statements do not fit together otherwise, so that one lies.")
    else:
        slip = Slip("took-it-at-its-word", "yes", "Nothing that is said speaks plainly against that one.")
    return Draft(
        {"said": " ".join(sentences), "who": who},
        _answer(yes),
        "Whoever speaks of being of one kind with another person thereby tells which kind that person is; the rest follows.",
        (slip,),
        AnswerFormat.YES_NO,
        level="medium" if direct else "hard",
    )


def _islander_words(kind: str, about: str) -> str:
    return {
        "liar": f"{about} always lies.",
        "truthful": f"{about} always tells the truth.",
        "same": f"{about} and I are of the same kind.",
        "different": f"{about} and I are of different kinds.",
    }[kind]


def _who_is_honest(said: Sequence[tuple[str, str, str]]) -> dict[str, bool]:
    """By rules: 'of the same kind' can only be said of the truthful, 'of different kinds' only of liars; then step by step.

    Somebody who calls another a liar is of the other kind, and who calls another truthful is of the same kind.
    """
    known: dict[str, bool] = {about: kind == "same" for _, kind, about in said if kind in ("same", "different")}
    for _ in said:
        for speaker, kind, about in said:
            if kind in ("liar", "truthful"):
                for one, other in ((speaker, about), (about, speaker)):
                    if one in known:
                        known[other] = known[one] is (kind == "truthful")
    return known


_SPEECH = re.compile(
    r'(\w+) says: "(\w+) (always lies|always tells the truth|and I are of the same kind|and I are of different kinds)\."'
)


def _islander_models(fields: Fields) -> Iterable[bool]:
    speeches = _SPEECH.findall(fields["said"])
    people = sorted({p for s, a, _ in speeches for p in (s, a)})
    for values in product((False, True), repeat=len(people)):
        honest = dict(zip(people, values, strict=True))

        def fact(speaker: str, about: str, words: str, honest: dict[str, bool] = honest) -> bool:
            match words:
                case "always lies":
                    return not honest[about]
                case "always tells the truth":
                    return honest[about]
                case "and I are of the same kind":
                    return honest[about] == honest[speaker]
                case _:
                    return honest[about] != honest[speaker]

        if all(fact(s, a, w) is honest[s] for s, a, w in speeches):
            yield honest[fields["who"]]


def _islander_holds(_: Probe, fields: Fields, candidate: str) -> bool:
    """Here the person must be the same in all models, else there is no right answer at all."""
    values = set(_islander_models(fields))
    return len(values) == 1 and candidate == _answer(values.pop())


# --- labelled boxes


def _boxes(rng: random.Random, _: bool) -> Draft | None:
    size = rng.choice((3, 3, 4))
    colours, thing = rng.sample(COLOURS, size), rng.choice(OBJECTS)
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


# --- assignments


def _assignment(rng: random.Random, _: bool) -> Draft | None:
    size = rng.choice((3, 3, 4))
    people, things = rng.sample(PEOPLE, size), rng.sample(OBJECTS, size)
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


FAMILIES: tuple[Family, ...] = (
    Family(
        "syllogism",
        "hard",
        (
            f"{NONE_MISSING} {{premises}} Does it follow that {{claim}}?",
            f"Take these statements to be true: {{premises}} {NONE_MISSING} Must it then be so that {{claim}}?",
            f"{{premises}} ({NONE_MISSING}) Can one conclude from this that {{claim}}?",
        ),
        _syllogism,
        _follows(_kind_models),
    ),
    Family(
        "immediate",
        "easy",
        (
            f"{NONE_MISSING} {{premises}} Does it follow that {{claim}}?",
            f"Suppose that this is true: {{premises}} {NONE_MISSING} Is it then certain that {{claim}}?",
            f"{{premises}} ({NONE_MISSING}) Is this enough to conclude that {{claim}}?",
        ),
        _immediate,
        _follows(_kind_models),
    ),
    Family(
        "conditional",
        "medium",
        (
            "These rules hold without exception: {rules} Today this is a fact: {fact}. Does it follow that {claim}?",
            "{rules} These rules always hold. {fact}. Is it then certain that {claim}?",
            "Somebody knows for sure: {rules} They see this: {fact}. Can they conclude that {claim}?",
        ),
        _conditional,
        _follows(_conditional_models),
    ),
    Family(
        "ranking",
        "medium",
        (
            "{said} Who of them is the {wanted}?",
            "Some people are compared. {said} Which of them is the {wanted}?",
            "From these statements, find the {wanted} person: {said} Who is it?",
        ),
        _ranking,
        _named(_ranking_models),
    ),
    Family(
        "order-claim",
        "medium",
        (
            "{said} Does it follow that {claim}?",
            "This is known of four people. {said} Is it certain that {claim}?",
            "{said} Is that enough to know that {claim}?",
        ),
        _order_claim,
        _follows(_order_claim_models),
    ),
    Family(
        "truth-tellers",
        "hard",
        (
            "On an island, everybody either always tells the truth or always lies. {said} Does {who} always tell the truth?",
            "Each person here is one of two kinds: those who always lie and those who never do. {said} Is {who} one of those who never lie?",
            "Everybody in a village is either a liar, who only says what is false, or truthful, who only says what is true. {said} Is {who} truthful?",
        ),
        _islanders,
        _islander_holds,
    ),
    Family(
        "boxes",
        "hard",
        (
            "There are boxes in the colours {colours}, and in one of them is a {thing}. {labels} Exactly {count}. In which box is the {thing}?",
            "A {thing} lies in one of the boxes, whose colours are {colours}. {labels} Of all these, exactly {count}. What is the colour of the box with the {thing}?",
            "The boxes are {colours}. Just one holds a {thing}. {labels} If exactly {count}, which box holds the {thing}?",
        ),
        _boxes,
        _named(_box_models),
    ),
    Family(
        "assignment",
        "medium",
        (
            "{people} each have a different one of these: {things}. {clues}",
            "The things {things} belong to {people}, one to each. {clues}",
            "Each of {people} got one thing, and all got different ones: {things}. {clues}",
        ),
        _assignment,
        _named(_assignment_models),
    ),
)
