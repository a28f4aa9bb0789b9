"""Pegged orders, paragraph by paragraph of docs/reference/dark-and-negotiated.md; figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.pair import Pair, names
from tests.oracle.values import ALL_OR_NONE, BUY, CALL, FOK, HIDDEN, IOC, POST_ONLY, PRICE_MAX, SELL

from .desks import (
    ANN,
    BEN,
    CASH,
    CAT,
    COIN,
    DAN,
    SHARE,
    SWAP,
    USD,
    ends,
    last,
    limit,
    moves,
    open_desk,
    peg,
    refused,
    rule,
    trades,
)

PRIMARY, MID, MARKET = 1, 2, 3


@pytest.fixture
def desk() -> Pair:
    """Ben bids 100 and asks 110 for 5."""
    pair = open_desk()
    limit(pair, BEN, BUY, 100, 5)
    limit(pair, BEN, SELL, 110, 5)
    return pair


def bid(desk: Pair) -> int:
    """The number of Ben's bid."""
    return last(desk) - 1


def test_a_primary_peg_joins_the_best_of_its_own_side_behind_the_others(desk: Pair) -> None:
    leader = bid(desk)
    (accepted,) = peg(desk, ANN, BUY, PRIMARY, 5)
    # 5 x 1.00 and 2 bp of it, rounded up
    assert (accepted.price, accepted.hold) == (100, 501)
    assert desk.engine.depth(SHARE, 5)[0] == [(100, 10, 2)]
    assert [row[0] for row in desk.engine.queue(SHARE, BUY, 100)] == [leader, accepted.order]


def test_a_peg_follows_its_reference_and_what_it_holds_follows_it(desk: Pair) -> None:
    peg(desk, ANN, BUY, PRIMARY, 5)
    follower = last(desk)
    effects = limit(desk, CAT, BUY, 103, 1)
    better = last(desk)
    assert names(effects) == ["Accepted", "Repriced"]
    # 5 x 1.03 and 2 bp
    assert (effects[1].order, effects[1].price, effects[1].hold) == (follower, 103, 516)
    assert desk.engine.balance(ANN, USD) == (CASH, 516)
    back = desk.send("CancelOrder", order=better)
    assert moves(back) == [(follower, 100)]
    assert desk.engine.balance(ANN, USD) == (CASH, 501)
    desk.check_state()


def test_pegs_do_not_follow_pegs(desk: Pair) -> None:
    leader = bid(desk)
    peg(desk, ANN, BUY, PRIMARY, 5, offset=2)
    ahead = last(desk)
    assert desk.engine.best(SHARE)[0] == 102
    assert peg(desk, CAT, BUY, PRIMARY, 5)[0].price == 100
    follower = last(desk)
    gone = desk.send("CancelOrder", order=leader)
    assert names(gone) == ["Cancelled", "Parked", "Parked"]
    assert [(effect.order, effect.status) for effect in gone[1:]] == [(ahead, 1), (follower, 1)]
    assert desk.engine.best(SHARE)[:2] == (0, 0)


def test_pegs_do_not_follow_hidden_orders(desk: Pair) -> None:
    assert names(limit(desk, CAT, BUY, 105, 5, flags=HIDDEN)) == ["Accepted"]
    assert peg(desk, ANN, BUY, PRIMARY, 5)[0].price == 100


def test_an_offset_is_added_whatever_the_side(desk: Pair) -> None:
    assert peg(desk, ANN, BUY, PRIMARY, 5, offset=-3)[0].price == 97
    assert peg(desk, ANN, SELL, PRIMARY, 5, offset=3)[0].price == 113
    assert peg(desk, ANN, SELL, MARKET, 5, offset=4)[0].price == 104


