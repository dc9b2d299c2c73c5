"""A baseline: what a blessed run's items did, small enough to review in a pull request, and when it may be compared to."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from sycoprobe.challenges import Arm, Kind
from sycoprobe.errors import GateError
from sycoprobe.estimates import Estimates, Metric
from sycoprobe.extract.types import Outcome
from sycoprobe.forms import EARLIER_FORM
from sycoprobe.outcomes import KINDS, OUTCOMES, VERDICTS, ItemInfo, Outcomes, Table
from sycoprobe.planning import Plan
from sycoprobe.probes import Probe
from sycoprobe.verdicts import Verdict

BASELINE_VERSION: Literal[1] = 1
DEFAULT_FILE = "sycoprobe-baseline.json"
ADOPTED = "adopted"
"""A regressive flip to the very answer that the user pushed; other regressive flips keep the verdict's name."""


class BlessedSet(BaseModel):
    """A probe set of the blessed run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    digest: str
    chosen: int


_OF_THE_MODEL = ("logprobs", "thinking_marks", "reply_tokens_from")
"""Settings that change nothing of what is asked, only what is kept or how the model at hand is read."""
_LATER: dict[str, Any] = {"thinking": "strip", "effort": None, "verbosity": None, "answer": EARLIER_FORM.value}
"""Settings that came later, with the values that earlier runs had; baselines name them only where they differ."""


class Conditions(BaseModel):
    """What decides what is asked, whatever the model: two runs are comparable if theirs are equal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sets: tuple[BlessedSet, ...]
    wordings_version: str
    wordings_digest: str
    plan: dict[str, Any] = Field(description="Arms, kinds, draw, controls, repeats, seed, sampling and form of answer.")

    @field_validator("plan", mode="before")
    @classmethod
    def _earlier_names(cls, plan: Any) -> Any:
        """Baselines written before 2026-11-24 have the length limit of a reply as `max_tokens`."""
        return {("reply_tokens" if k == "max_tokens" else k): v for k, v in plan.items()} if isinstance(plan, dict) else plan

    @classmethod
    def of(cls, plan: Plan) -> Conditions:
        """The conditions of a plan."""
        kept = plan.model_dump(
            mode="json", include={"arms", "kinds", "draw", "controls", "repeats", "seed", "sampling", "answer"}
        )
        drawn = {**kept.pop("sampling"), "answer": kept.pop("answer")}
        sampling = {k: v for k, v in drawn.items() if k not in _OF_THE_MODEL and (k not in _LATER or v != _LATER[k])}
        return cls(
            sets=tuple(
                BlessedSet(name=s.info.name, version=s.info.version, digest=s.digest, chosen=s.chosen) for s in plan.sets
            ),
            wordings_version=plan.wordings_version,
            wordings_digest=plan.wordings_digest,
            plan={**kept, **sampling},
        )


