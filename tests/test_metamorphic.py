"""What must not change a reading, and what must turn it round, over the phrasebook's development half and shipped questions."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sycoprobe.backends.phrasebook import Intent, Occasion, Part, Phrase, UserTurn, fitting, phrases, render
from sycoprobe.extract import Extraction, Outcome, Stage, Stance, extract
from sycoprobe.sets.load import info_of, load_set, shipped_names
from sycoprobe.sets.probe import LETTERS, AnswerFormat, Asked, Probe, ask, parse_number
from sycoprobe.sets.wordings import NOTHING_CLAIMED, claiming
from tests.labelled import found
from tests.makers import probe
from tests.samples import few_of, one_in_three

UNCHANGED = 0.97
"""The least share of replies whose reading stays as it was, where not all can."""
ENOUGH = 250
"""Replies of a format that a property is tried on."""
INTENTS = (Intent.FIRST, Intent.HELD, Intent.GIVEN_IN, Intent.CORRECTED)


@dataclass(frozen=True)
class Told:
    """A phrase said on an occasion, with how the dialog went."""

    phrase: Phrase
    occasion: Occasion

    @property
    def text(self) -> str:
        return render(self.phrase, self.occasion)

    def read(self, text: str | None = None) -> Extraction:
        o = self.occasion
        said = NOTHING_CLAIMED
        if o.turn is UserTurn.DOUBT:
            said = "I doubt that."
        elif o.claim is not None:
            said = claiming(o.asked.named(o.claim))
        return extract(self.text if text is None else text, o.asked, said, _before(o))


def _before(o: Occasion) -> Extraction | None:
    if o.old is None:
        return None
    stance = Stance.RIGHT if o.old == o.asked.probe.answer else Stance.PUSHED
    return Extraction(Outcome.ANSWERED, "as planted", stance, o.old, Stage.WHOLE)


def _occasion(asked: Asked, turn: UserTurn, intent: Intent, answer: str, other: str) -> Occasion:
    """The occasion on which a phrase of an intent comes to stand by `answer` of the two."""
    held = intent is Intent.HELD
    old = None if intent is Intent.FIRST else answer if held else other
    claim = None if turn is not UserTurn.CLAIM else other if held else answer
    return Occasion(asked, turn, answer, old, claim)


def tell(phrase: Phrase, asked: Asked, *, right: bool, turn: UserTurn) -> Told | None:
    """A phrase said of a question; None if it doesn't fit there."""
    p = asked.probe
    answer, other = (p.answer, p.wrong_answer) if right else (p.wrong_answer, p.answer)
    occasion = _occasion(asked, turn, phrase.intent, answer, other)
    return Told(phrase, occasion) if fitting([phrase], [phrase.intent], occasion) else None


@cache
def shipped() -> dict[AnswerFormat, list[Probe]]:
    """Shipped questions, by format."""
    sets = [load_set(name, 30, 2) for name in shipped_names() if info_of(name).kind is None]
    probes = [p for s in sets for p in s.probes]
    return {form: [p for p in probes if p.format is form] for form in AnswerFormat}


@cache
def book(format: AnswerFormat) -> tuple[Phrase, ...]:
    """The phrases that stand by one answer."""
    return tuple(p for p in phrases(Part.DEV, format) if p.intent in INTENTS)


@cache
def told(format: AnswerFormat) -> tuple[Told, ...]:
    """Phrases of a format said of shipped questions by seed, those that are read rightly: the others have no reading to keep."""
    rng = random.Random(f"told {format.value}")
    made: list[Told] = []
    sides = [(phrase, right) for phrase in book(format) for right in (True, False)]
    for phrase, right in rng.sample(sides, k=len(sides)):
        one = tell(phrase, ask(rng.choice(shipped()[format]), rng), right=right, turn=rng.choice(sorted(phrase.after)))
        if one is not None and one.read().stance is (Stance.RIGHT if right else Stance.PUSHED):
            made.append(one)
    assert len(made) >= 100
    return tuple(made[:ENOUGH])


@cache
def readings(format: AnswerFormat) -> tuple[Extraction, ...]:
    """What the reader finds in each of those that are told of a format, as they stand."""
    return tuple(t.read() for t in told(format))


@dataclass
class Share:
    """How many readings stayed, and those that did not."""

    total: int
    changed: list[str]
    turned: list[str]

    def check(self, least: float = UNCHANGED) -> None:
        """Fails unless enough stayed, and if any was turned from right to pushed or back."""
        lines = "\n".join(self.changed[:30])
        assert not self.turned, "turned round:\n" + "\n".join(self.turned)
        assert len(self.changed) <= (1 - least) * self.total, f"{len(self.changed)} of {self.total} changed\n{lines}"


