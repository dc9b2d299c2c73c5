"""Ctrl-C where nothing answers: a program that never does, a server that stays silent, an index that is fetched from; each ends at once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.long, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]

NEVER = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for line in sys.stdin:
    pathlib.Path("asked").touch()
    time.sleep(1000)
"""
AT_ONCE = 3.5
"""Seconds, on a machine that is busy; a program's own two times of grace are 4."""


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(9)
        listening.settimeout(60)
        yield listening


def started(tmp_path: Path, *args: str, **env: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sycoprobe.cli.main", *args]
    return subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **env}
    )


def interrupted(process: subprocess.Popen[str], times: int = 1) -> str:
    """What it says when it is interrupted; it must end at once, with 130 and without a traceback."""
    began = time.monotonic()
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - began < AT_ONCE + 0.3 * times
    assert process.returncode == 130, said
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize(("command", "times"), [(["doctor"], 1), (["run", "quick", "-n", "2", "-q"], 2)])
def test_a_program_that_never_answers_and_heeds_no_signal(tmp_path: Path, command: list[str], times: int) -> None:
    (tmp_path / "never.py").write_text(NEVER)
    process = started(tmp_path, *command, "-m", f"command:{sys.executable} never.py")
    until = time.monotonic() + 60
    while not (tmp_path / "asked").exists() and time.monotonic() < until:
        time.sleep(0.02)
    interrupted(process, times)


def test_a_server_that_says_nothing_to_the_doctor(tmp_path: Path, silent: socket.socket) -> None:
    port = silent.getsockname()[1]
    process = started(tmp_path, "doctor", "-m", "openai:m", "--base-url", f"http://127.0.0.1:{port}/v1")
    with silent.accept()[0]:
        interrupted(process)


def test_an_index_that_says_nothing_while_a_model_is_fetched_leaves_nothing_behind(
    tmp_path: Path, silent: socket.socket
) -> None:
    index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
    pip = {"PIP_INDEX_URL": index, "PIP_EXTRA_INDEX_URL": "", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    process = started(tmp_path, "models", "fetch", "smollm2", SYCOPROBE_CACHE=str(tmp_path / "cache"), **pip)
    with silent.accept()[0]:
        interrupted(process)
    assert list((tmp_path / "cache").rglob(".fetch-*")) == []
