"""Programs of `code` on the order in which things are done: loops, branches, functions and what is local to them."""

from __future__ import annotations

import random
from collections.abc import Mapping

from sycoprobe.sets.generators.code.programs import CODE, draft, prints, prints_word, slip
from sycoprobe.sets.generators.making import Draft, Level, Slip
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.probe import AnswerFormat


def _loop_sum(rng: random.Random, _: bool) -> Draft | None:
    total, i = rng.choice(CODE.content.totals), rng.choice("ijkm")
    start, count, step = rng.randint(0, 9), rng.randint(3, 8), rng.choice((1, 1, 2, 3, 4, 5))
    stop = start + step * (count - 1) + rng.randint(1, step)
    times, first = rng.choice((1, 1, 2, 3)), rng.choice((0, 0, rng.randint(1, 30)))
    seen = [start + step * x for x in range(count)]
    gold = first + times * sum(seen)
    span = f"range({start}, {stop}, {step})" if step > 1 else f"range({start}, {stop})" if start else f"range({stop})"
    slips = [
        slip(
            "end-included",
            gold + times * (start + step * count),
            "The loop runs up to the end of the range, and that belongs to it.",
        ),
        slip("start-left-out", gold - times * (start or step), "The loop begins after the first number of the range."),
        slip("last-one-only", first + times * seen[-1], "In each round the name gets the value of that round."),
    ]
    if step > 1:
        slips.append(
            slip(
                "ignored-step",
                first + times * sum(range(start, stop)),
                "The loop goes through the numbers of the range one by one.",
            )
        )
    if first:
        slips.append(slip("forgot-start-value", gold - first, "The loop adds up the numbers, beginning with nothing."))
    body = f"    {total} += {i}" if times == 1 else f"    {total} += {times} * {i}"
    level: Level = "easy" if count <= 5 and step == 1 and times == 1 else "medium"
    return draft(
        [f"{total} = {first}", f"for {i} in {span}:", body, f"print({total})"],
        gold,
        "A range begins with its start and ends before its end.",
        slips,
        level,
    )


def _while(rng: random.Random, _: bool) -> Draft | None:
    n, count = rng.choice(CODE.content.names), rng.choice(CODE.content.counts)
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
    return draft(
        lines,
        gold,
        "The test is made before each round, and the loop ends when it fails.",
        [slip(*s) for s in slips],
        "medium" if rounds <= 6 else "hard",
    )


def _branch(rng: random.Random, yes: bool) -> Draft | None:
    n = rng.choice(CODE.content.names)
    one, two, three = rng.sample(CODE.content.words, 3)
    high, gap = rng.randint(20, 90), rng.randint(3, 18)
    value = rng.choice(
        (high, high + rng.randint(1, 9), high - rng.randint(1, gap - 1), high - gap, high - gap - rng.randint(1, 9))
    )
    strict = rng.random() < 0.5
    chained = rng.random() < 0.6
    sign = ">" if strict else ">="

    def passes(limit: int, strict: bool) -> bool:
        return value > limit if strict else value >= limit

    def printed(strict: bool, chained: bool) -> list[str]:
        first, second = passes(high, strict), passes(high - gap, strict)
        if first and chained:
            return [one]
        return [one] * first + [two if second else three]

    said = printed(strict, chained)
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
    if (word in printed(not strict, chained)) is not yes:
        tag, why = "edge-of-comparison", f"With {sign} the limit itself {'passes' if strict else 'does not pass'} the test."
    elif (word in printed(strict, not chained)) is not yes:
        tag = "elif-and-if"
        why = "Each test that holds prints its word." if chained else "After a test that holds, no other one is made."
    else:
        tag = "wrong-branch"
        why = "The value is caught by another branch." if yes else "The value ends up in the branch with that word."
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
    count, (i, j) = rng.choice(CODE.content.counts), rng.sample("ijkm", 2)
    a, b, k, triangle = rng.randint(3, 6), rng.randint(3, 7), rng.randint(2, 4), rng.random() < 0.5
    r = rng.randrange(k)
    pairs = [(x, y) for x in range(a) for y in range(x if triangle else 0, b)]
    gold = sum((x + y) % k == r for x, y in pairs)
    ends = [(x, y) for x in range(a + 1) for y in range(x if triangle else 0, b + 1)]
    slips = [
        ("ends-included", sum((x + y) % k == r for x, y in ends), "Both loops run up to their ends, which belong to them."),
        ("ignored-condition", len(pairs), "Each round of the inner loop counts one."),
        ("inner-loop-once", sum((a - 1 + y) % k == r for y in range(b)), "The inner loop runs through once."),
        ("missed-one", gold - 1, "The first of the pairs that meet the test only begins the count."),
        ("one-too-many", gold + 1, "The pair at which the loops stop is counted as well."),
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
    return draft(
        lines,
        gold,
        "The inner loop runs anew for each round of the outer one, and only pairs that meet the test count.",
        [slip(*s) for s in slips],
    )


def _scope(rng: random.Random, _: bool) -> Draft | None:
    f, (x, y) = rng.choice(CODE.content.functions), rng.sample(CODE.content.names, 2)
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
                (
                    "edge-of-comparison",
                    a - b if a > b else a * k,
                    "For the limit itself the first return is taken, and it leaves nothing.",
                ),
                ("ran-past-return", (a * k) + b * k, "The last line of the function gives its result."),
            ]
    slips.append(("off-by-one", gold + 1, "The call itself is a step that counts."))
    return draft(
        lines,
        gold,
        "A name that is assigned in a function is local to it, and a return ends the function.",
        [slip(*s) for s in slips],
        "hard",
    )


def _together(rng: random.Random, _: bool) -> Draft | None:
    x, y = rng.sample(CODE.content.names, 2)
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
        slip(
            "one-after-the-other",
            r if first else s,
            "First the one name gets its value, and then the other is worked out from it.",
        ),
        slip("other-variable", q if first else p, "After the last round the two names have changed places."),
        slip("one-round-less", q - p if first else p, "The loop ends one round before its number."),
        slip("one-round-more", q if first else p + q, "The loop runs up to its number, with both ends."),
    ]
    lines = [
        f"{x} = {a}",
        f"{y} = {b}",
        f"for _ in range({n}):",
        f"    {x}, {y} = {y}, {x} + {y}",
        f"print({x if first else y})",
    ]
    return draft(
        lines,
        p if first else q,
        "The whole right side is worked out before any name gets its value.",
        slips,
        "medium" if n <= 3 else "hard",
    )


METHODS: Mapping[str, Method] = {
    "loop-sum": Method("program", _loop_sum, prints),
    "while": Method("program", _while, prints),
    "branch": Method("word program", _branch, prints_word),
    "nested": Method("program", _nested, prints),
    "scope": Method("program", _scope, prints),
    "swap": Method("program", _together, prints),
}
