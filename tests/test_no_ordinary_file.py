"""Named pipes and devices where a file is wanted: refused in one line at once, wherever a file is read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sycoprobe.files import opened, read_text
from tests.commands import cli
from tests.makers import write_set

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes in a folder")
READ = {
    "settings": ("run", "set", "--config", "PIPE", "-m", "sim:"),
    "prices": ("run", "set", "-m", "sim:", "--prices", "PIPE"),
    "a system prompt": ("run", "set", "-m", "sim:", "--system", "PIPE"),
    "wordings": ("run", "set", "-m", "sim:", "--wordings", "PIPE"),
    "an import": ("import", "generic", "pipe.csv", "--name", "new"),
    "a set": ("run", "piped", "-m", "sim:"),
    "a model": ("doctor", "-m", "local:pipe.gguf"),
}


def test_a_pipe_or_a_device_is_refused_and_a_file_is_read_with_one_newline_a_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is a named pipe, not a file"):
        opened(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is a device, not a file"):
        opened(Path("/dev/zero"))
    with pytest.raises(IsADirectoryError):
        opened(tmp_path)
    (tmp_path / "file").write_bytes("a\r\nb\rc\n½".encode())
    assert read_text(tmp_path / "file") == "a\nb\nc\n½"


@pytest.mark.long
@pytest.mark.parametrize("case", READ)
def test_every_command_refuses_a_pipe_where_it_reads_a_file(case: str, tmp_path: Path) -> None:
    write_set(tmp_path / "set", 2)
    write_set(tmp_path / "piped", 2)
    for name in ("pipe.toml", "pipe.txt", "pipe.csv", "pipe.gguf", "pipe"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "piped" / "probes.jsonl").unlink()
    os.mkfifo(tmp_path / "piped" / "probes.jsonl")
    suffix = {"an import": ".csv", "a system prompt": ".txt"}.get(case, ".toml")
    done = cli(*(f"pipe{suffix}" if word == "PIPE" else word for word in READ[case]), cwd=tmp_path)
    assert done.returncode in (1, 2), done.stdout
    assert "Traceback" not in done.stderr
