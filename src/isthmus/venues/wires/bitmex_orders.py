"""BitMEX orders: what POST, PUT and DELETE /order are told, and what the order and execution tables say back."""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct

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
    TITLE_SIDES,
    Number,
    Quiet,
    Unknown,
    of_text,
    positive,
    reader_of,
    refused,
    side_named,
)

VENUE = "bitmex"
CLIENT_ID_MAX = 36
PATH = "/api/v1/order"
TYPES = {
    orders.LIMIT: "Limit",
    orders.MARKET: "Market",
    orders.STOP_LIMIT: "StopLimit",
    orders.STOP_MARKET: "Stop",
}
TIMES = {orders.GTC: "GoodTillCancel", orders.IOC: "ImmediateOrCancel", orders.FOK: "FillOrKill", orders.DAY: "Day"}
STATES = {
    "New": orders.NEW,
    "PartiallyFilled": orders.PARTLY_FILLED,
    "Filled": orders.FILLED,
    "Canceled": orders.CANCELLED,
    "Rejected": orders.REJECTED,
    "Expired": orders.EXPIRED,
    "DoneForDay": orders.EXPIRED,
}
ENDINGS = {"Canceled": orders.CANCELLED, "Rejected": orders.REJECTED, "Expired": orders.EXPIRED}
LIQUIDITY = {"AddedLiquidity": MAKER, "RemovedLiquidity": TAKER, "": 0}
QUIET_EXECUTIONS = frozenset(
    ("Funding", "Settlement", "Insurance", "Rebalance", "Suspended", "TriggeredOrActivatedBySystem")
)


def _renamed(name: str) -> str:
    """The venue writes ID, camel case writes Id."""
    head, *rest = name.split("_")
    return head + "".join("ID" if part == "id" else part.title() for part in rest)


class OrderRow(Struct, rename=_renamed):
    """A row of order or execution: a change has only what changed."""

    order_id: str = ""
    symbol: str = ""
    cl_ord_id: str | None = ""
    side: str | None = ""
    ord_status: str | None = None
    order_qty: Number | None = None
    cum_qty: Number | None = None
    price: Number | None = None
    text: str | None = ""
    timestamp: str = ""
    exec_type: str = ""
    trd_match_id: str | None = ""
    last_px: Number | None = None
    last_qty: Number | None = None
    last_liquidity_ind: str | None = ""
    exec_comm: Number | None = None
    settl_currency: str | None = ""


_rows = reader_of(list[OrderRow])


def told(table: str, action: str, data: Raw) -> list[Any]:
    """What a message of the order or execution table says. Rows that are taken off a table say nothing."""
    if action == "delete":
        return [Quiet(f"{table} delete")]
    read = _executed if table == "execution" else _ordered
    return [read(row) for row in _rows(data)] or [Quiet(table)]


def stated(raw: bytes) -> list[Any]:
    """Orders of a REST answer."""
    return [_state(row) for row in _rows(raw)]


def _ids(row: OrderRow) -> dict[str, Any]:
    if not row.order_id:
        raise ValueError("orderID is missing")
    return {"client_id": row.cl_ord_id or "", "venue_id": row.order_id, "symbol": row.symbol}


def _ordered(row: OrderRow) -> Any:
    """The order table: fills are told by the execution table, with their prices."""
    at = of_text(row.timestamp)
    if row.ord_status in ENDINGS:
        reason = ENDINGS[row.ord_status]
        return OrderEnded(**_ids(row), reason=reason, cumulative=row.cum_qty, at=at, detail=row.text or "")
    if row.ord_status is not None and row.ord_status not in STATES:
        raise refused(VENUE, "ordStatus", row.ord_status, "is no status that is known")
    if row.ord_status is not None and row.order_qty is not None and row.cum_qty is not None and row.side:
        return _state(row)
    return OrderTaken(**_ids(row), at=at) if row.ord_status == "New" else Quiet("order")


