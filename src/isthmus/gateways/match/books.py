"""A book as a row: levels, and every order if asked for."""

from __future__ import annotations

from typing import Any

from isthmus.gateways.match.events import Row
from isthmus.gateways.match.market import Market
from isthmus.kernel.messages import BUY

DEPTH_MAX = 2**31


def book_row(market: Market, name: int | str, number: int, depth: int | None, orders: bool) -> Row:
    """Levels show what the market sees; `orders` lists bids, then asks, each in priority, hidden ones too."""
    bids, asks = market.engine.depth(number, DEPTH_MAX if depth is None else max(0, depth))
    row: dict[str, Any] = {
        "ev": "book",
        "instrument": name,
        "bids": [list(level) for level in bids],
        "asks": [list(level) for level in asks],
    }
    if orders:
        listed = market.engine.book_orders(number)
        row["orders"] = [_resting(market, found) for found in listed if not found[6]]
        row["pending"] = [_parked(market, found) for found in listed if found[6]]
    return row


def _resting(market: Market, found: tuple[Any, ...]) -> list[Any]:
    order, account, _, price, shown, left, _ = found
    return [market.names.order(order), market.names.account(account), price, shown, left]


def _parked(market: Market, found: tuple[Any, ...]) -> list[Any]:
    order, account, side, price, _, left, _ = found
    return [market.names.order(order), market.names.account(account), "buy" if side == BUY else "sell", price, left]
