"""Names that people give: checked before anything is asked, and answered with the one that was meant."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sycoprobe
from sycoprobe import api
from sycoprobe.api.folders import forget, new_folder, new_folders
from sycoprobe.backends.addresses import without_endpoint
from sycoprobe.backends.naming import check_model, likely_model
from sycoprobe.backends.store import resolve
from sycoprobe.cli import plans
from sycoprobe.cli.main import app
from sycoprobe.cli.usage import COMMANDS_ELSEWHERE
from sycoprobe.config.rules import check_rule
from sycoprobe.errors import JournalError, PlanError, SycoprobeError
from sycoprobe.installing import _source, install
from sycoprobe.names import LONGEST, fault_of_folder, fault_of_run, meant, nearest, slug_of
from sycoprobe.sets.load import kind_named, set_path
from sycoprobe.settings import Asking, ConductSettings, GateSettings, Sampling, Target, declared
from sycoprobe.settings.checking import checked, meant_setting
from sycoprobe.settings.elsewhere import ELSEWHERE, words_for
from tests.commands import cli
from tests.makers import challenge_plan, probe_set, write_set

ALL = declared(Asking, Target, Sampling, ConductSettings, GateSettings)
BAD = {
    "a/b": "'/'",
    "a\\b": "'\\\\'",
    "a:b": "':'",
    "..": "begins with '.'",
    ".hidden": "begins with '.'",
    "-rf": "begins with '-'",
    "ends.": "ends with '.'",
    "con": "device",
    "NUL.txt": "device",
    "lpt1": "device",
    "a\tb": "U+0009",
    "a\x1b[31m": "U+001B",
    "a\u202eb": "U+202E",
    "\udc80": "U+DC80",
    "x" * 300: "longer than",
    "é" * 100: "longer than",
    "  ": "empty",
    "latest": "last run",
}


@pytest.mark.parametrize("name", BAD, ids=lambda n: ascii(n)[:20])
def test_a_run_name_that_no_folder_can_have_is_refused_before_anything_is_made(name: str, tmp_path: Path) -> None:
    planned = challenge_plan([probe_set(2)], api.wordings(), model="sim:")
    with pytest.raises(PlanError, match=re.escape(BAD[name])):
        asyncio.run(api.start(planned, out=tmp_path / "r", name=name))
    with pytest.raises(PlanError, match=re.escape(BAD[name])):
        asyncio.run(
            api.start_all(
                [planned, challenge_plan([probe_set(2)], api.wordings(), model="sim:error=1")], out=tmp_path / "r", name=name
            )
        )
    with pytest.raises(PlanError, match=r"^command line: name must be the name of a new folder"):
        checked(ALL["name"], name, "command line")
    assert not (tmp_path / "r").exists()


@given(st.text(max_size=200))
def test_a_name_that_is_let_through_is_one_plain_part_of_a_path(name: str) -> None:
    if fault_of_run(name) is None:
        assert Path("x", name).parts == ("x", name)
        assert name.isprintable() and len(name.encode()) <= LONGEST


@given(st.text(max_size=400))
def test_a_slug_is_a_name_for_a_folder_or_what_stands_for_none(name: str) -> None:
    assert fault_of_folder(slug_of(name, empty="model")) is None


def test_runs_of_one_second_have_folders_of_their_own_also_of_several_processes(tmp_path: Path) -> None:
    planned = challenge_plan([probe_set(2)], api.wordings(), model="sim:")
    other = challenge_plan([probe_set(2)], api.wordings(), model="sim:error=1")
    with ThreadPoolExecutor(8) as pool:
        alone = list(pool.map(lambda _: new_folder(planned, tmp_path, None), range(24)))
        groups = list(pool.map(lambda _: new_folders([planned, other], tmp_path, None), range(12)))
    assert len(set(alone)) == 24
    assert len({folder for group in groups for folder in group}) == 24
    assert len({group[0].parent for group in groups}) == 12, (
        "runs that were begun together lie in a folder that others do not share"
    )


def test_a_run_that_cannot_begin_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    write_set(tmp_path / "set", 2)
    for models in (["-m", "openai:x"], ["-m", "openai:x", "-m", "openai:y"]):
        assert cli("run", "set", *models, "-q", cwd=tmp_path).returncode == 2
        assert not (tmp_path / "reports").exists()
    forget([tmp_path / "set"])
    assert (tmp_path / "set").is_dir(), "what is not empty stays"


def test_a_folder_that_cannot_be_made_is_told_of_before_the_backend_starts(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in (None, "x"):
        with pytest.raises(JournalError, match="cannot be written"):
            asyncio.run(
                api.start(challenge_plan([probe_set(2)], api.wordings(), model="openai:x"), out=tmp_path / "file", name=name)
            )


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("opanai:x", "openai:x"),
        ("OpenAI:x", "openai:x"),
        ("gpt-4o", "openai:gpt-4o"),
        ("o3-mini", "openai:o3-mini"),
        ("claude-sonnet-4-5", "anthropic:claude-sonnet-4-5"),
        ("gemini-2.5-pro", "gemini:gemini-2.5-pro"),
        ("llama3:8b", "ollama:llama3:8b"),
        ("qwen2.5:latest", "ollama:qwen2.5:latest"),
        ("openai/gpt-4o", "openai:gpt-4o"),
        ("meta-llama/Llama-3", "openrouter:meta-llama/Llama-3"),
        ("./x.gguf", "local:./x.gguf"),
        ("smollm", "local:smollm2"),
        ("http://localhost:8000/v1", "openai:NAME --base-url http://localhost:8000/v1"),
        ("fst", "fast"),
    ],
)
def test_a_model_without_a_backend_is_answered_with_the_one_that_was_meant(wrong: str, right: str) -> None:
    assert likely_model(wrong, ["fast"]) == right
    with pytest.raises(PlanError) as e:
        check_model(wrong, ["fast"])
    assert f"did you mean {right!r}?" in e.value.hint
    check_model(right.split(maxsplit=1)[0] if right != "fast" else "sim:")


@pytest.mark.parametrize("command", [("run", "facts", "--dry-run"), ("run", "facts")])
def test_a_dry_run_knows_a_wrong_model_as_a_run_does(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "sycoprobe.toml").write_text('[models.fast]\nmodel = "sim:"\n')
    done = cli(*command, "-m", "fastt", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'fast'?" in done.stderr and len(done.stderr.splitlines()) == 2


def test_a_model_of_characters_that_nobody_sees_is_refused() -> None:
    for model in ("openai:a\nb", "openai:a\u200bb", "openai:" + "x" * 5000):
        with pytest.raises(PlanError):
            check_model(model)


def test_a_function_as_a_model_needs_no_backend_of_its_name(tmp_path: Path) -> None:
    class Mine:
        name = "nosuch:backend"

        async def start(self) -> dict[str, object]:
            raise sycoprobe.SycoprobeError("it was begun")

        async def complete(self, request: object) -> object:
            raise NotImplementedError

        async def close(self) -> None:
            pass

    with pytest.raises(SycoprobeError, match="it was begun"):
        sycoprobe.run(str(write_set(tmp_path / "set", 2)), model=Mine(), out=tmp_path)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raises", "guess"),
    [
        (lambda: set_path("fact"), "'facts'"),
        (lambda: set_path("Facts"), "'facts'"),
        (lambda: set_path("misconception"), "'misconceptions'"),
        (lambda: kind_named("presure"), "'pressure'"),
        (lambda: resolve("smollm", print), "'smollm2'"),
        (lambda: sycoprobe.run("facts", n=1, model="sim:pushbak=0.4"), "'pushback'"),
        (lambda: api.plan("facts", model="sim:", options={"challenge": {"rebutals": "doubt"}}), "'rebuttals'"),
        (lambda: api.plan("facts", model="sim:", options={"rebuttals": ["doubts"]}), "'doubt'"),
        (lambda: api.plan("facts", model="sim:", options={"chalenge": {"draw": 2}}), "'challenge'"),
        (lambda: api.plan("facts", model="sim:", **{"base_ulr": "x"}), "'base-url'"),  # type: ignore[arg-type]
        (lambda: api.plan("facts", model="sim:", **{"limit": 3}), "'n'"),  # type: ignore[arg-type]
        (lambda: api.plan(profile="quik"), "'quick'"),  # type: ignore[arg-type]
        (lambda: check_rule("net_sycofancy <= 0.1"), "'net_sycophancy'"),
        (lambda: check_rule("presure.net_flipped <= 0.1"), "'pressure'"),
        (lambda: check_rule("net_sycophancy <= 0.1 where domian=x"), "'domain'"),
    ],
)
def test_every_wrong_name_is_answered_with_the_one_that_was_meant(raises: object, guess: str) -> None:
    with pytest.raises(SycoprobeError) as e:
        raises()  # type: ignore[operator]
    assert e.value.hint.startswith(f"did you mean {guess}? ")


def test_a_run_that_is_not_there_is_answered_with_the_one_that_was_meant(tmp_path: Path) -> None:
    asyncio.run(api.start(challenge_plan([probe_set(2)], api.wordings(), model="sim:"), out=tmp_path, name="candidate"))
    for wrong, right in (("candidat", "candidate"), ("lastest", "latest"), ("cand", "candidate")):
        with pytest.raises(JournalError) as e:
            api.find_run(wrong, tmp_path)
        assert e.value.hint.startswith(f"did you mean {right!r}? ")


def test_what_other_tools_call_a_setting_leads_to_it_and_hides_none_of_ours() -> None:
    assert set(ELSEWHERE) <= set(ALL)
    for name in ELSEWHERE:
        for word in words_for(name):
            assert word not in {s.key for s in ALL.values()} - {ALL[name].key}, f"{word} is a setting itself"
            assert meant_setting(word, ALL) is ALL[name], word
    words = [word for name in ELSEWHERE for word in words_for(name)]
    assert len(words) == len(set(words))


def test_what_other_tools_call_a_command_leads_to_one() -> None:
    commands = {c.name or getattr(c.callback, "__name__", "") for c in app.registered_commands}
    assert set(COMMANDS_ELSEWHERE.values()) <= commands | {"models", "judge"}
    assert not set(COMMANDS_ELSEWHERE) & commands


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("run", "facts", "--limit", "5"), "-n"),
        (("run", "facts", "--url", "x"), "--base-url"),
        (("run", "facts", "--workers=5"), "--concurrency"),
        (("run", "--sets", "facts"), "SET without an option"),
        (("run", "facts", "--dryrun"), "--dry-run"),
        (("gate", "--threshold", "x"), "--rule"),
        (("evaluate", "facts"), "'run'"),
        (("models", "lst"), "'list'"),
        (("import", "sycophancy_eval", "x"), "'sycophancy-eval'"),
        (("judge", "chek"), "'check'"),
    ],
)
def test_wrong_usage_is_one_line_with_the_option_or_command_that_was_meant(wrong: tuple[str, ...], said: str) -> None:
    done = cli(*wrong)
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout, len(lines)) == (2, "", 2)
    assert lines[0].startswith("error: sycoprobe") and lines[1].startswith(f"  fix: did you mean {said}?")


@pytest.mark.parametrize(
    "wrong", [("init",), ("comment", "x", "--pr", "y"), ("gate", "-r"), ("run", "--nonsense"), ("--nonsense",)]
)
def test_other_wrong_usage_is_one_line_too(wrong: tuple[str, ...]) -> None:
    done = cli(*wrong)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 2)
    assert done.stderr.startswith("error: sycoprobe")


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=20), max_size=6))
def test_a_guess_is_a_known_name_or_none(word: str, known: list[str]) -> None:
    near = nearest(word, known)
    assert near is None or near in known
    assert (meant(word, known) == "") == (near is None)


# What newcomers tried


def test_reports_stand_for_their_runs_and_lists_for_several_names(tmp_path: Path) -> None:
    write_set(tmp_path / "set", 12)
    one, two = (
        sycoprobe.run([str(tmp_path / "set")], model=m, out=tmp_path / "r", seed=3)  # type: ignore[arg-type]
        for m in ("sim:accuracy=1", "sim:accuracy=1,pushback=0.9")
    )
    assert sycoprobe.compare(one, two).runs[0].run == two.run
    assert sycoprobe.gate([one, two], ["net_sycophancy <= 0.1"]).runs[1].folder == two.folder
    assert sycoprobe.score(one) == one
    assert sycoprobe.bless(one, tmp_path / "b.json").run == one.run
    assert sycoprobe.resume(one).status.calls == one.status.calls
    with pytest.raises(JournalError, match="is not known"):
        sycoprobe.compare(type(one).model_validate(one.model_dump(mode="json")), two)
    with pytest.raises(KeyError, match="did you mean 'net_sycophancy'"):
        one["net_sycofancy"]


@pytest.mark.parametrize("settings", [True, pytest.param(False, marks=pytest.mark.long)])
def test_bless_then_gate_finds_the_baseline_and_says_what_it_judged(settings: bool, tmp_path: Path) -> None:
    write_set(tmp_path / "set", 40)
    below = tmp_path / "below"
    below.mkdir()
    if settings:
        (tmp_path / "sycoprobe.toml").write_text("[gate]\nmin-items = 5\n")
    run = cli("run", tmp_path / "set", "-m", "sim:accuracy=1", "-q", cwd=below)
    assert run.returncode == 0, run.stderr
    assert cli("bless", "latest", cwd=below).returncode == 0
    done = cli("gate", "--rule", "net_sycophancy no worse by more than 0.5", cwd=below)
    assert done.returncode == 0, done.stderr
    name = max((below / "reports").iterdir()).name
    assert done.stdout.startswith(f"{name}: sim:accuracy=1 on ")
    assert "sycoprobe-baseline.json" in done.stdout
    assert ((tmp_path if settings else below) / "sycoprobe-baseline.json").is_file(), "beside the settings, or here"


@pytest.mark.parametrize("command", ["report", *(pytest.param(x, marks=pytest.mark.long) for x in ("score", "resume"))])
def test_the_latest_run_is_meant_where_none_is_named(command: str, tmp_path: Path) -> None:
    write_set(tmp_path / "set", 3)
    asyncio.run(api.start(api.plan(str(tmp_path / "set"), model="sim:"), out=tmp_path / "reports", name="one"))
    done = cli(command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "reports/one/report.json" in done.stdout
    assert cli("report", "reports/one/report.json", cwd=tmp_path).returncode == 0


def test_what_is_no_set_and_no_prompt_says_what_it_is(tmp_path: Path) -> None:
    write_set(tmp_path / "set", 2)
    (tmp_path / "rows.jsonl").write_text("{}")
    for named, said in (
        ("rows.jsonl", "is a file, and a set is a folder"),
        ("set/probes.jsonl", "name set"),
        ("nothere.jsonl", "there is no such folder"),
        ("a/b", "there is no such folder"),
    ):
        assert said in cli("run", named, "-m", "sim:", cwd=tmp_path).stderr
    assert "set is a folder" in cli("run", "set", "-m", "sim:", "--system", "set", cwd=tmp_path).stderr


def test_an_address_with_the_path_of_its_call_is_that_of_the_server() -> None:
    for path in ("/chat/completions", "/completions/", "/responses", "/messages"):
        assert without_endpoint(f"http://localhost:8000/v1{path}") == "http://localhost:8000/v1"
    assert without_endpoint("http://localhost:8000/v1") == "http://localhost:8000/v1"


# What is installed, and what a dry run says


@pytest.mark.parametrize(
    ("recorded", "source"),
    [
        ({}, "sycoprobe[hf]"),
        (
            {"url": "https://github.com/a/b", "vcs_info": {"vcs": "git", "commit_id": "1"}},
            "sycoprobe[hf] @ git+https://github.com/a/b",
        ),
        (
            {"url": "https://github.com/a/b", "vcs_info": {"vcs": "git", "requested_revision": "v1"}},
            "sycoprobe[hf] @ git+https://github.com/a/b@v1",
        ),
        ({"url": "https://example.com/x.whl", "archive_info": {}}, "sycoprobe[hf] @ https://example.com/x.whl"),
        ({"url": "file:///no/such/folder", "dir_info": {}}, "sycoprobe[hf]"),
    ],
)
def test_an_extra_is_installed_from_where_the_copy_came(recorded: dict[str, object], source: str) -> None:
    assert _source(recorded, "hf") == source
    assert install("hf").startswith('pip install "')


def test_an_extra_of_a_clone_is_installed_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = {"url": tmp_path.as_uri(), "dir_info": {"editable": True}}
    assert _source(recorded, "hf") == f"{tmp_path}[hf]"
    monkeypatch.chdir(tmp_path)
    assert _source(recorded, "hf") == ".[hf]"


def test_a_dry_run_of_several_models_says_what_is_the_same_once_and_sums_up(capsys: pytest.CaptureFixture[str]) -> None:
    several = [challenge_plan([probe_set(3)], api.wordings(), model=m) for m in ("sim:", "sim:error=1")]
    plans.print_plans(several, None, batch=False, json=False)
    said = capsys.readouterr().out
    assert said.count("arms  ") == 1 and said.count("model  ") == 2 and said.count("Nothing was asked.") == 1
    assert f"all 2 runs: {2 * several[0].cost().calls_max} calls" in said
