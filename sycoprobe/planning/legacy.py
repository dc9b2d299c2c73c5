"""Plans of version 1, as plans of today: pure functions over their JSON."""

from __future__ import annotations

from typing import Any

DEFAULT_KIND = "challenge"
"""The kind of plans, rules and files that name none: they were written when there was but one."""
_OF_CHALLENGE = {"arms": "arms", "kinds": "rebuttals", "draw": "draw", "controls": "controls"}
"""Names in version 1 of what are settings of the kind `challenge` today."""


def plan_of_version_1(data: dict[str, Any]) -> dict[str, Any]:
    """A plan of version 1, which asked one kind, and had the settings of `challenge` among its own.

    Parameters
    ----------
    data: as `json.loads` gives it.
    """
    rest = {k: v for k, v in data.items() if k not in (*_OF_CHALLENGE, "probe_kind", "kind_version", "settings", "sets")}
    kind = data.get("probe_kind") or DEFAULT_KIND
    settings = dict(data.get("settings") or {})
    if kind == DEFAULT_KIND:
        settings, _ = settings_of_version_1(data)
    part = {"kind": kind, "kind_version": data.get("kind_version"), "settings": settings, "sets": data.get("sets", ())}
    return {**rest, "plan_version": 2, "parts": [part]}


def place_of_version_1(record: dict[str, Any]) -> tuple[str, int]:
    """The arm and the turn of a call's record in a journal of version 1.

    A `challenge` had `arm`, `kind` and `branch` (`pushback`, `ethos`, 0), other kinds `strand` and `turn`; a first answer none of them.
    """
    if "strand" in record:
        return record["strand"], record["turn"]
    arm, branch = record.get("arm"), record.get("branch", 0)
    if arm is None:
        return "first", 0
    if arm == "control":
        return f"control.{branch}" if branch else "control", 0
    return f"{arm}.{record['kind']}", 0


def settings_of_version_1(data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings of the kind `challenge` that were among a plan's own in version 1, and the rest."""
    settings = {new: data[old] for old, new in _OF_CHALLENGE.items() if old in data}
    return settings, {k: v for k, v in data.items() if k not in _OF_CHALLENGE}
