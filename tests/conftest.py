"""What several test folders need: recorded data, an engine in memory, a free port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
from hypothesis import settings

from isthmus.app.local_postgres import local_postgres
from isthmus.kernel.errors import PartMissing

if TYPE_CHECKING:
    from isthmus._core import Engine

settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")

_limit = sys.getrecursionlimit()
with contextlib.suppress(ImportError):
    import eth_account.messages  # noqa: F401 - a library below it raises the limit beyond what the stack of C holds
sys.setrecursionlimit(_limit)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of recorded data that ISTHMUS_TEST_DATA names; without it the test is skipped."""
    folder = os.environ.get("ISTHMUS_TEST_DATA", "")
    if not folder:
        pytest.skip("needs recorded data: set ISTHMUS_TEST_DATA")
    assert Path(folder).is_dir(), f"ISTHMUS_TEST_DATA={folder} is no folder"
    return Path(folder)


@pytest.fixture
def engine() -> Engine:
    """An empty engine in memory."""
    from isthmus._core import Engine

    return Engine()


@pytest.fixture
def free_port() -> int:
    """A TCP port of the loopback address that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a real PostgreSQL server; skipped where none is installed."""
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(local_postgres("fsync=off", "synchronous_commit=off", "max_connections=20"))
        except PartMissing as missing:
            pytest.skip(str(missing))
        yield url


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """The URL of an empty database of the real server."""
    name = f"books_{secrets.token_hex(6)}"

    async def ask(statement: str) -> None:
        connection = await asyncpg.connect(postgres)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(ask(f"CREATE DATABASE {name}"))
    yield f"{postgres.rsplit('/', 1)[0]}/{name}"
    asyncio.run(ask(f"DROP DATABASE {name} WITH (FORCE)"))
