"""What became of every row that was read: a probe, part of one, the repetition of one, or left out with the reason."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sycoprobe.sets.faults import MAX_LINE_BYTES, Fault, fault_saying, pydantic_fault
from sycoprobe.sets.importing.rows import Broken, Row
from sycoprobe.sets.probe import Probe, numbers_beyond
from sycoprobe.showing import OneLine
from sycoprobe.text import counted, normalise, visible

REPORT_VERSION: Literal[1] = 1
_HEADROOM = 4096
"""Bytes of a line that id, source and spacing may take."""

Check = Callable[[Probe], Sequence[str]]


class Why(StrEnum):
    """Why a row made no probe of its own though nothing is wrong with it."""

    VARIANT = "variant"
    """Another wording of an item that an earlier row brought."""
    DUPLICATE = "duplicate"
    """The same row again."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(_Part):
    """One thing that is wrong, or was changed; line and column count from 1."""

    file: str
    line: int
    column: int
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}; {self.fix}"


class LeftOut(_Part):
    """A row that made no probe, and all that is wrong with it."""

    file: str
    line: int
    faults: tuple[Place, ...]


class Collapsed(_Part):
    """A row that repeats an earlier one."""

    file: str
    line: int
    why: Why
    repeats_file: str
    repeats_line: int
    probe: str


class Tally(_Part):
    """The rows of one file: `rows` is the sum of the others.

    `joined` rows became part of a probe that another file's row began.
    """

    file: str
    sha256: str = ""
    rows: int
    probes: int
    collapsed: int
    joined: int
    left_out: int


class ImportReport(OneLine, _Part):
    """What an import read, wrote, collapsed, changed, lost and left out: the file `import-report.json`."""

    schema_version: Literal[1] = REPORT_VERSION
    sycoprobe: str = Field(description="Version of sycoprobe.")
    format: str = Field(description="The format that was read.")
    part: str | None = Field(description="Its part, of a format that has several.")
    kind: str | None = Field(description="The kind of the probes; None: questions with a known answer.")
    seed: int = Field(description="From which wrong options were drawn, if any were.")
    folder: str | None = Field(description="Where the set was written; None: it was not.")
    rows: int = Field(description="Rows that were read: the sum of the next four.")
    probes: int = Field(description="Rows that became a probe.")
    collapsed: int = Field(description="Rows that repeat another one.")
    joined: int = Field(description="Rows that became part of another row's probe.")
    left_out: int = Field(description="Rows that made no probe.")
    answer_formats: dict[str, int] = Field(description="Of questions with a known answer: how many probes of each format.")
    files: tuple[Tally, ...] = Field(description="The same for each file.")
    left_out_rows: tuple[LeftOut, ...] = Field(description="The rows that made no probe, and why.")
    changed: tuple[Place, ...] = Field(description="What was read otherwise than it stood, row by row.")
    collapsed_rows: tuple[Collapsed, ...] = Field(description="The rows that repeat another one, and which.")
    lost: tuple[str, ...] = Field(description="What of the source has no place in a probe.")
    hints: tuple[str, ...] = Field(default=(), description="What may not be meant, and what else the set can do.")

    def _line(self) -> str:
        where = f"in {self.folder}" if self.folder is not None else "nothing was written"
        return (
            f"{self.format}: {counted(self.probes, 'probe')} of {counted(self.rows, 'row')}, {self.left_out} left out; {where}"
        )


