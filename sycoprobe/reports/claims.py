"""What the intervals of a run hold for, where its items share templates."""

from __future__ import annotations

from sycoprobe.errors import GateError
from sycoprobe.planning import Planned


def claim_of(planned: Planned) -> str | None:
    """What the intervals claim, in one sentence; None where it goes without saying: each item is made by itself."""
    by_template = planned.plan.cluster == "template"
    templates = planned.templates()
    if not templates:
        return "no two items name the same template, so each counts by itself" if by_template else None
    items = len({(s.name, p.id) for part in planned.parts for s in part.sets for p in s.probes})
    of = "1 template" if len(templates) == 1 else f"{len(templates)} templates"
    origin = f"{sum(templates.values())} of {items} items come from {of}"
    if by_template:
        return f"{origin}: intervals hold for new templates too, and the items of one count as one draw"
    these = "this template" if len(templates) == 1 else "these templates"
    return f"{origin}: intervals hold for further items from {these}; --cluster template claims new templates too"


def check_clusters(planned: Planned) -> None:
    """Raises `GateError` for a sequential run that is to be clustered by template: it counts one item after another."""
    if planned.plan.until is not None and planned.plan.cluster == "template" and planned.templates():
        raise GateError(
            "a sequential run cannot be clustered by template: it counts one item after another", "leave out --cluster template"
        )
