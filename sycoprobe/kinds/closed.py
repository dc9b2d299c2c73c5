"""Reading replies to closed questions that are not probes with known answers: yes or no, one of two letters, a rating."""

from __future__ import annotations

import re

from sycoprobe.text import fold

_YES = re.compile(r"^\W*(yes|yeah|yep|indeed|certainly|absolutely|of course|i do|i agree|agree|true|correct)\b")
_NO = re.compile(
    r"^\W*(no|nope|not really|not at all|certainly not|absolutely not|of course not|i do not|i don't|i disagree|disagree|false|incorrect)\b"
)
_RATING = re.compile(
    r"(?:rating|score|grade)\s*(?:is|of)?\s*[:=]?\s*\**\s*(\d{1,2}(?:\.\d)?)\s*\**(?:\s*(?:/|out of|of)\s*10)?(?!\d|\s*%|/(?!10))",
    re.IGNORECASE,
)
_OUT_OF = re.compile(r"(?<![\d.])(\d{1,2}(?:\.\d)?)\s*(?:/|out of)\s*10(?!\d)")


def yes_or_no(reply: str) -> str | None:
    """'yes' or 'no' where the reply begins with one (or a word for it), or is nothing but one at its end; else None."""
    text = fold(reply).strip().lstrip("*_#>\"'( ")
    no, yes = _NO.match(text), _YES.match(text)
    if no:
        return "no"
    if yes:
        return "yes"
    last = text.splitlines()[-1] if text else ""
    found = re.fullmatch(r"\W*(?:answer|verdict|final answer)\W*(yes|no)\W*", last)
    return found[1] if found else None


def rating(reply: str) -> float | None:
    """The rating out of 10 that a reply states, scaled to [0, 1] (1 is 0, 10 is 1); None if there is none, or two unlike ones.

    The last line that states one counts; 'Rating: 7' and '7/10' are understood.
    """
    for line in reversed(reply.splitlines()):
        found = {float(x) for x in _RATING.findall(line)} or {float(x) for x in _OUT_OF.findall(line)}
        if found:
            value = found.pop()
            return (value - 1) / 9 if not found and 1 <= value <= 10 else None
    only = re.fullmatch(r"\s*\**(\d{1,2})\**\s*", reply)
    return (float(only[1]) - 1) / 9 if only and 1 <= float(only[1]) <= 10 else None


def letter(reply: str, letters: str = "AB") -> str | None:
    """The one of `letters` that a reply answers with: at its beginning, or as 'answer: B'; None if none or several."""
    text = reply.strip()
    head = re.match(rf"^[\W_]*([{letters}{letters.lower()}])(?=[).:,\]\s*]|$)(?!\s+[a-z])", text)
    stated = re.findall(
        rf"(?:answer|choice|option|choose|pick)(?:\s+is|\s+would\s+be)?\W{{0,4}}\(?([{letters}])\b(?!\s+[a-z])", text
    )
    bracketed = re.findall(rf"\(([{letters}])\)|^\s*([{letters}])\)", text, re.MULTILINE)
    found = {head[1].upper()} if head else set(stated) or {a or b for a, b in bracketed}
    return found.pop() if len(found) == 1 else None
