"""A WebSocket server that says what a venue said: messages after each subscription, over and over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve


class ReplayServer:
    """`messages(connection)` are sent once the first subscription came, `pause_s` apart; then it is quiet."""

    def __init__(self, messages: Callable[[int], Sequence[bytes]], pause_s: float = 0.0) -> None:
        self._messages = messages
        self._pause_s = pause_s
        self.connections = 0
        self.heard: list[str] = []
        self._open: list[ServerConnection] = []
        self.server: Server = serve(self._serve, "127.0.0.1", 0)
        self.port: int = self.server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def _serve(self, socket: ServerConnection) -> None:
        self.connections += 1
        self._open.append(socket)
        try:
            self.heard.append(str(socket.recv()))
            for message in self._messages(self.connections):
                socket.send(message.decode())
                if self._pause_s:
                    threading.Event().wait(self._pause_s)
            for message in socket:
                self.heard.append(str(message))
        except ConnectionClosed:
            return

    def cut(self) -> None:
        """End every connection."""
        for socket in self._open:
            socket.close()
        self._open.clear()

    def stop(self) -> None:
        self.cut()
        self.server.shutdown()
        self._thread.join(5)