def test_a_peg_never_goes_beyond_its_limit(desk: Pair) -> None:
    assert peg(desk, ANN, BUY, PRIMARY, 5, price=101)[0].price == 100
    follower = last(desk)
    assert moves(limit(desk, CAT, BUY, 105, 1)) == [(follower, 101)]
    assert names(limit(desk, CAT, BUY, 106, 1)) == ["Accepted"]
    assert peg(desk, DAN, SELL, PRIMARY, 5, price=112)[0].price == 112


def test_a_market_peg_trades_at_once_with_the_other_side(desk: Pair) -> None:
    effects = peg(desk, ANN, BUY, MARKET, 7)
    taker = last(desk)
    assert trades(effects) == [(taker - 1, taker, 110, 5)]
    # the other side is used up: the rest has nothing to follow
    assert names(effects)[2:] == ["Parked"]


def test_the_middle_is_rounded_against_a_trade(desk: Pair) -> None:
    limit(desk, BEN, SELL, 105, 5)
    assert peg(desk, ANN, BUY, MID, 5)[0].price == 102
    assert peg(desk, CAT, SELL, MID, 5)[0].price == 103
    assert desk.engine.depth(SHARE, 5) == ([(100, 5, 1)], [(105, 5, 1), (110, 5, 1)]), "middle pegs are hidden"
    rows = {row[0]: row for row in desk.engine.book_orders(SHARE)}
    assert [(row[3], row[4], row[5]) for row in rows.values() if row[1] == ANN] == [(102, 0, 5)]


def test_two_pegs_meet_in_an_even_middle(desk: Pair) -> None:
    peg(desk, ANN, BUY, MID, 5)
    maker = last(desk)
    effects = peg(desk, CAT, SELL, MID, 3)
    assert trades(effects) == [(maker, last(desk), 105, 3)]


def test_a_hidden_peg_is_met_by_others(desk: Pair) -> None:
    peg(desk, ANN, BUY, MID, 5)
    maker = last(desk)
    effects = limit(desk, CAT, SELL, 103, 2, tif=IOC)
    assert trades(effects) == [(maker, last(desk), 105, 2)]


def test_pegs_move_in_the_order_of_their_numbers(desk: Pair) -> None:
    for account in (CAT, ANN, DAN):
        peg(desk, account, BUY, PRIMARY, 1)
    first = last(desk) - 2
    better = limit(desk, BEN, BUY, 101, 1)
    assert moves(better) == [(first, 101), (first + 1, 101), (first + 2, 101)]
    assert [row[0] for row in desk.engine.queue(SHARE, BUY, 101)] == [last(desk), first, first + 1, first + 2]


def test_a_peg_that_moves_into_the_other_side_trades(desk: Pair) -> None:
    limit(desk, CAT, SELL, 104, 2)
    seller = last(desk)
    assert peg(desk, ANN, BUY, PRIMARY, 5, offset=3)[0].price == 103
    follower = last(desk)
    effects = limit(desk, DAN, BUY, 101, 1)
    assert names(effects) == ["Accepted", "Repriced", "Traded"]
    assert trades(effects) == [(seller, follower, 104, 2)]
    assert desk.twin.state.orders[follower].left == 3


def test_without_a_reference_a_peg_waits_outside_the_book(desk: Pair) -> None:
    desk.send("CancelAll", instrument=SHARE)
    effects = peg(desk, ANN, BUY, PRIMARY, 5)
    follower = last(desk)
    assert [tuple(effect) for effect in effects] == [(follower, 0, 0), (follower, 1)]
    with_limit = peg(desk, CAT, BUY, PRIMARY, 5, price=120)
    assert (with_limit[0].price, with_limit[0].hold) == (120, 601), "it is held for what it may cost at most"
    assert desk.engine.depth(SHARE, 5) == ([], [])
    arrived = limit(desk, BEN, BUY, 99, 1)
    assert moves(arrived) == [(follower, 99), (follower + 1, 99)]
    assert [row[0] for row in desk.engine.queue(SHARE, BUY, 99)] == [last(desk), follower, follower + 1]
    assert desk.engine.balance(CAT, USD) == (CASH, 496)


