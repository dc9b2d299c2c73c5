"""A folder that is a set, written whole or not at all, with the report on its import."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from sycoprobe.errors import ProbeError
from sycoprobe.jsontext import json_page
from sycoprobe.sets.importing.ledger import ImportReport
from sycoprobe.sets.load import INFO_FILE, PROBES_FILE
from sycoprobe.sets.probe import SetInfo

REPORT_FILE = "import-report.json"


def write_set(folder: Path, info: SetInfo, probes: Sequence[BaseModel], report: ImportReport) -> None:
    """The set and the report, first beside the folder and then at once in its place."""
    temporary = folder.resolve().with_name(f".{folder.resolve().name}.{os.getpid()}.importing")
    try:
        folder.resolve().parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        (temporary / INFO_FILE).write_text(info_toml(info), encoding="utf-8", newline="\n")
        with (temporary / PROBES_FILE).open("w", encoding="utf-8", newline="\n") as f:
            for probe in probes:
                f.write(json_page(probe.model_dump(mode="json", exclude_defaults=True), None) + "\n")
        whole = json_page(report.model_dump(mode="json")) + "\n"
        (temporary / REPORT_FILE).write_text(whole, encoding="utf-8", newline="\n")
        if folder.exists():
            folder.rmdir()
        temporary.replace(folder.resolve())
    except OSError as e:
        raise ProbeError(f"{folder}: cannot be written: {e.strerror}", "choose a folder that you may write to") from e
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def info_toml(info: SetInfo) -> str:
    """The text of a `set.toml` (TOML 1.0: basic strings, whose escapes are JSON's but for surrogate pairs)."""
    lines = []
    for field, value in info.model_dump(mode="json", exclude_none=True).items():
        written = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        lines.append(f"{field} = {written}")
    return "\n".join(lines) + "\n"
