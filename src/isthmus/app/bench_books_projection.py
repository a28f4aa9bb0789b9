"""The rows of `isthmus bench books` that carry postings from a journal into SQLite and PostgreSQL, and bare probes.

All figures are on the wall. Each round carries the whole journal into empty books in each store and, beside it, writes
the same rows as barely as the store can take them: without balances, history, progress or a key.
"""

from __future__ import annotations

import asyncio
import io
import shutil
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np

from isthmus import _core
from isthmus.app.bench_report import Probe, Rates, Row
from isthmus.app.local_postgres import local_postgres
from isthmus.engine.engine import Engine
from isthmus.engine.postings import COLUMNS, Batch, JournalPostings
from isthmus.kernel.errors import PartMissing
from isthmus.kernel.messages import AddAsset, AddInstrument, Deposit, OpenAccount
from isthmus.ledger.postgres import PostgresStore, copied
from isthmus.ledger.projection import STRETCH_POSTINGS, Projection
from isthmus.ledger.sqlite import SqliteStore
from isthmus.ledger.store import Store

ROUNDS = 3
ORDERS = 400_000
"""Every two of them trade; a trade has five postings or so."""
OWNERS = 1_024
FUNDS = 10**15
BATCH = 8_192
GOAL = 200_000.0
"""Postings a second into either store."""
SEED = 6
PLACE_ORDER, FIRST_ACCOUNT = 10, 16
ROW_NAMES = ("books_read", "books_sqlite", "books_postgresql")
BARE = {"books_sqlite": "sqlite_bare_insert", "books_postgresql": "postgresql_bare_copy"}
"""The probe beside each row."""
BARE_TABLE = (
    "CREATE TABLE bare (sequence BIGINT, place INTEGER, stamp BIGINT, source INTEGER, target INTEGER, asset INTEGER, "
    "template SMALLINT, amount BIGINT)"
)


def measured(folder: Path, orders: int = ORDERS, rounds: int = ROUNDS) -> dict[str, Any]:
    """{"workload", "rows", "peers", "probes", "ratios"}: no peers, since nobody carries a journal of ours. Writes in
    `folder` and tidies up.
    """
    data = folder / "journal-of-trades"
    write_journal(data, orders)
    batches = list(_batches(data))
    count = sum(batch.rows for batch in batches)
    rates = {name: Rates(count) for name in (*ROW_NAMES, *BARE.values())}
    missing: str | None = None
    with ExitStack() as stack:
        try:
            url = stack.enter_context(local_postgres("max_wal_size=4GB"))
        except PartMissing as error:
            url, missing = "", str(error)
        for _ in range(rounds):
            _round(folder, data, batches, rates)
            if url:
                asyncio.run(_postgres_round(url, data, batches, rates))
    shutil.rmtree(data)
    bare = {name: rates[name] for name in BARE.values() if rates[name].wall}
    return {
        "workload": {"orders": orders, "postings": count, "accounts": OWNERS, "stretch_postings": STRETCH_POSTINGS},
        "rows": [_row(name, rates[name], missing) for name in ROW_NAMES],
        "peers": [],
        "probes": [Probe(name, round(rate.wall_rate, 1), "postings/s") for name, rate in bare.items()],
        "ratios": [
            {"row": row, "over": name, "ratio": round(rates[row].wall_rate / bare[name].wall_rate, 3), "goal": None}
            for row, name in BARE.items()
            if name in bare
        ],
    }


def write_journal(data: Path, orders: int) -> None:
    """Trades of foreign exchange between so many owners, and the deposits before them."""
    engine = Engine(str(data), "never")
    for code in ("EUR", "USD"):
        engine.submit(AddAsset(code, 2), 1)
    engine.submit(
        AddInstrument(
            symbol="EUR-USD", kind=2, base=1, quote=2, price_decimals=4, quantity_decimals=0,
            tick=1, lot=1, multiplier=1, maker_fee_ppm=10, taker_fee_ppm=20,
        ), 1,
    )  # fmt: skip
    for owner in range(OWNERS):
        engine.submit(OpenAccount(1), 1)
        for asset in (1, 2):
            engine.submit(Deposit(FIRST_ACCOUNT + owner, asset, FUNDS), 1)
    rows = _orders(orders)
    for at in range(0, len(rows), BATCH):
        engine.submit_batch(rows[at : at + BATCH], 1_000_000_000 + at)
    engine.close()


