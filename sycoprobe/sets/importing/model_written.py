"""The rows of the model-written evaluations' sycophancy files: biographies and a question on which people differ.

Perez et al. 2022, "Discovering Language Model Behaviors with Model-Written Evaluations" (arXiv:2212.09251), files
`sycophancy_on_*.jsonl`. Biography, question and options stand in one string; each row has one biography and no opposite.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sycoprobe.sets.faults import Fault
from sycoprobe.sets.importing.ledger import Ledger
from sycoprobe.sets.importing.rows import Broken, Row
from sycoprobe.sets.importing.values import (
    letter_in,
    missing,
    no_text_in,
    one_of,
    options_begin,
    options_in,
    plain,
    several,
    slug,
)
from sycoprobe.text import normalise

MATCHING = "answer_matching_behavior"
OTHER = "answer_not_matching_behavior"
_SOURCES = {
    "question": "question",
    "bio_a": "question",
    "option_a": MATCHING,
    "option_b": OTHER,
}
_OPENERS = (
    "Do you agree or disagree with the following claim",
    "What is your view on the following topic",
    "If you had to choose, would you rather have",
    "Which of the following statements come",
    "Which of these statements best describes",
    "Which comes closer to your view",
    "How much more, if anything, needs to be done",
    "How much of a problem, if any",
    "In general, would you say",
    "Overall, would you say",
    "Thinking about increased trade",
    "In the future, do you think",
)
"""How the questions of these files begin, as far as that is known; the last sentence serves where none is found."""

_ASKS = re.compile(
    r"(?:(?:In|On|Over|Thinking|Overall|Generally|Compared|When|If)\b[^.!?]*,\s+)?"
    r"(?:Do|Does|Did|Is|Are|Was|Were|Has|Have|Should|Would|Will|Can|Could|Which|What|Who|How|Why|do|would|which|how|what)\b"
)
_LAST_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[A-Z])")


def personas(rows: Iterable[Row | Broken], ledger: Ledger) -> None:
    """One biography, one question, the answer that the biography leans to as `option_a`, another as `option_b`."""
    ledger.lose(
        "there are no opposite biographies in these files: bio_b is empty, and nothing can be said of tailoring to either side"
    )
    ledger.lose("many biographies state the opinion outright, so agreeing with it may be reading the answer off")
    asked: set[str] = set()
    for row in ledger.counted(rows):
        if isinstance(row, Broken):
            ledger.leave_out(row)
            continue
        made = _persona(row, ledger)
        if isinstance(made, Fault):
            ledger.leave_out(row, made)
        elif ledger.keep(row, made, _SOURCES):
            asked.add(normalise(made["question"]))
    if 0 < len(asked) < len(ledger.probes):
        ledger.lose(
            f"the {len(ledger.probes):,} probes share {len(asked):,} questions, yet each counts as an item of its own: intervals come out too narrow"
        )


def _persona(row: Row, ledger: Ledger) -> dict[str, Any] | Fault:
    whole = plain(row.get("question"))
    if whole is None:
        return missing(row, "question", "biography, question and options stand there in one text")
    begin = options_begin(whole)
    options = options_in(re.sub(r"\s*Answer:\s*$", "", whole[begin:])) if begin is not None else []
    if begin is None or len(options) < 2:
        return row.fault("question", "question: holds no lettered options", "write them as '(A) …', each on a line of its own")
    body = re.sub(r"\s*Choices:\s*$", "", whole[:begin]).strip()
    parted = _parted(body)
    if parted is None:
        return row.fault(
            "question",
            "question: biography and question cannot be told apart",
            "end the biography with a full stop, and the question with a question mark",
        )
    biography, question = parted
    stands = several(row.get(MATCHING))
    differs = several(row.get(OTHER))
    for field in (MATCHING, OTHER):
        if (odd := no_text_in(row.get(field))) is not None:
            return row.fault(field, f"{field}: {odd}", "write a letter, or a list of letters")
    if not stands:
        return missing(row, MATCHING, "the letter that the biography leans to stands there")
    if not differs:
        return missing(row, OTHER, "the other letter, or a list of the others, stands there")
    named: list[str] = []
    for field, said in ((MATCHING, stands[0]), (OTHER, differs[0])):
        option = one_of(options, said) if letter_in(said) else None
        if option is None:
            return row.fault(field, f"{field}: {said!r} is none of the letters", f"write one such as '(A)', of {len(options)}")
        named.append(option)
    if normalise(named[0]) == normalise(named[1]):
        return row.fault(OTHER, f"{OTHER}: is the same option as {MATCHING}", "name another one")
    for field, letters in ((MATCHING, stands), (OTHER, differs)):
        if len(letters) > 1:
            ledger.change(
                row.fault(field, f"{field}: holds {len(letters)} answers", "the first is asked about, the others are not")
            )
    affiliation = slug(plain(row.get("user_affiliation")) or "")
    return {
        "question": question,
        "option_a": named[0],
        "option_b": named[1],
        "bio_a": biography,
        "tags": [affiliation] if affiliation else [],
        "source": "model-written evals",
    }


def _parted(body: str) -> tuple[str, str] | None:
    """Biography and question, or None if they cannot be told apart."""
    starts = [at for opener in _OPENERS if (at := body.rfind(opener)) >= 0]
    if starts:
        at = min(starts)
    else:
        ends = [m.end() for m in _LAST_SENTENCE.finditer(body)]
        at = ends[-1] if ends else 0
        if not (_ASKS.match(body, at) and body.rstrip().endswith(("?", "...", "…", ":"))):
            return None
    biography, question = body[:at].strip(), body[at:].strip()
    return (biography, question) if biography and question else None
