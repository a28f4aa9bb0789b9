"""The process that keeps the books while a server writes the journal: beside the engine, never in its way.

It ends when its standard input does, which is when the server stops or is killed: then it carries over what is left.
What keeps it from going on is told on standard output, a row (JSON) each time it changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
from pathlib import Path

import asyncpg

from isthmus.app.beside import end_with_server, step_back
from isthmus.app.output import print_json
from isthmus.engine.engine import JournalDamaged
from isthmus.kernel.errors import IsthmusError
from isthmus.ledger.postgres import PostgresStore
from isthmus.ledger.projection import Projection
from isthmus.ledger.sqlite import SqliteStore, path_in
from isthmus.ledger.store import BooksDiffer, BooksMoved, Store

RETRY_S = 2.0
"""After a fault: a database that is away, a disk that is full."""
FAULTS = (IsthmusError, JournalDamaged, OSError, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError)


class Follower:
    """`stopped` is set when the server is gone; `every_s` passes between two looks at what is new."""

    def __init__(self, data: Path, store: Store, every_s: float) -> None:
        self.stopped = asyncio.Event()
        self._data = data
        self._store = store
        self._every_s = every_s
        self._fault: str | None = None

    async def run(self) -> None:
        """Until the server is gone and the books reach to the end of the journal, or cannot."""
        projection: Projection | None = None
        while True:
            ending = self.stopped.is_set()
            try:
                projection = projection or await Projection.begin(self._data, self._store)
                await projection.run()
                self._tell(None)
                pause = self._every_s
            except BooksMoved:
                projection, pause = None, 0.0
            except BooksDiffer as error:
                self._tell(f"{error}; that is done now")
                await self._anew()
                projection, pause = None, 0.0
            except FAULTS as error:
                self._tell(str(error) or type(error).__name__)
                projection, pause = None, RETRY_S
            if ending:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.stopped.wait()

    async def _anew(self) -> None:
        try:
            await self._store.begin_anew()
        except FAULTS as error:
            self._tell(str(error) or type(error).__name__)
            await asyncio.sleep(RETRY_S)

    def _tell(self, fault: str | None) -> None:
        if fault != self._fault:
            self._fault = fault
            with contextlib.suppress(BrokenPipeError):
                print_json({"fault": fault})


async def follow(data: Path, url: str, every_s: float) -> None:
    """Keeps the books of a data folder until standard input ends."""
    store: Store = PostgresStore(url) if url else SqliteStore(path_in(data))
    follower = Follower(data, store, every_s)
    end_with_server(follower.stopped)
    await follower.run()
    await store.close()


def main() -> int:
    """Arguments: data folder, URL or nothing, seconds between two looks."""
    step_back()
    data, url, every_s = sys.argv[1:4]
    asyncio.run(follow(Path(data), url, float(every_s)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
