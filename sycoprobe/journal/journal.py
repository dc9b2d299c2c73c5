"""The append-only record of a run: every paid answer is on disk before anything else happens to it.

`reports/RUN/journal.jsonl` holds, one JSON object a line: a `header` (plan, versions, seed, model as the
server reports it), the `wordings` and every `probe` of the plan, a `begin`, then one `call` for every
call as it completes, and an `end`, `stopped`, `capped` or `interrupted` for every process that wrote to it. Where the calls
go in a vendor's batches, a `batch` record tells of every step of one before the next is taken. Every line ends with its checksum
(`lines.SUM`); lines of earlier versions have none and are read all the same.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from sycoprobe.errors import JournalError
from sycoprobe.files import is_file, is_folder
from sycoprobe.gating.baselines import Baseline
from sycoprobe.journal.heads import SCHEMA_VERSION, checked_header, plan_of
from sycoprobe.journal.lines import HEAD, Appender, DamagedLine, Line, damaged, good_length, lines_in, lock_of, records_in
from sycoprobe.journal.records import CALL, call_of, now, record_of, why_invalid
from sycoprobe.money.price import Price
from sycoprobe.planning import CallSpec, Plan, Planned
from sycoprobe.planning.call import Call
from sycoprobe.sets.probe import ProbeSet
from sycoprobe.sets.wordings import Wordings

if TYPE_CHECKING:
    from filelock import FileLock

    from sycoprobe.kinds.base import AnyKind

FILE = "journal.jsonl"
LOCK = ".lock"
_ELSEWHERE = "look at its permissions, or copy the folder to where it can be written and name the copy"


@dataclass(slots=True)
class Contents:
    """What a journal holds besides its calls, and where it stands."""

    path: Path
    header: dict[str, Any]
    plan: Plan
    wordings: Wordings
    kinds: dict[str, AnyKind] = field(default_factory=dict)
    """The kinds of the plan, by name."""
    probes: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    """By kind, set and id."""
    baseline: dict[str, Any] | None = None
    """The baseline that a sequential run was begun with."""
    torn: bool = False
    """Whether the last line was torn by a crash; readers leave it out."""
    good_bytes: int = 0
    """Length of the file without a torn last line."""
    doubled: list[int] = field(default_factory=list)
    """The lines of calls that were answered on an earlier line already, as far as calls were read."""
    foreign: list[int] = field(default_factory=list)
    """The lines of calls that the plan has no probe for, as far as calls were read."""

    @property
    def price(self) -> Price | None:
        """What the model's tokens cost, as at the start of the run."""
        kept = self.header.get("price")
        return Price.from_dict(kept) if kept else None

    @property
    def header_names(self) -> tuple[str, ...]:
        """The names of the HTTP headers of the user's own that the run was begun with."""
        return tuple(self.header.get("conduct", {}).get("headers", ()))

    def planned(self) -> Planned:
        """The plan with its probes and wordings, as at the start of the run. Raises `JournalError` if they do not go together."""
        sets = {
            part.kind: tuple(
                ProbeSet(
                    ref.info,
                    tuple(p for (kind, name, _), p in self.probes.items() if (kind, name) == (part.kind, ref.info.name)),
                    ref.digest,
                    ref.path,
                )
                for ref in part.sets
            )
            for part in self.plan.parts
        }
        try:
            return Planned.of(self.plan, self.kinds, sets, self.wordings)
        except (ValidationError, KeyError, TypeError, ValueError, AttributeError) as e:
            why = why_invalid(e) if isinstance(e, ValidationError) else str(e)
            raise damaged(self.path, 1, f"its plan cannot be used: {why}", HEAD) from None

    def probe_of(self, spec: CallSpec) -> Any:
        """The probe that a call is about."""
        return self.probes[spec.section or self.plan.parts[0].kind, spec.set, spec.probe]


