"""A lit venue that reacts: depth, queue, what comes back, and the terms of orders."""

from __future__ import annotations

from math import exp

import pytest
from tests.unit.venues_reacting.scenes import (
    BLOCK,
    FAIR,
    GAP,
    HALF,
    RHO,
    TOUCH,
    S,
    ends,
    fills,
    lit_terms,
    order,
    still,
    venue,
)

from isthmus.kernel.messages import BUY, FOK, HIDDEN, IOC, MAKER, MID, PEG, POST_ONLY, PRIMARY, SELL
from isthmus.venues.answering import Answer, Filled
from isthmus.venues.reacting.lit import FAR
from isthmus.venues.reacting.order import Order

ASK, BID = FAIR + HALF, FAIR - HALF


def test_a_block_of_depth_stands_behind_the_best_price() -> None:
    levels = venue().levels(SELL, 4, 0)
    assert levels == [(ASK, TOUCH), (ASK + GAP, BLOCK), (ASK + 2 * GAP, BLOCK), (ASK + 3 * GAP, BLOCK)]
    assert venue().levels(BUY, 2, 0) == [(BID, TOUCH), (BID - GAP, BLOCK)]


def test_an_order_walks_the_depth_to_its_limit_and_what_is_left_stands() -> None:
    book = venue()
    answers = book.place(Order(order(price=ASK + GAP, quantity=TOUCH + BLOCK + 7)), 0)
    assert fills(answers) == [(1, ASK, TOUCH), (1, ASK + GAP, BLOCK)]
    assert book.levels(BUY, 1, 0) == [(ASK + GAP, 7)]
    assert book.taken == TOUCH + BLOCK


def test_consumed_depth_comes_back_at_the_stated_rate() -> None:
    book = venue()
    book.place(Order(order(price=ASK + 9 * GAP, quantity=400, tif=IOC)), 0)
    for seconds in (1, 5, 20):
        gone = book.sides[SELL].consumed(seconds * S)
        assert gone == pytest.approx(400 * exp(-RHO * seconds), rel=1e-9)
        shown = sum(lots for _, lots in book.levels(SELL, 100, seconds * S))
        assert shown == TOUCH + 40 * BLOCK - int(gone)


def test_the_second_half_of_a_sweep_costs_what_the_whole_would_have() -> None:
    whole, halves = venue(), venue()
    at_once = fills(whole.place(Order(order(price=ASK + 9 * GAP, quantity=300, tif=IOC)), 0))
    split = fills(halves.place(Order(order(1, price=ASK + 9 * GAP, quantity=130, tif=IOC)), 0))
    split += fills(halves.place(Order(order(2, price=ASK + 9 * GAP, quantity=170, tif=IOC)), 0))
    assert sum(price * lots for _, price, lots in at_once) == sum(price * lots for _, price, lots in split)


def test_ours_stand_in_line_behind_what_was_there_and_each_other() -> None:
    book = venue()
    assert book.ahead(BUY, BID, 0) == TOUCH
    for number, lots in ((1, 30), (2, 40)):
        book.place(Order(order(number, price=BID, quantity=lots)), 0)
    assert book.ahead(BUY, BID, 0) == TOUCH + 70
    answers: list[Answer] = []
    swept = book.take(SELL, FAR[BUY], TOUCH, 0, answers)
    assert (swept.others, fills(answers)) == ([(BID, TOUCH)], [])
    book.take(SELL, FAR[BUY], 50, 0, answers)
    assert fills(answers) == [(1, BID, 30), (2, BID, 20)]
    assert {a.liquidity for a in answers if isinstance(a, Filled)} == {MAKER}


def test_depth_that_joined_later_stands_behind_ours() -> None:
    book = venue()
    book.take(SELL, FAR[BUY], TOUCH, 0, [])
    book.place(Order(order(price=BID, quantity=10)), 0)
    answers: list[Answer] = []
    book.take(SELL, FAR[BUY], 10, 60 * S, answers)
    assert fills(answers) == [(1, BID, 10)]


def test_those_ahead_give_up_at_the_stated_rate() -> None:
    book = venue(still(cancels=0.1))
    book.place(Order(order(price=BID, quantity=10)), 0)
    answers: list[Answer] = []
    expected = int(TOUCH * exp(-1.0))
    book.take(SELL, FAR[BUY], expected, 10 * S, answers)
    assert fills(answers) == []
    book.take(SELL, FAR[BUY], 10, 10 * S, answers)
    assert fills(answers) == [(1, BID, 10)]


def test_a_better_price_of_ours_is_met_before_all_others() -> None:
    book = venue()
    book.place(Order(order(price=BID + 3, quantity=10)), 0)
    answers: list[Answer] = []
    swept = book.take(SELL, FAR[BUY], 25, 0, answers)
    assert fills(answers) == [(1, BID + 3, 10)]
    assert swept.others == [(BID, 15)]


def test_a_quote_that_reaches_our_order_fills_it_at_our_price() -> None:
    book = venue()
    book.place(Order(order(side=SELL, price=FAIR + 5, quantity=30)), 0)
    answers = book.requote(FAIR + 20, HALF, (TOUCH, TOUCH, 1.0), S)
    assert fills(answers) == [(1, FAIR + 5, 30)]
    assert book.met == 30
    assert book.levels(BUY, 1, S) == [(FAIR + 10, TOUCH - 30)]


