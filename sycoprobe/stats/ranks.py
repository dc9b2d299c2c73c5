"""Ranks with their uncertainty: at which places each of several may stand, all of them together at one confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sycoprobe.stats.intervals import holm


@dataclass(frozen=True, slots=True)
class Range:
    """The best and the worst place that the evidence allows; 1 is the first. `better` and `worse` count those that clearly are."""

    best: int
    worst: int
    better: int
    worse: int

    def __str__(self) -> str:
        return str(self.best) if self.best == self.worst else f"{self.best}–{self.worst}"


def clear_claims(p_values: Mapping[tuple[str, int, int], float], alpha: float) -> set[tuple[str, int, int]]:
    """Which one-sided claims hold, all together with an error of at most `alpha`, whatever depends on what.

    Parameters
    ----------
    p_values: by claim, the p-value of its opposite.
    alpha: the chance that any false claim is among those that are returned.
    """
    adjusted = holm(list(p_values.values()))
    return {claim for claim, p in zip(p_values, adjusted, strict=True) if p <= alpha}


def rank_ranges(ranked: Sequence[int], better: set[tuple[int, int]]) -> dict[int, Range]:
    """The range of places of each of `ranked`.

    Parameters
    ----------
    ranked: who stands in the ranking.
    better: pairs of which the first is clearly better than the second, all of them together at some confidence.

    Returns
    -------
    A range for each. At that confidence every range holds the true place at once; of those that are truly equal, each of the places that they
    share. That is so for any choice of `ranked`, also one that the data made, since the claims are about pairs.

    Notes
    -----
    The place of one is 1 and the number of those that are truly better, so it is at least 1 and the number of those that clearly are, and at most
    all less the number of those that are clearly worse [1]_ [2]_.

    References
    ----------
    .. [1] Mogstad, Romano, Shaikh, Wilhelm (2024), Inference for Ranks with Applications to Mobility across Neighbourhoods and Academic
       Achievement across Countries, Rev. Econ. Stud. 91, 476-518.
    .. [2] Al Mohamad, Goeman, van Zwet (2022), Simultaneous confidence intervals for ranks with application to ranking institutions,
       Biometrics 78, 238-247.

    Examples
    --------
    >>> {i: str(r) for i, r in rank_ranges([0, 1, 2], {(0, 2), (1, 2)}).items()}
    {0: '1–2', 1: '1–2', 2: '3'}
    """
    found = {}
    for i in ranked:
        above = sum((j, i) in better for j in ranked)
        below = sum((i, j) in better for j in ranked)
        found[i] = Range(1 + above, len(ranked) - below, above, below)
    return found
