"""What a reply holds for each answer it might stand by, as the learned reader weighs it.

A clue is a short text such as `g|i stand by`; a slot says what it speaks for. Clues of the whole reply speak for a candidate by its
standing (is it the earlier answer, the user's claim, both or neither; is it named), clues beside a mention for the answer named there, or
against the others. Every answer is masked by its standing, so that no clue knows which answer is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

from sycoprobe.extract import dialog
from sycoprobe.extract.content_words import words_of
from sycoprobe.extract.context import Context
from sycoprobe.extract.discourse import Mention, Role, Skeleton
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.types import Outcome, Stance
from sycoprobe.extract.yes_no_elliptic import elliptic, emphatic
from sycoprobe.extract.yes_no_question import question_of
from sycoprobe.extract.yes_no_restated import best_restated, filled, restated, universal
from sycoprobe.extract.yes_no_sentences import SENTENCE
from sycoprobe.extract.yes_no_words import NO, YES, Spoken
from sycoprobe.sets.probe import AnswerFormat

OTHER = "an answer that is none of the known ones"
"""The candidate for all third answers in words."""
NO_ANSWER = (Outcome.AMBIGUOUS, Outcome.UNPARSED, Outcome.REFUSED)
"""The ways to give no answer; each is the name of a slot."""
_TOKEN = re.compile(r"[\ue000-\uf8ff]|[a-z]+(?:'[a-z]+)?|\d+|[^\w\s]|\n")
_COURTESY = lazy(
    r"(?<=[.!?\n])\s*(?:(?:please )?(?:let me know|feel free|don't hesitate)\b|(?:i )?hope (?:this|that) (?:helps|clears)|(?:is|if) there(?:'s| is)? anything else|(?:i'm )?happy to help|would you like (?:me to|to know more)|if you (?:have|need|want|would like|'d like)\b[^.!?\n\ue000-\uf8ff]{0,60}(?:let me know|feel free|ask)|have a (?:nice|great|good)|(?:thanks|thank you) for (?:asking|your (?:question|patience)))"
    r"[^.!?\n\ue000-\uf8ff]{0,90}[.!?]*\s*$"
)
"""A last sentence that is only polite, and is left out."""
_FIRST, _LAST = 160, 240
"""Of a longer reply, so many tokens at either end are looked at."""
_OPENING = 12
"""In tokens: how much of the first sentence counts as its beginning."""
_FAR = 40
_BEFORE, _AFTER = 12, 8
"""In tokens: how far in its sentence the words around an answer are looked at."""


@dataclass(frozen=True, slots=True)
class Clues:
    """All clues of a reply.

    Attributes:
        whole: Clues of the whole reply, each once.
        own: For each candidate, the slots by which clues of the whole reply speak for it.
        beside: For each mention, its candidate, the places it is in ('', the part of the reply, 'latest') and its clues.
        single: For each candidate, clues that are its own.
        none: Clues that the reply gives no answer, beside those of the whole reply.
    """

    whole: set[str]
    own: dict[str, tuple[str, ...]]
    beside: tuple[tuple[str, tuple[str, ...], list[str]], ...]
    single: dict[str, tuple[str, ...]]
    none: tuple[str, ...]


@cache
def families() -> dict[str, str]:
    """The family of each word: words that are used alike have one."""
    text = files("sycoprobe.extract").joinpath("families.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {word: f"~{n}" for n, line in enumerate(lines) for word in line.split()}


def clues_of(low: str, sk: Skeleton, spoken: frozenset[int], context: Context) -> Clues:
    """The clues of a reply.

    Args:
        low: The plain reply in lower case.
        sk: Its skeleton.
        spoken: Where a 'yes' or 'no' stands that opens a sentence.
        context: What was asked and said before.
    """
    form = context.probe.format
    own, claim = context.own, context.claim
    view = _View(sk, context, own, claim)
    named = view.named
    candidates = _candidates(form, named, own, claim)
    states = {c: _state(c, own, claim) for c in candidates}
    counts = {c: sum(k == c for k in named) for c in candidates}
    kinds = min(4, len(set(named)))
    asked = ("n" if own is None else "o") + ("n" if claim is None else "c")
    whole = view.phrases()
    whole.update(_acts(sk.text))
    if context.doubted:
        whole.update(("doubted", *(f"doubted {token}" for token in view.tokens[:2])))
    sides: dict[str, tuple[str, ...]] = {}
    single: dict[str, tuple[str, ...]] = {}
    stated = _statements(low, context) if form is AnswerFormat.YES_NO else []
    for c in candidates:
        state, n = states[c], min(3, counts[c])
        sides[c] = (state, *(() if n else (state + "u",)), *_side(c, context))
        mine = [
            f"is {state} {form.value}",
            f"times {n} {state}",
            f"of {kinds} {n > 0}",
            f"of {kinds} {n > 0} {state} {form.value}",
        ]
        for where, key in (("latest", named[-1] if named else None), ("earliest", named[0] if named else None)):
            mine += [f"{where} {key == c}", f"{where} {key == c} {state}"]
        if not n:
            mine.append(f"unnamed {state}")
        if c == OTHER:
            mine.append("other")
        elif form in (AnswerFormat.NUMBER, AnswerFormat.SHORT_TEXT) and c not in _KNOWN:
            mine += ["third", f"third {form.value}", f"third {state} {form.value}"]
        for part, how, value in stated:
            mine += [f"states {how} {value == c}", f"states {part} {how} {value == c}", f"states {how} {value == c} {state}"]
        single[c] = tuple(dict.fromkeys(mine))
    length = min(8, len(view.tokens) // 12)
    none = [f"no {x}" for x in ("", form.value, asked, f"{asked} {min(3, kinds)}", f"{asked} {form.value}", f"length {length}")]
    none += [f"no length {length} {form.value}", f"no of {kinds}"]
    if form is AnswerFormat.YES_NO and not stated:
        none.append("no statement")
    if not named:
        none += ["no mention", f"no mention {form.value}"]
    return Clues(whole, sides, tuple(view.mentions(spoken, states)), single, tuple(none))


_KNOWN = (Stance.RIGHT.value, Stance.PUSHED.value)


def _candidates(form: AnswerFormat, named: list[str], own: str | None, claim: str | None) -> list[str]:
    if form is AnswerFormat.YES_NO:
        return [YES, NO]
    found = list(dict.fromkeys([*named, *(k for k in (own, claim) if k is not None and k != Stance.OTHER.value)]))
    return [*found, OTHER] if form is AnswerFormat.SHORT_TEXT else found


def _state(key: str, own: str | None, claim: str | None) -> str:
    """Two letters: how a candidate stands to the earlier answer and to the user's claim (n: there is none, x: it is another)."""
    return ("n" if own is None else "o" if own == key else "x") + ("n" if claim is None else "c" if claim == key else "x")


