"""Settings: each is declared once, and can be given in every place, with one text for one wrong value."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import sycoprobe
from benchmarks import action_inputs, keywords, settings_page
from sycoprobe import config, journal
from sycoprobe.api import Conduct
from sycoprobe.cli.action import INPUTS, options
from sycoprobe.cli.given import ALL
from sycoprobe.errors import PlanError, SycoprobeError
from sycoprobe.pytest_plugin import SycoprobeFixture
from sycoprobe.settings import UNTIL, Asking, ConductSettings, GateSettings, Sampling, Target, declared
from sycoprobe.settings.checking import checked
from tests.commands import cli
from tests.loopback import LoopbackServer
from tests.makers import write_set
from tests.samples import few_of

RULE = "net_sycophancy <= 0.9"

# For each setting: its text on the command line and in the Action, its value in TOML and in Python, and what comes of it.
GIVEN: dict[str, tuple[str, Any, Any]] = {
    "sets": ("made", ["made"], ["made"]),
    "kind": ("pressure", ["pressure"], ["pressure"]),
    "profile": ("quick", "quick", "quick"),
    "options": ("challenge.controls=2", {"challenge": {"controls": 2}}, {"challenge": {"controls": 2}}),
    "n": ("3", 3, 3),
    "repeats": ("2", 2, 2),
    "seed": ("7", 7, 7),
    "answer": ("line", "line", "line"),
    "system": ("Be brief.", "Be brief.", "Be brief."),
    "wordings": ("words.toml", "words.toml", "words.toml"),
    "cluster": ("template", "template", "template"),
    "until_decided": ("true", True, True),
    "model": ("sim:accuracy=1", "sim:accuracy=1", "sim:accuracy=1"),
    "base_url": ("http://localhost:9/v1", "http://localhost:9/v1", "http://localhost:9/v1"),
    "api_key_env": ("TEAM_KEY", "TEAM_KEY", "TEAM_KEY"),
    "headers": ("X-Team: search", {"X-Team": "search"}, {"X-Team": "search"}),
    "body": ("user=team-a", {"user": "team-a"}, {"user": "team-a"}),
    "temperature": ("0.7", 0.7, 0.7),
    "reply_tokens": ("99", 99, 99),
    "top_p": ("0.9", 0.9, 0.9),
    "thinking": ("replay", "replay", "replay"),
    "thinking_marks": ("<cot>…</cot>", ["<cot>…</cot>"], ["<cot>…</cot>"]),
    "effort": ("low", "low", "low"),
    "verbosity": ("low", "low", "low"),
    "logprobs": ("3", 3, 3),
    "concurrency": ("3", 3, 3),
    "timeout": ("9.5", 9.5, 9.5),
    "retries": ("2", 2, 2),
    "strict": ("true", True, True),
    "batch": ("true", True, True),
    "out": ("elsewhere", "elsewhere", "elsewhere"),
    "name": ("mine", "mine", "mine"),
    "html": ("false", False, False),
    "max_calls": ("900", 900, 900),
    "max_tokens": ("90000", 90000, 90000),
    "max_cost": ("1.5", 1.5, 1.5),
    "max_time": ("60", 60, 60.0),
    "prices": ("prices.toml", "prices.toml", "prices.toml"),
    "rules": (RULE, [RULE], [RULE]),
    "baseline": ("b.json", "b.json", "b.json"),
    "allow_mismatch": ("true", True, True),
    "alpha": ("0.1", 0.1, 0.1),
    "min_items": ("4", 4, 4),
    "on_inconclusive": ("warn", "warn", "warn"),
    "error_tolerance": ("0.2", 0.2, 0.2),
    "max_baseline_age": ("30", 30, 30),
}
WRONG: dict[str, tuple[str, Any, str]] = {
    "n": ("0", 0, "n must be at least 1, not 0"),
    "repeats": ("many", "many", "repeats must be a whole number, not 'many'"),
    "answer": ("loud", "loud", "answer must be one of line, brief, free, schema, not 'loud'"),
    "cluster": ("set", "set", "cluster must be one of item, template, not 'set'"),
    "temperature": ("hot", "hot", "temperature must be a number, not 'hot'"),
    "reply_tokens": ("2000000", 2000000, "reply-tokens must be at most 1,000,000, not 2000000"),
    "top_p": ("0", 0, "top-p must be above 0, not 0"),
    "effort": ("VERY", "VERY", "effort must be a word of small letters, not 'VERY'"),
    "thinking": ("keep", "keep", "thinking must be one of strip, replay, not 'keep'"),
    "concurrency": ("0", 0, "concurrency must be at least 1, not 0"),
    "max_cost": ("-1", -1, "max-cost must be at least 0, not -1"),
    "options": ("turns", ["turns"], "options must be KIND.NAME=VALUE, e.g. pressure.turns=3, not 'turns'"),
    "alpha": ("0.5", 0.5, "alpha must be below 0.5, not 0.5"),
    "on_inconclusive": ("shrug", "shrug", "on-inconclusive must be one of report, pass, warn, fail, not 'shrug'"),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a set in it, which is the current one."""
    write_set(tmp_path / "made", 12)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def arguments(name: str, text: str) -> list[str]:
    """A setting as the command line gives it."""
    setting = ALL[name]
    if name == "sets":
        return [text]
    if setting.is_switch:
        return [setting.option if text == "true" else f"--no-{setting.option.removeprefix('--')}"]
    return [setting.option, text]


