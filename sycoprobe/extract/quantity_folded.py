"""The text in which numbers are looked for: in lower case, with plain signs, and padded."""

from __future__ import annotations

from sycoprobe.extract.lazily import lazy

PAD = 20
"""How many spaces stand before the text that is searched, so that each number has something on its left."""
_PADDING = " " * PAD
_ODD = lazy("[A-Z\u00a0\u2000-\u200a\u202f\u205f\u3000−–—‒‑‐’‘ʼ′`“”″⁄∕µº\uff01-\uff5e]")
_FOLD = {
    **dict.fromkeys(
        map(ord, "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"), " "
    ),
    **dict.fromkeys(map(ord, "−–—‒‑‐"), "-"),
    **dict.fromkeys(map(ord, "’‘ʼ′`"), "'"),
    **dict.fromkeys(map(ord, "“”″"), '"'),
    **dict.fromkeys(map(ord, "⁄∕"), "/"),
    **{ord("µ"): "μ", ord("º"): "°"},
    **{full: chr(full - 0xFEE0).lower() for full in range(0xFF01, 0xFF5F)},
}


def folded(text: str) -> str:
    """`text` in lower case with plain spaces, dashes, quotes and digits, character by character, and padded on its left."""
    if not _ODD.search(text):
        return _PADDING + text
    low = text.lower()
    if len(low) != len(text):
        low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return _PADDING + (low if low.isascii() else low.translate(_FOLD))
