"""Invoices: a charge is on one, numbers have no gaps, and what the books say was paid settles the oldest first."""

from __future__ import annotations

import argparse
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from tests.unit.app.test_client_paper import booked, of

from isthmus.app import books_invoice
from isthmus.app.backup import copy
from isthmus.app.client_paper import drawn
from isthmus.app.settings import read_defaults, settings_of
from isthmus.engine.engine import Engine, Origin, content_id
from isthmus.kernel import messages as m
from isthmus.kernel.errors import BadInput, Damaged
from isthmus.ledger.invoice_store import InvoiceStore, settled
from isthmus.ledger.revenue.invoices import Line, Register, bill

FEES = 2
ROWS = [
    {
        "source": "data",
        "text": "Level 2 & depth, November",
        "amount": "100.00",
        "key": "data:ann:11",
        "tax_ppm": 190_000,
    },
    {"source": "advisory", "text": "Advice, November", "amount": "50.00", "key": "advice:ann:11"},
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Ann paid 125 dollars for invoices, in two moves."""
    engine = Engine(str(tmp_path / "data"), "os")
    engine.submit(m.AddAsset(code="USD", decimals=2), 1)
    engine.submit(m.OpenAccount(kind=1, client_id=content_id("ann")), 1, Origin(text="client:ann"))
    engine.submit(m.Deposit(account=16, asset=1, amount=500_00, client_id=bytes(16)), 2)
    for source, target, amount in ((16, FEES, 100_00), (16, FEES, 25_00)):
        terms = {"source": source, "target": target, "asset": 1, "amount": amount, "client_id": bytes(16)}
        assert engine.submit(m.Move(**terms, purpose=m.PURPOSE_NUMBERS["invoice"]), 3).reason is None
    engine.close()
    return booked(tmp_path / "data")


def command(data: Path, rows: list[dict[str, Any]] | None = None, **more: Any) -> argparse.Namespace:
    charges = None
    if rows is not None:
        charges = str(data / "charges.ndjson")
        Path(charges).write_text("\n".join(json.dumps(row) for row in rows))
    words = {"data": str(data), "url": None, "account": "client:ann", "asset": "USD", "charges": charges, "json": True}
    words |= {"day": "2026-12-01", "due": "2026-12-31", "number": None, "pdf": None}
    return argparse.Namespace(**words | more)


def answered(capsys: pytest.CaptureFixture[str], words: argparse.Namespace) -> dict[str, Any]:
    assert books_invoice.run(words) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_what_was_paid_settles_the_oldest_invoice_first(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = answered(capsys, command(data, ROWS[:1]))
    assert first["made"] == 1 and first["credit"] == "6.00"  # of 125 that were paid
    (one,) = first["invoices"]
    assert (one["net"], one["taxes"], one["total"]) == ("100.00", [{"rate": "19", "amount": "19.00"}], "119.00")
    both = answered(capsys, command(data, ROWS))
    assert (both["made"], both["credit"]) == (2, "0.00")
    assert [(row["number"], row["total"], row["paid"], row["open"]) for row in both["invoices"]] == [
        (1, "119.00", "119.00", "0.00"), (2, "50.00", "6.00", "44.00"),
    ]  # fmt: skip
    again = answered(capsys, command(data, ROWS))
    assert (again["made"], again["invoices"]) == (None, both["invoices"])
    assert answered(capsys, command(data))["invoices"] == both["invoices"]


def test_a_statement_tells_invoices_as_they_stood_at_its_end(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    day = {"day": "1970-01-01", "due": "1970-01-31"}
    answered(capsys, command(data, ROWS, **day))
    answered(capsys, command(data, [ROWS[0] | {"key": "later"}]))  # of a day behind the statement's
    settlement = settings_of(read_defaults(), {}).settlement
    (before,) = drawn(of(data, "client:ann", None, "3"), settlement).invoices
    assert (before.number, before.day, before.total) == (1, day["day"], "169.00")
    assert (before.paid, before.open) == ("0.00", "169.00")
    (after,) = drawn(of(data, "client:ann"), settlement).invoices
    assert (after.paid, after.open) == ("125.00", "44.00")


def test_the_paper_says_what_the_values_say(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pdf = data / "invoice.pdf"
    (one,) = answered(capsys, command(data, ROWS, pdf=str(pdf)))["invoices"]
    said = "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf.read_bytes())).pages)
    for figure in ("Invoice 1", "client:ann", "2026-12-31", "Level 2 & depth", one["net"], one["total"], one["open"]):
        assert figure in said
    with pytest.raises(BadInput, match="names no invoice"):
        books_invoice.run(command(data, pdf=str(pdf), number=7))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"amount": "1.001"}, "no amount with 2 decimals"),
        ({"amount": "ten"}, "no amount"),
        ({"key": ""}, "invoiced again"),
        ({"tax": 19}, "unknown field"),
        ({"tax_ppm": 1_000_001}, "tax_ppm"),
    ],
)
def test_a_charge_that_cannot_be_is_refused_and_nothing_is_invoiced(data: Path, row: Any, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        books_invoice.run(command(data, [ROWS[0], ROWS[1] | row]))
    assert InvoiceStore(data).register() == Register()


def test_days_assets_and_files_that_cannot_be_are_refused(data: Path) -> None:
    with pytest.raises(BadInput, match="before the day"):
        books_invoice.run(command(data, ROWS, due="2026-11-30"))
    with pytest.raises(BadInput, match="must be a date"):
        books_invoice.run(command(data, ROWS, day=None))
    with pytest.raises(BadInput, match="no asset DKK"):
        books_invoice.run(command(data, ROWS, asset="DKK"))
    with pytest.raises(BadInput, match="charges"):
        books_invoice.run(command(data, charges=str(data / "nowhere")))
    (data / "invoices").mkdir(exist_ok=True)
    (data / "invoices" / "invoices.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(Damaged, match=r"invoices\.sqlite"):
        books_invoice.run(command(data))


@given(amounts=st.lists(st.integers(-50, 100), min_size=1, max_size=6), paid=st.integers(-20, 500))
def test_payments_are_on_invoices_or_left_over_and_never_lost(amounts: list[int], paid: int) -> None:
    register = Register()
    for number, amount in enumerate(amounts):
        line = Line(source="data", text="", amount=amount, key=str(number))
        register = bill(register, "client:ann" if number % 3 else "client:ben", "USD", [line], (1, 2))
    after, left = settled(register, "client:ann", "USD", paid)
    assert sum(one.paid for one in after.invoices) + left == paid
    assert all(0 <= one.paid <= max(one.total, 0) for one in after.invoices)
    assert not any(one.paid for one in after.invoices if one.account == "client:ben")
    assert left <= 0 or all(one.open <= 0 for one in after.invoices if one.account == "client:ann")


def test_a_backup_has_the_invoices(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answered(capsys, command(data, ROWS))
    copy(data, tmp_path / "copy")
    assert InvoiceStore(tmp_path / "copy").register() == InvoiceStore(data).register() != Register()
