"""Client statements of a data folder: balances and entries from the books, trades and positions from the journal.

One set of values makes the JSON and the PDF, here and over REST (`client_paper_reads.py`).
"""

from __future__ import annotations

import argparse
import asyncio
from datetime import datetime
from pathlib import Path

import msgspec

from isthmus.app.account_history import AccountHistory, Dealt
from isthmus.app.audit_head import printed_head
from isthmus.app.books import point_of, store_of
from isthmus.app.output import EXIT_OK, fail, print_json, progress, say
from isthmus.app.settings import read_defaults, settings_of
from isthmus.app.settlement_desk import product_of
from isthmus.app.settlement_settings import SettlementSettings
from isthmus.clearing.terms import settles
from isthmus.engine.engine import JournalDamaged
from isthmus.kernel.config import overlay, read_toml
from isthmus.kernel.errors import BadInput, Damaged
from isthmus.kernel.ids import order_id, trade_id
from isthmus.kernel.messages import BUY
from isthmus.kernel.values import NS_PER_S, text, time_ns, time_text, units
from isthmus.ledger.chart import CLIENT, LedgerAccount
from isthmus.ledger.client_statement import (
    ENTRIES_MAX,
    AssetStatement,
    ClientStatement,
    Confirmation,
    Entry,
    Holding,
    Invoiced,
    paper,
)
from isthmus.ledger.invoice_paper import told as invoice_told
from isthmus.ledger.invoice_store import InvoiceStore, paid_in, settled
from isthmus.ledger.points import Chart, read_chart, read_progress
from isthmus.ledger.revenue.fees import DAY_NS
from isthmus.ledger.revenue.invoices import Register
from isthmus.ledger.statement import Line, Statement
from isthmus.ledger.statement import statement as statement_of
from isthmus.ledger.store import Progress
from isthmus.refdata.instruments import Instrument
from isthmus.views.orders import FillRow

NOT_STATED = "not stated"
"""The value date of a trade whose terms nobody told."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Whose statement, and of what: `account` is a path or a number; `after` and `upto` are points in the books (a
    record's number or a time; None: the beginning, the end). `url`: of the books; None for the file in `data`.
    """

    data: str
    url: str | None
    account: str
    after: str | None
    upto: str | None


class Booked(msgspec.Struct, frozen=True):
    """What the books say, all of one state of theirs."""

    chart: Chart
    account: LedgerAccount
    statement: Statement
    progress: Progress
    register: Register
    """What was paid by the end of the period is on it."""


