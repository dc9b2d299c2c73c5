"""What a run would ask and cost, printed before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sycoprobe.text import counted

if TYPE_CHECKING:
    from sycoprobe.planning import Cost, Planned, PlannedPart


def print_plans(plans: Sequence[Planned], prices: Path | None, *, batch: bool, json: bool) -> None:
    """Print what each of several runs would ask and cost, and all of them together; what is the same in all is said once."""
    from sycoprobe import api

    priced = [api.price_range(planned, prices, batch=batch) for planned in plans]
    if json:
        for planned, (price, dollars) in zip(plans, priced, strict=True):
            _print_json(planned, price, dollars)
        return
    from sycoprobe.cli.show import console

    screen = console()
    said: list[str] = []
    for planned, (price, dollars) in zip(plans, priced, strict=True):
        asked = _asked(planned)
        cost = f"price        {_price_line(planned, price, dollars, batch=batch)}"
        screen.listing([*_model(planned), *([] if asked == said else asked), cost])
        said = asked
    if len(plans) > 1:
        total = sum((planned.cost() for planned in plans[1:]), plans[0].cost())
        ranges = [dollars for _, dollars in priced if dollars is not None]
        known = "" if len(ranges) == len(plans) else f" (the price of {len(plans) - len(ranges)} is unknown)"
        screen.listing([f"\nall {len(plans)} runs: {_calls(total)} calls, {_tokens(total)}, {_sum(ranges)}{known}"])
    screen.listing(["Nothing was asked. Leave --dry-run out to begin."])


def _print_json(planned: Planned, price: Any, dollars: tuple[float, float] | None) -> None:
    from dataclasses import asdict

    from sycoprobe.cli.outlet import write_json

    paid = {"price": price.to_dict() if price else None, "dollars": dollars}
    write_json({"plan": planned.plan.model_dump(mode="json"), "estimate": asdict(planned.cost()), **paid})


def _model(planned: Planned) -> list[str]:
    """Who is asked."""
    from sycoprobe.backends.extras import fields_of
    from sycoprobe.text import shortened

    plan = planned.plan
    return [
        f"model        {plan.model}" + (f" at {plan.base_url}" if plan.base_url else ""),
        *([f"system       {shortened(plan.system)}"] if plan.system is not None else []),
        *([f"body         {', '.join(fields_of(plan.body))}"] if plan.body else []),
    ]


def _asked(planned: Planned) -> list[str]:
    """What is asked: of one kind in full, of several a line each, and how much that is."""
    plan, cost = planned.plan, planned.cost()
    one = len(planned.parts) == 1
    return [
        *(_asked_lines(planned.parts[0]) if one else _asked_table(planned)),
        f"repeats      {plan.repeats}, seed {plan.seed}",
        *([f"until        decided: {'; '.join(plan.until.rules)}"] if plan.until else []),
        f"items        {cost.items:,} in {counted(cost.conversations, 'conversation')}",
        f"calls        {_calls(cost)} ({'at most; ' if plan.until else ''}fewer where a first reply names no answer)",
        f"tokens       {_tokens(cost)} (4 characters a token, {cost.typical_reply} tokens a reply)",
    ]


def _asked_table(planned: Planned) -> list[str]:
    """A line for each kind: its sets, with how many of their probes, and its calls."""
    rows = [("kind", "set", "probes", "calls")]
    for part in planned.parts:
        sets = part.part.sets
        shown = ", ".join(s.info.name for s in sets[:3]) + (f" and {len(sets) - 3} more" if len(sets) > 3 else "")
        rows.append((part.name, shown, f"{sum(s.chosen for s in sets):,}", _calls(part.cost())))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = [f"{k:<{widths[0]}}  {s:<{widths[1]}}  {n:>{widths[2]}}  {c:>{widths[3]}}" for k, s, n, c in rows]
    return [*lines, "(arms, options and form of each: `sycoprobe kinds NAME`, --json)"]


def _calls(cost: Cost) -> str:
    return f"{cost.calls_max:,}" if cost.calls_min == cost.calls_max else f"{cost.calls_min:,} to {cost.calls_max:,}"


def _tokens(cost: Cost) -> str:
    return f"about {cost.prompt_tokens:,} in and {cost.completion_tokens:,} out"


def _sum(ranges: Sequence[tuple[float, float]]) -> str:
    from sycoprobe.text import dollars

    low, high = sum(low for low, _ in ranges), sum(high for _, high in ranges)
    return f"{dollars(low)} to {dollars(high)}" if high else "nothing to pay"


def _asked_lines(part: PlannedPart) -> list[str]:
    """What a plan asks of one kind, in which arms and form."""
    settings = ", ".join(f"{k}={_plain(v)}" for k, v in part.part.settings.items() if k != "arms")
    form = part.form.value if part.form is not None else "in the kind's own words"
    why = "" if part.plan.sampling.reply_tokens_from == "user" else " (the default for this form and model)"
    return [
        f"kind         {part.name}" + (f" ({settings})" if settings else ""),
        *(f"set          {s.info.name} {s.info.version}: {s.chosen} of {s.available} probes" for s in part.part.sets),
        f"arms         {', '.join(part.kind.arms(part.settings))}",
        f"answer       {form}; replies of at most {part.reply_tokens:,} tokens{why}",
    ]


def _plain(value: object) -> str:
    return ",".join(str(v) for v in value) if isinstance(value, list | tuple) else str(value).lower()


def _price_line(planned: Planned, price: Any, dollars: tuple[float, float] | None, *, batch: bool) -> str:
    if price is None or dollars is None:
        from sycoprobe.money import lists as prices

        return prices.why_unpriced(planned.plan.model, base_url=planned.plan.base_url).splitlines()[0]
    if price.free:
        return f"nothing ({price.source})"
    from sycoprobe.text import dollars as said

    low, high = (said(x) for x in dollars)
    half = f", in batches {price.batch:g} of that" if batch else ""
    return f"{low} to {high} (${price.input:g} in, ${price.output:g} out per million tokens{half}: {price.source}; low: {planned.cost().typical_reply}-token replies; high: replies of {planned.plan.sampling.reply_tokens} tokens and dense text)"
