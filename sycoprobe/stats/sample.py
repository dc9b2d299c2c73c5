"""One number an item, and the estimate that comes of it: `sycoprobe.stats.intervals` does the rest."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sycoprobe.showing import OneLine
from sycoprobe.stats.intervals import (
    CONFIDENCE,
    Spread,
    difference_score,
    interval,
    mcnemar,
    p_above,
    p_below,
    rate_score,
    spread_of,
)
from sycoprobe.stats.tails import (
    Sides,
    exact_above,
    exact_below,
    exact_limits,
    recovered_above,
    recovered_below,
    recovered_limits,
    stepped_score,
)
from sycoprobe.text import with_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEWEST = 3
"""Of fewer items no number is shown: its interval leaves nearly everything open."""
TOO_FEW = "too few items"


@dataclass(frozen=True, slots=True, repr=False)
class Estimate(OneLine):
    """A number, how sure we are, and what it rests on.

    Attributes
    ----------
    value: a proportion, a difference of proportions, or a mean; None where there is nothing to estimate from.
    low, high: its interval; None where `value` is.
    items: how many items (probes) the number rests on.
    trials: how many judged replies there are in them.
    method: how the interval was computed.
    reason: why there is no value, where there is none.
    confidence: of the interval.
    """

    value: float | None
    low: float | None
    high: float | None
    items: int
    trials: int
    method: str
    reason: str | None = None
    confidence: float = CONFIDENCE

    def __str__(self) -> str:
        """As `0.31 [0.22, 0.41]`; a dash where there is none, and words where it rests on too little to be shown."""
        return self.shown()

    def shown(self, places: int = 2, *, sign: str = "") -> str:
        """The same to so many places, `sign` as in a format."""
        if self.value is None or self.low is None or self.high is None:
            return "–"
        return TOO_FEW if self.items < FEWEST else with_interval(self.value, self.low, self.high, places, sign=sign)

    def _line(self) -> str:
        if self.value is None or self.low is None or self.high is None:
            return f"value=None ({self.reason})"
        numbers = f"value={self.value:.4g}, low={self.low:.4g}, high={self.high:.4g}"
        return f"{numbers}, items={self.items}, trials={self.trials}"


@dataclass(frozen=True, slots=True)
class Sample:
    """One number an item, and what an interval needs to know about them.

    Attributes
    ----------
    items: shape (items,), indices into the table's `items`, ascending.
    values: shape (items,); their mean is the number, and their spread that of the number (`Terms.linearised`): what each item adds.
    trials: judged replies behind the values.
    pairs: single outcomes (for a difference: pairs of them).
    up, down: for a difference, the means of what single pairs differ upwards and downwards (the shares of +1 and -1 where a
        pair is two outcomes); up is None for a rate.
    low, high: the range that values can lie in.
    clusters: shape (items,) or None; see `Table.clusters`.
    reason: why there is no value, where there is none.
    graded: whether single outcomes are numbers (ratings), not zeros and ones: then Student's t on the items' values takes the place of score
        intervals, cut off at what is possible; where most values are alike, and in a gate, the wider of it and of Gaffke's bound.
    sides: gives the two rates of a difference (the arms' and the control's, or those of two runs), which only a gate asks for; None for a rate,
        and for a difference of differences.
    counted: how many items the number rests on; None: as many as there are values.
    single: whether an item has one outcome at most (of a difference, on each side).
    """

    items: NDArray[np.int64]
    values: NDArray[np.float64]
    trials: int
    pairs: int
    up: float | None
    down: float
    low: float
    high: float
    clusters: NDArray[np.int64] | None
    reason: str
    method: str = ""
    graded: bool = False
    sides: Callable[[], Sides] | None = None
    counted: int | None = None
    single: bool = False

    def __len__(self) -> int:
        return len(self.values)

    @property
    def rests_on(self) -> int:
        """How many items the number rests on: what is shown, and held against a least number of items."""
        return len(self) if self.counted is None else self.counted

    def spread(self) -> Spread:
        """What intervals and tests are made from, in units of `scale`. Needs at least one item."""
        scale = self.scale
        up = None if self.up is None else self.up / scale
        return spread_of(
            self.values / scale, self.pairs, up=up, down=self.down / scale, clusters=self.clusters, single=self.single
        )

    @property
    def by_student(self) -> bool:
        """Whether Student's t applies."""
        return self.graded and self.clusters is None and len(self) > 1 and float(self.values.std()) >= 1e-12

    def standard_error(self) -> float:
        """Of the mean, from the spread of the items' values. Needs two items."""
        return float(self.values.std(ddof=1)) / math.sqrt(len(self))

    @property
    def testable(self) -> bool:
        """Whether a test says anything: not of sets that all share one template."""
        return self.clusters is None or self.spread().clusters > 1

    @property
    def scale(self) -> float:
        """2 where single differences of differences come to more than 1 on average, else 1: score intervals are for [-1, 1]."""
        return 2.0 if self.high > 1.0 and self.up is not None and self.up + self.down > 1.0 else 1.0

    def estimate(self, confidence: float = CONFIDENCE) -> Estimate:
        """The mean with its interval (`sycoprobe.stats.intervals.interval`), or None and the reason."""
        if not len(self):
            return Estimate(None, None, None, 0, 0, "none", self.reason, confidence)
        spread = self.spread()
        if self.clusters is not None and spread.clusters < 2:
            return Estimate(
                None, None, None, self.rests_on, self.trials, "none", "all items share one template: one cluster has no spread"
            )
        if self.graded:
            return self._of_numbers(confidence, careful=self.lumpy)
        score = rate_score if self.up is None else difference_score
        bottom = 0.0 if self.up is None else -1.0
        low, high = interval(spread, score, bottom, 1.0, confidence)
        return Estimate(
            float(self.values.mean()),
            low * self.scale,
            high * self.scale,
            self.rests_on,
            self.trials,
            self._method(spread),
            None,
            confidence,
        )

    def p_above(self, value: float) -> float:
        """One-sided p of "the truth is at most `value`". Needs at least one item."""
        if self.graded:
            return self._number_above(value, careful=self.lumpy)
        return p_above(self.spread(), rate_score if self.up is None else difference_score, value / self.scale)

    def p_below(self, value: float) -> float:
        """One-sided p of "the truth is at least `value`". Needs at least one item."""
        if self.graded:
            return self._number_below(value, careful=self.lumpy)
        return p_below(self.spread(), rate_score if self.up is None else difference_score, value / self.scale)

    # What a gate decides by: the more careful of two witnesses, so that each tail holds by itself.

    def guarded(self, confidence: float = CONFIDENCE) -> Estimate:
        """The estimate with an interval whose two tails each err in at most (1 - confidence) / 2: the wider, on either side, of the score
        interval and of `sycoprobe.stats.tails` (exact for a rate; for a difference recovered from its two rates, and with a continuity
        correction where its outcomes are single)."""
        plain = self.estimate(confidence)
        if plain.low is None or plain.high is None:
            return plain
        if self.graded:
            return self._of_numbers(confidence, careful=True)
        lows, highs, method = [plain.low], [plain.high], plain.method
        spread = self.spread()
        if self.up is None:
            limits, method = exact_limits(spread, confidence), method.replace("Wilson", "Wilson or exact")
            lows.append(limits[0])
            highs.append(limits[1])
        elif self._stepped(spread):
            low, high = interval(spread, stepped_score, -1.0, 1.0, confidence)
            lows.append(low * self.scale)
            highs.append(high * self.scale)
            method = method.replace("Tango score", "Tango score with a continuity correction")
        if self.sides is not None:
            from scipy.special import ndtri

            low, high = recovered_limits(self.sides(), float(ndtri(0.5 + confidence / 2)))
            lows.append(low)
            highs.append(high)
            method = method.replace("Tango score", "MOVER or Tango score")
        return replace(plain, low=min(lows), high=max(highs), method=method)

    def guarded_above(self, value: float) -> float:
        """One-sided p of "the truth is at most `value`", as `guarded` has it. Needs at least one item."""
        if self.graded:
            return self._number_above(value, careful=True)
        found, spread = [self.p_above(value)], self.spread()
        if self.up is None:
            found.append(exact_above(spread, value))
        elif self._stepped(spread):
            found.append(p_above(spread, stepped_score, value / self.scale))
        if self.sides is not None:
            found.append(recovered_above(self.sides(), value))
        return max(found)

    def guarded_below(self, value: float) -> float:
        """One-sided p of "the truth is at least `value`", as `guarded` has it. Needs at least one item."""
        if self.graded:
            return self._number_below(value, careful=True)
        found, spread = [self.p_below(value)], self.spread()
        if self.up is None:
            found.append(exact_below(spread, value))
        elif self._stepped(spread):
            found.append(p_below(spread, stepped_score, value / self.scale))
        if self.sides is not None:
            found.append(recovered_below(self.sides(), value))
        return max(found)

    def _stepped(self, spread: Spread) -> bool:
        """Whether a difference goes in steps of one pair."""
        return spread.df is None and self.clusters is None

    def p_zero(self) -> float:
        """Two-sided p of "no difference": McNemar's exact test for one outcome an item, else the test that the interval inverts."""
        if not self.graded and self.clusters is None and self.up is not None and self.pairs == len(self) and self.high == 1.0:
            return mcnemar(int((self.values > 0.5).sum()), int((self.values < -0.5).sum()))
        return min(1.0, 2 * min(self.p_above(0.0), self.p_below(0.0)))

    @property
    def _range(self) -> tuple[float, float]:
        """What values of ratings can be; where replies were lost, what an item adds can lie beyond."""
        return min(self.low, float(self.values.min())), max(self.high, float(self.values.max()))

    # Ratings

    @property
    def lumpy(self) -> bool:
        """Whether the values' spread tells little: more than half of them are one and the same number, or they come in clusters."""
        import numpy as np

        _, counts = np.unique(np.round(self.values, 9), return_counts=True)
        return self.clusters is not None or len(self) < 2 or bool(counts.max() > len(self) / 2)

    def _of_numbers(self, confidence: float, *, careful: bool) -> Estimate:
        """The mean of ratings with Student's t interval; `careful`: the wider, on either side, of that and of limits that hold each tail."""
        from scipy.special import stdtrit

        from sycoprobe.stats.bounded import bounded_limits

        mean, (error, freedom), clustered = (
            float(self.values.mean()),
            self._error(),
            "" if self.clusters is None else ", clustered by template",
        )
        half = float(stdtrit(freedom, 0.5 + confidence / 2)) * error
        low, high, method = mean - half, mean + half, f"Student t on items{clustered}"
        if careful:
            least, most = bounded_limits(self.values, *self._range, confidence, clusters=self.clusters)
            low, high, method = min(low, least), max(high, most), f"Student t or Gaffke's bound on items{clustered}"
        return Estimate(mean, max(self.low, low), min(self.high, high), self.rests_on, self.trials, method, None, confidence)

    def _number_above(self, value: float, *, careful: bool) -> float:
        from sycoprobe.stats.bounded import bounded_above

        student = self._student_tail(float(self.values.mean()) - value)
        return max(student, bounded_above(self.values, value, *self._range, clusters=self.clusters)) if careful else student

    def _number_below(self, value: float, *, careful: bool) -> float:
        from sycoprobe.stats.bounded import bounded_below

        student = self._student_tail(value - float(self.values.mean()))
        return max(student, bounded_below(self.values, value, *self._range, clusters=self.clusters)) if careful else student

    def _error(self) -> tuple[float, float]:
        """The standard error of the mean of ratings, and its degrees of freedom; 0 of one item."""
        from sycoprobe.stats.clusters import cluster_variance

        n = len(self)
        if self.clusters is None:
            return (self.standard_error() if n > 1 else 0.0), float(max(1, n - 1))
        variance, freedom, _ = cluster_variance(self.values, self.clusters)
        return math.sqrt(variance), freedom

    def _student_tail(self, excess: float) -> float:
        from scipy.special import stdtr

        error, freedom = self._error()
        if error <= 0:
            return 0.0
        return float(stdtr(freedom, -excess / error))

    def _method(self, spread: Spread) -> str:
        name = "Wilson" if self.up is None else "Tango score"
        if spread.df is not None:
            by = "template" if self.clusters is not None else "item"
            name += f" at the effective sample size, clustered by {by}"
        return f"{self.method}, {name}" if self.method else name
