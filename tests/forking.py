"""A process that has imported the command line already, and forks for each command that it is told to run.

Each command is a real process: with streams, environment, folder, signals and an exit code of its own. Only the
second that Python takes to import everything is spent once instead of hundreds of times.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
from typing import Any

LEFT_OUT = ("sycoprobe.backends.local", "sycoprobe.backends.transformers", "sycoprobe.pytest_plugin", "sycoprobe.testing")
"""What few commands need, and what takes long or starts threads."""


def import_everything() -> None:
    """Import what commands import when they first use it."""
    for found in pkgutil.walk_packages(importlib.import_module("sycoprobe").__path__, "sycoprobe."):
        if not found.name.startswith(LEFT_OUT):
            importlib.import_module(found.name)
    for name in ("scipy.optimize", "scipy.special", "scipy.stats"):
        importlib.import_module(name)


def serve(control: socket.socket) -> None:
    """Fork for each request until nobody is left to ask; return only in a process that is to run a command."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the watchers
    while True:
        sent, descriptors, _, _ = socket.recv_fds(control, 1 << 20, 3)
        if not sent:
            os._exit(0)
        if os.fork() == 0:
            control.close()
            watch(json.loads(sent), *descriptors)
            return
        for each in descriptors:
            os.close(each)


def watch(asked: dict[str, Any], out: int, err: int, told: int) -> None:
    """Fork once more; tell the number of the new process, and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(told)
        become(asked, out, err)
        return
    os.close(out)
    os.close(err)
    os.write(told, str(pid).encode())
    _, status = os.waitpid(pid, 0)
    os.write(told, str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def become(asked: dict[str, Any], out: int, err: int) -> None:
    """Make this process what `python -m sycoprobe.cli.main ARGS` is when it begins."""
    for made, wanted in ((out, 1), (err, 2)):
        os.dup2(made, wanted)
        os.close(made)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    sys.path.insert(0, asked["cwd"])
    sys.argv = [str(sys.modules["sycoprobe.cli.main"].__file__), *asked["args"]]
    exec(asked["first"], {})


if __name__ == "__main__":
    if os.fork():
        os._exit(0)  # so that it is no child of the tests, some of which look whether a child of theirs is left
    import_everything()
    gc.freeze()  # what was imported, no command need look through in search of rubbish
    serve(socket.socket(fileno=int(sys.argv[1])))
    sys.modules["sycoprobe.cli.main"].main()
