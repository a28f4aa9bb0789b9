"""Handlers that everybody with a key may call: instruments, books, trades, bars; health and capabilities for
anybody.
"""

from __future__ import annotations

from itertools import islice

from isthmus.gateways import market_shapes, shapes
from isthmus.gateways.limits import Limits
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads, Standing
from isthmus.gateways.render import Renderer
from isthmus.gateways.render_market import MarketRenderer
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import one_of, time_in, whole_number
from isthmus.gateways.rest.http import Answer, Request
from isthmus.kernel.messages import INSTRUMENT_KINDS, ORDER_TYPES, ROLES, TIMES_IN_FORCE
from isthmus.kernel.values import PRICE_MAX, QUANTITY_MAX, TIME_MAX_NS
from isthmus.views.tape import BARS_MAX, INTERVALS_NS, TRADES_MAX

CHANNELS = [
    "book",
    "trades",
    "quotes",
    "bars",
    "orders",
    "fills",
    "balances",
    "positions",
    "journal",
    "health",
    "markets",
    "sessions",
]
ORDERS_REACHED_MAX = 10_000
"""Orders of a book that can be paged through: all of them are looked at for every page."""
BARS_PAGE_MAX = 5_000


class MarketHandlers:
    """Reads of what is not anybody's own."""

    def __init__(
        self, reads: Reads, renderer: Renderer, market: MarketRenderer, limits: Limits, parts: list[str]
    ) -> None:
        self._parts = parts
        self._market = market
        self._reads = reads
        self._render = renderer
        self._limits = limits

    async def health(self, _: Request) -> Answer:
        """Status 200 even when degraded: the server answers; `status` says what it takes."""
        return ok(health_of(self._reads))

    async def capabilities(self, _: Request) -> Answer:
        """What there is."""
        return ok(
            shapes.Capabilities(
                instrument_kinds=list(INSTRUMENT_KINDS.values()),
                order_types=list(ORDER_TYPES),
                times_in_force=list(TIMES_IN_FORCE),
                channels=CHANNELS,
                bar_intervals=list(INTERVALS_NS),
                roles=[role for role in ROLES if role != "house"],
                limits=self._bounds(),
                parts=self._parts,
            )
        )

    def _bounds(self) -> dict[str, int]:
        limits, stream = self._limits, self._limits.stream
        return {
            "body_bytes": limits.body_bytes,
            "rate_per_s": limits.rate_per_s,
            "rate_burst": limits.rate_burst,
            "page_rows": limits.page_rows,
            "signature_window_ms": limits.signature_window_ms,
            "book_levels": stream.book_levels,
            "subscriptions": stream.subscriptions,
            "quantity_lots": QUANTITY_MAX,
            "price_ticks": PRICE_MAX,
        }

    async def instruments(self, _: Request) -> Answer:
        """By number."""
        now = self._reads.now()
        return ok([self._render.instrument(row, now) for row in self._reads.directory.instruments.values()])

    async def instrument(self, request: Request) -> Answer:
        """One."""
        row = self._reads.instrument(request.parameters["instrument"])
        return ok(self._render.instrument(row, self._reads.now()))

    async def book(self, request: Request) -> Answer:
        """One venue's, or all merged."""
        row = self._reads.instrument(request.parameters["instrument"])
        depth = whole_number(request.query, "depth", 20, 1, self._limits.stream.book_levels)
        venue = self._reads.venue(request.query.get("venue"))
        books = self._reads.views.books
        sides = books.merged(row.number, depth) if venue is None else books.at(row.number, venue, depth)
        return ok(self._render.book(row, venue, sides, self._reads.standing().sequence))

    async def trades(self, request: Request) -> Answer:
        """Newest first; the cursor is the last trade's id."""
        row = self._reads.instrument(request.parameters["instrument"])
        most = whole_number(request.query, "limit", 100, 1, self._limits.page_rows)
        rows = self._reads.views.tape.trades_newest_first(row.number)
        if (cursor := request.query.get("cursor")) is not None:
            kept = islice(rows, TRADES_MAX)
            if next((trade for trade in kept if trade.id == cursor), None) is None:
                raise Refusal(400, "malformed_request", "this page is no longer kept", field="cursor", value=cursor)
            rows = kept
        page = list(islice(rows, most + 1))
        following = page[most - 1].id if len(page) > most else None
        return ok(shapes.Trades([self._render.trade(trade) for trade in page[:most]], following))

    async def bars(self, request: Request) -> Answer:
        """The newest `limit` bars of the span, oldest first."""
        row = self._reads.instrument(request.parameters["instrument"])
        query = request.query
        interval = one_of(query, "interval", "1m", tuple(INTERVALS_NS))
        most = whole_number(query, "limit", 300, 1, min(BARS_PAGE_MAX, max(BARS_MAX.values())))
        start, end = time_in(query, "start", 0), time_in(query, "end", TIME_MAX_NS)
        bars = self._reads.views.tape.bars(row.number, interval, start, end, most)
        return ok(shapes.Bars([self._render.bar(row, bar) for bar in bars]))

    async def sessions(self, _: Request) -> Answer:
        """By instrument."""
        return ok([self._market.session(row) for row in self._reads.directory.instruments.values()])

    async def indicative(self, request: Request) -> Answer:
        """What an auction would find now."""
        found = self._market.indicative(self._reads.instrument(request.parameters["instrument"]))
        if found is None:
            raise Refusal(404, "not_found", "this engine tells no indicative price")
        return ok(found)

    async def statistics(self, request: Request) -> Answer:
        """The day so far."""
        row = self._reads.instrument(request.parameters["instrument"])
        return ok(self._market.statistics(row, self._reads.now()))

    async def requests(self, request: Request) -> Answer:
        """Oldest first."""
        row = self._reads.instrument(request.parameters["instrument"])
        open_ones = self._reads.views.requests.of_instrument(row.number)
        return ok([self._market.request(row, asked, answers, request.known) for asked, answers in open_ones])

    async def orders(self, request: Request) -> Answer:
        """A page of the book's orders; the cursor counts those before it. Sealed bids are nobody's to see."""
        row = self._reads.instrument(request.parameters["instrument"])
        most = whole_number(request.query, "limit", 100, 1, self._limits.page_rows)
        skip = whole_number(request.query, "cursor", 0, 0, ORDERS_REACHED_MAX - most)
        sealed = self._market.book(row.number) == "sealed"
        found = [] if sealed else self._reads.book_orders(row.number, skip, most + 1)
        following = str(skip + most) if len(found) > most and skip + 2 * most <= ORDERS_REACHED_MAX else None
        page = [self._market.book_order(row, order) for order in found[:most]]
        return ok(market_shapes.BookOrders(self._reads.standing().sequence, page, following))


def health_of(reads: Reads) -> shapes.Health:
    """How the broker is."""
    now = reads.standing()
    return shapes.Health(
        status="ok" if now.fault is None else "degraded",
        sequence=now.sequence,
        durable=now.durable,
        head=now.head.hex(),
        mode=now.mode,
        reason=now.fault,
        follower=_following(now),
        standby=_standby(now),
        audit=reads.audit_fault(),
    )


def _standby(now: Standing) -> shapes.StandbyLink | None:
    link = now.standby
    if link is None:
        return None
    return shapes.StandbyLink(link.connected, link.receipt, max(0, now.sequence - link.receipt))


def _following(now: Standing) -> shapes.Following | None:
    follower = now.follower
    if follower is None:
        return None
    sequence = follower.sequence
    return shapes.Following(sequence, max(0, now.sequence - sequence), follower.saved, follower.fault)
