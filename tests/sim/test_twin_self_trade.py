"""Self-trade prevention, paragraph by paragraph of docs/reference/matching.md; figures worked out by hand."""

from __future__ import annotations

import pytest
from tests.oracle.pair import Pair, names
from tests.oracle.values import (
    BUY,
    FOK,
    SELL,
)

from .exchange import ANN, BEN, FUTURE, USD, XYZ, Exchange, ends, fills

NEWEST, OLDEST, BOTH, DECREMENT = 1, 2, 3, 4


@pytest.fixture
def exchange(pair: Pair) -> Exchange:
    return Exchange(pair)


# Self-trade


def test_by_default_the_newcomer_goes_when_it_meets_its_own_account(exchange: Exchange) -> None:
    exchange.sell(BEN, 100, 3)
    exchange.sell(ANN, 100, 5)
    effects = exchange.buy(ANN, 100, 10)
    assert fills(effects) == [(BEN, 100, 3)]
    assert ends(effects) == [(exchange.last, "self_trade", 7)]
    assert exchange.queue(SELL) == [(ANN, 5)]


def test_an_account_may_trade_with_itself_where_the_rule_says_so(exchange: Exchange) -> None:
    exchange.rule("self_trade", 0)
    exchange.sell(ANN, 100, 5)
    assert fills(exchange.buy(ANN, 100, 3)) == [(ANN, 100, 3)]
    assert exchange.pair.engine.balance(ANN, USD) == (100_000_000, 0)
    assert exchange.pair.engine.balance(ANN, XYZ) == (10_000, 2)


def test_a_perpetual_traded_with_oneself_holds_once_for_both_sides(exchange: Exchange) -> None:
    exchange.rule("self_trade", 0, FUTURE)
    exchange.sell(ANN, 100, 5, instrument=FUTURE)
    traded = exchange.buy(ANN, 100, 3, instrument=FUTURE)[-1]
    # 2 left to sell at 100: one to one; no position
    assert (traded.maker_hold, traded.taker_hold) == (200, 200)
    assert exchange.pair.engine.position(ANN, FUTURE) == (0, 200)


def test_cancel_oldest_ends_the_resting_order_and_goes_on(exchange: Exchange) -> None:
    exchange.rule("self_trade", OLDEST)
    exchange.sell(ANN, 100, 5)
    own = exchange.last
    exchange.sell(BEN, 100, 4)
    effects = exchange.buy(ANN, 100, 6)
    assert names(effects) == ["Accepted", "Cancelled", "Traded"]
    assert ends(effects) == [(own, "self_trade", 5)]
    assert fills(effects) == [(BEN, 100, 4)]
    assert exchange.queue(BUY) == [(ANN, 2)]


def test_an_own_order_behind_the_last_fill_is_not_met(exchange: Exchange) -> None:
    exchange.rule("self_trade", OLDEST)
    exchange.sell(BEN, 100, 4)
    exchange.sell(ANN, 100, 5)
    assert ends(exchange.buy(ANN, 100, 4)) == []
    assert exchange.queue(SELL) == [(ANN, 5)]


def test_cancel_both_ends_the_resting_order_and_then_the_newcomer(exchange: Exchange) -> None:
    exchange.rule("self_trade", BOTH)
    exchange.sell(BEN, 100, 1)
    exchange.sell(ANN, 100, 5)
    own = exchange.last
    effects = exchange.buy(ANN, 101, 6)
    assert fills(effects) == [(BEN, 100, 1)]
    assert ends(effects) == [(own, "self_trade", 5), (exchange.last, "self_trade", 5)]


