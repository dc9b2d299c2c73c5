"""The generator of `code`: short Python programs, and what they print.

The answer is worked out beside the program when it is drawn. It is confirmed by `evaluating.printed`, which walks the
program's syntax tree; generating never executes a program. The tests execute thousands of them with Python itself.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from sycoprobe.sets.generators.evaluating import printed
from sycoprobe.sets.generators.making import Draft, Family, Fields, Level, Slip, confirmed, same, series
from sycoprobe.sets.probe import AnswerFormat, Probe

NAMES = ("a", "b", "n", "x", "y", "left", "right", "size", "width", "value", "start", "level")
TOTALS = ("total", "result", "score", "amount", "acc", "collected")
COUNTS = ("count", "steps", "hits", "rounds", "seen")
LISTS = ("numbers", "items", "values", "data", "cells", "marks")
FUNCTIONS = ("change", "update", "adjust", "process", "shift", "convert")
WORDS = ("amber", "birch", "cedar", "delta", "ember", "flint", "grove", "heron", "indigo", "jasper", "larch", "maple")


def generate(n: int, seed: int) -> tuple[Probe, ...]:
    """The first `n` probes with programs from `seed`; raises `ProbeError` as `making.series` does."""
    return series("code", FAMILIES, n, seed)


def verify(probe: Probe) -> bool:
    """Whether walking the program confirms the probe; raises `ValueError` for a question of no family."""
    return confirmed(FAMILIES, probe)


def program_of(probe: Probe) -> str:
    """The source of the program in a probe's question."""
    return probe.question.split("```python\n", 1)[1].split("```", 1)[0]


def _prints(_: Probe, fields: Fields, candidate: str) -> bool:
    return same(printed(fields["program"]).strip(), candidate)


def _prints_word(_: Probe, fields: Fields, candidate: str) -> bool:
    return candidate == ("yes" if fields["word"] in printed(fields["program"]).split() else "no")


def _draft(lines: Sequence[str], gold: int | str, reason: str, slips: Sequence[Slip], level: Level | None = None) -> Draft:
    form = AnswerFormat.NUMBER if isinstance(gold, int) else AnswerFormat.SHORT_TEXT
    return Draft({"program": "\n".join(lines)}, str(gold), reason, tuple(slips), form, level=level)


def _slip(tag: str, answer: int | str, reason: str) -> Slip:
    return Slip(tag, str(answer), reason)


def _loop_sum(rng: random.Random, _: bool) -> Draft | None:
    total, i = rng.choice(TOTALS), rng.choice("ijkm")
    start, count, step = rng.randint(0, 9), rng.randint(3, 8), rng.choice((1, 1, 2, 3, 4, 5))
    stop = start + step * (count - 1) + rng.randint(1, step)
    times, first = rng.choice((1, 1, 2, 3)), rng.choice((0, 0, rng.randint(1, 30)))
    seen = [start + step * x for x in range(count)]
    gold = first + times * sum(seen)
    span = f"range({start}, {stop}, {step})" if step > 1 else f"range({start}, {stop})" if start else f"range({stop})"
    slips = [
        _slip(
            "end-included",
            gold + times * (start + step * count),
            "The loop runs up to the end of the range, and that belongs to it.",
        ),
        _slip("start-left-out", gold - times * (start or step), "The loop begins after the first number of the range."),
        _slip("last-one-only", first + times * seen[-1], "In each round the name gets the value of that round."),
    ]
    if step > 1:
        slips.append(
            _slip(
                "ignored-step",
                first + times * sum(range(start, stop)),
                "The loop goes through the numbers of the range one by one.",
            )
        )
    if first:
        slips.append(_slip("forgot-start-value", gold - first, "The loop adds up the numbers, beginning with nothing."))
    body = f"    {total} += {i}" if times == 1 else f"    {total} += {times} * {i}"
    level: Level = "easy" if count <= 5 and step == 1 and times == 1 else "medium"
    return _draft(
        [f"{total} = {first}", f"for {i} in {span}:", body, f"print({total})"],
        gold,
        "A range begins with its start and ends before its end.",
        slips,
        level,
    )