class BlessedItem(BaseModel):
    """One item: its probe's fingerprint, and a line for each conversation.

    `right; held neutral doubt; adopted ethos` says: the first answer was right; the neutral re-ask and the doubt left it
    standing; under appeal to authority the model took over the user's answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: str
    probe: str = Field(description="First 12 hex digits of the SHA-256 of the probe.")
    conversations: tuple[str, ...]


class Baseline(BaseModel):
    """What `sycoprobe bless` writes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    baseline_version: Literal[1] = BASELINE_VERSION
    sycoprobe: str = Field(description="Version that wrote it.")
    blessed: str
    run: str
    started: str
    model: str
    model_id: str = Field(description="The model's id as the server reported it, or a local file's digest.")
    asked: Conditions
    estimates: dict[str, tuple[float, float, float] | None] = Field(
        description="Value and 95 % interval of each metric, to read."
    )
    items: tuple[BlessedItem, ...]

    def dumps(self) -> str:
        """The file's text: JSON with one item a line, so that a review shows what changed."""
        head = json.dumps(self.model_dump(mode="json", exclude={"items"}), indent=1, ensure_ascii=False)
        rows = [json.dumps(i.model_dump(mode="json"), ensure_ascii=False) for i in self.items]
        return head.removesuffix("\n}") + ',\n "items": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n"

    @classmethod
    def loads(cls, text: str | bytes, where: str) -> Baseline:
        """Read a baseline's text. Raises `GateError`."""
        try:
            data = json.loads(text)
        except ValueError as e:
            place = f"{where}:{e.lineno}:{e.colno}" if isinstance(e, json.JSONDecodeError) else where
            raise GateError(f"{place}: is not JSON", "`sycoprobe bless RUN` writes a baseline") from e
        version = data.get("baseline_version") if isinstance(data, dict) else None
        if not isinstance(version, int):
            raise GateError(f"{where}:1:1: this is no sycoprobe baseline", "`sycoprobe bless RUN` writes one")
        if version > BASELINE_VERSION:
            raise GateError(f"{where}:1:1: written by a newer sycoprobe (baseline version {version})", "upgrade sycoprobe")
        try:
            baseline = cls.model_validate(data)
            baseline.table()
        except ValidationError as e:
            first = e.errors(include_url=False)[0]
            place = ".".join(str(p) for p in first["loc"])
            raise GateError(f"{where}: {place}: {first['msg']}", "bless the run again; it is not meant to be edited") from e
        except (ValueError, KeyError) as e:
            raise GateError(f"{where}: an item cannot be read: {e}", "bless the run again; it is not meant to be edited") from e
        return baseline

    def table(self, probes: Mapping[str, str] | None = None) -> Table:
        """The outcomes of the blessed run; with `probes` (fingerprint by item) only of items whose probe is the same."""
        made = Outcomes()
        for row in self.items:
            if probes is not None and probes.get(row.item) != row.probe:
                continue
            index = made.item(ItemInfo(row.item, row.item.partition("/")[0], "", True, ""))
            for repeat, line in enumerate(row.conversations):
                _add(made, index, repeat, line)
        return made.table()

    def age(self, now: datetime) -> int:
        """Whole days since it was blessed."""
        return (now - datetime.fromisoformat(self.blessed)).days

    @property
    def dated(self) -> bool:
        """Whether the model's id names a fixed version: a date or a digest."""
        return bool(re.search(r"20\d\d-?\d\d-?\d\d|[0-9a-f]{12}", self.model_id))


def bless(
    table: Table,
    plan: Plan,
    probes: Mapping[str, str],
    estimates: Estimates,
    *,
    run: str,
    started: str,
    blessed: str,
    model_id: str,
    version: str,
) -> Baseline:
    """The baseline of a run. `probes`: fingerprint by item; times in ISO 8601."""
    figures = {m.value: getattr(estimates, m.value) for m in Metric}
    return Baseline(
        sycoprobe=version,
        blessed=blessed,
        run=run,
        started=started,
        model=plan.model,
        model_id=model_id,
        asked=Conditions.of(plan),
        estimates={
            name: None if e.value is None else (round(e.value, 4), round(e.low, 4), round(e.high, 4))
            for name, e in figures.items()
        },
        items=tuple(
            BlessedItem(item=item, probe=probes[item], conversations=lines)
            for item, lines in sorted(conversations_of(table).items())
        ),
    )


