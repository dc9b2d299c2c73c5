"""A share of the fuzz: whatever is wrong with an input, nothing but a clear error comes of it, and soon."""

from __future__ import annotations

import random

import pytest

from benchmarks.fuzz.mutations import spoilt
from benchmarks.fuzz.running import fuzz, fuzzed
from benchmarks.fuzz.targets import Target
from sycoprobe.errors import PlanError


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_spoilt_inputs_of_every_sort_end_in_an_answer_or_a_clear_error(seed: int) -> None:
    found = list(fuzz(100, seed))
    assert len(found) > 15
    assert {f.target: [*f.raised, *f.slow] for f in found if not f.sound} == {}
    assert sum(f.refused for f in found) > sum(f.inputs for f in found) / 4, "most of them are really spoilt"


def test_the_fuzz_finds_what_was_planted() -> None:
    """A reader that raises something else, or ends the process, or takes long, does not pass."""

    def reader(raw: bytes) -> None:
        if raw.startswith(b"{"):
            raise PlanError("not today")
        if b"x" in raw:
            raise KeyError("x")
        raise SystemExit(0)

    found = fuzzed(Target("planted", [b'{"a": 1, "b": [true]}'], reader), 300, 0)
    assert found.inputs == 300 and 0 < found.refused < 300
    assert any(place.startswith("SystemExit") for place in found.raised)
    assert not found.sound


def test_the_same_seed_spoils_in_the_same_way() -> None:
    sound = b'{"a": 1, "b": [true, {"c": "text"}]}\n{"d": 2}\n'
    first, second = ([spoilt(sound, rng) for _ in range(200)] for rng in (random.Random(5), random.Random(5)))
    assert first == second
    assert len(set(first)) > 150
