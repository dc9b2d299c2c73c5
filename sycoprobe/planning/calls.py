"""The name of a call: which turn of which arm, in which conversation."""

from __future__ import annotations

from dataclasses import dataclass

from sycoprobe.metrics.metric import FIRST as FIRST


@dataclass(frozen=True, slots=True)
class CallSpec:
    """Which call this is: turn `turn` (from 0) of `arm`, in a conversation about one probe.

    Attributes
    ----------
    name: how its kind names the call within the conversation; empty: `ARM.TURN`.
    section: the kind, in runs of several kinds; else empty.
    """

    set: str
    probe: str
    repeat: int
    arm: str = FIRST
    turn: int = 0
    name: str = ""
    section: str = ""

    @property
    def item(self) -> str:
        """What is sampled: set and probe."""
        return f"{self.set}/{self.probe}"

    @property
    def talk(self) -> str:
        """The conversation, whatever its kind: what seeds go by."""
        return f"{self.set}/{self.probe}#{self.repeat}"

    @property
    def conversation(self) -> str:
        """The key of the conversation, unique in a run."""
        return f"{self.section}:{self.talk}" if self.section else self.talk

    @property
    def seeded(self) -> str:
        """The call, whatever its kind: what seeds go by."""
        return f"{self.talk}/{self.name or f'{self.arm}.{self.turn}'}"

    @property
    def key(self) -> str:
        """The key of the call, unique in a run."""
        return f"{self.section}:{self.seeded}" if self.section else self.seeded
