"""Fit the learned reader to the labelled replies, and measure it on files that it was not fitted to.

    python -m benchmarks.learn [--check FILE…] [--write] [--penalty X] [--keep X]

Fits the weights of `sycoprobe/extract/learned.py` to all labelled replies of `dev`, to the phrasebook's half `dev` and to the sentences
of `tests/test_reading_kinds.py`: a conditional logit with a ridge penalty, in which replies that keep the earlier answer and replies that
take the user's claim weigh the same. `--check FILE…` leaves out one file after the other (`dev_p`, say) and prints how well its replies are read by weights that were fitted to the rest.
`--write` writes `sycoprobe/extract/weights.json`; weights smaller than `--keep` are left out.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

import sycoprobe
from benchmarks.difficulty import head, row
from benchmarks.reading import ANSWERS, percent, rendered
from sycoprobe.backends.phrasebook import Part
from sycoprobe.extract.claims import Exchange
from sycoprobe.extract.clues import NO_ANSWER, OTHER, Clues
from sycoprobe.extract.context import Context
from sycoprobe.extract.learned import SELF, clues_in, named_here, named_there
from sycoprobe.extract.named import read_named
from sycoprobe.extract.reading import prepared
from sycoprobe.extract.types import Outcome, Stage
from sycoprobe.sets.forms import AnswerForm
from sycoprobe.sets.probe import AnswerFormat
from tests.labelled import Case, kinds, labelled
from tests.labelled import found as label_of

WEIGHTS = Path(sycoprobe.__file__).parent / "extract" / "weights.json"
Parameter = tuple[str, str]
"""A clue and a slot."""


@dataclass(frozen=True)
class Example:
    """A labelled reply: for each candidate its parameters, how often each, and whether it is what the label says."""

    case: Case
    candidates: list[str | Outcome]
    parameters: list[Counter[Parameter]]
    meant: list[bool]
    group: str
    """Format and whether there was an earlier answer and a claim; which of these the reply stands by."""
    importance: float = 1


def example(case: Case, importance: float = 1) -> Example | None:
    """A case as an example; None if it is nothing to be weighed (an empty reply)."""
    context = Exchange(case.asked, case.user_turn, case.first)
    text = prepared(case.reply, case.asked)
    if text is None:
        return None
    if case.format is not AnswerFormat.YES_NO:
        read_named(text, context)  # which leaves its skeleton in the context, as in a reading
    clues = clues_in(text, context)
    candidates: list[str | Outcome] = [*clues.own, *NO_ANSWER]
    meant = [_label(c, case) == case.label for c in candidates]
    sides = {c for c, m in zip(candidates, meant, strict=True) if m}
    own, claim = context.own, context.claim
    side = "own" if own in sides and own != claim else "claim" if claim in sides and own != claim else "else"
    side = side if own is not None and claim is not None else "else"
    return Example(
        case, candidates, [_parameters(c, clues) for c in candidates], meant, f"{case.format.value} {side}", importance
    )


def told_alone(case: Case) -> Example | None:
    """The reply without what was said before it, if it names the answer that it stands by; None if not, or if nothing was said."""
    if case.first is None or case.label not in ANSWERS:
        return None
    found = example(replace(case, user_turn=None, first=None), ALONE)
    if found is None:
        return None
    named = any(m and not isinstance(c, Outcome) and c != OTHER for c, m in zip(found.candidates, found.meant, strict=True))
    return found if named else None


ALONE = 0.3
"""How much a reply without its dialog weighs."""


def _parameters(candidate: str | Outcome, clues: Clues) -> Counter[Parameter]:
    if isinstance(candidate, Outcome):
        return Counter({(clue, candidate.value) for clue in (*clues.whole, *clues.none)})
    found: Counter[Parameter] = Counter((clue, slot) for clue in clues.whole for slot in clues.own[candidate])
    found.update((clue, SELF) for clue in clues.single[candidate])
    for key, places, beside in clues.beside:
        slot = named_here if key == candidate else named_there
        found.update((clue, slot(place)) for clue in beside for place in places)
    return found


def _label(candidate: str | Outcome, case: Case) -> str:
    """A candidate as one of the labels."""
    if isinstance(candidate, Outcome):
        return candidate.value
    return label_of(Context(case.asked).answered(candidate, Stage.LEARNED, "a candidate"))


class Design:
    """The examples as a sparse matrix: a row a candidate, a column a parameter."""

    def __init__(self, examples: Sequence[Example], columns: dict[Parameter, int]) -> None:
        self.columns = columns
        rows, cols, values, of, meant = [], [], [], [], []
        for number, x in enumerate(examples):
            for found, is_meant in zip(x.parameters, x.meant, strict=True):
                for parameter, times in found.items():
                    column = columns.get(parameter)
                    if column is not None:
                        rows.append(len(of))
                        cols.append(column)
                        values.append(min(times, MOST_TIMES))
                of.append(number)
                meant.append(is_meant)
        self.of, self.meant = np.array(of), np.array(meant)
        self.matrix = csr_matrix((np.array(values, float), (rows, cols)), shape=(len(of), len(columns)))
        self.n = len(examples)

    def chances(self, weights: np.ndarray) -> np.ndarray:
        """The chance of each row among the candidates of its example."""
        score = self.matrix @ weights
        most = np.full(self.n, -np.inf)
        np.maximum.at(most, self.of, score)
        share = np.exp(score - most[self.of])
        return share / np.bincount(self.of, share, self.n)[self.of]


MOST_TIMES = 3
"""A parameter counts at most so often in a reply."""


def columns_of(examples: Iterable[Example], least: int = 2) -> dict[Parameter, int]:
    """A number for each parameter that `least` examples have."""
    seen: Counter[Parameter] = Counter()
    for x in examples:
        seen.update({p for found in x.parameters for p in found})
    return {p: i for i, p in enumerate(sorted(p for p, n in seen.items() if n >= least))}


def balanced(examples: Sequence[Example]) -> np.ndarray:
    """Weights of the examples, such that in each format as much stands by the earlier answer as by the user's claim."""
    n = Counter(x.group for x in examples)
    weights = np.ones(len(examples))
    for i, x in enumerate(examples):
        form, side = x.group.split()
        if side != "else" and n[f"{form} own"] and n[f"{form} claim"]:
            weights[i] = (n[f"{form} own"] + n[f"{form} claim"]) / 2 / n[x.group]
    return weights * np.array([x.importance for x in examples])


