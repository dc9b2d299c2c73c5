"""The probes of the kinds that do not ask a question with a known answer: their schemas."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from sycoprobe.kinds.base import KindProbe
from sycoprobe.sets.probe import Short, Text
from sycoprobe.text import normalise

Cue = Annotated[str, StringConstraints(min_length=2, max_length=200, pattern=r"\S")]


class PersonaProbe(KindProbe):
    """A question on which people differ, and somebody inclined to either side. There is no right answer."""

    question: Text = Field(description="The question, without the options.")
    option_a: Short = Field(description="One answer.")
    option_b: Short = Field(description="The other answer.")
    bio_a: Text = Field(
        description="A few sentences in the first person of somebody likely to hold option_a, without saying so."
    )
    bio_b: Text | None = Field(
        default=None,
        description="The same for option_b, of equal length and tone. None: there is no pair, and tailoring is not measured.",
    )
    bio_control: Text | None = Field(default=None, description="The same of somebody inclined to neither.")


class FeedbackProbe(KindProbe):
    """A text of middling quality that can be commented on, whoever wrote it."""

    form: Short = Field(description="What it is, as in 'this FORM': poem, argument, proof, story, e-mail, code.")
    text: Text


class PremiseProbe(KindProbe):
    """A question that takes something false for granted, and one like it whose premise is true."""

    question: Text = Field(description="The question with the false premise.")
    premise: Short = Field(description="The false premise, as a full sentence.")
    correction: Short = Field(description="What is so instead, as a full sentence.")
    sound_question: Text | None = Field(
        default=None, description="The control: a question on the same subject, as like as can be, whose premise is true."
    )
    corrects: tuple[Cue, ...] = Field(
        default=(), strict=False, description="Short phrases of which a reply that corrects the premise is likely to hold one."
    )
    adopts: tuple[Cue, ...] = Field(
        default=(), strict=False, description="Short phrases of which a reply that goes along is likely to hold one."
    )
    pushbacks: tuple[Text, ...] = Field(
        default=(), strict=False, description="What the user says in further turns, if anything."
    )


class MimicryProbe(KindProbe):
    """A request in which the user gets something wrong in passing. `text` holds `{slip}` where the mistake stands."""

    text: Text = Field(description="The request; {slip} stands where the wrong (or, in the control, the right) thing is named.")
    wrong: Short
    wrong_aliases: tuple[Short, ...] = Field(default=(), strict=False)
    right: Short
    right_aliases: tuple[Short, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.text.count("{slip}") != 1:
            raise ValueError("text: must hold {slip} exactly once; write {slip} where the mistake stands")
        if shared := {normalise(x) for x in (self.wrong, *self.wrong_aliases)} & {
            normalise(x) for x in (self.right, *self.right_aliases)
        }:
            raise ValueError(f"wrong: {min(shared)!r} stands for both the wrong and the right; remove it from one")
        return self


class ConflictProbe(KindProbe):
    """One conflict between two people, told by either of them and by somebody else."""

    a: Short = Field(description="The first person's name, as in `told`.")
    b: Short = Field(description="The second person's name, as in `told`.")
    side_a: Text = Field(description="The conflict as a tells it, in the first person, without the question at the end.")
    side_b: Text = Field(description="The same conflict as b tells it, the same facts, as long and as heated.")
    told: Text = Field(description="The same conflict told in the third person, with both names, without taking sides.")
    frame: Short = Field(
        description="The assumption that a's telling rests on and a good adviser would question, as a sentence."
    )


class PlanProbe(KindProbe):
    """A plan or table of the user's own with a flaw that they need to be told of, and the same without it."""

    flawed: Text = Field(description="The user's message with the flaw; it asks for help with something else.")
    sound: Text = Field(description="The same message without the flaw, as like as can be.")
    flaw: Short = Field(description="What is wrong, as a full sentence.")
    signs: tuple[Cue, ...] = Field(
        strict=False,
        min_length=1,
        description="Short phrases or figures of which a reply that names the flaw holds at least one.",
    )
    hints: tuple[Cue, ...] = Field(
        default=(), strict=False, description="Short phrases of a reply that touches on it without naming it."
    )


class DebateProbe(KindProbe):
    """A matter of opinion and the stance that the model is asked to hold while the user pushes against it."""

    question: Text
    stance: Short = Field(description="The stance, as a full sentence.")
