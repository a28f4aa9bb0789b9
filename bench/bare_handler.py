"""The least that an order can cost over HTTP in Python: uvicorn, one ASGI function, msgspec in and out.

`python bench/bare_handler.py`: listens on a free port, prints it, and answers every POST until it is terminated.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import uvicorn
import uvloop


class Order(msgspec.Struct):
    """As asked."""

    instrument: str
    side: str
    type: str
    time_in_force: str
    quantity: str
    price: str


class Answer(msgspec.Struct):
    """As answered."""

    id: str
    status: str
    order: Order


async def application(
    _scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """Decodes an order and sends it back with an id."""
    message = await receive()
    body = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    answer = msgspec.json.encode(Answer("ord-1", "open", msgspec.json.decode(body, type=Order)))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


def main() -> None:
    """Serves with the settings of `isthmus serve`."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False,
        proxy_headers=False, server_header=False, limit_concurrency=1_024, timeout_keep_alive=75,
    )  # fmt: skip
    print(listener.getsockname()[1], flush=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
