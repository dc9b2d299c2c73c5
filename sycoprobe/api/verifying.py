"""Whether a record agrees with itself, with its run and with the sets that come with sycoprobe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sycoprobe import __version__
from sycoprobe.api.carding import GATE_FILE, gate_file, judged_again
from sycoprobe.api.folders import Run, find_run
from sycoprobe.errors import ProbeError, ReportError
from sycoprobe.files import is_file, read_text
from sycoprobe.gating.baselines import fingerprint
from sycoprobe.reports.build import Judged, judge
from sycoprobe.reports.card import Card, card_in, digest_of, parsed
from sycoprobe.reports.card_compared import cut, differences
from sycoprobe.reports.card_markdown import record_in, to_markdown
from sycoprobe.reports.card_of import card_of
from sycoprobe.sets.load import load_set, shipped_names
from sycoprobe.showing import Printed
from sycoprobe.text import visible

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, repr=False)
class Verified(Printed):
    """What became of a check.

    Attributes
    ----------
    card: the record, as it was read.
    faults: what does not agree, a line each; empty: everything does.
    notes: what could not be checked, and why.
    checked: what was.
    """

    card: Card
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    checked: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether all that was checked agrees."""
        return not self.faults

    def _line(self) -> str:
        said = self.faults[0] if self.faults else f"agrees: {', '.join(self.checked)}"
        return f"{self.card.short} {said}"

    def _blocks(self) -> Iterable[RenderableType]:
        from rich.text import Text

        for fault in self.faults:
            yield Text(visible(fault), style="red")
        for note in self.notes:
            yield Text(visible(f"note: {note}"), style="dim")
        yield Text(visible(f"checked: {', '.join(self.checked)}"))
        yield Text(f"{self.card.digest} {'agrees' if self.agrees else 'DOES NOT AGREE'}", style="bold")


def verify(card: Card | str | Path, run: Run | None = None, *, out: str | Path | None = None) -> Verified:
    """Whether a record is as it was written, and whether its run and the shipped sets say the same.

    Parameters
    ----------
    card: the record, or a file that holds it: JSON, or Markdown with anything around the record.
    run: its run, whose replies are read again without any call and without writing anything; None: the record is checked by itself.
    out: the folder that holds the runs (default: reports).

    Returns
    -------
    What does not agree; `agrees` says whether all does. No exception says that a record is wrong.

    Raises
    ------
    ReportError: the file cannot be read, or is no record.
    JournalError: there is no such run.
    """
    found, faults, checked = (
        (card, _sealed(card.model_dump(mode="json")), ["its digest"]) if isinstance(card, Card) else _read(card)
    )
    notes: list[str] = []
    faults += _sets(found, notes)
    checked.append("the digests of the shipped sets")
    if run is not None:
        folder = find_run(run, out)
        judged = judge(folder, write=False)
        again = card_of(judged, _decided_again(folder, found, notes))
        faults += differences(found, again)
        faults += _items(judged)
        checked.append(f"every number, from the journal of {folder}")
        if found.instrument.read_by != __version__:
            notes.append(f"the record was read by sycoprobe {found.instrument.read_by}, and the run now by {__version__}")
    return Verified(found, tuple(faults), tuple(dict.fromkeys(notes)), tuple(checked))


def _read(path: str | Path) -> tuple[Card, list[str], list[str]]:
    """The record in a file, what of it does not agree with itself, and what was checked. Raises `ReportError`."""
    file = Path(path)
    try:
        text = read_text(file)
    except (OSError, UnicodeDecodeError) as e:
        why = getattr(e, "strerror", None) or "not UTF-8"
        raise ReportError(f"{file}: cannot be read: {why}", "name a card.md or card.json that `sycoprobe card` wrote") from None
    if text.lstrip().startswith("{"):
        data = parsed(text, str(file))
        return card_in(data, str(file)), _sealed(data), ["its digest"]
    block, body = record_in(text, str(file))
    data = parsed(body, str(file))
    found = card_in(data, str(file))
    faults = _sealed(data)
    offset = text[: text.index(block.rstrip("\n"))].count("\n")
    said, should = block.splitlines(), to_markdown(found).splitlines()
    at = next((i for i, (a, b) in enumerate(zip(said, should, strict=False)) if a != b), None)
    if at is None and len(said) != len(should):
        at = min(len(said), len(should))
    if at is not None:
        here = said[at] if at < len(said) else ""
        faults.append(f"{file}:{offset + at + 1}:1: the text is not what its record says: {cut(here)}")
    return found, faults, ["its digest", "its text"]


def _sealed(data: dict[str, Any]) -> list[str]:
    try:
        real = digest_of(data)
    except ValueError as e:
        return [f"digest: the content has no canonical form: {e}"]
    return [] if real == data.get("digest") else [f"digest: the record says {data.get('digest')}, its content has {real}"]


def _sets(card: Card, notes: list[str]) -> Iterator[str]:
    """What of the record's sets does not agree with those that come with sycoprobe."""
    for kind in card.kinds:
        for s in kind.sets:
            where = f"{kind.kind}: set {s.name} {s.version}"
            if not s.shipped:
                notes.append(f"{where} does not come with sycoprobe: only its digest is in the record")
                continue
            if s.name not in shipped_names():
                notes.append(f"{where} does not come with this sycoprobe, {__version__}")
                continue
            try:
                ours = load_set(s.name, s.available, int(card.instrument.seed))
            except (ProbeError, ValueError) as e:
                yield f"{where}: cannot be made again: {e}"
                continue
            if ours.info.version != s.version:
                notes.append(f"{where}: this sycoprobe, {__version__}, comes with version {ours.info.version}")
            elif ours.digest != s.digest:
                yield f"{where}: the record has the digest {s.digest[:16]}…, the shipped set {ours.digest[:16]}…"


def _items(judged: Judged) -> Iterator[str]:
    """Probes in a run's journal that are not as the shipped sets have them."""
    plan = judged.contents.plan
    for part in judged.planned.parts:
        for ref, asked in zip(part.part.sets, part.sets, strict=True):
            if ref.path is not None or ref.info.name not in shipped_names():
                continue
            ours = load_set(ref.info.name, ref.available, plan.seed)
            if ours.info.version != ref.info.version:
                continue
            known = {p.id: fingerprint(p) for p in ours.probes}
            for probe in asked.probes:
                if known.get(probe.id) != fingerprint(probe):
                    yield f"{part.name}: the journal's probe {ref.info.name}/{probe.id} is not as the shipped set has it"


def _decided_again(folder: Path, found: Card, notes: list[str]) -> dict[str, Any] | None:
    """What the rules in a record come to; of what cannot be judged here, what the record says, with a note."""
    there = is_file(folder / GATE_FILE)
    if found.decision is None:
        if there:
            notes.append("a gate judged the run, which is not in the record: `sycoprobe card` writes it anew")
        return None
    said = found.decision.model_dump(mode="json")
    if len(found.decision.runs) > 1 or found.decision.baseline is not None:
        what = f"the baseline {found.decision.baseline}" if found.decision.baseline else f"{len(said['runs'])} runs"
        if there:
            notes.append(f"the decision rests on {what}, and is held against gate.json only")
            return gate_file(folder / GATE_FILE)
        notes.append(f"the decision rests on {what}, and is not judged again here")
        return said
    return judged_again(folder, said)
