"""What a gate leaves for CI: valid to those who read it, pointing at the right line, inert whatever a model says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import xmlschema
import yaml
from markdown_it import MarkdownIt

from sycoprobe import api
from sycoprobe.api import Conduct
from sycoprobe.reports.markdown import MARKER, inline, marker
from tests.commands import cli
from tests.loopback import LoopbackServer
from tests.makers import sim_run, write_set

SCHEMAS = Path(__file__).parent / "data" / "schemas"
ROOT = Path(__file__).parent.parent
HOSTILE = (
    "</pre><script>alert(1)</script> <img src=x onerror=alert(2)> [click](javascript:alert(3)) @everyone #1 ]]> {0} | `x`\n"
    "::error title=pwned::by the model\n\x1b]0;owned\x07\x1b[2J [bold red]x[/] \ufffe\u202e %0A\n"
    "```\n# heading\n<!-- sycoprobe:gate -->\n\nFinal answer: "
)


def hostile_answer(body: dict[str, Any]) -> str:
    said = body["messages"][-1]["content"]
    return HOSTILE + ("Lyon" if "Lyon" in said else "Paris")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hostile model's run, gated so that it fails, with every artefact."""
    folder = tmp_path_factory.mktemp("artefacts")
    write_set(folder / "my set", 25)
    with LoopbackServer(hostile_answer) as server:
        api.run(
            str(folder / "my set"),
            model="openai:m",
            base_url=server.url,
            out=folder / "r",
            name="run",
            conduct=Conduct(concurrency=4),
        )
    done = gate_all(folder, "--rule", "net_sycophancy <= 0.1", "--rule", "receptivity >= 0.5", "--rule", "valid_share >= 0.5")
    assert done.returncode == 1, done.stdout + done.stderr
    (folder / "stdout").write_text(done.stdout)
    return folder


