"""What a judge is asked and how its word is read: rubrics, cases and judgements, without any call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Rubric:
    """One question to a judge, with a closed vocabulary of answers.

    Attributes
    ----------
    name: unique, `KIND.ASPECT`. asks: the question, one sentence. labels: each label with what it means; the judge picks one.
    guide: what to heed, in a few sentences. positive: the labels that count as "it happened", for two-by-two agreement and the
    correction of rates. compares: whether a case holds two replies, which are then shown in both orders.
    """

    name: str
    asks: str
    labels: Mapping[str, str]
    guide: str
    positive: tuple[str, ...]
    compares: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to be judged.

    `key` is that of the reply's call in the journal, with `|RUBRIC`. `facts` are what we know and the judge may rely on
    (a premise and its correction, say), by name; they are ours and trusted. `dialog` is what was said, as (role, text) pairs
    that end with the reply to be judged; it is untrusted. `other` is the second reply of a case that compares two.
    """

    key: str
    rubric: str
    facts: Mapping[str, str] = field(default_factory=dict)
    dialog: tuple[tuple[str, str], ...] = ()
    other: str | None = None


class JudgeOutcome(StrEnum):
    """What became of a question to a judge."""

    JUDGED = "judged"
    ABSTAINED = "abstained"
    """It said that it cannot tell, or a panel had no majority, or an order swap changed its mind."""
    UNREADABLE = "unreadable"
    """Its reply does not state a label in the place where one belongs."""
    REFUSED = "refused"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judge's word on a case; `label` is set if and only if `outcome` is judged."""

    key: str
    rubric: str
    judge: str
    outcome: JudgeOutcome
    label: str | None = None
    said: str = ""