def fit(examples: Sequence[Example], penalty: float) -> tuple[Design, np.ndarray]:
    """The weights with the highest likelihood less `penalty`/2 times their sum of squares."""
    examples = [x for x in examples if any(x.meant)]
    design = Design(examples, columns_of(examples))
    of, meant, importance = design.of, design.meant, balanced(examples)
    transposed = design.matrix.T.tocsr()

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        chance = design.chances(weights)
        right = np.bincount(of, chance * meant, design.n)
        posterior = chance * meant / right[of]
        gradient = transposed @ ((chance - posterior) * importance[of]) + penalty * weights
        return float(-(importance * np.log(right)).sum() + penalty / 2 * weights @ weights), gradient

    found = minimize(loss, np.zeros(len(design.columns)), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return design, found.x


def check(examples: Sequence[Example], file: str, penalty: float) -> list[str]:
    """Fit to all but one file, and give a row for it."""
    rest = [x for x in examples if _file(x.case) != file]
    left = [x for x in examples if _file(x.case) == file and x.importance == 1]
    design, weights = fit(rest, penalty)
    other = Design(left, design.columns)
    chance = other.chances(weights)
    place, tally = 0, Counter[str]()
    for x in left:
        by: dict[str, float] = defaultdict(float)
        for candidate in x.candidates:
            by[_label(candidate, x.case)] += float(chance[place])
            place += 1
        best = max(by, key=lambda k: by[k])
        tally[f"{x.case.style} n"] += 1
        tally[f"{x.case.style} right"] += best == x.case.label
        tally[f"{x.case.style} confused"] += {best, x.case.label} == {"right", "pushed"}
    styles = ("plain", "tricky")
    return [
        row(
            file,
            style,
            tally[f"{style} n"],
            percent(tally[f"{style} right"], tally[f"{style} n"]),
            tally[f"{style} confused"],
        )
        for style in styles
        if tally[f"{style} n"]
    ]


def _file(case: Case) -> str:
    return "dev_" + case.id.partition("-")[0] if "-" in case.id else ""


def as_json(design: Design, weights: np.ndarray, keep: float) -> str:
    """The data file: the clues, a line each, and for each slot the numbers of its clues and their weights."""
    kept: dict[str, dict[str, int]] = defaultdict(dict)
    for (clue, slot), column in design.columns.items():
        value = round(float(weights[column]) / UNIT)
        if abs(value) * UNIT >= keep:
            kept[slot][clue] = value
    clues = sorted({clue for found in kept.values() for clue in found})
    number = {clue: i for i, clue in enumerate(clues)}
    slots = {slot: [[number[c] for c in found], list(found.values())] for slot, found in sorted(kept.items())}
    lines = ",\n".join(json.dumps(clue, ensure_ascii=False) for clue in clues)
    columns = ",\n".join(f"{json.dumps(slot)}:{json.dumps(found, separators=(',', ':'))}" for slot, found in slots.items())
    head = f'"version":1,"made":"python -m benchmarks.learn --write","unit":{UNIT}'
    return f'{{{head},\n"clues":[\n{lines}\n],\n"slots":{{\n{columns}\n}}}}\n'


UNIT = 0.01


def examples_of(part: Part) -> Iterator[Example]:
    """All labelled replies of a part, and the phrasebook's filled in for several questions each, as examples."""
    for case in labelled(part):
        yield from (x for x in (example(case), told_alone(case)) if x is not None)
    for case in kinds() if part is Part.DEV else []:
        found = example(case, KIND)
        if found is not None:
            yield found
    for seed in range(FILLED):
        for case in rendered(part, AnswerForm.FREE, seed):
            found = example(case, 1 / FILLED + 0.25)
            if found is not None:
                yield found


KIND = 2
"""How much a sentence of a kind weighs that once misled the rules."""
FILLED = 4
"""For how many questions each template of the phrasebook is filled in."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", nargs="*", default=[], metavar="FILE", help="a file of tests/data/replies, such as dev_p")
    parser.add_argument("--penalty", type=float, default=2.0)
    parser.add_argument("--keep", type=float, default=0.025, help="the smallest weight that is written, in nats")
    parser.add_argument("--write", action="store_true", help="write sycoprobe/extract/weights.json")
    args = parser.parse_args()
    examples = list(examples_of(Part.DEV))
    print(f"{len(examples)} replies")
    if args.check:
        print("\n".join(head("left out", "difficulty", "replies", "as labelled", "right as pushed, or back")))
        for file in args.check:
            print("\n".join(check(examples, file, args.penalty)), flush=True)
    if args.write:
        design, weights = fit(examples, args.penalty)
        WEIGHTS.write_text(as_json(design, weights, args.keep), encoding="utf-8", newline="\n")
        print(f"{WEIGHTS}: {WEIGHTS.stat().st_size / 1e6:.1f} MB of {len(design.columns)} parameters")


if __name__ == "__main__":
    main()
