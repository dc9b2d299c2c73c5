"""Thinking that a model writes into its reply, told apart from the answer, whatever marks stand around it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sycoprobe.extract.thinking_blocks import in_blocks
from sycoprobe.extract.thinking_channels import in_bare_channels, in_channels
from sycoprobe.extract.thinking_marks import AROUND_ANSWERS, PAIRS, own_pairs

_AFTER_ANSWERS = re.compile(r"\s*(?:\[END FINAL RESPONSE\]|<\|(?:end|return|end_of_solution|END_RESPONSE)\|>)\s*\Z", re.I)


def split_thinking(text: str, marks: Sequence[str] = ()) -> tuple[str, str | None]:
    """The answer in a reply's text, and the thinking that stood in it; None where there was none.

    Parameters
    ----------
    text: the reply as it came.
    marks: further pairs of marks of the model's own, each written `OPEN…CLOSE`.

    Returns
    -------
    A block that is not closed is thinking to its end; one that the prompt opened is thinking from the beginning. A text without
    thinking comes back as it is, and so does one that only speaks of such marks: in quotes or code, or within a sentence.

    >>> split_thinking("<think>Lyon? No.</think>Paris")
    ('Paris', 'Lyon? No.')
    >>> split_thinking("R1 thinks between <think> and </think> tags.")
    ('R1 thinks between <think> and </think> tags.', None)
    """
    return _split(text, tuple(marks))


@lru_cache(maxsize=1)
def _split(text: str, marks: tuple[str, ...]) -> tuple[str, str | None]:
    """The last text is kept: a reply is settled by its backend and once more by the run, which trusts no backend."""
    pairs = (*own_pairs(marks), *PAIRS)
    answer, thoughts = text, list[str]()
    for _ in range(4):
        found = in_channels(answer) or in_bare_channels(answer) or in_blocks(answer, pairs)
        if found is None:
            break
        answer = _unwrapped(found[0].strip(), special=False)
        thoughts += found[1]
    if answer == text and not thoughts:
        unwrapped = _unwrapped(text.strip(), special=True)
        return (unwrapped, None) if unwrapped != text.strip() else (text, None)
    return answer, "\n\n".join(t for t in map(str.strip, thoughts) if t) or None


def split_parts(content: Any) -> tuple[str, str | None, str | None]:
    """The answer, the thinking and the refusal in a message's content, which is a text, a list of parts, or nothing.

    Parts of the types `thinking` and `reasoning` (Mistral's ThinkChunk holds a list of further parts) are the thinking.
    """
    if not isinstance(content, list):
        return (content if isinstance(content, str) else ""), None, None
    answer, thoughts, refused = list[str](), list[str](), list[str]()
    for part in content:
        if isinstance(part, str):
            answer.append(part)
        elif isinstance(part, Mapping):
            kind = str(part.get("type") or "text").lower()
            if part.get("thought") is True or any(word in kind for word in ("think", "reason", "thought")):
                thoughts += _words(part)
            elif kind in ("text", "output_text"):
                answer += _words(part.get("text"))
            elif kind == "refusal":
                refused += _words(part.get("refusal"))
    return "".join(answer), "\n".join(filter(None, thoughts)) or None, "".join(refused) or None


def _words(value: Any) -> list[str]:
    """All text in a part of a message's content, in order."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for part in value for text in _words(part)]
    if isinstance(value, Mapping):
        keys = ("thinking", "reasoning", "reasoning_content", "thought", "summary", "content", "text")
        return [text for key in keys if not isinstance(value.get(key), bool) for text in _words(value.get(key))]
    return []


def _unwrapped(text: str, *, special: bool) -> str:
    """An answer without the marks around it; `special`: only of those that nobody writes who does not answer so."""
    for opens, closes in AROUND_ANSWERS:
        if text[: len(opens)].lower() == opens.lower() and (opens.startswith("<|") or not special):
            inner = text[len(opens) :]
            end = inner.lower().find(closes.lower())
            text = inner if end < 0 else inner[:end] + inner[end + len(closes) :]
            break
    else:
        if special:
            return text
    return _AFTER_ANSWERS.sub("", text).strip()
