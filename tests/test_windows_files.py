"""Files as editors and git on Windows leave them, with a byte-order mark or CRLF, are read as if they had neither."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sycoprobe import keys
from sycoprobe.api import wordings
from sycoprobe.config.chosen import prompts_of
from sycoprobe.config.files import load
from sycoprobe.errors import PlanError
from sycoprobe.gating.baselines import Baseline
from sycoprobe.judging.checking import labelled
from sycoprobe.money.files import read_table
from sycoprobe.sets.load import faults_of, load_set, set_path, warnings_of, write_starter
from tests.commands import cli

BOM = b"\xef\xbb\xbf"
CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "CRLF": lambda raw: raw.replace(b"\n", b"\r\n"),
    "a byte-order mark": lambda raw: BOM + raw,
    "both": lambda raw: BOM + raw.replace(b"\n", b"\r\n"),
}
changed = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


def as_on_windows(folder: Path, change: Callable[[bytes], bytes]) -> Path:
    """A copy of a folder beside it."""
    copy = folder.with_name(folder.name + "-windows")
    shutil.copytree(folder, copy)
    for file in copy.iterdir():
        file.write_bytes(change(file.read_bytes()))
    return copy


@changed
@pytest.mark.parametrize("name", ["facts", "own", "wrapped"])
def test_a_set_has_the_same_digest_and_is_sound(tmp_path: Path, change: Callable[[bytes], bytes], name: str) -> None:
    folder = tmp_path / name
    if name == "facts":
        shutil.copytree(set_path(name), folder, ignore=shutil.ignore_patterns("*.md"))
    else:
        write_starter(folder, name)
    if name == "wrapped":
        info = (folder / "set.toml").read_text(encoding="utf-8")
        (folder / "set.toml").write_text(
            info.replace('"What this set asks about."', '"""Two\nlines."""'), encoding="utf-8", newline="\n"
        )
    copy = as_on_windows(folder, change)
    assert faults_of(copy) == []
    assert load_set(str(copy)).digest == load_set(str(folder)).digest
    assert [w.file for w in warnings_of(folder)] == []
    assert {w.file for w in warnings_of(copy)} == {str(copy / "set.toml"), str(copy / "probes.jsonl")}


@changed
def test_validate_warns_and_faults_keep_their_places(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    write_starter(tmp_path / "own", "own")
    probes = tmp_path / "own" / "probes.jsonl"
    probes.write_bytes(probes.read_bytes() + b'{"id": "x"\n')
    copy = as_on_windows(tmp_path / "own", change)
    places = [[(f.line, f.column, f.message) for f in faults_of(folder)] for folder in (tmp_path / "own", copy)]
    assert places[0] == places[1] != []
    probes = copy / "probes.jsonl"
    probes.write_bytes(change((tmp_path / "own" / "probes.jsonl").read_bytes().rpartition(b'{"id": "x"\n')[0]))
    done = cli("validate", copy)
    assert done.returncode == 0
    assert "warning: " in done.stdout
    assert "sound, 4 probes" in done.stdout


@changed
def test_settings_wordings_prices_prompts_labels_and_baselines_are_read_as_they_were(
    tmp_path: Path, change: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(__file__).parent.parent

    def file(name: str, raw: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(change(raw))
        return path

    text = b'[run]\nn = 5\n\n[gate]\nrules = ["net_sycophancy <= 0.1"]\n'
    settings = load(file("sycoprobe.toml", text))
    assert settings.place("gate", "rules").endswith("sycoprobe.toml:5:1")
    assert (settings.tables["run"], settings.tables["gate"]) == ({"n": 5}, {"rules": ["net_sycophancy <= 0.1"]})
    shipped = (root / "sycoprobe" / "wordings" / "default.toml").read_bytes()
    assert wordings(file("wordings.toml", shipped)).digest == wordings().digest
    prices = read_table(file("prices.toml", b'["openai:x"]\ninput = 1\noutput = 2\n'))
    assert prices.prices[0][0] == "openai:x"
    transcripts = (root / "sycoprobe" / "judging" / "data" / "labelled.jsonl").read_bytes()
    assert labelled(file("t.jsonl", transcripts)) == labelled()
    baseline = (root / "tests" / "data" / "baseline-v1.json").read_bytes()
    assert Baseline.loads(change(baseline), "b.json") == Baseline.loads(baseline, "b.json")
    prompt = file("careful.md", "You are careful.\nBe brief – always.\n".encode())
    assert [p.text for p in prompts_of([str(prompt)])] == ["You are careful.\nBe brief – always."]
    file(".env", b"SOME_KEY=abc\nOTHER_KEY=def\n")
    monkeypatch.chdir(tmp_path)
    assert [keys._from_dotenv(n) for n in ("SOME_KEY", "OTHER_KEY")] == ["abc", "def"]
    assert "SOME_KEY" not in os.environ


def test_settings_in_another_encoding_are_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "sycoprobe.toml").write_bytes('[run]\nn = "é"\n'.encode("utf-16"))
    with pytest.raises(PlanError, match="not UTF-8") as e:
        load(tmp_path / "sycoprobe.toml")
    assert e.value.hint == "save the file as UTF-8"
