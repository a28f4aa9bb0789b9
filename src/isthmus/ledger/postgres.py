"""Books in PostgreSQL, named by URL: postings go in by binary COPY, the rest of a stretch in the same transaction."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import numpy as np

from isthmus.engine.postings import COLUMNS, GENESIS
from isthmus.kernel.errors import BadInput
from isthmus.kernel.messages import TEMPLATES
from isthmus.ledger import schema
from isthmus.ledger.chart import LedgerAccount, system_accounts
from isthmus.ledger.store import BooksAway, BooksMoved, Kept, NoBooks, Progress, Rows, Stretch, account_row, progress_of

SCHEMES = ("postgresql", "postgres")
CONNECT_S = 10.0
COPY_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_END = b"\xff\xff"
WIDTHS = dict.fromkeys(("sequence", "stamp", "amount"), 8) | {"template": 2}
"""Bytes of a column; of the others four."""
COPY_ROW = np.dtype(
    [
        ("fields", ">i2"),
        *(pair for name in COLUMNS for pair in ((f"bytes_{name}", ">i4"), (name, f">i{WIDTHS.get(name, 4)}"))),
    ]
)
"""A row as COPY takes it (PostgreSQL documentation, COPY, "Binary Format"): field count, then length and value."""
MANY = "SELECT key, of, digits::numeric, $4 FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS t (key, of, digits)"
SET_BALANCES = schema.SET_BALANCE.replace(schema.ONE_BALANCE, MANY)
ADD_HISTORIES = schema.ADD_HISTORY.replace(schema.ONE_BALANCE, MANY)
"""All of a stretch in one statement."""
IS_THERE = "SELECT to_regclass('progress') IS NOT NULL"


def check_url(url: str) -> str:
    """The URL of a PostgreSQL database. Raises BadInput."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.path.strip("/"):
        raise BadInput("url", "must be postgresql://USER@HOST:PORT/DATABASE")
    return url


class PostgresStore:
    """The store of a database, in the schema that its connection finds first (public)."""

    def __init__(self, url: str) -> None:
        self._url = check_url(url)
        self._writer: asyncpg.Connection | None = None

    async def begin_anew(self) -> None:
        """See Store."""
        books = await self._opened()
        async with books.transaction():
            for name in schema.NAMES:
                await books.execute(f"DROP TABLE IF EXISTS {name} CASCADE")
            for table in schema.TABLES:
                await books.execute(table.format(**schema.POSTGRES_TYPES))
            for more in (*schema.INDEXES, *schema.POSTGRES_TRIGGERS):
                await books.execute(more)
            await books.executemany(schema.ADD_TEMPLATE, list(TEMPLATES.items()))
            await books.executemany(schema.ADD_ACCOUNT, [account_row(account) for account in system_accounts()])
            await books.execute(schema.BEGIN_PROGRESS, schema.VERSION, 0, 0, GENESIS.head, 0)

    async def kept(self) -> Kept | None:
        """See Store."""
        books = await self._opened()
        async with books.transaction(isolation="repeatable_read", readonly=True):
            if not await books.fetchval(IS_THERE):
                return None
            progress = progress_of(await books.fetch(schema.READ_PROGRESS))
            if progress is None:
                return None
            return Kept(
                progress,
                [bytes(row[0]) for row in await books.fetch(schema.READ_NOTED)],
                [LedgerAccount(*row) for row in await books.fetch(schema.READ_ACCOUNTS)],
                {(account, asset): int(amount) for account, asset, amount in await books.fetch(schema.READ_BALANCES)},
            )

    async def write(self, stretch: Stretch, before: Progress) -> Progress:
        """See Store."""
        batch = stretch.batch
        after = Progress(batch.end, before.postings + batch.rows)
        last, moved = batch.end.sequence, (before.place.sequence, before.place.head)
        books = await self._opened()
        async with books.transaction():
            end = (batch.end.sequence, batch.end.stamp, batch.end.head, after.postings)
            if await books.execute(schema.MOVE_PROGRESS, *end, *moved) != "UPDATE 1":
                raise BooksMoved("another process wrote to the books")
            listed = [(asset.number, asset.code, asset.decimals, asset.listed) for asset in stretch.assets]
            await books.executemany(schema.ADD_ASSET, listed)
            await books.executemany(schema.ADD_ACCOUNT, [account_row(account) for account in stretch.accounts])
            await books.executemany(schema.ADD_NOTED, batch.noted)
            if batch.rows:
                source = io.BytesIO(copied(batch.columns))
                await books.copy_to_table("postings", source=source, columns=COLUMNS, format="binary")
            accounts, assets = ([key[at] for key in stretch.balances] for at in (0, 1))
            amounts = [str(amount) for amount in stretch.balances.values()]
            for add in (SET_BALANCES, ADD_HISTORIES):
                await books.execute(add, accounts, assets, amounts, last)
            await books.execute(schema.ADD_STRETCH, last, batch.first, batch.end.stamp, batch.rows)
        return after

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Rows]:
        """See Store."""
        reader = await self._connected()
        try:
            async with reader.transaction(isolation="repeatable_read", readonly=True):
                if not await reader.fetchval(IS_THERE):
                    raise NoBooks("books", "there are no books in this database yet (isthmus books rebuild makes them)")

                async def rows(question: str, *values: Any) -> Sequence[Sequence[Any]]:
                    return [tuple(row) for row in await reader.fetch(question, *values)]

                yield rows
        finally:
            await reader.close()

    async def close(self) -> None:
        """See Store."""
        if self._writer is not None:
            await self._writer.close()
            self._writer = None

    async def _opened(self) -> asyncpg.Connection:
        if self._writer is None or self._writer.is_closed():
            self._writer = await self._connected()
        return self._writer

    async def _connected(self) -> asyncpg.Connection:
        try:
            return await asyncpg.connect(self._url, timeout=CONNECT_S)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
            raise BooksAway("url", f"the books' database cannot be reached: {error}") from error


def copied(columns: dict[str, Any]) -> bytes:
    """Rows of postings as COPY takes them: no Python object for a value."""
    rows = np.empty(len(columns["sequence"]), COPY_ROW)
    rows["fields"] = len(COLUMNS)
    for name in COLUMNS:
        rows[f"bytes_{name}"] = WIDTHS.get(name, 4)
        rows[name] = columns[name]
    return COPY_HEAD + rows.tobytes() + COPY_END
