"""`sycoprobe card` and `verify`: a record that tells when it, its text, its run or a set was changed."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt

import sycoprobe
from sycoprobe.reports.card import digest_of
from tests.commands import cli
from tests.loopback import LoopbackServer

SCRIPT = "<script>alert('x')</script>"
NAME = f"{SCRIPT} --> <!-- /sycoprobe:card --> ``` [a](http://e.vil) @you | # x"
HOSTILE = f"{NAME} \x1b[31m \u202e"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that a gate judged."""
    folder = tmp_path_factory.mktemp("runs")
    sycoprobe.run("quick", model="sim:pushback=0.8,unparsed=0.05", out=folder, name="a", system="Be kind.", seed=2**60)
    assert cli("gate", folder / "a", "--rule", "net_sycophancy <= 0.1", "--rule", "valid_share >= 0.5").returncode == 1
    return folder


@pytest.fixture(scope="module")
def card(out: Path) -> sycoprobe.Card:
    return sycoprobe.card("a", out=out)


def record(card: sycoprobe.Card) -> dict[str, Any]:
    return dict(json.loads(card.to_json()))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the numbers and texts of a record are."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(each, dict | list) and each:
            yield from leaves(each, (*path, key))
        else:
            yield (*path, key)


def changed(data: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """The record with another value in one place."""
    copy = json.loads(json.dumps(data))
    place = copy
    for key in path[:-1]:
        place = place[key]
    old = place[path[-1]]
    place[path[-1]] = (not old) if isinstance(old, bool) else old + 1 if isinstance(old, int | float) else f"{old or ''}x"
    return dict(copy)


def resealed(data: dict[str, Any]) -> dict[str, Any]:
    """What a forger makes of a changed record: one whose digest fits."""
    return {**data, "digest": digest_of(data)}


def test_both_files_agree_with_their_run_and_nothing_of_it_is_touched(out: Path, tmp_path: Path) -> None:
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in (out / "a").iterdir()}
    wrote = cli("card", out / "a", "--out", tmp_path / "mine.md")
    assert wrote.returncode == 0, wrote.stderr
    assert "next: `sycoprobe verify " in wrote.stdout
    for file in ("mine.md", "mine.json"):
        said = cli("verify", tmp_path / file, out / "a")
        assert said.returncode == 0 and said.stdout.rstrip().endswith("agrees"), said.stdout
        alone = cli("verify", tmp_path / file)
        assert alone.returncode == 0 and "every number" not in alone.stdout
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in (out / "a").iterdir()} == before


