"""How hard the shipped sets are for the embedded model: its first answers, and the pages of docs/sets that are made of them.

    python -m benchmarks.difficulty [SET…] [--again] [--pages]

Asks SmolLM2-135M-Instruct (`local:smollm2`, temperature 0, seed 0) every question once, without any pushback, keeps how each
answer was read in docs/sets/first-answers.json, and writes the blocks between the markers of docs/sets/NAME.md and
docs/sets/README.md. A probe that has not changed since it was asked is not asked again, unless with `--again`; `--pages`
asks nothing and only writes the pages. Of a generated set, the first 100 probes of seed 0 are asked.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from sycoprobe import api
from sycoprobe.backends import open_backend
from sycoprobe.backends.base import BackendOptions, Request, Sampling
from sycoprobe.extract.outcome import reading_of
from sycoprobe.planning import Planned
from sycoprobe.planning.planned import Conversation
from sycoprobe.sets.load import info_of, load_set, shipped_names
from sycoprobe.sets.probe import AnswerFormat, Difficulty, Probe, ProbeSet

PAGES = Path(__file__).resolve().parent.parent / "docs" / "sets"
ANSWERS = PAGES / "first-answers.json"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
MODEL = "local:smollm2"
SLOTS = 4
RIGHT, PUSHED, OTHER = "right", "pushed", "other"


@dataclass(slots=True)
class Asked:
    """How the first answers of one set were read, by the name of the probe: its digest when it was asked, and the reading."""

    model: dict[str, str] = field(default_factory=dict)
    answers: dict[str, tuple[str, str]] = field(default_factory=dict)

    def reading(self, probe: Probe) -> str | None:
        """How the answer to `probe` was read; None if it was never asked as it is now."""
        digest, reading = self.answers.get(probe.id, ("", ""))
        return reading if digest == digest_of(probe) else None


def digest_of(probe: Probe) -> str:
    """What an answer hangs on: all that is asked or judged of a probe, without reasons, labels and sources."""
    told = probe.model_dump(
        mode="json", exclude={"wrong_reason", "answer_reason", "tags", "difficulty", "domain", "source", "template"}
    )
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


def measured_names() -> list[str]:
    """The shipped sets of questions with a known answer; those of other probe kinds have no first answer that is right."""
    return [name for name in shipped_names() if info_of(name).kind is None]


# Asking


async def ask(planned: Planned, left: set[str], done: Callable[[str, str], None]) -> dict[str, str]:
    """Ask the probes whose ids are in `left`; `done` is told of each and how its answer was read. Returns which model answered."""
    backend = open_backend(MODEL, BackendOptions(concurrency=SLOTS, seed=planned.plan.seed))
    turn = asyncio.Semaphore(SLOTS)

    async def one(conversation: Conversation) -> None:
        first, *_ = conversation.kind.begin(conversation.shown)
        spec, asked = conversation.call(first), conversation.shown.asked
        async with turn:
            request = Request(first.messages, Sampling(), planned.call_seed(spec), spec, asked)
            found = reading_of(await backend.complete(request), asked)
        done(spec.probe, found.stance.value if found.stance else found.outcome.value)

    try:
        facts = await backend.start()
        await asyncio.gather(*(one(c) for c in planned.conversations() if c.spec.probe in left))
    finally:
        await backend.close()
    return {
        "name": facts["model"],
        "sha256": facts["sha256"],
        "engine": facts["engine"],
        "wordings": planned.plan.wordings_version,
    }


def measure(name: str, earlier: Asked, *, again: bool) -> Asked:
    """The readings of a whole set: those of `earlier` that still hold, and of what is missing, new ones."""
    planned = api.plan(name, model=MODEL, options={"arms": ("control",)})
    probes = {p.id: p for p in planned.sets[0].probes}
    kept = {} if again else {k: v for k, v in earlier.answers.items() if k in probes and earlier.reading(probes[k])}
    if len(kept) == len(probes):
        return Asked(earlier.model, kept)
    found = dict(kept)

    def done(probe: str, reading: str) -> None:
        found[probe] = (digest_of(probes[probe]), reading)

    model = asyncio.run(ask(planned, probes.keys() - kept.keys(), done))
    if kept and model != earlier.model:
        return measure(name, Asked(), again=True)
    return Asked(model, {k: found[k] for k in probes})


def read_answers(path: Path = ANSWERS) -> dict[str, Asked]:
    """What was asked so far, by set."""
    if not path.exists():
        return {}
    data = json.loads(path.read_text(encoding="utf-8"))
    return {name: Asked(s["model"], {k: tuple(v.split()) for k, v in s["answers"].items()}) for name, s in data.items()}


def write_answers(every: dict[str, Asked], path: Path = ANSWERS) -> None:
    """Keep what was asked: a line a probe, so that changes can be reviewed."""
    data = {
        name: {"model": every[name].model, "answers": {k: " ".join(v) for k, v in every[name].answers.items()}}
        for name in sorted(every)
    }
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8", newline="\n")


# The pages


def share(part: int, whole: int) -> str:
    """A share in percent with its 95 % interval (Wilson 1927, as `scipy.stats.binomtest` has it)."""
    if not whole:
        return "·"
    interval = binomtest(part, whole).proportion_ci(0.95, "wilson")
    return f"{100 * part / whole:.0f} % [{100 * interval.low:.0f}, {100 * interval.high:.0f}]"


def row(*cells: object) -> str:
    return "| " + " | ".join(str(c) for c in cells) + " |"


def head(*cells: str) -> list[str]:
    return [row(*cells), "|" + "---|" * len(cells)]


@dataclass(frozen=True, slots=True)
class Shares:
    """How the answers to some probes were read."""

    n: int
    right: int
    wrong: int
    pushed: int

    @classmethod
    def of(cls, probes: Iterable[Probe], asked: Asked) -> Shares:
        said = Counter(r for p in probes if (r := asked.reading(p)) is not None)
        return cls(said.total(), said[RIGHT], said[PUSHED] + said[OTHER], said[PUSHED])

    def cells(self) -> tuple[str, ...]:
        none = self.n - self.right - self.wrong
        return str(self.n), share(self.right, self.n), share(self.wrong, self.n), share(none, self.n)


def balance(probes: Sequence[Probe]) -> str:
    """The balance of yes and no among the golds, in words."""
    said = Counter(p.answer for p in probes if p.format is AnswerFormat.YES_NO)
    return f"{said['yes']} yes, {said['no']} no" if said else ""


def declared(made: ProbeSet) -> list[str]:
    """Size, balance, difficulty as labelled, and domains of a set."""
    probes: tuple[Probe, ...] = made.probes
    size = f"{len(probes)} probes" if not made.info.generator else f"{len(probes)} probes from seed 0, of any number"
    lines = [f"## Size and balance\n\nSet `{made.name}`, version {made.info.version}: {size}.\n"]
    lines += head("format", *Difficulty, "all")
    counts = Counter((p.format, p.difficulty) for p in probes)
    for form in AnswerFormat:
        of = [counts[form, d] for d in Difficulty]
        if sum(of):
            golds = f" ({balance(probes)})" if form is AnswerFormat.YES_NO else ""
            lines.append(row(f"`{form}`{golds}", *of, sum(of)))
    lines.append(row("all", *(sum(counts[f, d] for f in AnswerFormat) for d in Difficulty), len(probes)))
    domains = Counter(p.domain or made.info.domain for p in probes)
    families = Counter(p.tags[0] for p in probes) if made.info.generator else Counter[str]()
    for what, parts in (("Domains", domains), ("Families", families)):
        if len(parts) > 1:
            lines.append(f"\n{what}: {', '.join(f'{k} {n}' for k, n in sorted(parts.items(), key=lambda x: (-x[1], x[0])))}.")
    return lines


def guess(probes: Sequence[Probe]) -> str:
    """What blind guessing would get right where there is something to guess from, in words."""
    said = []
    choices = [p for p in probes if p.format is AnswerFormat.CHOICE]
    if choices:
        said.append(f"{100 * sum(1 / len(p.options) for p in choices) / len(choices):.0f} % of the choices")
    if any(p.format is AnswerFormat.YES_NO for p in probes):
        said.append("half of the yes/no questions")
    return f" Blind guessing would get about {' and '.join(said)} right." if said else ""


def found(made: ProbeSet, asked: Asked) -> list[str]:
    """The measured difficulty of a set, or why there is none."""
    probes: tuple[Probe, ...] = made.probes
    whole = Shares.of(probes, asked)
    lines = ["\n## Difficulty as measured\n"]
    if not whole.n:
        return [*lines, "Not measured."]
    m = asked.model
    lines.append(
        f"First answers of {m['name']}, {m['engine']}, temperature 0, each question asked once; 95 % Wilson intervals."
        f" *No one answer*: refused, cut off, named none or several.{guess(probes)}\n"
    )
    if whole.n < len(probes):
        lines.append(f"{len(probes) - whole.n} probes were changed or added after the measurement and are not in it.\n")
    lines += head("probes", "asked", "right", "wrong", "no one answer")
    lines.append(row("all", *whole.cells()))
    for d in Difficulty:
        if any(p.difficulty is d for p in probes):
            lines.append(row(f"labelled {d}", *Shares.of((p for p in probes if p.difficulty is d), asked).cells()))
    for form in AnswerFormat:
        of = [p for p in probes if p.format is form]
        if of:
            lines.append(row(f"`{form}`", *Shares.of(of, asked).cells()))
        if of and form is AnswerFormat.YES_NO:
            for gold in ("yes", "no"):
                some = [p for p in of if p.answer == gold]
                if some:
                    lines.append(row(f"`{form}`, gold {gold}", *Shares.of(some, asked).cells()))
    return [*lines, *remarks(probes, asked, whole)]


def remarks(probes: Sequence[Probe], asked: Asked, whole: Shares) -> list[str]:
    """What a reader of the table should not overlook: by fixed rules, in words."""
    said = []
    if whole.wrong:
        said.append(
            f"Of the {whole.wrong} wrong answers {whole.pushed} are the wrong answer that the user pushes (for yes/no, any wrong one is)."
        )
    none = Counter(r for p in probes if (r := asked.reading(p)) is not None and r not in (RIGHT, PUSHED, OTHER))
    if none:
        parts = ", ".join(f"{reading.replace('_', ' ')} {n}" for reading, n in none.most_common())
        said.append(f"Without one answer: {parts}.")
    yes, no = (
        Shares.of((p for p in probes if p.format is AnswerFormat.YES_NO and p.answer == g), asked) for g in ("yes", "no")
    )
    if min(yes.n, no.n) >= 5 and abs(yes.right / yes.n - no.right / no.n) > 0.5:
        liked = "yes" if yes.right / yes.n > no.right / no.n else "no"
        said.append(f"The model has a liking for {liked}: its share of right yes/no answers says little of what it knows.")
    easy, hard = (Shares.of((p for p in probes if p.difficulty is d), asked) for d in (Difficulty.EASY, Difficulty.HARD))
    if easy.n and hard.n:
        if easy.right / easy.n <= hard.right / hard.n:
            said.append(
                "For this model the probes labelled easy are no easier than those labelled hard: the labels are meant for an informed adult,"
                " and the formats are not spread evenly over them."
            )
        if not easy.right:
            said.append("None of the probes labelled easy was answered rightly: for this model the label is far off.")
    return ["\n" + " ".join(said)] if said else []


def block(made: ProbeSet, asked: Asked) -> str:
    """The block of a set's page, markers included."""
    note = f"<!-- Written by `python -m benchmarks.difficulty {made.name}`. -->"
    return "\n".join([BEGIN, note, "", *declared(made), *found(made, asked), END])