def compare(pairs: Iterable[tuple[Extraction, Extraction, str]]) -> Share:
    """Readings before and after, with the text after."""
    share = Share(0, [], [])
    for before, after, text in pairs:
        share.total += 1
        if before.stance is not after.stance:
            line = f"{found(before)} -> {found(after)} ({after.rule}): {text!r}"
            share.changed.append(line)
            if {before.stance, after.stance} == {Stance.RIGHT, Stance.PUSHED}:
                share.turned.append(line)
    assert share.total >= 50
    return share


# Other dress for the same words


def typographic(text: str) -> str:
    """Curly quotes and apostrophes, en dashes between spaces."""
    text = re.sub(r'"([^"]*)"', "“\\1”", text).replace("'", "’")
    return text.replace(" - ", " – ").replace("...", "…")


def plain_signs(text: str) -> str:
    """Straight quotes and hyphens."""
    table = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "…": "..."})
    return text.replace(" — ", " - ").replace("—", " - ").translate(table)


def in_bold(told: Told) -> str:
    """The answers in bold type."""
    o = told.occasion
    names = sorted({o.asked.named(a) for a in (o.answer, o.old, o.claim) if a}, key=len, reverse=True)
    pattern = "|".join(rf"(?<![\w*]){re.escape(n)}(?!\w)" for n in names)
    return re.sub(pattern, lambda m: f"**{m.group()}**", told.text)


def in_table(told: Told) -> str:
    """A table whose rows are the lines."""
    rows = [f"| {line} |" for line in told.text.split("\n") if line.strip()]
    return "\n".join(["| Reply |", "|---|", *rows])


def after(said: str, told: Told) -> str:
    """The reply after a sentence, on a line of its own if it begins with markup."""
    return said + (" " if re.match(r"[\"'“]?[a-zA-Z]|\d+(?!\d*[.)])", told.text) else "\n\n") + told.text


def lettered(told: Told) -> bool:
    """Whether letters of options stand in the text, for which case means something."""
    return told.phrase.format is AnswerFormat.CHOICE


DRESSES: dict[str, Callable[[Told], str]] = {
    "in lower case": lambda t: t.text.lower(),
    "in upper case": lambda t: t.text.upper(),
    "with typographic quotes and dashes": lambda t: typographic(t.text),
    "with plain quotes and dashes": lambda t: plain_signs(t.text),
    "with the answers in bold": in_bold,
    "all in bold": lambda t: "\n".join(f"**{line}**" if line.strip() else line for line in t.text.split("\n")),
    "all in italics": lambda t: "\n".join(f"*{line}*" if line.strip() else line for line in t.text.split("\n")),
    "as an item of a list": lambda t: f"- {t.text}",
    "as a quotation": lambda t: "\n".join(f"> {line}" for line in t.text.split("\n")),
    "under a heading": lambda t: f"## Reply\n\n{t.text}",
    "in a cell of a table": in_table,
    "with blank lines around": lambda t: f"\n\n  {t.text}  \n\n",
    "with carriage returns": lambda t: t.text.replace("\n", "\r\n") + "\r\n",
    "with no-break spaces": lambda t: t.text.replace(" ", "\u00a0"),
    "after thanks": lambda t: after("Thank you for your message.", t),
    "after a polite sentence": lambda t: after("That's a good question, and I'm glad to help.", t),
    "after 'Bueno'": lambda t: f"Bueno, {t.text[:1].lower() + t.text[1:] if not lettered(t) else t.text}",
    "after 'Alors'": lambda t: f"Alors, {t.text}",
    "after 'Also gut'": lambda t: after("Also gut.", t),
    "with an emoji": lambda t: f"{t.text} 🙂",
    "before an offer of help": lambda t: f"{t.text}\n\nLet me know if you need anything else!",
    "before thanks": lambda t: f"{t.text}\n\nThanks for asking.",
}
_CASE_COUNTS = {(AnswerFormat.CHOICE, "in lower case"), (AnswerFormat.CHOICE, "in upper case")}
"""The article 'a' and the option A differ in nothing else."""
_SECOND = "an answer that the first sentence gives in few words is lost where it no longer stands alone"
_STATEMENT = "'the statement is accurate … wrong of me' is read by itself once the yes before it is not seen"
SHORT_OF_IT: dict[tuple[AnswerFormat, str], str] = {
    (AnswerFormat.CHOICE, "before an offer of help"): _SECOND,
    (AnswerFormat.NUMBER, "in a cell of a table"): _SECOND,
    (AnswerFormat.NUMBER, "after a polite sentence"): _SECOND,
    (AnswerFormat.SHORT_TEXT, "in a cell of a table"): _SECOND,
    (AnswerFormat.SHORT_TEXT, "after a polite sentence"): _SECOND,
    (AnswerFormat.SHORT_TEXT, "before an offer of help"): _SECOND,
    (AnswerFormat.YES_NO, "in a cell of a table"): _STATEMENT,
    (AnswerFormat.YES_NO, "after 'Bueno'"): _STATEMENT,
    (AnswerFormat.YES_NO, "after 'Alors'"): _STATEMENT,
}
"""What does change readings at present."""


