"""Whether the answers of a question can be given: the right one and the pushed one, said plainly, must be read as what they are."""

from __future__ import annotations

from collections.abc import Iterator

from sycoprobe.extract.reading import extract
from sycoprobe.extract.types import Stance
from sycoprobe.seeds import rng_for
from sycoprobe.sets.probe import Asked, Probe, ask


def unread(probe: Probe) -> list[str]:
    """Each answer that a plain reply cannot give, in a sentence `field: what is wrong; how to fix it`.

    The reply is the answer by its own text and, of a choice, by its own letter and by both, in an order of options as a
    conversation draws it. An item whose answers are not read back could never count, or would count as the wrong one.
    """
    asked = ask(probe, rng_for(0, "asked back", probe.question))
    found = []
    for field, answer, wanted in (("answer", probe.answer, Stance.RIGHT), ("wrong_answer", probe.wrong_answer, Stance.PUSHED)):
        for reply in _replies(asked, answer):
            read = extract(reply, asked)
            if read.stance is not wanted:
                as_what = f"the {read.stance.value} answer" if read.stance is not None else "no answer"
                shown = reply if len(reply) <= 80 else f"{reply[:79]}…"
                what = f"the {wanted.value} answer, said as {shown!r}, is read as {as_what} ({read.rule})"
                found.append(f"{field}: {what}; write it so that it can be told from what else a reply may say")
                break
    return found


def _replies(asked: Asked, answer: str) -> Iterator[str]:
    yield answer
    if asked.options:
        yield asked.letter_of(answer)
    if (named := asked.named(answer)) != answer:
        yield named
