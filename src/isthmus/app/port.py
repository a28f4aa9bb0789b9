"""The one port: the front looks at what a connection speaks; those that speak HTTP are served here by uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import resource
import socket
from collections.abc import Iterator

import msgspec
import uvicorn

from isthmus._core import Arrivals, FixTaker, Front
from isthmus.app.settings import FrontSettings
from isthmus.gateways.grpc.server import GrpcServer
from isthmus.gateways.rest.protocol import Came, RestProtocol
from isthmus.kernel.errors import BadInput

GRACE_S = 3
"""How long requests may still run after a stop was asked for."""
CALLS_GRACE_S = 0.5
"""How long calls over gRPC may: streams end by this."""
CARRIED_GRACE_S = 1.0
"""How long what they answered may take to go out through TLS after that."""
ARRIVALS_AT_ONCE = 64
"""Connections begun before others get a turn."""
DESCRIPTORS_A_CONNECTION = 3
"""A client inside TLS takes so many: his own, and two ends of a pair."""
DESCRIPTORS_BESIDE = 512
"""For files, databases and what libraries open."""

log = logging.getLogger(__name__)


class Doors(msgspec.Struct, frozen=True):
    """Who serves what the front tells apart: HTTP's connections wait in `http`; `grpc` serves already; FIX is closed
    where nobody takes it.
    """

    http: Arrivals
    grpc: GrpcServer | None = None
    fix: FixTaker | None = None


def open_front(listener: socket.socket, terms: FrontSettings, doors: Doors) -> Front:
    """The front at work on the listener, which is closed here and lives on there. Raises BadInput for settings that
    cannot be served: a certificate, a key that others may read, an address.
    """
    tls = terms.tls
    files = (tls.certificate, tls.key, tls.clients or None, tls.only) if tls.certificate or tls.key else None
    try:
        front = Front(
            listener,
            doors.http,
            sniff_s=terms.sniff_s,
            undecided=terms.undecided,
            connections=terms.connections,
            trusted=terms.trusted_proxies,
            fix=doors.fix,
            tls=files,
            grpc=str(doors.grpc.path) if doors.grpc is not None else None,
            mqtt=terms.mqtt or None,
            amqp=terms.amqp or None,
        )
    except ValueError as error:
        field, _, reason = str(error).partition(": ")
        table = "front.tls" if field in ("certificate", "key", "clients") else "front"
        raise BadInput(f"{table}.{field}", reason) from error
    listener.close()
    return front


def make_room(connections: int) -> None:
    """Raises the process's own limit of open descriptors to what so many connections may need, as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections * DESCRIPTORS_A_CONNECTION + DESCRIPTORS_BESIDE
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class Port(uvicorn.Server):
    """uvicorn on connections that the front hands over, and without its own signal handling, which would end the
    process by the signal after the stop.
    """

    def __init__(self, config: uvicorn.Config, listener: socket.socket, terms: FrontSettings, doors: Doors) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self._arrivals = doors.http
        self._grpc = doors.grpc
        self._family = listener.family
        self._front = open_front(listener, terms, doors)
        self._unserved = 0
        self._beginning: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Says when connections are taken."""
        assert sockets is None, "the front has the listener"
        await self.lifespan.startup()
        self.servers = []
        asyncio.get_running_loop().add_reader(self._arrivals.wake, self._arrived)
        self.started = True
        self.listening.set()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: the front hears how many connections there are."""
        self._tell_open()
        self._tell_unserved()
        if not self._front.running:
            log.error("the front has ended")
            return True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """No new connections, then requests to their end, then what the front still carries. Raises OSError when the
        front ended by a fault.
        """
        self._front.stop()
        asyncio.get_running_loop().remove_reader(self._arrivals.wake)
        self._arrived()
        await asyncio.gather(*self._beginning, return_exceptions=True)
        calls = self._grpc.stop(CALLS_GRACE_S) if self._grpc is not None else asyncio.sleep(0)
        await asyncio.gather(super().shutdown(sockets), calls)
        await asyncio.to_thread(self._front.close, CARRIED_GRACE_S)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None."""
        yield

    def stop(self) -> None:
        """Take no more connections, finish requests, end streams."""
        self.should_exit = True

    def _arrived(self) -> None:
        for number, host, port, tls in self._arrivals.take(ARRIVALS_AT_ONCE):
            family = socket.AF_UNIX if tls else self._family
            client = socket.socket(family, socket.SOCK_STREAM, 0, number)  # owns the descriptor from here on
            client.setblocking(False)
            task = asyncio.create_task(self._begin(client, Came(host, port, tls)))
            self._beginning.add(task)
            task.add_done_callback(self._beginning.discard)
        self._tell_open()

    async def _begin(self, client: socket.socket, came: Came) -> None:
        loop = asyncio.get_running_loop()
        make = functools.partial(
            RestProtocol, self.config, self.server_state, self.lifespan.state, _loop=loop, came=came
        )
        try:
            await loop.connect_accepted_socket(make, client)
        except OSError as gone:
            log.debug("a client went before it was served: %s", gone)
            client.close()

    def _tell_open(self) -> None:
        self._arrivals.serve(len(self.server_state.connections) + len(self._beginning))

    def _tell_unserved(self) -> None:
        counts = self._front.counts()
        unserved, self._unserved = counts["unserved"] - self._unserved, counts["unserved"]
        if unserved:
            log.warning(
                "%d connections ended: nobody here serves what they speak (FIX, gRPC, MQTT, AMQP or TLS: see [front])",
                unserved,
            )