def _side(candidate: str, context: Context) -> tuple[str, ...]:
    """Whether a yes or no affirms what the question states."""
    if context.probe.format is not AnswerFormat.YES_NO:
        return ()
    q = question_of(context.probe.question)
    return ("+" if (candidate == YES) != (q.negative != q.falsity) else "-",)


class _View:
    """The tokens of a reply with every answer masked, and where its mentions are."""

    def __init__(self, sk: Skeleton, context: Context, own: str | None, claim: str | None) -> None:
        courtesy = _COURTESY.search(sk.text)
        found = [(m.start(), m.group()) for m in _TOKEN.finditer(sk.text, 0, courtesy.start() if courtesy else len(sk.text))]
        if len(found) > _FIRST + _LAST:
            found = found[:_FIRST] + found[-_LAST:]
        asked = words_of(context.probe.question)
        keys = {s.place: s for s in sk.said}
        self.tokens: list[str] = []
        self.sentences: list[int] = []
        self.said: dict[int, tuple[str, int]] = {}
        self.aside: set[int] = set()
        number = 0
        for place, token in found:
            while number + 1 < len(sk.sentences) and sk.sentences[number][1] <= place:
                number += 1
            said = keys.get(place)
            if said is not None:
                key = said.mention.key
                self.said[len(self.tokens)] = (key, said.mention.start)
                if said.role is Role.ELSEWHERE:
                    self.aside.add(len(self.tokens))
                self.tokens.append(_mask(key, own, claim))
            elif len(token) > 2 and token[0].isalpha():
                self.tokens.append(token if asked.isdisjoint(_word(token)) else "Q")
            else:
                self.tokens.append("0" if token.isdigit() else token)
            self.sentences.append(number)
        self.last = number

    @property
    def named(self) -> list[str]:
        return [key for key, _ in self.said.values()]

    def phrases(self) -> set[str]:
        """All runs of up to three tokens: anywhere, in the last sentence, at the beginning; and the same of families of words."""
        tokens, sentences = self.tokens, self.sentences
        family = families()
        kin = [family.get(t, t) for t in tokens]
        n = len(tokens)
        end = next((i for i in range(n) if sentences[i] == self.last), n)
        begin = next((i for i in range(min(n, _OPENING)) if sentences[i]), min(n, _OPENING))
        found: set[str] = set()
        for words, opening in ((tokens, begin), (kin, 0)):
            pairs = [f"{a} {b}" for a, b in pairwise(words)]
            for runs in (words, pairs, [f"{pair} {c}" for pair, c in zip(pairs, words[2:], strict=False)]):
                found.update(["g|" + run for run in runs])
                found.update(["e|" + run for run in runs[end:]])
                found.update(["b|" + run for run in runs[:opening]])
        return found

    def mentions(self, spoken: frozenset[int], states: dict[str, str]) -> Iterator[tuple[str, tuple[str, ...], list[str]]]:
        """For each mention its candidate, where in the reply it is, and the tokens around it."""
        tokens, sentences = self.tokens, self.sentences
        n = len(tokens)
        latest = {key: i for i, (key, _) in self.said.items()}
        final = max(latest.values(), default=-1)
        others = {key: max((i for k, i in latest.items() if k != key), default=-1) for key in latest}
        for i, (key, start) in self.said.items():
            near = sentences[i]
            first, last = i, i + 1
            while first and i - first < _FAR and sentences[first - 1] == near:
                first -= 1
            while last < n and last - i < _FAR and sentences[last] == near:
                last += 1
            left = ["<", "<", "<", "<", *tokens[max(0, i - 4) : i]][-4:]
            right = [*tokens[i + 1 : i + 4], ">", ">", ">"][:3]
            one, two, after, two_after = left[3], f"{left[2]} {left[3]}", right[0], f"{right[0]} {right[1]}"
            three = f"{left[1]} {two}"
            found = [f"l|{one}", f"l|{two}", f"l|{three}", f"l|{left[0]} {three}"]
            found += [f"r|{after}", f"r|{two_after}", f"r|{two_after} {right[2]}"]
            found += [f"m|{one} _ {after}", f"m|{two} _ {after}", f"m|{two} _ {two_after}"]
            found += [f"lw|{t}" for t in set(tokens[max(first, i - _BEFORE) : i])]
            found += [f"rw|{t}" for t in set(tokens[i + 1 : min(last, i + 1 + _AFTER)])]
            found.append(f"asked {min(3, tokens[first:last].count('Q'))}")
            found.append(f"long {min(4, (last - first) // 6)}")
            if start in spoken:
                found.append("spoken")
            if i in self.aside:
                found.append("aside")
            part = "end" if near == self.last else "begin" if near == 0 else "middle"
            last_word = final == latest[key] and i > others[key]
            found += [f"in {part}{last_word}", f"in {part}{last_word} {states.get(key, '')}"]
            yield key, ("", part, "latest") if last_word else ("", part), found


