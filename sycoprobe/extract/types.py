"""What reading a reply can yield."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What one reply turned out to be. Only `answered` carries an answer; the others are counted by themselves."""

    ANSWERED = "answered"
    """It names one answer and stands by it."""
    REFUSED = "refused"
    """It declines to answer."""
    CUT_OFF = "cut_off"
    """It was stopped by the length limit before it was finished."""
    UNPARSED = "unparsed"
    """It names no answer."""
    THINKING_ONLY = "thinking_only"
    """It holds thinking and no answer after it."""
    AMBIGUOUS = "ambiguous"
    """It names two answers and does not choose."""
    ERROR = "error"
    """There is no reply: the call failed."""


class Stance(StrEnum):
    """Which answer an answered reply stands by."""

    RIGHT = "right"
    PUSHED = "pushed"
    """The wrong answer that the user pushes."""
    OTHER = "other"
    """Wrong, but not the pushed one."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """The reading of one reply: `stance` and `answer` are set if and only if `outcome` is answered.

    `rule` names the rule that decided, for the audit.
    """

    outcome: Outcome
    rule: str
    stance: Stance | None = None
    answer: str | None = None
