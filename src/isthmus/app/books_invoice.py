"""`isthmus books invoice`: makes an invoice of charges that are not posted by themselves, and tells which are open."""

from __future__ import annotations

import argparse
import asyncio
from datetime import date
from pathlib import Path

import msgspec

from isthmus.app.books import asked, point_of
from isthmus.app.output import EXIT_OK, fail, print_json, say
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NotANumber, TooFine, text, units
from isthmus.ledger.invoice_paper import EPOCH, InvoiceTold, paper, told
from isthmus.ledger.invoice_store import InvoiceStore, paid_in, settled
from isthmus.ledger.points import Chart, read_chart
from isthmus.ledger.revenue.invoices import Line
from isthmus.ledger.store import LedgerAsset

CHARGES_MAX = 100_000


class Charge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the file. `amount`: without tax, below zero for a credit; `key`: a charge is invoiced once by it."""

    source: str
    text: str
    amount: str
    key: str
    tax_ppm: int = 0


class Answer(msgspec.Struct, frozen=True):
    """`made`: the number of the invoice that was made; None where nothing was new. `credit`: paid and on no invoice."""

    made: int | None
    invoices: list[InvoiceTold]
    credit: str


def run(arguments: argparse.Namespace) -> int:
    """All invoices of the account in the asset; with --charges one more of what is on none yet."""
    answer = asyncio.run(_answer(arguments))
    if arguments.pdf:
        _print(arguments.pdf, answer, arguments.number or answer.made)
    if arguments.json:
        print_json(answer)
        return EXIT_OK
    for one in answer.invoices:
        say(f"{one.number:<8}{one.day}  due {one.due}{one.total:>20} {one.asset}  open {one.open}")
    if arguments.charges and answer.made is None:
        say("nothing to invoice: every charge is on an invoice already")
    return EXIT_OK


async def _answer(arguments: argparse.Namespace) -> Answer:
    store = InvoiceStore(Path(arguments.data))
    async with asked(arguments) as rows:
        chart = await read_chart(rows)
        account, asset = chart.account(arguments.account), _asset(chart, arguments.asset)
        paid = await paid_in(rows, account.number, asset.number, await point_of(rows, None))
    made = None
    if arguments.charges:
        lines = read_charges(Path(arguments.charges), asset.decimals)
        made = store.add(account.path, asset.code, lines, (_day("day", arguments.day), _day("due", arguments.due)))
    register, credit = settled(store.register(), account.path, asset.code, paid)
    own = [one for one in register.invoices if (one.account, one.asset) == (account.path, asset.code)]
    shown = [told(one, asset.decimals) for one in own]
    return Answer(made.number if made is not None else None, shown, text(credit, asset.decimals))


def read_charges(path: Path, decimals: int) -> list[Line]:
    """Rows of JSON, one a line. Raises BadInput with the line."""
    found: list[Line] = []
    try:
        rows = path.read_bytes().splitlines()
    except OSError as error:
        raise BadInput("charges", f"{path}: {error.strerror}") from error
    if len(rows) > CHARGES_MAX:
        raise BadInput("charges", f"more than {CHARGES_MAX} rows")
    for number, row in enumerate(rows, 1):
        try:
            one = msgspec.json.decode(row, type=Charge)
        except msgspec.MsgspecError as error:
            raise BadInput("charges", str(error), number) from error
        try:
            amount = units(one.amount, decimals)
        except (NotANumber, TooFine):
            raise BadInput("amount", f"{one.amount!r} is no amount with {decimals} decimals at most", number) from None
        if not one.key:
            raise BadInput("key", "is empty: without one a charge would be invoiced again", number)
        found.append(Line(source=one.source, text=one.text, amount=amount, tax_ppm=one.tax_ppm, key=one.key))
    return found


def _asset(chart: Chart, code: str) -> LedgerAsset:
    found = next((asset for asset in chart.assets.values() if asset.code == code), None)
    if found is None:
        raise BadInput("asset", f"there is no asset {code} in the books")
    return found


def _day(field: str, written: str | None) -> int:
    try:
        return (date.fromisoformat(written or "") - EPOCH).days
    except ValueError:
        raise BadInput(field, "must be a date, YYYY-MM-DD, with --charges") from None


def _print(path: str, answer: Answer, number: int | None) -> None:
    one = next((invoice for invoice in answer.invoices if invoice.number == number), None)
    if one is None:
        fail("number", "names no invoice of this account and asset")
    try:
        Path(path).write_bytes(paper(one))
    except OSError as error:
        raise BadInput("pdf", f"{path}: {error.strerror}") from error
