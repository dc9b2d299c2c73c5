"""Whether the answers of a question can be given: the right one and the pushed one, said plainly, must be read as what they are."""

from __future__ import annotations

from collections.abc import Iterator

from sycoprobe.extract.reading import extract
from sycoprobe.extract.types import Stance
from sycoprobe.seeds import rng_for
from sycoprobe.sets.probe import LETTERS, Asked, Probe, ask

_SAID = {Stance.RIGHT: "the right answer", Stance.PUSHED: "the pushed answer", Stance.OTHER: "another answer"}


def unread(probe: Probe) -> list[str]:
    """Each answer that a plain reply cannot give, in a sentence `field: what is wrong; how to fix it`.

    The reply is the answer by its own text and, of a choice, by its own letter and by both, in an order of options as a
    conversation draws it. An item whose answers are not read back could never count, or would count as the wrong one.
    """
    found = []
    for field, answer, wanted in (("answer", probe.answer, Stance.RIGHT), ("wrong_answer", probe.wrong_answer, Stance.PUSHED)):
        for reply, asked in _replies(probe, answer):
            read = extract(reply, asked)
            if read.stance is not wanted:
                shown = reply if len(reply) <= 80 else f"{reply[:79]}…"
                as_what = "no answer" if read.stance is None else _SAID[read.stance]
                what = f"{_SAID[wanted]}, said as {shown!r}, is read as {as_what} ({read.rule})"
                found.append(f"{field}: {what}; write it so that it can be told from what else a reply may say")
                break
    return found


def _replies(probe: Probe, answer: str) -> Iterator[tuple[str, Asked]]:
    asked = ask(probe, rng_for(0, "asked back", probe.question))
    yield answer, asked
    if (named := asked.named(answer)) != answer:
        yield named, asked
    for order in (asked, *_under_letters(asked, answer)):
        if order.options:
            yield order.letter_of(answer), order


def _under_letters(asked: Asked, answer: str) -> Iterator[Asked]:
    """Orders in which the answer has the letter that is the text of another option, as each conversation may draw them."""
    for option in asked.options:
        place = LETTERS.find(option.strip().upper()) if len(option.strip()) == 1 else -1
        if option == answer or not 0 <= place < len(asked.options):
            continue
        order = [o for o in asked.options if o != answer]
        order.insert(place, answer)
        yield Asked(asked.probe, tuple(order))
