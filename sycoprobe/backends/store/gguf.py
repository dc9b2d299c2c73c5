"""What the header of a GGUF file says."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sycoprobe.errors import ModelError
from sycoprobe.files import opened
from sycoprobe.sets.forms import template_thinks

_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


@dataclass(frozen=True, slots=True)
class Gguf:
    """What the header of a GGUF file says."""

    architecture: str
    context_length: int | None
    has_chat_template: bool
    thinks: bool = False
    """Whether the chat template knows of thinking."""


def read_gguf(path: Path) -> Gguf:
    """What the header of a GGUF file says, after checking that the file is as long as its header claims.

    Raises `ModelError` for anything that is not a whole GGUF file: the engine would end the process on it.
    """
    try:
        with opened(path) as f:
            return _read_header(f, path)
    except (struct.error, UnicodeDecodeError, OverflowError, MemoryError, KeyError, ValueError) as e:
        raise ModelError(f"{path}: not a whole GGUF file", "fetch it again, or name another file") from e
    except OSError as e:
        raise ModelError(f"{path}: cannot be read: {e.strerror}") from e


def _read_header(f: IO[bytes], path: Path) -> Gguf:
    if f.read(4) != b"GGUF":
        raise ModelError(f"{path}: not a GGUF file", "name a file in llama.cpp's GGUF format")
    version, tensors, pairs = struct.unpack("<IQQ", f.read(20))
    if not 2 <= version <= 3 or tensors > 10**6 or pairs > 10**6:
        raise ModelError(f"{path}: GGUF version {version} is not known", "convert it with a current llama.cpp")
    found: dict[str, Any] = {}
    for _ in range(pairs):
        key = _string(f)
        (kind,) = struct.unpack("<I", f.read(4))
        value = _value(f, kind)
        if key.endswith((".context_length", "general.alignment", "general.architecture")) or key == "tokenizer.chat_template":
            found[key] = value
    end = _tensors_end(f, tensors, int(found.get("general.alignment", 32)))
    if os.fstat(f.fileno()).st_size < end:
        raise ModelError(f"{path}: the file is shorter than its header says", "fetch it again")
    architecture = str(found.get("general.architecture", ""))
    length = found.get(f"{architecture}.context_length")
    template = str(found.get("tokenizer.chat_template") or "")
    return Gguf(architecture, int(length) if length else None, bool(template), template_thinks(template))


def _string(f: IO[bytes]) -> str:
    (length,) = struct.unpack("<Q", f.read(8))
    if length > 1 << 26:
        raise ValueError("string too long")
    raw = f.read(length)
    if len(raw) < length:
        raise ValueError("cut off")
    return raw.decode("utf-8", "replace")


def _value(f: IO[bytes], kind: int) -> Any:
    if kind == _STRING:
        return _string(f)
    if kind == _ARRAY:
        element, count = struct.unpack("<IQ", f.read(12))
        if element == _STRING:
            for _ in range(count):
                (length,) = struct.unpack("<Q", f.read(8))
                f.seek(length, os.SEEK_CUR)
        else:
            f.seek(count * struct.calcsize("<" + _SCALARS[element]), os.SEEK_CUR)
        return None
    form = "<" + _SCALARS[kind]
    return struct.unpack(form, f.read(struct.calcsize(form)))[0]


def _tensors_end(f: IO[bytes], tensors: int, alignment: int) -> int:
    """The least length that a file with these tensors can have: the start of the last one's data, and a byte."""
    last = 0
    for _ in range(tensors):
        _string(f)
        (dimensions,) = struct.unpack("<I", f.read(4))
        if dimensions > 8:
            raise ValueError("too many dimensions")
        shape = struct.unpack(f"<{dimensions}Q", f.read(8 * dimensions))
        kind, offset = struct.unpack("<IQ", f.read(12))
        elements = 1
        for extent in shape:
            elements *= extent
        # The smallest quantisation that llama.cpp knows takes more than one bit a weight.
        last = max(
            last, offset + max(1, elements * (4 if kind == 0 else 2 if kind == 1 else 1) // (1 if kind in (0, 1) else 8))
        )
    start = f.tell()
    return start + (-start % max(1, alignment)) + last
