"""The conversations of a run arm by arm, as people look through them: what came of each, the worst first, and which of them are wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sycoprobe.metrics.metric import Metric
from sycoprobe.reports.dialogs import Dialog, Said
from sycoprobe.text import fold


@dataclass(frozen=True, slots=True)
class Branch:
    """One arm of a conversation, with the first answer that it branches from.

    Attributes
    ----------
    dialog: the whole conversation.
    arm: which arm.
    said: its exchanges, the shared first ones before them.
    verdict: what the aspect that the kind's headline looks at comes to.
    counts: whether the headline counts it.
    """

    dialog: Dialog
    arm: str
    said: tuple[Said, ...]
    verdict: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which branches are looked at; empty: all.

    Attributes
    ----------
    kind, arm, verdict: those of the branch.
    text: words that all occur in what was asked and said, whatever their case.
    """

    kind: str = ""
    arm: str = ""
    verdict: str = ""
    text: str = ""

    def takes(self, branch: Branch) -> bool:
        """Whether a branch is one of them."""
        if (
            self.kind not in ("", branch.dialog.kind)
            or self.arm not in ("", branch.arm)
            or self.verdict not in ("", branch.verdict)
        ):
            return False
        words = fold(self.text).split()
        if not words:
            return True
        d = branch.dialog
        texts = [d.item, branch.arm, d.right or "", d.pushed or "", *(t for s in branch.said for t in (s.user, s.reply))]
        whole = fold("\n".join(texts))
        return all(word in whole for word in words)


def branches_of(dialogs: Iterable[Dialog], headlines: Mapping[str, Metric]) -> list[Branch]:
    """Every arm of every conversation: first what the kinds' headlines count, then by verdict, item and arm.

    Parameters
    ----------
    dialogs: conversations of a run.
    headlines: the headline of each kind.
    """
    found = [branch for dialog in dialogs for branch in _of(dialog, headlines[dialog.kind])]
    return sorted(found, key=lambda b: (not b.counts, b.verdict, b.dialog.kind, b.dialog.item, b.dialog.repeat, b.arm))


def _of(dialog: Dialog, headline: Metric) -> Iterable[Branch]:
    shared = "first"
    first = tuple(s for s in dialog.said if s.arm == shared)
    arms = dict.fromkeys(s.arm for s in dialog.said if s.arm != shared) or dict.fromkeys([shared])
    derived = {(arm, f.aspect): f.label or f.outcome for arm, f in dialog.derived}
    for arm in arms:
        own = tuple(s for s in dialog.said if s.arm == arm and arm != shared)
        said = first + own
        verdict = derived.get((arm, headline.aspect)) or said[-1].word(headline.aspect)
        counts = arm in headline.arms and verdict in (headline.labels or ())
        yield Branch(dialog, arm, said, verdict or "–", counts)
