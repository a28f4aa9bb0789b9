"""The one list of what the facade answers, by the paths of the protocol."""

from __future__ import annotations

from typing import Any

from isthmus.gateways.alpaca.account import AccountHandlers
from isthmus.gateways.alpaca.market import DataHandlers
from isthmus.gateways.alpaca.positions import PositionHandlers
from isthmus.gateways.alpaca.trading import OrderHandlers
from isthmus.gateways.rest.routes import ALL_ROLES, EVERYBODY, TRADING_ROLES, Handler, Route

OPEN_PREFIX = "/v1beta3/crypto/"
"""Clients of this protocol read these paths without a key."""
STOCKS_PREFIX = "/v2/stocks"
DATA_PREFIXES = (OPEN_PREFIX, STOCKS_PREFIX)


def account_routes(own: AccountHandlers) -> tuple[Route, ...]:
    """The account, what can be traded, the calendar."""
    return (
        _route("GET", "/v2/account", own.account),
        _route("GET", "/v2/account/configurations", own.configurations),
        _route("PATCH", "/v2/account/configurations", own.configure),
        _route("GET", "/v2/account/portfolio/history", own.history),
        _route("GET", "/v2/account/activities", own.activities),
        _route("GET", "/v2/account/activities/{kind}", own.activities),
        _route("GET", "/v2/assets", own.assets),
        _route("GET", "/v2/assets/{symbol}", own.asset),
        _route("GET", "/v2/assets/{base}/{quote}", own.asset),
        _route("GET", "/v2/clock", own.clock),
        _route("GET", "/v2/calendar", own.calendar),
    )


def trading_routes(orders: OrderHandlers, positions: PositionHandlers) -> tuple[Route, ...]:
    """Orders and positions."""
    return (
        _route("POST", "/v2/orders", orders.place, TRADING_ROLES),
        _route("GET", "/v2/orders", orders.orders),
        _route("DELETE", "/v2/orders", orders.cancel_all, TRADING_ROLES),
        _route("GET", "/v2/orders:by_client_order_id", orders.order_by_client_id),
        _route("GET", "/v2/orders/{id}", orders.order),
        _route("PATCH", "/v2/orders/{id}", orders.replace, TRADING_ROLES),
        _route("DELETE", "/v2/orders/{id}", orders.cancel, TRADING_ROLES),
        _route("GET", "/v2/positions", positions.positions),
        _route("DELETE", "/v2/positions", positions.close_all, TRADING_ROLES),
        _route("GET", "/v2/positions/{symbol}", positions.position),
        _route("DELETE", "/v2/positions/{symbol}", positions.close, TRADING_ROLES),
        _route("GET", "/v2/positions/{base}/{quote}", positions.position),
        _route("DELETE", "/v2/positions/{base}/{quote}", positions.close, TRADING_ROLES),
    )


def data_routes(stocks: DataHandlers, others: DataHandlers) -> tuple[Route, ...]:
    """Market data: shares, and everything else."""
    return (*_stock_routes(stocks), *_other_routes(others))


def _stock_routes(data: DataHandlers) -> tuple[Route, ...]:
    base, one = STOCKS_PREFIX, STOCKS_PREFIX + "/{symbol}"
    history = (("bars", data.bars), ("trades", data.trades), ("quotes", data.quotes))
    latest = (("bars", data.latest_bars), ("trades", data.latest_trades), ("quotes", data.latest_quotes))
    return (
        *(_route("GET", f"{place}/{name}", handler) for name, handler in history for place in (base, one)),
        *(_route("GET", f"{place}/{name}/latest", handler) for name, handler in latest for place in (base, one)),
        _route("GET", f"{base}/snapshots", data.snapshots),
        _route("GET", f"{one}/snapshot", data.snapshots),
    )


def _other_routes(data: DataHandlers) -> tuple[Route, ...]:
    base = OPEN_PREFIX + "{feed}"
    listed: tuple[tuple[str, Handler], ...] = (
        ("bars", data.bars),
        ("trades", data.trades),
        ("quotes", data.quotes),
        ("latest/bars", data.latest_bars),
        ("latest/trades", data.latest_trades),
        ("latest/quotes", data.latest_quotes),
        ("latest/orderbooks", data.latest_orderbooks),
        ("snapshots", data.snapshots),
    )
    return tuple(_route("GET", f"{base}/{name}", handler, EVERYBODY) for name, handler in listed)


def _route(method: str, path: str, handler: Any, roles: tuple[str, ...] = ALL_ROLES) -> Route:
    summary = (handler.__doc__ or "").partition("\n")[0]
    return Route(method, path, handler, summary, answers=None, roles=roles)
