"""The command line, each time in a process of its own, which starts fast where the system can fork."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO

FORKING = Path(__file__).with_name("forking.py")


class _Forking:
    """The process of `forking.py`, started when it is first needed; it ends when this one does."""

    def __init__(self) -> None:
        self._control: socket.socket | None = None
        self._interpreter: dict[str, str] = {}

    def can_run(self, env: dict[str, str]) -> bool:
        """Whether a fork would behave as a new process with this environment does: Python reads its own part only once."""
        if sys.platform != "linux":
            return False
        if self._control is None:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._interpreter = _of_the_interpreter(dict(os.environ))
            command = [sys.executable, "-P", str(FORKING), str(theirs.fileno())]
            with theirs:
                subprocess.run(
                    command,
                    check=True,
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,
                )
        return _of_the_interpreter(env) == self._interpreter

    def ask(self, asked: dict[str, object], descriptors: list[int]) -> None:
        assert self._control is not None
        socket.send_fds(self._control, [json.dumps(asked).encode()], descriptors)


def _of_the_interpreter(env: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in env.items() if k.startswith(("PYTHON", "LC_", "LANG"))}


_forking = _Forking()


class Command:
    """A `sycoprobe` command under way, much as `subprocess.Popen` has it; `first` is code that its process runs before."""

    def __init__(self, *args: object, cwd: Path | None = None, env: dict[str, str] | None = None, first: str = "") -> None:
        self.args = [*map(str, args)]
        self._open = ExitStack()
        self._out, self._err = (self._open.enter_context(_file()) for _ in range(2))
        where, variables = str(cwd or Path.cwd()), dict(os.environ) if env is None else env
        self._process: subprocess.Popen[bytes] | None = None
        self.returncode: int | None = None
        if _forking.can_run(variables):
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._told = self._open.enter_context(ours)
            asked = {"args": self.args, "cwd": where, "env": variables, "first": first}
            with theirs:
                _forking.ask(asked, [self._out.fileno(), self._err.fileno(), theirs.fileno()])
            self.pid = int(self._told.recv(32))
        else:
            begin = ["-c", f"{first}\nfrom sycoprobe.cli.main import main\nmain()"] if first else ["-m", "sycoprobe.cli.main"]
            self._process = subprocess.Popen(
                [sys.executable, *begin, *self.args], stdout=self._out, stderr=self._err, cwd=where, env=variables
            )
            self.pid = self._process.pid

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once there is one; minus the number of the signal that ended the process."""
        if self._process is not None:
            self.returncode = self._process.wait(timeout)
        elif self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = int(self._told.recv(32))
        return self.returncode

    def poll(self) -> int | None:
        """The exit code, if there is one yet."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process as `kill -9` does, and wait until it is gone."""
        self.send_signal(signal.SIGKILL)
        self.wait(30)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What was printed on both streams by the time of the end."""
        out, err = self.printed(timeout)
        return _text(out), _text(err)

    def printed(self, timeout: float | None = None) -> tuple[bytes, bytes]:
        """The same, byte for byte."""
        self.wait(timeout)
        return _read(self._out), _read(self._err)

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *_: object) -> None:
        with self._open:
            self.kill()


def _file() -> IO[bytes]:
    return tempfile.TemporaryFile()


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _text(printed: bytes) -> str:
    return printed.decode().replace("\r\n", "\n")


def cli(*args: object, cwd: Path | None = None, first: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """What a command printed, and its exit code; `env` is added to the environment."""
    # pytest-xdist tells its workers that they are 80 columns wide.
    ours = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    with Command(*args, cwd=cwd, env=ours | env, first=first) as command:
        out, err = command.communicate()
        return subprocess.CompletedProcess(command.args, command.wait(), out, err)
