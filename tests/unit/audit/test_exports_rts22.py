"""A trade is one report that holds against the schema, or it is refused by the element that nothing says."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.unit.audit.order_journals import KINDS, Told, rows_of, session

from isthmus.audit.exports import Client, Listed, Reference, Transactions
from isthmus.audit.exports_rts22 import NAMESPACE, TRADES, rts22, schema
from isthmus.kernel import messages

LEI = "5493001KJTIIGC8Y1R12"
LISTED = {name: Listed("US0378331005") for name in ("ABC", "XYZ", "BTC/USD", "XYZ-PERP", "BTC-PERP", "EUR/USD")}
WHOLE = Reference(
    lei=LEI,
    clients={f"acc-{number}": Client(LEI) for number in range(1, 60)},
    instruments=LISTED,
    venues={"house": "XISM"},
    people={"client": "NORE"},
    rts22=Transactions(True, False, False),
)


def told() -> Told:
    broker = Told()
    broker.place(broker.ann, messages.BUY, 10, 10_000)
    broker.place(broker.bob, messages.SELL, 4, 10_000)
    return broker


def found(text: str, name: str) -> Any:
    return [element.text for element in etree.fromstring(text.encode()).iter(f"{{{NAMESPACE}}}{name}")]


def test_a_trade_of_two_clients_is_one_report() -> None:
    rows = told().rows()
    report = rts22(rows, WHOLE)
    assert (report.rows, report.skipped, report.refused) == (1, 2, [])
    assert schema().validate(etree.fromstring(report.text.encode()))
    assert found(report.text, "TxId") == [f"TRDX{rows[-1].sequence}X1"]
    assert (found(report.text, "Unit"), found(report.text, "Amt")) == (["4"], ["100.00"])
    assert (found(report.text, "TradgCpcty"), found(report.text, "ShrtSellgInd")) == (["AOTC"], ["SELL"])


@pytest.mark.parametrize(
    ("more", "element"),
    [
        ({"lei": ""}, "ExctgPty"),
        ({"clients": {}}, "Buyr"),
        ({"clients": {f"acc-{n}": Client("GB19800101ANNSMITH") for n in range(60)}}, "Buyr"),
        ({"instruments": {}}, "FinInstrm"),
        ({"venues": {}}, "TradVn"),
        ({"people": {}}, "ExctgPrsn"),
        ({"rts22": Transactions()}, "InvstmtPtyInd"),
    ],
)
def test_what_nothing_says_refuses_the_trade_by_its_element(more: dict[str, Any], element: str) -> None:
    report = rts22(told().rows(), msgspec.structs.replace(WHOLE, **more))
    assert report.rows == 0 and [(row.field, row.reason) for row in report.refused] == [(element, "unknown")]
    assert schema().validate(etree.fromstring(report.text.encode()))


def test_a_value_of_another_form_refuses_the_trade() -> None:
    report = rts22(told().rows(), msgspec.structs.replace(WHOLE, venues={"house": "no mic"}))
    assert report.rows == 0 and [row.reason for row in report.refused] == ["bad_form"]
    assert "TradVn" in report.refused[0].field


@settings(max_examples=10, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 3))
def test_every_trade_is_reported_or_refused_and_the_message_is_valid(kind: str, seed: int) -> None:
    rows = rows_of(session(kind, seed)[0])
    report = rts22(rows, WHOLE)
    trades = {row.values[30] for row in rows if row.values[64] in TRADES}
    assert report.rows + len(report.refused) == len(trades)
    assert schema().validate(etree.fromstring(report.text.encode()))
