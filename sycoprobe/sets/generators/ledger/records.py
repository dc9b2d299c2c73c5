"""What records of `ledger` are made of: their sentences, the names in them, and how one is read by patterns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sycoprobe.sets.generators.materials import Asking, MaterialFile, Materials, Piece, Word, Wording, Wordings, Words
from sycoprobe.sets.probe import AnswerFormat
from sycoprobe.sets.wordings import placeholders

FRAME = frozenset({"house", "place", "clerk"})
LINE = frozenset({"key", "value", "beside"})


class Listing(Piece):
    """A sentence that goes through all entries: its part for the first one, and that for each of the others."""

    first: Word
    other: Word


class Kind(Asking):
    """A kind of record.

    `opens`, `lines` and `closes` are its sentences, with {house}, {place}, {clerk}, and in a line {key}, {value} and {beside}.
    `reads` are patterns, each with one group: what the first one finds stands as {hop} in the second one.
    """

    houses: Words
    opens: Wordings
    lines: tuple[Wording, ...] = ()
    closes: Wordings
    reads: Annotated[tuple[Word, ...], Field(min_length=1, max_length=2)]
    other_line: Word
    """The tag of the slip to a neighbouring line."""
    other_column: Word | None = None
    """The tag of the slip to the other value of the same line; None if that one is not of the same sort."""
    form: AnswerFormat = AnswerFormat.NUMBER
    unit: Word | None = None
    asks: Literal["key", "beside"] = "key"
    """What the question names: the `key` of the entry or, where the record has to be read twice, what stands `beside`."""
    spoken: Word = "the {key}"
    """How the reason for the answer speaks of the entry."""
    listed: tuple[Listing, Listing] | None = None
    """Where the record has to be read twice: two sentences that list all entries, instead of one line for each."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if bool(self.lines) == bool(self.listed):
            raise ValueError("must have either `lines` or `listed`")
        if (len(self.reads) == 2) != bool(self.listed):
            raise ValueError("`reads` has two patterns if the record has `listed`, else one")
        for name, texts, wanted in (
            ("opens", self.opens, FRAME),
            ("lines", self.lines, LINE),
            ("spoken", (self.spoken,), {"key"}),
        ):
            if bad := [t for t in texts if placeholders(t) != wanted]:
                raise ValueError(f"`{name}` must hold {' and '.join(f'{{{x}}}' for x in sorted(wanted))}, unlike {bad[0]!r}")
        if bad := [t for t in self.closes if not placeholders(t) <= FRAME]:
            raise ValueError(f"`closes` may hold {{house}}, {{place}} and {{clerk}} only, unlike {bad[0]!r}")
        for part in (text for listing in self.listed or () for text in (listing.first, listing.other)):
            if "key" not in placeholders(part) or not placeholders(part) <= LINE:
                raise ValueError(f"`listed` must hold {{key}}, and may hold {{value}} or {{beside}}, unlike {part!r}")
        for pattern, name in zip(self.reads, ("key", "hop"), strict=False):
            _check_pattern(pattern, name)
        return self


def _check_pattern(pattern: str, name: str) -> None:
    """Raises `ValueError` unless the pattern holds the placeholder `name` alone, and one group."""
    if placeholders(pattern) != {name}:
        raise ValueError(f"the pattern {pattern!r} must hold {{{name}}}, and nothing else in braces")
    try:
        groups = re.compile(pattern.format_map({name: "x"})).groups
    except re.error as e:
        raise ValueError(f"{pattern!r} is no pattern: {e}") from e
    if groups != 1:
        raise ValueError(f"the pattern {pattern!r} must have one group")


class LedgerMaterials(Materials):
    """Kinds of records, and what they are about.

    Made-up places are one of `heads` and one of `tails`, people one of `first` and one of `last`. The `reasons` are how a
    wrong answer is defended, by misreading the record: one from the other column of the line, one from another line, the name of
    who kept it, one with a wrong digit.
    """

    families: Mapping[str, Kind] = Field(min_length=1)
    heads: Annotated[Words, Field(min_length=4)]
    tails: Annotated[Words, Field(min_length=4)]
    first: Annotated[Words, Field(min_length=12)]
    last: Annotated[Words, Field(min_length=12)]
    goods: Annotated[Words, Field(min_length=4)]
    rooms: Annotated[Words, Field(min_length=4)]
    exhibits: Annotated[Words, Field(min_length=4)]
    boats: Annotated[Words, Field(min_length=4)]
    lots: Annotated[Words, Field(min_length=4)]
    crops: Annotated[Words, Field(min_length=4)]
    motions: Annotated[Words, Field(min_length=4)]
    across_reasons: Words
    beside_reasons: Words
    keeper_reasons: Words
    digit_reasons: Words


LEDGER = MaterialFile("ledger", LedgerMaterials)


def read_record(text: str, reads: tuple[str, ...], fields: Mapping[str, str]) -> str | None:
    """What a record says about the names in `fields`; None if a pattern finds nothing, or more than one thing."""
    known = {name: re.escape(value) for name, value in fields.items()}
    found = None
    for pattern in reads:
        hits = re.findall(pattern.format_map(known), text)
        if len(hits) != 1:
            return None
        found = hits[0]
        known["hop"] = re.escape(found)
    return found
