"""The rows in a real PostgreSQL server: each once, found as in the files, and compared with the journal."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.unit.audit.order_journals import Told

from isthmus.app.cli import main
from isthmus.audit.asking import Query
from isthmus.audit.postgres import PostgresRows
from isthmus.audit.store import StoreReader, StoreWriter
from isthmus.kernel import messages
from isthmus.kernel.errors import BadInput


def broker_in(folder: Path) -> Told:
    broker = Told(folder)
    broker.place(broker.ann, messages.BUY, 10, 10_000, text="100% mine")
    broker.place(broker.bob, messages.SELL, 4, 10_000)
    broker.place(broker.bob, messages.SELL, 4, -1)
    return broker


def test_rows_are_there_once_and_found_as_in_the_files(database: str, tmp_path: Path) -> None:
    broker = broker_in(tmp_path)
    rows = broker.rows()
    writer = StoreWriter(tmp_path)
    writer.take(rows)
    writer.close()
    files, there = StoreReader(tmp_path), PostgresRows(database)
    assert asyncio.run(there.take(rows[:1])) == 1
    assert asyncio.run(there.take(rows)) == len(rows) - 1
    assert asyncio.run(there.take(rows)) == 0
    assert asyncio.run(there.last()) == rows[-1].sequence
    for query in (Query(), Query(text="100% m"), Query(event="reject"), Query(limit=2), Query(until=rows[1].time)):
        assert asyncio.run(there.search(query)).orders == files.search(query).orders
    assert asyncio.run(there.life(rows[0].order)) == files.life(rows[0].order)


def test_the_command_line_fills_asks_and_compares_a_database(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broker = broker_in(tmp_path)
    broker.engine.close()
    where = ("--data", str(tmp_path), "--url", database, "--json")

    def told(code: int, *words: str) -> Any:
        assert main(["audit", *words, *where]) == code
        return json.loads(capsys.readouterr().out)

    assert told(0, "store", "rebuild")["rows"] == 5
    assert told(0, "store", "rebuild")["rows"] == 0
    assert [row["event"] for row in told(0, "search", "--event", "reject")["orders"]] == ["reject"]
    assert told(1, "order", "999")["events"] == []
    assert told(0, "store", "rebuild", "--check")["rows"] == 5

    async def alter() -> None:
        connection = await asyncpg.connect(database)
        await connection.execute("UPDATE audit_orders SET o45 = '99.00' WHERE o65 = 'partial_fill'")
        await connection.close()

    asyncio.run(alter())
    found = told(1, "store", "rebuild", "--check")["difference"]
    assert (found["row"], found["field"], found["stored"], found["journal"]) == (2, "O45", "99.00", "100.00")


def test_a_database_that_is_not_there_is_refused_by_field() -> None:
    with pytest.raises(BadInput) as error:
        PostgresRows("sqlite:///x")
    assert error.value.field == "url"
    with pytest.raises(BadInput, match="cannot be reached"):
        asyncio.run(PostgresRows("postgresql://nobody@127.0.0.1:1/none").last())
