"""Linear perpetuals: holds, settlement against the mark and freezing; figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.messages import REASONS, TEMPLATES
from tests.oracle.money import SETTLEMENT
from tests.oracle.pair import Pair, names
from tests.oracle.values import BUY, GTC, LIMIT, MARKET, SELL

USD, BTC = 1, 2
PERP = 1
ANN, BEN, CAT, VENUE = 16, 17, 18, 19


@pytest.fixture
def desk(pair: Pair) -> Pair:
    """A price step is worth 10 cents a contract (num = 10); half of the value is held; fees 1/2 bp; mark 500."""
    pair.send("AddAsset", code="USD", decimals=2)
    pair.send("AddAsset", code="BTC", decimals=8)
    terms = {"price_decimals": 1, "tick": 1, "lot": 1, "multiplier": 1, "initial_margin_bps": 5_000, "mark": 500}
    fees = {"maker_fee_ppm": 100, "taker_fee_ppm": 200}
    pair.send("AddInstrument", symbol="BTC-PERP", kind=4, base=BTC, quote=USD, **terms, **fees)
    for kind in (1, 1, 1, 3):
        pair.send("OpenAccount", kind=kind)
    for account in (ANN, BEN, CAT):
        pair.send("Deposit", account=account, asset=USD, amount=100_000)
    return pair


def place(desk: Pair, account: int, side: int, price: int, quantity: int, **words: Any) -> list[Any]:
    fields = {"instrument": PERP, "kind": LIMIT if price else MARKET, "tif": GTC} | words
    return desk.send("PlaceOrder", account=account, side=side, price=price, quantity=quantity, **fields)


def is_refused(effects: list[Any], reason: str) -> bool:
    return names(effects) == ["Rejected"] and effects[0].reason == REASONS[reason]


def trade(desk: Pair, buyer: int, seller: int, price: int, quantity: int) -> Any:
    """The seller's order rests, the buyer takes it."""
    place(desk, seller, SELL, price, quantity)
    return place(desk, buyer, BUY, price, quantity)[1]


def test_an_opening_order_holds_margin_and_fee(desk: Pair) -> None:
    (accepted,) = place(desk, ANN, BUY, 500, 2)
    # 2 x 500 x 10 = 10,000 cents; half of it, and 2 bp of it
    assert accepted.hold == 5_000 + 2
    (second,) = place(desk, ANN, SELL, 600, 1)
    assert second.hold == 5_002 + 3_000 + 2  # 1.2 cents of fee rounded up


def test_a_position_holds_margin_at_the_settlement_mark(desk: Pair) -> None:
    traded = trade(desk, ANN, BEN, 510, 2)
    assert (traded.buyer_pays, traded.seller_gets) == (200, 200)  # (510 - 500) x 2 x 10
    assert (traded.maker_fee, traded.taker_fee) == (2, 3)  # 1.02 and 2.04 cents
    assert (traded.maker_hold, traded.taker_hold) == (5_000, 5_000)
    assert desk.engine.balance(ANN, USD) == (100_000 - 200 - 3, 5_000)
    assert desk.engine.balance(BEN, USD) == (100_000 + 200 - 2, 5_000)
    assert (desk.twin.position(ANN, PERP), desk.twin.position(BEN, PERP)) == ((2, 5_000), (-2, 5_000))


def test_closing_needs_no_margin_but_what_goes_beyond_does(desk: Pair) -> None:
    trade(desk, ANN, BEN, 500, 4)
    (closing,) = place(desk, ANN, SELL, 520, 4)
    assert closing.hold == 10_000
    (more,) = place(desk, ANN, SELL, 560, 4)
    # S = 8, NS = 4 x 520 + 4 x 560 = 4,320; half of it opens: 21,600 cents, half of that, and 4.32 cents of fee
    assert more.hold == 10_000 + 10_800 + 5


