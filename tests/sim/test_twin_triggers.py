"""Stops and trailing stops, paragraph by paragraph of docs/reference/orders.md; figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.pair import Pair, names
from tests.oracle.values import (
    AT_OPEN,
    BUY,
    DAY,
    FOK,
    IOC,
    LIMIT,
    PEG,
    PRICE_MAX,
    REDUCE_ONLY,
    SELL,
    STOP,
    STOP_LIMIT,
    TRAILING_STOP,
)

from .exchange import ANN, BEN, BOXED, CAT, FUTURE, SHARE, USD, XYZ, Exchange, ends, fills, refusal

LAST, MARK, EITHER = 1, 2, 3


@pytest.fixture
def exchange(pair: Pair) -> Exchange:
    """A small exchange whose share traded at 100."""
    made = Exchange(pair)
    made.trade(100)
    return made


def triggered(effects: list[Any]) -> list[tuple[int, int]]:
    """(order, price that set it off) in order."""
    return [(e.order, e.price) for e in effects if type(e).__name__ == "Triggered"]


def trailed(effects: list[Any]) -> list[tuple[int, int, int]]:
    """(order, stop, limit) in order."""
    return [(e.order, e.stop, e.price) for e in effects if type(e).__name__ == "Trailed"]


# Waiting and firing


def test_a_buy_stop_waits_and_holds_at_its_stop(exchange: Exchange) -> None:
    accepted, parked = exchange.special(ANN, BUY, STOP, 5, stop=110)
    assert (accepted.price, accepted.hold, parked.status) == (110, 550, 1)
    assert exchange.held(ANN, USD) == 550
    assert exchange.depth() == ([], [])
    assert triggered(exchange.trade(109)) == []


def test_a_buy_stop_fires_at_its_price_and_becomes_a_market_order(exchange: Exchange) -> None:
    exchange.special(ANN, BUY, STOP, 5, stop=110)
    stop = exchange.last
    exchange.sell(BEN, 112, 3)
    exchange.sell(CAT, 113, 9)
    effects = exchange.trade(110)
    assert names(effects) == ["Accepted", "Traded", "Triggered", "Traded", "Traded"]
    assert triggered(effects) == [(stop, 110)]
    assert fills(effects)[1:] == [(BEN, 112, 3), (CAT, 113, 2)]
    # it pays 3 x 112 + 2 x 113 = 562 and holds nothing any more
    assert exchange.pair.engine.balance(ANN, USD) == (100_000_000 - 562, 0)


def test_a_sell_stop_fires_at_or_below_its_price(exchange: Exchange) -> None:
    exchange.special(ANN, SELL, STOP, 5, stop=95)
    assert exchange.held(ANN, XYZ) == 5
    exchange.buy(BEN, 90, 10)
    effects = exchange.sell(CAT, 90, 2)
    assert fills(effects) == [(BEN, 90, 2), (BEN, 90, 5)]
    assert exchange.pair.engine.balance(ANN, XYZ) == (9_995, 0)


def test_a_stop_whose_price_was_passed_already_fires_at_once_without_waiting(exchange: Exchange) -> None:
    exchange.sell(BEN, 105, 5)
    effects = exchange.special(ANN, BUY, STOP, 5, stop=99)
    assert names(effects) == ["Accepted", "Triggered", "Traded"]
    assert triggered(effects) == [(exchange.last, 100)]


def test_a_stop_waits_while_there_is_no_price_at_all(pair: Pair) -> None:
    exchange = Exchange(pair)
    assert names(exchange.special(ANN, BUY, STOP, 5, stop=1)) == ["Accepted", "Parked"]
    assert triggered(exchange.trade(100)) == [(exchange.last - 2, 100)]


def test_a_stop_limit_becomes_a_limit_order_and_rests_behind_the_others(exchange: Exchange) -> None:
    exchange.special(ANN, BUY, STOP_LIMIT, 5, stop=102, price=103)
    assert exchange.held(ANN, USD) == 515
    exchange.buy(BEN, 103, 1)
    exchange.sell(CAT, 103, 1)
    exchange.buy(BEN, 103, 1)
    # the trade at 103 came first: ANN stands before BEN's second order
    assert exchange.queue(BUY) == [(ANN, 5), (BEN, 1)]
    assert exchange.held(ANN, USD) == 515


def test_a_stop_at_the_market_of_an_empty_book_goes_as_an_ioc_and_a_fok_as_a_fok(exchange: Exchange) -> None:
    exchange.special(ANN, BUY, STOP, 5, stop=110)
    exchange.special(BEN, BUY, STOP, 5, stop=110, tif=FOK)
    first, second = exchange.last - 1, exchange.last
    assert ends(exchange.trade(110)) == [(first, "ioc", 5), (second, "fok", 5)]
    assert (exchange.held(ANN, USD), exchange.held(BEN, USD)) == (0, 0)


def test_an_immediate_stop_limit_trades_what_it_can_when_it_fires(exchange: Exchange) -> None:
    exchange.special(ANN, BUY, STOP_LIMIT, 5, stop=110, price=111, tif=IOC)
    stop = exchange.last
    exchange.sell(BEN, 111, 2)
    effects = exchange.trade(110)
    assert fills(effects)[1:] == [(BEN, 111, 2)]
    assert ends(effects) == [(stop, "ioc", 3)]


def test_a_reduce_only_stop_that_finds_nothing_to_reduce_goes_when_it_fires(exchange: Exchange) -> None:
    words = {"instrument": FUTURE, "stop": 90, "flags": REDUCE_ONLY}
    assert names(exchange.special(ANN, SELL, STOP, 5, **words)) == ["Accepted", "Parked"]
    stop = exchange.last
    exchange.buy(BEN, 85, 5, instrument=FUTURE)
    assert ends(exchange.trade(90, FUTURE)) == [(stop, "reduce_only", 5)]


def test_a_fired_stop_keeps_its_number_and_is_another_kind_then(exchange: Exchange) -> None:
    exchange.special(ANN, SELL, STOP_LIMIT, 5, stop=95, price=94)
    stop = exchange.last
    exchange.trade(95)
    assert exchange.pair.engine.order(stop)["kind"] == LIMIT
    assert exchange.queue(SELL) == [(ANN, 5)]
    assert refusal(exchange.pair.send("ReplaceSpecial", order=stop, given=4, stop=90)) == "bad_stop"


def test_prices_passed_within_one_order_set_nothing_off(exchange: Exchange) -> None:
    exchange.trade(110)
    exchange.special(ANN, SELL, STOP, 5, stop=101)
    exchange.sell(BEN, 101, 1)
    exchange.sell(BEN, 103, 1)
    # one order trades at 101 and then at 103: what counts is 103, after it
    effects = exchange.buy(CAT, 103, 2)
    assert (fills(effects), triggered(effects)) == ([(BEN, 101, 1), (BEN, 103, 1)], [])


# Which price


def test_a_stop_watches_the_last_trade_the_mark_or_the_newer_of_both(exchange: Exchange) -> None:
    stops = []
    for trigger in (LAST, MARK, EITHER):
        exchange.special(ANN, BUY, STOP_LIMIT, 1, stop=110, price=50, trigger=trigger)
        stops.append(exchange.last)
    assert triggered(exchange.pair.send("Mark", instrument=SHARE, price=115)) == [(stops[1], 115), (stops[2], 115)]
    assert triggered(exchange.trade(111)) == [(stops[0], 111)]


def test_the_newer_price_wins_also_when_it_is_the_lower(exchange: Exchange) -> None:
    exchange.special(ANN, BUY, STOP_LIMIT, 1, stop=110, price=50, trigger=EITHER)
    exchange.pair.send("Halt", instrument=SHARE)
    exchange.pair.send("Mark", instrument=SHARE, price=115)
    exchange.pair.send("Mark", instrument=SHARE, price=105)
    assert names(exchange.pair.send("Resume", instrument=SHARE)) == ["Resumed"]


def test_the_book_s_rule_holds_for_stops_placed_while_it_stands(exchange: Exchange) -> None:
    exchange.rule("stop_trigger", MARK)
    exchange.special(ANN, BUY, STOP_LIMIT, 1, stop=110, price=50)
    by_mark = exchange.last
    exchange.rule("stop_trigger", LAST)
    exchange.special(ANN, BUY, STOP_LIMIT, 1, stop=110, price=50)
    by_last = exchange.last
    assert triggered(exchange.trade(110)) == [(by_last, 110)]
    assert triggered(exchange.pair.send("Mark", instrument=SHARE, price=110)) == [(by_mark, 110)]


def test_a_perpetual_s_first_mark_is_a_price_to_watch(exchange: Exchange) -> None:
    words = {"instrument": FUTURE, "price": 50, "trigger": MARK}
    assert triggered(exchange.special(ANN, BUY, STOP_LIMIT, 1, stop=100, **words)) == [(exchange.last, 100)]


def test_nothing_fires_in_a_halt_and_what_was_reached_fires_after_it(exchange: Exchange) -> None:
    exchange.special(ANN, BUY, STOP_LIMIT, 1, stop=110, price=50)
    stop = exchange.last
    for instrument in (SHARE, 0):
        exchange.pair.send("Halt", instrument=instrument)
    assert triggered(exchange.pair.send("Mark", instrument=SHARE, price=115)) == []
    assert triggered(exchange.pair.send("Resume", instrument=SHARE)) == []
    assert triggered(exchange.pair.send("Resume")) == [(stop, 115)]


# In which order


def by_rule(exchange: Exchange, rule: int) -> list[int]:
    """Places four stops, lets one trade reach them all; returns in which order they fire, by place (from 0)."""
    exchange.rule("stop_order", rule)
    first = exchange.last + 1
    exchange.special(ANN, BUY, STOP_LIMIT, 1, stop=112, price=50)
    exchange.special(ANN, BUY, STOP_LIMIT, 1, stop=111, price=50)
    exchange.special(ANN, BUY, STOP_LIMIT, 1, stop=112, price=50)
    exchange.special(ANN, BUY, STOP_LIMIT, 1, stop=110, price=50)
    return [order - first for order, _ in triggered(exchange.trade(115))]


def test_stops_fire_by_number(exchange: Exchange) -> None:
    assert by_rule(exchange, 1) == [0, 1, 2, 3]


def test_stops_fire_nearest_first_where_the_rule_says_so(exchange: Exchange) -> None:
    assert by_rule(exchange, 2) == [3, 1, 0, 2]


def test_nearest_first_takes_buys_before_sells_and_the_highest_sell_first(exchange: Exchange) -> None:
    exchange.rule("stop_order", 2)
    first = exchange.last + 1
    exchange.special(ANN, SELL, STOP_LIMIT, 1, stop=90, price=500, trigger=LAST)
    exchange.special(ANN, SELL, STOP_LIMIT, 1, stop=95, price=500, trigger=LAST)
    exchange.special(ANN, BUY, STOP_LIMIT, 1, stop=120, price=50, trigger=MARK)
    exchange.pair.send("Halt", instrument=SHARE)
    exchange.pair.send("Mark", instrument=SHARE, price=130)
    exchange.pair.send("Resume", instrument=SHARE)
    exchange.special(ANN, BUY, STOP_LIMIT, 1, stop=140, price=50, trigger=MARK)
    exchange.buy(BEN, 80, 1)
    assert triggered(exchange.sell(CAT, 80, 1)) == [(first + 1, 80), (first, 80)]


def test_what_a_fired_stop_sets_off_comes_behind_what_was_set_off_before(exchange: Exchange) -> None:
    first = exchange.last + 1
    exchange.special(ANN, BUY, STOP, 1, stop=120)
    exchange.special(ANN, BUY, STOP, 1, stop=110)
    exchange.special(ANN, BUY, STOP, 1, stop=110)
    exchange.sell(BEN, 125, 2)
    exchange.sell(BEN, 126, 2)
    # 110 reaches the second and the third; the second trades at 125, which reaches the first
    assert triggered(exchange.trade(110)) == [(first + 1, 110), (first + 2, 110), (first, 125)]


# Funds


@pytest.fixture
def collared(exchange: Exchange) -> int:
    """A share with a collar of 10 %, which traded at 100."""
    terms = {"base": XYZ, "quote": USD, "price_decimals": 2, "tick": 1, "multiplier": 1, "lot": 1}
    exchange.pair.send("AddInstrument", symbol="XYZ-C", kind=1, collar_bps=1_000, **terms)
    number = max(exchange.pair.twin.state.instruments)
    exchange.trade(100, number)
    return number


def test_a_fired_stop_holds_at_its_protection_price(exchange: Exchange, collared: int) -> None:
    exchange.special(ANN, BUY, STOP, 5, stop=105, instrument=collared)
    exchange.sell(BEN, 112, 5, instrument=collared)
    assert exchange.held(ANN, USD) == 525
    # it may pay up to 105 + 10 % = 115 from then on
    effects = exchange.trade(105, collared)
    assert fills(effects)[1:] == [(BEN, 112, 5)]


def test_a_fired_stop_that_cannot_hold_what_it_needs_goes(exchange: Exchange, collared: int) -> None:
    exchange.pair.send("OpenAccount", kind=1)
    poor = max(exchange.pair.twin.state.ledger.kinds)
    exchange.pair.send("Deposit", account=poor, asset=USD, amount=530)
    exchange.special(poor, BUY, STOP, 5, stop=105, instrument=collared)
    stop = exchange.last
    exchange.sell(BEN, 106, 5, instrument=collared)
    # 5 x 115 = 575 are more than the 530 there are, though 5 x 106 would do
    effects = exchange.trade(105, collared)
    assert ends(effects) == [(stop, "funds", 5)]
    assert exchange.pair.engine.balance(poor, USD) == (530, 0)


def test_a_fired_stop_without_a_collar_needs_what_it_finds(exchange: Exchange) -> None:
    exchange.pair.send("OpenAccount", kind=1)
    poor = max(exchange.pair.twin.state.ledger.kinds)
    exchange.pair.send("Deposit", account=poor, asset=USD, amount=530)
    for price, goes in ((107, True), (106, False)):
        exchange.special(poor, BUY, STOP, 5, stop=106)
        stop = exchange.last
        exchange.sell(BEN, price, 5)
        effects = exchange.trade(106)
        assert ends(effects) == ([(stop, "funds", 5)] if goes else [])
        exchange.pair.send("CancelAll", account=BEN, instrument=SHARE)
        exchange.trade(100)
    assert exchange.pair.engine.balance(poor, USD) == (0, 0)


# Trailing


def test_a_trailing_sell_stands_under_the_price_and_follows_it_up_but_not_down(exchange: Exchange) -> None:
    accepted, _ = exchange.special(ANN, SELL, TRAILING_STOP, 5, offset=5)
    stop = exchange.last
    assert (accepted.price, accepted.hold) == (95, 5)
    assert trailed(exchange.trade(108)) == [(stop, 103, 0)]
    assert trailed(exchange.trade(104)) == []
    exchange.buy(BEN, 101, 5)
    effects = exchange.trade(103)
    assert triggered(effects) == [(stop, 103)]
    assert fills(effects)[1:] == [(BEN, 101, 5)]


def test_a_trailing_buy_follows_down_and_holds_less(exchange: Exchange) -> None:
    exchange.special(ANN, BUY, TRAILING_STOP, 5, offset=5)
    stop = exchange.last
    assert exchange.held(ANN, USD) == 525
    assert trailed(exchange.trade(90)) == [(stop, 95, 0)]
    assert exchange.held(ANN, USD) == 475
    assert trailed(exchange.trade(91)) == []


def test_a_trailing_stop_s_limit_keeps_its_distance(exchange: Exchange) -> None:
    accepted, _ = exchange.special(ANN, SELL, TRAILING_STOP, 5, offset=5, price=93)
    stop = exchange.last
    assert accepted.price == 93
    assert trailed(exchange.trade(110)) == [(stop, 105, 103)]
    exchange.buy(BEN, 101, 1)
    effects = exchange.trade(105)
    assert (triggered(effects), fills(effects)[1:]) == ([(stop, 105)], [])
    assert exchange.queue(SELL) == [(ANN, 5)]
    assert exchange.pair.engine.order(stop)["price"] == 103


def test_a_trailing_stop_may_begin_farther_away_than_its_distance(exchange: Exchange) -> None:
    effects = exchange.special(ANN, SELL, TRAILING_STOP, 5, offset=5, stop=80)
    # it follows at once, since the price is more than 5 away
    assert names(effects) == ["Accepted", "Parked", "Trailed"]
    assert trailed(effects) == [(exchange.last, 95, 0)]


def test_a_trailing_stop_may_begin_nearer_than_its_distance(exchange: Exchange) -> None:
    exchange.special(ANN, SELL, TRAILING_STOP, 5, offset=5, stop=98)
    stop = exchange.last
    assert trailed(exchange.trade(103)) == []
    assert trailed(exchange.trade(104)) == [(stop, 99, 0)]


def test_a_trailing_stop_without_a_price_to_follow_is_refused(pair: Pair) -> None:
    exchange = Exchange(pair)
    assert refusal(exchange.special(ANN, SELL, TRAILING_STOP, 5, offset=5)) == "no_reference_price"
    assert names(exchange.special(ANN, SELL, TRAILING_STOP, 5, offset=5, stop=80)) == ["Accepted", "Parked"]


def test_a_trailing_sell_whose_distance_is_the_whole_price_is_refused(exchange: Exchange) -> None:
    assert refusal(exchange.special(ANN, SELL, TRAILING_STOP, 5, offset=100)) == "no_reference_price"
    assert exchange.special(ANN, SELL, TRAILING_STOP, 5, offset=99)[0].price == 1
    assert refusal(exchange.special(ANN, BUY, TRAILING_STOP, 5, offset=PRICE_MAX)) == "no_reference_price"


def test_a_trailing_stop_stands_away_from_the_price_to_the_tick(exchange: Exchange) -> None:
    terms = {"base": XYZ, "quote": USD, "price_decimals": 2, "tick": 5, "multiplier": 1, "lot": 1}
    exchange.pair.send("AddInstrument", symbol="XYZ-5", kind=1, **terms)
    five = max(exchange.pair.twin.state.instruments)
    exchange.pair.send("Mark", instrument=five, price=103)
    # 103 - 10 = 93 is moved down to 90, 103 + 10 = 113 up to 115
    assert exchange.special(ANN, SELL, TRAILING_STOP, 1, offset=10, instrument=five)[0].price == 90
    assert exchange.special(ANN, BUY, TRAILING_STOP, 1, offset=10, instrument=five)[0].price == 115


def test_a_trailing_stop_that_lacks_the_margin_for_its_next_place_stays(exchange: Exchange) -> None:
    exchange.pair.send("OpenAccount", kind=1)
    poor = max(exchange.pair.twin.state.ledger.kinds)
    exchange.pair.send("Deposit", account=poor, asset=USD, amount=500)
    exchange.special(poor, SELL, TRAILING_STOP, 5, offset=5, instrument=FUTURE)
    stop = exchange.last
    # 5 x 95 = 475 are held; at 100 it is 500, at 101 it would be 505
    assert exchange.held(poor, USD) == 475
    assert trailed(exchange.trade(105, FUTURE)) == [(stop, 100, 0)]
    assert trailed(exchange.trade(106, FUTURE)) == []
    exchange.pair.send("Deposit", account=poor, asset=USD, amount=10)
    assert trailed(exchange.trade(107, FUTURE)) == [(stop, 102, 0)]


def test_a_trailing_stop_moves_before_stops_are_looked_for(exchange: Exchange) -> None:
    exchange.special(ANN, SELL, TRAILING_STOP, 1, offset=5)
    trailing = exchange.last
    exchange.special(BEN, BUY, STOP_LIMIT, 1, stop=110, price=50)
    effects = exchange.trade(110)
    assert names(effects)[-2:] == ["Trailed", "Triggered"]
    assert trailed(effects) == [(trailing, 105, 0)]


# What is refused


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"kind": STOP}, "bad_stop"),
        ({"kind": STOP_LIMIT, "price": 100}, "bad_stop"),
        ({"kind": STOP, "stop": -1}, "bad_stop"),
        ({"kind": STOP, "stop": PRICE_MAX + 1}, "bad_stop"),
        ({"kind": STOP, "stop": 110, "trigger": 4}, "bad_stop"),
        ({"kind": LIMIT, "price": 100, "stop": 110}, "bad_stop"),
        ({"kind": LIMIT, "price": 100, "trigger": 1}, "bad_stop"),
        ({"kind": STOP, "stop": 110, "price": 100}, "price_on_market"),
        ({"kind": STOP_LIMIT, "stop": 110}, "price_not_positive"),
        ({"kind": STOP_LIMIT, "stop": 110, "price": PRICE_MAX + 1}, "price_too_large"),
        ({"kind": STOP, "stop": 110, "offset": 1}, "bad_offset"),
        ({"kind": TRAILING_STOP}, "bad_offset"),
        ({"kind": TRAILING_STOP, "offset": -1}, "bad_offset"),
        ({"kind": TRAILING_STOP, "offset": PRICE_MAX + 1}, "bad_offset"),
        ({"kind": STOP, "stop": 110, "display": 1}, "bad_display"),
        ({"kind": STOP, "stop": 110, "tif": AT_OPEN}, "bad_terms"),
        ({"kind": STOP, "stop": 110, "tif": DAY, "expire": 2**40}, "bad_expire"),
        ({"kind": PEG, "stop": 110, "peg": 1}, "bad_stop"),
        ({"kind": STOP, "stop": 110, "quantity": 0}, "quantity_not_positive"),
        ({"kind": STOP, "stop": 110, "instrument": BOXED}, "off_lot"),
        ({"kind": STOP, "stop": PRICE_MAX, "quantity": 10**12}, "notional_too_large"),
        ({"kind": STOP, "stop": 100_000_000, "quantity": 2}, "insufficient_funds"),
    ],
)
def test_a_stop_that_cannot_be_is_refused_and_changes_nothing(
    exchange: Exchange, words: dict[str, Any], reason: str
) -> None:
    before = exchange.state()
    fields = {"quantity": 5} | words
    assert refusal(exchange.special(ANN, BUY, fields.pop("kind"), fields.pop("quantity"), **fields)) == reason
    assert exchange.state() == before


def test_a_stop_may_stand_at_the_greatest_price(exchange: Exchange) -> None:
    assert names(exchange.special(ANN, SELL, STOP, 1, stop=1)) == ["Accepted", "Parked"]
    words = {"stop": PRICE_MAX, "price": PRICE_MAX, "trigger": 3}
    assert refusal(exchange.special(ANN, BUY, STOP_LIMIT, 1, **words)) == "insufficient_funds"
    words = {"stop": PRICE_MAX, "price": 1}
    assert names(exchange.special(ANN, BUY, STOP_LIMIT, 1, **words)) == ["Accepted", "Parked"]


def test_stops_come_back_from_a_snapshot_and_fire(exchange: Exchange) -> None:
    exchange.special(ANN, BUY, STOP_LIMIT, 1, stop=110, price=50)
    exchange.special(ANN, SELL, TRAILING_STOP, 1, offset=5, price=90)
    exchange.pair.restore()
    effects = exchange.trade(112)
    assert (triggered(effects), trailed(effects)) == ([(exchange.last - 3, 112)], [(exchange.last - 2, 107, 102)])
    exchange.pair.restore()
    assert triggered(exchange.trade(107)) == [(exchange.last - 4, 107)]
