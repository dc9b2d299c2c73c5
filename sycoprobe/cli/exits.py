"""The exit codes, documented in the README; they do not change within a major version."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the process says to the shell."""

    OK = 0
    """All that was asked for was done."""
    CHECK_FAILED = 1
    """A check said no: the gate failed, `validate` found faults, `doctor` found something that must be mended."""
    USAGE = 2
    """Wrong usage, configuration or input; nothing was asked of a model."""
    INCONCLUSIVE = 3
    """The gate cannot decide: the evidence allows both a pass and a fail."""
    INCOMPLETE = 4
    """The run could not be finished, too many calls failed, or nothing could be measured."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C; what was answered is kept and `resume` goes on."""
