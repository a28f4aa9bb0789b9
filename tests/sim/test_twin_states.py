"""Trading states, orders for auctions, tick tables, minimum notionals and expiries, paragraph by paragraph of
docs/reference/sessions.md."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.messages import STATES
from tests.oracle.pair import Pair, names
from tests.oracle.values import (
    ALL_OR_NONE,
    AT_CLOSE,
    AT_OPEN,
    BUY,
    DAY,
    FOK,
    GOOD_FOR_AUCTION,
    GTC,
    IOC,
    MARKET_TO_LIMIT,
    PEG,
    POST_ONLY,
    PRICE_MAX,
    SELL,
    STOP,
    TRAILING_STOP,
)

from .exchange import ANN, BEN, CAT, DAN, EVE, SHARE, USD, ends, fills, refusal
from .floor import COLLARED, Floor, auctions, pairs, states

CALLS = ("pre_open", "opening_auction", "volatility_auction", "closing_auction")


@pytest.fixture
def floor(pair: Pair) -> Floor:
    return Floor(pair)


# SetSession


@pytest.mark.parametrize("state", STATES)
def test_a_state_may_follow_any_other_and_itself(floor: Floor, state: str) -> None:
    for before in STATES:
        floor.session(before)
        for _ in range(2):
            assert states(floor.session(state)) == [(state, "command")]
            assert floor.state_of() == state


def test_a_state_and_an_instrument_that_do_not_exist_are_refused(floor: Floor) -> None:
    before = floor.state()
    for number in (0, 8, 255):
        assert refusal(floor.pair.send("SetSession", instrument=SHARE, state=number)) == "unknown_state"
    for instrument in (0, 99, 2**32 - 1):
        assert refusal(floor.session("halted", instrument)) == "unknown_instrument"
    assert floor.state() == before


# What a state takes


@pytest.mark.parametrize("state", CALLS)
def test_a_call_gathers_orders_and_the_book_may_be_crossed(floor: Floor, state: str) -> None:
    floor.session(state)
    assert names(floor.buy(ANN, 101, 5)) == ["Accepted"]
    assert names(floor.sell(BEN, 100, 5)) == ["Accepted"]
    assert floor.depth() == ([(101, 5, 1)], [(100, 5, 1)])


@pytest.mark.parametrize("state", CALLS)
@pytest.mark.parametrize(
    "words",
    [{"tif": IOC}, {"tif": FOK}, {"flags": POST_ONLY}, {"flags": ALL_OR_NONE}, {"min_quantity": 2}],
    ids=["ioc", "fok", "post only", "all or none", "minimum"],
)
def test_a_call_takes_only_what_can_wait_for_its_price(floor: Floor, state: str, words: dict[str, Any]) -> None:
    floor.session(state)
    before = floor.state()
    assert (refusal(floor.buy(ANN, 100, 5, **words)), floor.state()) == ("wrong_session", before)


def test_a_call_takes_no_pegs_and_nothing_at_the_market_that_would_stay(floor: Floor) -> None:
    floor.session("opening_auction")
    before = floor.state()
    assert refusal(floor.special(ANN, BUY, PEG, 5, peg=1)) == "wrong_session"
    assert refusal(floor.buy(DAN, 0, 5, kind=MARKET_TO_LIMIT)) == "wrong_session"
    assert floor.state() == before


def test_an_order_for_an_outside_venue_passes_a_call_but_no_halt_and_no_close(floor: Floor) -> None:
    floor.pair.send("OpenAccount", kind=3)
    venue = {"venue": floor.pair.engine.accounts()[-1][0]}
    floor.session("opening_auction")
    assert names(floor.buy(ANN, 100, 5, tif=IOC, **venue)) == ["Accepted"]
    floor.session("halted")
    assert refusal(floor.buy(ANN, 100, 5, **venue)) == "instrument_halted"
    floor.session("closed")
    assert refusal(floor.buy(ANN, 100, 5, **venue)) == "wrong_session"


@pytest.mark.parametrize(("state", "reason"), [("halted", "instrument_halted"), ("closed", "wrong_session")])
def test_halted_and_closed_take_nothing_new_but_cancels(floor: Floor, state: str, reason: str) -> None:
    floor.buy(ANN, 100, 5)
    order = floor.last
    floor.session(state)
    before = floor.state()
    assert refusal(floor.buy(ANN, 100, 5)) == reason
    assert refusal(floor.pair.send("ReplaceOrder", order=order, account=ANN, price=99, quantity=5)) == reason
    assert floor.state() == before
    assert names(floor.pair.send("ReduceOrder", order=order, account=ANN, quantity=1)) == ["Reduced"]
    assert ends(floor.pair.send("CancelOrder", order=order, account=ANN)) == [(order, "user", 4)]


def test_a_replacement_in_a_call_rests_without_matching(floor: Floor) -> None:
    floor.sell(BEN, 100, 5)
    floor.buy(ANN, 99, 5)
    order = floor.last
    floor.session("volatility_auction")
    effects = floor.pair.send("ReplaceOrder", order=order, account=ANN, price=101, quantity=5)
    assert names(effects) == ["Replaced"]
    assert auctions(floor.uncross()) == [(100, 5, 0)]


def test_stops_wait_for_continuous_trading(floor: Floor) -> None:
    floor.special(DAN, SELL, STOP, 1, stop=99, trigger=2)
    floor.buy(CAT, 90, 1)
    floor.session("volatility_auction")
    assert names(floor.mark(95)) == ["Marked"]
    effects = floor.uncross()
    assert names(effects) == ["Auctioned", "SessionChanged", "Triggered", "Repriced", "Traded"]


def test_a_child_that_is_set_free_while_nothing_trades_rests(floor: Floor) -> None:
    floor.sell(BEN, 100, 2)
    floor.buy(ANN, 100, 5)
    parent = floor.last
    floor.sell(ANN, 90, 2, parent=parent)
    floor.buy(CAT, 95, 2)
    for state in ("halted", "closed"):
        floor.session(state)
    effects = floor.pair.send("CancelOrder", order=parent, account=ANN)
    assert names(effects) == ["Cancelled", "Triggered", "Repriced"]
    assert floor.depth() == ([(95, 2, 1)], [(90, 2, 1)])
    # from 90 to 95 nothing is left over: the price nearest to the last trade, 100
    assert auctions(floor.session("continuous")) == [(95, 2, 0)]
    assert floor.depth() == ([], [])


def test_an_immediate_child_that_is_set_free_while_nothing_trades_goes(floor: Floor) -> None:
    floor.sell(BEN, 100, 2)
    floor.buy(ANN, 100, 5)
    parent = floor.last
    floor.sell(ANN, 90, 2, parent=parent, tif=IOC)
    child = floor.last
    floor.session("opening_auction")
    effects = floor.pair.send("CancelOrder", order=parent, account=ANN)
    assert ends(effects) == [(parent, "user", 3), (child, "session", 2)]


# Orders for auctions


@pytest.mark.parametrize(
    ("tif", "on"),
    [
        (AT_OPEN, ("pre_open", "opening_auction")),
        (AT_CLOSE, ("closing_auction",)),
        (GOOD_FOR_AUCTION, CALLS),
    ],
    ids=["at open", "at close", "good for auction"],
)
@pytest.mark.parametrize("state", [*CALLS, "continuous"])
def test_an_order_for_an_auction_is_held_until_it_is_on(
    floor: Floor, tif: int, on: tuple[str, ...], state: str
) -> None:
    floor.session(state)
    effects = floor.buy(ANN, 100, 5, tif=tif)
    assert names(effects) == (["Accepted"] if state in on else ["Accepted", "Parked"])
    if state not in on:
        assert (effects[-1].status, floor.depth()) == (2, ([], []))
    assert floor.held(ANN, USD) == 500


def test_a_held_order_comes_when_its_auction_begins_behind_those_that_are_there(floor: Floor) -> None:
    floor.sell(ANN, 100, 1, tif=AT_CLOSE)
    first = floor.last
    floor.sell(BEN, 100, 1, tif=AT_CLOSE)
    floor.sell(CAT, 100, 1)
    effects = floor.session("closing_auction")
    assert names(effects) == ["SessionChanged", "Triggered", "Triggered"]
    assert [(e.order, e.price) for e in effects[1:]] == [(first, 0), (first + 1, 0)]
    assert floor.queue(SELL) == [(CAT, 1), (ANN, 1), (BEN, 1)]


def test_an_order_leaves_the_book_with_its_auction_and_comes_again(floor: Floor) -> None:
    floor.session("opening_auction")
    floor.buy(ANN, 100, 5, tif=AT_OPEN)
    order = floor.last
    effects = floor.session("volatility_auction")
    assert [(e.order, e.status) for e in effects[1:]] == [(order, 2)]
    assert floor.depth() == ([], [])
    assert names(floor.session("pre_open")) == ["SessionChanged", "Triggered"]
    assert floor.depth() == ([(100, 5, 1)], [])


def test_a_halt_leaves_the_orders_of_a_call_where_they_are(floor: Floor) -> None:
    floor.session("opening_auction")
    floor.buy(ANN, 100, 5, tif=AT_OPEN)
    assert names(floor.session("halted")) == ["SessionChanged"]
    assert floor.depth() == ([(100, 5, 1)], [])
    floor.session("opening_auction")
    floor.sell(BEN, 100, 5)
    assert auctions(floor.uncross()) == [(100, 5, 0)]


def test_an_auction_of_another_kind_does_not_end_a_held_order(floor: Floor) -> None:
    floor.buy(ANN, 100, 5, tif=AT_CLOSE)
    order = floor.last
    floor.session("volatility_auction")
    assert ends(floor.uncross()) == []
    assert floor.pair.engine.order(order) is not None


def test_a_held_order_may_be_cancelled_and_replaced(floor: Floor) -> None:
    floor.buy(ANN, 100, 5, tif=AT_CLOSE)
    order = floor.last
    (replaced,) = floor.pair.send("ReplaceOrder", order=order, account=ANN, price=98, quantity=7)
    assert (replaced.hold, floor.held(ANN, USD)) == (686, 686)
    floor.buy(BEN, 98, 1, tif=AT_CLOSE)
    assert ends(floor.pair.send("CancelOrder", order=order, account=ANN)) == [(order, "user", 7)]
    assert names(floor.session("closing_auction")) == ["SessionChanged", "Triggered"]
    assert floor.queue(BUY) == [(BEN, 1)]


def test_a_held_market_order_keeps_the_price_it_came_with(floor: Floor) -> None:
    floor.mark(100, COLLARED)
    floor.buy(ANN, 0, 2, instrument=COLLARED, tif=AT_CLOSE)
    floor.mark(200, COLLARED)
    floor.session("closing_auction", COLLARED)
    floor.sell(BEN, 112, 2, instrument=COLLARED)
    effects = floor.uncross(COLLARED)
    assert auctions(effects) == [(0, 0, 0)]
    assert [reason for _, reason, _ in ends(effects)] == ["session"]


def test_the_close_ends_day_orders_and_orders_for_auctions(floor: Floor) -> None:
    floor.buy(ANN, 90, 1)
    gtc = floor.last
    floor.buy(ANN, 91, 1, tif=AT_CLOSE)
    floor.buy(ANN, 92, 1, tif=DAY)
    floor.special(ANN, SELL, STOP, 1, stop=80, tif=DAY)
    floor.session("closing_auction")
    floor.sell(DAN, 0, 1, tif=GOOD_FOR_AUCTION)
    floor.sell(DAN, 0, 1)
    effects = floor.session("closed")
    assert names(effects)[0] == "SessionChanged"
    assert ends(effects) == [
        (gtc + 2, "expired", 1),
        (gtc + 3, "expired", 1),
        (gtc + 1, "session", 1),
        (gtc + 5, "session", 1),
        (gtc + 6, "session", 1),
    ]
    assert floor.queue(BUY) == [(ANN, 1)]


def test_a_day_order_at_an_outside_venue_is_the_venues_own_business(floor: Floor) -> None:
    floor.pair.send("OpenAccount", kind=3)
    venue = floor.pair.engine.accounts()[-1][0]
    floor.buy(ANN, 100, 5, tif=DAY, venue=venue)
    assert names(floor.session("closed")) == ["SessionChanged"]


def test_held_orders_come_back_from_the_state(floor: Floor) -> None:
    floor.buy(ANN, 100, 5, tif=AT_CLOSE)
    floor.buy(ANN, 99, 5, tif=AT_CLOSE)
    floor.pair.send("CancelOrder", order=floor.last, account=ANN)
    floor.pair.restore()
    assert names(floor.session("closing_auction")) == ["SessionChanged", "Triggered"]
    floor.pair.restore()
    floor.pair.check_state()
    floor.sell(BEN, 100, 5)
    assert pairs(floor.uncross()) == [(ANN, BEN, 5)]


# Tick tables


def test_a_price_is_a_multiple_of_the_tick_of_its_row(floor: Floor) -> None:
    assert names(floor.tick(100, 5)) == ["TickSet"]
    assert names(floor.tick(1_000, 50)) == ["TickSet"]
    for price in (1, 99, 100, 105, 995, 1_000, 1_050):
        assert refusal(floor.buy(ANN, price, 1)) == "", price
    order = floor.last
    before = floor.state()
    for price in (101, 996, 1_005, 1_025):
        assert refusal(floor.buy(ANN, price, 1)) == "off_tick", price
        assert refusal(floor.special(ANN, BUY, STOP, 1, stop=price)) == "bad_stop", price
    order = {"order": order, "account": ANN, "quantity": 1}
    assert refusal(floor.pair.send("ReplaceOrder", price=996, **order)) == "off_tick"
    assert floor.state() == before
    assert names(floor.pair.send("ReplaceOrder", price=995, **order)) == ["Replaced"]


def test_a_protection_price_stands_on_the_grid(floor: Floor) -> None:
    floor.tick(100, 5, COLLARED)
    floor.tick(112, 7, COLLARED)
    floor.mark(106, COLLARED)
    floor.session("opening_auction", COLLARED)
    # 10 % of 106 away: 116.6 to the 7 under it, 95.4 to the 1 above it
    assert floor.buy(ANN, 0, 1, instrument=COLLARED)[0].price == 112
    assert floor.sell(ANN, 0, 1, instrument=COLLARED)[0].price == 96


def test_a_sliding_order_slides_by_the_tick_of_the_row_it_slides_into(floor: Floor) -> None:
    floor.tick(100, 5)
    floor.sell(BEN, 100, 1)
    assert floor.buy(ANN, 100, 1, flags=POST_ONLY | 32)[-1].price == 99
    floor.buy(CAT, 100, 1)
    assert floor.sell(EVE, 99, 2, flags=POST_ONLY | 32)[-1].price == 100


def test_a_trailing_stop_stands_on_the_grid(floor: Floor) -> None:
    floor.tick(100, 5)
    floor.mark(103)
    floor.special(ANN, BUY, TRAILING_STOP, 1, offset=4)
    assert floor.pair.engine.order(floor.last)["price"] == 110
    floor.special(BEN, SELL, TRAILING_STOP, 1, offset=2)
    assert floor.pair.engine.order(floor.last)["price"] == 100
    assert [e.stop for e in floor.mark(92) if type(e).__name__ == "Trailed"] == [96]


@pytest.mark.parametrize(
    ("lowest", "tick"),
    [(0, 5), (-5, 5), (100, 0), (100, -1), (101, 5), (PRICE_MAX + 1, 1), (10, PRICE_MAX + 1), (100, 200)],
)
def test_a_row_that_cannot_be_is_refused(floor: Floor, lowest: int, tick: int) -> None:
    before = floor.state()
    assert (refusal(floor.tick(lowest, tick)), floor.state()) == ("bad_tick", before)


def test_rows_ascend(floor: Floor) -> None:
    floor.tick(100, 5)
    before = floor.state()
    for lowest in (95, 100):
        assert refusal(floor.tick(lowest, 5)) == "bad_tick"
    assert floor.state() == before
    assert names(floor.tick(105, 5)) == ["TickSet"]


def test_a_table_has_sixty_four_rows_after_the_first(floor: Floor) -> None:
    for row in range(1, 65):
        assert names(floor.tick(row, 1)) == ["TickSet"]
    before = floor.state()
    assert (refusal(floor.tick(65, 1)), floor.state()) == ("limit_reached", before)


def test_a_table_grows_only_while_there_is_no_live_order(floor: Floor) -> None:
    floor.special(ANN, SELL, STOP, 1, stop=80)
    before = floor.state()
    assert (refusal(floor.tick(100, 5)), floor.state()) == ("book_not_empty", before)
    floor.pair.send("CancelOrder", order=floor.last, account=ANN)
    assert refusal(floor.tick(100, 5, 99)) == "unknown_instrument"


def test_the_highest_row_and_tick_are_taken(floor: Floor) -> None:
    assert names(floor.tick(PRICE_MAX, PRICE_MAX)) == ["TickSet"]
    assert refusal(floor.buy(DAN, PRICE_MAX, 1)) == ""
    assert refusal(floor.buy(DAN, PRICE_MAX - 1, 1)) == ""


# Minimum notional


def test_an_order_worth_less_than_the_minimum_is_refused(floor: Floor) -> None:
    floor.rule("min_notional", 1_000)
    before = floor.state()
    assert refusal(floor.buy(ANN, 111, 9)) == "below_minimum_notional"
    assert refusal(floor.special(ANN, BUY, STOP, 9, stop=111)) == "below_minimum_notional"
    assert floor.state() == before
    assert refusal(floor.buy(ANN, 100, 10)) == ""
    order = {"order": floor.last, "account": ANN, "price": 100}
    before = floor.state()
    assert refusal(floor.pair.send("ReplaceOrder", quantity=9, **order)) == "below_minimum_notional"
    assert floor.state() == before
    assert refusal(floor.pair.send("ReplaceOrder", quantity=11, **order)) == ""


def test_a_market_order_is_worth_what_it_finds(floor: Floor) -> None:
    floor.rule("min_notional", 1_000)
    floor.sell(BEN, 100, 10)
    assert refusal(floor.buy(ANN, 0, 9)) == "below_minimum_notional"
    assert refusal(floor.sell(ANN, 0, 9)) == "", "it finds nothing, so it is worth nothing, and goes"
    assert fills(floor.buy(ANN, 0, 10)) == [(BEN, 100, 10)]


# Expiry


def test_at_its_expiry_an_instrument_closes_and_everything_goes(floor: Floor) -> None:
    floor.pair.send("OpenAccount", kind=3)
    venue = floor.pair.engine.accounts()[-1][0]
    floor.buy(ANN, 90, 1, tif=GTC)
    first = floor.last
    floor.special(ANN, SELL, STOP, 1, stop=80)
    floor.buy(BEN, 91, 1, tif=AT_CLOSE)
    floor.buy(CAT, 92, 1, venue=venue)
    floor.rule("expiry", floor.pair.now + 50)
    assert names(floor.wait(40)) == []
    effects = floor.wait(20)
    assert states(effects) == [("closed", "expiry")]
    assert names(effects) == ["SessionChanged", "Cancelled", "Cancelled", "Cancelled", "CancelRequested"]
    assert ends(effects) == [(first, "expired", 1), (first + 1, "expired", 1), (first + 2, "expired", 1)]


def test_nothing_is_taken_after_the_expiry(floor: Floor) -> None:
    floor.rule("expiry", floor.pair.now + 10)
    floor.wait(10)
    before = floor.state()
    assert refusal(floor.buy(ANN, 100, 1)) == "expired"
    assert refusal(floor.session("continuous")) == "expired"
    assert refusal(floor.uncross()) == "expired"
    assert refusal(floor.rule("expiry", 0)) == "expired"
    assert floor.state() == before
    assert names(floor.rule("auction_tie", 2)) == ["RuleSet"]


def test_an_expiry_may_be_moved_and_taken_away_before_it_comes(floor: Floor) -> None:
    now = floor.pair.now
    floor.rule("expiry", now + 10)
    floor.rule("expiry", now + 100)
    assert names(floor.wait(50)) == []
    floor.rule("expiry", 0)
    assert names(floor.wait(100)) == []
    assert refusal(floor.buy(ANN, 100, 1)) == ""


def test_an_expiry_lies_ahead(floor: Floor) -> None:
    before = floor.state()
    for value in (1, floor.pair.now, floor.pair.now + 3, -1):
        assert refusal(floor.rule("expiry", value)) == "bad_rule", value
    assert floor.state() == before
    assert names(floor.rule("expiry", 2**63 - 1)) == ["RuleSet"]


def test_an_expiry_comes_back_from_the_state(floor: Floor) -> None:
    floor.buy(ANN, 90, 1)
    floor.rule("expiry", floor.pair.now + 50)
    floor.pair.restore()
    assert states(floor.wait(60)) == [("closed", "expiry")]
    floor.pair.restore()
    assert refusal(floor.buy(ANN, 90, 1)) == "expired"
