"""`python -m sycoprobe`, and completion in shells: real processes, as a shell starts them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = (sys.executable, "-m", "sycoprobe")


def said(*command: str, **environment: str) -> str:
    env = {**os.environ, "TERM": "dumb", **environment}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


def test_the_module_says_what_the_script_says() -> None:
    helped = said(*MODULE, "--help")
    assert helped.startswith("Usage: sycoprobe [OPTIONS] COMMAND")
    script = shutil.which("sycoprobe", path=str(Path(sys.executable).parent))
    if script is not None:
        assert said(script, "--help") == helped
    assert said(*MODULE, "run", "--help").startswith("Usage: sycoprobe run ")
    assert said(*MODULE, "--version").startswith("sycoprobe ")


def test_the_module_ends_with_the_documented_codes() -> None:
    done = subprocess.run([*MODULE, "run", "no-such-set"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: no probe set 'no-such-set'")


@pytest.mark.long
@pytest.mark.parametrize(
    ("shell", "registers"),
    [
        ("bash", "complete -o default -F _sycoprobe_completion sycoprobe"),
        ("zsh", "#compdef sycoprobe"),
        ("fish", "complete --command sycoprobe"),
    ],
)
def test_a_completion_script_comes_out_for_each_shell(shell: str, registers: str) -> None:
    script = said(*MODULE, _SYCOPROBE_COMPLETE=f"source_{shell}")
    assert registers in script
    assert f"_SYCOPROBE_COMPLETE=complete_{shell}" in script
    forced = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    assert said(*MODULE, "--show-completion", shell, **forced).strip() == script.strip()


@pytest.mark.long
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("sycoprobe ga", ["gate"]),
        ("sycoprobe comp", ["compare"]),
        ("sycoprobe models fe", ["fetch"]),
        ("sycoprobe gate --min", ["--min-items"]),
    ],
)
def test_commands_and_options_are_completed(typed: str, offered: list[str]) -> None:
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    assert said(*MODULE, _SYCOPROBE_COMPLETE="complete_bash", **words).split() == offered
    assert offered[0] in said(*MODULE, _SYCOPROBE_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=typed)
    fish = {"_TYPER_COMPLETE_ARGS": typed, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    assert offered[0] in said(*MODULE, _SYCOPROBE_COMPLETE="complete_fish", **fish)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_completes_a_command_once_completion_is_installed(tmp_path: Path) -> None:
    command = tmp_path / "bin" / "sycoprobe"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sycoprobe "$@"\n')
    command.chmod(0o755)
    home = {"HOME": str(tmp_path), "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"}
    # `; true` keeps bash alive as the parent process, by which the shell is told.
    assert "bash completion installed" in said("bash", "--norc", "-c", "sycoprobe --install-completion; true", **home)
    press_tab = (
        f'source "{tmp_path}/.bash_completions/sycoprobe.sh"; COMP_WORDS=(sycoprobe do); '
        'COMP_CWORD=1; _sycoprobe_completion sycoprobe; echo "${COMPREPLY[@]}"'
    )
    assert said("bash", "--norc", "-c", press_tab, **home).split() == ["doctor"]
    assert ".bash_completions/sycoprobe.sh" in (tmp_path / ".bashrc").read_text()
