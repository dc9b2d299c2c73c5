"""Finding the options that a reply to a choice names: by letter, by text, by both, or by place."""

from __future__ import annotations

import re
from functools import lru_cache

from sycoprobe.extract.characters import Plain, plain
from sycoprobe.extract.choice_spelled import spelled_out
from sycoprobe.extract.discourse import Mention
from sycoprobe.extract.lazily import lazy
from sycoprobe.extract.written import bare, flexible, words
from sycoprobe.sets.probe import LETTERS, Asked

CLASH = "\x00"
"""Begins the key of a mention in which the letter of one option stands with the text of another."""

_BESIDE = lazy(
    r"[\s).:\],\-\"'(=|]{0,5}(?:(?:the|a|an|is|or|which is|i\.e\.,?|that is,?|namely|option|answer|letter|stands for|means|says|being|reads) ){0,2}[\"'(\[]*"
)
_TIGHT = lazy(r"(?:\)|\]|\.|:|\)?:|\) -| -| =| \(|, option| is) ?[\"'(\[]*")
_DECORATION_LEFT = lazy(
    r"(?:(?:\b(?:the|an?|option|choice|letter|alternative|number|no\.|#|answer option|answer choice) )+|)[\"'(\[]*\Z"
)
_COPIED = lazy(r"^\W{0,4}[a-z\d]{1,2}[).:\]]\s*(.{1,300}?)\W{0,3}$", re.M)


