"""Handlers of orders: what comes in becomes the gateways' one order entry, what goes out is made by the board."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any, Literal

import msgspec

from isthmus.gateways.alpaca.fields import moment, plain
from isthmus.gateways.alpaca.orders import Face, OrderBoard
from isthmus.gateways.alpaca.symbols import Symbols, listed
from isthmus.gateways.entry import OrderEntry, Which
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.gateways.render import TIF_NAMES
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import body_as, one_of, whole_number
from isthmus.gateways.rest.http import Answer, Request
from isthmus.gateways.shapes import NewOrder, OrderChange
from isthmus.gateways.submission import Asker
from isthmus.kernel.messages import BUY, SIDES
from isthmus.kernel.values import AMOUNT_MAX, TIME_MAX_NS, NotANumber, TooFine, short_text, units
from isthmus.refdata.instruments import Instrument

ORDERS_PAGE_MAX = 500
ORDERS_PAGE = 50
NO_CONTENT = Answer(204, b"")
UNSUPPORTED_TYPES = ("stop", "stop_limit", "trailing_stop")


class OrderRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /v2/orders. Numbers may be text or JSON numbers."""

    symbol: str
    side: Literal["buy", "sell"]
    type: str
    time_in_force: str
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    client_order_id: str | None = None
    order_class: str | None = None
    extended_hours: bool | None = None
    position_intent: str | None = None
    stop_price: Any = None
    trail_price: Any = None
    trail_percent: Any = None
    legs: Any = None
    take_profit: Any = None
    stop_loss: Any = None


class ReplaceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of PATCH /v2/orders/{id}."""

    qty: Decimal | None = None
    time_in_force: str | None = None
    limit_price: Decimal | None = None
    client_order_id: str | None = None
    stop_price: Any = None
    trail: Any = None


class OrderHandlers:
    """/v2/orders."""

    def __init__(self, entry: OrderEntry, reads: Reads, board: OrderBoard, symbols: Symbols) -> None:
        self._entry = entry
        self._reads = reads
        self._board = board
        self._symbols = symbols

    async def place(self, request: Request) -> Answer:
        """The order, 200."""
        wanted = body_as(request.body, OrderRequest)
        account = self._reads.account(request.known, None)
        _require_simple(wanted)
        instrument = self._symbols.known(wanted.symbol)
        _require_intent(wanted, instrument)
        if wanted.client_order_id is not None:
            self._require_unique(wanted.client_order_id, account)
        order = NewOrder(
            instrument=instrument.symbol,
            side=wanted.side,
            quantity=self._quantity(wanted, instrument),
            type=wanted.type,  # type: ignore[arg-type]
            time_in_force=wanted.time_in_force,  # type: ignore[arg-type]
            price=plain(wanted.limit_price, "limit_price"),
            client_order_id=wanted.client_order_id,
        )
        row = await self._entry.place(order, asker_of(request))
        return ok(self._board.shown(self._board.standing(row)))

    async def replace(self, request: Request) -> Answer:
        """The successor, with a new id; at an outside venue it is still pending."""
        change = body_as(request.body, ReplaceRequest)
        face = self._board.find(request.parameters["id"], request.known)
        row = face.row
        _require_alive(face)
        if row.status == "pending_replace":
            raise Refusal(422, "pending_replace", "the venue has not answered the replacement before this one")
        if change.stop_price is not None or change.trail is not None:
            raise unsupported("stop_price" if change.stop_price is not None else "trail", "only qty and limit_price")
        if change.time_in_force not in (None, TIF_NAMES.get(row.tif)):
            raise unsupported("time_in_force", "the time in force of an order stays")
        if change.qty is None and change.limit_price is None:
            raise Refusal(422, "malformed_request", "nothing to change: send qty or limit_price", field="qty")
        if change.client_order_id is not None:
            self._require_unique(change.client_order_id, row.account)
        wanted = OrderChange(plain(change.limit_price, "limit_price"), plain(change.qty, "qty"), change.client_order_id)
        row = await self._entry.replace(row, wanted, asker_of(request))
        return ok(self._board.shown(self._board.asked(row) or self._board.standing(row)))

    async def cancel(self, request: Request) -> Answer:
        """204."""
        face = self._board.find(request.parameters["id"], request.known)
        _require_alive(face)
        await self._entry.cancel(face.row, asker_of(request))
        return NO_CONTENT

    async def cancel_all(self, request: Request) -> Answer:
        """207: an entry for each order."""
        account = self._reads.account(request.known, None)
        before = {face.row.number: face.id for face in self._board.newest_first(account, open_only=True)}
        numbers = await self._entry.cancel_all(Which(account), asker_of(request))
        rows = [(number, self._reads.views.orders.order(number)) for number in numbers]
        return ok(
            [
                {"id": before.get(number), "status": 200, "body": self._board.shown(self._board.standing(row))}
                for number, row in rows
                if row is not None and number in before
            ],
            status=207,
        )

    async def order(self, request: Request) -> Answer:
        """By id."""
        return ok(self._board.shown(self._board.find(request.parameters["id"], request.known)))

    async def order_by_client_id(self, request: Request) -> Answer:
        """By the client's own id."""
        account = self._reads.account(request.known, None)
        text = request.query.get("client_order_id", "")
        return ok(self._board.shown(self._board.find_by_client_id(text, account, request.known)))

    async def orders(self, request: Request) -> Answer:
        """By time of submission, newest first unless `direction` is asc."""
        query = request.query
        account = self._reads.account(request.known, None)
        most = whole_number(query, "limit", ORDERS_PAGE, 1, ORDERS_PAGE_MAX)
        rising = one_of(query, "direction", "desc", ("asc", "desc")) == "asc"
        wanted = self._wanted(query, account)
        found = list(wanted)[-most:] if rising else list(islice(wanted, most))
        found.sort(key=lambda face: (face.started_at, face.row.number), reverse=not rising)
        return ok([self._board.shown(face) for face in found])

    def _wanted(self, query: dict[str, str], account: int) -> Iterator[Face]:
        status = one_of(query, "status", "open", ("open", "closed", "all"))
        after, until = moment(query, "after", -1), moment(query, "until", TIME_MAX_NS)
        numbers = None
        if query.get("symbols"):
            found = [self._symbols.find(name) for name in listed(query["symbols"])]
            numbers = {instrument.number for instrument in found if instrument is not None}
        side = SIDES[one_of(query, "side", "buy", tuple(SIDES))] if query.get("side") else None
        return (
            face
            for face in self._board.newest_first(account, open_only=status == "open")
            if after < face.started_at <= until
            and (numbers is None or face.row.instrument in numbers)
            and side in (None, face.row.side)
            and not (status == "closed" and not face.over)
        )

    def _quantity(self, wanted: OrderRequest, instrument: Instrument) -> str:
        quantity, notional = plain(wanted.qty, "qty"), plain(wanted.notional, "notional")
        if (quantity is None) == (notional is None):
            raise Refusal(422, "malformed_request", "an order has qty or notional, one of the two", field="qty")
        if quantity is not None:
            return quantity
        assert notional is not None
        return self._of_notional(notional, wanted, instrument)

    def _of_notional(self, notional: str, wanted: OrderRequest, instrument: Instrument) -> str:
        """Whole lots that the amount buys (or that are worth it) at the best price of now."""
        if wanted.type != "market":
            raise unsupported("notional", "only for market orders")
        bid, ask = self._reads.views.books.best(instrument.number)
        best = ask if SIDES[wanted.side] == BUY else bid
        if best is None:
            raise Refusal(422, "no_reference_price", "nobody quotes a price: send qty", field="notional")
        amount = amount_units(notional, instrument)
        lots = amount // instrument.value(best[0] * instrument.lot) if instrument.value(best[0] * instrument.lot) else 0
        if lots == 0:
            least = short_text(instrument.value(best[0] * instrument.lot), instrument.quote.decimals)
            raise Refusal(
                422, "off_lot", "the amount is less than one lot costs", field="notional", value=notional, limit=least
            )
        return short_text(lots * instrument.lot, instrument.quantity_decimals)

    def _require_unique(self, client_order_id: str, account: int) -> None:
        if self._board.is_taken(client_order_id, account):
            raise Refusal(422, "duplicate_client_id", "", field="client_order_id", value=client_order_id)


