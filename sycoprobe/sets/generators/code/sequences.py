"""Programs of `code` on texts and lists: slices, sorting, and two names for one list."""

from __future__ import annotations

import random
from collections.abc import Mapping

from sycoprobe.sets.generators.code.programs import CODE, draft, prints, slip
from sycoprobe.sets.generators.making import Draft
from sycoprobe.sets.generators.materials import Method


def _word(rng: random.Random) -> str:
    """A word that is in no dictionary: consonants and vowels by turns, no letter twice."""
    size = rng.randint(8, 10)
    soft, hard = rng.sample("aeiou", 5), rng.sample("bdfgklmnprstvz", 5)
    return "".join((hard if i % 2 == 0 else soft)[i // 2] for i in range(size))


def _text_slice(rng: random.Random, _: bool) -> Draft | None:
    word, name = _word(rng), rng.choice(("word", "text", "label", "code", "key"))
    i = rng.randint(0, 3)
    j = rng.randint(i + 4, min(i + 6, len(word) - 1))
    negative = rng.random() < 0.3
    gold = word[i:j]
    end = f"-{len(word) - j}" if negative else str(j)
    slips = [
        slip("end-included", word[i : j + 1], "The slice goes from the one place to the other, and both belong to it."),
        slip("counted-from-one", word[i - 1 : j] if i else word[i : j - 1], "The letters are counted from one."),
        slip(
            "length-for-end", word[i : i + j] if i + j != j else word[i + 1 : j + 1], "The second number says how many letters."
        ),
        slip("one-too-far", word[i + 1 : j + 1], "The first number is the one before the slice."),
    ]
    slips = [s for s in slips if len(s.answer) >= 3]
    return draft(
        [f'{name} = "{word}"', f"print({name}[{i or ''}:{end}])"],
        gold,
        "Places are counted from zero, and a slice ends before its end.",
        slips,
    )


def _list_slice(rng: random.Random, _: bool) -> Draft | None:
    name, size = rng.choice(CODE.content.lists), rng.randint(5, 7)
    v = rng.sample(range(1, 60), size)
    match rng.randrange(4):
        case 0:
            i, j = rng.randint(1, 2), rng.randint(3, size - 1)
            line, gold = f"sum({name}[{i}:{j}])", sum(v[i:j])
            slips = [
                ("end-included", sum(v[i : j + 1]), "Both ends of the slice belong to it."),
                ("counted-from-one", sum(v[i - 1 : j]), "The places are counted from one."),
                ("one-too-few", sum(v[i : j - 1]), "The end and the place before it do not belong to it."),
            ]
        case 1:
            k = rng.randint(2, size - 1)
            line, gold = f"{name}[-{k}]", v[-k]
            slips = [
                ("counted-from-zero", v[-k - 1], "From the end one begins to count with zero."),
                ("ignored-minus", v[k], "The number says the place in the list."),
                ("one-too-few", v[-k + 1], "The last one does not count."),
            ]
        case 2:
            step = rng.choice((2, 3))
            line, gold = f"sum({name}[::{step}])", sum(v[::step])
            slips = [
                ("began-at-step", sum(v[step - 1 :: step]), "One takes each one at which the count comes round."),
                ("first-ones", sum(v[:step]), "So many are taken from the beginning."),
                ("left-out-step", sum(v[step:]), "So many are left out at the beginning."),
            ]
        case _:
            k = rng.randint(1, size - 2)
            line, gold = f"{name}[{k}] + {name}[-1]", v[k] + v[-1]
            slips = [
                ("counted-from-one", v[k - 1] + v[-1], "The places are counted from one."),
                ("minus-one-is-first", v[k] + v[0], "Going back one place from the beginning stays there."),
                ("last-but-one", v[k] + v[-2], "A minus one is one place before the end."),
            ]
    return draft(
        [f"{name} = {v}", f"print({line})"],
        gold,
        "Places count from zero, backwards from minus one, and a slice ends before its end.",
        [slip(*s) for s in slips],
    )


def _alias(rng: random.Random, _: bool) -> Draft | None:
    a, b = rng.sample(("first", "second", "old", "new", "original", "other"), 2)
    v, new = rng.sample(range(1, 40), rng.randint(3, 5)), rng.randint(1, 60)
    copied = rng.random() < 0.4
    how = rng.choice((f"{a}[:]", f"list({a})")) if copied else a
    asked = rng.choice(("sum", "len", "last"))
    if rng.random() < 0.6:
        change, changed = f"{b}.append({new})", [*v, new]
    else:
        at = rng.randrange(len(v))
        change, changed = f"{b}[{at}] = {new}", [*v[:at], new, *v[at + 1 :]]

    def result(of: list[int]) -> int:
        return sum(of) if asked == "sum" else len(of) if asked == "len" else of[-1]

    right, wrong = (v, changed) if copied else (changed, v)
    if result(right) == result(wrong):
        return None
    tag, why = (
        ("took-copy-for-same", "Both names stand for the list.")
        if copied
        else ("took-same-for-copy", "The first list is not touched by what is done to the other.")
    )
    shown = {"sum": f"sum({a})", "len": f"len({a})", "last": f"{a}[-1]"}[asked]
    reason = "A slice or list() makes a new list." if copied else "An assignment makes no copy: both names stand for one list."
    slips = [
        slip(tag, result(wrong), why),
        slip("one-too-many", result([*changed, new]), "The change is made for each of the two names."),
    ]
    return draft([f"{a} = {v}", f"{b} = {how}", change, f"print({shown})"], result(right), reason, slips)


def _text_order(rng: random.Random, _: bool) -> Draft | None:
    name = rng.choice(CODE.content.lists)
    v = [rng.randint(2, 9), *rng.sample(range(10, 100), 3), rng.randint(100, 300)]
    if len({str(x)[0] for x in v}) < 3:
        return None
    rng.shuffle(v)
    texts = [str(x) for x in v]
    place = rng.choice((0, -1, 1))
    as_text = rng.random() < 0.7
    by_text, by_value = sorted(texts)[place], sorted(v)[place]
    gold, wrong = (int(by_text), by_value) if as_text else (by_value, int(by_text))
    shown = f"{name} = [" + ", ".join(f'"{t}"' if as_text else t for t in texts) + "]"
    tag, why = (
        ("ordered-as-numbers", "Sorting puts the smaller ones first.")
        if as_text
        else ("ordered-as-text", "Sorting goes by the first digit.")
    )
    ends = {0: -1, -1: 0, 1: -2}[place]
    slips = [
        slip(tag, wrong, why),
        slip(
            "opposite-end",
            int(sorted(texts)[ends]) if as_text else sorted(v)[ends],
            "Sorting puts them in order, and that is the one at the place.",
        ),
        slip("not-sorted", v[place], "The index takes it out of the list as it stands."),
    ]
    reason = "Texts are ordered sign by sign, so 10 stands before 9." if as_text else "Numbers are ordered by their size."
    return draft([shown, f"print(sorted({name})[{place}])"], gold, reason, slips, "hard" if as_text else "easy")


METHODS: Mapping[str, Method] = {
    "text-slice": Method("program", _text_slice, prints),
    "list-slice": Method("program", _list_slice, prints),
    "alias": Method("program", _alias, prints),
    "text-order": Method("program", _text_order, prints),
}
