"""Portfolio margin in the gate: figures worked out by hand (docs/reference/derivatives.md, "Worked")."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle import invariants
from tests.oracle.messages import REASONS
from tests.oracle.pair import Pair, names
from tests.oracle.values import BUY, GTC, LIMIT, SELL

USD, OIL, EUR = 1, 2, 3
NEAR, FAR, PUT, OTHER = range(1, 5)
ANN, BEN = 16, 17
ONE = 10**6
EXPIRE = 10**15
ISOLATED, PORTFOLIO = 1, 2
# thirds of the price scan range, by scenario: seven prices twice, then the two extremes, of which a part counts
THIRDS = (0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3, 2, -2)


def array(scan: int, long: bool = True) -> dict[str, int]:
    """Losses of one long contract that loses `scan` when the price falls by its range."""
    sign = -1 if long else 1
    return {f"loss_{place}": sign * scan * thirds // 3 for place, thirds in enumerate(THIRDS, 1)}


@pytest.fixture
def desk(pair: Pair) -> Pair:
    """Two futures and a put of one product, a future of another; a price step is a dollar a contract."""
    for asset in ("USD", "OIL", "EUR"):
        pair.send("AddAsset", code=asset, decimals=0)
    terms = {"base": OIL, "quote": USD, "tick": 1, "lot": 1, "multiplier": 1, "initial_margin_bps": 10_000}
    for number, mark in ((NEAR, 100), (FAR, 100), (PUT, 7), (OTHER, 100)):
        kind = 7 if number == PUT else 6
        pair.send("AddInstrument", symbol=f"C{number}", kind=kind, mark=mark, **terms)
        words = {"right": 2, "style": 1, "strike": 100} if number == PUT else {}
        pair.send("SetContract", instrument=number, delivery=1, expire=EXPIRE, **words)
    for account in (ANN, BEN):
        pair.send("OpenAccount", kind=1)
        pair.send("Deposit", account=account, asset=USD, amount=1_000)
    for product in (1, 2):
        pair.send("SetRiskProduct", product=product, asset=USD, minimum=1)
    for number, month, delta in ((NEAR, 202606, ONE), (FAR, 202609, ONE)):
        pair.send("SetRiskArray", instrument=number, product=1, month=month, delta=delta, **array(30))
    option = {"delta": -ONE // 2, "value": 7, "short_minimum": 2}
    pair.send("SetRiskArray", instrument=PUT, product=1, month=202606, **option, **array(15, long=False))
    pair.send("SetRiskArray", instrument=OTHER, product=2, month=202606, delta=ONE, **array(24))
    near, far = {"first_1": 202606, "last_1": 202606}, {"first_2": 202609, "last_2": 202609}
    sides = {"side_1": 1, "side_2": 2, "ratio_1": ONE, "ratio_2": ONE}
    pair.send("SetRiskSpread", product=1, place=1, charge=4, **near, **far, **sides)
    legs = {"product_1": 1, "side_1": 1, "product_2": 2, "side_2": 2, "ratio_1": ONE, "ratio_2": ONE}
    pair.send("SetRiskCredit", place=1, rate_1=ONE // 2, rate_2=ONE // 2, **legs)
    assert names(pair.send("ApplyRisk")) == ["RiskApplied"]
    return pair


def mode(desk: Pair, account: int = ANN, mode: int = PORTFOLIO) -> list[Any]:
    return desk.send("SetMarginMode", account=account, mode=mode)


def place(desk: Pair, account: int, side: int, number: int, quantity: int, price: int = 100) -> list[Any]:
    words = {"instrument": number, "kind": LIMIT, "tif": GTC}
    return desk.send("PlaceOrder", account=account, side=side, price=price, quantity=quantity, **words)


def trade(desk: Pair, buyer: int, seller: int, number: int, quantity: int, price: int = 100) -> None:
    place(desk, seller, SELL, number, quantity, price)
    assert "Traded" in names(place(desk, buyer, BUY, number, quantity, price))


def held(desk: Pair, account: int = ANN) -> int:
    return int(desk.engine.balance(account, USD)[1])


def refusal(effects: list[Any]) -> str:
    texts = {number: text for text, number in REASONS.items()}
    return texts[effects[0].reason] if names(effects) == ["Rejected"] else ""


def credit(desk: Pair, amount: int) -> None:
    """BEN, the other side of everything, has what he needs."""
    desk.send("SetCredit", account=BEN, asset=USD, amount=amount)


def test_a_portfolio_holds_what_it_can_lose_and_not_its_whole_value(desk: Pair) -> None:
    credit(desk, 10**6)
    trade(desk, ANN, BEN, NEAR, 5)
    assert held(desk) == 500
    effects = mode(desk)
    assert names(effects) == ["MarginModeSet", "Settled", "Margined"]
    assert (effects[2].asset, effects[2].hold) == (USD, 150)  # 5 x a scan range of 30
    assert held(desk) == 150
    assert desk.engine.portfolio(ANN) == {USD: 150}


def test_months_that_offset_each_other_hold_the_spread_charge(desk: Pair) -> None:
    credit(desk, 10**6)
    mode(desk)
    trade(desk, ANN, BEN, NEAR, 5)
    trade(desk, BEN, ANN, FAR, 5)
    assert held(desk) == 20  # five spreads at 4


def test_products_that_offset_each_other_give_half_of_their_price_risk_back(desk: Pair) -> None:
    credit(desk, 10**6)
    mode(desk)
    trade(desk, ANN, BEN, NEAR, 2)
    trade(desk, BEN, ANN, OTHER, 2)
    assert held(desk) == 30 + 24


def test_a_long_put_lowers_what_a_future_holds_and_counts_its_value(desk: Pair) -> None:
    credit(desk, 10**6)
    mode(desk)
    trade(desk, ANN, BEN, NEAR, 2)
    trade(desk, ANN, BEN, PUT, 2, price=7)
    # falls by the range: 2 x (30 - 15), less the puts' value of 14
    assert held(desk) == 30 - 14
    trade(desk, BEN, ANN, NEAR, 2)
    assert held(desk) == 2 * 15 - 14


def test_a_short_option_holds_its_minimum_and_its_value(desk: Pair) -> None:
    credit(desk, 10**6)
    mode(desk)
    trade(desk, BEN, ANN, PUT, 3, price=7)
    trade(desk, BEN, ANN, NEAR, 1)  # its losses take those of two puts away
    # falls by the range: 3 x 15 - 30; the minimum of 3 x 2 is less; the puts' value is owed
    assert held(desk) == 15 + 21


def test_the_worst_side_of_the_open_orders_counts(desk: Pair) -> None:
    mode(desk)
    assert names(place(desk, ANN, BUY, NEAR, 3)) == ["Accepted", "Margined"]
    assert held(desk) == 90
    place(desk, ANN, SELL, NEAR, 2, price=101)
    assert held(desk) == 90, "the buys are the worse side"
    place(desk, ANN, BUY, PUT, 1, price=1)
    assert held(desk) == 90, "what would hedge the buys does not lower it: each may fill alone"
    place(desk, ANN, BUY, PUT, 5, price=1)
    assert held(desk) == 60 + 90, "two sells of the future and six puts lose by the same rise"
    place(desk, ANN, SELL, PUT, 4, price=9)  # adds delta as the buys of the future do
    # three buys and four short puts lose 90 + 60 by a fall; of the premium of 36 the value counts that is owed: 28
    assert held(desk) == 150
    place(desk, ANN, SELL, PUT, 1, price=9)
    assert held(desk) == 165


def test_an_order_beyond_the_requirement_is_refused_and_one_that_lowers_it_passes(desk: Pair) -> None:
    credit(desk, 10**6)
    mode(desk)
    trade(desk, ANN, BEN, NEAR, 33)  # 990 of 1,000
    assert refusal(place(desk, ANN, BUY, NEAR, 1)) == "insufficient_margin"
    called = desk.send("Mark", instrument=NEAR, settlement=1, price=95)[-1]
    # 835 are less than what her positions alone require
    assert (called.account, called.state, called.equity, called.maintenance) == (ANN, 2, 835, 990)
    assert desk.twin.state.ledger.frozen == {(ANN, USD)}
    assert refusal(place(desk, ANN, BUY, NEAR, 1)) == "account_frozen"
    assert names(place(desk, ANN, SELL, FAR, 33, price=90))[0] == "Accepted", "it hedges"
    effects = place(desk, BEN, BUY, FAR, 33, price=90)
    # ANN sold ten under the mark, and is short of 165 + 330 of her 1,000, but holds 132 only
    assert names(effects) == ["Accepted", "Traded", "Margined", "Unfrozen", "MarginState"]
    assert (effects[-1].state, effects[-1].initial) == (0, 132)
    invariants.check(desk.twin)


def test_an_order_away_from_the_mark_needs_what_it_loses_at_once(desk: Pair) -> None:
    mode(desk)
    place(desk, ANN, BUY, NEAR, 2, price=110)
    assert held(desk) == 60 + 20
    place(desk, ANN, SELL, OTHER, 2, price=140)
    assert held(desk) == 80, "what it would gain counts for nothing"


def test_who_cannot_bear_the_other_rule_keeps_his_own(desk: Pair) -> None:
    credit(desk, 10**6)
    mode(desk)
    trade(desk, ANN, BEN, NEAR, 20)
    assert held(desk) == 600
    assert refusal(mode(desk, mode=ISOLATED)) == "insufficient_margin"  # 2,000 of 1,000
    assert refusal(mode(desk, mode=3)) == "unknown_mode"
    trade(desk, BEN, ANN, NEAR, 15)
    assert names(mode(desk, mode=ISOLATED)) == ["MarginModeSet", "Margined", "Settled"]
    assert (held(desk), desk.engine.portfolio(ANN)) == (500, None)


def test_new_arrays_count_when_they_are_applied(desk: Pair) -> None:
    credit(desk, 10**6)
    mode(desk)
    trade(desk, ANN, BEN, NEAR, 5)
    words = {"instrument": NEAR, "product": 1, "month": 202606, "delta": ONE}
    assert names(desk.send("SetRiskArray", **words, **array(60))) == ["RiskSet"]
    assert held(desk) == 150
    assert names(desk.send("ApplyRisk")) == ["RiskApplied", "Margined"]
    assert held(desk) == 300
    desk.send("SetRiskArray", instrument=NEAR)
    # without an array it is margined by itself again: whole
    assert names(desk.send("ApplyRisk")) == ["RiskApplied", "Settled", "Margined"]
    assert held(desk) == 500


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SetRiskArray", {"instrument": NEAR, "product": 9}),
        ("SetRiskProduct", {"product": 1, "asset": EUR, "minimum": 1}),
        ("SetRiskSpread", {"product": 1, "place": 2, "side_1": 1, "ratio_1": ONE}),
        ("SetRiskCredit", {"place": 2, "product_1": 1, "side_1": 1, "ratio_1": ONE}),
        ("SetRiskDelivery", {"product": 3, "outright_charge": 1}),
        ("SetRiskTier", {"product": 3, "list": 1, "first": 1, "last": 2}),
    ],
)
def test_parameters_that_are_not_whole_are_not_applied(desk: Pair, name: str, words: dict[str, int]) -> None:
    assert names(desk.send(name, **words)) == ["RiskSet"]
    assert refusal(desk.send("ApplyRisk")) == "bad_risk"


def test_what_if_says_what_an_order_would_need_and_changes_nothing(desk: Pair) -> None:
    mode(desk)
    before = desk.engine.state_hash()
    found = desk.engine.what_if(ANN, NEAR, True, 100, 3)
    assert found == {"asset": USD, "need": 90, "hold": 0, "available": 1_000, "reason": None}
    assert desk.engine.what_if(ANN, NEAR, True, 100, 34)["reason"] == "insufficient_margin"
    assert desk.engine.what_if(BEN, NEAR, True, 100, 3)["need"] == 300
    assert desk.engine.state_hash() == before
    for words, reason in (
        ((99, NEAR, True, 100, 1), "unknown_account"),
        ((ANN, 99, True, 100, 1), "unknown_instrument"),
    ):
        with pytest.raises(ValueError, match=reason):
            desk.engine.what_if(*words)


def test_a_requirement_beyond_all_numbers_is_refused(desk: Pair) -> None:
    mode(desk)
    desk.send("SetCredit", account=ANN, asset=USD, amount=2**63 - 1)
    words = {f"loss_{place_}": 2**59 for place_ in range(1, 17)}
    desk.send("SetRiskArray", instrument=NEAR, product=1, month=202606, delta=ONE, **words)
    desk.send("ApplyRisk")
    assert refusal(place(desk, ANN, BUY, NEAR, 3)) == "notional_too_large"
    assert names(place(desk, ANN, BUY, NEAR, 2))[0] == "Accepted"
