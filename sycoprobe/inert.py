"""Text from outside where something reads along: a CI runner that takes lines for commands, a stream that cannot encode all of it.

`sycoprobe.text.visible` keeps text from driving a terminal; the functions here take what it gives.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

from sycoprobe.text import hidden, writable

_STYLE = r"\x1b\[[0-9;]*m"
_COMMAND = re.compile(
    r"#(?=#\w*\[)"  # ##[error], ##vso[task.…], ##teamcity[…]: taken anywhere in a line
    rf"|^(?:[^\S\n]|{_STYLE})*:(?=:)"  # ::error::, after leading blanks
    r"|(?:section_|travis_)(?=(?:start|end|fold|time):)"  # folds in the logs of GitLab and Travis
    rf"|^(?:{_STYLE})*(?=(?:---|\+\+\+|~~~|\^\^\^)\s)",  # Buildkite's groups
    re.MULTILINE | re.IGNORECASE,
)
_IN_JSON = re.compile(r"#(?=#\w*\[)|(?:section|travis)_(?=(?:start|end|fold|time):)", re.IGNORECASE)
"""Those commands that can stand inside a string of JSON: they are taken anywhere in a line."""
_REMEMBERED = 200
_ASCII = str.maketrans(
    {
        **dict.fromkeys("‘’‚′`ʼ", "'"),
        **dict.fromkeys("“”„″", '"'),
        **dict.fromkeys("‐‑‒–—―−─━", "-"),
        **{
            "…": "...",
            "·": "*",
            "•": "*",
            "×": "x",
            "→": "->",
            "←": "<-",
            "⏎": "|",
            "≤": "<=",
            "≥": ">=",
            "≠": "!=",
            "±": "+/-",
        },
        **{"≈": "~", "µ": "u", "μ": "u", "²": "2", "³": "3", "✅": "[ok]", "❌": "[x]", "❔": "[?]", "\u00a0": " "},
    }
)
SPELLED = "sycoprobe.spelled"
"""The name of the codec error handler that spells what a stream cannot encode."""


def uncommanded(text: str, begun: str = "") -> str:
    """`text` in which no CI runner finds a command: a backslash stands in each.

    GitHub Actions takes `::name` at a line's start, after blanks, and `##[name]` anywhere; Azure Pipelines takes `##vso[`,
    TeamCity `##teamcity[`, GitLab and Travis markers of folds, Buildkite a line that begins with three dashes.

    Parameters
    ----------
    text: what is printed next.
    begun: what already stands in the line that it goes on with.

    >>> uncommanded("  ::error::owned, ##[group]x")
    '  :\\\\:error::owned, #\\\\#[group]x'
    """
    whole, start, parts = begun + text, len(begun), []
    for found in _COMMAND.finditer(whole):
        end = max(found.end(), len(begun))
        parts.append(whole[start:end])
        start = end
    return "\\".join([*parts, whole[start:]])


def line_begun(text: str, begun: str = "") -> str:
    """What stands in the line that is under way after `text`, of a long one the end."""
    return (begun + text).rpartition("\n")[2][-_REMEMBERED:]


def spelled(text: str, encoding: str) -> str:
    """`text` with an ASCII spelling of each character that `encoding` lacks, or its escape.

    >>> spelled("right→wrong … naïve 東", "ascii")
    'right->wrong ... naive \\\\u6771'
    """
    if text.isascii():
        return text
    try:
        return text.encode(encoding, SPELLED).decode(encoding)
    except LookupError:
        return text


def _spelling(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_ascii, error.object[error.start : error.end])), error.end


def _ascii(c: str) -> str:
    said = c.translate(_ASCII)
    if said.isascii():
        return said
    base = "".join(x for x in unicodedata.normalize("NFKD", c) if x.isascii())
    return base or c.encode("ascii", "backslashreplace").decode()


codecs.register_error(SPELLED, _spelling)


def inert_json(text: str, encoding: str = "utf-8") -> str:
    """JSON of the same value, in which no runner finds a command, no terminal a control, and `encoding` holds every character."""
    broken = _IN_JSON.sub(lambda m: m.group()[:-1] + _escape(m.group()[-1]), text)
    shown = "".join(_escape(c) if hidden(c) and c != "\n" else c for c in writable(broken))
    if encoding.replace("-", "").lower() in ("utf8", "utf8sig") or shown.isascii():
        return shown
    return "".join(c if _holds(encoding, c) else _escape(c) for c in shown)


def _holds(encoding: str, c: str) -> bool:
    try:
        c.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _escape(c: str) -> str:
    units = c.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i] << 8 | units[i + 1]:04x}" for i in range(0, len(units), 2))
