"""A conversation as a page shows it: its exchanges arm by arm, the answer that was read in each reply, and what it counts for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from sycoprobe.extract.types import Outcome
from sycoprobe.metrics.metric import FIRST, Metric
from sycoprobe.planning import Planned, PlannedPart
from sycoprobe.reports.dialogs import Dialog, Found, Said

OUTCOMES = {
    Outcome.ANSWERED: "It answers.",
    Outcome.REFUSED: "It declines to answer.",
    Outcome.CUT_OFF: "It was stopped by the length limit before it was finished.",
    Outcome.UNPARSED: "It names no answer.",
    Outcome.THINKING_ONLY: "It holds thinking and no answer after it.",
    Outcome.AMBIGUOUS: "It names two answers and does not choose.",
    Outcome.ERROR: "There is no reply: the call failed.",
}
SHORT = {"regressive_flip": "right → wrong", "progressive_flip": "wrong → right", "lateral_flip": "wrong → wrong"}
"""What verdicts are called where people look at them."""
STAGES = {
    "whole": "the reply is an answer and nothing else",
    "json": "a JSON object with a field for the answer",
    "line": "the line that gives the answer",
    "opening": "the verdict of the first sentence",
    "discourse": "what the reply asserts, clause by clause",
    "dialog": "what it takes from the user, or stands by",
    "learned": "the reader that was learned from labelled replies",
    "none": "no step found an answer",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reply, or an arm, comes to: in a word, in a sentence, how that was found out, and whether it counts against the model."""

    aspect: str
    word: str
    tone: str
    meaning: str
    how: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A user's turn and its reply; of `reply` the marked parts are the answer that was read in it."""

    turn: int
    user: str
    reply: tuple[tuple[str, bool], ...]
    reasoning: str | None
    error: str | None
    log_odds: float | None
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A conversation for the template.

    Attributes
    ----------
    id: of its element: the end of its link.
    words: `ARM=LABEL` for every reply, with blanks between: what the filters look at.
    rank: in how many arms it came to what the headline counts; 0 where the control came to it too, or nothing did.
    brief: for its summary: what it came to, in which arms, and the tone.
    arms: exchanges by arm, with what is derived from all of the arm.
    """

    id: str
    kind: str
    item: str
    repeat: int
    right: str | None
    pushed: str | None
    words: str
    rank: int
    brief: tuple[tuple[str, str, str], ...]
    arms: tuple[tuple[str, tuple[Exchange, ...], tuple[Verdict, ...]], ...]


class Reader:
    """Turns the conversations of one kind into what a page shows."""

    def __init__(self, part: PlannedPart) -> None:
        self.labels = part.kind.labels
        self.headline: Metric = part.headline
        wanted = self.headline.labels or ()
        every = self.labels.get(self.headline.aspect, {})
        self.bad = tuple(x for x in every if x not in wanted) if self.headline.higher_is_worse is False else wanted

    def shown(self, dialog: Dialog) -> Shown:
        """The conversation for a template."""
        derived: dict[str, list[Found]] = {}
        for arm, found in dialog.derived:
            derived.setdefault(arm, []).append(found)
        arms: dict[str, list[Said]] = {}
        for said in dialog.said:
            arms.setdefault(said.arm, []).append(said)
        return Shown(
            id=id_of(dialog),
            kind=dialog.kind,
            item=dialog.item,
            repeat=dialog.repeat,
            right=dialog.right,
            pushed=dialog.pushed,
            words=self._words(dialog),
            rank=self._rank(dialog),
            brief=self._brief(dialog, arms, derived),
            arms=tuple(
                (
                    arm,
                    tuple(self._exchange(s) for s in said),
                    tuple(self._verdict(f, arm) for f in derived.get(arm, ()) if f.label),
                )
                for arm, said in arms.items()
            ),
        )

    def _words(self, dialog: Dialog) -> str:
        found = [(s.arm, s.label) for s in dialog.said] + [(arm, f.label) for arm, f in dialog.derived if f.label]
        return " ".join(dict.fromkeys(f"{_token(arm)}={_token(label)}" for arm, label in found if label))

    def _rank(self, dialog: Dialog) -> int:
        every = [(s.arm, f) for s in dialog.said for f in s.found] + list(dialog.derived)
        arms = {arm for arm, f in every if f.aspect == self.headline.aspect and f.label in self.bad}
        return 0 if arms & set(self.headline.against) else len(arms & set(self.headline.arms))

    def _brief(
        self, dialog: Dialog, arms: Mapping[str, list[Said]], derived: Mapping[str, list[Found]]
    ) -> tuple[tuple[str, str, str], ...]:
        """What each arm came to in the end, by word: first what counts against the model, with its arms."""
        by: dict[tuple[str, str], list[str]] = {}
        for arm, said in arms.items():
            own = next((f for f in derived.get(arm, ()) if f.aspect == self.headline.aspect and f.label), None)
            found = own or next((f for f in said[-1].found if f.aspect == self.headline.aspect), None)
            if found is None or (arm == FIRST and len(arms) > 1):
                continue
            verdict = self._verdict(found, arm)
            by.setdefault((verdict.tone, verdict.word), []).append(arm.replace("_", " "))
        order = {"bad": 0, "open": 1, "plain": 2, "good": 3}
        return tuple((word, ", ".join(of), tone) for (tone, word), of in sorted(by.items(), key=lambda x: order[x[0][0]]))

    def _exchange(self, said: Said) -> Exchange:
        answer = next((f.answer for f in said.found if f.answer), None)
        verdicts = [self._verdict(f, said.arm) for f in said.found]
        told = verdicts[:1] + [replace(v, how="") if v.how == verdicts[0].how else v for v in verdicts[1:]]
        return Exchange(
            turn=said.turn,
            user=said.user,
            reply=marked(said.reply, answer),
            reasoning=said.reasoning or None,
            error=said.error,
            log_odds=said.log_odds,
            verdicts=tuple(told),
        )

    def _verdict(self, found: Found, arm: str) -> Verdict:
        word = found.label or (found.outcome if found.value is None else f"{found.value:g}")
        meaning = self.labels.get(found.aspect, {}).get(found.label or "", "")
        if not found.label:
            meaning = "" if found.value is not None else OUTCOMES.get(Outcome(found.outcome), "")
        return Verdict(found.aspect, SHORT.get(word, word), self._tone(found, arm), meaning, how(found))

    def _tone(self, found: Found, arm: str) -> str:
        if found.label is None and found.value is None:
            return "open"
        if found.aspect != self.headline.aspect or arm not in self.headline.arms or found.label is None:
            return "plain"
        return "bad" if found.label in self.bad else "good"


def readers(planned: Planned) -> dict[str, Reader]:
    """By kind, what turns its conversations into what a page shows."""
    return {part.name: Reader(part) for part in planned.parts}


def how(found: Found) -> str:
    """How an answer was read, and how sure that is, in words; empty where nothing says so."""
    if found.judged:
        return "A judge decided."
    if not found.rule:
        return ""
    said = f"Read as “{found.answer}”" if found.answer else "Read"
    stage = f" ({found.stage})" if found.stage else ""
    sure = {True: " Sure.", False: " Not sure.", None: ""}[found.sure]
    return f"{said} by the rule “{found.rule.removeprefix('rule: ')}”{stage}.{sure}"


def marked(reply: str, answer: str | None) -> tuple[tuple[str, bool], ...]:
    """The reply in parts, the answer marked where it stands last as whole words; as it is where it does not stand in it."""
    if not answer or not reply:
        return ((reply, False),)
    places = list(_pattern(answer).finditer(reply))
    if not places:
        return ((reply, False),)
    start, end = places[-1].span()
    parts = ((reply[:start], False), (reply[start:end], True), (reply[end:], False))
    return tuple(part for part in parts if part[0])


@lru_cache(1024)
def _pattern(answer: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(answer)}(?!\w)", re.IGNORECASE)


def id_of(dialog: Dialog) -> str:
    """The end of a conversation's link: the same in every page of the run, whatever else is asked."""
    told = re.sub(r"[^a-z0-9]+", "-", dialog.item.rpartition("/")[2].lower()).strip("-")[:40]
    return f"{told or 'item'}-{dialog.repeat}-{hashlib.sha256(dialog.key.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _token(text: str) -> str:
    return re.sub(r"[\s=]+", "_", text)
