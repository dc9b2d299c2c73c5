"""Words of a source as names that a probe can have: its template, its domain, its tags."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from sycoprobe.sets.importing.ledger import Ledger
from sycoprobe.sets.importing.mapping import Column
from sycoprobe.sets.importing.rows import Row
from sycoprobe.sets.importing.values import slug

_FIELDS = ("template", "domain", "tags")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")


class Names:
    """The names that were made so far: what is one word in the source is one name, and what is another word is another."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._made: dict[tuple[str, str], str] = {}
        self._meant: dict[tuple[str, str], str] = {}

    def of(self, row: Row, columns: Mapping[str, Column], data: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a probe that are names, as names; those that can be none stay, and are found by its schema."""
        found: dict[str, Any] = {}
        for field in _FIELDS:
            value = data.get(field)
            if field not in columns or value is None:
                continue
            at = columns[field].of(row)[0]
            found[field] = (
                [self._name(row, field, at, v) for v in value] if field == "tags" else self._name(row, field, at, value)
            )
        return found

    def _name(self, row: Row, field: str, at: str, said: str) -> str:
        if (known := self._made.get((field, said))) is not None:
            return known
        name = said if _NAME.fullmatch(said) else slug(said)
        if not name or self._meant.get((field, name), said) != said:
            # Two long texts may begin alike, and two words differ in nothing that a name keeps.
            name = f"{name or field}-{hashlib.sha256(said.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
        if name != said:
            message = f"{field}: {said[:60]!r} has a form that names cannot have"
            self._ledger.change(row.fault(at, message, f"it became {name!r} (told once)"))
        self._made[field, said] = name
        self._meant[field, name] = said
        return name
