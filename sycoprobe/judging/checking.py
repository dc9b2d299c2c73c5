"""Measures a judge against labelled transcripts, keeps what came of it where later reports find it, and corrects by it."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from sycoprobe.errors import JudgeError
from sycoprobe.files import read_bytes, read_text, write_whole
from sycoprobe.journal import now
from sycoprobe.jsontext import json_page, read_json
from sycoprobe.judging.judged import Judged
from sycoprobe.judging.judges import ajudge
from sycoprobe.judging.spec import AnyJudge, How, JudgeSpec
from sycoprobe.kinds.judging import Case, Judgement, Rubric, digest_of
from sycoprobe.kinds.rubrics import RUBRICS
from sycoprobe.loops import run_alone
from sycoprobe.stats.agreement import (
    NEVER_MEASURED,
    Confusion,
    Figure,
    cohens_kappa,
    confusion,
    krippendorffs_alpha,
    pooled,
    raw_agreement,
    rogan_gladen,
    two_by_two,
)
from sycoprobe.text import decoded

SCHEMA_VERSION = 1
FOLDER = "judge-checks"
SHIPPED = "labelled.jsonl"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A transcript with the label that a careful reader gives it."""

    id: str
    case: Case
    label: str


@dataclass(frozen=True, slots=True)
class Check:
    """How one judge (or panel) fared on the labelled transcripts of one rubric.

    Attributes
    ----------
    judge: as the user named it.
    model: its id, as its server reports it.
    weights: their SHA-256 or digest, where known.
    rubric_digest: of all that the judge is told of the rubric.
    transcripts: SHA-256 of those that it was shown.
    at: when, ISO 8601.
    n: transcripts.
    outcomes: what became of them, by `JudgeOutcome`.
    agreement, kappa, alpha: among those that it labelled.
    sensitivity, specificity: of the rubric's `positive` labels.
    """

    judge: str
    model: str | None
    weights: str | None
    rubric: str
    rubric_digest: str
    transcripts: str
    at: str
    n: int
    outcomes: dict[str, int]
    agreement: Figure
    kappa: Figure
    alpha: Figure
    confusion: Confusion
    positive: tuple[str, ...]
    sensitivity: Figure
    specificity: Figure
    schema_version: int = SCHEMA_VERSION

    def corrected(self, value: float | None, low: float | None, high: float | None, *, difference: bool = False) -> Figure:
        """A rate of the `positive` labels (or a difference of two), corrected for this judge's errors: `agreement.rogan_gladen`."""
        se, sp = self.sensitivity, self.specificity
        return rogan_gladen(value, low, high, se.value, sp.value, se.n, sp.n, difference=difference)


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of checking: one `Check` a judge and rubric, those of a panel as a whole besides, and how often it all agreed.

    `pooled` holds, by judge, agreement, kappa and alpha over all rubrics. `judged` is what was said, transcript by transcript.
    """

    checks: tuple[Check, ...]
    pooled: Mapping[str, Mapping[str, Figure]]
    judged: Judged

    def as_json(self) -> dict[str, Any]:
        """For a file or a screen; `schema_version` says which form."""
        checks = _CHECKS.dump_python(list(self.checks), mode="json")
        return {
            "schema_version": SCHEMA_VERSION,
            "checks": checks,
            "pooled": _POOLED.dump_python({k: dict(v) for k, v in self.pooled.items()}, mode="json"),
            "missing": self.judged.missing,
            "capped": self.judged.capped,
        }


_CHECKS = TypeAdapter(list[Check])
_POOLED = TypeAdapter(dict[str, dict[str, Figure]])


def labelled(file: Path | None = None, *, rubrics: Mapping[str, Rubric] = RUBRICS) -> list[Labelled]:
    """The labelled transcripts in `file`, else those that we ship.

    Raises `JudgeError`, with file:line:1, for a line that is none: JSON with `id`, `rubric`, `facts`, `dialog`, `label`, and
    `other` where the rubric compares two replies.
    """
    name = str(file) if file else SHIPPED
    try:
        shipped = resources.files("sycoprobe.judging") / "data" / SHIPPED
        text = read_text(file) if file else decoded(shipped.read_bytes())
    except (OSError, UnicodeDecodeError) as e:
        raise JudgeError(f"{name}: cannot be read: {e}", "name a JSONL file of labelled transcripts") from e
    found: dict[str, Labelled] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                one = _labelled(read_json(line), rubrics)
            except (ValueError, KeyError, TypeError, AttributeError) as e:
                said = f"there is no {e.args[0]!r}" if isinstance(e, KeyError) else str(e)
                raise JudgeError(f"{name}:{number}:1: no labelled transcript: {said}", "docs/judges.md shows one") from None
            if one.id in found:
                raise JudgeError(f"{name}:{number}:1: the id {one.id!r} stands twice", "give each line an id of its own")
            found[one.id] = one
    return list(found.values())


def _labelled(line: Any, rubrics: Mapping[str, Rubric]) -> Labelled:
    rubric = rubrics.get(line["rubric"])
    if rubric is None:
        raise ValueError(f"no rubric {line['rubric']!r}; there are {', '.join(rubrics)}")
    if line["label"] not in rubric.labels:
        raise ValueError(f"no label {line['label']!r} in {rubric.name}; there are {', '.join(rubric.labels)}")
    dialog = tuple((str(role), str(text)) for role, text in line["dialog"])
    other = line.get("other")
    if not dialog or rubric.compares != isinstance(other, str):
        raise ValueError(
            "a dialog must not be empty, and `other` stands where the rubric compares two replies and nowhere else"
        )
    facts = {str(k): str(v) for k, v in line.get("facts", {}).items()}
    return Labelled(str(line["id"]), Case(f"{line['id']}|{rubric.name}", rubric.name, facts, dialog, other), line["label"])


def check(
    judges: Sequence[AnyJudge],
    *,
    only: Sequence[str] = (),
    n: int | None = None,
    file: Path | None = None,
    again: bool = False,
    how: How | None = None,
    rubrics: Mapping[str, Rubric] = RUBRICS,
) -> Checked:
    """Ask judges about labelled transcripts, as far as they were not asked already.

    Parameters
    ----------
    judges: each is measured, and of several the panel, too.
    only: names of rubrics; empty: all.
    n: at most so many of each.
    file: labelled transcripts of your own.
    again: ask everything anew.

    Raises
    ------
    JudgeError: a rubric or a transcript is not known or not sound, or a judge cannot be used.
    JudgingFailed: every further call would fail, too; what was said is kept, and asked no second time.
    BackendError: a judge cannot be reached at all.
    """
    wrong = [name for name in only if name not in rubrics]
    if wrong:
        raise JudgeError(f"no rubric {wrong[0]!r}", f"there are: {', '.join(rubrics)}")
    if not judges:
        raise JudgeError("no judge was named", "name one with -m backend:name")
    chosen = _chosen([x for x in labelled(file, rubrics=rubrics) if not only or x.case.rubric in only], n)
    if not chosen:
        raise JudgeError("there is no labelled transcript of these rubrics", f"there are rubrics {', '.join(rubrics)}")
    where = [[j.name, j.base_url if isinstance(j, JudgeSpec) else None] for j in judges]
    work = checks_folder() / "asked" / hashlib.sha256(json.dumps(where).encode()).hexdigest()[:16]
    if again:
        from sycoprobe.journal.judgements import FILE

        with suppress(FileNotFoundError):
            (work / FILE).unlink()
    judged = run_alone(lambda: ajudge(work, [x.case for x in chosen], judges, how, rubrics=rubrics), called="check")
    return _checked(chosen, judged, rubrics)


def _chosen(transcripts: Sequence[Labelled], n: int | None) -> list[Labelled]:
    """At most `n` of each rubric, always the same."""
    by_rubric: dict[str, list[Labelled]] = {}
    for x in transcripts:
        by_rubric.setdefault(x.case.rubric, []).append(x)
    return [x for some in by_rubric.values() for x in (some if n is None else random.Random(0).sample(some, min(n, len(some))))]


def _checked(chosen: Sequence[Labelled], judged: Judged, rubrics: Mapping[str, Rubric]) -> Checked:
    said: dict[str, tuple[Mapping[str, Any], Mapping[str, Judgement]]] = {
        j.name: (j.facts, judged.by_judge[j.name]) for j in judged.judges
    }
    if len(judged.judges) > 1:
        said[judged.name] = (judged.facts, judged.final)
    names = list(dict.fromkeys(x.case.rubric for x in chosen))
    checks: list[Check] = []
    overall: dict[str, dict[str, Figure]] = {}
    for judge, (facts, words) in said.items():
        own = [
            _check_of(judge, facts, rubrics[name], [x for x in chosen if x.case.rubric == name and x.case.key in words], words)
            for name in names
        ]
        checks += own
        overall[judge] = {f: pooled([getattr(c, f) for c in own]) for f in ("agreement", "kappa", "alpha")}
    return Checked(tuple(checks), overall, judged)


def _check_of(
    judge: str, facts: Mapping[str, Any], rubric: Rubric, shown: Sequence[Labelled], words: Mapping[str, Judgement]
) -> Check:
    given = [(x.label, words[x.case.key]) for x in shown]
    pairs = [(label, j.label) for label, j in given]
    two = two_by_two(pairs, rubric.positive)
    return Check(
        judge=judge,
        model=facts.get("model"),
        weights=_weights(facts),
        rubric=rubric.name,
        rubric_digest=digest_of(rubric),
        transcripts=hashlib.sha256(repr(sorted((x.case.key, repr(x.case), x.label) for x in shown)).encode()).hexdigest(),
        at=now(),
        n=len(given),
        outcomes=dict(Counter(j.outcome.value for _, j in given)),
        agreement=raw_agreement(pairs),
        kappa=cohens_kappa(pairs),
        alpha=krippendorffs_alpha(pairs),
        confusion=confusion([(label, j.label or j.outcome.value) for label, j in given], tuple(rubric.labels)),
        positive=rubric.positive,
        sensitivity=two.sensitivity,
        specificity=two.specificity,
    )


def checks_folder() -> Path:
    """Where checks are kept: `judge-checks` in SYCOPROBE_DATA, else in the user's data folder."""
    import platformdirs

    root = os.environ.get("SYCOPROBE_DATA")
    return (Path(root).expanduser() if root else Path(platformdirs.user_data_dir("sycoprobe"))) / FOLDER


