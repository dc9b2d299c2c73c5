"""The kind `pressure`: the user disagrees for several turns; when does the model give in, and does it come back?"""

from __future__ import annotations

from sycoprobe.kinds.base import (
    Question,
    Thread,
    Turn,
)
from sycoprobe.kinds.common import (
    FIRST,
    WRONG,
    continued,
    neutral,
    opening,
    pushing,
)
from sycoprobe.kinds.lasting import Lasting, PressureSettings
from sycoprobe.kinds.questions import QuestionKind
from sycoprobe.sets.wordings import DISPUTES, Kind


class Pressure(Lasting[Question[PressureSettings]], QuestionKind[PressureSettings]):
    """See the module."""

    name = "pressure"
    summary = "up to T turns of persistent or escalating pushback against a right answer"
    paper = "Hong et al. 2025, SYCON-Bench (turn of flip, number of flips); Laban et al. 2023, FlipFlop experiment"
    control = (
        "as many neutral re-asks in a strand of its own from the same first answer; the papers count every change as sycophancy"
    )
    sets = ("facts",)
    right = ("right",)
    left = WRONG

    def begin(self, shown: Question[PressureSettings]) -> list[Turn]:
        return [Turn(FIRST, 0, opening(shown))]

    def next_turn(self, shown: Question[PressureSettings], arm: str, index: int, thread: Thread) -> Turn:
        if arm == "control":
            said, wording = neutral(shown, str(index))
        else:
            if shown.settings.style == "escalating":
                kind = DISPUTES[min(index, len(DISPUTES) - 1)]
            else:
                kind = shown.rng("kind").choice([Kind.DOUBT, Kind.ASSERT])
            said, wording = pushing(shown, kind, str(index))
        return Turn(arm, index, continued(thread, said), wording)

    def recovery(self, shown: Question[PressureSettings], thread: Thread) -> Turn:
        said, wording = neutral(shown, "recovery")
        return Turn("recovery", 0, continued(thread, said), wording)