def _state(row: OrderRow) -> OrderState:
    if row.ord_status not in STATES:
        raise refused(VENUE, "ordStatus", row.ord_status, "is no status that is known")
    if row.order_qty is None:
        raise ValueError("orderQty is missing")
    return OrderState(
        **_ids(row),
        state=STATES[row.ord_status or ""],
        side=side_named(row.side or "", TITLE_SIDES),
        price=row.price,
        quantity=row.order_qty,
        cumulative=row.cum_qty if row.cum_qty is not None else Number(0),
        at=of_text(row.timestamp),
    )


def _executed(row: OrderRow) -> Any:
    kind, at = row.exec_type, of_text(row.timestamp)
    if kind == "New":
        return OrderTaken(**_ids(row), at=at)
    if kind == "Trade":
        return _fill(row, at)
    if kind in ENDINGS:
        reason = ENDINGS[kind]
        return OrderEnded(**_ids(row), reason=reason, cumulative=row.cum_qty, at=at, detail=row.text or "")
    if kind == "Replaced" and row.price is not None and row.order_qty is not None:
        return OrderChanged(**_ids(row), price=row.price, quantity=row.order_qty, at=at)
    return Quiet(f"execution {kind}") if kind in QUIET_EXECUTIONS else Unknown(f"execution {kind or 'without type'}")


def _fill(row: OrderRow, at: int) -> OrderFilled:
    if row.last_px is None or row.last_qty is None or not row.trd_match_id:
        raise ValueError("a trade has lastPx, lastQty and trdMatchID")
    liquidity = row.last_liquidity_ind or ""
    if liquidity not in LIQUIDITY:
        raise refused(VENUE, "lastLiquidityInd", liquidity, "is neither AddedLiquidity nor RemovedLiquidity")
    return OrderFilled(
        **_ids(row),
        trade_id=row.trd_match_id,
        side=side_named(row.side or "", TITLE_SIDES),
        price=positive(row.last_px, "lastPx"),
        quantity=positive(row.last_qty, "lastQty"),
        liquidity=LIQUIDITY[liquidity],
        at=at,
        cumulative=row.cum_qty,
        fee=row.exec_comm,
        fee_asset=row.settl_currency or "",
    )


def placing(order: VenueOrder) -> VenueCall:
    """POST /order. Raises BadInput for what the venue does not take."""
    require_client_id(VENUE, order.client_id, CLIENT_ID_MAX)
    require(VENUE, order)
    if order.quantity != order.quantity.to_integral_value():
        raise refused(VENUE, "quantity", order.quantity, "contracts are whole")
    if order.time_in_force not in TIMES:
        raise refused(VENUE, "time_in_force", order.time_in_force, f"is none of {', '.join(TIMES)}")
    instructions = ["ParticipateDoNotInitiate"] * order.post_only + ["ReduceOnly"] * order.reduce_only
    params: dict[str, object] = {
        "symbol": order.symbol,
        "side": "Buy" if order.side == BUY else "Sell",
        "orderQty": int(order.quantity),
        "ordType": TYPES[order.type],
        "clOrdID": order.client_id,
    }
    optional = {
        "price": order.price,
        "stopPx": order.stop_price,
        "displayQty": int(order.display) if order.display is not None else None,
        "timeInForce": TIMES[order.time_in_force] if order.type in (orders.LIMIT, orders.STOP_LIMIT) else None,
        "execInst": ",".join(instructions) or None,
    }
    params |= {name: value for name, value in optional.items() if value is not None}
    return VenueCall(method="POST", path=PATH, params=params, orders=1)


def cancelling(client_id: str) -> VenueCall:
    """DELETE /order by our id."""
    return VenueCall(method="DELETE", path=PATH, params={"clOrdID": client_id}, orders=1)


def amending(order: VenueOrder) -> VenueCall:
    """PUT /order: price and total quantity of the order with this client id."""
    require_client_id(VENUE, order.client_id, CLIENT_ID_MAX)
    require(VENUE, order)
    params: dict[str, object] = {"origClOrdID": order.client_id, "orderQty": int(order.quantity)}
    params |= {"price": order.price} if order.price is not None else {}
    return VenueCall(method="PUT", path=PATH, params=params, orders=1)
