"""What kinds say is data: complete, checked when it is first used, and changed only together with the kind's version."""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sycoprobe import api, kinds
from sycoprobe.errors import PlanError
from sycoprobe.kinds import agreement
from sycoprobe.kinds.base import ANSWER, KindSettings, Question, Shown
from sycoprobe.kinds.texts import KindTexts, line, lines, table
from sycoprobe.kinds.walk import read_reply
from sycoprobe.sets.load import kind_named, load_set
from sycoprobe.sets.probe import Asked, ask
from sycoprobe.turns import Reply
from tests.makers import probe

WORDINGS = Path(kinds.__file__).parents[1] / "wordings"
MODULES = [importlib.import_module(f"sycoprobe.kinds.{x.name}") for x in pkgutil.iter_modules(kinds.__path__)]
EVERY: dict[str, KindTexts] = {m.TEXTS.kind: m.TEXTS for m in MODULES if hasattr(m, "TEXTS")}
PINNED = {
    "agreement": ("1", "e44a89d653c2c026"),
    "debate": ("1", "24c656794946375e"),
    "distance": ("1", "897b307035858334"),
    "feedback": ("1", "adafa8da41b6da98"),
    "hint": ("1", "fc0cc4f20a412b92"),
    "invented": ("1", "305962e765771db9"),
    "persona": ("1", "f97332f5a67674da"),
    "presupposition": ("1", "f5e4cd9502e8cdb4"),
    "social": ("1", "cc7e331ed2ce4095"),
    "statement": ("1", "da84dccdafbe283b"),
}
"""By kind, its version and the digest of its texts. Whoever changes a text raises `version` of the kind, and writes both here."""


def test_every_file_belongs_to_a_kind() -> None:
    assert {x.stem for x in WORDINGS.glob("*.toml")} == {"default", *EVERY}
    assert EVERY.keys() == PINNED.keys()


@pytest.mark.parametrize("kind", sorted(PINNED))
def test_texts_are_those_of_the_kinds_version(kind: str) -> None:
    digest = hashlib.sha256(json.dumps(EVERY[kind].content).encode()).hexdigest()[:16]
    assert (kind_named(kind).version, digest) == PINNED[kind]


