"""Which tests run, and by how many workers."""

from __future__ import annotations

import gc
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("beside others", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("beside others")  # how long an example takes says little where tests run side by side


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="Run the tests that take long, too.")
    parser.addoption("--screenshots", action="store_true", help="Make the pictures in docs/images anew (with `-m browser`).")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long or needs a browser, unless it is asked for: by `--long`, by `-m`, or by a test's own name."""
    if config.getoption("--long") or any("::" in x for x in config.args):
        return
    marks = [mark for mark in ("long", "browser") if mark not in config.option.markexpr]
    left_out = [x for x in items if any(x.get_closest_marker(mark) for mark in marks)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [x for x in items if x not in gone]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Spare the collector of rubbish the thousands of tests and all modules, which stay to the end: it would take most of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """The same for what a file of tests leaves behind: what it has read, and the modules that it was the first to need."""
    if nextitem is not None and nextitem.path != item.path:
        gc.collect()
        gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """No workers where only a few files are named: they would start for longer than those run."""
    named = [Path(x.partition("::")[0]) for x in config.args]
    return 0 if len(named) <= 3 and all(x.suffix == ".py" for x in named) else None
