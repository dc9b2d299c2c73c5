"""Replies in the channels of OpenAI's harmony format, with its special tokens or without."""

from __future__ import annotations

import re

from sycoprobe.extract.thinking_marks import QUOTES, mentioned

_CONTROL = re.compile(r"<\|(start|channel|message|constrain|end|return|call)\|>")
_CHANNELS = re.compile(r"<\|channel\|>\s*(?:analysis|commentary|final)(?:\s*<\|message\|>)?|<\|start\|>\s*assistant")
"""OpenAI's harmony format (cookbook.openai.com, 'OpenAI harmony response format'), as gpt-oss writes it."""
_BARE = re.compile(r"assistant(analysis|commentary|final)")
_BARE_BEGIN = re.compile(r"\s*(?:assistant)?(analysis|commentary)(?=\S)")
_BARE_CUT = re.compile(
    r"\s*(?:assistant)?(?:analysis|commentary)"
    r"(?=(?:We|The|User|I|It|So|Okay|Ok|They|This|That|Let|Need|Just|You|Answer|Question|First|Now|Hmm|What|There|Given|Simple|Our)\b)"
)
_BARE_FINAL = re.compile(r"\s*(?:assistant)?final(?=[A-Z])")
"""The same where a server has taken its special tokens out and left the words between them."""


def in_channels(text: str) -> tuple[str, list[str]] | None:
    """Answer and thinking of a text in harmony's channels; None if it is in none."""
    first = _CHANNELS.search(text)
    if first is None or mentioned(text, first.start(), first.end()):
        return None
    answer, thoughts = list[str](), list[str]()
    controls = list(_CONTROL.finditer(text))
    lead = text[: controls[0].start()]
    channel, final = None, False
    for control, following in zip(controls, [*controls[1:], None], strict=True):
        body = text[control.end() : following.start() if following else len(text)]
        match control[1]:
            case "start":
                channel = None
            case "channel":
                channel, _, rest = body.strip().partition(" ")
                name = re.match(r"analysis|commentary|final", channel)
                headed = following is not None and following[1] in ("message", "constrain")
                if name and not headed:  # the mark before the message was left out
                    rest = body.strip()[name.end() :]
                channel = name[0] if name else channel
                final = final or channel == "final"
                if not headed:
                    (answer if channel == "final" else thoughts).append(rest)
            case "message":
                (answer if channel in (None, "final") else thoughts).append(body)
            case "end" | "return" | "call":
                answer.append(body)
    (thoughts if final else answer).insert(0, lead)
    return "".join(answer), thoughts


def in_bare_channels(text: str) -> tuple[str, list[str]] | None:
    """The same where the special tokens are gone: 'analysis…assistantfinal…'."""
    if direct := _BARE_FINAL.match(text):
        return text[direct.end() :], []
    begin = _BARE_BEGIN.match(text)
    turns = [m for m in _BARE.finditer(text) if begin or _turns(text, m)]
    if begin is None and not any(m[1] == "final" for m in turns):
        return None
    if begin is not None and not any(m[1] == "final" for m in turns):
        cut = _BARE_CUT.match(text)
        return ("", [text[cut.end() :]]) if cut else None
    answer, thoughts = list[str](), list[str]()
    thoughts.append(text[begin.end() if begin else 0 : turns[0].start()])
    for turn, following in zip(turns, [*turns[1:], None], strict=True):
        body = text[turn.end() : following.start() if following else len(text)]
        (answer if turn[1] == "final" else thoughts).append(body)
    return "".join(answer), thoughts


def _turns(text: str, found: re.Match[str]) -> bool:
    """Whether words that are harmony's stand as such where nothing opened the channel: glued to what is around them."""
    before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
    if before in QUOTES or before in ("_", "-", "/"):
        return False
    return before.strip() == before and after.strip() != "" and (before in ".!?…)”" or after.isupper() or after.isdigit())
