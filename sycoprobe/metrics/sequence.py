"""A sequential run's items in the order in which they were planned, and what betting on a metric needs to know of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sycoprobe.metrics.estimate import sample_from
from sycoprobe.metrics.metric import Metric
from sycoprobe.metrics.paired import difference_of, matched, pair_of
from sycoprobe.metrics.table import Table
from sycoprobe.metrics.terms import Terms, terms_of
from sycoprobe.stats.intervals import CONFIDENCE
from sycoprobe.stats.sample import Estimate, Sample
from sycoprobe.stats.sequential import BETS_SHARE, Order, anytime_p, confidence_sequence, split_p
from sycoprobe.stats.stopping import Bound, Stop, corrected_mean

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
    planned: about how many there would be in all, had nothing been decided.
    complete: whether every planned item is in, so that one fixed test may be made.
    """

    values: NDArray[np.float64]
    weights: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    horizon: NDArray[np.float64]
    planned: int
    complete: bool

    def p_above(self, limit: float) -> NDArray[np.float64]:
        """After each item, the anytime-valid p of "the number is at most `limit`"."""
        return anytime_p(self.values, limit, self.low, self.horizon, self.weights)

    def p_below(self, limit: float) -> NDArray[np.float64]:
        """After each item, the anytime-valid p of "the number is at least `limit`"."""
        return anytime_p(-self.values, -limit, -self.high, self.horizon, self.weights)


def first_items(table: Table, order: Order) -> Table:
    """The rows of a sequential run's complete items."""
    return table.of_names(order.items)


def looked_at(table: Table, metric: Metric, order: Order, base: Table | None = None) -> tuple[Sample, Payoffs | None]:
    """A metric's number in a sequential run (less that of a `base`line), and what bets on it are paid by; None where there is no number.

    Both are of the same replies: of a metric through several turns, of the threads of which every turn could be read. `table` holds the rows of
    the items of `order`, or of a slice of them.
    """
    if base is None:
        terms = terms_of(table, metric, whole=True)
        sample = sample_from(terms, metric)
    else:
        ours, theirs = matched(table, base, metric, whole=True)
        sample, terms = difference_of(ours, theirs, metric), pair_of(ours, theirs)
        terms = terms.of_items((terms.reads > 0).any(axis=1))
    return sample, payoffs_of(terms, table, order) if len(sample) else None


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
    complete = len(order.items) >= order.planned
    planned = round(len(by) * order.planned / max(1, len(order.items)))
    if len(terms.signs) == 1:
        most = max(float(terms.reads.max(initial=0.0)), 1e-12)
        n = len(by)
        return Payoffs(
            terms.hits[:, 0] / most,
            terms.reads[:, 0] / most,
            np.full(n, terms.least),
            np.full(n, 1.0),
            horizon,
            planned,
            complete,
        )
    weights, (seen, mean) = terms.weights(), _foreseen(terms)
    share = terms.share[:, None]
    values = (terms.hits / seen + mean * (share - terms.reads / seen)) @ weights
    low, high = np.zeros(len(by)), np.zeros(len(by))
    for sign in (1.0, -1.0):
        side = weights * sign > 0
        if not side.any():
            continue
        part, middle = np.abs(weights[side]), mean[:, side]
        at_once = _at_once(terms.reads[:, side], terms.share)
        base = middle @ part
        least = base + np.sort((terms.least - middle) / seen[:, side] * part, axis=1)[:, :at_once].sum(axis=1)
        most_of = base + np.sort((1 - middle) / seen[:, side] * part, axis=1)[:, -at_once:].sum(axis=1)
        low, high = (low + least, high + most_of) if sign > 0 else (low - most_of, high - least)
    return Payoffs(values, terms.share, low, high, horizon, planned, complete)


def _at_once(reads: NDArray[np.float64], share: NDArray[np.float64]) -> int:
    """How many arms of a side one conversation has a readable reply in at most: all, or as many as the design draws."""
    import numpy as np

    found = np.divide(reads.sum(axis=1), share, out=np.zeros(len(share)), where=share > 0)
    return min(int(reads.shape[1]), max(1, int(np.ceil(found.max(initial=1.0) - 1e-9))))


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


def anytime_estimate(sample: Sample, payoffs: Payoffs | None, confidence: float = CONFIDENCE) -> Estimate:
    """A sample's number with a confidence sequence, valid at whatever item a sequential run stopped.

    It has a part of the error (`split_p`); once every planned item is complete, its interval and the fixed design's, which has the rest, both hold.
    """
    if payoffs is None:
        return sample.estimate(confidence)
    error = 1 - confidence
    bounds: tuple[Any, Any] = (payoffs.low, payoffs.high)
    low, high = confidence_sequence(
        payoffs.values,
        sample.low,
        sample.high,
        payoffs.horizon,
        1 - BETS_SHARE * error,
        weights=payoffs.weights,
        bounds=bounds,
    )
    method = "betting confidence sequence on item means"
    if payoffs.complete:
        fixed = sample.guarded(1 - (1 - BETS_SHARE) * error)
        if fixed.low is not None and fixed.high is not None:
            low, high = (
                (max(low, fixed.low), min(high, fixed.high))
                if max(low, fixed.low) < min(high, fixed.high)
                else (fixed.low, fixed.high)
            )
            method = f"{method}, and one fixed interval at the end: {fixed.method}"
    value = float(sample.values.mean())
    return Estimate(value, low, high, sample.rests_on, sample.trials, method, None, confidence)


def split_tails(sample: Sample, payoffs: Payoffs, value: float) -> tuple[float, float]:
    """One-sided p of "the number is at most `value`", and of "at least", of a sequential run: bets, and one fixed test once every item is complete."""
    fixed = (sample.guarded_above(value), sample.guarded_below(value)) if payoffs.complete else (None, None)
    bets = (float(payoffs.p_above(value)[-1]), float(payoffs.p_below(value)[-1]))
    above, below = (split_p(bet, test) for bet, test in zip(bets, fixed, strict=True))
    return above, below


def without_stopping(sample: Sample, payoffs: Payoffs, limit: float, alpha: float, min_items: int) -> float | None:
    """The number, less what stopping early by a rule with this limit adds to it (`sycoprobe.stats.stopping`); None where every item was asked.

    `alpha`: error of the rule's two-sided interval; `min_items`: with fewer the rule is never decided.
    """
    known = payoffs.weights > 0
    if payoffs.complete or not known.any():
        return None
    values = payoffs.values[known] / payoffs.weights[known]
    level = BETS_SHARE * alpha / 2
    low, high = min(sample.low, float(values.min())), max(sample.high, float(values.max()))
    stop = Stop((Bound(limit, level, level),), low, high, min_items)
    inflated = float(values.mean()) - corrected_mean(values, stop, max(payoffs.planned, len(values)))
    return min(max(float(sample.values.mean()) - inflated, sample.low), sample.high)
