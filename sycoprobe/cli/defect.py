"""What the shell is told of an error that nobody raised on purpose: one line, and a file to report."""

from __future__ import annotations

import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from sycoprobe import __version__
from sycoprobe.errors import Exit, folder_of, unforeseen

ISSUES = "https://github.com/sycoprobe/sycoprobe/issues"


def told(error: Exception) -> Exit:
    """Say in one line what happened, and give the exit code that it deserves.

    What the operating system refused (a full disk, a missing permission) is the user's to fix; anything else is a defect of ours, and
    its traceback goes to a file beside the run, or to one for temporary files.
    """
    from sycoprobe.cli.show import print_error
    from sycoprobe.keys import redacted
    from sycoprobe.text import shortened

    if isinstance(error, OSError):
        print_error(unforeseen(error))
        return Exit.USAGE
    if isinstance(error, MemoryError):
        print("error: there is not enough memory; what was answered is kept, and `sycoprobe resume` goes on", file=sys.stderr)
        return Exit.INCOMPLETE
    what = shortened(redacted(f"{type(error).__name__}: {error}"), 200)
    file = _written(error)
    kept = f"with the file {file} " if file else f"with what `python -X dev -m sycoprobe {' '.join(sys.argv[1:2])} …` prints "
    print(f"error: sycoprobe itself is at fault: {what}; please report it {kept}at {ISSUES}", file=sys.stderr)
    return Exit.DEFECT


def _written(error: Exception) -> Path | None:
    """The file that the traceback was written to, without any remembered key; None if no file could be written."""
    from sycoprobe.keys import redacted
    from sycoprobe.text import writable

    now = datetime.now(UTC)
    trace = "".join(traceback.format_exception(error))
    page = f"sycoprobe {__version__}, Python {sys.version}, {sys.platform}, {now.isoformat()}\n{redacted(trace)}"
    name = f"defect-{now:%Y%m%d-%H%M%S}.txt"
    folder = folder_of(error)
    if folder is not None and folder.is_dir():
        try:
            (folder / name).write_text(writable(page), encoding="utf-8")
        except OSError:
            pass
        else:
            return folder / name
    try:
        with tempfile.NamedTemporaryFile("w", prefix="sycoprobe-", suffix=f"-{name}", encoding="utf-8", delete=False) as file:
            file.write(writable(page))
    except OSError:
        return None
    return Path(file.name)
