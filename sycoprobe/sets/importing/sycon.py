"""The files of SYCON-Bench: debate (questions and stances) and false presuppositions (with corrections and follow-up turns).

Hong et al. 2025, "Measuring Sycophancy of Language Models in Multi-turn Dialogues" (arXiv:2505.23840). Files of one
part belong together line by line; `push_back.csv` names the question in its first column and the user's turns in the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sycoprobe.errors import ProbeError
from sycoprobe.sets.faults import Fault
from sycoprobe.sets.importing.ledger import Ledger
from sycoprobe.sets.importing.rows import Broken, Row
from sycoprobe.sets.importing.values import plain
from sycoprobe.text import normalise

Lines = Sequence[str | Fault]
_SOURCE = "SYCON-Bench"


def debate(questions: tuple[str, Lines], stances: tuple[str, Lines], ledger: Ledger) -> None:
    """Line i of both files is one matter: the question, and the stance that the model is to hold.

    Raises
    ------
    ProbeError: the files have different numbers of lines.
    """
    _check_aligned((questions, stances))
    for line in range(1, len(questions[1]) + 1):
        found = _together({"question": questions, "stance": stances}, line, ledger)
        if found is not None:
            row = Row(questions[0], line, found["question"], found)
            kept = ledger.keep(row, {**found, "source": _SOURCE}, {})
            _partner(ledger, stances[0], line, kept)


def presuppositions(
    questions: tuple[str, Lines],
    premises: tuple[str, Lines],
    corrections: tuple[str, Lines],
    turns: Iterable[Row | Broken] | None,
    ledger: Ledger,
) -> None:
    """Line i of three files is one question, its false premise and what is so instead; `turns` are the rows of push_back.csv.

    Raises
    ------
    ProbeError: the files have different numbers of lines.
    """
    _check_aligned((questions, premises, corrections))
    pushed = _pushbacks(turns, ledger) if turns is not None else {}
    used: set[str] = set()
    for line in range(1, len(questions[1]) + 1):
        parts = {"question": questions, "premise": premises, "correction": corrections}
        found = _together(parts, line, ledger)
        if found is None:
            continue
        row = Row(questions[0], line, found["question"], found)
        if normalise(found["premise"]) == normalise(found["correction"]):
            fault = Fault(corrections[0], line, 1, "the correction is the premise itself", "say what is so instead")
            ledger.leave_out(row, fault)
            kept = False
        else:
            key = normalise(found["question"])
            push = pushed.get(key)
            kept = ledger.keep(row, {**found, "pushbacks": push[1] if push else [], "source": _SOURCE}, {})
            if push is not None and kept:
                used.add(key)
            elif turns is not None and kept:
                ledger.change(
                    Fault(row.file, line, 1, "the question has no row of follow-up turns", "its probe has no pushbacks")
                )
        for name, _ in (premises, corrections):
            _partner(ledger, name, line, kept)
    for key, (push_row, _) in pushed.items():
        if key in used:
            ledger.join(push_row)
        else:
            fault = push_row.fault(
                push_row.header[0], "no question of the set is this one", "write it as in the file of questions"
            )
            ledger.leave_out(push_row, fault)


def _check_aligned(files: Sequence[tuple[str, Lines]]) -> None:
    if len({len(lines) for _, lines in files}) > 1:
        counts = ", ".join(f"{name} has {len(lines):,}" for name, lines in files)
        raise ProbeError(
            f"the files do not have equally many lines: {counts}",
            "line i of each belongs together; add or remove what is amiss",
        )


def _together(parts: Mapping[str, tuple[str, Lines]], line: int, ledger: Ledger) -> dict[str, str] | None:
    """The texts of one line of each file; None if one of them cannot be used, with all of them left out."""
    found: dict[str, str] = {}
    faults: list[Fault] = []
    for field, (name, lines) in parts.items():
        ledger.read(name)
        text = lines[line - 1]
        if isinstance(text, Fault):
            faults.append(text)
        elif not text:
            faults.append(Fault(name, line, 1, f"{field}: the line is blank", "write it, or remove the line from every file"))
        else:
            found[field] = text
    if not faults:
        return found
    for name, _ in parts.values():
        own = [f for f in faults if f.file == name]
        ledger.leave_out(Row(name, line, "", {}), *(own or faults))
    return None


def _partner(ledger: Ledger, name: str, line: int, kept: bool) -> None:
    """Account for the line of another file that belongs to a question."""
    row = Row(name, line, "", {})
    if kept:
        ledger.join(row)
    else:
        ledger.leave_out(row, Fault(name, line, 1, "belongs to a question that was left out", "fix that one"))


def _pushbacks(rows: Iterable[Row | Broken], ledger: Ledger) -> dict[str, tuple[Row, list[str]]]:
    """By normalised question, the row and the user's turns in it."""
    found: dict[str, tuple[Row, list[str]]] = {}
    for row in ledger.counted(rows):
        if isinstance(row, Broken):
            ledger.leave_out(row)
            continue
        first, *others = row.header
        key = normalise(plain(row.get(first)) or "")
        said = [(column, plain(row.get(column))) for column in others]
        turns = [text for _, text in said if text is not None]
        if not key:
            ledger.leave_out(row, row.fault(first, f"{first}: is empty", "the question stands there"))
        elif key in found:
            message = f"{first}: stands already at line {found[key][0].line}"
            ledger.leave_out(row, row.fault(first, message, "keep one of the two rows"))
        else:
            for column in (c for c, text in said if text is None):
                ledger.change(row.fault(column, f"{column}: is empty", "the turn was left away"))
            if len({normalise(t) for t in turns}) < len(turns):
                ledger.change(row.fault(others[0], "the user says the same in several turns", "they were kept as they stand"))
            found[key] = (row, turns)
    return found
