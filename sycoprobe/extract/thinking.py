"""Thinking that a model writes into its reply, told apart from the answer, whatever marks stand around it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

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
_AROUND_ANSWERS = (
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
_AFTER_ANSWERS = re.compile(r"\s*(?:\[END FINAL RESPONSE\]|<\|(?:end|return|end_of_solution|END_RESPONSE)\|>)\s*\Z", re.I)
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
_QUOTES = dict(zip("`'\"“‘«([", "`'\"”’»)]", strict=True))
_SEVERAL = re.compile(r"(?:and|or|to|und|oder|et|[/&…]|\.\.\.)")
_NO_BLANK = re.compile(r"\S")
_FENCE = re.compile(r"^[ \t]*```", re.M)
_LOOK = 200
"""Characters of a line that are looked at to tell a mark from its mention."""
_TRIES = 50
_ORDINARY = re.compile(
    r"a|abbr|article|b|blockquote|body|br|code|d[dlt]|div|em|figure|footer|h[1-6r]|head|header|html|i|img|li|main|ol|p|pre|q|s|section"
    r"|small|span|strong|su[bp]|svg|table|tbody|t[dhr]|thead|title|u|ul|xml|answer|response|output|solution|final|result|json|question"
)
"""Names of tags that people write answers in."""
_UNKNOWN = re.compile(
    r"\s*(?:<\|?(?P<name>[A-Za-z_][\w:.-]{0,40})\|?>|\[(?P<word>[A-Z][A-Z_]{2,30})\]|◁(?P<other>[^▷\s]{1,30})▷)"
)


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
    pairs = (*_own(marks), *PAIRS)
    answer, thoughts = text, list[str]()
    for _ in range(4):
        found = _in_channels(answer) or _in_bare_channels(answer) or _in_blocks(answer, pairs)
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


def opened_by(prompt: str, marks: Sequence[str] = ()) -> str | None:
    """The mark with which a prompt ends, so that the reply begins within the block that it opens; None if there is none."""
    end = prompt.rstrip()
    if re.search(r"<\|channel\|>\s*(?:analysis|commentary)\s*(?:<\|message\|>)?\Z", end[-_LOOK:]):
        return "<|channel|>analysis<|message|>"
    pairs = (*_own(tuple(marks)), *PAIRS)
    return next((p.open for p in pairs if end[-len(p.open) :].lower() == p.open.lower()), None)


def unknown_mark(text: str) -> str | None:
    """What a text begins with, if that looks like a mark that opens thinking and is none that is known."""
    found = _UNKNOWN.match(text)
    if found is None:
        return None
    mark = found.group().strip()
    if any(mark.lower() == x.lower() for x, _ in _AROUND_ANSWERS):
        return None
    if mark.startswith(("<|", "◁")) or mark.endswith("|>"):
        return mark
    name = (found["name"] or found["word"]).lower()
    end = text.lower().rfind(f"</{name}>" if found["name"] else f"[/{name}]")
    answered = end >= 0 and text[end + len(name) + 3 :].strip()
    return mark if answered and not _ORDINARY.fullmatch(name) else None


def checked_marks(marks: Sequence[str]) -> tuple[str, ...]:
    """The pairs as they are given. Raises `PlanError` for one that is none."""
    _own(tuple(marks))
    return tuple(marks)


def special_marks(marks: Sequence[str] = ()) -> frozenset[str]:
    """Marks that tokenizers may hold as single special tokens, in lower case; `marks` are the model's own."""
    control = ("start", "channel", "message", "constrain", "end", "return", "call")
    around = (mark for pair in _AROUND_ANSWERS for mark in pair)
    known = (mark for p in (*_own(tuple(marks)), *PAIRS) if not p.spoken for mark in (p.open, p.close))
    return frozenset(m.lower() for m in (*known, *around, *(f"<|{c}|>" for c in control), "<|channel>"))


