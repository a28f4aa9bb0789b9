"""The loops that hear live venues: market data, and what Binance says of our orders. A stream that ends, is silent or
malformed is opened anew, with longer and longer pauses; meanwhile its books are not shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from isthmus.app.venue_http import HttpClient, Lost, NotSent
from isthmus.app.venue_link import RestLink
from isthmus.kernel.clock import Clock
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.live.market import LiveVenue
from isthmus.venues.wires.subscribing import Hearing, hearing
from isthmus.venues.wires.words import MESSAGE_BYTES_MAX, Failed, Quiet, Unknown

log = logging.getLogger(__name__)
ALIVE_S = 15.0
RESYNC_NS = 2 * NS_PER_S
"""Between two requests for the same whole book."""
RETRY_MAX_S = 60.0
KEEP_S = 1_800.0
"""A listen key lives an hour."""
EXPIRED = "listenKeyExpired"
SAID_MAX = 200
"""Characters of a venue's words in the log."""


class Ended(Exception):
    """The venue ended the stream."""


GONE = (OSError, TimeoutError, WebSocketException, NotSent, Lost, Ended)


async def forever(venue: LiveVenue, once: Callable[[], Awaitable[None]], what: str) -> None:
    """Do it again whenever it ends. A stream that lived for a while begins with the short pause again."""
    loop = asyncio.get_running_loop()
    pause = venue.terms.retry_s
    while True:
        begun = loop.time()
        try:
            await once()
        except GONE as error:
            log.warning("%s: %s ended: %s", venue.name, what, str(error)[:SAID_MAX] or type(error).__name__)
        if loop.time() - begun > RETRY_MAX_S:
            pause = venue.terms.retry_s
        await asyncio.sleep(pause)
        pause = min(RETRY_MAX_S, pause * 2)


@contextlib.asynccontextmanager
async def _opened(url: str) -> AsyncIterator[ClientConnection]:
    async with connect(url, max_size=MESSAGE_BYTES_MAX, open_timeout=10, close_timeout=2, proxy=None) as socket:
        yield socket


class MarketStream:
    """Books and trades of a venue."""

    def __init__(self, venue: LiveVenue, client: HttpClient | None, clock: Clock) -> None:
        self._venue = venue
        self._client = client
        self._clock = clock
        self._hearing: Hearing = hearing(venue.terms.wire, list(venue.shown) or [one.symbol for one in venue.listed])
        self._asked: dict[str, int] = {}

    async def run(self) -> None:
        """Never returns."""
        await forever(self._venue, self._once, "its market data")

    async def _once(self) -> None:
        try:
            async with _opened(f"{self._venue.terms.stream.rstrip('/')}{self._hearing.path}") as socket:
                for message in self._hearing.opening:
                    await socket.send(message.decode())
                living = asyncio.create_task(self._live(socket))
                try:
                    await self._hear(socket)
                finally:
                    living.cancel()
        finally:
            self._asked.clear()
            self._venue.silent()

    async def _live(self, socket: ClientConnection) -> None:
        with contextlib.suppress(*GONE):
            while self._hearing.alive:
                await asyncio.sleep(ALIVE_S)
                await socket.send(self._hearing.alive.decode())

    async def _hear(self, socket: ClientConnection) -> None:
        """Every message, and whole books again where one is missing. Sequence gaps and wrong checksums make it so."""
        asked = asyncio.get_running_loop().time()
        await self._check()
        for symbol in self._venue.shown if self._hearing.whole else ():
            self._asked[symbol] = self._clock()
            await self._whole(socket, symbol)
        while True:
            raw = await asyncio.wait_for(socket.recv(decode=False), self._venue.terms.silence_s)
            for word in self._venue.hear(raw, "", self._clock()):
                if isinstance(word, Failed | Unknown):
                    log.warning("%s: %s", self._venue.name, str(word)[:SAID_MAX])
                elif isinstance(word, Quiet) and word.kind == "bts:request_reconnect":
                    raise Ended("the venue asks for a new connection")
            assert self._venue.watch is not None
            if self._venue.watch.faults or asyncio.get_running_loop().time() > asked + ALIVE_S:
                asked = asyncio.get_running_loop().time()
                await self._mend(socket)

    async def _check(self) -> None:
        """The settings against the venue's own list."""
        if self._hearing.listing and self._client is not None:
            answer = await self._client.request("GET", self._hearing.listing, {})
            self._venue.hear(answer.body, "", self._clock())
            for symbol, why in self._venue.unfit.items():
                log.error("%s %s: %s; no orders go there", self._venue.name, symbol, why)

    async def _mend(self, socket: ClientConnection) -> None:
        watch, now = self._venue.watch, self._clock()
        assert watch is not None
        while watch.faults:
            fault = watch.faults.popleft()
            log.warning("%s %s: %s: %s", self._venue.name, fault.instrument, fault.kind, fault.reason[:SAID_MAX])
        for symbol in self._venue.shown:
            watched = watch.books.get(symbol)
            if (watched is None or watched.stale or not watched.sync.synced) and self._due(symbol, now):
                self._asked[symbol] = now
                await self._whole(socket, symbol)

    def _due(self, symbol: str, now: int) -> bool:
        return now >= self._asked.get(symbol, 0) + RESYNC_NS

    async def _whole(self, socket: ClientConnection, symbol: str) -> None:
        """Ask for the whole book. Messages that come meanwhile wait in the socket."""
        if self._hearing.whole is not None and self._client is not None:
            answer = await self._client.request("GET", self._hearing.whole(symbol), {})
            self._venue.hear(answer.body, symbol, self._clock())
        for message in self._hearing.again(symbol):
            await socket.send(message.decode())


class UserStream:
    """What Binance says of our orders. Each time that it is opened every live order is asked for, since words may have
    been missed.
    """

    def __init__(self, venue: LiveVenue, link: RestLink, clock: Clock) -> None:
        self._venue = venue
        self._link = link
        self._clock = clock

    async def run(self) -> None:
        """Never returns."""
        await forever(self._venue, self._once, "the stream of our orders")

    async def _once(self) -> None:
        await self._link.set_clock()
        key = await self._link.listen_key()
        async with _opened(f"{self._venue.terms.stream.rstrip('/')}/ws/{key}") as socket:
            desk = self._venue.desk
            assert desk is not None
            desk.deaf = False
            desk.resync(self._clock())
            keeping = asyncio.create_task(self._keep(socket))
            try:
                async for raw in socket:
                    self._take(raw if isinstance(raw, bytes) else raw.encode())
            finally:
                desk.deaf = True
                keeping.cancel()

    def _take(self, raw: bytes) -> None:
        for word in self._venue.hear(raw, "", self._clock()):
            if isinstance(word, Quiet) and word.kind == EXPIRED:
                raise Ended("the listen key has expired")
            if isinstance(word, Unknown):
                log.warning("%s: %s", self._venue.name, word.kind[:SAID_MAX])

    async def _keep(self, socket: ClientConnection) -> None:
        while True:
            await asyncio.sleep(KEEP_S)
            try:
                await self._link.listen_key("PUT")
            except (NotSent, Lost) as error:
                log.warning("%s: the listen key is not kept alive: %s", self._venue.name, str(error)[:SAID_MAX])
                await socket.close()
                return