def test_the_digest_is_that_of_the_canonical_json_and_whatever_way_it_is_laid_out(card: sycoprobe.Card, tmp_path: Path) -> None:
    data = record(card)
    numbers = re.compile(r"(?<=[\[:,])(-?\d+)\.0(?=[,\]}])")
    plain = json.dumps(
        {k: v for k, v in data.items() if k != "digest"}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    canonical = numbers.sub(r"\1", plain)
    assert card.digest == f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"
    file = tmp_path / "turned.json"
    file.write_text(json.dumps(dict(reversed(data.items())), indent=7), "utf-8")
    assert sycoprobe.verify(file).agrees


def test_the_same_run_gives_the_same_record(out: Path, card: sycoprobe.Card) -> None:
    assert sycoprobe.card(out / "a") == card
    assert sycoprobe.card("a", out=out).to_markdown() == card.to_markdown()


def test_it_holds_what_a_model_card_needs_and_nothing_private(out: Path, card: sycoprobe.Card) -> None:
    report = sycoprobe.score("a", out=out)
    (kind,) = card.kinds
    number, net = kind.estimates["net_sycophancy"], report["net_sycophancy"]
    assert (number.value, number.low, number.high) == pytest.approx((net.value, net.low, net.high), abs=1e-4)
    assert (number.items, number.replies, number.headline) == (net.items, net.trials, True)
    assert kind.replies.replies == report.status.calls and kind.replies.unread > 0
    assert kind.replies.unread_share == pytest.approx(kind.replies.unread / kind.replies.replies, abs=1e-4)
    assert kind.sets[0].digest == sycoprobe.load_set("quick").digest and kind.sets[0].shipped
    assert card.decision is not None and card.decision.decision == "fail"
    assert [r.decision for r in card.decision.rules] == ["fail", "pass"]
    assert card.model.system_sha256 is not None and "Be kind" not in card.to_json()
    assert card.instrument.seed == str(2**60) and card.model.served and card.cost.calls == report.status.calls
    assert str(out) not in card.to_json()


def test_a_local_file_is_named_without_its_folder() -> None:
    from sycoprobe import api
    from sycoprobe.reports import card_of
    from tests.makers import challenge_plan, probe_set

    plan = challenge_plan([probe_set(2)], api.wordings()).plan.model_copy(update={"model": "local:/home/me/secret/model.gguf"})

    facts = {"base_url": "https://inner.example", "sha256": "ab", "notes": ["x"]}
    report = SimpleNamespace(model=facts, models_seen={}, upstreams_seen={})
    made = card_of._model(report, plan)  # type: ignore[arg-type]
    assert made["named"] == "local:model.gguf" and made["facts"] == {"sha256": "ab"}


def test_it_keeps_the_published_schema(card: sycoprobe.Card) -> None:
    schema = json.loads(cli("schema", "card").stdout)
    jsonschema.Draft202012Validator(schema).validate(record(card))


@pytest.mark.long
def test_whatever_is_changed_is_noticed(card: sycoprobe.Card, tmp_path: Path) -> None:
    data, file = record(card), tmp_path / "card.json"
    for path in leaves(data):
        file.write_text(json.dumps(changed(data, path)), "utf-8")
        try:
            found = sycoprobe.verify(file)
        except sycoprobe.ReportError:
            continue
        assert any(fault.startswith("digest: ") for fault in found.faults), path


@pytest.mark.long
def test_whatever_a_forger_changes_the_run_gives_it_away_by_name(out: Path, card: sycoprobe.Card, tmp_path: Path) -> None:
    data, file = record(card), tmp_path / "card.json"
    places = [
        ("started",), ("model", "system_sha256"), ("instrument", "wordings_sha256"),
        ("kinds", 0, "estimates", "net_sycophancy", "value"),
        ("kinds", 0, "replies", "unread"), ("kinds", 0, "items_sha256"),
        ("decision", "decision"), ("decision", "rules", 0, "rule"),
    ]  # fmt: skip
    for path in places:
        file.write_text(json.dumps(resealed(changed(data, path))), "utf-8")
        assert sycoprobe.verify(file).agrees, path
        found = sycoprobe.verify(file, "a", out=out)
        assert any(str(path[0]) in fault.split(":")[0] for fault in found.faults), (path, found.faults)


def test_a_set_that_is_not_the_shipped_one_is_named_without_the_run(card: sycoprobe.Card, tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_text(json.dumps(resealed(changed(record(card), ("kinds", 0, "sets", 0, "digest")))), "utf-8")
    said = cli("verify", file)
    assert said.returncode == 1 and "challenge: set quick" in said.stdout and "DOES NOT AGREE" in said.stdout


def test_a_changed_journal_does_not_give_the_numbers_again(out: Path, card: sycoprobe.Card, tmp_path: Path) -> None:
    copy = tmp_path / "a"
    shutil.copytree(out / "a", copy)
    lines = (copy / "journal.jsonl").read_text("utf-8").splitlines()
    kept = [line for line in lines if '"type":"call"' not in line or "/pushback" not in line or "doubt" not in line]
    assert len(kept) < len(lines)
    (copy / "journal.jsonl").write_text("\n".join(kept) + "\n", "utf-8")
    found = sycoprobe.verify(card, copy)
    assert not found.agrees and any("estimates.flip_pushback" in fault for fault in found.faults)


def test_a_number_that_was_changed_in_the_text_is_named_by_its_line(card: sycoprobe.Card, tmp_path: Path) -> None:
    page = "# My model\n\nIt is nice.\n\n" + card.to_markdown() + "\n## More\n"
    file = tmp_path / "README.md"
    file.write_text(page, "utf-8")
    assert sycoprobe.verify(file).agrees
    line = next(i for i, text in enumerate(page.splitlines(), 1) if text.startswith("| net sycophancy |"))
    number = str(card.kinds[0].estimates["net_sycophancy"])
    file.write_text(page.replace(f"| net sycophancy | {number}", "| net sycophancy | 0.01 [0.00, 0.02]"), "utf-8")
    found = sycoprobe.verify(file)
    assert found.faults == tuple(f for f in found.faults if f.startswith(f"{file}:{line}:1: the text is not")) and found.faults


def test_a_decision_that_its_rules_no_longer_come_to_is_in_no_record(out: Path, tmp_path: Path) -> None:
    copy = tmp_path / "a"
    shutil.copytree(out / "a", copy)
    gate = json.loads((copy / "gate.json").read_text("utf-8"))
    gate["result"]["decision"] = "pass"
    (copy / "gate.json").write_text(json.dumps(gate), "utf-8")
    said = cli("card", copy)
    assert said.returncode == 2 and f"sycoprobe gate {copy}" in said.stderr and not (copy / "card.md").exists()


def test_a_record_without_a_decision_agrees_after_the_gate_too(out: Path, tmp_path: Path) -> None:
    copy = tmp_path / "a"
    shutil.copytree(out / "a", copy)
    (copy / "gate.json").unlink()
    made = sycoprobe.card(copy)
    assert made.decision is None
    shutil.copy(out / "a" / "gate.json", copy)
    found = sycoprobe.verify(made, copy)
    assert found.agrees and "a gate judged the run" in found.notes[-1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("{}", "this is no record"),
        ('{"card_version": 99}', "written by a newer sycoprobe"),
        ('{"card_version": 1, "card_version": 1}', "names 'card_version' twice"),
        ('{"card_version": 1, "run": NaN}', "not JSON"),
        ('{"card_version": 1}', "digest: Field required"),
        ("# A page\n", "there is no record"),
        ("[" * 100_000, "there is no record"),
        ('{"a":' + "[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_record_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "card.json"
    file.write_text(text, "utf-8")
    said = cli("verify", file)
    assert said.returncode == 2 and says in said.stderr, said.stderr
    assert len(said.stderr.strip().splitlines()) == 2 and "Traceback" not in said.stderr


def test_two_records_on_one_page_are_refused(card: sycoprobe.Card, tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(card.to_markdown() * 2, "utf-8")
    with pytest.raises(sycoprobe.ReportError, match="2 records"):
        sycoprobe.verify(file)


@pytest.mark.long
def test_names_and_texts_from_outside_are_inert_in_the_markdown(tmp_path: Path) -> None:
    def said(body: dict[str, Any]) -> str:
        return HOSTILE

    with LoopbackServer(said) as server:
        sycoprobe.run("quick", n=4, model=f"openai:{NAME}", base_url=server.url, system=HOSTILE, out=tmp_path, name="h")
    made = sycoprobe.card("h", out=tmp_path)
    page = made.to_markdown()
    file = tmp_path / "card.md"
    file.write_text(page, "utf-8")
    assert sycoprobe.verify(file, "h", out=tmp_path).agrees
    html = MarkdownIt("commonmark").enable("table").render(page)
    tags = set(re.findall(r"<([a-z0-9]+)", re.sub(r"<!--.*?-->", "", html)))
    assert tags <= {
        "h2",
        "p",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ul",
        "li",
        "strong",
        "details",
        "summary",
        "pre",
        "code",
    }
    assert html.count("<!--") == 2 and "\x1b" not in page and "\u202e" not in page
    shown = cli("card", tmp_path / "h", "--json").stdout
    assert json.loads(shown) == json.loads(made.to_json()) and "\x1b" not in shown


def test_a_record_shows_itself(out: Path, card: sycoprobe.Card) -> None:
    assert repr(card).startswith(f"<Card {card.short} a: sim:")
    assert "net sycophancy" in str(card) and "<table" in card._repr_html_()
    found = sycoprobe.verify(card, "a", out=out)
    assert "agrees: its digest" in repr(found) and "agrees" in found._repr_html_()


@pytest.mark.long
def test_each_command_of_the_page_works(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "card.md").read_text("utf-8")
    block = page.partition("<!-- ci: card -->\n```sh\n")[2].partition("```")[0]
    for line in block.splitlines():
        program, *options = shlex.split(line, comments=True)
        said = cli(*options, cwd=tmp_path)
        assert program == "sycoprobe" and said.returncode == 0, (line, said.stdout, said.stderr)
