"""How two pieces of text are compared: one normalisation for validation and for extraction."""

from __future__ import annotations

import re
import unicodedata

CHARS_PER_TOKEN = 4
"""About how many characters a token has, for estimates before a call."""
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-"})
_PUNCTUATION = re.compile(r"[^\w\s.%+\-/']|(?<!\d)\.|\.(?!\d)|(?<!\w)'|'(?!\w)")
_ACRONYM = re.compile(r"\b(?:[a-z]\.){2,}")
_ARTICLE = re.compile(r"^(?:the|a|an)\s+")
_SPACE = re.compile(r"\s+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def straight(text: str) -> str:
    """`text` in Unicode NFKC with typographic quotes and dashes made plain ASCII."""
    return unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).translate(_APOSTROPHES)


def fold(text: str) -> str:
    """`text` straightened, case-folded and without accents; punctuation and spacing stay."""
    plain = straight(text)
    if plain.isascii():
        return plain.lower()
    decomposed = unicodedata.normalize("NFKD", plain.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def normalise(text: str) -> str:
    """The form in which two short answers are equal: folded, without punctuation, outer space or a leading article.

    >>> normalise("  The  Mississippi-Missouri. ")
    'mississippi-missouri'
    """
    whole = _ACRONYM.sub(lambda m: m.group().replace(".", ""), fold(text))
    bare = _SPACE.sub(" ", _PUNCTUATION.sub(" ", whole)).strip()
    return _ARTICLE.sub("", bare) or bare


def writable(text: str) -> str:
    """`text` with U+FFFD for each half of a character that stands alone, which UTF-8 cannot hold; halves that make one are joined.

    Models and servers send such halves where an emoji was cut in two: JSON can escape them (RFC 8259, section 8.2).

    >>> writable("cut \\ud83d here")
    'cut \ufffd here'
    """
    if text.isascii() or _SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def decoded(raw: bytes) -> str:
    """The text of a file: UTF-8, without a byte-order mark, and each line ended by LF. Raises `UnicodeDecodeError`.

    Editors and git on Windows add the one and change the other without being asked, so neither says anything.

    >>> decoded(b"\\xef\\xbb\\xbfa\\r\\nb")
    'a\\nb'
    """
    return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def visible(text: str) -> str:
    """`text` with terminal control sequences made visible, so that model output cannot drive a terminal.

    Every C0/C1 control character but newline and tab becomes its escape (`\\x1b`), as do
    bidirectional overrides and other format characters that can hide text, and noncharacters.
    """
    return "".join(c if c in "\n\t" or not hidden(c) else _escape(c) for c in text)


def shortened(text: str, longest: int = 80) -> str:
    """`text` visible on one line; of a longer one the beginning, and how long it is.

    >>> shortened("You are a careful assistant.\\nBe brief.", 20)
    'You are a careful a… (38 characters)'
    """
    line = " ".join(visible(text).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}… ({len(text):,} characters)"


def clipped(text: str, longest: int) -> str:
    """`text` as it is, cut off with `…` where it is longer.

    >>> clipped("a name", 10), clipped("a longer name", 10)
    ('a name', 'a longer …')
    """
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def dollars(amount: float) -> str:
    """US dollars as people write them: two places, and more where the amount is small."""
    if amount == 0:
        return "$0"
    return f"${amount:,.2f}" if amount >= 0.095 else f"${amount:.2g}" if amount >= 0.0001 else "less than $0.0001"


def counted(n: int, thing: str) -> str:
    """A number of things.

    >>> counted(1, "item"), counted(1200, "reply")
    ('1 item', '1,200 replies')
    """
    many = f"{thing[:-1]}ies" if re.search("[^aeiou]y$", thing) else f"{thing}s"
    return f"{n:,} {thing if n == 1 else many}"


def with_interval(value: float, low: float, high: float, places: int = 2, *, sign: str = "") -> str:
    """A number with its interval; no zero has a minus.

    >>> with_interval(-0.001, -0.12, 0.1)
    '0.00 [-0.12, 0.10]'
    """
    how = f"{sign}z.{places}f"
    return f"{value:{how}} [{low:{how}}, {high:{how}}]"


def probability(p: float | None) -> str:
    """A p-value to three places, or a dash."""
    return "–" if p is None else f"{p:.3f}" if p >= 0.001 else "< 0.001"


def hidden(c: str) -> bool:
    """Whether a character is a control, or one that nobody sees though it changes what is seen."""
    noncharacter = ord(c) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(c) <= 0xFDEF
    return noncharacter or unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _escape(c: str) -> str:
    code = ord(c)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
