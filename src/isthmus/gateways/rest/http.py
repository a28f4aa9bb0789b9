"""One HTTP request and one answer, over ASGI. Bounded in size and time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from isthmus.gateways.keys import Identity
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.exchange import EXCHANGE, Exchange
from isthmus.gateways.submission import Asker

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = tuple[tuple[str, str], ...]

BODY_TIMEOUT_S = 10
"""How long a body may take to arrive."""
QUERY_FIELDS_MAX = 32
JSON = "application/json"


class Request(msgspec.Struct):
    """What was asked. `parameters` are those of the path; `identity` is None where nobody need say who he is."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    address: str
    request_id: str
    parameters: dict[str, str]
    identity: Identity | None = None

    @property
    def asker(self) -> Asker:
        """For commands; the route needs a key or session."""
        assert self.identity is not None
        return Asker(self.identity, "rest", self.body, self.headers.get("idempotency-key"))

    @property
    def known(self) -> Identity:
        """The identity; the route needs one."""
        assert self.identity is not None
        return self.identity


class Answer(msgspec.Struct, frozen=True):
    """Status, bytes and headers besides those that every answer has."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Headers = ()


def headers_of(scope: Scope) -> dict[str, str]:
    """Names in lower case, as ASGI has them; of a repeated header the last counts."""
    return {str(name, "latin-1"): str(value, "latin-1") for name, value in scope["headers"]}


def query_of(scope: Scope) -> dict[str, str]:
    """The query's fields. Raises Refusal 400."""
    raw: bytes = scope["query_string"]
    if not raw:
        return {}
    try:
        return dict(parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX))
    except ValueError:
        raise Refusal(
            400, "malformed_request", "the query is not readable", field="query", limit=str(QUERY_FIELDS_MAX)
        ) from None


async def body_of(exchange: Exchange | None, receive: Receive, headers: dict[str, str], most: int) -> bytes:
    """The body, refused as soon as it is longer than `most` bytes or too slow. Raises Refusal 413, 408."""
    if exchange is not None and (whole := exchange.body()) is not None and len(whole) <= most:
        return whole
    if headers.get("content-length", "0").isdigit() and int(headers.get("content-length", "0")) > most:
        raise _too_large(headers["content-length"], most)
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await _read(receive, most)
    except TimeoutError:
        raise Refusal(
            408, "body_too_slow", f"the body took longer than {BODY_TIMEOUT_S} s", limit=f"{BODY_TIMEOUT_S} s"
        ) from None


async def _read(receive: Receive, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > most:
            raise _too_large(f"over {most}", most)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _too_large(value: str, most: int) -> Refusal:
    return Refusal(
        413, "body_too_large", f"a body has at most {most} bytes", field="Content-Length", value=value, limit=str(most)
    )


async def send_answer(scope: Scope, send: Send, answer: Answer, headers: Headers) -> None:
    """Send it whole. Waits for a client that does not read until the connection is cut (`rest.protocol`)."""
    fixed = (("content-type", answer.content_type), ("content-length", str(len(answer.body))))
    exchange: Exchange | None = scope.get(EXCHANGE)
    if exchange is not None:
        lines = "".join([f"{name}: {value}\r\n" for name, value in (*fixed, *answer.headers, *headers)])
        if lines.count("\n") + lines.count("\r") != 2 * (len(fixed) + len(answer.headers) + len(headers)):
            raise ValueError("a header of the answer has a line break")
        body = answer.body if scope["method"] != "HEAD" else b""
        if exchange.answer(answer.status, lines.encode("latin-1"), body):
            return
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (*fixed, *answer.headers, *headers)]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})
