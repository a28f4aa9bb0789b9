"""Every event of every order is a row, and a row says only what the journal says."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle.order_rows.events import PLACING
from tests.oracle.order_rows.live import listed
from tests.unit.audit.order_journals import KINDS, START, Told, rows_of, session

from isthmus.audit.dimensions import shipped
from isthmus.audit.events import CODES
from isthmus.audit.rows import Row, Rows
from isthmus.kernel import messages
from isthmus.kernel.errors import Damaged
from isthmus.kernel.values import time_text

SESSIONS = st.tuples(st.sampled_from(KINDS), st.integers(0, 3))

NAMES = st.from_regex("[a-z_]{1,8}", fullmatch=True)
JSON = st.recursive(
    st.text() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1),
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
    max_leaves=5,
)


def value(row: Row, number: int) -> str | None:
    return row.values[number - 1]


def told(row: Row, number: int) -> Any:
    found = value(row, number)
    assert found
    return json.loads(found)


@settings(max_examples=15, deadline=None)
@given(SESSIONS, st.integers(0, 10_000))
def test_a_journal_cut_anywhere_and_continued_gives_the_rows_of_one_pass(which: tuple[str, int], cut: int) -> None:
    found, _ = session(*which)
    cut %= len(found) + 1
    whole, first = Rows(), Rows()
    rows = rows_of(found, whole)
    before = rows_of(found[:cut], first)
    then = Rows.from_state(first.state())
    assert before + rows_of(found[cut:], then) == rows
    assert then.unknown == whole.unknown


@settings(max_examples=15, deadline=None)
@given(SESSIONS)
def test_every_refusal_of_an_order_appears_with_its_reason(which: tuple[str, int]) -> None:
    found, _ = session(*which)
    rows = rows_of(found)
    seen = {(row.sequence, row.values[68]) for row in rows}
    words = (*PLACING, "CancelOrder", "ReplaceOrder", "ReplaceSpecial", "ReduceOrder", "AcceptQuote")
    for record in found:
        if record.reason is not None and type(record.command).__name__ in words:
            assert (record.sequence, record.reason) in seen


@settings(max_examples=15, deadline=None)
@given(SESSIONS)
def test_orders_that_are_alive_to_the_rows_are_alive_to_the_engine(which: tuple[str, int]) -> None:
    found, alive = session(*which)
    last: dict[int, str | None] = {}
    for row in rows_of(found):
        if row.values[65] and value(row, 65) not in ("repeat", "late_fill"):
            last[row.order] = row.values[65]
    ended = ("filled", "cancelled", "rejected")
    assert {order for order, status in last.items() if status not in ended} == alive


@settings(max_examples=15, deadline=None)
@given(SESSIONS)
def test_unknown_is_null_and_counted_by_field(which: tuple[str, int]) -> None:
    found, _ = session(*which)
    rows = Rows()
    made = rows_of(found, rows)
    assert rows.unknown == [sum(row.values[at] is None for row in made) for at in range(78)]
    silent = [at for at, row in enumerate(shipped().values()) if not row.source]
    assert all(rows.unknown[at] == len(made) for at in silent), "what the journal never says is in no row"


@settings(max_examples=15, deadline=None)
@given(SESSIONS)
def test_events_of_a_record_are_numbered_and_named(which: tuple[str, int]) -> None:
    places: dict[int, int] = {}
    for row in rows_of(session(*which)[0]):
        assert row.place == places.get(row.sequence, 0)
        places[row.sequence] = row.place + 1
        assert value(row, 65) in CODES
        assert value(row, 30) == f"{row.sequence}-{row.place}"
        for number in (50, 52, 64, 70, 71, 72, 77, 78):
            if value(row, number):
                assert rfc8785.dumps(told(row, number)).decode() == value(row, number)


@given(JSON)
@settings(max_examples=25, deadline=None)
def test_lists_are_written_as_rfc_8785_has_them(anything: Any) -> None:
    assert listed(anything).encode() == rfc8785.dumps(anything)


def test_an_order_that_is_filled_in_two_pieces_tells_its_life() -> None:
    broker = Told()
    bought = broker.place(broker.ann, messages.BUY, 10, 10_000, text="my-1")
    broker.place(broker.bob, messages.SELL, 4, 10_000)
    broker.place(broker.house, messages.SELL, 6, 9_990, role="house", user=3)
    life = [row for row in broker.rows() if row.order == bought.sequence]
    assert [value(row, 65) for row in life] == ["new", "partial_fill", "fill"]
    assert [value(row, 66) for row in life] == ["open", "partially_filled", "filled"]
    assert [value(row, 53) for row in life] == ["10", "6", "0"]
    assert [value(row, 55) for row in life] == ["", "4", "6"]
    assert [value(row, 49) for row in life] == ["", "100.00", "100.00"]
    assert value(life[0], 3) == f"acc-{broker.ann}" and value(life[0], 13) == "AOTC"
    assert value(life[0], 26) == "my-1" and value(life[0], 45) == "100.00" and value(life[0], 57) == "buy"
    assert value(life[0], 16) == time_text(bought.stamp - 1_000) and life[0].time == bought.stamp
    assert told(life[0], 75) == {"gateway": "rest", "role": "client", "session": 7, "user": 11}
    assert told(life[0], 72) == {"after": "1000.00", "asset": "USD", "before": "0.00"}
    assert told(life[1], 61)["aggressor"] == "PASV"
    assert value(life[1], 31) == value(life[1], 32) == f"trd-{life[1].sequence}-1"
    assert value(life[1], 75) == value(life[0], 75), (
        "a fill that others brought is still of the instruction that placed it"
    )
    sold = next(
        row
        for row in broker.rows()
        if value(row, 65) == "fill" and value(row, 57) == "sell" and value(row, 13) == "DEAL"
    )
    assert value(sold, 11) == "user-3", "who sent it within the firm"


def test_the_hash_before_the_record_and_its_leaf_are_the_journals() -> None:
    broker = Told()
    record = broker.place(broker.ann, messages.BUY, 1, 10_000)
    row = next(row for row in broker.rows() if row.sequence == record.sequence)
    assert told(row, 77) == {"leaf": record.sequence - 1, "previous": record.prev.hex()}
    assert told(row, 78) == {"rules": 4}


def test_a_limit_that_refuses_is_named_with_value_and_what_was_measured() -> None:
    broker = Told()
    broker.ask(messages.SetLimit(scope=1, of=broker.ann, instrument=0, limit=4, value=5), role="operator")
    broker.ask(messages.SetLimit(scope=0, of=0, instrument=0, limit=9, value=3), role="operator")
    refused = broker.place(broker.ann, messages.BUY, 6, 10_000)
    taken = broker.place(broker.ann, messages.BUY, 5, 10_000)
    rows = {row.sequence: row for row in broker.rows()}
    row = rows[refused.sequence]
    assert (value(row, 65), value(row, 66), value(row, 69)) == ("reject", "rejected", "order_too_large")
    checked = told(row, 71)
    assert dict(map(tuple, checked["stages"])) == {
        "account": "passed", "kill": "passed", "client_id": "passed", "form": "passed", "reference_price": "passed",
        "maker": "passed", "limits": "failed", "funds": "not_reached",
    }  # fmt: skip
    assert checked["limits"] == [
        {
            "limit": "order_quantity",
            "measured": "6",
            "of": broker.ann,
            "scope": "account",
            "value": "5",
            "verdict": "failed",
        },
        {"limit": "open_orders", "of": 0, "scope": "everything", "value": "3", "verdict": "not_reached"},
    ]
    assert {row["verdict"] for row in told(rows[taken.sequence], 71)["limits"]} == {"passed"}


def test_a_change_says_old_and_new_and_a_smaller_one_keeps_its_place_in_the_queue() -> None:
    broker = Told()
    placed = broker.place(broker.ann, messages.BUY, 10, 10_000)
    order = {"order": placed.sequence, "account": broker.ann, "client_id": bytes(16)}
    smaller = broker.ask(messages.ReplaceOrder(**order, price=10_000, quantity=8))
    dearer = broker.ask(messages.ReplaceOrder(**order, price=10_001, quantity=8))
    life = [row for row in broker.rows() if row.order == placed.sequence]
    assert [told(row, 70) for row in life[1:]] == [{"quantity": ["10", "8"]}, {"price": ["100.00", "100.01"]}]
    assert [value(row, 21) for row in life] == [time_text(at.stamp) for at in (placed, placed, dearer)]
    assert value(life[1], 16) == time_text(smaller.stamp - 1_000), "the instruction that changed it, not the first"


def test_who_cancels_is_told_apart() -> None:
    broker = Told()
    orders = [broker.place(broker.ann, messages.BUY, 1, 10_000).sequence for _ in range(4)]
    words = {"reason": 0, "client_id": bytes(16)}
    broker.ask(messages.CancelOrder(order=orders[0], account=broker.ann, **words))
    broker.ask(messages.CancelOrder(order=orders[1], account=0, **words), role="operator", user=5)
    broker.ask(messages.Kill(scope=0, of=0, user=5), role="operator", user=5)
    ends = {row.order: row for row in broker.rows() if value(row, 66) == "cancelled"}
    assert [value(ends[order], 65) for order in orders] == [
        "cancel", "cancel_by_operator", "cancel_by_market", "cancel_by_market",
    ]  # fmt: skip
    assert [value(ends[order], 69) for order in orders] == ["user", "user", "kill", "kill"]
    assert value(ends[orders[0]], 74) == "" and told(ends[orders[1]], 74)["user"] == 5


def test_a_cancel_of_an_order_that_is_gone_is_refused_in_its_life() -> None:
    broker = Told()
    placed = broker.place(broker.ann, messages.BUY, 1, 10_000)
    cancel = messages.CancelOrder(order=placed.sequence, account=broker.ann, reason=0, client_id=bytes(16))
    broker.ask(cancel)
    broker.ask(cancel)
    life = [row for row in broker.rows() if row.order == placed.sequence]
    assert [value(row, 65) for row in life] == ["new", "cancel", "cancel_refused"]
    assert value(life[2], 35) is None, "the refusal itself names no instrument"


def test_a_busted_trade_has_a_row_for_each_side() -> None:
    broker = Told()
    broker.place(broker.ann, messages.BUY, 3, 10_000)
    trade = broker.effect(sold := broker.place(broker.bob, messages.SELL, 3, 10_000), "Traded")
    same = ("maker", "taker", "taker_side", "price", "quantity", "buyer_pays", "seller_gets", "maker_fee", "taker_fee")
    terms = {name: getattr(trade, name) for name in same}
    made = {"sequence": sold.sequence, "index": 0, "instrument": broker.instrument, "new_price": 0}
    busted = broker.ask(messages.CorrectTrade(**made, **terms), role="operator")
    assert busted.reason is None
    rows = [row for row in broker.rows() if row.sequence == busted.sequence]
    assert [(value(row, 65), value(row, 33), value(row, 31)) for row in rows] == [
        ("bust", "CANC", f"trd-{sold.sequence}-1")
    ] * 2
    assert [value(row, 3) for row in rows] == [f"acc-{broker.ann}", f"acc-{broker.bob}"]


def test_a_missing_record_is_refused() -> None:
    broker = Told()
    rows = Rows()
    rows.take(broker.records[0])
    with pytest.raises(Damaged, match="does not follow"):
        rows.take(broker.records[2])


@pytest.mark.parametrize("cut", [0, 1, 20])
def test_a_state_that_is_not_one_is_refused(cut: int) -> None:
    broker = Told()
    rows = Rows()
    rows_of(broker.records, rows)
    with pytest.raises(Damaged, match="not what was written"):
        Rows.from_state(rows.state()[:cut])


def test_the_day_of_a_row_is_that_of_its_record() -> None:
    broker = Told()
    broker.place(broker.ann, messages.BUY, 1, 10_000)
    assert msgspec.to_builtins(broker.rows()[0])["time"] >= START
