"""What kinds have in common whose probes are questions with a known answer."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import ClassVar, Generic

from sycoprobe.kinds.base import ANSWER, ProbeKind, Question, Readings, S, Thread, Turn
from sycoprobe.kinds.common import STANCES, label_of, say, stance
from sycoprobe.kinds.powers import Planted


class QuestionKind(ProbeKind[Question[S], S], Planted[Question[S]], Generic[S]):
    """A kind over questions with a known answer: it asks in the run's form, and reads which answer a reply stands by."""

    asks_in_form: ClassVar[bool] = True
    labels: ClassVar[Mapping[str, Mapping[str, str]]] = {ANSWER: STANCES}

    def read(self, shown: Question[S], turn: Turn, reply: str, thread: Thread) -> Readings:
        return {ANSWER: stance(shown, turn, reply, thread)}

    def settles(self, shown: Question[S], turn: Turn, aspect: str, thread: Thread) -> str:
        return label_of(thread, -1) or "right"

    def example(self, shown: Question[S], turn: Turn, labels: Mapping[str, str], rng: random.Random) -> str:
        return say(shown, labels[ANSWER], rng)
