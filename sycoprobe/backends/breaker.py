"""The circuit breaker: while a host does not answer, single calls try whether it does again."""

from __future__ import annotations

import math

from sycoprobe.backends.slots import Slot
from sycoprobe.errors import BackendError
from sycoprobe.turns import ErrorKind

FAILURES = 3
"""So many failures in a row, each of a call sent after the one before, open the breaker."""
TRIALS = 6
"""Trial calls in vain until the limiter gives up: after 1 + 2 + 4 + 8 + 16 + 30 seconds and the time that they take."""
LONGEST_TRIAL_WAIT = 30.0
_UNANSWERED = frozenset({ErrorKind.CONNECT, ErrorKind.RESET, ErrorKind.TIMEOUT})


class Breaker:
    """Whether a host answers. Once it is open nothing but trial calls are to be sent, one at a time and ever more rarely.

    Attributes
    ----------
    open: whether it is.
    failures: in a row, each of a call sent after the one before.
    trials: in vain since it opened.
    trial: the call that tries.
    given_up: what is told once too many were in vain; empty until then.
    """

    __slots__ = ("_failed_order", "_host", "_trial_at", "failures", "given_up", "open", "trial", "trials")

    def __init__(self, host: str) -> None:
        self._host = host
        self.open = False
        self.failures = 0
        self._failed_order = 0
        self.trials = 0
        self._trial_at = 0.0
        self.trial: Slot | None = None
        self.given_up = ""

    @property
    def due(self) -> float:
        """When the next trial may be sent; infinite while one is under way."""
        return math.inf if self.trial is not None else self._trial_at

    def failed(self, slot: Slot, error: BaseException, order: int, now: float) -> bool:
        """Count a call that no answer came to, and tell whether that opens the breaker. Those in flight together count once.

        `order` is how many calls have been let through.
        """
        if self.open or slot.order <= self._failed_order or not (isinstance(error, BackendError) and error.kind in _UNANSWERED):
            return False
        self._failed_order = order
        self.failures += 1
        if self.failures < FAILURES:
            return False
        self.open = True
        self.trials = 0
        self.trial = None
        self._trial_at = now + 1.0
        return True

    def in_vain(self, now: float) -> bool:
        """Count a trial that no answer came to, and tell whether it was the last."""
        self.trials += 1
        self._trial_at = now + min(LONGEST_TRIAL_WAIT, 2.0**self.trials)
        if self.trials >= TRIALS:
            self.given_up = f"{self._host} does not answer: {self.trials} trials in vain since it last did"
        return bool(self.given_up)

    def close(self, order: int) -> None:
        """Something answers. `order` is how many calls have been let through."""
        self.open = False
        self.trial = None
        self.given_up = ""
        self.failures = 0
        self._failed_order = order

    def refusal(self) -> BackendError:
        """What calls are refused with once it has given up."""
        return BackendError(
            self.given_up,
            "what was answered is kept: resume the run when the server is back",
            kind=ErrorKind.CONNECT,
            fatal=True,
        )

    def line(self, now: float) -> str:
        """What the user is told while it is open."""
        wait = math.ceil(self._trial_at - now) if self.trial is None else 0
        return f"{self._host} does not answer: trying again {f'in {wait} s' if wait > 0 else 'now'}"