class Journal:
    """A run's journal, open for appending (see `Appender`). One process at a time: a second one is refused."""

    def __init__(self, folder: Path, lock: FileLock, fd: int, size: int) -> None:
        self.folder = folder
        self._lock = lock
        self._file = Appender(fd, size)

    @classmethod
    def create(
        cls,
        folder: Path,
        planned: Planned,
        facts: dict[str, Any],
        versions: dict[str, str],
        baseline: dict[str, Any] | None = None,
        price: dict[str, Any] | None = None,
        conduct: dict[str, Any] | None = None,
        batch: str | None = None,
        run: str | None = None,
    ) -> Journal:
        """Begin the journal of a new run in `folder`.

        Parameters
        ----------
        facts: what the backend said of the model.
        baseline: what a sequential run compares to.
        price: what the model's tokens cost.
        conduct: how it is run, as far as a resume wants to know.
        batch: the token of a run in batches.
        run: its name, by default that of the folder.

        Raises `JournalError` if there is one or it cannot be written.
        """
        path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = locked(folder)
            try:
                fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
            except FileExistsError:
                lock.release()
                raise JournalError(
                    f"{folder}: there is a run already", f"`sycoprobe resume {folder}`, or choose another --name"
                ) from None
        except OSError as e:
            raise JournalError(f"{folder}: cannot be written: {e.strerror or e}", "choose a folder with --out") from e
        journal = cls(folder, lock, fd, 0)
        plan = planned.plan
        journal.append(
            {
                "type": "header",
                "schema_version": SCHEMA_VERSION,
                "run": run or folder.name,
                "started": now(),
                "versions": versions,
                "model": facts,
                "plan": plan.model_dump(mode="json"),
                **({"price": price} if price else {}),
                **({"conduct": conduct} if conduct else {}),
                **({"batch": batch} if batch else {}),
            }
        )
        journal.append({"type": "wordings", "wordings": planned.wordings.model_dump(mode="json")})
        for part in planned.parts:
            for s in part.sets:
                for p in s.probes:
                    body = p.model_dump(mode="json", exclude_defaults=True)
                    journal.append({"type": "probe", "kind": part.name, "set": s.name, "probe": body})
        if baseline is not None:
            journal.append({"type": "baseline", "baseline": baseline})
        journal.append({"type": "begin", "at": now()})
        journal.sync()
        return journal

    @classmethod
    def reopen(cls, folder: Path) -> tuple[Journal, Contents]:
        """Continue the journal in `folder`: lock it, repair a torn last line (and nothing else), give what it holds."""
        if not is_file(folder / FILE):
            raise JournalError(f"{folder}: there is no journal", "`sycoprobe run` starts a run")
        lock = locked(folder)
        try:
            contents = read(folder)
            fd = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND)
            if contents.torn:
                os.ftruncate(fd, contents.good_bytes)
                os.fsync(fd)
        except OSError as e:
            lock.release()
            raise JournalError(f"{folder / FILE}: cannot be written: {e.strerror or e}", _ELSEWHERE) from e
        except BaseException:
            lock.release()
            raise
        return cls(folder, lock, fd, contents.good_bytes), contents

    def append(self, record: dict[str, Any]) -> None:
        """Add one record. Raises `JournalError` (the disk is full); the file then ends as it did before."""
        try:
            self._file.append(record)
        except OSError as e:
            raise JournalError(
                f"{self.folder / FILE}: cannot be written: {e.strerror}", "free some space, then `sycoprobe resume`"
            ) from e

    def append_call(self, call: Call) -> None:
        """Add one completed call."""
        self.append(record_of(call))

    def sync(self) -> None:
        """Ask the disk to keep what was written."""
        self._file.sync()

    def close(self) -> None:
        """Sync, close and unlock; safe to call twice."""
        if self._file.close():
            self._lock.release()


def read(folder: Path) -> Contents:
    """What the journal in `folder` (or the journal file itself) holds besides its calls.

    Raises
    ------
    JournalError: there is none, it is not ours, or it is damaged elsewhere than in its last line.
    """
    from sycoprobe.sets.load import kind_named

    path = folder / FILE if is_folder(folder) else folder
    contents: Contents | None = None
    wordings: Wordings | None = None
    probes: dict[tuple[str, str, str], Any] = {}
    kinds: dict[str, AnyKind] = {}
    plan: Plan | None = None
    header: dict[str, Any] | None = None
    baseline: dict[str, Any] | None = None
    for number, record in records_in(path, hint=HEAD):
        kind = record.get("type")
        try:
            if number == 1:
                header = checked_header(path, record)
                plan = plan_of(header)
                kinds = {name: kind_named(name) for name in plan.kinds}
            elif kind == "wordings":
                wordings = Wordings.model_validate(record["wordings"])
            elif kind == "probe" and plan is not None:
                of = record.get("kind", plan.kinds[0])
                probe: Any = kinds[of].probe_model.model_validate(record["probe"])
                probes[of, record["set"], probe.id] = probe
            elif kind == "baseline":
                baseline = Baseline.of(record["baseline"]).model_dump(mode="json")
            elif kind == "begin" and header is not None and wordings is not None and plan is not None:
                contents = Contents(path, header, plan, wordings, kinds, probes, baseline)
                break
        except ValidationError as e:
            raise damaged(path, number, why_invalid(e), HEAD) from None
        except KeyError as e:
            raise damaged(path, number, f"{e.args[0]}: is missing", HEAD) from None
        except (TypeError, ValueError, AttributeError) as e:
            raise damaged(path, number, f"the {kind} cannot be used: {e}", HEAD) from None
    if contents is None:
        raise JournalError(
            f"{path}: the run was stopped before its first call", "nothing was asked: delete the folder and run again"
        )
    _check_whole(contents)
    contents.good_bytes, contents.torn = good_length(path)
    return contents