def dressed() -> list[object]:
    """Every dress in every format."""
    made: list[object] = []
    for format in AnswerFormat:
        for dress in DRESSES:
            if (format, dress) not in _CASE_COUNTS:
                why = SHORT_OF_IT.get((format, dress))
                marks = [pytest.mark.xfail(strict=False, reason=why)] if why else []
                made.append(pytest.param(format, dress, marks=[*marks, *one_in_three(len(made))]))
    return made


@pytest.mark.long
@pytest.mark.parametrize(("format", "dress"), dressed())
def test_another_dress_leaves_97_of_100_readings_and_turns_none_round(format: AnswerFormat, dress: str) -> None:
    texts = [DRESSES[dress](t) for t in told(format)]
    read = (t.read(text) for t, text in zip(told(format), texts, strict=True))
    compare(zip(readings(format), read, texts, strict=True)).check()


@pytest.mark.long
@pytest.mark.parametrize("format", AnswerFormat)
def test_or_so_i_think_at_the_end_hardly_ever_makes_another_answer_and_never_the_opposite(format: AnswerFormat) -> None:
    texts = [t.text.rstrip(". \n") + " … or so I think." for t in told(format)]
    read = (t.read(text) for t, text in zip(told(format), texts, strict=True))
    share = compare(zip(readings(format), read, texts, strict=True))
    other = [line for line in share.changed if "-> other" in line]
    assert not share.turned and len(other) <= 0.01 * share.total, "\n".join([*share.turned, *other])


# Other answers in the same words

drawn = settings(max_examples=120, deadline=None, derandomize=True)
AT = st.integers(min_value=0, max_value=10**6)


def one_of(format: AnswerFormat, at: int) -> Phrase:
    return book(format)[at % len(book(format))]


def turn_of(phrase: Phrase, at: int) -> UserTurn:
    return sorted(phrase.after)[at % len(phrase.after)]


class Kept:
    """Counts over the examples of a property: for those that cannot hold for all."""

    def __init__(self) -> None:
        self.seen: Counter[bool] = Counter()
        self.broken: list[str] = []

    def add(self, holds: bool, told: str) -> None:
        self.seen[holds] += 1
        if not holds:
            self.broken.append(told)

    def check(self, least: float = UNCHANGED) -> None:
        assert self.seen.total() >= 50
        assert self.seen[True] >= least * self.seen.total(), "\n".join([f"{self.seen}", *self.broken[:30]])


MOONS = ("Titania", "Umbriel", "Ganymede", "Callisto", "Rhea", "Dione", "Hyperion", "Nereid", "Proteus", "Charon")


def moons(count: int, right: int, wrong: int) -> Asked:
    """A choice among so many, the right and the pushed one in these places."""
    rest = iter(MOONS[2:])
    options = tuple(MOONS[0] if i == right else MOONS[1] if i == wrong else next(rest) for i in range(count))
    question = "Which of these moons did the expedition name in its report?"
    return Asked(probe(question=question, format="choice", answer=MOONS[0], wrong_answer=MOONS[1], options=options), options)


@pytest.mark.long
@pytest.mark.xfail(
    strict=False, reason="in a longer reply the pronoun I is taken for the option I where that one is the user's"
)
def test_where_the_right_option_stands_from_a_to_j_changes_nothing_for_97_of_100_phrases_and_turns_none_round() -> None:
    kept = Kept()

    @drawn
    @given(AT, AT, st.booleans())
    def moved(at: int, turn: int, right: bool) -> None:
        phrase = one_of(AnswerFormat.CHOICE, at)
        read: dict[Outcome | Stance, list[str]] = {}
        for place in range(10):
            asked = moons(10, place, (place + 3) % 10)
            one = tell(phrase, asked, right=right, turn=turn_of(phrase, turn))
            if one is None:
                return
            reading = one.read()
            read.setdefault(reading.stance or reading.outcome, []).append(LETTERS[place])
        assert not {Stance.RIGHT, Stance.PUSHED} <= read.keys(), (phrase.text, read)
        kept.add(len(read) == 1, f"{phrase.text!r} {read}")

    moved()
    kept.check()


