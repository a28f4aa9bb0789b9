"""Handlers of an account's own affairs: orders, fills, balances, positions; and the journal for those who may read
it.
"""

from __future__ import annotations

from isthmus.gateways import market_shapes, shapes
from isthmus.gateways.entry import OrderEntry, Which
from isthmus.gateways.life import page_of
from isthmus.gateways.limits import Limits
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads, Wanted
from isthmus.gateways.render import Renderer, effects
from isthmus.gateways.render_market import MarketRenderer
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import body_as, one_of, order_number, whole_number
from isthmus.gateways.rest.http import Answer, Request
from isthmus.kernel.ids import order_id, record_id
from isthmus.kernel.messages import SIDES
from isthmus.refdata.instruments import Instrument

SEQUENCE_MAX = 2**62
U32_MAX = 2**32 - 1


class TradingHandlers:
    """Who may see or do what is told by the identity of the request."""

    def __init__(
        self, entry: OrderEntry, reads: Reads, renderer: Renderer, market: MarketRenderer, limits: Limits
    ) -> None:
        self._entry = entry
        self._market = market
        self._reads = reads
        self._render = renderer
        self._limits = limits

    async def place(self, request: Request) -> Answer:
        """201 with the order."""
        row = await self._entry.place(body_as(request.body, shapes.NewOrder), request.asker)
        return ok(self._render.order(row), status=201)

    async def replace(self, request: Request) -> Answer:
        """The order after the change."""
        change = body_as(request.body, shapes.OrderChange)
        row = self._entry.visible(order_number(request.parameters["id"]), request.known)
        return ok(self._render.order(await self._entry.replace(row, change, request.asker)))

    async def cancel(self, request: Request) -> Answer:
        """The order after the cancel."""
        row = self._entry.visible(order_number(request.parameters["id"]), request.known)
        return ok(self._render.order(await self._entry.cancel(row, request.asker)))

    async def cancel_all(self, request: Request) -> Answer:
        """All orders of the account, or those of one instrument, side or session."""
        query = request.query
        account = self._reads.account(request.known, query.get("account"))
        side = SIDES[one_of(query, "side", "", tuple(SIDES))] if "side" in query else 0
        session = whole_number(query, "session", 0, 0, U32_MAX)
        which = Which(account, self._instrument(request), side, session)
        numbers = await self._entry.cancel_all(which, request.asker)
        return ok(shapes.CancelledOrders([order_id(number) for number in numbers]))

    async def quote(self, request: Request) -> Answer:
        """What became of each."""
        return ok(await self._entry.quote(body_as(request.body, shapes.MassQuote), request.asker))

    async def accept_quote(self, request: Request) -> Answer:
        """The trade's record."""
        wanted = body_as(request.body, shapes.Acceptance)
        account = self._reads.account(request.known, request.query.get("account"))
        record = await self._entry.accept_quote(order_number(request.parameters["id"]), wanted, account, request.asker)
        return ok(shapes.Done(record_id(record.sequence), effects(record)))

    async def dead_man(self, request: Request) -> Answer:
        """The timer runs from now."""
        record = await self._entry.dead_man(body_as(request.body, shapes.DeadMan), request.asker)
        return ok(shapes.Done(record_id(record.sequence), effects(record)))

    async def order(self, request: Request) -> Answer:
        """By id."""
        return ok(self._render.order(self._entry.visible(order_number(request.parameters["id"]), request.known)))

    async def order_history(self, request: Request) -> Answer:
        """What happened to it, oldest first."""
        query = request.query
        page = await page_of(
            self._reads, request.known, order_number(request.parameters["id"]), query.get("cursor"), self._page(query)
        )
        events = [self._market.event(page.instrument, event) for event in page.events]
        return ok(market_shapes.History(events, page.following))

    async def order_by_client_id(self, request: Request) -> Answer:
        """By the client's own id."""
        account = self._reads.account(request.known, request.query.get("account"))
        row = self._reads.views.orders.by_client_id(account, request.parameters["client_order_id"])
        if row is None:
            raise Refusal(404, "unknown_order", "there is no such order", field="client_order_id")
        return ok(self._render.order(row))

    async def orders(self, request: Request) -> Answer:
        """Newest first; children of parents only when asked for."""
        query = request.query
        account = self._reads.account(request.known, query.get("account"))
        status = one_of(query, "status", "all", ("open", "closed", "all"))
        before = whole_number(query, "cursor", 0, 1, SEQUENCE_MAX) if "cursor" in query else None
        children = one_of(query, "children", "false", ("true", "false")) == "true"
        which = Wanted(status, self._instrument_number(request), children)
        rows, following = self._reads.orders(account, which, before, self._page(query))
        return ok(shapes.Orders([self._render.order(row) for row in rows], following))

    async def fills(self, request: Request) -> Answer:
        """Newest first."""
        query = request.query
        account = self._reads.account(request.known, query.get("account"))
        before = _fill_cursor(query["cursor"]) if "cursor" in query else None
        rows, following = self._reads.fills(account, self._instrument_number(request), before, self._page(query))
        return ok(shapes.Fills([self._render.fill(row) for row in rows], following))

    async def balances(self, request: Request) -> Answer:
        """By asset."""
        account = self._reads.account(request.known, request.query.get("account"))
        return ok([self._render.balance(row) for row in self._reads.balances(account)])

    async def positions(self, request: Request) -> Answer:
        """By instrument."""
        account = self._reads.account(request.known, request.query.get("account"))
        return ok([self._render.position(row) for row in self._reads.positions(account)])

    async def journal(self, request: Request) -> Answer:
        """Records from `start` on; a negative start counts from the end."""
        start = whole_number(request.query, "start", -self._limits.page_rows, -SEQUENCE_MAX, SEQUENCE_MAX)
        rows = self._reads.journal(start, self._page(request.query))
        now = self._reads.standing()
        return ok(shapes.Journal([self._render.journal_record(row) for row in rows], now.head.hex(), now.durable))

    def _page(self, query: dict[str, str]) -> int:
        return whole_number(query, "limit", 100, 1, self._limits.page_rows)

    def _instrument(self, request: Request) -> Instrument | None:
        symbol = request.query.get("instrument")
        return self._reads.instrument(symbol) if symbol else None

    def _instrument_number(self, request: Request) -> int | None:
        instrument = self._instrument(request)
        return instrument.number if instrument is not None else None


def _fill_cursor(written: str) -> tuple[int, int, int]:
    parts = written.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 19 for part in parts):
        raise Refusal(400, "malformed_request", "the cursor is one that `next` gave", field="cursor", value=written)
    record, ordinal, liquidity = map(int, parts)
    return record, ordinal, liquidity