def test_a_settlement_pays_one_side_from_the_other(desk: Pair) -> None:
    trade(desk, ANN, BEN, 500, 2)
    marked, paid, winner, lost, loser = desk.send("Mark", instrument=PERP, settlement=1, price=490)
    assert (marked.price, marked.settlement) == (490, 1)
    assert (paid.source, paid.target, paid.amount, paid.template) == (ANN, SETTLEMENT, 200, TEMPLATES["settlement"])
    assert (winner.account, winner.position, winner.amount, winner.hold) == (ANN, 2, -200, 4_900)
    assert (lost.source, lost.target, lost.amount) == (SETTLEMENT, BEN, 200)
    assert (loser.account, loser.position, loser.amount, loser.hold) == (BEN, -2, 200, 4_900)
    assert desk.engine.balance(SETTLEMENT, USD) == (0, 0)


def test_a_settlement_at_the_same_mark_posts_nothing(desk: Pair) -> None:
    trade(desk, ANN, BEN, 500, 2)
    assert names(desk.send("Mark", instrument=PERP, settlement=1, price=500)) == ["Marked", "Settled", "Settled"]


def test_a_mark_without_settlement_changes_the_reference_only(desk: Pair) -> None:
    trade(desk, ANN, BEN, 500, 2)
    assert names(desk.send("Mark", instrument=PERP, settlement=0, price=600)) == ["Marked"]
    assert desk.engine.reference(PERP) == 600
    assert trade(desk, CAT, ANN, 500, 1).buyer_pays == 0


def test_an_account_under_its_holds_may_close_but_not_open(desk: Pair) -> None:
    trade(desk, ANN, BEN, 500, 30)
    # 30 x 200 x 10 = 60,000 lost and 30 paid in fees: 39,970 are left under a margin of 30 x 300 x 10 / 2 = 45,000
    effects = desk.send("Mark", instrument=PERP, settlement=1, price=300)
    assert names(effects)[-1] == "Frozen" and (effects[-1].account, effects[-1].asset) == (ANN, USD)
    assert is_refused(place(desk, ANN, BUY, 1, 1), "account_frozen")
    assert is_refused(desk.send("Withdraw", account=ANN, asset=USD, amount=1), "insufficient_funds")
    assert names(place(desk, ANN, SELL, 300, 30)) == ["Accepted"]
    assert is_refused(place(desk, ANN, SELL, 300, 1), "account_frozen")
    effects = place(desk, BEN, BUY, 300, 30)
    assert names(effects) == ["Accepted", "Traded", "Unfrozen"]
    assert desk.twin.position(ANN, PERP) == (0, 0)


def test_a_deposit_thaws(desk: Pair) -> None:
    trade(desk, ANN, BEN, 500, 30)
    desk.send("Mark", instrument=PERP, settlement=1, price=300)
    missing = desk.engine.balance(ANN, USD)
    assert names(desk.send("Deposit", account=ANN, asset=USD, amount=missing[1] - missing[0] - 1)) == ["Posted"]
    assert names(desk.send("Deposit", account=ANN, asset=USD, amount=1)) == ["Posted", "Unfrozen"]


def test_a_market_order_without_collar_counts_what_it_walks(desk: Pair) -> None:
    place(desk, BEN, SELL, 500, 1)
    place(desk, CAT, SELL, 520, 1)
    effects = place(desk, ANN, BUY, 0, 5)
    # 1 x 500 + 1 x 520 = 1,020 steps = 10,200 cents: half, and 2.04 cents of fee
    assert (effects[0].hold, effects[0].price) == (5_100 + 3, 520)
    assert [fill.taker_hold for fill in effects[1:3]] == [2_500 + 2_600 + 2, 5_000]
    assert (effects[3].quantity, effects[3].released) == (3, 0)


def test_a_market_order_that_finds_nothing_is_accepted_with_nothing(desk: Pair) -> None:
    trade(desk, ANN, BEN, 500, 2)
    accepted, gone = place(desk, ANN, BUY, 0, 5)
    assert (accepted.hold, accepted.price, gone.quantity, gone.released) == (0, 0, 5, 0)


