"""When a baseline may be compared to: everything that changes what is asked counts, nothing else does, and earlier files are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sycoprobe import api
from sycoprobe.errors import GateError
from sycoprobe.gating.baselines import BASELINE_VERSION, Baseline, Conditions, digest_of_text, fingerprint, mismatches
from tests.makers import probe, sim_run, write_set

DATA = Path(__file__).parent / "data"


def conditions(tmp_path: Path, n: int = 8, **settings: object) -> Conditions:
    folder = tmp_path / f"set-{n}"
    if not folder.exists():
        write_set(folder, n)
    return Conditions.of(api.plan(str(folder), **{"model": "sim:", **settings}).plan)  # type: ignore[arg-type]


def test_other_wordings_are_another_question(tmp_path: Path) -> None:
    was = conditions(tmp_path)
    now = was.model_copy(update={"wordings_version": "9.9.9", "wordings_digest": "0" * 12})
    assert mismatches(was, now) == [
        f"the wordings were version {was.wordings_version}, now 9.9.9, with other content"
    ]  # fmt: skip
    named = was.model_copy(update={"wordings_version": "9.9.9"})
    assert mismatches(was, named) == [], "another number for the same texts asks the same"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"thinking": "replay"}, "thinking was strip, now replay"),
        ({"effort": "high"}, "effort was None, now high"),
        ({"verbosity": "low"}, "verbosity was None, now low"),
        ({"answer": "free"}, "answer was "),
        ({"top_p": 0.5}, "top_p was None, now 0.5"),
        ({"reply_tokens": 7}, "reply_tokens was "),
    ],
)
def test_how_a_model_is_told_to_answer_is_part_of_the_question(change: dict[str, object], said: str, tmp_path: Path) -> None:
    was, now = conditions(tmp_path), conditions(tmp_path, **change)
    found = mismatches(was, now)
    assert any(line.startswith(said) for line in found), found
    assert len(mismatches(now, was)) == len(found), "in either direction"
    assert mismatches(now, now) == []


@pytest.mark.parametrize("change", [{"model": "sim:accuracy=0.1"}, {"logprobs": True}])
def test_another_model_and_what_is_kept_of_its_replies_ask_the_same(change: dict[str, object], tmp_path: Path) -> None:
    assert mismatches(conditions(tmp_path), conditions(tmp_path, **change)) == []


def test_a_system_prompt_is_told_apart_by_its_digest_and_not_shown(tmp_path: Path) -> None:
    was, now = conditions(tmp_path), conditions(tmp_path, system="A secret prompt.")
    (said,) = mismatches(was, now)
    assert said.startswith("system was None, now ") and "secret" not in said


def test_sets_that_only_one_run_asked_or_asked_more_of_are_named(tmp_path: Path) -> None:
    small, large = conditions(tmp_path, n=8), conditions(tmp_path, n=9)
    assert mismatches(small, large)[0].startswith("the set 'made' was version 1.0.0, now 1.0.0 with other content")
    some = conditions(tmp_path, n=9, seed=0)
    part = some.parts[0]
    fewer = some.model_copy(update={"parts": (part.model_copy(update={"sets": ()}),)})
    assert mismatches(some, fewer) == ["the set 'made' is in the baseline only"]
    assert mismatches(fewer, some) == ["the set 'made' is in this run only"]
    newer = part.sets[0].model_copy(update={"version": "1.1.0", "digest": "x"})
    other = some.model_copy(update={"parts": (part.model_copy(update={"sets": (newer,)}),)})
    assert mismatches(some, other) == ["the set 'made' was version 1.0.0, now 1.1.0"]


def test_a_kind_that_only_one_run_asked_matters_where_it_is_compared(tmp_path: Path) -> None:
    one, other = conditions(tmp_path), conditions(tmp_path, kind="hint")
    assert mismatches(one, other) == [
        "the kind 'hint' is in this run only", "the kind 'challenge' is in the baseline only"
    ]  # fmt: skip
    assert mismatches(one, other, kinds=()) == []
    texts = other.parts[0].model_copy(update={"kind_version": "0.1"})
    older = other.model_copy(update={"parts": (texts,)})
    assert mismatches(older, other) == [f"the texts of 'hint' were version 0.1, now {other.parts[0].kind_version}"]


def test_a_baseline_of_version_1_becomes_one_of_today() -> None:
    text = (DATA / "baseline-v1.json").read_text()
    data, found = json.loads(text), Baseline.loads(text, "b.json")
    assert data["baseline_version"] == 1 and found.baseline_version == BASELINE_VERSION == 2
    assert [i.item for i in found.items] == [i["item"] for i in data["items"]]
    assert {i.kind for i in found.items} == {"challenge"}
    assert set(found.estimates) == {f"challenge.{name}" for name in data["estimates"]}
    part = found.asked.parts[0]
    assert [s.digest for s in part.sets] == [s["digest"] for s in data["asked"]["sets"]]
    assert part.settings == {
        "arms": ["control", "pushback", "correction"],
        "rebuttals": ["doubt", "assert", "ethos", "justification", "citation"],
        "draw": None,
        "controls": 1,
    }
    assert found.asked.plan == {"repeats": 2, "seed": 3, "temperature": 0.7, "reply_tokens": 256, "top_p": None}
    again = Baseline.loads(found.dumps(), "b.json")
    assert again == found


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("right; held neutral doubt", "answer: right first; verdict: held control pushback.doubt"),
        ("right; held neutral neutral", "answer: right first; verdict: held control control.1"),
        (
            "right; adopted ethos; regressive_flip doubt; refused neutral",
            "answer: right first; verdict: regressive_flip pushback.ethos, regressive_flip pushback.doubt, refused control; "
            "flipped_to: adopted pushback.ethos, own pushback.doubt",
        ),
        ("wrong; progressive_flip assert; held neutral", "answer: other first; verdict: progressive_flip correction.assert, held control"),
        ("refused", "answer: refused first"),
    ],
)  # fmt: skip
def test_a_conversation_in_a_baseline_of_version_1_is_read_as_it_was_meant(was: str, now: str) -> None:
    data = json.loads((DATA / "baseline-v1.json").read_text())
    data["items"] = [{"item": "facts/x", "probe": "0", "conversations": [was]}]
    assert Baseline.loads(json.dumps(data), "b.json").items[0].conversations == (now,)


def test_a_baseline_that_names_the_length_limit_as_it_was_called_before_is_read(tmp_path: Path) -> None:
    found = conditions(tmp_path).model_dump()
    limit = found["plan"].pop("reply_tokens")
    older = Conditions.model_validate({**found, "plan": {**found["plan"], "max_tokens": limit}})
    assert mismatches(older, conditions(tmp_path)) == []


def test_a_baseline_whose_fields_are_wrong_is_refused_with_the_place(tmp_path: Path) -> None:
    sim_run(tmp_path, 6)
    text = api.bless(tmp_path / "reports" / "run", tmp_path / "b.json").dumps()
    for old, new, said in (
        ('"model_id"', '"model_ix"', "model_i"),
        ('"baseline_version": 2', '"baseline_version": "2"', "this is no sycoprobe baseline"),
    ):
        with pytest.raises(GateError, match=said):
            Baseline.loads(text.replace(old, new, 1), "b.json")
    with pytest.raises(GateError, match=r"b\.json: an item cannot be read"):
        Baseline.loads(json.dumps({**json.loads((DATA / "baseline-v1.json").read_text()), "asked": {"plan": {}}}), "b.json")
    with pytest.raises(GateError, match=r"b\.json:2:1: not JSON"):
        Baseline.loads("{\n1\n", "b.json")


def test_a_probes_fingerprint_is_of_all_that_it_says() -> None:
    one = fingerprint(probe(1))
    assert one == fingerprint(probe(1)) and len(one) == 12
    changes = (
        {"question": "Why?"},
        {"answer": "Rome"},
        {"wrong_answer": "Nice"},
        {"aliases": ["Paname"]},
        {"system": "Be brief."},
    )
    assert len({one, *(fingerprint(probe(1, **change)) for change in changes)}) == 1 + len(changes)


def test_age_counts_whole_days_and_a_dated_id_is_known(tmp_path: Path) -> None:
    from datetime import datetime, timedelta

    sim_run(tmp_path, 3)
    made = api.bless(tmp_path / "reports" / "run", tmp_path / "b.json")
    at = datetime.fromisoformat(made.blessed)
    assert made.age(at + timedelta(days=2, hours=23)) == 2
    for name, dated in (
        ("gpt-x-2026-05-01", True),
        ("m-20260501", True),
        ("sha256:0123456789ab", True),
        ("gpt-x", False),
        ("v1.5", False),
    ):
        assert made.model_copy(update={"model_id": name}).dated is dated


def test_a_text_has_the_same_digest_in_every_version() -> None:
    """Else a baseline that was blessed before would say that another system prompt was sent."""
    assert digest_of_text("Be brief.") == "213c22ed7234"
    assert digest_of_text(None) is None
