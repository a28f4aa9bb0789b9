"""An invoice as values for people, and as PDF: the same values make both."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

from msgspec import Struct
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

from isthmus.kernel.values import short_text, text
from isthmus.ledger.client_statement import STYLES, safe, section
from isthmus.ledger.revenue.invoices import Invoice

EPOCH = date(1970, 1, 1)
PERCENT_DECIMALS = 4
"""A part in a million as percent."""


class InvoicedLine(Struct, frozen=True):
    """`amount` without tax; `tax`: percent."""

    source: str
    text: str
    amount: str
    tax: str


class InvoicedTax(Struct, frozen=True):
    """Of all lines with this rate (percent)."""

    rate: str
    amount: str


class InvoiceTold(Struct, frozen=True):
    """Decimal text in units of `asset`; days as YYYY-MM-DD. `open` is `total` less `paid`."""

    number: int
    account: str
    asset: str
    day: str
    due: str
    lines: list[InvoicedLine]
    taxes: list[InvoicedTax]
    net: str
    total: str
    paid: str
    open: str


def told(invoice: Invoice, decimals: int) -> InvoiceTold:
    """For people."""

    def amount(count: int) -> str:
        return text(count, decimals)

    return InvoiceTold(
        number=invoice.number,
        account=invoice.account,
        asset=invoice.asset,
        day=(EPOCH + timedelta(days=invoice.day)).isoformat(),
        due=(EPOCH + timedelta(days=invoice.due)).isoformat(),
        lines=[InvoicedLine(row.source, row.text, amount(row.amount), _percent(row.tax_ppm)) for row in invoice.lines],
        taxes=[InvoicedTax(_percent(rate), amount(tax)) for rate, tax in invoice.taxes],
        net=amount(invoice.net),
        total=amount(invoice.total),
        paid=amount(invoice.paid),
        open=amount(invoice.open),
    )


def paper(invoice: InvoiceTold) -> bytes:
    """As PDF; the same values make the same bytes."""
    printed = BytesIO()
    title = f"Invoice {invoice.number}"
    page = SimpleDocTemplate(printed, pagesize=A4, title=title, author="Isthmus", invariant=1)
    lines = [(row.source, row.text, f"{row.tax} %", row.amount) for row in invoice.lines]
    sums = [
        ("net", invoice.net), *((f"tax {row.rate} %", row.amount) for row in invoice.taxes), ("total", invoice.total),
        ("paid", invoice.paid), ("open", invoice.open),
    ]  # fmt: skip
    page.build([
        Paragraph(title, STYLES["Title"]),
        Paragraph(safe(invoice.account), STYLES["Heading2"]),
        Paragraph(f"of {invoice.day}, due {invoice.due}", STYLES["Normal"]),
        Spacer(1, 6 * mm),
        *section("For", ("what", "text", "tax", safe(invoice.asset)), lines, None),
        *section("Sum", ("", safe(invoice.asset)), sums, None),
    ])  # fmt: skip
    return printed.getvalue()


def _percent(ppm: int) -> str:
    return short_text(ppm, PERCENT_DECIMALS)
