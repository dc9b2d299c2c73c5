"""How far a judge agrees with careful readers, how sure we are of that, and rates corrected for what it is known to get wrong.

Everything here is about pairs of labels, a reader's and the judge's, one a case. A judge that named no label (it abstained, or
could not be read) is None: such pairs stand in the confusion table under the outcome, and in no coefficient.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sycoprobe.stats.intervals import CONFIDENCE, Spread, interval, rate_score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DRAWS = 20_000
RESAMPLES = 2_000
NEVER_MEASURED = "the judge was never measured on labelled transcripts"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its interval; `value`, `low` and `high` are None where it cannot be had, and `reason` says why. `n`: cases."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str | None = None

    @classmethod
    def none(cls, reason: str, n: int = 0) -> Figure:
        """A number that cannot be had."""
        return cls(None, None, None, n, reason)


Pair = tuple[str, str | None]
"""What a reader says, and what the judge says."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each label of the readers (rows) met each of the judge's labels and failures (columns)."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


def confusion(pairs: Sequence[tuple[str, str]], labels: Sequence[str]) -> Confusion:
    """The table of these pairs; the judge's side holds a label or the name of an outcome, which gets a column of its own."""
    counted = Counter(pairs)
    others = sorted({judge for _, judge in pairs if judge not in labels})
    columns = (*labels, *others)
    return Confusion(tuple(labels), columns, tuple(tuple(counted[r, c] for c in columns) for r in labels))


def proportion(successes: int, n: int, confidence: float = CONFIDENCE) -> Figure:
    """A share with Wilson's score interval (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212)."""
    if n == 0:
        return Figure.none("there is no case", 0)
    low, high = _wilson(successes, n, confidence)
    return Figure(successes / n, low, high, n)


def _wilson(successes: int, n: int, confidence: float) -> tuple[float, float]:
    """The limits of Wilson's score interval; `n` is not 0."""
    mean = successes / n
    return interval(Spread(mean, float(n), None, n, mean, 0.0), rate_score, 0.0, 1.0, confidence)


def raw_agreement(pairs: Sequence[Pair], confidence: float = CONFIDENCE) -> Figure:
    """The share of the cases with two labels in which they are the same."""
    both = _both(pairs)
    return proportion(sum(a == b for a, b in both), len(both), confidence)


def cohens_kappa(pairs: Sequence[Pair], confidence: float = CONFIDENCE) -> Figure:
    """Agreement beyond what two raters with these frequencies of labels would reach by chance: (p_o - p_e)/(1 - p_e).

    Cohen (1960), Educ. Psychol. Meas. 20, 37-46. The interval is normal, with the large-sample variance of Fleiss, Cohen &
    Everitt (1969), Psychol. Bull. 72, 323-327, equation 13 in the form of Fleiss, Levin & Paik (2003), section 18.1:
    [Σ p_ii(1 - (p_i. + p_.i)(1 - κ))² + (1 - κ)² Σ_{i≠j} p_ij(p_.i + p_j.)² - (κ - p_e(1 - κ))²] / (n(1 - p_e)²).
    Where all pairs agree, or one of the two has only one label, that variance is 0 and says nothing: the limits are then those of
    Wilson's interval for p_o, put into the same formula.
    """
    from scipy.special import ndtri

    both = _both(pairs)
    n = len(both)
    if n == 0:
        return Figure.none("there is no case that both labelled")
    table, ours, theirs = Counter(both), Counter(a for a, _ in both), Counter(b for _, b in both)
    labels = sorted({*ours, *theirs})
    observed = sum(table[x, x] for x in labels) / n
    expected = sum(ours[x] * theirs[x] for x in labels) / n**2
    if expected == 1:
        return Figure.none("all cases have one and the same label", n)
    kappa = (observed - expected) / (1 - expected)
    diagonal = sum(table[x, x] / n * (1 - (ours[x] + theirs[x]) / n * (1 - kappa)) ** 2 for x in labels)
    off = sum(k / n * ((theirs[a] + ours[b]) / n) ** 2 for (a, b), k in table.items() if a != b)
    variance = (diagonal + (1 - kappa) ** 2 * off - (kappa - expected * (1 - kappa)) ** 2) / (n * (1 - expected) ** 2)
    if variance < 1e-12:
        low, high = ((x - expected) / (1 - expected) for x in _wilson(round(observed * n), n, confidence))
        return Figure(kappa, max(-1.0, low), min(1.0, high), n)
    half = float(ndtri(0.5 + confidence / 2)) * math.sqrt(variance)
    return Figure(kappa, max(-1.0, kappa - half), min(1.0, kappa + half), n)


