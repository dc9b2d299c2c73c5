"""What a user sets about a kind, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from sycoprobe.errors import PlanError
from sycoprobe.sets.wordings import Kind

if TYPE_CHECKING:
    from sycoprobe.kinds.base import AnyKind, KindSettings


def settings_of(kind: AnyKind, given: Mapping[str, Any]) -> KindSettings:
    """The kind's settings with its defaults filled in. Raises `PlanError` for one that it does not have, or a bad value."""
    try:
        return kind.settings_model.model_validate(dict(given))
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        known = ", ".join(kind.settings_model.model_fields) or "none"
        if first["type"] in ("enum", "literal_error"):
            allowed = [x for x in re.findall(r"'([^']*)'", first["msg"]) if x != Kind.NEUTRAL]
            raise PlanError(
                f"--set {kind.name}.{name}: there is no {first['input']!r}", f"choose among {', '.join(allowed)}"
            ) from None
        message = first["msg"].removeprefix("Value error, ")
        said = "there is no such setting" if first["type"] == "extra_forbidden" else message[:1].lower() + message[1:]
        raise PlanError(f"--set {kind.name}.{name}: {said}", f"settings of {kind.name!r}: {known}") from None
