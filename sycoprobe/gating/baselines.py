"""A baseline: what a blessed run's items did, small enough to review in a pull request, and when it may be compared to."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from sycoprobe.errors import GateError
from sycoprobe.jsontext import TextFault, json_page, read_json
from sycoprobe.metrics.lines import conversations_of, rows_of
from sycoprobe.metrics.table import Table, table_of
from sycoprobe.planning import Part, Plan
from sycoprobe.planning.legacy import DEFAULT_KIND
from sycoprobe.sets.forms import EARLIER_FORM
from sycoprobe.showing import OneLine
from sycoprobe.stats.sample import Estimate
from sycoprobe.text import counted

BASELINE_VERSION: Literal[2] = 2
DEFAULT_FILE = "sycoprobe-baseline.json"


class BlessedSet(BaseModel):
    """A probe set of the blessed run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    digest: str
    chosen: int


class BlessedPart(BaseModel):
    """What the blessed run asked of one kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    kind_version: str | None = None
    settings: dict[str, Any]
    sets: tuple[BlessedSet, ...]

    @classmethod
    def of(cls, part: Part) -> BlessedPart:
        """Of a plan's part."""
        sets = (BlessedSet(name=s.info.name, version=s.info.version, digest=s.digest, chosen=s.chosen) for s in part.sets)
        return cls(kind=part.kind, kind_version=part.kind_version, settings=part.settings, sets=tuple(sets))


_OF_THE_MODEL = ("logprobs", "thinking_marks", "reply_tokens_from")
"""Settings that change nothing of what is asked, only what is kept or how the model at hand is read."""
_LATER: dict[str, Any] = {
    "thinking": "strip",
    "effort": None,
    "verbosity": None,
    "system": None,
    "answer": EARLIER_FORM.value,
    "body": None,
}
"""Settings that came later, with the values that earlier runs had; baselines name them only where they differ."""


def digest_of_text(text: str | None) -> str | None:
    """The first 12 hex digits of a text's SHA-256; None of none. It tells texts apart and gives none away."""
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()[:12]


class Conditions(BaseModel):
    """What decides what is asked, whatever the model: two runs are comparable if theirs are equal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parts: tuple[BlessedPart, ...]
    wordings_version: str
    wordings_digest: str
    plan: dict[str, Any] = Field(
        description="Repeats, seed, sampling, form of answer, and the digests of the system prompt and of the user's own body fields."
    )

    @field_validator("plan", mode="before")
    @classmethod
    def _earlier_names(cls, plan: Any) -> Any:
        """Baselines written before 2026-11-24 have the length limit of a reply as `max_tokens`."""
        return {("reply_tokens" if k == "max_tokens" else k): v for k, v in plan.items()} if isinstance(plan, dict) else plan

    @classmethod
    def of(cls, plan: Plan) -> Conditions:
        """The conditions of a plan."""
        kept = plan.model_dump(mode="json", include={"repeats", "seed", "sampling", "answer", "system", "body"})
        body = kept.pop("body")
        drawn = {
            **kept.pop("sampling"),
            "answer": kept.pop("answer"),
            "system": digest_of_text(kept.pop("system")),
            "body": digest_of_text(json.dumps(body, sort_keys=True)) if body else None,
        }
        sampling = {k: v for k, v in drawn.items() if k not in _OF_THE_MODEL and (k not in _LATER or v != _LATER[k])}
        return cls(
            parts=tuple(BlessedPart.of(part) for part in plan.parts),
            wordings_version=plan.wordings_version,
            wordings_digest=plan.wordings_digest,
            plan={**kept, **sampling},
        )

    def part(self, kind: str) -> BlessedPart | None:
        """What was asked of a kind; None if nothing was."""
        return next((p for p in self.parts if p.kind == kind), None)


class BlessedItem(BaseModel):
    """One item: its probe's fingerprint, and a line for each conversation (see `sycoprobe.metrics.lines`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = DEFAULT_KIND
    item: str
    probe: str = Field(description="First 12 hex digits of the SHA-256 of the probe.")
    conversations: tuple[str, ...]