def _check_whole(contents: Contents) -> None:
    """Raises `JournalError` where probes of the plan are not in the journal."""
    there = Counter((kind, name) for kind, name, _ in contents.probes)
    for part in contents.plan.parts:
        for ref in part.sets:
            if there[part.kind, ref.info.name] != ref.chosen:
                why = f"it has {there[part.kind, ref.info.name]} probes of {ref.info.name}, and the plan {ref.chosen}"
                raise damaged(contents.path, 1, why, HEAD)


def calls(contents: Contents) -> Iterator[Call]:
    """Every call in the journal, in the order in which they completed; one that failed and was asked again stands twice.

    Left out, and noted in `contents`, is what does not belong there: a call that was answered on an earlier line already (a copy,
    or two journals in one), and one of a probe that is not in the plan. Raises `JournalError` at the first damaged line.
    """
    contents.doubled.clear()
    contents.foreign.clear()
    answered: set[int] = set()
    for line in lines_in(contents.path):
        call = _call_in(contents, line)
        if call is None:
            continue
        known = hash(call.spec.key)  # the keys of a large run would take a hundred megabytes
        if not _belongs(contents, call.spec):
            contents.foreign.append(line.number)
        elif known in answered:
            contents.doubled.append(line.number)
        else:
            if call.error is None:
                answered.add(known)
            yield call


def _call_in(contents: Contents, line: Line) -> Call | None:
    """The call in a line, if it is one. Raises `JournalError` for a damaged line."""
    if line.damage:
        raise damaged(contents.path, line.number, line.damage)
    if line.record.get("type") != "call":
        return None
    try:
        return call_of(line.record, contents.plan.sampling.thinking_marks)
    except DamagedLine as e:
        raise damaged(contents.path, line.number, str(e)) from None


def _belongs(contents: Contents, spec: CallSpec) -> bool:
    """Whether a call is one that the plan could ask."""
    place = (spec.section or contents.plan.parts[0].kind, spec.set, spec.probe)
    return place in contents.probes and 0 <= spec.repeat < contents.plan.repeats


def final_calls(contents: Contents, every: Callable[[Call], None] = lambda _call: None) -> Iterator[Call]:
    """Every call once: of one that failed and was asked again, the last. `every` is told of all calls, in the journal's order."""
    failed, answered_again = _failures(contents)
    for call in calls(contents):
        every(call)
        key = call.spec.key
        if call.error is not None:
            failed[key] -= 1
            if failed[key] or key in answered_again:
                continue
        yield call


def _failures(contents: Contents) -> tuple[Counter[str], set[str]]:
    """How often each call failed, and which of those were answered after all."""
    failed: Counter[str] = Counter()
    answered_again: set[str] = set()
    with contents.path.open("rb") as file:
        if not any(b'"error"' in line for line in file):
            return failed, answered_again
    for _, record in records_in(contents.path):
        if record.get("type") != "call":
            continue
        key = str(record.get("key"))
        if record.get("error") is not None:
            failed[key] += 1
        elif key in failed:
            answered_again.add(key)
    return failed, answered_again


def line_notes(contents: Contents) -> list[str]:
    """What a report says of lines that were left out when its calls were read; nothing of a journal that is whole."""
    found = (
        (contents.doubled, "a call that an earlier line has the answer to: a copy, or two journals in one file"),
        (contents.foreign, "a call of no probe of this run"),
    )
    return [f"left out: {_numbers(contents.path, lines)}, each {what}" for lines, what in found if lines]


def _numbers(path: Path, lines: list[int]) -> str:
    shown = ", ".join(map(str, lines[:10])) + (f" and {len(lines) - 10} more" if len(lines) > 10 else "")
    return f"{path.name}, line{'s' if len(lines) > 1 else ''} {shown}"


def interruptions(contents: Contents) -> list[dict[str, Any]]:
    """The `end`, `stopped`, `capped` and `interrupted` records, in order."""
    ends = ("end", "stopped", "capped", "interrupted")
    return [r for _, r in records_in(contents.path, without=CALL) if r.get("type") in ends]


def locked(folder: Path) -> FileLock:
    """The lock of a run's folder, held from now on. Raises `JournalError`."""
    try:
        lock = lock_of(folder / LOCK)
    except OSError as e:
        raise JournalError(f"{folder}: cannot be written: {e.strerror or e}", _ELSEWHERE) from e
    if lock is None:
        raise JournalError(f"{folder}: another process is writing to this run", "wait for it to end, or stop it first")
    return lock
