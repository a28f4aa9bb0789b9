"""Parents and children: who holds, who trades, who may change what, how a parent ends; figures worked out by hand."""

from __future__ import annotations

import pytest
from tests.oracle.pair import Pair, names
from tests.oracle.values import (
    BUY,
    DARK,
    FOK,
    GTD,
    HIDDEN,
    IOC,
    LIMIT,
    MARKET,
    PEG,
    QUOTE,
    REQUEST,
    RESPONSE,
    SELL,
    SHORT,
)
from tests.sim.worked import ANN, BEN, FUTURE, POOL, SHARE, USD, VENUE, Desk, checked, ends, refusal


@pytest.fixture
def desk(pair: Pair) -> Desk:
    return Desk(pair)


def test_a_parent_holds_as_an_order_of_its_quantity_and_stands_in_no_book(desk: Desk) -> None:
    (accepted,) = desk.parent(quantity=100, price=110_000)
    # 100 x 1.10 = 11,000 cents and 2,000 ppm of it
    assert (accepted.hold, accepted.price) == (11_022, 110_000)
    assert desk.held() == 11_022
    assert desk.pair.engine.depth(SHARE, 5) == ([], [])
    checked(desk)


def test_a_parent_at_the_market_is_held_and_limited_at_the_protection_price(desk: Desk) -> None:
    (accepted,) = desk.parent(price=0)
    assert accepted.price == 110_000
    assert refusal(desk.child(accepted.order, 1, price=110_001)) == "beyond_limit"
    assert names(desk.child(accepted.order, 1, price=110_000)) == ["Accepted"]
    assert refusal(desk.parent(price=0, instrument=FUTURE, quantity=10**12)) == "insufficient_funds"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"account": 99}, "unknown_account"),
        ({"account": VENUE}, "account_not_trading"),
        ({"instrument": 9}, "unknown_instrument"),
        ({"side": 3}, "unknown_side"),
        ({"path": 0}, "bad_path"),
        ({"quantity": 0}, "quantity_not_positive"),
        ({"price": -1}, "price_not_positive"),
        ({"expire": 1}, "bad_expire"),
        ({"quantity": 10**7}, "insufficient_funds"),
        ({"quantity": 10**5, "side": SELL}, "insufficient_funds"),
    ],
)
def test_a_parent_passes_the_gate_of_any_order(desk: Desk, words: dict[str, int], reason: str) -> None:
    assert refusal(desk.parent(**words)) == reason


def test_a_halt_a_kill_and_a_closed_market_refuse_parents_and_children(desk: Desk) -> None:
    parent = desk.parent()[0].order
    desk.pair.send("Halt", instrument=SHARE)
    assert refusal(desk.parent()) == refusal(desk.child(parent, 1)) == "instrument_halted"
    desk.pair.send("Resume", instrument=SHARE)
    desk.pair.send("SetSession", instrument=SHARE, state=7)
    assert refusal(desk.parent()) == refusal(desk.child(parent, 1)) == "wrong_session"
    desk.pair.send("SetSession", instrument=SHARE, state=3)
    desk.pair.send("Kill", scope=6, of=VENUE, user=1)
    assert refusal(desk.child(parent, 1, venue=VENUE)) == "killed"
    assert names(desk.child(parent, 1)) == ["Accepted"]


def test_a_child_holds_nothing_and_its_fill_is_booked_on_the_parent(desk: Desk) -> None:
    parent = desk.parent(quantity=100, price=110_000)[0].order
    (accepted,) = desk.child(parent, 1, quantity=40, price=105_000)
    assert (accepted.hold, desk.held()) == (0, 11_022)
    child = accepted.order
    traded, reheld = desk.sell(105_000, 25)
    assert (traded.maker_order, traded.maker, traded.maker_hold) == (child, ANN, 0)
    # 25 x 1.05 = 2,625 cents, 100 ppm of it is a cent (0.2625 rounded up, 0.7375 carried)
    assert (traded.buyer_pays, traded.maker_fee) == (2_625, 1)
    # 75 x 1.10 = 8,250 and 16.5 less the carried 0.7375: 16
    assert (reheld.order, reheld.hold) == (parent, 8_266)
    assert desk.held() == 8_266
    checked(desk)


