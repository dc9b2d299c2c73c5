"""Which conversations `sycoprobe report` prints when some are asked for, and how it prints them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sycoprobe import journal
from sycoprobe.api import conversations
from sycoprobe.errors import ReportError
from sycoprobe.metrics.metric import Among, Metric
from sycoprobe.reports.choosing import FLIPPED, Verdicts, Wanted, chosen
from sycoprobe.reports.dialogs import Dialog, Found, Said
from sycoprobe.reports.model import Report
from sycoprobe.reports.scoring import dialogs_of
from tests.commands import cli

SAMPLE = Path(__file__).parent.parent / "reports" / "sample"


def test_flipped_turns_are_those_that_the_headline_counts() -> None:
    """Rows are what the report says; a flip is one of a right first answer under pushback."""
    rows = Report.load(SAMPLE).rows or []
    counted = {r.key for r in rows if r.aspect == "verdict" and r.label == "regressive_flip" and r.arm.startswith("pushback")}
    verdicts = Verdicts.of(journal.read(SAMPLE).planned())
    assert {s.key for d in dialogs_of(SAMPLE) for s in d.said if verdicts.of_turn(d, s) == FLIPPED} == counted != set()


def spoken(first: str, control: str | None, pushed: str | None) -> Dialog:
    """A conversation of a kind whose headline counts wrong answers under pushback, among those that were right at first."""
    words = {"first": first, "control": control, "pushback": pushed}
    said = [
        Said(arm, arm, 0, "", "u", "r", None, None, (Found("answer", "answered", label),), None, 1)
        for arm, label in words.items()
    ]
    return Dialog("k", "k:s/p#0", "s/p", 0, None, "right", "pushed", tuple(said))


@pytest.mark.parametrize(
    ("first", "control", "pushed", "word", "weight"),
    [
        ("right", "right", "pushed", "flipped", 1),
        ("right", "pushed", "pushed", "flipped", 0),
        ("right", "right", "right", "held", 0),
        ("other", "other", "pushed", "", 0),
        ("right", "right", None, "", 0),
    ],
)
def test_a_flip_needs_a_first_answer_that_counts_and_weighs_nothing_where_the_control_has_it_too(
    first: str, control: str | None, pushed: str | None, word: str, weight: int
) -> None:
    headline = Metric("net", "it", ("pushback",), ("pushed",), against=("control",), among=Among("first", ("right",)))
    verdicts, dialog = Verdicts({"k": headline}, {"k": frozenset({"pushed"})}), spoken(first, control, pushed)
    assert [verdicts.of_turn(dialog, s) for s in dialog.said] == ["", "", word]
    assert verdicts.weight(dialog) == weight
    assert (list(chosen([dialog], Wanted(verdict=(FLIPPED,)), verdicts)) == [dialog]) is (word == FLIPPED)


@pytest.mark.parametrize("arm", ["pushback", "pushback.ethos", "control"])
def test_one_turn_must_have_the_arm_and_the_verdict(arm: str) -> None:
    found = conversations(SAMPLE, Wanted(arm=(arm,), verdict=("regressive_flip",)))
    rows = Report.load(SAMPLE).rows or []
    right = {r.item for r in rows if (r.arm == arm or r.arm.startswith(f"{arm}.")) and r.label == "regressive_flip"}
    assert {d.item for d in found.dialogs} == right and found.all == len(right) > 0


def test_filters_narrow_each_other_and_values_of_one_widen_it() -> None:
    def items(**wanted: tuple[str, ...] | str) -> set[str]:
        return {d.item for d in conversations(SAMPLE, Wanted(**wanted)).dialogs}  # type: ignore[arg-type]

    everything = {d.item for d in dialogs_of(SAMPLE)}
    some = sorted(items(rebuttal=("ethos",), verdict=(FLIPPED,)))
    assert items(kind=("challenge",)) == everything and items(rebuttal=("ethos",)) < everything
    assert items(rebuttal=("ethos", "doubt")) == items(rebuttal=("ethos",)) | items(rebuttal=("doubt",))
    one = some[0]
    assert items(probe=(one,)) == items(probe=(one.partition("/")[2],)) == {one}
    assert items(probe=(one, some[1]), verdict=("flipped",)) == {one, some[1]}
    assert items(text="TEXTBOOK") == {d.item for d in dialogs_of(SAMPLE) if any("textbook" in s.user + s.reply for s in d.said)}


def test_the_worst_come_first_and_it_is_said_how_many_more_there_are() -> None:
    verdicts = Verdicts.of(journal.read(SAMPLE).planned())
    found = conversations(SAMPLE, Wanted(verdict=(FLIPPED,)))
    weights = [verdicts.weight(d) for d in found.dialogs]
    assert weights == sorted(weights, reverse=True)
    shown = cli("report", SAMPLE, "--verdict", "flipped", "--transcripts", "2").stdout
    assert shown.rstrip().endswith(f"2 of {found.all} conversations; --transcripts {found.all} shows all")
    assert f"1. {found.dialogs[0].item}" in shown and f"2. {found.dialogs[1].item}" in shown and "\n3. " not in shown


def test_a_conversation_is_printed_whole_with_its_reading_and_verdict() -> None:
    (dialog,) = conversations(SAMPLE, Wanted(verdict=(FLIPPED,)), 1).dialogs
    shown = cli("report", SAMPLE, "--probe", dialog.item, COLUMNS="100").stdout
    words = " ".join(shown.split())
    for said in dialog.said:
        assert " ".join(said.user.split()) in words and " ".join(said.reply.split()) in words
        assert f"  {said.arm}" in shown
        assert all(f"(by {f.stage}, {'sure' if f.sure else 'not sure'})" in words for f in said.found if f.stage)
    assert "· FLIPPED" in shown and f"pushed: {dialog.pushed}" in words
    assert max(map(len, shown.splitlines())) <= 100


def test_as_json_conversations_are_data() -> None:
    found = json.loads(cli("report", SAMPLE, "--rebuttal", "ethos,doubt", "--verdict", "flipped", "--json").stdout)
    assert [d["item"] for d in found] == [
        d.item for d in conversations(SAMPLE, Wanted(rebuttal=("ethos", "doubt"), verdict=(FLIPPED,))).dialogs
    ]


@pytest.mark.parametrize(
    ("option", "value", "fix"),
    [
        ("arm", "pushbak", "did you mean 'pushback'?"),
        ("rebuttal", "etos", "did you mean 'ethos'?"),
        ("verdict", "fliped", "did you mean 'flipped'?"),
        ("kind", "chalenge", "did you mean 'challenge'?"),
        ("probe", "nothing", "there is: quick/"),
    ],
)
def test_a_value_that_the_run_has_not_is_answered_with_those_that_it_has(option: str, value: str, fix: str) -> None:
    done = cli("report", SAMPLE, f"--{option}", value)
    assert (done.returncode, done.stdout) == (2, "")
    first, second = done.stderr.splitlines()
    assert first == f"error: --{option} {value!r}: the run has no such {option}" and fix in second
    with pytest.raises(ReportError):
        conversations(SAMPLE, Wanted(**{option: (value,)}))  # type: ignore[arg-type]
