"""What a server may reject of a request, and by which of its words that is known."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Adaptable:
    """A parameter or a form of the dialog that a server may reject.

    Attributes
    ----------
    name: as it is called in the request, and in the report.
    instead: what is sent instead, or what is done; None: it is left out.
    said: how a rejection speaks of it where it does not name it.
    without: what the report says of leaving it out.
    """

    name: str
    instead: str | None = None
    said: re.Pattern[str] | None = None
    without: str = "left out"


SYSTEM = Adaptable(
    "system role",
    "first user turn",
    re.compile(
        r"system[ _-]?(?:role|message|prompt|instruction)s?\b.{0,60}(?:not|n't|un)\s?(?:support|allow|enabled|available)|(?:not|n't) support\w*.{0,20}\bsystem\b"
        r"|developer instruction is not enabled|only (?:(?!system)[\w ,])*\broles? (?:is|are) (?:supported|allowed)"
        r"|(?:unknown|unexpected|invalid|unsupported) (?:message )?role\W{1,4}system",
        re.I,
    ),
)
"""A system prompt: joined to the first user turn. Some chat templates have no place for one (Gemma's, for example)."""
ALTERNATION = Adaptable(
    "consecutive turns of one role",
    "merged",
    re.compile(
        r"(?:roles?|turns|conversations?) must alternate|alternat\w+ (?:between )?user|unexpected role '?(\w+)'? after role '?\1\b",
        re.I,
    ),
)
IN_WORDS = "left out: the form of the reply is asked for in words only"
"""What leaving out a JSON schema comes to: whoever sends one asks for the object in the prompt too."""
SYSTEM_ALLOWED = re.compile(r"after the optional system", re.I)
REJECTED = re.compile(
    r"unsupported|not support|no longer|deprecated|cannot both|unrecognized|unknown|not permitted|not allowed|extra inputs"
    r"|only the default|not enabled|not available|unavailable|enabled only|cannot find field|unexpected keyword|invalid (?:parameter|argument) name"
    r"|greater than max allowed",
    re.I,
)
