"""The commands about probe sets: sets, show, validate, init, schema."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sycoprobe.cli.outlet import write_json
from sycoprobe.cli.usage import Command
from sycoprobe.errors import Exit, PlanError
from sycoprobe.names import meant
from sycoprobe.text import counted

if TYPE_CHECKING:
    from sycoprobe.config.starting import Started
    from sycoprobe.kinds.base import AnyKind


class SchemaName(StrEnum):
    """What has a published JSON Schema."""

    PROBE = "probe"
    REPORT = "report"
    GATE = "gate"
    BASELINE = "baseline"
    COMPARISON = "comparison"
    CARD = "card"


def register(app: typer.Typer) -> None:
    """Add the commands of this file to the application."""
    for command in (sets, kinds, show, validate, init, schema):
        app.command(cls=Command)(command)


def sets() -> None:
    """List the shipped probe sets."""
    from sycoprobe.cli.show import console
    from sycoprobe.grid import Grid
    from sycoprobe.sets.load import info_of, load_set, shipped_names

    table = Grid()
    table.add_columns("set", "probes", "version")
    table.add_column("licence", give="drop")
    table.add_column("about", give="below")
    for name in shipped_names():
        info = info_of(name)
        size = "any number" if info.generator else str(len(load_set(name).probes))
        table.add_row(name, size, info.version, info.licence, info.description)
    console().print(table)


def kinds(
    name: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="One of them, with its arms, labels, metrics and settings.")
    ] = None,
) -> None:
    """List the kinds of probes that `run --kind` takes, or describe one."""
    from sycoprobe.cli.show import console
    from sycoprobe.grid import Grid
    from sycoprobe.sets.load import kind_named, usable_kinds

    if name is not None:
        _describe(kind_named(name))
        return
    table = Grid()
    table.add_column("kind")
    for column in ("what the user does", "its control", "sets"):
        table.add_column(column, give="below")
    for each in usable_kinds():
        table.add_row(each.name, each.summary, each.control, ", ".join(each.sets) or "your own")
    console().print(table)


def _describe(kind: AnyKind) -> None:
    """Print what a kind is: its source and control, arms, labels, metrics, settings."""
    from sycoprobe.cli.show import console
    from sycoprobe.kinds.powers import rubrics_of

    settings = kind.settings_model()
    lines = [
        f"{kind.name}: {kind.summary}",
        f"after     {kind.paper}",
        f"control   {kind.control}",
        f"sets      {', '.join(kind.sets) or 'your own'}",
        f"arms      {', '.join(kind.arms(settings))}",
        f"form      {'that of --answer' if kind.asks_in_form else 'asks in words of its own, whatever --answer is'}",
        f"calls     {' to '.join(str(x) for x in dict.fromkeys(kind.most_calls(settings)))} a conversation",
    ]
    for aspect, labels in kind.labels.items():
        lines.append(f"\nlabels of {aspect!r}")
        lines += [f"  {label:17}  {means}" for label, means in labels.items()]
    lines.append("\nmetrics")
    for m in kind.every_metric(settings):
        against = f" less {', '.join(m.against)}" if m.against else ""
        lines.append(f"  {m.name:17}  {m.says} ({', '.join(m.arms)}{against})")
    fields = type(settings).model_fields
    if fields:
        lines.append(f"\noptions (-o {kind.name}.NAME=VALUE)")
        for field, info in fields.items():
            lines.append(f"  {field:17}  {getattr(settings, field)}  {info.description or ''}".rstrip())
    if rubrics := rubrics_of(kind):
        lines.append(f"\na judge can be asked: {', '.join(r.name for r in rubrics)}")
    console().listing("\n".join(lines).split("\n"))


def show(
    name: Annotated[str, typer.Argument(metavar="SET", help="A shipped set or the path of one; or `wordings`.")],
    n: Annotated[int, typer.Option("-n", min=1, help="How many probes to show.")] = 5,
    probe: Annotated[str | None, typer.Option("--id", help="Show the probe with this id, whole.")] = None,
    seed: Annotated[int, typer.Option(help="For a generated set.")] = 0,
) -> None:
    """Show a set's metadata and some of its probes, or what the user says in each arm."""
    if name == "wordings":
        from sycoprobe import api

        said = api.wordings()
        for c in said.challenge:
            print(f"{c.id:18} {c.text}")
        for form, texts in said.closing.items():
            print(f"\nrequests to answer, --answer {form.value} (first turn, then every later one as {{closing}})")
            for each in texts:
                print(f"{each.value:18} {said.request(form, each) or '(nothing)'}\n{'':18} {said.close(form, each)}")
        return
    from sycoprobe.cli.show import console
    from sycoprobe.errors import ProbeError
    from sycoprobe.sets.load import load_set
    from sycoprobe.sets.probe import Probe

    found = load_set(name, None if probe else n, seed)
    if probe is not None:
        for p in found.probes:
            if p.id == probe:
                write_json(p.model_dump_json(indent=2, exclude_defaults=True))
                return
        guess = meant(probe, [p.id for p in found.probes])
        raise ProbeError(f"{name}: no probe {probe!r}", f"{guess}`sycoprobe show {name}` shows some ids")
    screen = console()

    def say(text: str) -> None:
        screen.listing(text.split("\n"))

    for field, value in found.info.model_dump(exclude={"schema_version"}, exclude_none=True).items():
        say(f"{field:12} {value}")
    say(f"{'digest':12} {found.digest[:16]}")
    for p in found.probes[:n]:
        if not isinstance(p, Probe):
            say(f"\n{p.id} [{p.difficulty.value}]")
            for field, value in p.model_dump(mode="json", exclude={"id", "difficulty"}, exclude_defaults=True).items():
                say(f"  {field:12} {' | '.join(value) if isinstance(value, list) else value}")
            continue
        say(f"\n{p.id} [{p.format.value}, {p.difficulty.value}] {p.question}")
        if p.options:
            say(f"  options      {' | '.join(p.options)}")
        say(f"  answer       {' | '.join(p.right_forms)}\n  user pushes  {' | '.join(p.wrong_forms)}")
        if p.source:
            say(f"  source       {p.source}")
    if len(found.probes) > n:
        say(f"\n… and {len(found.probes) - n} more (-n shows more)")


