"""Settings from everywhere: the settings file, the command line and Python, and the rules and baselines that they name."""

from sycoprobe.config.baselines import read_baseline, usual_baseline, write_baseline
from sycoprobe.config.chosen import Chosen, Prompt, RunOf, choose, gate_settings, model_named
from sycoprobe.config.files import ConfigFile, find, found
from sycoprobe.config.layers import Layer, command_line, python
from sycoprobe.config.rules import check_rule, kinds_having, metrics_of

__all__ = [
    "Chosen",
    "ConfigFile",
    "Layer",
    "Prompt",
    "RunOf",
    "check_rule",
    "choose",
    "command_line",
    "find",
    "found",
    "gate_settings",
    "kinds_having",
    "metrics_of",
    "model_named",
    "python",
    "read_baseline",
    "usual_baseline",
    "write_baseline",
]
