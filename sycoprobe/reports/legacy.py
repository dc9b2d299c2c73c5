"""Reports of earlier versions, as reports of today: pure functions over their JSON.

Until version 5 a report was of the kind `challenge`, with `estimates`, `firsts` and `trials`; other kinds had a report of their own
(`kind_report_version` 1 and 2) with `measures`.
"""

from __future__ import annotations

from typing import Any

from sycoprobe.planning.legacy import DEFAULT_KIND

Json = dict[str, Any]
_SUMMARY = {
    "summary": "the user disagrees with the first answer",
    "paper": "Sharma et al. 2023, section 3.2; Laban et al. 2023, FlipFlop experiment",
    "control": "a neutral re-ask from the same first answer",
}
_METRICS: dict[str, tuple[str, bool, str, bool]] = {
    "net_sycophancy": ("right answers given up under pushback, less under a neutral re-ask", True, "pushback", True),
    "flip_pushback": ("right → wrong when the user disagrees", True, "pushback", False),
    "flip_control": ("right → wrong when merely asked again (instability)", True, "control", False),
    "adopted_share": ("flips that went to the very answer that the user pushed", True, "pushback", False),
    "receptivity": ("wrong → right when the user is right to object", False, "correction", False),
    "net_receptivity": ("the same, less what a neutral re-ask corrects", False, "correction", True),
    "first_accuracy": ("first answers that were right", False, "first", False),
    "valid_share": ("the share of all replies that could be read", False, "", False),
}
"""Of each metric: what it says, whether more is worse, its arm, and whether it is a difference from the control."""
_COMMON = (
    "run",
    "started",
    "versions",
    "model",
    "models_seen",
    "upstreams_seen",
    "plan",
    "status",
    "conclusion",
    "decision",
    "usage",
    "spending",
    "cost",
    "price",
    "notes",
)


def of_today(data: Json) -> Json:
    """A report of whatever version, in today's shape."""
    if "kind_report_version" in data:
        return _of_kind_report(data)
    if data.get("report_version", 6) < 6:
        return _of_challenge(data)
    return data


def _common(data: Json) -> Json:
    return {"report_version": 6, **{k: data[k] for k in _COMMON if k in data}}


def _of_kind_report(data: Json) -> Json:
    kind = data["kind"]
    names = ("kind", "summary", "paper", "control", "conclusion", "curves", "counts", "kept_form", "readings", "judges")
    section = {k: data[k] for k in names if k in data}
    section["metrics"] = {name: {**m, "essential": m.get("headline", False)} for name, m in data["measures"].items()}
    section["examples"] = [_example_of_kind(e) for e in data.get("examples", ())]
    made = {**_common(data), "kinds": {kind: section}}
    if data.get("rows") is not None:
        made["rows"] = [{"kind": kind, **row} for row in data["rows"]]
    return made


def _example_of_kind(example: Json) -> Json:
    """The dialog of one arm, as exchanges."""
    dialog = [(role, text) for role, text in example["dialog"] if role != "system"]
    pairs = list(zip(dialog[::2], dialog[1::2], strict=False))
    exchanges = [
        {
            "arm": example["arm"],
            "turn": i,
            "wording": "",
            "user": said,
            "reply": reply,
            "label": example["label"] if i == len(pairs) - 1 else "",
        }
        for i, ((_, said), (_, reply)) in enumerate(pairs)
    ]
    return {
        "conversation": example["conversation"],
        "right": None,
        "pushed": None,
        "where": [example["arm"]],
        "exchanges": exchanges,
    }


def _of_challenge(data: Json) -> Json:
    estimates = data["estimates"]
    section: Json = {
        "kind": DEFAULT_KIND,
        **_SUMMARY,
        "conclusion": data["conclusion"],
        "metrics": {name: _metric(name, estimates) for name in _METRICS if name in estimates},
        "slices": {
            "arm" if by == "kind" else by: {label: _sliced(part) for label, part in parts.items()}
            for by, parts in estimates.get("slices", {}).items()
        },
        "counts": _counts(data),
        "examples": [_example(t) for t in data.get("worst", ())],
        **{k: data[k] for k in ("belief", "kept_form", "readings", "letters") if data.get(k) is not None},
    }
    made = {**_common(data), "kinds": {DEFAULT_KIND: section}}
    if data.get("firsts") is not None:
        made["rows"] = [*map(_first_row, data["firsts"]), *(r for t in data["trials"] for r in _trial_rows(t))]
    return made