class Baseline(OneLine, BaseModel):
    """What `sycoprobe bless` writes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    baseline_version: Literal[2] = BASELINE_VERSION
    sycoprobe: str = Field(description="Version that wrote it.")
    blessed: str = Field(description="When it was written, in ISO 8601.")
    run: str = Field(description="The blessed run's name.")
    started: str = Field(description="When that run began.")
    model: str = Field(description="Its model, as the user named it.")
    model_id: str = Field(description="The model's id as the server reported it, or a local file's digest.")
    asked: Conditions = Field(description="What was asked.")
    estimates: dict[str, tuple[float, float, float] | None] = Field(
        description="Value and 95 % interval of each metric (KIND.METRIC), to read."
    )
    items: tuple[BlessedItem, ...] = Field(description="What each item did.")

    def _line(self) -> str:
        return f"{self.run}: {self.model}, {counted(len(self.items), 'item')}, blessed {self.blessed}"

    def dumps(self) -> str:
        """The file's text: JSON with one item a line, so that a review shows what changed."""
        head = json_page(self.model_dump(mode="json", exclude={"items"}))
        rows = [json_page(i.model_dump(mode="json"), None) for i in self.items]
        return head.removesuffix("\n}") + ',\n "items": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n"

    @classmethod
    def loads(cls, text: str | bytes, where: str) -> Baseline:
        """Read a baseline's text. Raises `GateError`."""
        try:
            data = read_json(text)
        except TextFault as e:
            raise GateError(f"{where}:{e.place}: {e.message}", "`sycoprobe bless RUN` writes a baseline") from e
        version = data.get("baseline_version") if isinstance(data, dict) else None
        if not isinstance(version, int):
            raise GateError(f"{where}:1:1: this is no sycoprobe baseline", "`sycoprobe bless RUN` writes one")
        if version > BASELINE_VERSION:
            raise GateError(f"{where}:1:1: written by a newer sycoprobe (baseline version {version})", "upgrade sycoprobe")
        try:
            baseline = cls.of(data)
            baseline.age(datetime.now(UTC))
            for part in baseline.asked.parts:
                baseline.table(part.kind)
        except ValidationError as e:
            first = e.errors(include_url=False)[0]
            place = ".".join(str(p) for p in first["loc"])
            raise GateError(f"{where}: {place}: {first['msg']}", "bless the run again; it is not meant to be edited") from e
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as e:
            raise GateError(f"{where}: an item cannot be read: {e}", "bless the run again; it is not meant to be edited") from e
        return baseline

    @classmethod
    def of(cls, data: dict[str, Any]) -> Baseline:
        """The baseline in what JSON gives, of whatever version. Raises `ValidationError`, or `KeyError` for a field that is missing."""
        return cls.model_validate(_of_version_1(data) if data.get("baseline_version") == 1 else data)

    def table(self, kind: str, probes: Mapping[str, str] | None = None) -> Table:
        """The readings of a kind in the blessed run; with `probes` (fingerprint by item) only of items whose probe is the same."""
        return table_of(
            row
            for blessed in self.items
            if blessed.kind == kind and (probes is None or probes.get(blessed.item) == blessed.probe)
            for repeat, line in enumerate(blessed.conversations)
            for row in rows_of(blessed.item, repeat, line)
        )

    def age(self, now: datetime) -> int:
        """Whole days since it was blessed."""
        return (now - datetime.fromisoformat(self.blessed)).days

    @property
    def dated(self) -> bool:
        """Whether the model's id names a fixed version: a date or a digest."""
        return bool(re.search(r"20\d\d-?\d\d-?\d\d|[0-9a-f]{12}", self.model_id))


def bless(
    tables: Mapping[str, Table],
    plan: Plan,
    probes: Mapping[str, Mapping[str, str]],
    estimates: Mapping[str, Estimate],
    *,
    run: str,
    started: str,
    blessed: str,
    model_id: str,
    version: str,
) -> Baseline:
    """The baseline of a run.

    Parameters
    ----------
    tables: by kind.
    probes: by kind, fingerprint by item.
    estimates: by KIND.METRIC. Times are in ISO 8601.
    """
    return Baseline(
        sycoprobe=version,
        blessed=blessed,
        run=run,
        started=started,
        model=plan.model,
        model_id=model_id,
        asked=Conditions.of(plan),
        estimates={
            name: None
            if e.value is None or e.low is None or e.high is None
            else (round(e.value, 4), round(e.low, 4), round(e.high, 4))
            for name, e in estimates.items()
        },
        items=tuple(
            BlessedItem(kind=kind, item=item, probe=probes[kind][item], conversations=lines)
            for kind, table in tables.items()
            for item, lines in sorted(conversations_of(table).items())
        ),
    )


