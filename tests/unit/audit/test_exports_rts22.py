"""A trade is one report that holds against the schema, or it is refused by the element that nothing says."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.unit.audit.order_journals import KINDS, Told, rows_of, session

from isthmus.audit.concat import annex, kinds_of
from isthmus.audit.exports import Client, Listed, Reference, Report, Transactions
from isthmus.audit.exports_rts22 import NAMESPACE, TRADES, Lacking, rts22, schema
from isthmus.audit.particulars import Particulars, checked
from isthmus.kernel import messages
from isthmus.kernel.errors import BadInput

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


ANN = Particulars(
    kind="natural",
    given_names=("Anneliese", "Maria"),
    family_names=("von Straßburg",),
    birth_date="1971-03-29",
    nationalities=("US", "DE"),
    identifier_kind="CONCAT",
    branch_country="GB",
)
BOB = Particulars(
    kind="natural",
    given_names=("Bob",),
    family_names=("Smith",),
    birth_date="1980-01-01",
    nationalities=("IT",),
    identifier_kind="NIDN",
    identifier="SMTBBO80A01H501X",
)
FIRM = Particulars(kind="legal", name="Example", lei=LEI)


def reported(*two: Particulars | Lacking) -> Report:
    """Of a trade of two clients whom no reference file names."""
    broker = told()
    holders = dict(zip((f"acc-{broker.ann}", f"acc-{broker.bob}"), two, strict=True))
    return rts22(broker.rows(), msgspec.structs.replace(WHOLE, clients={}), holders.__getitem__)


def test_natural_persons_are_named_as_article_6_has_them() -> None:
    report = reported(ANN, BOB)
    assert (report.rows, report.refused) == (1, [])
    assert schema().validate(etree.fromstring(report.text.encode()))
    assert found(report.text, "FrstNm") == ["ANNELIESE,MARIA", "BOB"]
    assert found(report.text, "Nm") == ["VON STRASSBURG", "SMITH"]
    assert found(report.text, "BirthDt") == ["1971-03-29", "1980-01-01"]
    assert "<Id>DE19710329ANNELSTRAS</Id>" in report.text and "<Id>ITSMTBBO80A01H501X</Id>" in report.text
    assert (found(report.text, "Prtry"), found(report.text, "Cd")) == (["CONCAT"], ["NIDN"])
    assert found(report.text, "CtryOfBrnch") == ["GB"]


def test_a_legal_person_of_the_particulars_is_named_by_lei() -> None:
    report = reported(FIRM, BOB)
    assert report.rows == 1 and len(found(report.text, "Prsn")) == 1


@pytest.mark.parametrize("reason", ["unknown", "erased"])
def test_a_trade_of_somebody_whose_particulars_are_not_there_is_refused_by_name(reason: str) -> None:
    report = reported(ANN, Lacking(reason))
    assert report.rows == 0 and [(row.field, row.reason) for row in report.refused] == [("Sellr", reason)]
    assert "ANNELIESE" not in report.text


@given(
    st.sampled_from([*annex(), "US"]).filter(lambda country: country != "others"),
    st.lists(
        st.text(st.characters(min_codepoint=0x20, max_codepoint=0x24F), min_size=1, max_size=20), min_size=2, max_size=3
    ),
    st.dates(),
)
def test_whoever_may_be_kept_can_be_reported(country: str, names: list[str], born: dt.date) -> None:
    kind = kinds_of(country)[0]
    try:
        person = checked(
            Particulars(
                kind="natural",
                given_names=tuple(names[:1]),
                family_names=tuple(names[1:]),
                birth_date=born.isoformat(),
                nationalities=(country,),
                identifier_kind=kind,
                identifier="" if kind == "CONCAT" else "X1",
            )
        )
    except BadInput as refused:
        assume(False)
        raise AssertionError from refused
    report = reported(person, FIRM)
    assert (report.rows, report.refused) == (1, [])
    assert schema().validate(etree.fromstring(report.text.encode()))


@settings(max_examples=10, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 3))
def test_every_trade_is_reported_or_refused_and_the_message_is_valid(kind: str, seed: int) -> None:
    rows = rows_of(session(kind, seed)[0])
    report = rts22(rows, WHOLE)
    trades = {row.values[30] for row in rows if row.values[64] in TRADES}
    assert report.rows + len(report.refused) == len(trades)
    assert schema().validate(etree.fromstring(report.text.encode()))
