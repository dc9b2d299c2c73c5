"""The append-only record of a run: every paid answer is on disk before anything else happens to it.

`reports/RUN/journal.jsonl` holds, one JSON object a line: a `header` (plan, versions, seed, model as the
server reports it), the `wordings` and every `probe` of the plan, a `begin`, then one `call` for every
call as it completes, and an `end`, `stopped`, `capped` or `interrupted` for every process that wrote to it. Where the calls
go in a vendor's batches, a `batch` record tells of every step of one before the next is taken.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonlines

from sycoprobe.errors import BackendError, JournalError
from sycoprobe.extract.thinking import split_thinking
from sycoprobe.keys import scrubbed
from sycoprobe.money.price import Price
from sycoprobe.planning import CallSpec, Plan, Planned
from sycoprobe.planning.call import Call
from sycoprobe.planning.legacy import place_of_version_1
from sycoprobe.sets.probe import ProbeSet
from sycoprobe.sets.wordings import Wordings
from sycoprobe.text import json_of_line
from sycoprobe.turns import ErrorKind, Finish, Reply

if TYPE_CHECKING:
    from filelock import FileLock

    from sycoprobe.kinds.base import ProbeKind

SCHEMA_VERSION = 2
FILE = "journal.jsonl"
LOCK = ".lock"
_SYNC_EVERY = 2.0


@dataclass(slots=True)
class Contents:
    """What a journal holds besides its calls, and where it stands."""

    path: Path
    header: dict[str, Any]
    plan: Plan
    wordings: Wordings
    kinds: dict[str, ProbeKind] = field(default_factory=dict)
    """The kinds of the plan, by name."""
    probes: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    """By kind, set and id."""
    baseline: dict[str, Any] | None = None
    """The baseline that a sequential run was begun with."""
    torn: bool = False
    """Whether the last line was torn by a crash; readers leave it out."""
    good_bytes: int = 0
    """Length of the file without a torn last line."""

    @property
    def price(self) -> Price | None:
        """What the model's tokens cost, as at the start of the run."""
        kept = self.header.get("price")
        return Price.from_dict(kept) if kept else None

    def planned(self) -> Planned:
        """The plan with its probes and wordings, as at the start of the run."""
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
        return Planned.of(self.plan, self.kinds, sets, self.wordings)

    def probe_of(self, spec: CallSpec) -> Any:
        """The probe that a call is about."""
        return self.probes[spec.section or self.plan.parts[0].kind, spec.set, spec.probe]


