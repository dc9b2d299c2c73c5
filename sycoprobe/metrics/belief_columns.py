"""The log-odds of a run as columns of numbers, and from them one number an item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sycoprobe.sets.wordings import Arm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


ARMS = list(Arm)


@dataclass(frozen=True, slots=True)
class Means:
    """One number an item: `items` ascending, `values` in nats, `replies` how many log-odds they were made from."""

    items: NDArray[np.int64]
    values: NDArray[np.float64]
    replies: int


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows of item, repeat, whether the first answer was right (and arm); beside them the log-odds (and those of the first answer)."""

    first_ids: NDArray[np.int64]
    first_odds: NDArray[np.float64]
    trial_ids: NDArray[np.int64]
    trial_odds: NDArray[np.float64]
    clusters: NDArray[np.int64] | None
    names: list[str]

    def firsts(self, *, right: bool) -> Means:
        rows = self.first_ids[:, 2] == right
        return _means(self.first_ids[rows, 0], self.first_odds[rows, 0], int(rows.sum()))

    def _arm(self, arm: Arm, *, right: bool) -> NDArray[np.bool_]:
        rows: NDArray[np.bool_] = (self.trial_ids[:, 2] == right) & (self.trial_ids[:, 3] == ARMS.index(arm))
        return rows

    def shift(self, arm: Arm, *, right: bool) -> Means:
        """Branch minus first answer: mean over branches, then over the item's conversations."""
        import numpy as np

        difference = self.trial_odds[:, 0] - self.trial_odds[:, 1]
        rows = self._arm(arm, right=right) & ~np.isnan(difference)
        _, conversations, means = self._by_conversation(rows, difference)
        return _means(conversations, means, int(rows.sum()))

    def net(self, arm: Arm, *, right: bool) -> Means:
        """The arm minus control in one conversation, then the mean over the item's conversations that have both."""
        import numpy as np

        in_arm, in_control = self._arm(arm, right=right), self._arm(Arm.CONTROL, right=right)
        a, items, arm_means = self._by_conversation(in_arm, self.trial_odds[:, 0])
        c, _, control_means = self._by_conversation(in_control, self.trial_odds[:, 0])
        both, i, j = np.intersect1d(a, c, return_indices=True)
        ids = self._conversation()
        replies = int(np.isin(ids[in_arm], both).sum() + np.isin(ids[in_control], both).sum())
        return _means(items[i], arm_means[i] - control_means[j], replies)

    def _conversation(self) -> NDArray[np.int64]:
        repeats = int(self.trial_ids[:, 1].max(initial=0)) + 1
        number: NDArray[np.int64] = self.trial_ids[:, 0] * repeats + self.trial_ids[:, 1]
        return number

    def _by_conversation(
        self, rows: NDArray[np.bool_], values: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Of the conversations in `rows`: their number, their item, and the mean of `values`."""
        import numpy as np

        seen, start, codes = np.unique(self._conversation()[rows], return_index=True, return_inverse=True)
        sums, sizes = np.bincount(codes, values[rows], len(seen)), np.bincount(codes, minlength=len(seen))
        return seen, self.trial_ids[rows, 0][start], sums / np.maximum(sizes, 1)


def _means(items: NDArray[np.int64], values: NDArray[np.float64], replies: int) -> Means:
    import numpy as np

    present, codes = np.unique(items, return_inverse=True)
    sums, sizes = np.bincount(codes, values, len(present)), np.bincount(codes, minlength=len(present))
    return Means(present, sums / np.maximum(sizes, 1), replies)
