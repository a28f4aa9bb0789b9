"""uvicorn's WebSocket protocol with a way to hang up on a client that does not read."""

from __future__ import annotations

from asyncio import BaseTransport
from collections.abc import MutableMapping
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

HANG_UP = "isthmus.hang_up"
"""Key in the ASGI scope of a function (code, reason) that ends the connection whether or not the client reads."""
LINGER_S = 5.0
"""How long the close frame may wait to be read before the connection is cut."""


class StreamProtocol(WebSocketsSansIOProtocol):
    """`send` waits for a client that does not read, so a close could wait for ever; `hang_up` does not wait."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        *,
        client: tuple[str, int] | None = None,
        tls: bool = False,
    ) -> None:
        super().__init__(config, server_state, app_state)
        self._came = client
        self._tls = tls

    def connection_made(self, transport: BaseTransport) -> None:
        """An upgraded connection, whose client is known from before."""
        super().connection_made(transport)
        self.client = self._came
        self.scheme = "wss" if self._tls else "ws"

    async def run_asgi(self) -> None:
        """Runs the application with `hang_up` in its scope."""
        cast(MutableMapping[str, Any], self.scope)[HANG_UP] = self.hang_up
        await super().run_asgi()

    def hang_up(self, code: int, reason: str) -> None:
        """Put a close frame behind what is unsent; cut the connection when that is not read either."""
        if self.transport.is_closing() or self.close_sent:
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(LINGER_S, self.transport.abort)
        self.writable.set()
