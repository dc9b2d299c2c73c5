"""From a reply as it came to plain text: characters made ordinary, markup turned into words and lines."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass

STRUCK = "\u2e22"
"""Stands before words that the reply has struck through, and `STRUCK_END` after them."""
STRUCK_END = "\u2e23"
TICK = "\u2713"
CROSS = "\u2717"
ARROW = "\u2192"

_ASCII = {
    **dict.fromkeys("’‘ʼ‛′`´", "'"),
    **dict.fromkeys("“”„‟«»″「」『』", '"'),
    **dict.fromkeys("–−‐‑‒﹣－", "-"),
    **dict.fromkeys("—―⸺⸻", " - "),
    **dict.fromkeys("✅✔☑✓", TICK),
    **dict.fromkeys("❌✗✘❎☒", CROSS),
    **dict.fromkeys("→⇒➔➜➡⟶⟹", f" {ARROW} "),
    **dict.fromkeys("\u2028\u2029\x85\x0b\x0c", "\n"),
    **dict.fromkeys("•◦▪‣●○■▶►", "- "),
    "…": "...",
    "ß": "ss",
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "æ": "ae",
    "Æ": "AE",
    "œ": "oe",
    "⁄": "/",
    "÷": "/",
    "∶": ":",
    "\u00a0": " ",
    "\u202f": " ",
    "\u2009": " ",
    "\u3000": " ",
    "\u3002": ". ",
    "、": ", ",
}
_DASHED_NUMBERS = re.compile("(?<=\\d)\\s*\u2014\\s*(?=\\d)")
_TABLE = str.maketrans(_ASCII)
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_RAISED = re.compile("[⁰¹²³⁴-⁹⁻]+")
_VULGAR = re.compile("[\u00bc-\u00be\u2150-\u215e]")
_ODD = re.compile(r"[^\x09\x0a\x20-\x7e]")

_COMMENT_OR_TAG = re.compile(r"<(/?)([a-zA-Z_]{1,20})(?: [^<>\n]{0,200})?/?>")
_TAGS = frozenset(
    [
        "b",
        "i",
        "em",
        "strong",
        "u",
        "s",
        "del",
        "strike",
        "br",
        "p",
        "span",
        "sup",
        "sub",
        "code",
        "font",
        "small",
        "big",
        "center",
        "div",
        "answer",
        "final",
        "final_answer",
        "result",
        "response",
        "output",
        "summary",
        "h1",
        "h2",
        "h3",
    ]
)
"""Marks of layout; others may be what is asked about."""
_STRIKE = re.compile(r"~~(?=[^\s~])([^~\n]{1,300})~~")
_LINK = re.compile(r"!?\[([^\[\]\n]{1,200})\]\((?:https?:|/|#|www)[^()\s]{0,300}\)")
_EMPHASIS = re.compile(r"\*{1,3}|`+|(?<![a-zA-Z0-9])_{1,2}(?=[a-zA-Z0-9])|(?<=[a-zA-Z0-9.!?)])_{1,2}(?![a-zA-Z0-9])|~~")
_LINE_MARKS = re.compile(r"^[ \t]*(?:>[ \t]?)*(?:[-+*][ \t]+|#{1,6}[ \t]+)?", re.M)
_RULE = re.compile(r"^[ \t|:=_-]{3,}$", re.M)
_BLANK = re.compile(r"[ \t\r]+")
_LINES = re.compile(r" ?\n[ \n]*")

_TEXT_MACRO = re.compile(r"\\(?:text|mathrm|mathbf|textbf|mbox|operatorname|textit|mathit)\s*\{([^{}]{0,500})\}")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]{0,100})\}\s*\{([^{}]{0,100})\}")
_BOXED = re.compile(r"\\boxed\s*\{([^{}]{0,500})\}")
_LATEX = re.compile(r"\\[()\[\]]|\\[,;!]|\\(?:left|right|quad|displaystyle)\b|(?<!\w)\$(?=[^\d])|\$(?!\d)")


@dataclass(frozen=True, slots=True)
class Plain:
    """A reply as plain text.

    Attributes:
        cased: With upper and lower case as they came.
        low: The same in lower case; every character stands at the same place as in `cased`.
    """

    cased: str
    low: str


def plain(reply: str) -> Plain:
    """`reply` without accents, markup, LaTeX, emoji and invisible characters; lines stay lines.

    Struck words are preceded by `STRUCK`, a boxed answer by "boxed answer:". Never raises, whatever the characters.
    """
    text = reply
    if _ODD.search(text):
        text = _ordinary(text)
    if "\\" in text or "$" in text:
        text = _without_latex(text)
    if "&" in text and ";" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _COMMENT_OR_TAG.sub(_tag, text)
    if "~~" in text:
        text = _STRIKE.sub(rf" {STRUCK}\1{STRUCK_END} ", text)
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    if "\n" in text or text[:1] in "-+*#> \t":
        text = _RULE.sub("", text)
        text = _LINE_MARKS.sub("", text)
    if "*" in text or "`" in text or "_" in text or "~~" in text:
        text = _EMPHASIS.sub("", text)
    if "  " in text or "\t" in text or "\r" in text:
        text = _BLANK.sub(" ", text)
    if "\n" in text:
        text = _LINES.sub("\n", text)
    text = text.strip()
    low = text.lower()
    if len(low) != len(text):
        low = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return Plain(text, low)


def _ordinary(text: str) -> str:
    """Ordinary letters, quotes, dashes and spaces for their look-alikes; what cannot be seen is dropped."""
    if "\u2014" in text:
        text = _DASHED_NUMBERS.sub("; ", text)
    text = text.translate(_TABLE)
    if text.isascii():
        return text
    text = _RAISED.sub(lambda m: "^" + m.group().translate(_SUPERSCRIPT), text)
    text = _VULGAR.sub(lambda m: " " + unicodedata.normalize("NFKC", m.group()).replace("\u2044", "/"), text)
    text = unicodedata.normalize("NFKD", text).translate(_TABLE)
    return text.translate(_SHOWN)


class _Shown(dict[int, str]):
    """What is left of each character, by its code."""

    def __missing__(self, code: int) -> str:
        if len(self) >= 20_000:
            self.clear()
        self[code] = shown = chr(code) if code < 0x7F else _shown(chr(code))
        return shown


_SHOWN = _Shown()


def _shown(c: str) -> str:
    if c in (STRUCK, STRUCK_END, TICK, CROSS, ARROW):
        return c
    kind = unicodedata.category(c)
    if kind in ("Mn", "Me", "Cf"):
        return ""
    if kind in ("Cs", "Co", "Cn", "Cc", "Zs", "Sk"):
        return " "
    return " " if kind == "So" and c not in "°№" else c


def _without_latex(text: str) -> str:
    text = text.replace("{,}", ",")
    for _ in range(3):
        text = _TEXT_MACRO.sub(r"\1", text)
    text = _FRACTION.sub(r"\1/\2", text)
    text = _BOXED.sub(r"\nboxed answer: \1\n", text)
    for macro, sign in (
        ("\\times", "×"),
        ("\\cdot", "×"),
        ("\\%", "%"),
        ("\\$", "$"),
        ("\\circ", "°"),
        ("\\approx", "about"),
        ("\\rightarrow", f" {ARROW} "),
        ("\\to", f" {ARROW} "),
        ("\\checkmark", TICK),
        ("\\neq", "is not"),
    ):
        text = text.replace(macro, sign)
    return _LATEX.sub(" ", text).replace("\\ ", " ")


def _tag(m: re.Match[str]) -> str:
    name = m[2].lower()
    if name not in _TAGS:
        return m.group()
    if name in ("s", "del", "strike"):
        return f"{STRUCK_END} " if m[1] else f" {STRUCK}"
    return "\n" if name in ("br", "p", "li", "div", "tr") else " "
