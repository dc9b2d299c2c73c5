"""From tokens to dollars: hand-computed numbers, and what must hold of every price and every call."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sycoprobe import api, journal
from sycoprobe.errors import PriceError
from sycoprobe.money.price import TEMPLATE_TOKENS, Price, Tier, cost_of, most_of_call, price_range, saved_by_cache
from sycoprobe.planning import Cost
from sycoprobe.planning.call import Call

CACHED = Price(input=3.0, output=15.0, cached_input=0.3, cache_write=3.75, request=0.01)
LONG = Price(input=1.25, output=10.0, tiers=(Tier(above=200_000, input=2.5, output=15.0, cached_input=0.25),))

rates = st.floats(0, 1000, allow_nan=False)
maybe = st.none() | rates
factors = st.floats(0, 1)
tokens = st.integers(0, 500_000)


@st.composite
def prices(draw: st.DrawFn, *, rising: bool = False) -> Price:
    """Any price with up to two tiers; `rising`: in which longer prompts are never cheaper."""
    values = [(draw(rates), draw(rates), draw(maybe), draw(maybe)) for _ in range(draw(st.integers(1, 3)))]
    if rising:
        values = [(i, o, None, None) for i, o in zip(sorted(v[0] for v in values), sorted(v[1] for v in values), strict=True)]
    tiers = tuple(Tier(draw(st.integers(1, 400_000)) if not rising else 1000 * n, *v) for n, v in enumerate(values[1:], 1))
    i, o, cached, write = values[0]
    return Price(i, o, cached, write, draw(rates), draw(factors), batch_cached=draw(st.none() | factors), tiers=tiers)


@st.composite
def usages(draw: st.DrawFn) -> dict[str, int]:
    """What a well-behaved server reports."""
    fresh, cached, written, completion = (draw(tokens) for _ in range(4))
    usage = {"prompt_tokens": fresh + cached + written, "completion_tokens": completion}
    return usage | {
        "cached_tokens": cached,
        "cache_write_tokens": written,
        "reasoning_tokens": draw(st.integers(0, completion)),
    }


@pytest.mark.parametrize(
    ("usage", "price", "batch", "dollars"),
    [
        ({"prompt_tokens": 1_000_000, "completion_tokens": 1_000_000}, Price(2.5, 10.0), False, 12.5),
        ({"prompt_tokens": 1_000_000, "completion_tokens": 1_000_000}, Price(2.5, 10.0), True, 6.25),
        # 1000 fresh at 3, 2000 read at 0.30, 500 written at 3.75, 200 out at 15, and a cent for the call
        (
            {"prompt_tokens": 3500, "cached_tokens": 2000, "cache_write_tokens": 500, "completion_tokens": 200},
            CACHED,
            False,
            0.003 + 0.0006 + 0.001875 + 0.003 + 0.01,
        ),
        # reasoning is part of the completion, and is not paid twice
        ({"prompt_tokens": 0, "completion_tokens": 1000, "reasoning_tokens": 900}, Price(1.0, 10.0), False, 0.01),
        # no discount for the call's own fee
        ({"prompt_tokens": 1000, "completion_tokens": 0}, Price(2.0, 0.0, request=1.0), True, 1.001),
        # without a price for reads and writes they are ordinary prompt tokens
        ({"prompt_tokens": 1000, "cached_tokens": 400, "cache_write_tokens": 100}, Price(1.0, 1.0), False, 0.001),
        # a vendor that does not discount reads in batches
        ({"prompt_tokens": 2000, "cached_tokens": 1000}, Price(2.0, 8.0, 1.0, batch_cached=1.0), True, 0.001 + 0.001),
        ({"prompt_tokens": 200_000, "completion_tokens": 1000}, LONG, False, 0.25 + 0.01),
        # one token more, and all of them cost more
        ({"prompt_tokens": 200_001, "completion_tokens": 1000}, LONG, False, 0.5000025 + 0.015),
        ({"prompt_tokens": 300_000, "cached_tokens": 100_000}, LONG, False, 0.5 + 0.025),
        ({}, Price(5.0, 5.0), False, 0.0),
    ],
)
def test_costs_computed_by_hand(usage: dict[str, int], price: Price, batch: bool, dollars: float) -> None:
    assert cost_of(usage, price, batch=batch) == pytest.approx(dollars, rel=1e-12)


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        ({"prompt_tokens": 10, "cached_tokens": 1000}, 0.0005),  # a server that leaves cached tokens out of the prompt
        ({"completion_tokens": 100, "reasoning_tokens": 1000}, 0.002),  # and one that leaves reasoning out of the completion
        ({"total_tokens": 1000}, 0.002),  # a total alone may be all completion
        ({"prompt_tokens": 400, "completion_tokens": 100, "total_tokens": 1000}, 0.0004 + 0.0002 + 0.001),
        ({"prompt_tokens": -5, "completion_tokens": -7}, 0.0),
    ],
)
def test_a_report_that_contradicts_itself_is_never_read_as_the_cheaper(usage: dict[str, int], dollars: float) -> None:
    assert cost_of(usage, Price(1.0, 2.0, 0.5)) == pytest.approx(dollars, rel=1e-12)


def test_what_a_cache_saved_computed_by_hand() -> None:
    read = {"prompt_tokens": 3000, "cached_tokens": 2000, "completion_tokens": 50}
    assert saved_by_cache(read, CACHED) == pytest.approx(2000 * (3.0 - 0.3) / 1e6)
    assert saved_by_cache(read, CACHED, batch=True) == pytest.approx(2000 * (3.0 - 0.3) / 2e6)
    written = {"prompt_tokens": 3000, "cache_write_tokens": 1000}
    assert saved_by_cache(written, CACHED) == pytest.approx(-1000 * 0.75 / 1e6), "a write that is never read costs more"
    assert saved_by_cache({"prompt_tokens": 3000, "completion_tokens": 9}, CACHED) == 0


@given(usages(), prices(), st.booleans())
def test_a_cost_is_never_negative_and_with_what_was_saved_it_is_the_cost_without_a_cache(
    usage: dict[str, int], price: Price, batch: bool
) -> None:
    cost = cost_of(usage, price, batch=batch)
    assert cost >= 0 and math.isfinite(cost)
    plain = {k: usage[k] for k in ("prompt_tokens", "completion_tokens")}
    assert cost + saved_by_cache(usage, price, batch=batch) == pytest.approx(
        cost_of(plain, price, batch=batch), rel=1e-9, abs=1e-12
    )


@given(
    usages(), prices(rising=True), st.booleans(), st.sampled_from(["prompt_tokens", "completion_tokens"]), st.integers(0, 10**6)
)
def test_more_tokens_never_cost_less(usage: dict[str, int], price: Price, batch: bool, which: str, more: int) -> None:
    cost = cost_of(usage, price, batch=batch)
    assert cost_of(usage | {which: usage[which] + more}, price, batch=batch) >= cost * (1 - 1e-12)


@given(usages(), prices(), st.booleans(), tokens, tokens)
@settings(max_examples=300)
def test_no_call_within_its_bounds_costs_more_than_was_reserved_for_it(
    usage: dict[str, int], price: Price, batch: bool, spare_bytes: int, spare_reply: int
) -> None:
    prompt_bytes = max(0, usage["prompt_tokens"] - TEMPLATE_TOKENS) + spare_bytes
    most = most_of_call(prompt_bytes, usage["completion_tokens"] + spare_reply, price, batch=batch)
    assert cost_of(usage, price, batch=batch) <= most * (1 + 1e-12)


def test_a_reservation_takes_a_byte_for_a_token() -> None:
    prompt = "首都はどこですか？"
    assert len(prompt.encode()) == 27
    expected = ((27 + TEMPLATE_TOKENS) * 2.0 + 256 * 8.0) / 1e6
    assert most_of_call(len(prompt.encode()), 256, Price(2.0, 8.0)) == pytest.approx(expected)


def test_a_reservation_takes_the_dearest_rate_that_the_prompt_can_have() -> None:
    bytes_ = 1_000_000 - TEMPLATE_TOKENS
    assert most_of_call(bytes_, 0, Price(1.0, 1.0, 0.1, 1.25)) == pytest.approx(1.25)
    assert most_of_call(bytes_, 0, Price(1.0, 1.0, 3.0)) == pytest.approx(3.0)
    assert most_of_call(bytes_, 0, LONG) == pytest.approx(2.5)
    # a long prompt may still turn out to be short, and the short rate may be the dearer one
    cheaper = Price(4.0, 1.0, tiers=(Tier(above=10, input=1.0, output=1.0),))
    assert most_of_call(bytes_, 0, cheaper) == pytest.approx(4.0)


def test_a_plans_price_range_computed_by_hand() -> None:
    estimate = Cost(items=10, conversations=10, calls_min=20, calls_max=50, prompt_tokens=5000, completion_tokens=2000)
    low, high = price_range(estimate, Price(1.0, 10.0, request=0.001), reply_tokens=140)
    assert low == pytest.approx(20 * (100 * 1.0 + 40 * 10.0) / 1e6 + 20 * 0.001)
    # dense prompts: 10000 tokens; 40 second turns send 100 tokens more of the first reply: 4000; so 280 a call and the template
    assert high == pytest.approx(50 * ((280 + TEMPLATE_TOKENS) * 1.0 + 140 * 10.0) / 1e6 + 50 * 0.001)
    half = price_range(estimate, Price(1.0, 10.0), reply_tokens=140, batch=True)
    assert half == pytest.approx(tuple(x / 2 for x in price_range(estimate, Price(1.0, 10.0), reply_tokens=140)))


@given(prices(), st.booleans(), st.integers(1, 5000), st.integers(0, 10**4), st.integers(0, 10**5), st.integers(0, 10**7))
def test_the_low_end_of_a_range_is_never_above_the_high_end(
    price: Price, batch: bool, reply: int, calls_min: int, more: int, prompt: int
) -> None:
    estimate = Cost(1, min(calls_min, 100), calls_min, calls_min + more, prompt, 0)
    low, high = price_range(estimate, price, reply_tokens=reply, batch=batch)
    assert 0 <= low <= high * (1 + 1e-12)


def test_a_runs_calls_cost_less_than_was_reserved_and_together_they_are_within_the_plans_range(tmp_path: Path) -> None:
    price = Price(2.5, 10.0, request=0.0001)
    planned = api.plan("facts", model="sim:accuracy=0.8", n=20, reply_tokens=64)
    low, high = price_range(planned.cost(), price, reply_tokens=64)
    api.run("facts", model="sim:accuracy=0.8", n=20, reply_tokens=64, out=tmp_path, name="x")
    spent = 0.0
    firsts: dict[str, Call] = {}
    for call in journal.calls(journal.read(tmp_path / "x")):
        assert call.reply is not None
        before = firsts.setdefault(call.spec.conversation, call)
        assert before.reply is not None
        sent = call.user if call is before else before.user + before.reply.text + call.user
        # A model with 4 characters a token, a template of 20 tokens, and replies of 45.
        usage = {"prompt_tokens": len(sent) // 4 + 20, "completion_tokens": 45}
        assert cost_of(usage, price) < most_of_call(len(sent.encode()), 64, price)
        spent += cost_of(usage, price)
    assert low < spent < high < 10 * low


@given(prices())
def test_a_price_survives_the_journal(price: Price) -> None:
    assert Price.from_dict(json.loads(json.dumps(price.to_dict()))) == price


def test_a_price_of_another_version_is_read_and_what_is_none_is_refused() -> None:
    assert Price.from_dict({"input": 1, "output": 2, "of_a_later_version": 3}) == Price(1, 2)
    for wrong in ({}, {"input": 1}, {"input": "1", "output": 2}, {"input": 1, "output": None}, {"input": 1, "output": -1}):
        with pytest.raises(PriceError):
            Price.from_dict(wrong)
    with pytest.raises(PriceError):
        Price.from_dict({"input": 1, "output": 2, "tiers": [{"input": 1}]})


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf, True, "2.5", 2e6])
def test_a_price_that_is_none_is_refused(wrong: float) -> None:
    with pytest.raises(PriceError, match="the price's output"):
        Price(1.0, wrong)
    with pytest.raises(PriceError, match="the price's input"):
        Price(1.0, 1.0, tiers=(Tier(10, wrong, 1.0),))


def test_only_a_price_without_any_charge_is_free() -> None:
    assert Price(0, 0).free and Price(0, 0, 0, 0).free
    assert not Price(0, 0, request=0.1).free
    assert not Price(0, 0, tiers=(Tier(10, 0, 1),)).free
