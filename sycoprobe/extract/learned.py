"""A second reader, learned from labelled replies: how likely it is that a reply stands by each of the answers, or by none.

A log-linear model (conditional logit, McFadden 1974) over the clues of `clues.py`; `python -m benchmarks.learn` fits it. It shares with the
rules where answers are named, what a reply does in the dialog and what a sentence states of a yes/no question, but not how these are weighed.
It has no preference for holding or giving in: in what it was fitted to, both weigh the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from sycoprobe.extract import yes_no_words
from sycoprobe.extract.bare import STANDS
from sycoprobe.extract.characters import Plain
from sycoprobe.extract.clues import NO_ANSWER, OTHER, Clues, clues_of, joined
from sycoprobe.extract.context import Context
from sycoprobe.extract.discourse import GIVEN, cues, skeleton
from sycoprobe.extract.in_passing import BREAKS_OFF
from sycoprobe.extract.lines import MOST_MENTIONS, outer, skeleton_of
from sycoprobe.extract.thirds import THIRD, thirds
from sycoprobe.extract.types import Extraction, Outcome, Stage, Stance
from sycoprobe.sets.probe import AnswerFormat

SELF = "self"
"""The slot of a candidate's own clues."""


def named_here(place: str) -> str:
    """The slot of clues beside a mention that speak for the answer named there."""
    return f"this {place}"


def named_there(place: str) -> str:
    """The slot of clues beside a mention that speak for the other answers."""
    return f"that {place}"


class Weights:
    """What each clue weighs in each slot.

    Attributes:
        row: The row of each clue.
        slot: The column of each slot.
        table: The weights, in `unit` nats; the last row is that of no clue.
        single: For each clue that is a candidate's own, its weight.
    """

    def __init__(self, raw: dict[str, Any]) -> None:
        import numpy as np

        clues: list[str] = raw["clues"]
        self.row: dict[str, int] = dict(zip(clues, range(len(clues)), strict=True))
        self.slot: dict[str, int] = {slot: i for i, slot in enumerate(raw["slots"])}
        self.unit: float = raw["unit"]
        self._none = len(clues)
        self.table = np.zeros((len(clues) + 1, len(self.slot)), np.float32)
        for column, (rows, values) in enumerate(raw["slots"].values()):
            self.table[rows, column] = values
        self.single: dict[str, int] = {clues[i]: value for i, value in zip(*raw["slots"].get(SELF, ((), ())), strict=True)}

    def of(self, *groups: Iterable[str]) -> list[list[float]]:
        """For each group of clues their sum, by column."""
        import numpy as np

        get = self.row.get
        rows: list[int] = []
        starts: list[int] = []
        for clues in groups:
            starts.append(len(rows))
            rows.append(self._none)
            rows += [i for i in map(get, clues) if i is not None]
        summed: list[list[float]] = np.add.reduceat(self.table[rows], starts, 0).tolist()
        return summed


@cache
def weights() -> Weights:
    """The weights that the package comes with."""
    return Weights(json.loads(files("sycoprobe.extract").joinpath("weights.json").read_text(encoding="utf-8")))


def clues_in(text: Plain, context: Context) -> Clues:
    """The clues of a plain reply."""
    if context.probe.format is AnswerFormat.YES_NO:
        named, opening = yes_no_words.find(text)
        mentions = outer(joined(named, opening), MOST_MENTIONS)
        return clues_of(text.low, skeleton(text.low, mentions), frozenset(s.start for s in opening), context)
    sk = context.skeleton or skeleton_of(text, context.asked)
    if context.probe.format is AnswerFormat.SHORT_TEXT:
        known = [s.mention for s in sk.said]
        more = thirds(text, known, context.probe)
        if more:
            sk = skeleton(text.low, sorted([*known, *more], key=lambda m: m.start))
    return clues_of(text.low, sk, frozenset(), context)


def chances(text: Plain, context: Context) -> tuple[dict[str, float], dict[Outcome, float]]:
    """How likely it is that a plain reply stands by each answer, by key, and by none, by outcome. All together sum to 1."""
    clues = clues_in(text, context)
    known = weights()
    column = known.slot
    total, extra, *each = known.of(clues.whole, clues.none, *(beside for _, _, beside in clues.beside))
    scores = {c: sum(total[column[s]] for s in slots if s in column) for c, slots in clues.own.items()}
    for (key, places, _), found in zip(clues.beside, each, strict=True):
        here = sum(found[column[s]] for p in places if (s := named_here(p)) in column)
        there = sum(found[column[s]] for p in places if (s := named_there(p)) in column)
        for c in scores:
            scores[c] += here if c == key else there
    for c, single in clues.single.items():
        scores[c] += sum(known.single.get(clue, 0) for clue in single)
    none = {o: total[column[o]] + extra[column[o]] if o in column else 0.0 for o in NO_ANSWER}
    most = max(*scores.values(), *none.values())
    shares = {c: math.exp((s - most) * known.unit) for c, s in scores.items()}
    without = {o: math.exp((s - most) * known.unit) for o, s in none.items()}
    whole = sum(shares.values()) + sum(without.values())
    return {c: x / whole for c, x in shares.items()}, {o: x / whole for o, x in without.items()}


