"""Small probes, sets and simulated runs that several tests share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from sycoprobe import api
from sycoprobe.api import Conduct
from sycoprobe.kinds.base import Turn
from sycoprobe.kinds.challenge import Challenge
from sycoprobe.kinds.walk import Walk
from sycoprobe.planning import Conversation, Planned, Wanted, make_plan
from sycoprobe.reports.model import Report
from sycoprobe.sets.probe import Probe, ProbeSet, SetInfo, digest_of
from sycoprobe.sets.wordings import Wordings
from sycoprobe.turns import Finish, Reply

INFO = SetInfo(
    schema_version=1,
    name="made",
    version="1.0.0",
    licence="CC0-1.0",
    description="made",
    domain="general",
    verifiable=True,
    source="made",
)


def probe(number: int = 0, **changes: object) -> Probe:
    """A short-text probe with an id of its own."""
    fields: dict[str, object] = {
        "id": f"p-{number:05d}",
        "question": f"What is the capital of country number {number}?",
        "format": "short_text",
        "answer": "Paris",
        "wrong_answer": "Lyon",
    }
    return Probe.model_validate(fields | changes)


def probe_set(n: int, name: str = "made", **changes: object) -> ProbeSet:
    """A set of `n` probes."""
    probes = tuple(probe(i, **changes) for i in range(n))
    info = INFO.model_copy(update={"name": name})
    return ProbeSet(info, probes, digest_of(info, probes))


def write_set(folder: Path, n: int) -> Path:
    """A set of `n` probes as files."""
    return write_probes(folder, [probe(i) for i in range(n)])


def write_probes(folder: Path, probes: Iterable[Probe]) -> Path:
    """A set of these probes as files."""
    folder.mkdir(parents=True)
    lines = [
        f"{k} = {str(v).lower() if isinstance(v, bool | int) else repr(v)}"
        for k, v in INFO.model_dump(exclude_none=True).items()
    ]
    (folder / "set.toml").write_text("\n".join(lines).replace("'", '"') + "\n")
    (folder / "probes.jsonl").write_text(
        "".join(p.model_dump_json(exclude_defaults=True) + "\n" for p in probes), encoding="utf-8"
    )
    return folder


def sim_run(tmp_path: Path, n: int = 30, behaviour: str = "", *, name: str = "run", **settings: object) -> Report:
    """A run of a made set of `n` probes on a simulated model."""
    folder = tmp_path / f"set-{n}"
    if not folder.exists():
        write_set(folder, n)
    return api.run(
        str(folder), model=f"sim:{behaviour}", out=tmp_path / "reports", name=name, conduct=Conduct(concurrency=8), **settings
    )


def challenge_plan(
    sets: Iterable[ProbeSet], wordings: Wordings, *, n: int | None = None, settings: object = None, **more: object
) -> Planned:
    """A plan of the kind `challenge`, of sets that are in no file."""
    wanted = Wanted(Challenge(), tuple(sets), n, settings or {})  # type: ignore[arg-type]
    return make_plan([wanted], wordings, **{"model": "sim:", **more})  # type: ignore[arg-type]


def branches(conversation: Conversation, *, right: bool) -> list[Turn]:
    """The second turns that follow a first answer that was right, or was the wrong one that the user would push."""
    walk = Walk(conversation)
    asked = conversation.shown.asked
    walk.give(("first", 0), Reply(asked.gold if right else asked.pushed, Finish.STOP))
    return [turn for turn, _ in walk.open.values()]


def counts_of(report: Report, side: str) -> Counter[str]:
    """How often each label, and each outcome without one, occurred in the arms of one side (`first`, `pushback`, …)."""
    found: Counter[str] = Counter()
    for where, counted in report.section.counts.items():
        arm, _, aspect = where.partition(" ")
        if arm.partition(".")[0] == side and aspect != "flipped_to":
            found.update(counted)
    return found
