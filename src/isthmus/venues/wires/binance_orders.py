"""Binance Futures orders: REST /fapi/v1/order and its answers, and the events of the user stream."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct, field

from isthmus.venues.wires import orders
from isthmus.venues.wires.orders import (
    OrderChanged,
    OrderEnded,
    OrderFilled,
    OrderState,
    OrderTaken,
    VenueCall,
    VenueOrder,
    require,
    require_client_id,
)
from isthmus.venues.wires.words import (
    BUY,
    MAKER,
    TAKER,
    UPPER_SIDES,
    Millis,
    Number,
    Unknown,
    of_millis,
    plain,
    positive,
    reader_of,
    refused,
    side_named,
)

VENUE = "binance-futures"
CLIENT_ID_MAX = 36
ORDER_PATH, TRADES_PATH = "/fapi/v1/order", "/fapi/v1/userTrades"
ORDER_UPDATE, TRADE_LITE = "ORDER_TRADE_UPDATE", "TRADE_LITE"
EVENTS = frozenset((ORDER_UPDATE, TRADE_LITE))
DONE = 200
"""`code` of an answer that something was done."""
NO_SUCH_ORDER, NOT_CANCELLED, STALE = "-2013", "-2011", "-1021"
"""Codes: the order does not exist; it cannot be cancelled (unknown, or ended); the timestamp is outside recvWindow."""
UNSURE_CODES = frozenset(("-1000", "-1001", "-1006", "-1007"))
"""Codes after which an order may have been taken or not: its status is to be asked for."""
TYPES = {
    orders.LIMIT: "LIMIT",
    orders.MARKET: "MARKET",
    orders.STOP_LIMIT: "STOP",
    orders.STOP_MARKET: "STOP_MARKET",
}
TIMES = {orders.GTC: "GTC", orders.IOC: "IOC", orders.FOK: "FOK"}
POST_ONLY = "GTX"
STATES = {
    "NEW": orders.NEW,
    "PARTIALLY_FILLED": orders.PARTLY_FILLED,
    "FILLED": orders.FILLED,
    "CANCELED": orders.CANCELLED,
    "REJECTED": orders.REJECTED,
    "EXPIRED": orders.EXPIRED,
    "EXPIRED_IN_MATCH": orders.EXPIRED,
}
ENDINGS = {"CANCELED": orders.CANCELLED, "EXPIRED": orders.EXPIRED, "REJECTED": orders.REJECTED}


class _Update(Struct):
    """The `o` of an ORDER_TRADE_UPDATE; letters are the venue's."""

    s: str
    c: str
    S: str
    x: str
    X: str
    i: int
    q: Number
    p: Number
    l: Number  # noqa: E741
    z: Number
    L: Number
    T: Millis
    t: int = 0
    m: bool = False
    n: Number | None = None
    N: str | None = ""


class _UpdateMessage(Struct):
    o: _Update


class _Lite(Struct):
    s: str
    c: str
    S: str
    i: int
    l: Number  # noqa: E741
    L: Number
    t: int
    T: Millis
    m: bool


class _Answer(Struct, rename="camel"):
    symbol: str
    order_id: int
    client_order_id: str
    side: str
    status: str
    price: Number
    orig_qty: Number
    executed_qty: Number
    update_time: Millis = 0


class _TradeRow(Struct, rename="camel"):
    symbol: str
    order_id: int
    id: int
    side: str
    price: Number
    qty: Number
    time: Millis
    maker: bool
    commission: Number | None = None
    commission_asset: str = ""


class _Kind(Struct):
    maker: bool | None = None
    order_id: int | None = field(default=None, name="orderId")


_update, _lite, _answer = reader_of(_UpdateMessage), reader_of(_Lite), reader_of(_Answer)
_trade, _kind = reader_of(_TradeRow), reader_of(_Kind)


def told(event: str, raw: bytes) -> Iterable[Any]:
    """What an event of the user stream says."""
    if event == TRADE_LITE:
        return (_lite_fill(_lite(raw)),)
    row = _update(raw).o
    at = of_millis(row.T)
    names = {"client_id": row.c, "venue_id": str(row.i), "symbol": row.s}
    if row.x == "NEW":
        return (OrderTaken(**names, at=at),)
    if row.x in ("TRADE", "CALCULATED"):
        return (_filled(row, names),)
    if row.x in ENDINGS:
        return (OrderEnded(**names, reason=ENDINGS[row.x], cumulative=row.z, at=at, detail=row.x.lower()),)
    if row.x == "AMENDMENT":
        return (OrderChanged(**names, price=row.p, quantity=row.q, at=at),)
    return (Unknown(f"execution {row.x}"),)


