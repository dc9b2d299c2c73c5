"""Every spelling in which a secret can turn up in words, and how it is taken out of them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

TAKEN_OUT = "[key]"
_RUN = 8
"""So many characters of a secret in a row are taken for a part of it."""
_ENCODED_RUN = 16
"""The same of its encodings, each of whose characters says less."""
_WORD = r"(?:[A-Z]?[a-z]+|[A-Z]+|[0-9]+)"
_BREAK = r"[^A-Za-z0-9]"
_ORDINARY = re.compile(rf"{_BREAK}*{_WORD}(?:{_BREAK}+{_WORD})*{_BREAK}*")
"""Words and numbers, which a model may say by itself."""


@dataclass(frozen=True)
class Traces:
    """A secret, and what of it is looked for in texts; see `without` and `without_parts`."""

    secret: str

    @cached_property
    def whole(self) -> tuple[str, ...]:
        """The secret as it stands in a line, in JSON and in an address, and its encodings, the longest first."""
        return tuple(sorted({*self._plain, *self._encoded}, key=len, reverse=True))

    @cached_property
    def _plain(self) -> tuple[str, ...]:
        percent = quote(self.secret, safe="")
        return self.secret, percent, re.sub("%..", lambda m: m[0].lower(), percent), json.dumps(self.secret)[1:-1]

    @cached_property
    def _encoded(self) -> tuple[str, ...]:
        raw = self.secret.encode()
        hexes = (
            raw.hex(),
            *(raw.hex(between) for between in ":- "),
            "".join(f"%{b:02x}" for b in raw),
            r"\x" + raw.hex("|").replace("|", r"\x"),
        )
        entities = ("".join(f"&#{ord(c)};" for c in self.secret), "".join(f"&#x{ord(c):x};" for c in self.secret))
        return tuple(
            dict.fromkeys(
                [*_base64(raw), *hexes, *(h.upper() for h in hexes), *entities, entities[1].upper().replace("X", "x")]
            )
        )

    @cached_property
    def pieces(self) -> re.Pattern[str] | None:
        """The secret with something between any of its letters and digits, as a line break or a table cuts it; None for a short one."""
        signs = re.findall("[A-Za-z0-9]", self.secret)
        return re.compile(f"{_BREAK}{{0,6}}".join(signs)) if len(signs) >= 2 * _RUN else None

    @cached_property
    def parts(self) -> frozenset[str]:
        """Its parts of eight characters."""
        return frozenset(part for text in self._plain for part in _runs(text, _RUN))

    @cached_property
    def telling_parts(self) -> frozenset[str]:
        """Those of them that nobody says who does not know it."""
        return frozenset(part for part in self.parts if not _ORDINARY.fullmatch(part))

    @cached_property
    def encoded_parts(self) -> frozenset[str]:
        """The parts of its encodings, of sixteen characters."""
        return frozenset(part for text in self._encoded for part in _runs(text, _ENCODED_RUN))

    def without(self, text: str) -> str:
        """`text` without the whole secret, in whatever spelling."""
        for spelling in self.whole:
            if spelling in text:
                text = text.replace(spelling, TAKEN_OUT)
        return text if self.pieces is None else self.pieces.sub(TAKEN_OUT, text)

    def without_parts(self, text: str, *, words: bool) -> str:
        """`text` without its parts; with `words`, also without those that are ordinary words, and those of its encodings."""
        if not words:
            return _without_runs(text, self.telling_parts, _RUN)
        return _without_runs(_without_runs(text, self.encoded_parts, _ENCODED_RUN), self.parts, _RUN)


def _base64(raw: bytes) -> Iterator[str]:
    """What is the same in Base64 whatever stands around `raw` (RFC 4648, sections 4 and 5): at each of the three places in a group."""
    for before, touched in ((0, 0), (1, 2), (2, 3)):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(bytes(before) + raw).decode().rstrip("=")
            yield text[touched : len(text) - (1 if (before + len(raw)) % 3 else 0)]


def _runs(text: str, length: int) -> Iterator[str]:
    return (text[i : i + length] for i in range(len(text) - length + 1))


def _without_runs(said: str, parts: frozenset[str], length: int) -> str:
    """`said` with each run of characters whose every part of this length is in `parts` replaced."""
    if not any(part in said for part in parts):
        return said
    kept: list[str] = []
    shown = i = 0
    while i + length <= len(said):
        if said[i : i + length] not in parts:
            i += 1
            continue
        kept += [said[shown:i], TAKEN_OUT]
        while said[i : i + length] in parts:
            i += 1
        shown = i = i + length - 1
    return "".join([*kept, said[shown:]])