def test_a_parent_costs_the_same_however_it_is_cut(desk: Desk) -> None:
    whole = desk.parent(quantity=3, price=100_333)[0].order
    desk.child(whole, 1, quantity=3, price=100_333, venue=VENUE)
    traded = desk.fill(desk.last, 3, price=100_333)[0]
    cut = desk.parent(quantity=3, price=100_333)[0].order
    paid = []
    for ordinal in (1, 2, 3):
        desk.child(cut, ordinal, quantity=1, price=100_333, venue=VENUE)
        paid.append(desk.fill(desk.last, 1, price=100_333)[0])
    assert traded.buyer_pays == sum(fill.buyer_pays for fill in paid) == 301  # 300.999 cents, rounded up once
    assert traded.taker_fee == sum(fill.taker_fee for fill in paid) == 1
    assert desk.held() == 0


def test_children_together_take_no_more_than_the_parents_free_lots(desk: Desk) -> None:
    parent = desk.parent(quantity=100)[0].order
    desk.child(parent, 1, quantity=60)
    assert refusal(desk.child(parent, 2, quantity=41)) == "beyond_parent"
    desk.child(parent, 2, quantity=40, venue=VENUE)
    venue_child = desk.last
    assert refusal(desk.child(parent, 3, quantity=1)) == "beyond_parent"
    desk.gone(venue_child)
    assert names(desk.child(parent, 3, quantity=40, price=110_000)) == ["Accepted"]
    checked(desk)


def test_a_child_sent_again_is_told_that_it_was_placed(desk: Desk) -> None:
    parent = desk.parent()[0].order
    assert refusal(desk.child(parent, 2)) == "bad_ordinal"
    assert refusal(desk.child(parent, 0)) == "bad_ordinal"
    desk.child(parent, 1)
    assert refusal(desk.child(parent, 1)) == "already_placed"
    assert refusal(desk.child(parent, 3)) == "bad_ordinal"
    desk.child(parent, 2)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"kind": MARKET, "price": 0}, "unknown_kind"),
        ({"kind": PEG, "peg": 1, "price": 0}, "price_not_positive"),
        ({"price": 110_001}, "beyond_limit"),
        ({"flags": SHORT}, "bad_terms"),
        ({"flags": QUOTE}, "bad_terms"),
        ({"tif": 99}, "unknown_tif"),
        ({"quantity": 0}, "quantity_not_positive"),
        ({"venue": BEN}, "unknown_venue"),
        ({"venue": VENUE, "flags": HIDDEN}, "bad_terms"),
        ({"kind": REQUEST}, "wrong_book"),
        ({"tif": GTD, "expire": 1}, "bad_expire"),
        ({"display": 3, "min_quantity": 3}, "bad_display"),
    ],
)
def test_a_child_passes_the_form_and_the_market_of_any_order(desk: Desk, words: dict[str, int], reason: str) -> None:
    parent = desk.parent()[0].order
    assert refusal(desk.child(parent, 1, **words)) == reason


def test_only_a_live_parent_has_children(desk: Desk) -> None:
    plain = desk.place(ANN, BUY, 90_000, 10)[0].order
    assert refusal(desk.child(plain, 1)) == "unknown_parent"
    parent = desk.parent()[0].order
    child = desk.child(parent, 1)[0].order
    assert refusal(desk.child(child, 1)) == "unknown_parent"
    desk.cancel(parent, ANN)
    assert refusal(desk.child(parent, 2)) == "unknown_parent"


def test_clients_do_not_change_children_and_the_router_may_take_one_off(desk: Desk) -> None:
    parent = desk.parent()[0].order
    child = desk.child(parent, 1)[0].order
    assert refusal(desk.cancel(child, ANN)) == "child_of_parent"
    assert refusal(desk.cancel(child, BEN)) == "not_your_order"
    replaced = desk.pair.send("ReplaceOrder", order=child, price=1, quantity=1)
    reduced = desk.pair.send("ReduceOrder", order=child, quantity=1)
    assert refusal(replaced) == refusal(reduced) == "child_of_parent"
    assert ends(desk.cancel(child)) == [(child, "user", 10)]
    assert desk.order(parent) is not None
    linked = {"kind": LIMIT, "tif": 1, "instrument": SHARE, "account": ANN, "side": SELL, "price": 120_000}
    child = desk.child(parent, 2)[0].order
    for words in ({"one_cancels": child}, {"parent": child}, {"one_cancels": parent}):
        assert refusal(desk.pair.send("PlaceSpecial", quantity=1, **linked, **words)) == "bad_link"


