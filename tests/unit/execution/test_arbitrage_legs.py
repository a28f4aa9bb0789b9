"""Open legs are completed within the loss limit, else taken back, and none stays open past the deadline."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from isthmus.execution.arbitrage import NANO, Pair, Rule, Shown, Terms, between
from isthmus.execution.arbitrage_legs import (
    AT_MARKET,
    Cancel,
    Risk,
    Send,
    Trip,
    begin,
    decide,
    excess,
    lacking,
    on_end,
    on_fill,
)
from isthmus.execution.arbitrage_report import met
from isthmus.kernel.messages import BUY, SELL

DEADLINE = 1_000
ONE = Terms(number=1, name="one", base="BTC", quote="USD", price_nano=NANO, quantity_nano=NANO)
OTHER = Terms(number=2, name="other", base="BTC", quote="USD", price_nano=NANO, quantity_nano=NANO)
MARKETS = {1: ONE, 2: OTHER}
THEN = {1: Shown(0, [(99, 100)], [(100, 10)]), 2: Shown(0, [(103, 10)], [(104, 100)])}


def started(loss_limit: int = 0) -> tuple[Trip, tuple[Send, ...]]:
    intent = between(Pair(ONE, OTHER), THEN, Rule(minimum_profit=1), 0)
    assert intent is not None and intent.profit == 30 * NANO
    return begin(intent, MARKETS, Risk(loss_limit=loss_limit * NANO, within_ns=DEADLINE), 0)


def answered(trip: Trip, send: Send, *fills: tuple[int, int]) -> Trip:
    for number, (price, quantity) in enumerate(fills):
        trip = on_fill(trip, send.order, number, price, quantity)
    return on_end(trip, send.order)


def books(bid: int = 103, ask: int = 104) -> dict[int, Shown]:
    """The other venue now; the first one as it was."""
    return THEN | {2: Shown(10, [(bid, 100)], [(ask, 100)])}


def test_both_legs_go_out_together_and_a_full_fill_is_the_profit() -> None:
    trip, (buy, sell) = started()
    assert (buy.side, sell.side) == (BUY, SELL)
    trip = answered(trip, buy, (100, 10))
    waiting, orders = decide(trip, books(), 5)
    assert orders == () and waiting.phase == "sent", "the other leg has not answered"
    trip, orders = decide(answered(trip, sell, (103, 10)), books(), 6)
    assert (trip.phase, orders, trip.profit, trip.lost) == ("done", (), 30 * NANO, 0)


def test_a_partial_fill_is_completed_when_that_costs_less_than_the_limit() -> None:
    trip, (buy, sell) = started(loss_limit=8)
    trip = answered(answered(trip, buy, (100, 10)), sell, (103, 6))
    trip, orders = decide(trip, books(bid=99), 5)
    assert [(order.market, order.side, order.quantity, order.price) for order in orders] == [(2, SELL, 4, 99)]
    assert trip.phase == "completing"
    trip, _ = decide(answered(trip, orders[0], (99, 4)), books(bid=99), 6)
    assert (trip.phase, trip.lost, trip.profit) == ("done", 4 * NANO, (6 * 3 - 4 * 1) * NANO)


def test_a_partial_fill_is_taken_back_when_completing_costs_more() -> None:
    trip, (buy, sell) = started(loss_limit=8)
    trip = answered(answered(trip, buy, (100, 10)), sell, (103, 6))
    trip, orders = decide(trip, books(bid=97), 5)
    assert [(order.market, order.side, order.quantity, order.price) for order in orders] == [(1, SELL, 4, 99)]
    assert trip.phase == "unwinding"
    trip, _ = decide(answered(trip, orders[0], (99, 4)), books(), 6)
    assert (trip.phase, trip.lost, trip.profit) == ("done", 4 * NANO, (6 * 3 - 4) * NANO)


def test_one_leg_that_fills_alone_is_taken_back_whole() -> None:
    trip, (buy, sell) = started()
    trip = answered(answered(trip, buy), sell, (103, 10))
    trip, orders = decide(trip, books() | {1: Shown(9, [(104, 50)], [(105, 50)])}, 5)
    assert [(order.market, order.side, order.quantity) for order in orders] == [(2, BUY, 10)]


def test_nothing_filled_is_nothing_lost() -> None:
    trip, (buy, sell) = started()
    trip, orders = decide(answered(answered(trip, buy), sell), books(), 5)
    assert (trip.phase, orders, trip.profit) == ("done", (), 0)


def test_an_open_leg_waits_for_a_price_only_until_the_deadline() -> None:
    trip, (buy, sell) = started()
    trip = answered(answered(trip, buy, (100, 10)), sell)
    empty = {1: Shown(1, [], [(100, 5)]), 2: Shown(1, [], [])}
    trip, orders = decide(trip, empty, DEADLINE - 1)
    assert orders == (), "no price anywhere"
    trip, orders = decide(trip, empty, DEADLINE)
    assert [(order.side, order.quantity, order.price) for order in orders] == [(SELL, 10, AT_MARKET)]
    assert trip.overdue


def test_an_answer_that_never_comes_is_asked_to_cancel_and_what_it_fills_late_is_closed() -> None:
    trip, (buy, sell) = started()
    trip = answered(trip, buy, (100, 10))
    trip, orders = decide(trip, books(), DEADLINE)
    assert [type(order).__name__ for order in orders] == ["Cancel", "Send"]
    cancel, close = orders
    assert cancel == Cancel(sell.order, 1) and isinstance(close, Send)
    assert (close.market, close.side, close.quantity) == (1, SELL, 10)
    trip = answered(trip, close, (99, 10))
    trip, orders = decide(trip, books(), DEADLINE + 1)
    assert orders == () and trip.phase != "done", "the order may still fill: it is asked to cancel once"
    trip = answered(trip, sell, (103, 10))
    trip, orders = decide(trip, books(), DEADLINE + 2)
    assert [(order.market, order.side, order.quantity) for order in orders if isinstance(order, Send)] == [(1, BUY, 10)]
    assert isinstance(orders[0], Send) and "the deadline has come" in orders[0].why, "whichever costs least, at once"


def test_a_fill_told_twice_counts_once() -> None:
    trip, (buy, _) = started()
    once = on_fill(trip, buy.order, 0, 100, 4)
    assert on_fill(once, buy.order, 0, 100, 4) == once
    assert on_end(on_end(once, buy.order), buy.order) == on_end(once, buy.order)


def test_a_basis_that_is_taken_back_gets_the_fee_of_closing_back() -> None:
    perpetual = Terms(
        number=2, name="perpetual", base="BTC", quote="USD", price_nano=NANO, quantity_nano=NANO,
        perpetual=True, fee_ppm=1_000,
    )  # fmt: skip
    intent = between(Pair(ONE, perpetual), THEN, Rule(minimum_profit=1), 0)
    assert intent is not None
    trip, (buy, sell) = begin(intent, {1: ONE, 2: perpetual}, Risk(within_ns=DEADLINE), 0)
    trip = answered(answered(trip, buy), sell, (103, 10))
    trip, orders = decide(trip, THEN | {1: Shown(0, [], [])}, 5)
    assert isinstance(orders[0], Send)
    trip = answered(trip, orders[0], (104, 10))
    fees = 2 * 1_030 * NANO // 1_000
    assert trip.profit == -10 * NANO - fees


quantities = st.integers(0, 10)


@given(quantities, quantities, st.lists(st.integers(0, 10), max_size=8), st.integers(90, 110), st.integers(0, 50))
def test_whatever_the_answers_no_leg_is_left_open(
    bought: int, sold: int, repairs: list[int], bid: int, loss_limit: int
) -> None:
    """Repairs fill as the venue likes until the deadline; after it the books fill them."""
    trip, (buy, sell) = started(loss_limit)
    trip = answered(trip, buy, *([(100, bought)] if bought else []))
    trip = answered(trip, sell, *([(103, sold)] if sold else []))
    now, chances, shown = 1, iter(repairs), books(bid, bid + 1)
    for _ in range(40):
        trip, orders = decide(trip, shown, now)
        for order in orders:
            assert isinstance(order, Send)
            assert 0 < order.quantity <= 10
            most = next(chances, None) if now < DEADLINE else None
            fills = met(order, shown[order.market])
            price = fills[0][0] if fills else bid
            some = order.quantity if most is None else min(most, order.quantity)
            trip = answered(trip, order, *([(price, some)] if some else []))
        if trip.phase == "done":
            break
        now = DEADLINE
    assert trip.phase == "done"
    assert trip.filled[0] == trip.filled[1]
    assert not any(excess(trip)) and not any(lacking(trip))
    assert dict(trip.flows).get("BTC", 0) + dict(trip.repairs).get("BTC", 0) == 0
