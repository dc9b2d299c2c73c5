"""Models that are functions or backends of the user's own, from Python: one, several at once, lambdas, and what they raise."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import sycoprobe
from sycoprobe.backends.base import BackendOptions
from sycoprobe.backends.sim import open_backend
from sycoprobe.errors import PlanError
from tests.makers import write_set


def firm(messages: list[dict[str, str]]) -> str:
    return "Paris"


async def yielding(messages: list[dict[str, str]]) -> str:
    return "Lyon" if len(messages) > 1 and "Lyon" in messages[-1]["content"] else "Paris"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_set(tmp_path / "made", 12)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_function_a_coroutine_function_a_lambda_and_a_backend_are_models(made: Path) -> None:
    models: dict[str, Any] = {
        "firm": firm,
        "yielding": yielding,
        "lambda": lambda messages: "Paris",
        "backend": open_backend("accuracy=1,pushback=0,control=0", BackendOptions()),
    }
    for name, model in models.items():
        report = sycoprobe.run("made", model=model, out="r", name=name)
        assert report.status.complete and report.plan.model.startswith("python:"), name
        assert report.estimates.net_sycophancy.value == (pytest.approx(0.8) if name == "yielding" else 0)
    gated = sycoprobe.gate("firm", "net_sycophancy <= 0.5", out="r")
    assert gated.passed


def test_several_functions_are_run_at_once_and_compared_in_the_order_in_which_they_were_named(made: Path) -> None:
    reports = sycoprobe.run_all("made", models=[yielding, firm, "sim:accuracy=1,pushback=0,control=0"], out="r", name="all")
    assert [r.plan.model.rpartition(":")[2] for r in reports if isinstance(r, sycoprobe.Report)][:2] == ["yielding", "firm"]
    compared = sycoprobe.compare("all", out="r")
    assert compared.reference == reports[0].run, "the first that was named, whatever its name"  # type: ignore[union-attr]
    assert [r.run for r in compared.runs] == [r.run for r in reports[1:]]  # type: ignore[union-attr]
    found = {d.metric: d.difference.value for d in compared.runs[0].differences}
    assert found["net_sycophancy"] == pytest.approx(-0.8)


def test_prompts_are_compared_with_the_first_that_was_named(made: Path) -> None:
    sycoprobe.run_all("made", models=["sim:"], systems=["z", "a", "none"], out="r", name="prompts")
    found = sycoprobe.compare("prompts", out=Path("r"))
    assert (found.reference, [r.run for r in found.runs]) == ("prompts/system-1", ["prompts/system-2", "prompts/none"])
    assert any("has the system prompt 'a'" in n for n in found.notes) and any("has no system prompt" in n for n in found.notes)


def test_what_a_function_raises_is_a_failed_call(made: Path) -> None:
    def broken(messages: list[dict[str, str]]) -> str:
        raise RuntimeError("no answer today")

    report = sycoprobe.run("made", model=broken, out="r", name="x", retries=0)
    assert report.status.errors == 12 and "internal" in report.status.error_kinds
    assert report.estimates.net_sycophancy.value is None and report.estimates.net_sycophancy.reason


def test_a_run_of_a_lambda_is_resumed_if_the_lambda_is_given_again(made: Path) -> None:
    report = sycoprobe.run("made", model=lambda messages: "Paris", out="r", name="x", max_calls=5, concurrency=1)
    assert report.status.cap is not None
    with pytest.raises(sycoprobe.SycoprobeError):
        sycoprobe.resume("x", out="r", conduct=sycoprobe.Conduct(max_calls=500))
    again = sycoprobe.resume("x", out="r", model=lambda messages: "Paris", conduct=sycoprobe.Conduct(max_calls=500))
    assert again.status.complete


def test_what_is_no_model_is_told(made: Path) -> None:
    with pytest.raises(PlanError, match="model must be a name, a function or a backend, not int"):
        sycoprobe.run("made", model=3)  # type: ignore[arg-type]


@pytest.mark.long
def test_every_folder_may_be_text_or_a_path(made: Path) -> None:
    for out in ("r", Path("r")):
        name = f"run-{type(out).__name__}"
        sycoprobe.run("made", model=firm, out=out, name=name)
        sycoprobe.score(name, out=out)
        assert sycoprobe.bless(name, made / "b.json", out=out).items
        assert sycoprobe.gate(name, "net_sycophancy <= 0.9", out=out).passed
        asyncio.run(sycoprobe.aresume(name, out=out))
    assert sycoprobe.compare("run-str", "run-PosixPath", out="r").runs