def krippendorffs_alpha(
    units: Sequence[Sequence[Hashable | None]],
    confidence: float = CONFIDENCE,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Figure:
    """Krippendorff's alpha for nominal labels: 1 - D_o/D_e, over any number of raters, with values missing.

    Parameters
    ----------
    units: for each case the labels that its raters gave; None where one gave none. Cases with fewer than two are left out.

    Notes
    -----
    With m_u labels of unit u, n_uc of them c, n_c in all and n together: D_o = Σ_u Σ_{c≠k} n_uc n_uk/(m_u - 1)/n and
    D_e = Σ_{c≠k} n_c n_k/(n(n - 1)). Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", section C. The interval is
    a bootstrap over cases (BCa, through scipy); where nobody ever disagrees it says nothing, and the lower limit is then made
    of the upper limit of Wilson's interval for the share of cases with a disagreement.
    """
    import numpy as np

    usable = [given for unit in units if len(given := [x for x in unit if x is not None]) > 1]
    labels = {x: i for i, x in enumerate(dict.fromkeys(x for unit in usable for x in unit))}
    if not usable:
        return Figure.none("there is no case with two labels")
    if len(labels) < 2:
        return Figure.none("all cases have one and the same label", len(usable))
    counts = np.zeros((len(usable), len(labels)))
    for i, unit in enumerate(usable):
        for x in unit:
            counts[i, labels[x]] += 1
    sizes = counts.sum(axis=1)
    apart = (sizes**2 - (counts**2).sum(axis=1)) / (sizes - 1)
    alpha = float(_alpha(counts, apart, np.arange(len(usable))))
    if not apart.any():
        _, most = _wilson(0, len(usable), confidence)
        return Figure(1.0, max(-1.0, 1 - most / _expected(counts.sum(axis=0))), 1.0, len(usable))
    found = _bootstrap(counts, apart, confidence, resamples, seed)
    return Figure(alpha, *(found or (-1.0, 1.0)), len(usable))


def _expected(totals: NDArray[np.float64]) -> Any:
    """D_e, from how often each label occurs; over the last axis."""
    n = totals.sum(axis=-1)
    return (n**2 - (totals**2).sum(axis=-1)) / (n * (n - 1))


def _alpha(counts: NDArray[np.float64], apart: NDArray[np.float64], drawn: NDArray[np.intp]) -> Any:
    """Alpha of the units that `drawn` names, over its last axis; 1 where only one label is left, since then none disagree."""
    import numpy as np

    totals = counts[drawn].sum(axis=-2)
    observed = apart[drawn].sum(axis=-1) / totals.sum(axis=-1)
    expected = _expected(totals)
    return np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1.0), 1.0)


