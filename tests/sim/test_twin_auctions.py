"""Call auctions, paragraph by paragraph of docs/reference/sessions.md; figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.pair import Pair, names
from tests.oracle.values import (
    ALL_OR_NONE,
    BUY,
    CALL,
    DARK,
    GOOD_FOR_AUCTION,
    HIDDEN,
    LIMIT,
    MARKET,
    POST_ONLY,
    PRICE_MAX,
    REDUCE_ONLY,
    SELL,
    STOP,
)

from .exchange import ANN, BEN, CAT, DAN, EVE, FUTURE, SHARE, USD, XYZ, ends, fills, refusal
from .floor import COLLARED, Floor, auctions, pairs, states


@pytest.fixture
def floor(pair: Pair) -> Floor:
    return Floor(pair)


# The price


def test_the_price_of_most_volume_wins(floor: Floor) -> None:
    floor.call(("buy", ANN, 102, 3), ("buy", BEN, 100, 5), ("sell", CAT, 99, 4), ("sell", EVE, 101, 4))
    # bought and sold at 99: 8 and 4; at 100: 8 and 4; at 101: 3 and 8; at 102: 3 and 8
    effects = floor.uncross()
    assert auctions(effects) == [(100, 4, 4)]
    assert pairs(effects) == [(ANN, CAT, 3), (BEN, CAT, 1)]
    assert {effect.price for effect in effects if type(effect).__name__ == "Traded"} == {100}


def test_of_equal_volumes_the_least_imbalance_wins(floor: Floor) -> None:
    floor.call(("buy", ANN, 103, 5), ("buy", BEN, 101, 6), ("sell", CAT, 100, 5), ("sell", EVE, 103, 9))
    # at 100 and 101: 11 to buy, 5 to sell; at 102: 5 and 5; at 103: 5 and 14
    assert auctions(floor.uncross()) == [(102, 5, 0)]


def test_more_to_buy_at_every_price_takes_the_highest(floor: Floor) -> None:
    floor.call(("buy", ANN, 103, 9), ("sell", BEN, 100, 5))
    assert auctions(floor.uncross()) == [(103, 5, 4)]


def test_more_to_sell_at_every_price_takes_the_lowest(floor: Floor) -> None:
    floor.call(("buy", ANN, 103, 5), ("sell", BEN, 100, 9))
    assert auctions(floor.uncross()) == [(100, 5, -4)]


def test_the_price_next_above_a_limit_may_be_the_one(floor: Floor) -> None:
    floor.rule("auction_tie", 3)
    floor.call(("buy", ANN, 105, 5), ("buy", BEN, 100, 5), ("sell", CAT, 98, 5))
    # up to 100: 10 to buy, 5 to sell; from 101 to 105: 5 and 5, and the lowest of these is taken
    assert auctions(floor.uncross()) == [(101, 5, 0)]


def test_pressure_from_both_sides_is_a_tie(floor: Floor) -> None:
    floor.mark(90)
    floor.call(("buy", ANN, 101, 5), ("buy", BEN, 100, 3), ("sell", CAT, 100, 5), ("sell", EVE, 101, 3))
    # at 100: 8 and 5; at 101: 5 and 8: the reference price of 90 is nearer to 100
    assert auctions(floor.uncross()) == [(100, 5, 3)]


@pytest.mark.parametrize(
    ("tie", "mark", "price"),
    [(1, 103, 103), (1, 999, 105), (1, 1, 100), (1, 0, 102), (2, 1, 105), (3, 999, 100), (4, 999, 102)],
    ids=["reference", "above", "below", "no reference: mid", "higher", "lower", "mid"],
)
def test_the_rule_breaks_a_tie(floor: Floor, tie: int, mark: int, price: int) -> None:
    floor.rule("auction_tie", tie)
    if mark:
        floor.mark(mark)
    floor.call(("buy", ANN, 105, 5), ("sell", BEN, 100, 5))
    assert auctions(floor.uncross()) == [(price, 5, 0)]


def test_a_reference_price_between_two_ticks_goes_to_the_nearer_and_then_the_lower(floor: Floor) -> None:
    floor.tick(100, 10)
    for mark, price in ((104, 100), (105, 100), (106, 110)):
        floor.mark(mark)
        floor.call(("buy", ANN, 120, 5), ("sell", BEN, 90, 5))
        assert auctions(floor.uncross()) == [(price, 5, 0)]


def test_the_middle_is_rounded_down_to_the_tick(floor: Floor) -> None:
    floor.rule("auction_tie", 4)
    floor.tick(100, 10)
    floor.call(("buy", ANN, 130, 5), ("sell", BEN, 100, 5))
    assert auctions(floor.uncross()) == [(110, 5, 0)]


def test_nothing_crosses_and_the_auction_says_so(floor: Floor) -> None:
    floor.call(("buy", ANN, 99, 5), ("sell", BEN, 100, 5))
    effects = floor.uncross()
    assert (auctions(effects), states(effects)) == ([(0, 0, 0)], [("continuous", "uncross")])
    assert names(effects) == ["Auctioned", "SessionChanged"]


def test_the_rest_of_a_call_is_not_crossed(floor: Floor) -> None:
    floor.call(("buy", ANN, 102, 9), ("buy", BEN, 101, 1), ("sell", CAT, 100, 5), ("sell", EVE, 103, 5))
    floor.uncross()
    assert floor.depth() == ([(102, 4, 1), (101, 1, 1)], [(103, 5, 1)])


# Who trades


def test_each_side_trades_by_price_and_then_by_time(floor: Floor) -> None:
    floor.call(("buy", ANN, 100, 2), ("buy", BEN, 101, 2), ("buy", CAT, 100, 2), ("sell", EVE, 100, 5))
    effects = floor.uncross()
    assert pairs(effects) == [(BEN, EVE, 2), (ANN, EVE, 2), (CAT, EVE, 1)]
    assert floor.queue(BUY) == [(CAT, 1)]


def test_who_came_first_is_the_maker_and_pays_the_maker_fee(floor: Floor) -> None:
    terms = {"base": XYZ, "quote": USD, "price_decimals": 2, "tick": 1, "lot": 1, "multiplier": 1}
    floor.pair.send("AddInstrument", symbol="XYZ-F", kind=1, maker_fee_ppm=1_000, taker_fee_ppm=3_000, **terms)
    floor.session("opening_auction", 5)
    floor.sell(ANN, 10_000, 10, instrument=5)
    floor.buy(BEN, 10_000, 10, instrument=5)
    (trade,) = [effect for effect in floor.uncross(5) if type(effect).__name__ == "Traded"]
    # 10 x 100.00: 1,000 ppm and 3,000 ppm of 100,000 cents
    assert (trade.maker, trade.taker, trade.taker_side) == (ANN, BEN, BUY)
    assert (trade.maker_fee, trade.taker_fee) == (100, 300)


def test_an_account_may_trade_with_itself_in_an_auction(floor: Floor) -> None:
    floor.call(("buy", ANN, 100, 5), ("sell", ANN, 100, 5))
    assert pairs(floor.uncross()) == [(ANN, ANN, 5)]
    assert (floor.held(ANN, USD), floor.held(ANN, XYZ)) == (0, 0)


def test_what_a_buy_held_beyond_the_price_is_released(floor: Floor) -> None:
    floor.mark(100)
    floor.call(("buy", ANN, 105, 10), ("sell", BEN, 95, 4))
    assert floor.held(ANN, USD) == 1_050
    assert auctions(floor.uncross()) == [(105, 4, 6)]
    assert floor.held(ANN, USD) == 630


def test_hidden_orders_take_part_behind_the_visible_ones(floor: Floor) -> None:
    floor.session("opening_auction")
    floor.sell(ANN, 100, 2, flags=HIDDEN)
    floor.sell(BEN, 100, 2)
    floor.buy(CAT, 100, 3)
    assert pairs(floor.uncross()) == [(CAT, BEN, 2), (CAT, ANN, 1)]


def test_an_iceberg_takes_part_with_all_of_it_and_shows_a_new_peak_after_it(floor: Floor) -> None:
    floor.session("opening_auction")
    floor.sell(ANN, 100, 10, display=3)
    floor.sell(BEN, 100, 5)
    floor.buy(CAT, 100, 7)
    effects = floor.uncross()
    assert pairs(effects) == [(CAT, ANN, 7)]
    assert [(e.order, e.display) for e in effects if type(e).__name__ == "Refreshed"] == [(floor.last - 3, 3)]
    assert floor.queue(SELL) == [(BEN, 5), (ANN, 3)]


def test_an_iceberg_whose_peak_is_not_used_up_keeps_its_place(floor: Floor) -> None:
    floor.session("opening_auction")
    floor.sell(ANN, 100, 10, display=3)
    floor.sell(BEN, 100, 5)
    floor.buy(CAT, 100, 2)
    assert names(floor.uncross()) == ["Auctioned", "Traded", "SessionChanged"]
    assert floor.depth()[1] == [(100, 6, 2)]
    assert floor.queue(SELL) == [(ANN, 8), (BEN, 5)]


def test_orders_with_conditions_stand_aside_and_are_tried_after_it(floor: Floor) -> None:
    floor.sell(ANN, 100, 3, flags=ALL_OR_NONE)
    floor.call(("buy", BEN, 101, 5), ("sell", CAT, 101, 1))
    effects = floor.uncross()
    assert (auctions(effects), pairs(effects)) == ([(101, 1, 4)], [(BEN, CAT, 1), (BEN, ANN, 3)])
    assert names(effects) == ["Auctioned", "Traded", "SessionChanged", "Traded"]


def test_a_reduce_only_order_stands_aside_and_is_tried_after_it(floor: Floor) -> None:
    floor.session("opening_auction")
    floor.sell(ANN, 100, 3, flags=REDUCE_ONLY)
    floor.buy(BEN, 101, 5)
    effects = floor.uncross()
    assert (auctions(effects), pairs(effects)) == ([(0, 0, 0)], [(BEN, ANN, 3)])


def test_of_a_pair_the_earlier_takes_part_and_ends_the_other(floor: Floor) -> None:
    floor.session("opening_auction")
    floor.sell(ANN, 100, 3)
    floor.sell(ANN, 101, 3, one_cancels=floor.last)
    floor.buy(BEN, 102, 9)
    effects = floor.uncross()
    assert pairs(effects) == [(BEN, ANN, 3)]
    assert ends(effects) == [(floor.last - 2, "one_cancels", 3)]
    assert names(effects) == ["Auctioned", "Cancelled", "Traded", "SessionChanged"]


def test_of_a_pair_the_later_is_tried_after_the_auction(floor: Floor) -> None:
    floor.session("opening_auction")
    floor.sell(ANN, 110, 3)
    floor.sell(ANN, 101, 3, one_cancels=floor.last)
    floor.buy(BEN, 102, 9)
    effects = floor.uncross()
    assert auctions(effects) == [(0, 0, 0)]
    assert names(effects) == ["Auctioned", "SessionChanged", "Cancelled", "Traded"]
    assert pairs(effects) == [(BEN, ANN, 3)]


def test_a_perpetual_settles_against_its_mark(floor: Floor) -> None:
    floor.session("opening_auction", FUTURE)
    floor.buy(ANN, 110, 4, instrument=FUTURE)
    floor.sell(BEN, 104, 4, instrument=FUTURE)
    effects = floor.uncross(FUTURE)
    # the mark of 100 is the reference price, 104 the nearest; (104 - 100) x 4
    assert auctions(effects) == [(104, 4, 0)]
    (trade,) = [effect for effect in effects if type(effect).__name__ == "Traded"]
    assert (trade.buyer_pays, trade.seller_gets) == (16, 16)
    assert floor.pair.engine.position(ANN, FUTURE)[0] == 4


@pytest.mark.parametrize(("mark", "answer"), [(0, "Accepted"), (1, "no_reference_price")])
def test_a_market_order_may_go_as_far_as_the_greatest_price(floor: Floor, mark: int, answer: str) -> None:
    terms = {"base": XYZ, "quote": USD, "price_decimals": 2, "tick": 1, "lot": 1, "multiplier": 1, "collar_bps": 2_500}
    floor.pair.send("AddInstrument", symbol="XYZ-F", kind=1, **terms)
    floor.mark(PRICE_MAX // 5 * 4 + mark, 5)
    effects = floor.buy(DAN, 0, 1, instrument=5)
    assert (refusal(effects) or names(effects)[0]) == answer
    assert mark or effects[0].price == PRICE_MAX


def test_stops_are_set_off_by_the_price_of_an_auction(floor: Floor) -> None:
    floor.special(EVE, SELL, STOP, 1, stop=99)
    floor.buy(CAT, 90, 1)
    floor.call(("buy", ANN, 99, 2), ("sell", BEN, 99, 2))
    effects = floor.uncross()
    assert names(effects) == ["Auctioned", "Traded", "SessionChanged", "Triggered", "Repriced", "Traded"]
    assert fills(effects)[-1] == (CAT, 90, 1)


# Market orders


def test_a_market_order_without_a_price_to_stop_at_is_refused_in_a_call(floor: Floor) -> None:
    floor.session("opening_auction")
    before = floor.state()
    assert refusal(floor.buy(ANN, 0, 5)) == "no_reference_price"
    assert refusal(floor.buy(ANN, 0, 5, instrument=COLLARED, tif=GOOD_FOR_AUCTION)) == "no_reference_price"
    assert floor.state() == before


def test_a_market_order_stands_before_the_limits_at_its_protection_price(floor: Floor) -> None:
    floor.mark(100, COLLARED)
    floor.session("opening_auction", COLLARED)
    floor.buy(ANN, 110, 2, instrument=COLLARED)
    (accepted,) = floor.buy(BEN, 0, 2, instrument=COLLARED)
    floor.buy(CAT, 109, 2, instrument=COLLARED)
    floor.sell(EVE, 100, 3, instrument=COLLARED)
    assert (accepted.price, accepted.hold) == (110, 220)
    effects = floor.uncross(COLLARED)
    # more to buy everywhere: the highest limit at which three are sold
    assert auctions(effects) == [(110, 3, 1)]
    assert pairs(effects) == [(BEN, EVE, 2), (ANN, EVE, 1)]


def test_market_orders_show_in_no_level(floor: Floor) -> None:
    floor.mark(100, COLLARED)
    floor.session("opening_auction", COLLARED)
    floor.sell(BEN, 0, 2, instrument=COLLARED)
    assert floor.depth(COLLARED) == ([], [])
    assert floor.pair.engine.book_orders(COLLARED) == [(floor.last, BEN, SELL, 90, 2, 2, False)]


def test_market_orders_alone_meet_at_the_reference_price(floor: Floor) -> None:
    floor.mark(104, COLLARED)
    floor.session("opening_auction", COLLARED)
    floor.buy(ANN, 0, 5, instrument=COLLARED)
    floor.sell(BEN, 0, 3, instrument=COLLARED)
    effects = floor.uncross(COLLARED)
    assert auctions(effects) == [(104, 3, 2)]
    assert ends(effects) == [(floor.last - 2, "session", 2)]


def test_market_orders_alone_without_a_reference_price_do_not_meet(floor: Floor) -> None:
    floor.session("opening_auction")
    floor.buy(DAN, 0, 5)
    floor.sell(DAN, 0, 5)
    effects = floor.uncross()
    assert auctions(effects) == [(0, 0, 0)]
    assert [reason for _, reason, _ in ends(effects)] == ["session", "session"]


def test_who_needs_no_funds_needs_no_protection_price(floor: Floor) -> None:
    floor.session("opening_auction")
    (accepted,) = floor.buy(DAN, 0, 5)
    assert (accepted.hold, accepted.price) == (0, PRICE_MAX)
    floor.sell(ANN, 107, 5)
    assert auctions(floor.uncross()) == [(107, 5, 0)]


def test_an_order_at_the_market_without_end_stops_where_its_notional_would_not_fit(floor: Floor) -> None:
    floor.session("opening_auction")
    (accepted,) = floor.buy(DAN, 0, 10**12)
    assert accepted.price == 2**62 // 10**12
    (accepted,) = floor.sell(DAN, 0, 10**12)
    assert accepted.price == 1


def test_what_is_left_of_a_market_order_goes_after_the_call(floor: Floor) -> None:
    floor.session("opening_auction")
    floor.buy(DAN, 0, 5)
    order = floor.last
    floor.sell(ANN, 107, 2)
    effects = floor.uncross()
    assert ends(effects) == [(order, "session", 3)]
    assert names(effects) == ["Auctioned", "Traded", "Cancelled", "SessionChanged"]


def test_a_market_order_in_a_call_may_be_reduced_but_not_priced(floor: Floor) -> None:
    floor.session("opening_auction")
    floor.buy(DAN, 0, 5)
    order = floor.last
    before = floor.state()
    priced = floor.pair.send("ReplaceOrder", order=order, account=DAN, price=100, quantity=4)
    assert (refusal(priced), floor.state()) == ("price_on_market", before)
    (replaced,) = floor.pair.send("ReplaceOrder", order=order, account=DAN, price=0, quantity=4)
    assert (replaced.quantity, replaced.priority_kept) == (4, 1)
    assert ends(floor.pair.send("CancelOrder", order=order, account=DAN)) == [(order, "user", 4)]


# The indicative price


def test_the_indicative_price_is_that_of_an_uncross_and_changes_nothing(floor: Floor) -> None:
    engine = floor.pair.engine
    floor.call(("buy", ANN, 103, 9), ("sell", BEN, 100, 5))
    before = engine.state_hash()
    assert engine.indicative(SHARE) == (103, 5, 4)
    assert engine.state_hash() == before
    assert auctions(floor.uncross()) == [(103, 5, 4)]
    assert engine.indicative(SHARE) == (0, 0, 0)


def test_the_indicative_price_of_an_instrument_that_is_not_there_is_an_error(floor: Floor) -> None:
    with pytest.raises(ValueError, match="instrument: there is no 99"):
        floor.pair.engine.indicative(99)


# Uncross


@pytest.mark.parametrize("state", ["continuous", "halted", "closed"])
def test_only_a_call_can_be_uncrossed(floor: Floor, state: str) -> None:
    floor.session(state)
    before = floor.state()
    assert (refusal(floor.uncross()), floor.state()) == ("wrong_session", before)


@pytest.mark.parametrize("state", ["pre_open", "opening_auction", "volatility_auction", "closing_auction"])
def test_an_uncross_opens_continuous_trading(floor: Floor, state: str) -> None:
    floor.session(state)
    assert states(floor.uncross()) == [("continuous", "uncross")]
    assert floor.state_of() == "continuous"


def test_an_uncross_names_an_instrument_with_a_book_of_orders(floor: Floor) -> None:
    floor.rule("book", DARK)
    floor.session("opening_auction")
    before = floor.state()
    assert refusal(floor.uncross()) == "wrong_book"
    for number in (0, 99, 2**32 - 1):
        assert refusal(floor.uncross(number)) == "unknown_instrument"
    assert floor.state() == before


def test_nothing_is_uncrossed_while_trading_is_halted(floor: Floor) -> None:
    floor.call(("buy", ANN, 100, 5), ("sell", BEN, 100, 5))
    for instrument in (0, SHARE):
        floor.pair.send("Halt", instrument=instrument)
        before = floor.state()
        assert refusal(floor.uncross()) == "instrument_halted"
        assert refusal(floor.session("continuous")) == "instrument_halted"
        assert floor.state() == before
        floor.pair.send("Resume", instrument=instrument)
    assert auctions(floor.uncross()) == [(100, 5, 0)]


def test_a_change_into_continuous_trading_uncrosses_a_crossed_book_first(floor: Floor) -> None:
    floor.call(("buy", ANN, 100, 5), ("sell", BEN, 100, 3))
    effects = floor.session("continuous")
    assert names(effects) == ["Auctioned", "Traded", "SessionChanged"]
    assert states(effects) == [("continuous", "command")]
    assert floor.depth() == ([(100, 2, 1)], [])


def test_a_change_into_continuous_trading_says_nothing_of_a_book_that_is_not_crossed(floor: Floor) -> None:
    floor.call(("buy", ANN, 99, 5), ("sell", BEN, 100, 3))
    assert names(floor.session("continuous")) == ["SessionChanged"]


def test_a_call_book_is_always_in_a_call(floor: Floor) -> None:
    floor.rule("book", CALL)
    floor.buy(ANN, 101, 5)
    assert names(floor.sell(BEN, 100, 3)) == ["Accepted"]
    assert refusal(floor.buy(CAT, 100, 1, flags=POST_ONLY)) == "wrong_session"
    assert names(floor.session("continuous")) == ["SessionChanged"]
    effects = floor.uncross()
    assert names(effects) == ["Auctioned", "Traded"]
    assert auctions(effects) == [(101, 3, 2)]
    assert floor.state_of() == "continuous"
    assert refusal(floor.sell(BEN, 100, 1, kind=LIMIT, tif=2)) == "wrong_session"


def test_orders_for_one_auction_only_go_after_it(floor: Floor) -> None:
    floor.session("opening_auction")
    floor.buy(ANN, 100, 5, tif=GOOD_FOR_AUCTION)
    order = floor.last
    floor.sell(BEN, 100, 2)
    effects = floor.uncross()
    assert (pairs(effects), ends(effects)) == ([(ANN, BEN, 2)], [(order, "session", 3)])
    assert floor.held(ANN, USD) == 0


def test_the_books_come_back_from_their_state_in_the_middle_of_a_call(floor: Floor) -> None:
    floor.mark(100, COLLARED)
    floor.session("opening_auction", COLLARED)
    for words in ({"kind": MARKET}, {"flags": HIDDEN}, {"display": 1}, {}):
        price = 0 if words.get("kind") == MARKET else 100
        floor.buy(ANN, price, 3, instrument=COLLARED, **words)
    floor.sell(BEN, 99, 10, instrument=COLLARED)
    floor.pair.restore()
    floor.pair.check_state()
    effects: list[Any] = floor.uncross(COLLARED)
    assert [lots for *_, lots in pairs(effects)] == [3, 3, 3, 1]


def test_an_iceberg_that_stood_aside_in_the_call_shows_what_is_left_of_its_peak_afterwards(floor: Floor) -> None:
    perpetual = {"instrument": FUTURE}
    floor.sell(CAT, 100, 9, **perpetual)
    floor.buy(BEN, 100, 9, **perpetual)
    floor.session("opening_auction", FUTURE)
    floor.buy(CAT, 100, 8, display=3, flags=REDUCE_ONLY, **perpetual)
    floor.sell(ANN, 100, 4, **perpetual)
    assert fills(floor.session("continuous", FUTURE)) == [(ANN, 100, 4)]
    assert floor.depth(FUTURE) == ([(100, 3, 1)], [])
    floor.session("opening_auction", FUTURE)
    floor.sell(ANN, 100, 2, **perpetual)
    assert fills(floor.session("continuous", FUTURE)) == [(ANN, 100, 2)]
    assert floor.depth(FUTURE) == ([(100, 1, 1)], [])
    floor.pair.check_state()
    assert fills(floor.sell(ANN, 100, 3, **perpetual)) == [(CAT, 100, 1), (CAT, 100, 1)]
