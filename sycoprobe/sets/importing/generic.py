"""Rows of any table to probes, by a mapping of columns to fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from sycoprobe.errors import ProbeError
from sycoprobe.sets.faults import Fault
from sycoprobe.sets.importing.ledger import Ledger
from sycoprobe.sets.importing.making import Making
from sycoprobe.sets.importing.mapping import Column, Mapped, needed
from sycoprobe.sets.importing.names import Names
from sycoprobe.sets.importing.rows import Broken, Row
from sycoprobe.sets.importing.values import like, listed
from sycoprobe.text import visible


def table(rows: Iterable[Row | Broken], ledger: Ledger, mapped: Mapped, seed: int, names: Names) -> None:
    """The rows of one table. Columns that have a field's name serve for it unless another one is mapped.

    Raises
    ------
    ProbeError: the header lacks a column that is mapped, or that a probe cannot do without.
    """
    checked = False
    unused: set[str] = set()
    for row in ledger.counted(rows):
        if isinstance(row, Broken):
            ledger.leave_out(row)
            continue
        columns = _columns_of(row, mapped)
        if row.header and not checked:
            _check_header(row, mapped, columns)
            checked = True
        used = {name for column in columns.values() for name in column.of(row)}
        unused |= {str(name) for name in row.fields} - {name.partition(".")[0] for name in used} - used
        made = Making(row, mapped, columns, seed, ledger, names).probe()
        if isinstance(made, Fault):
            ledger.leave_out(row, made)
        else:
            sources = {field: column.of(row)[0] for field, column in columns.items()}
            if "options" in sources:
                sources.setdefault("wrong_answer", sources["options"])
            ledger.keep(row, made, sources)
    if unused:
        ledger.lose(visible(f"columns that no field was made from: {listed(sorted(unused), 20)}"))


def _columns_of(row: Row, mapped: Mapped) -> dict[str, Column]:
    named = {f: Column((f,)) for f in mapped.model.model_fields if f in row.fields and f not in mapped.constants}
    return {**named, **mapped.columns}


def _check_header(row: Row, mapped: Mapped, columns: Mapping[str, Column]) -> None:
    hint = f"columns: {listed(row.header, 30)}"
    if len(row.header) == 1 and re.search(r"[;\t|]", row.header[0]):
        hint += "; it looks as if another delimiter parts them: --delimiter ';' (or '|', or a tab)"
    elif any(len(h) > 60 or h.isdigit() for h in row.header):
        hint += "; it looks as if the first line is a row already: put a line with the names of the columns before it"
    for field, column in mapped.columns.items():
        for name in column.of(row):
            if name not in row.header and not row.has(name):
                meant = like(name, row.header)
                fix = f"{meant!r} may be meant; {hint}" if meant is not None else hint
                raise ProbeError(f"{row.file}: there is no column {name!r} for {field}", fix)
    for field in needed(mapped, columns):
        fix = f'--map "{field}={like(field, row.header) or "COLUMN"}"; {hint}'
        raise ProbeError(f"{row.file}: no column is mapped to {field}", fix)
