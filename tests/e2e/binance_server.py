"""The small Binance Futures of tests/unit/venues behind real sockets: REST, depth stream, user stream."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from tests.unit.venues.binance_exchange import Exchange

STARTED_S = 10
DEPTH_S = 0.05


class BinanceServer:
    """Runs in a thread of its own. `cut` drops every stream; `skip` leaves a gap in the depth stream."""

    def __init__(self) -> None:
        self.exchange = Exchange()
        self.markets: set[WebSocket] = set()
        self.users: set[WebSocket] = set()
        self.headers: list[dict[str, str]] = []
        self.snapshots = 0
        self.deaf = False
        """Orders are taken, and neither answered nor told of."""
        rest = Route("/{path:path}", self._rest, methods=["GET", "POST", "PUT", "DELETE"])
        streams = [WebSocketRoute("/stream", self._market), WebSocketRoute("/ws/{key}", self._user)]
        config = uvicorn.Config(Starlette(routes=[*streams, rest]), port=0, log_level="error", ws="websockets-sansio")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        until = time.monotonic() + STARTED_S
        while not self.server.started:
            assert time.monotonic() < until
            time.sleep(0.01)
        self.port: int = self.server.servers[0].sockets[0].getsockname()[1]

    @property
    def rest(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def stream(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def _rest(self, request: Request) -> Response:
        self.exchange.now = time.time_ns() // 1_000_000
        self.headers.append(dict(request.headers))
        path = request.url.path
        self.snapshots += path == "/fapi/v1/depth"
        key = request.headers.get("x-mbx-apikey")
        status, answer = self.exchange.request(request.method, path, request.url.query, key)
        if self.deaf and request.method == "POST" and path == "/fapi/v1/order":
            self.exchange.events.clear()
            return Response(b'{"code":-1007,"msg":"Timeout waiting for response from backend server."}', 408)
        await self._tell()
        return Response(msgspec.json.encode(answer), status, media_type="application/json")

    async def _tell(self) -> None:
        events, self.exchange.events = self.exchange.events, []
        for event in events:
            for socket in list(self.users):
                await socket.send_text(event.decode())

    async def _market(self, socket: WebSocket) -> None:
        await socket.accept()
        self.markets.add(socket)
        try:
            while socket in self.markets:
                told = b'{"stream":"btcusdt@depth@100ms","data":' + self.exchange.depth() + b"}"
                await socket.send_text(told.decode())
                await asyncio.sleep(DEPTH_S)
            await socket.close()
        except (WebSocketDisconnect, RuntimeError):
            self.markets.discard(socket)

    async def _user(self, socket: WebSocket) -> None:
        await socket.accept()
        self.users.add(socket)
        try:
            while True:
                message: dict[str, Any] = await socket.receive()
                if message["type"] == "websocket.disconnect":
                    return
        finally:
            self.users.discard(socket)

    def cut(self) -> None:
        """The depth streams end."""
        self.markets.clear()

    def skip(self) -> None:
        """One message of the depth stream is lost."""
        self.exchange.update += 1

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(STARTED_S)
