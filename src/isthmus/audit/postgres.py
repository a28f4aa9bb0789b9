"""The audit store in PostgreSQL, named by URL: rows go in by COPY, in transactions of whole records."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import msgspec

from isthmus.audit.asking import Found, Life, Query, days_question, events_of, found_of, life_question, question
from isthmus.audit.comparing import Difference, missing_row, of_rows
from isthmus.audit.dropping import DayKept, Drop, begun_of
from isthmus.audit.jurisdictions import FIELDS
from isthmus.audit.parts import day_of
from isthmus.audit.retention import DONE, Asked
from isthmus.audit.rows import Row
from isthmus.kernel.errors import BadInput, Damaged

TABLE = "audit_orders"
DROPS = "audit_drops"
"""Days that went from the table, in the same transaction as the record of it."""
CONNECT_S = 10.0
PAGE = 10_000
"""Rows that are read at a time."""
COLUMNS = ("sequence", "place", "order_id", "day", "time", *(field.lower() for field in FIELDS))
TYPES = ("bigint NOT NULL", "integer NOT NULL", "bigint NOT NULL", "date NOT NULL", "bigint NOT NULL")
MAKE = (
    f"CREATE TABLE IF NOT EXISTS {TABLE} ("
    + ", ".join(f"{name} {kind}" for name, kind in zip(COLUMNS, (*TYPES, *["text"] * len(FIELDS)), strict=True))
    + ", fingerprint bytea, previous bytea, PRIMARY KEY (sequence, place))",
    f"CREATE TABLE IF NOT EXISTS {DROPS} (day date PRIMARY KEY, record text NOT NULL)",
    *(f"CREATE INDEX IF NOT EXISTS {TABLE}_{name} ON {TABLE} ({name})" for name in ("order_id", "o03", "time")),
)
LOCK = f"LOCK TABLE {TABLE} IN SHARE ROW EXCLUSIVE MODE"
LAST = f"SELECT coalesce(max(sequence), 0) FROM {TABLE}"  # noqa: S608 (own words only)
SPAN = f"SELECT min(sequence), max(sequence) FROM {TABLE} WHERE day = $1"  # noqa: S608 (own words only)
KEEP = f"INSERT INTO {DROPS} (day, record) VALUES ($1, $2) ON CONFLICT (day) DO UPDATE SET record = $2"  # noqa: S608 (own words only)
READ = (
    f"SELECT sequence, place, order_id, time, {', '.join(field.lower() for field in FIELDS)} FROM {TABLE} "  # noqa: S608 (own words only)
    f"WHERE (sequence, place) > ($1, $2) ORDER BY sequence, place LIMIT {PAGE}"
)


class PostgresRows:
    """Of a database, in the schema that its connection finds first. Raises BadInput where it cannot be reached."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
            raise BadInput("url", "must be postgresql://USER@HOST:PORT/DATABASE")
        self._url = url

    async def last(self) -> int:
        """The last record with rows here; 0 without any. Makes the table where there is none."""
        async with self._opened() as rows:
            await _make(rows)
            return int(await rows.fetchval(LAST))

    async def take(self, rows: Sequence[Row], marks: Sequence[tuple[bytes, bytes]] | None = None) -> int:
        """Writes the rows of whole records behind the last one that is here, in one transaction; how many were new."""
        async with self._opened() as database, database.transaction():
            await _make(database)
            await database.execute(LOCK)
            last, gone = await database.fetchval(LAST), await _drops(database)
            records = [
                (row.sequence, row.place, row.order, day_of(row.time), row.time, *row.values, *_mark(marks, at))
                for at, row in enumerate(rows)
                if row.sequence > last and day_of(row.time) not in gone
            ]
            await database.copy_records_to_table(TABLE, records=records, columns=(*COLUMNS, "fingerprint", "previous"))
            return len(records)

    async def search(self, query: Query) -> Found:
        """Newest first. `rows_scanned` counts all rows: the database keeps to itself which it read."""
        began = time.perf_counter()
        sql, values = question(query, TABLE)
        async with self._opened() as rows:
            await _make(rows)
            found = await rows.fetch(sql, *values)
            scanned = await rows.fetchval(f"SELECT count(*) FROM {TABLE}")  # noqa: S608 (own words only)
            dropped = (await _drops(rows)).values()
            return found_of(list(found), query, (time.perf_counter() - began, int(scanned)), dropped)

    async def life(self, order: int) -> Life:
        """Every event of an order, oldest first."""
        sql, values = life_question(order, TABLE)
        async with self._opened() as rows:
            await _make(rows)
            found = await rows.fetch(sql, *values)
            return events_of(order, list(found), (await _drops(rows)).values())

    async def drops(self) -> dict[dt.date, Drop]:
        """Days that went, by day."""
        async with self._opened() as database:
            await _make(database)
            return await _drops(database)

    async def days(self) -> dict[dt.date, int]:
        """Rows by day."""
        async with self._opened() as database:
            await _make(database)
            found = await database.fetch(f"SELECT day, count(*) FROM {TABLE} GROUP BY day ORDER BY day")  # noqa: S608 (own words only)
            return {day: int(count) for day, count in found}

    async def days_of(self, account: str) -> set[dt.date]:
        """Days on which the account has rows."""
        sql, values = days_question(account, TABLE)
        async with self._opened() as database:
            await _make(database)
            return {row[0] for row in await database.fetch(sql, *values)}

    async def drop(self, kept: DayKept, jurisdictions: list[str], asked: Asked) -> Drop:
        """Takes the rows of a day away, on record in the same transaction: both are there, or neither. Raises BadInput
        where the day may not go.
        """
        async with self._opened() as database, database.transaction():
            await database.execute(LOCK)
            first, last = await database.fetchrow(SPAN, kept.day)
            done = msgspec.structs.replace(begun_of(kept, (first, last), jurisdictions, asked), state=DONE)
            await database.execute(KEEP, kept.day, msgspec.json.encode(done).decode())
            await database.execute(f"DELETE FROM {TABLE} WHERE day = $1", kept.day)  # noqa: S608 (own words only)
            return done

    async def differs(self, made: Callable[[], Row | None]) -> tuple[int, Difference | None]:
        """Rows compared, and the first that is not what `made` gives next. The journal may have more."""
        count, at = 0, (-1, -1)
        async with self._opened() as rows:
            await _make(rows)
            gone = await _drops(rows)
            following = (row for row in iter(made, None) if day_of(row.time) not in gone)
            waiting = next(following, None)
            while page := await rows.fetch(READ, *at):
                for record in page:
                    sequence, place, order, stamp, *values = tuple(record)
                    stored = Row(sequence, place, order, stamp, tuple(values))
                    if (found := of_rows(TABLE, count, stored, waiting)) is not None:
                        return count, found
                    at, count, waiting = (sequence, place), count + 1, next(following, None)
        if waiting is not None and waiting.sequence <= at[0]:
            return count, missing_row(TABLE, count, waiting)
        return count, None

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[asyncpg.Connection]:
        try:
            connection = await asyncpg.connect(self._url, timeout=CONNECT_S)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
            raise BadInput("url", f"the database cannot be reached: {error}") from error
        try:
            yield connection
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Damaged(f"{TABLE}: {error}") from error
        finally:
            await connection.close()


async def _drops(database: Any) -> dict[dt.date, Drop]:
    found = await database.fetch(f"SELECT record FROM {DROPS} ORDER BY day")  # noqa: S608 (own words only)
    read = [msgspec.json.decode(row[0], type=Drop) for row in found]
    return {drop.day: drop for drop in read}


async def _make(database: Any) -> None:
    for statement in MAKE:
        await database.execute(statement)


def _mark(marks: Sequence[tuple[bytes, bytes]] | None, at: int) -> tuple[bytes | None, bytes | None]:
    return marks[at] if marks is not None else (None, None)
