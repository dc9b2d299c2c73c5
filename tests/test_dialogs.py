"""Every conversation of a run, whole: what was said is in the journal, and how it was read is what the report says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import sycoprobe
from sycoprobe import journal as journals
from sycoprobe.reports.model import Report
from sycoprobe.reports.scoring import dialogs_of

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "reports" / "sample"


def test_every_call_of_a_run_is_in_one_conversation_as_it_was_said() -> None:
    calls = {c.spec.key: c for c in journals.final_calls(journals.read(SAMPLE))}
    said = [s for d in dialogs_of(SAMPLE) for s in d.said]
    assert sorted(s.key for s in said) == sorted(calls)
    for s in said:
        reply = calls[s.key].reply
        assert (s.user, s.arm) == (calls[s.key].user, calls[s.key].spec.arm)
        assert s.reply == (reply.text if reply else "")


def test_a_conversation_says_what_the_report_says_of_each_reply() -> None:
    rows = Report.load(SAMPLE).rows or []
    told = {
        (s.key, f.aspect): (f.outcome, f.label, f.stage, f.sure) for d in dialogs_of(SAMPLE) for s in d.said for f in s.found
    }
    assert told == {(r.key, r.aspect): (r.outcome, r.label, r.stage, r.sure) for r in rows}


def test_the_first_answer_comes_first_then_the_arms_in_their_order() -> None:
    for dialog in dialogs_of(SAMPLE):
        arms = [s.arm for s in dialog.said]
        assert arms[0] == "first"
        assert arms == sorted(arms, key=["first", "control", *dict.fromkeys(arms)].index)


@pytest.mark.parametrize("kind", ["pressure", "feedback"])
def test_what_a_kind_derives_and_what_has_no_known_answer_is_there_too(kind: str, tmp_path: Path) -> None:
    report = sycoprobe.run(kind=kind, model="sim:", n=4, out=tmp_path)
    assert report.folder is not None
    rows = Report.load(report.folder).rows or []
    found = Counter[tuple[str, str, str | None]]()
    for d in dialogs_of(report.folder):
        found.update((d.item, f.aspect, f.label) for s in d.said for f in s.found)
        found.update((d.item, f.aspect, f.label) for _, f in d.derived)
    assert found == Counter((r.item, r.aspect, r.label) for r in rows)
