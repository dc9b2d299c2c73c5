"""The options that several commands share and that are no settings: which run, and what is printed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sycoprobe.errors import PlanError

if TYPE_CHECKING:
    from sycoprobe.config import ConfigFile
    from sycoprobe.settings import Cluster

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Settings file (default: sycoprobe.toml or pyproject.toml, here or in the nearest folder above).",
    ),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress; only the summary and errors.")]
Verbose = Annotated[
    bool, typer.Option("-v", "--verbose", help="Log every exchange with the server, without keys and contents.")
]
Json = Annotated[bool, typer.Option("--json", help="Print report.json on standard output instead of the summary.")]
Repair = Annotated[
    bool,
    typer.Option(
        "--repair", help="Set damaged lines of the run's journal aside first (they are kept in journal.damaged.jsonl)."
    ),
]
RunArg = Annotated[str, typer.Argument(metavar="RUN", help="A run's folder or name, or `latest`.")]
LatestArg = Annotated[str, typer.Argument(metavar="[RUN]", help="A run's folder or name.")]
LatestArgs = Annotated[list[str] | None, typer.Argument(metavar="[RUN]...", help="Folders or names of runs (default: latest).")]


def out_of(file: ConfigFile, given: Mapping[str, Any]) -> Path | None:
    """The folder that holds the runs: as given, else as the settings file says; None: the usual one."""
    from sycoprobe.cli.given import ALL
    from sycoprobe.config import command_line
    from sycoprobe.config.layers import merge

    found = merge([file.run.only({"out": ALL["out"]}), command_line(given)], {"out": ALL["out"]}).values.get("out")
    return Path(found) if found is not None else None


def html_of(file: ConfigFile, given: Mapping[str, Any]) -> bool:
    """Whether a run's page is written: as given, else as the settings file says."""
    from sycoprobe.cli.given import ALL
    from sycoprobe.config import command_line
    from sycoprobe.config.layers import merge

    return bool(
        merge([file.run.only({"html": ALL["html"]}), command_line(given)], {"html": ALL["html"]}).values.get("html", True)
    )


def cluster_of(given: Mapping[str, Any]) -> Cluster | None:
    """What numbers are to hold for, if that was given; None: as the run was planned."""
    from sycoprobe.cli.given import ALL
    from sycoprobe.config import command_line
    from sycoprobe.config.layers import merge

    return merge([command_line(given)], {"cluster": ALL["cluster"]}).values.get("cluster")


def repaired(folders: Iterable[Path]) -> None:
    """Set the damaged lines of runs aside, and say which on standard error."""
    from sycoprobe import api
    from sycoprobe.text import visible

    for folder in folders:
        for aside in api.repair(folder):
            print(visible(f"note: {aside}"), file=sys.stderr)


def renamed(new: str, *old: str) -> Any:
    """An option of before (by default of its parameter's name), which says what it is called now."""

    def tell(param: typer.CallbackParam, value: list[str] | None) -> None:
        if value:
            raise PlanError(f"{param.opts[0]} is now {new}", f"write {new}")

    tell.__annotations__ = {"param": typer.CallbackParam, "value": list[str] | None}
    return typer.Option(*old, hidden=True, callback=tell)
