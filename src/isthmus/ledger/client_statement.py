"""What a client is told of his account: statement of a period and confirmations of trades, as values and as PDF.

The same values make the JSON and the paper. A statement names the journal's head at which it was drawn, so that whoever
holds it can check later that the journal still says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from msgspec import Struct
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from isthmus.kernel.errors import BadInput

PAGE = landscape(A4)
ENTRIES_MAX = 50_000
"""Of one statement; a longer period is told in several."""
STYLES = getSampleStyleSheet()


class Entry(Struct, frozen=True):
    """A posting of the account: decimal text, signed from the client's point of view; `balance` is that after it."""

    sequence: int
    time: str
    what: str
    amount: str
    balance: str


class AssetStatement(Struct, frozen=True):
    """One asset of the account over the period."""

    asset: str
    opening: str
    closing: str
    entries: list[Entry]


class Confirmation(Struct, frozen=True):
    """A trade as MiFID II (Delegated Regulation 2017/565, article 59) wants it told."""

    trade: str
    order: str
    time: str
    instrument: str
    side: str
    quantity: str
    price: str
    value: str
    fee: str
    asset: str
    venue: str
    settles: str
    """Day (YYYY-MM-DD) on which it settles; empty for what is settled at the trade or by marks."""
    corrected: str = ""
    """What became of it since: busted, or the price that it stands at, and the record that says so."""


class Holding(Struct, frozen=True):
    """A position at the end of the period; `value` at the mark, None without one."""

    instrument: str
    quantity: str
    mark: str | None
    value: str | None
    asset: str


class Invoiced(Struct, frozen=True):
    """An invoice of the account made by the end of the period, as it stood then: of the period, or still open."""

    number: int
    day: str
    due: str
    asset: str
    total: str
    paid: str
    open: str


class PrintedHead(Struct, frozen=True):
    """The newest signed head of the log `origin` when the statement was drawn: `size` entries with this `root` (hex),
    of records up to `sequence`, signed at `time`. `check`: what whoever holds the paper can do with it.
    """

    origin: str
    size: int
    sequence: int
    root: str
    time: str
    check: str


class ClientStatement(Struct, frozen=True, kw_only=True):
    """Of one account, from `opened` to `closed` (RFC 3339): behind record `after`, up to record `upto`. `sequence` and
    `head`: the journal when it was drawn. `log`: the head of its log, None where no log is kept.
    """

    account: str
    name: str
    opened: str
    closed: str
    after: int
    upto: int
    sequence: int
    head: str
    assets: list[AssetStatement]
    trades: list[Confirmation] = []
    holdings: list[Holding] = []
    fees: dict[str, str] = {}
    invoices: list[Invoiced] = []
    log: PrintedHead | None = None


def paper(statement: ClientStatement) -> bytes:
    """The statement as PDF; the same values make the same bytes. Characters beyond Latin-1 are shown as "?", since the
    fonts that every reader has know no others. Raises BadInput for one that is too long.
    """
    if sum(len(one.entries) for one in statement.assets) > ENTRIES_MAX:
        raise BadInput("period", f"has more than {ENTRIES_MAX} entries: ask for a shorter one")
    printed = BytesIO()
    page = SimpleDocTemplate(
        printed, pagesize=PAGE, leftMargin=16 * mm, rightMargin=16 * mm, topMargin=18 * mm, bottomMargin=20 * mm,
        title=f"Statement {_plain(statement.account)}", author="Isthmus", invariant=1,
    )  # fmt: skip

    def foot(canvas: Canvas, _document: Any) -> None:
        canvas.setFont("Helvetica", 6.5)
        canvas.setFillColor(colors.grey)
        canvas.drawString(16 * mm, 12 * mm, f"Journal head at record {statement.sequence}: {statement.head}")
        if (log := statement.log) is not None:
            told = f"Log head {_plain(log.origin)}: size {log.size}, root {log.root}, signed {log.time[:19]}Z"
            canvas.drawString(16 * mm, 8 * mm, told)
        canvas.drawRightString(PAGE[0] - 16 * mm, 8 * mm, f"page {canvas.getPageNumber()}")

    page.build(_story(statement), onFirstPage=foot, onLaterPages=foot)
    return printed.getvalue()


