"""Names that people give: whether one can name a folder on every system, and which known name a wrong one was meant to be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from sycoprobe.errors import PlanError
from sycoprobe.text import shortened

LONGEST = 120
"""Bytes of a folder's name: file systems take 255, Windows 260 for a whole path."""
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')


def fault_of_folder(name: str) -> str | None:
    """Why `name` cannot name a folder on every system, in one clause; None: it can."""
    if not name.strip():
        return "is empty"
    if hidden := next((c for c in name if not c.isprintable()), None):
        return f"holds the character U+{ord(hidden):04X}, which nobody sees"
    if found := _FORBIDDEN.search(name):
        return f"holds {found[0]!r}, which folders cannot have in their name everywhere"
    if len(name.encode()) > LONGEST:
        return f"is longer than {LONGEST} bytes"
    if name[0] in " .-~" or name[-1] in " .":
        return f"{'begins' if name[0] in ' .-~' else 'ends'} with {(name[0] if name[0] in ' .-~' else name[-1])!r}"
    if _DEVICE.fullmatch(name):
        return "is the name of a device on Windows"
    return None


def fault_of_run(name: str) -> str | None:
    """Why `name` can be no run's, in one clause; None: it can."""
    return "stands for the last run" if name == "latest" else fault_of_folder(name)


def check_run_name(name: str) -> None:
    """Raises `PlanError` if `name` can be no run's: nothing may be asked before it is known that its folder can be made."""
    if why := fault_of_run(name):
        fix = "choose letters, digits, '-', '_' and '.'; --out says where the run lies"
        raise PlanError(f"name {shortened(name, 40)!r} {why}", fix)


def slug_of(name: str, longest: int = 40, empty: str = "") -> str:
    """A name in a form that suits a folder on every system; `empty` where nothing of it does."""
    slug = re.sub(r"[^a-z0-9.]+", "-", name.lower())[:longest].strip("-.") or empty
    return f"{slug}-" if _DEVICE.fullmatch(slug) else slug


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name that `word` was probably meant to be: alike but for case and separators, near in spelling, or the only one that it begins."""
    names = list(dict.fromkeys(known))
    by_plain = {_plain(name): name for name in reversed(names)}
    plain = _plain(word)
    if plain in by_plain:
        return by_plain[plain]
    if close := get_close_matches(plain[:100], by_plain, n=1):
        return by_plain[close[0]]
    begun = [name for name in names if len(plain) >= 3 and _plain(name).startswith(plain)]
    return begun[0] if len(begun) == 1 else None


def meant(word: str, known: Iterable[str], form: str = "{}") -> str:
    """`did you mean 'facts'? `, to stand before the rest of a hint; empty if nothing is near. `form` is how the name is written."""
    near = nearest(word, known)
    return f"did you mean {form.format(near)!r}? " if near is not None else ""


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "-", name.strip().lower())