def test_the_line_shrinks_when_makers_leave_the_price() -> None:
    book = venue()
    book.place(Order(order(price=BID, quantity=10)), 0)
    book.requote(FAIR - 15, HALF, (TOUCH, TOUCH, 1.0), S)
    book.requote(FAIR, HALF, (TOUCH, TOUCH, 1.0), 2 * S)
    answers: list[Answer] = []
    book.take(SELL, FAR[BUY], 10, 2 * S, answers)
    assert fills(answers) == [(1, BID, 10)]


def test_post_only_fill_or_kill_and_immediate_orders() -> None:
    book = venue()
    assert ends(book.place(Order(order(1, price=ASK, flags=POST_ONLY)), 0)) == [(1, "post_only")]
    assert ends(book.place(Order(order(2, price=ASK, quantity=TOUCH + 1, tif=FOK)), 0)) == [(2, "fok")]
    whole = book.place(Order(order(3, price=ASK + GAP, quantity=TOUCH + 1, tif=FOK)), 0)
    assert fills(whole) == [(3, ASK, TOUCH), (3, ASK + GAP, 1)]
    rest = book.place(Order(order(4, price=ASK + GAP, quantity=BLOCK, tif=IOC)), 0)
    assert fills(rest) == [(4, ASK + GAP, BLOCK - 1)]
    assert ends(rest) == [(4, "ioc")]
    assert ends(book.place(Order(order(5, price=ASK + GAP, tif=IOC, min_quantity=9)), 0)) == [(5, "minimum")]


def test_an_iceberg_shows_its_peak_and_goes_to_the_end_of_the_line_with_the_next() -> None:
    book = venue()
    book.place(Order(order(1, price=BID + 1, quantity=30, display=10)), 0)
    book.place(Order(order(2, price=BID + 1, quantity=10)), 0)
    assert book.levels(BUY, 1, 0) == [(BID + 1, 20)]
    answers: list[Answer] = []
    book.take(SELL, FAR[BUY], 25, 0, answers)
    assert fills(answers) == [(1, BID + 1, 10), (2, BID + 1, 10), (1, BID + 1, 5)]
    assert book.levels(BUY, 1, 0) == [(BID + 1, 5)]


def test_a_random_peak_lies_between_its_bounds_and_comes_from_the_seed() -> None:
    peaks = {Order(order(quantity=500, display=10, display_high=20, seed=seed)).peak(1) for seed in range(40)}
    assert min(peaks) >= 10
    assert max(peaks) <= 20
    assert len(peaks) > 3
    assert Order(order(quantity=500, display=10, display_high=20, seed=7)).peak(1) == Order(
        order(quantity=500, display=10, display_high=20, seed=7)
    ).peak(1)


def test_a_hidden_order_is_not_shown_and_goes_after_the_displayed() -> None:
    book = venue()
    book.place(Order(order(1, price=BID, quantity=10, flags=HIDDEN)), 0)
    book.place(Order(order(2, price=BID, quantity=10)), 0)
    assert book.levels(BUY, 1, 0) == [(BID, TOUCH + 10)]
    answers: list[Answer] = []
    book.take(SELL, FAR[BUY], TOUCH + 15, 0, answers)
    assert fills(answers) == [(2, BID, 10), (1, BID, 5)]


def test_pegs_follow_the_quote_and_stop_at_their_limit() -> None:
    book = venue()
    book.place(Order(order(1, price=FAIR + 15, kind=PEG, peg=PRIMARY, quantity=10)), 0)
    book.place(Order(order(2, price=FAIR + 15, kind=PEG, peg=MID, quantity=10, flags=HIDDEN)), 0)
    assert [book.order(number).price for number in (1, 2)] == [BID, FAIR]  # type: ignore[union-attr]
    book.requote(FAIR + 20, HALF, (TOUCH, TOUCH, 1.0), S)
    assert [book.order(number).price for number in (1, 2)] == [FAIR + 10, FAIR + 15]  # type: ignore[union-attr]


def test_a_replacement_keeps_its_place_only_for_less_at_the_same_price() -> None:
    book = venue()
    for number in (1, 2):
        book.place(Order(order(number, price=BID + 1, quantity=20)), 0)
    book.replace(1, BID + 1, 10, 0)
    answers: list[Answer] = []
    book.take(SELL, FAR[BUY], 5, 0, answers)
    assert fills(answers) == [(1, BID + 1, 5)]
    book.replace(1, BID + 1, 40, 0)
    book.take(SELL, FAR[BUY], 5, 0, answers)
    assert fills(answers)[-1] == (2, BID + 1, 5)
    assert [type(a).__name__ for a in book.replace(1, BID + 1, 5, 0)] == ["Changed"]
    assert book.order(1) is None


@pytest.mark.parametrize("terms", [{"price": 10_001}, {"quantity": 15}, {"kind": 9}, {"min_quantity": 10}])
def test_what_the_venue_does_not_know_is_refused(terms: dict[str, int]) -> None:
    book = venue(still(lit=(lit_terms(tick=5, lot=10),)))
    assert ends(book.place(Order(order(**({"price": 9_950, "quantity": 20} | terms))), 0)) == [(1, "venue_refused")]


def test_depth_and_fills_are_whole_lots_of_the_venue() -> None:
    book = venue(still(lit=(lit_terms(tick=5, lot=10),)))
    answers = book.place(Order(order(price=FAIR + 200, quantity=170, tif=IOC)), 0)
    assert all(lots % 10 == 0 and price % 5 == 0 for _, price, lots in fills(answers))
    assert book.take(BUY, FAR[SELL], 15, S, []).others[0][1] == 10
    assert all(lots % 10 == 0 for _, lots in book.levels(SELL, 50, 7 * S))
