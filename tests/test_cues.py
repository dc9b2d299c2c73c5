"""Each rule of the table of cues by itself, and the lexicon, which must never keep a rule from text that it would match."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from sycoprobe.backends.phrasebook import Part
from sycoprobe.extract.characters import plain
from sycoprobe.extract.cues import Cues, PairRule, SingleRule
from sycoprobe.extract.discourse import Mention, Role, Said, Skeleton, assign, cues, skeleton
from sycoprobe.extract.lexicon import Lexicon, alternatives, needed
from sycoprobe.extract.needs import first_words, last_words, parsed
from sycoprobe.sets.probe import AnswerFormat
from tests.labelled import Case, labelled

ALL = -1
"""The mask that filters nothing out."""
_RULES = {rule.name: rule for rule in (*cues().pairs, *cues().single)}
_MARKED = re.compile(r"\[M\]|\bN\b")
_EXAMPLES = [(rule.name, text) for rule in _RULES.values() for text in rule.examples]
_EXCLUDED = [(rule.name, text) for rule in _RULES.values() for text in rule.excluded]


def marked(example: str) -> Skeleton:
    """The skeleton of an example of the table, in which [M] and N are answers."""
    return skeleton(example, [Mention(m.start(), m.end(), m.group()) for m in _MARKED.finditer(example)])


def judged(example: str, mask: int | None = None) -> list[Said]:
    """What an example says of the answer in brackets, wherever it stands."""
    sk = marked(example)
    assign(sk, mask)
    return [s for s in sk.said if s.mention.key == "[M]"]


def meant(rule: PairRule | SingleRule, example: str) -> set[Role]:
    """The roles that a rule gives to the answer in brackets: its own, or those of the groups that stand there."""
    if isinstance(rule, SingleRule):
        return {rule.role}
    sk = marked(example)
    places = {s.place for s in sk.said if s.mention.key == "[M]"}
    return {
        Role(name.rstrip("0123456789"))
        for m in rule.pattern.finditer(sk.text)
        for name in m.groupdict()
        if m.start(name) in places
    }


_MISSED = {
    "[M]... no, that can't be right.": "the dots end the sentence, so that the answer stands alone in its own",
    "everything points to [M].": "'supports', which stands before it, gives another role: asserted instead of taken",
}
"""Examples that are decided otherwise at present, by which rule."""


def each(examples: list[tuple[str, str]]) -> list[ParameterSet]:
    """Examples as parameters, those that are known to be missed as such."""
    return [
        pytest.param(*e, marks=[pytest.mark.xfail(strict=False, reason=_MISSED[e[1]])] if e[1] in _MISSED else [])
        for e in examples
    ]


@pytest.mark.parametrize(("name", "example"), each(_EXAMPLES))
def test_the_answer_in_an_example_has_the_role_that_its_rule_gives(name: str, example: str) -> None:
    roles, said = meant(_RULES[name], example), judged(example)
    assert said and roles, "no answer in brackets, or a pair that does not match"
    assert {s.role for s in said} == roles, [(s.role.value, s.rule) for s in said]


@pytest.mark.parametrize(("name", "example"), _EXCLUDED)
def test_the_answer_in_an_exception_has_another_role_than_its_rule_gives(name: str, example: str) -> None:
    rule, said = _RULES[name], judged(example)
    roles = {rule.role} if isinstance(rule, SingleRule) else {Role(g.rstrip("0123456789")) for g in rule.pattern.groupindex}
    assert said
    assert not roles & {s.role for s in said}, [(s.role.value, s.rule) for s in said]


def test_every_rule_has_an_example_and_a_name_of_its_own() -> None:
    raw = tomllib.loads(files("sycoprobe.extract").joinpath("cues.toml").read_text(encoding="utf-8"))["rule"]
    names = [entry["name"] for entry in raw]
    assert not [name for name in names if names.count(name) > 1]
    assert not [entry["name"] for entry in raw if not entry.get("examples")]
    assert len(names) == len(cues().pairs) + len(cues().single) > 100


def test_nearly_every_rule_decides_at_least_one_of_all_the_examples() -> None:
    """A rule that none of its examples reaches stands behind another that takes them all, and could be left out."""
    deciding = {s.rule for _, example in _EXAMPLES for s in judged(example)}
    idle = _RULES.keys() - deciding
    assert len(idle) <= 0.05 * len(_RULES), idle


# The lexicon


@cache
def replies() -> tuple[Case, ...]:
    return tuple(labelled(Part.DEV))


def answers(case: Case) -> re.Pattern[str]:
    """Where a reply names an answer, found in a simple way of our own."""
    probe = case.asked.probe
    names = [*probe.right_forms, *probe.wrong_forms, *case.asked.options]
    if probe.format is AnswerFormat.NUMBER:
        names.append(r"\d+")
    words = sorted({re.escape(plain(n).low) if n != r"\d+" else n for n in names}, key=len, reverse=True)
    letters = [f"{chr(97 + i)}(?=[).:,]|$)" for i in range(len(case.asked.options))]
    return re.compile(rf"\b(?:{'|'.join([*words, *letters])})(?!\w)")


def skeleton_of(case: Case) -> Skeleton:
    low = plain(case.reply).low
    return skeleton(low, [Mention(m.start(), m.end(), m.group()) for m in answers(case).finditer(low) if m.group()][:40])


def roles(sk: Skeleton, mask: int | None) -> list[tuple[str, str, bool]]:
    assign(sk, mask)
    return [(s.role.value, s.rule, s.outright) for s in sk.said]


def test_the_lexicon_changes_nothing_in_an_example() -> None:
    for _, example in (*_EXAMPLES, *_EXCLUDED):
        assert roles(marked(example), None) == roles(marked(example), ALL), example


@pytest.mark.long
def test_the_lexicon_changes_no_role_in_the_development_replies() -> None:
    changed = []
    count = 0
    for case in replies():
        filtered, whole = roles(skeleton_of(case), None), roles(skeleton_of(case), ALL)
        count += len(whole)
        changed += [f"{case.id}: {a} but {b} without the lexicon" for a, b in zip(filtered, whole, strict=True) if a != b]
    assert count > 2_000
    assert not changed, "\n".join(changed)


@pytest.mark.long
def test_the_lexicon_changes_no_reading_of_the_development_replies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Acts, refusals and doubts are looked for through it as well."""
    cases = replies()[::3]
    filtered = [case.read() for case in cases]
    monkeypatch.setattr(Lexicon, "mask", lambda self, text: ALL)
    whole = [case.read() for case in cases]
    changed = [f"{c.id}: {a} but {b} without the lexicon" for c, a, b in zip(cases, filtered, whole, strict=True) if a != b]
    assert not changed, "\n".join(changed)


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        (r"\bgo(?:ing)? with $", ["i go with ", "going with "]),
        (r"\b(?:take|tak(?:en|ing)) ", ["i take it", "taking it"]),
        (r"(?:\bnot|n't) (?:the )?$", ["it's not the ", "it isn't the ", "don't "]),
        (r"(?:un)?sure about ", ["unsure about it", "sure about it"]),
        (r"sure about ", ["unsure about it"]),
        (r"(?:very )?likely ", ["very likely it", "unlikely it"]),
        (r"(?:very ){0,2}likely ", ["unlikely it"]),
        (r"\b(?:very )?likely ", ["a likely it", "very likely it"]),
        (r"\b(?:my|your)? ?answer", ["myanswer", "answer", "your answer"]),
        (r"^(?:so )*it ", ["so so it is", "it is"]),
        (r"\bi'm (?!not)sure", ["i'm sure"]),
        (r"(?<=un)known", ["unknown"]),
        (r"=\s*$", ["7 x 8 = "]),
        (r"[a-z]+ing it", ["taking it"]),
        (r"\brevis\w+|\bnow\b", ["revised", "now"]),
        (r"\b(?:x|) ?yes", ["yes", "xyes"]),
        (r"\bextraordinarily long", ["extraordinarily long"]),
    ],
)
def test_what_a_pattern_needs_stands_in_every_text_that_it_matches(pattern: str, texts: list[str]) -> None:
    own = Lexicon()
    bit = own.add(pattern)
    for text in texts:
        assert re.search(pattern, text), "the test itself is wrong"
        assert own.mask(text) & bit, (text, needed(pattern))


