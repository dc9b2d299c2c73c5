"""Commands that README and docs mention in passing are spelled as the command line has them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from sycoprobe.cli.main import app
from tests.markdown_pages import PAGES, ROOT


def spelled_wrong(command: str) -> list[str]:
    """The words of a command, as prose has it, that are no subcommand or option."""
    at, words = typer.main.get_command(app), command.split()[1:]
    while hasattr(at, "commands") and words and words[0].islower() and words[0][0] != "-":
        if words[0] not in at.commands:
            return words[:1]
        at, words = at.commands[words[0]], words[1:]
    options = {name for param in at.params for name in (*param.opts, *param.secondary_opts)} | {"--help", "-h"}
    options |= {"--install-completion", "--show-completion"}
    given = [word.partition("=")[0].rstrip(",;.") for word in words if re.match(r"--?[a-z]", word)]
    return [word for word in given if word not in options]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_in_prose_have_words_that_there_are(page: Path) -> None:
    prose = re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    said = re.findall(r"`(sycoprobe [^`]+)`", prose)
    assert {text: wrong for text in said if (wrong := spelled_wrong(text))} == {}


def test_a_word_that_is_no_option_is_found() -> None:
    assert spelled_wrong("sycoprobe judge run RUN --modle x") == ["--modle"]
    assert spelled_wrong("sycoprobe judges run") == ["judges"]
    assert spelled_wrong("sycoprobe init my_set --force=yes") == ["--force"]
