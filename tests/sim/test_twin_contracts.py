"""Futures and options: terms, premium, margin of shorts, exercise, assignment, expiry; figures worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle import invariants
from tests.oracle.messages import REASONS, TEMPLATES
from tests.oracle.money import SETTLEMENT
from tests.oracle.pair import Pair, names
from tests.oracle.values import BUY, GTC, LIMIT, SELL

from isthmus import _core

from .strategies_contracts import session

USD, OIL = 1, 2
SPOT, FUTURE, CALL = 1, 2, 3
ANN, BEN, CAT, DAN, VENUE = range(16, 21)
EXPIRE = 10**9
CASH, PHYSICAL, EUROPEAN, AMERICAN = 1, 2, 1, 2


def listed(desk: Pair, number: int, kind: int, mark: int, **words: Any) -> None:
    """A contract on 10 barrels; a price step is a dollar a barrel, so that num is 1,000 cents."""
    terms = {"tick": 1, "lot": 1, "multiplier": 10, "initial_margin_bps": 1_000, "mark": mark} | words
    desk.send("AddInstrument", symbol=f"C{number}", kind=kind, base=OIL, quote=USD, **terms)


@pytest.fixture
def desk(pair: Pair) -> Pair:
    """Oil, a physical future on it and an American call on that future at 100, margined at a tenth."""
    pair.send("AddAsset", code="USD", decimals=2)
    pair.send("AddAsset", code="OIL", decimals=0)
    pair.send("AddInstrument", symbol="OIL", kind=1, base=OIL, quote=USD, tick=1, lot=1, multiplier=1, mark=100)
    listed(pair, FUTURE, 6, 100)
    listed(pair, CALL, 7, 5)
    for kind in (1, 1, 1, 1, 3):
        pair.send("OpenAccount", kind=kind)
    for account in (ANN, BEN, CAT, DAN):
        pair.send("Deposit", account=account, asset=USD, amount=1_000_000)
        pair.send("Deposit", account=account, asset=OIL, amount=100)
    contract(pair, FUTURE, delivery=PHYSICAL)
    return pair


def contract(desk: Pair, number: int, **words: Any) -> list[Any]:
    return desk.send("SetContract", **{"instrument": number, "delivery": CASH, "expire": EXPIRE} | words)


def option(desk: Pair, **words: Any) -> list[Any]:
    """A cash-settled American call at 100 on oil unless `words` say otherwise."""
    terms = {"underlying": SPOT, "right": 1, "style": AMERICAN, "strike": 100} | words
    return contract(desk, CALL, **terms)


def place(desk: Pair, account: int, side: int, price: int, quantity: int, number: int) -> list[Any]:
    words = {"instrument": number, "kind": LIMIT, "tif": GTC}
    return desk.send("PlaceOrder", account=account, side=side, price=price, quantity=quantity, **words)


def trade(desk: Pair, buyer: int, seller: int, price: int, quantity: int, number: int) -> Any:
    place(desk, seller, SELL, price, quantity, number)
    return place(desk, buyer, BUY, price, quantity, number)[1]


def expire(desk: Pair, number: int, price: int) -> list[Any]:
    desk.now = max(desk.now, EXPIRE)
    desk.send("TimePassed")
    return desk.send("SettleExpiry", instrument=number, priced=1, price=price)


def refusal(effects: list[Any]) -> str:
    texts = {number: text for text, number in REASONS.items()}
    return texts[effects[-1].reason] if names(effects)[-1] == "Rejected" else ""


def posted(effects: list[Any]) -> list[tuple[int, int, int, str, int]]:
    texts = {number: text for text, number in TEMPLATES.items()}
    found = [e for e in effects if type(e).__name__ == "Posted"]
    return [(e.source, e.target, e.asset, texts[e.template], e.amount) for e in found]


def cash(desk: Pair, account: int, asset: int = USD) -> int:
    return int(desk.engine.balance(account, asset)[0])


def test_a_contract_without_terms_does_not_trade(desk: Pair) -> None:
    assert refusal(place(desk, ANN, BUY, 5, 1, CALL)) == "no_contract"
    fill = {"venue": VENUE, "account": ANN, "instrument": CALL, "side": BUY, "liquidity": 2, "price": 5, "quantity": 1}
    assert refusal(desk.send("VenueFilled", fill_id=bytes([1] * 16), **fill)) == "no_contract"
    assert names(option(desk)) == ["ContractSet", "RuleSet"]
    assert names(place(desk, ANN, BUY, 5, 1, CALL)) == ["Accepted"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"instrument": SPOT}, "no_contract"),
        ({"instrument": FUTURE}, "already_exists"),
        ({"instrument": 99}, "unknown_instrument"),
        ({"right": 3}, "bad_contract"),
        ({"style": 0}, "bad_contract"),
        ({"delivery": 3}, "bad_contract"),
        ({"floor": -1}, "bad_contract"),
        ({"strike": 10**15 + 1}, "bad_contract"),
        ({"underlying": CALL}, "bad_contract"),
        ({"underlying": 99}, "unknown_instrument"),
        ({"underlying": 0}, "bad_contract"),  # an American cash option needs a price at any time
        ({"expire": 1_000}, "bad_expire"),
    ],
)
def test_terms_that_cannot_be_are_refused(desk: Pair, words: dict[str, int], reason: str) -> None:
    assert refusal(option(desk, **words)) == reason


def test_a_future_settles_daily_and_at_its_end_and_delivers(desk: Pair) -> None:
    traded = trade(desk, ANN, BEN, 101, 3, FUTURE)
    assert traded.buyer_pays == 3_000  # a dollar above the mark x 3 x 10 barrels
    desk.send("Mark", instrument=FUTURE, settlement=1, price=104)
    assert cash(desk, ANN) == 1_000_000 + 3_000 * 3
    effects = expire(desk, FUTURE, 106)
    assert posted(effects) == [
        (SETTLEMENT, ANN, USD, "settlement", 6_000),
        (ANN, SETTLEMENT, USD, "payment", 318_000),  # 3 x 10 barrels at 106 dollars
        (SETTLEMENT, ANN, OIL, "delivery", 30),
        (BEN, SETTLEMENT, USD, "settlement", 6_000),
        (SETTLEMENT, BEN, USD, "payment", 318_000),
        (BEN, SETTLEMENT, OIL, "delivery", 30),
    ]
    assert desk.engine.position(ANN, FUTURE) == desk.engine.position(BEN, FUTURE) == (0, 0)
    assert desk.engine.balance(SETTLEMENT, USD) == desk.engine.balance(SETTLEMENT, OIL) == (0, 0)
    assert refusal(desk.send("SettleExpiry", instrument=FUTURE, priced=1, price=106)) == "already_settled"
    desk.check_state()


def test_a_contract_is_not_settled_before_its_time_nor_without_a_price(desk: Pair) -> None:
    trade(desk, ANN, BEN, 101, 3, FUTURE)
    settle = {"instrument": FUTURE, "priced": 1, "price": 100}
    assert refusal(desk.send("SettleExpiry", **settle)) == "not_expired"
    desk.now = EXPIRE
    assert refusal(desk.send("SettleExpiry", **settle | {"priced": 0, "price": 0})) == "no_settlement_price"
    assert desk.engine.position(ANN, FUTURE)[0] == 3, "the positions stand until there is a price"
    assert refusal(desk.send("SettleExpiry", **settle | {"price": 0})) == "price_not_positive"
    assert refusal(desk.send("SettleExpiry", **settle | {"instrument": SPOT})) == "no_contract"
    assert refusal(place(desk, ANN, SELL, 100, 1, FUTURE)) == "expired"


def test_a_future_with_a_floor_trades_and_settles_below_zero(pair: Pair) -> None:
    pair.send("AddAsset", code="USD", decimals=2)
    pair.send("AddAsset", code="WTI", decimals=0)
    terms = {"base": OIL, "quote": USD, "price_decimals": 2, "tick": 1, "lot": 1, "multiplier": 1_000}
    # the May 2020 contract of West Texas Intermediate: 18.27 on Friday, -37.63 on Monday
    floor = -100_00
    pair.send("AddInstrument", symbol="WTI-MAY", kind=6, initial_margin_bps=1_000, mark=18_27 - floor, **terms)
    pair.send("SetContract", instrument=1, delivery=PHYSICAL, floor=floor, expire=EXPIRE)
    for account in (16, 17):
        pair.send("OpenAccount", kind=1)
        pair.send("Deposit", account=account, asset=USD, amount=20_000_000)
    traded = trade(pair, 16, 17, -10 - floor, 1, 1)  # at minus ten cents
    assert traded.buyer_pays == -18_37 * 1_000
    assert refusal(expire(pair, 1, floor)) == "price_not_positive"
    effects = expire(pair, 1, -37_63)
    assert posted(effects)[0] == (16, SETTLEMENT, USD, "settlement", (37_63 + 18_27) * 1_000)
    # who takes the barrels is paid for it
    assert posted(effects)[1:3] == [
        (SETTLEMENT, 16, USD, "payment", 37_63_000),
        (SETTLEMENT, 16, OIL, "delivery", 1_000),
    ]
    # bought at -0.10, and 37.63 less a barrel was got for taking it: 10 cents a barrel are the gain
    assert cash(pair, 16) == 20_000_000 + 18_37_000 - 55_90_000 + 37_63_000 == 20_000_000 + 10_000
    pair.check_state()


def test_premium_is_paid_at_the_trade_and_a_short_is_margined(desk: Pair) -> None:
    option(desk)
    (accepted,) = place(desk, BEN, SELL, 6, 2, CALL)
    # 2 contracts: at the mark 2 x 5 x 1,000, and a tenth of the strike
    assert accepted.hold == 10_000 + 20_000
    (buy,) = place(desk, ANN, BUY, 4, 2, CALL)
    assert buy.hold == 8_000
    traded = place(desk, CAT, BUY, 6, 2, CALL)[1]
    assert (traded.buyer_pays, traded.seller_gets) == (12_000, 12_000)
    assert (traded.maker_hold, traded.taker_hold) == (30_000, 0)
    assert cash(desk, CAT) == 988_000
    effects = desk.send("Mark", instrument=CALL, settlement=1, price=9)
    assert [(e.account, e.amount, e.hold) for e in effects[1:]] == [(BEN, 0, 38_000), (CAT, 0, 0)]
    assert cash(desk, CAT) == 988_000, "an option's mark moves no money"


def test_a_short_is_bought_back_with_what_it_holds(desk: Pair) -> None:
    option(desk)
    trade(desk, CAT, BEN, 6, 2, CALL)
    free = desk.engine.balance(BEN, USD)
    desk.send("Withdraw", account=BEN, asset=USD, amount=int(free[0] - free[1]))
    place(desk, CAT, SELL, 15, 2, CALL)
    assert refusal(place(desk, BEN, BUY, 16, 2, CALL)) == "insufficient_funds"  # 32,000 of 30,000
    assert names(place(desk, BEN, BUY, 15, 2, CALL)) == ["Accepted", "Traded"]
    assert desk.engine.balance(BEN, USD) == (0, 0)


def test_a_cash_option_is_exercised_against_the_underlyings_mark(desk: Pair) -> None:
    option(desk)
    trade(desk, CAT, BEN, 6, 2, CALL)
    assert refusal(desk.send("Exercise", account=CAT, instrument=CALL, quantity=1)) == "not_exercisable"
    desk.send("Mark", instrument=SPOT, price=107)
    assert refusal(desk.send("Exercise", account=CAT, instrument=CALL, quantity=3)) == "quantity_too_large"
    effects = desk.send("Exercise", account=CAT, instrument=CALL, quantity=1)
    assert names(effects) == ["Exercised", "Posted", "Settled", "Assigned", "Posted", "Settled"]
    assert posted(effects) == [
        (SETTLEMENT, CAT, USD, "settlement", 7_000),
        (BEN, SETTLEMENT, USD, "settlement", 7_000),
    ]
    assert (desk.engine.position(CAT, CALL)[0], desk.engine.position(BEN, CALL)[0]) == (1, -1)


def test_what_is_assigned_is_pro_rata_and_the_rest_is_drawn_by_the_record(desk: Pair) -> None:
    option(desk, delivery=PHYSICAL, underlying=0)
    for seller, lots in ((ANN, 1), (BEN, 2), (CAT, 3)):
        trade(desk, DAN, seller, 6, lots, CALL)
    effects = desk.send("Exercise", account=DAN, instrument=CALL, quantity=4)
    assigned = {e.account: e.quantity for e in effects if type(e).__name__ == "Assigned"}
    # 4 of 6: shares of 0.67, 1.33 and 2 lots; the one that is left goes to one of them
    assert sum(assigned.values()) == 4
    floors = {ANN: 0, BEN: 1, CAT: 2}
    assert sorted(assigned.get(account, 0) - least for account, least in floors.items()) == [0, 0, 1]
    assert cash(desk, DAN, OIL) == 140
    desk.check_state()


def test_a_physical_exercise_needs_what_is_paid_or_delivered(desk: Pair) -> None:
    option(desk, delivery=PHYSICAL, underlying=0, right=2, strike=100)
    trade(desk, CAT, BEN, 6, 11, CALL)
    assert refusal(desk.send("Exercise", account=CAT, instrument=CALL, quantity=11)) == "insufficient_funds"
    effects = desk.send("Exercise", account=CAT, instrument=CALL, quantity=10)  # 100 barrels
    assert posted(effects)[:2] == [
        (SETTLEMENT, CAT, USD, "payment", 1_000_000),
        (CAT, SETTLEMENT, OIL, "delivery", 100),
    ]
    assert desk.engine.balance(SETTLEMENT, OIL) == (0, 0)


def test_an_option_on_a_future_gives_positions_at_the_strike(desk: Pair) -> None:
    option(desk, delivery=PHYSICAL, underlying=FUTURE)
    trade(desk, CAT, BEN, 6, 2, CALL)
    desk.send("Mark", instrument=FUTURE, settlement=1, price=110)
    effects = desk.send("Exercise", account=CAT, instrument=CALL, quantity=2)
    assert posted(effects)[0] == (SETTLEMENT, CAT, USD, "settlement", 20_000)
    assert desk.engine.position(CAT, FUTURE) == (2, 22_000)  # a tenth of 2 x 110,000
    assert desk.engine.position(BEN, FUTURE) == (-2, 22_000)
    desk.check_state()


def test_at_expiry_what_gains_is_exercised_and_the_rest_is_worthless(desk: Pair) -> None:
    option(desk, style=EUROPEAN, underlying=0)
    trade(desk, CAT, BEN, 6, 2, CALL)
    assert refusal(desk.send("Exercise", account=CAT, instrument=CALL, quantity=1)) == "not_exercisable"
    effects = expire(desk, CALL, 103)
    assert posted(effects) == [
        (BEN, SETTLEMENT, USD, "settlement", 6_000),
        (SETTLEMENT, CAT, USD, "settlement", 6_000),
    ]
    assert desk.engine.position(CAT, CALL) == (0, 0)


def test_a_worthless_option_goes_without_money(desk: Pair) -> None:
    option(desk)
    trade(desk, CAT, BEN, 6, 2, CALL)
    effects = expire(desk, CALL, 100)
    assert names(effects) == ["ExpirySettled", "Settled", "Settled"]
    assert desk.engine.balance(BEN, USD) == (1_012_000, 0)


def test_a_future_is_not_settled_before_the_options_on_it(desk: Pair) -> None:
    option(desk, delivery=PHYSICAL, underlying=FUTURE)
    trade(desk, CAT, BEN, 6, 2, CALL)
    assert refusal(expire(desk, FUTURE, 103)) == "underlies_options"
    assert names(expire(desk, CALL, 103))[0] == "ExpirySettled"
    assert desk.engine.position(CAT, FUTURE)[0] == 2
    assert names(expire(desk, FUTURE, 103))[0] == "ExpirySettled"
    assert desk.engine.balance(SETTLEMENT, USD) == (0, 0)


def test_who_cannot_deliver_is_short_of_it_and_freezes(desk: Pair) -> None:
    desk.send("Withdraw", account=BEN, asset=OIL, amount=100)
    trade(desk, ANN, BEN, 100, 3, FUTURE)
    effects = expire(desk, FUTURE, 100)
    assert names(effects)[-1] == "Frozen"
    assert (effects[-1].account, effects[-1].asset) == (BEN, OIL)
    assert cash(desk, BEN, OIL) == -30


def test_orders_at_a_venue_must_be_gone_before_the_end(desk: Pair) -> None:
    words = {"instrument": FUTURE, "kind": LIMIT, "tif": GTC, "venue": VENUE}
    desk.send("PlaceOrder", account=ANN, side=BUY, price=100, quantity=1, **words)
    order = desk.twin.state.sequence
    assert refusal(expire(desk, FUTURE, 100)) == "book_not_empty"
    desk.send("VenueCancelled", order=order, venue=VENUE)
    assert names(expire(desk, FUTURE, 100))[0] == "ExpirySettled"


def test_a_settled_contract_takes_no_trade_and_no_correction(desk: Pair) -> None:
    traded = trade(desk, ANN, BEN, 100, 1, FUTURE)
    sequence = desk.twin.state.sequence
    expire(desk, FUTURE, 100)
    fill = {"account": ANN, "instrument": FUTURE, "side": BUY, "liquidity": 2, "price": 5, "quantity": 1}
    assert refusal(desk.send("VenueFilled", venue=VENUE, fill_id=bytes([1] * 16), **fill)) == "already_settled"
    words = {"maker": traded.maker, "taker": traded.taker, "taker_side": BUY, "price": 100, "quantity": 1}
    correct = desk.send("CorrectTrade", sequence=sequence, instrument=FUTURE, **words)
    assert refusal(correct) == "already_settled"


@given(seed=st.integers(0, 10**6))
@settings(derandomize=True, deadline=None, database=None, max_examples=30)
def test_sessions_of_contracts_make_the_same_records(seed: int) -> None:
    pair = Pair(_core)
    for place_, (command, at) in enumerate(session(seed, 150)):
        pair.apply(command, at)
        if place_ % 10 == 9:
            invariants.check(pair.twin)
            pair.restore()
    pair.check_state()
    if all(not i.contract or i.contract.settled for i in pair.twin.state.instruments.values() if i.contract):
        assert pair.twin.balance(SETTLEMENT, USD)[0] == 0
