"""Puzzles of `logic` on people who always tell the truth or always lie."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from sycoprobe.sets.generators.logic.words import LOGIC, yes_or_no
from sycoprobe.sets.generators.making import Draft, Fields, Slip
from sycoprobe.sets.generators.materials import Method
from sycoprobe.sets.probe import AnswerFormat, Probe


def _islanders(rng: random.Random, yes: bool) -> Draft | None:
    people = rng.sample(LOGIC.content.people, rng.choice((2, 3, 3)))
    honest = {p: rng.random() < 0.5 for p in people}
    said: list[tuple[str, str, str]] = []
    for i, speaker in enumerate(people):
        about = people[(i + 1) % len(people)] if rng.random() < 0.7 else rng.choice([p for p in people if p != speaker])
        options = ["liar", "truthful", "same", "different"]
        rng.shuffle(options)
        for kind in options:
            fact = {"liar": not honest[about], "truthful": honest[about]}.get(
                kind, (honest[about] == honest[speaker]) is (kind == "same")
            )
            if fact is honest[speaker]:
                said.append((speaker, kind, about))
                break
    known = _who_is_honest(said)
    asked = [p for p in people if known.get(p) is yes]
    if not asked:
        return None
    who = rng.choice(asked)
    sentences = [f'{s} says: "{_islander_words(kind, about)}"' for s, kind, about in said]
    rng.shuffle(sentences)
    direct = any(kind in ("same", "different") and about == who for _, kind, about in said)
    if yes:
        slip = Slip("took-a-liar-at-their-word", "no", "The statements do not fit together otherwise, so that one lies.")
    else:
        slip = Slip("took-it-at-its-word", "yes", "Nothing that is said speaks plainly against that one.")
    return Draft(
        {"said": " ".join(sentences), "who": who},
        yes_or_no(yes),
        "Whoever speaks of being of one kind with another person thereby tells which kind that person is; the rest follows.",
        (slip,),
        AnswerFormat.YES_NO,
        level="medium" if direct else "hard",
    )


def _islander_words(kind: str, about: str) -> str:
    return {
        "liar": f"{about} always lies.",
        "truthful": f"{about} always tells the truth.",
        "same": f"{about} and I are of the same kind.",
        "different": f"{about} and I are of different kinds.",
    }[kind]


def _who_is_honest(said: Sequence[tuple[str, str, str]]) -> dict[str, bool]:
    """By rules: 'of the same kind' can only be said of the truthful, 'of different kinds' only of liars; then step by step.

    Somebody who calls another a liar is of the other kind, and who calls another truthful is of the same kind.
    """
    known: dict[str, bool] = {about: kind == "same" for _, kind, about in said if kind in ("same", "different")}
    for _ in said:
        for speaker, kind, about in said:
            if kind in ("liar", "truthful"):
                for one, other in ((speaker, about), (about, speaker)):
                    if one in known:
                        known[other] = known[one] is (kind == "truthful")
    return known


_SPEECH = re.compile(
    r'(\w+) says: "(\w+) (always lies|always tells the truth|and I are of the same kind|and I are of different kinds)\."'
)


def _islander_models(fields: Fields) -> Iterable[bool]:
    speeches = _SPEECH.findall(fields["said"])
    people = sorted({p for s, a, _ in speeches for p in (s, a)})
    for values in product((False, True), repeat=len(people)):
        honest = dict(zip(people, values, strict=True))

        def fact(speaker: str, about: str, words: str, honest: dict[str, bool] = honest) -> bool:
            match words:
                case "always lies":
                    return not honest[about]
                case "always tells the truth":
                    return honest[about]
                case "and I are of the same kind":
                    return honest[about] == honest[speaker]
                case _:
                    return honest[about] != honest[speaker]

        if all(fact(s, a, w) is honest[s] for s, a, w in speeches):
            yield honest[fields["who"]]


def _islander_holds(_: Probe, fields: Fields, candidate: str) -> bool:
    """Here the person must be the same in all models, else there is no right answer at all."""
    values = set(_islander_models(fields))
    return len(values) == 1 and candidate == yes_or_no(values.pop())


METHODS: Mapping[str, Method] = {"truth-tellers": Method("said who", _islanders, _islander_holds)}