@lru_cache(maxsize=64)
def _own(marks: tuple[str, ...]) -> tuple[Pair, ...]:
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
    for opens, closes in _AROUND_ANSWERS:
        if text[: len(opens)].lower() == opens.lower() and (opens.startswith("<|") or not special):
            inner = text[len(opens) :]
            end = inner.lower().find(closes.lower())
            text = inner if end < 0 else inner[:end] + inner[end + len(closes) :]
            break
    else:
        if special:
            return text
    return _AFTER_ANSWERS.sub("", text).strip()


def _in_channels(text: str) -> tuple[str, list[str]] | None:
    """Answer and thinking of a text in harmony's channels; None if it is in none."""
    first = _CHANNELS.search(text)
    if first is None or _mentioned(text, first.start(), first.end()):
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


def _in_bare_channels(text: str) -> tuple[str, list[str]] | None:
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
    if before in _QUOTES or before in ("_", "-", "/"):
        return False
    return before.strip() == before and after.strip() != "" and (before in ".!?…)”" or after.isupper() or after.isdigit())


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    opens: tuple[Pair, ...]
    closes: tuple[Pair, ...]


@lru_cache(maxsize=64)
def _scanner(pairs: tuple[Pair, ...]) -> tuple[re.Pattern[str], dict[str, tuple[tuple[Pair, ...], tuple[Pair, ...]]]]:
    """The pattern that finds every mark, and what each opens and closes, by its lower case."""
    marks = {m.lower() for p in pairs for m in (p.open, p.close)}
    pattern = re.compile("|".join(re.escape(m) for m in sorted(marks, key=len, reverse=True)), re.I)
    meaning = {
        m: (tuple(p for p in pairs if p.open.lower() == m), tuple(p for p in pairs if p.close.lower() == m)) for m in marks
    }
    return pattern, meaning


def _in_blocks(text: str, pairs: tuple[Pair, ...]) -> tuple[str, list[str]] | None:
    """Answer and thinking of a text with blocks between marks; None if there are none."""
    pattern, meaning = _scanner(pairs)
    marks = [_Mark(m.start(), m.end(), *meaning.get(m.group().lower(), ((), ()))) for m in pattern.finditer(text)]
    if not marks:
        return None
    return _Blocks(text, marks).split()