def test_a_cancelled_parent_takes_its_house_children_with_it_at_once(desk: Desk) -> None:
    parent = desk.parent(quantity=100)[0].order
    first, second = (desk.child(parent, ordinal)[0].order for ordinal in (1, 2))
    effects = desk.cancel(parent, ANN)
    assert ends(effects) == [(first, "parent", 10), (second, "parent", 10), (parent, "user", 100)]
    assert effects[-1].released == 11_022
    assert desk.held() == 0
    checked(desk)


def test_a_cancelled_parent_with_a_child_at_a_venue_ends_when_that_has_answered(desk: Desk) -> None:
    parent = desk.parent(quantity=100)[0].order
    house = desk.child(parent, 1)[0].order
    routed = desk.child(parent, 2, venue=VENUE)[0].order
    effects = desk.cancel(parent, ANN)
    assert names(effects) == ["Cancelled", "CancelRequested", "CancelRequested"]
    assert [(e.order, e.venue) for e in effects[1:]] == [(routed, VENUE), (parent, 0)]
    assert effects[0].order == house
    assert refusal(desk.child(parent, 3)) == "parent_ending"
    replaced = desk.pair.send("ReplaceOrder", order=parent, account=ANN, price=0, quantity=120)
    assert refusal(replaced) == "parent_ending"
    assert names(desk.fill(routed, 4)) == ["Traded", "Reheld"]
    checked(desk)
    assert ends(desk.gone(routed)) == [(routed, "user", 6), (parent, "user", 96)]
    assert desk.held() == 0
    checked(desk)


@pytest.mark.parametrize("way", ["mass", "session", "dead_man", "expired"])
def test_a_parent_ends_in_every_way_in_which_orders_end(desk: Desk, way: str) -> None:
    parent = desk.parent(session=5, expire=desk.pair.now + 1_000_000 if way == "expired" else 0)[0].order
    child = desk.child(parent, 1)[0].order
    if way == "dead_man":
        desk.pair.send("SetDeadMan", account=ANN, session=5, timeout_ns=1_000_000)
    desk.pair.now += 1_000_000 if way in ("dead_man", "expired") else 0
    scope = {"mass": {"account": ANN}, "session": {"session": 5}}.get(way)
    effects = desk.pair.send("CancelAll", **scope) if scope else desk.pair.send("TimePassed")
    reason = {"session": "mass"}.get(way, way)
    assert ends(effects) == [(child, "parent", 10), (parent, reason, 100)]


def test_a_parent_that_is_filled_in_full_is_done(desk: Desk) -> None:
    parent = desk.parent(quantity=20)[0].order
    desk.child(parent, 1, quantity=20)
    effects = desk.sell(100_000, 20)
    assert names(effects) == ["Traded", "Reheld"]
    assert effects[1].hold == desk.held() == 0
    assert desk.order(parent) is None
    assert refusal(desk.child(parent, 2)) == "unknown_parent"
    checked(desk)


def test_children_have_the_terms_of_any_order(desk: Desk) -> None:
    parent = desk.parent(quantity=1_000)[0].order
    desk.child(parent, 1, quantity=30, display=10)
    effects = desk.sell(100_000, 15)
    assert names(effects) == ["Traded", "Reheld", "Refreshed", "Traded", "Reheld"]
    desk.child(parent, 2, quantity=30, price=99_000, flags=HIDDEN)
    desk.child(parent, 3, kind=PEG, peg=1, price=101_000, offset=1)
    desk.child(parent, 4, quantity=30, price=98_000, min_quantity=20)
    assert names(desk.child(parent, 5, tif=IOC, price=97_000)) == ["Accepted", "Cancelled"]
    desk.sell(102_000, 5)
    assert names(desk.child(parent, 6, tif=FOK, quantity=5, price=102_000)) == ["Accepted", "Traded", "Reheld"]
    checked(desk)


