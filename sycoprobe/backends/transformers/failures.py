"""What goes wrong with weights on this machine, as named failures."""

from __future__ import annotations

import re

from sycoprobe.errors import BackendError
from sycoprobe.keys import redacted
from sycoprobe.text import visible
from sycoprobe.turns import ErrorKind

_NO_MEMORY = re.compile(r"out of memory|can't allocate memory|cannot allocate memory|failed to allocate", re.I)


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and bool(_NO_MEMORY.search(str(error))))


def too_large(error: Exception) -> BackendError:
    """The failure of a dialog that does not fit into memory by itself."""
    hint = "use a smaller or a quantised model, fewer --reply-tokens, or a machine with more memory"
    return BackendError(f"memory ran out with a single dialog: {one_line(error)}", hint, kind=ErrorKind.INTERNAL, fatal=True)


def unexpected(error: Exception) -> BackendError:
    """The failure behind an error that nobody foresaw."""
    return BackendError(f"the model raised {type(error).__name__}: {one_line(error)}", kind=ErrorKind.INTERNAL)


def one_line(said: object) -> str:
    """What was said, without keys, in one line that can be shown."""
    return visible(" ".join(redacted(str(said)).split()))[:300]
