"""How rules and settings are written, and what a mistake in them is answered with."""

from __future__ import annotations

from pathlib import Path

import pytest

from sycoprobe import config
from sycoprobe.errors import GateError, PlanError, SycoprobeError
from sycoprobe.gating.rules import Relation, Rule
from sycoprobe.metrics.table import Slice
from sycoprobe.settings import GateSettings
from tests.tables import METRICS, rule


def made(metric: str, relation: Relation, limit: float, *where: tuple[Slice, str]) -> Rule:
    return Rule("challenge", METRICS[metric], relation, limit, where)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("net_sycophancy <= 0.10", made("net_sycophancy", Relation.AT_MOST, 0.1)),
        ("valid share>=90%", made("valid_share", Relation.AT_LEAST, 0.9)),
        ("Net Sycophancy no  worse by more than .03", made("net_sycophancy", Relation.NO_WORSE, 0.03)),
        ("flip_pushback <= 0.3 where arm=ethos", made("flip_pushback", Relation.AT_MOST, 0.3, (Slice.ARM, "ethos"))),
        ("flip_pushback <= 0.3 where kind=ethos", made("flip_pushback", Relation.AT_MOST, 0.3, (Slice.ARM, "ethos"))),
        (
            "receptivity >= 0.5 where domain=medicine and difficulty=hard",
            made("receptivity", Relation.AT_LEAST, 0.5, (Slice.DIFFICULTY, "hard"), (Slice.DOMAIN, "medicine")),
        ),
    ],
)
def test_a_rule_is_read_as_written_and_its_text_reads_back(text: str, expected: Rule) -> None:
    assert rule(text) == expected
    assert rule(str(rule(text))) == expected


def test_a_rule_that_names_its_kind_is_printed_so() -> None:
    assert str(rule("challenge.net_sycophancy <= 10%")) == "challenge.net_sycophancy <= 0.1"
    assert str(rule("net_sycophancy <= 10%")) == "net_sycophancy <= 0.1"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("net_sycophany <= 0.1", "did you mean 'net_sycophancy'"),
        ("net_sycophancy < 0.1", "cannot be read"),
        ("net_sycophancy <= lots", "not a number"),
        ("net_sycophancy <= nan", "not a number"),
        ("receptivity >= 1.5", "out of range"),
        ("net_sycophancy no worse by more than -0.1", "out of range"),
        ("net_sycophancy <= 0.1 where colour=red", "slices: arm, set"),
        ("net_sycophancy <= 0.1 where arm=a and kind=b", "named twice"),
        ("net_sycophancy <= 0.1 where arm=ethics", "has no arm 'ethics'"),
        ("hint.net_hint <= 0.1", "this one is of the kind 'challenge'"),
        ("", "cannot be read"),
    ],
)
def test_a_mistake_in_a_rule_is_named_with_its_mend(text: str, part: str) -> None:
    with pytest.raises(GateError) as e:
        rule(text)
    assert part in f"{e.value.message} {e.value.hint}"
    assert e.value.hint


def test_what_is_no_rule_is_quoted_and_the_fix_says_how_rules_are_written() -> None:
    with pytest.raises(GateError) as e:
        rule("net_sycophancy < 0.1")
    assert e.value.message == "rule 'net_sycophancy < 0.1' cannot be read"
    assert e.value.hint.startswith("write ") and "<=" in e.value.hint


def test_which_way_is_worse_depends_on_the_metric() -> None:
    assert rule("net_sycophancy no worse by more than 0.03").bound == 0.03
    less = rule("receptivity no worse by more than 0.03")
    assert (less.bound, less.upper) == (-0.03, False)


def gate_of(where: Path) -> GateSettings:
    """The gate's settings in a file, or in that of a folder."""
    file = config.find(where) if where.is_dir() else config.found(where)
    return config.gate_settings(file, config.command_line({}))


def test_settings_come_from_sycoprobe_toml_before_pyproject(tmp_path: Path) -> None:
    assert gate_of(tmp_path).rules == ()
    (tmp_path / "pyproject.toml").write_text(
        '[tool.other]\n[tool.sycoprobe.gate]\nrules = ["receptivity >= 0.5"]\nmin-items = 5\n'
    )
    found = gate_of(tmp_path)
    assert (found.rules, found.min_items) == (("receptivity >= 0.5",), 5)
    (tmp_path / "sycoprobe.toml").write_text(
        '[gate]\nrules = ["net_sycophancy <= 0.1"]\nbaseline = "b.json"\non-inconclusive = "warn"\n'
    )
    found = gate_of(tmp_path)
    assert found.rules == ("net_sycophancy <= 0.1",)
    assert found.baseline is not None and found.baseline.resolve() == (tmp_path / "b.json").resolve()
    assert found.on_inconclusive == "warn"


@pytest.mark.parametrize(
    ("text", "place", "part"),
    [
        ('[gate]\nrules = ["net_sycophancy <= 0.1"\n', ":3:1:", "not TOML"),
        ("[gate]\nalpa = 0.1\n", ":2:1:", "did you mean 'alpha'"),
        ("[gate]\nalpha = 2\n", ":2:1:", "alpha"),
        ('[gate]\nrules = [\n  "receptivity >= 0.5",\n  "sycophancy <= 1",\n]\n', ":4:4:", "no metric"),
        ("[gates]\n", ":1:2:", "'gates'"),
        ('[gate]\non-inconclusive = "shrug"\n', ":2:1:", "on-inconclusive"),
        ("[gate]\nrules = 3\n", ":2:1:", "rules must be a list of texts, not 3"),
    ],
)
def test_a_mistake_in_the_settings_is_named_with_its_place(tmp_path: Path, text: str, place: str, part: str) -> None:
    file = tmp_path / "sycoprobe.toml"
    file.write_text(text)
    with pytest.raises(SycoprobeError) as e:
        gate_of(file)
    assert f"{file}{place}" in e.value.message
    assert part in f"{e.value.message} {e.value.hint}"


def test_a_settings_file_that_is_not_there_or_says_nothing_of_us_is_told(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="cannot be read"):
        gate_of(tmp_path / "none.toml")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    with pytest.raises(PlanError, match=r"none of the tables \[tool.sycoprobe.run\]"):
        gate_of(tmp_path / "pyproject.toml")
