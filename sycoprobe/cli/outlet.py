"""Standard output and error as sycoprobe writes them: what is printed is inert, is spelled as the stream can hold it, and may go unread.

`install` puts an `Outlet` in the place of both streams, so that `print`, tables, logs and messages of libraries all pass through it.
What must arrive as it is goes through `write_json` and `write_commands`.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING

from sycoprobe.errors import ReportError
from sycoprobe.inert import SPELLED, inert_json, line_begun, spelled, uncommanded
from sycoprobe.text import visible

if TYPE_CHECKING:
    from typing_extensions import Buffer

_STDERR = 2
_GONE = (errno.EPIPE, errno.ESHUTDOWN, *([errno.EINVAL] if os.name == "nt" else []))


class _Unread(io.FileIO):
    """An output whose reader may go away, as `head` does: what nobody reads any more is dropped.

    The command goes on, and ends with the code that it has: that of a gate must not depend on who reads its table. What cannot
    be written for another reason, a full disk, ends it, once; standard error has nobody to tell.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._told = descriptor == _STDERR

    def write(self, data: Buffer, /) -> int:
        """Raises `ReportError` if the output cannot be written."""
        try:
            return super().write(data)
        except OSError as e:
            if e.errno not in _GONE and not self._told:
                self._told = True
                raise ReportError(
                    f"standard output: cannot be written: {e.strerror}", "free some space, or name another file"
                ) from None
            return memoryview(data).nbytes


class Outlet(io.TextIOBase):
    """A text stream that keeps what is written from acting.

    Parameters
    ----------
    stream: where it goes.
    styled: let escape sequences pass, because they are our own; text from outside was made visible before (`sycoprobe.grid.Screen`).
    """

    def __init__(self, stream: io.TextIOBase, *, styled: bool = False) -> None:
        self._stream = stream
        self._styled = styled
        self._begun = ""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As the stream says."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def write(self, text: str, /) -> int:
        """Write `text`, inert; say how much of it was written: all. Raises `TypeError` for bytes: click tells text streams by it."""
        if not isinstance(text, str):
            raise TypeError(f"not text: {type(text).__name__}")
        shown = uncommanded(text if self._styled else visible(text), self._begun)
        self._begun = line_begun(shown, self._begun)
        self._stream.write(spelled(shown, self.encoding))
        return len(text)

    def write_as_it_is(self, text: str) -> None:
        """Write what is inert already, or is meant to act."""
        self._begun = line_begun(text, self._begun)
        self._stream.write(spelled(text, self.encoding))

    def styled(self) -> Outlet:
        """The same stream for text with our own styles."""
        return Outlet(self._stream, styled=True)

    def flush(self) -> None:
        """Have the stream pass on what it holds."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether a terminal is there."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The stream's file descriptor."""
        return self._stream.fileno()

    def writable(self) -> bool:
        """Yes."""
        return True


def install() -> None:
    """Have both standard streams be outlets, unless somebody else has taken their place (as pytest does)."""
    if sys.stdout is sys.__stdout__:
        sys.stdout = _outlet(sys.stdout)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _outlet(sys.stderr)


def _outlet(stream: object) -> Outlet:
    if stream is None:  # closed by the shell: `>&-`
        return Outlet(io.StringIO())
    if not isinstance(stream, io.TextIOWrapper):
        raise TypeError(f"not a text stream: {stream!r}")
    if stream.isatty():
        return Outlet(stream)
    stream.flush()
    return Outlet(
        io.TextIOWrapper(
            io.BufferedWriter(_Unread(stream.fileno())), stream.encoding, SPELLED, line_buffering=stream.line_buffering
        )
    )


def write_json(value: object) -> None:
    """Print `value`, or JSON text as it is, on standard output: the same value, whatever the stream can hold and whoever reads along."""
    from sycoprobe.jsontext import json_page

    text = value if isinstance(value, str) else json_page(value)
    out = sys.stdout
    said = inert_json(text if text.endswith("\n") else f"{text}\n", getattr(out, "encoding", None) or "utf-8")
    if isinstance(out, Outlet):
        out.write_as_it_is(said)
    else:
        out.write(said)


def write_commands(text: str, *, stderr: bool = False) -> None:
    """Print lines that a CI runner is to take for commands."""
    out = sys.stderr if stderr else sys.stdout
    if isinstance(out, Outlet):
        out.write_as_it_is(text)
    else:
        out.write(text)
