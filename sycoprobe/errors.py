"""Every error that sycoprobe raises on purpose, each with a hint that says how to mend it."""

from __future__ import annotations


class SycoprobeError(Exception):
    """Base of all deliberate errors.

    Parameters
    ----------
    message: what is wrong, and where.
    hint: how to mend it; one sentence, or empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ProbeError(SycoprobeError):
    """A probe set cannot be found, read or used. Carries every fault that was found."""

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


class GateError(SycoprobeError):
    """A rule, a configuration or a baseline cannot be used."""


class JudgeError(SycoprobeError):
    """A judge cannot be used, or what judges said, or are measured against, cannot be read or written."""


class PriceError(SycoprobeError):
    """A price, or a file of prices, cannot be used."""