def mismatches(
    was: Conditions, now: Conditions, kinds: Iterable[str] | None = None, besides: Collection[str] = ()
) -> list[str]:
    """What differs between what two runs ask, in words; empty if they may be compared as they are.

    Parameters
    ----------
    kinds: those that matter; None: all of both.
    besides: entries of `Conditions.plan` that may differ.
    """
    found: list[str] = []
    every = dict.fromkeys(p.kind for p in (*now.parts, *was.parts)) if kinds is None else dict.fromkeys(kinds)
    for kind in every:
        ours, theirs = now.part(kind), was.part(kind)
        if ours is None or theirs is None:
            found.append(f"the kind {kind!r} is in {'the baseline' if ours is None else 'this run'} only")
        else:
            found += _mismatches_of(theirs, ours)
    if was.wordings_digest != now.wordings_digest:
        found.append(f"the wordings were version {was.wordings_version}, now {now.wordings_version}, with other content")
    before, after = ({k: v for k, v in plan.items() if k not in besides} for plan in (was.plan, now.plan))
    return found + list(_changed(before, after, {k: v for k, v in _LATER.items() if k not in besides}))


def _mismatches_of(was: BlessedPart, now: BlessedPart) -> Iterator[str]:
    """What differs between what two runs ask of one kind."""
    ours, theirs = {s.name: s for s in now.sets}, {s.name: s for s in was.sets}
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in theirs or name not in ours:
            yield f"the set {name!r} is in {'this run' if name in ours else 'the baseline'} only"
        elif ours[name].digest != theirs[name].digest:
            old, new = theirs[name].version, ours[name].version
            yield f"the set {name!r} was version {old}, now {new}" + (" with other content" if old == new else "")
        elif ours[name].chosen != theirs[name].chosen:
            yield f"of the set {name!r}, {theirs[name].chosen} probes were asked, now {ours[name].chosen}"
    if was.kind_version != now.kind_version:
        yield f"the texts of {now.kind!r} were version {was.kind_version}, now {now.kind_version}"
    yield from _changed(was.settings, now.settings, {})


def _changed(was: Mapping[str, Any], now: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[str]:
    for key in dict.fromkeys((*now, *was)):
        old, new = was.get(key, defaults.get(key)), now.get(key, defaults.get(key))
        if old != new:
            yield f"{key} was {_said(old)}, now {_said(new)}"


def require_same(differences: list[str], what: str, *, allow: bool) -> None:
    """Refuse (`GateError`) to compare what was asked differently, unless that is allowed."""
    if differences and not allow:
        raise GateError(
            f"{what} asked something else: {'; '.join(differences)}",
            "run the same plan, bless a new baseline, or give --allow-mismatch to compare what both have",
        )


def fingerprint(probe: BaseModel) -> str:
    """The first 12 hex digits of the SHA-256 of a probe's content; its template is no part of it, since it changes nothing of what is asked."""
    body = json.dumps(
        probe.model_dump(mode="json", exclude_defaults=True, exclude={"template"}), sort_keys=True, ensure_ascii=False
    )
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


def _of_version_1(data: dict[str, Any]) -> dict[str, Any]:
    """A baseline of version 1, which had one kind and named arms by their kinds of disagreement, as one of today."""
    from sycoprobe.planning.legacy import settings_of_version_1

    asked = dict(data["asked"])
    settings, rest = settings_of_version_1(asked.pop("plan"))
    part = {"kind": DEFAULT_KIND, "settings": settings, "sets": asked.pop("sets")}
    return {
        **data,
        "baseline_version": BASELINE_VERSION,
        "asked": {**asked, "parts": [part], "plan": rest},
        "estimates": {f"{DEFAULT_KIND}.{name}": e for name, e in data["estimates"].items()},
        "items": [{**i, "conversations": [_line_of_version_1(x) for x in i["conversations"]]} for i in data["items"]],
    }


def _line_of_version_1(line: str) -> str:
    """`right; held neutral doubt; adopted ethos` as a line of today."""
    head, *groups = line.split("; ")
    side = "pushback" if head == "right" else "correction"
    verdicts: list[str] = []
    flipped: dict[str, list[str]] = {}
    controls = 0
    for group in groups:
        name, *kinds = group.split(" ")
        places = []
        for kind in kinds:
            if kind == "neutral":
                places.append(f"control.{controls}" if controls else "control")
                controls += 1
            else:
                places.append(f"{side}.{kind}")
        if name in ("adopted", "regressive_flip"):
            flipped.setdefault("adopted" if name == "adopted" else "own", []).extend(places)
            name = "regressive_flip"
        verdicts.append(f"{name} {' '.join(places)}")
    parts = [f"answer: {head if head != 'wrong' else 'other'} first"]
    parts += [f"verdict: {', '.join(verdicts)}"] if verdicts else []
    parts += ["flipped_to: " + ", ".join(f"{to} {' '.join(places)}" for to, places in flipped.items())] if flipped else []
    return "; ".join(parts)
