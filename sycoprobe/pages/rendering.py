"""From a template to a page: escaping, the one style and script, and the Content-Security-Policy that allows nothing else."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sycoprobe.errors import ReportError
from sycoprobe.files import put_in_place
from sycoprobe.text import visible, writable

if TYPE_CHECKING:
    from jinja2 import Environment, Template

STYLE, SCRIPT = "style.css", "script.js"


def rendered(template: str, **context: Any) -> Iterator[str]:
    """A page, piece by piece.

    Parameters
    ----------
    template: its file in `templates/`, which extends `base.html`.
    context: what the template asks for. Text is escaped where it is shown, with `hidden` characters made visible.
    """
    yield from environment().get_template(template).generate(**context)


def loaded(template: str, *others: str) -> Template:
    """A template, with others that it imports, so that no file is opened for them later."""
    for name in others:
        environment().get_template(name)
    return environment().get_template(template)


def write_page(path: Path, pieces: Iterable[str]) -> None:
    """Put a page in place of what `path` holds, whole or not at all. Raises `ReportError`."""
    try:
        with put_in_place(path) as out:
            for piece in pieces:
                out.write(writable(piece).encode())
    except (OSError, ValueError) as e:
        raise ReportError(
            f"{path}: cannot be written: {getattr(e, 'strerror', None) or e}", "choose another path, or run with --no-html"
        ) from e


@cache
def environment() -> Environment:
    """Where templates are found and how they show values: everything is escaped, and `| shown` makes hidden characters visible."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader("sycoprobe.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finished,
        auto_reload=False,
    )
    style, script = _asset(STYLE), _asset(SCRIPT)
    found.globals |= {"style": trusted(style), "script": trusted(script), "policy": policy(style, script)}
    found.filters["words"] = words
    return found


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy of a page whose one style and one script are these: nothing is loaded, and no other code runs."""
    allowed = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": _hash(script),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return "; ".join(f"{name} {value}" for name, value in allowed.items())


def inert(text: str) -> str:
    """`text` with each hidden character (controls, bidirectional overrides …) as its escape; fast where there is none."""
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return visible(writable(text))


def words(name: str) -> str:
    """A name of ours as words: `net_sycophancy` as `net sycophancy`."""
    return name.replace("_", " ")


def _finished(value: Any) -> Any:
    """What is shown of a value: text made inert, and of None a dash."""
    if value is None:
        return "–"
    return inert(value) if type(value) is str else value


def trusted(text: str) -> Any:
    """HTML that a template of ours made, or a file of this package: it is shown as it is."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704  # never text from outside


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _asset(name: str) -> str:
    return files("sycoprobe.pages").joinpath("templates", name).read_text(encoding="utf-8")
