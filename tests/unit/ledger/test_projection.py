"""What the journal says stands in the books: in SQLite and in PostgreSQL, whole or in pieces, after any end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.ledger.journals import SESSIONS, Ask, played

from isthmus.engine.engine import Engine, JournalReader
from isthmus.engine.postings import JournalPostings, OtherJournal, balances_at, end_of
from isthmus.ledger import projection as projecting
from isthmus.ledger.balances import trial_balance
from isthmus.ledger.checking import against_engine, compared
from isthmus.ledger.points import Point, at_record, newest, read_chart
from isthmus.ledger.points import balances_at as books_at
from isthmus.ledger.postgres import PostgresStore
from isthmus.ledger.projection import Projection
from isthmus.ledger.sqlite import SqliteStore
from isthmus.ledger.store import BooksDiffer, BooksMoved, Store

TABLES = ("assets", "accounts", "postings", "balances", "templates", "noted")


async def carried(data: Path, store: Store, upto: int | None = None) -> Any:
    projection = await (Projection.begin(data, store) if upto is None else Projection.begin(data, store, upto))
    return await projection.run()


async def tables(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Everything but what depends on where transactions were cut."""
    async with store.reading() as rows:
        found = {}
        for name in TABLES:
            kept = "account, asset, amount" if name == "balances" else "*"
            found[name] = sorted(
                tuple(int(v) if name == "balances" else bytes(v) if isinstance(v, bytes) else v for v in row)
                for row in await rows(f"SELECT {kept} FROM {name}")
            )
        return found


def engine_postings(engine: Engine, data: Path) -> list[tuple[int, ...]]:
    """As the engine says them, record by record."""
    return [
        (record.sequence, place, record.stamp, p.source, p.target, p.asset, p.template, p.amount)
        for record in JournalReader(str(data))
        for place, p in enumerate(engine.postings(record))
    ]


def test_columns_hold_every_posting_of_the_journal_in_order(tmp_path: Path) -> None:
    engine = played(tmp_path / "data", 3, 300)
    read = JournalPostings(tmp_path / "data").read(1_000_000)
    columns = [column.tolist() for column in read.columns.values()]
    assert list(zip(*columns, strict=True)) == engine_postings(engine, tmp_path / "data")
    assert (read.first, read.end.sequence, read.end.stamp) == (1, engine.sequence, engine.stamp)
    assert read.end.head == engine.head
    engine.close()


def test_books_hold_the_balances_of_the_engine(data: Path, store: Store, ask: Ask) -> None:
    async def books() -> tuple[dict[Any, int], dict[Any, int]]:
        progress = await carried(data, store)
        async with store.reading() as rows:
            return await books_at(rows, await newest(rows)), {
                (account, asset): amount for account, asset, amount in balances_at(str(data), progress.place.sequence)
            }

    have, engine = ask(books())
    assert {key: amount for key, amount in have.items() if amount} == engine
    assert engine


def test_every_asset_adds_up_to_zero(data: Path, store: Store, ask: Ask) -> None:
    async def trial() -> list[Any]:
        await carried(data, store)
        async with store.reading() as rows:
            return trial_balance(await read_chart(rows), await books_at(rows, await newest(rows)))

    rows = ask(trial())
    assert [row.asset for row in rows] == ["USD", "EUR", "BTC", "XYZ", "GBP"]
    assert all(set(row.sum) <= set("0.") and row.debits == row.credits for row in rows)