def test_decrement_takes_the_smaller_off_both(exchange: Exchange) -> None:
    exchange.rule("self_trade", DECREMENT)
    exchange.sell(ANN, 100, 5)
    own = exchange.last
    exchange.sell(BEN, 101, 4)
    effects = exchange.buy(ANN, 101, 8)
    # 5 lots off both: the resting order is used up, 3 of the newcomer are left and trade
    assert names(effects) == ["Accepted", "Cancelled", "Reduced", "Traded"]
    assert ends(effects) == [(own, "self_trade", 5)]
    reduced = effects[2]
    # it was held for 8 x 101, now for 3 x 101
    assert (reduced.order, reduced.quantity, reduced.left, reduced.released) == (exchange.last, 5, 3, 505)
    assert fills(effects) == [(BEN, 101, 3)]


def test_decrement_shrinks_a_larger_resting_order_where_it_stands(exchange: Exchange) -> None:
    exchange.rule("self_trade", DECREMENT)
    exchange.sell(ANN, 100, 5)
    own = exchange.last
    exchange.sell(BEN, 100, 1)
    effects = exchange.buy(ANN, 100, 2)
    assert names(effects) == ["Accepted", "Reduced", "Cancelled"]
    assert (effects[1].order, effects[1].quantity, effects[1].left, effects[1].released) == (own, 2, 3, 2)
    assert ends(effects) == [(exchange.last, "self_trade", 2)]
    assert exchange.queue(SELL) == [(ANN, 3), (BEN, 1)]
    assert exchange.depth()[1] == [(100, 4, 2)]


def test_decrement_of_equals_ends_both(exchange: Exchange) -> None:
    exchange.rule("self_trade", DECREMENT)
    exchange.sell(ANN, 100, 5)
    own = exchange.last
    assert ends(exchange.buy(ANN, 100, 5)) == [(own, "self_trade", 5), (exchange.last, "self_trade", 5)]
    assert exchange.pair.engine.balance(ANN, USD)[1] == exchange.pair.engine.balance(ANN, XYZ)[1] == 0


def test_decrement_in_a_perpetual_releases_what_both_held(exchange: Exchange) -> None:
    exchange.rule("self_trade", DECREMENT, FUTURE)
    exchange.sell(ANN, 100, 5, instrument=FUTURE)
    exchange.buy(ANN, 100, 2, instrument=FUTURE)
    assert exchange.pair.engine.position(ANN, FUTURE) == (0, 300)


@pytest.mark.parametrize(
    ("rule", "reason", "own_goes"),
    [(NEWEST, "fok", False), (OLDEST, "", True), (BOTH, "fok", False), (DECREMENT, "", True)],
)
def test_fill_or_kill_counts_as_the_self_trade_rule_will_match(
    exchange: Exchange, rule: int, reason: str, own_goes: bool
) -> None:
    exchange.rule("self_trade", rule)
    exchange.sell(ANN, 100, 5)
    exchange.sell(BEN, 100, 6)
    effects = exchange.buy(ANN, 100, 6, tif=FOK)
    assert fills(effects) == ([] if reason else [(BEN, 100, 6)])
    assert [end[1] for end in ends(effects) if end[0] == exchange.last] == ([reason] if reason else [])
    assert ((ANN, 5) in exchange.queue(SELL)) is not own_goes


def test_a_fill_or_kill_order_that_cannot_be_filled_leaves_its_own_orders_alone(exchange: Exchange) -> None:
    exchange.rule("self_trade", OLDEST)
    exchange.sell(ANN, 100, 5)
    exchange.sell(BEN, 100, 4)
    assert ends(exchange.buy(ANN, 100, 6, tif=FOK)) == [(exchange.last, "fok", 6)]
    assert exchange.queue(SELL) == [(ANN, 5), (BEN, 4)]


def test_an_uncollared_market_order_holds_for_what_it_finds_past_its_own_orders(exchange: Exchange) -> None:
    exchange.rule("self_trade", OLDEST)
    exchange.sell(ANN, 100, 5)
    exchange.sell(BEN, 102, 4)
    effects = exchange.buy(ANN, 0, 6)
    assert effects[0].hold == 408
    assert names(effects) == ["Accepted", "Cancelled", "Traded", "Cancelled"]
    assert ends(effects)[1] == (exchange.last, "ioc", 2)