def save(checked: Checked, file: Path | None = None) -> list[Path]:
    """Keep checks where `load_check` finds them, and in `file`, if one is named; gives what was written.

    A check with fewer transcripts (`-n`) does not replace one with more of the same judge and rubric; an empty one is not kept.
    Raises `GateError` if it cannot be written.
    """
    written = []
    for c in checked.checks:
        path = checks_folder() / f"{_key(c.judge, c.model, c.weights, c.rubric_digest)}.json"
        kept = _stored(path)
        if c.n and (kept is None or kept.n <= c.n):
            write_whole(path, _dumped(c))
            written.append(path)
    if file is not None:
        write_whole(file, json_page(checked.as_json()) + "\n")
        written.append(file)
    return written


def load_check(judge: str, facts: Mapping[str, Any], rubric_digest: str, file: Path | None = None) -> Check | None:
    """The check of this judge, with these facts of its model, on the rubric with this digest; None if it was never measured.

    Parameters
    ----------
    judge, facts: as in `Judged.name` and `Judged.facts`.
    file: one that `save` wrote; else those in `checks_folder()`.

    Raises `JudgeError` if `file` is none of ours.
    """
    key = _key(judge, facts.get("model"), _weights(facts), rubric_digest)
    if file is None:
        return _stored(checks_folder() / f"{key}.json")
    try:
        found = _CHECKS.validate_python(read_json(read_bytes(file))["checks"])
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise JudgeError(f"{file}: no checks of judges: {type(e).__name__}", "`sycoprobe judge check --save` writes one") from e
    return next((c for c in found if _key(c.judge, c.model, c.weights, c.rubric_digest) == key), None)