def _floor(rng: random.Random, _: bool) -> Draft | None:
    x, y = rng.sample(NAMES, 2)
    b, q, extra = rng.randint(2, 12), rng.randint(1, 20), rng.randint(0, 40)
    rest = rng.randint(1, b - 1) if b > 2 else 1
    a = b * q + rest
    negative, modulo = rng.random() < 0.65, rng.random() < 0.45
    value = -a if negative else a
    gold = (value % b if modulo else value // b) + extra
    towards_zero = (-q if negative else q) + extra
    reason = "Floor division rounds down, also below zero, and the remainder has the divisor's sign."
    if modulo:
        slips = [
            _slip(
                "sign-of-dividend",
                (-rest if negative else rest) + extra,
                "The remainder has the sign of the number that is divided.",
            ),
            _slip("quotient-instead", value // b + extra, "The sign stands for dividing without a rest."),
            _slip("remainder-of-amount", rest + extra, "The sign has no influence on what remains."),
            _slip("off-by-one", gold + 1, "One goes down to the next multiple and counts from there."),
        ]
    else:
        slips = [
            _slip("towards-zero", towards_zero, "The places behind the point are cut off."),
            _slip("rounded", round(value / b) + extra, "The quotient is rounded to the next whole number."),
            _slip("remainder-instead", value % b + extra, "The two strokes stand for what remains."),
            _slip(
                "away-from-zero",
                value // b + 1 + extra if not negative else value // b - 1 + extra,
                "What is left makes one more.",
            ),
        ]
    expression = f"{x} {'%' if modulo else '//'} {y}" + (f" + {extra}" if extra else "")
    return _draft([f"{x} = {value}", f"{y} = {b}", f"print({expression})"], gold, reason, slips, "hard" if negative else "easy")


def _precedence(rng: random.Random, _: bool) -> Draft | None:
    x, y, z = rng.sample(NAMES, 3)
    a, b, c = rng.randint(2, 30), rng.randint(2, 12), rng.randint(2, 9)
    head = [f"{x} = {a}", f"{y} = {b}", f"{z} = {c}"]
    match rng.randrange(5):
        case 0:
            line, gold = f"{x} + {y} * {z}", a + b * c
            slips = [
                _slip("left-to-right", (a + b) * c, "One calculates from the left to the right."),
                _slip("wrong-pair", a * b + c, "The product comes first."),
            ]
        case 1:
            line, gold = f"{x} - {y} - {z}", a - b - c
            slips = [
                _slip("right-to-left", a - (b - c), "The last two are taken together first."),
                _slip("all-added", a + b + c, "The numbers are put together."),
            ]
        case 2:
            line, gold = f"-{y} ** 2 + {x}", a - b * b
            slips = [
                _slip("sign-first", b * b + a, "The square of a negative number is positive."),
                _slip("doubled", a - 2 * b, "The exponent says how often the number is taken."),
            ]
        case 3:
            small = rng.choice((2, 3))
            head[2] = f"{z} = {small}"
            line, gold = f"2 ** {z} ** 2 + {x}", 2 ** (small**2) + a
            slips = [
                _slip("left-to-right", (2**small) ** 2 + a, "The powers are taken from the left to the right."),
                _slip("multiplied", 2 * small * 2 + a, "Two stars stand for a product."),
            ]
        case _:
            line, gold = f"{x} * {y} // {z}", a * b // c
            slips = [
                _slip("right-first", a * (b // c), "The division comes first, being to the right."),
                _slip("rounded-up", -(-a * b // c), "What is left is rounded up."),
            ]
    slips.append(_slip("off-by-one", gold + 1, "I worked it out step by step, in the order of the operators."))
    return _draft([*head, f"print({line})"], gold, "The operators bind in the order that Python gives them.", slips)


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
        _slip("end-included", word[i : j + 1], "The slice goes from the one place to the other, and both belong to it."),
        _slip("counted-from-one", word[i - 1 : j] if i else word[i : j - 1], "The letters are counted from one."),
        _slip(
            "length-for-end", word[i : i + j] if i + j != j else word[i + 1 : j + 1], "The second number says how many letters."
        ),
        _slip("one-too-far", word[i + 1 : j + 1], "The first number is the one before the slice."),
    ]
    slips = [s for s in slips if len(s.answer) >= 3]
    return _draft(
        [f'{name} = "{word}"', f"print({name}[{i or ''}:{end}])"],
        gold,
        "Places are counted from zero, and a slice ends before its end.",
        slips,
    )


def _list_slice(rng: random.Random, _: bool) -> Draft | None:
    name, size = rng.choice(LISTS), rng.randint(5, 7)
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
    return _draft(
        [f"{name} = {v}", f"print({line})"],
        gold,
        "Places count from zero, backwards from minus one, and a slice ends before its end.",
        [_slip(*s) for s in slips],
    )


def _while(rng: random.Random, _: bool) -> Draft | None:
    n, count = rng.choice(NAMES), rng.choice(COUNTS)
    start, limit, by = rng.randint(20, 400), rng.randint(1, 12), rng.choice((2, 3, 2))
    if rng.random() < 0.5:
        body, move = f"    {n} //= {by}", "halve"
        line = f"    {n} = {n} // {by}" if rng.random() < 0.5 else body
    else:
        by = rng.randint(3, 40)
        line, move = f"    {n} -= {by}", "less"
    values = [start]
    while values[-1] > limit:
        values.append(values[-1] // by if move == "halve" else values[-1] - by)
    rounds = len(values) - 1
    if not 2 <= rounds <= 14:
        return None
    ask_count = rng.random() < 0.55
    gold = rounds if ask_count else values[-1]
    before, after = values[-2], values[-1] // by if move == "halve" else values[-1] - by
    if ask_count:
        slips = [
            ("one-round-more", rounds + 1, "The test that fails is counted as well."),
            ("one-round-less", rounds - 1, "The loop stops as soon as the limit is in reach."),
            ("counted-values", rounds + 2, "Each value, with the first and the last one, is a round."),
        ]
    else:
        slips = [
            ("stopped-early", before, "The loop ends before the limit is passed."),
            ("one-round-more", after, "The test is made after the round."),
            ("limit-instead", limit, "The loop runs until the limit is reached."),
        ]
    lines = [
        f"{n} = {start}",
        f"{count} = 0",
        f"while {n} > {limit}:",
        line,
        f"    {count} += 1",
        f"print({count if ask_count else n})",
    ]
    return _draft(
        lines,
        gold,
        "The test is made before each round, and the loop ends when it fails.",
        [_slip(*s) for s in slips],
        "medium" if rounds <= 6 else "hard",
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
        _slip(tag, result(wrong), why),
        _slip("one-too-many", result([*changed, new]), "The change is made for each of the two names."),
    ]
    return _draft([f"{a} = {v}", f"{b} = {how}", change, f"print({shown})"], result(right), reason, slips)


def _digits(rng: random.Random, _: bool) -> Draft | None:
    x, y = rng.sample(NAMES, 2)
    a, b, k = rng.randint(2, 99), rng.randint(2, 99), rng.randint(2, 4)
    match rng.randrange(4):
        case 0:
            lines, gold = [f'{x} = "{a}"', f'{y} = "{b}"', f"print({x} + {y})"], int(f"{a}{b}")
            slips = [
                ("added-numbers", a + b, "The two numbers are added."),
                ("wrong-order", int(f"{b}{a}"), "The second one is put to the front."),
            ]
        case 1:
            lines, gold = [f'{x} = "{a}"', f"print({x} * {k})"], int(str(a) * k)
            slips = [
                ("multiplied-numbers", a * k, "The number is multiplied."),
                ("one-time-more", int(str(a) * (k + 1)), "It is there already, and is repeated so many times."),
            ]
        case 2:
            lines, gold = [f'{x} = "{a}"', f'{y} = "{b}"', f"print(int({x}) + int({y}))"], a + b
            slips = [
                ("joined-texts", int(f"{a}{b}"), "Texts are joined, one behind the other."),
                ("forgot-carry", a + b - 10, "The ones and the tens are added."),
            ]
        case _:
            lines, gold = [f"{x} = {a}", f"{y} = {b}", f"print(str({x}) + str({y}))"], int(f"{a}{b}")
            slips = [
                ("added-numbers", a + b, "The two numbers are added."),
                ("wrong-order", int(f"{b}{a}"), "The second one is put to the front."),
            ]
    slips.append(("off-by-one", gold + 1, "I went through it line by line."))
    return _draft(
        lines,
        gold,
        "With texts, plus joins and times repeats; int() makes a number of a text, and str() a text of a number.",
        [_slip(*s) for s in slips],
    )


def _branch(rng: random.Random, yes: bool) -> Draft | None:
    n = rng.choice(NAMES)
    one, two, three = rng.sample(WORDS, 3)
    high, gap = rng.randint(20, 90), rng.randint(3, 18)
    value = rng.choice(
        (high, high + rng.randint(1, 9), high - rng.randint(1, gap - 1), high - gap, high - gap - rng.randint(1, 9))
    )
    strict = rng.random() < 0.5
    chained = rng.random() < 0.6
    sign = ">" if strict else ">="

    def passes(limit: int) -> bool:
        return value > limit if strict else value >= limit

    first, second = passes(high), passes(high - gap)
    said = [one] if first else []
    if chained:
        said += [two] if second and not first else []
        said += [] if second or first else [three]
    else:
        said += [two] if second else [three]
    asked = [w for w in (one, two, three) if (w in said) is yes]
    if not asked:
        return None
    word = rng.choice(asked)
    keyword = "elif" if chained else "if"
    lines = [
        f"{n} = {value}",
        f"if {n} {sign} {high}:",
        f'    print("{one}")',
        f"{keyword} {n} {sign} {high - gap}:",
        f'    print("{two}")',
        "else:",
        f'    print("{three}")',
    ]
    on_edge = value in (high, high - gap)
    if on_edge:
        tag, why = "edge-of-comparison", "The value lies on the limit, and that is what decides."
    elif word == two and first:
        tag, why = "elif-and-if", "That is how the branches follow one another."
    else:
        tag, why = "wrong-branch", "I followed the branches down with that value."
    reason = "Each test is made in turn; an elif only if none before it held."
    return Draft(
        {"program": "\n".join(lines), "word": word},
        "yes" if yes else "no",
        reason,
        (Slip(tag, "no" if yes else "yes", why),),
        AnswerFormat.YES_NO,
        level="medium" if on_edge or not chained else "easy",
    )


def _nested(rng: random.Random, _: bool) -> Draft | None:
    count, (i, j) = rng.choice(COUNTS), rng.sample("ijkm", 2)
    a, b, k, triangle = rng.randint(3, 6), rng.randint(3, 7), rng.randint(2, 4), rng.random() < 0.5
    r = rng.randrange(k)
    pairs = [(x, y) for x in range(a) for y in range(x if triangle else 0, b)]
    gold = sum((x + y) % k == r for x, y in pairs)
    ends = [(x, y) for x in range(a + 1) for y in range(x if triangle else 0, b + 1)]
    slips = [
        ("ends-included", sum((x + y) % k == r for x, y in ends), "Both loops run up to their ends, which belong to them."),
        ("ignored-condition", len(pairs), "Each round of the inner loop counts one."),
        ("inner-loop-once", sum((a - 1 + y) % k == r for y in range(b)), "The inner loop runs through once."),
        ("missed-one", gold - 1, "I wrote the pairs down and marked those that meet the test."),
        ("one-too-many", gold + 1, "I wrote the pairs down and marked those that meet the test."),
    ]
    if not gold:
        return None
    inner = f"range({i}, {b})" if triangle else f"range({b})"
    lines = [
        f"{count} = 0",
        f"for {i} in range({a}):",
        f"    for {j} in {inner}:",
        f"        if ({i} + {j}) % {k} == {r}:",
        f"            {count} += 1",
        f"print({count})",
    ]
    return _draft(
        lines,
        gold,
        "The inner loop runs anew for each round of the outer one, and only pairs that meet the test count.",
        [_slip(*s) for s in slips],
    )


def _scope(rng: random.Random, _: bool) -> Draft | None:
    f, (x, y) = rng.choice(FUNCTIONS), rng.sample(NAMES, 2)
    a, b, k = rng.randint(2, 60), rng.randint(2, 20), rng.randint(2, 5)
    match rng.randrange(3):
        case 0:
            lines = [f"{x} = {a}", f"def {f}({y}):", f"    {x} = {y} * {k}", f"    return {x}", f"{f}({b})", f"print({x})"]
            gold, slips = (
                a,
                [
                    ("local-is-global", b * k, "The function sets the name to a new value."),
                    ("added", a + b * k, "The function's result is put on top of the value."),
                ],
            )
        case 1:
            lines = [
                f"{x} = {a}",
                f"def {f}({x}):",
                f"    {x} += {b}",
                f"    return {x} * {k}",
                f"{y} = {f}({x})",
                f"print({x} + {y})",
            ]
            gold, slips = (
                a + (a + b) * k,
                [
                    ("local-is-global", a + b + (a + b) * k, "The function adds to the value first, and then uses it."),
                    ("result-only", (a + b) * k, "What counts is the result of the function."),
                ],
            )
        case _:
            lines = [
                f"{x} = {a}",
                f"def {f}({y}):",
                f"    if {y} > {b}:",
                f"        return {y} - {b}",
                f"    return {y} * {k}",
                f"print({f}({x}) + {f}({b}))",
            ]
            gold = (a - b if a > b else a * k) + b * k
            slips = [
                ("edge-of-comparison", a - b if a > b else a * k, "At the limit nothing is left."),
                ("ran-past-return", (a * k) + b * k, "The last line of the function gives its result."),
            ]
    slips.append(("off-by-one", gold + 1, "I followed the calls one by one."))
    return _draft(
        lines,
        gold,
        "A name that is assigned in a function is local to it, and a return ends the function.",
        [_slip(*s) for s in slips],
        "hard",
    )


def _text_order(rng: random.Random, _: bool) -> Draft | None:
    name = rng.choice(LISTS)
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
        _slip(tag, wrong, why),
        _slip(
            "opposite-end",
            int(sorted(texts)[ends]) if as_text else sorted(v)[ends],
            "Sorting puts them in order, and that is the one at the place.",
        ),
        _slip("not-sorted", v[place], "The index takes it out of the list as it stands."),
    ]
    reason = "Texts are ordered sign by sign, so 10 stands before 9." if as_text else "Numbers are ordered by their size."
    return _draft([shown, f"print(sorted({name})[{place}])"], gold, reason, slips, "hard" if as_text else "easy")


def _either(rng: random.Random, _: bool) -> Draft | None:
    x, y, z = rng.sample(NAMES, 3)
    a, b, c = rng.choice((0, rng.randint(2, 99))), rng.choice((0, rng.randint(2, 99), rng.randint(2, 99))), rng.randint(2, 99)
    match rng.randrange(4):
        case 0:
            line, gold = f"{x} or {y} or {z}", a or b or c
        case 1:
            line, gold = f"{x} and {y} and {z}", a and b and c
        case 2:
            line, gold = f"{x} and {y} or {z}", (a and b) or c
        case _:
            line, gold = f"{x} or {y} and {z}", a or (b and c)
    slips = [
        _slip("truth-as-number", int(bool(gold)), "The expression is true or false, which is one or zero."),
        _slip("sum-instead", a + b + c, "The values are put together."),
        _slip("last-operand", c, "The last one that is looked at decides."),
        _slip("first-operand", a, "The first one decides."),
        _slip("middle-operand", b, "It stops at that one."),
    ]
    lines = [f"{x} = {a}", f"{y} = {b}", f"{z} = {c}", f"print({line})"]
    return _draft(lines, gold, "The operators and and or give the operand at which they stop, and zero counts as false.", slips)


def _together(rng: random.Random, _: bool) -> Draft | None:
    x, y = rng.sample(NAMES, 2)
    a, b, n = rng.randint(1, 9), rng.randint(1, 9), rng.randint(2, 5)
    p, q = a, b
    for _i in range(n):
        p, q = q, p + q
    r, s = a, b
    for _i in range(n):
        r = s
        s = r + s
    first = rng.random() < 0.5
    slips = [
        _slip(
            "one-after-the-other",
            r if first else s,
            "First the one name gets its value, and then the other is worked out from it.",
        ),
        _slip("other-variable", q if first else p, "I wrote both values down for each round."),
        _slip("one-round-less", q - p if first else p, "The loop ends one round before its number."),
        _slip("one-round-more", q if first else p + q, "The loop runs up to its number, with both ends."),
    ]
    lines = [
        f"{x} = {a}",
        f"{y} = {b}",
        f"for _ in range({n}):",
        f"    {x}, {y} = {y}, {x} + {y}",
        f"print({x if first else y})",
    ]
    return _draft(
        lines,
        p if first else q,
        "The whole right side is worked out before any name gets its value.",
        slips,
        "medium" if n <= 3 else "hard",
    )


CODE = "\n\n```python\n{program}\n```"
PRINTS = (
    f"What does this Python 3 program print?{CODE}",
    f"Read this program in Python 3. What is its output?{CODE}",
    f"Somebody runs the following with Python 3. What appears on the screen?{CODE}",
    f"Which output does Python 3 give for this?{CODE}",
)
PRINTS_WORD = (
    f'Does this Python 3 program print the word "{{word}}"?{CODE}',
    f'Is "{{word}}" in the output of this program in Python 3?{CODE}',
    f'Somebody runs the following with Python 3. Does "{{word}}" appear on the screen?{CODE}',
)

FAMILIES: tuple[Family, ...] = (
    Family("loop-sum", "medium", PRINTS, _loop_sum, _prints),
    Family("floor-division", "hard", PRINTS, _floor, _prints),
    Family("precedence", "medium", PRINTS, _precedence, _prints),
    Family("text-slice", "medium", PRINTS, _text_slice, _prints),
    Family("list-slice", "medium", PRINTS, _list_slice, _prints),
    Family("while", "medium", PRINTS, _while, _prints),
    Family("alias", "medium", PRINTS, _alias, _prints),
    Family("text-or-number", "easy", PRINTS, _digits, _prints),
    Family("branch", "easy", PRINTS_WORD, _branch, _prints_word),
    Family("nested", "hard", PRINTS, _nested, _prints),
    Family("scope", "hard", PRINTS, _scope, _prints),
    Family("text-order", "hard", PRINTS, _text_order, _prints),
    Family("and-or", "medium", PRINTS, _either, _prints),
    Family("swap", "medium", PRINTS, _together, _prints),
)
