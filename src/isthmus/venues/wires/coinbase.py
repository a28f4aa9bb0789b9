"""Coinbase Exchange: level2, matches and ticker of the WebSocket feed, and the REST list of products."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Raw, Struct

from isthmus.venues.wires.words import (
    BUY,
    NONE,
    SELL,
    SIDES,
    SPOT,
    Book,
    Failed,
    Instrument,
    LevelPart,
    Number,
    Quiet,
    Sequence,
    Ticker,
    Trade,
    Unknown,
    VenueWire,
    of_text,
    positive,
    present,
    reader_of,
    side_named,
)

VENUE = "coinbase"
QUIET_TYPES = frozenset(
    ("subscriptions", "heartbeat", "received", "open", "done", "change", "activate", "auction", "rfq_match", "level2")
)
"""The order-by-order feed (received to activate) is known and not used: level2 has the book."""


class _Kind(Struct):
    type: str = ""


class _Snapshot(Struct):
    product_id: str
    bids: list[tuple[LevelPart, LevelPart]]
    asks: list[tuple[LevelPart, LevelPart]]
    time: str | None = None


class _Change(Struct):
    product_id: str
    changes: list[tuple[str, LevelPart, LevelPart]]
    time: str | None = None


class _Match(Struct):
    product_id: str
    trade_id: Sequence
    side: str
    price: Number
    size: Number
    time: str


class _TickerRow(Struct):
    product_id: str
    price: Number
    best_bid: Number | None = None
    best_bid_size: Number | None = None
    best_ask: Number | None = None
    best_ask_size: Number | None = None
    time: str | None = None


class _Product(Struct):
    id: str
    base_currency: str
    quote_currency: str
    quote_increment: Number
    base_increment: Number | None = None
    status: str = "online"
    trading_disabled: bool = False


class _Status(Struct):
    products: list[_Product] = []


class _Error(Struct):
    message: str = ""
    reason: str = ""


_kind, _snapshot, _change, _match = reader_of(_Kind), reader_of(_Snapshot), reader_of(_Change), reader_of(_Match)
_ticker, _products, _status, _error = (
    reader_of(_TickerRow),
    reader_of(list[_Product]),
    reader_of(_Status),
    reader_of(_Error),
)
_any = reader_of(dict[str, Raw])


class CoinbaseWire(VenueWire):
    """Messages of the feed, and the REST answer of products."""

    venue = VENUE

    def _read(self, raw: bytes, about: str) -> Iterable[Any]:
        if raw.lstrip()[:1] == b"[":
            return [_instrument(row) for row in _products(raw)]
        kind = _kind(raw).type
        if kind == "l2update":
            return (_changed(_change(raw)),)
        if kind == "snapshot":
            whole = _snapshot(raw)
            return (Book(whole.product_id, True, tuple(whole.bids), tuple(whole.asks), of_text(whole.time)),)
        if kind in ("match", "last_match"):
            return (_traded(_match(raw)),)
        if kind == "ticker":
            row = _ticker(raw)
            sizes = row.best_bid_size, row.best_ask_size
            bid, ask = present(row.best_bid), present(row.best_ask)
            return (Ticker(row.product_id, of_text(row.time), bid, sizes[0], ask, sizes[1], row.price),)
        if kind == "status":
            return [_instrument(row) for row in _status(raw).products]
        if kind == "error":
            error = _error(raw)
            return (Failed("", f"{error.message}: {error.reason}".rstrip(": ")),)
        return _others(raw, kind)


def _others(raw: bytes, kind: str) -> Iterable[Any]:
    if not kind and "message" in _any(raw):
        return (Failed("", _error(raw).message),)
    return (Quiet(kind),) if kind in QUIET_TYPES else (Unknown(f"type {kind}" if kind else "no type"),)


def _changed(row: _Change) -> Book:
    sides: dict[int, list[tuple[str, str]]] = {BUY: [], SELL: []}
    for side, price, size in row.changes:
        sides[side_named(side, SIDES)].append((price, size))
    return Book(row.product_id, False, tuple(sides[BUY]), tuple(sides[SELL]), of_text(row.time))


def _traded(row: _Match) -> Trade:
    """The side of a match is the maker's. Trade ids of a product count by one."""
    taker = BUY + SELL - side_named(row.side, SIDES)
    price, size = positive(row.price, "price"), positive(row.size, "size")
    return Trade(row.product_id, price, size, taker, str(row.trade_id), of_text(row.time), row.trade_id)


def _instrument(row: _Product) -> Instrument:
    return Instrument(
        venue=VENUE,
        symbol=row.id,
        kind=SPOT,
        base=row.base_currency,
        quote=row.quote_currency,
        settle=row.quote_currency,
        margin=NONE,
        multiplier=Number(1),
        tick=row.quote_increment,
        lot=row.base_increment,
        active=row.status == "online" and not row.trading_disabled,
    )
