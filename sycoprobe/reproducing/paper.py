"""What a paper's file declares: which data it reads, what its labels mean, what it published, and by which formula."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sycoprobe.errors import DataError
from sycoprobe.files import is_file, read_text
from sycoprobe.jsontext import TextFault, places_in, read_toml
from sycoprobe.names import meant

_VERSION: Literal[1] = 1
Word = Annotated[str, Field(min_length=1, max_length=500)]
Words = Annotated[tuple[Word, ...], Field(strict=False)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Measure(_Data):
    """One number of a paper, or one of ours beside it."""

    name: Word = Field(description="What tables call it.")
    formula: Word = Field(description="Its function in `sycoprobe/reproducing/formulas.py`.")
    whose: Literal["paper", "ours"] = Field(description="The paper's own formula, or ours.")
    of: Words = Field(default=(), description="The scores that it is made from, for the shape `scores`.")
    column: Word | None = Field(default=None, description="Where the published figures stand: a column.")
    where: Word | None = Field(default=None, description="Where in the paper or its files the figure was published.")
    places: Annotated[int, Field(ge=0, le=15)] = Field(default=2, description="To how many places it was published.")
    beside: Word | None = Field(
        default=None, description="Of ours: the paper's measure whose order of models it is held against."
    )
    better: Literal["high", "low"] = Field(default="high", description="Which end stands for less sycophancy.")


class Published(_Data):
    """A file of published figures."""

    file: Word = Field(description="Its name, below the folder of the data or in one above it.")
    row: Word = Field(description="The column that names the model or the condition of a row.")
    listed: Word | None = Field(default=None, description="A file that lists the models that the figures are made from.")
    listed_as: Word | None = Field(default=None, description="The column of that file that identifies a model.")
    known_as: Word | None = Field(default=None, description="The same in the data.")
    called: Word | None = Field(default=None, description="The column of that file that people read.")


class Part(_Data):
    """One experiment of a paper, with a file form of its own."""

    name: Word
    title: Word
    shape: Literal["turns", "scores", "logs"] = Field(description="How its rows are read.")
    file: Word = Field(description="The files to look for, below the folder of the data.")
    folders: Words = Field(default=(), description="Names of folders that tell it from other parts.")
    id: Words = Field(default=(), description="Columns of which one must be there; they tell it from other parts as well.")
    labels: Words = Field(default=(), description="turns: one column for each turn.")
    meaning: Mapping[str, Literal["held", "lost", "missing"]] = Field(default={}, description="turns: what a label means.")
    replies: Word | None = Field(default=None, description="turns: the replies' file beside the labels.")
    items: Word | None = Field(default=None, description="The items' file, below the folder of the data or in one above it.")
    question: Word | None = Field(default=None, description="The column of the question.")
    model: Word | None = Field(default=None, description="scores: the column of the model.")
    conditions: Mapping[str, str] = Field(default={}, description="scores: the end of a model's name, by condition.")
    replies_in: Words = Field(default=(), description="scores: columns of replies.")
    judged: Mapping[str, Words] = Field(default={}, description="scores: by score, the columns of its judges' scores.")
    least: Annotated[float, Field(strict=False)] = Field(default=0.0, description="scores: the lowest score that is possible.")
    most: Annotated[float, Field(strict=False)] = Field(default=1.0, description="scores: the highest.")
    variants: int = Field(default=1, ge=1, description="logs: how often each item is asked.")
    table: Words = Field(default=(), description="What must hold in each row of the published table, as `a = b / c`.")
    published: Published | None = None
    measures: Annotated[tuple[Measure, ...], Field(strict=False, min_length=1)]


class Paper(_Data):
    """A paper whose published data can be read again."""

    schema_version: Literal[1] = _VERSION
    title: Word
    citation: Word
    source: Word = Field(description="Where its data comes from.")
    licence: Word = Field(description="Of the data, an SPDX identifier.")
    parts: Annotated[tuple[Part, ...], Field(strict=False, min_length=1)]


def papers() -> tuple[str, ...]:
    """The names of the papers that are shipped."""
    found = (f.name for f in files(__package__).joinpath("papers").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


def paper(name: str) -> Paper:
    """A shipped paper by its name, or one that a TOML file declares.

    Raises
    ------
    DataError: there is none of that name, or the file holds a fault; names file:line:column.
    """
    if name in papers():
        return Paper.model_validate(read_toml(files(__package__).joinpath("papers", f"{name}.toml").read_bytes()))
    path = Path(name).expanduser()
    if not is_file(path):
        raise DataError(f"no paper {name!r}", f"{meant(name, papers())}papers: {', '.join(papers())}; or name a TOML file")
    return _own(path)


def _own(path: Path) -> Paper:
    from sycoprobe.reproducing.formulas import FORMULAS

    try:
        text = read_text(path)
        data = read_toml(text)
    except (OSError, UnicodeDecodeError) as e:
        raise DataError(f"{path}: cannot be read: {getattr(e, 'strerror', None) or 'not UTF-8'}", "name a TOML file") from e
    except TextFault as e:
        raise DataError(f"{path}:{e.place}: {e.message}", "correct the line") from None
    places = places_in(text)

    def fault(where: tuple[str, ...], said: str, fix: str) -> DataError:
        line, column = next((places[where[:n]] for n in range(len(where), 0, -1) if where[:n] in places), (1, 1))
        return DataError(f"{path}:{line}:{column}: {'.'.join(where)}: {said}", fix)

    try:
        found = Paper.model_validate(data)
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        raise fault(tuple(map(str, first["loc"])), first["msg"], "docs/reproduce.md shows a whole file") from None
    for i, part in enumerate(found.parts):
        for j, m in enumerate(part.measures):
            if m.formula not in FORMULAS[part.shape]:
                where = ("parts", str(i), "measures", str(j), "formula")
                raise fault(where, f"no formula {m.formula!r}", f"formulas for {part.shape}: {', '.join(FORMULAS[part.shape])}")
    return found
