"""How an extra of this very copy is installed: from where the copy itself came, since that is where the extra can be had."""

from __future__ import annotations

import json
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit


def install(extra: str) -> str:
    """The command that installs an extra.

    >>> install("local").startswith("pip install ")
    True
    """
    return f'pip install "{_source(_recorded(), extra)}"'


def _source(recorded: dict[str, object], extra: str) -> str:
    """The requirement that pip takes for this copy with an extra, by what was recorded of its origin (PEP 610)."""
    url = str(recorded.get("url") or "")
    if not url:
        return f"sycoprobe[{extra}]"
    if isinstance(vcs := recorded.get("vcs_info"), dict):
        revision = f"@{vcs['requested_revision']}" if vcs.get("requested_revision") else ""
        return f"sycoprobe[{extra}] @ {vcs.get('vcs', 'git')}+{url}{revision}"
    if not url.startswith("file:"):
        return f"sycoprobe[{extra}] @ {url}"
    path = Path(unquote(urlsplit(url).path))
    if not path.exists():
        return f"sycoprobe[{extra}]"
    return f"{'.' if path == Path.cwd() else path}[{extra}]"


def _recorded() -> dict[str, object]:
    """What pip recorded of where the installed copy came from; empty if it came from an index, or is none."""
    try:
        found: Distribution = distribution("sycoprobe")
        data = json.loads(found.read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError, OSError):
        return {}
    return data if isinstance(data, dict) else {}
