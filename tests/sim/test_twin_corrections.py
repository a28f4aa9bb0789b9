"""Busting and adjusting trades, worked by hand, and in sessions in which many trades are corrected."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from tests.oracle.invariants import check
from tests.oracle.messages import REASONS, commands, effects, name_of
from tests.oracle.pair import Pair
from tests.oracle.values import BUY, SELL

from .strategies import ALICE, BOB, EQUITY, PERP, USD, XYZ, opening, session

TERMS = ("instrument", "maker", "taker", "taker_side", "price", "quantity", "buyer_pays", "seller_gets")
FEES = ("maker_fee", "taker_fee")
WORDS, AMOUNTS = TERMS[:4], TERMS[4:] + FEES


def correction(trade: Any, sequence: int, index: int = 0, new_price: int = 0, **change: int) -> Any:
    fields = {name: getattr(trade, name) for name in TERMS + FEES} | {"new_price": new_price} | change
    return commands.CorrectTrade(sequence=sequence, index=index, **fields)


@pytest.fixture
def desk(pair: Pair) -> Pair:
    for command, at in opening(5):
        pair.apply(command, at)
    pair.now = 1_800_000_000 * 10**9
    return pair


def trade(desk: Pair, instrument: int, price: int, quantity: int) -> tuple[Any, int]:
    """Bob sells, Alice takes; the trade and its record."""
    order = {"instrument": instrument, "kind": 1, "tif": 1, "price": price, "quantity": quantity}
    desk.send("PlaceOrder", account=BOB, side=SELL, **order)
    found = desk.send("PlaceOrder", account=ALICE, side=BUY, **order)
    return next(e for e in found if name_of(e) == "Traded"), desk.twin.state.sequence


def money(desk: Pair, account: int) -> tuple[int, int]:
    return desk.twin.balance(account, USD)[0], desk.twin.balance(account, XYZ)[0]


def refused(found: list[Any]) -> str:
    assert name_of(found[0]) == "Rejected", found
    return next(name for name, number in REASONS.items() if number == found[0].reason)


def test_a_bust_gives_everybody_back_what_the_trade_moved(desk: Pair) -> None:
    before = money(desk, ALICE), money(desk, BOB)
    done, sequence = trade(desk, EQUITY, 101, 3)
    assert (money(desk, ALICE), money(desk, BOB)) != before
    found = desk.apply(correction(done, sequence), desk.now)
    assert tuple(found[0]) == (sequence, 0, 0)
    assert (money(desk, ALICE), money(desk, BOB)) == before
    check(desk.twin)


def test_a_trade_is_busted_once(desk: Pair) -> None:
    done, sequence = trade(desk, EQUITY, 101, 3)
    desk.apply(correction(done, sequence), desk.now)
    assert refused(desk.apply(correction(done, sequence), desk.now)) == "already_corrected"


def test_an_adjusted_trade_costs_what_it_would_have_cost_at_the_new_price(desk: Pair) -> None:
    before = money(desk, ALICE), money(desk, BOB)
    done, sequence = trade(desk, EQUITY, 105, 3)
    desk.apply(correction(done, sequence, new_price=101), desk.now)
    now = money(desk, ALICE), money(desk, BOB)
    moved = [(after[0] - was[0], after[1] - was[1]) for after, was in zip(now, before, strict=True)]
    fees = desk.twin.state.instruments[EQUITY].terms
    cost = 101 * 3
    taker = -(-cost * fees.taker_fee_ppm // 10**6)
    maker = -(-cost * fees.maker_fee_ppm // 10**6)
    assert moved == [(-cost - taker, 3), (cost - maker, -3)]
    check(desk.twin)


def test_a_busted_perpetual_trade_takes_positions_and_what_they_won_back(desk: Pair) -> None:
    before = money(desk, ALICE), money(desk, BOB)
    done, sequence = trade(desk, PERP, 512, 2)
    desk.send("Mark", instrument=PERP, settlement=1, price=520)
    assert desk.twin.position(ALICE, PERP)[0] == 2
    desk.apply(correction(done, sequence), desk.now)
    assert desk.twin.position(ALICE, PERP) == (0, 0)
    assert desk.twin.position(BOB, PERP) == (0, 0)
    assert (money(desk, ALICE), money(desk, BOB)) == before
    check(desk.twin)


def test_an_adjusted_perpetual_trade_keeps_its_positions(desk: Pair) -> None:
    done, sequence = trade(desk, PERP, 512, 2)
    found = desk.apply(correction(done, sequence, new_price=500), desk.now)
    assert desk.twin.position(ALICE, PERP)[0] == 2
    num = desk.twin.state.instruments[PERP].num
    assert effects.Posted(BOB, ALICE, USD, 9, 12 * 2 * num) in found
    check(desk.twin)


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("unknown_instrument", {"instrument": 99}),
        ("unknown_account", {"maker": 999}),
        ("unknown_account", {"taker": 2}),
        ("unknown_side", {"taker_side": 3}),
        ("price_not_positive", {"price": 0}),
        ("price_too_large", {"price": 10**15 + 1}),
        ("quantity_not_positive", {"quantity": 0}),
        ("quantity_too_large", {"quantity": 10**12 + 1}),
        ("price_not_positive", {"new_price": -1}),
        ("price_too_large", {"new_price": 10**15 + 1}),
        ("unknown_trade", {"new_price": 101}),
        ("unknown_trade", {"sequence": 0}),
        ("unknown_trade", {"sequence": 10**9}),
        ("unknown_trade", {"buyer_pays": 305}),
        ("unknown_trade", {"seller_gets": 301}),
        ("unknown_trade", {"taker_fee": 5}),
    ],
)
def test_what_cannot_have_been_a_trade_is_refused_and_changes_nothing(
    desk: Pair, reason: str, change: dict[str, int]
) -> None:
    done, sequence = trade(desk, EQUITY, 101, 3)
    before = money(desk, ALICE), money(desk, BOB), desk.engine.totals()
    command = correction(done, change.pop("sequence", sequence), **change)
    assert refused(desk.apply(command, desk.now)) == reason
    assert (money(desk, ALICE), money(desk, BOB), desk.engine.totals()) == before
    assert not desk.twin.state.corrected


@pytest.mark.parametrize("seed", range(40))
def test_sessions_with_corrections_make_the_same_records(pair: Pair, seed: int) -> None:
    chance = Random(seed)
    start = len(opening(seed))
    trades: list[tuple[Any, int, int]] = []
    for place, (command, at) in enumerate(session(seed, 150)):
        sent = command
        if trades and place >= start and chance.random() < 0.15:
            done, sequence, index = chance.choice(trades)
            new = chance.choice((0, 0, done.price + 1, max(1, done.price - 3), 10**15))
            field = chance.choice(AMOUNTS if chance.random() < 0.5 else WORDS)
            odd = chance.choice((0, 1, 3, 200) if field in WORDS else (0, 1, -1, 2**40))
            sent = correction(done, sequence, index, new, **({field: odd} if chance.random() < 0.2 else {}))
        found = pair.apply(sent, at)
        number = pair.twin.state.sequence
        traded = [effect for effect in found if name_of(effect) == "Traded"]
        trades.extend((effect, number, index) for index, effect in enumerate(traded))
        check(pair.twin)
    pair.check_state()
