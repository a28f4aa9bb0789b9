"""Pro rata and mixed books, paragraph by paragraph of docs/reference/matching.md; figures worked out by hand."""

from __future__ import annotations

import pytest
from tests.oracle.allocation import Share, share_out
from tests.oracle.pair import Pair, names
from tests.oracle.values import ALL_OR_NONE, BUY, FOK, HIDDEN, LIT, MIXED, PRO_RATA, QUOTE, SELL

from .exchange import ANN, BEN, BOXED, CAT, DAN, EVE, SHARE, Exchange, ends, fills, refusal


@pytest.fixture
def exchange(pair: Pair) -> Exchange:
    """A share and a share in lots of ten whose books share pro rata."""
    exchange = Exchange(pair)
    for instrument in (SHARE, BOXED):
        exchange.rule("book", PRO_RATA, instrument)
    return exchange


@pytest.fixture
def mixed(exchange: Exchange) -> Exchange:
    exchange.rule("book", MIXED)
    return exchange


def test_whoever_takes_a_price_whole_trades_with_everybody_in_time_order(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 6)
    exchange.sell(BEN, 100, 3)
    exchange.sell(CAT, 101, 2)
    assert fills(exchange.buy(DAN, 101, 10)) == [(ANN, 100, 6), (BEN, 100, 3), (CAT, 101, 1)]


def test_each_gets_its_part_rounded_down_and_the_rest_goes_first_come_first_served(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 6)
    exchange.sell(BEN, 100, 3)
    exchange.sell(CAT, 100, 1)
    # 5 x 6/10, 5 x 3/10, 5 x 1/10 = 3, 1, 0; the fifth lot goes to the oldest
    assert fills(exchange.buy(DAN, 100, 5)) == [(ANN, 100, 4), (BEN, 100, 1)]
    assert exchange.queue(SELL) == [(ANN, 2), (BEN, 2), (CAT, 1)]


def test_parts_are_whole_lots(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 50, instrument=BOXED)
    exchange.sell(BEN, 100, 150, instrument=BOXED)
    # 110 x 1/4 = 27.5 and 82.5: 20 and 80, and the last lot of ten goes to the oldest
    taken = fills(exchange.buy(DAN, 100, 110, instrument=BOXED))
    assert taken == [(ANN, 100, 30), (BEN, 100, 80)]


def test_parts_below_the_minimum_are_not_given(exchange: Exchange) -> None:
    exchange.rule("pro_rata_minimum", 3)
    exchange.sell(ANN, 100, 2)
    exchange.sell(BEN, 100, 18)
    # 10 x 2/20 = 1 is below 3, 10 x 18/20 = 9; what is over goes to the oldest
    assert fills(exchange.buy(DAN, 100, 10)) == [(ANN, 100, 1), (BEN, 100, 9)]
    # 8 x 1/10 = 0 and 8 x 9/10 = 7; the last goes to the oldest
    assert fills(exchange.buy(DAN, 100, 8)) == [(ANN, 100, 1), (BEN, 100, 7)]


def test_an_iceberg_shares_with_its_peak(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 30, display=2)
    exchange.sell(BEN, 100, 6)
    # 4 x 2/8 and 4 x 6/8
    assert fills(exchange.buy(DAN, 100, 4)) == [(ANN, 100, 1), (BEN, 100, 3)]
    # all that is shown, 1 and 3, then the next peaks
    effects = exchange.buy(DAN, 100, 7)
    assert fills(effects) == [(ANN, 100, 1), (BEN, 100, 3), (ANN, 100, 2), (ANN, 100, 1)]
    assert exchange.depth()[1] == [(100, 1, 1)]


def test_hidden_orders_share_among_themselves_after_the_visible_ones(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 3, flags=HIDDEN)
    exchange.sell(BEN, 100, 3, flags=HIDDEN)
    exchange.sell(CAT, 100, 2)
    assert fills(exchange.buy(DAN, 100, 6)) == [(CAT, 100, 2), (ANN, 100, 2), (BEN, 100, 2)]


def test_an_all_or_none_order_that_would_get_a_part_is_passed_over(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 4, flags=ALL_OR_NONE)
    exchange.sell(BEN, 100, 4)
    assert fills(exchange.buy(DAN, 100, 4)) == [(BEN, 100, 4)]
    assert fills(exchange.buy(DAN, 100, 5, tif=FOK)) == []
    assert fills(exchange.buy(DAN, 100, 4, tif=FOK)) == [(ANN, 100, 4)]


def test_the_newest_goes_after_the_others_at_the_price_were_served(exchange: Exchange) -> None:
    exchange.sell(ANN, 100, 4)
    exchange.sell(BEN, 100, 4)
    exchange.sell(CAT, 101, 4)
    effects = exchange.buy(ANN, 101, 9)
    assert fills(effects) == [(BEN, 100, 4)]
    assert ends(effects) == [(exchange.last, "self_trade", 5)]


def test_own_orders_at_a_price_go_first_where_the_oldest_goes(exchange: Exchange) -> None:
    exchange.rule("self_trade", 2)
    exchange.sell(BEN, 100, 4)
    exchange.sell(ANN, 100, 4)
    own = exchange.last
    effects = exchange.buy(ANN, 100, 2)
    assert names(effects) == ["Accepted", "Cancelled", "Traded"]
    assert (ends(effects), fills(effects)) == ([(own, "self_trade", 4)], [(BEN, 100, 2)])


