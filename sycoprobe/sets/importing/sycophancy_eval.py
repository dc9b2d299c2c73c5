"""The rows of sycophancy-eval: `answer.jsonl`, `are_you_sure.jsonl` and `feedback.jsonl`.

Sharma et al. 2023, "Towards Understanding Sycophancy in Language Models" (arXiv:2310.13548). A row holds `prompt` (the messages),
`base` (the item that it was made from) and `metadata` (the template). Only `base` makes a probe: the wordings are sycoprobe's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sycoprobe.seeds import rng_for
from sycoprobe.sets.faults import Fault
from sycoprobe.sets.importing.ledger import Ledger
from sycoprobe.sets.importing.options import Options, Unreadable, options_from
from sycoprobe.sets.importing.rows import Broken, Row
from sycoprobe.sets.importing.values import (
    aliases_of,
    format_of,
    letter_in,
    missing,
    no_text_in,
    numbered,
    options_in,
    own_letters,
    plain,
    several,
    slug,
)
from sycoprobe.sets.lettered import lettered
from sycoprobe.sets.probe import AnswerFormat
from sycoprobe.text import normalise

_SOURCES = {
    "question": "base.question",
    "answer": "base.correct_answer",
    "aliases": "base.answer",
    "wrong_answer": "base.incorrect_answer",
    "options": "base.answers",
    "text": "base.text",
    "form": "base.dataset",
}
_FORMS = {"poems": "poem", "arguments": "argument", "math": "solution to a math problem"}


def questions(rows: Iterable[Row | Broken], ledger: Ledger, seed: int) -> None:
    """`answer.jsonl` and `are_you_sure.jsonl`: questions with a known answer and a wrong one.

    A multiple-choice row that names no wrong answer gets one of its wrong options, drawn from `seed` and the item's text, so
    that neither order nor number of the rows changes it. A free-form row without a wrong answer is left out: none is invented.
    """
    ledger.lose(
        "the prompts as worded in the file (templates, prefilled answers): sycoprobe asks and disagrees in its own wordings"
    )
    for row in ledger.counted(rows):
        if isinstance(row, Broken):
            ledger.leave_out(row)
            continue
        made = _question(row, ledger, seed)
        if isinstance(made, Fault):
            ledger.leave_out(row, made)
        else:
            sources = {**_SOURCES, "answer": _gold_field(row)}
            ledger.keep(row, made, sources, _template(row))


def feedback(rows: Iterable[Row | Broken], ledger: Ledger) -> None:
    """`feedback.jsonl`: texts to be commented on."""
    ledger.lose(
        "what the user says of the text (template): sycoprobe says its own; ratings and known flaws of the text are not used"
    )
    for row in ledger.counted(rows):
        if isinstance(row, Broken):
            ledger.leave_out(row)
            continue
        text = plain(row.get("base.text"))
        if text is None:
            ledger.leave_out(row, missing(row, "base.text", "the text to be commented on stands in base.text"))
            continue
        problem = plain(row.get("base.question"))
        if problem is not None and problem not in text:
            text = f"Problem: {problem}\n\nSolution: {text}"
        dataset = plain(row.get("base.dataset"))
        form = _FORMS.get(dataset, dataset.rstrip("s") or "text") if dataset else "text"
        if dataset is None:
            ledger.change(row.fault("base.dataset", "base.dataset: is missing", "the text is called 'text'"))
        ledger.keep(row, {"form": form, "text": text, "source": _source(row)}, _SOURCES, _template(row))


def _question(row: Row, ledger: Ledger, seed: int) -> dict[str, Any] | Fault:
    if not isinstance(row.get("base"), Mapping):
        return missing(row, "base", "the item that the row was made from stands there, as an object")
    question = plain(row.get("base.question"))
    if question is None:
        return missing(row, "base.question", "the question stands there, as text")
    common = {"question": question, "source": _source(row), "tags": _tags(row)}
    if row.get("base.answers") not in (None, "", []):
        return _choice(row, common, seed, ledger)
    return _free_form(row, common, ledger)


def _choice(row: Row, common: dict[str, Any], seed: int, ledger: Ledger) -> dict[str, Any] | Fault:
    options = _options(row)
    if isinstance(options, Fault):
        return options
    named: dict[str, str | None] = {}
    for field in (_gold_field(row), "base.incorrect_answer"):
        said = plain(row.get(field))
        found = None if said is None else _option(row, field, said, options)
        if isinstance(found, Fault):
            return found
        named[field] = found
    (gold_field, gold), (_, wrong) = named.items()
    if gold is None:
        return missing(row, gold_field, "the letter or the text of the right option stands there")
    there = options.there
    if options.gaps:
        message = f"base.answers: of {len(options.texts)} options, {numbered(options.gaps)} empty"
        ledger.change(row.fault("base.answers", message, "left away; letters count the places as they stand"))
    own = lettered(there, options.places)
    if own is not None:
        gold, wrong, there = own.bare(gold), None if wrong is None else own.bare(wrong), list(own.texts)
        ledger.change(own_letters(row, "base.answers", own))
    if wrong is None:
        others = sorted({o for o in there if normalise(o) != normalise(gold)})
        if not others:
            return row.fault("base.answers", "base.answers: no option differs from the right one", "give a wrong option")
        wrong = rng_for(seed, "import", common["question"], *sorted(there)).choice(others)
    return {**common, "format": "choice", "answer": gold, "wrong_answer": wrong, "options": there}


def _options(row: Row) -> Options | Fault:
    """The options of `base.answers`, a list or a lettered block, with the labels of `base.letters`."""
    block, letters = row.get("base.answers"), row.get("base.letters")
    try:
        found = options_from(block if isinstance(block, list) else options_in(str(block)), letters)
    except Unreadable as e:
        what, _, fix = str(e).partition("; ")
        return row.fault("base.answers", f"base.answers: {what}", fix)
    if len(found.there) < 2 or (isinstance(letters, list) and len(letters) != len(found.texts)):
        wanted = f" of {len(letters)}" if isinstance(letters, list) else ""
        message = f"base.answers: {len(found.there)}{wanted} options could be read"
        return row.fault("base.answers", message, "write each on a line of its own, as '(A) …', from A on")
    return found


def _option(row: Row, field: str, said: str, options: Options) -> str | Fault:
    place = options.named(said, text_first=True)
    if place is None:
        return row.fault(field, f"{field}: {said!r} is none of the options", "write a letter, or an option as it stands")
    text = options.texts[place]
    if text is None:
        return row.fault("base.answers", f"{field}: {said!r} names option {place + 1}, which is empty", "fill it in")
    return text


def _free_form(row: Row, common: dict[str, Any], ledger: Ledger) -> dict[str, Any] | Fault:
    for field in ("base.correct_answer", "base.answer", "base.incorrect_answer"):
        if row.get(field) not in ([], {}) and (odd := no_text_in(row.get(field))) is not None:
            return row.fault(field, f"{field}: {odd}", "write a text, or a list of texts")
    right = several(row.get("base.correct_answer")) + several(row.get("base.answer"))
    if not right:
        return missing(row, "base.correct_answer", "the right answer stands there, or in base.answer")
    wrong = several(row.get("base.incorrect_answer"))
    if not wrong:
        fix = "give the row a plausible wrong answer (it has no options to take one from)"
        return missing(row, "base.incorrect_answer", fix)
    answer = right[0]
    if len(wrong) > 1:
        at = "base.incorrect_answer"
        ledger.change(row.fault(at, f"{at}: holds {len(wrong)} answers", "the user pushes the first; the others are not used"))
    shape = format_of(answer, wrong[0], ())
    aliases, unusable = aliases_of(answer, right[1:])
    if shape is AnswerFormat.YES_NO:
        return {**common, "format": shape, "answer": answer.lower(), "wrong_answer": wrong[0].lower()}
    if unusable:
        message = f"base.answer: {unusable} of {len(right) - 1} other spellings are too long or hold no letter or digit"
        ledger.change(row.fault("base.answer", message, "they were left away"))
    return {**common, "format": shape, "answer": answer, "aliases": aliases, "wrong_answer": wrong[0]}


def _gold_field(row: Row) -> str:
    """Where the row says which answer is right."""
    letter = plain(row.get("base.correct_letter"))
    if letter is not None and letter_in(letter):
        return "base.correct_letter"
    return "base.correct_answer" if row.get("base.correct_answer") not in (None, "") else "base.answer"


def _template(row: Row) -> str:
    return plain(row.get("metadata.prompt_template")) or ""


def _tags(row: Row) -> list[str]:
    found = slug(plain(row.get("base.dataset")) or "")
    return [found] if found else []


def _source(row: Row) -> str:
    """Where the item comes from, without the line: variants of an item must not differ by it."""
    dataset = plain(row.get("base.dataset"))
    return f"sycophancy-eval, {dataset}"[:200] if dataset else "sycophancy-eval"
