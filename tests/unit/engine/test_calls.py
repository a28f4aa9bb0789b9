"""The positional calls: the same passes and records as command objects, read lazily."""

from __future__ import annotations

import pytest

from isthmus._core import Engine, content_id
from isthmus.app.bench_flow import generated
from isthmus.app.bench_workload import CANCEL_ORDER, fresh_engine
from isthmus.kernel import messages as m

ANN, BEN = 16, 17
USD, STOCK, MARKET = 1, 2, 1


def market() -> Engine:
    """Two accounts with money and stock, one instrument."""
    made = Engine()
    made.submit(m.AddAsset("USD", 2), 1)
    made.submit(m.AddAsset("STOCK", 0), 1)
    made.submit(
        m.AddInstrument(
            symbol="STOCK-USD", kind=1, base=STOCK, quote=USD, price_decimals=2, tick=1, lot=1, multiplier=1
        ),
        1,
    )
    for account in (ANN, BEN):
        made.submit(m.OpenAccount(1), 1)
        made.submit(m.Deposit(account, USD, 1_000_000), 1)
        made.submit(m.Deposit(account, STOCK, 1_000), 1)
    return made


@pytest.fixture
def engine() -> Engine:
    return market()


def limit(engine: Engine, account: int, side: int, price: int, quantity: int, client_id: bytes | None = None):  # type: ignore[no-untyped-def]
    return engine.place(account, MARKET, side, m.LIMIT, m.GTC, 0, price, quantity, 2, client_id)


def test_a_call_and_a_command_object_make_the_same_chain() -> None:
    workload = generated(3_000)
    by_call, by_object = fresh_engine(workload), fresh_engine(workload)
    for row in workload.rows.tolist():
        command, side, kind, tif, flags, _, _, account, instrument, _, _, order, price, quantity, _ = row
        if command == CANCEL_ORDER:
            answer = by_call.cancel(order, account, 1)
            record = by_object.submit(m.CancelOrder(order, account), 1)
        else:
            answer = by_call.place(account, instrument, side, kind, tif, flags, price, quantity, 1)
            record = by_object.submit(m.PlaceOrder(account, instrument, 0, side, kind, tif, flags, price, quantity), 1)
        assert (answer.sequence, answer.effects, answer.reason) == (record.sequence, record.effects, record.reason)
    assert by_call.head == by_object.head and by_call.state_hash() == by_object.state_hash()


def test_a_replacement_is_the_same_by_call(engine: Engine) -> None:
    other = market()
    placed = limit(engine, ANN, m.SELL, 101, 10, content_id("mine"))
    other.submit(m.PlaceOrder(ANN, MARKET, 0, m.SELL, m.LIMIT, m.GTC, 0, 101, 10, content_id("mine")), 2)
    answer = engine.replace(placed.order, ANN, 102, 8, 3, content_id("more"))
    record = other.submit(m.ReplaceOrder(placed.order, ANN, 102, 8, content_id("more")), 3)
    assert (answer.order, answer.sequence, answer.effects) == (placed.order, record.sequence, record.effects)
    assert engine.head == other.head and engine.best(MARKET) == (0, 0, 102, 8)


def test_an_answer_tells_fills_and_what_became_of_the_rest(engine: Engine) -> None:
    first, second = limit(engine, ANN, m.SELL, 101, 10), limit(engine, ANN, m.SELL, 102, 10)
    answer = engine.place(BEN, MARKET, m.BUY, m.LIMIT, m.IOC, 0, 102, 25, 2)
    assert answer.fills == [(first.order, 101, 10), (second.order, 102, 10)] and answer.filled == 20
    assert (answer.cancelled, answer.reason, answer.repeated) == ("ioc", None, False)
    assert (first.fills, first.filled, first.cancelled) == ([], 0, None)
    assert repr(answer) == f"Answer(sequence={answer.sequence}, order={answer.order}, filled=20)"


def test_a_refusal_is_an_answer_with_its_reason(engine: Engine) -> None:
    answer = limit(engine, BEN, m.BUY, 1_000_000, 1_000)
    assert (answer.reason, answer.filled, answer.cancelled) == ("insufficient_funds", 0, None)
    assert (engine.cancel(answer.order, BEN).reason, engine.replace(answer.order, BEN, 1, 1).reason) == (
        "unknown_order", "unknown_order",
    )  # fmt: skip
    assert repr(answer) == f'Answer(sequence={answer.sequence}, reason="insufficient_funds")'


def test_a_client_id_makes_a_call_count_once(engine: Engine) -> None:
    mine = content_id("mine")
    first = limit(engine, ANN, m.SELL, 101, 10, mine)
    again = limit(engine, ANN, m.SELL, 101, 10, mine)
    other = limit(engine, ANN, m.SELL, 101, 11, mine)
    assert (again.repeated, again.reason, again.effects[0].first) == (True, None, first.sequence)
    assert (other.repeated, other.reason) == (False, "duplicate_client_id")
    gone = engine.cancel(first.order, ANN, 3, content_id("gone"))
    assert gone.cancelled == "user" and engine.cancel(first.order, ANN, 3, content_id("gone")).repeated


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ((ANN, MARKET, m.BUY, m.LIMIT, m.GTC, 0, 2**63, 1), OverflowError),
        ((2**32, MARKET, m.BUY, m.LIMIT, m.GTC, 0, 100, 1), OverflowError),
        ((ANN, MARKET, -1, m.LIMIT, m.GTC, 0, 100, 1), OverflowError),
        ((ANN, MARKET, m.BUY, m.LIMIT, m.GTC, 0, 100.0, 1), TypeError),
        ((ANN, MARKET, m.BUY, m.LIMIT, m.GTC, 0, "100", 1), TypeError),
        ((ANN, MARKET, m.BUY, m.LIMIT, m.GTC, 0, 100), TypeError),
        ((ANN, MARKET, m.BUY, m.LIMIT, m.GTC, 0, 100, 1, 2, b"short"), ValueError),
        ((ANN, MARKET, m.BUY, m.LIMIT, m.GTC, 0, 100, 1, 2, "text"), TypeError),
    ],
)
def test_what_cannot_be_a_command_is_a_fault_and_no_record(
    engine: Engine, arguments: tuple[object, ...], fault: type[Exception]
) -> None:
    before = engine.sequence
    with pytest.raises(fault):
        engine.place(*arguments)  # type: ignore[arg-type]
    assert engine.sequence == before
    with pytest.raises(TypeError):
        engine.place(account=ANN)  # type: ignore[call-arg]


def test_a_call_keeps_the_promise_of_the_folder(tmp_path, engine: Engine) -> None:  # type: ignore[no-untyped-def]
    kept = Engine(str(tmp_path), "group")
    kept.submit(m.AddAsset("USD", 2), 1)
    assert kept.cancel(7, 0, 2).reason == "unknown_order" and kept.durable == kept.sequence == 2
    kept.close()
    with pytest.raises(RuntimeError):
        kept.cancel(7, 0, 3)
