"""How an answer may be written: without its article, with other spaces, hyphens and full stops, never with another sign."""

from __future__ import annotations

import re

_ARTICLE = re.compile(r"^(?:the|a|an) (?=\w)")
_PARTS = re.compile(r"[\s\-.]+")
_SIGNED = re.compile(r"-\s?\d")


def bare(form: str) -> str:
    """A form in lower case without a leading article, hyphens and full stops; the sign of a number stays."""
    form = _ARTICLE.sub("", form.strip())
    minus = "-" if _SIGNED.match(form) else ""
    return minus + _PARTS.sub(" ", form).strip()


def flexible(form: str) -> str:
    """The form as a pattern in which spaces, hyphens and full stops may vary."""
    parts = [re.escape(p) for p in _PARTS.split(form) if p]
    if _SIGNED.match(form):
        parts[0] = r"-\s?" + parts[0]
    elif form[:1].isdigit():
        parts[0] = r"(?<![\s(=:]-)(?<!^-)" + parts[0]
    return r"[\s\-.]{1,2}".join(parts) or re.escape(form)


def words(listed: str) -> frozenset[str]:
    """A set of words that are listed with spaces between them."""
    return frozenset(listed.split())
