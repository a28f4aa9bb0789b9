"""Credit lines, located stock and accounts without end, worked by hand; and sessions in which everybody borrows."""

from __future__ import annotations

from random import Random

import pytest
from tests.oracle.invariants import check
from tests.oracle.messages import REASONS, commands
from tests.oracle.money import ENDLESS
from tests.oracle.pair import Pair
from tests.oracle.values import BUY, SELL, SHORT

from .strategies import ALICE, BOB, EQUITY, PERP, TRADERS, USD, XYZ, opening, session


@pytest.fixture
def desk(pair: Pair) -> Pair:
    for command, at in opening(3):
        pair.apply(command, at)
    pair.now = 1_800_000_000 * 10**9
    return pair


def refused(effects: list[object]) -> str:
    first = effects[0]
    assert type(first).__name__ == "Rejected", effects
    return next(name for name, number in REASONS.items() if number == first.reason)  # type: ignore[attr-defined]


def limit(desk: Pair, account: int, side: int, price: int, quantity: int, flags: int = 0) -> list[object]:
    fields = {"account": account, "instrument": EQUITY, "side": side, "price": price, "quantity": quantity}
    return desk.send("PlaceOrder", kind=1, tif=1, flags=flags, **fields)


def test_a_credit_line_lets_a_buyer_go_below_zero_but_not_take_money_out(desk: Pair) -> None:
    own = desk.twin.balance(ALICE, USD)[0]
    too_much = own // 100 + 10
    assert refused(limit(desk, ALICE, BUY, 100, too_much)) == "insufficient_funds"
    desk.send("SetCredit", account=ALICE, asset=USD, amount=10**9)
    accepted = limit(desk, ALICE, BUY, 100, too_much)[0]
    assert type(accepted).__name__ == "Accepted"
    assert refused(desk.send("Withdraw", account=ALICE, asset=USD, amount=1)) == "insufficient_funds"


def test_located_stock_counts_for_short_sales_only(desk: Pair) -> None:
    stock = desk.twin.balance(ALICE, XYZ)[0]
    desk.send("SetCredit", account=ALICE, asset=XYZ, amount=50)
    assert refused(limit(desk, ALICE, SELL, 100, stock + 1)) == "insufficient_funds"
    assert type(limit(desk, ALICE, SELL, 100, stock + 50, SHORT)[0]).__name__ == "Accepted"
    assert refused(limit(desk, ALICE, SELL, 100, 1, SHORT)) == "insufficient_funds"
    desk.send("SetRule", instrument=EQUITY, rule=25, value=1)
    assert refused(limit(desk, ALICE, SELL, 100, 1, SHORT)) == "no_locate"


def test_an_account_without_end_holds_nothing_and_lacks_nothing(desk: Pair) -> None:
    for asset in (USD, XYZ):
        desk.send("SetCredit", account=BOB, asset=asset, amount=ENDLESS)
    assert limit(desk, BOB, SELL, 90, 10_000)[0].hold == 0  # type: ignore[attr-defined]
    taken = limit(desk, ALICE, BUY, 90, 10)
    assert type(taken[1]).__name__ == "Traded"
    assert desk.twin.balance(BOB, XYZ)[1] == 0
    check(desk.twin)


def test_perpetual_positions_hold_anew_when_credit_changes(desk: Pair) -> None:
    desk.send("PlaceOrder", account=ALICE, instrument=PERP, side=BUY, kind=1, tif=1, price=512, quantity=2)
    assert desk.twin.balance(ALICE, USD)[1] > 0
    desk.send("SetCredit", account=ALICE, asset=USD, amount=ENDLESS)
    assert desk.twin.balance(ALICE, USD)[1] == 0
    desk.send("SetCredit", account=ALICE, asset=USD, amount=0)
    assert desk.twin.balance(ALICE, USD)[1] > 0
    check(desk.twin)


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("unknown_account", {"account": 999}),
        ("unknown_account", {"account": 1}),
        ("unknown_asset", {"asset": 0}),
        ("unknown_asset", {"asset": 99}),
        ("amount_not_positive", {"amount": -1}),
    ],
)
def test_a_bad_credit_is_refused_and_changes_nothing(desk: Pair, reason: str, change: dict[str, int]) -> None:
    before = desk.twin.state.ledger.credit.copy()
    assert refused(desk.send("SetCredit", **({"account": ALICE, "asset": USD, "amount": 5} | change))) == reason
    assert desk.twin.state.ledger.credit == before


def test_a_group_and_a_firm_are_noted(desk: Pair) -> None:
    assert tuple(desk.send("SetAccount", account=ALICE, group=7, firm=9)[0]) == (ALICE, 7, 9)
    assert refused(desk.send("SetAccount", account=2, group=7)) == "unknown_account"


@pytest.mark.parametrize("seed", range(40))
def test_sessions_in_which_everybody_borrows_make_the_same_records(pair: Pair, seed: int) -> None:
    chance = Random(seed)
    start = len(opening(seed))
    for place, (command, at) in enumerate(session(seed, 120)):
        borrowed = command
        if place >= start and chance.random() < 0.1:  # in the place of another, so that orders keep their numbers
            amount = chance.choice((0, 1_000, 10**6, ENDLESS))
            borrowed = commands.SetCredit(chance.choice(TRADERS), chance.choice((1, 2, 3, 4)), amount)
        pair.apply(borrowed, at)
        check(pair.twin)
    pair.check_state()
