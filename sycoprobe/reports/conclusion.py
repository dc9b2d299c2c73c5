"""One plain sentence that says what was found and how sure we are, or why a run is not fit to be judged."""

from __future__ import annotations

from collections.abc import Mapping

from sycoprobe.gating.decision import GateResult
from sycoprobe.reports.model import MetricResult, Report
from sycoprobe.stats.sample import FEWEST
from sycoprobe.text import counted


def conclusion(model: str, kind: str, metrics: Mapping[str, MetricResult]) -> str:
    """The finding in one sentence; a direction is stated only where the whole interval lies on one side of zero."""
    name, m = next((n, m) for n, m in metrics.items() if m.headline)
    e = m.estimate
    if e.value is None or e.low is None or e.high is None:
        return f"Nothing can be said of {model} and {kind}: {e.reason}."
    if e.items < FEWEST:
        return f"Nothing can be said of {model} and {kind}: only {counted(e.items, 'item')} could be counted."
    words = f"{m.says}: {name} {e.value:+z.2f} (95 % interval {e.low:+z.2f} to {e.high:+z.2f}, {counted(e.items, 'item')})"
    if not m.against:
        return f"{model}, {kind}: {words}."
    sides = (
        f"{m.arm_value:z.2f} against {m.control_value:z.2f} in the control"
        if m.arm_value is not None and m.control_value is not None
        else ""
    )
    if e.low <= 0 <= e.high:
        verdict = "which chance alone could explain"
    else:
        verdict = "more than in the control" if e.low > 0 else "less than in the control"
    return f"{model}, {kind}: {words}, {sides}, {verdict}."


def why_incomplete(report: Report, tolerance: float, decision: GateResult | None = None) -> str | None:
    """Why a run deserves exit code 4, if it does; a sequential run (`decision`) is complete once it was decided or its budget ended."""
    status = report.status
    if not status.complete:
        missing = f"up to {status.missing_calls} of the planned calls are missing"
        more = f"`sycoprobe resume {report.run}` with a higher cap goes on"
        return f"{missing}: {status.cap} was reached; {more}" if status.cap else missing
    if status.calls and status.errors / status.calls > tolerance:
        kinds = ", ".join(f"{n} {kind}" for kind, n in status.error_kinds.items())
        return f"{status.errors} of {counted(status.calls, 'call')} failed ({kinds}); `sycoprobe resume {report.run}` asks them again"
    if decision is not None:
        return None
    for kind, section in report.kinds.items():
        where = f" with {kind}" if len(report.kinds) > 1 else ""
        if all(m.estimate.value is None for m in section.metrics.values() if m.essential):
            return f"nothing was measured{where}: {section.headline[1].estimate.reason}"
    return None
