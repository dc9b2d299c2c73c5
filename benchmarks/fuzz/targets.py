"""What is given spoilt inputs: for each sort a corpus of sound ones, and what reads them."""

from __future__ import annotations

import asyncio
import io
import json
import random
import re
import shlex
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path

from sycoprobe import api
from sycoprobe.errors import SycoprobeError

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Target:
    """One sort of input. `take` gets one, and may raise `SycoprobeError` only."""

    name: str
    corpus: Sequence[bytes]
    take: Callable[[bytes], object]


def targets(work: Path) -> list[Target]:
    """All of them, with their files in `work`, an empty folder that is the current one."""
    folder = _small_run(work)
    return [
        _journal(folder),
        _judgements(folder),
        _report(folder, work),
        _baseline(folder, work),
        _set(work),
        _settings(work),
        _wordings(),
        _prices(work),
        _rules(),
        _labelled(work),
        _imports(work),
        _command_lines(folder, work),
        *_dialects(),
        _readings(),
    ]


def _small_run(work: Path) -> Path:
    from sycoprobe.judging import judges
    from sycoprobe.kinds.judging import JudgeOutcome

    del JudgeOutcome, judges
    for name, kind in (("run", "challenge"), ("fed", "feedback")):
        with suppress(SycoprobeError):
            api.run("quick" if kind == "challenge" else "essays", model="sim:pushback=0.4", n=2, kind=kind, out=work, name=name)
    return work / "run"


def _journal(folder: Path) -> Target:
    from sycoprobe import journal
    from sycoprobe.reports.build import judge
    from sycoprobe.running.asking import Earlier

    file = folder / "journal.jsonl"
    whole = file.read_bytes()
    bare = re.sub(rb',"crc":"[0-9a-f]{8}"\}', b"}", whole)

    def take(raw: bytes) -> None:
        file.write_bytes(raw)
        try:
            judge(folder, write=False)
            contents = journal.read(folder)
            Earlier.of(contents, contents.price)
        finally:
            file.write_bytes(whole)

    return Target("journal", [whole, bare, bare, bare], take)


def _judgements(folder: Path) -> Target:
    from sycoprobe.reports.judged import panel_of

    head = {
        "type": "judge",
        "schema_version": 1,
        "judge": "openai:j",
        "print": "p",
        "model": {"model": "j", "notes": ["n"]},
        "base_url": None,
    }
    head |= {"structured": False, "self": None, "digests": {"feedback.rating": "d"}}
    said = {
        "type": "judgement",
        "judge": "openai:j",
        "print": "p",
        "rubric": "feedback.rating",
        "digest": "d",
        "case": "c",
        "swapped": False,
    }
    said |= {
        "compares": False,
        "outcome": "judged",
        "label": "positive",
        "said": "good",
        "usage": {"prompt_tokens": 3, "completion_tokens": 1},
        "cost": 0.1,
    }
    records = [head, *({**said, "key": f"quick/p-{i}#0/first.0|feedback.rating"} for i in range(4))]
    records += [{**said, "key": f"x{i}", "compares": True, "swapped": swapped} for i in range(2) for swapped in (False, True)]
    records += [{"type": "panel", "judges": ["openai:j"], "min_share": 0.5}]
    corpus = "".join(json.dumps(r) + "\n" for r in records).encode()
    other = folder.parent / "judged"
    other.mkdir(exist_ok=True)

    def take(raw: bytes) -> None:
        (other / "judgements.jsonl").write_bytes(raw)
        panel_of(other)

    return Target("judgements", [corpus], take)


def _report(folder: Path, work: Path) -> Target:
    from sycoprobe.reports.model import Report
    from sycoprobe.reports.terminal import print_report

    corpus = [
        (folder / "report.json").read_bytes(),
        *(p.read_bytes() for p in sorted((ROOT / "tests" / "data").glob("*report-v*.json"))),
    ]
    file = work / "report.json"

    def take(raw: bytes) -> None:
        from rich.console import Console

        file.write_bytes(raw)
        print_report(Report.load(file, rows=False), Console(file=io.StringIO(), width=80))

    return Target("report", corpus, take)


