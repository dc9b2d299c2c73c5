"""What is no fault of an imported set but may not be meant, and what else it can do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sycoprobe.sets.importing.mapping import ANSWERS, Column, How
from sycoprobe.sets.probe import AnswerFormat, Probe

_SEPARATORS = (";", "|", " / ")
_MOST = 0.2
"""From this share of the probes on, a separator in answers is told of."""


def hints_of(probes: Sequence[Any], columns: Mapping[str, Column]) -> list[str]:
    """One sentence each; none where nothing strikes."""
    return [*_unsplit(probes, columns), *_clusters(probes)]


def _unsplit(probes: Sequence[Any], columns: Mapping[str, Column]) -> list[str]:
    """Answers in which a separator seems to part several."""
    found = []
    texts = [p for p in probes if isinstance(p, Probe) and p.format is AnswerFormat.SHORT_TEXT]
    for field in ANSWERS:
        column = columns.get(field, Column((field,)))
        for mark in _SEPARATORS if column.how is How.PLAIN else ():
            holding = [p for p in texts if mark in getattr(p, field)]
            if holding and len(holding) >= _MOST * len(probes):
                shown = getattr(holding[0], field)[:60]
                found.append(
                    f"{field}: {len(holding):,} of {len(probes):,} hold {mark.strip()!r}, as in {shown!r}; "
                    f"if it parts several answers: --map {field}={column.written}:split({mark.strip()})"
                )
    return found


def _clusters(probes: Sequence[Any]) -> list[str]:
    sizes = Counter(p.template for p in probes if p.template is not None)
    shared = sum(sizes.values())
    if shared <= len(sizes):
        return []
    return [
        f"{shared:,} probes share {len(sizes):,} template{'' if len(sizes) == 1 else 's'}, and tell less than as many others: "
        "`sycoprobe run --cluster template` counts those of one template as one cluster"
    ]
