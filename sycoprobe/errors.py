"""Every error that sycoprobe raises on purpose, each with a hint that says how to fix it, and what the shell is told of the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import ClassVar


class Exit(IntEnum):
    """What the process says to the shell: documented in docs/glossary.md, the same within a major version."""

    OK = 0
    """All that was asked for was done."""
    CHECK_FAILED = 1
    """A check said no: the gate failed, `validate` found faults, `doctor` found something that must be fixed."""
    USAGE = 2
    """Wrong usage, configuration or input; nothing was asked of a model."""
    INCONCLUSIVE = 3
    """The gate is inconclusive: the evidence allows both. `--on-inconclusive pass`, `warn` or `fail` makes it 0, 0 or 1."""
    INCOMPLETE = 4
    """The run is incomplete, more calls failed than `--error-tolerance` (5 %), or nothing could be measured."""
    DEFECT = 70
    """A defect of sycoprobe's own; one line says which file to report."""
    INTERRUPTED = 130
    """Interrupted; what was answered is kept, and `sycoprobe resume` goes on."""


class SycoprobeError(Exception):
    """Base of all deliberate errors. A traceback shows the hint below the message.

    Parameters
    ----------
    message: what is wrong, and where.
    hint: how to fix it; one sentence, or empty.
    """

    exit_code: ClassVar[Exit] = Exit.USAGE
    """What a command that ends with this error says to the shell."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if hint:
            self.add_note(f"fix: {hint}")


class ProbeError(SycoprobeError):
    """A probe set cannot be found, read or used. `faults` are all faults that were found in it."""

    def __init__(self, message: str, hint: str = "", faults: tuple[object, ...] = ()) -> None:
        super().__init__(message, hint)
        self.faults = faults


class PlanError(SycoprobeError):
    """What was asked for cannot be planned (unknown arm, no probes, bad number)."""


class JournalError(SycoprobeError):
    """A run's journal cannot be read, locked or continued."""


class ModelError(SycoprobeError):
    """A local model cannot be found, fetched or verified."""


class MissingExtraError(SycoprobeError):
    """An optional dependency is not installed; the hint is the command that installs it."""


class BackendError(SycoprobeError):
    """A call to a model failed.

    Parameters
    ----------
    kind: one word of the closed list in `sycoprobe.backends.base.ErrorKind`.
    retryable: whether the same call may succeed later.
    fatal: whether every other call of the run will fail the same way (bad key, unknown model),
        so that the run must stop rather than spend.
    retry_after: seconds that the server asked us to wait, or None.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        kind: str,
        retryable: bool = False,
        fatal: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.retryable = retryable
        self.fatal = fatal
        self.retry_after = retry_after


def unforeseen(e: OSError) -> SycoprobeError:
    """The error of something that the operating system refused where nobody thought of it."""
    where = f"{e.filename}: " if e.filename else ""
    return SycoprobeError(f"{where}{e.strerror or e}", "look at its permissions, the space that is left, and the name")


class EventLoopError(SycoprobeError):
    """A synchronous function was called while an event loop runs; the message names the one to await instead."""


class GateError(SycoprobeError):
    """A rule, a configuration or a baseline cannot be used."""


class JudgeError(SycoprobeError):
    """A judge cannot be used, or what judges said, or are measured against, cannot be read or written."""


class PriceError(SycoprobeError):
    """A price, or a file of prices, cannot be used."""


class JudgingFailed(JudgeError):
    """Judging cannot go on (the key is refused, nothing answers); what was said by then is kept. The cause is `__cause__`."""

    exit_code = Exit.INCOMPLETE


class ReportError(SycoprobeError):
    """A report cannot be read or written."""


class Interrupted(SycoprobeError):
    """The run was stopped before its end; what was answered is kept. `folder` is where to resume it."""

    exit_code = Exit.INTERRUPTED

    def __init__(self, folder: Path, missing: str = "") -> None:
        super().__init__(f"interrupted{missing}", f"`sycoprobe resume {folder}` asks what is missing")
        self.folder = folder


@contextmanager
def about(folder: Path) -> Iterator[None]:
    """Have whatever is raised within, and is no error on purpose, carry the folder of its run: its traceback is written there."""
    try:
        yield
    except SycoprobeError:
        raise
    except Exception as e:
        vars(e).setdefault(_FOLDER, folder)
        raise


def folder_of(error: BaseException) -> Path | None:
    """The folder of the run that an unforeseen error came up in, as far as that is known."""
    found = vars(error).get(_FOLDER)
    return found if isinstance(found, Path) else None


_FOLDER = "_sycoprobe_folder"


class RunFailed(SycoprobeError):
    """The run cannot go on; what was answered is kept. The cause is `__cause__`; `folder` is where to resume it."""

    exit_code = Exit.INCOMPLETE

    def __init__(self, cause: SycoprobeError, folder: Path) -> None:
        then = f"then `sycoprobe resume {folder}`"
        if getattr(cause, "kind", None) == "not_found":
            then = "then begin a new run: a resume asks the same model at the same address"
        hint = f"{cause.hint}; {then}" if cause.hint else f"fix it, {then}"
        super().__init__(cause.message, hint)
        self.folder = folder
