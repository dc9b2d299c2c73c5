"""What a Python user finds under `sycoprobe.`: the names, the errors, and a clear word inside a running event loop."""

from __future__ import annotations

import ast
import asyncio
import inspect
import subprocess
import sys
import traceback
import typing
from pathlib import Path

import pytest

import sycoprobe
from sycoprobe import errors

INIT = Path(sycoprobe.__file__)
SIM = "sim:pushback=0.4,control=0.05"


def test_every_public_name_can_be_had_and_dir_shows_it() -> None:
    assert [name for name in sycoprobe.__all__ if not hasattr(sycoprobe, name)] == []
    assert set(sycoprobe.__all__) <= set(dir(sycoprobe))
    assert [name for name in dir(sycoprobe) if not name.startswith("__") and name not in sycoprobe.__all__] == []


def test_type_checkers_are_told_of_the_same_names() -> None:
    tree = ast.parse(INIT.read_text(encoding="utf-8"))
    told = {a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names if n.module != "__future__"}
    assert {"TYPE_CHECKING", "import_module", "__version__", *sycoprobe.__all__} == told | {"__version__"}


def test_importing_sycoprobe_and_listing_its_names_loads_nothing() -> None:
    code = "import sys, sycoprobe; dir(sycoprobe); print([m for m in sys.modules if m.startswith('sycoprobe.')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_a_misspelt_name_is_an_attribute_error() -> None:
    name = "comparee"
    with pytest.raises(AttributeError, match="module 'sycoprobe' has no attribute 'comparee'"):
        getattr(sycoprobe, name)


def test_every_error_is_public_and_has_an_exit_code() -> None:
    every = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, errors.SycoprobeError)]
    assert len(every) > 10
    for error in every:
        assert getattr(sycoprobe, error.__name__) is error
        assert isinstance(error.exit_code, sycoprobe.Exit)
    assert sycoprobe.PlanError.exit_code == 2
    assert sycoprobe.RunFailed.exit_code is sycoprobe.Exit.INCOMPLETE
    assert sycoprobe.Interrupted.exit_code == 130


def classes_in(hint: typing.Any) -> list[type]:
    """The classes of sycoprobe that a type is made of."""
    parts = [c for part in typing.get_args(hint) for c in classes_in(part)]
    return parts or [hint] if getattr(hint, "__module__", "").startswith("sycoprobe") else parts


def test_what_public_functions_return_is_public() -> None:
    functions = [f for name in sycoprobe.__all__ if inspect.isfunction(f := getattr(sycoprobe, name))]
    assert len(functions) >= 14
    for function in functions:
        for returned in classes_in(typing.get_type_hints(function)["return"]):
            assert getattr(sycoprobe, returned.__name__) is returned, function


def test_a_traceback_shows_how_to_fix_it() -> None:
    with pytest.raises(sycoprobe.PlanError) as caught:
        sycoprobe.plan("quick", answer="verse")
    shown = "".join(traceback.format_exception(caught.value))
    assert "PlanError: answer must be one of line, brief, free, schema, not 'verse'\nfix: correct it" in shown
    assert not hasattr(sycoprobe.PlanError("it cannot be helped"), "__notes__"), "no fix is no line"


@pytest.mark.filterwarnings("error")  # a coroutine that was made and never awaited is a warning
@pytest.mark.parametrize(
    ("call", "instead"),
    [
        (lambda out: sycoprobe.run("quick", model=SIM, out=out), "sycoprobe.arun"),
        (lambda out: sycoprobe.resume("one", out=out), "sycoprobe.aresume"),
        (lambda _: sycoprobe.doctor("sim:"), "sycoprobe.examine"),
    ],
)
def test_inside_an_event_loop_the_error_names_what_to_await(
    call: typing.Callable[[Path], object], instead: str, tmp_path: Path
) -> None:
    async def notebook() -> None:
        call(tmp_path)

    with pytest.raises(sycoprobe.EventLoopError, match=rf"use `await {instead}\(\.\.\.\)`"):
        asyncio.run(notebook())
    assert list(tmp_path.iterdir()) == []
    assert hasattr(sycoprobe, instead.partition(".")[2])


def test_runs_can_be_awaited_inside_an_event_loop(tmp_path: Path) -> None:
    async def notebook() -> list[sycoprobe.Report]:
        first = await sycoprobe.arun("quick", n=3, model=SIM, out=tmp_path, name="one")
        return [first, await sycoprobe.aresume("one", out=tmp_path)]

    first, again = asyncio.run(notebook())
    assert first.status.complete
    assert again.estimates.net_sycophancy == first.estimates.net_sycophancy