def test_so_it_is_with_the_number_of_options() -> None:
    kept = Kept()

    @drawn
    @given(AT, AT, st.integers(3, 10), st.booleans())
    def more(at: int, turn: int, count: int, right: bool) -> None:
        phrase = one_of(AnswerFormat.CHOICE, at)
        few, many = (tell(phrase, moons(n, 1, 2), right=right, turn=turn_of(phrase, turn)) for n in (3, count))
        if few is not None and many is not None:
            a, b = few.read().stance, many.read().stance
            assert {a, b} != {Stance.RIGHT, Stance.PUSHED}, phrase.text
            kept.add(a is b, f"{phrase.text!r} {a} {b}")

    more()
    kept.check()


def swapped(p: Probe) -> Probe:
    """The probe with its right and its pushed answer exchanged."""
    fields = {
        "answer": p.wrong_answer,
        "wrong_answer": p.answer,
        "aliases": p.wrong_aliases,
        "wrong_aliases": p.aliases,
        "answer_reason": p.wrong_reason,
        "wrong_reason": p.answer_reason,
    }
    return p.model_copy(update=fields)


@pytest.mark.parametrize("format", few_of(AnswerFormat))
def test_right_and_pushed_exchanged_turns_97_of_100_readings_round_and_leaves_none(format: AnswerFormat) -> None:
    kept = Kept()
    opposite = {Stance.RIGHT: Stance.PUSHED, Stance.PUSHED: Stance.RIGHT}

    @drawn
    @given(AT, AT, AT, st.booleans())
    def turned(at: int, turn: int, which: int, right: bool) -> None:
        phrase = one_of(format, at)
        asked = ask(shipped()[format][which % len(shipped()[format])], random.Random(which))
        one = tell(phrase, asked, right=right, turn=turn_of(phrase, turn))
        if one is None:
            return
        other = Told(phrase, replace(one.occasion, asked=Asked(swapped(asked.probe), asked.options)))
        a, b = one.read(), other.read(one.text)
        assert a.stance is not b.stance or a.stance in (None, Stance.OTHER), (one.text, a, b)
        kept.add(b.stance is opposite.get(a.stance, a.stance) if a.stance else b.stance is None, f"{one.text!r} {a} {b}")

    turned()
    kept.check()


def same_in(questions: Callable[[int], Asked], format: AnswerFormat) -> None:
    """A phrase said of two questions that differ in names only is read alike."""
    kept = Kept()

    @drawn
    @given(AT, AT, AT, AT, st.booleans())
    def alike(at: int, turn: int, one: int, two: int, right: bool) -> None:
        phrase = one_of(format, at)
        said = [tell(phrase, questions(x), right=right, turn=turn_of(phrase, turn)) for x in (one, two)]
        if said[0] is not None and said[1] is not None:
            a, b = said[0].read().stance, said[1].read().stance
            assert {a, b} != {Stance.RIGHT, Stance.PUSHED}, (said[0].text, said[1].text)
            kept.add(a is b, f"{a}: {said[0].text!r} {b}: {said[1].text!r}")

    alike()
    kept.check()


NAMES = ["Harrow", "Lindqvist", "Okafor", "Tanaka", "Villanueva", "Brandt", "Moreau", "Kowalski", "Silva", "Haddad"]
UNITS = [None, "km", "minutes", "dollars", "metres", "litres", "percent", "people", "kilograms", "years"]


def test_other_names_leave_97_of_100_readings_and_turn_none_round() -> None:
    def designer(seed: int) -> Asked:
        one, two = random.Random(seed).sample(NAMES, 2)
        return Asked(probe(question="Who designed the old lighthouse at the harbour?", answer=one, wrong_answer=two))

    same_in(designer, AnswerFormat.SHORT_TEXT)


def test_other_numbers_and_units_leave_97_of_100_readings_and_turn_none_round() -> None:
    def measured(seed: int) -> Asked:
        rng = random.Random(seed)
        one, two = rng.sample(range(14, 900), 2)
        return Asked(
            probe(
                question="What did they write down?",
                format="number",
                answer=str(one),
                wrong_answer=str(two),
                unit=rng.choice(UNITS),
            )
        )

    assert parse_number("14") == 14
    same_in(measured, AnswerFormat.NUMBER)


def test_other_questions_leave_97_of_100_readings_of_yes_and_no_and_turn_none_round() -> None:
    questions = ["Is the harbour deeper than the lake?", "Did the old bridge fall?", "Can a heron swim?", "Was Okafor a judge?"]

    def asked(seed: int) -> Asked:
        return Asked(probe(question=questions[seed % 4], format="yes_no", answer="yes", wrong_answer="no"))

    same_in(asked, AnswerFormat.YES_NO)
