"""What a program said, as it may be shown."""

from __future__ import annotations

from sycoprobe.keys import redacted
from sycoprobe.text import visible


def one_line(said: str) -> str:
    """`said` without keys, in one line, with control characters made visible."""
    return visible(" ".join(redacted(said).split()))