def test_a_middle_peg_needs_both_sides(desk: Pair) -> None:
    peg(desk, ANN, SELL, MID, 5)
    follower = last(desk)
    assert names(desk.send("CancelOrder", order=follower - 1)) == ["Cancelled", "Parked"]
    assert moves(limit(desk, BEN, SELL, 106, 1)) == [(follower, 103)]


def test_a_price_below_one_step_is_no_price(desk: Pair) -> None:
    assert names(peg(desk, ANN, BUY, PRIMARY, 5, offset=-100)) == ["Accepted", "Parked"]
    follower = last(desk)
    assert moves(limit(desk, BEN, BUY, 101, 1)) == [(follower, 1)]
    assert names(peg(desk, ANN, SELL, PRIMARY, 5, offset=PRICE_MAX)) == ["Accepted", "Parked"]
    assert names(peg(desk, ANN, SELL, PRIMARY, 5, offset=PRICE_MAX, tif=IOC)) == ["Accepted", "Cancelled"]


@pytest.mark.parametrize(("tif", "reason"), [(IOC, "ioc"), (FOK, "fok")])
def test_a_peg_that_does_not_stay_goes_when_it_has_no_reference(desk: Pair, tif: int, reason: str) -> None:
    desk.send("CancelAll", instrument=SHARE)
    assert ends(peg(desk, ANN, BUY, MARKET, 5, tif=tif)) == [(last(desk), reason)]


def test_a_market_peg_that_does_not_stay_takes_what_is_there(desk: Pair) -> None:
    assert names(peg(desk, ANN, BUY, MARKET, 5, tif=FOK)) == ["Accepted", "Traded"]
    limit(desk, BEN, SELL, 110, 5)
    assert names(peg(desk, ANN, BUY, MARKET, 6, tif=FOK)) == ["Accepted", "Cancelled"]
    assert names(peg(desk, ANN, BUY, MARKET, 6, tif=IOC)) == ["Accepted", "Traded", "Cancelled"]


def test_a_peg_that_cannot_pay_its_new_price_goes(desk: Pair) -> None:
    desk.send("Withdraw", account=ANN, asset=USD, amount=CASH - 505)
    peg(desk, ANN, BUY, PRIMARY, 5)
    follower = last(desk)
    effects = limit(desk, CAT, BUY, 101, 1)
    assert ends(effects) == [(follower, "funds")]
    assert desk.engine.balance(ANN, USD) == (505, 0)


def test_a_halt_keeps_pegs_where_they_are(desk: Pair) -> None:
    peg(desk, ANN, BUY, PRIMARY, 5)
    follower = last(desk)
    limit(desk, CAT, BUY, 102, 1)
    better = last(desk)
    for instrument in (SHARE, 0):
        desk.send("Halt", instrument=instrument)
        assert names(desk.send("CancelOrder", order=better)) == ["Cancelled"]
        assert moves(desk.send("Resume", instrument=instrument)) == [(follower, 100)]
        limit(desk, CAT, BUY, 102, 1)
        better = last(desk)


def test_a_replacement_of_a_peg_names_its_limit(desk: Pair) -> None:
    peg(desk, ANN, BUY, PRIMARY, 5)
    follower = last(desk)
    (replaced,) = desk.send("ReplaceOrder", order=follower, account=ANN, price=98, quantity=8)
    # 8 x 0.98 and 2 bp
    assert (replaced.price, replaced.quantity, replaced.hold, replaced.priority_kept) == (98, 8, 785, 0)
    (kept,) = desk.send("ReplaceOrder", order=follower, account=ANN, price=98, quantity=7)
    assert kept.priority_kept == 1
    (freed,) = desk.send("ReplaceOrder", order=follower, account=ANN, price=150, quantity=7)
    assert (freed.price, freed.priority_kept) == (100, 0)
    assert moves(limit(desk, CAT, BUY, 104, 1)) == [(follower, 104)]