def test_nothing_is_read_when_kinds_are_imported() -> None:
    source = f"""
import importlib, sys
opened = []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)
for name in {[m.__name__ for m in MODULES]}:
    importlib.import_module(name)
assert not [x for x in opened if x.endswith(".toml")], opened
from sycoprobe.kinds.hint import TEXTS
TEXTS.says, TEXTS.says
assert len([x for x in opened if x.endswith(".toml")]) == 1, opened
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Texts(KindTexts):
    """One entry of each shape."""

    ask = line("form")
    plain = lines(least=2)
    says = table(("liked", "disliked"), "form", may=("a",), alike=True)


SOUND = """\
ask = "What of the {form}?"
plain = ["one", "two"]
[says]
disliked = ["I hate {a} {form}."]
liked = ["I like the {form}."]
"""


def texts(folder: Path, content: str | bytes) -> Texts:
    (folder / "made.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    return Texts("made", folder)


def test_a_sound_file_is_read_in_its_order_and_once(tmp_path: Path) -> None:
    found = texts(tmp_path, SOUND)
    assert found.ask.format(form="poem") == "What of the poem?"
    assert found.plain == ("one", "two")
    assert list(found.says.items()) == [("liked", ("I like the {form}.",)), ("disliked", ("I hate {a} {form}.",))]
    (tmp_path / "made.toml").unlink()
    assert found.plain == ("one", "two")


@pytest.mark.parametrize(
    ("old", "new", "said", "fix"),
    [
        ('ask = "What of the {form}?"\n', "", "the file lacks 'ask'", "`ask` is one text that must hold {form}"),
        ("ask =", "more = 1\nask =", "the file holds 'more', which nothing uses", "`plain` is a list"),
        ('"What of the {form}?"', "3", "ask is no text", "`ask` is one text"),
        ('"What of the {form}?"', '" "', "ask is empty", "`ask` is one text"),
        ("What of the {form}?", "What of it?", "ask lacks {form}", "must hold {form}"),
        ("{form}?", "{form} {b}?", "ask holds {b}, which nothing fills", "must hold {form}"),
        ("{form}?", "{form!r}?", "ask cannot be filled in: {form} is not a plain placeholder", "must hold {form}"),
        ("{form}?", "{form}}?", "ask cannot be filled in: Single '}'", "must hold {form}"),
        ('["one", "two"]', '"one"', "plain is no list of texts", "`plain` is a list of 2 or more texts without placeholders"),
        ('["one", "two"]', '["one"]', "plain holds too few texts (1)", "`plain` is a list of 2 or more texts"),
        ('"two"]', '""]', "plain, text 2 is empty", "`plain` is a list"),
        ('"two"]', "2]", "plain, text 2 is no text", "`plain` is a list"),
        ('"two"]', '"{{two"]', "plain, text 2 holds a brace, but is said as it stands", "without placeholders or braces"),
        ("liked = [", "like = [", "[says] lacks 'liked'", "`says` is a table with the lists liked, disliked"),
        ("[says]", "[says]\nmine = []", "[says] holds 'mine', which nothing uses", "the lists liked, disliked, all as long"),
        ("{form}.", "{b}.", "[says] liked, text 1 lacks {form}", "must hold {form}, and may hold {a}"),
        ('like the {form}."', 'like the {form}.", "{form}!"', "different lengths: liked 2, disliked 1", "all as long"),
        ("[says]", "[says", ":3:6: not TOML: ", "fix it there"),
    ],
)
def test_a_fault_is_told_with_its_place_and_how_to_mend_it(tmp_path: Path, old: str, new: str, said: str, fix: str) -> None:
    assert old in SOUND
    found = texts(tmp_path, SOUND.replace(old, new))
    for _ in range(2):  # a fault is not forgotten
        with pytest.raises(PlanError) as raised:
            _ = found.plain
        assert raised.value.message.startswith(f"{tmp_path / 'made.toml'}:")
        assert said in raised.value.message
        assert fix in raised.value.hint and raised.value.hint.endswith("or restore the file as it was installed")


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"made\.toml:1:1: not UTF-8"):
        _ = texts(tmp_path, b"\xff").ask
    with pytest.raises(PlanError, match=r"none\.toml: cannot be read"):
        _ = Texts("none", tmp_path).ask


def shown_as(kind: str, of: Any, asked: Asked | None = None) -> Shown:
    return (Shown if asked is None else Question)(of, asked, kind_named(kind).settings_model(), api.wordings(), 0, "c#0")


def test_a_fault_in_cues_is_not_taken_for_a_fault_of_the_reply(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement, "TEXTS", agreement.Texts("agreement", tmp_path))
    kind, shown = kind_named("agreement"), shown_as("agreement", load_set("plans").probes[0])
    with pytest.raises(PlanError, match=r"agreement\.toml"):
        read_reply(kind, shown, kind.begin(shown)[0], Reply("Gladly!"), ())


def test_the_kind_that_the_package_shows_works() -> None:
    shown_lines = (kinds.__doc__ or "").partition("The whole of a kind:\n")[2].partition("Runs, resumes")[0].splitlines()
    made: dict[str, Any] = {}
    exec("\n".join(x[4:] for x in shown_lines), made)
    kind = made["Flattered"]()
    asked = ask(probe(), random.Random(0))
    shown = shown_as("hint", asked.probe, asked)
    control, praised = kind.begin(shown)
    assert praised.said == f"You are the cleverest of all.\n\n{control.said}"
    for label in kind.labels[ANSWER]:
        reply = Reply(kind.example(shown, praised, {ANSWER: label}, random.Random(0)))
        assert read_reply(kind, shown, praised, reply, ())[ANSWER].label == label
    assert kind.headline(KindSettings()).name == "net_lost"
    assert set(kind.arms(KindSettings())) == {control.arm, praised.arm}
