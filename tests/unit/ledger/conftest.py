"""Journals of random sessions, and books of them in SQLite and in a real PostgreSQL server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.ledger.journals import Ask, played

from isthmus.ledger.postgres import PostgresStore
from isthmus.ledger.sqlite import SqliteStore
from isthmus.ledger.store import Store


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Runs coroutines of one test on one loop."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path, ask: Ask) -> Iterator[Store]:
    """Empty books, once in each kind of store."""
    made: Store
    if request.param == "sqlite":
        made = SqliteStore(tmp_path / "books" / "books.sqlite")
    else:
        made = PostgresStore(request.getfixturevalue("database"))
    yield made
    ask(made.close())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder of a journal of 400 commands, stopped cleanly."""
    folder = tmp_path / "data"
    played(folder, 7, 400).close()
    return folder
