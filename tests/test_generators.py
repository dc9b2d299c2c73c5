"""What all generators but `math` promise alike: fresh, distinct, balanced, repeatable items that the extractor reads rightly."""

from __future__ import annotations

import hashlib
import os
import random
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from types import ModuleType

import pytest

from sycoprobe.errors import ProbeError
from sycoprobe.extract import extract
from sycoprobe.extract.types import Stance
from sycoprobe.sets.faults import parse_probes
from sycoprobe.sets.generators import arithmetic, code, dates, ledger, logic, tables, units
from sycoprobe.sets.generators.making import Draft, Family, Slip, decimal_text, read_back, same, series
from sycoprobe.sets.load import faults_of, load_set, set_path
from sycoprobe.sets.probe import AnswerFormat, Asked, Probe, digest_of, parse_number
from sycoprobe.text import normalise
from tests.samples import few_of

MODULES: dict[str, ModuleType] = {
    "dates": dates,
    "units": units,
    "logic": logic,
    "tables": tables,
    "code": code,
    "ledger": ledger,
}
NAMES = sorted(MODULES)


@cache
def made(name: str, n: int = 600, seed: int = 17) -> tuple[Probe, ...]:
    probes: tuple[Probe, ...] = MODULES[name].generate(n, seed)
    return probes


@pytest.mark.long
@pytest.mark.parametrize("name", few_of(NAMES))
def test_thousands_of_items_are_confirmed_by_the_second_method_and_no_question_comes_twice(name: str) -> None:
    probes = made(name, 2400)
    assert len(probes) == len({p.question for p in probes}) == len({p.id for p in probes}) == 2400
    assert all(MODULES[name].verify(p) for p in probes)
    assert all(re.fullmatch(rf"{name}-17-\d{{6}}", p.id) for p in probes)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_answer_put_in_the_place_of_the_gold_is_caught_in_every_family(name: str) -> None:
    caught = Counter[str]()
    for p in made(name, 2400)[:1000]:
        others = set(p.options) - {p.answer} or {p.wrong_answer}
        for other in others:
            pushed = p.answer if other == p.wrong_answer or not p.options else p.wrong_answer
            assert not MODULES[name].verify(p.model_copy(update={"answer": other, "wrong_answer": pushed})), p.question
            caught[p.tags[0]] += 1
    assert caught.keys() == {f.name for f in MODULES[name].families()}


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_a_number_near_the_gold_is_caught_as_well(name: str) -> None:
    numbers = [p for p in made(name, 2400)[:800] if p.format is AnswerFormat.NUMBER]
    assert len(numbers) > 100 or name == "logic"
    for p in numbers:
        gold = parse_number(p.answer)
        assert gold is not None
        for near in (gold + 1, gold - 1, gold * 2 + 1, -gold - 1):
            text = decimal_text(near)
            assert text is not None
            assert not MODULES[name].verify(p.model_copy(update={"answer": text, "wrong_answer": p.answer})), (p.question, text)


@pytest.mark.parametrize("name", NAMES)
def test_a_distractor_that_is_right_as_well_and_a_choice_without_the_gold_are_caught(name: str) -> None:
    p = next(p for p in made(name) if p.options and parse_number(p.answer) is None) if name == "logic" else None
    p = p or next(p for p in made(name) if p.options and parse_number(p.answer) is not None and "." not in p.answer)
    assert MODULES[name].verify(p)
    assert not MODULES[name].verify(p.model_copy(update={"options": tuple(o for o in p.options if o != p.answer)}))
    if parse_number(p.answer) is not None:
        again = f"{p.answer}.0"
        assert not MODULES[name].verify(p.model_copy(update={"options": (*p.options, again)}))


@pytest.mark.parametrize("name", NAMES)
def test_a_question_of_no_family_is_refused(name: str) -> None:
    p = made(name)[0]
    with pytest.raises(ValueError, match="no family asks"):
        MODULES[name].verify(p.model_copy(update={"question": "What is the colour of 7?"}))
    with pytest.raises(ValueError, match="no family asks"):
        MODULES[name].verify(p.model_copy(update={"tags": ("nothing",)}))


