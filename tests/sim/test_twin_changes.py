"""Changing live orders and orders that end by time, by docs/reference/orders.md; figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.pair import Pair, names
from tests.oracle.values import (
    ALL_OR_NONE,
    BUY,
    GTD,
    HIDDEN,
    LIMIT,
    POST_ONLY,
    PRICE_MAX,
    QUANTITY_MAX,
    SELL,
    STOP,
    STOP_LIMIT,
    TRAILING_STOP,
)

from .exchange import ANN, BEN, BOXED, CAT, FUTURE, SHARE, USD, XYZ, Exchange, ends, fills, refusal

PRICE, QUANTITY, STOP_PRICE, OFFSET, DISPLAY, MINIMUM, EXPIRE = (1 << bit for bit in range(7))
VENUE_KIND = 3


@pytest.fixture
def exchange(pair: Pair) -> Exchange:
    """A small exchange whose share traded at 100."""
    made = Exchange(pair)
    made.trade(100)
    return made


def change(exchange: Exchange, order: int, given: int, **terms: Any) -> list[Any]:
    return exchange.pair.send("ReplaceSpecial", order=order, given=given, **terms)


def expire(exchange: Exchange, in_ns: int) -> int:
    """A moment after the next command's."""
    return int(exchange.pair.now) + 1 + in_ns


# What a replacement names


def test_only_what_is_named_is_read(exchange: Exchange) -> None:
    exchange.buy(ANN, 90, 5)
    odd = {"price": -1, "stop": -1, "offset": -1, "display": -1, "min_quantity": -1, "expire": 1}
    (replaced,) = change(exchange, exchange.last, QUANTITY, quantity=7, **odd)
    assert (replaced.price, replaced.quantity, replaced.hold) == (90, 7, 630)


def test_less_of_it_keeps_the_place_and_more_or_another_price_loses_it(exchange: Exchange) -> None:
    exchange.buy(ANN, 90, 5)
    order = exchange.last
    exchange.buy(BEN, 90, 5)
    for terms, kept in (({"quantity": 4}, 1), ({"quantity": 6}, 0)):
        (replaced,) = change(exchange, order, QUANTITY, **terms)
        assert replaced.priority_kept == kept
    assert exchange.queue(BUY) == [(BEN, 5), (ANN, 6)]
    (replaced,) = change(exchange, order, PRICE, price=91)
    assert (replaced.priority_kept, exchange.queue(BUY)) == (0, [(ANN, 6), (BEN, 5)])
    (replaced,) = change(exchange, order, PRICE, price=91)
    assert replaced.priority_kept == 1


def test_nothing_keeps_the_place_where_the_rule_says_so(exchange: Exchange) -> None:
    exchange.rule("replace_keeps_priority", 2)
    exchange.buy(ANN, 90, 5)
    order = exchange.last
    exchange.buy(BEN, 90, 5)
    assert change(exchange, order, QUANTITY, quantity=4)[0].priority_kept == 0
    assert exchange.queue(BUY) == [(BEN, 5), (ANN, 4)]


def test_a_new_price_that_crosses_trades(exchange: Exchange) -> None:
    exchange.buy(ANN, 90, 5)
    order = exchange.last
    exchange.sell(BEN, 95, 2)
    assert fills(change(exchange, order, PRICE, price=96)) == [(BEN, 95, 2)]


def test_a_stop_gets_another_trigger_and_holds_at_it(exchange: Exchange) -> None:
    exchange.special(ANN, BUY, STOP, 5, stop=110)
    order = exchange.last
    (replaced,) = change(exchange, order, STOP_PRICE, stop=120)
    assert (replaced.price, replaced.hold, replaced.priority_kept) == (120, 600, 0)
    assert names(exchange.trade(115)) == ["Accepted", "Traded"]
    effects = change(exchange, order, STOP_PRICE, stop=114)
    assert names(effects) == ["Replaced", "Triggered", "Cancelled"]


