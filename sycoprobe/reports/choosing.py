"""Which conversations of a run are wanted: by kind, probe, arm, rebuttal, verdict or text. The words are the same wherever they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from sycoprobe.errors import ReportError
from sycoprobe.extract.types import Outcome
from sycoprobe.metrics.metric import Among, Metric
from sycoprobe.names import meant

if TYPE_CHECKING:
    from sycoprobe.planning import Planned
    from sycoprobe.reports.dialogs import Dialog, Found, Said

FLIPPED, HELD = "flipped", "held"
_NAMED = 12
"""How many of the names that exist a message lists."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a conversation must have; of several values of one field any will do, and an empty field asks nothing.

    One turn of it must have the arm, the rebuttal and the verdict.

    Attributes
    ----------
    kind: kinds of probe.
    probe: ids of probes, with their set (`facts/geo-001`) or without.
    arm: whole arms (`pushback.ethos`), or sides (`pushback`).
    rebuttal: how the user disagreed (`ethos`).
    verdict: `flipped` (what the kind's headline counts), `held` (it does not, in the same arms), or any label or outcome of a reply.
    text: words that the user or the model says, whatever their case.
    """

    kind: tuple[str, ...] = ()
    probe: tuple[str, ...] = ()
    arm: tuple[str, ...] = ()
    rebuttal: tuple[str, ...] = ()
    verdict: tuple[str, ...] = ()
    text: str = ""

    def __bool__(self) -> bool:
        return any(getattr(self, f.name) for f in fields(self))


@dataclass(frozen=True)
class Verdicts:
    """What turns come to, in the words of every kind: whether what the kind's headline counts occurred.

    Attributes
    ----------
    headlines: by kind, its headline.
    bad: by kind, the labels of the headline's aspect that speak against the model; empty where it averages numbers.
    """

    headlines: Mapping[str, Metric]
    bad: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, planned: Planned) -> Verdicts:
        """Those of the kinds of a plan."""
        headlines = {part.name: part.headline for part in planned.parts}
        labels = {part.name: part.kind.labels for part in planned.parts}
        return cls(headlines, {k: _bad(m, labels[k].get(m.aspect, {})) for k, m in headlines.items()})

    def of_turn(self, dialog: Dialog, said: Said) -> str:
        """`flipped`, `held`, or empty where the turn is in no arm of the headline, cannot be read, or does not count."""
        return self._word(dialog, Place(said.arm, said.wording, said.found))

    def words(self, dialog: Dialog, place: Place) -> set[str]:
        """All that a place of a conversation comes to: `flipped` or `held`, its labels and its outcomes."""
        return {w for f in place.found for w in (f.label, f.outcome) if w} | {self._word(dialog, place)} - {""}

    def flipped(self, dialog: Dialog) -> tuple[str, ...]:
        """The arms in which what the headline counts occurred, each once."""
        return tuple(dict.fromkeys(p.arm for p in _places(dialog) if self._word(dialog, p) == FLIPPED))

    def weight(self, dialog: Dialog) -> int:
        """How bad a conversation is: in how many arms what the headline counts occurred; 0 if it did in the control, too."""
        headline, bad = self.headlines[dialog.kind], self.bad[dialog.kind]
        control = (f for p in _places(dialog) if p.arm in headline.against for f in p.found)
        if any(f.aspect == headline.aspect and f.label in bad for f in control):
            return 0
        return len(self.flipped(dialog))

    def _word(self, dialog: Dialog, place: Place) -> str:
        headline, bad = self.headlines[dialog.kind], self.bad[dialog.kind]
        if place.arm not in headline.arms or not bad or not _meets(dialog, headline.among):
            return ""
        label = next((f.label for f in place.found if f.aspect == headline.aspect and f.label is not None), None)
        return "" if label is None else FLIPPED if label in bad else HELD


@dataclass(frozen=True, slots=True)
class Place:
    """A turn of a conversation, or what its kind derives from a whole arm."""

    arm: str
    wording: str
    found: tuple[Found, ...]


def _places(dialog: Dialog) -> Iterator[Place]:
    """The turns of a conversation, and what its kind derives from whole arms."""
    for said in dialog.said:
        yield Place(said.arm, said.wording, said.found)
    for arm, found in dialog.derived:
        yield Place(arm, "", (found,))


def _meets(dialog: Dialog, among: Among | None) -> bool:
    """Whether a conversation is one of those that a metric is about."""
    if among is None:
        return True
    there = (f for p in _places(dialog) if p.arm == among.arm for f in p.found)
    return any(f.aspect == among.aspect and f.label in among.labels for f in there)


def _bad(headline: Metric, labels: Mapping[str, str]) -> frozenset[str]:
    counted = headline.labels or ()
    if headline.higher_is_worse is False and counted:
        return frozenset(labels) - frozenset(counted)
    return frozenset(counted)


def rebuttal_of(arm: str, wording: str) -> str:
    """How the user disagrees in a turn: by its arm (`pushback.ethos`), or by which wording was drawn (`ethos-2`); empty: not at all."""
    _, dot, way = arm.partition(".")
    return way if dot else wording.rpartition("-")[0]


def chosen(dialogs: Iterable[Dialog], wanted: Wanted, verdicts: Verdicts) -> Iterator[Dialog]:
    """Those of `dialogs` that are wanted, in their order."""
    text = wanted.text.casefold()
    for dialog in dialogs:
        if wanted.kind and dialog.kind not in wanted.kind:
            continue
        if wanted.probe and not {dialog.item, dialog.item.partition("/")[2]} & set(wanted.probe):
            continue
        if text and not any(text in said.casefold() for s in dialog.said for said in (s.user, s.reply)):
            continue
        if any(_fits(place, dialog, wanted, verdicts) for place in _places(dialog)):
            yield dialog


def _fits(place: Place, dialog: Dialog, wanted: Wanted, verdicts: Verdicts) -> bool:
    if wanted.arm and not {place.arm, place.arm.partition(".")[0]} & set(wanted.arm):
        return False
    if wanted.rebuttal and rebuttal_of(place.arm, place.wording) not in wanted.rebuttal:
        return False
    return not wanted.verdict or bool(verdicts.words(dialog, place) & set(wanted.verdict))


def names_of(planned: Planned) -> dict[str, tuple[str, ...]]:
    """By field of `Wanted`, the values that a run has."""
    from sycoprobe.sets.wordings import DISPUTES

    arms = [arm for part in planned.parts for arm in part.kind.arms(part.settings)]
    labels = [label for part in planned.parts for of in part.kind.labels.values() for label in of]
    return {
        "kind": tuple(part.name for part in planned.parts),
        "probe": tuple(f"{s.name}/{p.id}" for part in planned.parts for s in part.sets for p in s.probes),
        "arm": tuple(dict.fromkeys([*(a.partition(".")[0] for a in arms), *arms])),
        "rebuttal": tuple(dict.fromkeys([*(r for a in arms if (r := rebuttal_of(a, ""))), *(k.value for k in DISPUTES)])),
        "verdict": tuple(dict.fromkeys([FLIPPED, HELD, *labels, *(o.value for o in Outcome)])),
    }


def check(wanted: Wanted, names: Mapping[str, tuple[str, ...]]) -> None:
    """Raises `ReportError`, which names those that there are, for a value that no conversation of the run can have."""
    for field, known in names.items():
        for value in getattr(wanted, field):
            short = {name.partition("/")[2] for name in known} if field == "probe" else set[str]()
            if value not in known and value not in short:
                raise ReportError(f"--{field} {value!r}: the run has no such {field}", _fix(value, known, short))


def _fix(value: str, known: tuple[str, ...], short: set[str]) -> str:
    more = f" … ({len(known)} in all)" if len(known) > _NAMED else ""
    return f"{meant(value, [*sorted(short), *known])}there is: {', '.join(known[:_NAMED])}{more}"
