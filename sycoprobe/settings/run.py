"""The settings of a run: what is asked, of which model, how answers are sampled, and how the run is conducted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from sycoprobe.settings import texts
from sycoprobe.settings.setting import Setting

DEFAULT_MODEL = "local:smollm2"

ASKED, MODEL, SAMPLING, CONDUCT, SPENDING = "What is asked", "Model", "Sampling", "How the run is conducted", "Caps and prices"
Cluster = Literal["item", "template"]
_SPELLED = r"[a-z0-9_-]{1,20}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """What is asked: sets, kinds of probe, sizes, and the assistant's own system prompt."""

    sets: Annotated[
        tuple[str, ...],
        Setting("Shipped sets by name, your own by path.", ASKED, read=texts.one_or_several, many=True, metavar="SET"),
    ] = ()
    kind: Annotated[
        tuple[str, ...],
        Setting(
            "Kinds of probe, comma-separated or repeated; `all` for all of them. `sycoprobe kinds` lists them "
            "(default: challenge, or the kind that a set is of).",
            ASKED,
            short="-k",
            metavar="KIND",
            many=True,
            read=texts.names,
            keyword="str | Sequence[str]",
        ),
    ] = ()
    profile: Annotated[
        Literal["quick", "ci", "standard", "full"] | None,
        Setting("Kinds, sets and sizes by budget, instead of sets and --kind.", ASKED),
    ] = None
    options: Annotated[
        Mapping[str, Any],
        Setting(
            "An option of a kind of probe, e.g. pressure.turns=3 or challenge.arms=control,pushback; "
            "`sycoprobe kinds NAME` lists them.",
            ASKED,
            option="--option",
            short="-o",
            metavar="KIND.NAME=VALUE",
            many=True,
            read=texts.options_of_kinds,
            keyword="Mapping[str, Any]",
        ),
    ] = field(default_factory=dict)
    n: Annotated[
        int | None,
        Setting("At most so many probes of each set; of a generated set, exactly so many.", ASKED, option="-n", least=1),
    ] = None
    repeats: Annotated[int, Setting("How often each probe is asked.", ASKED, least=1)] = 1
    seed: Annotated[int, Setting("Decides samples, orders, wordings and generated probes.", ASKED)] = 0
    answer: Annotated[
        Literal["line", "brief", "free", "schema"],
        Setting(
            "Form in which every turn asks for the answer: a last line `Answer: …`, a few words, no form, or a JSON object.",
            ASKED,
        ),
    ] = "brief"
    system: Annotated[
        tuple[str | Path, ...],
        Setting(
            "System prompt of the assistant that you test, or a file that holds it; every dialog begins with it. "
            "Repeated: a run for each, compared with the first; `none` is a run without one.",
            ASKED,
            metavar="TEXT|FILE",
            many=True,
            read=texts.one_or_several,
            keyword="str | Path | None",
        ),
    ] = ()
    wordings: Annotated[Path | None, Setting("A TOML file of wordings instead of the shipped ones.", ASKED, file=True)] = None
    cluster: Annotated[
        Cluster,
        Setting(
            "What the numbers are to hold for: further items from the same templates (item), or new templates too (template).",
            ASKED,
        ),
    ] = "item"
    until_decided: Annotated[
        bool, Setting("Ask item by item and stop as soon as every rule of the gate is decided.", ASKED)
    ] = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The model that is asked, and where."""

    model: Annotated[
        tuple[str, ...],
        Setting(
            "BACKEND:NAME, e.g. local:smollm2, openai:NAME, anthropic:NAME, ollama:NAME, or an alias from sycoprobe.toml. "
            "Repeated: a run for each.",
            MODEL,
            short="-m",
            many=True,
            read=texts.one_or_several,
            keyword="str",
        ),
    ] = (DEFAULT_MODEL,)
    base_url: Annotated[str | None, Setting("Address of the server, e.g. http://localhost:8000/v1.", MODEL, metavar="URL")] = (
        None
    )
    api_key_env: Annotated[
        str | None,
        Setting(
            "Name under which the key is in the environment, .env or the keyring (default: the provider's).",
            MODEL,
            metavar="NAME",
        ),
    ] = None
    headers: Annotated[
        Mapping[str, str],
        Setting(
            "An HTTP header for every request, e.g. 'X-Team: search'; $NAME in it is read from the environment or .env. "
            "Its value is kept nowhere.",
            MODEL,
            option="--header",
            metavar="NAME: VALUE",
            many=True,
            read=texts.headers,
            secret=True,
            keyword="Mapping[str, str] | Sequence[str]",
        ),
    ] = field(default_factory=dict)
    body: Annotated[
        Mapping[str, Any],
        Setting(
            "A field for the body of every request, e.g. user=team-a; the value is JSON or text, and $NAME in it is read from the "
            "environment or .env.",
            MODEL,
            option="--body",
            metavar="NAME=VALUE",
            many=True,
            read=texts.fields,
            secret=True,
            keyword="Mapping[str, Any] | Sequence[str]",
        ),
    ] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """How answers are sampled."""

    temperature: Annotated[
        float | None,
        Setting(
            "A number, or `default` to leave it to the server.",
            SAMPLING,
            least=0,
            most=10,
            read=texts.number_or_default,
            metavar="NUMBER|default",
        ),
    ] = 0.0
    reply_tokens: Annotated[
        int | None,
        Setting(
            "Length limit of a reply, in tokens, thinking included (default: what suits the form and the model).",
            SAMPLING,
            least=1,
            most=1_000_000,
        ),
    ] = None
    top_p: Annotated[float | None, Setting("Nucleus sampling; left to the server unless set.", SAMPLING, above=0, most=1)] = (
        None
    )
    thinking: Annotated[
        Literal["strip", "replay"],
        Setting(
            "In later turns the model sees only the text of its first answer (strip), or its thinking too (replay).", SAMPLING
        ),
    ] = "strip"
    thinking_marks: Annotated[
        tuple[str, ...],
        Setting(
            'Marks of the model\'s own around its thinking, e.g. "<cot>…</cot>". Many are known.',
            SAMPLING,
            option="--thinking-marks",
            many=True,
            read=texts.one_or_several,
            metavar="OPEN…CLOSE",
            keyword="str | Sequence[str]",
        ),
    ] = ()
    effort: Annotated[
        str | None,
        Setting(
            "Reasoning effort as the provider spells it, e.g. low.",
            SAMPLING,
            pattern=_SPELLED,
            form="a word of small letters",
            metavar="WORD",
        ),
    ] = None
    verbosity: Annotated[
        str | None,
        Setting(
            "Verbosity as the provider spells it, e.g. low.",
            SAMPLING,
            pattern=_SPELLED,
            form="a word of small letters",
            metavar="WORD",
        ),
    ] = None
    logprobs: Annotated[
        int, Setting("Ask for log-probabilities of so many of the most likely tokens.", SAMPLING, least=0, most=20)
    ] = 0


@dataclass(frozen=True, kw_only=True)
class ConductSettings:
    """How a run is conducted; nothing here changes what is asked."""

    concurrency: Annotated[int, Setting("Calls under way at once, at most.", CONDUCT, short="-c", least=1, most=4096)] = 16
    timeout: Annotated[float, Setting("Seconds for one attempt.", CONDUCT, least=0.1, metavar="SECONDS")] = 120.0
    retries: Annotated[int, Setting("Further attempts after a failure that may pass.", CONDUCT, least=0, most=50)] = 6
    strict: Annotated[bool, Setting("A parameter that the server rejects is an error instead of being adapted.", CONDUCT)] = (
        False
    )
    batch: Annotated[
        bool, Setting("Ask in the vendor's batches: half the price, within a day (OpenAI, Anthropic).", CONDUCT)
    ] = False
    out: Annotated[Path | None, Setting("Folder that holds a folder for each run (default: reports).", CONDUCT, file=True)] = (
        None
    )
    name: Annotated[
        str | None,
        Setting(
            "Name of the run's folder, which must be new (default: time, sets and model).",
            CONDUCT,
            read=texts.run_name,
            metavar="NAME",
        ),
    ] = None
    html: Annotated[bool, Setting("Write the run's page, report.html, beside report.json.", CONDUCT)] = True
    max_calls: Annotated[
        int | None, Setting("Cap on the whole run's calls, resumes included; a capped run can be resumed.", SPENDING, least=1)
    ] = None
    max_tokens: Annotated[int | None, Setting("Cap on the whole run's tokens, resumes included.", SPENDING, least=1)] = None
    max_cost: Annotated[
        float | None,
        Setting("Cap on the whole run's cost in US dollars, resumes included.", SPENDING, least=0, metavar="DOLLARS"),
    ] = None
    max_time: Annotated[
        float | None,
        Setting("Cap on seconds; calls in flight are still finished.", SPENDING, least=0.1, metavar="SECONDS"),
    ] = None
    prices: Annotated[
        Path | None,
        Setting("A TOML file of prices, which win over list prices (those need the extra [prices]).", SPENDING, file=True),
    ] = None