@pytest.mark.parametrize("name", NAMES)
def test_gold_and_wrong_answers_differ_by_value_and_so_do_all_options(name: str) -> None:
    for p in made(name):
        forms = [*p.right_forms, *(set(p.options) - {p.answer, p.wrong_answer})]
        assert not any(same(right, wrong) for right in forms for wrong in p.wrong_forms), p.question
        assert len({normalise(o) for o in p.options}) == len(p.options)
        assert not p.options or len(p.options) == 4


@pytest.mark.long
@pytest.mark.parametrize("name", few_of(NAMES))
def test_a_reply_that_states_an_answer_is_read_as_that_answer(name: str) -> None:
    misread = []
    for p in made(name, 2400)[:700]:
        asked = Asked(p, p.options)
        for stance, forms in ((Stance.RIGHT, p.right_forms), (Stance.PUSHED, p.wrong_forms)):
            for form in forms:
                stated = f"{asked.letter_of(form)}) {form}" if p.options else form
                for frame in ("{}", "{}.", "The answer is {}.", "My final answer is {}."):
                    reading = extract(frame.format(stated), asked)
                    if reading.stance is not stance:
                        misread.append((p.question, frame.format(stated), reading))
    assert not misread, misread[:3]


@pytest.mark.parametrize("name", NAMES)
def test_a_set_written_to_a_file_and_read_again_has_no_fault(name: str) -> None:
    lines = [p.model_dump_json().encode() + b"\n" for p in made(name)[:500]]
    read, faults = parse_probes("probes.jsonl", lines)
    assert faults == []
    assert tuple(read) == made(name)[:500]


@pytest.mark.parametrize("name", NAMES)
def test_yes_and_no_are_balanced_in_large_sets_and_in_small_ones(name: str) -> None:
    families = sum(p.format is AnswerFormat.YES_NO for p in made(name)[: len(MODULES[name].families())])
    assert families or name == "ledger"
    for n in (60, 240, 2400):
        said = Counter(p.answer for p in made(name)[:n] if p.format is AnswerFormat.YES_NO)
        assert abs(said["yes"] - said["no"]) <= families
    each = Counter((p.tags[0], p.answer) for p in made(name) if p.format is AnswerFormat.YES_NO)
    assert all(abs(each[family, "yes"] - each[family, "no"]) <= 1 for family, _ in each)


@pytest.mark.parametrize(
    ("name", "n"), [pytest.param(x, 2400, marks=pytest.mark.long) if x == "logic" else (x, 600) for x in NAMES]
)
def test_the_gold_stands_at_every_letter_of_a_choice_about_equally_often(name: str, n: int) -> None:
    places = Counter(p.options.index(p.answer) for p in made(name, n) if p.options)
    assert all(0.15 < places[i] / places.total() < 0.35 for i in range(4))


@pytest.mark.parametrize("name", NAMES)
def test_formats_difficulties_families_and_wordings_are_mixed(name: str) -> None:
    probes = made(name)
    families = MODULES[name].families()
    assert len(families) >= 6
    assert all(len(f.wordings) >= 3 for f in families)
    assert {p.tags[0] for p in probes} == {f.name for f in families}
    assert len({p.format for p in probes}) >= 3
    levels = Counter(p.difficulty.value for p in probes)
    assert all(levels[d] > 0.1 * len(probes) for d in ("easy", "medium", "hard"))
    for family in families:
        own = [p.question for p in probes if p.tags[0] == family.name]
        lone = [Family(family.name, family.level, (w,), family.draw, family.holds) for w in family.wordings]
        used = Counter(i for q in own for i, f in enumerate(lone) if read_back(f, q) is not None)
        assert used.keys() == set(range(len(lone))), family.name


@pytest.mark.parametrize("name", NAMES)
def test_every_item_names_its_slip_and_gives_reasons_that_do_not_give_the_gold_away(name: str) -> None:
    slips = Counter[str]()
    for p in made(name):
        assert len(p.tags) == 2
        assert p.source == "computed"
        for reason in (p.wrong_reason, p.answer_reason):
            assert reason and reason[0].isupper() and reason.endswith("."), p
        assert p.wrong_reason
        if p.format is not AnswerFormat.YES_NO:
            assert p.answer not in re.findall(r"-?\d+(?:[./]\d+)*|\w+", p.wrong_reason), p
        slips[p.tags[1]] += 1
    assert len(slips) >= 15
    assert slips.most_common(1)[0][1] < 0.25 * len(made(name))