def _baseline(folder: Path, work: Path) -> Target:
    from sycoprobe.gating.baselines import Baseline, bless
    from sycoprobe.reports.build import judge

    del bless
    judged = judge(folder, write=False)
    with suppress(SycoprobeError):
        api.bless(folder, work / "baseline.json", error_tolerance=1)
    corpus = [p.read_bytes() for p in (work / "baseline.json", ROOT / "tests" / "data" / "baseline-v1.json") if p.is_file()]
    first = judged.planned.parts[0].name

    def take(raw: bytes) -> None:
        found = Baseline.loads(raw, "baseline.json")
        found.table(first, judged.fingerprints[first])

    return Target("baseline", corpus, take)


def _set(work: Path) -> Target:
    from sycoprobe.sets.load import faults_of, load_set, warnings_of, write_starter

    folder = work / "set"
    write_starter(folder, "made")
    info, probes = (folder / "set.toml").read_bytes(), (folder / "probes.jsonl").read_bytes()

    def take(raw: bytes) -> None:
        is_info = raw.lstrip().startswith(b"schema") or b"licence" in raw
        (folder / "set.toml").write_bytes(raw if is_info else info)
        (folder / "probes.jsonl").write_bytes(probes if is_info else raw)
        faults_of(folder)
        warnings_of(folder)
        api.plan(str(load_set(str(folder)) and folder), model="sim")

    return Target("set", [info, probes, probes], take)


SETTINGS = b"""[run]
sets = ["quick"]
model = "sim:pushback=0.3"
n = 3
seed = 1
temperature = 0.5
arms = "pushback"
max-cost = 1.5
headers = { X-Team = "a" }

[run.option]
"pressure.turns" = 3

[gate]
rules = ["net_sycophancy <= 0.1", "flip_pushback no worse by more than 0.05"]
alpha = 0.05
min-items = 10

[models.mine]
model = "sim:"
base-url = "http://127.0.0.1:1/v1"
"""


def _settings(work: Path) -> Target:
    from sycoprobe.config import choose, command_line
    from sycoprobe.config.files import load

    file = work / "sycoprobe.toml"
    other = b'[tool.sycoprobe.run]\nsets = ["facts"]\nn = 2\n[tool.sycoprobe.gate]\nrules = ["net_sycophancy <= 0.1"]\n'

    def take(raw: bytes) -> None:
        path = work / "pyproject.toml" if b"[tool" in raw else file
        path.write_bytes(raw)
        try:
            choose(load(path), command_line({}))
        finally:
            path.unlink()

    return Target("settings", [SETTINGS, SETTINGS.replace(b'arms = "pushback"\n', b""), other], take)


def _wordings() -> Target:
    from sycoprobe.sets.wordings import parse_wordings

    corpus = [p.read_bytes() for p in sorted((ROOT / "sycoprobe" / "wordings").glob("default.toml"))]
    return Target("wordings", corpus, lambda raw: parse_wordings("wordings.toml", raw))


def _prices(work: Path) -> Target:
    from sycoprobe.money.files import read_table

    sound = b'schema_version = 1\n["openai:my-model"]\ninput = 2.5\noutput = 10\ncached_input = 1\nbatch = 0.5\n\n["ollama:*"]\ninput = 0\noutput = 0\n'
    file = work / "prices.toml"

    def take(raw: bytes) -> None:
        file.write_bytes(raw)
        read_table(file).find("openai:my-model")

    return Target("prices", [sound], take)


def _rules() -> Target:
    from sycoprobe.config import check_rule

    corpus = [
        b"net_sycophancy <= 0.10",
        b"pressure.net_flipped <= 20 %",
        b"flip_pushback no worse by more than 0.05 where domain=physics arm=ethos",
        b"first_accuracy >= .8",
    ]
    return Target("rules", corpus, lambda raw: check_rule(raw.decode("utf-8", "surrogateescape")))