class Journal:
    """A run's journal, open for appending. One process at a time: a second one is refused.

    Each record goes to the operating system in one write before `append` returns, so that a killed process
    loses nothing that it had received; the disk is asked to keep it every two seconds and at the end.
    """

    def __init__(self, folder: Path, lock: FileLock, fd: int, size: int) -> None:
        self.folder = folder
        self._lock = lock
        self._fd = fd
        self._size = size
        self._synced = time.monotonic()

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
        facts: what the backend said of the model. baseline: what a sequential run compares to.
        price: what the model's tokens cost. conduct: how it is carried out, as far as a resume wants to know.
        batch: the token of a run in batches. run: its name, by default that of the folder.

        Raises `JournalError` if there is one or it cannot be written.
        """
        path = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = _locked(folder)
            try:
                fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
            except FileExistsError:
                lock.release()
                raise JournalError(
                    f"{folder}: there is a run already", f"`sycoprobe resume {folder}`, or choose another --name"
                ) from None
        except OSError as e:
            raise JournalError(f"{folder}: cannot be written: {e.strerror}", "choose a folder with --out") from e
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
        if not (folder / FILE).is_file():
            raise JournalError(f"{folder}: there is no journal", "`sycoprobe run` starts a run")
        lock = _locked(folder)
        try:
            contents = read(folder)
            fd = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND)
            if contents.torn:
                os.ftruncate(fd, contents.good_bytes)
                os.fsync(fd)
        except OSError as e:
            lock.release()
            raise JournalError(f"{folder / FILE}: cannot be written: {e.strerror}") from e
        except JournalError:
            lock.release()
            raise
        return cls(folder, lock, fd, contents.good_bytes), contents

    def append(self, record: dict[str, Any]) -> None:
        """Add one record. Raises `JournalError` (the disk is full); the file then ends as it did before."""
        text = scrubbed(json.dumps(record, ensure_ascii=False, separators=(",", ":")))
        line = memoryview((text + "\n").encode("utf-8", "backslashreplace"))
        written = 0
        try:
            while written < len(line):
                written += os.write(self._fd, line[written:])
        except OSError as e:
            os.ftruncate(self._fd, self._size)
            raise JournalError(
                f"{self.folder / FILE}: cannot be written: {e.strerror}", "free some space, then `sycoprobe resume`"
            ) from e
        self._size += written
        if time.monotonic() - self._synced > _SYNC_EVERY:
            self.sync()

    def append_call(self, call: Call) -> None:
        """Add one completed call."""
        self.append(_record(call))

    def sync(self) -> None:
        """Ask the disk to keep what was written."""
        os.fsync(self._fd)
        self._synced = time.monotonic()

    def close(self) -> None:
        """Sync, close and unlock; safe to call twice."""
        if self._fd >= 0:
            self.sync()
            os.close(self._fd)
            self._fd = -1
            self._lock.release()


def read(folder: Path) -> Contents:
    """What the journal in `folder` (or the journal file itself) holds besides its calls.

    Raises
    ------
    JournalError: there is none, it is not ours, or it is damaged elsewhere than in its last line.
    """
    from sycoprobe.sets.load import kind_named

    path = folder / FILE if folder.is_dir() else folder
    contents: Contents | None = None
    wordings: Wordings | None = None
    probes: dict[tuple[str, str, str], Any] = {}
    kinds: dict[str, ProbeKind] = {}
    plan: Plan | None = None
    header: dict[str, Any] | None = None
    baseline: dict[str, Any] | None = None
    for number, record in _records(path):
        kind = record.get("type")
        if number == 1:
            header = _checked_header(path, record)
            plan = Plan.model_validate(header["plan"])
            kinds = {name: kind_named(name) for name in plan.kinds}
        elif kind == "wordings":
            wordings = Wordings.model_validate(record["wordings"])
        elif kind == "probe" and plan is not None:
            of = record.get("kind", plan.kinds[0])
            probe: Any = kinds[of].probe_model.model_validate(record["probe"])
            probes[of, record["set"], probe.id] = probe
        elif kind == "baseline":
            baseline = record["baseline"]
        elif kind == "begin" and header is not None and wordings is not None and plan is not None:
            contents = Contents(path, header, plan, wordings, kinds, probes, baseline)
            break
    if contents is None:
        raise JournalError(
            f"{path}: the run was stopped before its first call", "nothing was asked: delete the folder and run again"
        )
    contents.good_bytes, contents.torn = _good_length(path)
    return contents


def calls(contents: Contents) -> Iterator[Call]:
    """Every call in the journal, in the order in which they completed; a call that was asked again stands twice."""
    for _, record in _records(contents.path):
        if record.get("type") == "call":
            yield _call(record, contents.plan.sampling.thinking_marks)


def final_calls(contents: Contents, every: Callable[[Call], None] = lambda _call: None) -> Iterator[Call]:
    """Every call once: of one that failed and was asked again, the last. `every` is told of all calls, in the journal's order."""
    failed: dict[str, int] = {}
    answered_again: set[str] = set()
    for _, record in _records(contents.path):
        if record.get("type") == "call":
            key = record["key"]
            if "error" in record:
                failed[key] = failed.get(key, 0) + 1
            elif key in failed:
                answered_again.add(key)
    for call in calls(contents):
        every(call)
        key = call.spec.key
        if call.error is not None:
            failed[key] -= 1
            if failed[key] or key in answered_again:
                continue
        yield call


def interruptions(contents: Contents) -> list[dict[str, Any]]:
    """The `end`, `stopped`, `capped` and `interrupted` records, in order."""
    return [r for _, r in _records(contents.path) if r.get("type") in ("end", "stopped", "capped", "interrupted")]