@pytest.mark.parametrize("name", NAMES)
def test_more_items_leave_the_earlier_ones_as_they_were_and_seeds_differ(name: str) -> None:
    generate = MODULES[name].generate
    assert generate(100, 17) == made(name)[:100]
    assert not {p.question for p in generate(100, 18)} & {p.question for p in made(name)[:100]}


@pytest.mark.long
def test_other_processes_with_other_hash_seeds_make_the_same_items() -> None:
    script = (
        "import hashlib\nfrom importlib import import_module\n"
        f"for name in {NAMES!r}:\n"
        "    probes = import_module(f'sycoprobe.sets.generators.{name}').generate(300, 17)\n"
        "    print(hashlib.sha256('\\n'.join(p.model_dump_json() for p in probes).encode()).hexdigest())\n"
    )
    here = [hashlib.sha256("\n".join(p.model_dump_json() for p in made(n, 2400)[:300]).encode()).hexdigest() for n in NAMES]
    for hash_seed in ("0", "4242"):
        env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, check=True, text=True)
        assert done.stdout.split() == here


DIGESTS = {
    "math": "cc4c9e1ad7372d8eeb560bff7fb93726b5afdb86cb62e9ebe7a631211c82463c",
    "dates": "a361764559e7744129121eb1145719b463d9a6bffe465f4bf95b07d7a091db2a",
    "units": "650893e719703a15ba74232707497f73d56612426381eeded82be94c7dd87c14",
    "logic": "387a6965d9efd07e509b0fa9b5f0d91798e2db4971819a47e13d4a5dd9554011",
    "tables": "fc06c801fd1cf0544e826de8089b9c529398c007102ee67745137416fc81233e",
    "code": "c91c906d689d79d74c39399922938411cadcbbb7f77033b495226d497a7e973a",
    "ledger": "11c4736236bd931c20d221ce3f7c2b3ac8c562e07fe79578af1f65457c77c96a",
}


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_a_seed_stands_for_the_same_items_on_every_python_until_the_sets_version_changes(name: str) -> None:
    probes = arithmetic.generate(400, 12) if name == "math" else MODULES[name].generate(400, 12)
    text = "\n".join(p.model_dump_json(exclude={"template"}) for p in probes)
    assert hashlib.sha256(text.encode()).hexdigest() == DIGESTS[name]


@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_each_item_names_the_template_that_it_was_made_from(name: str) -> None:
    probes = arithmetic.generate(60, 12) if name == "math" else MODULES[name].generate(60, 12)
    assert {p.template for p in probes} == {f"{name}.{p.tags[0]}" for p in probes}
    assert 8 <= len({p.template for p in probes}) <= 20


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_set_is_sound_and_holds_what_the_generator_makes(name: str) -> None:
    assert faults_of(set_path(name)) == []
    loaded = load_set(name, 40, 12)
    assert loaded.probes == MODULES[name].generate(40, 12)
    assert loaded.digest == digest_of(loaded.info, MODULES[name].generate(40, 12))
    assert loaded.path is None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n", [0, -1, 2_000_000])
def test_a_number_of_items_that_makes_no_sense_is_refused(name: str, n: int) -> None:
    with pytest.raises(ProbeError, match=f"{name}: {n} probes cannot be made"):
        MODULES[name].generate(n, 1)


@pytest.mark.long
def test_a_generator_that_runs_out_of_questions_says_how_many_there_are() -> None:
    def draw(rng: random.Random, _: bool) -> Draft:
        x = rng.randint(1, 9)
        return Draft({"x": str(x)}, str(x + 1), "It is.", (Slip("same", str(x), "It is."),))

    family = Family("next", "easy", ("What follows {x}?",), draw, lambda _, f, c: int(c) == int(f["x"]) + 1)
    assert len(series("tiny", (family,), 9, 0)) == 9
    with pytest.raises(ProbeError) as e:
        series("tiny", (family,), 10, 0)
    assert "at most 9" in str(e.value.hint)
