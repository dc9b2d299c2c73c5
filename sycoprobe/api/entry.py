"""`run` and its sisters, from Python: keywords become settings, settings become runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from typing_extensions import Unpack

from sycoprobe.api.conduct import Conduct
from sycoprobe.api.models import Model, named
from sycoprobe.api.planning import chosen_in_python, read
from sycoprobe.api.preparing import Prepared, prepare
from sycoprobe.api.running import start, start_all
from sycoprobe.config import ConfigFile
from sycoprobe.errors import SycoprobeError
from sycoprobe.loops import run_alone
from sycoprobe.reports.model import Report
from sycoprobe.reports.several import Reports
from sycoprobe.settings import UNTIL, Asking, ConductSettings, GateSettings, Sampling, Target, declared
from sycoprobe.settings.keywords import RunKeywords

RUN_SETTINGS = {
    **declared(Asking, Target, Sampling, ConductSettings),
    **{k: v for k, v in declared(GateSettings).items() if k in UNTIL},
}
"""What `run` takes."""


def run(
    *sets: str,
    model: Model | None = None,
    conduct: Conduct | None = None,
    config: str | Path | None = None,
    **settings: Unpack[RunKeywords],
) -> Report:
    """Ask, push back, score: the whole of `sycoprobe run`. What is asked and answered is kept in a folder, the report in it too.

    The folder is `out`/`name`, and must be new. A cap that is reached (`max_calls` and its like) ends the run early: the report then
    names it in `status.cap`, and `resume` goes on.

    Parameters
    ----------
    sets: names of shipped sets or paths of folders; each goes to the kinds that suit it.
    model: BACKEND:NAME (default: local:smollm2); or a function of the dialog (a list of `{"role": …, "content": …}`, of which the
        last is the user's) to the answer, plain (called in a thread for each call under way) or `async`; or a backend. What it
        raises is a failed call, counted in `Report.status.errors`.
    conduct: callbacks and signals; settings of the conduct given here as keywords win over it.
    config: a settings file, over which the keywords go; None: none is read.
    settings: what is asked, how answers are sampled, how the run is conducted; docs/settings.md lists them.

    Raises
    ------
    ProbeError, PlanError, GateError, JournalError, ModelError
    RunFailed: the run cannot go on, but can be resumed.
    Interrupted: stopped by Ctrl-C (with `conduct.signals`).
    EventLoopError: an event loop runs; await `arun`.
    """
    return run_alone(
        lambda: arun(*sets, model=model, conduct=conduct, config=config, **settings),
        called="sycoprobe.run",
        instead="sycoprobe.arun",
    )


async def arun(
    *sets: str,
    model: Model | None = None,
    conduct: Conduct | None = None,
    config: str | Path | None = None,
    **settings: Unpack[RunKeywords],
) -> Report:
    """`run`, to be awaited where an event loop runs: the same parameters, report and errors."""
    made, how = prepared(sets, model, conduct, read(config), settings)
    return await begin(made, how)


async def begin(made: Prepared, conduct: Conduct) -> Report:
    """The only run of what was prepared. Raises as `run` does."""
    out, name = made.folder
    if made.backends:
        conduct = replace(conduct, backend=made.backends[0])
    baseline, allow = made.baseline, made.chosen.gate.allow_mismatch
    return await start(made.one, out=out, name=name, conduct=conduct, baseline=baseline, allow_mismatch=allow)


def run_all(
    *sets: str,
    models: Sequence[Model] = (),
    systems: Sequence[str | Path] = (),
    conduct: Conduct | None = None,
    config: str | Path | None = None,
    **settings: Unpack[RunKeywords],
) -> list[Report | SycoprobeError]:
    """`run` of several models, several system prompts, or each with each, at the same time.

    Parameters
    ----------
    sets: as for `run`.
    models: as `model` of `run`; none: the usual one.
    systems: system prompts, or files that hold them; `none` is a run without one.
    conduct, config, settings: as for `run`.

    Returns
    -------
    A report for each run, in the order of the models and then of the prompts; one that failed has its error in its place. Its `run`
    is NAME/MODEL, which `gate`, `compare` and `resume` take with the same `out`; NAME alone stands for all of them in this order,
    so that `compare(NAME)` gives the paired differences from the first.
    """
    return run_alone(
        lambda: arun_all(*sets, models=models, systems=systems, conduct=conduct, config=config, **settings),
        called="sycoprobe.run_all",
        instead="sycoprobe.arun_all",
    )


async def arun_all(
    *sets: str,
    models: Sequence[Model] = (),
    systems: Sequence[str | Path] = (),
    conduct: Conduct | None = None,
    config: str | Path | None = None,
    **settings: Unpack[RunKeywords],
) -> list[Report | SycoprobeError]:
    """`run_all`, to be awaited where an event loop runs: the same parameters, reports and errors."""
    given = {**settings, **({"system": systems} if systems else {})}
    made, how = prepared(sets, models or None, conduct, read(config), given)
    out, name = made.folder
    found = await start_all(
        made.plans, out=out, name=name, labels=made.labels, headers=made.headers, backends=made.backends, conduct=how
    )
    return Reports(found)


def prepared(
    sets: Sequence[str],
    model: Any,
    conduct: Conduct | None,
    file: ConfigFile,
    settings: Mapping[str, Any],
) -> tuple[Prepared, Conduct]:
    """The runs that Python's keywords come to over a file's settings, and how they are conducted. Raises as `run` does."""
    given, openers = dict(settings), {}
    if model is not None:
        each = [model] if isinstance(model, str) or not isinstance(model, Sequence) else model
        pairs = [named(m) for m in each]
        given["model"] = [name for name, _ in pairs]
        openers = {name: opener for name, opener in pairs if opener is not None}
    made = prepare(chosen_in_python(sets, file, given, RUN_SETTINGS), given, openers)
    own: dict[str, Any] = {k: v for k, v in made.conduct.items() if k in made.chosen.places or k == "headers"}
    if openers:
        made = replace(made, backends=tuple(openers.get(run.model) for run in made.chosen.runs))
    return made, replace(conduct or Conduct(), **own)
