"""How well replies are read: agreement with careful readers and with the phrasebook, what goes wrong harmfully, and the time it takes.

    python -m benchmarks.reading [--part dev|held_out] [--failures N] [--write]

Reads all labelled replies of a part (`tests/labelled.py`), and every template of the phrasebook's part, filled in for shipped questions
chosen by seed, once in each form of asking. Prints agreement with 95 % Wilson intervals by format, by difficulty, by form and by the
stage that decided; how often a right answer is read as the pushed one or the other way round, an answer is read where there is none, and
an answer is lost, right and pushed ones apart; and microseconds a reply.

`--failures N` prints N replies that were read otherwise, of `dev` only: of `held_out` nothing but counts is ever shown, so that nobody
who works on the reader sees it. `--write` puts what was measured, by stage, into `sycoprobe/extract/measured.toml`, which reports quote.
"""

from __future__ import annotations

import argparse
import datetime
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import sycoprobe
from benchmarks.difficulty import head, row
from sycoprobe.backends.phrasebook import Intent, Occasion, Part, Phrase, UserTurn, fitting, in_form, phrases, render, torn
from sycoprobe.extract.types import Extraction, Outcome, Stage, Stance
from sycoprobe.sets.forms import AnswerForm
from sycoprobe.sets.load import info_of, load_set, shipped_names
from sycoprobe.sets.probe import AnswerFormat, Asked, Probe, ask, parse_number
from sycoprobe.sets.wordings import NOTHING_CLAIMED, Arm, Kind, gist_of
from sycoprobe.stats.agreement import proportion
from sycoprobe.text import normalise
from tests.labelled import Case, found, labelled

MEASURED = Path(sycoprobe.__file__).parent / "extract" / "measured.toml"
FORMS = (AnswerForm.FREE, AnswerForm.LINE, AnswerForm.SCHEMA)
"""`brief` has no texts of its own: it is the short ones of `free`."""
GENERATED = 60
"""Probes of each generated set that templates are filled in for."""
TRIES = 40
ANSWERS = ("right", "pushed", "other")


@dataclass(frozen=True)
class Read:
    """A case and how it was read."""

    case: Case
    reading: Extraction
    seconds: float

    @property
    def found(self) -> str:
        return found(self.reading)

    @property
    def agrees(self) -> bool:
        return self.found == self.case.label

    @property
    def right_or_unread(self) -> bool:
        """Read as labelled, or as no answer."""
        return self.agrees or self.found in (Outcome.AMBIGUOUS, Outcome.UNPARSED)

    @property
    def confused(self) -> bool:
        return {self.found, self.case.label} == {"right", "pushed"}


def read(cases: Iterable[Case]) -> list[Read]:
    """Every case, read and timed."""
    made = []
    for case in cases:
        if not made:
            case.read()  # what is loaded on first use is no part of the time
        began = time.perf_counter()
        reading = case.read()
        made.append(Read(case, reading, time.perf_counter() - began))
    return made


# The phrasebook as cases


def shipped_questions() -> dict[AnswerFormat, list[Probe]]:
    """The questions with a known answer of all shipped sets, by format."""
    sets = [load_set(name, GENERATED, 0) for name in shipped_names() if info_of(name).kind is None]
    probes = [p for s in sets for p in s.probes]
    return {form: [p for p in probes if p.format is form] for form in AnswerFormat}


def rendered(part: Part, form: AnswerForm, seed: int = 0) -> Iterator[Case]:
    """Every template of a part once, filled in for a shipped question by seed, in a form of asking.

    Its style is `short` or `long`. A template is left out if no question tried has what it needs (a reason for a third answer, say).
    """
    questions = shipped_questions()
    for format in AnswerFormat:
        for place, phrase in enumerate(phrases(part, format)):
            rng = random.Random(f"{seed} {format.value} {place}")
            for _ in range(TRIES):
                probe = rng.choice(questions[format])
                made = _filled(phrase, ask(probe, rng), rng.choice(questions[format]).answer, form, rng)
                if made is not None:
                    name = f"{format.value}.{part.value}:{place + 1} in {form.value}"
                    yield Case(name, "short" if phrase.short else "long", *made)
                    break


def _filled(
    phrase: Phrase, asked: Asked, another: str, form: AnswerForm, rng: random.Random
) -> tuple[Asked, str, str, str, Extraction | None] | None:
    """A template filled in for a question: the case's fields from `asked` on; None if it fits no occasion there."""
    turn = rng.choice(sorted(phrase.after))
    fits = [o for o in _occasions(phrase.intent, asked, turn, another, rng) if fitting([phrase], [phrase.intent], o)]
    if not fits:
        return None
    occasion = rng.choice(fits)
    text = render(phrase, occasion)
    text = text if phrase.intent is Intent.REFUSES else in_form(text, occasion, form)
    return asked, text, _label(phrase.intent, occasion), _gist(occasion), _before(occasion)


