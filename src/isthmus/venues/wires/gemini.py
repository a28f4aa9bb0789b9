"""Gemini market data v2: l2 changes and trades, and the REST details of a symbol."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType

from isthmus.venues.wires.words import (
    BUY,
    INVERSE,
    LINEAR,
    NONE,
    PERPETUAL,
    SELL,
    SIDES,
    SPOT,
    Book,
    Failed,
    Instrument,
    LevelPart,
    Millis,
    Number,
    Quiet,
    Trade,
    Unknown,
    VenueWire,
    of_millis,
    positive,
    reader_of,
    refused,
    side_named,
)

VENUE = "gemini"
QUIET_TYPES = frozenset(("heartbeat", "subscription_ack", "auction_indicative", "auction_open", "auction_result"))
PRODUCTS = {"spot": (SPOT, NONE), "swap": (PERPETUAL, LINEAR), "perpetual": (PERPETUAL, LINEAR)}


class _Message(Struct):
    type: str = ""
    symbol: str = ""
    changes: Raw = Raw(b"[]")
    trades: Raw | UnsetType = UNSET
    result: str = ""
    reason: str = ""
    message: str = ""
    base_currency: str = ""


class _TradeRow(Struct):
    symbol: str
    event_id: int
    timestamp: Millis
    price: Number
    quantity: Number
    side: str


class _Details(Struct):
    symbol: str
    base_currency: str
    quote_currency: str
    tick_size: Number
    quote_increment: Number
    status: str
    product_type: str = "spot"
    contract_type: str = "vanilla"
    contract_price_currency: str = ""


_message, _trade, _details = reader_of(_Message), reader_of(_TradeRow), reader_of(_Details)
_list = reader_of(list[Raw])
_changes = reader_of(list[tuple[str, LevelPart, LevelPart]])


class GeminiWire(VenueWire):
    """Messages of v2/marketdata, and the REST answer of symbols/details."""

    venue = VENUE

    def _read(self, raw: bytes, about: str) -> Iterable[Any]:
        if raw.lstrip()[:1] == b"[":
            return (Unknown(f"a list of {len(_list(raw))}"),)
        message = _message(raw)
        if message.type == "l2_updates":
            return (_book(message),)
        if message.type == "trade":
            return (_traded(_trade(raw)),)
        if message.result == "error":
            return (Failed(message.reason, message.message),)
        if not message.type and message.base_currency:
            return (_instrument(_details(raw)),)
        known = message.type in QUIET_TYPES or message.type.startswith("candles")
        return (Quiet(message.type),) if known else (Unknown(f"type {message.type}" if message.type else "no type"),)


def _book(message: _Message) -> Book:
    """The first message of a symbol is its book: it alone carries the recent trades."""
    sides: dict[int, list[tuple[str, str]]] = {BUY: [], SELL: []}
    for side, price, size in _changes(message.changes):
        sides[side_named(side, SIDES)].append((price, size))
    if not message.symbol:
        raise ValueError("symbol is missing")
    return Book(message.symbol, message.trades is not UNSET, tuple(sides[BUY]), tuple(sides[SELL]))


def _traded(row: _TradeRow) -> Trade:
    """`side` is the taker's."""
    price, size = positive(row.price, "price"), positive(row.quantity, "quantity")
    return Trade(row.symbol, price, size, side_named(row.side, SIDES), str(row.event_id), of_millis(row.timestamp))


def _instrument(row: _Details) -> Instrument:
    if row.product_type not in PRODUCTS:
        raise refused(VENUE, "product_type", row.product_type, "is no kind of product that is known")
    if row.contract_type not in ("vanilla", LINEAR, INVERSE):
        raise refused(VENUE, "contract_type", row.contract_type, "is neither vanilla, linear nor inverse")
    kind, margin = PRODUCTS[row.product_type]
    if row.contract_type == INVERSE:
        margin = INVERSE
    return Instrument(
        venue=VENUE,
        symbol=row.symbol,
        kind=kind,
        base=row.base_currency,
        quote=row.quote_currency,
        settle=row.contract_price_currency or row.quote_currency,
        margin=margin,
        multiplier=Number(1),
        tick=row.quote_increment,
        lot=row.tick_size,
        active=row.status == "open",
    )
