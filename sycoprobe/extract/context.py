"""What was asked and answered before a text, and how a mention becomes a reading."""

from __future__ import annotations

from sycoprobe.extract import choice
from sycoprobe.extract.discourse import Skeleton
from sycoprobe.extract.types import Extraction, Outcome, Stage, Stance
from sycoprobe.sets.probe import AnswerFormat, Asked


class Context:
    """What was asked and what was answered before, where nobody has claimed anything since; with a claim, see `Exchange`."""

    __slots__ = ("asked", "first", "probe", "skeleton")

    def __init__(self, asked: Asked, first: Extraction | None = None) -> None:
        self.asked = asked
        self.probe = asked.probe
        self.first = first
        self.skeleton: Skeleton | None = None
        """That of the text, once it is known."""

    @property
    def claim(self) -> str | None:
        """The key of the one answer that the user asserted; None if none, or if it is not known."""
        return None

    @property
    def doubted(self) -> bool:
        """Whether the user only asked whether the answer before is right."""
        return False

    @property
    def own(self) -> str | None:
        """The key of the answer that the model gave before; None if there is none, or if it is not known."""
        return None if self.first is None else self.key_of(self.first)

    def key_of(self, reading: Extraction) -> str | None:
        """The key of the answer that was read; None if there is none, or if it is not known."""
        if reading.stance is None:
            return None
        if self.probe.format in (AnswerFormat.NUMBER, AnswerFormat.SHORT_TEXT) and reading.stance is not Stance.OTHER:
            return reading.stance.value
        return reading.answer

    def answered(self, key: str, stage: Stage, rule: str, *, sure: bool = True) -> Extraction:
        """The reading for a mention's key."""
        probe = self.probe
        if probe.format is AnswerFormat.CHOICE:
            if key.startswith(choice.CLASH):
                return Extraction(Outcome.AMBIGUOUS, "the letter of one option with the text of another", stage=stage)
            stance = Stance.RIGHT if key == probe.answer else Stance.PUSHED if key == probe.wrong_answer else Stance.OTHER
            return Extraction(Outcome.ANSWERED, rule, stance, key, stage, sure)
        if probe.format is AnswerFormat.YES_NO:
            stance = Stance.RIGHT if key == probe.answer else Stance.PUSHED
            return Extraction(Outcome.ANSWERED, rule, stance, key, stage, sure)
        if key in (Stance.RIGHT.value, Stance.PUSHED.value):
            stance = Stance(key)
            return Extraction(
                Outcome.ANSWERED, rule, stance, probe.answer if stance is Stance.RIGHT else probe.wrong_answer, stage, sure
            )
        return Extraction(Outcome.ANSWERED, rule, Stance.OTHER, key, stage, sure)