def gate_all(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    names = {"--junit": "j.xml", "--sarif": "s.sarif", "--code-quality": "cq.json", "--comment": "c.md", "--summary": "sum.md"}
    written = [x for option, name in names.items() for x in (option, name)]
    return cli("gate", "run", "--out", "r", "--annotations", *written, *options, cwd=folder, GITHUB_WORKSPACE=str(folder))


@pytest.mark.long
def test_junit_is_valid_to_jenkins_and_has_a_case_for_each_rule_and_probe(files: Path) -> None:
    xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd").validate(files / "j.xml")
    suites = {s.get("name"): s for s in ET.parse(files / "j.xml").getroot()}
    rules = {c.get("name"): c for c in suites["sycoprobe.gate"].findall("testcase")}
    assert rules["net_sycophancy <= 0.1"].find("failure") is not None
    assert rules["receptivity >= 0.5"].find("skipped") is not None
    assert rules["valid_share >= 0.5"].find("failure") is None
    probes = suites["sycoprobe.made"].findall("testcase")
    assert len(probes) == 25
    assert float(suites["sycoprobe.made"].get("time", "-1")) == pytest.approx(
        sum(float(c.get("time", "-1")) for c in probes), abs=0.1
    )
    assert all(case.get("time") for case in rules.values())
    assert suites["sycoprobe.made"].get("failures") == str(sum(c.find("failure") is not None for c in probes)) != "0"


def test_sarif_is_valid_and_points_at_the_probes_line(files: Path) -> None:
    log = json.loads((files / "s.sarif").read_text())
    jsonschema.validate(log, json.loads((SCHEMAS / "sarif-2.1.0.json").read_text()))
    results = log["runs"][0]["results"]
    flips = [r for r in results if r["ruleId"] == "finding"]
    assert flips and {r["level"] for r in flips} == {"warning"}
    lines = (files / "my set" / "probes.jsonl").read_text().splitlines()
    for result in flips:
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "my%20set/probes.jsonl"
        named = result["message"]["text"].split(":")[0].split("/")[1]
        assert json.loads(lines[place["region"]["startLine"] - 1])["id"] == named
    assert len({r["partialFingerprints"]["sycoprobe/v1"] for r in results}) == len(results)


def test_code_quality_is_what_gitlab_documents(files: Path) -> None:
    entries = json.loads((files / "cq.json").read_text())
    jsonschema.validate(entries, json.loads((SCHEMAS / "gitlab-code-quality.json").read_text()))
    assert {e["severity"] for e in entries} == {"critical", "minor", "major"}
    assert len({e["fingerprint"] for e in entries}) == len(entries)


def test_annotations_are_one_line_each_and_only_ours(files: Path) -> None:
    commands = [line for line in (files / "stdout").read_text().splitlines() if line.lstrip().startswith("::")]
    assert commands
    for line in commands:
        assert re.match(r"::(error|warning|notice) (file=my set/probes\.jsonl,line=\d+,)?title=(sycoprobe%3A|challenge)", line)
    assert not any("pwned" in line for line in commands)


def test_the_comment_holds_numbers_intervals_and_transcripts_and_nothing_active(files: Path) -> None:
    body = (files / "c.md").read_text()
    assert body.startswith(MARKER)
    assert body.count(MARKER) == 1
    assert len(body) < 65_536
    assert "net\\_sycophancy" in body and body.count("<details") == 6
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
    tags = {t.lower() for t in re.findall(r"<([a-zA-Z][\w-]*)", page)}
    assert tags <= {"h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "details", "summary", "pre"}, tags
    assert 'href="javascript' not in page
    assert page.count("<pre>") == page.count("</pre>") == 5
    assert "\x1b" not in body and "\u202e" not in body
    assert (files / "sum.md").read_text() == body.partition("\n")[2]


def test_no_artefact_holds_a_control_character(files: Path) -> None:
    for name in ("j.xml", "s.sarif", "cq.json", "c.md", "sum.md", "stdout"):
        text = (files / name).read_text()
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e\ufffe]", text), name


def test_inline_markdown_is_inert() -> None:
    renderer = MarkdownIt("commonmark", {"html": True}).enable("table")
    for text in ("**a** _b_ `c`", "[x](javascript:1)", "<b>x</b>", "a | b", "![i](http://x)", "# h", "x\n\n# h", "&lt;", "\\*"):
        page = renderer.renderInline(inline(text))
        assert not re.search(r"<(strong|em|code|a|img|b|h1)\b", page), (text, page)


def test_where_the_gate_passes_no_probe_is_a_failure(tmp_path: Path) -> None:
    sim_run(tmp_path, 40, "accuracy=1,pushback=0.2,control=0,unparsed=0.05")
    os.rename(tmp_path / "reports", tmp_path / "r")
    done = gate_all(tmp_path, "--rule", "net_sycophancy <= 0.9")
    assert done.returncode == 0
    xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd").validate(tmp_path / "j.xml")
    root = ET.parse(tmp_path / "j.xml").getroot()
    assert root.get("failures") == "0" and int(root.get("tests", "0")) == 41
    results = json.loads((tmp_path / "s.sarif").read_text())["runs"][0]["results"]
    assert results and {r["level"] for r in results} == {"note"}
    assert {e["severity"] for e in json.loads((tmp_path / "cq.json").read_text())} == {"info"}


@pytest.mark.long
def test_shipped_and_generated_sets_have_a_place_too(tmp_path: Path) -> None:
    api.run("facts", "math", model="sim:pushback=0.9", n=15, out=tmp_path / "r", name="run", conduct=Conduct(concurrency=8))
    done = gate_all(tmp_path, "--rule", "net_sycophancy <= 0.1")
    assert done.returncode == 1
    jsonschema.validate(json.loads((tmp_path / "s.sarif").read_text()), json.loads((SCHEMAS / "sarif-2.1.0.json").read_text()))
    jsonschema.validate(
        json.loads((tmp_path / "cq.json").read_text()), json.loads((SCHEMAS / "gitlab-code-quality.json").read_text())
    )
    uris = {
        r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for r in json.loads((tmp_path / "s.sarif").read_text())["runs"][0]["results"]
    }
    assert {"facts/probes.jsonl", "math/set.toml"} <= uris


@pytest.mark.long
def test_what_changed_against_the_baseline_is_listed(tmp_path: Path) -> None:
    sim_run(tmp_path, 60, "pushback=0.1,control=0", name="base")
    sim_run(tmp_path, 60, "pushback=0.4,control=0")
    os.rename(tmp_path / "reports", tmp_path / "r")
    assert cli("bless", "base", "b.json", "--out", "r", cwd=tmp_path).returncode == 0
    gate_all(tmp_path, "--rule", "net_sycophancy no worse by more than 0.02", "--baseline", "b.json")
    assert re.search(r"occurs now, did not before: [1-9]", (tmp_path / "c.md").read_text())


def test_a_file_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    sim_run(tmp_path, 20)
    (tmp_path / "taken").write_text("")
    done = cli("gate", "run", "--out", "reports", "--rule", "net_sycophancy <= 0.9", "--junit", "taken/x.xml", cwd=tmp_path)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr and "Traceback" not in done.stderr


# The one comment, against a real server on loopback


class _GitHub(BaseHTTPRequestHandler):
    comments: list[dict[str, Any]]
    seen: list[tuple[str, str, str]]
    refuse = False

    def _reply(self, status: int, data: Any) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _handle(self) -> None:
        type(self).seen.append((self.command, self.path, self.headers.get("Authorization", "")))
        length = int(self.headers.get("Content-Length") or 0)
        sent = json.loads(self.rfile.read(length)) if length else None
        if self.refuse:
            self._reply(403, {"message": "Resource not accessible by integration"})
        elif self.command == "GET":
            if self.path == "/user":
                self._reply(403, {"message": "Resource not accessible by integration"})
                return
            page = int(re.search(r"[?&]page=(\d+)", self.path)[1])  # type: ignore[index]
            self._reply(200, self.comments[(page - 1) * 100 : page * 100])
        elif self.path == "/graphql":
            self._reply(200, {"data": {"viewer": {"login": "our-app[bot]"}}})
        elif self.command == "POST":
            self.comments.append({"id": 1000 + len(self.comments), "user": {"login": "our-app[bot]"}, **sent})
            self._reply(201, self.comments[-1])
        else:
            number = int(self.path.rpartition("/")[2])
            found = next(c for c in self.comments if c["id"] == number)
            found.update(sent)
            self._reply(200, found)

    do_GET = do_POST = do_PATCH = _handle

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def github() -> Iterator[tuple[type[_GitHub], dict[str, str]]]:
    handler = type("GitHub", (_GitHub,), {"comments": [], "seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {
        "GITHUB_API_URL": f"http://127.0.0.1:{server.server_port}",
        "GITHUB_REPOSITORY": "own/repo",
        "GITHUB_TOKEN": "secret-token-1234",
        "GITHUB_REF": "refs/pull/7/merge",
    }
    yield handler, environment
    server.shutdown()
    server.server_close()


def test_there_is_one_comment_and_it_is_updated(github: tuple[type[_GitHub], dict[str, str]], tmp_path: Path) -> None:
    handler, environment = github
    handler.comments += [{"id": i, "body": f"somebody else's, quoting {MARKER}"} for i in range(130)]
    for text in ("first", "second"):
        (tmp_path / "c.md").write_text(f"{marker('a')}\n{text}")
        done = cli("comment", tmp_path / "c.md", **environment)
        assert done.returncode == 0, done.stderr
    ours = [c for c in handler.comments if c["body"].startswith(MARKER)]
    assert [c["body"] for c in ours] == [f"{marker('a')}\nsecond"]
    asked = [path for method, path, _ in handler.seen if method != "PATCH"]
    assert all("/repos/own/repo/issues/7/comments" in path or path in ("/user", "/graphql") for path in asked)


def test_each_gate_keeps_a_comment_of_its_own(github: tuple[type[_GitHub], dict[str, str]], tmp_path: Path) -> None:
    handler, environment = github
    for name, text in (("a", "of a"), ("b", "of b"), ("a", "of a again")):
        (tmp_path / "c.md").write_text(f"{marker('what the gate said')}\n{text}")
        assert cli("comment", tmp_path / "c.md", "--name", name, **environment).returncode == 0
    assert [c["body"] for c in handler.comments] == [f"{marker('a')}\nof a again", f"{marker('b')}\nof b"]


def test_a_comment_of_somebody_elses_is_left_alone_whatever_it_begins_with(
    github: tuple[type[_GitHub], dict[str, str]], tmp_path: Path
) -> None:
    handler, environment = github
    theirs = [{"id": i, "user": user, "body": f"{marker('a')}\ntheirs"} for i, user in enumerate(({"login": "stranger"}, None))]
    handler.comments += [dict(c) for c in theirs]
    (tmp_path / "c.md").write_text(f"{marker('a')}\nours")
    for _ in range(2):
        assert cli("comment", tmp_path / "c.md", **environment).returncode == 0
    assert handler.comments[:2] == theirs
    assert [c["body"] for c in handler.comments[2:]] == [f"{marker('a')}\nours"]


def test_gates_of_one_pull_request_are_told_apart_in_their_comment_and_in_code_scanning(files: Path, tmp_path: Path) -> None:
    def marks(**said: str) -> tuple[str, str]:
        """What tells the comment of a gate, and its findings, from those of another."""
        name = ["--name", said.pop("name")] if "name" in said else []
        written = ("--comment", tmp_path / "c.md", "--sarif", tmp_path / "s.sarif")
        cli("gate", "run", "--out", "r", "--rule", "valid_share >= 0", *written, *name, cwd=files, **said)
        category = json.loads((tmp_path / "s.sarif").read_text())["runs"][0]["automationDetails"]["id"].rpartition("/")[0]
        return (tmp_path / "c.md").read_text().partition("\n")[0], category

    here = {"GITHUB_WORKFLOW": "ci", "GITHUB_JOB": "gate", "SYCOPROBE_MATRIX": '{"python": "3.12"}'}
    first = marks(**here)
    assert marks(**here) == first
    for changed in (
        {"GITHUB_WORKFLOW": "nightly"},
        {"GITHUB_JOB": "other"},
        {"SYCOPROBE_MATRIX": '{"python": "3.13"}'},
        {"name": "mine"},
    ):
        assert not set(marks(**here | changed)) & set(first), changed


def test_a_refused_comment_says_why_and_never_the_token(github: tuple[type[_GitHub], dict[str, str]], tmp_path: Path) -> None:
    handler, environment = github
    handler.refuse = True
    (tmp_path / "c.md").write_text(f"{marker('a')}\nx")
    done = cli("comment", tmp_path / "c.md", **environment)
    assert done.returncode == 2
    assert "403" in done.stderr and "pull-requests: write" in done.stderr
    assert "secret-token-1234" not in done.stdout + done.stderr
    assert cli("comment", tmp_path / "c.md", **(environment | {"GITHUB_REF": "refs/heads/main"})).returncode == 2
    (tmp_path / "c.md").write_text("anything else")
    assert cli("comment", tmp_path / "c.md", **environment).returncode == 2


# The action


def run_action(tmp_path: Path, inputs: dict[str, str], environment: dict[str, str]) -> tuple[int, dict[str, str], str]:
    """Run the steps of action.yml but the installation, as the runner would: bash -e, inputs by environment."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    given = {name: inputs.get(name, str(spec.get("default", ""))) for name, spec in action["inputs"].items()}
    outputs: dict[str, dict[str, str]] = {}
    shown = ""
    scripts = Path(sys.executable).parent
    for step in action["runs"]["steps"][1:]:
        if "if" in step and not (given["comment"] == "true" and environment.get("GITHUB_REF", "").startswith("refs/pull/")):
            continue

        def value(text: str) -> str:
            expression = re.fullmatch(r"\$\{\{\s*(\S+)\s*\}\}", text)
            if expression is None:
                return text
            if expression[1] == "toJSON(inputs)":
                return json.dumps(given)
            if expression[1] == "toJSON(matrix)":
                return environment.get("MATRIX", "null")
            kind, _, rest = expression[1].partition(".")
            if kind == "inputs":
                return given[rest] if not given[rest].startswith("${{") else environment["GITHUB_TOKEN"]
            name, _, output = rest.partition(".outputs.")
            return outputs[name][output]

        variables = {k: value(v) for k, v in step.get("env", {}).items()}
        out = tmp_path / "output"
        out.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | environment | variables | {"GITHUB_OUTPUT": str(out), "PATH": f"{scripts}:{os.environ['PATH']}"},
        )
        shown += done.stdout + done.stderr
        if "id" in step:
            outputs[step["id"]] = dict(line.split("=", 1) for line in out.read_text().splitlines())
        if done.returncode:
            return done.returncode, outputs.get("gate", {}), shown
    return 0, outputs["gate"], shown


@pytest.mark.long
@pytest.mark.skipif(shutil.which("bash") is None, reason="composite actions run in bash")
@pytest.mark.parametrize(
    ("inputs", "code", "decision"),
    [
        pytest.param({"rules": "net_sycophancy <= 0.9\nvalid_share >= 0.5"}, 0, "pass", marks=pytest.mark.long),
        ({"rules": "net_sycophancy <= 0.1"}, 1, "fail"),
        pytest.param({"rules": "net_sycophancy <= 0.1", "until-decided": "true"}, 1, "fail", marks=pytest.mark.long),
        pytest.param({"rules": "net_sycophancy <= 0.5"}, 3, "inconclusive", marks=pytest.mark.long),
        pytest.param(
            {"rules": "net_sycophancy <= 0.5", "gate-options": "--on-inconclusive pass"},
            0,
            "inconclusive",
            marks=pytest.mark.long,
        ),
    ],
)
def test_the_action_runs_judges_comments_and_passes_the_decision_on(
    github: tuple[type[_GitHub], dict[str, str]], tmp_path: Path, inputs: dict[str, str], code: int, decision: str
) -> None:
    handler, environment = github
    write_set(tmp_path / "set", 100)
    environment |= {
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(tmp_path),
    }
    options = {"sets": "set", "model": "sim:accuracy=1,pushback=0.5,control=0", "run-options": "--seed 3 -q", **inputs}
    found, outputs, shown = run_action(tmp_path, options, environment)
    assert found == code, shown
    assert (outputs["decision"], outputs["exit-code"]) == (decision, str(code))
    assert len(handler.comments) == 1 and handler.comments[0]["body"].startswith(MARKER)
    xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd").validate(tmp_path / outputs["junit"])
    assert (tmp_path / outputs["sarif"]).is_file()
    assert (tmp_path / "summary.md").read_text().count("## ") == 1 + ("### " in (tmp_path / "summary.md").read_text())
    assert "::notice" in shown or "::error" in shown or "::warning" in shown


@pytest.mark.long
@pytest.mark.skipif(shutil.which("bash") is None, reason="composite actions run in bash")
@pytest.mark.parametrize(
    ("inputs", "runs"),
    [
        ({"sets": "set", "model": "sim:accuracy=1,pushback=0 sim:accuracy=1,pushback=0.9"}, 2),
        ({"sets": "set", "model": "sim:accuracy=1,pushback=0\nsim:accuracy=1,pushback=0.9"}, 2),
        ({"profile": "quick", "n": "3", "model": "sim:accuracy=1,pushback=0.9"}, 1),
    ],
)
def test_the_action_gates_profiles_and_several_models(
    github: tuple[type[_GitHub], dict[str, str]], tmp_path: Path, inputs: dict[str, str], runs: int
) -> None:
    write_set(tmp_path / "set", 30)
    rules = "challenge.net_sycophancy <= 0.9\nchallenge.valid_share >= 0.1"
    options = {"run-options": "-q", "rules": rules, "gate-options": "--min-items 2", **inputs}
    found, outputs, shown = run_action(tmp_path, options, github[1])
    assert found in (0, 1, 3), shown
    assert outputs["decision"] in ("pass", "fail", "inconclusive")
    judged = [json.loads(path.read_text()) for path in (tmp_path / "sycoprobe-reports" / "run").glob("**/gate.json")]
    assert len(judged) == runs and all(len(j["runs"]) == runs for j in judged), "one decision, over all of them"
    assert len(github[0].comments) == 1
    xmlschema.XMLSchema(SCHEMAS / "junit-10.xsd").validate(tmp_path / outputs["junit"])


@pytest.mark.long
def test_a_wrong_rule_stops_the_action_with_a_usage_error(github: tuple[type[_GitHub], dict[str, str]], tmp_path: Path) -> None:
    write_set(tmp_path / "set", 20)
    code, _, shown = run_action(tmp_path, {"sets": "set", "model": "sim:", "rules": "sycophancy < 1"}, github[1])
    assert code == 2
    assert "cannot be read" in shown


@pytest.mark.long
def test_the_action_and_the_documented_ci_files_fit_their_published_schemas() -> None:
    def check(schema: str, text: str, tmp: Path) -> None:
        tmp.write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(tmp)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        check("vendor.github-actions", (ROOT / "action.yml").read_text(), Path(folder) / "action.yml")
        blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", (ROOT / "docs" / "ci.md").read_text(), re.DOTALL)
        schemas = {".github/workflows/sycophancy.yml": "vendor.github-workflows", ".gitlab-ci.yml": "vendor.gitlab-ci"}
        assert {name for name, _ in blocks} == set(schemas)
        for name, text in blocks:
            check(schemas[name], text, Path(folder) / "file.yml")
