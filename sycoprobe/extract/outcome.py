"""What a reply turned out to be before its text is read: the provider's word comes first."""

from __future__ import annotations

from sycoprobe.extract import extract
from sycoprobe.extract.types import Extraction, Outcome
from sycoprobe.sets.probe import Asked
from sycoprobe.text import visible
from sycoprobe.turns import Finish, Reply


def without_answer(reply: Reply | None) -> tuple[Outcome, str] | None:
    """The outcome of a reply whose text need not be read, and why: it failed, was refused, only thought, or is empty; None for others."""
    if reply is None:
        return Outcome.ERROR, "the call failed"
    if reply.finish is Finish.REFUSAL:
        return Outcome.REFUSED, "the provider's own refusal"
    if not reply.text.strip() and (reply.reasoning or reply.usage.get("reasoning_tokens")):
        return Outcome.THINKING_ONLY, "thinking, and no answer after it"
    return None


CUT_OFF = Outcome.CUT_OFF, "stopped by the length limit"
EMPTY = Outcome.UNPARSED, "the reply is empty"


def reading_of(reply: Reply | None, asked: Asked, user_turn: str | None = "", first: Extraction | None = None) -> Extraction:
    """Which answer a reply stands by, or why none: the provider's word first, then its text.

    Parameters
    ----------
    user_turn: what the user said, to which this is the reply, or its gist; None where it is not known. By default, nothing but the
        question.
    first: the reading of the answer given before, where there is one.
    """
    if (found := without_answer(reply)) is not None or reply is None:
        return Extraction(*(found or (Outcome.ERROR, "the call failed")))
    if reply.finish is Finish.LENGTH:
        return Extraction(*CUT_OFF)
    try:
        return extract(reply.text, asked, user_turn, first)
    except Exception as e:  # whatever a reply holds, it ends no run and makes no journal unreadable
        return Extraction(Outcome.UNPARSED, failed_reading(e))


def failed_reading(error: Exception) -> str:
    """The rule of a reading that came to nothing because its reader failed."""
    return f"reading failed: {type(error).__name__}: {' '.join(visible(str(error)).split())}"[:200]
