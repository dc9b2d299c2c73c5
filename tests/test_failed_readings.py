"""A reader that raises, whatever it is and whatever of: the reply counts as one that names no answer, and nothing else happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import api
from sycoprobe.api import Conduct
from sycoprobe.extract import outcome as scoring
from sycoprobe.extract.outcome import reading_of
from sycoprobe.extract.types import Outcome
from sycoprobe.kinds import challenge
from sycoprobe.kinds.statement import Statement
from sycoprobe.reports import scored
from sycoprobe.sets.probe import Asked
from sycoprobe.turns import Reply
from tests.makers import probe, sim_run, write_set

RAISED = (
    OverflowError("integer division result too large for a float"),
    ValueError("Exceeds the limit (4300 digits)\nfor \x1b[31m\ud83d"),
    RecursionError("too deep"),
    KeyError("x" * 10_000),
    MemoryError(),
    AssertionError(),
)


def raises(error: Exception) -> Any:
    def reader(*_: object, **__: object) -> Any:
        raise error

    return reader


@pytest.mark.parametrize("error", RAISED, ids=lambda e: type(e).__name__)
def test_what_a_reader_raises_becomes_a_reading_that_says_so(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "extract", raises(error))
    reading = reading_of(Reply("Paris"), Asked(probe(), ()))
    assert (reading.outcome, reading.stance, reading.answer) == (Outcome.UNPARSED, None, None)
    assert reading.rule.startswith(f"reading failed: {type(error).__name__}")
    assert len(reading.rule) <= 200 and reading.rule.isprintable()


def test_a_run_goes_on_and_its_journal_can_be_scored_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = challenge.extract

    def some(text: str, asked: Asked, *more: Any, **named: Any) -> Any:
        if asked.probe.id in ("p-00001", "p-00003"):
            raise OverflowError("too large")
        return original(text, asked, *more, **named)

    with monkeypatch.context() as planted:
        planted.setattr(challenge, "extract", some)
        report = sim_run(tmp_path, n=6, behaviour="accuracy=1")
        assert api.score(tmp_path / "reports" / "run").section.counts == report.section.counts
    assert report.section.counts["first.0 answer"] == {"right": 4, "unparsed": 2}
    assert report.status.complete
    rows = json.loads((tmp_path / "reports" / "run" / "report.json").read_text())["rows"]
    assert [r["rule"] for r in rows if r["outcome"] == "unparsed"] == ["reading failed: OverflowError: too large"] * 2
    assert api.score(tmp_path / "reports" / "run").section.counts["first.0 answer"]["right"] == 6, (
        "with a reader that works, all of it is read"
    )


def test_the_rule_of_a_kind_that_raises_ends_no_run_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as planted:
        planted.setattr(Statement, "read", raises(OverflowError("too large")))
        report = api.run(kind="statement", n=3, model="sim:", out=tmp_path, name="x", conduct=Conduct(concurrency=2))
        assert all(set(n) == {"unparsed"} for n in report.section.counts.values())
    again = api.score(tmp_path / "x")
    assert not any(n.get("unparsed") for n in again.section.counts.values())


def test_log_probabilities_that_cannot_be_read_leave_the_answer_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scored, "belief_of", raises(ZeroDivisionError()))
    write_set(tmp_path / "set", 3)
    report = api.run(str(tmp_path / "set"), model="sim:accuracy=1", logprobs=5, out=tmp_path / "r", name="x")
    assert report.section.counts["first.0 answer"]["right"] == 3
