"""Orders at outside venues: what is asked of them, and what their answers do; figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.messages import REASONS
from tests.oracle.money import ROUNDING
from tests.oracle.pair import Pair, names
from tests.oracle.values import BUY, GTC, LIMIT, MAKER, MARKET, SELL, TAKER

USD, EUR = 1, 2
FX = 1
ANN, BEN, VENUE, OTHER = 16, 17, 18, 19
BEYOND = 3


@pytest.fixture
def desk(pair: Pair) -> Pair:
    """EUR/USD with five decimals (den 10^5), in whole cents of EUR, at 100/200 ppm."""
    pair.send("AddAsset", code="USD", decimals=2)
    pair.send("AddAsset", code="EUR", decimals=2)
    terms = {"price_decimals": 5, "quantity_decimals": 2, "tick": 1, "lot": 1, "multiplier": 1}
    fees = {"maker_fee_ppm": 100, "taker_fee_ppm": 200, "collar_bps": 100}
    pair.send("AddInstrument", symbol="EUR/USD", kind=2, base=EUR, quote=USD, **terms, **fees)
    for kind in (1, 1, 3, 3):
        pair.send("OpenAccount", kind=kind)
    for account in (ANN, BEN):
        pair.send("Deposit", account=account, asset=USD, amount=100_000)
        pair.send("Deposit", account=account, asset=EUR, amount=100_000)
    return pair


def place(desk: Pair, account: int = ANN, side: int = BUY, price: int = 110_000, quantity: int = 1_000) -> list[Any]:
    fields = {"instrument": FX, "venue": VENUE, "kind": LIMIT if price else MARKET, "tif": GTC}
    return desk.send("PlaceOrder", account=account, side=side, price=price, quantity=quantity, **fields)


def fill(desk: Pair, order: int, number: int, **change: int) -> list[Any]:
    """The venue's report; `number` makes its id."""
    said = {"venue": VENUE, "account": ANN, "instrument": FX, "side": BUY, "liquidity": TAKER}
    terms = {"price": 110_000, "quantity": 1_000}
    return desk.send("VenueFilled", order=order, fill_id=number.to_bytes(16, "big"), **(said | terms | change))


def refused(effects: list[Any]) -> str:
    texts = {number: text for text, number in REASONS.items()}
    return texts[effects[0].reason] if names(effects) == ["Rejected"] else ""


def test_an_order_at_a_venue_is_held_for_and_waits(desk: Pair) -> None:
    (accepted,) = place(desk)
    # 10.00 EUR x 1.1 = 1,100 cents and 2 bp of it
    assert accepted.hold == 1_100 + 1
    assert desk.engine.depth(FX, 5) == ([], [])
    assert names(desk.send("VenueAccepted", order=accepted.order, venue=VENUE)) == ["Acknowledged"]


def test_a_fill_pays_the_venue_and_the_rest_goes_to_rounding(desk: Pair) -> None:
    order = place(desk)[0].order
    (traded,) = fill(desk, order, 1, price=109_999, quantity=500)
    # 5.00 x 1.09999 = 549.995 cents: the client pays 550, the venue gets 549
    assert (traded.buyer_pays, traded.seller_gets, traded.flags) == (550, 549, 1)
    assert (traded.taker, traded.maker, traded.taker_order, traded.maker_order) == (ANN, VENUE, order, 0)
    assert (traded.taker_fee, traded.maker_fee) == (1, 0)
    # what is left: 5.00 x 1.1 = 550 less the carried 0.005, rounded up; its fee is covered by the cent paid
    assert (traded.taker_hold, traded.maker_hold) == (550, 0)
    assert desk.engine.balance(ROUNDING, USD)[0] == 1
    assert desk.engine.balance(VENUE, EUR)[0] == -500
    (last,) = fill(desk, order, 2, quantity=500, liquidity=MAKER)
    assert (last.maker, last.taker, last.maker_order, last.taker_order, last.taker_side) == (ANN, VENUE, order, 0, SELL)
    assert last.maker_hold == 0 and desk.engine.order(order) is None
    desk.check_state()


def test_a_fill_counts_once(desk: Pair) -> None:
    order = place(desk)[0].order
    first = fill(desk, order, 1, quantity=500)
    assert names(first) == ["Traded"]
    (repeated,) = fill(desk, order, 1, quantity=500)
    assert names([repeated]) == ["Repeated"] and repeated.reason == 0
    assert refused(fill(desk, order, 1, quantity=501)) == "duplicate_client_id"
    assert refused(fill(desk, order, 0)) == "no_client_id"


@pytest.mark.parametrize(
    "change",
    [{"quantity": 1_001}, {"price": 110_001}, {"side": SELL}, {"account": BEN}, {"venue": OTHER}],
    ids=["too much", "too dear", "another side", "another account", "another venue"],
)
def test_a_fill_beyond_the_hold_is_booked_and_flagged(desk: Pair, change: dict[str, int]) -> None:
    order = place(desk)[0].order
    (traded,) = fill(desk, order, 1, **change)
    assert traded.flags == BEYOND
    desk.check_state()


