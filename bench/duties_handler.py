"""A bare ASGI handler that also does what an order entry must: a key by header, a rate limit, idempotency, and answers
only when its line is on the disk (one fdatasync for all that wait). `python bench/duties_handler.py FOLDER`.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
import uvloop

from bare_handler import Answer, Order

KEY, SECRET = "bench", "bench-secret"
RATE_PER_S = 1_000_000


class Journal:
    """Lines that wait, and one flush for all of them."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._flusher = ThreadPoolExecutor(1)
        self._running = False

    def write(self, line: bytes) -> asyncio.Future[None]:
        """Done when the line is durable."""
        loop = asyncio.get_running_loop()
        durable: asyncio.Future[None] = loop.create_future()
        self._waiting.append((line, durable))
        if not self._running:
            self._running = True
            loop.create_task(self._flush())  # noqa: RUF006 - it ends by itself
        return durable

    async def _flush(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            lines = b"".join(line for line, _ in taken)
            await asyncio.get_running_loop().run_in_executor(self._flusher, self._sync, lines)
            for _, durable in taken:
                durable.set_result(None)
        self._running = False

    def _sync(self, lines: bytes) -> None:
        self._file.write(lines)
        os.fdatasync(self._file.fileno())


class Handler:
    """The application."""

    def __init__(self, folder: Path) -> None:
        self._journal = Journal(folder / "journal")
        self._keys = {KEY: hashlib.sha256(SECRET.encode()).digest()}
        self._level, self._at = float(RATE_PER_S), time.monotonic()
        self._known: dict[str, bytes] = {}
        self._decoder = msgspec.json.Decoder(Order)

    async def __call__(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        """ASGI."""
        message = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status, answer = await self._answer(headers, body)
        raw = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        hashed = self._keys.get(headers.get("isthmus-key", ""))
        given = hashlib.sha256(headers.get("isthmus-secret", "").encode()).digest()
        if hashed is None or not hmac.compare_digest(hashed, given):
            return 401, b"{}"
        now = time.monotonic()
        self._level, self._at = min(RATE_PER_S, self._level + (now - self._at) * RATE_PER_S), now
        if self._level < 1:
            return 429, b"{}"
        self._level -= 1
        key = headers["idempotency-key"]
        if (before := self._known.get(key)) is not None:
            return 201, before
        order = self._decoder.decode(body)
        answer = self._known[key] = msgspec.json.encode(Answer(f"ord-{len(self._known)}", "open", order))
        await self._journal.write(answer + b"\n")
        return 201, answer


def main() -> None:
    """Serves with the settings of `isthmus serve`."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        Handler(Path(sys.argv[1])), http="httptools", ws="none", lifespan="off", log_config=None, access_log=False,
        proxy_headers=False, server_header=False, limit_concurrency=1_024, timeout_keep_alive=75,
    )  # fmt: skip
    print(listener.getsockname()[1], flush=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
