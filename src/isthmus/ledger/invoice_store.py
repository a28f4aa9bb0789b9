"""DATA/invoices/invoices.sqlite: every invoice that was made, by number, without gaps.

A file of its own and not a table of the books: the books are the journal's and are made anew from it at any time, while
what was agreed and invoiced stands nowhere else. What was paid is not kept here: the books say it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from isthmus.kernel.errors import BadInput, Damaged
from isthmus.ledger.points import Point
from isthmus.ledger.revenue.invoices import Invoice, Line, Register, bill, pay
from isthmus.ledger.store import Rows

FOLDER, NAME = "invoices", "invoices.sqlite"
TABLE = "CREATE TABLE IF NOT EXISTS invoices (number INTEGER PRIMARY KEY, invoice BLOB NOT NULL)"
PAID = (
    "SELECT SUM(CASE WHEN p.source = $1 THEN p.amount WHEN p.target = $1 THEN -p.amount ELSE 0 END) FROM postings p "
    "JOIN templates t ON t.number = p.template WHERE t.name = 'invoice' AND p.asset = $2 AND p.sequence <= $3"
)
BUSY_S = 5.0


class InvoiceStore:
    """In a data folder. Raises BadInput for a file that cannot be opened, Damaged for one that is none."""

    def __init__(self, data: Path) -> None:
        self._path = data / FOLDER / NAME

    def register(self) -> Register:
        """Everything, nothing being paid."""
        if not self._path.exists():
            return Register()
        with self._open() as base:
            return _register(base)

    def add(self, account: str, asset: str, lines: Iterable[Line], days: tuple[int, int]) -> Invoice | None:
        """The invoice over those lines that are on none yet, which is kept now; None if there are none."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._open() as base:
            base.execute("BEGIN IMMEDIATE")  # two that invoice at once never take one number
            before = _register(base)
            after = bill(before, account, asset, lines, days)
            if after is before:
                return None
            made = after.invoices[-1]
            base.execute("INSERT INTO invoices VALUES (?, ?)", (made.number, msgspec.json.encode(made)))
            base.execute("COMMIT")
            return made

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            base = sqlite3.connect(self._path, isolation_level=None, timeout=BUSY_S)
        except sqlite3.Error as error:
            raise BadInput("data", f"{self._path}: {error}") from error
        try:
            base.execute(TABLE)
            yield base
        except sqlite3.DatabaseError as error:
            raise Damaged(f"{self._path}: {error}") from error
        finally:
            base.close()


def _register(base: sqlite3.Connection) -> Register:
    rows = base.execute("SELECT invoice FROM invoices ORDER BY number").fetchall()
    return Register(tuple(msgspec.json.decode(row[0], type=Invoice) for row in rows))


async def paid_in(rows: Rows, account: int, asset: int, point: Point) -> int:
    """What the account paid for invoices in the asset up to the point, less what it got back."""
    found = (await rows(PAID, account, asset, point.sequence))[0][0]
    return int(found or 0)


def settled(register: Register, account: str, asset: str, paid: int) -> tuple[Register, int]:
    """The register with what the account paid in the asset, the oldest invoice first; and what is left over."""
    for invoice in register.invoices:
        part = min(paid, invoice.open)
        if (invoice.account, invoice.asset) == (account, asset) and part > 0:
            register, paid = pay(register, invoice.number, part), paid - part
    return register, paid
