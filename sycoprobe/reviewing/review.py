"""A whole set, and several sets, gone through by all rules; what they find has its place in a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sycoprobe.kinds.doubts import Doubt
from sycoprobe.kinds.powers import doubts_of
from sycoprobe.reviewing.answers import doubt_of_numbers, doubts_of_answers, doubts_of_wordings
from sycoprobe.reviewing.likeness import about, alike, given_away
from sycoprobe.sets.faults import Fault, column_of
from sycoprobe.sets.load import INFO_FILE, PROBES_FILE, kind_named, lines_by_id, set_path
from sycoprobe.sets.probe import Probe, ProbeSet

READ_AT_MOST = 1_000
"""Of a larger set so many probes are tried with replies; every other rule looks at all."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A doubt about a probe of a set; `id` is None where it is about the set as a whole."""

    reviewed: ProbeSet
    id: str | None
    doubt: Doubt


def review(reviewed: ProbeSet) -> list[Remark]:
    """What may be wrong with the probes of a set that is sound by its schema."""
    if reviewed.info.kind is not None:
        kind = kind_named(reviewed.info.kind)
        return [Remark(reviewed, p.id, d) for p in reviewed.probes for d in doubts_of(kind, p)]
    return list(_of_questions(reviewed, reviewed.probes))


def _of_questions(reviewed: ProbeSet, probes: Sequence[Probe]) -> Iterator[Remark]:
    for i, p in enumerate(probes):
        yield from (Remark(reviewed, p.id, d) for d in doubts_of_answers(p, replies=i < READ_AT_MOST))
    yield from (Remark(reviewed, p.id, d) for p, d in doubts_of_wordings(probes))
    if (far := doubt_of_numbers(probes)) is not None:
        yield Remark(reviewed, None, far)
    for p, other in () if reviewed.info.generator else given_away(probes):
        doubt = Doubt("question", f"the reason of {other.id!r} gives its answer away", "give another reason there")
        yield Remark(reviewed, p.id, doubt)


def near_duplicates(reviewed: Sequence[ProbeSet]) -> list[Remark]:
    """Questions of one or several written sets that ask nearly the same; each pair is told at its later one.

    Generated sets are left out: their questions are meant to be alike.
    """
    written = [s for s in reviewed if s.info.kind is None and s.info.generator is None]
    items = [(s, p) for s in written for p in s.probes]
    found = []
    for i, j in alike([about(p) for _, p in items]):
        (one, earlier), (other, later) = items[i], items[j]
        where = repr(earlier.id) if one is other else f"{earlier.id!r} of the set {one.name!r}"
        found.append(Remark(other, later.id, Doubt("question", f"asks nearly the same as {where}", "replace one of them")))
    return found


def as_faults(remarks: Sequence[Remark]) -> list[Fault]:
    """Remarks with their place: file, line and column of the field; of a generated set, its `set.toml` and the probe's id."""
    lines: dict[Path, dict[str, tuple[int, str]]] = {}
    found = []
    for remark in remarks:
        folder = Path(remark.reviewed.path or set_path(remark.reviewed.name))
        if folder not in lines:
            lines[folder] = lines_by_id(folder)
        found.append(_placed(remark, folder, lines[folder]))
    return found


def _placed(remark: Remark, folder: Path, lines: dict[str, tuple[int, str]]) -> Fault:
    doubt = remark.doubt
    message = f"{doubt.field}: {doubt.what}"
    if remark.id is None or remark.id not in lines:
        named = message if remark.id is None else f"{remark.id}: {message}"
        return Fault(str(folder / INFO_FILE), 1, 1, named, doubt.fix)
    number, text = lines[remark.id]
    return Fault(str(folder / PROBES_FILE), number, column_of(text, doubt.field), message, doubt.fix)
