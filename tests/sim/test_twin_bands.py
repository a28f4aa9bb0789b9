"""Price bands and limit states, paragraph by paragraph of docs/reference/sessions.md; figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.pair import Pair, names
from tests.oracle.values import (
    ALL_OR_NONE,
    AT_CLOSE,
    BUY,
    FOK,
    GOOD_FOR_AUCTION,
    HIDDEN,
    IOC,
    MARKET_TO_LIMIT,
    SELL,
    STOP,
    STOP_LIMIT,
)

from .exchange import ANN, BEN, CAT, DAN, EVE, FUTURE, USD, XYZ, ends, fills, refusal
from .floor import Floor, auctions, pairs, states

CANCEL, AUCTION, LIMIT_STATE = 1, 2, 3


@pytest.fixture
def floor(pair: Pair) -> Floor:
    return Floor(pair)


def edges(effects: list[Any]) -> list[tuple[int, int, int]]:
    """(entered, side, price) of every limit state."""
    return [(e.entered, e.side, e.price) for e in effects if type(e).__name__ == "LimitState"]


# The static band


def test_a_limit_price_outside_the_static_band_is_refused(floor: Floor) -> None:
    floor.rule("static_band_bps", 500)
    floor.mark(110)
    # 5 % of 110 away: 104.5 and 115.5
    before = floor.state()
    for price in (104, 116):
        assert refusal(floor.buy(ANN, price, 1)) == "outside_band"
        assert refusal(floor.special(ANN, SELL, STOP_LIMIT, 1, stop=110, price=price)) == "outside_band"
    assert floor.state() == before
    for price in (105, 115):
        assert refusal(floor.buy(ANN, price, 1, tif=AT_CLOSE)) == ""


def test_only_a_new_limit_price_is_measured(floor: Floor) -> None:
    floor.rule("static_band_bps", 500)
    floor.mark(100)
    floor.buy(ANN, 96, 5)
    order = {"order": floor.last, "account": ANN}
    floor.mark(200)
    before = floor.state()
    assert refusal(floor.pair.send("ReplaceOrder", price=97, quantity=5, **order)) == "outside_band"
    assert floor.state() == before
    assert names(floor.pair.send("ReplaceOrder", price=96, quantity=4, **order)) == ["Replaced"]
    assert refusal(floor.special(ANN, BUY, STOP, 1, stop=300)) == ""
    assert refusal(floor.buy(DAN, 0, 1)) == ""


def test_without_a_mark_or_an_auction_there_is_no_static_band(floor: Floor) -> None:
    floor.rule("static_band_bps", 1)
    floor.trade(100)
    assert refusal(floor.buy(ANN, 999, 1)) == ""


def test_the_static_band_is_around_the_later_of_mark_and_auction(floor: Floor) -> None:
    floor.rule("static_band_bps", 1_000)
    floor.mark(100)
    floor.call(("buy", ANN, 110, 5), ("sell", BEN, 110, 5))
    floor.uncross()
    assert refusal(floor.sell(BEN, 121, 1)) == ""
    assert refusal(floor.sell(BEN, 122, 1)) == "outside_band"
    floor.mark(100)
    assert refusal(floor.sell(BEN, 111, 1)) == "outside_band"
    assert refusal(floor.sell(BEN, 110, 1)) == ""


# A trade that would be outside


def test_the_nearer_of_both_bands_counts(floor: Floor) -> None:
    floor.trade(100)
    floor.mark(100)
    floor.rule("static_band_bps", 1_000)
    floor.rule("dynamic_band_bps", 500)
    for price in (105, 106):
        floor.sell(BEN, price, 1)
    effects = floor.buy(ANN, 106, 5)
    assert (fills(effects), ends(effects)) == ([(BEN, 105, 1)], [(floor.last, "band", 4)])


def test_the_band_of_an_order_does_not_move_with_its_own_trades(floor: Floor) -> None:
    floor.trade(100)
    floor.rule("dynamic_band_bps", 500)
    for price in (104, 108):
        floor.sell(BEN, price, 1)
    assert fills(floor.buy(ANN, 108, 2)) == [(BEN, 104, 1)]
    assert fills(floor.buy(ANN, 108, 2)) == [(BEN, 108, 1)]


def test_a_sell_stops_at_the_lower_edge(floor: Floor) -> None:
    floor.trade(100)
    floor.rule("dynamic_band_bps", 500)
    for price in (96, 95, 94):
        floor.buy(BEN, price, 1)
    effects = floor.sell(ANN, 90, 5)
    assert (fills(effects), ends(effects)) == ([(BEN, 96, 1), (BEN, 95, 1)], [(floor.last, "band", 3)])


def test_a_price_on_the_far_side_of_the_band_is_not_traded_either(floor: Floor) -> None:
    floor.sell(BEN, 100, 5)
    floor.rule("static_band_bps", 500)
    floor.mark(200)
    effects = floor.buy(ANN, 205, 5)
    assert (fills(effects), ends(effects)) == ([], [(floor.last, "band", 5)])


def test_an_order_that_rests_inside_touches_no_band(floor: Floor) -> None:
    floor.trade(100)
    floor.rule("dynamic_band_bps", 500)
    floor.sell(BEN, 110, 1)
    assert names(floor.buy(ANN, 108, 5)) == ["Accepted"]


@pytest.mark.parametrize("action", [CANCEL, AUCTION, LIMIT_STATE])
@pytest.mark.parametrize("words", [{"tif": IOC}, {"kind": MARKET_TO_LIMIT}, {}], ids=["ioc", "to limit", "market"])
def test_an_order_that_does_not_stay_goes(floor: Floor, action: int, words: dict[str, int]) -> None:
    floor.trade(100)
    floor.rule("dynamic_band_bps", 500)
    floor.rule("band_action", action)
    for price in (105, 106):
        floor.sell(BEN, price, 1)
    effects = floor.buy(ANN, 106 if "tif" in words else 0, 2, **words)
    assert (fills(effects), ends(effects)) == ([(BEN, 105, 1)], [(floor.last, "band", 1)])
    assert states(effects) == ([("volatility_auction", "band")] if action == AUCTION else [])
    assert edges(effects) == []


@pytest.mark.parametrize("action", [CANCEL, AUCTION, LIMIT_STATE])
def test_a_fill_or_kill_order_that_the_band_cuts_short_is_killed(floor: Floor, action: int) -> None:
    floor.trade(100)
    floor.rule("dynamic_band_bps", 500)
    floor.rule("band_action", action)
    for price in (105, 106):
        floor.sell(BEN, price, 1)
    effects = floor.buy(ANN, 106, 2, tif=FOK)
    assert (names(effects), ends(effects)) == (["Accepted", "Cancelled"], [(floor.last, "fok", 2)])


def test_hidden_orders_are_inside_or_outside_like_others(floor: Floor) -> None:
    floor.trade(100)
    floor.rule("dynamic_band_bps", 500)
    floor.sell(BEN, 106, 1, flags=HIDDEN)
    assert ends(floor.buy(ANN, 106, 2)) == [(floor.last, "band", 2)]


def test_the_bands_hold_where_orders_with_conditions_are_tried_again(floor: Floor) -> None:
    floor.trade(100)
    floor.rule("dynamic_band_bps", 500)
    floor.buy(ANN, 106, 3, flags=ALL_OR_NONE)
    floor.sell(BEN, 106, 2)
    assert fills(floor.sell(CAT, 106, 1)) == []
    assert fills(floor.rule("dynamic_band_bps", 0)) == [(BEN, 106, 2), (CAT, 106, 1)]


def test_reaching_an_own_order_beyond_the_band_is_reaching_beyond_it(floor: Floor) -> None:
    floor.trade(100)
    floor.rule("dynamic_band_bps", 500)
    floor.sell(ANN, 106, 2)
    assert ends(floor.buy(ANN, 106, 2)) == [(floor.last, "band", 2)]


# Volatility auction


def test_a_trade_outside_the_band_begins_a_volatility_auction(floor: Floor) -> None:
    floor.trade(100)
    floor.rule("dynamic_band_bps", 500)
    floor.rule("band_action", AUCTION)
    floor.sell(EVE, 106, 1, tif=GOOD_FOR_AUCTION)
    held = floor.last
    for price in (105, 106):
        floor.sell(BEN, price, 1)
    effects = floor.buy(ANN, 107, 4)
    assert names(effects) == ["Accepted", "Traded", "SessionChanged", "Triggered"]
    assert (states(effects), effects[-1].order) == ([("volatility_auction", "band")], held)
    assert floor.queue(BUY) == [(ANN, 3)]
    effects = floor.uncross()
    # two to sell at 106, three to buy: more to buy at every price up to 107
    assert (auctions(effects), pairs(effects)) == ([(107, 2, 1)], [(ANN, BEN, 1), (ANN, EVE, 1)])


def test_a_volatility_auction_ends_by_itself_after_the_pause(floor: Floor) -> None:
    floor.trade(100)
    floor.rule("dynamic_band_bps", 500)
    floor.rule("band_action", AUCTION)
    floor.rule("pause_ns", 100)
    floor.sell(BEN, 106, 1)
    floor.buy(ANN, 106, 1)
    assert names(floor.wait(99)) == []
    effects = floor.wait(1)
    assert (auctions(effects), states(effects)) == ([(106, 1, 0)], [("continuous", "timer")])


def test_without_a_pause_a_volatility_auction_waits_for_a_command(floor: Floor) -> None:
    floor.trade(100)
    floor.rule("dynamic_band_bps", 500)
    floor.rule("band_action", AUCTION)
    floor.sell(BEN, 106, 1)
    floor.buy(ANN, 106, 1)
    assert names(floor.wait(10**15)) == []
    assert auctions(floor.uncross()) == [(106, 1, 0)]


def test_a_stop_that_is_set_off_may_begin_the_auction_itself(floor: Floor) -> None:
    floor.rule("band_action", AUCTION)
    floor.rule("dynamic_band_bps", 500)
    floor.trade(100)
    floor.special(DAN, SELL, STOP, 5, stop=98)
    floor.buy(CAT, 98, 1)
    floor.buy(CAT, 90, 5)
    effects = floor.sell(BEN, 98, 1)
    assert names(effects) == ["Accepted", "Traded", "Triggered", "Repriced", "SessionChanged", "Cancelled"]
    assert ends(effects)[-1][1:] == ("band", 5)


def test_a_command_takes_the_timer_away(floor: Floor) -> None:
    floor.trade(100)
    floor.rule("dynamic_band_bps", 500)
    floor.rule("band_action", AUCTION)
    floor.rule("pause_ns", 100)
    floor.sell(BEN, 106, 1)
    floor.buy(ANN, 106, 1)
    floor.session("volatility_auction")
    assert names(floor.wait(1_000)) == []


def test_an_auction_by_timer_waits_while_trading_is_halted(floor: Floor) -> None:
    floor.trade(100)
    floor.rule("dynamic_band_bps", 500)
    floor.rule("band_action", AUCTION)
    floor.rule("pause_ns", 100)
    floor.sell(BEN, 106, 1)
    floor.buy(ANN, 106, 1)
    floor.pair.send("Halt", instrument=0)
    assert names(floor.wait(150)) == []
    floor.pair.send("Resume", instrument=0)
    assert names(floor.wait(50)) == []
    assert auctions(floor.wait(60)) == [(106, 1, 0)]


# Limit states


def limit_state(floor: Floor, instrument: int = 1) -> int:
    """ANN's buy for five at 108 rests at the edge of 105 with BEN's two at 106 beyond it; returns its number."""
    floor.trade(100, instrument)
    for rule, value in (
        ("dynamic_band_bps", 500),
        ("band_action", LIMIT_STATE),
        ("limit_state_ns", 100),
        ("pause_ns", 50),
    ):
        floor.rule(rule, value, instrument)
    floor.sell(BEN, 106, 2, instrument=instrument)
    effects = floor.buy(ANN, 108, 5, instrument=instrument)
    assert names(effects) == ["Accepted", "Repriced", "LimitState"]
    assert edges(effects) == [(1, BUY, 105)]
    return floor.last


def test_the_rest_moves_to_the_edge_and_the_market_is_in_a_limit_state(floor: Floor) -> None:
    order = limit_state(floor)
    assert floor.pair.engine.order(order)["price"] == 105
    assert (floor.held(ANN, USD), floor.state_of()) == (525, "continuous")
    assert floor.depth() == ([(105, 5, 1)], [(106, 2, 1)])


def test_trading_goes_on_at_the_edge_in_a_limit_state(floor: Floor) -> None:
    limit_state(floor)
    effects = floor.sell(CAT, 105, 2)
    assert (fills(effects), edges(effects)) == ([(ANN, 105, 2)], [])
    assert edges(floor.sell(CAT, 105, 3)) == [(0, BUY, 105)]


def test_a_limit_state_ends_when_the_order_at_the_edge_goes(floor: Floor) -> None:
    order = limit_state(floor)
    effects = floor.pair.send("CancelOrder", order=order, account=ANN)
    assert (names(effects), edges(effects)) == (["Cancelled", "LimitState"], [(0, BUY, 105)])
    assert names(floor.wait(1_000)) == []


def test_another_order_at_the_edge_keeps_the_limit_state(floor: Floor) -> None:
    order = limit_state(floor)
    assert edges(floor.buy(CAT, 107, 1)) == []
    assert edges(floor.pair.send("CancelOrder", order=order, account=ANN)) == []
    assert edges(floor.pair.send("CancelOrder", order=floor.last - 1, account=CAT)) == [(0, BUY, 105)]


def test_a_limit_state_ends_when_a_mark_moves_the_static_band_over_the_other_side(floor: Floor) -> None:
    limit_state(floor)
    assert edges(floor.mark(104)) == []
    floor.rule("static_band_bps", 500)
    assert edges(floor.mark(100)) == []
    assert edges(floor.mark(104)) == [(0, BUY, 105)]


def test_a_purge_of_the_order_at_the_edge_ends_the_limit_state(floor: Floor) -> None:
    limit_state(floor)
    effects = floor.pair.send("Kill", scope=1, of=ANN)
    assert edges(effects) == [(0, BUY, 105)]


def test_a_limit_state_that_lasts_becomes_a_pause_then_an_auction_then_trading(floor: Floor) -> None:
    limit_state(floor)
    assert names(floor.wait(99)) == []
    assert states(floor.wait(1)) == [("halted", "timer")]
    assert refusal(floor.buy(CAT, 100, 1)) == "instrument_halted"
    assert states(floor.wait(48)) == []
    assert states(floor.wait(1)) == [("volatility_auction", "timer")]
    floor.buy(CAT, 106, 1)
    assert states(floor.wait(48)) == []
    effects = floor.wait(1)
    assert (auctions(effects), states(effects)) == ([(106, 1, -1)], [("continuous", "timer")])
    assert pairs(effects) == [(CAT, BEN, 1)]


def test_a_timer_counts_from_the_record_that_began_the_state(floor: Floor) -> None:
    limit_state(floor)
    # the clock jumps far: the pause begins with this record and not when it was due
    assert states(floor.wait(10_000)) == [("halted", "timer")]
    assert states(floor.wait(49)) == []
    assert states(floor.wait(1)) == [("volatility_auction", "timer")]


def test_a_limit_state_without_a_time_lasts_until_it_is_left(floor: Floor) -> None:
    limit_state(floor)
    floor.session("continuous")
    floor.pair.send("CancelAll")
    floor.rule("limit_state_ns", 0)
    floor.sell(BEN, 106, 2)
    assert edges(floor.buy(ANN, 108, 5)) == [(1, BUY, 105)]
    assert names(floor.wait(10**15)) == []


def test_the_longest_time_is_taken(floor: Floor) -> None:
    limit_state(floor)
    floor.session("continuous")
    floor.pair.send("CancelAll")
    floor.rule("limit_state_ns", 2**63 - 1)
    floor.sell(BEN, 106, 2)
    assert edges(floor.buy(ANN, 108, 5)) == [(1, BUY, 105)]
    floor.pair.now = 2**63 - 1
    assert names(floor.wait(10)) == []


def test_any_change_of_state_ends_a_limit_state(floor: Floor) -> None:
    order = limit_state(floor)
    assert names(floor.session("halted")) == ["SessionChanged"]
    assert edges(floor.pair.send("CancelOrder", order=order, account=ANN)) == []
    assert names(floor.wait(1_000)) == []


def test_a_sell_rests_at_the_lower_edge(floor: Floor) -> None:
    floor.trade(100)
    floor.rule("dynamic_band_bps", 450)
    floor.rule("band_action", LIMIT_STATE)
    floor.buy(BEN, 94, 2)
    effects = floor.sell(ANN, 90, 5)
    # 4.5 % under 100 is 95.5, and 96 the first tick inside
    assert edges(effects) == [(1, SELL, 96)]
    assert edges(floor.buy(CAT, 96, 5)) == [(0, SELL, 96)]


def test_an_edge_where_there_is_no_price_lets_the_rest_go(floor: Floor) -> None:
    terms = {"base": XYZ, "quote": USD, "price_decimals": 2, "tick": 10, "lot": 1, "multiplier": 1}
    floor.pair.send("AddInstrument", symbol="XYZ-T", kind=1, **terms)
    for rule, value in (("static_band_bps", 5_000), ("band_action", LIMIT_STATE)):
        floor.rule(rule, value, 5)
    floor.buy(ANN, 10, 5, instrument=5)
    order = floor.last
    floor.sell(BEN, 10, 9, instrument=5, flags=ALL_OR_NONE)
    # 50 % of 5 away is 7.5, under the lowest price of the grid
    floor.mark(5, 5)
    effects = floor.pair.send("ReplaceOrder", order=order, account=ANN, price=10, quantity=9)
    assert (names(effects), ends(effects)) == (["Replaced", "Cancelled"], [(order, "band", 9)])


def test_a_price_on_the_far_side_begins_no_limit_state(floor: Floor) -> None:
    floor.sell(BEN, 100, 5)
    floor.rule("static_band_bps", 500)
    floor.rule("band_action", LIMIT_STATE)
    floor.mark(200)
    effects = floor.buy(ANN, 205, 5)
    assert (edges(effects), ends(effects)) == ([], [(floor.last, "band", 5)])


def test_a_limit_state_comes_back_from_the_state(floor: Floor) -> None:
    order = limit_state(floor)
    floor.pair.restore()
    floor.pair.check_state()
    assert states(floor.wait(100)) == [("halted", "timer")]
    floor.pair.restore()
    assert states(floor.wait(50)) == [("volatility_auction", "timer")]
    floor.pair.restore()
    assert states(floor.wait(50)) == [("continuous", "timer")]
    assert floor.pair.engine.order(order) is not None


def test_a_perpetual_has_bands_too(floor: Floor) -> None:
    limit_state(floor, FUTURE)
    assert floor.depth(FUTURE)[0] == [(105, 5, 1)]