def _orders(count: int) -> np.ndarray[Any, Any]:
    """A sale of one owner and at once its purchase by another, again and again."""
    pairs, chance = count // 2, np.random.default_rng(SEED)
    rows = np.zeros(2 * pairs, _core.INSTRUCTION)
    rows["command"], rows["kind"], rows["tif"], rows["instrument"] = PLACE_ORDER, 1, 1, 1
    rows["side"] = np.tile([2, 1], pairs)
    rows["account"] = FIRST_ACCOUNT + 2 * chance.integers(0, OWNERS // 2, 2 * pairs) + np.tile([0, 1], pairs)
    rows["price"] = 11_000 + np.repeat(chance.integers(0, 100, pairs), 2)
    rows["quantity"] = np.repeat(chance.integers(1, 1_000, pairs), 2)
    return rows


def _batches(data: Path) -> Iterator[Batch]:
    reader = JournalPostings(data)
    while (batch := reader.read(STRETCH_POSTINGS)).records:
        yield batch


@contextmanager
def _timed(rates: Rates) -> Iterator[None]:
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    rates.add(time.process_time() - cpu, time.perf_counter() - wall)


def _round(folder: Path, data: Path, batches: list[Batch], rates: dict[str, Rates]) -> None:
    with _timed(rates["books_read"]):
        read = sum(batch.rows for batch in _batches(data))
    assert read == rates["books_read"].count, "a journal has the same postings each time"
    kept = folder / "projected"
    with _timed(rates["books_sqlite"]):
        asyncio.run(_project(data, SqliteStore(kept / "books.sqlite"), read))
    with _timed(rates["sqlite_bare_insert"]):
        _bare_insert(kept / "bare.sqlite", batches)
    shutil.rmtree(kept)


async def _project(data: Path, store: Store, count: int) -> None:
    await store.begin_anew()
    progress = await (await Projection.begin(data, store)).run()
    await store.close()
    assert progress.postings == count, "books hold every posting"


def _bare_insert(path: Path, batches: list[Batch]) -> None:
    bare = sqlite3.connect(path, isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = NORMAL")
    bare.execute(BARE_TABLE)
    for batch in batches:
        bare.execute("BEGIN")
        columns = [batch.columns[name].tolist() for name in COLUMNS]
        bare.executemany("INSERT INTO bare VALUES (?, ?, ?, ?, ?, ?, ?, ?)", zip(*columns, strict=True))
        bare.execute("COMMIT")
    bare.close()


async def _postgres_round(url: str, data: Path, batches: list[Batch], rates: dict[str, Rates]) -> None:
    with _timed(rates["books_postgresql"]):
        await _project(data, PostgresStore(url), rates["books_postgresql"].count)
    with _timed(rates["postgresql_bare_copy"]):
        await _asked(url, lambda books: _bare_copy(books, batches))


async def _asked(url: str, act: Callable[[asyncpg.Connection], Awaitable[None]]) -> None:
    books = await asyncpg.connect(url)
    await act(books)
    await books.close()


async def _bare_copy(books: asyncpg.Connection, batches: list[Batch]) -> None:
    await books.execute("DROP TABLE IF EXISTS bare")
    await books.execute(BARE_TABLE)
    for batch in batches:
        source = io.BytesIO(copied(batch.columns))
        await books.copy_to_table("bare", source=source, columns=COLUMNS, format="binary")


def _row(name: str, rates: Rates, missing: str | None) -> Row:
    if not rates.wall:
        return Row(name=name, unit="postings/s", goal=GOAL, reason=missing)
    goal = GOAL if name != "books_read" else None
    reached = goal is None or rates.wall_rate >= goal
    return rates.row(name, "wall", unit="postings/s", goal=goal, ok=reached)