def test_both_go_only_if_the_others_are_not_enough(exchange: Exchange) -> None:
    exchange.rule("self_trade", 3)
    exchange.sell(ANN, 100, 4)
    own = exchange.last
    exchange.sell(BEN, 100, 4)
    assert ends(exchange.buy(ANN, 100, 2)) == []
    assert ends(exchange.buy(ANN, 100, 3)) == [(own, "self_trade", 4), (exchange.last, "self_trade", 1)]


def test_the_order_that_alone_set_the_best_price_is_served_first(mixed: Exchange) -> None:
    mixed.rule("top_order", 1)
    mixed.sell(CAT, 101, 9)
    mixed.sell(ANN, 100, 3)
    mixed.sell(BEN, 100, 9)
    assert fills(mixed.buy(DAN, 100, 8)) == [(ANN, 100, 3), (BEN, 100, 5)]
    # Cat's order set a best price in its time, and is the oldest there
    mixed.sell(EVE, 101, 3)
    assert fills(mixed.buy(DAN, 101, 12)) == [(BEN, 100, 4), (CAT, 101, 8)]


def test_a_replacement_that_loses_its_place_loses_that_too(mixed: Exchange) -> None:
    mixed.rule("top_order", 1)
    mixed.sell(ANN, 100, 3)
    top = mixed.last
    mixed.sell(BEN, 100, 9)
    mixed.pair.send("ReplaceOrder", order=top, price=100, quantity=4)
    # 8 x 9/13 = 5 and 8 x 4/13 = 2, one over for the oldest
    assert fills(mixed.buy(DAN, 100, 8)) == [(BEN, 100, 6), (ANN, 100, 2)]


def test_a_share_goes_in_time_order_before_the_rest_goes_pro_rata(mixed: Exchange) -> None:
    mixed.rule("fifo_share_bps", 4_000)
    mixed.sell(ANN, 100, 10)
    mixed.sell(BEN, 100, 30)
    # 40 % of 20 = 8 for Ann; 12 by 2 : 30 = 0 and 11, one over for Ann
    assert fills(mixed.buy(DAN, 100, 20)) == [(ANN, 100, 9), (BEN, 100, 11)]


def test_trades_come_in_time_order_whoever_was_served_first(mixed: Exchange) -> None:
    mixed.rule("top_order", 1)
    mixed.sell(ANN, 100, 4, display=2)
    mixed.sell(BEN, 100, 4)
    effects = mixed.buy(DAN, 100, 4)
    # the top order's peak, then 2 of Ben's
    assert fills(effects) == [(ANN, 100, 2), (BEN, 100, 2)]
    # refreshed, Ann's stands behind and is top no more: 2 x 2/4 each
    assert fills(mixed.buy(DAN, 100, 2)) == [(BEN, 100, 1), (ANN, 100, 1)]


def test_registered_makers_get_their_share_before_the_others() -> None:
    rules = {"book": MIXED, "top_order": 1, "maker_share_bps": 5_000, "fifo_share_bps": 5_000, "pro_rata_minimum": 0}
    shares = [Share(10, top=True), Share(20), Share(30, maker=True), Share(10, maker=True)]
    share_out(shares, 41, 1, rules)
    # 10 for the top order; 15 of 31 for the makers: 11 and 3, one over for the first; 8 of 16 for the second, in time;
    # 8 left by 12 : 18 : 7 = 2, 3, 1 and two over for the second
    assert [share.given for share in shares] == [10, 12, 15, 4]


def test_quotes_go_before_others_at_the_same_price_where_makers_have_priority(exchange: Exchange) -> None:
    exchange.rule("book", LIT)
    exchange.pair.send("RegisterMaker", account=CAT, instrument=SHARE, spread=100, quantity=1)
    exchange.sell(ANN, 100, 4)
    exchange.sell(BEN, 100, 4)
    exchange.sell(CAT, 100, 4, flags=QUOTE)
    exchange.rule("maker_priority", 1)
    assert fills(exchange.buy(DAN, 100, 6)) == [(CAT, 100, 4), (ANN, 100, 2)]
    exchange.rule("maker_priority", 0)
    exchange.sell(CAT, 100, 4, flags=QUOTE)
    assert fills(exchange.buy(DAN, 100, 3)) == [(ANN, 100, 2), (BEN, 100, 1)]


@pytest.mark.parametrize("lot", [1, 10])
@pytest.mark.parametrize("sizes", [(1, 2, 3), (5, 5, 5), (30, 1, 29), (7,), (12, 48)])
def test_what_is_taken_is_given_in_whole_lots_and_nobody_gets_more_than_it_has(
    lot: int, sizes: tuple[int, ...]
) -> None:
    for taken in range(sum(sizes) + 1):
        shares = [Share(size * lot) for size in sizes]
        share_out(shares, taken * lot, lot, {"book": PRO_RATA, "pro_rata_minimum": 0})
        assert sum(share.given for share in shares) == taken * lot
        assert all(0 <= share.given <= share.size and share.given % lot == 0 for share in shares)
        for share, size in zip(shares, sizes, strict=True):
            assert share.given // lot >= taken * size // sum(sizes), "less than its part rounded down"


def test_a_book_of_orders_does_not_change_its_kind(exchange: Exchange) -> None:
    exchange.buy(ANN, 100, 1)
    assert refusal(exchange.rule("book", 1)) == "book_not_empty"
    assert exchange.queue(BUY) == [(ANN, 1)]
