"""Kraken spot: WebSocket v1 (arrays) and v2 (objects) with the CRC-32 of the best ten levels, and REST AssetPairs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Meta, Raw, Struct

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
    TextLevel,
    Ticker,
    Trade,
    Unknown,
    VenueWire,
    converted,
    level,
    of_seconds,
    of_text,
    positive,
    reader_of,
    refused,
    side_named,
)

VENUE = "kraken"
DEPTH_MAX = 10_000
QUIET_EVENTS = frozenset(("heartbeat", "systemStatus", "pong", "subscriptionStatus"))
QUIET_CHANNELS = frozenset(("heartbeat", "status", "ohlc", "level3"))
SHORT_SIDES = {"b": BUY, "s": SELL}

Checksum = Annotated[int, Meta(ge=0, le=2**32 - 1)]


class _Event(Struct, rename="camel"):
    event: str = ""
    status: str = ""
    error_message: str = ""
    error: Any = None
    result: Raw = Raw(b"")
    method: str = ""
    success: bool | None = None
    channel: str = ""
    type: str = ""
    data: Raw = Raw(b"")


class _Pair(Struct):
    altname: str
    base: str
    quote: str
    pair_decimals: Annotated[int, Meta(ge=0, le=24)]
    lot_decimals: Annotated[int, Meta(ge=0, le=24)]
    wsname: str = ""
    status: str = "online"


class _Level2(Struct):
    price: Number
    qty: Number


class _Book2(Struct):
    symbol: str
    bids: list[_Level2] = []
    asks: list[_Level2] = []
    checksum: Checksum | None = None
    timestamp: str | None = None


class _Trade2(Struct):
    symbol: str
    side: str
    price: Number
    qty: Number
    trade_id: int
    timestamp: str


class _Ticker2(Struct):
    symbol: str
    bid: Number
    bid_qty: Number
    ask: Number
    ask_qty: Number
    last: Number | None = None
    timestamp: str | None = None


class _Ticker1(Struct):
    a: list[Any]
    b: list[Any]
    c: list[Any]


class _Pair2(Struct):
    symbol: str
    base: str
    quote: str
    price_increment: Number
    qty_increment: Number
    status: str = "online"


class _Pairs2(Struct):
    pairs: list[_Pair2]


_event, _array = reader_of(_Event), reader_of(list[Any])
_pairs = reader_of(dict[str, _Pair])
_books2, _trades2, _tickers2 = reader_of(list[_Book2]), reader_of(list[_Trade2]), reader_of(list[_Ticker2])
_pairs2 = reader_of(_Pairs2)
Row: Any = tuple[LevelPart, LevelPart, str]
_LISTS: type[list[list[Any]]] = list[list[Any]]
TradeRow = tuple[Number, Number, str, str, str, str]


class KrakenWire(VenueWire):
    """Messages of either WebSocket, and the REST answer of AssetPairs."""

    venue = VENUE

    def _read(self, raw: bytes, about: str) -> Iterable[object]:
        if raw.lstrip()[:1] == b"[":
            return _channel(_array(raw))
        message = _event(raw)
        if message.channel:
            return _channel2(message)
        if message.method:
            failed = message.success is False
            return (Failed("", str(message.error)),) if failed else (Quiet(message.method),)
        if message.status == "error":
            return (Failed("", message.error_message),)
        if message.event:
            known = message.event in QUIET_EVENTS
            return (Quiet(message.event),) if known else (Unknown(f"event {message.event}"),)
        if message.error:
            return (Failed("", ", ".join(str(one) for one in message.error)),)
        if message.result:
            return [_instrument(pair) for pair in _pairs(message.result).values()]
        return (Unknown("neither event nor channel"),)


def _channel(message: list[Any]) -> Iterable[object]:
    """v1: [channel id, body, (a second body,) channel name, pair]."""
    if len(message) < 4 or not isinstance(message[-2], str) or not isinstance(message[-1], str):
        return (Unknown("array without a channel"),)
    bodies, channel, instrument = message[1:-2], message[-2], message[-1]
    name, _, depth = channel.partition("-")
    if name == "book":
        return (_book(instrument, _depth(depth), bodies),)
    if name == "trade":
        return [_trade(instrument, row) for row in converted(bodies[0], list[TradeRow])]
    if name == "ticker":
        return (_ticker(instrument, converted(bodies[0], _Ticker1)),)
    if name == "spread":
        bid, ask, at, bid_size, ask_size = converted(bodies[0], tuple[Number, Number, str, Number, Number])
        return (Ticker(instrument, of_seconds(at), bid, bid_size, ask, ask_size),)
    return (Quiet(name),) if name == "ohlc" else (Unknown(f"channel {channel}"),)


def _book(instrument: str, depth: int, bodies: list[Any]) -> Book:
    """A change of both sides comes in two bodies; a level that is sent again has a fourth word, "r"."""
    body: dict[str, Any] = {}
    for part in bodies:
        body |= converted(part, dict[str, Any])
    whole = "as" in body or "bs" in body
    sides, latest = [], 0
    for key in ("bs", "as") if whole else ("b", "a"):
        rows: list[tuple[str, str, str]] = [converted(row[:3], Row) for row in converted(body.get(key, []), _LISTS)]
        latest = max([latest, *(of_seconds(row[2]) for row in rows)])
        sides.append(tuple((row[0], row[1]) for row in rows))
    if not whole and not ("a" in body or "b" in body):
        raise ValueError("a book message has levels")
    checksum = _checksum(body["c"]) if "c" in body else None
    return Book(instrument, whole, sides[0], sides[1], latest, checksum=checksum, depth=depth)


def _checksum(text: Any) -> int:
    if not (isinstance(text, str) and text.isascii() and text.isdigit() and int(text[:20]) < 2**32):
        raise refused(VENUE, "c", text, "is no CRC-32")
    return int(text)


def _depth(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= DEPTH_MAX):
        raise refused(VENUE, "channelName", f"book-{text}", "is no depth of a book")
    return int(text)


def _trade(instrument: str, row: tuple[Number, Number, str, str, str, str]) -> Trade:
    price, size, at, side, _, _ = row
    positive(size, "volume")
    return Trade(instrument, positive(price, "price"), size, side_named(side, SHORT_SIDES), "", of_seconds(at))


def _ticker(instrument: str, row: _Ticker1) -> Ticker:
    """Best prices are [price, whole lots, lots], the last trade [price, lots]; the message has no time of its own."""
    ask, bid = (converted(side, tuple[Number, Any, Number]) for side in (row.a, row.b))
    last = converted(row.c, tuple[Number, Number])
    return Ticker(instrument, 0, bid[0], bid[2], ask[0], ask[2], last[0])


def _channel2(message: _Event) -> Iterable[object]:
    """v2: channel, type (snapshot or update) and data."""
    channel = message.channel
    if channel == "book":
        return [_book2(message, row) for row in _books2(message.data)]
    if channel == "trade":
        return [
            Trade(
                row.symbol,
                positive(row.price, "price"),
                positive(row.qty, "qty"),
                side_named(row.side, SIDES),
                str(row.trade_id),
                of_text(row.timestamp),
                row.trade_id,
            )
            for row in _trades2(message.data)
        ]
    if channel == "ticker":
        return [
            Ticker(row.symbol, of_text(row.timestamp), row.bid, row.bid_qty, row.ask, row.ask_qty, row.last)
            for row in _tickers2(message.data)
        ]
    if channel == "instrument":
        return [_instrument2(row) for row in _pairs2(message.data).pairs]
    return (Quiet(channel),) if channel in QUIET_CHANNELS else (Unknown(f"channel {channel}"),)


def _book2(message: _Event, row: _Book2) -> Book:
    if message.type not in ("snapshot", "update"):
        raise ValueError(f"type {message.type!r} is neither snapshot nor update")
    sides: list[tuple[TextLevel, ...]] = [
        tuple(level(one.price, one.qty) for one in side) for side in (row.bids, row.asks)
    ]
    at = of_text(row.timestamp)
    return Book(row.symbol, message.type == "snapshot", sides[0], sides[1], at, checksum=row.checksum)


def _instrument(pair: _Pair) -> Instrument:
    """Kraken's own codes (XXBT, ZUSD) stay as the venue writes them; `wsname` has the public ones."""
    base, _, quote = (pair.wsname or f"{pair.base}/{pair.quote}").partition("/")
    return Instrument(
        venue=VENUE,
        symbol=pair.wsname or pair.altname,
        kind=SPOT,
        base=base,
        quote=quote,
        settle=quote,
        margin=NONE,
        multiplier=Number(1),
        tick=Number(1).scaleb(-pair.pair_decimals),
        lot=Number(1).scaleb(-pair.lot_decimals),
        active=pair.status == "online",
    )


def _instrument2(pair: _Pair2) -> Instrument:
    return Instrument(
        venue=VENUE,
        symbol=pair.symbol,
        kind=SPOT,
        base=pair.base,
        quote=pair.quote,
        settle=pair.quote,
        margin=NONE,
        multiplier=Number(1),
        tick=pair.price_increment,
        lot=pair.qty_increment,
        active=pair.status == "online",
    )
