"""What happens to an account's orders, as a stream of messages."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from isthmus.engine.engine import Record
from isthmus.gateways.grpc import isthmus_pb2 as wire
from isthmus.gateways.grpc import messages
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads, Wanted
from isthmus.gateways.render import Renderer
from isthmus.views.orders import FillRow, OrderRow
from isthmus.views.tape import TradeRow

STANDING_MAX = 10_000
"""Open orders that a stream begins with; an account with more is refused and reads pages."""
STREAMS_MAX = 4_096
"""Streams open at once, over all clients."""


class Inbox:
    """Messages that one client has not been sent yet, bounded in bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0
        self._waiting: deque[bytes] = deque()
        self._something = asyncio.Event()

    def put(self, made: bytes) -> None:
        """Never blocks; over the limit nothing more is kept, and `next` says so."""
        self._bytes += len(made)
        if self._bytes <= self._most:
            self._waiting.append(made)
        self._something.set()

    async def next(self) -> bytes:
        """The oldest. Raises Refusal 429 when the client read too slowly."""
        while not self._waiting:
            if self._bytes > self._most:
                raise Refusal(429, "rate_limited", "too much was unread: begin again", limit=str(self._most))
            self._something.clear()
            await self._something.wait()
        made = self._waiting.popleft()
        if self._bytes <= self._most:
            self._bytes -= len(made)
        return made


class Executions:
    """An outlet of the views."""

    def __init__(self, reads: Reads, renderer: Renderer, unsent_bytes: int) -> None:
        self._reads = reads
        self._render = renderer
        self._unsent_bytes = unsent_bytes
        self._inboxes: dict[int, set[Inbox]] = {}
        self._open = 0

    async def of(self, account: int) -> AsyncIterator[bytes]:
        """The account's open orders, `live`, then what happens. Raises Refusal."""
        if self._open >= STREAMS_MAX:
            raise Refusal(503, "busy", "too many streams", limit=str(STREAMS_MAX))
        standing = self._standing(account)
        inbox = Inbox(self._unsent_bytes)
        self._open += 1
        self._inboxes.setdefault(account, set()).add(inbox)
        try:
            for made in standing:
                yield made
            yield wire.Execution(live=True).SerializeToString()
            while True:
                yield await inbox.next()
        finally:
            self._leave(account, inbox)

    # What the views say (Outlet).

    def record(self, record: Record) -> None:
        """Told with the orders."""

    def order(self, row: OrderRow) -> None:
        """At once: people wait for it."""
        if inboxes := self._inboxes.get(row.account):
            _tell(inboxes, wire.Execution(order=messages.order(self._render.order(row))))

    def fill(self, row: FillRow) -> None:
        """At once."""
        if inboxes := self._inboxes.get(row.account):
            _tell(inboxes, wire.Execution(fill=messages.fill(self._render.fill(row))))

    def balance(self, account: int, asset: int) -> None:
        """Not told here."""

    def position(self, account: int, instrument: int) -> None:
        """Not told here."""

    def trade(self, row: TradeRow) -> None:
        """Not told here."""

    def _standing(self, account: int) -> list[bytes]:
        rows, more = self._reads.orders(account, Wanted("open", children=True), None, STANDING_MAX)
        if more is not None:
            detail = f"more than {STANDING_MAX} orders are open"
            raise Refusal(422, "too_many_orders", detail, limit=str(STANDING_MAX))
        shown = (messages.order(self._render.order(row)) for row in reversed(rows))
        return [wire.Execution(standing=each).SerializeToString() for each in shown]

    def _leave(self, account: int, inbox: Inbox) -> None:
        self._open -= 1
        listening = self._inboxes[account]
        listening.discard(inbox)
        if not listening:
            del self._inboxes[account]


def _tell(inboxes: set[Inbox], execution: wire.Execution) -> None:
    made = execution.SerializeToString()
    for inbox in inboxes:
        inbox.put(made)
