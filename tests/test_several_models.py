"""Several models in one go: a run of each, one set of caps, nobody starved; and the aliases by which models are named."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import api, journal
from sycoprobe.api import Conduct
from sycoprobe.backends.sim import SimBackend
from sycoprobe.config import command_line, find, model_named
from sycoprobe.errors import PlanError
from sycoprobe.reports.model import Report
from tests.commands import cli
from tests.loopback import LoopbackServer
from tests.makers import write_set


@pytest.mark.long
def test_each_model_has_a_run_of_its_own_as_if_it_were_alone(tmp_path: Path) -> None:
    folder = str(write_set(tmp_path / "set", 20))
    models = ["sim:pushback=0.1", "sim:pushback=0.9"]
    done = cli("run", folder, "-m", models[0], "-m", models[1], "--out", tmp_path / "r", "--name", "x", "-q", "--full")
    assert done.returncode == 0, done.stderr
    assert "Headlines, each beside its control" in done.stdout
    for model, name in zip(models, ("sim-pushback-0.1", "sim-pushback-0.9"), strict=True):
        alone = api.run(folder, model=model, out=tmp_path / "alone", name=name)
        together = Report.load(tmp_path / "r" / "x" / name)
        assert together.section.metrics == alone.section.metrics
        assert together.status.complete


@pytest.mark.long
def test_caps_hold_for_all_of_them_together_and_across_resumes(tmp_path: Path) -> None:
    folder = str(write_set(tmp_path / "set", 20))
    plans = [api.plan(folder, model=f"sim:pushback=0.{i},delay=0.001") for i in (1, 2, 3)]
    capped = asyncio.run(api.start_all(plans, out=tmp_path / "r", name="x", conduct=Conduct(max_calls=100)))
    runs = sorted((tmp_path / "r" / "x").iterdir())

    def calls() -> list[int]:
        return [len(list(journal.calls(journal.read(run)))) for run in runs]

    assert [isinstance(r, Report) and r.status.cap for r in capped] == ["the cap of 100 calls"] * 3
    assert sum(calls()) == 100
    assert min(calls()) > 15, "one of them was starved"
    asyncio.run(api.resume_all(runs, conduct=Conduct(max_calls=130)))
    assert sum(calls()) == 130
    assert all(
        isinstance(r, Report) and r.status.complete for r in asyncio.run(api.resume_all(runs, conduct=Conduct(max_calls=9999)))
    )


@pytest.mark.long
def test_what_all_of_them_used_counts_from_the_first_call_of_a_resume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where one model takes longer to get ready than another."""
    folder = str(write_set(tmp_path / "set", 20))
    plans = [api.plan(folder, model=f"sim:pushback=0.{i},delay=0.001") for i in (1, 2)]
    asyncio.run(api.start_all(plans, out=tmp_path / "r", name="x", conduct=Conduct(max_calls=100)))
    ready = SimBackend.start

    async def slow(self: SimBackend) -> dict[str, Any]:
        await asyncio.sleep(1.0 if self.rates["pushback"] == 0.2 else 0)
        return await ready(self)

    monkeypatch.setattr(SimBackend, "start", slow)
    runs = sorted((tmp_path / "r" / "x").iterdir())
    asyncio.run(api.resume_all(runs, conduct=Conduct(max_calls=110)))
    assert sum(len(list(journal.calls(journal.read(run)))) for run in runs) == 110


@pytest.mark.long
def test_one_that_fails_does_not_stop_the_others_and_decides_the_exit_code(tmp_path: Path) -> None:
    folder = str(write_set(tmp_path / "set", 5))
    with LoopbackServer(lambda _: (401, {}, b'{"error": {"message": "no"}}')) as server:
        done = cli(
            "run", folder, "-m", "openai:m", "-m", "sim:", "--base-url", server.url, "--out", tmp_path / "r", "--name", "x", "-q"
        )  # fmt: skip
    assert done.returncode == 4
    assert "HTTP 401" in done.stderr and "check the key" in done.stderr
    assert Report.load(tmp_path / "r" / "x" / "sim").status.complete


def test_what_cannot_be_begun_together_is_refused_before_any_call(tmp_path: Path) -> None:
    folder = str(write_set(tmp_path / "set", 5))
    twice = [api.plan(folder, model="sim:"), api.plan(folder, model="sim:")]
    with pytest.raises(PlanError, match="named twice"):
        asyncio.run(api.start_all(twice, out=tmp_path / "r", name="x"))
    until = api.until_decided("net_sycophancy <= 0.1")
    sequential = [api.plan(folder, model=f"sim:pushback=0.{i}", until=until) for i in (1, 2)]
    with pytest.raises(PlanError, match="one model"):
        asyncio.run(api.start_all(sequential, out=tmp_path / "r"))
    assert not (tmp_path / "r").exists()


@pytest.mark.long
def test_an_alias_stands_for_a_model_its_address_and_the_name_of_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_set(tmp_path / "set", 3)
    with LoopbackServer(keep=True) as server:
        Path("sycoprobe.toml").write_text(
            f'[models.prod]\nmodel = "openai:m"\nbase-url = "{server.url}"\napi-key-env = "PROD_KEY"\n'
        )
        Path(".env").write_text("PROD_KEY=sk-planted-in-dotenv-42\n")
        done = cli("run", "set", "-m", "prod", "--name", "x", "-q", cwd=tmp_path)
        assert done.returncode in (0, 4), done.stderr
        assert server.seen[0][0]["authorization"] == "Bearer sk-planted-in-dotenv-42"
        header = json.loads(Path("reports/x/journal.jsonl").read_text().partition("\n")[0])
        assert header["plan"]["model"] == "openai:m"
        assert header["plan"]["api_key_env"] == "PROD_KEY"
    assert find().aliases == ["prod"]
    given, _ = model_named(find(), "prod", command_line({"base_url": "http://other/v1"}))
    assert (given.base_url, given.api_key_env) == ("http://other/v1", "PROD_KEY")
    assert model_named(find(), "sim:pushback=0.1", command_line({}))[0].model == ("sim:pushback=0.1",)


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ('[models]\nprod = "openai:m"\n', "2:1", "not a table"),
        ('[models.prod]\nmodl = "openai:m"\n', "2:1", "no setting 'modl'"),
        ('[models.prod]\nmodel = "openai:m"\nkey = "sk-1"\n', "3:1", "no setting 'key'"),
        ('[models.prod]\nmodel = ":m"\n', "2:1", "model must be BACKEND:NAME"),
        ('[model.prod]\nmodel = "openai:m"\n', "1:2", "no table or key 'model'"),
    ],
)
def test_a_fault_in_an_alias_is_told_with_its_place(tmp_path: Path, text: str, place: str, said: str) -> None:
    (tmp_path / "sycoprobe.toml").write_text(text)
    with pytest.raises(PlanError) as e:
        find(tmp_path)
    assert f"sycoprobe.toml:{place}: " in e.value.message and said in e.value.message
    assert e.value.hint


def test_a_model_without_a_backend_is_refused_with_what_to_write(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", 3)
    done = cli("run", folder, "-m", "gpt-x", "--out", tmp_path / "r")
    assert done.returncode == 2
    assert "gpt-x" in done.stderr and "openai" in done.stderr