def asker_of(request: Request) -> Asker:
    """Who asks, through this gateway."""
    return Asker(request.known, "alpaca", request.body or request.path.encode(), None)


def amount_units(text: str, instrument: Instrument) -> int:
    """An amount of the quote asset in its minor units. Raises Refusal 422."""
    try:
        amount = units(text, instrument.quote.decimals)
    except (NotANumber, TooFine):
        amount = 0
    if not 0 < amount <= AMOUNT_MAX:
        raise Refusal(422, "malformed_number", "notional is an amount above zero", field="notional", value=text)
    return amount


def unsupported(field: str, detail: str, value: str | None = None) -> Refusal:
    """422: a thing of this protocol that this broker does not do."""
    return Refusal(422, "not_supported", f"not supported: {detail}", field=field, value=value)


def _require_simple(wanted: OrderRequest) -> None:
    """What is left out of an order changes its meaning, so nothing is left out in silence."""
    if wanted.order_class not in (None, "", "simple"):
        raise unsupported("order_class", "only simple orders", wanted.order_class)
    for field in ("stop_price", "trail_price", "trail_percent", "legs", "take_profit", "stop_loss"):
        if getattr(wanted, field) is not None:
            raise unsupported(field, "only simple market and limit orders")
    if wanted.type not in ("market", "limit"):
        if wanted.type in UNSUPPORTED_TYPES:
            raise unsupported("type", "market and limit orders only", wanted.type)
        raise Refusal(422, "unknown_kind", "type is market or limit", field="type", value=wanted.type)
    if wanted.time_in_force not in TIF_NAMES.values():
        names = ", ".join(TIF_NAMES.values())
        raise Refusal(
            422, "unknown_tif", f"time_in_force is one of: {names}", field="time_in_force", value=wanted.time_in_force
        )
    if wanted.type == "limit" and wanted.limit_price is None:
        raise Refusal(422, "price_not_positive", "limit orders require a limit_price", field="limit_price")


def _require_intent(wanted: OrderRequest, instrument: Instrument) -> None:
    """A spot sale never sells what is not there; a perpetual's order does not know what it opens or closes."""
    intent = wanted.position_intent
    if intent is None:
        return
    side, _, rest = intent.partition("_to_")
    if side != wanted.side or rest not in ("open", "close"):
        raise Refusal(
            422, "malformed_request", "position_intent contradicts side", field="position_intent", value=intent
        )
    if rest == "close" and instrument.perpetual:
        raise unsupported("position_intent", "close a perpetual by DELETE /v2/positions", intent)


def _require_alive(face: Face) -> None:
    if face.over:
        raise Refusal(
            422, "unknown_order", f'order is already in "{face.status}" state', field="order_id", value=face.id
        )