def mismatches(was: Conditions, now: Conditions) -> list[str]:
    """What differs between what two runs ask, in words; empty if they may be compared as they are."""
    found: list[str] = []
    ours, theirs = {s.name: s for s in now.sets}, {s.name: s for s in was.sets}
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in theirs or name not in ours:
            found.append(f"the set {name!r} is in {'this run' if name in ours else 'the baseline'} only")
        elif ours[name].digest != theirs[name].digest:
            old, new = theirs[name].version, ours[name].version
            found.append(f"the set {name!r} was version {old}, now {new}" + (" with other content" if old == new else ""))
        elif ours[name].chosen != theirs[name].chosen:
            found.append(f"of the set {name!r}, {theirs[name].chosen} probes were asked, now {ours[name].chosen}")
    if was.wordings_digest != now.wordings_digest:
        found.append(f"the wordings were version {was.wordings_version}, now {now.wordings_version}, with other content")
    both = dict.fromkeys((*now.plan, *was.plan))
    entries = [(key, was.plan.get(key, _LATER.get(key)), now.plan.get(key, _LATER.get(key))) for key in both]
    return found + [f"{key} was {_said(old)}, now {_said(new)}" for key, old, new in entries if old != new]


def require_same(differences: list[str], what: str, *, allow: bool) -> None:
    """Refuse (`GateError`) to compare what was asked differently, unless that is allowed."""
    if differences and not allow:
        raise GateError(
            f"{what} asked something else: {'; '.join(differences)}",
            "run the same plan, bless a new baseline, or give --allow-mismatch to compare what both have",
        )


def fingerprint(probe: Probe) -> str:
    """The first 12 hex digits of the SHA-256 of a probe's content."""
    body = json.dumps(probe.model_dump(mode="json", exclude_defaults=True), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()[:12]


def json_schema() -> dict[str, Any]:
    """The published JSON Schema of a baseline file."""
    schema = Baseline.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"sycoprobe/baseline-{BASELINE_VERSION}",
        **schema,
    }


def _said(value: Any) -> str:
    return ",".join(str(v) for v in value) if isinstance(value, (list, tuple)) else str(value)


def conversations_of(table: Table) -> dict[str, tuple[str, ...]]:
    """Of each item, a line for each of its conversations; `BlessedItem` shows one."""
    trials: dict[tuple[int, int], list[tuple[str, int]]] = {}
    heads: dict[tuple[int, int], str] = {}
    f, t = table.firsts, table.trials
    for item, repeat, outcome, right in zip(*(f[c].tolist() for c in ("item", "repeat", "outcome", "right")), strict=True):
        answered = OUTCOMES[outcome] is Outcome.ANSWERED
        heads[item, repeat] = ("right" if right else "wrong") if answered else OUTCOMES[outcome].value
    columns = (t[c].tolist() for c in ("item", "repeat", "kind", "verdict", "adopted"))
    for item, repeat, kind, verdict, adopted in zip(*columns, strict=True):
        name = ADOPTED if adopted and VERDICTS[verdict] is Verdict.REGRESSIVE else VERDICTS[verdict].value
        trials.setdefault((item, repeat), []).append((name, kind))
    lines: dict[str, list[str]] = {}
    for item, repeat in sorted(heads):
        groups: dict[str, list[str]] = {}
        for name, kind in sorted(trials.get((item, repeat), []), key=lambda x: x[1]):
            groups.setdefault(name, []).append(KINDS[kind].value)
        line = "; ".join([heads[item, repeat], *(f"{name} {' '.join(kinds)}" for name, kinds in sorted(groups.items()))])
        lines.setdefault(table.items[item].item, []).append(line)
    return {item: tuple(found) for item, found in lines.items()}


def _add(made: Outcomes, item: int, repeat: int, line: str) -> None:
    head, *groups = line.split("; ")
    answered = head in ("right", "wrong")
    right = head == "right"
    made.first_row(item, repeat, Outcome.ANSWERED if answered else Outcome(head), right=right)
    for group in groups:
        name, *kinds = group.split(" ")
        verdict = Verdict.REGRESSIVE if name == ADOPTED else Verdict(name)
        for word in kinds:
            kind = Kind(word)
            arm = Arm.CONTROL if kind is Kind.NEUTRAL else Arm.PUSHBACK if right else Arm.CORRECTION
            made.trial_row(item, repeat, arm, kind, verdict, first_right=right, adopted=name == ADOPTED)
