"""Cancel-on-disconnect: the orders of a session go when its connection ends."""

from __future__ import annotations

import asyncio

from isthmus.gateways.entry import OrderEntry
from isthmus.gateways.problems import Refusal
from isthmus.gateways.submission import Asker

RETRY_S = 1.0
"""Between two tries while no command is taken."""


class Disconnects:
    """What a client was promised is done although he is gone: a cancel that is not taken is tried until it is."""

    def __init__(self, entry: OrderEntry) -> None:
        self._entry = entry
        self._waiting: set[asyncio.Task[None]] = set()

    def end(self, account: int, session: int, asker: Asker) -> None:
        """The connection that stood for this session is gone."""
        if self._is_done(account, session, asker):
            return
        task = asyncio.create_task(self._until_done(account, session, asker))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    def _is_done(self, account: int, session: int, asker: Asker) -> bool:
        try:
            self._entry.end_session(account, session, asker)
        except Refusal:
            return False
        return True

    async def _until_done(self, account: int, session: int, asker: Asker) -> None:
        while True:
            await asyncio.sleep(RETRY_S)
            if self._is_done(account, session, asker):
                return
