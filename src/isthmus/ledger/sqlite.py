"""Books in an SQLite file: write-ahead log, so that readers never wait for the writer."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from isthmus.engine.postings import COLUMNS, GENESIS
from isthmus.kernel.errors import Damaged
from isthmus.kernel.messages import TEMPLATES
from isthmus.ledger import schema
from isthmus.ledger.chart import LedgerAccount, system_accounts
from isthmus.ledger.store import BooksMoved, Kept, NoBooks, Progress, Rows, Stretch, account_row, progress_of

BUSY_MS = 10_000
"""How long a writer waits for another one's transaction."""
WIDE = 1 << 63
IS_THERE = "SELECT 1 FROM sqlite_master WHERE name = 'progress'"
_VALUE = re.compile(r"\$(\d+)")
ADD_POSTINGS = (
    "INSERT INTO postings (sequence, place, stamp, source, target, asset, template, amount) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


def path_in(data: Path) -> Path:
    """Where the books of a data folder are unless a URL says otherwise."""
    return data / "books" / "books.sqlite"


class SqliteStore:
    """The store of a file; made, with its folder, when books are begun. `fast`: for scratch books that nobody keeps."""

    def __init__(self, path: Path, fast: bool = False) -> None:
        self._path = path
        self._fast = fast
        self._writer: sqlite3.Connection | None = None

    async def begin_anew(self) -> None:
        """See Store."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._make()
        except sqlite3.DatabaseError as error:
            if type(error) is not sqlite3.DatabaseError:
                raise
            await self.close()  # the file is no database any more, and nothing in it is not in the journal
            for end in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + end).unlink(missing_ok=True)
            self._make()

    def _make(self) -> None:
        with self._transaction() as books:
            for name in schema.NAMES:
                books.execute(f"DROP TABLE IF EXISTS {name}")
            for table in schema.TABLES:
                books.execute(table.format(**schema.SQLITE_TYPES))
            for more in (*schema.INDEXES, *schema.SQLITE_TRIGGERS):
                books.execute(more)
            books.executemany(_sqlite(schema.ADD_TEMPLATE), TEMPLATES.items())
            books.executemany(_sqlite(schema.ADD_ACCOUNT), map(account_row, system_accounts()))
            books.execute(_sqlite(schema.BEGIN_PROGRESS), (schema.VERSION, 0, 0, GENESIS.head, 0))

    async def kept(self) -> Kept | None:
        """See Store."""
        if not self._path.exists():
            return None
        try:
            return self._read_kept()
        except sqlite3.DatabaseError as error:
            if type(error) is not sqlite3.DatabaseError:
                raise
            return None

    def _read_kept(self) -> Kept | None:
        with self._transaction() as books:
            if not books.execute(IS_THERE).fetchone():
                return None
            progress = progress_of(books.execute(schema.READ_PROGRESS).fetchall())
            if progress is None:
                return None
            return Kept(
                progress,
                [bytes(body) for (body,) in books.execute(schema.READ_NOTED)],
                [LedgerAccount(*row) for row in books.execute(schema.READ_ACCOUNTS)],
                {(account, asset): int(amount) for account, asset, amount in books.execute(schema.READ_BALANCES)},
            )

    async def write(self, stretch: Stretch, before: Progress) -> Progress:
        """See Store."""
        batch = stretch.batch
        after = Progress(batch.end, before.postings + batch.rows)
        last, moved = batch.end.sequence, (before.place.sequence, before.place.head)
        with self._transaction() as books:
            end = (batch.end.sequence, batch.end.stamp, batch.end.head, after.postings)
            if books.execute(_sqlite(schema.MOVE_PROGRESS), (*end, *moved)).rowcount != 1:
                raise BooksMoved(f"{self._path}: another process wrote to the books")
            books.executemany(
                _sqlite(schema.ADD_ASSET), ((a.number, a.code, a.decimals, a.listed) for a in stretch.assets)
            )
            books.executemany(_sqlite(schema.ADD_ACCOUNT), map(account_row, stretch.accounts))
            books.executemany(_sqlite(schema.ADD_NOTED), batch.noted)
            columns = [batch.columns[name].tolist() for name in COLUMNS]
            books.executemany(ADD_POSTINGS, zip(*columns, strict=True))
            rows = [(account, asset, _wide(amount), last) for (account, asset), amount in stretch.balances.items()]
            books.executemany(_sqlite(schema.SET_BALANCE), rows)
            books.executemany(_sqlite(schema.ADD_HISTORY), rows)
            books.execute(_sqlite(schema.ADD_STRETCH), (last, batch.first, batch.end.stamp, batch.rows))
        return after

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Rows]:
        """See Store."""
        if not self._path.exists():
            raise NoBooks("books", f"{self._path}: there are no books yet (isthmus books rebuild makes them)")
        reader = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, isolation_level=None, timeout=BUSY_MS / 1_000)
        try:
            reader.execute("BEGIN")
            if not reader.execute(IS_THERE).fetchone():
                raise NoBooks("books", f"{self._path}: there are no books yet (isthmus books rebuild makes them)")

            async def rows(question: str, *values: Any) -> Sequence[Sequence[Any]]:
                return reader.execute(_sqlite(question), values).fetchall()

            yield rows
        except sqlite3.DatabaseError as error:
            raise Damaged(f"{self._path}: {error}") from error
        finally:
            reader.close()

    async def close(self) -> None:
        """See Store."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Taken at once as the writer's, so that nothing comes between what is read and what is written."""
        books = self._opened()
        books.execute("BEGIN IMMEDIATE")
        try:
            yield books
        except BaseException:
            books.execute("ROLLBACK")
            raise
        books.execute("COMMIT")

    def _opened(self) -> sqlite3.Connection:
        if self._writer is None:
            self._writer = sqlite3.connect(self._path, isolation_level=None, timeout=BUSY_MS / 1_000)
            self._writer.execute(f"PRAGMA journal_mode = {'OFF' if self._fast else 'WAL'}")
            # what power loss takes of the log, the journal gives back
            self._writer.execute(f"PRAGMA synchronous = {'OFF' if self._fast else 'NORMAL'}")
        return self._writer


def _sqlite(question: str) -> str:
    """Values as SQLite numbers them."""
    return _VALUE.sub(r"?\1", question)


def _wide(amount: int) -> int | str:
    return amount if -WIDE <= amount < WIDE else str(amount)