def _bootstrap(
    counts: NDArray[np.float64], apart: NDArray[np.float64], confidence: float, resamples: int, seed: int
) -> tuple[float, float] | None:
    import numpy as np
    from scipy.stats import bootstrap

    if len(apart) < 2:
        return None
    found = bootstrap(
        (np.arange(len(apart)),),
        lambda drawn, axis=-1: _alpha(counts, apart, drawn.astype(np.intp)),
        vectorized=True,
        confidence_level=confidence,
        n_resamples=resamples,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    low, high = float(found.low), float(found.high)
    return None if math.isnan(low) or math.isnan(high) else (max(-1.0, low), min(1.0, high))


def pooled(figures: Sequence[Figure]) -> Figure:
    """The mean of strata (rubrics, whose labels cannot be mixed), weighted by their cases; strata without a value are left out.

    For kappa this is the weighting that Barlow, Lai & Azen (1991), Stat. Med. 10, 1465-1472, recommend. The interval recovers
    each stratum's variance from its own limits, so that they need not be symmetric: low = Σwθ - √Σw²(θ - l)², and likewise above
    (MOVER; Zou & Donner 2008, Stat. Med. 27, 1693-1702).
    """
    known = [(f.n, f.value, f.low, f.high) for f in figures if f.value is not None and f.low is not None and f.high is not None]
    n = sum(k for k, *_ in known)
    if n == 0:
        return Figure.none("no rubric has a value")
    value = sum(k / n * v for k, v, _, _ in known)
    down = math.sqrt(sum((k / n * (v - low)) ** 2 for k, v, low, _ in known))
    up = math.sqrt(sum((k / n * (high - v)) ** 2 for k, v, _, high in known))
    return Figure(value, value - down, value + up, n)


@dataclass(frozen=True, slots=True)
class TwoByTwo:
    """How well a judge tells "it happened" from "it did not", by what a reader says.

    `sensitivity`: of the cases in which it happened, the share that the judge says so of; `specificity`: of the others, the
    share that it does not. Both among the cases that it labelled.
    """

    sensitivity: Figure
    specificity: Figure


def two_by_two(pairs: Sequence[Pair], positive: Sequence[str], confidence: float = CONFIDENCE) -> TwoByTwo:
    """Sensitivity and specificity of the labels `positive`, with Wilson intervals."""
    happened = [b in positive for a, b in _both(pairs) if a in positive]
    not_so = [b not in positive for a, b in _both(pairs) if a not in positive]
    return TwoByTwo(proportion(sum(happened), len(happened), confidence), proportion(sum(not_so), len(not_so), confidence))


def rogan_gladen(
    estimate: float | None,
    low: float | None,
    high: float | None,
    sensitivity: float | None,
    specificity: float | None,
    n_pos: int,
    n_neg: int,
    *,
    difference: bool = False,
    confidence: float = CONFIDENCE,
    draws: int = DRAWS,
    seed: int = 0,
) -> Figure:
    """A rate (or a difference of two) as a judge without error would have found it.

    Parameters
    ----------
    estimate, low, high: as the judge found it, with its interval at `confidence`.
    sensitivity, specificity: of the judge for the label (or labels) that are counted; None: never measured.
    n_pos, n_neg: the numbers of labelled cases from which they were measured.
    difference: it is a difference of two rates from the same judge, whose errors are then taken to be alike in both.

    Returns
    -------
    The corrected number; None with a reason where the judge was never measured, or does no better than chance (se + sp ≤ 1).

    Notes
    -----
    A rate: (p + sp - 1)/(se + sp - 1), clipped to [0, 1] (Rogan & Gladen 1978, Am. J. Epidemiol. 107, 71-76). In a difference the
    specificity cancels: d/(se + sp - 1), clipped to [-1, 1]. The interval is a parametric bootstrap (Monte Carlo, seeded) that
    varies all three: the estimate as two half normals whose limits are `low` and `high`, and se and sp as beta distributions with
    Jeffreys' prior. A draw with se + sp ≤ 1 tells nothing, and counts as one end of the range or the other in turn. The aim
    is that of Lang & Reiczigel (2014), Prev. Vet. Med. 113, 13-22, whose formula wants a simple random sample; ours has clusters.
    """
    import numpy as np

    if estimate is None or low is None or high is None:
        return Figure.none("there is nothing to correct")
    if sensitivity is None or specificity is None or n_pos < 1 or n_neg < 1:
        return Figure.none(NEVER_MEASURED)
    n = n_pos + n_neg
    bottom, top = (-1.0 if difference else 0.0), 1.0
    if sensitivity + specificity <= 1:
        return Figure.none("the judge does no better than chance on labelled transcripts", n)

    def corrected(p: Any, se: Any, sp: Any) -> Any:
        return np.clip((p if difference else p + sp - 1) / (se + sp - 1), bottom, top)

    rng = np.random.default_rng(seed)
    z = math.sqrt(2) * _erfinv(confidence)
    normal = rng.standard_normal(draws)
    p = estimate + np.where(normal < 0, normal * (estimate - low), normal * (high - estimate)) / z
    se = rng.beta(sensitivity * n_pos + 0.5, (1 - sensitivity) * n_pos + 0.5, draws)
    sp = rng.beta(specificity * n_neg + 0.5, (1 - specificity) * n_neg + 0.5, draws)
    useful = se + sp - 1 > 1e-9
    ends = np.where(np.arange(draws) % 2, top, bottom)
    found = np.where(useful, corrected(p, np.where(useful, se, 1.0), np.where(useful, sp, 1.0)), ends)
    value = float(corrected(estimate, sensitivity, specificity))
    lower, upper = np.quantile(found, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return Figure(value, min(value, float(lower)), max(value, float(upper)), n)


def _erfinv(x: float) -> float:
    from scipy.special import erfinv

    return float(erfinv(x))


def _both(pairs: Sequence[Pair]) -> list[tuple[str, str]]:
    return [(a, b) for a, b in pairs if b is not None]
