"""The options of one row as they stand in the source, gaps and labels too, and which of them a letter, a number or a text names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sycoprobe.sets.importing.values import is_gap, letter_in, plain, sort_of
from sycoprobe.sets.lettered import lettered, own_marks
from sycoprobe.sets.probe import LETTERS
from sycoprobe.text import normalise

TEXT_KEYS = ("text", "content", "value", "option", "choice", "answer", "option_text", "choice_text", "answer_text", "body")
LABEL_KEYS = ("label", "letter", "key", "identifier", "id", "option_label", "choice_label", "marker")
_LIST_KEYS = ("text", "texts", "choices", "options", "content", "answers", "values")
LABEL_LISTS = ("label", "labels", "letters", "keys")
_LABELLED_NAME = re.compile(r".*?(?:[^A-Za-z0-9]|(?<=[A-Za-z])(?=\d))([A-Za-z]|\d{1,2})|([A-Za-z]|\d{1,2})", re.DOTALL)


class Unreadable(ValueError):
    """What stands there are no options; says what it is, and how to fix that, parted by '; '."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one row.

    Attributes
    ----------
    texts: in the order of the source; None where one is missing, so that no letter moves.
    labels: what the source calls each, if it says so: several names, or none.
    by_place: whether a letter that is no label counts the places, from A; not so where the source labels its options, or where
        their own letters stand in another order.
    """

    texts: tuple[str | None, ...]
    labels: tuple[tuple[str, ...], ...] = ()
    by_place: bool = True

    @property
    def there(self) -> list[str]:
        """The options that are no gaps."""
        return [t for t in self.texts if t is not None]

    @property
    def places(self) -> list[int]:
        """At which places those stand, from 0."""
        return [i for i, t in enumerate(self.texts) if t is not None]

    @property
    def gaps(self) -> list[int]:
        """At which places none stands, from 0."""
        return [i for i, t in enumerate(self.texts) if t is None]

    def named(self, said: str, *, text_first: bool = False) -> int | None:
        """The place of the option that a label, letter or text names; None if none does, or several do.

        With `text_first`, a letter that is also the text of an option is that option.
        """
        by_text = self._by_text(said)
        if text_first and by_text is not None:
            return by_text
        if (labelled := self._by_label(said)) is not None:
            return labelled
        letter = letter_in(said.upper())
        if letter is None or not self.by_place:
            return by_text
        return at if (at := LETTERS.index(letter)) < len(self.texts) else None

    def marked(self) -> Options:
        """The same, with the letters or numbers that all its texts bear, each its own, among the labels."""
        marks = own_marks(self.there)
        if marks is None:
            return self
        by_place = dict(zip(self.places, marks, strict=True))
        labels = self.labels or ((),) * len(self.texts)
        both = tuple((*names, *([by_place[i]] if i in by_place else [])) for i, names in enumerate(labels))
        in_order = all(m.isdigit() or LETTERS.index(m) == i for i, m in by_place.items())
        return Options(self.texts, both, self.by_place and in_order)

    def _by_label(self, said: str) -> int | None:
        for form in (str.strip, _bare, _folded):
            found = [i for i, names in enumerate(self.labels) if form(said) in {form(n) for n in names}]
            if len(found) == 1:
                return found[0]
        return None

    def _by_text(self, said: str) -> int | None:
        whole = [i for i, t in enumerate(self.texts) if t is not None and t.strip() == said.strip()]
        if len(whole) == 1:
            return whole[0]
        own = lettered(self.there, self.places)
        texts = dict(zip(self.places, own.texts if own else self.there, strict=True))
        wanted = {normalise(own.bare(said) if own else said), normalise(re.sub(r"^\s*\(([A-Z])\)\s*", "", said))} - {""}
        found = [i for i, t in texts.items() if normalise(t) in wanted]
        return found[0] if len(found) == 1 else None


def options_from(value: Any, labels: Any = None) -> Options:
    """The options that a list or an object holds.

    Parameters
    ----------
    value: texts; objects with a text and perhaps a label; an object of two such lists; an object of texts by label.
    labels: the labels of a list of texts, if they stand beside it; taken if they are as many, and each another one.

    Raises
    ------
    Unreadable: an element is neither a text nor an object with one; says what it is.
    """
    if isinstance(value, Mapping):
        return _from_object(value)
    parts = [_element(v, n) for n, v in enumerate(value, 1)]
    found = Options(tuple(text for text, _ in parts))
    beside = _labels([label for _, label in parts]) or _labels(labels)
    return (found if beside is None else _labelled(found, beside)).marked()


def options_in_columns(cells: Sequence[tuple[str, Any]]) -> Options:
    """The options of several columns, which their names label if they end in letters or numbers; a list among them adds its elements."""
    if any(isinstance(v, list | tuple) for _, v in cells):
        return options_from([x for _, v in cells for x in (v if isinstance(v, list | tuple) else [v])])
    texts = tuple(_element(v, n)[0] for n, (_, v) in enumerate(cells, 1))
    ends = [end for name, _ in cells if (end := label_in_name(name)) is not None]
    distinct = len(ends) == len(cells) and len({e.upper() for e in ends}) == len(ends)
    names = tuple((name, ends[i]) if distinct else (name,) for i, (name, _) in enumerate(cells))
    return Options(texts, names).marked()


def label_in_name(column: str) -> str | None:
    """The letter or number that a column's name is, or ends in; None if there is none.

    >>> [label_in_name(name) for name in ("A", "option_b", "ending3", "Wrong 2", "answer")]
    ['A', 'b', '3', '2', None]
    """
    found = _LABELLED_NAME.fullmatch(column.strip())
    return None if found is None else found[1] or found[2]


def _from_object(value: Mapping[str, Any]) -> Options:
    listed = next((value[k] for k in _LIST_KEYS if isinstance(value.get(k), list | tuple)), None)
    if listed is not None:
        return options_from(listed, next((value[k] for k in LABEL_LISTS if isinstance(value.get(k), list | tuple)), None))
    if len(value) > 1 and all(is_flag(v) for v in value.values()):
        return Options(tuple(plain(k) for k in value)).marked()
    named = len(value) > 1 and all(label_in_name(str(k)) is not None for k in value)
    if not named or any(not is_gap(v) and plain(v) is None for v in value.values()):
        raise Unreadable(f"is {sort_of(value)}, not a list; name the list in it with a dot, as in COLUMN.text")
    labels = tuple((str(k), label_in_name(str(k)) or "") for k in value)
    return Options(tuple(_element(v, n)[0] for n, v in enumerate(value.values(), 1)), labels, False)


def flagged(value: Any) -> list[int] | None:
    """The places beside which true, or 1, stands in a list of flags, or in an object of them; None if it is none."""
    flags = list(value.values()) if isinstance(value, Mapping) else value
    if not isinstance(flags, list | tuple) or not flags or not all(is_flag(v) or v is None for v in flags):
        return None
    return [i for i, v in enumerate(flags) if v is not None and v == 1]


def is_flag(value: Any) -> bool:
    """Whether a value is true or false, or 1 or 0."""
    return isinstance(value, bool | int | float) and value in (0, 1)


def _labelled(options: Options, labels: list[str]) -> Options:
    if len(labels) != len(options.texts):
        raise Unreadable(f"holds {len(options.texts)} options and {len(labels)} labels; give each option its label")
    return Options(options.texts, tuple((label,) for label in labels), False)


def _labels(given: Any) -> list[str] | None:
    """The labels, or None unless each option has another one: 0 and 1 mark which options are right."""
    if not isinstance(given, list | tuple):
        return None
    labels = [plain(v) or "" for v in given]
    return labels if labels and all(labels) and len({_folded(v) for v in labels}) == len(labels) else None


def _element(value: Any, number: int) -> tuple[str | None, str | None]:
    """The text and the label of one element; no text where it is a gap."""
    if isinstance(value, Mapping):
        keys = [k for k in TEXT_KEYS if k in value]
        if keys and (plain(value[keys[0]]) is not None or is_gap(value[keys[0]])):
            label = next((found for k in LABEL_KEYS if (found := plain(value.get(k))) is not None), None)
            return plain(value[keys[0]]), label
        raise Unreadable(
            f"element {number} is {sort_of(value)}; if one key holds the option's text, name it with a dot, as in COLUMN.KEY"
        )
    text = plain(value)
    if text is None and not is_gap(value):
        raise Unreadable(f"element {number} is {sort_of(value)}; write a text for each option")
    return text, None


def _bare(said: str) -> str:
    """A label without what stands around it; 2.0, which pandas makes of 2 in a column with gaps, is 2."""
    return re.sub(r"(?<=^\d)\.0$|(?<=^\d\d)\.0$", "", re.sub(r"^[(\[]|[)\].:,]+$", "", said.strip()))


def _folded(said: str) -> str:
    return _bare(said).casefold()