def test_a_stop_limit_s_limit_and_stop_change_apart(exchange: Exchange) -> None:
    exchange.special(ANN, BUY, STOP_LIMIT, 5, stop=110, price=111)
    order = exchange.last
    assert change(exchange, order, PRICE, price=112)[0].hold == 560
    assert change(exchange, order, STOP_PRICE, stop=105)[0].hold == 560
    assert "Triggered" in names(exchange.trade(105))


def test_a_plain_replace_changes_a_stop_s_quantity_with_no_price(exchange: Exchange) -> None:
    exchange.special(ANN, BUY, STOP, 5, stop=110)
    order = exchange.last
    assert refusal(exchange.pair.send("ReplaceOrder", order=order, price=110, quantity=6)) == "price_on_market"
    (replaced,) = exchange.pair.send("ReplaceOrder", order=order, price=0, quantity=6)
    assert (replaced.price, replaced.hold) == (110, 660)


def test_a_trailing_stop_gets_another_distance_and_follows_with_it(exchange: Exchange) -> None:
    exchange.special(ANN, SELL, TRAILING_STOP, 5, offset=10)
    order = exchange.last
    effects = change(exchange, order, OFFSET, offset=4)
    assert names(effects) == ["Replaced", "Trailed"]
    assert effects[1].stop == 96


def test_a_trailing_stop_without_a_stop_stands_anew(exchange: Exchange) -> None:
    exchange.special(ANN, SELL, TRAILING_STOP, 5, offset=10)
    order = exchange.last
    (replaced,) = change(exchange, order, STOP_PRICE | OFFSET, stop=0, offset=20)
    assert replaced.price == 80
    (replaced,) = change(exchange, order, PRICE, price=78)
    assert replaced.price == 78
    (replaced,) = change(exchange, order, PRICE, price=0)
    assert replaced.price == 80


def test_an_iceberg_s_peak_changes_where_it_stands(exchange: Exchange) -> None:
    exchange.buy(ANN, 90, 10, display=3)
    order = exchange.last
    exchange.buy(BEN, 90, 1)
    (replaced,) = change(exchange, order, DISPLAY, display=5)
    assert replaced.priority_kept == 1
    assert exchange.depth()[0] == [(90, 6, 2)]
    change(exchange, order, DISPLAY, display=0)
    assert exchange.depth()[0] == [(90, 11, 2)]
    change(exchange, order, DISPLAY, display=2)
    assert exchange.depth()[0] == [(90, 3, 2)]
    change(exchange, order, QUANTITY, quantity=1)
    assert exchange.depth()[0] == [(90, 2, 2)]
    assert exchange.queue(BUY) == [(ANN, 1), (BEN, 1)]


def test_a_minimum_may_be_given_later(exchange: Exchange) -> None:
    exchange.buy(ANN, 90, 10)
    order = exchange.last
    assert change(exchange, order, MINIMUM, min_quantity=4)[0].priority_kept == 1
    assert fills(exchange.sell(BEN, 90, 3)) == []
    exchange.pair.send("CancelAll", account=BEN)
    change(exchange, order, MINIMUM, min_quantity=0)
    assert fills(exchange.sell(BEN, 90, 3)) == [(ANN, 90, 3)]


def test_a_minimum_that_is_lowered_lets_a_passed_over_order_trade(exchange: Exchange) -> None:
    exchange.buy(ANN, 90, 10, min_quantity=4)
    order = exchange.last
    exchange.sell(BEN, 90, 3)
    assert fills(change(exchange, order, MINIMUM, min_quantity=3)) == [(BEN, 90, 3)]


def test_the_end_of_a_good_till_date_order_is_moved(exchange: Exchange) -> None:
    exchange.buy(ANN, 90, 5, tif=GTD, expire=expire(exchange, 10))
    order = exchange.last
    (replaced,) = change(exchange, order, EXPIRE, expire=expire(exchange, 1_000))
    assert replaced.priority_kept == 1
    exchange.pair.now += 500
    assert exchange.pair.send("TimePassed") == []
    exchange.pair.now += 500
    assert ends(exchange.pair.send("TimePassed")) == [(order, "expired", 5)]


