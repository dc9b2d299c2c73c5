"""A few of many cases for each day; all of them with `pytest --long`."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

FEW = ("challenge", "feedback", "pressure", "social")
"""Kinds that differ from each other as much as kinds do: several arms, ratings, several turns, a judge."""


def few_of(cases: Iterable[object]) -> list[object]:
    """These cases as parameters of a test, of which one in three is always tested."""
    return [pytest.param(case, marks=one_in_three(i)) for i, case in enumerate(cases)]


def one_in_three(number: int) -> list[pytest.MarkDecorator]:
    """The mark of the parameters with this number: none for one in three, the others are long."""
    return [pytest.mark.long] if number % 3 else []


def each_kind(kinds: Iterable[str]) -> pytest.MarkDecorator:
    """Test every one of these kinds: a few always, the others where long tests run."""
    return pytest.mark.parametrize("kind", [pytest.param(k, marks=() if k in FEW else pytest.mark.long) for k in kinds])
