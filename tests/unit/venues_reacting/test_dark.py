"""Dark pools: the middle, minimum sizes, the distribution of what is hidden, and what leaks."""

from __future__ import annotations

from random import Random

import pytest
from tests.unit.venues_reacting.scenes import FAIR, GAMMA, MS, S, dark_terms, ends, fills, order, still, told

from isthmus.kernel.messages import BUY, FOK, IOC, MID, PEG, PRIMARY, SELL
from isthmus.venues.reacting.dark import DarkPool
from isthmus.venues.reacting.marketplace import Marketplace
from isthmus.venues.reacting.order import Order

MIDDLE = 2 * FAIR


def pool_with(side: int, **terms: object) -> tuple[DarkPool, int]:
    """A pool in which interest of this side is hidden now, and its size."""
    pool = DarkPool(dark_terms(**terms), Random(1))
    while not pool.hidden(side):
        pool.wave(MIDDLE)
    return pool, pool.hidden(side)


def test_an_order_trades_at_the_middle_with_what_is_hidden_and_the_rest_waits() -> None:
    pool, hidden = pool_with(SELL)
    answers = pool.place(Order(order(price=FAIR + 5, quantity=hidden + 50)), MIDDLE)
    assert fills(answers) == [(1, FAIR, hidden)]
    assert pool.hidden(SELL) == 0
    while not fills(waves := pool.wave(MIDDLE)):
        assert pool.order(1) is not None
    assert fills(waves) == [(1, FAIR, 50)]


def test_half_a_price_step_goes_against_us() -> None:
    assert fills(pool_with(SELL)[0].place(Order(order(price=FAIR + 5)), MIDDLE + 1))[0][1] == FAIR + 1
    assert fills(pool_with(BUY)[0].place(Order(order(side=SELL, price=FAIR - 5)), MIDDLE + 1))[0][1] == FAIR


def test_nothing_trades_beyond_the_limit_or_without_a_middle() -> None:
    pool, _ = pool_with(SELL)
    assert fills(pool.place(Order(order(1, price=FAIR - 1)), MIDDLE)) == []
    assert fills(pool.place(Order(order(2, price=FAIR + 1)), None)) == []
    assert fills(pool.replace(1, FAIR, 100, MIDDLE)) == [(1, FAIR, 100)]


def test_minimum_sizes_of_the_pool_and_of_the_order() -> None:
    pool, hidden = pool_with(SELL, minimum=40)
    assert ends(pool.place(Order(order(1, quantity=39)), MIDDLE)) == [(1, "venue_refused")]
    assert fills(pool.place(Order(order(2, quantity=hidden + 9, min_quantity=hidden + 1)), MIDDLE)) == []
    assert ends(pool.place(Order(order(3, quantity=hidden + 9, tif=FOK)), MIDDLE)) == [(3, "fok")]
    assert fills(pool.place(Order(order(4, quantity=hidden + 9, tif=IOC, min_quantity=hidden)), MIDDLE)) == [
        (4, FAIR, hidden)
    ]


def test_only_pegs_to_the_middle_are_known() -> None:
    pool, _ = pool_with(SELL)
    assert ends(pool.place(Order(order(1, kind=PEG, peg=PRIMARY)), MIDDLE)) == [(1, "venue_refused")]
    assert fills(pool.place(Order(order(2, kind=PEG, peg=MID)), MIDDLE)) == [(2, FAIR, 100)]


def test_hidden_sizes_are_a_zero_inflated_power_law() -> None:
    terms = dark_terms(zero=0.6, smallest=100.0, tail=1.5, largest=1e9)
    pool = DarkPool(terms, Random(3))
    sizes = [pool.draw() for _ in range(20_000)]
    there = [size for _, size in sizes if size]
    assert len(there) / len(sizes) == pytest.approx(0.4, abs=0.015)
    assert sum(side == BUY for side, _ in sizes) / len(sizes) == pytest.approx(0.5, abs=0.015)
    for factor in (2, 5, 20):
        assert sum(size >= 100 * factor for size in there) / len(there) == pytest.approx(factor**-1.5, rel=0.1)


def test_a_toxic_pool_moves_the_value_against_us_after_a_fill_and_another_does_not() -> None:
    for leak in (0.0, 1.5):
        market = Marketplace(still(dark=(dark_terms(leak=leak, leak_ns=500 * MS),)), 1, 0)
        market.place("dark", order(price=FAIR + 50, quantity=1_000), 0)
        market.advance(3_600 * S)
        got = sum(lots for _, _, lots in fills(told(market)))
        assert got == 1_000
        assert market.truth.impact(market.now) == pytest.approx(GAMMA * leak * got)
        first = market.truth.prints(0, market.now)[0].at
        assert market.truth.impact(first + 499 * MS) == 0
