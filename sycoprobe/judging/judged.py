"""What judges said, from the records of their file: each one's own word, and the panel's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sycoprobe.judging.spec import MIN_SHARE
from sycoprobe.kinds.judging import Judgement, JudgeOutcome, agreed, majority, panel_name


@dataclass(frozen=True, slots=True)
class JudgeInfo:
    """One judge of a panel, as it stands in the file.

    `facts` are what its backend said of the model. `is_self`: it is the model under test. `digests`: of its rubrics, by name.
    `calls`, `tokens`, `cost` (US dollars, None where unknown): of all calls that it was asked, failed ones aside.
    """

    name: str
    facts: Mapping[str, Any]
    base_url: str | None
    structured: bool
    is_self: bool
    digests: Mapping[str, str]
    calls: int = 0
    tokens: int = 0
    cost: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What the judges of a panel (or the one judge) said.

    `name` is that of the panel. `by_judge` holds each judge's own word, by judge and case; `final` the panel's, by case.
    `capped` says which cap ended the judging early, and `missing` how many cases have no word of the whole panel.
    """

    name: str
    judges: tuple[JudgeInfo, ...]
    by_judge: Mapping[str, Mapping[str, Judgement]]
    final: Mapping[str, Judgement]
    min_share: float = MIN_SHARE
    capped: str | None = None
    missing: int = 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a report must say where nobody can overlook it."""
        return tuple(
            f"{j.name} judged its own replies: these judgements are not independent of what is measured"
            for j in self.judges
            if j.is_self
        )

    @property
    def facts(self) -> dict[str, Any]:
        """Of one judge its own facts; of a panel the models' names, which `checks.load_check` finds it by."""
        if len(self.judges) == 1:
            return dict(self.judges[0].facts)
        return {"model": ", ".join(str(j.facts.get("model")) for j in self.judges)}


def last_panel(records: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The record of the panel that counts; None if no judge was asked."""
    return next((r for r in reversed(records) if r.get("type") == "panel"), None)


def said_by(panel: Mapping[str, Any], records: Sequence[dict[str, Any]], cases: Mapping[str, str] | None) -> Judged:
    """What a panel said; of `cases` (key to digest) only, where they are given, and of each the newest word."""
    heads = {r["judge"]: r for r in records if r.get("type") == "judge"}
    said = [r for r in records if r.get("type") == "judgement"]
    judges, by_judge = [], {}
    for name in panel["judges"]:
        head = heads[name]
        own = [r for r in said if r["print"] == head["print"]]
        current = [
            r
            for r in own
            if r["digest"] == head["digests"].get(r["rubric"]) and (cases is None or cases.get(r["key"]) == r["case"])
        ]
        by_judge[name] = _by_case(current)
        judges.append(_info(head, own))
    keys = dict.fromkeys(key for name in panel["judges"] for key in by_judge[name])
    final = {
        key: majority([by_judge[name].get(key) or _absent(by_judge, key, name) for name in panel["judges"]], panel["min_share"])
        for key in keys
    }
    return Judged(panel_name(panel["judges"]), tuple(judges), by_judge, final, panel["min_share"])


def _absent(by_judge: Mapping[str, Mapping[str, Judgement]], key: str, name: str) -> Judgement:
    """The word of a judge that was not asked yet: for the panel it is an error, that is, no word."""
    rubric = next(j[key].rubric for j in by_judge.values() if key in j)
    return Judgement(key, rubric, name, JudgeOutcome.ERROR)


def _by_case(records: Iterable[dict[str, Any]]) -> dict[str, Judgement]:
    orders: dict[str, dict[bool, dict[str, Any]]] = {}
    for r in records:
        orders.setdefault(r["key"], {})[r["swapped"]] = r
    found: dict[str, Judgement] = {}
    for key, order in orders.items():
        if not next(iter(order.values()))["compares"]:
            found[key] = _judgement(order.get(False) or order[True])
        elif len(order) == 2:
            found[key] = agreed(_judgement(order[False]), _judgement(order[True]))
    return found


def _judgement(r: Mapping[str, Any]) -> Judgement:
    return Judgement(r["key"], r["rubric"], r["judge"], JudgeOutcome(r["outcome"]), r["label"], r["said"])


def _info(head: Mapping[str, Any], own: Sequence[Mapping[str, Any]]) -> JudgeInfo:
    answered = [r for r in own if "usage" in r]
    costs = [r["cost"] for r in answered if "cost" in r]
    notes = dict.fromkeys([*head["model"].get("notes", ()), *(n for r in answered for n in r.get("notes", ()))])
    return JudgeInfo(
        head["judge"],
        head["model"],
        head["base_url"],
        head["structured"],
        bool(head["self"]),
        head["digests"],
        len(answered),
        sum(r["usage"].get("prompt_tokens", 0) + r["usage"].get("completion_tokens", 0) for r in answered),
        sum(costs) if costs else None,
        tuple(notes),
    )


def words_in_full(judged: Judged) -> int:
    """How many cases the whole panel has a word on that is no failure."""
    said = judged.by_judge.values()
    return sum(all(key in j and j[key].outcome is not JudgeOutcome.ERROR for j in said) for key in judged.final)
