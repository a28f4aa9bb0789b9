"""What sessions pass on, by its type. One message of a session after the other; sessions do not wait for each other."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from isthmus.engine.engine import Record
from isthmus.gateways.algorithms import Algorithms
from isthmus.gateways.allocations import Allocator
from isthmus.gateways.entry import OrderEntry
from isthmus.gateways.fix.allocating import Allocating
from isthmus.gateways.fix.drop_copy import DropCopy
from isthmus.gateways.fix.market_data import MarketData
from isthmus.gateways.fix.post_trade import PostTrade
from isthmus.gateways.fix.quoting import Quoting
from isthmus.gateways.fix.reference import Reference
from isthmus.gateways.fix.shapes import (
    FIX42,
    NOT_AVAILABLE,
    OTHER,
    UNSUPPORTED_TYPE,
    Body,
    Message,
    Outgoing,
    Peer,
    Unsupported,
    said,
)
from isthmus.gateways.fix.trading import Known, Trading
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.views.orders import FillRow, OrderRow
from isthmus.views.tape import TradeRow

log = logging.getLogger(__name__)

NOT_IN_42 = frozenset({"q", "AF", "x", "AJ", "AD", "AN", "BE"})
"""Messages that came with later versions."""

Ordered = Callable[[Peer, Message, Known], Awaitable[None]]
Plain = Callable[[Peer, Message], None]


class Sessions(Outgoing, Protocol):
    """The front's side."""

    def done(self, place: int) -> None:
        """One more message of the session is dealt with."""

    def is_full(self, place: int) -> bool:
        """Whether the session has more unsent bytes than market data may add to."""
        ...


class Parts(msgspec.Struct, frozen=True):
    """What the application stands on."""

    entry: OrderEntry
    reads: Reads
    algorithms: Algorithms
    allocator: Allocator


class Application:
    """An outlet of the views, and the other end of the front's queue."""

    def __init__(self, parts: Parts, sessions: Sessions, copied: frozenset[str]) -> None:
        self._sessions = sessions
        self._peers: dict[int, Peer] = {}
        self._queues: dict[int, deque[tuple[Message, Known]]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self.trading = Trading(parts.entry, parts.reads, parts.algorithms, sessions)
        self.market_data = MarketData(parts.reads, sessions, lambda peer: sessions.is_full(peer.place))
        self.reference = Reference(parts.reads, sessions)
        self.quoting = Quoting(parts.entry, parts.reads, sessions)
        self.post_trade = PostTrade(parts.reads, sessions)
        self.allocating = Allocating(parts.allocator, parts.reads, sessions)
        self.drop_copy = DropCopy(parts.reads, sessions, copied)
        self._ordered: dict[str, Ordered] = {
            "D": self.trading.new,
            "F": self.trading.cancel,
            "G": self.trading.replace,
            "q": self.trading.mass_cancel,
            "H": self.trading.status,
            "AF": self.trading.mass_status,
            "R": lambda peer, message, _: self.quoting.request(peer, message),
            "S": lambda peer, message, _: self.quoting.quote(peer, message),
            "AJ": lambda peer, message, _: self.quoting.accept(peer, message),
            "J": lambda peer, message, _: self.allocating.instruct(peer, message),
        }
        self._plain: dict[str, Plain] = {
            "V": self.market_data.request,
            "x": self.reference.listing,
            "c": self.reference.definition,
            "AD": self.post_trade.trades,
            "AN": self.post_trade.positions,
            "BE": self.post_trade.user,
        }

    def enter(self, peer: Peer, key: str, last_cause: int) -> None:
        """A session is logged on with this key. `last_cause`: the last record that it was told of."""
        self._peers[peer.place] = peer
        self.quoting.enter(peer)
        self.drop_copy.enter(peer, key, last_cause)

    def leave(self, place: int) -> None:
        """It is no more: what it subscribed to ends, what it asked for is still answered."""
        self._peers.pop(place, None)
        self.market_data.forget(place)
        self.post_trade.forget(place)
        self.quoting.leave(place)
        self.drop_copy.leave(place)

    def take(self, place: int, message: Message, known: Known) -> None:
        """A message, in its order."""
        self._queues.setdefault(place, deque()).append((message, known))
        if place not in self._tasks:
            self._tasks[place] = asyncio.create_task(self._work(place))

    async def stop(self) -> None:
        """What is being answered is answered first."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def sample(self) -> None:
        """Market data, at the rate of books."""
        self.market_data.sample()

    # What the views say (Outlet).

    def record(self, record: Record) -> None:
        """Requests for quotes and their responses."""
        self.quoting.record(record)

    def order(self, row: OrderRow) -> None:
        """Drop copies."""
        self.drop_copy.order(row)

    def fill(self, row: FillRow) -> None:
        """Drop copies and trade reports."""
        self.drop_copy.fill(row)
        self.post_trade.fill(row)

    def balance(self, account: int, asset: int) -> None:
        """Told nowhere here."""

    def position(self, account: int, instrument: int) -> None:
        """Asked for by RequestForPositions."""

    def trade(self, row: TradeRow) -> None:
        """Market data."""
        self.market_data.trade(row)

    async def _work(self, place: int) -> None:
        queue = self._queues[place]
        try:
            while queue:
                message, known = queue.popleft()
                await self._answer(place, message, known)
                self._sessions.done(place)
        finally:
            del self._queues[place], self._tasks[place]

    async def _answer(self, place: int, message: Message, known: Known) -> None:
        peer = self._peers.get(place)
        if peer is None:
            return
        kind = message.msg_type
        try:
            if peer.version == FIX42 and kind in NOT_IN_42:
                raise Unsupported(UNSUPPORTED_TYPE, f"MsgType {kind} came after 4.2")
            if (ordered := self._ordered.get(kind)) is not None:
                await ordered(peer, message, known)
            elif (plain := self._plain.get(kind)) is not None:
                plain(peer, message)
            else:
                raise Unsupported(UNSUPPORTED_TYPE, f"MsgType {kind} is not taken")
        except Unsupported as why:
            self._reject(peer, message, why.reason, why.text)
        except Refusal as refusal:
            self._reject(peer, message, NOT_AVAILABLE if refusal.status == 503 else OTHER, said(refusal))
        except UnicodeDecodeError:
            self._reject(peer, message, OTHER, "a text is not UTF-8")
        except Exception:
            log.exception("a FIX message of type %s could not be answered", kind)
            self._reject(peer, message, OTHER, "internal: a bug; the server's log tells more")

    def _reject(self, peer: Peer, message: Message, reason: int, text: str) -> None:
        """BusinessMessageReject(j)."""
        body: Body = [(45, str(message.seq_num)), (372, message.msg_type)]
        for tag in (11, 262, 131, 320, 568, 710, 70, 923, 584):
            if (value := message.get(tag)) is not None:
                body.append((379, value))
                break
        self._sessions.send(peer.place, "j", [*body, (380, str(reason)), (58, text)])
