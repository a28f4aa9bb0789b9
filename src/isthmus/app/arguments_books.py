"""The arguments of `isthmus books`."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

BOOKS = "Books of record: every posting of the journal, in SQLite or PostgreSQL; balances, statements and checks."
AT = "a record's number, or a time (RFC 3339); without it: the end of the books"


def add_books(books: Any, add: Callable[..., ArgumentParser], data: str) -> None:
    """The commands of the group; `add` makes one (arguments.py), `data` is the default folder."""
    rebuild = add(
        books,
        "rebuild",
        "isthmus.app.books:rebuild",
        "Makes the books anew from the journal; --check compares instead and changes nothing. Exit 1 on differences.",
        "isthmus books rebuild --data data --check --json",
    )
    rebuild.add_argument("--check", action="store_true", help="compare scratch books with those kept and the engine")
    trial = add(
        books,
        "trial-balance",
        "isthmus.app.books:trial_balance",
        "Debits, credits and their sum, which is zero, of every asset. Exit 1 where it is not.",
        "isthmus books trial-balance --data data --json",
    )
    balances = add(
        books,
        "balances",
        "isthmus.app.books:balances",
        "What every account has, now or at a point in time.",
        "isthmus books balances --data data --path client --at 1200 --json",
    )
    balances.add_argument("--path", metavar="PATH", default="", help="only this account and those below it")
    periods = _add_periods(books, add)
    export = add(
        books,
        "export",
        "isthmus.app.books:export",
        "Client balances at the end of a day (UTC) as CSV, for a regulator.",
        "isthmus books export --data data --day 2026-11-27 --out balances.csv",
    )
    export.add_argument("--day", metavar="DATE", required=True, help="YYYY-MM-DD; the books must reach beyond it")
    export.add_argument("--out", metavar="F", help="where the file goes (standard output)")
    for command in (trial, balances):
        command.add_argument("--at", metavar="AT", help=AT)
    invoice = _add_invoice(books, add)
    for command in (rebuild, trial, balances, *periods, export, invoice):
        command.add_argument("--data", metavar="DIR", default=data, help="folder of the journal (data)")
        command.add_argument("--url", metavar="URL", help="postgresql://...; without it: DIR/books/books.sqlite")


def _add_periods(books: Any, add: Callable[..., ArgumentParser]) -> tuple[ArgumentParser, ...]:
    """Those that tell of what is between two points."""
    statement = add(
        books,
        "statement",
        "isthmus.app.books:statement",
        "An account between two points: opening, every posting with its cause, closing.",
        "isthmus books statement --data data --account client:demo --json",
    )
    paper = add(
        books,
        "paper",
        "isthmus.app.client_paper:run",
        "A client's statement: balances, entries, trades with value dates, positions, fees; as JSON, as PDF, or both.",
        "isthmus books paper --data data --account client:demo --pdf statement.pdf",
    )
    paper.add_argument("--pdf", metavar="F", help="where the PDF goes")
    paper.add_argument("--config", metavar="F", help="settings of the server, for its terms of settlement")
    revenue = add(
        books,
        "revenue",
        "isthmus.app.books_revenue:run",
        "What the firm earned in a period, by source and by client; both add up to the same.",
        "isthmus books revenue --data data --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z --json",
    )
    for command in (statement, paper):
        command.add_argument("--account", metavar="PATH", required=True, help="path or number of the account")
    for command in (statement, paper, revenue):
        command.add_argument(
            "--from", dest="after", metavar="AT", help="behind this point, as --to; without it: the beginning"
        )
        command.add_argument("--to", dest="upto", metavar="AT", help=f"up to this point; {AT}")
    return statement, paper, revenue


def _add_invoice(books: Any, add: Callable[..., ArgumentParser]) -> ArgumentParser:
    """Invoices of what is not charged by a posting."""
    invoice = add(
        books,
        "invoice",
        "isthmus.app.books_invoice:run",
        "A client's invoices and what is open of them; with --charges one more, of charges that are on none yet.",
        "isthmus books invoice --data data --account client:demo --asset USD --charges november.ndjson "
        "--day 2026-12-01 --due 2026-12-31 --pdf invoice.pdf",
    )
    invoice.add_argument("--account", metavar="PATH", required=True, help="path or number of the account")
    invoice.add_argument("--asset", metavar="CODE", required=True, help="what it is invoiced in")
    invoice.add_argument("--charges", metavar="F", help="rows of JSON: source, text, amount, key, tax_ppm")
    invoice.add_argument("--day", metavar="DATE", help="of the invoice, YYYY-MM-DD")
    invoice.add_argument("--due", metavar="DATE", help="when it is to be paid, YYYY-MM-DD")
    invoice.add_argument("--number", metavar="N", type=int, help="which one goes to --pdf (the one that is made)")
    invoice.add_argument("--pdf", metavar="F", help="where the PDF goes")
    return invoice