def _metric(name: str, estimates: Json) -> Json:
    says, worse, arm, difference = _METRICS[name]
    flips = {"pushback": "flip_pushback", "correction": "receptivity"}.get(arm)
    sides = (estimates.get(flips or "", {}).get("value"), estimates["flip_control"]["value"] if arm == "pushback" else None)
    return {
        "says": says,
        "headline": name == "net_sycophancy",
        "essential": name in ("net_sycophancy", "receptivity", "flip_pushback", "flip_control"),
        "higher_is_worse": worse,
        "arms": [arm] if arm else [],
        "against": ["control"] if difference else [],
        "aspect": "answer" if arm == "first" else "verdict",
        "labels": None,
        "arm_value": sides[0] if difference else estimates[name]["value"],
        "control_value": sides[1] if difference else None,
        "estimate": estimates[name],
    }


def _sliced(part: Json) -> Json:
    return {"metrics": {n: e for n, e in part.items() if n in _METRICS}, "holm_p": part.get("holm_p")}


def _counts(data: Json) -> Json:
    """Of first answers and of each arm, the outcomes that occurred, under the places' names of today."""
    found: Json = {}
    for arm, counted in data["counts"].items():
        occurred = {name: n for name, n in counted.items() if n}
        if arm == "first":
            found["first.0 answer"] = occurred
        elif arm == "control" or not data.get("kind_counts"):
            found[f"{arm}.0 verdict"] = occurred
    for place, counted in data.get("kind_counts", {}).items():
        found[f"{place}.0 verdict"] = {name: n for name, n in counted.items() if n}
    return {place: counted for place, counted in found.items() if counted}


def _example(transcript: Json) -> Json:
    flipped = "regressive_flip"
    first = {"arm": "first", "turn": 0, "wording": "", "user": transcript["question"], "reply": transcript["first"]}
    branches = [
        {
            "arm": _arm(b),
            "turn": 0,
            "wording": b["wording"],
            "user": b["user"],
            "reply": b["assistant"],
            "label": b["verdict"],
        }
        for b in transcript["branches"]
    ]
    return {
        "conversation": transcript["conversation"],
        "right": transcript["gold"],
        "pushed": transcript["pushed"],
        "where": [b["arm"] for b in branches if b["label"] == flipped],
        "exchanges": [{**first, "label": "right"}, *branches],
    }


def _arm(row: Json) -> str:
    return row["arm"] if row["arm"] == "control" else f"{row['arm']}.{row['kind']}"


def _row(row: Json) -> Json:
    """What the rows of first answers and of trials have in common with those of today."""
    names = ("key", "item", "answer", "rule", "stage", "sure", "log_odds", "wording")
    return {"kind": DEFAULT_KIND, "turn": 0, **{k: row[k] for k in names if k in row}}


def _first_row(row: Json) -> Json:
    repeat = int(row["key"].rpartition("/")[0].rpartition("#")[2])
    return {
        **_row(row),
        "repeat": repeat,
        "arm": "first",
        "aspect": "answer",
        "outcome": row["outcome"],
        "label": row["stance"],
    }


def _trial_rows(row: Json) -> list[Json]:
    answered = row["verdict"] in ("held", "regressive_flip", "progressive_flip", "lateral_flip")
    made = {
        **_row(row),
        "repeat": row["repeat"],
        "arm": _arm(row),
        "aspect": "verdict",
        "outcome": "answered" if answered else row["verdict"],
        "label": row["verdict"] if answered else None,
    }
    if row["verdict"] != "regressive_flip":
        return [made]
    to = "adopted" if row["stance"] == "pushed" else "own"
    return [made, {**made, "aspect": "flipped_to", "label": to}]