def test_a_late_fill_is_booked_without_an_order(desk: Pair) -> None:
    order = place(desk)[0].order
    (gone,) = desk.send("VenueCancelled", order=order, venue=VENUE, reason=4)
    assert (gone.quantity, gone.released, gone.reason) == (1_000, 1_101, 4)
    (traded,) = fill(desk, order, 1)
    assert (traded.taker_order, traded.flags, traded.taker_hold) == (order, BEYOND, 0)
    assert desk.engine.balance(ANN, USD) == (100_000 - 1_101, 0)


def test_a_client_may_fall_below_zero_by_what_a_venue_says(desk: Pair) -> None:
    assert names(fill(desk, 0, 1, quantity=100_000)) == ["Traded"]
    assert desk.engine.balance(ANN, USD)[0] < 0
    assert refused(place(desk)) == "insufficient_funds"
    assert names(place(desk, side=SELL)) == ["Accepted"]


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("unknown_venue", {"venue": BEN}),
        ("unknown_account", {"account": VENUE}),
        ("unknown_account", {"account": 2}),
        ("unknown_instrument", {"instrument": 2}),
        ("unknown_side", {"side": 0}),
        ("unknown_liquidity", {"liquidity": 3}),
        ("quantity_not_positive", {"quantity": 0}),
        ("quantity_too_large", {"quantity": 10**12 + 1}),
        ("price_not_positive", {"price": 0}),
        ("price_too_large", {"price": 10**15 + 1}),
        ("notional_too_large", {"price": 10**15, "quantity": 10**12}),
    ],
)
def test_a_fill_that_cannot_be_is_refused_by_name(desk: Pair, reason: str, change: dict[str, int]) -> None:
    assert refused(fill(desk, place(desk)[0].order, 1, **change)) == reason


def test_a_cancel_at_a_venue_is_asked_for_until_it_answers(desk: Pair) -> None:
    order = place(desk)[0].order
    for _ in range(2):
        (asked,) = desk.send("CancelOrder", order=order, account=ANN)
        assert names([asked]) == ["CancelRequested"] and asked.venue == VENUE
    assert names(desk.send("CancelAll", account=ANN)) == ["CancelRequested"]
    assert desk.engine.balance(ANN, USD)[1] == 1_101
    assert refused(desk.send("VenueCancelled", order=order, venue=OTHER)) == "wrong_venue"
    assert refused(desk.send("VenueCancelled", order=order, venue=ANN)) == "unknown_venue"
    assert refused(desk.send("VenueCancelled", order=order, venue=VENUE, reason=200)) == "unknown_reason"
    assert names(desk.send("VenueCancelled", order=order, venue=VENUE)) == ["Cancelled"]
    assert refused(desk.send("VenueAccepted", order=order, venue=VENUE)) == "unknown_order"


def test_a_replacement_at_a_venue_holds_for_both_until_it_answers(desk: Pair) -> None:
    order = place(desk)[0].order
    (asked,) = desk.send("ReplaceOrder", order=order, account=ANN, price=110_000, quantity=2_000)
    assert names([asked]) == ["ReplaceRequested"] and asked.hold == 2_201
    (lower,) = desk.send("ReplaceOrder", order=order, account=ANN, price=110_000, quantity=500)
    assert lower.hold == 2_201
    (done,) = desk.send("VenueReplaced", order=order, venue=VENUE, price=110_000, quantity=500)
    assert (done.hold, done.priority_kept) == (551, 0)


def test_a_venue_may_replace_down_to_what_is_filled_which_ends_the_order(desk: Pair) -> None:
    order = place(desk)[0].order
    fill(desk, order, 1, quantity=400)
    smaller = {"order": order, "venue": VENUE, "price": 110_000}
    assert refused(desk.send("VenueReplaced", **smaller, quantity=399)) == "quantity_not_above_filled"
    done, gone = desk.send("VenueReplaced", **smaller, quantity=400)
    assert (done.hold, gone.quantity, gone.released, gone.reason) == (0, 0, 0, 0)
    assert desk.engine.balance(ANN, USD)[1] == 0 and desk.engine.order(order) is None


def test_a_venue_replaces_within_the_limits_and_without_a_look_at_funds(desk: Pair) -> None:
    order = place(desk)[0].order
    huge = {"order": order, "venue": VENUE, "price": 10**15}
    assert refused(desk.send("VenueReplaced", **huge, quantity=10**12)) == "notional_too_large"
    (done,) = desk.send("VenueReplaced", order=order, venue=VENUE, price=110_000, quantity=1_000_000)
    assert desk.engine.balance(ANN, USD) == (100_000, done.hold) and done.hold > 100_000


def test_a_market_order_at_a_venue_needs_a_collar_and_a_reference(desk: Pair) -> None:
    assert refused(place(desk, price=0)) == "no_reference_price"
    desk.send("Mark", instrument=FX, price=100_000)
    assert place(desk, price=0)[0].price == 101_000