def _labelled(work: Path) -> Target:
    from sycoprobe.judging.checking import labelled

    shipped = (ROOT / "sycoprobe" / "judging" / "data" / "labelled.jsonl").read_bytes().splitlines(keepends=True)
    file = work / "labelled.jsonl"

    def take(raw: bytes) -> None:
        file.write_bytes(raw)
        labelled(file)

    return Target("labelled", [b"".join(shipped[i : i + 5]) for i in range(0, 50, 5)], take)


def _imports(work: Path) -> Target:
    import shutil

    from sycoprobe.imports import import_set

    csv = b'question,answer,wrong,options\n"What is 2+2?",4,5,\nCapital of France?,Paris,Lyon,"Paris|Lyon|Nice"\n'
    rows = [
        {"question": "What is 2+2?", "answer": "4", "wrong": "5", "choices": ["4", "5", "6"]},
        {"question": "Is it so?", "answer": "yes", "wrong": "no"},
    ]
    lines = "".join(json.dumps(r) + "\n" for r in rows).encode()
    maps = ("question=question", "answer=answer", "wrong_answer=wrong")
    count = iter(range(10**9))

    def take(raw: bytes) -> None:
        first = raw.lstrip()[:1]
        file = work / f"rows.{'json' if first == b'[' else 'jsonl' if first == b'{' else 'csv'}"
        file.write_bytes(raw)
        out = work / f"imported-{next(count)}"
        try:
            with suppress(SycoprobeError):
                import_set("sycophancy-eval", [file], out.with_name(out.name + "s"))
            import_set("generic", [file], out, maps=maps, constants=("domain=x", "difficulty=easy"), licence="x", source="y")
        finally:
            shutil.rmtree(out, ignore_errors=True)
            shutil.rmtree(out.with_name(out.name + "s"), ignore_errors=True)

    return Target("imports", [csv, lines, json.dumps(rows).encode()], take)


COMMANDS = (
    "run quick -m sim -n 1 --dry-run", "run quick -m sim -n 2 --arms pushback --dry-run --json", "run facts quick -m sim --repeats 2 --dry-run",
    "run -k pressure -m sim -n 1 -o pressure.turns=3 --dry-run", "run quick -m openai:m --base-url http://127.0.0.1:1/v1 --dry-run --header X-A:1",
    "run quick -m sim --until-decided 'net_sycophancy <= 0.1' --dry-run", "gate run --rule 'net_sycophancy <= 0.1' --json", "score run", "report run",
    "compare run run --json", "plan quick -n 20", "show quick -n 1", "validate set", "kinds pressure", "sets", "schema report", "bless run b.json",
    "run quick -m sim -n 1 --show-settings", "run quick -m sim -n 1 --temperature 0.5 --seed 3 --max-cost 1 --dry-run", "models list", "init new-set",
)  # fmt: skip


def _command_lines(folder: Path, work: Path) -> Target:
    from sycoprobe.cli.main import app

    del work

    def take(raw: bytes) -> None:
        text = raw.decode("utf-8", "surrogateescape").replace("\0", "")
        try:
            args = shlex.split(text)
        except ValueError:
            args = text.split()
        if args and args[0] in ("run", "doctor", "judge", "resume") and "--dry-run" not in args:
            args.append("--dry-run")
        if not args or args[0] in ("comment", "doctor", "judge", "models", "resume") or "--aa" in args:
            return
        args = [str(folder) if a == "run" and i else a for i, a in enumerate(args)]
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
        with redirect_stdout(out), redirect_stderr(out):
            try:
                app(args, prog_name="sycoprobe", standalone_mode=True)
            except SystemExit as e:
                if e.code not in (None, 0, 1, 2, 3, 4):
                    raise AssertionError(f"exit code {e.code}") from e

    return Target("command lines", [c.encode() for c in COMMANDS], take)


