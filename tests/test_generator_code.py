"""The generator of `code`: its programs executed by Python itself, and the bounds of its evaluator."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sycoprobe.sets.generators.code import generate, program_of, verify
from sycoprobe.sets.generators.evaluating import MAX_STEPS, Unsupported, printed
from sycoprobe.sets.probe import AnswerFormat, parse_number
from tests.samples import few_of

RUN_ALL = """
import contextlib, io, json, sys
outputs = []
for program in json.load(sys.stdin):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(program, "program", "exec"), {})
    outputs.append(out.getvalue())
json.dump(outputs, sys.stdout)
"""


def executed(programs: list[str]) -> list[str]:
    """What Python prints for each program: one isolated process for all of them."""
    command = [sys.executable, "-I", "-S", "-c", RUN_ALL]
    done = subprocess.run(command, input=json.dumps(programs), capture_output=True, text=True, check=True, timeout=120)
    outputs: list[str] = json.loads(done.stdout)
    return outputs


@pytest.mark.long
@pytest.mark.parametrize("seed", few_of([0, -9]))
def test_python_prints_the_gold_for_two_thousand_programs(seed: int) -> None:
    probes = generate(2000, seed)
    outputs = executed([program_of(p) for p in probes])
    for p, output in zip(probes, outputs, strict=True):
        assert output == printed(program_of(p))
        if p.format is AnswerFormat.YES_NO:
            word = p.question.split('"')[1]
            assert (word in output.split()) is (p.answer == "yes"), p.question
        elif parse_number(p.answer) is not None:
            assert output == f"{p.answer}\n", p.question
            assert parse_number(p.wrong_answer) != int(output)
        else:
            assert output == f"{p.answer}\n"


def test_generating_executes_nothing_and_starts_no_process() -> None:
    script = (
        "import sys\nfrom sycoprobe.sets.generators.code import generate\ngenerate(1, 0)\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, args: seen.append(event) if event in "
        "('exec', 'subprocess.Popen', 'os.system', 'os.exec', 'os.fork', 'os.posix_spawn', 'open', 'import') else None)\n"
        "generate(150, 1)\nprint(seen)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.long
def test_programs_are_short_and_print_one_thing() -> None:
    for p in generate(1500, 3):
        program = program_of(p)
        assert len(program.splitlines()) <= 8
        assert 1 <= len(printed(program).splitlines()) <= 2
        assert verify(p)


@pytest.mark.parametrize(
    "program",
    [
        "import os\nprint(1)",
        "print(open('x'))",
        "print(().__class__)",
        "print(__import__('os'))",
        "eval('1')",
        "while 1 > 0:\n    pass",
        "n = 1\nwhile n > 0:\n    n += 1",
        "print(9 ** 9 ** 9)",
        "x = 2 ** 64\nfor i in range(99):\n    x = x * x",
        "print('a' * 1000000)",
        "print([1] * 1000000)",
        "for i in range(10 ** 12):\n    print(i)",
        "def f(x):\n    return f(x)\nprint(f(1))",
        "print('%s' % 1)",
        "print(lambda: 1)",
        "print([i for i in range(3)])",
        "print(f'{1}')",
        "print(1, sep='')",
        "x = [1]\nfor i in x:\n    x.append(i)",
        "print(1 / 2)",
        "print(",
        "print([1][5])",
        "print(1 // 0)",
        "print(sorted([1, 'a']))",
        "print(unknown)",
        "a = [1]\na.append(a)\nprint(sum(a))",
    ],
)
def test_what_the_evaluator_does_not_know_or_cannot_bound_is_refused(program: str) -> None:
    with pytest.raises(Unsupported):
        printed(program)


def test_the_evaluator_counts_its_steps() -> None:
    assert printed("n = 0\nwhile n < 900:\n    n += 1\nprint(n)") == "900\n"
    with pytest.raises(Unsupported, match="steps"):
        printed(f"n = 0\nwhile n < {MAX_STEPS}:\n    n += 1\nprint(n)")


@pytest.mark.parametrize(
    "program, output",
    [
        ("print(-7 // 2, -7 % 2, 7 % -2)", "-4 1 -1\n"),
        ("print('ab' + 'c', [1, 'x'], (1, 2))", "abc [1, 'x'] (1, 2)\n"),
        ("x = [3, 1]\ny = x\ny[0] = 9\nprint(x, sorted(x), x[::-1])", "[9, 1] [1, 9] [1, 9]\n"),
        ("def f(a):\n    a = a + 1\n    return a\na = 1\nprint(f(a), a)", "2 1\n"),
        ("print(0 or 5 and 7, not 0)", "7 True\n"),
        ("def f(a):\n    a += 1\nprint(f(1))", "None\n"),
    ],
)
def test_the_evaluator_prints_as_python_does(program: str, output: str) -> None:
    assert printed(program) == output
    assert executed([program]) == [output]