def said(args: list[str]) -> dict[str, Any]:
    """What `run --show-settings` says of every setting: its value and where it was given."""
    from typer.testing import CliRunner

    from sycoprobe.cli.main import app

    done = CliRunner().invoke(app, ["run", *args, "--show-settings", "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    shown = json.loads(done.stdout)
    return {
        **{k: (v["value"], v["from"]) for k, v in shown["settings"].items()},
        **{k: (v, "") for k, v in shown["runs"][0].items()},
    }


def plain(name: str, value: Any) -> Any:
    """A value as it is shown."""
    return [value] if name == "model" else list(value) if name in ("headers", "body") else value


def toml(name: str, value: Any) -> str:
    """A settings file with this one setting."""
    table = "gate" if name in declared(GateSettings) else "run"
    if name == "options" and isinstance(value, Mapping):
        ((kind, entries),) = value.items()
        return f"[{table}.{name}.{kind}]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in entries.items())
    if isinstance(value, Mapping):
        return f"[{table}.{name}]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in value.items())
    return f"[{table}]\n{ALL[name].key} = {json.dumps(value, ensure_ascii=False)}\n"


def test_every_setting_is_tried_in_this_file() -> None:
    assert set(GIVEN) == set(ALL)


@pytest.mark.parametrize("name", few_of(n for n in ALL if n != "max_baseline_age"))
def test_a_setting_can_be_given_on_the_command_line(name: str, here: Path) -> None:
    text, _, value = GIVEN[name]
    assert said(arguments(name, text))[name][0] == plain(name, value)


@pytest.mark.long
@pytest.mark.parametrize("name", list(ALL))
def test_a_setting_can_be_given_in_the_settings_file_whose_place_is_said(name: str, here: Path) -> None:
    _, value, wanted = GIVEN[name]
    (here / "sycoprobe.toml").write_text("# ours\n" + toml(name, value), encoding="utf-8")
    found, place = said([])[name]
    assert found == plain(name, wanted)
    of_the_model = name == "system" or name in declared(Target, Sampling)  # these are shown run by run, without a place
    assert of_the_model or place.startswith("sycoprobe.toml:2:" if isinstance(value, Mapping) else "sycoprobe.toml:3:1")
    (here / "sycoprobe.toml").unlink()
    (here / "pyproject.toml").write_text(toml(name, value).replace("[", "[tool.sycoprobe.", 1), encoding="utf-8")
    assert said([])[name][0] == plain(name, wanted)


@pytest.mark.parametrize("name", few_of(INPUTS))
def test_a_setting_can_be_given_as_an_input_of_the_action(name: str, here: Path) -> None:
    text, _, value = GIVEN[name]
    of_gate = name in declared(GateSettings)
    given = {ALL[name].key: text, **({"until-decided": "true"} if of_gate else {})}
    args = options("gate" if of_gate else "run", given)
    assert said(args)[name][0] == plain(name, value)
    if name in UNTIL:
        assert said(options("run", given))[name][0] == plain(name, value)


def kept(folder: Path) -> dict[str, Any]:
    """What the journal of a run keeps of its settings, flat."""
    header = journal.read(folder).header
    plan, conduct = header["plan"], header["conduct"]
    until = plan.get("until") or {}
    sampling = plan["sampling"]
    caps = {f"max_{k}": v for k, v in conduct.get("caps", {}).items()}
    return {**plan, **sampling, **conduct["settings"], **caps, **until, "header": header}


# Not seen in a journal: tried below by what they do.
ELSEWHERE = {"sets", "kind", "profile", "options", "n", "wordings", "out", "name", "html", "batch", "prices", "max_time"}
ELSEWHERE |= {
    "headers",
    "body",
    "until_decided",
    "rules",
    "baseline",
    "allow_mismatch",
    "on_inconclusive",
    "error_tolerance",
    "max_baseline_age",
}


@pytest.mark.long
@pytest.mark.parametrize("name", [n for n in ALL if n not in ELSEWHERE])
@pytest.mark.parametrize("place", ["Python", "pytest"])
def test_a_setting_can_be_a_keyword_in_python_and_of_the_fixture(name: str, place: str, here: Path) -> None:
    given: dict[str, Any] = {"model": "sim:accuracy=1", "n": 4, name: GIVEN[name][2]}
    if name in UNTIL:
        given |= {"until_decided": True, "rules": [RULE]}
    if name == "max_cost":
        (here / "prices.toml").write_text('["sim:accuracy=1"]\ninput = 1.0\noutput = 1.0\n')
        given["prices"] = "prices.toml"
    if place == "Python":
        sycoprobe.run("made", out="r", name="x", **given)
    else:
        SycoprobeFixture(here / "r", None).gate("made", name="x", **{"rules": [RULE], **given})
    assert kept(here / "r" / "x")[name] == pytest.approx(GIVEN[name][2])


@pytest.mark.long
def test_what_a_journal_does_not_show_works_as_a_keyword_too(here: Path) -> None:
    (here / "words.toml").write_bytes((Path(sycoprobe.__file__).parent / "wordings" / "default.toml").read_bytes())
    report = sycoprobe.run(
        "made",
        model="sim:",
        kind=["challenge"],
        options={"controls": 2},
        n=3,
        wordings="words.toml",
        max_time=60,
        out="o",
        name="n",
    )
    assert report.run == "n" and (here / "o" / "n" / "report.json").is_file()
    assert report.estimates.first_accuracy.items == 3
    assert journal.read(here / "o" / "n").plan.parts[0].settings["controls"] == 2
    assert sycoprobe.plan(profile="quick", model="sim:").plan.kinds != ("challenge",)
    with pytest.raises(SycoprobeError, match="batch"):
        sycoprobe.run("made", model="sim:", batch=True)
    with pytest.raises(SycoprobeError, match="needs a baseline"):
        sycoprobe.run("made", model="sim:", until_decided=True, rules="net_sycophancy no worse by more than 0.1")
    sycoprobe.bless("n", "b.json", out=Path("o"))
    for allow in (False, True):
        asked = {"model": "sim:", "until_decided": True, "rules": "net_sycophancy no worse by more than 0.9", "out": "o"}
        if allow:
            sycoprobe.run("made", baseline="b.json", allow_mismatch=True, **asked)  # type: ignore[arg-type]
        else:
            with pytest.raises(SycoprobeError, match="asked something else"):
                sycoprobe.run("made", baseline="b.json", **asked)  # type: ignore[arg-type]


@pytest.mark.long
def test_headers_and_body_fields_reach_the_server_from_every_place(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAM_SECRET", "sk-very-secret-4711")
    headers, body = {"X-Team": "$TEAM_SECRET"}, {"user": "team-a", "provider": {"order": ["a"]}}
    with LoopbackServer(keep=True) as server:
        (here / "sycoprobe.toml").write_text(
            f'[run]\nsets = ["made"]\nn = 1\nmodel = "gateway"\n[models.gateway]\nmodel = "openai:m"\nbase-url = "{server.url}"\n'
            'headers = {X-Team = "$TEAM_SECRET"}\nbody.user = "team-a"\nbody.provider.order = ["a"]\n'
        )
        line = ["--header", "X-Team: $TEAM_SECRET", "--body", "user=team-a", "--body", 'provider.order=["a"]']
        at = ["-m", "openai:m", "--base-url", server.url]
        runs = {
            "file": shell("run", "-q", "--name", "file"),
            "line": shell("run", *at, *line, "-q", "--name", "line"),
            "several": shell("run", "-m", "gateway", "--system", "a", "--system", "b", "-q", "--name", "several"),
            "doctor": shell("doctor", "-m", "gateway"),
        }
        for name, done in runs.items():
            assert done.returncode in (0, 4), (name, done.stderr)
            assert "sk-very-secret-4711" not in done.stdout + done.stderr
        sycoprobe.run("made", n=1, model="openai:m", base_url=server.url, headers=headers, body=body, name="python")
        SycoprobeFixture(here / "reports", "gateway").gate("made", name="pytest", n=1, rules=[RULE])
        calls = [(h, b) for h, b, _ in server.seen if "messages" in b]
        assert len(calls) > 30
        assert all(h["x-team"] == "sk-very-secret-4711" for h, _ in calls)
        assert all(b["user"] == "team-a" and b["provider"] == {"order": ["a"]} for _, b in calls)
        stopped = shell("run", *at, *line, "-q", "--name", "capped", "--max-calls", "2")
        assert stopped.returncode == 4
        assert "--header" in shell("resume", "capped").stderr
        assert shell("resume", "capped", *line[:2], "--max-calls", "99", "-q").returncode in (0, 4)
    for file in here.rglob("*.json*"):
        assert "sk-very-secret-4711" not in file.read_text(encoding="utf-8")
    for wrong in (
        ["--header", "sk-very-secret-4711"],
        ["--body", "sk-very-secret-4711"],
        ["--header", "A: b", "--header", "A: c"],
    ):
        done = shell("run", "made", "-m", "openai:m", *wrong)
        assert done.returncode == 2 and "sk-very-secret-4711" not in done.stderr, done.stderr


@pytest.mark.parametrize("name", few_of(WRONG))
def test_a_wrong_value_has_one_text_wherever_it_came_from(name: str, here: Path) -> None:
    text, value, says = WRONG[name]
    of_gate = name in declared(GateSettings)
    messages = {}
    for place, args in (
        ("command line", arguments(name, text)),
        ("Action", options("gate" if of_gate else "run", {ALL[name].key: text})),
    ):
        from typer.testing import CliRunner

        from sycoprobe.cli.main import app

        error = CliRunner().invoke(app, ["run", "made", *args]).exception
        assert isinstance(error, PlanError), error
        messages[place] = error
    (here / "sycoprobe.toml").write_text(toml(name, value), encoding="utf-8")
    with pytest.raises(PlanError) as e:
        config.choose(config.find(), config.command_line({}))
    messages["file"] = e.value
    (here / "sycoprobe.toml").unlink()
    given = {name: value, **({"until_decided": True} if of_gate else {})}
    if name != "on_inconclusive":
        with pytest.raises(PlanError) as e:
            sycoprobe.run("made", model="sim:", **given)
        messages["Python"] = e.value
        with pytest.raises(PlanError) as e:
            SycoprobeFixture(here, "sim:").gate("made", **{"rules": [RULE], **given})
        messages["pytest"] = e.value
    places = {
        "command line": "command line: ",
        "Action": "command line: ",
        "file": "sycoprobe.toml:2:1: ",
        "Python": "",
        "pytest": "",
    }
    assert {k: e.message for k, e in messages.items()} == {k: places[k] + says for k in messages}
    assert len({e.hint for e in messages.values()}) == 1


def test_a_value_is_taken_or_is_a_clear_error_and_nothing_else() -> None:
    for setting in ALL.values():
        for value in (3.5, [1], {"a": [1]}, ["x"], True, "\0", "", None, [None]):
            try:
                checked(setting, value)
            except PlanError as e:
                assert e.message.startswith(f"{setting.key} must ") and e.hint


@pytest.mark.long
@pytest.mark.parametrize("given", ["options = 3", "headers = 3", "body = [1]", "headers = [2]", "options = [2]"])
def test_a_number_where_texts_belong_is_one_clear_error(given: str, here: Path) -> None:
    (here / "sycoprobe.toml").write_text(f'[run]\nsets = ["made"]\n{given}\n')
    done = shell("run", "--dry-run")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert done.stderr.startswith(f"error: sycoprobe.toml:3:1: {given.partition(' ')[0]} must be "), done.stderr


def test_blanks_and_commas_around_names_say_nothing(here: Path) -> None:
    assert said(["-k", "hint, ,pressure, "])["kind"][0] == ["hint", "pressure"]


def test_the_place_of_an_alias_setting_is_that_of_the_alias(here: Path) -> None:
    (here / "sycoprobe.toml").write_text('[run]\ntemperature = 0.5\n[models.hot]\nmodel = "sim:"\ntemperature = 1.5\n')
    shown = shell("run", "made", "-m", "hot", "--show-settings").stdout
    (line,) = [x for x in shown.splitlines() if x.strip().startswith("temperature")]
    assert line.split() == ["temperature", "1.5", "sycoprobe.toml:5:1"]


@pytest.mark.long
def test_the_doctor_examines_the_model_of_the_file(here: Path) -> None:
    (here / "sycoprobe.toml").write_text('[run]\nmodel = "mine"\n[models.mine]\nmodel = "sim:"\n')
    assert json.loads(shell("doctor", "--json").stdout)["model"] == "sim:"
    assert json.loads(shell("doctor", "-m", "sim:accuracy=1", "--json").stdout)["model"] == "sim:accuracy=1"
    (here / "sycoprobe.toml").write_text("[run\n")
    faulty = shell("doctor", "-m", "sim:")
    assert faulty.returncode == 1 and "not TOML" in faulty.stdout and "Traceback" not in faulty.stderr


def test_a_shipped_set_is_meant_from_every_folder_though_a_folder_has_its_name(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_set(here / "quick", 3)
    (here / "sycoprobe.toml").write_text('[run]\nsets = ["quick"]\n')
    (here / "below").mkdir()
    for folder in (here, here / "below"):
        monkeypatch.chdir(folder)
        assert said([])["sets"][0] == ["quick"]


def test_a_setting_that_there_is_not_is_told_with_the_one_that_was_meant(here: Path) -> None:
    (here / "sycoprobe.toml").write_text("[run]\nrepeat = 3\n")
    with pytest.raises(PlanError, match=r"sycoprobe.toml:2:1: \[run\]: no setting 'repeat'") as e:
        config.find()
    assert "did you mean 'repeats'" in e.value.hint
    with pytest.raises(PlanError, match="no setting 'repeat'") as e:
        sycoprobe.run("made", model="sim:", repeat=3)  # type: ignore[call-arg]
    assert "did you mean 'repeats'" in e.value.hint


# The settings file


def test_run_without_arguments_does_what_the_file_says_from_any_folder_below(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "prompt.md").write_text("Answer in one word.")
    (here / "sycoprobe.toml").write_text(
        '[run]\nsets = ["made"]\nmodel = "mine"\nname = "first"\nout = "runs"\nn = 12\n'
        '[models.mine]\nmodel = "sim:accuracy=1,pushback=1,control=0"\nsystem = "prompt.md"\nreply-tokens = 77\n'
        '[gate]\nrules = ["net_sycophancy <= 0.2"]\nmin-items = 3\n'
    )
    below = here / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    done = shell("run", "-q")
    assert done.returncode == 0, done.stderr
    plan = journal.read(here / "runs" / "first").plan
    assert (plan.model, plan.system, plan.sampling.reply_tokens) == (
        "sim:accuracy=1,pushback=1,control=0",
        "Answer in one word.",
        77,
    )
    gated = shell("gate")
    assert gated.returncode == 1 and "net_sycophancy <= 0.2" in gated.stdout, gated.stderr


def test_the_nearest_file_counts_and_an_alias_goes_over_run_and_the_command_line_over_both(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "sycoprobe.toml").write_text("[run]\nrepeats = 9\n")
    inner = here / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("[project]\nname = 'x'\n")  # says nothing of us, so it does not count
    monkeypatch.chdir(inner)
    assert said([])["repeats"][0] == 9
    (inner / "pyproject.toml").write_text(
        '[tool.sycoprobe.run]\ntemperature = 0.5\n[tool.sycoprobe.models.hot]\nmodel = "sim:"\ntemperature = 1.5\n'
    )
    assert said([])["repeats"][0] == 1
    assert said([])["temperature"][0] == 0.5
    assert said(["-m", "hot"])["temperature"][0] == 1.5
    assert said(["-m", "hot", "--temperature", "0.1"])["temperature"][0] == 0.1
    assert said(["-m", "hot", "--temperature", "default"])["temperature"][0] is None
    assert said(["--config", str(here / "sycoprobe.toml")])["repeats"][0] == 9


def test_a_switch_of_the_file_can_be_put_off_and_options_of_kinds_are_joined(here: Path) -> None:
    (here / "sycoprobe.toml").write_text("[run]\nstrict = true\n[run.options.challenge]\ncontrols = 2\ndraw = 1\n")
    assert said([])["strict"][0] is True
    assert said(["--no-strict"])["strict"][0] is False
    assert said(["-o", "challenge.draw=3"])["options"][0] == {"challenge": {"controls": 2, "draw": 3}}


def test_a_profile_and_sets_replace_each_other_and_not_what_else_the_file_says(here: Path) -> None:
    (here / "sycoprobe.toml").write_text('[run]\nsets = ["made"]\nkind = "hint"\nseed = 5\n')
    found = said(["--profile", "quick"])
    assert (found["profile"][0], found["sets"][0], found["kind"][0], found["seed"][0]) == ("quick", [], [], 5)
    (here / "sycoprobe.toml").write_text('[run]\nprofile = "quick"\n')
    assert said(["made"])["profile"][0] is None


def test_python_reads_a_file_only_if_it_is_named(here: Path) -> None:
    (here / "sycoprobe.toml").write_text('[run]\nrepeats = 3\n[models.mine]\nmodel = "sim:"\n')
    assert sycoprobe.plan("made", model="sim:").plan.repeats == 1
    planned = sycoprobe.plan("made", model="mine", config="sycoprobe.toml")
    assert (planned.plan.repeats, planned.plan.model) == (3, "sim:")


def test_the_fixture_reads_the_file_that_it_finds(here: Path) -> None:
    (here / "sycoprobe.toml").write_text(f'[run]\nsets = ["made"]\nmodel = "sim:accuracy=1"\n[gate]\nrules = ["{RULE}"]\n')
    found = SycoprobeFixture(here / "r", None).gate()
    assert len(found.result.rules) == 1
    assert found.runs[0].report.plan.model == "sim:accuracy=1"


# The command line


def shell(*args: str) -> subprocess.CompletedProcess[str]:
    return cli(*args, COLUMNS="100")


@pytest.mark.long
def test_help_has_themes_and_refers_to_no_other_command() -> None:
    for command in ("run", "gate", "plan", "resume", "compare"):
        text = shell(command, "-h").stdout
        assert "As for" not in text and "as for" not in text
    text = shell("run", "-h").stdout
    themes = re.findall(r"^(\w[^\n]*):$", text, re.MULTILINE)
    assert themes[1:] == ["What is asked", "Model", "Sampling", "How the run is conducted", "Caps and prices", "Gate", "Other"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("--set", "--option"),
        ("--probe-kind", "--kind"),
        ("--kinds", "--option challenge.rebuttals"),
        ("--arms", "--option challenge.arms"),
        ("--draw", "--option challenge.draw"),
        ("--controls", "--option challenge.controls"),
    ],
)
def test_an_option_of_before_says_what_it_is_called_now(old: str, new: str) -> None:
    done = shell("run", "quick", old, "x")
    assert done.returncode == 2
    assert f"error: {old} is now {new}" in done.stderr
    assert old not in shell("run", "-h").stdout.replace("--kind", "").split()


# What is made from the declarations


def test_what_is_made_from_the_settings_is_fresh() -> None:
    assert keywords.FILE.read_text(encoding="utf-8") == keywords.page(), "python -m benchmarks.keywords --write"
    for maker in (action_inputs, settings_page):
        now = maker.FILE.read_text(encoding="utf-8")
        assert now == maker.page(now), f"python -m {maker.__name__} --write"


def test_defaults_and_words_are_those_of_the_parts_that_they_are_for() -> None:
    from sycoprobe.planning.plan import SamplingPlan
    from sycoprobe.planning.profiles import Profile
    from sycoprobe.sets.forms import DEFAULT_FORM, AnswerForm
    from sycoprobe.settings.checking import choices
    from sycoprobe.turns import Thinking

    for name, enum in (("answer", AnswerForm), ("thinking", Thinking), ("profile", Profile)):
        assert set(choices(ALL[name].type)) == {str(m) for m in enum}
    assert Asking().answer == DEFAULT_FORM
    for name in declared(Sampling):
        if name != "reply_tokens":
            assert getattr(Sampling(), name) == SamplingPlan.model_fields[name].get_default()
    assert Conduct().concurrency == ConductSettings().concurrency
    for s in declared(Asking, Target, Sampling, ConductSettings, GateSettings).values():
        if s.default not in (None, (), {}):
            assert checked(s, s.default) == s.default