@dataclass(slots=True)
class Submission:
    """One batch, as far as the journal tells.

    Attributes
    ----------
    nonce: its name, ours. stage: 1 if it asks first answers, 2 if it asks branches only. keys: of its calls.
    at: when it was about to be submitted. mark: what the vendor's newest batch was then, where that is needed to find it again.
    adapted: what the server had rejected by then, and what is sent instead. file: what was uploaded for it. id: the vendor's
        name of it, once known. closed: its results are in, or it was never made. settled: keys of its calls that are journaled.
    """

    nonce: str
    stage: int
    keys: tuple[str, ...]
    at: str
    mark: str | None = None
    adapted: dict[str, str | None] = field(default_factory=dict)
    file: str | None = None
    id: str | None = None
    closed: bool = False
    settled: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Batched:
    """What a journal says of its batches.

    Attributes
    ----------
    token: of the run; None: it is not a run in batches. tries: how often each call that is still missing came back without an
        answer, since the last process that ended on its own. adapted: as of the last batch. files: of results, at the vendor.
        oddities: rows that belong to no call, by what they are. failed: batches that the vendor refused as a whole.
        tidied: whether the files at the vendor were deleted since the last submission.
    """

    token: str | None
    submissions: dict[str, Submission] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    adapted: dict[str, str | None] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    oddities: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    tidied: bool = False


def batched(contents: Contents) -> Batched:
    """The batches of a run, from its journal."""
    found = Batched(contents.header.get("batch"))
    if found.token is None:
        return found
    flying: dict[str, Submission] = {}
    for _, record in _records(contents.path):
        match record.get("type"):
            case "call":
                if submission := flying.get(record["key"]):
                    submission.settled.add(record["key"])
                found.tries.pop(record["key"], None)
            case "batch":
                _note_batch(found, flying, record)
            case "end" | "stopped" | "capped" | "interrupted":
                found.tries.clear()
    return found


def _note_batch(found: Batched, flying: dict[str, Submission], record: dict[str, Any]) -> None:
    """Take in one `batch` record. A state that is not known is a newer version's, and passed over."""
    nonce, state = str(record.get("nonce")), record.get("state")
    found.adapted = record.get("adapted", found.adapted)
    if state == "tidied":
        found.tidied = True
    elif state == "submitting":
        submission = Submission(
            nonce, record["stage"], tuple(record["keys"]), record["at"], record.get("mark"), record.get("adapted", {})
        )
        found.submissions[nonce] = submission
        found.tidied = False
        flying.update(dict.fromkeys(submission.keys, submission))
    elif (known := found.submissions.get(nonce)) is not None:
        if state == "uploaded":
            known.file = record["file"]
        elif state == "submitted":
            known.id = record["id"]
        elif state in ("done", "failed", "dropped"):
            known.closed = True
            found.failed += state == "failed"
            found.tries.update(record.get("again", ()))
            found.files += record.get("files", ())
            found.oddities.update(record.get("oddities", {}))
            for key in known.keys:
                flying.pop(key, None)


def batch_notes(contents: Contents) -> list[str]:
    """What a report says of a run's batches; nothing of a run without."""
    found = batched(contents)
    if found.token is None:
        return []
    made = sum(s.id is not None for s in found.submissions.values())
    odd = [f"{n} {what} in the batches' results, ignored" for what, n in sorted(found.oddities.items()) if n]
    return [f"asked in {made} of the vendor's batches", *odd]


def now() -> str:
    """The time in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _locked(folder: Path) -> FileLock:
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise JournalError(
            f"{folder}: another process is writing to this run", "wait for it to end, or stop it first"
        ) from None
    return lock


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records with their line numbers; a torn last line is left out."""
    good, _ = _good_length(path)
    try:
        with path.open("rb") as f:
            reader = jsonlines.Reader(_until(f, good), loads=json_of_line)
            number = 0
            while True:
                number += 1
                try:
                    record = reader.read()
                except EOFError:
                    return
                except jsonlines.InvalidLineError as e:
                    hint = "restore the file from a copy; only its last line is ever repaired"
                    raise JournalError(f"{path}:{number}:1: the journal is damaged: {e.__cause__}", hint) from None
                if isinstance(record, dict):
                    yield number, record
    except OSError as e:
        raise JournalError(f"{path}: cannot be read: {e.strerror}", "`reports/` holds a folder a run") from e


def _until(f: Any, good: int) -> Iterator[bytes]:
    read_bytes = 0
    for line in f:
        read_bytes += len(line)
        if read_bytes > good:
            return
        yield line


