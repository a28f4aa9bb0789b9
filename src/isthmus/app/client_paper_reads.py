"""Client statements for the gateways, each drawn by a process of its own (`client_paper_process.py`), one at a time."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Literal

import msgspec

from isthmus.app.client_paper import Asked
from isthmus.app.client_paper_process import EXIT_REFUSED, Refused, Wanted
from isthmus.app.settlement_settings import SettlementSettings
from isthmus.gateways.problems import Refusal

MODULE = "isthmus.app.client_paper_process"
WAITING_MAX = 16
"""Who waits for a statement; more are told to come again."""
TIMEOUT_S = 120.0
"""Of one statement."""
BUSY_S = 5


class ClientPaperReads:
    """`url`: of the books; empty for the file in the data folder."""

    def __init__(self, data: Path, url: str, settlement: SettlementSettings) -> None:
        self._data = data
        self._url = url
        self._settlement = settlement
        self._one = asyncio.Lock()
        self._waiting = 0

    async def statement(
        self, account: str, span: tuple[str | None, str | None], format_: Literal["json", "pdf"]
    ) -> bytes:
        """See StatementReader."""
        if self._waiting >= WAITING_MAX:
            later = (("retry-after", str(BUSY_S)),)
            raise Refusal(
                503, "busy", "other statements are being drawn: ask again", limit=str(WAITING_MAX), headers=later
            )
        asked = Asked(data=str(self._data), url=self._url or None, account=account, after=span[0], upto=span[1])
        self._waiting += 1
        try:
            async with self._one:
                return await self._drawn(Wanted(asked, self._settlement, format_))
        finally:
            self._waiting -= 1

    async def _drawn(self, wanted: Wanted) -> bytes:
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", MODULE, stdin=PIPE, stdout=PIPE)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                printed, _ = await process.communicate(msgspec.json.encode(wanted))
        except TimeoutError:
            limit = f"{TIMEOUT_S:.0f} s"
            raise Refusal(503, "busy", f"the statement took longer than {limit}", limit=limit) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode == 0:
            return printed
        if process.returncode != EXIT_REFUSED:
            raise Refusal(503, "no_books", f"the statement could not be drawn (code {process.returncode})")
        raise _refusal(msgspec.json.decode(printed, type=Refused))


def _refusal(why: Refused) -> Refusal:
    if why.kind == "away":
        return Refusal(503, "no_books", f"the books cannot be read: {why.reason}")
    if why.kind == "bad":
        return Refusal(422, "malformed_request", why.reason, field=why.field)
    return Refusal(404, why.kind, why.reason, field=why.field)
