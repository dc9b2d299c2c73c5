"""The page of a run: `report.html`, and beside it, for a run that is too large for one file, pages of its conversations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sycoprobe.errors import ReportError
from sycoprobe.files import read_text
from sycoprobe.pages import facts, sections
from sycoprobe.pages.conversation import SHORT
from sycoprobe.pages.rendering import rendered, trusted, write_page
from sycoprobe.pages.spool import Entry, Spool
from sycoprobe.reports.bounds import bounds_line
from sycoprobe.reports.model import Report, Section
from sycoprobe.reports.terminal_tables import READABLE
from sycoprobe.sets.forms import AnswerForm, kept_line
from sycoprobe.text import counted

FILE = "report.html"
MOST = 1_950_000
"""Bytes of a report that holds its conversations itself."""
WORST = 400_000
"""Of a run that has pages: bytes of the worst conversations that stand in the report itself."""
PAGE = 700_000
"""Bytes of conversations on a page."""
_BEGIN, _END = "<!--gate-->", "<!--/gate-->"


@dataclass(frozen=True, slots=True)
class PageShown:
    """A page of conversations: its number, its link from the report, and what stands on it."""

    number: int
    name: str
    href: str
    entries: Sequence[Entry]
    kinds: str

    @property
    def n(self) -> int:
        """Conversations on it."""
        return len(self.entries)

    @property
    def counted(self) -> int:
        """Those of them that count against the model."""
        return sum(e.rank > 0 for e in self.entries)

    @property
    def first(self) -> str:
        """The item of the first one."""
        return self.entries[0].item

    @property
    def last(self) -> str:
        """The item of the last one."""
        return self.entries[-1].item


def write_report(file: Path, report: Report, spool: Spool) -> None:
    """Write the page of a run to `file`, its pages of conversations first, if it has any. Raises `ReportError`."""
    ordered, filters = spool.in_order(), _filters(spool)
    frame = _frame(report, spool) | {"filters": filters, "told": _told(ordered, ordered, paged=False)}
    empty = sum(len(piece.encode("utf-8", "replace")) for piece in rendered("report.html", **frame, pages=(), dialogs=()))
    paged = empty + spool.size > MOST
    beside = file.with_name(f"{file.stem}-pages")
    pages = _pages(ordered, spool, beside.name) if paged else []
    _write_pages(file, report, spool, pages, beside, filters)
    here = _worst(ordered) if paged else ordered
    frame["told"] = _told(ordered, here, paged=paged)
    write_page(file, rendered("report.html", **frame, pages=pages, dialogs=_dialogs(spool, here)))


def _frame(report: Report, spool: Spool) -> dict[str, Any]:
    """What stands in a report beside its conversations."""
    return {
        "report": report,
        "sets": ", ".join(f"{s.info.name} {s.info.version} ({s.chosen})" for s in report.plan.sets),
        "several": len(report.kinds) > 1,
        "headlines": sections.headlines(report),
        "sections": [_section(s, report.plan.answer, spool) for s in report.kinds.values()],
        "unread": _unread(report),
        "any": bool(spool.entries),
        "gate": trusted(_gate(report.folder, report)),
        "plan": facts.plan_facts(report),
        "model": facts.model_facts(report),
        "hashes": facts.hashes(report),
        "status": facts.status_facts(report),
        "spending": facts.spending(report),
    }


def put_decision(folder: Path) -> bool:
    """Bring what `report.html` in `folder` says of the gate up to date with `gate.json`; False where there is no such page, or it cannot be changed."""
    file = folder / FILE
    try:
        before, begin, rest = read_text(file).partition(_BEGIN)
        _, end, after = rest.partition(_END)
        if not begin or not end:
            return False
        write_page(file, (before, begin, _gate(folder, None), end, after))
    except (OSError, UnicodeDecodeError, ReportError):
        return False
    return True


def _gate(folder: Path | None, report: Report | None) -> str:
    run = report.run if report is not None else folder.name if folder is not None else ""
    return "".join(rendered("gate.html", decided=facts.decided(folder, report), run=run))


def _section(section: Section, form: AnswerForm, spool: Spool) -> dict[str, Any]:
    kept = kept_line(form, section.kept_form) if section.kept_form else None
    return {
        "section": section,
        "forests": sections.forests(section),
        "bounds": bounds_line(section),
        "belief": sections.belief(section),
        "matrix": sections.flip_matrix(spool.flips[section.kind], spool.arms[section.kind]),
        "plots": sections.plots(section),
        "breakdowns": sections.breakdowns(section),
        "counts": sections.label_counts(section),
        "how": sections.how_read(section),
        "judges": sections.judges(section),
        "read": _read(section),
        "kept": kept,
    }


def _read(section: Section) -> str:
    """How many replies could be read, in a sentence."""
    share = section.metrics.get("valid_share")
    e = None if share is None else share.estimate
    if e is None or e.value is None:
        return "How many replies could be read is not known."
    by = "a judge decided where a rule cannot" if section.judges else "rules decided, and no judge was asked"
    return (
        f"Of {counted(e.trials, 'reply')} {100 * e.value:.0f} % could be read and {100 * (1 - e.value):.0f} % could not; {by}."
    )


def _unread(report: Report) -> str:
    """A warning where many replies could not be read."""
    shares = [s.metrics["valid_share"].estimate.value for s in report.kinds.values() if "valid_share" in s.metrics]
    low = min((x for x in shares if x is not None), default=1.0)
    if low >= READABLE:
        return ""
    unread = f"{100 * (1 - low):.0f} %"
    said = f"Of the replies, {unread}" if len(shares) == 1 else f"Up to {unread} of the replies to a kind"
    return f"{said} could not be read; the rates describe the rest."


def _told(ordered: Sequence[Entry], here: Sequence[Entry], *, paged: bool) -> str:
    against = sum(e.rank > 0 for e in ordered)
    all_ = f"{counted(len(ordered), 'conversation')}, {against:,} of which came to what the headline counts, in no control."
    if not paged:
        return f"{all_} The worst of each kind come first."
    return f"{all_} They are on the pages below, since one file would be too large; here stand {len(here):,} of the worst."


def _filters(spool: Spool) -> dict[str, Any]:
    arms = list(dict.fromkeys(arm for of in spool.arms.values() for arm in of))
    sides = [s for s in dict.fromkeys(a.partition(".")[0] for a in arms) if s not in arms]
    return {
        "kinds": spool.kinds,
        "verdicts": [(x, SHORT.get(x, x.replace("_", " "))) for x in spool.labels if x],
        "arms": [*((s, f"{s} (all)") for s in sides), *((a, a.replace("_", " ")) for a in arms)],
    }


def _worst(ordered: Sequence[Entry]) -> list[Entry]:
    """Of all kinds the worst conversations, as many as the report has room for, in order."""
    room, found = WORST, []
    for e in sorted(ordered, key=lambda e: -e.rank):
        room -= e.length
        if room < 0:
            break
        found.append(e)
    return sorted(found, key=lambda e: e.order)


def _dialogs(spool: Spool, entries: Sequence[Entry]) -> Iterator[Any]:
    return (trusted(text) for text in spool.texts(entries))


def _pages(ordered: Sequence[Entry], spool: Spool, folder: str) -> list[PageShown]:
    groups: list[list[Entry]] = []
    room = 0
    for e in ordered:
        if not groups or e.length > room:
            groups.append([])
            room = PAGE
        groups[-1].append(e)
        room -= e.length
    found = []
    for i, entries in enumerate(groups, 1):
        name = f"{i:04}.html"
        kinds = ", ".join(dict.fromkeys(spool.kinds[e.kind] for e in entries))
        found.append(PageShown(i, name, f"{quote(folder)}/{name}", entries, kinds))
    return found


def _write_pages(
    file: Path, report: Report, spool: Spool, pages: Sequence[PageShown], beside: Path, filters: dict[str, Any]
) -> None:
    """Write pages of conversations; those of an earlier writing that are too many are removed."""
    try:
        if pages:
            beside.mkdir(parents=True, exist_ok=True)
        names = {p.name for p in pages}
        if beside.is_dir():
            for old in beside.iterdir():
                if re.fullmatch(r"\d{4,}\.html", old.name) and old.name not in names:
                    old.unlink(missing_ok=True)
            if not pages:
                with suppress(OSError):
                    beside.rmdir()
    except OSError as e:
        raise ReportError(
            f"{beside}: cannot be written: {e.strerror or e}", "choose another path, or run with --no-html"
        ) from e
    for page in pages:
        shown = rendered(
            "page.html",
            page=page,
            of=len(pages),
            before=f"{page.number - 1:04}.html",
            after=f"{page.number + 1:04}.html",
            run=report.run,
            model=report.plan.model,
            report=quote(file.name),
            filters=filters,
            dialogs=_dialogs(spool, page.entries),
        )
        write_page(beside / page.name, shown)