def _good_length(path: Path) -> tuple[int, bool]:
    """The length of the file without a torn last line, and whether there is one."""
    try:
        size = path.stat().st_size
        with path.open("rb") as f:
            end = size
            tail = b""
            while end > 0 and tail.count(b"\n", 0, -1) < 1:
                start = max(0, end - 65536)
                f.seek(start)
                tail = f.read(end - start) + tail
                end = start
    except OSError as e:
        raise JournalError(f"{path}: cannot be read: {e.strerror}", "`reports/` holds a folder a run") from e
    last_start = size - len(tail) + tail.rfind(b"\n", 0, -1) + 1 if tail else 0
    last = tail[tail.rfind(b"\n", 0, -1) + 1 :]
    if not last:
        return size, False
    try:
        json.loads(last)
    except ValueError:
        return last_start, True
    return (size, False) if last.endswith(b"\n") else (last_start, True)


def _checked_header(path: Path, record: dict[str, Any]) -> dict[str, Any]:
    version = record.get("schema_version")
    if record.get("type") != "header" or not isinstance(version, int):
        raise JournalError(f"{path}:1:1: this is no sycoprobe journal", f"a run's journal is named {FILE}")
    if version > SCHEMA_VERSION:
        raise JournalError(
            f"{path}:1:1: written by a newer sycoprobe (journal version {version})", "upgrade sycoprobe to read it"
        )
    return record


def _record(call: Call) -> dict[str, Any]:
    spec = call.spec
    record: dict[str, Any] = {"type": "call", "key": spec.key, "set": spec.set, "probe": spec.probe, "repeat": spec.repeat}
    record |= {"arm": spec.arm, "turn": spec.turn, "wording": call.wording}
    if spec.section:
        record["kind"] = spec.section
    if call.options:
        record["options"] = call.options
    record["user"] = call.user
    if call.reply is not None:
        record["reply"] = _reply_record(call.reply)
    else:
        record["error"] = {"kind": call.error_kind, "message": call.error}
    record |= {"ms": call.ms, "attempts": call.attempts, "at": call.at or now()}
    if call.batch:
        record["batch"] = True
    return record


def _reply_record(reply: Reply) -> dict[str, Any]:
    """A reply without its empty fields."""
    record: dict[str, Any] = {"text": reply.text, "finish": reply.finish, "attempts": reply.attempts}
    for name in ("model", "reasoning", "refusal", "usage", "notes", "cost", "upstream", "logprobs", "replay"):
        if value := getattr(reply, name):
            record[name] = value
    return record


def _spec(record: dict[str, Any]) -> CallSpec:
    """The name of the call in a record, of whatever version."""
    where = (record["set"], record["probe"], record["repeat"])
    name = record["key"].rpartition("/")[2]
    if "arm" in record and "turn" in record:
        return CallSpec(*where, record["arm"], record["turn"], name, record.get("kind", ""))
    return CallSpec(*where, *place_of_version_1(record), name)


def _call(record: dict[str, Any], marks: tuple[str, ...]) -> Call:
    """The call in a record. Of one that an older version wrote, thinking in the reply's text is told apart here."""
    reply, error = record.get("reply"), record.get("error")
    return Call(
        spec=_spec(record),
        user=record["user"],
        reply=_reply(reply, marks) if reply else None,
        error=error["message"] if error else None,
        error_kind=ErrorKind(error["kind"]) if error else None,
        wording=record.get("wording"),
        options=tuple(record.get("options", ())),
        ms=record["ms"],
        attempts=record["attempts"],
        at=record["at"],
        batch=record.get("batch", False),
    )


def _reply(record: dict[str, Any], marks: tuple[str, ...]) -> Reply:
    made = Reply(**{**record, "finish": Finish(record["finish"]), "notes": tuple(record.get("notes", ()))})
    answer, thought = split_thinking(made.text, marks)
    if answer != made.text:
        made.text, made.reasoning = answer, "\n\n".join(filter(None, (made.reasoning, thought)))
    return made


def failed_call(spec: CallSpec, user: str, error: BackendError, ms: int) -> Call:
    """The journal's entry for a call that failed."""
    return Call(spec=spec, user=user, error=error.message, error_kind=ErrorKind(error.kind), ms=ms)
