"""The gRPC server: a Unix socket in a folder of its own that nobody else may enter."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from isthmus.gateways.grpc import markets, trading
from isthmus.gateways.grpc.calls import Calls
from isthmus.gateways.grpc.markets import Markets
from isthmus.gateways.grpc.trading import Trading

STREAMS_A_CONNECTION = 128
"""Calls of one connection at once; more wait."""
METADATA_BYTES = 16_384
SOCKET = "grpc"


class GrpcServer:
    """Serves from `start` to `stop`, on the running event loop."""

    def __init__(self, calls: Calls, own: Trading, shown: Markets, body_bytes: int) -> None:
        self._services = {trading.SERVICE: own.handlers(calls), markets.SERVICE: shown.handlers(calls)}
        self._body_bytes = body_bytes
        self._folder: Path | None = None
        self._server: Any = None

    @property
    def path(self) -> Path:
        """The socket's; while it serves."""
        assert self._folder is not None
        return self._folder / SOCKET

    async def start(self) -> None:
        """Listens. Raises OSError."""
        self._folder = Path(tempfile.mkdtemp(prefix="isthmus-"))  # mode 0700
        options = (
            ("grpc.max_receive_message_length", self._body_bytes),
            ("grpc.max_concurrent_streams", STREAMS_A_CONNECTION),
            ("grpc.max_metadata_size", METADATA_BYTES),
            ("grpc.so_reuseport", 0),
        )
        self._server = grpc.aio.server(options=options)
        for name, handlers in self._services.items():
            self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))
        self._server.add_insecure_port(f"unix:{self.path}")
        await self._server.start()

    async def stop(self, grace_s: float) -> None:
        """Takes no more calls, lets those that run end within the time, cuts the rest."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop(grace_s)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