def test_books_carried_in_pieces_are_those_carried_at_once(
    data: Path, store: Store, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = SqliteStore(tmp_path / "whole.sqlite")
    ask(carried(data, whole))
    monkeypatch.setattr(projecting, "STRETCH_POSTINGS", 7)
    for upto in (1, 12, 13, 200, end_of(data)):
        assert ask(carried(data, store, upto)).place.sequence == upto
    assert ask(tables(store)) == ask(tables(whole))
    assert ask(compared(store, whole)) == ([], end_of(data))


@pytest.mark.parametrize("step", [1, 5, 64])
def test_a_point_in_time_is_what_the_books_were_then(
    data: Path, store: Store, ask: Ask, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(projecting, "STRETCH_POSTINGS", step)

    async def points() -> list[tuple[dict[Any, int], dict[Any, int]]]:
        await carried(data, store)
        found = []
        async with store.reading() as rows:
            for sequence in (0, 1, 60, 61, 233, end_of(data)):
                have = await books_at(rows, await at_record(rows, sequence))
                found.append(({key: v for key, v in have.items() if v}, summed(data, sequence)))
        return found

    for have, expected in ask(points()):
        assert have == expected


def summed(data: Path, upto: int) -> dict[tuple[int, int], int]:
    sums: dict[tuple[int, int], int] = defaultdict(int)
    columns = JournalPostings(data, upto=upto).read(1_000_000).columns if upto else {"source": []}
    for at in range(len(columns["source"])):
        source, target, asset, amount = (int(columns[name][at]) for name in ("source", "target", "asset", "amount"))
        sums[source, asset] -= amount
        sums[target, asset] += amount
    return {key: amount for key, amount in sums.items() if amount}


@pytest.mark.parametrize("kind", SESSIONS)
def test_every_change_of_a_balance_has_its_posting(tmp_path: Path, ask: Ask, kind: str) -> None:
    kinds = set()
    for seed in range(8):
        data = tmp_path / str(seed)
        engine = played(data, seed, 250, kind=kind)
        store = SqliteStore(data / "books.sqlite", fast=True)
        ask(carried(data, store))
        assert ask(against_engine(store, data)) == [], (kind, seed)
        kinds |= {row[6] for row in engine_postings(engine, data)}
        engine.close()
    assert kinds >= {4, 5, 6} if kind != "ledger" else {20} <= kinds, kinds


def test_changes_are_exact_beyond_64_bits() -> None:
    most = (1 << 63) - 1
    columns = {
        "source": np.array([1, 1, 2], np.uint32), "target": np.array([16, 16, 16], np.uint32),
        "asset": np.array([3, 3, 3], np.uint32), "amount": np.array([most, most, 1], np.int64),
    }  # fmt: skip
    assert projecting.changes(columns) == {(1, 3): -2 * most, (2, 3): -1, (16, 3): 2 * most + 1}


def test_two_processes_never_both_write_the_same_stretch(data: Path, store: Store, ask: Ask) -> None:
    async def race() -> None:
        first, second = await Projection.begin(data, store), await Projection.begin(data, store)
        await first.step()
        with pytest.raises(BooksMoved):
            await second.step()

    ask(race())


def test_books_of_another_journal_are_refused(data: Path, store: Store, ask: Ask, tmp_path: Path) -> None:
    ask(carried(data, store, 100))
    other = tmp_path / "other"
    played(other, 8, 400).close()
    with pytest.raises(BooksDiffer):
        ask(carried(other, store))
    short = tmp_path / "short"
    played(short, 7, 10).close()
    ask(carried(data, store))
    with pytest.raises(BooksDiffer, match="the journal to record"):
        ask(carried(short, store))


def test_a_reader_refuses_a_journal_that_does_not_follow(data: Path) -> None:
    begun = JournalPostings(data, upto=50).read(1_000_000)
    noted = [body for _, body in begun.noted]
    wrong = type(begun.end)(50, begun.end.stamp, bytes(32))
    with pytest.raises(OtherJournal, match="record 51"):
        JournalPostings(data, wrong, noted).read(10)
    assert JournalPostings(data, begun.end, noted).read(1_000_000).end.sequence == end_of(data)


def test_postings_can_not_be_changed(data: Path, store: Store, ask: Ask) -> None:
    ask(carried(data, store))

    async def harm(statement: str) -> None:
        if isinstance(store, PostgresStore):
            await (await store._opened()).execute(statement)
        else:
            assert isinstance(store, SqliteStore)
            with store._transaction() as books:
                books.execute(statement)

    for statement in ("UPDATE postings SET amount = 1", "DELETE FROM postings"):
        with pytest.raises(Exception, match="immutable"):
            ask(harm(statement))


FOLLOW = """
import asyncio, sys
from pathlib import Path
from isthmus.ledger import projection
from isthmus.ledger.postgres import PostgresStore
from isthmus.ledger.sqlite import SqliteStore
projection.STRETCH_POSTINGS = 5
async def main():
    where = sys.argv[2]
    store = PostgresStore(where) if "://" in where else SqliteStore(Path(where))
    following = await projection.Projection.begin(Path(sys.argv[1]), store)
    while await following.step():
        print(following.progress.place.sequence, flush=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("behind", [1, 3, 11])
def test_books_go_on_after_kill_9_in_the_middle(
    data: Path, store: Store, ask: Ask, tmp_path: Path, behind: int
) -> None:
    where = store._url if isinstance(store, PostgresStore) else str(tmp_path / "books" / "books.sqlite")
    writer = subprocess.Popen([sys.executable, "-c", FOLLOW, str(data), where], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    seen = [int(writer.stdout.readline()) for _ in range(behind)]
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    kept = ask(store.kept())
    assert seen[-1] <= kept.progress.place.sequence
    ask(carried(data, store))
    whole = SqliteStore(tmp_path / "whole.sqlite")
    ask(carried(data, whole))
    assert ask(tables(store)) == ask(tables(whole))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10**6), length=st.integers(1, 250), cut=st.integers(1, 90), kind=st.sampled_from([*SESSIONS])
)
def test_sqlite_and_postgresql_give_equal_answers(
    database: str, tmp_path_factory: pytest.TempPathFactory, seed: int, length: int, cut: int, kind: str
) -> None:
    folder = tmp_path_factory.mktemp("equal")
    played(folder / "data", seed, length, kind=kind).close()
    asyncio.run(_equal(folder, database, cut))


async def _equal(folder: Path, database: str, cut: int) -> None:
    one, two = SqliteStore(folder / "books.sqlite"), PostgresStore(database)
    await two.begin_anew()
    projecting.STRETCH_POSTINGS, usual = cut, projecting.STRETCH_POSTINGS
    try:
        for store in (one, two):
            await carried(folder / "data", store)
    finally:
        projecting.STRETCH_POSTINGS = usual
    assert await tables(one) == await tables(two)
    assert await compared(one, two) == ([], end_of(folder / "data"))
    assert await compared(two, one) == ([], end_of(folder / "data"))
    assert await against_engine(two, folder / "data") == []
    async with one.reading() as ours, two.reading() as theirs:
        for sequence in range(0, end_of(folder / "data") + 1, 7):
            points = [await at_record(ours, sequence), await at_record(theirs, sequence)]
            assert points[0] == points[1]
            assert await books_at(ours, points[0]) == await books_at(theirs, points[1])
        assert await newest(ours) == Point(end_of(folder / "data"), end_of(folder / "data"))
    await one.close()
    await two.close()