def drawn(asked: Asked, settlement: SettlementSettings) -> ClientStatement:
    """The statement. Raises BadInput (NoBooks, NotRecorded among them), Damaged, PartMissing."""
    booked = asyncio.run(_booked(asked))
    span = (booked.statement.after, booked.statement.upto)
    try:
        with progress("reading the journal", span[1]) as advance:
            history = AccountHistory.read(Path(asked.data), booked.account.number, span, advance)
    except JournalDamaged as error:
        raise Damaged(f"{asked.data}: {error}") from error
    told = booked.statement
    return ClientStatement(
        account=told.path,
        name=told.path.removeprefix(f"{CLIENT}:"),
        opened=_moment(asked.after, history.began),
        closed=_moment(asked.upto, history.ended),
        after=told.after,
        upto=told.upto,
        sequence=booked.progress.place.sequence,
        head=booked.progress.place.head.hex(),
        assets=_by_asset(told),
        trades=[_confirmation(history, settlement, dealt) for dealt in history.trades],
        holdings=_holdings(history),
        fees=_fees(booked.chart, told.lines),
        invoices=_invoices(booked, (history.began // DAY_NS, history.ended // DAY_NS)),
        log=printed_head(Path(asked.data), told.upto),
    )


async def _booked(asked: Asked) -> Booked:
    async with store_of(Path(asked.data), asked.url).reading() as rows:
        chart = await read_chart(rows)
        account = chart.account(asked.account)
        after, upto = await point_of(rows, asked.after or "0", "from"), await point_of(rows, asked.upto, "to")
        told = await statement_of(rows, chart, account, (after, upto), ENTRIES_MAX)
        if not told.complete:
            raise BadInput("period", f"has more than {ENTRIES_MAX} entries: ask for a shorter one")
        register = InvoiceStore(Path(asked.data)).register()
        for asset in chart.assets.values():
            if any((one.account, one.asset) == (account.path, asset.code) for one in register.invoices):
                paid = await paid_in(rows, account.number, asset.number, upto)
                register, _ = settled(register, account.path, asset.code, paid)
        return Booked(chart, account, told, await read_progress(rows), register)


def _moment(said: str | None, stamp: int) -> str:
    """The time that was asked for, or that of the record."""
    return time_text(stamp if said is None or said.isdecimal() else time_ns(said))


def _by_asset(told: Statement) -> list[AssetStatement]:
    """Every asset that the account ever had. One that it got in the period began with nothing."""
    found = []
    for asset in sorted(told.closing):
        entries = [_entry(line) for line in told.lines if line.asset == asset]
        closing = told.closing[asset]
        decimals = len(closing.partition(".")[2])
        found.append(AssetStatement(asset, told.opening.get(asset, text(0, decimals)), closing, entries))
    return found


def _entry(line: Line) -> Entry:
    """Who stood on the other side of a trade is not the client's to know: he is told what came for what went."""
    against = f" against {line.against.amount} {line.against.asset}" if line.against is not None else ""
    return Entry(line.sequence, line.time, f"{line.purpose}{against}", line.amount, line.balance)


def _confirmation(history: AccountHistory, settlement: SettlementSettings, dealt: Dealt) -> Confirmation:
    fill, directory = dealt.fill, history.directory
    instrument = directory.instruments[fill.instrument]
    day = datetime.fromtimestamp(fill.time // NS_PER_S, settlement.zone).date()
    try:
        terms = settles(product_of(instrument), day, settlement.terms.get(instrument.symbol), settlement.more_closed)
        due = terms.due.isoformat() if terms is not None else ""
    except BadInput:
        due = NOT_STATED
    number = dealt.parent or fill.order
    return Confirmation(
        trade=trade_id(fill.record, fill.ordinal),
        order=order_id(number) if number else "",
        time=time_text(fill.time),
        instrument=instrument.symbol,
        side="buy" if fill.side == BUY else "sell",
        quantity=text(fill.quantity, instrument.quantity_decimals),
        price=text(fill.price, instrument.price_decimals),
        value=text(_value(instrument, fill), instrument.value_asset.decimals),
        fee=text(fill.fee, instrument.value_asset.decimals),
        asset=instrument.value_asset.code,
        venue=directory.venue_name(fill.venue),
        settles=due,
        corrected=dealt.corrected,
    )


def _value(instrument: Instrument, fill: FillRow) -> int:
    """What was paid or got; of what is settled by marks, where nothing is, the value that was traded."""
    if instrument.perpetual and not instrument.is_option:
        return abs(instrument.value(instrument.turnover(fill.price, fill.quantity)))
    return fill.value


def _holdings(history: AccountHistory) -> list[Holding]:
    found = []
    for row in history.positions():
        instrument, mark = history.directory.instruments[row.instrument], history.mark(row.instrument)
        asset, worth = instrument.value_asset, instrument.turnover(mark, row.quantity) if mark else 0
        found.append(
            Holding(
                instrument=instrument.symbol,
                quantity=text(row.quantity, instrument.quantity_decimals),
                mark=text(mark, instrument.price_decimals) if mark else None,
                value=text(instrument.value(worth), asset.decimals) if mark else None,
                asset=asset.code,
            )
        )
    return found


def _invoices(booked: Booked, days: tuple[int, int]) -> list[Invoiced]:
    """Made by the last day: those of the first day on, and earlier ones that are open."""
    decimals = {asset.code: asset.decimals for asset in booked.chart.assets.values()}
    found = []
    for one in booked.register.invoices:
        if one.account == booked.account.path and one.day <= days[1] and (one.day >= days[0] or one.open > 0):
            row = invoice_told(one, decimals[one.asset])
            found.append(Invoiced(row.number, row.day, row.due, row.asset, row.total, row.paid, row.open))
    return found


def _fees(chart: Chart, lines: list[Line]) -> dict[str, str]:
    """By asset, what was charged less what was given back; below zero where more was given."""
    decimals = {asset.code: asset.decimals for asset in chart.assets.values()}
    sums: dict[str, int] = {}
    for line in lines:
        if line.purpose == "fee":
            sums[line.asset] = sums.get(line.asset, 0) - units(line.amount, decimals[line.asset])
    return {asset: text(amount, decimals[asset]) for asset, amount in sorted(sums.items())}


def run(arguments: argparse.Namespace) -> int:
    """`isthmus books paper`: the values with --json, the PDF with --pdf, or both."""
    if not arguments.pdf and not arguments.json:
        fail("pdf", "say where the PDF goes, or ask for --json")
    asked = Asked(
        data=arguments.data, url=arguments.url, account=arguments.account, after=arguments.after, upto=arguments.upto
    )
    told = drawn(asked, _settlement(arguments.config))
    if arguments.pdf:
        printed = paper(told)
        try:
            Path(arguments.pdf).write_bytes(printed)
        except OSError as error:
            raise BadInput("pdf", f"{arguments.pdf}: {error.strerror}") from error
    if arguments.json:
        print_json(told)
    else:
        say(f"{told.account}, record {told.after} to {told.upto}, as of record {told.sequence}: {arguments.pdf}")
    return EXIT_OK


def _settlement(config: str | None) -> SettlementSettings:
    tables = read_defaults()
    if config is not None:
        tables = overlay(tables, read_toml(Path(config)))
    return settings_of(tables, {}).settlement
