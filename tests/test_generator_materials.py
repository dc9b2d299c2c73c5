"""What the generators ask with is data: read when it is first used, checked whole, and faults are told with file and place."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import pytest

from sycoprobe.errors import PlanError
from sycoprobe.sets import generators
from sycoprobe.sets.generators import arithmetic, code, dates, ledger, logic, tables, units
from sycoprobe.sets.generators.arithmetic import ARITHMETIC
from sycoprobe.sets.generators.ledger.records import LedgerMaterials
from sycoprobe.sets.generators.logic.words import LogicMaterials
from sycoprobe.sets.generators.materials import MaterialFile, Materials
from sycoprobe.sets.generators.tables.printed import TableMaterials
from sycoprobe.sets.generators.units.sizes import UNITS, UnitMaterials

DATA = Path(generators.__file__).parent / "data"
MODULES: dict[str, ModuleType] = {
    "arithmetic": arithmetic,
    "code": code,
    "dates": dates,
    "ledger": ledger,
    "logic": logic,
    "tables": tables,
    "units": units,
}
MODELS: dict[str, type[Materials]] = {
    "arithmetic": Materials,
    "ledger": LedgerMaterials,
    "logic": LogicMaterials,
    "tables": TableMaterials,
    "units": UnitMaterials,
}


def changed(folder: Path, name: str, old: str, new: str) -> MaterialFile[Materials]:
    text = (DATA / f"{name}.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / f"{name}.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    return MaterialFile(name, MODELS[name], folder)


def test_every_file_belongs_to_a_generator() -> None:
    assert {x.stem for x in DATA.iterdir()} == MODULES.keys()


def test_nothing_is_read_when_generators_are_imported_and_each_file_once() -> None:
    source = f"""
import importlib, sys
opened = []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)
modules = [importlib.import_module(f"sycoprobe.sets.generators.{{name}}") for name in {sorted(MODULES)}]
assert not [x for x in opened if x.endswith(".toml")], opened
for module in modules:
    module.generate(40, 1), module.generate(40, 2)
assert len([x for x in opened if x.endswith(".toml")]) == len(modules), opened
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("logic", 'level = "hard"', 'level = "harder"', "families.syllogism.level: Input should be 'easy', 'medium' or 'hard'"),
        ("logic", '"drovens"', '"blickets"', "nouns: 'blickets' stands twice"),
        ("logic", '["lamp", "lit", "dark"]', '["lamp", "lit"]', "things.0.2: Field required"),
        ("logic", "colours =", "colors =", "colours: Field required"),
        ("logic", "colours =", "more = 1\ncolours =", "more: Extra inputs are not permitted"),
        (
            "logic",
            "{premises} Does",
            "{premises!r} Does",
            "families.syllogism.wordings.0: {premises} is not a plain placeholder",
        ),
        ("logic", "{premises} Does", "{premises}{claim} Does", "wordings.0: {premises} and {claim} stand side by side"),
        ("units", "factor = 12,", "factor = 0.5,", "customary.0.factor: is no exact positive number"),
        ("units", "factor = 12,", 'factor = "1/0",', "customary.0.factor: is no exact positive number"),
        ("units", "[10, 16]", "[10, 12]", "'feet' to 'inches': needs two misremembered factors"),
        ("units", ", linear = 100 }", " }", "'square metres' to 'square centimetres': needs the linear factor"),
        ("units", 'u = "kilometres", v = "metres"', 'u = "hours", v = "metres"', "'hours' and 'metres' are not of one kind"),
        ("tables", '["pieces in stock", 4, 99]', '["pieces in stock", 4, 9]', "themes.0: 'pieces in stock': the range"),
        ("ledger", "{clerk}, who", "somebody, who", "families.depot: `opens` must hold {clerk} and {house} and {place}"),
        ("ledger", "{beside} minutes.", "some minutes.", "families.depot: `lines` must hold {beside} and {key} and {value}"),
        ("ledger", r"(\d+) sacks", r"\d+ sacks", "must have one group"),
        ("ledger", r"(\d+) sacks", r"(\d+ sacks", "is no pattern"),
        ("ledger", r"\b{key}\b[^.]*?", r"\b{hop}\b[^.]*?", "must hold {key}, and nothing else in braces"),
        ("ledger", "lines = [", "line = [", "families.depot.line: Extra inputs are not permitted"),
        ("arithmetic", 'level = "easy"', 'level = "simple"', "families.addition.level: Input should be"),
        ("arithmetic", "[families.addition]", "[families.addition", ":5:19: not TOML: "),
    ],
)
def test_a_fault_is_told_with_file_and_place(tmp_path: Path, name: str, old: str, new: str, said: str) -> None:
    made = changed(tmp_path, name, old, new)
    for _ in range(2):  # a fault is not forgotten
        with pytest.raises(PlanError) as raised:
            _ = made.content
        assert raised.value.message.startswith(f"{tmp_path / name}.toml:")
        assert said in raised.value.message
        assert raised.value.hint == "fix it there, or restore the file as it was installed"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[families.metric]", "[families.metrical]", "families: lacks 'metric'"),
        ("[families.metric]", '[families.odd]\nlevel = "easy"\n[families.metric]', "families.odd: nothing draws this family"),
        ('shared = "plain"', 'shared = "fancy"', "families.metric: must have either `wordings`, or `shared`"),
        (
            'shared = "plain"',
            'shared = "plain"\nwordings = ["{x} {u} in {v}?"]',
            "families.metric: must have either `wordings`",
        ),
        ('"How many {v} are {x} {u}?"', '"How many are {x} {u}?"', "families.metric: wording 1 must hold {x} and {u} and {v}"),
        ('"Convert {x} {u} to {v}."', '"{who} asks for {x} {u} in {v}."', "families.metric: wording 2 must hold {x} and {u}"),
    ],
)
def test_families_are_those_that_are_drawn_and_hold_what_fills_them(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(PlanError) as raised:
        changed(tmp_path, "units", old, new).families(units.METHODS)
    assert raised.value.message.startswith(f"{tmp_path / 'units.toml'}: ")
    assert said in raised.value.message


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"none\.toml: cannot be read"):
        _ = MaterialFile("none", Materials, tmp_path).content


def test_numbers_are_exact_and_families_keep_the_order_of_the_file() -> None:
    assert UNITS.content.size["ounces"] == Fraction("28.349523125")
    assert UNITS.content.size["metres per minute"] == Fraction(1, 60)
    assert [f.name for f in units.families()] == list(UNITS.content.families)
    assert [f.name for f in arithmetic.families()] == list(ARITHMETIC.content.families)