def test_a_conditional_child_is_firmed_up_within_its_family(desk: Desk) -> None:
    desk.rule("book", DARK, POOL)
    desk.rule("firm_up_ns", 1_000_000, POOL)
    parent = desk.parent(quantity=100, instrument=POOL)[0].order
    asked = desk.child(parent, 1, quantity=80, kind=REQUEST, price=110_000)[0].order
    desk.sell(100_000, 60, instrument=POOL)
    stranger = {"account": ANN, "instrument": POOL, "side": BUY, "kind": RESPONSE, "tif": 1, "price": 100_000}
    assert refusal(desk.pair.send("PlaceSpecial", quantity=60, request=asked, **stranger)) == "child_of_parent"
    assert refusal(desk.child(parent, 2, quantity=21)) == "beyond_parent"
    effects = desk.child(parent, 2, quantity=80, kind=RESPONSE, price=110_000, request=asked)
    assert names(effects) == ["Accepted", "Cancelled", "Traded", "Reheld"]
    checked(desk)


def test_children_of_a_perpetual_count_nothing_beside_their_parent(desk: Desk) -> None:
    parent, hold = (lambda accepted: (accepted.order, accepted.hold))(
        desk.parent(quantity=100, price=110, instrument=FUTURE)[0]
    )
    # 100 x 1.10 = 110.00: a tenth of it, and 2,000 ppm
    assert hold == desk.held() == 1_100 + 22
    assert desk.child(parent, 1, quantity=60, price=105)[0].hold == hold
    routed = desk.child(parent, 2, quantity=40, price=110, venue=VENUE)[0].order
    assert desk.held() == hold
    traded, reheld = desk.sell(105, 20, instrument=FUTURE)
    # the position of 20 at the mark of 1.00: 200; 80 x 1.10 = 88.00: 880 and 17.6
    assert traded.maker_hold == reheld.hold == desk.held() == 200 + 880 + 18
    traded, reheld = desk.fill(routed, 40, price=110, instrument=FUTURE)
    assert traded.taker_hold == reheld.hold == desk.held() == 600 + 440 + 9
    checked(desk)
    desk.cancel(parent, ANN)
    assert desk.held() == 600
    checked(desk)


def test_an_account_without_end_holds_nothing_for_a_parent(desk: Desk) -> None:
    desk.pair.send("SetCredit", account=ANN, asset=USD, amount=2**63 - 1)
    parent = desk.parent(quantity=10**6)[0].order
    desk.child(parent, 1, quantity=30)
    assert desk.sell(100_000, 30)[1].hold == desk.held() == 0
    checked(desk)


def test_a_parents_limits_are_not_asked_of_its_children(desk: Desk) -> None:
    for limit, value in ((8, 1), (9, 2), (4, 100)):
        desk.pair.send("SetLimit", scope=1, of=ANN, limit=limit, value=value)
    parent = desk.parent(quantity=100)[0].order
    assert refusal(desk.parent()) == "rate_limit"
    for ordinal in range(1, 6):
        assert names(desk.child(parent, ordinal)) == ["Accepted"]
    desk.pair.now += 10**9
    assert names(desk.parent(quantity=10)) == ["Accepted"]
    desk.pair.now += 10**9
    assert refusal(desk.parent()) == "open_orders_limit"
    checked(desk)


def test_a_bracket_waits_for_a_parent_as_for_any_order(desk: Desk) -> None:
    parent = desk.parent(quantity=20)[0].order
    linked = {"kind": LIMIT, "tif": 1, "instrument": SHARE, "account": ANN, "side": SELL, "price": 120_000}
    stop = desk.pair.send("PlaceSpecial", quantity=50, parent=parent, **linked)[0].order
    desk.child(parent, 1, quantity=20)
    effects = desk.sell(100_000, 20)
    assert names(effects) == ["Traded", "Reheld", "Reduced", "Triggered", "Repriced"]
    order = desk.order(stop)
    assert order is not None and order["quantity"] == 20
    checked(desk)


def test_a_parents_own_client_id_makes_it_idempotent(desk: Desk) -> None:
    parent = desk.parent(client_id=b"7" * 16)[0].order
    again = desk.parent(client_id=b"7" * 16)
    assert (names(again), again[0].first) == (["Repeated"], parent)
    assert desk.held() == 11_022


def test_children_trade_in_an_auction(desk: Desk) -> None:
    parent = desk.parent(quantity=100)[0].order
    desk.pair.send("SetSession", instrument=SHARE, state=2)
    desk.child(parent, 1, quantity=40, price=110_000, tif=6)
    desk.sell(100_000, 30)
    effects = desk.pair.send("Uncross", instrument=SHARE)
    assert names(effects) == ["Auctioned", "Traded", "Reheld", "Cancelled", "SessionChanged"]
    checked(desk)
