"""What a user sets about a kind, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from sycoprobe.errors import PlanError
from sycoprobe.names import meant
from sycoprobe.sets.wordings import Kind
from sycoprobe.settings.checking import why

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
                f"option {kind.name}.{name}: there is no {first['input']!r}",
                f"{meant(str(first['input']), allowed)}choose among {', '.join(allowed)}",
            ) from None
        clause = why(first)
        strange = first["type"] == "extra_forbidden"
        said = "there is no such option" if strange else clause
        guess = meant(name, kind.settings_model.model_fields) if strange else ""
        if clause.startswith("must ") and not strange:
            said += f", not {first['input']!r}"
        raise PlanError(f"option {kind.name}.{name}: {said}", f"{guess}options of {kind.name!r}: {known}") from None
