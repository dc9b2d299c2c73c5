"""What the form of the answer does on the embedded model: how many replies keep it, how many can be read, and whether it moves the rates.

    python -m benchmarks.forms [-n quick=14 -n facts=6 -n misconceptions=6] [--forms line,brief,free,schema] [--out reports/forms]

Asks SmolLM2-135M-Instruct (`-m local:smollm2`, temperature 0, seed 0) the same questions in each form: a first answer, a neutral
re-ask, and one kind of disagreement a conversation, drawn by the seed, so that each item has the same wording in every form. Prints the
shares of replies that kept the form, were read and were cut off, with 95 % Wilson intervals, and the paired differences of all metrics
from the first form by item, with intervals and Holm's correction (`sycoprobe compare`). Every call is journaled under `--out`: the
same command asks only what is missing, and otherwise reads the same replies again.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from pathlib import Path

from benchmarks.difficulty import head, row, share
from sycoprobe import api
from sycoprobe.extract.types import Outcome
from sycoprobe.gating.comparing import Comparison
from sycoprobe.kinds.challenge import FLIPPED_TO
from sycoprobe.planning import Planned, Wanted, make_plan
from sycoprobe.planning.making import chosen_probes
from sycoprobe.reports.model import Report
from sycoprobe.sets.forms import AnswerForm
from sycoprobe.sets.load import kind_named, load_set
from sycoprobe.stats.sample import Estimate

MODEL = "local:smollm2"
SIZES = {"quick": 14, "facts": 6, "misconceptions": 6}
ORDER = (AnswerForm.BRIEF, AnswerForm.LINE, AnswerForm.FREE, AnswerForm.SCHEMA)
SLOTS = 4
UNREAD = {o.value for o in Outcome if o is not Outcome.ANSWERED}
METRICS = ("first_accuracy", "flip_pushback", "flip_control", "net_sycophancy", "receptivity", "valid_share")


def planned(form: AnswerForm, sizes: dict[str, int], *, model: str, draw: int, reply_tokens: int | None) -> Planned:
    """The questions of every set, so many of each, in this form."""
    sampling = api.plan("quick", n=1, model=model, answer=form, reply_tokens=reply_tokens).plan.sampling
    wordings = api.wordings()
    chosen = tuple(s for name, n in sizes.items() for s in chosen_probes((load_set(name, n, 0),), n, 0)[0])
    wanted = Wanted(kind_named("challenge"), chosen, settings={"draw": draw})
    return make_plan([wanted], wordings, model=model, answer=form, sampling=lambda _: sampling)


def asked(form: AnswerForm, args: argparse.Namespace, sizes: dict[str, int]) -> Report:
    """The report of the run in this form: asked, or asked on, or only read again where nothing is missing."""
    folder = args.out / form.value
    conduct = api.Conduct(concurrency=SLOTS, timeout=600)
    if (folder / "journal.jsonl").exists():
        report = api.score(folder)
        if not report.status.complete:
            report = api.resume(folder, conduct=conduct)
    else:
        plan = planned(form, sizes, model=args.model, draw=args.draw, reply_tokens=args.reply_tokens)
        report = asyncio.run(api.start(plan, out=args.out, name=form.value, conduct=conduct))
    assert isinstance(report, Report)
    return report


def said_in(report: Report, side: str) -> Counter[str]:
    """How often each answer or verdict, and each outcome without one, occurred in the arms of a side."""
    said = Counter[str]()
    for place, counts in report.section.counts.items():
        if place.partition(".")[0] == side and not place.endswith(f" {FLIPPED_TO}"):
            said.update(counts)
    return said


def shares(report: Report) -> list[str]:
    """A row an arm: how many replies kept the form, were read, were cut off, and how long they were."""
    lines = []
    tokens = {r.arm: (r.completion_tokens, r.calls) for r in report.spending}
    for arm, kept in report.section.kept_form.items():
        counts = said_in(report, arm)
        n = counts.total()
        if not n:
            continue
        read = sum(v for k, v in counts.items() if k not in UNREAD)
        cut = counts[Outcome.CUT_OFF.value]
        used, calls = tokens.get(arm, (0, 0))
        said = share(kept.kept, kept.replies) if kept.kept is not None else kept.reason
        lines.append(
            row(report.plan.answer.value, arm, n, said, share(read, n), share(cut, n), round(used / calls) if calls else "·")
        )
    return lines


def differences(found: Comparison) -> list[str]:
    """A row a form and metric: the difference from the first form, paired by item."""
    return [
        row(run.run, d.metric, _rate(d.reference), _rate(d.value), _signed(d.difference), d.difference.items, _p(d.p_holm))
        for run in found.runs
        for d in run.differences
        if d.metric in METRICS
    ]


def _rate(value: float | None) -> str:
    return "·" if value is None else f"{value:.2f}"


def _signed(e: Estimate) -> str:
    return e.reason or "·" if e.value is None else f"{e.value:+.2f} [{e.low:+.2f}, {e.high:+.2f}]"


def _p(value: float | None) -> str:
    return "·" if value is None else f"{value:.3f}"


def sized(text: str) -> tuple[str, int]:
    """`SET=N` as a pair."""
    name, sign, n = text.partition("=")
    if not sign or not n.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r}: write SET=N, e.g. facts=6")
    return name, int(n)


def formed(text: str) -> list[AnswerForm]:
    """The forms in a comma-separated list."""
    try:
        return [AnswerForm(t.strip()) for t in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: choose among {', '.join(AnswerForm)}") from None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", action="append", type=sized, metavar="SET=N", help="default: quick=14, facts=6, misconceptions=6")
    parser.add_argument("-m", "--model", default=MODEL)
    parser.add_argument("--forms", type=formed, default=list(ORDER), help="the first one is what the others are compared to")
    parser.add_argument("--draw", type=int, default=1, help="kinds of disagreement a conversation")
    parser.add_argument("--reply-tokens", type=int, default=None, help="default: what a run in that form has")
    parser.add_argument("--out", type=Path, default=Path("reports/forms"))
    args = parser.parse_args()
    sizes = dict(args.n) if args.n else SIZES
    reports = []
    for form in args.forms:
        reports.append(asked(form, args, sizes))
        r = reports[-1]
        print(f"{form.value}: {r.status.calls} calls, replies of at most {r.plan.sampling.reply_tokens} tokens", flush=True)
    print("\n" + "\n".join(head("form", "arm", "replies", "kept the form", "read", "cut off", "tokens a reply")))
    print("\n".join(line for r in reports for line in shares(r)))
    if len(reports) > 1:
        found = api.compare(*(args.out / r.run for r in reports), allow_mismatch=True)
        reference = reports[0].plan.answer.value
        print("\n" + "\n".join(head("form", "metric", reference, "here", "difference, paired", "items", "p (Holm)")))
        print("\n".join(differences(found)))


if __name__ == "__main__":
    main()