def _story(statement: ClientStatement) -> list[Any]:
    story: list[Any] = [
        Paragraph("Statement of account", STYLES["Title"]),
        Paragraph(f"{safe(statement.name)} ({safe(statement.account)})", STYLES["Heading2"]),
        Paragraph(f"{statement.opened} to {statement.closed}", STYLES["Normal"]),
        Paragraph(f"behind record {statement.after} to record {statement.upto}", STYLES["Normal"]),
        Spacer(1, 6 * mm),
    ]
    rows = [(one.asset, one.opening, one.closing) for one in statement.assets]
    story += section("Balances", ("asset", "opening", "closing"), rows, "No balances in this period.")
    held = [(one.instrument, one.quantity, one.mark or "", one.value or "", one.asset) for one in statement.holdings]
    story += section("Positions", ("instrument", "quantity", "mark", "value", "in"), held, None)
    fees = sorted(statement.fees.items())
    story += section("Fees in this period", ("asset", "amount"), fees, None)
    owed = [(str(one.number), one.day, one.due, one.total, one.paid, one.open, one.asset) for one in statement.invoices]
    story += section("Invoices", ("number", "day", "due", "total", "paid", "open", "in"), owed, None)
    columns = ("trade", "time", "instrument", "side", "quantity", "price", "value", "fee", "venue", "settles")
    trades = [
        (one.trade, one.time[:19], one.instrument, one.side, one.quantity, one.price, f"{one.value} {one.asset}",
         one.fee, one.venue, one.settles)
        for one in statement.trades
    ]  # fmt: skip
    story += section("Trades", columns, trades, None)
    corrected = [(one.trade, one.corrected) for one in statement.trades if one.corrected]
    story += section("Corrected trades", ("trade", "what became of it"), corrected, None)
    for one in statement.assets:
        entries = [(row.time[:19], str(row.sequence), row.what, row.amount, row.balance) for row in one.entries]
        story += section(f"Entries in {one.asset}", ("time", "record", "what", "amount", "balance"), entries, None)
    return [*story, *_log_head(statement.log)]


def _log_head(log: PrintedHead | None) -> list[Any]:
    """What the client can hold against us later."""
    if log is None:
        return []
    rows = [
        ("log", log.origin),
        ("entries", str(log.size)),
        ("records", f"up to {log.sequence}"),
        ("root", log.root),
        ("signed at", log.time),
    ]
    return [
        *section("Head of the audit log", ("what", "value"), rows, None),
        Paragraph(safe(log.check), STYLES["Normal"]),
    ]


def section(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], empty: str | None) -> list[Any]:
    """A table with its heading; nothing where there is nothing and nothing to say about it."""
    if not rows:
        return [Paragraph(empty, STYLES["Normal"])] if empty is not None else []
    cells = [[_plain(cell) for cell in row] for row in (columns, *rows)]
    table = Table(cells, repeatRows=1, hAlign="LEFT")
    table.setStyle(
        TableStyle([
            ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 7),
            ("FONT", (0, 1), (-1, -1), "Helvetica", 7),
            ("LINEBELOW", (0, 0), (-1, 0), 0.5, colors.black),
            ("ROWBACKGROUNDS", (0, 1), (-1, -1), [colors.white, colors.whitesmoke]),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
        ])
    )  # fmt: skip
    return [Paragraph(safe(title), STYLES["Heading3"]), table, Spacer(1, 4 * mm)]


def _plain(written: str) -> str:
    return written.encode("latin-1", "replace").decode("latin-1")


def safe(written: str) -> str:
    """As `_plain`, for a paragraph, which reads markup."""
    return _plain(written).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
