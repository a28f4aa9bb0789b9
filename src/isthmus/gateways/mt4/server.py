"""The bridge's port: connections of MT4 bridges, each a session; the only sockets of this package that listen."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from isthmus.gateways.keys import Identity
from isthmus.gateways.mt4.messages import BridgeAnswer, BridgeOrder, Cancel, Query
from isthmus.gateways.mt4.session import Frames, FrameTooLong, Known, Session, answer_frame, refused

READ_BYTES = 65_536
LOGON_S = 10
"""How long a connection may take for its first document."""
IDLE_S = 300
CONNECTIONS_MAX = 64

Answer = Callable[[Identity, BridgeOrder | Cancel | Query], Awaitable[BridgeAnswer]]


class BridgeServer:
    """Listens once `open` was awaited; `port` is where."""

    def __init__(self, known: Known, answer: Answer) -> None:
        self._known = known
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def open(self, host: str, port: int) -> None:
        """Raises OSError when the address cannot be had."""
        self._server = await asyncio.start_server(self._connected, host, port, limit=READ_BYTES)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """No more connections; those that are open end."""
        if self._server is None:
            return
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)
        await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._talks) >= CONNECTIONS_MAX:
            writer.close()
            return
        self._talks.add(task)
        try:
            with contextlib.suppress(OSError, TimeoutError, asyncio.CancelledError):
                await self._talk(reader, writer)
        finally:
            self._talks.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session, frames = Session(self._known), Frames()
        loop = asyncio.get_running_loop()
        logon_until = loop.time() + LOGON_S
        while not session.closed:
            wait_s = IDLE_S if session.identity is not None else max(0.0, logon_until - loop.time())
            async with asyncio.timeout(wait_s):
                data = await reader.read(READ_BYTES)
            if not data:
                return
            try:
                documents = frames.take(data)
            except FrameTooLong as error:
                writer.write(answer_frame(refused("", "frame_too_long", str(error))))
                await writer.drain()
                return
            for document in documents:
                writer.write(answer_frame(await self._answered(session, document)))
                if session.closed:
                    break
            async with asyncio.timeout(IDLE_S):
                await writer.drain()

    async def _answered(self, session: Session, document: bytes) -> BridgeAnswer:
        found = session.take(document)
        if isinstance(found, BridgeAnswer):
            return found
        assert session.identity is not None
        return await self._answer(session.identity, found)