def test_a_waiting_peg_is_replaced_and_cancelled(desk: Pair) -> None:
    desk.send("CancelAll", instrument=SHARE)
    peg(desk, ANN, BUY, PRIMARY, 5)
    follower = last(desk)
    (replaced,) = desk.send("ReplaceOrder", order=follower, account=ANN, price=90, quantity=4)
    assert (replaced.price, replaced.hold) == (90, 361)
    assert moves(limit(desk, BEN, BUY, 95, 1)) == [(follower, 90)]
    assert ends(desk.send("CancelOrder", order=follower, account=ANN)) == [(follower, "user")]
    assert desk.engine.balance(ANN, USD) == (CASH, 0)


def test_a_peg_on_a_perpetual_counts_at_its_price(desk: Pair) -> None:
    limit(desk, BEN, BUY, 100, 5, instrument=SWAP)
    # 10 x 1.00 at 10 %
    assert peg(desk, ANN, BUY, PRIMARY, 10, instrument=SWAP)[0].hold == 100
    effects = limit(desk, CAT, BUY, 110, 1, instrument=SWAP)
    assert effects[1].hold == 110
    assert desk.engine.position(ANN, SWAP) == (0, 110)
    desk.check_state()


def test_the_limits_of_a_peg(desk: Pair) -> None:
    for kind in (0, 4, 255):
        assert refused(peg(desk, ANN, BUY, kind, 5)) == "bad_peg"
    assert refused(limit(desk, ANN, BUY, 100, 5, peg=1)) == "bad_peg"
    for offset in (PRICE_MAX + 1, -PRICE_MAX - 1, 2**63 - 1, -(2**63)):
        assert refused(peg(desk, ANN, BUY, PRIMARY, 5, offset=offset)) == "bad_offset"
    assert refused(peg(desk, ANN, BUY, PRIMARY, 5, price=-1)) == "price_not_positive"
    assert refused(peg(desk, ANN, BUY, PRIMARY, 5, price=PRICE_MAX + 1)) == "price_too_large"
    assert refused(peg(desk, ANN, BUY, PRIMARY, 5, flags=POST_ONLY)) == "post_only_conflict"
    assert refused(peg(desk, ANN, BUY, PRIMARY, 5, display=1)) == "bad_display"
    assert names(peg(desk, ANN, BUY, PRIMARY, 5, flags=ALL_OR_NONE)) == ["Accepted"]


def test_a_call_has_no_pegs(desk: Pair) -> None:
    rule(desk, "book", CALL, COIN)
    assert refused(peg(desk, ANN, BUY, PRIMARY, 10, instrument=COIN)) == "wrong_session"


def test_pegs_are_kept_in_a_snapshot(desk: Pair) -> None:
    peg(desk, ANN, BUY, PRIMARY, 5, price=103)
    follower = last(desk)
    peg(desk, CAT, SELL, MID, 5)
    desk.send("CancelOrder", order=follower - 1)
    desk.restore()
    assert moves(limit(desk, BEN, SELL, 120, 1)) == [(follower + 1, 110)]
    assert moves(limit(desk, BEN, BUY, 107, 1)) == [(follower, 103), (follower + 1, 114)]
    desk.check_state()


def test_a_market_without_pegs_is_plain_again(desk: Pair) -> None:
    peg(desk, ANN, BUY, PRIMARY, 5)
    desk.send("CancelOrder", order=last(desk))
    assert names(limit(desk, CAT, BUY, 105, 1)) == ["Accepted"]


def test_other_conditions_go_with_a_peg(desk: Pair) -> None:
    """A minimum quantity counts as it does for any order."""
    peg(desk, ANN, BUY, PRIMARY, 5, min_quantity=3)
    follower = last(desk)
    effects: list[Any] = limit(desk, CAT, SELL, 100, 7, tif=IOC)
    assert [trade[0] for trade in trades(effects)] == [follower - 2], "two are fewer than three"
