"""Every setting, declared once: from these classes come options, keys of `sycoprobe.toml`, keywords of Python and inputs of the Action."""

from sycoprobe.settings.gate import UNTIL, GateSettings
from sycoprobe.settings.run import Asking, Cluster, ConductSettings, Sampling, Target
from sycoprobe.settings.setting import Declared, Setting, declared, option_name

__all__ = [
    "UNTIL",
    "Asking",
    "Cluster",
    "ConductSettings",
    "Declared",
    "GateSettings",
    "Sampling",
    "Setting",
    "Target",
    "declared",
    "option_name",
]
