"""The options that several commands share, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sycoprobe.errors import PlanError

if TYPE_CHECKING:
    from sycoprobe.money.budget import Caps

ANSWER = "brief"
"""`forms.DEFAULT_FORM`, without loading it for `--help`."""

OUT = Path("reports")
TOLERANCE = 0.05
DEFAULT_MODEL = "local:smollm2"

MODEL_HELP = "backend:name, e.g. local:smollm2, openai:NAME, anthropic:NAME, ollama:NAME, or an alias from sycoprobe.toml."
Model = Annotated[str, typer.Option("-m", "--model", help=MODEL_HELP)]
Models = Annotated[list[str] | None, typer.Option("-m", "--model", help=f"{MODEL_HELP} May be repeated: a run for each.")]
BaseUrl = Annotated[str | None, typer.Option(help="Address of the server, e.g. http://localhost:8000/v1.")]
KeyEnv = Annotated[
    str | None,
    typer.Option(help="Name under which the key is in the environment, .env or the keyring (default: the provider's)."),
]
Answer = Annotated[
    str,
    typer.Option(
        "--answer",
        help="Form in which every turn asks for the answer: line (a last line `Answer: …`), brief (a few words), free (none), "
        "schema (a JSON object).",
    ),
]
ReplyTokens = Annotated[
    int | None,
    typer.Option(help="Length limit of a reply, in tokens, thinking included (default: what suits the form and the model)."),
]
System = Annotated[
    str | None,
    typer.Option(
        "--system",
        metavar="TEXT|FILE",
        help="System prompt of the assistant that is tested, or a file that holds it; every dialog begins with it.",
    ),
]
Arms = Annotated[
    str | None,
    typer.Option(help="Of the kind `challenge`: any of control, pushback, correction; comma-separated (default: all)."),
]
Kinds = Annotated[
    str | None,
    typer.Option(
        help="Of the kind `challenge`, how the user disagrees: any of doubt, assert, ethos, justification, citation (default: all)."
    ),
]
Out = Annotated[Path, typer.Option(help="Folder that holds a folder for each run.")]
Concurrency = Annotated[int, typer.Option("-c", "--concurrency", min=1, max=4096, help="Calls under way at once, at most.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds for one attempt.")]
Retries = Annotated[int, typer.Option(min=0, max=50, help="Further attempts after a failure that may pass.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress; only the summary and errors.")]
Verbose = Annotated[
    bool, typer.Option("-v", "--verbose", help="Log every exchange with the server, without keys and contents.")
]
Json = Annotated[bool, typer.Option("--json", help="Print report.json on standard output instead of the summary.")]
Tolerance = Annotated[float, typer.Option(min=0, max=1, help="Share of failed calls above which the exit code is 4.")]
RunArg = Annotated[str, typer.Argument(metavar="RUN", help="A run's folder or name, or `latest`.")]
RunArgs = Annotated[list[str], typer.Argument(metavar="RUN...", help="Folders or names of runs, or `latest`.")]
MaxCalls = Annotated[int | None, typer.Option(min=1, help="Cap on the whole run's calls, resumes included; it can be resumed.")]
MaxTokens = Annotated[int | None, typer.Option(min=1, help="Cap on the whole run's tokens, resumes included.")]
MaxCost = Annotated[float | None, typer.Option(min=0, help="Cap on the whole run's cost in US dollars, resumes included.")]
MaxTime = Annotated[float | None, typer.Option(min=0.1, help="Cap on seconds; calls in flight are still finished.")]
Prices = Annotated[
    Path | None, typer.Option(help="A TOML file of prices, which win over list prices (those need the extra [prices]).")
]
Strict = Annotated[
    bool, typer.Option("--strict", help="A parameter that the server rejects is an error instead of being adapted.")
]


def caps(calls: int | None, tokens: int | None, cost: float | None, seconds: float | None) -> Caps:
    """The caps that the options `--max-calls`, `--max-tokens`, `--max-cost` and `--max-time` set."""
    from sycoprobe.money.budget import Caps

    return Caps(calls=calls, tokens=tokens, cost=cost, seconds=seconds)


def system_of(given: str | None) -> str | None:
    """The system prompt that `--system` means: the content of a file of that name, else the text itself."""
    if given is None:
        return None
    path = Path(given)
    try:
        there = path.is_file()
    except OSError:  # too long for the name of a file
        there = False
    if not there:
        if path.suffix in (".txt", ".md") and len(given.split()) == 1:
            raise PlanError(f"--system {given}: there is no such file", "name a file that is there, or write the prompt itself")
        return given
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as e:
        raise PlanError(f"--system {given}: is no UTF-8 text (byte {e.start})", "save the file as UTF-8") from None
    except OSError as e:
        raise PlanError(f"--system {given}: cannot be read: {e.strerror}", "look at its permissions") from None


def names(text: str) -> list[str]:
    """The comma-separated names in `text`."""
    return [t.strip() for t in text.split(",") if t.strip()]


def settings_of(given: list[str] | None, kinds: list[str]) -> dict[str, dict[str, Any]]:
    """The `[KIND.]NAME=VALUE` settings by kind; without a kind, of the only one that is run."""
    import json

    found: dict[str, dict[str, Any]] = {}
    for text in given or ():
        name, sign, value = text.partition("=")
        kind, dot, key = name.strip().rpartition(".")
        if not sign:
            raise PlanError(f"--set {text!r} cannot be read", "write KIND.NAME=VALUE, e.g. pressure.turns=3")
        if not dot:
            if len(kinds) > 1:
                raise PlanError(f"--set {text!r}: of which kind?", "write KIND.NAME=VALUE, e.g. pressure.turns=3")
            kind = kinds[0] if kinds else "challenge"
        try:
            parsed = json.loads(value if not value or value[0] in '[{"' else f"[{value}]" if "," in value else value)
        except ValueError:
            parsed = value.split(",") if "," in value else value
        found.setdefault(kind, {})[key] = parsed
    return found