@pytest.mark.parametrize(
    ("given", "terms", "reason"),
    [
        (0, {}, "bad_terms"),
        (128, {}, "bad_terms"),
        (PRICE | 2**15, {"price": 91}, "bad_terms"),
        (PRICE, {"price": 0}, "price_not_positive"),
        (PRICE, {"price": PRICE_MAX + 1}, "price_too_large"),
        (QUANTITY, {"quantity": 0}, "quantity_not_positive"),
        (QUANTITY, {"quantity": QUANTITY_MAX + 1}, "quantity_too_large"),
        (QUANTITY, {"quantity": 2}, "quantity_not_above_filled"),
        (QUANTITY, {"quantity": 2_000_000}, "insufficient_funds"),
        (PRICE, {"price": PRICE_MAX}, "insufficient_funds"),
        (PRICE | QUANTITY, {"price": PRICE_MAX, "quantity": QUANTITY_MAX}, "notional_too_large"),
        (STOP_PRICE, {"stop": 110}, "bad_stop"),
        (OFFSET, {"offset": 1}, "bad_offset"),
        (DISPLAY, {"display": -1}, "bad_display"),
        (DISPLAY, {"display": 11}, "bad_display"),
        (MINIMUM, {"min_quantity": -1}, "bad_minimum"),
        (MINIMUM, {"min_quantity": 11}, "bad_minimum"),
        (DISPLAY | MINIMUM, {"display": 2, "min_quantity": 2}, "bad_display"),
        (EXPIRE, {"expire": 2**63}, "bad_expire"),
        (PRICE, {"price": 91, "account": 99}, "unknown_account"),
        (PRICE, {"price": 91, "account": BEN}, "not_your_order"),
        (PRICE, {"price": 91, "order": 3}, "unknown_order"),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_changes_nothing(
    exchange: Exchange, given: int, terms: dict[str, Any], reason: str
) -> None:
    exchange.buy(ANN, 90, 10)
    order = exchange.last
    exchange.sell(BEN, 90, 2)
    before = exchange.state()
    assert refusal(change(exchange, given=given, **{"order": order} | terms)) == reason
    assert exchange.state() == before


@pytest.mark.parametrize(
    ("kind", "words", "given", "terms", "reason"),
    [
        (STOP, {"stop": 110}, STOP_PRICE, {"stop": 0}, "bad_stop"),
        (STOP, {"stop": 110}, STOP_PRICE, {"stop": PRICE_MAX + 1}, "bad_stop"),
        (STOP, {"stop": 110}, PRICE, {"price": 5}, "price_on_market"),
        (STOP_LIMIT, {"stop": 110, "price": 110}, PRICE, {"price": 0}, "price_not_positive"),
        (TRAILING_STOP, {"offset": 5}, OFFSET, {"offset": 0}, "bad_offset"),
        (TRAILING_STOP, {"offset": 5}, OFFSET, {"offset": PRICE_MAX + 1}, "bad_offset"),
        (TRAILING_STOP, {"offset": 5}, OFFSET | STOP_PRICE, {"offset": PRICE_MAX, "stop": 0}, "no_reference_price"),
        (LIMIT, {"price": 90, "flags": HIDDEN}, DISPLAY, {"display": 1}, "bad_display"),
        (LIMIT, {"price": 90, "flags": ALL_OR_NONE}, MINIMUM, {"min_quantity": 1}, "bad_minimum"),
        (LIMIT, {"price": 90, "flags": POST_ONLY}, MINIMUM, {"min_quantity": 1}, "bad_minimum"),
        (LIMIT, {"price": 90, "display": 2}, MINIMUM, {"min_quantity": 1}, "bad_minimum"),
        (LIMIT, {"price": 1, "display": 2}, QUANTITY, {"quantity": 20_001}, "bad_display"),
        (LIMIT, {"price": 90, "min_quantity": 2}, DISPLAY, {"display": 2}, "bad_display"),
    ],
)
def test_a_term_that_does_not_suit_the_order_is_refused_and_changes_nothing(
    exchange: Exchange, kind: int, words: dict[str, int], given: int, terms: dict[str, int], reason: str
) -> None:
    exchange.special(ANN, BUY, kind, 10, **words)
    before = exchange.state()
    assert refusal(change(exchange, exchange.last, given, **terms)) == reason
    assert exchange.state() == before


def test_changes_wait_for_the_end_of_a_halt_and_are_refused_by_the_kill_switch(exchange: Exchange) -> None:
    exchange.special(ANN, BUY, STOP, 5, stop=110)
    order = exchange.last
    exchange.pair.send("Halt", instrument=SHARE)
    assert refusal(change(exchange, order, STOP_PRICE, stop=111)) == "instrument_halted"
    assert names(exchange.pair.send("ReduceOrder", order=order, quantity=1)) == ["Reduced"]
    exchange.pair.send("Resume", instrument=SHARE)
    exchange.pair.send("Kill", scope=5, of=FUTURE)
    assert names(change(exchange, order, STOP_PRICE, stop=111)) == ["Replaced"]


def test_a_change_counts_once(exchange: Exchange) -> None:
    exchange.buy(ANN, 90, 5)
    order = exchange.last
    words = {"account": ANN, "client_id": b"x".ljust(16)}
    assert names(change(exchange, order, QUANTITY, quantity=6, **words)) == ["Replaced"]
    assert names(change(exchange, order, QUANTITY, quantity=6, **words)) == ["Repeated"]
    assert refusal(change(exchange, order, QUANTITY, quantity=7, **words)) == "duplicate_client_id"
    words = {"account": ANN, "client_id": b"y".ljust(16), "order": order}
    assert names(exchange.pair.send("ReduceOrder", quantity=1, **words)) == ["Reduced"]
    assert names(exchange.pair.send("ReduceOrder", quantity=1, **words)) == ["Repeated"]


def test_at_an_outside_venue_price_and_quantity_alone_can_be_asked_for(exchange: Exchange) -> None:
    exchange.pair.send("OpenAccount", kind=VENUE_KIND)
    venue = max(exchange.pair.twin.state.ledger.kinds)
    exchange.buy(ANN, 90, 10, venue=venue)
    order = exchange.last
    (asked,) = change(exchange, order, PRICE, price=95)
    assert (names([asked]), asked.price, asked.quantity, asked.hold) == (["ReplaceRequested"], 95, 10, 950)
    (asked,) = exchange.pair.send("ReduceOrder", order=order, quantity=4)
    assert (names([asked]), asked.price, asked.quantity) == (["ReplaceRequested"], 90, 6)
    assert names(exchange.pair.send("ReduceOrder", order=order, quantity=10)) == ["CancelRequested"]
    for given in (STOP_PRICE, OFFSET, DISPLAY, MINIMUM, EXPIRE):
        assert refusal(change(exchange, order, given, expire=2**63)) == "bad_terms"


# Taking lots off


def test_lots_go_off_an_order_where_it_stands(exchange: Exchange) -> None:
    exchange.buy(ANN, 90, 5)
    order = exchange.last
    exchange.buy(BEN, 90, 5)
    (reduced,) = exchange.pair.send("ReduceOrder", order=order, quantity=2)
    assert (reduced.quantity, reduced.left, reduced.released) == (2, 3, 180)
    assert exchange.queue(BUY) == [(ANN, 3), (BEN, 5)]
    assert exchange.held(ANN, USD) == 270


def test_all_that_is_left_or_more_ends_it(exchange: Exchange) -> None:
    for quantity in (5, 6, 2**63 - 1):
        exchange.sell(ANN, 110, 5)
        order = exchange.last
        assert ends(exchange.pair.send("ReduceOrder", order=order, quantity=quantity)) == [(order, "user", 5)]
    assert exchange.held(ANN, XYZ) == 0


def test_an_iceberg_s_hidden_lots_go_first(exchange: Exchange) -> None:
    exchange.sell(ANN, 110, 10, display=3)
    order = exchange.last
    exchange.pair.send("ReduceOrder", order=order, quantity=6)
    assert exchange.depth()[1] == [(110, 3, 1)]
    exchange.pair.send("ReduceOrder", order=order, quantity=2)
    assert exchange.depth()[1] == [(110, 2, 1)]


def test_a_reduced_order_may_trade_though_it_was_passed_over(exchange: Exchange) -> None:
    exchange.buy(ANN, 90, 5, flags=ALL_OR_NONE)
    order = exchange.last
    exchange.sell(BEN, 90, 3)
    effects = exchange.pair.send("ReduceOrder", order=order, quantity=2)
    assert names(effects) == ["Reduced", "Traded"]


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"quantity": 0}, "quantity_not_positive"),
        ({"quantity": -5}, "quantity_not_positive"),
        ({"quantity": 5}, "off_lot"),
        ({"quantity": 10, "account": BEN}, "not_your_order"),
        ({"quantity": 10, "account": 99}, "unknown_account"),
        ({"quantity": 10, "order": 3}, "unknown_order"),
    ],
)
def test_a_reduction_that_cannot_be_is_refused_and_changes_nothing(
    exchange: Exchange, terms: dict[str, int], reason: str
) -> None:
    exchange.sell(ANN, 110, 30, instrument=BOXED)
    order = exchange.last
    before = exchange.state()
    assert refusal(exchange.pair.send("ReduceOrder", **{"order": order} | terms)) == reason
    assert exchange.state() == before


