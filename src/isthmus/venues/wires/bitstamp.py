"""Bitstamp v2: order books (whole and differences), live trades, and REST order_book and trading-pairs-info."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Meta, Raw, Struct

from isthmus.venues.wires.words import (
    BUY,
    NONE,
    NS_PER_US,
    SELL,
    SPOT,
    Book,
    Failed,
    Instrument,
    LevelPart,
    Number,
    Quiet,
    Trade,
    Unknown,
    VenueWire,
    positive,
    reader_of,
    refused,
)

VENUE = "bitstamp"
QUIET_STREAMS = frozenset(("live_orders", "detail_order_book", "funding_rate", "my_orders", "my_trades"))

Micros = Annotated[str, Meta(pattern=r"^[0-9]{1,16}$")]
Decimals = Annotated[int, Meta(ge=0, le=24)]


class _Message(Struct):
    event: str = ""
    channel: str = ""
    data: Raw = Raw(b"")
    microtimestamp: str = ""
    status: str = ""
    reason: Any = None


class _BookRow(Struct):
    microtimestamp: Micros
    bids: list[tuple[LevelPart, LevelPart]]
    asks: list[tuple[LevelPart, LevelPart]]


class _TradeRow(Struct):
    id: int
    amount_str: str
    price_str: str
    type: int
    microtimestamp: Micros


class _Pair(Struct):
    url_symbol: str
    name: str
    base_decimals: Decimals
    counter_decimals: Decimals
    trading: str = "Enabled"


class _ErrorRow(Struct):
    message: str = ""
    code: int | None = None


_message, _book, _trade = reader_of(_Message), reader_of(_BookRow), reader_of(_TradeRow)
_pairs, _error, _number = reader_of(list[_Pair]), reader_of(_ErrorRow), reader_of(Number)


class BitstampWire(VenueWire):
    """Messages of the WebSocket, and REST answers."""

    venue = VENUE

    def _read(self, raw: bytes, about: str) -> Iterable[Any]:
        if raw.lstrip()[:1] == b"[":
            return [_instrument(row) for row in _pairs(raw)]
        message = _message(raw)
        if message.event == "bts:error":
            error = _error(message.data)
            return (Failed("" if error.code is None else str(error.code), error.message),)
        if message.event.startswith("bts:"):
            return (Quiet(message.event),)
        if message.status == "error":
            return (Failed("", str(message.reason)),)
        if not message.channel and message.microtimestamp:
            return (_changed(about, True, _book(raw)),)
        return _streamed(message)


def _streamed(message: _Message) -> Iterable[Any]:
    stream, _, instrument = message.channel.rpartition("_")
    if stream == "live_trades" and message.event == "trade":
        return (_traded(instrument, _trade(message.data)),)
    if stream in ("order_book", "diff_order_book") and message.event == "data":
        return (_changed(instrument, stream == "order_book", _book(message.data)),)
    if stream in QUIET_STREAMS:
        return (Quiet(stream),)
    return (Unknown(f"{message.event or 'no event'} on {message.channel or 'no channel'}"),)


def _changed(instrument: str, whole: bool, row: _BookRow) -> Book:
    """The microsecond stands for a sequence number: a difference no later than the book is in it already."""
    at = int(row.microtimestamp)
    return Book(instrument, whole, tuple(row.bids), tuple(row.asks), at * NS_PER_US, last=at)


def _traded(instrument: str, row: _TradeRow) -> Trade:
    if row.type not in (0, 1):
        raise refused(VENUE, "data.type", row.type, "is neither 0 (buy) nor 1 (sell)")
    price = _number(f'"{row.price_str}"'.encode())
    size = _number(f'"{row.amount_str}"'.encode())
    at = int(row.microtimestamp) * NS_PER_US
    taker = SELL if row.type else BUY
    return Trade(instrument, positive(price, "price_str"), positive(size, "amount_str"), taker, str(row.id), at)


def _instrument(row: _Pair) -> Instrument:
    base, _, quote = row.name.partition("/")
    if not quote:
        raise refused(VENUE, "name", row.name, "is not BASE/QUOTE")
    return Instrument(
        venue=VENUE,
        symbol=row.url_symbol,
        kind=SPOT,
        base=base,
        quote=quote,
        settle=quote,
        margin=NONE,
        multiplier=Number(1),
        tick=Number(1).scaleb(-row.counter_decimals),
        lot=Number(1).scaleb(-row.base_decimals),
        active=row.trading == "Enabled",
    )