def test_a_venue_takes_the_other_side_and_nothing_is_held_against_it(desk: Pair) -> None:
    order = place(desk, ANN, BUY, 510, 2, venue=VENUE)[0].order
    fill = {"account": ANN, "instrument": PERP, "side": BUY, "liquidity": 2, "price": 505, "quantity": 2}
    (traded,) = desk.send("VenueFilled", order=order, venue=VENUE, fill_id=b"1".ljust(16), **fill)
    assert (traded.buyer_pays, traded.taker_hold, traded.maker_hold, traded.flags) == (100, 5_000, 0, 1)
    assert (traded.maker_fee, traded.taker_fee) == (0, 3)  # 2.02 cents
    assert desk.twin.position(VENUE, PERP) == (-2, 0)
    effects = desk.send("Mark", instrument=PERP, settlement=1, price=600)
    assert names(effects) == ["Marked", "Posted", "Settled", "Posted", "Settled"]
    assert (effects[4].account, effects[4].amount, effects[4].hold) == (VENUE, -2_000, 0)
    assert desk.engine.balance(SETTLEMENT, USD) == (0, 0)
    desk.check_state()


def test_amounts_beyond_the_exposure_limit_are_refused(desk: Pair) -> None:
    desk.send("Deposit", account=ANN, asset=USD, amount=2**63 - 1)
    assert is_refused(place(desk, ANN, BUY, 10**9, 115_292_151), "notional_too_large")
    assert names(place(desk, ANN, BUY, 10**9, 115_292_150)) == ["Accepted"]
    assert is_refused(desk.send("Mark", instrument=PERP, settlement=1, price=2 * 10**9), "notional_too_large")
    assert names(desk.send("Mark", instrument=PERP, settlement=0, price=2 * 10**9)) == ["Marked"]


def test_all_orders_of_a_side_count_together_towards_the_exposure_limit(desk: Pair) -> None:
    desk.send("Deposit", account=ANN, asset=USD, amount=2**63 - 1)
    place(desk, ANN, BUY, 10**15, 100)  # 10^18 of 1.15 x 10^18
    assert is_refused(place(desk, ANN, BUY, 10**6, 2 * 10**10), "notional_too_large")
    assert names(place(desk, ANN, SELL, 10**6, 2 * 10**10)) == ["Accepted", "Cancelled"]  # it meets the buy


def test_a_mark_that_would_move_more_than_64_bits_is_refused(desk: Pair) -> None:
    desk.send("Mark", instrument=PERP, settlement=1, price=10**9)
    fill = {"instrument": PERP, "side": BUY, "liquidity": 2, "price": 10**9, "quantity": 10**8}
    for number in range(10):
        desk.send("OpenAccount", kind=1)
        filled = desk.send("VenueFilled", venue=VENUE, account=20 + number, fill_id=bytes([number + 1] * 16), **fill)
        assert names(filled) == ["Traded", "Frozen"]
    # the venue is short 10 x 10^8 contracts of 10 x 10^9: each client's share fits, the venue's 10^19 does not
    assert is_refused(desk.send("Mark", instrument=PERP, settlement=1, price=1), "notional_too_large")
    assert names(desk.send("Mark", instrument=PERP, settlement=1, price=115_292_150))[0] == "Marked"
    desk.check_state()


@pytest.mark.parametrize(
    "mark", [{"settlement": 2, "price": 500}, {"settlement": 1, "price": 0}, {"settlement": 0, "price": 10**15 + 1}]
)
def test_a_bad_mark_is_refused(desk: Pair, mark: dict[str, int]) -> None:
    assert is_refused(desk.send("Mark", instrument=PERP, **mark), "bad_mark")
    assert is_refused(desk.send("Mark", instrument=9, **mark), "unknown_instrument")
