"""Hidden orders and icebergs, paragraph by paragraph of docs/reference/matching.md; figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.pair import Pair, names
from tests.oracle.values import (
    ALL_OR_NONE,
    FOK,
    HIDDEN,
    IOC,
    SELL,
)

from .exchange import ANN, BEN, BOXED, CAT, DAN, XYZ, Exchange, ends, fills, refusal


@pytest.fixture
def exchange(pair: Pair) -> Exchange:
    return Exchange(pair)


# Hidden orders


def test_a_hidden_order_shows_nowhere_and_comes_after_the_visible_ones_at_its_price(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 5, flags=HIDDEN)
    exchange.sell(BEN, 100, 2)
    assert exchange.depth()[1] == [(100, 2, 1)]
    assert fills(exchange.buy(CAT, 100, 4)) == [(BEN, 100, 2), (ANN, 100, 2)]
    assert exchange.depth()[1] == []
    assert exchange.pair.engine.best(1) == (0, 0, 0, 0)
    assert exchange.queue(SELL) == [(ANN, 3)]


def test_hidden_orders_stand_in_time_order_where_the_rule_says_so(exchange: Exchange) -> None:
    exchange.rule("hidden_after_visible", 0)
    exchange.sell(ANN, 100, 5, flags=HIDDEN)
    exchange.sell(BEN, 100, 2)
    assert exchange.depth()[1] == [(100, 2, 1)]
    assert fills(exchange.buy(CAT, 100, 6)) == [(ANN, 100, 5), (BEN, 100, 1)]


def test_a_better_hidden_price_comes_before_a_visible_one(exchange: Exchange) -> None:
    exchange.sell(BEN, 101, 2)
    exchange.sell(ANN, 100, 5, flags=HIDDEN)
    assert fills(exchange.buy(CAT, 101, 6)) == [(ANN, 100, 5), (BEN, 101, 1)]


def test_operators_see_hidden_orders_with_nothing_displayed(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 5, flags=HIDDEN)
    assert exchange.pair.engine.book_orders(1) == [(exchange.last, ANN, SELL, 100, 0, 5, False)]


def test_a_hidden_order_can_be_cancelled_and_replaced(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 5, flags=HIDDEN)
    hidden = exchange.last
    exchange.sell(ANN, 100, 1, flags=HIDDEN)
    (replaced,) = exchange.pair.send("ReplaceOrder", order=hidden, price=100, quantity=4)
    assert replaced.priority_kept == 1
    exchange.pair.send("ReplaceOrder", order=hidden, price=100, quantity=6)
    assert exchange.queue(SELL) == [(ANN, 1), (ANN, 6)]
    assert ends(exchange.pair.send("CancelOrder", order=hidden)) == [(hidden, "user", 6)]
    exchange.pair.check_state()


# Icebergs


def test_an_iceberg_shows_its_peak_and_the_next_one_stands_behind_the_others(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 10, display=3)
    iceberg = exchange.last
    exchange.sell(BEN, 100, 2)
    assert exchange.depth()[1] == [(100, 5, 2)]
    effects = exchange.buy(CAT, 100, 3)
    assert names(effects) == ["Accepted", "Traded", "Refreshed"]
    assert (effects[2].order, effects[2].display) == (iceberg, 3)
    assert exchange.queue(SELL) == [(BEN, 2), (ANN, 7)]


def test_a_part_of_a_peak_does_not_refresh_it(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 10, display=3)
    exchange.sell(BEN, 100, 2)
    assert names(exchange.buy(CAT, 100, 2)) == ["Accepted", "Traded"]
    assert exchange.depth()[1] == [(100, 3, 2)]
    assert exchange.queue(SELL) == [(ANN, 8), (BEN, 2)]


def test_an_aggressor_goes_on_through_refreshed_peaks(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 7, display=3)
    exchange.sell(BEN, 100, 2)
    exchange.sell(DAN, 100, 5, flags=HIDDEN)
    effects = exchange.buy(CAT, 100, 11)
    # peaks 3, 3 and the last 1 before the hidden order at the same price
    assert fills(effects) == [(ANN, 100, 3), (BEN, 100, 2), (ANN, 100, 3), (ANN, 100, 1), (DAN, 100, 2)]
    assert [e.display for e in effects if type(e).__name__ == "Refreshed"] == [3, 1]


def test_random_peaks_are_drawn_by_splitmix64(exchange: Exchange) -> None:
    # the first output of the generator seeded with 1234567, as published
    exchange.sell(ANN, 100, 20, display=2, display_high=4, seed=1_234_567)
    assert exchange.depth()[1] == [(100, 2 + 6_457_827_717_110_365_317 % 3, 1)]


def test_random_peaks_stay_within_their_bounds_and_in_whole_lots(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 5_000, display=20, display_high=60, seed=7, instrument=BOXED)
    shown = []
    while exchange.queue(SELL, BOXED):
        ((_, quantity, _),) = exchange.depth(BOXED)[1]
        shown.append(quantity)
        exchange.buy(CAT, 100, quantity, instrument=BOXED)
    assert set(shown[:-1]) == {20, 30, 40, 50, 60}
    assert sum(shown) == 5_000


def test_fill_or_kill_counts_all_of_an_iceberg(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 10, display=3)
    assert sum(fill[2] for fill in fills(exchange.buy(CAT, 100, 10, tif=FOK))) == 10


def test_a_smaller_quantity_leaves_an_icebergs_peak(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 10, display=3)
    iceberg = exchange.last
    exchange.pair.send("ReplaceOrder", order=iceberg, price=100, quantity=5)
    assert exchange.depth()[1] == [(100, 3, 1)]
    exchange.pair.send("ReplaceOrder", order=iceberg, price=100, quantity=2)
    assert exchange.depth()[1] == [(100, 2, 1)]


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"display": 1}, ""),
        ({"display": 10}, ""),
        ({"display": 11}, "bad_display"),
        ({"display": -1}, "bad_display"),
        ({"display": 3, "display_high": 2}, "bad_display"),
        ({"display": 3, "display_high": 10}, ""),
        ({"display": 3, "display_high": 11}, "bad_display"),
        ({"display": 0, "display_high": 5}, "bad_display"),
        ({"display": 0, "seed": 5}, "bad_display"),
        ({"display": 3, "flags": HIDDEN}, "bad_display"),
        ({"display": 3, "flags": ALL_OR_NONE}, "bad_display"),
        ({"display": 3, "tif": IOC}, "bad_display"),
        ({"display": 3, "tif": FOK}, "bad_display"),
        ({"display": 3, "min_quantity": 1}, "bad_display"),
    ],
)
def test_what_an_iceberg_may_show(exchange: Exchange, terms: dict[str, Any], reason: str) -> None:
    before = exchange.pair.engine.balance(ANN, XYZ)
    assert refusal(exchange.sell(ANN, 100, 10, **terms)) == reason
    assert (exchange.pair.engine.balance(ANN, XYZ) == before) is bool(reason)


@pytest.mark.parametrize(("quantity", "reason"), [(1_000, ""), (1_001, "bad_display")])
def test_an_iceberg_has_at_most_a_thousand_peaks(exchange: Exchange, quantity: int, reason: str) -> None:
    assert refusal(exchange.buy(ANN, 1, quantity, display=1)) == reason
