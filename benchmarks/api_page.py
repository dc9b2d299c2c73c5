"""The page of the Python API, docs/api.md, made from signatures and docstrings.

    python -m benchmarks.api_page [--write]

Everything below the mark is made; the example and the words above it are written by hand.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel

import sycoprobe
from benchmarks.docstrings import below_names, by_name, default_of, entries, own_classes, parsed, signature, typed
from benchmarks.keywords import keyword
from benchmarks.made import keep
from sycoprobe.reports import card, listed, model
from sycoprobe.reports.findings import Finding, GatedRun
from sycoprobe.reproducing import result as reproducing_result
from sycoprobe.reproducing.result import DataFile, Figure, Order
from sycoprobe.sets.load import kind_named, kind_names
from sycoprobe.settings import Asking, ConductSettings, GateSettings, Sampling, Target, declared

FILE = Path(__file__).parent.parent / "docs" / "api.md"
BEGIN = "<!-- made by `python -m benchmarks.api_page --write` -->\n"
FUNCTIONS = {
    "Plan and run": "run arun run_all arun_all resume aresume score plan until_decided doctor examine",
    "Read and judge": "gate bless compare compare_html board self_check runs card verify",
    "Probe sets": "load_set import_set",
    "Papers": "reproduce",
    "Models": "model_facts",
}
TYPES = {
    "Reports": "Report Section MetricResult Estimate ListedRun",
    "Gates and comparisons": "Gated GateResult RuleResult Decision Baseline Comparison Compared Difference SelfCheck Board",
    "Records": "Card Verified",
    "Plans and runs": "Conduct Tally Planned Plan Cost Until Examination Check",
    "Sets": "ProbeSet Probe SetInfo ImportReport",
    "Papers": "Reproduction",
    "Models": "Facts",
}
PARTS: dict[str, tuple[type, ...]] = {
    "Reports": (model.Numbers, model.Status, model.Sliced, model.ReadingRow, listed.Headline, listed.State),
    "Gates and comparisons": (GatedRun, Finding),
    "Papers": (DataFile, Figure, Order, reproducing_result.Finding),
    "Records": (card.CardKind, card.CardNumber, card.CardReplies),
}
"""Types that are attributes of public ones and are named nowhere else."""
COMMON = ("Any", "Iterable", "Mapping", "None", "Path", "Sequence")
MADE_BY_USERS = ("Conduct", "Probe", "SetInfo")
SETTINGS = declared(Asking, Target, Sampling, ConductSettings, GateSettings)


def errors() -> list[str]:
    """The names of the error classes, the base first, each below its own base."""
    classes = {n: c for n in sycoprobe.__all__ if isinstance(c := getattr(sycoprobe, n), type) and issubclass(c, Exception)}
    return sorted(classes, key=lambda n: [c.__name__ for c in reversed(classes[n].__mro__)])


def linked(text: str) -> str:
    """A text in which the names of public errors lead to them."""
    names = "|".join(errors())
    return re.sub(rf"(`[^`]*`)|\b({names})\b", lambda m: m[1] or f"[`{m[2]}`](#{m[2].lower()})", text)


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def code(text: str) -> str:
    return f"`{cell(text)}`"


def function_entry(name: str, function: Callable[..., Any]) -> Iterator[str]:
    """A function: signature, docstring, parameters, what it returns and raises."""
    yield f"### `{name}`\n\n```python\n{signature(name, function)}\n```\n"
    paragraphs, sections = parsed(inspect.getdoc(function) or "")
    yield from (f"{linked(p)}\n" for p in paragraphs)
    for title in ("Parameters", "Returns", "Raises", "Notes"):
        if title not in sections:
            continue
        if title in ("Returns", "Notes"):
            yield f"**{title}**: {' '.join(sections[title].split())}\n"
            continue
        listed = [
            f"- {f'`{names}`' if title == 'Parameters' else linked(names)}{': ' if text else ''}{linked(text)}"
            for names, text in entries(sections[title])
        ]
        yield f"**{title}**\n\n" + "\n".join(listed) + "\n"
    for kind in unpacked(function):
        yield f"The further keywords are the [settings of `{kind.__name__}`](#{kind.__name__.lower()}).\n"


def unpacked(function: Callable[..., Any]) -> list[type]:
    """The typed dict whose keys a function takes as keywords, if it does."""
    found = [p for p in inspect.signature(function).parameters.values() if p.kind is p.VAR_KEYWORD]
    hints = typing.get_type_hints(function) if found else {}
    return [typing.get_args(hints[p.name])[0] for p in found if "Unpack" in str(p.annotation)]


def keywords_entry(kind: type, shown_above: Mapping[str, object]) -> str:
    """The keys of a typed dict: type, default and meaning of each, where they are settings; of those shown above, the names."""
    rows = ["| keyword | type | default | |", "|---|---|---|---|"]
    hints = typing.get_type_hints(kind)
    again = [name for name, hint in hints.items() if shown_above.get(name) == hint]
    above = f" As above: {', '.join(f'`{name}`' for name in again)}. Beside these:" if again else ""
    for name, hint in hints.items():
        if name in again:
            continue
        setting = SETTINGS.get(name)
        shown = keyword(setting) if setting else typed(hint)
        usual = setting.default if setting else None
        usual = usual[0] if isinstance(usual, tuple) and usual else usual
        default = "" if usual in (None, (), {}) else code(default_of(usual))
        rows.append(f"| `{name}` | {code(shown)} | {default} | {cell(setting.setting.help) if setting else ''} |")
    return f"### `{kind.__name__}`\n\n{inspect.getdoc(kind)}{above}\n\n" + "\n".join(rows) + "\n"


def attributes(owner: type) -> Iterator[tuple[str, str, str]]:
    """Name, type and meaning of each attribute of a class: its fields, then its properties."""
    said: dict[str, str] = {}
    for each in own_classes(owner):
        sections = parsed(inspect.getdoc(each) or "")[1]
        said |= by_name(sections.get("Attributes", "")) | below_names(each)
    settings = declared(owner) if dataclasses.is_dataclass(owner) else {}
    for name, kind, default, description in fields(owner):
        given = settings.get(name)
        otherwise = "Of the format." if name.endswith("_version") else ""
        meaning = given.setting.help if given else sentence(description or said.get(name, otherwise))
        shown = default_of(default) if owner.__name__ in MADE_BY_USERS and default is not dataclasses.MISSING else "None"
        usual = f" Default: {code(shown)}." if shown not in ("None", "...", "()") else ""
        yield name, typed(given.type) if given else kind, f"{meaning}{usual}".strip()
    for name, member in members(owner):
        got = member.fget if isinstance(member, property) else member.func if isinstance(member, cached_property) else None
        if got is not None:
            yield name, typed(inspect.signature(got).return_annotation), first_line(got)


def sentence(text: str) -> str:
    """A text that begins with a capital, unless it begins with code, and ends with a full stop."""
    text = linked(text[:1].upper() + text[1:])
    return text if not text or text.endswith(".") else f"{text}."


def fields(owner: type) -> Iterator[tuple[str, str, object, str]]:
    """Name, type, default and description of the fields of a model or dataclass."""
    if issubclass(owner, BaseModel):
        for name, field in owner.model_fields.items():
            default = dataclasses.MISSING if field.is_required() else field.default
            yield name, typed(field.annotation), default, field.description or ""
    elif dataclasses.is_dataclass(owner):
        for own in dataclasses.fields(owner):
            yield own.name, typed(own.type), own.default, ""
    else:
        said = parsed(inspect.getdoc(owner) or "")[1].get("Attributes", "")
        made = inspect.signature(owner).parameters
        for name in by_name(said):
            yield name, typed(made[name].annotation) if name in made else "", dataclasses.MISSING, ""


def members(owner: type) -> Iterator[tuple[str, object]]:
    """The public properties and methods that classes of ours give it."""
    for each in own_classes(owner):
        for name, member in vars(each).items():
            documented = member.func if isinstance(member, cached_property) else member
            if (not name.startswith("_") or name == "__getitem__") and inspect.getdoc(documented):
                yield name, member


def first_line(member: object) -> str:
    return linked(" ".join(parsed(inspect.getdoc(member) or "")[0]))


def class_entry(owner: type) -> Iterator[str]:
    """A class: docstring, attributes and methods."""
    yield f"#### `{owner.__name__}`\n"
    yield from (f"{linked(p)}\n" for p in parsed(inspect.getdoc(owner) or "")[0])
    if issubclass(owner, Enum):
        said = below_names(owner)
        rows = [f"| `{e.name}` | {code(repr(e.value))} | {said.get(e.name, '')} |" for e in owner]
        yield "\n".join(["| name | value | |", "|---|---|---|", *rows]) + "\n"
        return
    rows = [f"| `{name}` | {code(kind)} | {cell(meaning)} |" for name, kind, meaning in attributes(owner)]
    if rows:
        yield "\n".join(["| attribute | type | |", "|---|---|---|", *rows]) + "\n"
    lines: list[str] = []
    for name, member in members(owner):
        called = member.__func__ if isinstance(member, classmethod) else member
        if inspect.isfunction(called) and is_for_users(called):
            prefix = f"{owner.__name__}." if isinstance(member, classmethod) else "."
            lines.append(f"- `{signature(name, called, width=999).replace('def ', prefix, 1)}`: {first_line(called)}")
    if lines:
        yield "\n".join(lines) + "\n"


def is_for_users(method: Callable[..., Any]) -> bool:
    """Whether a method can be called with what users have: builtins, paths and what is public."""
    kinds = " ".join(
        typed(p.annotation) for p in inspect.signature(method).parameters.values() if p.name not in ("self", "cls")
    )
    return set(re.findall(r"\b[A-Z]\w+", kinds)) <= {*sycoprobe.__all__, *COMMON}


def metrics_entry() -> str:
    """The metrics of every kind, with what each says; those of options that are not usual are left out."""
    rows = ["| kind | metric | |", "|---|---|---|"]
    for name in sorted(kind_names(), key=lambda k: (k != "challenge", k)):
        kind = kind_named(name)
        for metric in kind.every_metric(kind.settings_model()):
            rows.append(f"| `{name}` | `{metric.name}` | {cell(metric.says)} |")
    return (
        "## Metrics\n\nThe names that rules, `report.estimates` and comparisons use. In a run of several kinds, put the kind in front: "
        "`hint.net_hint`.\n\n" + "\n".join(rows) + "\n"
    )


def error_entry(name: str) -> Iterator[str]:
    """An error: what it is of, the exit code that a command ends with, docstring and parameters."""
    error: type[sycoprobe.SycoprobeError] = getattr(sycoprobe, name)
    base = error.__mro__[1].__name__
    yield f"### `{name}`\n"
    yield f"{'An' if base[0] in 'AEIOU' else 'A'} `{base}`; exit code {error.exit_code.value} (`Exit.{error.exit_code.name}`).\n"
    paragraphs, sections = parsed(inspect.getdoc(error) or "")
    yield from (f"{linked(p)}\n" for p in paragraphs)
    if "Parameters" in sections:
        yield "\n".join(f"- `{names}`: {text}" for names, text in entries(sections["Parameters"])) + "\n"


def made() -> str:
    """Everything below the mark."""
    lines: list[str] = []
    kinds: dict[str, type] = {}
    for title, names in FUNCTIONS.items():
        lines.append(f"## {title}\n")
        for name in names.split():
            function = getattr(sycoprobe, name)
            lines += function_entry(name, function)
            kinds |= {kind.__name__: kind for kind in unpacked(function)}
    lines.append(
        "## Settings as keywords\n\nEach has the same name, values and errors as on the command line; [settings.md](settings.md) has them in full.\n"
    )
    shown: dict[str, object] = {}
    for kind in kinds.values():
        lines.append(keywords_entry(kind, shown))
        shown |= typing.get_type_hints(kind)
    lines.append(metrics_entry())
    lines.append("## Types\n")
    for title, names in TYPES.items():
        lines.append(f"### {title}\n")
        for owner in (*(getattr(sycoprobe, name) for name in names.split()), *PARTS.get(title, ())):
            lines += class_entry(owner)
    lines.append(
        "## Errors\n\nAll derive from `SycoprobeError` and have `message`, `hint` and `exit_code`: what the command line ends with.\n"
    )
    for name in errors():
        lines += error_entry(name)
    lines += class_entry(sycoprobe.Exit)
    lines.append("#### `__version__`\n\nThe version of the package, a string.")
    return "\n".join(lines) + "\n"


def page(now: str) -> str:
    """The page as it should be."""
    return f"{now.partition(BEGIN)[0]}{BEGIN}\n{made()}"


if __name__ == "__main__":
    keep(FILE, page, "benchmarks.api_page")
