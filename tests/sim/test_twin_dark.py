"""The dark pool, paragraph by paragraph of docs/reference/dark-and-negotiated.md; figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.pair import Pair, names
from tests.oracle.values import (
    ALL_OR_NONE,
    AT_CLOSE,
    BUY,
    DARK,
    DARK_TRADE,
    FOK,
    HIDDEN,
    IOC,
    LIMIT,
    MARKET,
    MARKET_TO_LIMIT,
    POST_ONLY,
    QUOTE,
    REDUCE_ONLY,
    REQUEST,
    RESPONSE,
    SELL,
    SHORT,
    STOP,
    TRAILING_STOP,
)

from .desks import (
    ANN,
    BEN,
    CASH,
    CAT,
    COIN,
    DAN,
    SHARE,
    STOCK,
    SWAP,
    USD,
    XYZ,
    ends,
    last,
    limit,
    moves,
    open_desk,
    peg,
    refused,
    rule,
    trades,
)

MID = 2


@pytest.fixture
def pool() -> Pair:
    """Every instrument is a dark pool; the share has no price yet."""
    desk = open_desk()
    for instrument in (SHARE, COIN, SWAP):
        rule(desk, "book", DARK, instrument)
    return desk


@pytest.fixture
def open_pool(pool: Pair) -> Pair:
    """The share trades at 100."""
    mark(pool, 100)
    return pool


def mark(desk: Pair, price: int, instrument: int = SHARE) -> list[Any]:
    """The lit middle, brought from outside."""
    return desk.send("Mark", instrument=instrument, price=price)


def test_a_pool_without_a_price_waits_for_one(pool: Pair) -> None:
    assert names(limit(pool, ANN, BUY, 105, 5)) == ["Accepted"]
    assert names(limit(pool, BEN, SELL, 95, 5)) == ["Accepted"]
    effects = mark(pool, 101)
    assert names(effects) == ["Marked", "Traded"]
    (_, trade) = effects
    assert (trade.maker_order, trade.taker_order) == (last(pool) - 2, last(pool) - 1), "the earlier is the maker"
    assert (trade.price, trade.quantity, trade.flags, trade.taker_side) == (101, 5, DARK_TRADE, SELL)
    # 5.05; 1 bp and 2 bp of it, rounded up; what was held for 1.05 is released
    assert (trade.buyer_pays, trade.maker_fee, trade.taker_fee) == (505, 1, 1)
    assert pool.engine.balance(ANN, USD) == (CASH - 506, 0)


def test_nobody_is_shown(open_pool: Pair) -> None:
    limit(open_pool, ANN, BUY, 100, 5)
    peg(open_pool, BEN, BUY, MID, 7)
    assert open_pool.engine.depth(SHARE, 5) == ([], [])
    assert open_pool.engine.best(SHARE) == (0, 0, 0, 0)
    rows = open_pool.engine.book_orders(SHARE)
    assert [(row[1], row[4], row[5]) for row in rows] == [(ANN, 0, 5), (BEN, 0, 7)], "an operator sees all of it"


def test_only_orders_at_the_price_or_better_trade(open_pool: Pair) -> None:
    limit(open_pool, ANN, BUY, 99, 5)
    assert names(limit(open_pool, BEN, SELL, 99, 5)) == ["Accepted"], "they cross, but not at 100"
    assert names(limit(open_pool, CAT, SELL, 101, 5)) == ["Accepted"]
    effects = limit(open_pool, DAN, BUY, 100, 5)
    assert trades(effects) == [(last(open_pool) - 2, last(open_pool), 100, 5)]


def test_the_largest_trades_first(open_pool: Pair) -> None:
    for quantity in (3, 9, 5, 9):
        limit(open_pool, ANN, BUY, 100 + quantity, quantity)
    first = last(open_pool) - 3
    effects = limit(open_pool, BEN, SELL, 90, 20)
    seller = last(open_pool)
    assert trades(effects) == [(first + 1, seller, 100, 9), (first + 3, seller, 100, 9), (first + 2, seller, 100, 2)]


def test_an_order_is_as_large_as_what_is_left_of_it(open_pool: Pair) -> None:
    limit(open_pool, ANN, BUY, 100, 9)
    large = last(open_pool)
    limit(open_pool, CAT, BUY, 100, 6)
    limit(open_pool, BEN, SELL, 100, 5)
    effects = limit(open_pool, BEN, SELL, 100, 5)
    assert trades(effects) == [(large + 1, last(open_pool), 100, 5)], "four are fewer than six"


def test_by_the_other_rule_the_earliest_trades_first(open_pool: Pair) -> None:
    rule(open_pool, "dark_priority", 2)
    for quantity, price in ((3, 100), (9, 105)):
        limit(open_pool, ANN, BUY, price, quantity)
    first = last(open_pool) - 1
    effects = limit(open_pool, BEN, SELL, 90, 5)
    assert [trade[0] for trade in trades(effects)] == [first, first + 1]


def test_a_better_limit_is_no_priority_but_a_replacement_costs_it(open_pool: Pair) -> None:
    rule(open_pool, "dark_priority", 2)
    limit(open_pool, ANN, BUY, 100, 5)
    early = last(open_pool)
    limit(open_pool, CAT, BUY, 120, 5)
    assert open_pool.send("ReplaceOrder", order=early, account=ANN, price=100, quantity=4)[0].priority_kept == 1
    assert trades(limit(open_pool, BEN, SELL, 100, 1))[0][0] == early
    assert open_pool.send("ReplaceOrder", order=early, account=ANN, price=101, quantity=4)[0].priority_kept == 0
    assert trades(limit(open_pool, BEN, SELL, 100, 1))[0][0] == early + 1
    open_pool.restore()
    assert trades(limit(open_pool, BEN, SELL, 100, 1))[0][0] == early + 1


def test_a_replacement_may_trade_at_once(open_pool: Pair) -> None:
    limit(open_pool, ANN, BUY, 99, 5)
    buyer = last(open_pool)
    limit(open_pool, BEN, SELL, 100, 5)
    effects = open_pool.send("ReplaceOrder", order=buyer, account=ANN, price=100, quantity=5)
    assert trades(effects) == [(buyer + 1, buyer, 100, 5)], "it came later now"


def test_middle_pegs_follow_the_pools_price(pool: Pair) -> None:
    assert names(peg(pool, ANN, BUY, MID, 5)) == ["Accepted", "Parked"]
    buyer = last(pool)
    assert names(peg(pool, BEN, SELL, MID, 5, price=103)) == ["Accepted", "Parked"]
    effects = mark(pool, 100)
    assert moves(effects) == [(buyer, 100), (buyer + 1, 103)]
    assert pool.engine.balance(ANN, USD) == (CASH, 501)
    assert names(mark(pool, 103)) == ["Marked", "Repriced", "Traded"]
    assert pool.twin.state.orders == {}


def test_a_peg_keeps_its_time_when_the_price_moves(open_pool: Pair) -> None:
    rule(open_pool, "dark_priority", 2)
    peg(open_pool, ANN, BUY, MID, 5)
    early = last(open_pool)
    limit(open_pool, CAT, BUY, 120, 5)
    mark(open_pool, 101)
    assert trades(limit(open_pool, BEN, SELL, 100, 1))[0][0] == early


def test_a_peg_that_cannot_pay_the_new_price_goes(open_pool: Pair) -> None:
    open_pool.send("Withdraw", account=ANN, asset=USD, amount=CASH - 505)
    peg(open_pool, ANN, BUY, MID, 5)
    assert ends(mark(open_pool, 101)) == [(last(open_pool) - 1, "funds")]


def test_an_order_that_does_not_stay_takes_what_suits_it_now(open_pool: Pair) -> None:
    limit(open_pool, ANN, BUY, 100, 3)
    limit(open_pool, CAT, BUY, 100, 4)
    first = last(open_pool) - 1
    effects = limit(open_pool, BEN, SELL, 100, 9, tif=IOC)
    taker = last(open_pool)
    assert trades(effects) == [(first + 1, taker, 100, 4), (first, taker, 100, 3)]
    assert ends(effects) == [(taker, "ioc")]
    assert ends(limit(open_pool, BEN, SELL, 101, 9, tif=IOC)) == [(last(open_pool), "ioc")], "not at this price"


def test_fill_or_kill_needs_all_of_it(open_pool: Pair) -> None:
    limit(open_pool, ANN, BUY, 100, 3)
    limit(open_pool, CAT, BUY, 100, 4)
    assert ends(limit(open_pool, BEN, SELL, 100, 8, tif=FOK)) == [(last(open_pool), "fok")]
    assert [trade[3] for trade in trades(limit(open_pool, BEN, SELL, 100, 7, tif=FOK))] == [4, 3]


def test_a_market_order_trades_at_the_pools_price(pool: Pair) -> None:
    market = {"instrument": SHARE, "kind": MARKET, "tif": IOC, "side": SELL, "quantity": 5}
    assert refused(pool.send("PlaceOrder", account=BEN, **market)) == "no_reference_price"
    mark(pool, 100)
    limit(pool, ANN, BUY, 101, 3)
    effects = pool.send("PlaceOrder", account=BEN, **market)
    assert effects[0].price == 100
    assert trades(effects) == [(last(pool) - 1, last(pool), 100, 3)]
    assert ends(effects) == [(last(pool), "ioc")]


def test_an_execution_is_at_least_the_pools_minimum(open_pool: Pair) -> None:
    rule(open_pool, "dark_minimum", 5)
    limit(open_pool, ANN, BUY, 100, 9)
    buyer = last(open_pool)
    assert names(limit(open_pool, BEN, SELL, 100, 4)) == ["Accepted"]
    small = last(open_pool)
    assert trades(limit(open_pool, CAT, SELL, 100, 5)) == [(buyer, last(open_pool), 100, 5)]
    assert names(limit(open_pool, CAT, SELL, 100, 5)) == ["Accepted"], "four are left, too few for the pool"
    lower = rule(open_pool, "dark_minimum", 4)
    assert trades(lower) == [(buyer, last(open_pool) - 1, 100, 4)], "five are more than four"
    assert small in open_pool.twin.state.orders


def test_a_rest_below_the_pools_minimum_goes_by_rule(open_pool: Pair) -> None:
    rule(open_pool, "dark_minimum", 5)
    rule(open_pool, "hidden_remainder_below_minimum", 2)
    limit(open_pool, ANN, BUY, 100, 9)
    buyer = last(open_pool)
    assert ends(limit(open_pool, BEN, SELL, 100, 5)) == [(buyer, "minimum")]
    assert open_pool.engine.balance(ANN, USD)[1] == 0


def test_each_execution_is_at_least_an_orders_own_minimum(open_pool: Pair) -> None:
    limit(open_pool, ANN, BUY, 100, 9, min_quantity=4)
    buyer = last(open_pool)
    assert names(limit(open_pool, BEN, SELL, 100, 3)) == ["Accepted"]
    small = last(open_pool)
    effects = limit(open_pool, CAT, SELL, 100, 7)
    assert trades(effects) == [(buyer, small + 1, 100, 7), (buyer, small, 100, 2)], "two are left, and two are enough"


def test_the_minimum_shrinks_to_what_is_left(open_pool: Pair) -> None:
    limit(open_pool, ANN, BUY, 100, 9, min_quantity=4)
    buyer = last(open_pool)
    limit(open_pool, CAT, SELL, 100, 7)
    assert trades(limit(open_pool, DAN, SELL, 100, 2)) == [(buyer, last(open_pool), 100, 2)]


def test_a_rest_below_its_own_minimum_goes_by_rule(open_pool: Pair) -> None:
    rule(open_pool, "hidden_remainder_below_minimum", 2)
    limit(open_pool, ANN, BUY, 100, 9, min_quantity=4)
    buyer = last(open_pool)
    assert ends(limit(open_pool, CAT, SELL, 100, 7)) == [(buyer, "minimum")]
    limit(open_pool, ANN, BUY, 100, 7)
    assert ends(limit(open_pool, CAT, SELL, 100, 9, min_quantity=4, tif=IOC)) == [(last(open_pool), "minimum")]


def test_by_the_other_rule_the_first_execution_alone_has_a_minimum(open_pool: Pair) -> None:
    rule(open_pool, "min_quantity", 2)
    limit(open_pool, ANN, BUY, 100, 9, min_quantity=4)
    buyer = last(open_pool)
    assert names(limit(open_pool, BEN, SELL, 100, 3)) == ["Accepted"]
    small = last(open_pool)
    assert trades(limit(open_pool, CAT, SELL, 100, 5)) == [
        (buyer, last(open_pool), 100, 5),
        (buyer, small, 100, 3),
    ]
    assert trades(limit(open_pool, CAT, SELL, 100, 9, min_quantity=2, tif=IOC)) == [], "one is fewer than two"


def test_all_or_none_is_one_execution_of_all_of_it(open_pool: Pair) -> None:
    limit(open_pool, ANN, BUY, 100, 9, flags=ALL_OR_NONE)
    buyer = last(open_pool)
    limit(open_pool, BEN, SELL, 100, 5)
    limit(open_pool, CAT, SELL, 100, 5)
    assert buyer in open_pool.twin.state.orders
    assert trades(limit(open_pool, DAN, SELL, 100, 9)) == [(buyer, last(open_pool), 100, 9)]
    assert ends(limit(open_pool, ANN, BUY, 100, 10, flags=ALL_OR_NONE, tif=IOC)) == [(last(open_pool), "ioc")]


def test_nobody_trades_with_himself_unless_the_rule_says_so(open_pool: Pair) -> None:
    limit(open_pool, ANN, BUY, 100, 9)
    buyer = last(open_pool)
    assert names(limit(open_pool, ANN, SELL, 100, 9)) == ["Accepted"]
    limit(open_pool, CAT, BUY, 100, 2)
    assert buyer in open_pool.twin.state.orders
    assert trades(rule(open_pool, "self_trade", 0)) == [(buyer, buyer + 1, 100, 7)]


def test_a_halt_keeps_the_pool_still(open_pool: Pair) -> None:
    limit(open_pool, ANN, BUY, 99, 5)
    limit(open_pool, BEN, SELL, 99, 5)
    open_pool.send("Halt", instrument=SHARE)
    assert names(mark(open_pool, 99)) == ["Marked"]
    assert trades(open_pool.send("Resume", instrument=SHARE)) == [(last(open_pool) - 4, last(open_pool) - 3, 99, 5)]


def test_a_cancel_frees_what_was_held(open_pool: Pair) -> None:
    limit(open_pool, ANN, SELL, 100, 5, flags=SHORT)
    assert open_pool.engine.balance(ANN, XYZ) == (STOCK, 5)
    assert ends(open_pool.send("CancelAll", instrument=SHARE)) == [(last(open_pool) - 1, "mass")]
    assert open_pool.engine.balance(ANN, XYZ) == (STOCK, 0)


def test_a_perpetual_trades_in_the_dark(pool: Pair) -> None:
    limit(pool, ANN, BUY, 120, 10, instrument=SWAP)
    effects = limit(pool, BEN, SELL, 90, 10, instrument=SWAP)
    (trade,) = [effect for effect in effects if type(effect).__name__ == "Traded"]
    # at the mark nothing is won; 10 x 1.00 at 10 %
    assert (trade.price, trade.buyer_pays, trade.maker_hold, trade.taker_hold) == (100, 0, 100, 100)
    assert pool.engine.position(BEN, SWAP) == (-10, 100)
    pool.check_state()


@pytest.mark.parametrize("kind", [MARKET_TO_LIMIT, STOP, TRAILING_STOP, REQUEST, RESPONSE])
def test_a_pool_takes_limit_and_market_orders_and_middle_pegs(open_pool: Pair, kind: int) -> None:
    terms: dict[int, dict[str, int]] = {STOP: {"stop": 99}, TRAILING_STOP: {"offset": 1}, RESPONSE: {"price": 100}}
    words = {"account": ANN, "instrument": SHARE, "side": SELL, "kind": kind, "tif": 1, "quantity": 5}
    assert refused(open_pool.send("PlaceSpecial", **words, **terms.get(kind, {}))) == "wrong_book"


def test_what_a_pool_refuses(open_pool: Pair) -> None:
    for flags in (POST_ONLY, REDUCE_ONLY, QUOTE):
        assert refused(limit(open_pool, ANN, BUY, 100, 5, flags=flags)) == "wrong_book"
    assert refused(limit(open_pool, ANN, BUY, 100, 5, tif=AT_CLOSE)) == "wrong_book"
    assert refused(limit(open_pool, ANN, BUY, 100, 5, display=1)) == "wrong_book"
    for kind in (1, 3):
        assert refused(peg(open_pool, ANN, BUY, kind, 5)) == "wrong_book"
    assert names(limit(open_pool, ANN, BUY, 100, 5, flags=HIDDEN)) == ["Accepted"]
    words = {"instrument": SHARE, "kind": LIMIT, "tif": 1, "side": BUY, "price": 100, "quantity": 5}
    assert refused(open_pool.send("PlaceOrder", account=ANN, flags=POST_ONLY, **words)) == "wrong_book"


def test_a_pools_orders_are_kept_in_a_snapshot(open_pool: Pair) -> None:
    rule(open_pool, "hidden_after_visible", 0)
    limit(open_pool, ANN, BUY, 100, 5, min_quantity=2)
    rule(open_pool, "hidden_after_visible", 1)
    limit(open_pool, CAT, BUY, 100, 6)
    peg(open_pool, DAN, BUY, MID, 7)
    open_pool.restore()
    effects = limit(open_pool, BEN, SELL, 100, 18)
    assert [trade[3] for trade in trades(effects)] == [7, 6, 5]
    open_pool.check_state()
