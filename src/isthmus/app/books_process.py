"""Starts the process that keeps the books, starts it again should it end, and ends it with the server."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import msgspec

from isthmus.app.output import note
from isthmus.app.settings import BooksSettings

MODULE = "isthmus.app.books_follower"
AGAIN_S = 5.0
"""Between the end of one process and the start of the next."""
LAST_S = 20.0
"""How long a stop waits for the books to reach the end of the journal; what is missing then comes at the next start."""


class BooksProcess:
    """`fault`: what keeps the books from going on, None while they do."""

    def __init__(self, data: Path, settings: BooksSettings) -> None:
        self.fault: str | None = None
        self._words = (str(data), settings.url, str(settings.every_s))
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def started(cls, data: Path, settings: BooksSettings) -> BooksProcess:
        """Beside the loop, where books are kept; a fault of theirs is told, and never the server's end."""
        books = cls(data, settings)
        if settings.enabled:
            books._task = asyncio.create_task(books._keep())
        return books

    async def close(self) -> None:
        """Behind the journal's last record: lets the process carry over the rest."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        process = self._process
        if process is None or process.returncode is not None:
            return
        assert process.stdin is not None, "it was started with one"
        process.stdin.close()
        try:
            async with asyncio.timeout(LAST_S):
                await process.wait()
        except TimeoutError:
            note("the books do not reach the end of the journal yet; they go on at the next start")
            process.kill()
            await process.wait()

    async def _keep(self) -> None:
        while True:
            words = ("-m", MODULE, *self._words)
            self._process = await asyncio.create_subprocess_exec(sys.executable, *words, stdin=PIPE, stdout=PIPE)
            assert self._process.stdout is not None, "it was asked for"
            async for line in self._process.stdout:
                self._heard(line)
            code = await self._process.wait()
            self._told(f"the process that keeps them ended with code {code}")
            await asyncio.sleep(AGAIN_S)

    def _heard(self, line: bytes) -> None:
        with contextlib.suppress(msgspec.DecodeError):
            self._told(msgspec.json.decode(line).get("fault"))

    def _told(self, fault: str | None) -> None:
        if fault is not None:
            note(f"books: {fault}")
        elif self.fault is not None:
            note("books: go on")
        self.fault = fault