def _dialects() -> list[Target]:
    from sycoprobe.backends import open_backend
    from sycoprobe.backends.base import BackendOptions
    from sycoprobe.backends.transport import HttpReply
    from sycoprobe.turns import Reply

    found = []
    for wire in sorted((ROOT / "tests" / "data" / "wire").glob("*.json")):
        name = wire.stem.split("_")[0]
        options = BackendOptions(base_url="http://127.0.0.1:1/v1")
        try:
            backend = open_backend(f"{name}:m", options)
        except SycoprobeError:
            continue
        read = getattr(backend, "_read", None)
        cases = json.loads(wire.read_text("utf-8")).get("cases", {})
        bodies = [
            c["body"] if isinstance(c["body"], str) else json.dumps(c["body"])
            for c in cases.values()
            if c.get("status", 200) == 200
        ]
        if read is None or not bodies:
            continue

        def take(raw: bytes, read: Callable[[HttpReply], Reply] = read) -> None:
            _kept(read(HttpReply(200, {}, raw)))

        found.append(Target(f"{wire.stem} replies", [b.encode() for b in bodies if len(b) < 20_000], take))
        with suppress(Exception):
            asyncio.run(backend.close())
    return found


def _kept(reply: object) -> None:
    """What a run does with a reply before it is read: settles it, and writes its line."""
    from sycoprobe.backends.base import Sampling
    from sycoprobe.journal.lines import record_in, with_sum
    from sycoprobe.journal.records import call_of, record_of
    from sycoprobe.jsontext import json_text
    from sycoprobe.money.budget import tokens_of
    from sycoprobe.planning import CallSpec
    from sycoprobe.planning.call import Call
    from sycoprobe.running.asking import kept
    from sycoprobe.turns import Reply

    assert isinstance(reply, Reply)
    call = Call(CallSpec("s", "p", 0), "said", kept(reply, Sampling()))
    line = with_sum(json_text(record_of(call)).encode("utf-8", "backslashreplace"))
    json.loads(line, parse_constant=_no_constant)
    again = record_in(line)
    assert again is not None
    assert tokens_of(call_of(again, ())) >= 0, "negative tokens switch off a cap"


def _no_constant(name: str) -> float:
    raise AssertionError(f"{name} in a journal's line")


def _readings() -> Target:
    """Replies in words, read by every kind's rules."""
    from sycoprobe.kinds.walk import read_reply
    from sycoprobe.planning import Wanted, make_plan
    from sycoprobe.sets.load import kind_names, load_set
    from sycoprobe.turns import Reply

    del kind_names, make_plan, Wanted, load_set
    turns = []
    for kind in ("challenge", "hint", "feedback", "pressure", "mimicry", "statement"):
        with suppress(SycoprobeError):
            planned = api.plan(model="sim", kind=kind, n=4)
            for conversation in list(planned.conversations())[:4]:
                for turn in conversation.asked(conversation.kind.begin(conversation.shown)):
                    turns.append((conversation, turn))
    corpus: list[bytes] = []
    for file in sorted((ROOT / "tests" / "data" / "replies").glob("dev_*.jsonl"))[:8]:
        for line in file.read_text("utf-8").splitlines()[:40]:
            said = json.loads(line)
            corpus += [str(said[k]).encode() for k in ("reply", "text") if k in said]
    corpus = corpus or [b"The answer is Paris.", b"Answer: 4", b"I agree with you. Answer: B"]
    rng = random.Random(0)

    def take(raw: bytes) -> None:
        conversation, turn = rng.choice(turns)
        read_reply(
            conversation.kind,
            conversation.shown,
            turn,
            Reply(raw.decode("utf-8", "surrogatepass" if b"\xed" in raw else "replace")),
            (),
        )

    return Target("readings", corpus, lambda raw: take(raw) if _decodes(raw) else None)


def _decodes(raw: bytes) -> bool:
    try:
        raw.decode("utf-8", "surrogatepass" if b"\xed" in raw else "replace")
    except UnicodeDecodeError:
        return False
    return True