def overview(sets: Sequence[ProbeSet], every: dict[str, Asked]) -> str:
    """The block of the page of all sets, markers included."""
    lines = [BEGIN, "<!-- Written by `python -m benchmarks.difficulty`. -->", ""]
    lines += head(
        "set", "version", "probes", "easy / medium / hard", "choice / number / text / yes-no", "golds", "right", "wrong", "none"
    )
    for made in sets:
        name, info = f"[`{made.name}`]({made.name}.md)", made.info
        if info.kind is not None:
            lines.append(row(name, info.version, len(made.probes), levels(made.probes), f"kind `{info.kind}`", "", "", "", ""))
            continue
        forms = Counter(p.format for p in made.probes)
        size = f"any ({len(made.probes)})" if info.generator else len(made.probes)
        _, *shares = Shares.of(made.probes, every.get(made.name, Asked())).cells()
        formats = " / ".join(str(forms[f]) for f in AnswerFormat)
        lines.append(row(name, info.version, size, levels(made.probes), formats, balance(made.probes), *shares))
    return "\n".join([*lines, END])


def levels(probes: Sequence[Any]) -> str:
    """How many probes have each difficulty, of kinds that have that label."""
    counts = Counter(getattr(p, "difficulty", None) for p in probes)
    return " / ".join(str(counts[d]) for d in Difficulty) if any(counts[d] for d in Difficulty) else ""


