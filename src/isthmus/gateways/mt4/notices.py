"""Orders of the bridge as they change, told to the bank one after another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from isthmus.gateways.mt4.bank import Bank, BankRefused, BankUnreachable
from isthmus.gateways.mt4.messages import StatusNotice
from isthmus.views.orders import OrderRow

log = logging.getLogger(__name__)

NOTICES_MAX = 10_000
"""Notices that wait for the bank; beyond them the oldest is dropped and said in the log."""
REST_S = 5.0
"""After a bank that could not be reached: the same notice again, with the same key."""


class Notices:
    """An outlet of the views, and the task `run` that empties it."""

    def __init__(self, bank: Bank, notice: Callable[[OrderRow], StatusNotice | None]) -> None:
        self._bank = bank
        self._notice = notice
        self._waiting: asyncio.Queue[StatusNotice] = asyncio.Queue(NOTICES_MAX)

    def order(self, row: OrderRow) -> None:
        """A client's order changed."""
        notice = self._notice(row)
        if notice is None:
            return
        if self._waiting.full():
            log.warning("the bank is not told of %s: too many notices wait", self._waiting.get_nowait().order)
        self._waiting.put_nowait(notice)

    async def run(self) -> None:
        """Until cancelled. A notice that the bank refuses is dropped and said in the log."""
        while True:
            notice = await self._waiting.get()
            while True:
                try:
                    await self._bank.tell(notice)
                except BankUnreachable as error:
                    log.warning("%s", error)
                    await asyncio.sleep(REST_S)
                    continue
                except BankRefused as error:
                    log.warning("the bank refused notice %s of %s: %s", notice.status, notice.order, error)
                break

    def record(self, record: Any) -> None:
        """Nothing."""

    def fill(self, row: Any) -> None:
        """Nothing: the order says it too."""

    def balance(self, account: int, asset: int) -> None:
        """Nothing."""

    def position(self, account: int, instrument: int) -> None:
        """Nothing."""

    def trade(self, row: Any) -> None:
        """Nothing."""
