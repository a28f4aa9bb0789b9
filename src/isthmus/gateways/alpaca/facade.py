"""The ASGI application under /alpaca: finds the route, tells who asks, and answers every failure in this protocol."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable, Mapping
from itertools import count

import msgspec

from isthmus.gateways.access import ROWS_A_TOKEN, Access, Asked, Rate, rate_headers
from isthmus.gateways.alpaca.account import AccountHandlers
from isthmus.gateways.alpaca.errors import answer_of
from isthmus.gateways.alpaca.feed import Feed
from isthmus.gateways.alpaca.market import DataHandlers
from isthmus.gateways.alpaca.orders import OrderBoard
from isthmus.gateways.alpaca.positions import PositionHandlers
from isthmus.gateways.alpaca.quotes import Quotes
from isthmus.gateways.alpaca.symbols import Symbols
from isthmus.gateways.alpaca.table import DATA_PREFIXES, account_routes, data_routes, trading_routes
from isthmus.gateways.alpaca.talks import Talks
from isthmus.gateways.alpaca.trading import OrderHandlers
from isthmus.gateways.alpaca.updates import Updates
from isthmus.gateways.entry import OrderEntry
from isthmus.gateways.limits import Limits
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.gateways.render import Renderer
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
from isthmus.gateways.rest.routes import RouteTable

log = logging.getLogger(__name__)

PREFIX = "/alpaca"


class Parts(msgspec.Struct, frozen=True):
    """The native pieces that the facade stands on."""

    entry: OrderEntry
    reads: Reads
    renderer: Renderer
    access: Access
    limits: Limits


class Facade:
    """Tell the views about `updates` and `feed`; the loop calls `feed.sample` and `feed.second`."""

    def __init__(self, parts: Parts, on_answer: Callable[[str, int], None]) -> None:
        reads, symbols = parts.reads, Symbols(parts.reads.directory)
        board, quotes = OrderBoard(reads, symbols), Quotes(reads)
        self.updates = Updates(board, reads)
        self.feed = Feed(reads, parts.renderer, quotes, symbols)
        self._talks = Talks(self.updates, self.feed, parts.access, reads, parts.limits.stream)
        self._access = parts.access
        self._limits = parts.limits
        self._on_answer = on_answer
        self._numbers = count(1)
        self._routes = RouteTable(
            (
                *account_routes(AccountHandlers(reads, board, symbols)),
                *trading_routes(
                    OrderHandlers(parts.entry, reads, board, symbols),
                    PositionHandlers(parts.entry, reads, board, symbols),
                ),
                *data_routes(
                    DataHandlers(reads, quotes, symbols, parts.access, stocks=True),
                    DataHandlers(reads, quotes, symbols, parts.access, stocks=False),
                ),
            )
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "websocket":
            await self._talks.talk(scope["path"].removeprefix(PREFIX), scope, receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = f"alp-{next(self._numbers)}"
        rate: list[Rate] = []
        try:
            answer = await self._answer(scope, receive, request_id, rate)
        except Refusal as refusal:
            answer = answer_of(refusal)
        except ConnectionResetError:
            return
        except Exception:
            log.exception("request %s failed", request_id)
            answer = answer_of(Refusal(500, "internal", f"a bug: request {request_id} is in the log"))
        self._on_answer(scope["method"], answer.status)
        shown = rate_headers(rate[0]) if rate else ()
        await send_answer(scope, send, answer, (("x-request-id", request_id), *shown))

    async def _answer(self, scope: Scope, receive: Receive, request_id: str, rate: list[Rate]) -> Answer:
        method, target = scope["method"], scope["raw_path"].decode("latin-1").removeprefix(PREFIX)
        headers = with_basic(headers_of(scope))
        client = scope.get("client")
        address = client[0] if client else ""
        body = await body_of(scope.get(EXCHANGE), receive, headers, self._limits.body_bytes)
        request = Request(method, target, {}, headers, body, address, request_id, {})
        route, request.parameters = self._routes.find("GET" if method == "HEAD" else method, target)
        if route.roles or "apca-api-key-id" in headers:
            asked = Asked(method, target, headers, body, address)
            request.query = query_of(scope)
            request.identity, now = self._access.identify(asked, _tokens(target, request.query))
            rate.append(now)
            if route.roles and request.identity.role not in route.roles:
                raise Refusal(403, "forbidden", f"this is for: {', '.join(route.roles)}", value=request.identity.role)
        else:
            rate.append(self._access.stranger(address))
            request.query = query_of(scope)
        return await route.handler(request)


def _tokens(path: str, query: Mapping[str, str]) -> int:
    """What a request counts for, by the rows it asks for; pages of market data are charged by the rows they have."""
    if path.startswith(DATA_PREFIXES):
        return 1
    rows = query.get("limit", query.get("page_size", ""))
    return 1 + (int(rows) // ROWS_A_TOKEN if rows.isascii() and rows.isdigit() and len(rows) <= 9 else 0)


def with_basic(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers in which key and secret of HTTP Basic stand where the protocol's own headers would."""
    scheme, _, coded = headers.get("authorization", "").partition(" ")
    known = dict(headers)
    if scheme.lower() != "basic" or "apca-api-key-id" in headers:
        return known
    try:
        key, _, secret = base64.b64decode(coded, validate=True).decode("latin-1").partition(":")
    except (binascii.Error, ValueError):
        return known
    return known | {"apca-api-key-id": key, "apca-api-secret-key": secret}