def refreshed(page: str, new: str) -> str:
    """`page` with its block replaced by `new`, or with it at the end if it has none."""
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    if pattern.search(page):
        return pattern.sub(lambda _: new, page, count=1)
    return f"{page.rstrip()}\n\n{new}\n"


def write_pages(every: dict[str, Asked]) -> None:
    """Write the block of every page. Raises `FileNotFoundError` for a set without a page: its prose is written by hand."""
    for name in measured_names():
        _write(PAGES / f"{name}.md", block(load_set(name), every.get(name, Asked())))
    _write(PAGES / "README.md", overview([load_set(name) for name in shipped_names()], every))


def _write(page: Path, new: str) -> None:
    page.write_text(refreshed(page.read_text(encoding="utf-8"), new), encoding="utf-8", newline="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", metavar="SET", help="default: all of them")
    parser.add_argument("--again", action="store_true", help="ask also what was asked before")
    parser.add_argument("--pages", action="store_true", help="ask nothing, write the pages")
    args = parser.parse_args()
    every = read_answers()
    for name in args.sets or measured_names():
        if not args.pages:
            every[name] = measure(name, every.get(name, Asked()), again=args.again)
            write_answers(every)
        print("\n".join([f"\n{name}", *declared(load_set(name)), *found(load_set(name), every.get(name, Asked()))]), flush=True)
    write_pages(every)


if __name__ == "__main__":
    main()
