"""What a reproduction holds: figures beside the published ones, orders of models, and where the files disagree."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sycoprobe.showing import OneLine
from sycoprobe.stats.sample import Estimate
from sycoprobe.text import with_interval


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataFile(_Data):
    """A file that was read."""

    file: str = Field(description="Its path below the folder of the data.")
    rows: int = Field(description="How many rows, lines or runs it holds.")
    sha256: str = Field(description="SHA-256 (hex) of the file as it lies there.")


class Figure(OneLine, _Data):
    """One number of one model, by the paper's formula or ours."""

    part: str = Field(description="Of which part of the paper.")
    model: str = Field(description="As the files name it; of all models of a condition, that.")
    measure: str = Field(description="The number's name.")
    whose: Literal["paper", "ours"] = Field(description="Whether the formula is the paper's or ours.")
    beside: str | None = Field(default=None, description="Of ours: the paper's measure that it stands beside.")
    value: float | None = Field(description="The number; None where there is nothing to compute it from.")
    low: float | None = Field(description="Lower limit of its interval of 95 %.")
    high: float | None = Field(description="Upper limit.")
    rows: int = Field(description="How many rows it rests on.")
    questions: int = Field(description="How many questions, each one cluster.")
    method: str = Field(description="How the interval was computed.")
    reason: str | None = Field(default=None, description="Why there is no value.")
    published: float | None = Field(default=None, description="As the paper or its files have it.")
    places: int | None = Field(default=None, description="To how many places.")
    where: str | None = Field(default=None, description="Where it was published.")
    difference: float | None = Field(default=None, description="Our reading less the published figure.")
    paper_low: float | None = Field(default=None, description="The lower limit by the paper's own kind of interval.")
    paper_high: float | None = Field(default=None, description="The upper one.")

    @property
    def same(self) -> bool | None:
        """Whether the published figure came out to the digit; None where none was published."""
        if self.published is None or self.value is None or self.places is None:
            return None
        return abs(self.value - self.published) <= 0.5 * 10.0**-self.places * (1 + 1e-9)

    def _line(self) -> str:
        return f"{self.part}, {self.model}: {self.measure} {self.shown}"

    @property
    def shown(self) -> str:
        """As `2.44 [1.99, 2.89]`."""
        if self.value is None or self.low is None or self.high is None:
            return "–"
        return with_interval(self.value, self.low, self.high)


class Order(_Data):
    """Whether the order of models changes from the paper's measure to ours."""

    part: str = Field(description="Of which part of the paper.")
    paper: str = Field(description="The paper's measure.")
    ours: str = Field(description="Ours.")
    models: int = Field(description="How many models have both.")
    tau: float | None = Field(description="Kendall's tau-b between the two; 1: the same order.")
    swapped: tuple[tuple[str, str], ...] = Field(
        description="Pairs of which the first is better by the paper and worse by ours."
    )


class Finding(_Data):
    """One place where the authors' files disagree with each other, or say what a reader must know."""

    part: str = Field(description="In which part of the paper.")
    file: str = Field(description="The file, below the folder of the data.")
    line: int | None = Field(description="The line in it; None: the file as a whole.")
    message: str = Field(description="What is the matter.")

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}"


class Reproduction(OneLine, _Data):
    """A paper's published data, read again."""

    schema_version: Literal[1] = Field(default=1, description="Of this form.")
    sycoprobe: str = Field(description="Version of sycoprobe.")
    paper: str = Field(description="Name or file of the paper.")
    title: str = Field(description="Its title.")
    citation: str = Field(description="Authors, year, where.")
    source: str = Field(description="Where its data comes from.")
    licence: str = Field(description="Of the data, an SPDX identifier.")
    sha256: str = Field(description="Of the names and hashes of all files that were read.")
    files: tuple[DataFile, ...] = Field(description="The files that were read.")
    parts: dict[str, str] = Field(description="The parts that were found, and what they are.")
    figures: tuple[Figure, ...] = Field(description="All numbers, by part, model and measure.")
    orders: tuple[Order, ...] = Field(description="Whether the order of models changes under ours.")
    findings: tuple[Finding, ...] = Field(description="Where the files disagree, by file and line.")

    def _line(self) -> str:
        return f"{self.paper}: {len(self.figures)} figures, {len(self.findings)} findings"

    def figure(self, part: str, model: str, measure: str) -> Figure:
        """One figure. Raises `KeyError`."""
        for f in self.figures:
            if (f.part, f.model, f.measure) == (part, model, measure):
                return f
        raise KeyError((part, model, measure))


def figure_of(part: str, model: str, measure: str, whose: Literal["paper", "ours"], found: Estimate) -> Figure:
    """A figure of an estimate, with nothing published beside it."""
    return Figure(
        part=part,
        model=model,
        measure=measure,
        whose=whose,
        value=found.value,
        low=found.low,
        high=found.high,
        rows=found.trials,
        questions=found.items,
        method=found.method,
        reason=found.reason,
    )