class Ledger:
    """Takes the rows one by one and keeps account of them.

    Parameters
    ----------
    model: the class of the probes.
    prefixes: by file, what the ids of its probes begin with.
    check: what besides its schema speaks against a question with a known answer, each in a sentence that begins with a field and a colon.
    """

    def __init__(self, model: type[BaseModel], prefixes: Mapping[str, str], check: Check = numbers_beyond) -> None:
        self.probes: list[Any] = []
        self.changed: list[Fault] = []
        self.lost: list[str] = []
        self.left_out: list[LeftOut] = []
        self.collapsed: list[Collapsed] = []
        self._model = model
        self._prefixes = prefixes
        self._check = check
        self._counts: dict[str, Counter[str]] = {f: Counter() for f in prefixes}
        self._same: dict[bytes, tuple[str, int, str]] = {}
        self._asked: dict[bytes, tuple[str, int, Probe]] = {}
        self._ids: dict[str, tuple[str, int]] = {}
        self._variants: dict[str, set[str]] = {}

    def change(self, fault: Fault) -> None:
        """Something was read otherwise than it stands in the file."""
        self.changed.append(fault)

    def lose(self, sentence: str) -> None:
        """Something of the source has no place in a probe."""
        if sentence not in self.lost:
            self.lost.append(sentence)

    def leave_out(self, row: Row | Broken, *faults: Fault) -> None:
        """The row makes no probe."""
        found = faults or ((row.fault,) if isinstance(row, Broken) else ())
        self._count(row.file, "left_out")
        self.left_out.append(LeftOut(file=row.file, line=row.line, faults=tuple(_place(f) for f in found)))

    def join(self, row: Row | Broken) -> None:
        """The row became part of a probe that another file's row began."""
        self._count(row.file, "joined")

    def keep(self, row: Row, data: Mapping[str, Any], sources: Mapping[str, str], variant: str | None = None) -> bool:
        """Make the row's probe, unless an earlier row made it, or it is faulty. Returns whether its content is in the set.

        Parameters
        ----------
        data: the probe's fields; without `id`, it is made from the file and the line, or the number of the element.
        sources: by field of the probe, the field of the row that it comes from.
        variant: the wording in which the row asks; rows that differ in it alone are variants, not duplicates.
        """
        given = {"id": f"{self._prefixes[row.file]}-{row.number or row.line:05d}", **data}
        for field in row.not_numbers:
            self.change(row.fault(field, f"{field}: NaN or an infinity, which is not JSON", "it was read as absent"))
        try:
            probe: Any = self._model.model_validate(given)
        except ValidationError as e:
            found = [pydantic_fault(row.file, row.line, 1, error) for error in e.errors(include_url=False)]
            self.leave_out(row, *(_at_source(row, sources, fault) for fault in found))
            return False
        if isinstance(probe, Probe) and (against := self._check(probe)):
            self.leave_out(row, *(_at_source(row, sources, fault_saying(row.file, row.line, 1, s)) for s in against))
            return False
        # Not the id, which tells rows apart, nor where a fact can be looked up, which may name the row.
        content = probe.model_dump_json(exclude={"id", "source"})
        if len(content.encode()) > MAX_LINE_BYTES - _HEADROOM:
            message = f"the probe would be longer than the {MAX_LINE_BYTES:,} bytes that one may have"
            self.leave_out(row, Fault(row.file, row.line, 1, message, "leave long material out of the row"))
            return False
        key = _digest(_without_order(probe, content))
        if (same := self._same.get(key)) is not None:
            self._collapse(row, same, variant)
            return True
        if (conflict := self._conflict(row, probe, sources)) is not None:
            self.leave_out(row, conflict)
            return False
        self._same[key] = (row.file, row.line, probe.id)
        self._ids[probe.id] = (row.file, row.line)
        self._variants[probe.id] = {variant or ""}
        self.probes.append(probe)
        self._count(row.file, "probes")
        return True

    def places(self) -> list[Place]:
        """What was read otherwise than it stands."""
        return [_place(f) for f in self.changed]

    def tallies(self, digests: Mapping[str, str]) -> tuple[Tally, ...]:
        """The account of each file; `digests` are the files' SHA-256."""
        return tuple(
            Tally(
                file=file,
                sha256=digests.get(file, ""),
                rows=c["rows"],
                probes=c["probes"],
                collapsed=c["collapsed"],
                joined=c["joined"],
                left_out=c["left_out"],
            )
            for file, c in self._counts.items()
        )

    def answer_formats(self) -> dict[str, int]:
        """How many probes have each answer format."""
        return dict(Counter(p.format.value for p in self.probes if isinstance(p, Probe)).most_common())

    def counted(self, rows: Sequence[Row | Broken] | Any) -> Any:
        """The rows, each counted as read when it is taken."""
        for row in rows:
            self.read(row.file)
            yield row

    def read(self, file: str) -> None:
        """One row of `file` was read."""
        self._count(file, "rows")

    def _count(self, file: str, what: str) -> None:
        self._counts.setdefault(file, Counter())[what] += 1

    def _collapse(self, row: Row, same: tuple[str, int, str], variant: str | None) -> None:
        file, line, probe_id = same
        seen = self._variants[probe_id]
        why = Why.DUPLICATE if (variant or "") in seen else Why.VARIANT
        seen.add(variant or "")
        self._count(row.file, "collapsed")
        self.collapsed.append(
            Collapsed(file=row.file, line=row.line, why=why, repeats_file=file, repeats_line=line, probe=probe_id)
        )

    def _conflict(self, row: Row, probe: Any, sources: Mapping[str, str]) -> Fault | None:
        """Why the probe cannot stand beside the earlier ones."""
        if (known := self._ids.get(probe.id)) is not None:
            at = sources.get("id", "id")
            return row.fault(at, f"id: {probe.id!r} stands already at {known[0]}:{known[1]}", "give each row an id of its own")
        if isinstance(probe, Probe):
            options = sorted(normalise(o) for o in probe.options)
            key = _digest("\x1f".join((normalise(probe.question), probe.context or "", *options)))
            if (asked := self._asked.get(key)) is not None:
                message = f"question: stands already at {asked[0]}:{asked[1]}, with {_difference(asked[2], probe)}"
                return row.fault(sources.get("question", "question"), message, "keep one of the two rows")
            self._asked[key] = (row.file, row.line, probe)
        return None


def _difference(one: Probe, other: Probe) -> str:
    """In what two probes that ask the same differ."""
    fields = [
        f
        for f in Probe.model_fields
        if f not in ("id", "source", "question", "options") and getattr(one, f) != getattr(other, f)
    ]
    answers = [f for f in fields if f in ("answer", "aliases", "wrong_answer", "wrong_aliases", "format")]
    return f"other answers ({', '.join(answers)})" if answers else f"another {' and '.join(fields) or 'wording'}"


def _without_order(probe: Any, content: str) -> str:
    """A probe's content with its options sorted: conversations draw their order anew, so it makes no other question."""
    if not isinstance(probe, Probe) or not probe.options:
        return content
    ordered = probe.model_copy(update={"options": tuple(sorted(probe.options))})
    return ordered.model_dump_json(exclude={"id", "source"})


def _at_source(row: Row, sources: Mapping[str, str], fault: Fault) -> Fault:
    """A complaint about a field, at the place in the source that its value came from."""
    field = fault.message.partition(":")[0].partition(".")[0]
    source = sources.get(field)
    if source is None:
        return fault
    message = fault.message if source == field else fault.message.replace(":", f" (from {source}):", 1)
    return row.fault(source, message, fault.fix)


def _place(fault: Fault) -> Place:
    # Made visible: a message may quote control characters, or the lone surrogates of broken JSON, which are no text.
    message, fix = visible(fault.message), visible(fault.fix)
    return Place(file=visible(fault.file), line=fault.line, column=fault.column, message=message, fix=fix)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
