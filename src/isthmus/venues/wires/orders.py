"""An order as venues are told it, and what they say became of it."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import Struct

from isthmus.venues.wires.words import BUY, SELL, plain, refused

LIMIT, MARKET, STOP_LIMIT, STOP_MARKET = "limit", "market", "stop_limit", "stop_market"
GTC, IOC, FOK, DAY = "gtc", "ioc", "fok", "day"

NEW, PARTLY_FILLED, FILLED, CANCELLED, REJECTED, EXPIRED, WAITING = (
    "new",
    "partly_filled",
    "filled",
    "cancelled",
    "rejected",
    "expired",
    "waiting",
)
"""States of an order at a venue; `waiting` is a stop that was not triggered."""
OPEN = frozenset((NEW, PARTLY_FILLED, WAITING))


class VenueOrder(Struct, frozen=True, kw_only=True):
    """What a venue is asked to do. Quantities are in what the venue counts (contracts, coins), prices in its prices.
    `client_id` is ours and comes back in every answer.
    """

    client_id: str
    symbol: str
    side: int
    quantity: Decimal
    type: str = LIMIT
    time_in_force: str = GTC
    price: Decimal | None = None
    stop_price: Decimal | None = None
    display: Decimal | None = None
    post_only: bool = False
    reduce_only: bool = False


class OrderTaken(Struct, frozen=True, kw_only=True):
    """The venue has the order. An empty client id: an order that was not ours to name."""

    client_id: str
    venue_id: str
    symbol: str
    at: int = 0


class OrderFilled(Struct, frozen=True, kw_only=True):
    """One execution. `cumulative` is all that was executed with it, where the venue says; `liquidity` 0 is unsaid."""

    client_id: str
    venue_id: str
    symbol: str
    trade_id: str
    side: int
    price: Decimal
    quantity: Decimal
    liquidity: int
    at: int
    cumulative: Decimal | None = None
    fee: Decimal | None = None
    fee_asset: str = ""


class OrderEnded(Struct, frozen=True, kw_only=True):
    """What is left of the order is gone. `reason` is cancelled, expired or rejected, `detail` the venue's words;
    `cumulative` is all that was executed of it, None where the venue does not say.
    """

    client_id: str
    venue_id: str
    symbol: str
    reason: str
    cumulative: Decimal | None
    at: int = 0
    detail: str = ""


class OrderChanged(Struct, frozen=True, kw_only=True):
    """The order has this price and total quantity now."""

    client_id: str
    venue_id: str
    symbol: str
    price: Decimal
    quantity: Decimal
    at: int = 0


class OrderState(Struct, frozen=True, kw_only=True):
    """The order as the venue has it, told because it was asked for."""

    client_id: str
    venue_id: str
    symbol: str
    state: str
    side: int
    price: Decimal | None
    quantity: Decimal
    cumulative: Decimal
    at: int = 0


class OrderRefused(Struct, frozen=True, kw_only=True):
    """The venue did not do what was asked, and says so. `code` is its own."""

    client_id: str
    code: str
    message: str


OrderWord = OrderTaken | OrderFilled | OrderEnded | OrderChanged | OrderState | OrderRefused


class VenueCall(Struct, frozen=True, kw_only=True):
    """A request as the venue's wire has it: HTTP method and path with parameters, or a JSON-RPC method (and path "")
    with its own. Decimals among the parameters are exact; `body_of` writes them.
    """

    method: str
    path: str
    params: dict[str, object]
    weight: int = 1
    orders: int = 0
    """What it counts for the venue's limits of weight and of orders."""


_body = msgspec.json.Encoder(decimal_format="number").encode


def body_of(params: dict[str, object]) -> bytes:
    """Parameters as JSON; decimals are written as numbers, exactly."""
    return _body(params)


def require_client_id(venue: str, client_id: str, longest: int) -> None:
    """Raises BadInput."""
    allowed = client_id.isascii() and all(one.isalnum() or one in "-_./:" for one in client_id)
    if not 1 <= len(client_id) <= longest or not allowed:
        raise refused(venue, "client_id", client_id, f"is not 1 to {longest} letters, digits and -_./:")


def require(venue: str, order: VenueOrder) -> None:
    """What holds for every venue. Raises BadInput."""
    if order.type not in (LIMIT, MARKET, STOP_LIMIT, STOP_MARKET):
        raise refused(venue, "type", order.type, "is no type that venues are told")
    if order.side not in (BUY, SELL):
        raise refused(venue, "side", order.side, "is neither 1 (buy) nor 2 (sell)")
    if not order.quantity.is_finite() or order.quantity <= 0:
        raise refused(venue, "quantity", order.quantity, "is not above zero")
    for field, price, wanted in (
        ("price", order.price, order.type in (LIMIT, STOP_LIMIT)),
        ("stop_price", order.stop_price, order.type in (STOP_LIMIT, STOP_MARKET)),
    ):
        if (price is not None) != wanted:
            raise refused(venue, field, price, f"a {order.type} order has {'one' if wanted else 'none'}")
        if price is not None and not (price.is_finite() and price > 0):
            raise refused(venue, field, price, "is not above zero")
    if order.post_only and (order.type != LIMIT or order.time_in_force not in (GTC, DAY)):
        raise refused(venue, "post_only", True, "is for limit orders that rest")
    if order.display is not None and not 0 <= order.display <= order.quantity:
        raise refused(venue, "display", order.display, f"is not within 0 and {plain(order.quantity)}")
