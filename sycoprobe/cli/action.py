"""The GitHub Action's side of the command line: its inputs become options.

`python -m sycoprobe.cli.action run|gate [ARGUMENT]...` reads the inputs, as JSON, from the environment variable `INPUTS`, and goes on as
`sycoprobe run|gate OPTIONS ARGUMENT...`. An input that is empty was not given.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping

from sycoprobe.cli.main import main
from sycoprobe.errors import PlanError
from sycoprobe.settings import UNTIL, Asking, ConductSettings, Declared, GateSettings, Sampling, Target, declared
from sycoprobe.settings.checking import wrong

INPUTS = {
    k: v
    for k, v in declared(Asking, Target, Sampling, ConductSettings, GateSettings).items()
    if k not in ("sets", "out", "name", "max_baseline_age")
}
"""The settings that are inputs of the Action, each under its key; `sets` and `out` are declared there apart."""
WHOLE = ("system",)
"""Inputs that are one value, though they have several lines."""


def options(command: str, inputs: Mapping[str, str]) -> list[str]:
    """The options of a command that the inputs stand for.

    Parameters
    ----------
    command: `run` or `gate`.
    inputs: by key, as the runner gives them: text, in lines where a setting may be repeated.

    Raises
    ------
    PlanError: a switch that is neither true nor false.
    """
    names = set(declared(GateSettings)) if command == "gate" else set(INPUTS) - set(declared(GateSettings))
    if command == "run" and inputs.get("until-decided") == "true":
        names |= set(UNTIL)
    found = [o for name, s in INPUTS.items() if name in names for o in _option(s, inputs.get(s.key, "").strip())]
    if command == "gate" and (name := inputs.get("name", "").strip()):
        found.append(f"--name={name}")
    found += shlex.split(inputs.get(f"{command}-options", ""))
    return [*found, *shlex.split(inputs.get("sets", ""))] if command == "run" else found


def _option(setting: Declared, given: str) -> list[str]:
    if not given:
        return []
    if setting.is_switch:
        if given not in ("true", "false"):
            raise wrong(setting, f"must be true or false, not {given!r}", "input")
        return [setting.option if given == "true" else f"--no-{setting.option.removeprefix('--')}"]
    several = setting.setting.many and setting.name not in WHOLE
    values = [line.strip() for line in given.splitlines() if line.strip()] if several else [given]
    if setting.name == "model" and len(values) == 1 and not given.startswith("command:"):
        values = [name.rstrip(",") for name in given.split()]
    return [f"{setting.option}={v}" if setting.option.startswith("--") else f"{setting.option}{v}" for v in values]


def run() -> None:
    """The command of the Action."""
    command, rest = sys.argv[1], sys.argv[2:]
    try:
        given = options(command, json.loads(os.environ.get("INPUTS") or "{}"))
    except PlanError as e:
        from sycoprobe.cli.show import print_error

        print_error(e)
        sys.exit(e.exit_code)
    sys.argv = ["sycoprobe", command, *given, *rest]
    main()


if __name__ == "__main__":
    run()
