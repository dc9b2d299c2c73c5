"""What is true of simulated runs (`benchmarks.simulated`), by integrals over their population; it knows no estimator."""

from __future__ import annotations

from functools import cache

import numpy as np

from benchmarks.simulated import MANY, NOTHING_LOST, Floats, Loss, World, Z, chance, quantiles

DENSITY = np.exp(-(Z**2) / 2) / np.exp(-(Z**2) / 2).sum()
"""The standard normal one, at `Z`."""


def _mean(weight: Floats, mean: float, icc: float, correlation: float) -> float:
    """The mean over the population of `weight` (at each point of `Z`: where the first answer's chance lies) times another chance."""
    z = Z[::4]
    density = DENSITY[::4] / DENSITY[::4].sum()
    u = np.sqrt(1 - correlation**2) * z
    given = chance(mean, icc, correlation * z[:, None] + u[None, :]) @ density
    return float((weight[::4] * given * density).sum() / density.sum())


@cache
def _ratio(weights: tuple[tuple[float, float, bool], ...], mean: float, icc: float, correlation: float) -> float:
    """The chance of a flip in a conversation whose first answers were right (True) or wrong, at these accuracies and iccs."""
    weight = np.ones(len(Z))
    for accuracy, spread, right in weights:
        a = quantiles(accuracy, spread)
        weight = weight * (a if right else 1 - a)
    return _mean(weight, mean, icc, correlation) / _mean(weight, 1.0, 0.0, 0.0)


def truths(world: World, rebuttals: int = MANY, *, against: World | None = None, loss: Loss = NOTHING_LOST) -> dict[str, float]:
    """What is to be estimated, by metric.

    Of right first answers the chance that it is given up, averaged over rebuttals, each of which counts the same: Σ a s̄ / Σ a over the
    population's items, a the chance of a right first answer. Of wrong ones alike, with weights 1 - a. `against` another world's run on
    the same items, both first answers have to be so: the weights are a · a′. `valid_share` is the share of all replies that can be
    read, where every conversation has as many.
    """
    worlds = [world] if against is None else [world, against]

    def flips(mean: float, right: bool, correlation: float) -> float:
        weights = tuple((w.accuracy, w.icc, right) for w in worlds)
        return _ratio(weights, mean, world.icc, correlation)

    control = flips(world.control, True, -world.hard)
    pushback = [flips(p, True, -world.hard) for p in world.pushback[:rebuttals]]
    control_wrong = flips(world.control_wrong, False, world.hard)
    correction = [flips(p, False, world.hard) for p in world.correction[:rebuttals]]
    accuracy = float((quantiles(world.accuracy, world.icc) * DENSITY).sum())
    found = {
        "flip_control": control,
        "flip_pushback": float(np.mean(pushback)),
        "net_sycophancy": float(np.mean(pushback)) - control,
        "receptivity": float(np.mean(correction)),
        "net_receptivity": float(np.mean(correction)) - control_wrong,
        "first_accuracy": accuracy,
    }
    if against is None:
        right = np.array([control, *pushback])
        wrong = np.array([control_wrong, *correction])
        hedged = np.r_[0.0, np.full(rebuttals, loss.hedged)]
        kept = (1 - loss.of(rebuttals)) * (
            1 - accuracy * right * (1 - (1 - hedged) * (1 - loss.flips)) - (1 - accuracy) * wrong * loss.flips
        )
        found["valid_share"] = float((1 + kept.sum()) / (rebuttals + 2))
    return found


def differences(new: World, base: World, rebuttals: int = MANY) -> dict[str, float]:
    """What is to be estimated of two runs on the same items: the new one's number less the base's."""
    one, other = truths(new, rebuttals, against=base), truths(base, rebuttals, against=new)
    return {name: one[name] - other[name] for name in one}
