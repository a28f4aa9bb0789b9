"""Whoever faces the outside beside HTTP: FIX, gRPC, LoRaWAN, MT4. Opened before the port, closed after it."""

from __future__ import annotations

import asyncio

from isthmus._core import Arrivals
from isthmus.app.fix import FixSessions
from isthmus.app.live_venues import LiveVenues
from isthmus.app.output import note
from isthmus.app.pipeline import Core, Front
from isthmus.app.port import Doors
from isthmus.app.running import Running
from isthmus.app.settings import Settings
from isthmus.gateways.keys import KeyStore
from isthmus.kernel.errors import BadInput


class Gates:
    """Those that the settings ask for."""

    def __init__(
        self, core: Core, settings: Settings, keys: KeyStore, front: Front, live: LiveVenues | None = None
    ) -> None:
        self._front = front
        self._grpc = front.grpc if settings.front.grpc else None
        if live is not None and live.sessions() and not settings.fix.serve:
            raise BadInput("fix.serve", "a venue of the settings is reached by FIX")
        self._sessions = FixSessions(core, settings, keys, front, live) if settings.fix.serve else None
        fix = self._sessions.thread.taker() if self._sessions is not None else None
        self.doors = Doors(Arrivals(), self._grpc, fix)
        """What the one port hands connections to."""

    async def open(self) -> set[asyncio.Future[None]]:
        """Tasks that only a bug would end. Raises BadInput when a port is taken."""
        if self._grpc is not None:
            await self._grpc.start()
        if self._front.bridge is not None:
            await self._front.bridge.open()
            note(f"MT4 bridge  TCP port {self._front.bridge.server.port}")
        lorawan = self._front.lorawan
        if lorawan is None:
            return set()
        try:
            await lorawan.server.open()
        except OSError as error:
            raise BadInput("lorawan.listen", error.strerror or str(error)) from error
        if lorawan.server.port is not None:
            note(f"LoRaWAN     gateways send to UDP port {lorawan.server.port}")
        return {lorawan.server.working}

    def start(self, running: Running) -> None:
        """Sessions are served from now on."""
        if self._sessions is not None:
            running.fix = self._sessions.server
            self._sessions.start()

    def fix_port(self, url: str) -> int | None:
        """Where FIX is spoken: a port of its own, else the one port; None where it is not."""
        if self._sessions is None:
            return None
        return self._sessions.port or int(url.rpartition(":")[2])

    async def close(self) -> None:
        """After the port; also what was opened for one that could not be had."""
        if self._grpc is not None:
            await self._grpc.stop(0)
        if self._front.bridge is not None:
            await self._front.bridge.close()
        if self._sessions is not None:
            await self._sessions.stop()
        if self._front.lorawan is not None:
            await self._front.lorawan.close()