def test_a_rule_is_spared_where_none_of_its_words_stands() -> None:
    """Without this the lexicon would be sound by doing nothing."""
    own = Lexicon()
    bits = [own.add(rule.left.pattern) for rule in cues().single if rule.left is not None]
    mask = own.mask("paris lies on the seine")
    assert sum(not mask & bit for bit in bits) > 0.6 * len(bits)


@pytest.mark.long
def test_no_rule_is_kept_from_an_answer_by_the_words_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    skeletons = [*map(skeleton_of, replies()), *(marked(e) for _, e in (*_EXAMPLES, *_EXCLUDED))]
    chosen = [roles(sk, None) for sk in skeletons]
    monkeypatch.setattr(Cues, "about_one", lambda self, *_: self.single)
    monkeypatch.setattr(Cues, "about_two", lambda self, _: self.pairs)
    for sk in skeletons:
        for s in sk.said:
            s.role, s.rule, s.outright = Role.NAMED, "named", False
    assert chosen == [roles(sk, None) for sk in skeletons]


def test_few_rules_are_left_by_the_words_beside_an_answer() -> None:
    assert len(list(cues().about_one("paris lies near ", " the sea.", ALL))) < 0.6 * len(cues().single)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"\b(?:go|going) with $", {"with"}),
        (r"\bi (?:am|was)(?: the| an?)* ?$", {"am", "was", "the", "a", "n"}),
        (r"(?:^|\bso ) ?$", {"", "so"}),
        (r"\bisn't \"$", {"t"}),
        (r"\bgo\w*$", None),
        (r"=\s*$", None),
        (r"not [^,;]{0,9}$", None),
    ],
)
def test_the_last_words_of_a_pattern(pattern: str, words: set[str] | None) -> None:
    assert last_words(parsed(pattern)) == words


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"[\"')]*,? (?:is|was)n't\b", {"is", "was"}),
        (r"(?: (?:which|that))?(?:'s| is) ", {"which", "that", "s", "is"}),
        (r"(?!not) ?(?<=a)so", {"so"}),
        (r"\s*(?:$|[.!]|and)", None),
        (r"\w+ing", None),
        (r"[^.]{0,5}so", None),
    ],
)
def test_the_first_words_of_a_pattern(pattern: str, words: set[str] | None) -> None:
    assert first_words(parsed(pattern)) == words


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        (r"a|b(?:c|d)|[|)(]", ["a", r"b(?:c|d)", "[|)(]"]),
        (r"\b(?:a|\(b)\b", [r"\b(?:a)\b", r"\b(?:\(b)\b"]),
        (r"\b(?:a|b)c|d(?:e)\b", [r"\b(?:a|b)c", r"d(?:e)\b"]),
    ],
)
def test_the_alternatives_of_a_pattern(pattern: str, parts: list[str]) -> None:
    assert alternatives(pattern) == parts


_IN_THREADS = """
from concurrent.futures import ThreadPoolExecutor
from sycoprobe.backends.phrasebook import Part
from tests.labelled import labelled

cases = labelled(Part.DEV)[:400]
with ThreadPoolExecutor(8) as pool:
    at_once = list(pool.map(lambda case: case.read(), cases))
assert at_once == [case.read() for case in cases]
"""


@pytest.mark.long
def test_several_threads_may_begin_to_read_at_once() -> None:
    """In a process of its own, since what is set up at the first use is set up there."""
    subprocess.run([sys.executable, "-c", _IN_THREADS], check=True, cwd=Path(__file__).parent.parent)