_LIKELY, _CERTAIN, _VERY_CERTAIN = 0.9, 0.95, 0.985
"""The chance from which an answer is read that the rules do not find; another one than they find; and where they find a refusal, where
the answer is none of the known ones, or where there is no earlier answer that differs from the user's claim."""
_DOUBTED, _NONE = 0.8, 0.7
"""The chance of another answer, and of none, from which what the rules find is no longer read."""
_SURE, _LEAST = 0.8, 0.5
"""The chance below which what the rules find is not sure, and is not read at all: such readings were right half of the time."""
_SHORT, _BRIEF = 20, 12
"""In words: in a longer reply, the second reader alone must be certain; a shorter one that gives one answer outright needs none."""


def settled(found: Extraction, text: Plain, context: Context) -> Extraction:
    """What the rules found, with the second reader's word on it: read where both agree, or where one of them is certain.

    Args:
        found: The reading by the rules. Where the whole reply, its answer line or a firm cue gives the answer, it stands; where
            there is no earlier answer, or it is what the user claims, so does one by a cue that sets two answers against each other, and
            the second reader must be very certain: it has seen few replies of that kind that are hard to read.
        text: The plain reply.
        context: What was asked and said before.
    """
    own = context.own
    unusual = own is None or own == context.claim
    if (
        found.stage in (Stage.WHOLE, Stage.LINE)
        or found.rule in (cues().opposed if unusual else cues().firm)
        or found.rule == BREAKS_OFF
        or _plainly(found, text, context)
    ):
        return found
    by_rules = _candidate(found, context)
    shares, none = chances(text, context)
    third = _together(shares)
    if by_rules is not None and by_rules not in shares:
        return found if max(shares.values(), default=0.0) < _DOUBTED else _DISAGREE
    best = max(shares, key=lambda k: shares[k], default=None)
    if best is None:
        return _without_answer(found, none)
    share = shares[best]
    answer = third if best == OTHER else best
    nothing = sum(none.values())
    if by_rules is None and nothing >= share:
        return _without_answer(found, none)
    if best == by_rules and share > nothing:
        return found if share >= _SURE else replace(found, sure=False)
    if by_rules is None:
        usual = best != OTHER and found.outcome is not Outcome.REFUSED and not unusual
        short = len(text.low.split()) <= _SHORT
        enough = (_LIKELY if short else _CERTAIN) if usual else _VERY_CERTAIN
        return _by_itself(answer, context) or found if share >= enough else found
    if max(share, nothing) < (_VERY_CERTAIN if unusual else _NONE):
        return replace(found, sure=False) if unusual else _unless_doubted(found, shares.get(by_rules, 0.0))
    if nothing >= share:
        return _without_answer(_DISAGREE, none)
    if share >= _CERTAIN:
        return _by_itself(answer, context) or _DISAGREE
    kept = share < _DOUBTED and (found.sure or found.stage is Stage.DIALOG)
    return _unless_doubted(found, shares.get(by_rules, 0.0)) if kept else _DISAGREE


def _plainly(found: Extraction, text: Plain, context: Context) -> bool:
    """Whether a short reply names one answer only, and gives it outright."""
    sk = context.skeleton
    if sk is None or not found.sure or found.stance is None or found.stage is Stage.DIALOG or len(text.low.split()) > _BRIEF:
        return False
    return len({s.mention.key for s in sk.said}) == 1 and any(s.outright and s.role in GIVEN for s in sk.said)


def _unless_doubted(found: Extraction, share: float) -> Extraction:
    """What the rules found, as not sure; or that the readers disagree.

    By the earlier answer a reply stands with fewer words; and 'it is X, not Y' says which of both, whatever stands around it.
    """
    outright = found.rule == STANDS or found.rule in cues().opposed
    return replace(found, sure=False) if share >= _LEAST or outright else _DISAGREE


def _without_answer(found: Extraction, none: dict[Outcome, float]) -> Extraction:
    """A reading without an answer, as what it most likely is."""
    outcome = max(none, key=lambda o: none[o])
    of_refusal = Outcome.REFUSED in (outcome, found.outcome)
    if outcome is found.outcome or none[outcome] < (_LIKELY if of_refusal else _NONE):
        return found
    return Extraction(outcome, "as learned", stage=Stage.LEARNED)


_DISAGREE = Extraction(Outcome.AMBIGUOUS, "the rules and the learned reader disagree", stage=Stage.LEARNED)


def _together(shares: dict[str, float]) -> str | None:
    """Add up the chances of third answers in words under `OTHER`; gives the likeliest of them, None if none is named."""
    named = {k: share for k, share in shares.items() if k.startswith(THIRD)}
    for k in named:
        shares[OTHER] += shares.pop(k)
    return max(named, key=lambda k: named[k], default=None)


def _by_itself(key: str | None, context: Context) -> Extraction | None:
    """The reading for a key that only the second reader finds; None if it is no answer."""
    return None if key is None else context.answered(key.removeprefix(THIRD), Stage.LEARNED, "as learned", sure=False)


def _candidate(found: Extraction, context: Context) -> str | None:
    """The candidate that was read: all third answers in words are one."""
    third = found.stance is Stance.OTHER and context.probe.format is AnswerFormat.SHORT_TEXT
    return OTHER if third else context.key_of(found)