# By time


def test_a_good_till_date_order_ends_before_the_command_that_brings_its_time(exchange: Exchange) -> None:
    exchange.buy(ANN, 90, 5, tif=GTD, expire=expire(exchange, 1))
    order = exchange.last
    effects = exchange.sell(BEN, 90, 5)
    assert names(effects) == ["Cancelled", "Accepted"]
    assert ends(effects) == [(order, "expired", 5)]
    assert exchange.held(ANN, USD) == 0


def test_a_waiting_order_expires_too_and_orders_of_one_moment_by_number(exchange: Exchange) -> None:
    at = expire(exchange, 100)
    exchange.special(ANN, BUY, STOP, 5, stop=110, tif=GTD, expire=at)
    exchange.buy(CAT, 90, 1, tif=GTD, expire=at)
    exchange.buy(BEN, 90, 1, tif=GTD, expire=at - 1)
    first = exchange.last - 2
    exchange.pair.restore()
    exchange.pair.now = at
    assert [order for order, _, _ in ends(exchange.pair.send("TimePassed"))] == [first + 2, first, first + 1]


def test_an_expired_order_at_an_outside_venue_is_asked_back_once(exchange: Exchange) -> None:
    exchange.pair.send("OpenAccount", kind=VENUE_KIND)
    venue = max(exchange.pair.twin.state.ledger.kinds)
    exchange.buy(ANN, 90, 5, tif=GTD, expire=expire(exchange, 1), venue=venue)
    assert names(exchange.pair.send("TimePassed")) == ["CancelRequested"]
    exchange.pair.restore()
    assert exchange.pair.send("TimePassed") == []


def test_an_order_that_ended_leaves_no_deadline_behind(exchange: Exchange) -> None:
    exchange.buy(ANN, 90, 5, tif=GTD, expire=expire(exchange, 10))
    exchange.pair.send("CancelOrder", order=exchange.last)
    exchange.pair.now += 100
    assert exchange.pair.send("TimePassed") == []


@pytest.mark.parametrize(
    ("tif", "in_ns", "reason"), [(GTD, 0, "bad_expire"), (GTD, None, "bad_expire"), (1, 9, "bad_expire")]
)
def test_an_end_that_is_not_to_come_is_refused(exchange: Exchange, tif: int, in_ns: int | None, reason: str) -> None:
    at = 0 if in_ns is None else expire(exchange, in_ns)
    assert refusal(exchange.buy(ANN, 90, 5, tif=tif, expire=at)) == reason
    assert names(exchange.buy(ANN, 90, 5, tif=GTD, expire=2**64 - 1)) == ["Accepted"]
    assert names(exchange.buy(ANN, 90, 5, tif=GTD, expire=expire(exchange, 1))) == ["Accepted"]
