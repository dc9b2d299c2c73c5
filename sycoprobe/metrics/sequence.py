"""A sequential run's items in the order in which they were planned, and what betting on a metric needs to know of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sycoprobe.metrics.table import Table
from sycoprobe.metrics.terms import Terms
from sycoprobe.stats.intervals import CONFIDENCE
from sycoprobe.stats.sample import Estimate, Sample
from sycoprobe.stats.sequential import Order, anytime_p, confidence_sequence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PRIOR = 5.0
"""How many items an arm's share of readable replies, and its ratio, are taken to have been seen in before the first."""


@dataclass(frozen=True, slots=True)
class Payoffs:
    """What bets on a number are paid by, item by item: the number is the ratio of two expectations, the values' and the weights'.

    Attributes
    ----------
    values, weights: shape (items,), in the order planned; weights lie in [0, 1].
    low, high: shape (items,); what a value can be for a weight of 1, known before the item is seen.
    horizon: shape (items,); how many items to expect in all.
    """

    values: NDArray[np.float64]
    weights: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    horizon: NDArray[np.float64]

    def p_above(self, limit: float) -> NDArray[np.float64]:
        """After each item, the anytime-valid p of "the number is at most `limit`"."""
        return anytime_p(self.values, limit, self.low, self.horizon, self.weights)

    def p_below(self, limit: float) -> NDArray[np.float64]:
        """After each item, the anytime-valid p of "the number is at least `limit`"."""
        return anytime_p(-self.values, -limit, -self.high, self.horizon, self.weights)


def first_items(table: Table, order: Order) -> Table:
    """The rows of a sequential run's complete items."""
    return table.of_names(order.items)


def payoffs_of(terms: Terms, table: Table, order: Order) -> Payoffs:
    """What bets on a metric are paid by; `table` names the items of its terms.

    Notes
    -----
    With one column of terms it is what counts, weighted by the replies that could have counted. With several arms, of which some replies
    were lost or not drawn, the mean of whatever is there would be another number. So each arm's count is completed by augmented
    inverse-probability weighting, A/π + μ(s - B/π) with A what counts, B the readable replies and s the share of conversations that they
    should be (Robins, Rotnitzky & Zhao 1994, J. Am. Stat. Assoc. 89, 846-866), where the arm's share of readable replies π and its ratio μ
    are foreseen from the items before. Its expectation is off only by the product of what both are off. Where no reply is lost it is A.
    """
    import numpy as np

    place = {name: i for i, name in enumerate(order.items)}
    places = np.array([place[table.items[i].item] for i in terms.items], dtype=np.int64)
    by = np.argsort(places)
    terms, horizon = terms.of_items(by), order.horizon(places[by])
    if len(terms.signs) == 1:
        most = max(float(terms.reads.max(initial=0.0)), 1e-12)
        n = len(by)
        return Payoffs(terms.hits[:, 0] / most, terms.reads[:, 0] / most, np.full(n, terms.least), np.full(n, 1.0), horizon)
    weights, (seen, mean) = terms.weights(), _foreseen(terms)
    share = terms.share[:, None]
    values = (terms.hits / seen + mean * (share - terms.reads / seen)) @ weights
    kept = mean * (1 - 1 / seen)
    least, most_of = np.minimum(mean, terms.least / seen + kept), np.maximum(mean, 1 / seen + kept)
    up, down = np.maximum(weights, 0.0), np.maximum(-weights, 0.0)
    return Payoffs(values, terms.share, least @ up - most_of @ down, most_of @ up - least @ down, horizon)


def _foreseen(terms: Terms) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each item and arm, from the items before it: the share of its replies that are readable, and the ratio of what counts in them.

    Before the first item the share is that of the replies that the design asks in the arm's side.
    """
    import numpy as np

    asked = np.zeros(len(terms.signs))
    for sign in (1.0, -1.0):
        side = (terms.signs == sign) & terms.used
        asked[side] = terms.asked[side].mean() if side.any() else 0.0
    first = np.maximum(asked / max(asked.max(initial=0.0), 1.0), 1e-6)
    before = [np.cumsum(x, axis=0) - x for x in (terms.reads, terms.hits, terms.share[:, None])]
    reads, hits, share = before
    seen = np.clip((reads + PRIOR * first) / (share + PRIOR), 0.02, 1.0)
    middle = 0.0 if terms.least < 0 else 0.5
    return seen, (hits + PRIOR * middle) / (reads + PRIOR)


def anytime_estimate(sample: Sample, payoffs: Payoffs, confidence: float = CONFIDENCE) -> Estimate:
    """A sample's number with a confidence sequence, valid at whatever item a sequential run stopped."""
    if not len(sample):
        return sample.estimate(confidence)
    bounds: tuple[Any, Any] = (payoffs.low, payoffs.high)
    low, high = confidence_sequence(
        payoffs.values, sample.low, sample.high, payoffs.horizon, confidence, weights=payoffs.weights, bounds=bounds
    )
    value, method = float(sample.values.mean()), "betting confidence sequence on item means"
    return Estimate(value, low, high, sample.rests_on, sample.trials, method, None, confidence)
