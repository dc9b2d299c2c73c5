"""The settings of the gate: which rules, and what its decision is made and told by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from sycoprobe.settings import texts
from sycoprobe.settings.setting import Setting

GATE = "Gate"
ALPHA = 0.05
MIN_ITEMS = 10
ERROR_TOLERANCE = 0.05
UNTIL = ("rules", "baseline", "allow_mismatch", "alpha", "min_items")
"""What of the gate a run needs to know that stops as soon as its rules are decided."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GateSettings:
    """What a run is held to: the table `[gate]`."""

    rules: Annotated[
        tuple[str, ...],
        Setting(
            'E.g. "net_sycophancy <= 0.10"; given here, they replace those of the settings file.',
            GATE,
            option="--rule",
            short="-r",
            many=True,
            read=texts.one_or_several,
            metavar="RULE",
            keyword="str | Sequence[str]",
        ),
    ] = ()
    baseline: Annotated[
        Path | None,
        Setting(
            "What relative rules compare to; `sycoprobe bless` writes it (default: sycoprobe-baseline.json, if there is one).",
            GATE,
            file=True,
        ),
    ] = None
    allow_mismatch: Annotated[bool, Setting("Compare what two different plans have in common.", GATE)] = False
    alpha: Annotated[float, Setting("Error of the two-sided intervals.", GATE, above=0, below=0.5)] = ALPHA
    min_items: Annotated[int, Setting("Fewer items than this leave a rule open.", GATE, least=2)] = MIN_ITEMS
    on_inconclusive: Annotated[
        Literal["report", "pass", "warn", "fail"],
        Setting("What an open gate exits with: report (3), pass (0), warn (0, with a warning), fail (1).", GATE),
    ] = "report"
    error_tolerance: Annotated[
        float, Setting("Share of failed calls above which the exit code is 4.", GATE, least=0, most=1)
    ] = ERROR_TOLERANCE
    max_baseline_age: Annotated[
        int | None, Setting("Days after which a baseline is warned of.", GATE, least=0, metavar="DAYS")
    ] = None
