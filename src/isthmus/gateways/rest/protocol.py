"""uvicorn's HTTP protocol with bounds that it lacks: on a request's head, and on how long an answer stays unread."""

from __future__ import annotations

import asyncio
import functools
from typing import Any, cast

import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from isthmus.gateways.rest.exchange import EXCHANGE, Exchange

HEAD_BYTES_MAX = 32_768
"""Of a request line and its headers."""
HEAD_TIMEOUT_S = 10.0
"""Until a new connection, or a request that has begun, must have sent its whole head."""
UNREAD_TIMEOUT_S = 20.0
"""How long a client may leave an answer unread before the connection is cut."""


class Came(msgspec.Struct, frozen=True):
    """Where a connection came from, which its socket need not know: out of TLS, or by way of a proxy."""

    host: str
    port: int
    tls: bool


class RestProtocol(HttpToolsProtocol):
    """A connection that is too slow is cut; it holds nothing up but itself."""

    _head_bytes = 0
    _head_open = True
    _head_timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        came: Came | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._came = came

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client came."""
        super().connection_made(transport)
        if (came := self._came) is not None:
            self.client = came.host, came.port
            self.scheme = "https" if came.tls else "http"
        self._await_head()

    def handle_websocket_upgrade(self) -> None:
        """The stream's protocol takes over, and knows who came."""
        made = functools.partial(cast(Any, self.ws_protocol_class), client=self.client, tls=self.scheme == "https")
        self.ws_protocol_class = cast(Any, made)
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        """A client went."""
        self._head_came()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request."""
        super().data_received(data)
        if self._head_open:
            self._await_head()
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
                self._head_came()
                self.send_400_response(f"The head of a request has at most {HEAD_BYTES_MAX} bytes.")

    def on_message_begin(self) -> None:
        """The first bytes of a request."""
        super().on_message_begin()
        self._head_open = True

    def on_headers_complete(self) -> None:
        """The head came whole."""
        self._head_came()
        super().on_headers_complete()
        if self.cycle is not None:
            cast(dict[str, Any], self.scope)[EXCHANGE] = Exchange(self.cycle)

    def pause_writing(self) -> None:
        """The client does not read as fast as we write."""
        super().pause_writing()
        self._unread_timer = self.loop.call_later(UNREAD_TIMEOUT_S, self.transport.abort)

    def resume_writing(self) -> None:
        """It reads again."""
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None
        super().resume_writing()

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_TIMEOUT_S, self._head_is_late)

    def _head_came(self) -> None:
        self._head_bytes = 0
        self._head_open = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.send_400_response(f"The head of a request must come within {HEAD_TIMEOUT_S:.0f} s.")