def _filled(row: _Update, names: dict[str, str]) -> OrderFilled:
    """CALCULATED is the venue's own close of a position: it is a fill like any other."""
    return OrderFilled(
        **names,
        trade_id=str(row.t),
        side=side_named(row.S, UPPER_SIDES),
        price=positive(row.L, "L"),
        quantity=positive(row.l, "l"),
        liquidity=MAKER if row.m else TAKER,
        at=of_millis(row.T),
        cumulative=row.z,
        fee=row.n,
        fee_asset=row.N or "",
    )


def _lite_fill(row: _Lite) -> OrderFilled:
    """The faster and shorter telling of the same fill: trade ids make it count once."""
    return OrderFilled(
        client_id=row.c,
        venue_id=str(row.i),
        symbol=row.s,
        trade_id=str(row.t),
        side=side_named(row.S, UPPER_SIDES),
        price=positive(row.L, "L"),
        quantity=positive(row.l, "l"),
        liquidity=MAKER if row.m else TAKER,
        at=of_millis(row.T),
    )


def answered(raw: bytes) -> Iterable[Any]:
    """An order, or one of its trades, as REST has it."""
    if _kind(raw).maker is not None:
        return (_listed_fill(_trade(raw)),)
    row = _answer(raw)
    if row.status not in STATES:
        raise refused(VENUE, "status", row.status, "is no status that is known")
    state = OrderState(
        client_id=row.client_order_id,
        venue_id=str(row.order_id),
        symbol=row.symbol,
        state=STATES[row.status],
        side=side_named(row.side, UPPER_SIDES),
        price=row.price or None,
        quantity=row.orig_qty,
        cumulative=row.executed_qty,
        at=of_millis(row.update_time),
    )
    return (state,)


def _listed_fill(row: _TradeRow) -> OrderFilled:
    """A row of userTrades has no client id: it is the order's that was asked about."""
    return OrderFilled(
        client_id="",
        venue_id=str(row.order_id),
        symbol=row.symbol,
        trade_id=str(row.id),
        side=side_named(row.side, UPPER_SIDES),
        price=positive(row.price, "price"),
        quantity=positive(row.qty, "qty"),
        liquidity=MAKER if row.maker else TAKER,
        at=of_millis(row.time),
        fee=row.commission,
        fee_asset=row.commission_asset,
    )


def placing(order: VenueOrder) -> VenueCall:
    """POST order. Raises BadInput for what the venue does not take."""
    require_client_id(VENUE, order.client_id, CLIENT_ID_MAX)
    require(VENUE, order)
    if order.display is not None:
        raise refused(VENUE, "display", order.display, "futures orders are shown whole")
    if order.time_in_force not in TIMES:
        raise refused(VENUE, "time_in_force", order.time_in_force, f"is none of {', '.join(TIMES)}")
    params: dict[str, object] = {
        "symbol": order.symbol,
        "side": "BUY" if order.side == BUY else "SELL",
        "type": TYPES[order.type],
        "quantity": order.quantity,
        "newClientOrderId": order.client_id,
        "newOrderRespType": "ACK",
    }
    if order.price is not None:
        time = POST_ONLY if order.post_only else TIMES[order.time_in_force]
        params |= {"price": order.price, "timeInForce": time}
    if order.stop_price is not None:
        params["stopPrice"] = order.stop_price
    if order.reduce_only:
        params["reduceOnly"] = True
    return VenueCall(method="POST", path=ORDER_PATH, params=params, weight=0, orders=1)


def cancelling(symbol: str, client_id: str) -> VenueCall:
    """DELETE order."""
    return _about(symbol, client_id, "DELETE")


def asking(symbol: str, client_id: str) -> VenueCall:
    """GET order: how it stands."""
    return _about(symbol, client_id, "GET")


def _about(symbol: str, client_id: str, method: str) -> VenueCall:
    return VenueCall(method=method, path=ORDER_PATH, params={"symbol": symbol, "origClientOrderId": client_id})


def amending(order: VenueOrder) -> VenueCall:
    """PUT order: price and total quantity."""
    require_client_id(VENUE, order.client_id, CLIENT_ID_MAX)
    require(VENUE, order)
    if order.price is None:
        raise refused(VENUE, "price", None, "only limit orders are amended")
    params: dict[str, object] = {
        "symbol": order.symbol,
        "side": "BUY" if order.side == BUY else "SELL",
        "origClientOrderId": order.client_id,
        "quantity": order.quantity,
        "price": order.price,
    }
    return VenueCall(method="PUT", path=ORDER_PATH, params=params, orders=1)


def asking_trades(symbol: str, venue_id: str) -> VenueCall:
    """GET userTrades of one order."""
    params: dict[str, object] = {"symbol": symbol, "orderId": venue_id, "limit": 1_000}
    return VenueCall(method="GET", path=TRADES_PATH, params=params, weight=5)


def query_text(params: dict[str, object]) -> str:
    """Parameters as they are signed and sent: in order, percent-encoded, decimals without an exponent."""
    return urlencode([(name, _text(value)) for name, value in params.items()], quote_via=quote)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(value) if isinstance(value, Decimal) else str(value)
