"""Ways of matching, paragraph by paragraph of docs/reference/matching.md; figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.pair import Pair, names
from tests.oracle.values import (
    ALL_OR_NONE,
    BUY,
    FOK,
    GTD,
    HIDDEN,
    IOC,
    LIMIT,
    MARKET,
    MARKET_TO_LIMIT,
    POST_ONLY,
    REDUCE_ONLY,
    SELL,
    SLIDE,
)

from .exchange import ANN, BEN, BOXED, CAT, DAN, EVE, FUTURE, USD, XYZ, Exchange, ends, fills, refusal

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


# Hidden orders


def test_a_hidden_order_shows_nowhere_and_comes_after_the_visible_ones_at_its_price(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 5, flags=HIDDEN)
    exchange.sell(BEN, 100, 2)
    assert exchange.depth()[1] == [(100, 2, 1)]
    assert fills(exchange.buy(CAT, 100, 4)) == [(BEN, 100, 2), (ANN, 100, 2)]
    assert exchange.depth()[1] == []
    assert exchange.pair.engine.best(1) == (0, 0, 0, 0)
    assert exchange.queue(SELL) == [(ANN, 3)]


def test_hidden_orders_stand_in_time_order_where_the_rule_says_so(exchange: Exchange) -> None:
    exchange.rule("hidden_after_visible", 0)
    exchange.sell(ANN, 100, 5, flags=HIDDEN)
    exchange.sell(BEN, 100, 2)
    assert exchange.depth()[1] == [(100, 2, 1)]
    assert fills(exchange.buy(CAT, 100, 6)) == [(ANN, 100, 5), (BEN, 100, 1)]


def test_a_better_hidden_price_comes_before_a_visible_one(exchange: Exchange) -> None:
    exchange.sell(BEN, 101, 2)
    exchange.sell(ANN, 100, 5, flags=HIDDEN)
    assert fills(exchange.buy(CAT, 101, 6)) == [(ANN, 100, 5), (BEN, 101, 1)]


def test_operators_see_hidden_orders_with_nothing_displayed(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 5, flags=HIDDEN)
    assert exchange.pair.engine.book_orders(1) == [(exchange.last, ANN, SELL, 100, 0, 5, False)]


def test_a_hidden_order_can_be_cancelled_and_replaced(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 5, flags=HIDDEN)
    hidden = exchange.last
    exchange.sell(ANN, 100, 1, flags=HIDDEN)
    (replaced,) = exchange.pair.send("ReplaceOrder", order=hidden, price=100, quantity=4)
    assert replaced.priority_kept == 1
    exchange.pair.send("ReplaceOrder", order=hidden, price=100, quantity=6)
    assert exchange.queue(SELL) == [(ANN, 1), (ANN, 6)]
    assert ends(exchange.pair.send("CancelOrder", order=hidden)) == [(hidden, "user", 6)]
    exchange.pair.check_state()


# Icebergs


def test_an_iceberg_shows_its_peak_and_the_next_one_stands_behind_the_others(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 10, display=3)
    iceberg = exchange.last
    exchange.sell(BEN, 100, 2)
    assert exchange.depth()[1] == [(100, 5, 2)]
    effects = exchange.buy(CAT, 100, 3)
    assert names(effects) == ["Accepted", "Traded", "Refreshed"]
    assert (effects[2].order, effects[2].display) == (iceberg, 3)
    assert exchange.queue(SELL) == [(BEN, 2), (ANN, 7)]


def test_a_part_of_a_peak_does_not_refresh_it(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 10, display=3)
    exchange.sell(BEN, 100, 2)
    assert names(exchange.buy(CAT, 100, 2)) == ["Accepted", "Traded"]
    assert exchange.depth()[1] == [(100, 3, 2)]
    assert exchange.queue(SELL) == [(ANN, 8), (BEN, 2)]


def test_an_aggressor_goes_on_through_refreshed_peaks(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 7, display=3)
    exchange.sell(BEN, 100, 2)
    exchange.sell(DAN, 100, 5, flags=HIDDEN)
    effects = exchange.buy(CAT, 100, 11)
    # peaks 3, 3 and the last 1 before the hidden order at the same price
    assert fills(effects) == [(ANN, 100, 3), (BEN, 100, 2), (ANN, 100, 3), (ANN, 100, 1), (DAN, 100, 2)]
    assert [e.display for e in effects if type(e).__name__ == "Refreshed"] == [3, 1]


def test_random_peaks_are_drawn_by_splitmix64(exchange: Exchange) -> None:
    # the first output of the generator seeded with 1234567, as published
    exchange.sell(ANN, 100, 20, display=2, display_high=4, seed=1_234_567)
    assert exchange.depth()[1] == [(100, 2 + 6_457_827_717_110_365_317 % 3, 1)]


def test_random_peaks_stay_within_their_bounds_and_in_whole_lots(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 5_000, display=20, display_high=60, seed=7, instrument=BOXED)
    shown = []
    while exchange.queue(SELL, BOXED):
        ((_, quantity, _),) = exchange.depth(BOXED)[1]
        shown.append(quantity)
        exchange.buy(CAT, 100, quantity, instrument=BOXED)
    assert set(shown[:-1]) == {20, 30, 40, 50, 60}
    assert sum(shown) == 5_000


def test_fill_or_kill_counts_all_of_an_iceberg(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 10, display=3)
    assert sum(fill[2] for fill in fills(exchange.buy(CAT, 100, 10, tif=FOK))) == 10


def test_a_smaller_quantity_leaves_an_icebergs_peak(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 10, display=3)
    iceberg = exchange.last
    exchange.pair.send("ReplaceOrder", order=iceberg, price=100, quantity=5)
    assert exchange.depth()[1] == [(100, 3, 1)]
    exchange.pair.send("ReplaceOrder", order=iceberg, price=100, quantity=2)
    assert exchange.depth()[1] == [(100, 2, 1)]


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"display": 1}, ""),
        ({"display": 10}, ""),
        ({"display": 11}, "bad_display"),
        ({"display": -1}, "bad_display"),
        ({"display": 3, "display_high": 2}, "bad_display"),
        ({"display": 3, "display_high": 10}, ""),
        ({"display": 3, "display_high": 11}, "bad_display"),
        ({"display": 0, "display_high": 5}, "bad_display"),
        ({"display": 0, "seed": 5}, "bad_display"),
        ({"display": 3, "flags": HIDDEN}, "bad_display"),
        ({"display": 3, "flags": ALL_OR_NONE}, "bad_display"),
        ({"display": 3, "tif": IOC}, "bad_display"),
        ({"display": 3, "tif": FOK}, "bad_display"),
        ({"display": 3, "min_quantity": 1}, "bad_display"),
    ],
)
def test_what_an_iceberg_may_show(exchange: Exchange, terms: dict[str, Any], reason: str) -> None:
    before = exchange.pair.engine.balance(ANN, XYZ)
    assert refusal(exchange.sell(ANN, 100, 10, **terms)) == reason
    assert (exchange.pair.engine.balance(ANN, XYZ) == before) is bool(reason)


@pytest.mark.parametrize(("quantity", "reason"), [(10_000, ""), (10_001, "bad_display")])
def test_an_iceberg_has_at_most_ten_thousand_peaks(exchange: Exchange, quantity: int, reason: str) -> None:
    assert refusal(exchange.buy(ANN, 1, quantity, display=1)) == reason


# All-or-none


@pytest.mark.parametrize("rule", [1, 2])
def test_all_or_none_trades_whole_or_rests(exchange: Exchange, rule: int) -> None:
    exchange.rule("all_or_none", rule)
    exchange.sell(ANN, 100, 5)
    assert fills(exchange.buy(BEN, 100, 6, flags=ALL_OR_NONE)) == []
    # the book is crossed at rest; one lot more to sell and it trades
    assert exchange.queue(BUY) == [(BEN, 6)]
    effects = exchange.sell(CAT, 100, 1)
    assert fills(effects) == [(ANN, 100, 5), (CAT, 100, 1)]
    assert [e.taker for e in effects if type(e).__name__ == "Traded"] == [BEN, BEN]
    assert exchange.queue(BUY) == exchange.queue(SELL) == []


def test_a_newcomer_passes_over_an_all_or_none_order_larger_than_itself(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 5, flags=ALL_OR_NONE)
    exchange.sell(BEN, 101, 5)
    assert fills(exchange.buy(CAT, 101, 4)) == [(BEN, 101, 4)]
    assert exchange.queue(SELL) == [(ANN, 5), (BEN, 1)]


def test_an_immediate_all_or_none_order_goes_if_it_cannot_be_filled(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 5)
    assert ends(exchange.buy(BEN, 100, 6, flags=ALL_OR_NONE, tif=IOC)) == [(exchange.last, "ioc", 6)]
    assert ends(exchange.buy(BEN, 0, 6, flags=ALL_OR_NONE)) == [(exchange.last, "ioc", 6)]


def test_strict_all_or_none_never_takes_less_of_an_earlier_order(exchange: Exchange) -> None:
    exchange.rule("all_or_none", 2)
    exchange.sell(ANN, 100, 4)
    exchange.sell(BEN, 100, 4, flags=ALL_OR_NONE)
    assert fills(exchange.buy(CAT, 100, 6, flags=ALL_OR_NONE)) == []
    exchange.rule("all_or_none", 1)
    exchange.pair.send("CancelOrder", order=exchange.last - 1)
    assert fills(exchange.buy(CAT, 100, 6, flags=ALL_OR_NONE)) == [(ANN, 100, 2), (BEN, 100, 4)]


def test_earlier_orders_give_way_latest_first(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 3)
    exchange.sell(BEN, 100, 3)
    exchange.sell(DAN, 100, 5, flags=ALL_OR_NONE)
    assert fills(exchange.buy(CAT, 100, 9, flags=ALL_OR_NONE)) == [(ANN, 100, 3), (BEN, 100, 1), (DAN, 100, 5)]


def test_an_all_or_none_order_that_no_longer_fits_is_left_out(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 30)
    exchange.sell(BEN, 100, 10, flags=ALL_OR_NONE)
    exchange.sell(DAN, 100, 20, flags=ALL_OR_NONE)
    # 25 besides Dan's 20: Ann's 25 come first, and nothing is left for Ben's
    assert fills(exchange.buy(CAT, 100, 45, flags=ALL_OR_NONE)) == [(ANN, 100, 25), (DAN, 100, 20)]


def test_a_reduced_all_or_none_order_is_tried_again(exchange: Exchange) -> None:
    exchange.buy(BEN, 100, 6, flags=ALL_OR_NONE)
    resting = exchange.last
    exchange.sell(ANN, 100, 5)
    effects = exchange.pair.send("ReplaceOrder", order=resting, price=100, quantity=5)
    assert names(effects) == ["Replaced", "Traded"]
    assert effects[0].priority_kept == 1


# Minimum quantity


def test_a_minimum_each_is_asked_of_every_fill(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 4)
    exchange.sell(BEN, 101, 6)
    effects = exchange.buy(CAT, 101, 20, min_quantity=5)
    assert fills(effects) == [(BEN, 101, 6)]
    assert exchange.queue(BUY) == [(CAT, 14)]
    # as the resting order too: 4 lots are passed over, 5 trade
    assert fills(exchange.sell(DAN, 101, 4)) == []
    assert fills(exchange.sell(DAN, 101, 5)) == [(CAT, 101, 5)]


def test_a_rest_below_its_minimum_stays_with_a_smaller_minimum_or_goes(exchange: Exchange) -> None:
    exchange.buy(CAT, 100, 7, min_quantity=5)
    exchange.sell(DAN, 100, 5)
    assert exchange.queue(BUY) == [(CAT, 2)]
    assert fills(exchange.sell(DAN, 100, 1)) == []
    # 2 is what is left: the minimum shrank to it, and Dan's resting lot makes up for it
    assert fills(exchange.sell(DAN, 100, 2)) == [(CAT, 100, 2)]
    exchange.rule("hidden_remainder_below_minimum", 2)
    exchange.buy(CAT, 99, 7, min_quantity=5)
    resting = exchange.last
    assert ends(exchange.sell(DAN, 99, 5)) == [(resting, "minimum", 2)]


def test_a_newcomers_rest_below_its_minimum_goes_too(exchange: Exchange) -> None:
    exchange.rule("hidden_remainder_below_minimum", 2)
    exchange.sell(ANN, 100, 5)
    exchange.sell(BEN, 100, 5)
    effects = exchange.buy(CAT, 100, 7, min_quantity=5)
    assert fills(effects) == [(ANN, 100, 5)]
    assert ends(effects) == [(exchange.last, "minimum", 2)]


def test_a_total_minimum_is_asked_of_the_first_execution_together(exchange: Exchange) -> None:
    exchange.rule("min_quantity", 2)
    exchange.sell(ANN, 100, 2)
    exchange.sell(BEN, 100, 2)
    assert fills(exchange.buy(CAT, 100, 20, min_quantity=5)) == []
    # one lot more: 2 + 2 + 1 make the minimum, and from then on any size does
    assert fills(exchange.sell(DAN, 100, 1)) == [(ANN, 100, 2), (BEN, 100, 2), (DAN, 100, 1)]
    assert fills(exchange.sell(DAN, 100, 1)) == [(CAT, 100, 1)]


def test_an_immediate_order_whose_minimum_is_not_met_does_not_trade(exchange: Exchange) -> None:
    for rule in (1, 2):
        exchange.rule("min_quantity", rule)
        exchange.sell(ANN, 100, 4)
        effects = exchange.buy(CAT, 100, 20, min_quantity=5, tif=IOC)
        assert (fills(effects), ends(effects)) == ([], [(exchange.last, "ioc", 20)])
        exchange.pair.send("CancelOrder", order=exchange.last - 1)


def test_an_immediate_order_with_a_total_minimum_takes_it_from_several(exchange: Exchange) -> None:
    exchange.rule("min_quantity", 2)
    exchange.sell(ANN, 100, 3)
    exchange.sell(BEN, 100, 3)
    effects = exchange.buy(CAT, 100, 20, min_quantity=5, tif=IOC)
    assert fills(effects) == [(ANN, 100, 3), (BEN, 100, 3)]
    assert ends(effects) == [(exchange.last, "ioc", 14)]


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"min_quantity": 10}, ""),
        ({"min_quantity": 11}, "bad_minimum"),
        ({"min_quantity": -1}, "bad_minimum"),
        ({"min_quantity": 5, "flags": ALL_OR_NONE}, "bad_minimum"),
        ({"min_quantity": 5, "flags": POST_ONLY}, "bad_minimum"),
        ({"min_quantity": 5, "flags": HIDDEN}, ""),
    ],
)
def test_which_minimum_an_order_may_have(exchange: Exchange, terms: dict[str, Any], reason: str) -> None:
    assert refusal(exchange.sell(ANN, 100, 10, **terms)) == reason


def test_a_minimum_is_whole_lots(exchange: Exchange) -> None:
    assert refusal(exchange.sell(ANN, 100, 100, min_quantity=15, instrument=BOXED)) == "bad_minimum"
    assert refusal(exchange.sell(ANN, 100, 100, min_quantity=20, instrument=BOXED)) == ""


# Market-to-limit


def test_what_is_left_of_a_market_to_limit_order_rests_at_its_last_price(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 2)
    exchange.sell(BEN, 101, 2)
    effects = exchange.buy(CAT, 0, 7, kind=MARKET_TO_LIMIT)
    # held for the whole order at the worst price it finds
    assert (effects[0].hold, effects[0].price) == (707, 101)
    assert fills(effects) == [(ANN, 100, 2), (BEN, 101, 2)]
    assert (effects[-1].order, effects[-1].price, effects[-1].hold) == (exchange.last, 101, 303)
    assert exchange.depth()[0] == [(101, 3, 1)]


def test_a_market_to_limit_order_that_finds_nothing_goes(exchange: Exchange) -> None:
    effects = exchange.buy(CAT, 0, 7, kind=MARKET_TO_LIMIT)
    assert (effects[0].hold, ends(effects)) == (0, [(exchange.last, "ioc", 7)])


def test_an_immediate_market_to_limit_order_does_not_rest(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 2)
    effects = exchange.buy(CAT, 0, 7, kind=MARKET_TO_LIMIT, tif=IOC)
    assert names(effects) == ["Accepted", "Traded", "Cancelled"]
    assert ends(exchange.buy(CAT, 0, 7, kind=MARKET_TO_LIMIT, tif=FOK))[-1][1] == "fok"


# Slide


def test_a_sliding_post_only_order_rests_one_tick_behind_the_other_side(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 2)
    effects = exchange.buy(CAT, 103, 7, flags=POST_ONLY | SLIDE)
    assert names(effects) == ["Accepted", "Repriced"]
    assert (effects[0].price, effects[0].hold) == (103, 721)
    assert (effects[1].price, effects[1].hold) == (99, 693)
    exchange.sell(CAT, 98, 1, flags=POST_ONLY | SLIDE)
    assert exchange.depth() == ([(99, 7, 1)], [(100, 3, 2)])


def test_a_post_only_order_that_would_not_trade_does_not_slide(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 2)
    assert names(exchange.buy(CAT, 99, 7, flags=POST_ONLY | SLIDE)) == ["Accepted"]


def test_post_only_sees_hidden_orders(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 2, flags=HIDDEN)
    assert ends(exchange.buy(CAT, 100, 7, flags=POST_ONLY)) == [(exchange.last, "post_only", 7)]
    assert exchange.buy(CAT, 100, 7, flags=POST_ONLY | SLIDE)[-1].price == 99


def test_a_slide_under_one_tick_is_refused_as_post_only(exchange: Exchange) -> None:
    exchange.sell(ANN, 1, 2)
    assert ends(exchange.buy(CAT, 1, 7, flags=POST_ONLY | SLIDE)) == [(exchange.last, "post_only", 7)]


def test_a_slide_that_cannot_be_held_for_goes(exchange: Exchange) -> None:
    exchange.buy(ANN, 100, 2, instrument=FUTURE)
    poor = exchange.pair.send("OpenAccount", kind=1)[0].account
    exchange.pair.send("Deposit", account=poor, asset=USD, amount=1_000)
    effects = exchange.sell(poor, 100, 10, instrument=FUTURE, flags=POST_ONLY | SLIDE)
    # to sell 10 at 101 takes 1,010
    assert ends(effects) == [(exchange.last, "funds", 10)]
    assert exchange.pair.engine.position(poor, FUTURE) == (0, 0)


# Reduce-only


def test_reduce_only_is_refused_where_there_is_nothing_to_reduce(exchange: Exchange) -> None:
    assert refusal(exchange.sell(ANN, 100, 5, instrument=FUTURE, flags=REDUCE_ONLY)) == "reduce_only"
    assert refusal(exchange.buy(ANN, 100, 5, flags=REDUCE_ONLY)) == "reduce_only"


def test_reduce_only_trades_no_more_than_the_position(exchange: Exchange) -> None:
    exchange.sell(BEN, 100, 6, instrument=FUTURE)
    exchange.buy(ANN, 100, 6, instrument=FUTURE)
    exchange.buy(CAT, 99, 4, instrument=FUTURE)
    exchange.buy(DAN, 98, 9, instrument=FUTURE)
    effects = exchange.sell(ANN, 98, 10, instrument=FUTURE, flags=REDUCE_ONLY)
    assert fills(effects) == [(CAT, 99, 4), (DAN, 98, 2)]
    assert ends(effects) == [(exchange.last, "reduce_only", 4)]
    assert exchange.pair.engine.position(ANN, FUTURE) == (0, 0)


def test_a_resting_reduce_only_order_is_checked_when_it_is_met(exchange: Exchange) -> None:
    exchange.sell(BEN, 100, 6, instrument=FUTURE)
    exchange.buy(ANN, 100, 6, instrument=FUTURE)
    exchange.sell(ANN, 105, 6, instrument=FUTURE, flags=REDUCE_ONLY)
    first = exchange.last
    exchange.sell(ANN, 106, 4, instrument=FUTURE, flags=REDUCE_ONLY)
    second = exchange.last
    effects = exchange.buy(CAT, 105, 2, instrument=FUTURE)
    assert fills(effects) == [(ANN, 105, 2)]
    exchange.sell(ANN, 90, 2, instrument=FUTURE)
    # 4 are left of the position: an ordinary order sells 2, the first one 2; its rest and the second can reduce nothing
    effects = exchange.buy(CAT, 106, 9, instrument=FUTURE)
    assert fills(effects) == [(ANN, 90, 2), (ANN, 105, 2)]
    assert ends(effects) == [(first, "reduce_only", 2), (second, "reduce_only", 4)]
    assert exchange.pair.engine.position(ANN, FUTURE)[0] == 0
    assert exchange.queue(BUY, FUTURE) == [(CAT, 5)]


def test_a_share_is_reduced_from_the_stock_one_has(exchange: Exchange) -> None:
    exchange.buy(BEN, 100, 20_000)
    poor = exchange.pair.send("OpenAccount", kind=1)[0].account
    exchange.pair.send("Deposit", account=poor, asset=XYZ, amount=7)
    assert refusal(exchange.sell(poor, 100, 8, flags=REDUCE_ONLY)) == "insufficient_funds"
    assert fills(exchange.sell(poor, 100, 7, flags=REDUCE_ONLY)) == [(BEN, 100, 7)]


def test_reduce_only_does_not_hinder_an_account_that_trades_with_itself(exchange: Exchange) -> None:
    exchange.rule("self_trade", 0, FUTURE)
    exchange.sell(BEN, 100, 2, instrument=FUTURE)
    exchange.buy(ANN, 100, 2, instrument=FUTURE)
    exchange.buy(ANN, 99, 5, instrument=FUTURE)
    assert fills(exchange.sell(ANN, 99, 5, instrument=FUTURE, flags=REDUCE_ONLY)) == [(ANN, 99, 5)]
    assert exchange.pair.engine.position(ANN, FUTURE)[0] == 2


# Priority of replaced orders


@pytest.mark.parametrize(("rule", "kept"), [(1, 1), (2, 0)])
def test_a_smaller_quantity_keeps_its_place_unless_nothing_does(exchange: Exchange, rule: int, kept: int) -> None:
    exchange.rule("replace_keeps_priority", rule)
    exchange.sell(ANN, 100, 5)
    first = exchange.last
    exchange.sell(BEN, 100, 5)
    (replaced,) = exchange.pair.send("ReplaceOrder", order=first, price=100, quantity=4)
    assert replaced.priority_kept == kept
    assert exchange.queue(SELL) == ([(ANN, 4), (BEN, 5)] if kept else [(BEN, 5), (ANN, 4)])


# The market's short way


def test_special_orders_that_went_leave_the_book_as_it_was(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 5, flags=HIDDEN)
    exchange.sell(BEN, 100, 5, display=2)
    exchange.buy(CAT, 99, 5, flags=ALL_OR_NONE)
    exchange.sell(DAN, 100, 5, expire=2**63, tif=GTD)
    exchange.pair.send("CancelAll")
    exchange.sell(ANN, 100, 5)
    assert fills(exchange.buy(EVE, 100, 7)) == [(ANN, 100, 5)]
    exchange.pair.check_state()


def test_an_order_without_more_than_a_price_may_have_a_kind_of_its_own(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 5)
    assert fills(exchange.buy(BEN, 100, 3, kind=LIMIT, tif=GTD, expire=2**63)) == [(ANN, 100, 3)]
    assert fills(exchange.buy(BEN, 0, 3, kind=MARKET, tif=IOC)) == [(ANN, 100, 2)]
