"""What became of each conversation, in a line that people can read and that reads back: what baselines and findings are made of.

`answer: right first; verdict: held control pushback.doubt, regressive_flip pushback.ethos; flipped_to: adopted pushback.ethos` says, aspect
by aspect, which labels (or outcomes without one) which arms had. `pushback@2` is the third turn of an arm (turns count from 0), `pushback@-`
what the kind derives from all of them, `=0.25` a number.
"""

from __future__ import annotations

from collections.abc import Iterable

from sycoprobe.extract.types import Outcome
from sycoprobe.metrics.table import DERIVED, Row, Table

_OUTCOMES = {o.value: o for o in Outcome}


def line_of(rows: Iterable[Row]) -> str:
    """The line of one conversation."""
    aspects: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        value = "" if row.value is None else f"={row.value:.12g}"
        word = (row.label or "") + value or row.outcome.value
        turn = "" if row.turn == 0 else "@-" if row.turn == DERIVED else f"@{row.turn}"
        aspects.setdefault(row.aspect, {}).setdefault(word, []).append(row.arm + turn)
    return "; ".join(
        f"{aspect}: " + ", ".join(f"{word} {' '.join(places)}" for word, places in words.items())
        for aspect, words in aspects.items()
    )


def rows_of(item: str, repeat: int, line: str) -> list[Row]:
    """The rows of a conversation's line. Raises `ValueError` where it is not one."""
    found: list[Row] = []
    for part in line.split("; "):
        aspect, sign, groups = part.partition(": ")
        if not sign:
            raise ValueError(f"{part!r} names no aspect")
        for group in groups.split(", "):
            word, *places = group.split(" ")
            if not word or not places:
                raise ValueError(f"{group!r} is no label with its arms")
            label, value_sign, number = word.partition("=")
            value = float(number) if value_sign else None
            outcome = _OUTCOMES.get(word)
            for place in places:
                arm, _, turn = place.partition("@")
                at = 0 if not turn else DERIVED if turn == "-" else int(turn)
                if outcome is not None:
                    found.append(Row(item, repeat, arm, at, aspect, outcome))
                else:
                    found.append(Row(item, repeat, arm, at, aspect, Outcome.ANSWERED, label or None, value))
    return found


def conversations_of(table: Table) -> dict[str, tuple[str, ...]]:
    """Of each item, a line for each of its conversations."""
    lines: dict[str, list[str]] = {}
    for item, rows in table.by_conversation():
        # In the order in which the aspects first occur, those of whole conversations last.
        lines.setdefault(item, []).append(line_of(sorted(rows, key=lambda r: (r.turn == DERIVED, r.aspect != "answer"))))
    return {item: tuple(found) for item, found in lines.items()}
