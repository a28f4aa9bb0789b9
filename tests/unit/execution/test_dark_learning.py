"""Dark allocation from Python: tails that learn from censored fills, and shares that move to where the volume is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.engine.routes import DarkTails, DarkWeights, RouteRefused, spread_units

PPM = 1_000_000
UNITS = 8


def kaplan_meier(children: list[tuple[int, int]], units: int) -> list[float]:
    """P(at least s) by the product of 1 - ended / reached, straight from the definition; 1 where nothing is known."""
    tails, tail = [], 1.0
    for size in range(units):
        reached = sum(filled >= size and asked > size for asked, filled in children)
        ended = sum(filled == size and asked > size for asked, filled in children)
        if reached:
            tail *= 1 - ended / reached
        tails.append(tail)
    return tails


children = st.integers(1, UNITS).flatmap(lambda asked: st.tuples(st.just(asked), st.integers(0, asked)))


@given(st.lists(children, max_size=40))
def test_tails_are_the_product_limit_estimate(seen: list[tuple[int, int]]) -> None:
    tails = DarkTails(UNITS)
    for asked, filled in seen:
        tails.learn(asked, filled)
    expected = kaplan_meier(seen, UNITS)
    for units in range(1, UNITS + 1):
        assert abs(tails.tail_ppm(units) - PPM * expected[units - 1]) <= 1


def test_units_go_where_one_more_is_likeliest() -> None:
    draws = random.Random(4)
    depths = (2, 6, 12)
    pools = [DarkTails(20) for _ in depths]
    for pool, depth in zip(pools, depths, strict=True):
        for _ in range(4_000):
            asked = draws.randint(1, 20)
            pool.learn(asked, min(asked, draws.randint(0, depth)))
    spread = spread_units(pools, 10)
    assert sum(spread) == 10
    # each unit more is as likely to be had in every pool: one minus units over depth
    assert spread == sorted(spread)
    assert spread[2] >= 6


def test_shares_always_make_up_the_whole() -> None:
    weights = DarkWeights(4)
    draws = random.Random(9)
    for _ in range(500):
        weights.learn([(draws.randint(0, 2 * PPM), draws.random() < 0.5) for _ in range(4)], PPM, PPM)
        assert sum(weights.shares) == 10**9
        assert min(weights.shares) >= 0
    assert sum(weights.split(12_345)) == 12_345


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(RouteRefused) as refused:
        DarkTails(0)
    assert refused.value.args == ("units", "must be from 1 to 1024")
    with pytest.raises(RouteRefused):
        DarkTails(5).learn(6, 1)
    with pytest.raises(RouteRefused):
        DarkWeights(2).learn([(1, True)], PPM, PPM)
    with pytest.raises(RouteRefused):
        DarkWeights(2).split(-1)