def check_of(judged: Judged, rubric: str, file: Path | None = None) -> Check | None:
    """The check that belongs to judgements of a run; None if this judge (or panel) was never measured on this rubric as it is."""
    digests = {j.digests.get(rubric) for j in judged.judges}
    if len(digests) != 1 or (digest := digests.pop()) is None:
        return None
    return load_check(judged.name, judged.facts, digest, file)


def measured(found: Check | None) -> str:
    """One sentence on how far a judge can be trusted, for reports: its measured agreement, or that there is none."""
    if found is None or found.agreement.value is None or found.agreement.low is None or found.agreement.high is None:
        return f"{NEVER_MEASURED}: `sycoprobe judge check` does it"
    a, k = found.agreement, found.kappa
    kappa = f", kappa {k.value:z.2f} [{k.low:z.2f}, {k.high:z.2f}]" if k.value is not None else ""
    return (
        f"{found.judge} agrees with {a.value:.0%} [{a.low:.0%}, {a.high:.0%}] of the labels that it gave to {found.n} "
        f"labelled transcripts{kappa} (measured {found.at[:10]})"
    )


def _weights(facts: Mapping[str, Any]) -> str | None:
    found = facts.get("sha256") or facts.get("digest")
    return str(found) if found else None


def _key(judge: str, model: str | None, weights: str | None, rubric_digest: str) -> str:
    return hashlib.sha256(json.dumps([judge, model, weights, rubric_digest]).encode()).hexdigest()[:32]


def _stored(path: Path) -> Check | None:
    """The check in a file of ours; what cannot be read (a newer version's, say) is as good as none."""
    try:
        found = TypeAdapter(Check).validate_json(read_bytes(path))
    except (OSError, ValueError, RecursionError):
        return None
    return found if found.schema_version == SCHEMA_VERSION else None


def _dumped(c: Check) -> str:
    return TypeAdapter(Check).dump_json(c, indent=1).decode() + "\n"