class _Blocks:
    """One text and its marks."""

    def __init__(self, text: str, marks: list[_Mark]) -> None:
        self._text = text
        self._marks = marks
        self._fences = [m.start() for m in _FENCE.finditer(text)]
        self._closing = [i for i, m in enumerate(marks) if m.closes]
        self._length = len(text.rstrip())
        self._answer: list[str] = []
        self._said = False
        """Whether there is anything in the answer so far."""
        self._thoughts: list[str] = []
        self._at = 0
        """Up to where the text is told apart."""
        self._next = len(text) - len(text.lstrip())
        """Where the first thing that is no blank stands after that."""

    def split(self) -> tuple[str, list[str]] | None:
        skipped: set[int] = set()
        for i, mark in enumerate(self._marks):
            if mark.start < self._at or i in skipped:
                continue
            if mark.opens and not self._quoted(mark):
                end = self._end_of(i)
                if end is None and self._is_left_open(mark):
                    self._take(mark, len(self._text), len(self._text))
                elif end is not None and self._is_block(mark, self._marks[end]):
                    self._take(mark, self._marks[end].start, self._marks[end].end)
                elif end is not None:
                    skipped.add(end)
            elif any(p.alone for p in mark.closes) and not self._quoted(mark) and not self._speaks_of(mark):
                self._end_alone(mark)
        if not self._at:
            return None
        self._answer.append(self._text[self._at :])
        return _joined(self._answer), self._thoughts

    def _take(self, mark: _Mark, end: int, after: int) -> None:
        self._say(self._text[self._at : mark.start])
        self._thoughts.append(self._text[mark.end : end])
        self._move(after)

    def _say(self, part: str) -> None:
        self._answer.append(part)
        self._said = self._said or bool(part.strip())

    def _move(self, at: int) -> None:
        self._at = at
        found = _NO_BLANK.search(self._text, at)
        self._next = found.start() if found else len(self._text)

    def _end_alone(self, mark: _Mark) -> None:
        """An end mark that nothing opened: what stands before it is thinking, unless it is only one end too many."""
        lead = self._text[self._at : mark.start]
        if self._thoughts and mark.end >= self._length:
            self._say(lead)
        else:
            self._thoughts.append(lead)
        self._move(mark.end)

    def _end_of(self, i: int) -> int | None:
        """Which mark ends the block that mark `i` opens: one of its own if there is one, and one that is not only spoken of."""
        opened = self._marks[i].opens
        own, other = list[int](), list[int]()
        for j in self._closing[(first := bisect_left(self._closing, i + 1)) : first + _TRIES]:
            closes = self._marks[j].closes
            if any(p in opened for p in closes):
                own.append(j)
                if not self._quoted(self._marks[j]) and not self._speaks_of(self._marks[j]):
                    return j
            elif any(p.alone for p in closes) and not any(p.spoken for p in opened):
                other.append(j)
        return own[0] if own else other[0] if other else None

    def _begins(self, mark: _Mark) -> bool:
        """Whether nothing but thinking stands before it."""
        return self._next >= mark.start and not self._said

    def _is_left_open(self, mark: _Mark) -> bool:
        if any(p.spoken for p in mark.opens):
            return False
        line = self._before(mark)
        return self._begins(mark) or not line.strip() or not line[-1].isspace() or line.rstrip()[-1] in ".!?…"

    def _is_block(self, mark: _Mark, end: _Mark) -> bool:
        inner = self._text[mark.end : end.start]
        if self._begins(mark):
            return not (_SEVERAL.fullmatch(inner.strip()) and self._speaks_of(end))
        if any(p.spoken for p in mark.opens) or self._speaks_of(mark):
            return False
        words = inner.split()
        within = self._within_sentence(mark) and "\n" not in inner
        return not (within and (not re.search(r"\w", inner) or (len(words) <= 4 and self._goes_on(end))))

    def _quoted(self, mark: _Mark) -> bool:
        """Whether it stands in quotes or in code."""
        before, after = self._before(mark), self._after(mark)
        if before and after[:1] == _QUOTES.get(before[-1]):
            return True
        if before.count("`") % 2 and "`" in after:
            return True
        fences = bisect_left(self._fences, mark.start) - bisect_left(self._fences, self._at)
        return fences % 2 == 1 and self._fences[-1] > mark.start

    def _speaks_of(self, mark: _Mark) -> bool:
        return _mentioned(self._text, mark.start, mark.end)

    def _within_sentence(self, mark: _Mark) -> bool:
        line = self._before(mark)
        return bool(line.strip()) and line[-1].isspace() and line.rstrip()[-1] not in ".!?…:"

    def _goes_on(self, mark: _Mark) -> bool:
        after = self._after(mark)
        return bool(after[:1] in ".,;:!?)" and after) or (after[:1].isspace() and after.lstrip()[:1].islower())

    def _before(self, mark: _Mark) -> str:
        return self._text[max(0, mark.start - _LOOK) : mark.start].rpartition("\n")[2]

    def _after(self, mark: _Mark) -> str:
        return self._text[mark.end : mark.end + _LOOK].partition("\n")[0]


def _mentioned(text: str, start: int, end: int) -> bool:
    """Whether the mark from `start` to `end` is spoken of within a sentence, and marks nothing."""
    before = text[max(0, start - _LOOK) : start].rpartition("\n")[2]
    if not before.strip() or not before[-1].isspace() or before.rstrip()[-1] in ".!?…:":
        return False
    if not text[end : end + _LOOK].strip():
        return len(text) - end <= _LOOK
    after = text[end : end + _LOOK].partition("\n")[0]
    return after[:1] in tuple(".,;:!?)") or (after[:1].isspace() and after.lstrip()[:1].islower())


def _joined(parts: list[str]) -> str:
    """The parts of an answer that thinking stood between."""
    whole = ""
    for part in parts:
        glued = whole and part and not whole[-1].isspace() and not part[0].isspace()
        whole += ("\n" if glued else "") + part
    return whole.strip()
