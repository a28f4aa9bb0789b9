"""A process that follows the journal beside the server: started, started again should it end, ended with the server.

It tells on standard output, a row (JSON) each time that changes, what keeps it from going on (`fault`). It ends when
its standard input does.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from typing import ClassVar

import msgspec

from isthmus.app.output import EXIT_FOUND, note

AGAIN_S = 5.0
"""Between the end of one process and the start of the next."""
LAST_S = 20.0
"""How long a stop waits for it to reach the end of the journal; what is missing then comes at the next start."""


class BesideProcess:
    """`fault`: what keeps it from going on, None while it does. One that ends with EXIT_FOUND found what no new start
    mends: it is not started again, and its last fault stays.
    """

    name: ClassVar[str]
    """What it keeps."""
    module: ClassVar[str]

    def __init__(self, words: tuple[str, ...]) -> None:
        self.fault: str | None = None
        self._words = words
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Beside the loop; a fault is told, and never the server's end."""
        self._task = asyncio.create_task(self._keep())

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
            note(f"{self.name}: the end of the journal is not reached yet; that goes on at the next start")
            process.kill()
            await process.wait()

    async def _keep(self) -> None:
        while True:
            words = ("-m", self.module, *self._words)
            self._process = await asyncio.create_subprocess_exec(sys.executable, *words, stdin=PIPE, stdout=PIPE)
            assert self._process.stdout is not None, "it was asked for"
            async for line in self._process.stdout:
                self._heard(line)
            code = await self._process.wait()
            if code == EXIT_FOUND and self.fault is not None:
                return
            self._told(f"the process that keeps it ended with code {code}")
            await asyncio.sleep(AGAIN_S)

    def _heard(self, line: bytes) -> None:
        with contextlib.suppress(msgspec.DecodeError):
            self._told(msgspec.json.decode(line).get("fault"))

    def _told(self, fault: str | None) -> None:
        if fault is not None:
            note(f"{self.name}: {fault}")
        elif self.fault is not None:
            note(f"{self.name}: going on")
        self.fault = fault