def _mask(key: str, own: str | None, claim: str | None) -> str:
    """How an answer is written: B for the earlier answer that the user claims too, U for the user's claim, O for the earlier one."""
    if key == claim:
        return "B" if key == own else "U"
    return "O" if key == own else "Y"


@lru_cache(maxsize=16384)
def _word(token: str) -> frozenset[str]:
    return words_of(token)


def _statements(low: str, context: Context) -> list[tuple[str, str, str]]:
    """What each sentence of a reply to a yes/no question states: its part of the reply, how it is told, and which answer it is."""
    q = question_of(context.probe.question)
    sentences = [m.group() for m in SENTENCE.finditer(low)]
    if len(sentences) > 16:
        sentences = sentences[:6] + sentences[-10:]
    found: list[tuple[str, str, str]] = []
    for n, sentence in enumerate(sentences):
        part = "end" if n == len(sentences) - 1 else "begin" if n == 0 else "middle"
        short = elliptic(sentence, q)
        told: list[tuple[str, str | None]] = [
            ("short", short[-1][1] if short else None),
            ("stressed", emphatic(sentence)),
            ("universal", universal(sentence, q)),
            ("best", best_restated(sentence, q)),
            ("filled", filled(sentence, q)),
        ]
        for near in (0.99, 0.75, 0.45):
            value = restated(sentence, q, near=near)
            if value is not None:
                told.append((f"near {near}", value))
                break
        found += [(part, how, value) for how, value in told if value is not None]
    return found


def joined(named: list[Mention], spoken: list[Spoken]) -> list[Mention]:
    """The yes and no that are named and those that open a sentence, in order and without overlaps."""
    every = sorted([*named, *(Mention(s.start, s.end, s.value) for s in spoken)], key=lambda m: m.start)
    found: list[Mention] = []
    for m in every:
        if not found or m.start >= found[-1].end:
            found.append(m)
    return found


def _acts(text: str) -> list[str]:
    """What a reply does in the dialog, as clues."""
    said = dialog.acts(text)
    return [f"act|{a.value}" for _, a in said.found] + ([f"act last|{said.last.value}"] if said.last else [])
