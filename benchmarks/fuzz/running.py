"""Gives each target its spoilt inputs, and tells what came of them that should not."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from benchmarks.fuzz.mutations import spoilt
from benchmarks.fuzz.targets import Target, targets
from sycoprobe.errors import SycoprobeError

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW = 2.0
"""Seconds of this process's own time."""
HANGING = 30


@dataclass
class Found:
    """What came of one target's inputs: how many, which exceptions (by place, with an input that raises it), the longest."""

    target: str
    inputs: int = 0
    refused: int = 0
    raised: dict[str, bytes] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)
    slow: dict[float, bytes] = field(default_factory=dict)
    longest: float = 0.0

    @property
    def sound(self) -> bool:
        """Whether nothing came of them that should not."""
        return not self.raised and not self.slow


class _Hangs(BaseException):
    """It took too long."""


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise _Hangs


def fuzzed(target: Target, n: int, seed: int) -> Found:
    """Give a target `n` inputs."""
    rng = random.Random(f"{seed} {target.name}")
    found = Found(target.name)
    for _ in range(n):
        raw = spoilt(rng.choice(target.corpus), rng)
        found.inputs += 1
        began = time.process_time()
        signal.alarm(HANGING)
        try:
            target.take(raw)
        except SycoprobeError:
            found.refused += 1
        except _Hangs:
            found.slow[float(HANGING)] = raw
        except (Exception, SystemExit) as e:
            place = _place(e)
            found.raised.setdefault(place, raw)
            found.times[place] += 1
        finally:
            signal.alarm(0)
        took = time.process_time() - began
        found.longest = max(found.longest, took)
        if took > SLOW:
            found.slow[took] = raw
    return found


def _place(e: BaseException) -> str:
    """What was raised, and where: the last place of ours."""
    frames = [f for f in traceback.extract_tb(e.__traceback__) if "sycoprobe" in f.filename or "fuzz" in f.filename]
    last = frames[-1] if frames else None
    where = f"{Path(last.filename).parent.name}/{Path(last.filename).name}:{last.lineno}" if last else "?"
    return (
        f"{type(e).__name__} at {where}: {str(e)[:100]!r}"
        if type(e) is not AssertionError
        else f"AssertionError: {str(e)[:100]}"
    )


def fuzz(n: int, seed: int, only: Iterable[str] = ()) -> Iterator[Found]:
    """Give each target (or those whose names begin so) `n` inputs, in an empty folder of its own."""
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, _end)
    wanted = tuple(only)
    with tempfile.TemporaryDirectory() as work, _within(Path(work)), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        chosen = [t for t in targets(Path(work)) if not wanted or t.name.startswith(wanted)]
        for target in chosen:
            yield fuzzed(target, n, seed)


@contextmanager
def _within(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
