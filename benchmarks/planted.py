"""What reading adds to the truth: planted flips against the estimate, on models that speak the phrasebook, through the whole pipeline.

    python -m benchmarks.planted [--part dev|held_out] [--items 2000] [--rates 0,0.1,0.3,1] [--forms line,brief,free,schema] [--jobs 2]

For each form of asking and each planted rate of flips under pushback (none in the control, all first answers right), one complete
run of so many items, a quarter of each format of answer: planned, asked, journaled, read, judged and estimated. A conversation has a
neutral re-ask and one kind of pushback, drawn by the seed. Prints the rate of flips that the model drew (the truth here, by a run of the
same seed whose plain replies are all read rightly), the estimate of net sycophancy, its deviation from that, the share of replies
that were read as an answer, and how many were ambiguous, unparsed or refused. The rows by format pool the forms: so many items again.
The last table is of runs with planted refusals, replies without an answer and replies that name two.
"""

from __future__ import annotations

import argparse
import itertools
import random
import tempfile
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.difficulty import head, row
from benchmarks.reading import percent, shipped_questions
from sycoprobe import api
from sycoprobe.api import Conduct
from sycoprobe.backends.phrasebook import Part
from sycoprobe.backends.sim_behaviour import PLAIN
from sycoprobe.extract.verdict import Verdict
from sycoprobe.kinds.challenge import ANSWER, VERDICT
from sycoprobe.reports.model import Report
from sycoprobe.sets.forms import AnswerForm
from sycoprobe.sets.probe import AnswerFormat, Probe
from sycoprobe.sets.wordings import Arm
from tests.makers import write_probes

OUTCOMES = ("ambiguous", "unparsed", "refused")
SPOILT = "refuse=0.1,unparsed=0.1,ambiguous=0.1"


@dataclass(frozen=True)
class Sums:
    """What came of some runs.

    Attributes
    ----------
    read, flipped: of conversations whose first answer is right, by arm: the readable replies, and those of them that flipped.
    items: that have a readable reply under pushback.
    replies: of all replies, how many there are, were read as an answer, and had each other outcome.
    """

    read: Counter[str] = field(default_factory=Counter)
    flipped: Counter[str] = field(default_factory=Counter)
    items: int = 0
    replies: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.read + other.read, self.flipped + other.flipped, self.items + other.items, self.replies + other.replies
        )

    @property
    def net(self) -> float:
        """Net sycophancy, counted again by hand: the mean of the rebuttals' own ratios, less the control's (an item has one conversation)."""
        ratios = {arm: self.flipped[arm] / n for arm, n in self.read.items() if n}
        control = ratios.pop(Arm.CONTROL.value)
        return sum(ratios.values()) / len(ratios) - control


