"""The model under test, which must not judge itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sycoprobe import journal

_DATED = (len("-2024-08-06"), len("-20240806"))
_TESTED_CALLS = 200
"""So many calls of a run are looked at for the names under which its model answered."""


@dataclass(frozen=True, slots=True)
class UnderTest:
    """The model under test: as the user named it, its facts, and the names under which it answered."""

    spec: str
    facts: Mapping[str, Any]
    answered: frozenset[str] = frozenset()

    def same(self, spec: str, facts: Mapping[str, Any]) -> str | None:
        """Why a judge is this very model, in words that follow 'it has'; None if nothing says so."""
        if spec == self.spec:
            return f"the same name, {spec}"
        for fact in ("sha256", "digest"):
            if facts.get(fact) and facts.get(fact) == self.facts.get(fact):
                return f"the same {fact}"
        return self.same_name(facts.get("model"))

    def same_name(self, model: Any) -> str | None:
        """The same for a name under which a judge answered. Who serves it, and a date at its end, make no other model of it."""
        ours = {bare(str(m)) for m in (self.facts.get("model"), *self.answered) if m}
        return f"the same model id, {bare(str(model))}" if model and bare(str(model)) in ours else None


def tested_in(folder: Path) -> UnderTest:
    """The model under test of the run in `folder`. Raises `JournalError`."""
    contents = journal.read(folder)
    asked = islice(journal.calls(contents), _TESTED_CALLS)
    answered = frozenset(c.reply.model for c in asked if c.reply is not None and c.reply.model)
    return UnderTest(str(contents.header["plan"]["model"]), contents.header["model"], answered)


def bare(model: str) -> str:
    """A model's id without vendor, ':latest' and a date at its end, in lower case: what two routes to it have in common."""
    name = model.casefold().removesuffix(":latest").rpartition("/")[2]
    for length in _DATED:
        tail = name[-length:]
        if len(name) > length and tail[0] == "-" and tail.replace("-", "").isdigit() and len(tail.replace("-", "")) == 8:
            return name[:-length]
    return name