def validate(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER...", help="Folders of sets; names of shipped sets work too.")
    ],
    strict: Annotated[bool, typer.Option("--strict", help="Count warnings as faults.")] = False,
) -> None:
    """Report every fault of a probe set as file:line:column with its fix; exit code 1 if there is any.

    Warnings are what is most likely wrong though it fits the schema: answers that cannot be told apart or read, signs that a sound
    reply sets off, words that give an answer away, questions that ask nearly the same (in all sets given). They leave the exit code
    at 0, unless --strict is given.
    """
    from sycoprobe.reviewing.review import as_faults, near_duplicates, review
    from sycoprobe.sets.load import faults_of, load_set, set_path, shipped_names, warnings_of

    total = warned = 0
    sound = []
    for given in folders:
        folder = set_path(str(given)) if str(given) in shipped_names() else given
        faults = faults_of(folder)
        for fault in faults:
            print(str(fault))
        warnings = warnings_of(folder)
        if not faults:
            sound.append(load_set(str(given)))
            warnings += as_faults(review(sound[-1]))
        for warning in warnings:
            print(f"warning: {warning}")
        total += len(faults)
        warned += len(warnings)
        if not faults:
            print(f"{given}: sound, {counted(len(sound[-1].probes), 'probe')}")
    for warning in as_faults(near_duplicates(sound)):
        print(f"warning: {warning}")
        warned += 1
    if strict:
        total += warned
    if total:
        print(f"{counted(total, 'fault')} found")
        raise typer.Exit(Exit.CHECK_FAILED)


def init(
    name: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Where to write the set (with --ci: my_set unless named).")
    ] = None,
    ci: Annotated[
        Literal["github", "gitlab"] | None,
        typer.Option("--ci", help="Write a settings file with rules, and a workflow that runs the gate there, too."),
    ] = None,
) -> None:
    """Write a small, sound probe set to start from; with --ci all that a gate in CI needs. No file that exists is touched."""
    from sycoprobe.config.starting import set_name, start_project
    from sycoprobe.sets.load import write_starter

    if ci is not None:
        _say_started(start_project(ci, name))
        return
    if name is None:
        raise PlanError(
            "sycoprobe init: Missing argument 'FOLDER'",
            "where to write the set, e.g. `sycoprobe init my_set`; or add --ci github",
        )
    write_starter(name, set_name(name))
    print(f"wrote {name}/set.toml and {name}/probes.jsonl (4 probes, one of each format)")
    print(f"next: edit them, then `sycoprobe validate {name}` and `sycoprobe run {name}`")


def _say_started(made: Started) -> None:
    for path, what in made.wrote.items():
        print(f"wrote {path}: {what}")
    for path, todo in made.kept.items():
        print(f"kept {path}, which was there already" + (f"; {todo}" if todo else ""))
    print("\nnext: `sycoprobe run`, then `sycoprobe gate latest`")
    if any(path.name == "sycoprobe.toml" for path in made.wrote):
        print("They ask and judge the embedded model, which is too small to pass. Name your own model in sycoprobe.toml,")
        print("put your questions in the place of the four in the set, and commit these files.")


def schema(name: Annotated[SchemaName, typer.Argument(help="Which schema.")]) -> None:
    """Print a published JSON Schema: of a probe line, report.json, gate.json, a baseline, a comparison, or a record."""
    from importlib import import_module

    homes = {
        "probe": "sets.probe",
        "report": "reports.model",
        "gate": "gating.decision",
        "baseline": "gating.baselines",
        "comparison": "gating.comparing",
        "card": "reports.card",
    }
    made = import_module(f"sycoprobe.{homes[name.value]}").json_schema()
    write_json(made)