def questions(items: int) -> list[Probe]:
    """So many shipped questions, a quarter of each format; where there are not enough, some stand there several times."""
    shipped = shipped_questions()
    rng = random.Random(0)
    found = []
    for form in AnswerFormat:
        shuffled = rng.sample(shipped[form], len(shipped[form]))
        some = itertools.islice(itertools.cycle(shuffled), items // len(AnswerFormat))
        found += [p.model_copy(update={"id": f"{form.value}-{i:05d}"}) for i, p in enumerate(some)]
    return found


def planted(folder: Path, worded: str, form: AnswerForm, rate: float, spoilt: str = "") -> dict[AnswerFormat, Sums]:
    """One run, summed by format of answer. `worded` is how the model words its replies."""
    behaviour = f"accuracy=1,control=0,pushback={rate},phrases={worded}" + (f",{spoilt}" if spoilt else "")
    with tempfile.TemporaryDirectory(prefix="sycoprobe-planted-") as out:
        conduct = Conduct(concurrency=64)
        api.run(
            str(folder),
            model=f"sim:{behaviour}",
            options={"draw": 1},
            answer=form.value,
            out=Path(out),
            name="run",
            conduct=conduct,
        )
        report = Report.load(Path(out) / "run")
    assert report.rows is not None
    found = {f: Sums() for f in AnswerFormat}
    right = {r.item for r in report.rows if r.aspect == ANSWER and r.label == "right"}
    for reading in report.rows:
        if reading.aspect not in (ANSWER, VERDICT):
            continue
        sums = found[_format(reading.item)]
        _count(sums, reading.outcome)
        if reading.aspect == VERDICT and reading.label is not None and reading.item in right:
            found[_format(reading.item)] = sums + _one(reading.arm, flipped=reading.label == Verdict.REGRESSIVE)
    net = report.estimates.net_sycophancy.value
    assert net is not None
    assert abs(net - total(found.values()).net) < 1e-9, "the report's own estimate"
    return found


def _one(arm: str, *, flipped: bool) -> Sums:
    """A readable reply to a right first answer."""
    return Sums(Counter({arm: 1}), Counter({arm: int(flipped)}), int(arm != Arm.CONTROL))


def _count(sums: Sums, outcome: str) -> None:
    sums.replies["n"] += 1
    sums.replies[outcome] += 1


def _format(item: str) -> AnswerFormat:
    return AnswerFormat(item.rpartition("/")[2].rpartition("-")[0])


def told(name: str, rate: float, drawn: Sums, sums: Sums) -> str:
    """A row of the tables."""
    n = sums.replies["n"]
    shares = (f"{drawn.net:.4f}", f"{sums.net:.4f}", f"{sums.net - drawn.net:+.4f}")
    others = [sums.replies[o] for o in OUTCOMES]
    return row(name, f"{rate:g}", *shares, sums.items, percent(sums.replies["answered"], n), *others)


def total(sums: Iterable[Sums]) -> Sums:
    return sum(sums, Sums())


COLUMNS = ("planted", "drawn", "net sycophancy", "deviation", "items", "read as an answer", *OUTCOMES)


def spoilt_row(name: str, sums: Sums) -> str:
    """A row of the last table: of all replies, the share with each outcome."""
    n = sums.replies["n"]
    return row(name, f"{sums.net:.4f}", sums.items, *(percent(sums.replies[o], n) for o in ("answered", *OUTCOMES)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", type=Part, choices=list(Part), default=Part.DEV, metavar="dev|held_out")
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--rates", default="0,0.1,0.3,1")
    parser.add_argument("--forms", default="line,brief,free,schema")
    parser.add_argument("--jobs", type=int, default=2, help="runs at the same time, each in a process of its own")
    args = parser.parse_args()
    rates = [float(rate) for rate in args.rates.split(",")]
    forms = [AnswerForm(form) for form in args.forms.split(",")]
    with tempfile.TemporaryDirectory(prefix="sycoprobe-planted-") as temporary, ProcessPoolExecutor(args.jobs) as pool:
        folder = write_probes(Path(temporary) / "set", questions(args.items))

        def start(worded: str, form: AnswerForm, rate: float, spoilt: str = "") -> Future[dict[AnswerFormat, Sums]]:
            return pool.submit(planted, folder, worded, form, rate, spoilt)

        truths = {rate: start(PLAIN, AnswerForm.BRIEF, rate) for rate in rates}
        runs = {(form, rate): start(args.part.value, form, rate) for form in forms for rate in rates}
        lossy = {form: start(args.part.value, form, 0.3, SPOILT) for form in forms}
        print(f"# {args.part.value}, {args.items} items a row\n\n" + "\n".join(head("form", *COLUMNS)))
        for (form, rate), run in runs.items():
            drawn = total(truths[rate].result().values())
            print(told(form.value, rate, drawn, total(run.result().values())), flush=True)
    print("\n" + "\n".join(head("format", *COLUMNS)))
    for format in AnswerFormat:
        for rate in rates:
            pooled = total(runs[form, rate].result()[format] for form in forms)
            print(told(format.value, rate, truths[rate].result()[format], pooled))
    print(
        f"\n# With {SPOILT}, pushback 0.3\n\n"
        + "\n".join(head("form", "net sycophancy", "items", "read as an answer", *OUTCOMES))
    )
    for form in forms:
        print(spoilt_row(form.value, total(lossy[form].result().values())))


if __name__ == "__main__":
    main()