@lru_cache(maxsize=4096)
def _texts(options: tuple[str, ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    """One pattern for all option texts, the longest first, and which option each is."""
    forms: dict[str, str] = {}
    for option in options:
        low = plain(option).low
        forms.setdefault(bare(low) or low, option)
    last = [f.split()[-1] for f in forms if f.split()]
    for form, option in list(forms.items()):
        words = form.split()
        # 'Austen' for 'Jane Austen', where no other option shares the word
        alone = len(words) > 1 and len(words[-1]) >= 4 and words[-1].isalpha()
        if alone and sum(words[-1] in f.split() for f in forms) == 1 and last.count(words[-1]) == 1:
            forms.setdefault(words[-1], option)
    alternatives = "|".join(flexible(f) for f in sorted(forms, key=len, reverse=True))
    return re.compile(rf"(?<![\w.])(?:{alternatives})(?:s|es)?(?!\w|[.,]\d)"), forms


def find(text: Plain, asked: Asked) -> list[Mention]:
    """Every place where a reply names an option, in order; letter and text of one option side by side are one mention."""
    low = text.low
    copied = _copied(low, asked)
    found = [(a, b, key, False) for a, b, key in _by_text(low, asked)]
    taken = [(a, b) for a, b, _, _ in found]
    for a, b, key in (*_by_letter(text, asked), *_by_place(low, asked)):
        if not any(x < b and a < y for x, y in taken):
            found.append((a, b, key, True))
    found = found or [(*place, False) for place in spelled_out(low, asked.options)]
    found.sort()
    if copied:
        found = [f for f in found if not any(a <= f[0] < b for a, b in copied)]
    return _merged(low, found)


def _copied(low: str, asked: Asked) -> list[tuple[int, int]]:
    """The lines in which a reply copies the list of options."""
    if low.count("\n") < 2:
        return []
    options = _bare_options(asked.options)
    lines = [(m.start(), m.end()) for m in _COPIED.finditer(low) if bare(m[1]) in options]
    return lines if len(lines) >= max(3, len(options)) else []


@lru_cache(maxsize=4096)
def _bare_options(options: tuple[str, ...]) -> frozenset[str]:
    return frozenset(bare(plain(o).low) for o in options)


def _by_text(low: str, asked: Asked) -> list[tuple[int, int, str]]:
    pattern, forms = _texts(asked.options)
    found = []
    for m in pattern.finditer(low):
        said = m.group()
        key = forms.get(bare(said)) or forms.get(bare(said.removesuffix("s"))) or forms.get(bare(said.removesuffix("es")))
        if key is not None:
            article = _ARTICLE_BEFORE.search(low, max(0, m.start() - 5), m.start())
            found.append((article.start(1) if article else m.start(), m.end(), key))
    return found


_ARTICLE_BEFORE = lazy(r"(?<![\w'])((?:the|an?) )\Z")


# ------------------------------------------------------------------------------------------------------------- letters

_LETTER = lazy(
    r"(?:(?<![A-Za-z0-9'./&+°-])|(?<=\b[A-J]/))([(\[\"']{0,2})([A-Za-z])([)\]\"']{0,2})(?![A-Za-z0-9&+]|'(?!s\b|d\b|ll\b)[a-z]|-[A-Za-z]|\.[A-Za-z])"
)
_WORD_BEFORE = lazy(r"([A-Za-z']+)[\s:,*(\"']{0,3}$")
_WORD_AFTER = lazy(r"[,:]?\s+([a-z']+|[A-Z][a-z']*)")
_NAMING = frozenset(["option", "options", "choice", "choices", "letter", "letters", "alternative", "alternatives", "answers"])
_BEFORE_LETTER = words(
    """
    is be was are were to with by for on of say says said choose chose pick picked select selected answer mark go keep
    it's that's not or and between both either neither nor than from still definitely therefore thus so i'd remains stays
    mean meant think believe your my letter only just prefer take tick circle called in favour favor namely towards toward
    had have like stand stick sticking call probably simply actually now but no yes final conclusion confirms wrote gave
    rather instead over as again leaves leaving out against about conclude want exactly certainly clearly being vote voted
    considered consider supports support make makes saying putting put read reads give gives got get the
    """
)
_AFTER_A = words(
    """
    is was isn't wasn't because it and or as would then still since holds fits remains stays seems looks does doesn't has
    can can't cannot could couldn't should must gets wins here again indeed too will won't may might makes describes
    matches means says refers rather instead not but alone are were stands comes came works over vs versus from to which
    that if though although however after before in for fails lacks leads gives now correct wrong right
    """
)
_AFTER_I = words(
    """
    is because as it here for since alone over vs versus or and nor rather instead too again isn't was
    """
)
_NOT_A_LETTER = words(
    """
    vitamin vitamins hepatitis plan type figure table appendix schedule mr dr mrs ms st factor group influenza
    """
)


_LIST = lazy(r"\b[A-Z](?:, [A-Z])+,? (?:and|or) [A-Z]\b")
"""Single letters in a row: if one of them is no option, none is."""


def _by_letter(text: Plain, asked: Asked) -> list[tuple[int, int, str]]:
    cased = text.cased
    known = LETTERS[: len(asked.options)]
    listed = [m.span() for m in _LIST.finditer(cased) if set(re.findall(r"\b[A-Z]\b", m.group())) - set(known)]
    found = []
    lowered = cased.islower()
    for m in _LETTER.finditer(cased):
        letter = m[2].upper()
        if letter not in known or not _is_letter(cased, m, lowered):
            continue
        if any(a <= m.start() < b for a, b in listed):
            continue  # the strings of a violin, say
        found.append((m.start(), m.end(), asked.options[known.index(letter)]))
    return found


def _is_letter(cased: str, m: re.Match[str], lowered: bool) -> bool:
    """Whether a single letter is the name of an option, and no article, pronoun or initial."""
    start, end = m.span()
    before, after = cased[max(0, start - 24) : start], cased[end : end + 24]
    closed = ")" in m[3] or "]" in m[3]
    if closed:
        return True
    word = _WORD_BEFORE.search(before)
    said = word[1].lower() if word else ""
    line = before.rpartition("\n")[2]
    opening = not re.search(r"\w", line) if start < 24 or "\n" in before else False
    opening = opening or bool(re.search(r"[.!?]\W*$", before))
    follows = _WORD_AFTER.match(after)
    next_word = follows[1].lower() if follows else ""
    ends = not follows or after[:1] in ".!?;"
    if said in _NAMING:
        return True
    if said in _NOT_A_LETTER:
        return False
    if m[2].islower():
        if m[1] and m[3]:
            return m[2] not in "ai" or said in _BEFORE_LETTER or ends
        alone = (opening or not before.strip()) and (ends or after[:1] in ".:)" or after.lstrip()[:1] in "-=:")
        if m[2] in "ai":
            return (alone and len(cased) < 40 and m[2] == "a") or (
                ends and said in ("is", "answer", "with", "choose", "pick", "say") and m[2] == "a"
            )
        if alone or re.search(r"(?:answer|choice)(?: is)?:? ?$", before.lower()):
            return True
        return lowered and said in _BEFORE_LETTER and m[2] in "bcdefgh" and (ends or next_word in _AFTER_A)
    if m[1] and m[3]:
        return True
    if re.match(r"\.\s+[A-Z][a-z]", after) and word and word[1][:1].isupper() and said not in _BEFORE_LETTER and not opening:
        return False  # an initial: 'Samuel L. Jackson'
    if re.match(r"\.\s*[A-Z]\.", after) or re.search(r"\b[A-Z]\.\s*$", before):
        return False
    if m[2] == "A":
        if opening or re.search(r":\s*[\"'(]*$", before):
            return (
                ends
                or after[:1] == "\n"
                or next_word in _AFTER_A
                or after[:1] in ".,:;!?"
                or after.lstrip()[:1] in ("-", "=", "(", "\u2192", "|", "/", "\u2713", "\u2717")
            )
        return ends or said in _BEFORE_LETTER or next_word in _AFTER_A or after[:1] in ",;:"
    if m[2] == "I":
        if ends and not (after.lstrip()[:1].isupper()):
            return not re.search(r"\b(?:am|do|did|have|will|can|than|and you|you and)\s*$", before)
        if next_word in _AFTER_I and next_word not in ("and", "or"):
            return True
        if after[:1] in ",:" or next_word in ("and", "or", "nor"):
            return (
                said in _BEFORE_LETTER - {"so", "but", "and", "as", "think", "believe", "that's"}
                or re.match(r"\s+(?:or|and|nor)\s+[A-J]\b(?! \w+ )", after) is not None
            )
        return opening and after.lstrip()[:1] in ("-", "=", "/", "|", "")
    return True


# ------------------------------------------------------------------------------------------------------------- by place

_ORDINALS = {
    **{
        w: i
        for i, w in enumerate(["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"])
    },
    **{f"{i + 1}{'st' if i == 0 else 'nd' if i == 1 else 'rd' if i == 2 else 'th'}": i for i in range(10)},
}
_NUMBERS = {w: i for i, w in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"])} | {
    str(i + 1): i for i in range(10)
}
_ORDINAL = "|".join([*_ORDINALS, "last", "final", "penultimate", "second to last", "second-to-last", "next to last"])
_NOUN = r"(?:option|choice|answer choice|answer option|alternative|item|entry|possibility|suggestion|statement|candidate|one(?: (?:on|in|of) (?:the|your) (?:list|options?|choices|four|five|three|six))|one listed|one listed there|in the list|on the list|of the (?:list|four|five|three|six|options|choices|answers|alternatives)(?: options| choices| answers)?)"
_PLACE = lazy(
    rf"\b(?:(?:the |option |number )?(?P<a>{_ORDINAL}),? {_NOUN}(?! (?:thing|time|of))|(?:the )?one in (?:the )?(?P<b>{_ORDINAL}) (?:place|position|spot|line)"
    rf"|(?:of|among) (?:the|these|those) (?:four|five|three|six|options|choices)(?: options| choices)?,? (?:it's |i'd (?:say|take|pick|choose) |i (?:say|take|pick|choose) )?the (?P<c>{_ORDINAL})(?: one)?\b"
    rf"|(?:option|choice|alternative|answer) (?:number |no\. ?|#)?(?P<d>{'|'.join(_NUMBERS)})\b(?! (?:of|in)\b)|number (?P<e>{'|'.join(_NUMBERS)}) (?:on|in) (?:the|your) list)"
)
_PLACE_HINT = lazy(
    r"\b(?:option|choice|alternative|one in|one on|of the|among|in the list|on the list|answer|number|item|entry|possibility|listed)\b"
)


def _by_place(low: str, asked: Asked) -> list[tuple[int, int, str]]:
    if not _PLACE_HINT.search(low):
        return []
    found = []
    for m in _PLACE.finditer(low):
        said = next(v for v in m.groupdict().values() if v)
        n = len(asked.options)
        if said in ("last", "final"):
            if said == "final" and "answer" in m.group():
                continue
            place = n - 1
        elif said in ("penultimate", "second to last", "second-to-last", "next to last"):
            place = n - 2
        else:
            place = _ORDINALS.get(said, _NUMBERS.get(said, n))
        if 0 <= place < n:
            found.append((m.start(), m.end(), asked.options[place]))
    return found


# --------------------------------------------------------------------------------------------------------------- merging


def _merged(low: str, found: list[tuple[int, int, str, bool]]) -> list[Mention]:
    """Mentions with the brackets and words around them; a letter and a text side by side become one."""
    merged: list[Mention] = []
    i = 0
    while i < len(found):
        start, end, key, sign = found[i]
        for _ in range(1 if i + 1 < len(found) and found[i + 1][3] != sign else 0):
            between = low[end : found[i + 1][0]]
            if found[i + 1][2] == key:
                if not _BESIDE.fullmatch(between):
                    break
            elif _TIGHT.fullmatch(between) and not (sign and between.strip() == "is"):
                key = f"{CLASH}{key}|{found[i + 1][2]}"
            else:
                break
            end = found[i + 1][1]
            i += 1
        left = _DECORATION_LEFT.search(low, max(0, start - 30), start)
        if left:
            start = left.start()
        while end < len(low) and low[end] in "\"')]":
            end += 1
        if merged and start < merged[-1].end:
            start = merged[-1].end
        merged.append(Mention(start, end, key, sign=sign))
        i += 1
    return merged
