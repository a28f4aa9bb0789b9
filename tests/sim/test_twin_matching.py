"""Ways through the book, paragraph by paragraph of docs/reference/matching.md; figures worked out by hand."""

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

from .exchange import ANN, BEN, CAT, DAN, EVE, FUTURE, USD, Exchange, ends, fills, refusal


@pytest.fixture
def exchange(pair: Pair) -> Exchange:
    return Exchange(pair)


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


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"display": 11}, "bad_display"),
        ({"display": 2, "min_quantity": 2}, "bad_display"),
        ({"min_quantity": 11}, "bad_minimum"),
        ({"flags": REDUCE_ONLY, "side": BUY}, "reduce_only"),
        ({"flags": POST_ONLY, "tif": IOC}, "post_only_conflict"),
        ({"flags": SLIDE}, "bad_terms"),
        ({"flags": POST_ONLY | ALL_OR_NONE}, "bad_terms"),
        ({"flags": HIDDEN, "price": 0, "kind": LIMIT}, "price_not_positive"),
    ],
)
def test_what_is_refused_changes_nothing(exchange: Exchange, words: dict[str, Any], reason: str) -> None:
    exchange.sell(BEN, 100, 5, display=2)
    before = exchange.state()
    fields = {"account": ANN, "side": SELL, "price": 90, "quantity": 10} | words
    assert refusal(exchange.place(**fields)) == reason
    assert exchange.state() == before
