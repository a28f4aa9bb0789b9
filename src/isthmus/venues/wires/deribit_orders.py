"""Deribit orders: private/buy, sell, edit and cancel_by_label, and what order answers and user channels say back."""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct

from isthmus.venues.wires import orders
from isthmus.venues.wires.orders import (
    OrderEnded,
    OrderFilled,
    OrderState,
    VenueCall,
    VenueOrder,
    require,
    require_client_id,
)
from isthmus.venues.wires.words import (
    BUY,
    MAKER,
    SIDES,
    TAKER,
    Millis,
    Number,
    Quiet,
    of_millis,
    positive,
    reader_of,
    refused,
    side_named,
)

VENUE = "deribit"
LABEL_MAX = 64
TYPES = {
    orders.LIMIT: "limit",
    orders.MARKET: "market",
    orders.STOP_LIMIT: "stop_limit",
    orders.STOP_MARKET: "stop_market",
}
TIMES = {
    orders.GTC: "good_til_cancelled",
    orders.DAY: "good_til_day",
    orders.IOC: "immediate_or_cancel",
    orders.FOK: "fill_or_kill",
}
STATES = {
    "open": orders.NEW,
    "filled": orders.FILLED,
    "rejected": orders.REJECTED,
    "cancelled": orders.CANCELLED,
    "untriggered": orders.WAITING,
    "triggered": orders.WAITING,
}
ENDINGS = {"rejected": orders.REJECTED, "cancelled": orders.CANCELLED}
LIQUIDITY = {"M": MAKER, "T": TAKER}


class _OrderRow(Struct):
    """`price` is a number, or "market_price" of an order without one."""

    order_id: str
    instrument_name: str
    direction: str
    amount: Number
    order_state: str
    label: str = ""
    price: Any = None
    filled_amount: Number = Number(0)
    last_update_timestamp: Millis = 0
    cancel_reason: str = ""


class _FillRow(Struct):
    trade_id: str
    order_id: str
    instrument_name: str
    direction: str
    price: Number
    amount: Number
    timestamp: Millis
    label: str = ""
    liquidity: str = ""
    fee: Number | None = None
    fee_currency: str = ""


class _Changes(Struct):
    orders: list[_OrderRow] = []
    trades: list[_FillRow] = []


_order, _orders, _fills = reader_of(_OrderRow), reader_of(list[_OrderRow]), reader_of(list[_FillRow])
_changes, _number = reader_of(_Changes), reader_of(Number)


def answered(order: Raw, trades: Raw) -> list[Any]:
    """The answer of buy, sell, edit: the fills that came with it, then the order."""
    fills = [_filled(row) for row in _fills(trades)] if trades else []
    return [*fills, *_ordered(_order(order))]


def stated(row: Raw) -> list[Any]:
    """An order as it was asked for."""
    return [_state(_order(row))]


def told(what: str, data: Raw) -> list[Any]:
    """Messages of user.orders, user.trades and user.changes; orders come alone or in a list."""
    if what == "changes":
        changes = _changes(data)
        fills = [_filled(row) for row in changes.trades]
        return [*fills, *(word for row in changes.orders for word in _ordered(row))] or [Quiet("user changes")]
    if what == "trades":
        return [_filled(row) for row in _fills(data)] or [Quiet("user trades")]
    rows = _orders(data) if bytes(data).lstrip()[:1] == b"[" else [_order(data)]
    return [word for row in rows for word in _ordered(row)] or [Quiet("user orders")]


def _ordered(row: _OrderRow) -> list[Any]:
    state = _state(row)
    if row.order_state not in ENDINGS:
        return [state]
    ended = OrderEnded(
        client_id=row.label,
        venue_id=row.order_id,
        symbol=row.instrument_name,
        reason=ENDINGS[row.order_state],
        cumulative=row.filled_amount,
        at=state.at,
        detail=row.cancel_reason,
    )
    return [ended]


def _state(row: _OrderRow) -> OrderState:
    if row.order_state not in STATES:
        raise refused(VENUE, "order_state", row.order_state, "is no state that is known")
    state = STATES[row.order_state]
    if state == orders.NEW and row.filled_amount:
        state = orders.PARTLY_FILLED
    priced = row.price is not None and row.price != "market_price"
    return OrderState(
        client_id=row.label,
        venue_id=row.order_id,
        symbol=row.instrument_name,
        state=state,
        side=side_named(row.direction, SIDES),
        price=_price(row.price) if priced else None,
        quantity=positive(row.amount, "amount"),
        cumulative=row.filled_amount,
        at=of_millis(row.last_update_timestamp),
    )


def _price(value: Any) -> Number:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise refused(VENUE, "price", value, "is neither a number nor market_price")
    return _number(f'"{value}"'.encode())


def _filled(row: _FillRow) -> OrderFilled:
    if row.liquidity and row.liquidity not in LIQUIDITY:
        raise refused(VENUE, "liquidity", row.liquidity, "is neither M nor T")
    return OrderFilled(
        client_id=row.label,
        venue_id=row.order_id,
        symbol=row.instrument_name,
        trade_id=row.trade_id,
        side=side_named(row.direction, SIDES),
        price=positive(row.price, "price"),
        quantity=positive(row.amount, "amount"),
        liquidity=LIQUIDITY.get(row.liquidity, 0),
        at=of_millis(row.timestamp),
        fee=row.fee,
        fee_asset=row.fee_currency,
    )


def placing(order: VenueOrder) -> VenueCall:
    """private/buy or private/sell. `amount` is of the counter currency for inverse futures, else of the coin. Raises
    BadInput for what the venue does not take.
    """
    require(VENUE, order)
    if order.time_in_force not in TIMES:
        raise refused(VENUE, "time_in_force", order.time_in_force, f"is none of {', '.join(TIMES)}")
    params: dict[str, object] = {
        "instrument_name": order.symbol,
        "amount": order.quantity,
        "type": TYPES[order.type],
        "time_in_force": TIMES[order.time_in_force],
    }
    if order.client_id:
        require_client_id(VENUE, order.client_id, LABEL_MAX)
        params["label"] = order.client_id
    if order.price is not None:
        params["price"] = order.price
    if order.stop_price is not None:
        params |= {"trigger": "last_price", "trigger_price": order.stop_price}
    if order.post_only:
        params |= {"post_only": True, "reject_post_only": True}
    if order.reduce_only:
        params["reduce_only"] = True
    if order.display is not None:
        params["display_amount"] = positive(order.display, "display")
    return VenueCall(method="private/buy" if order.side == BUY else "private/sell", path="", params=params, orders=1)


def cancelling(label: str) -> VenueCall:
    """private/cancel_by_label."""
    return VenueCall(method="private/cancel_by_label", path="", params={"label": label}, orders=1)


def amending(order: VenueOrder, venue_id: str) -> VenueCall:
    """private/edit: total amount and price of the order with the venue's id."""
    require(VENUE, order)
    params: dict[str, object] = {"order_id": venue_id, "amount": order.quantity}
    params |= {"price": order.price} if order.price is not None else {}
    return VenueCall(method="private/edit", path="", params=params, orders=1)


def request_text(call: VenueCall, number: int) -> bytes:
    """The call as a JSON-RPC request of this number."""
    return orders.body_of({"jsonrpc": "2.0", "id": number, "method": call.method, "params": call.params})
