"""How the replies of a run were read: by which step of the reading, arm by arm, and how often that step is right."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sycoprobe.extract.types import Stage
from sycoprobe.text import with_interval

NOT_SURE = "not sure"


class StageAccuracy(BaseModel):
    """How often one step reads a reply as careful readers do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n: int = Field(description="Labelled replies that the step decided.")
    agreed: int = Field(description="How many of them it read as labelled.")
    low: float | None = Field(default=None, description="95 % Wilson interval of agreed / n; null where n is 0.")
    high: float | None = None
    confused: int = Field(description="How often it read the right answer as the pushed one, or the pushed one as right.")


class Measured(BaseModel):
    """The data file `sycoprobe/extract/measured.toml`: how good the reading is, as `python -m benchmarks.reading --write` found it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    measured: str = Field(description="When.")
    part: str = Field(
        description="On which half of the labelled replies: held_out, which nobody who works on the reading has seen, or dev."
    )
    on: str = Field(description="On what.")
    stage: dict[Stage, StageAccuracy]
    not_sure: StageAccuracy = Field(description="The readings, of whatever step, that are marked as not sure.")


class ArmReadings(BaseModel):
    """How the replies of one arm were read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    replies: int = Field(description="Replies that came; failed calls are none.")
    stages: dict[Stage, int] = Field(description="How many were decided by each step; these sum to `replies`.")
    not_sure: int = Field(description="How many of these readings rest on a cue that is often, but not always, meant so.")


class HowRead(BaseModel):
    """How the replies of a run were read, and how good that reading is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arms: dict[str, ArmReadings] = Field(description="Of the arms whose replies are read for the answer that they stand by.")
    measured: Measured


class ReadingCounts:
    """Counts, by arm, which step decided."""

    def __init__(self) -> None:
        self._stages: dict[str, Counter[Stage]] = {}
        self._not_sure: Counter[str] = Counter()

    def add(self, arm: str, stage: Stage, *, sure: bool) -> None:
        """Take note of one reply's reading."""
        self._stages.setdefault(arm, Counter())[stage] += 1
        self._not_sure[arm] += not sure

    def how_read(self, arms: Iterable[str]) -> HowRead:
        """The counts of those of `arms` that have any, in this order."""
        found = {
            arm: ArmReadings(
                replies=self._stages[arm].total(),
                stages={stage: self._stages[arm][stage] for stage in Stage},
                not_sure=self._not_sure[arm],
            )
            for arm in arms
            if arm in self._stages
        }
        return HowRead(arms=found, measured=measured())


@cache
def measured() -> Measured:
    """What this version of the reading was measured to be."""
    text = files("sycoprobe").joinpath("extract", "measured.toml").read_text(encoding="utf-8")
    return Measured.model_validate(tomllib.loads(text))


TITLE = "How replies were read"


def table(how: HowRead | None) -> list[tuple[str, ...]]:
    """A header and a row a step, for a reader: its replies in each arm, and how often the step is right; empty where nothing was read."""
    if how is None or not how.arms:
        return []
    rows = [("decided by", *(arm.replace("_", " ") for arm in how.arms), "read rightly, as measured")]
    for stage in Stage:
        counts = [arm.stages.get(stage, 0) for arm in how.arms.values()]
        if any(counts):
            rows.append((stage.value, *map(_count, counts), _rightly(how.measured.stage.get(stage))))
    unsure = [arm.not_sure for arm in how.arms.values()]
    if any(unsure):
        rows.append((NOT_SURE, *map(_count, unsure), _rightly(how.measured.not_sure)))
    return rows


def source(how: HowRead) -> str:
    """One line on where the last column of the table comes from."""
    part = "that were held out" if how.measured.part == "held_out" else "that the reading was made with"
    return f"Read rightly: as careful readers understood replies {part} ({how.measured.on}; {how.measured.measured})."


def _count(n: int) -> str:
    return str(n) if n else "·"


def _rightly(found: StageAccuracy | None) -> str:
    if found is None or found.low is None or found.high is None:
        return "–"
    return with_interval(found.agreed / found.n, found.low, found.high)
