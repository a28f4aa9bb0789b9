"""The UDP socket that packet forwarders send to. All sense is in the door."""

from __future__ import annotations

import asyncio
import contextlib
from typing import cast

from isthmus.gateways.lorawan.door import Address, Door


class _Endpoint(asyncio.DatagramProtocol):
    def __init__(self, door: Door) -> None:
        self._door = door
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # uvloop's own descends from no class of asyncio's

    def datagram_received(self, data: bytes, addr: Address) -> None:
        assert self._transport is not None
        for answer, to in self._door.take(data, addr):
            self._transport.sendto(answer, to)


class Server:
    """The socket and the task that hands readings to the rules. `host` empty: events of network servers only."""

    def __init__(self, door: Door, host: str, port: int) -> None:
        self._door = door
        self._host = host
        self._port = port
        self._transport: asyncio.DatagramTransport | None = None
        self._working: asyncio.Task[None] | None = None

    @property
    def port(self) -> int | None:
        """The port that is listened at; None without a socket."""
        return None if self._transport is None else int(self._transport.get_extra_info("sockname")[1])

    async def open(self) -> None:
        """Raises OSError when the port is taken."""
        if self._host:
            loop = asyncio.get_running_loop()
            made, _ = await loop.create_datagram_endpoint(
                lambda: _Endpoint(self._door), local_addr=(self._host, self._port)
            )
            self._transport = made
        self._working = asyncio.create_task(self._door.work())

    @property
    def working(self) -> asyncio.Task[None]:
        """The task; it ends by a bug only."""
        assert self._working is not None
        return self._working

    async def close(self) -> None:
        """No more datagrams; an order under way is finished by whoever waits for it."""
        if self._transport is not None:
            self._transport.close()
        if self._working is not None:
            self._working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._working
