"""The ASGI application of one port: finds the route, tells who asks, runs the handler, and answers every failure as
a problem.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from itertools import count

import msgspec

from isthmus.gateways.access import ROWS_A_TOKEN, Access, Asked, Rate, rate_headers
from isthmus.gateways.limits import Limits
from isthmus.gateways.problems import PROBLEM_TYPE, Refusal
from isthmus.gateways.rest.exchange import EXCHANGE
from isthmus.gateways.rest.http import (
    Answer,
    Receive,
    Request,
    Scope,
    Send,
    body_of,
    headers_of,
    query_of,
    send_answer,
)
from isthmus.gateways.rest.pages import Pages
from isthmus.gateways.rest.routes import Route, RouteTable

log = logging.getLogger(__name__)

Application = Callable[[Scope, Receive, Send], Awaitable[None]]
REQUEST_ID_MAX = 64


class Server:
    """`mounts` are other applications by the prefix of their path: the stream, the facade."""

    def __init__(
        self,
        routes: RouteTable,
        access: Access,
        pages: Pages,
        limits: Limits,
        mounts: Mapping[str, Application],
        on_answer: Callable[[str, int], None],
    ) -> None:
        self._routes = routes
        self._access = access
        self._pages = pages
        self._limits = limits
        self._mounts = tuple((prefix, prefix + "/", application) for prefix, application in mounts.items())
        self._mounted = tuple(mounts)
        self._on_answer = on_answer
        self._numbers = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        path: str = scope["path"]
        if path.startswith(self._mounted):
            for prefix, below, application in self._mounts:
                if path == prefix or path.startswith(below):
                    await application(scope, receive, send)
                    return
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4004, "reason": "no stream at this path"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        request_id = self._request_id(headers)
        rate: list[Rate] = []
        try:
            answer = await self._answer(scope, receive, headers, request_id, rate)
        except Refusal as refusal:
            answer = problem_answer(self._charged(refusal, scope, rate), request_id)
        except ConnectionResetError:
            return
        except sqlite3.OperationalError as error:
            answer = problem_answer(Refusal(503, "keys_unavailable", f"keys.sqlite: {error}"), request_id)
        self._on_answer(scope["method"], answer.status)
        shown = rate_headers(rate[0]) if rate else ()
        try:
            await send_answer(scope, send, answer, (("x-request-id", request_id), *shown))
        except (RuntimeError, OSError) as gone:
            log.debug("request %s: the client went: %s", request_id, gone)

    async def _answer(
        self, scope: Scope, receive: Receive, headers: dict[str, str], request_id: str, rate: list[Rate]
    ) -> Answer:
        method, path, target = scope["method"], scope["path"], scope["raw_path"].decode("latin-1")
        address = _address(scope)
        body = await body_of(scope.get(EXCHANGE), receive, headers, self._limits.body_bytes)
        request = Request(method, path, {}, headers, body, address, request_id, {})
        if method in ("GET", "HEAD") and not path.startswith("/v1/"):
            rate.append(self._access.stranger(address))
            if (page := self._pages.answer(request)) is not None:
                return page
        route, request.parameters = self._routes.find("GET" if method == "HEAD" else method, target)
        request.query = query_of(scope)
        if route.roles:
            self._identify(request, route, scope, rate)
        elif not rate:
            rate.append(self._access.stranger(address))
        return await route.handler(request)

    def _identify(self, request: Request, route: Route, scope: Scope, rate: list[Rate]) -> None:
        query = scope["query_string"].decode("latin-1")
        target = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        asked = Asked(request.method, target, request.headers, request.body, request.address)
        request.identity, now = self._access.identify(asked, _tokens(request.query))
        rate.append(now)
        if request.identity.role not in route.roles:
            roles = ", ".join(route.roles)
            raise Refusal(403, "forbidden", f"this is for: {roles}", value=request.identity.role, limit=roles)

    def _charged(self, refusal: Refusal, scope: Scope, rate: list[Rate]) -> Refusal:
        """Who was refused before it was known who he is pays by his address; the refusal that is then due."""
        if rate or refusal.reason == "rate_limited":
            return refusal
        try:
            rate.append(self._access.stranger(_address(scope)))
        except Refusal as limited:
            return limited
        return refusal

    def _request_id(self, headers: dict[str, str]) -> str:
        given = headers.get("x-request-id", "")
        if 1 <= len(given) <= REQUEST_ID_MAX and given.isascii() and given.isprintable():
            return given
        return f"req-{next(self._numbers)}"


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _tokens(query: dict[str, str]) -> int:
    """What the request counts for: one, and one more for every so many rows asked for."""
    rows = query.get("limit", "")
    return 1 + (int(rows) // ROWS_A_TOKEN if rows.isascii() and rows.isdigit() and len(rows) <= 9 else 0)


def problem_answer(refusal: Refusal, request_id: str) -> Answer:
    """The problem document."""
    body = msgspec.json.encode(refusal.problem(request_id))
    return Answer(refusal.status, body, PROBLEM_TYPE, refusal.headers)
