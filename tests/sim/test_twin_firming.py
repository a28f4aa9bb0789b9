"""Conditional orders of a dark pool, paragraph by paragraph of docs/reference/dark-and-negotiated.md."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.pair import Pair, names
from tests.oracle.values import BUY, DARK, FOK, GTC, GTD, REQUEST, RESPONSE, SELL, SHORT

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
    open_desk,
    peg,
    refused,
    rule,
    trades,
)

WINDOW = 30
MID = 2


@pytest.fixture
def pool() -> Pair:
    """A dark pool at 100 that gives an invited one 30 ns to firm up."""
    desk = open_desk()
    for instrument in (SHARE, COIN, SWAP):
        rule(desk, "book", DARK, instrument)
        rule(desk, "firm_up_ns", WINDOW, instrument)
        desk.send("Mark", instrument=instrument, price=100)
    return desk


def conditional(pool: Pair, account: int, side: int, quantity: int, price: int = 0, **words: Any) -> list[Any]:
    """A conditional order in the share unless `words` say otherwise."""
    fields = {"instrument": SHARE, "kind": REQUEST, "tif": GTC, "price": price} | words
    return pool.send("PlaceSpecial", account=account, side=side, quantity=quantity, **fields)


def firm(pool: Pair, order: int, quantity: int, price: int, **words: Any) -> list[Any]:
    """The firm order that takes the place of a conditional one, by its owner."""
    asked = pool.twin.state.orders.get(order)
    who = {"account": asked.account, "side": asked.side} if asked else {"account": ANN, "side": BUY}
    fields = {"instrument": SHARE, "kind": RESPONSE, "tif": GTC} | who | words
    return pool.send("PlaceSpecial", request=order, quantity=quantity, price=price, **fields)


def invited(effects: list[Any]) -> list[tuple[int, int]]:
    """(order, until) of each invitation."""
    return [(effect.order, effect.until) for effect in effects if type(effect).__name__ == "Invited"]


def test_a_conditional_order_holds_nothing_and_waits_for_another_side(pool: Pair) -> None:
    assert [tuple(effect) for effect in conditional(pool, ANN, SELL, 2_000)] == [(last(pool), 0, 0)]
    assert pool.engine.balance(ANN, XYZ) == (STOCK, 0), "it may offer more than it has, since nothing trades yet"
    assert names(conditional(pool, ANN, BUY, 10**12)) == ["Accepted"]
    assert names(limit(pool, BEN, SELL, 101, 5)) == ["Accepted"], "this one does not trade at 100"
    pool.check_state()


def test_who_could_trade_with_a_firm_order_is_invited(pool: Pair) -> None:
    conditional(pool, ANN, BUY, 9)
    order = last(pool)
    effects = limit(pool, BEN, SELL, 99, 5)
    assert names(effects) == ["Accepted", "Invited"]
    assert invited(effects) == [(order, pool.now + WINDOW)]
    assert names(limit(pool, CAT, SELL, 99, 5)) == ["Accepted"], "it is asked once"


def test_two_conditional_orders_are_both_invited(pool: Pair) -> None:
    conditional(pool, ANN, BUY, 9, 100)
    first = last(pool)
    effects = conditional(pool, BEN, SELL, 7)
    assert invited(effects) == [(first, pool.now + WINDOW), (last(pool), pool.now + WINDOW)]


def test_every_conditional_order_that_suits_is_invited_by_number(pool: Pair) -> None:
    conditional(pool, ANN, BUY, 9)
    conditional(pool, CAT, BUY, 9)
    first = last(pool) - 1
    assert [order for order, _ in invited(limit(pool, BEN, SELL, 100, 5))] == [first, first + 1]


def test_a_firm_order_goes_before_a_conditional_one(pool: Pair) -> None:
    limit(pool, BEN, SELL, 100, 5)
    assert len(invited(conditional(pool, ANN, BUY, 9))) == 1
    assert names(conditional(pool, CAT, SELL, 9)) == ["Accepted"], "who could trade with it is invited already"


def test_firming_up_takes_the_place_of_the_conditional_order_and_trades(pool: Pair) -> None:
    conditional(pool, ANN, BUY, 9)
    order = last(pool)
    limit(pool, BEN, SELL, 99, 5)
    effects = firm(pool, order, 6, 101)
    buyer = last(pool)
    assert names(effects) == ["Accepted", "Cancelled", "Traded"]
    # 6 x 1.01 and 2 bp of it
    assert effects[0].hold == 607
    assert ends(effects) == [(order, "cleared")]
    assert trades(effects) == [(buyer - 1, buyer, 100, 5)]
    # 5.00 and 2 bp of it paid; 1 x 1.01 held, whose fee the rounding of the first has paid
    assert pool.engine.balance(ANN, USD) == (CASH - 501, 101)
    assert pool.twin.state.orders[buyer].left == 1


def test_two_that_firm_up_trade(pool: Pair) -> None:
    conditional(pool, ANN, BUY, 9)
    first = last(pool)
    conditional(pool, BEN, SELL, 7)
    assert ends(firm(pool, first, 9, 100)) == [(first, "cleared")]
    buyer = last(pool)
    assert trades(firm(pool, first + 1, 7, 100)) == [(buyer, last(pool), 100, 7)]


def test_who_does_not_firm_up_in_time_goes(pool: Pair) -> None:
    conditional(pool, ANN, BUY, 9)
    order = last(pool)
    limit(pool, BEN, SELL, 99, 5)
    pool.now += WINDOW - 2
    assert names(pool.send("TimePassed")) == []
    assert ends(pool.send("TimePassed")) == [(order, "expired")]
    assert refused(firm(pool, order, 5, 100)) == "unknown_request"


def test_nobody_is_invited_for_what_would_not_trade(pool: Pair) -> None:
    conditional(pool, ANN, BUY, 9, min_quantity=5)
    conditional(pool, CAT, BUY, 9, 99)
    rule(pool, "dark_minimum", 3)
    assert names(limit(pool, BEN, SELL, 99, 4)) == ["Accepted"], "four are fewer than five, and 99 is less than 100"
    assert names(limit(pool, ANN, SELL, 99, 9)) == ["Accepted"], "nobody trades with himself"
    conditional(pool, DAN, BUY, 9)
    assert invited(limit(pool, BEN, SELL, 99, 2)) == []


def test_a_new_price_of_the_pool_invites(pool: Pair) -> None:
    conditional(pool, ANN, BUY, 9, 99)
    order = last(pool)
    limit(pool, BEN, SELL, 95, 5)
    assert [found for found, _ in invited(pool.send("Mark", instrument=SHARE, price=98))] == [order]


def test_a_halt_invites_nobody(pool: Pair) -> None:
    conditional(pool, ANN, BUY, 9, 99)
    order = last(pool)
    limit(pool, BEN, SELL, 95, 5)
    pool.send("Halt", instrument=SHARE)
    assert invited(pool.send("Mark", instrument=SHARE, price=98)) == []
    assert [found for found, _ in invited(pool.send("Resume", instrument=SHARE))] == [order]


def test_what_a_firm_order_must_be(pool: Pair) -> None:
    conditional(pool, ANN, BUY, 9)
    order = last(pool)
    assert refused(firm(pool, order, 5, 100)) == "unknown_request", "it is not invited"
    limit(pool, BEN, SELL, 100, 5)
    assert refused(firm(pool, last(pool), 5, 100)) == "unknown_request"
    assert refused(firm(pool, order + 99, 5, 100)) == "unknown_request"
    assert refused(firm(pool, order, 10, 100, instrument=COIN)) == "unknown_request"
    assert refused(firm(pool, order, 5, 100, account=CAT)) == "not_your_order"
    assert refused(firm(pool, order, 5, 100, side=SELL)) == "unknown_side"
    assert refused(firm(pool, order, 10, 100)) == "quantity_too_large"
    assert refused(firm(pool, order, 5, 0)) == "price_not_positive"
    assert refused(firm(pool, order, 5, 100, tif=FOK)) == "bad_terms"
    assert refused(firm(pool, order, 5, 10**13)) == "insufficient_funds"
    assert names(firm(pool, order, 5, 100, min_quantity=5)) == ["Accepted", "Cancelled", "Traded"]


def test_a_conditional_order_is_cancelled_reduced_and_timed_out_but_not_replaced(pool: Pair) -> None:
    conditional(pool, ANN, SELL, 9, tif=GTD, expire=pool.now + 20, flags=SHORT)
    order = last(pool)
    assert refused(pool.send("ReplaceOrder", order=order, price=99, quantity=5)) == "wrong_book"
    (reduced,) = pool.send("ReduceOrder", order=order, quantity=4)
    assert (reduced.left, reduced.released) == (5, 0)
    conditional(pool, CAT, SELL, 5)
    assert ends(pool.send("CancelOrder", order=last(pool), account=CAT)) == [(last(pool) - 1, "user")]
    pool.now += 20
    assert ends(pool.send("TimePassed")) == [(order, "expired")]


def test_without_a_time_to_firm_up_a_pool_takes_no_conditional_orders(pool: Pair) -> None:
    conditional(pool, ANN, BUY, 9)
    order = last(pool)
    rule(pool, "firm_up_ns", 0)
    assert refused(conditional(pool, ANN, BUY, 9)) == "wrong_book"
    assert refused(firm(pool, order, 9, 100)) == "wrong_book"


def test_a_peg_invites_too(pool: Pair) -> None:
    conditional(pool, ANN, BUY, 9)
    assert len(invited(peg(pool, BEN, SELL, MID, 5))) == 1


def test_a_conditional_order_on_a_perpetual_counts_nowhere(pool: Pair) -> None:
    assert conditional(pool, ANN, BUY, 10**6, instrument=SWAP)[0].hold == 0
    order = last(pool)
    effects = limit(pool, BEN, SELL, 100, 10, instrument=SWAP)
    assert len(invited(effects)) == 1
    effects = firm(pool, order, 10, 100, instrument=SWAP)
    assert trades(effects) == [(last(pool) - 1, last(pool), 100, 10)]
    assert pool.engine.position(ANN, SWAP) == (10, 100)
    pool.check_state()


def test_conditional_orders_and_invitations_are_kept_in_a_snapshot(pool: Pair) -> None:
    conditional(pool, ANN, BUY, 9)
    first = last(pool)
    limit(pool, BEN, SELL, 100, 5)
    conditional(pool, CAT, BUY, 99, 99)
    second = last(pool)
    pool.restore()
    effects = pool.send("Mark", instrument=SHARE, price=99)
    assert invited(effects) == [], "what is offered at 100 does not trade at 99"
    limit(pool, DAN, SELL, 99, 5)
    assert invited(pool.send("TimePassed")) == []
    pool.now += WINDOW
    assert ends(pool.send("TimePassed")) == [(first, "expired"), (second, "expired")]
