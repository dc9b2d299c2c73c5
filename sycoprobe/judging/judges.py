"""Has the cases of a run judged, by one judge or a panel whose majority counts; it can be stopped and goes on where it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sycoprobe import journal
from sycoprobe.errors import BackendError, JudgeError, JudgingFailed
from sycoprobe.journal import judgements, now
from sycoprobe.journal.judgements import JudgementFile
from sycoprobe.judging.judged import Judged, last_panel, said_by, words_in_full
from sycoprobe.judging.session import Progress, Session, case_digest, together
from sycoprobe.judging.spec import STAND_INS, AnyJudge
from sycoprobe.judging.spec import How as How
from sycoprobe.judging.spec import JudgeSpec as JudgeSpec
from sycoprobe.judging.tested import UnderTest, tested_in
from sycoprobe.kinds.base import Exchange, Thread, Turn
from sycoprobe.kinds.judging import Case, Rubric
from sycoprobe.kinds.powers import cases_of, rubrics_of
from sycoprobe.kinds.rubrics import RUBRICS
from sycoprobe.kinds.walk import Walk
from sycoprobe.loops import run_alone
from sycoprobe.money.budget import Budget
from sycoprobe.money.files import read_table
from sycoprobe.planning import Conversation


def judge_run(
    folder: Path,
    cases: Iterable[Case] | None,
    judges: Sequence[AnyJudge],
    how: How | None = None,
    *,
    rubrics: Mapping[str, Rubric] = RUBRICS,
) -> Judged:
    """Have the cases of the run in `folder` judged, as far as they are not yet; what is said goes to its `judgements.jsonl`.

    Parameters
    ----------
    cases: None: those of the run (`cases_of_run`).
    judges: several make a panel, whose majority counts.

    Raises
    ------
    JudgeError: a judge is the model under test (unless `how.allow_self`), cannot judge, or a rubric is not known.
    JudgingFailed: every further call would fail, too. What was said by then is kept.
    BackendError: a judge cannot be reached at all. JournalError, PriceError
    """
    return run_alone(lambda: ajudge_run(folder, cases, judges, how, rubrics=rubrics), called="judge_run", instead="ajudge_run")


async def ajudge_run(
    folder: Path,
    cases: Iterable[Case] | None,
    judges: Sequence[AnyJudge],
    how: How | None = None,
    *,
    rubrics: Mapping[str, Rubric] = RUBRICS,
) -> Judged:
    """`judge_run`, from asynchronous code."""
    tested = tested_in(folder)
    if cases is None:
        cases = cases_of_run(folder)
    return await ajudge(folder, cases, judges, how, rubrics=rubrics, tested=tested)


async def ajudge(
    folder: Path,
    cases: Iterable[Case],
    judges: Sequence[AnyJudge],
    how: How | None = None,
    *,
    rubrics: Mapping[str, Rubric] = RUBRICS,
    tested: UnderTest | None = None,
) -> Judged:
    """Have any cases judged, with the file in `folder`; `tested` is the model that may not judge. As `judge_run`."""
    how = how or How()
    listed = list(cases)
    _check(listed, judges, rubrics)
    budget = Budget(how.caps)
    with JudgementFile(folder) as file:
        table = read_table(how.prices) if how.prices else None
        progress = Progress(how.told)
        sessions = [Session(j, listed, rubrics, file, how, budget, progress, tested, table) for j in judges]
        # One that cannot be used is found out before any is paid.
        try:
            for session in sessions:
                await session.start()
            progress.of = sum(len(s.open) for s in sessions)
            panel = {"type": "panel", "judges": [j.name for j in judges], "min_share": how.min_share, "at": now()}
            file.append(panel)
            try:
                await together(s.run() for s in sessions)
            except (BackendError, JudgeError) as e:
                raise JudgingFailed(e.message, "; ".join(filter(None, (e.hint, "then the same command goes on")))) from e
        finally:
            for session in sessions:
                await session.close()
        judged = said_by(panel, file.records, {c.key: case_digest(c) for c in listed})
    return replace(judged, capped=budget.reached, missing=len(listed) - words_in_full(judged))


def cases_of_run(folder: Path) -> list[Case]:
    """What a judge is to be asked about the run in `folder`.

    Raises `JournalError` if there is no such run, `JudgeError` if rules read all of what its kinds ask.
    """
    contents = journal.read(folder)
    planned = contents.planned()
    if not any(rubrics_of(part.kind) for part in planned.parts):
        kinds = ", ".join(repr(k) for k in contents.plan.kinds)
        raise JudgeError(
            f"{folder}: a judge has nothing to do in a run of the kind {kinds}: rules read all of it",
            "`sycoprobe kinds NAME` says whether a judge can be asked",
        )
    parts = {part.name: part for part in planned.parts}
    walks: dict[str, Walk] = {}
    done: dict[str, list[tuple[Exchange, Thread]]] = {}
    for call in journal.final_calls(contents):
        spec = call.spec
        part = parts[spec.section or planned.parts[0].name]
        if not rubrics_of(part.kind):
            continue
        walk = walks.get(spec.conversation)
        if walk is None:
            walk = walks[spec.conversation] = Walk(part.conversation(spec.set, contents.probe_of(spec), spec.repeat))
        done.setdefault(spec.conversation, []).extend(walk.give((spec.arm, spec.turn), call.reply))
    found: list[Case] = []
    for conversation in planned.conversations():
        if turns := done.get(conversation.key):

            def key(turn: Turn, conversation: Conversation = conversation) -> str:
                return conversation.call(turn).key

            found += cases_of(conversation.kind, conversation.shown, key, turns)
    return found


def judged_in(folder: Path) -> Judged | None:
    """What the last panel said of the run in `folder`; None if no judge was asked. Raises `JudgeError` if the file is damaged."""
    records = judgements.read(folder)
    panel = last_panel(records)
    return said_by(panel, records, None) if panel is not None else None


def _check(cases: Sequence[Case], judges: Sequence[AnyJudge], rubrics: Mapping[str, Rubric]) -> None:
    if not judges:
        raise JudgeError("no judge was named", "name one with -m backend:name")
    if len({j.name for j in judges}) < len(judges):
        raise JudgeError("a judge is named twice", "name each once: a panel's votes must be independent")
    for judge in judges:
        if isinstance(judge, JudgeSpec) and judge.model.partition(":")[0] in STAND_INS:
            raise JudgeError(
                f"{judge.model} stands in for a model and cannot judge", "name a model that reads what it is asked"
            )
    for case in cases:
        if case.rubric not in rubrics:
            raise JudgeError(f"no rubric {case.rubric!r} (of the case {case.key})", f"there are: {', '.join(rubrics)}")
    if len({c.key for c in cases}) < len(cases):
        raise JudgeError("two cases have one key", "the key of a case is that of its reply with |RUBRIC")
