"""The marks between which models think, and whether one that stands in a text marks anything or is only spoken of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sycoprobe.errors import PlanError


@dataclass(frozen=True, slots=True)
class Pair:
    """The marks between which a model thinks, in upper or lower case.

    Attributes
    ----------
    open, close: as the model writes them.
    alone: whether the end mark tells that all before it was thinking where nothing opened it, because the prompt did.
    spoken: the mark that opens is words that anybody may say: it counts at the beginning of a reply only, and with its end.
    """

    open: str
    close: str
    alone: bool = True
    spoken: bool = False


TAGS = (
    "think",  # DeepSeek, Qwen, GLM, Phi, Nemotron, MiniMax and most others
    "thinking",
    "thought",  # EXAONE Deep; Gemini through compatible servers
    "thoughts",
    "reasoning",
    "reason",
    "reflection",  # within or after <thinking>
    "seed:think",  # Seed-OSS
    "longcat_think",  # LongCat
    "think:opensource",
)
"""Names of the tags `<NAME>…</NAME>` that hold thinking."""
PAIRS = (
    *(Pair(f"<{name}>", f"</{name}>") for name in TAGS),
    Pair("[THINK]", "[/THINK]"),  # Magistral and Ministral (their SYSTEM_PROMPT.txt)
    Pair("[REASONING]", "[/REASONING]"),
    Pair("<|begin_of_thought|>", "<|end_of_thought|>"),  # Sky-T1, OpenThoughts
    Pair("<|START_THINKING|>", "<|END_THINKING|>"),  # Cohere Command A
    Pair("<|inner_prefix|>", "<|inner_suffix|>"),  # Apertus
    Pair("<|thinking|>", "<|/thinking|>"),
    Pair("◁think▷", "◁/think▷"),  # Kimi
    Pair("<|channel>thought", "<channel|>"),  # Gemma 4
    Pair("<|think|>", "<|end|>", alone=False),  # Solar Open
    Pair("<start_working_out>", "<end_working_out>"),
    Pair("Here are my reasoning steps:", "[BEGIN FINAL RESPONSE]", spoken=True),  # Apriel
    Pair("Here is my thought process:", "Here is my response:", alone=False, spoken=True),  # Granite 3.2
    Pair("Here's my thought process:", "Here's my response:", alone=False, spoken=True),
)
"""The marks that are known: those of the reasoning parsers of vLLM, SGLang and llama.cpp, and of the models' own templates."""
AROUND_ANSWERS = (
    ("<|begin_of_solution|>", "<|end_of_solution|>"),
    ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    ("<|begin|>assistant<|content|>", "<|end|>"),
    ("<|content|>", "<|end|>"),
    ("<answer>", "</answer>"),
    ("<response>", "</response>"),
    ("<output>", "</output>"),
    ("<solution>", "</solution>"),
)
"""What some of these models put around their answer."""
QUOTES = dict(zip("`'\"“‘«([", "`'\"”’»)]", strict=True))
"""Quotes and brackets, and what closes each."""
LOOK = 200
"""Characters of a line that are looked at to tell a mark from its mention."""
_ORDINARY = re.compile(
    r"a|abbr|article|b|blockquote|body|br|code|d[dlt]|div|em|figure|footer|h[1-6r]|head|header|html|i|img|li|main|ol|p|pre|q|s|section"
    r"|small|span|strong|su[bp]|svg|table|tbody|t[dhr]|thead|title|u|ul|xml|answer|response|output|solution|final|result|json|question"
)
"""Names of tags that people write answers in."""
_UNKNOWN = re.compile(
    r"\s*(?:<\|?(?P<name>[A-Za-z_][\w:.-]{0,40})\|?>|\[(?P<word>[A-Z][A-Z_]{2,30})\]|◁(?P<other>[^▷\s]{1,30})▷)"
)


def opened_by(prompt: str, marks: Sequence[str] = ()) -> str | None:
    """The mark with which a prompt ends, so that the reply begins within the block that it opens; None if there is none."""
    end = prompt.rstrip()
    if re.search(r"<\|channel\|>\s*(?:analysis|commentary)\s*(?:<\|message\|>)?\Z", end[-LOOK:]):
        return "<|channel|>analysis<|message|>"
    pairs = (*own_pairs(tuple(marks)), *PAIRS)
    return next((p.open for p in pairs if end[-len(p.open) :].lower() == p.open.lower()), None)


def unknown_mark(text: str) -> str | None:
    """What a text begins with, if that looks like a mark that opens thinking and is none that is known."""
    found = _UNKNOWN.match(text)
    if found is None:
        return None
    mark = found.group().strip()
    if any(mark.lower() == x.lower() for x, _ in AROUND_ANSWERS):
        return None
    if mark.startswith(("<|", "◁")) or mark.endswith("|>"):
        return mark
    name = (found["name"] or found["word"]).lower()
    end = text.lower().rfind(f"</{name}>" if found["name"] else f"[/{name}]")
    answered = end >= 0 and text[end + len(name) + 3 :].strip()
    return mark if answered and not _ORDINARY.fullmatch(name) else None


def checked_marks(marks: Sequence[str]) -> tuple[str, ...]:
    """The pairs as they are given. Raises `PlanError` for one that is none."""
    own_pairs(tuple(marks))
    return tuple(marks)


def special_marks(marks: Sequence[str] = ()) -> frozenset[str]:
    """Marks that tokenizers may hold as single special tokens, in lower case; `marks` are the model's own."""
    control = ("start", "channel", "message", "constrain", "end", "return", "call")
    around = (mark for pair in AROUND_ANSWERS for mark in pair)
    known = (mark for p in (*own_pairs(tuple(marks)), *PAIRS) if not p.spoken for mark in (p.open, p.close))
    return frozenset(m.lower() for m in (*known, *around, *(f"<|{c}|>" for c in control), "<|channel>"))


@lru_cache(maxsize=64)
def own_pairs(marks: tuple[str, ...]) -> tuple[Pair, ...]:
    """The pairs of a model's own, each given as `OPEN…CLOSE`. Raises `PlanError` for one that is none."""
    found = []
    for given in marks:
        separator = "…" if "…" in given else "..."
        opens, _, closes = (part.strip() for part in given.partition(separator))
        if not opens or not closes:
            raise PlanError(
                f"--thinking-marks {given!r}: not a pair of marks",
                'write the mark that opens the thinking, … (or ...) and the mark that ends it: "<cot>…</cot>"',
            )
        found.append(Pair(opens, closes, alone=not closes[0].isalnum()))
    return tuple(found)


def mentioned(text: str, start: int, end: int) -> bool:
    """Whether the mark from `start` to `end` is spoken of within a sentence, and marks nothing."""
    before = text[max(0, start - LOOK) : start].rpartition("\n")[2]
    if not before.strip() or not before[-1].isspace() or before.rstrip()[-1] in ".!?…:":
        return False
    if not text[end : end + LOOK].strip():
        return len(text) - end <= LOOK
    after = text[end : end + LOOK].partition("\n")[0]
    return after[:1] in tuple(".,;:!?)") or (after[:1].isspace() and after.lstrip()[:1].islower())
