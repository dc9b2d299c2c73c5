"""From settings to runs that can begin: their plans, the rules that end them, and the baseline that these compare to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sycoprobe.api.models import Opener
from sycoprobe.api.planning import plan_of, until_decided
from sycoprobe.backends import check_model
from sycoprobe.backends.extras import Headers, headers_of
from sycoprobe.config import Chosen, read_baseline
from sycoprobe.errors import PlanError
from sycoprobe.gating.baselines import Baseline
from sycoprobe.gating.rules import read_rule
from sycoprobe.planning import Planned
from sycoprobe.settings import ConductSettings, GateSettings, declared

OF_CONDUCT = ("out", "name")
"""Settings of the conduct that say where a run lies, not how it goes on."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Runs that can begin.

    Attributes
    ----------
    plans: one for each model and system prompt, in the order in which they were named.
    labels: for each, the name of its system prompt; empty where there is only one.
    headers: for each, those of its model.
    backends: for each, what opens its backend if its model is a function or a backend; empty if all are names.
    baseline: what the relative rules of a sequential run compare to.
    """

    plans: tuple[Planned, ...]
    labels: tuple[str, ...]
    headers: tuple[Headers, ...]
    chosen: Chosen
    baseline: Baseline | None = None
    backends: tuple[Opener | None, ...] = ()

    @property
    def one(self) -> Planned:
        """The only plan. Raises `PlanError` if there are several."""
        if len(self.plans) > 1:
            raise PlanError(
                f"this is {len(self.plans)} runs, not one", "name one model and one system prompt, or use `run_all`"
            )
        return self.plans[0]

    @property
    def folder(self) -> tuple[Path | None, str | None]:
        """The folder of runs, and the name of this one in it, as far as they were chosen."""
        return self.chosen.conduct.out, self.chosen.conduct.name

    @property
    def conduct(self) -> dict[str, Any]:
        """The settings of the conduct, by name, with the headers if there is only one run."""
        conduct = self.chosen.conduct
        headers = {"headers": self.headers[0]} if len(self.headers) == 1 and self.headers[0] else {}
        return {**{k: getattr(conduct, k) for k in declared(ConductSettings) if k not in OF_CONDUCT}, **headers}


def prepare(chosen: Chosen, given: Mapping[str, Any], own: Collection[str] = ()) -> Prepared:
    """The plans that settings come to.

    Parameters
    ----------
    given: the settings that were given for this run alone, not in a file: rules among them need a run that stops by them.
    own: the models that are functions or backends, by the names that they go by here.

    Raises
    ------
    ProbeError, PlanError, GateError
    """
    gate, asking = chosen.gate, chosen.asking
    for run in chosen.runs:
        if run.model not in own:
            check_model(run.model, chosen.aliases, run.target.base_url)
    until, blessed = None, None
    if asking.until_decided:
        if len(chosen.runs) > 1:
            raise PlanError("until-decided goes with one model and one system prompt", "run the others by themselves")
        until = until_decided(*gate.rules, alpha=gate.alpha, min_items=gate.min_items)
        path = baseline_needed(gate, given=bool(given.get("baseline")))
        blessed = read_baseline(path) if path else None
    elif early := next((name for name in ("rules", "baseline", "on_inconclusive") if given.get(name)), None):
        raise PlanError(f"{early.replace('_', '-')} belongs to until-decided", "add until-decided, or gate the finished run")
    plans = tuple(plan_of(asking, run, until) for run in chosen.runs)
    several = len({run.prompt for run in chosen.runs}) > 1
    labels = tuple(run.prompt.name if several else "" for run in chosen.runs)
    return Prepared(plans, labels, tuple(headers_of(run.target.headers) for run in chosen.runs), chosen, blessed)


def baseline_needed(gate: GateSettings, *, given: bool) -> Path | None:
    """The baseline file, if some rule compares to one or the user named it for this run."""
    return gate.baseline if given or any(read_rule(r).relative for r in gate.rules) else None
