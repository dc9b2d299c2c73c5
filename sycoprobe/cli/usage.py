"""Wrong usage in one line: an option or command that there is not is answered with the one that was meant."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

from sycoprobe.errors import PlanError
from sycoprobe.names import meant, nearest
from sycoprobe.settings.elsewhere import words_for

OTHER = "Other"
COMMANDS_ELSEWHERE = {
    "eval": "run", "evaluate": "run", "test": "run", "start": "run", "probe": "run", "measure": "run",
    "continue": "resume", "retry": "resume", "show-report": "report", "results": "report", "print": "report",
    "explore": "view", "browse": "view", "transcripts": "view", "attest": "card", "cite": "card",
    "rescore": "score", "check": "gate", "assert": "gate", "baseline": "bless", "approve": "bless", "accept": "bless",
    "diff": "compare", "leaderboard": "board", "dashboard": "board", "rank": "board", "cost": "plan", "estimate": "plan", "power": "plan", "ls": "sets", "list": "sets", "datasets": "sets",
    "tasks": "sets", "new": "init", "create": "init", "lint": "validate", "ping": "doctor", "diagnose": "doctor", "download": "models",
}  # fmt: skip
"""What other tools call our commands."""
OPTIONS_ELSEWHERE = {
    "quiet": ("silent", "no-progress"),
    "verbose": ("debug", "log-level"),
    "dry_run": ("simulate", "preview", "no-op", "estimate"),
    "config": ("settings", "config-file"),
    "json": ("as-json", "output-json"),
}
"""What other tools call our options that are no settings."""


class Command(TyperCommand):
    """A command whose wrong usage is one line, and whose help lists its options by theme."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As typer does; raises `PlanError` for what is no option or no value of one."""
        try:
            return super().parse_args(ctx, args)
        except Exception as e:
            if not hasattr(e, "format_message"):
                raise
            raise _said(self, ctx, e) from None

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options, theme by theme, in the order in which the themes first occur."""
        themes: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                theme = "Arguments" if param.param_type_name == "argument" else getattr(param, "rich_help_panel", None) or OTHER
                themes.setdefault(theme, []).append(record)
        for theme in sorted(themes, key=lambda t: (t != "Arguments", t == OTHER)):
            with formatter.section("Options" if set(themes) <= {"Arguments", OTHER} and theme == OTHER else theme):
                formatter.write_dl(themes[theme])


class PageCommand(Command):
    """A command whose `--html` may stand alone, or with the page's file after it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As `Command` does; what follows `--html` is its file if it ends as one, else it stands alone."""
        given = []
        for arg, after in zip(args, [*args[1:], ""], strict=False):
            alone = arg == "--html" and not after.lower().endswith((".html", ".htm"))
            given.append(f"{arg}=" if alone else arg)
        return super().parse_args(ctx, given)


class Commands(TyperGroup):
    """A group of commands; one that there is not is answered in one line."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As typer does; raises `PlanError` for what is no option."""
        try:
            return super().parse_args(ctx, args)
        except Exception as e:
            if not hasattr(e, "possibilities"):
                raise
            raise _said(self, ctx, e) from None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As typer does; raises `PlanError` for what is no command."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            known = self.list_commands(ctx)
            word = COMMANDS_ELSEWHERE.get(args[0], args[0])
            raise PlanError(f"{ctx.command_path}: no command {args[0]!r}", f"{meant(word, known)}commands: {', '.join(known)}")
        return super().resolve_command(ctx, args)


def _said(command: Command | Commands, ctx: Any, error: Any) -> PlanError:
    """What typer says of wrong usage, in one line, with the option that was meant."""
    helped = f"`{ctx.command_path} -h` shows its options"
    wrong = getattr(error, "option_name", None)
    said = getattr(getattr(error, "param", None), "help", None)
    if said and "issing" in type(error).__name__:
        helped = f"{said[0].lower() if said[1:2].islower() else said[0]}{said[1:].rstrip('.')}; {helped}"
    if wrong is None or not hasattr(error, "possibilities"):
        text = " ".join(error.format_message().replace("Value error, ", "").split()).rstrip(".")
        if among := re.search(r"'([^']*)' is not one of (.*)", text):
            helped = meant(among[1], re.findall(r"'([^']*)'", among[2])) + helped
        return PlanError(f"{ctx.command_path}: {text}", helped)
    near = option_meant(wrong, [p for p in command.get_params(ctx) if not getattr(p, "hidden", False)])
    return PlanError(f"{ctx.command_path}: no option {wrong}", f"did you mean {near}? {helped}" if near else helped)


def option_meant(wrong: str, params: list[Any]) -> str:
    """How the option is written that `wrong` was probably meant to be; empty if none is near."""
    words: dict[str, str] = {}
    for param in params:
        argument = param.param_type_name == "argument"
        shown = f"{(param.metavar or param.name).strip('[].')} without an option" if argument else param.opts[-1]
        for spelled in () if argument else (*param.opts, *param.secondary_opts):
            words.setdefault(spelled.lstrip("-"), spelled)
        for word in (param.name, *words_for(param.name), *OPTIONS_ELSEWHERE.get(param.name, ())):
            words.setdefault(word.replace("_", "-"), shown)
    near = nearest(wrong.lstrip("-"), words)
    return "" if near is None else words[near]