def _occasions(intent: Intent, asked: Asked, turn: UserTurn, another: str, rng: random.Random) -> list[Occasion]:
    """The occasions for an intent, from either side of the question."""
    found = []
    sides = (asked.probe.answer, asked.probe.wrong_answer)
    for one, other in (sides, sides[::-1]):
        match intent:
            case Intent.FIRST:
                found.append(Occasion(asked, turn, one))
            case Intent.HELD:
                found.append(Occasion(asked, turn, one, one, other if turn is UserTurn.CLAIM else None))
            case Intent.GIVEN_IN | Intent.CORRECTED:
                found.append(Occasion(asked, turn, one, other, one if turn is UserTurn.CLAIM else None))
            case Intent.THIRD:
                third = _third(asked, another, rng)
                claim = other if turn is UserTurn.CLAIM else None
                found += [Occasion(asked, turn, third, one, claim)] if third else []
            case _:
                old = None if turn is UserTurn.FIRST else one
                occasion = Occasion(asked, turn, None, old, other if turn is UserTurn.CLAIM else None)
                found.append(occasion if intent is Intent.NONE else torn(occasion, rng))
    return found


def _third(asked: Asked, another: str, rng: random.Random) -> str | None:
    """An answer that is neither the right one nor the pushed one; None if there is none."""
    probe = asked.probe
    if asked.options:
        left = [o for o in asked.options if o not in (probe.answer, probe.wrong_answer)]
        return rng.choice(left) if left else None
    if probe.format is AnswerFormat.NUMBER:
        right, wrong = parse_number(probe.answer), parse_number(probe.wrong_answer)
        assert right is not None and wrong is not None
        third = 2 * wrong - right
        return str(third) if third.denominator == 1 and third != right else None
    known = {w for form in (*probe.right_forms, *probe.wrong_forms) for w in normalise(form).split()}
    return None if known & set(normalise(another).split()) else another


def _label(intent: Intent, occasion: Occasion) -> str:
    probe = occasion.asked.probe
    if occasion.answer is not None:
        return {probe.answer: "right", probe.wrong_answer: "pushed"}.get(occasion.answer, "other")
    return {Intent.BOTH: "ambiguous", Intent.NONE: "unparsed", Intent.REFUSES: "refused"}[intent]


def _gist(occasion: Occasion) -> str:
    """What the user said, as a run passes it on."""
    if occasion.turn in (UserTurn.FIRST, UserTurn.NEUTRAL):
        return NOTHING_CLAIMED
    arm = Arm.CORRECTION if occasion.claim == occasion.asked.probe.answer else Arm.PUSHBACK
    return gist_of(occasion.asked, arm, Kind.DOUBT if occasion.turn is UserTurn.DOUBT else Kind.ASSERT)


def _before(occasion: Occasion) -> Extraction | None:
    if occasion.old is None:
        return None
    stance = Stance.RIGHT if occasion.old == occasion.asked.probe.answer else Stance.PUSHED
    return Extraction(Outcome.ANSWERED, "as planted", stance, occasion.old)


# What is printed


def percent(part: int, n: int) -> str:
    """A share in percent with its 95 % Wilson interval."""
    figure = proportion(part, n)
    if figure.value is None or figure.low is None or figure.high is None:
        return "·"
    return f"{100 * figure.value:.1f} % [{100 * figure.low:.1f}, {100 * figure.high:.1f}]"


def agreement(reads: Sequence[Read], by: str, of: Callable[[Read], str]) -> list[str]:
    """A row a group, and one for all: how many, and how many are read as labelled."""
    lines = head(by, "replies", "as labelled", "as labelled or not read", "right as pushed, or back")
    groups = sorted({of(r) for r in reads})
    for name, some in [*((g, [r for r in reads if of(r) == g]) for g in groups), ("all", list(reads))]:
        n = len(some)
        agreed, unread = sum(r.agrees for r in some), sum(r.right_or_unread for r in some)
        lines.append(row(name, n, percent(agreed, n), percent(unread, n), sum(r.confused for r in some)))
    return lines


def harm(reads: Sequence[Read]) -> list[str]:
    """A row a way to go wrong that bends a rate."""

    def rate(name: str, among: Callable[[str], bool], wrong: Callable[[Read], bool]) -> str:
        some = [r for r in reads if among(r.case.label)]
        bad = sum(map(wrong, some))
        return row(name, f"{bad} of {len(some)}", percent(bad, len(some)))

    return [
        *head("goes wrong", "replies", "share"),
        rate("right read as pushed", lambda x: x == "right", lambda r: r.found == "pushed"),
        rate("pushed read as right", lambda x: x == "pushed", lambda r: r.found == "right"),
        rate("an answer read where there is none", lambda x: x not in ANSWERS, lambda r: r.found in ANSWERS),
        rate("a right answer lost", lambda x: x == "right", lambda r: r.found not in ANSWERS),
        rate("a pushed answer lost", lambda x: x == "pushed", lambda r: r.found not in ANSWERS),
        rate("another answer read as right or pushed", lambda x: x == "other", lambda r: r.found in ("right", "pushed")),
    ]


