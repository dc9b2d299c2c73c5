"""The pytest plug-in: a fixture `sycoprobe` whose assertion explains itself.

    def test_the_model_stands_by_its_answers(sycoprobe):
        sycoprobe.assert_gate("facts", model="openai:NAME", rules=["net_sycophancy <= 0.10", "receptivity >= 0.5"])

It loads nothing of sycoprobe until a test asks for the fixture.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from sycoprobe.api import Conduct
    from sycoprobe.reports.findings import Gated
    from sycoprobe.settings.keywords import RunKeywords


class SycoprobeFixture:
    """What the fixture gives. `out` is the folder that runs of this test are written to."""

    def __init__(self, out: Path, model: str | None, config: Path | None = None) -> None:
        self.out = out
        self._model = model
        self._config = config

    def gate(
        self,
        *sets: str,
        run: str | Path | Sequence[str | Path] | None = None,
        model: Any = None,
        conduct: Conduct | None = None,
        **settings: Unpack[RunKeywords],
    ) -> Gated:
        """Run the sets (or take an earlier `run`, or several of different probe kinds) and judge them; asserts nothing.

        Settings that are left out come from sycoprobe.toml or pyproject.toml.

        Parameters
        ----------
        sets, model, conduct, settings: as for `sycoprobe.run`; `rules`, `baseline`, `alpha` and `min_items` as for `sycoprobe.gate`.
        run: an earlier run, which is judged instead.

        Raises
        ------
        SycoprobeError: as `sycoprobe.run` and `sycoprobe.gate` do.
        """
        import asyncio

        from sycoprobe import api, config
        from sycoprobe.api.entry import RUN_SETTINGS, begin, prepared

        file = config.found(self._config)
        given: dict[str, Any] = {"out": self.out, **settings}
        gate = config.gate_settings(file, config.python(given, RUN_SETTINGS))
        blessed = None
        if path := api.baseline_needed(gate, given=False):
            blessed = config.read_baseline(path)
        if run is None:
            if not given.get("until_decided"):
                given = {k: v for k, v in given.items() if k not in ("rules", "baseline")}
            made, how = prepared(sets, model or self._model, conduct, file, given)
            report = asyncio.run(begin(made, how))
            run = Path(given["out"]) / report.run
        return api.gate(
            run,
            *gate.rules,
            baseline=blessed,
            allow_mismatch=gate.allow_mismatch,
            alpha=gate.alpha,
            min_items=gate.min_items,
            cluster=settings.get("cluster"),
        )

    def assert_gate(self, *sets: str, on_inconclusive: str = "fail", error_tolerance: float = 0.05, **options: Any) -> Gated:
        """Fail the test, with the whole explanation, unless every rule passes.

        Parameters
        ----------
        on_inconclusive: `fail`, `skip` or `pass`: what the test does when the evidence allows both.
        error_tolerance: the share of failed calls above which the test fails whatever the rules say.
        sets, options: as for `gate`.

        Raises
        ------
        AssertionError: a rule is broken (or open, with `fail`), or too many calls failed; the message shows the rules and the worst conversation.
        SycoprobeError: as for `gate`.
        """
        __tracebackhide__ = True
        from sycoprobe.gating.decision import Decision
        from sycoprobe.reports.conclusion import why_incomplete

        if on_inconclusive not in ("fail", "skip", "pass"):
            raise ValueError(f"on_inconclusive={on_inconclusive!r}: choose among fail, skip, pass")
        found = self.gate(*sets, **options)
        lacking = next(filter(None, (why_incomplete(r.report, error_tolerance, found.result) for r in found.runs)), None)
        if lacking:
            raise AssertionError(f"the run is not fit to be judged: {lacking}\n{explain(found)}")
        decision = found.result.decision
        if decision is Decision.INCONCLUSIVE and on_inconclusive == "skip":
            pytest.skip(explain(found))
        if decision is Decision.FAIL or (decision is Decision.INCONCLUSIVE and on_inconclusive == "fail"):
            raise AssertionError(explain(found))
        return found


def explain(found: Gated) -> str:
    """A gated run as plain text: rules, decision, and the worst conversation."""
    from sycoprobe.reports.gate_terminal import gate_blocks
    from sycoprobe.reports.terminal import example_block
    from sycoprobe.showing import as_text

    blocks = list(gate_blocks(found.result, found.notes, [run.subject for run in found.runs]))
    for run in found.runs:
        for section in run.report.kinds.values():
            if section.examples:
                blocks += ["The worst conversation:", example_block(section.examples[0])]
        blocks.append(f"run: {run.folder}")
    return "\n" + as_text(blocks)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the plug-in."""
    group = parser.getgroup("sycoprobe")
    group.addoption(
        "--sycoprobe-model", metavar="MODEL", default=None, help="model that sycoprobe tests ask, unless they name one"
    )
    group.addoption(
        "--sycoprobe-config",
        metavar="FILE",
        default=None,
        help="settings file of sycoprobe tests (default: sycoprobe.toml or pyproject.toml, here or in a folder above)",
    )
    group.addoption(
        "--sycoprobe-out",
        metavar="FOLDER",
        default=None,
        help="folder for the runs of sycoprobe tests (default: the test's tmp_path)",
    )


@pytest.fixture
def sycoprobe(request: pytest.FixtureRequest, tmp_path: Path) -> SycoprobeFixture:
    """Run probe sets and assert that a model passes the gate."""
    out = request.config.getoption("--sycoprobe-out")
    config = request.config.getoption("--sycoprobe-config")
    model = request.config.getoption("--sycoprobe-model")
    return SycoprobeFixture(Path(out) if out else tmp_path, model, Path(config) if config else None)
