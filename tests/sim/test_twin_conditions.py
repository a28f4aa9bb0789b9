"""All-or-none, minimum quantity, reduce-only, paragraph by paragraph of docs/reference/matching.md."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.pair import Pair, names
from tests.oracle.values import (
    ALL_OR_NONE,
    BUY,
    FOK,
    HIDDEN,
    IOC,
    POST_ONLY,
    REDUCE_ONLY,
    SELL,
)

from .exchange import ANN, BEN, BOXED, CAT, DAN, FUTURE, XYZ, Exchange, ends, fills, refusal


@pytest.fixture
def exchange(pair: Pair) -> Exchange:
    return Exchange(pair)


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
    # with the other rule the resting order is tried again at once
    assert fills(exchange.rule("all_or_none", 1)) == [(ANN, 100, 2), (BEN, 100, 4)]


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


@pytest.mark.parametrize("how", ["CancelAll", "Kill"])
def test_orders_that_went_may_let_an_all_or_none_order_trade(exchange: Exchange, how: str) -> None:
    exchange.sell(ANN, 100, 4, flags=ALL_OR_NONE)
    exchange.sell(BEN, 100, 2, flags=ALL_OR_NONE)
    exchange.sell(DAN, 100, 3, flags=ALL_OR_NONE)
    # 4 and nothing that makes 5 with it
    assert fills(exchange.buy(CAT, 100, 5, flags=ALL_OR_NONE)) == []
    words = {"account": ANN} if how == "CancelAll" else {"scope": 1, "of": ANN}
    assert fills(exchange.pair.send(how, **words)) == [(BEN, 100, 2), (DAN, 100, 3)]


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


def test_a_fill_or_kill_order_does_not_reach_past_a_part_of_an_icebergs_peak(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 8, display=4)
    # 4 and 2 are less than the minimum allows; 3 of one peak and 3 of the next cannot be
    assert ends(exchange.buy(BEN, 100, 6, tif=FOK, min_quantity=3)) == [(exchange.last, "fok", 6)]
    assert fills(exchange.buy(BEN, 100, 7, tif=FOK, min_quantity=3)) == [(ANN, 100, 4), (ANN, 100, 3)]


def test_an_order_whose_minimum_is_taken_off_trades_with_what_it_passed_over(exchange: Exchange) -> None:
    exchange.buy(CAT, 100, 9, min_quantity=5)
    resting = exchange.last
    exchange.sell(ANN, 100, 4)
    effects = exchange.pair.send("ReplaceSpecial", order=resting, given=32)
    assert (effects[0].priority_kept, fills(effects)) == (1, [(ANN, 100, 4)])
    assert exchange.queue(BUY) == [(CAT, 5)]


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


def test_a_resting_iceberg_that_is_tried_again_shows_no_more_than_it_has(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 10, display=3, flags=REDUCE_ONLY)
    seller = exchange.last
    # a peak is less than the minimum of a fill; the seller's whole order, as an incoming one, is not
    effects = exchange.buy(BEN, 100, 7, min_quantity=4)
    assert fills(effects) == [(BEN, 100, 7)]
    assert names(effects)[-1] == "Refreshed"
    assert effects[-1].order == seller
    assert exchange.queue(SELL) == [(ANN, 3)]
    assert fills(exchange.buy(CAT, 100, 9)) == [(ANN, 100, 3)]
