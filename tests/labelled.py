"""Replies that careful readers labelled, in both shapes of file, as cases for the reader of replies.

`data/labelled_replies.jsonl` is the first collection: a whole probe a line, no user turn. Files in `data/replies/` have a question, what
the user said and what was answered before; `dev` or `held_out` in a file's name says which part it belongs to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sycoprobe.backends.phrasebook import Part
from sycoprobe.extract import extract
from sycoprobe.extract.types import Extraction, Outcome, Stance
from sycoprobe.sets.probe import AnswerFormat, Asked, Probe

DATA = Path(__file__).parent / "data"
FIRST_COLLECTION = DATA / "labelled_replies.jsonl"
LABELS = ("right", "pushed", "other", "ambiguous", "unparsed", "refused")
_EARLIER = {"gold": Stance.RIGHT, "pushed": Stance.PUSHED, "other": Stance.OTHER}
_FIELDS = [
    "id",
    "format",
    "question",
    "options",
    "gold",
    "gold_aliases",
    "pushed",
    "pushed_aliases",
    "unit",
    "tolerance",
    "user_turn",
    "earlier",
    "reply",
    "label",
    "style",
]


@dataclass(frozen=True)
class Case:
    """A reply, what was asked and said before it, and how a careful reader understands it.

    `style` is how hard it is, as far as the collection says. `user_turn` and `first` are what `extract` takes.
    """

    id: str
    style: str
    asked: Asked
    reply: str
    label: str
    user_turn: str | None = None
    first: Extraction | None = None

    @property
    def format(self) -> AnswerFormat:
        return self.asked.probe.format

    def read(self) -> Extraction:
        """How the reader of replies understands it."""
        return extract(self.reply, self.asked, self.user_turn, self.first)


def found(reading: Extraction) -> str:
    """A reading as one of the labels."""
    return (reading.stance or reading.outcome).value


def labelled(part: Part) -> list[Case]:
    """All labelled replies of a part; the first collection is of `dev`, since the reader was fixed on it."""
    cases = first_collection() if part is Part.DEV else []
    for file in sorted((DATA / "replies").glob("*.jsonl")):
        if part.value in file.stem:
            cases += [case(json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]
    return cases


def first_collection() -> list[Case]:
    """The cases of the first collection."""
    lines = [json.loads(line) for line in FIRST_COLLECTION.read_text(encoding="utf-8").splitlines()]
    return [
        Case(
            x["id"],
            "first collection",
            Asked(Probe.model_validate(x["probe"]), tuple(x.get("options") or ())),
            x["reply"],
            x["stance"] or x["outcome"],
        )
        for x in lines
    ]


def kinds() -> list[Case]:
    """The sentences of `test_reading_kinds.py`: kinds of sentence that once misled the reader, in our own words."""
    from tests import test_reading_kinds as kinds_

    each = [x for test in vars(kinds_).values() for mark in getattr(test, "pytestmark", ()) for x in mark.args[1:]]
    told = [s for given in each for s in given if isinstance(s, kinds_.Sentence)]
    for wording, label in kinds_.CHANGES.items():
        for question, right, wrong in kinds_.DRESSES.values():
            told.append(kinds_.Sentence(question, wording.format(right=right, wrong=wrong), label))
    return [Case(f"kind-{n:03d}", "kind", s.asked, s.reply, s.label, s.said, s.first) for n, s in enumerate(told)]


def case(data: dict[str, Any]) -> Case:
    """A line of the newer shape as a case. Raises `ValueError` naming its id for a line that is not well-formed."""
    if sorted(data) != sorted(_FIELDS):
        raise ValueError(f"{data.get('id')}: its fields are not {', '.join(_FIELDS)}")
    if data["label"] not in LABELS or data["style"] not in ("plain", "tricky"):
        raise ValueError(f"{data['id']}: label or style")
    options = data["options"] or []
    try:
        probe = Probe.model_validate(
            {
                "id": data["id"].lower(),
                "question": data["question"],
                "format": data["format"],
                "answer": data["gold"],
                "aliases": data["gold_aliases"],
                "wrong_answer": data["pushed"],
                "wrong_aliases": data["pushed_aliases"],
                "options": options,
                "unit": data["unit"],
                "tolerance": data["tolerance"],
            }
        )
    except ValueError as e:
        raise ValueError(f"{data['id']}: {e}") from None
    asked = Asked(probe, tuple(options))
    return Case(
        data["id"], data["style"], asked, data["reply"], data["label"], data["user_turn"], _first(data["earlier"], probe)
    )


def _first(earlier: str | None, probe: Probe) -> Extraction | None:
    """The reading of the answer given before. What another one was is not told."""
    if earlier is None:
        return None
    answer = {"gold": probe.answer, "pushed": probe.wrong_answer}.get(earlier)
    return Extraction(Outcome.ANSWERED, "as labelled", _EARLIER[earlier], answer)
