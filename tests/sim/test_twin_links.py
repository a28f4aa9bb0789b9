"""Pairs of which one cancels the other, and brackets, by docs/reference/orders.md; figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.pair import Pair, names
from tests.oracle.values import (
    BUY,
    FOK,
    GTD,
    IOC,
    LIMIT,
    MARKET,
    REQUEST,
    RESPONSE,
    SELL,
    STOP,
    STOP_LIMIT,
    TRAILING_STOP,
)

from .exchange import ANN, BEN, BOXED, CAT, FUTURE, SHARE, USD, XYZ, Exchange, ends, fills, refusal

VENUE_KIND = 3


@pytest.fixture
def exchange(pair: Pair) -> Exchange:
    """A small exchange whose share traded at 100."""
    made = Exchange(pair)
    made.trade(100)
    return made


def take_profit_and_stop_loss(exchange: Exchange, quantity: int = 5, **words: Any) -> tuple[int, int]:
    """ANN sells at 110, or at the market when 90 trades; the numbers of both."""
    exchange.special(ANN, SELL, LIMIT, quantity, price=110, **words)
    profit = exchange.last
    exchange.special(ANN, SELL, STOP, quantity, stop=90, one_cancels=profit, **words)
    return profit, exchange.last


# Pairs


def test_a_pair_of_one_side_holds_once(exchange: Exchange) -> None:
    take_profit_and_stop_loss(exchange)
    assert exchange.held(ANN, XYZ) == 5


def test_a_pair_of_buys_holds_what_the_dearer_may_cost(exchange: Exchange) -> None:
    exchange.special(ANN, BUY, LIMIT, 5, price=90)
    (accepted, _) = exchange.special(ANN, BUY, STOP, 5, stop=110, one_cancels=exchange.last)
    assert accepted.hold == 550 - 450
    assert exchange.held(ANN, USD) == 550
    exchange.special(BEN, BUY, LIMIT, 5, price=110 - 20)
    exchange.special(BEN, BUY, LIMIT, 5, price=80, one_cancels=exchange.last)
    assert exchange.held(BEN, USD) == 450


def test_a_pair_of_both_sides_holds_for_each(exchange: Exchange) -> None:
    exchange.special(ANN, BUY, STOP, 5, stop=110)
    exchange.special(ANN, SELL, STOP, 5, stop=90, one_cancels=exchange.last)
    assert (exchange.held(ANN, USD), exchange.held(ANN, XYZ)) == (550, 5)


def test_a_perpetual_s_pair_counts_both(exchange: Exchange) -> None:
    take_profit_and_stop_loss(exchange, instrument=FUTURE)
    assert exchange.held(ANN, USD) == 5 * 110 + 5 * 90


def test_the_least_fill_of_one_ends_the_other_before_the_trade(exchange: Exchange) -> None:
    profit, loss = take_profit_and_stop_loss(exchange)
    effects = exchange.buy(BEN, 110, 1)
    assert names(effects) == ["Accepted", "Cancelled", "Traded"]
    assert ends(effects) == [(loss, "one_cancels", 5)]
    assert exchange.queue(SELL) == [(ANN, 4)]
    assert exchange.held(ANN, XYZ) == 4
    assert profit in exchange.pair.twin.state.orders


def test_the_trigger_of_one_ends_the_other(exchange: Exchange) -> None:
    profit, loss = take_profit_and_stop_loss(exchange)
    exchange.buy(BEN, 88, 5)
    effects = exchange.trade(90)
    assert names(effects)[-3:] == ["Triggered", "Cancelled", "Traded"]
    assert ends(effects) == [(profit, "one_cancels", 5)]
    assert exchange.pair.engine.balance(ANN, XYZ) == (9_995, 0)
    assert loss not in exchange.pair.twin.state.orders


def test_one_that_trades_at_once_ends_the_other(exchange: Exchange) -> None:
    exchange.special(ANN, SELL, LIMIT, 5, price=110)
    first = exchange.last
    exchange.buy(BEN, 105, 2)
    effects = exchange.special(ANN, SELL, LIMIT, 5, price=105, one_cancels=first)
    assert names(effects) == ["Accepted", "Cancelled", "Traded"]
    assert exchange.queue(SELL) == [(ANN, 3)]


@pytest.mark.parametrize("which", [0, 1])
def test_the_end_of_one_ends_the_other(exchange: Exchange, which: int) -> None:
    pair = take_profit_and_stop_loss(exchange)
    effects = exchange.pair.send("CancelOrder", order=pair[which])
    assert ends(effects) == [(pair[which], "user", 5), (pair[1 - which], "one_cancels", 5)]
    assert exchange.held(ANN, XYZ) == 0


def test_a_mass_cancel_ends_both_for_its_own_reason(exchange: Exchange) -> None:
    profit, loss = take_profit_and_stop_loss(exchange)
    effects = exchange.pair.send("CancelAll", account=ANN)
    assert ends(effects) == [(profit, "mass", 5), (loss, "mass", 5)]


def test_what_expires_ends_the_other_before_the_command_that_brings_the_time(exchange: Exchange) -> None:
    now = exchange.pair.now
    exchange.special(ANN, SELL, LIMIT, 5, price=110, tif=GTD, expire=now + 100)
    first = exchange.last
    exchange.special(ANN, SELL, LIMIT, 5, price=105, one_cancels=first)
    second = exchange.last
    exchange.pair.now = now + 99
    effects = exchange.buy(BEN, 105, 5)
    assert ends(effects) == [(first, "expired", 5), (second, "one_cancels", 5)]
    assert fills(effects) == []


def test_one_order_that_sweeps_both_of_a_pair_trades_with_one(exchange: Exchange) -> None:
    exchange.special(ANN, SELL, LIMIT, 5, price=101)
    exchange.special(ANN, SELL, LIMIT, 5, price=102, one_cancels=exchange.last)
    exchange.sell(BEN, 102, 1)
    effects = exchange.buy(CAT, 102, 8)
    assert fills(effects) == [(ANN, 101, 5), (BEN, 102, 1)]
    assert exchange.queue(BUY) == [(CAT, 2)]


def test_a_pair_that_could_trade_with_each_other_does_not_and_the_incoming_one_goes(exchange: Exchange) -> None:
    exchange.rule("self_trade", 0)
    exchange.special(ANN, SELL, LIMIT, 5, price=101)
    effects = exchange.special(ANN, BUY, LIMIT, 5, price=101, one_cancels=exchange.last)
    assert ends(effects) == [(exchange.last, "one_cancels", 5)]
    assert (exchange.queue(SELL), fills(effects)) == ([(ANN, 5)], [])


def test_a_pair_at_the_market_of_a_perpetual_that_meets_itself_gives_back_what_it_counted(exchange: Exchange) -> None:
    exchange.rule("self_trade", 0, FUTURE)
    exchange.buy(ANN, 100, 2, instrument=FUTURE)
    effects = exchange.special(ANN, SELL, MARKET, 8, one_cancels=exchange.last, instrument=FUTURE)
    assert ends(effects) == [(exchange.last, "one_cancels", 8)]
    assert exchange.pair.engine.position(ANN, FUTURE) == (0, 200)
    exchange.pair.send("CancelAll", account=ANN)
    assert exchange.pair.engine.position(ANN, FUTURE) == (0, 0)


def test_a_change_of_the_earlier_changes_what_the_later_holds(exchange: Exchange) -> None:
    exchange.special(ANN, BUY, LIMIT, 5, price=90)
    first = exchange.last
    exchange.special(ANN, BUY, STOP, 5, stop=110, one_cancels=first)
    exchange.pair.send("ReplaceSpecial", order=first, given=1, price=95)
    assert exchange.held(ANN, USD) == 550
    exchange.pair.send("ReduceOrder", order=first, quantity=4)
    assert exchange.held(ANN, USD) == 550
    exchange.pair.send("ReplaceOrder", order=first, price=80, quantity=10)
    assert exchange.held(ANN, USD) == 800


def test_an_order_has_one_partner(exchange: Exchange) -> None:
    profit, loss = take_profit_and_stop_loss(exchange)
    before = exchange.state()
    for taken in (profit, loss):
        assert refusal(exchange.special(ANN, SELL, LIMIT, 5, price=120, one_cancels=taken)) == "bad_link"
    assert exchange.state() == before


def test_a_survivor_may_be_paired_again(exchange: Exchange) -> None:
    profit, _ = take_profit_and_stop_loss(exchange)
    exchange.buy(BEN, 110, 1)
    assert names(exchange.special(ANN, SELL, STOP, 4, stop=90, one_cancels=profit)) == ["Accepted", "Parked"]
    assert exchange.held(ANN, XYZ) == 4


def test_a_kill_ends_the_one_in_its_scope_and_with_it_the_other(exchange: Exchange) -> None:
    exchange.special(ANN, SELL, LIMIT, 5, price=110, session=7)
    exchange.special(ANN, SELL, STOP, 5, stop=90, one_cancels=exchange.last, session=8)
    second = exchange.last
    effects = exchange.pair.send("Kill", scope=4, of=7)
    assert names(effects) == ["Killed", "Purged", "Released", "Cancelled"]
    assert ends(effects) == [(second, "one_cancels", 5)]
    assert exchange.held(ANN, XYZ) == 0


# Brackets


def bracket(exchange: Exchange, account: int = ANN, **entry: Any) -> tuple[int, int, int]:
    """Buys 10 at 100; then sells at 110, or at the market when 90 trades. The numbers of the three."""
    words = {"price": 100} | entry
    exchange.special(account, BUY, words.pop("kind", LIMIT), words.pop("quantity", 10), **words)
    parent = exchange.last
    exchange.special(account, SELL, LIMIT, 10, price=110, parent=parent)
    profit = exchange.last
    exchange.special(account, SELL, STOP, 10, stop=90, parent=parent, one_cancels=profit)
    return parent, profit, exchange.last


@pytest.fixture
def poor(exchange: Exchange) -> int:
    """Somebody with 1,000 and nothing to sell."""
    exchange.pair.send("OpenAccount", kind=1)
    account = max(exchange.pair.twin.state.ledger.kinds)
    exchange.pair.send("Deposit", account=account, asset=USD, amount=1_000)
    return int(account)


def test_children_wait_and_hold_nothing(exchange: Exchange) -> None:
    exchange.buy(BEN, 99, 1)
    effects = exchange.special(ANN, SELL, LIMIT, 10, price=110, parent=exchange.last)
    assert refusal(effects) == "bad_link"  # it is BEN's
    exchange.buy(ANN, 99, 1)
    accepted, parked = exchange.special(ANN, SELL, LIMIT, 10, price=110, parent=exchange.last)
    assert (accepted.hold, parked.status, exchange.held(ANN, XYZ)) == (0, 2, 0)


def test_a_filled_parent_lets_its_children_go_on_with_what_it_brought(exchange: Exchange, poor: int) -> None:
    _, profit, loss = bracket(exchange, poor)
    effects = exchange.sell(BEN, 100, 10)
    assert names(effects) == ["Accepted", "Traded", "Triggered", "Parked"]
    assert (effects[2].order, effects[2].price, effects[3].order, effects[3].status) == (profit, 0, loss, 1)
    assert exchange.queue(SELL) == [(poor, 10)]
    assert exchange.held(poor, XYZ) == 10
    exchange.buy(CAT, 85, 10)
    exchange.trade(90)
    assert exchange.pair.engine.balance(poor, USD) == (850, 0)
    assert exchange.pair.engine.balance(poor, XYZ) == (0, 0)


def test_a_child_trades_at_once_where_it_can(exchange: Exchange) -> None:
    _, _, loss = bracket(exchange)
    exchange.buy(CAT, 115, 4)
    exchange.sell(BEN, 115, 4)
    exchange.buy(CAT, 112, 6)
    effects = exchange.sell(BEN, 100, 6)
    assert fills(effects) == [(CAT, 112, 6)]
    effects = exchange.sell(BEN, 100, 10)
    assert fills(effects) == [(ANN, 100, 10)]
    exchange.pair.send("CancelAll", account=ANN)
    _, profit, loss = bracket(exchange)
    exchange.buy(CAT, 99, 1)
    exchange.pair.send("ReplaceSpecial", order=profit, given=1, price=99)
    effects = exchange.sell(BEN, 100, 10)
    assert names(effects)[-4:] == ["Traded", "Triggered", "Cancelled", "Traded"]
    assert ends(effects) == [(loss, "one_cancels", 10)]


def test_children_get_no_more_than_the_parent_traded(exchange: Exchange, poor: int) -> None:
    parent, profit, loss = bracket(exchange, poor)
    exchange.sell(BEN, 100, 4)
    effects = exchange.pair.send("CancelOrder", order=parent)
    assert names(effects) == ["Cancelled", "Reduced", "Triggered", "Reduced", "Parked"]
    assert [(e.order, e.quantity, e.left, e.released) for e in effects if names([e]) == ["Reduced"]] == [
        (profit, 6, 4, 0),
        (loss, 6, 4, 0),
    ]
    assert exchange.held(poor, XYZ) == 4


def test_children_of_a_parent_that_never_traded_go(exchange: Exchange) -> None:
    parent, profit, loss = bracket(exchange)
    effects = exchange.pair.send("CancelOrder", order=parent)
    # the second of the pair goes because the first went
    assert ends(effects) == [(parent, "user", 10), (profit, "parent", 10), (loss, "one_cancels", 10)]


def test_a_parent_that_waits_for_its_own_trigger_is_not_done(exchange: Exchange, poor: int) -> None:
    exchange.special(poor, BUY, STOP_LIMIT, 8, stop=105, price=106)
    parent = exchange.last
    exchange.special(poor, SELL, LIMIT, 8, price=120, parent=parent)
    child = exchange.last
    assert "Triggered" in names(exchange.trade(105))
    assert exchange.pair.twin.state.orders[child].aside
    exchange.sell(BEN, 106, 8)
    assert exchange.queue(SELL) == [(poor, 8)]


def test_a_child_at_the_market_is_priced_when_it_goes_on(exchange: Exchange, poor: int) -> None:
    exchange.buy(poor, 100, 10)
    assert exchange.special(poor, SELL, MARKET, 10, parent=exchange.last)[0].price == 0
    exchange.buy(CAT, 95, 4)
    effects = exchange.sell(BEN, 96, 10)
    assert fills(effects) == [(poor, 100, 10), (CAT, 95, 4)]
    assert [(reason, lots) for _, reason, lots in ends(effects)] == [("ioc", 6)]


def test_a_trailing_child_begins_at_the_price_when_it_goes_on(exchange: Exchange) -> None:
    exchange.buy(ANN, 104, 1)
    accepted, _ = exchange.special(ANN, SELL, TRAILING_STOP, 1, offset=5, parent=exchange.last)
    assert accepted.price == 0
    exchange.sell(BEN, 104, 1)
    assert exchange.pair.twin.state.orders[exchange.last - 1].stop == 99


def test_a_child_whose_stop_was_passed_fires_when_it_goes_on(exchange: Exchange) -> None:
    exchange.buy(ANN, 100, 1)
    exchange.special(ANN, SELL, STOP_LIMIT, 1, stop=101, price=99, parent=exchange.last)
    effects = exchange.sell(BEN, 100, 1)
    assert names(effects) == ["Accepted", "Traded", "Triggered"]
    assert (effects[2].price, exchange.queue(SELL)) == (100, [(ANN, 1)])


def test_a_child_that_cannot_be_held_for_goes_and_ends_the_other_of_its_pair(exchange: Exchange, poor: int) -> None:
    exchange.buy(poor, 100, 1)
    parent = exchange.last
    exchange.special(poor, BUY, LIMIT, 10, price=95, parent=parent)
    first = exchange.last
    exchange.special(poor, BUY, LIMIT, 1, price=90, parent=parent, one_cancels=first)
    second = exchange.last
    exchange.pair.send("Withdraw", account=poor, asset=USD, amount=900)
    effects = exchange.sell(BEN, 100, 1)
    assert ends(effects) == [(first, "funds", 1), (second, "one_cancels", 1)]


def test_a_child_of_a_child_waits_for_both(exchange: Exchange) -> None:
    exchange.buy(ANN, 100, 1)
    exchange.special(ANN, SELL, LIMIT, 1, price=105, parent=exchange.last)
    child = exchange.last
    exchange.special(ANN, BUY, LIMIT, 1, price=100, parent=child)
    exchange.sell(BEN, 100, 1)
    assert exchange.queue(SELL) == [(ANN, 1)]
    exchange.buy(BEN, 105, 1)
    assert exchange.queue(BUY) == [(ANN, 1)]


def test_a_parent_at_an_outside_venue_releases_its_children(exchange: Exchange, poor: int) -> None:
    exchange.pair.send("OpenAccount", kind=VENUE_KIND)
    venue = max(exchange.pair.twin.state.ledger.kinds)
    words = {"instrument": BOXED, "kind": LIMIT, "tif": 1, "venue": venue, "price": 50}
    exchange.pair.send("PlaceOrder", account=poor, side=BUY, quantity=20, **words)
    parent = exchange.last
    exchange.special(poor, SELL, LIMIT, 20, price=60, parent=parent, instrument=BOXED)
    child = exchange.last
    fill = {"order": parent, "venue": venue, "account": poor, "instrument": BOXED, "side": BUY, "liquidity": 1}
    exchange.pair.send("VenueFilled", price=50, quantity=13, fill_id=b"1".ljust(16), **fill)
    effects = exchange.pair.send("VenueCancelled", order=parent, venue=venue)
    # 13 lots came, but the instrument trades tens
    assert names(effects) == ["Cancelled", "Reduced", "Triggered"]
    assert exchange.queue(SELL, BOXED) == [(poor, 10)]
    assert effects[1].order == child


def test_a_perpetual_s_children_count_nowhere_before_they_go_on(exchange: Exchange) -> None:
    exchange.buy(ANN, 100, 5, instrument=FUTURE)
    words = {"parent": exchange.last, "instrument": FUTURE}
    exchange.special(ANN, SELL, LIMIT, 5, price=120, **words)
    assert exchange.pair.engine.position(ANN, FUTURE) == (0, 500)
    exchange.sell(BEN, 100, 5, instrument=FUTURE)
    # long 5 at the mark of 100, and a sell that only closes
    assert exchange.pair.engine.position(ANN, FUTURE) == (5, 500)
    exchange.pair.send("ReplaceOrder", order=exchange.last - 1, price=120, quantity=8)
    # 3 of the 8 open a short: 8 x 120 x 3 / 8 = 360
    assert exchange.pair.engine.position(ANN, FUTURE) == (5, 860)


def test_a_child_is_replaced_reduced_and_cancelled_like_any_order(exchange: Exchange) -> None:
    _, profit, loss = bracket(exchange)
    (replaced,) = exchange.pair.send("ReplaceOrder", order=profit, price=120, quantity=8)
    assert (replaced.hold, replaced.price) == (0, 120)
    (reduced,) = exchange.pair.send("ReduceOrder", order=profit, quantity=2)
    assert (reduced.left, reduced.released) == (6, 0)
    effects = exchange.pair.send("CancelOrder", order=profit)
    assert [(order, reason) for order, reason, _ in ends(effects)] == [(profit, "user"), (loss, "one_cancels")]
    assert names(exchange.sell(BEN, 100, 10)) == ["Accepted", "Traded"]


def test_a_bracket_comes_back_from_a_snapshot(exchange: Exchange, poor: int) -> None:
    _, profit, loss = bracket(exchange, poor)
    exchange.pair.restore()
    exchange.sell(BEN, 100, 4)
    exchange.pair.restore()
    exchange.sell(BEN, 100, 6)
    exchange.pair.restore()
    assert ends(exchange.buy(CAT, 110, 1)) == [(loss, "one_cancels", 10)]
    assert profit in exchange.pair.twin.state.orders


# What is refused


def test_a_parent_has_sixteen_children_at_most(exchange: Exchange) -> None:
    exchange.buy(ANN, 99, 1)
    parent = exchange.last
    for _ in range(16):
        assert names(exchange.special(ANN, SELL, LIMIT, 1, price=110, parent=parent)) == ["Accepted", "Parked"]
    before = exchange.state()
    assert refusal(exchange.special(ANN, SELL, LIMIT, 1, price=110, parent=parent)) == "limit_reached"
    assert exchange.state() == before
    exchange.pair.send("CancelOrder", order=exchange.last - 1)
    assert names(exchange.special(ANN, SELL, LIMIT, 1, price=110, parent=parent)) == ["Accepted", "Parked"]


@pytest.mark.parametrize("field", ["one_cancels", "parent"])
def test_a_link_to_what_cannot_be_linked_is_refused_and_changes_nothing(exchange: Exchange, field: str) -> None:
    exchange.buy(BEN, 90, 1)
    strange = exchange.last
    exchange.buy(ANN, 90, 1, instrument=FUTURE)
    elsewhere = exchange.last
    exchange.buy(ANN, 90, 1)
    own = exchange.last
    before = exchange.state()
    for other in (strange, elsewhere, 1, 2**64 - 1, exchange.last + 5):
        assert refusal(exchange.special(ANN, SELL, LIMIT, 1, price=110, **{field: other})) == "bad_link"
    for kind in (REQUEST, RESPONSE):
        assert refusal(exchange.special(ANN, SELL, kind, 1, price=110, **{field: own})) == "bad_link"
    assert refusal(exchange.special(ANN, SELL, LIMIT, 1, price=110, parent=own, one_cancels=own)) == "bad_link"
    assert exchange.state() == before


def test_an_order_at_an_outside_venue_cannot_be_one_of_a_pair(exchange: Exchange) -> None:
    exchange.pair.send("OpenAccount", kind=VENUE_KIND)
    venue = max(exchange.pair.twin.state.ledger.kinds)
    exchange.buy(ANN, 90, 1, venue=venue)
    routed = exchange.last
    assert refusal(exchange.special(ANN, BUY, STOP, 1, stop=110, one_cancels=routed)) == "bad_link"
    words = {"price": 100, "venue": venue}
    assert refusal(exchange.special(ANN, BUY, LIMIT, 1, one_cancels=routed, **words)) == "bad_terms"
    assert refusal(exchange.special(ANN, BUY, LIMIT, 1, parent=routed, **words)) == "bad_terms"


def test_immediate_orders_may_be_children(exchange: Exchange) -> None:
    exchange.buy(ANN, 100, 3)
    parent = exchange.last
    for tif in (IOC, FOK):
        exchange.special(ANN, SELL, LIMIT, 3, price=99, tif=tif, parent=parent)
    exchange.buy(CAT, 99, 2)
    effects = exchange.sell(BEN, 100, 3)
    assert [reason for _, reason, _ in ends(effects)] == ["ioc", "fok"]
    assert exchange.pair.engine.balance(ANN, XYZ) == (10_001, 0)


def test_a_request_of_the_share_is_not_what_a_link_needs(exchange: Exchange) -> None:
    assert refusal(exchange.special(ANN, SELL, LIMIT, 1, price=110, one_cancels=SHARE)) == "bad_link"
