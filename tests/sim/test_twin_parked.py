"""Orders that wait outside the book: they hold, they can be changed and cancelled, and nobody meets them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.pair import Pair, names
from tests.oracle.values import BUY, GTC, LIMIT, SELL, STOP_LIMIT

USD, XYZ = 1, 2
SHARE = 1
ANN, BEN = 16, 17


@pytest.fixture
def desk(pair: Pair) -> Pair:
    """A share without fees or collar; two accounts with money and stock."""
    for code, decimals in (("USD", 2), ("XYZ", 0)):
        pair.send("AddAsset", code=code, decimals=decimals)
    pair.send("AddInstrument", symbol="XYZ", kind=1, base=XYZ, quote=USD, price_decimals=2, tick=1, lot=1, multiplier=1)
    for account in (ANN, BEN):
        pair.send("OpenAccount", kind=1)
        for asset, amount in ((USD, 1_000_000), (XYZ, 1_000)):
            pair.send("Deposit", account=account, asset=asset, amount=amount)
    return pair


def wait(desk: Pair, account: int = ANN, side: int = BUY, **terms: Any) -> int:
    """A stop-limit order far from anything; returns its number."""
    words = {"kind": STOP_LIMIT, "tif": GTC, "instrument": SHARE, "price": 120, "stop": 110, "quantity": 5}
    assert names(desk.send("PlaceSpecial", account=account, side=side, **words | terms)) == ["Accepted", "Parked"]
    return desk.twin.state.sequence


def test_a_parked_order_holds_and_stands_in_no_book(desk: Pair) -> None:
    wait(desk)
    assert desk.engine.balance(ANN, USD) == (1_000_000, 600)
    assert desk.engine.depth(SHARE, 5) == ([], [])
    words = {"instrument": SHARE, "kind": LIMIT, "tif": GTC}
    assert names(desk.send("PlaceOrder", account=BEN, side=SELL, price=100, quantity=1, **words)) == ["Accepted"]
    desk.check_state()


def test_a_parked_order_is_cancelled_alone_and_with_others(desk: Pair) -> None:
    (gone,) = desk.send("CancelOrder", order=wait(desk), account=ANN)
    assert (gone.quantity, gone.released) == (5, 600)
    first, second = wait(desk), wait(desk, BEN)
    assert [effect.order for effect in desk.send("CancelAll", instrument=SHARE)] == [first, second]
    assert desk.engine.balance(ANN, USD) == (1_000_000, 0)


def test_a_replaced_parked_order_goes_on_waiting_and_holds_anew(desk: Pair) -> None:
    order = wait(desk)
    (replaced,) = desk.send("ReplaceOrder", order=order, account=ANN, price=130, quantity=10)
    assert (replaced.hold, replaced.priority_kept) == (1_300, 0)
    assert desk.engine.balance(ANN, USD) == (1_000_000, 1_300)
    assert desk.engine.depth(SHARE, 5) == ([], [])


def test_a_parked_order_comes_back_from_a_snapshot(desk: Pair) -> None:
    order = wait(desk)
    desk.restore()
    assert names(desk.send("CancelOrder", order=order, account=ANN)) == ["Cancelled"]
    assert desk.engine.balance(ANN, USD) == (1_000_000, 0)
