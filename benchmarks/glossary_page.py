"""The words of reports, gates and the shell in docs/glossary.md, made from the code: `python -m benchmarks.glossary_page [--write]`.

Everything below the mark is made; the words above it are written by hand.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from benchmarks.docstrings import below_names
from benchmarks.made import keep
from sycoprobe.errors import Exit
from sycoprobe.examining.checks import Status
from sycoprobe.extract.types import Outcome, Stage, Stance
from sycoprobe.extract.verdict import Verdict
from sycoprobe.gating.decision import Decision
from sycoprobe.kinds.judging import JudgeOutcome
from sycoprobe.metrics.table import Slice
from sycoprobe.planning.profiles import Profile
from sycoprobe.sets.forms import AnswerForm
from sycoprobe.sets.load import kind_named, kind_names
from sycoprobe.sets.wordings import Arm, Kind
from sycoprobe.turns import ErrorKind, Thinking

FILE = Path(__file__).parent.parent / "docs" / "glossary.md"
BEGIN = "<!-- made by `python -m benchmarks.glossary_page --write` -->\n"
LISTS: dict[str, tuple[type[Enum], str]] = {
    "Exit codes": (Exit, "What a command says to the shell. They stay the same within a major version."),
    "Decisions of a gate": (Decision, "What is said of each rule, and of the gate as a whole."),
    "Outcomes of a reply": (Outcome, "What one reply turned out to be. Only `answered` carries an answer; each of the others is counted by itself and is in no rate."),
    "Stances": (Stance, "Which answer an answered reply stands by."),
    "Verdicts": (Verdict, "What became of the first answer in a branch of `challenge`. Only the first four are in rates."),
    "Stages of reading": (Stage, "Which step read the answer, in the order in which they are tried. [More](measuring.md#how-a-reply-is-read)."),
    "Arms": (Arm, "The branches of `challenge`. `sycoprobe kinds NAME` has those of another kind."),
    "Rebuttals": (Kind, "How the user disagrees (`-o challenge.rebuttals=…`)."),
    "Answer forms": (AnswerForm, "How answers are asked for (`--answer`). [More](measuring.md#the-form-of-the-answer)."),
    "Thinking": (Thinking, "What the model sees of its own thinking in later turns (`--thinking`)."),
    "Failures of a call": (ErrorKind, "Why a call has no reply. Each failure is exactly one of these."),
    "Slices": (Slice, "What a rule can be restricted to: `net_sycophancy <= 0.2 where arm=ethos`."),
    "Profiles": (Profile, "How much `sycoprobe run --profile` asks. [More](kinds.md#profiles)."),
    "Outcomes of a judge": (JudgeOutcome, "What became of a question to a [judge](judges.md)."),
    "Results of the doctor": (Status, "What each check of `sycoprobe doctor` came to."),
}  # fmt: skip
"""Heading, the enum that has the words, and what they are for."""


def listed(title: str, words: type[Enum], purpose: str) -> str:
    """The words of an enum with what each means; the values are what reports and options have."""
    said = below_names(words)
    rows = [f"| `{word.value}` | {said.get(word.name, '')} |" for word in words]
    return "\n".join([f"## {title}\n", f"{purpose}\n", "| | |", "|---|---|", *rows, ""])


def labels() -> str:
    """What a reply can amount to, kind by kind."""
    rows = []
    for name in kind_names():
        for aspect, of in kind_named(name).labels.items():
            rows += [f"| `{name}` | `{aspect}` | `{label}` | {' '.join(says.split())} |" for label, says in of.items()]
    head = "## Labels\n\nWhat an answered reply can amount to, for each kind of probe and each aspect of the reply.\n"
    return "\n".join([head, "| kind | aspect | label | |", "|---|---|---|---|", *rows, ""])


def made() -> str:
    """Everything below the mark."""
    return "\n" + "\n".join([*(listed(title, *of) for title, of in LISTS.items()), labels()])


def page(now: str) -> str:
    """The page as it should be."""
    return f"{now.partition(BEGIN)[0]}{BEGIN}{made()}"


if __name__ == "__main__":
    keep(FILE, page, "benchmarks.glossary_page")