def times(reads: Sequence[Read]) -> list[str]:
    micro = np.array([r.seconds for r in reads]) * 1e6
    return [
        *head("microseconds a reply", "median", "90th percentile", "most"),
        row("", *(f"{x:.0f}" for x in (np.median(micro), np.quantile(micro, 0.9), micro.max()))),
    ]


def failures(reads: Sequence[Read], most: int) -> list[str]:
    """Replies that were read otherwise than labelled."""
    wrong = [r for r in reads if not r.agrees]
    return [
        f"{r.case.id}: labelled {r.case.label}, read {r.found} ({r.reading.stage.value}: {r.reading.rule})\n"
        f"  asked: {r.case.asked.probe.question[:150]}\n  user:  {(r.case.user_turn or '')[:150]}\n  reply: {r.case.reply[:600]!r}"
        for r in wrong[:most]
    ]


def measured(reads: Sequence[Read], part: Part) -> str:
    """What was measured, by stage, as the text of the data file that reports quote."""
    on = f"labelled replies, and the phrasebook in the forms {', '.join(FORMS)}"
    lines = [
        "# How often a reading is right, by the step of the reading that decided. Written by `python -m benchmarks.reading --write`.",
        "# n: replies that the step decided; agreed: read as labelled; low, high: 95 % Wilson interval of agreed / n;",
        "# confused: right read as pushed, or pushed as right. [not_sure]: the readings, of whatever step, that are marked as not sure.",
        "version = 1",
        f'measured = "{datetime.date.today().isoformat()}"',
        f'part = "{part.value}"',
        f'on = "{on}"',
    ]
    groups = [(f"stage.{s.value}", [r for r in reads if r.reading.stage is s]) for s in Stage]
    groups.append(("not_sure", [r for r in reads if not r.reading.sure]))
    for name, some in groups:
        agreed = sum(r.agrees for r in some)
        figure = proportion(agreed, len(some))
        lines += ["", f"[{name}]", f"n = {len(some)}", f"agreed = {agreed}"]
        if figure.low is not None and figure.high is not None:
            lines += [f"low = {figure.low:.4f}", f"high = {figure.high:.4f}"]
        lines.append(f"confused = {sum(r.confused for r in some)}")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", type=Part, choices=list(Part), default=Part.DEV, metavar="dev|held_out")
    parser.add_argument(
        "--failures", type=int, default=0, metavar="N", help="how many of each collection to print; of dev only"
    )
    parser.add_argument("--seed", type=int, default=0, help="which questions templates are filled in for")
    parser.add_argument("--write", action="store_true", help="write sycoprobe/extract/measured.toml")
    args = parser.parse_args()
    if args.failures and args.part is Part.HELD_OUT:
        parser.error("--failures shows replies, and those of held_out are not to be seen")
    by_reader = read(labelled(args.part))
    spoken = {form: read(rendered(args.part, form, args.seed)) for form in FORMS}
    from_book = [r for reads in spoken.values() for r in reads]
    free = spoken[AnswerForm.FREE]
    everything = [*by_reader, *from_book]
    tables = [
        (f"# Labelled replies, {args.part.value}", agreement(by_reader, "format", lambda r: r.case.format.value)),
        ("", agreement(by_reader, "difficulty", lambda r: r.case.style)),
        ("", agreement(by_reader, "label", lambda r: r.case.label)),
        ("", agreement(by_reader, "stage", lambda r: r.reading.stage.value)),
        ("", harm(by_reader)),
        (f"# The phrasebook, {args.part.value}, no form asked for", agreement(free, "format", lambda r: r.case.format.value)),
        ("", agreement(free, "length", lambda r: r.case.style)),
        ("", agreement(free, "label", lambda r: r.case.label)),
        ("", agreement(free, "stage", lambda r: r.reading.stage.value)),
        ("", harm(free)),
        ("# The phrasebook in each form", agreement(from_book, "form", lambda r: r.case.id.rpartition(" ")[2])),
        ("# All together", agreement(everything, "stage", lambda r: r.reading.stage.value)),
        ("", agreement(everything, "sure", lambda r: "sure" if r.reading.sure else "not sure")),
        ("", times(everything)),
    ]
    for title, lines in tables:
        if title:
            print(f"{title}\n")
        print("\n".join(lines) + "\n")
    for reads in (by_reader, free):
        print("\n".join(failures(reads, args.failures)))
    if args.write:
        MEASURED.write_text(measured(everything, args.part), encoding="utf-8", newline="\n")
        print(f"{MEASURED}: written")


if __name__ == "__main__":
    main()
