"""Idempotency, time and the record itself, by docs/reference/engine.md."""

from __future__ import annotations

from typing import Any

import pytest
from tests.oracle.memory import Memory
from tests.oracle.messages import COMMANDS, EFFECTS, REASONS
from tests.oracle.pair import Pair, command_of, names
from tests.oracle.record import GENESIS, Origin
from tests.oracle.values import BUY, GTC, LIMIT, REMEMBER_COMMANDS, REMEMBER_NS, SELL

from isthmus import _core

USD, XYZ = 1, 2
SHARE = 1
ANN, BEN = 16, 17
ID = b"the client's id."


@pytest.fixture
def desk(pair: Pair) -> Pair:
    pair.send("AddAsset", code="USD", decimals=2)
    pair.send("AddAsset", code="XYZ")
    share = {"base": XYZ, "quote": USD, "price_decimals": 2, "tick": 1, "lot": 1, "multiplier": 1}
    pair.send("AddInstrument", symbol="XYZ", kind=1, **share)
    for account in (ANN, BEN):
        pair.send("OpenAccount", kind=1)
        pair.send("Deposit", account=account, asset=USD, amount=1_000)
        pair.send("Deposit", account=account, asset=XYZ, amount=10)
    return pair


def order(account: int = ANN, price: int = 100, client_id: bytes = ID, **change: int) -> Any:
    words = {"instrument": SHARE, "side": BUY, "kind": LIMIT, "tif": GTC, "quantity": 1} | change
    return command_of("PlaceOrder", account=account, price=price, client_id=client_id, **words)


def send(desk: Pair, command: Any) -> Any:
    """The first effect."""
    desk.now += 1
    return desk.apply(command, desk.now)[0]


def is_duplicate(effect: Any) -> bool:
    return names([effect]) == ["Rejected"] and effect.reason == REASONS["duplicate_client_id"]


def test_the_same_command_is_answered_once(desk: Pair) -> None:
    first = send(desk, order())
    again = send(desk, order())
    assert (again.first, again.reason) == (first.order, 0)
    assert desk.engine.balance(ANN, USD) == (1_000, 100)


def test_another_command_under_the_same_id_is_refused(desk: Pair) -> None:
    send(desk, order())
    assert is_duplicate(send(desk, order(price=101)))
    assert is_duplicate(send(desk, command_of("Deposit", account=ANN, asset=USD, amount=1, client_id=ID)))


def test_a_refusal_is_remembered_as_well(desk: Pair) -> None:
    refusal = send(desk, order(price=0))
    again = send(desk, order(price=0))
    assert names([again]) == ["Repeated"] and again.reason == refusal.reason == REASONS["price_not_positive"]


def test_an_id_belongs_to_its_account(desk: Pair) -> None:
    send(desk, order(ANN))
    assert names([send(desk, order(BEN))]) == ["Accepted"]


def test_without_an_id_everything_counts(desk: Pair) -> None:
    assert names([send(desk, order(client_id=bytes(16))) for _ in range(2)]) == ["Accepted", "Accepted"]


def test_what_is_refused_before_the_look_at_the_id_is_not_remembered(desk: Pair) -> None:
    stranger = command_of("Deposit", account=18, asset=USD, amount=1, client_id=ID)
    assert send(desk, stranger).reason == REASONS["unknown_account"]
    send(desk, command_of("OpenAccount", kind=1))
    assert names([send(desk, stranger)]) == ["Posted"]


def test_an_operators_ids_are_those_of_account_zero(desk: Pair) -> None:
    live = send(desk, order(client_id=bytes(16))).order
    send(desk, command_of("OpenAccount", kind=1, client_id=ID))
    assert is_duplicate(send(desk, command_of("CancelOrder", order=live, client_id=ID)))
    assert names([send(desk, command_of("CancelOrder", order=live, account=ANN, client_id=ID))]) == ["Cancelled"]


def test_an_id_lives_with_its_order_and_a_day_longer(desk: Pair) -> None:
    live = send(desk, order())
    desk.now += 2 * REMEMBER_NS
    assert names([send(desk, order())]) == ["Repeated"]
    send(desk, command_of("CancelOrder", order=live.order, account=ANN))
    ended = desk.now
    assert names(desk.apply(order(), ended + REMEMBER_NS - 1)) == ["Repeated"]
    assert names(desk.apply(order(), ended + REMEMBER_NS)) == ["Accepted"]


def test_an_order_that_trades_away_begins_to_be_forgotten_then(desk: Pair) -> None:
    send(desk, order())
    desk.now += REMEMBER_NS
    send(desk, order(BEN, side=SELL, client_id=bytes(16)))
    ended = desk.now
    assert names(desk.apply(order(), ended + REMEMBER_NS - 1)) == ["Repeated"]
    assert names(desk.apply(order(), ended + REMEMBER_NS)) == ["Accepted"]


def test_an_id_is_forgotten_after_a_million_commands() -> None:
    memory = Memory()
    memory.ask(ANN, ID, "deposit")
    memory.remember("deposit", None, 1, (1, 0))
    memory.forget(REMEMBER_COMMANDS, 0)
    assert memory.answers
    memory.forget(REMEMBER_COMMANDS + 1, 0)
    assert not memory.answers


def test_a_clock_that_goes_back_is_held_and_flagged(desk: Pair) -> None:
    desk.apply(command_of("TimePassed"), 5_000)
    record = desk.engine.submit(_core.COMMANDS[COMMANDS["TimePassed"].number](), 4_999, None)
    assert (record.stamp, record.flags) == (5_000, 1)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        Origin(),
        Origin(session=7, user=2**32 - 1, role=3, gateway=255, received_at=2**64 - 1, text="order 1 of Zoë"),
        Origin(text="x" * 128, instruction=bytes(range(32))),
    ],
)
def test_the_origin_is_copied(desk: Pair, origin: Origin | None) -> None:
    desk.apply(command_of("TimePassed"), 5_000, origin)


def test_the_first_record_is_tied_to_zeros(pair: Pair) -> None:
    record = pair.engine.submit(_core.COMMANDS[COMMANDS["TimePassed"].number](), 1, None)
    assert (record.sequence, record.prev) == (1, GENESIS)
    again = _core.Record.from_body(record.body, record.prev)
    assert (again.hash, again.body, again.sequence) == (record.hash, record.body, 1)


def test_the_extension_speaks_the_same_list() -> None:
    assert {kind.number: name for name, kind in COMMANDS.items()} == {
        number: made.__name__ for number, made in _core.COMMANDS.items()
    }
    assert {kind.number: name for name, kind in EFFECTS.items()} == {
        number: made.__name__ for number, made in _core.EFFECTS.items()
    }
    assert {text: number for number, text in _core.REASONS.items()} == REASONS
