"""Bybit: the v5 public streams, and the v2 streams of recordings made before 2023."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any

from msgspec import Raw, Struct, field

from isthmus.venues.wires import bybit_v2
from isthmus.venues.wires.words import (
    BUY,
    CALL,
    FUTURE,
    INVERSE,
    LINEAR,
    NONE,
    PERPETUAL,
    PUT,
    SELL,
    SPOT,
    TITLE_SIDES,
    Book,
    Failed,
    Funding,
    Instrument,
    LevelPart,
    Liquidation,
    Mark,
    Millis,
    Number,
    Quiet,
    Sequence,
    Ticker,
    Trade,
    Unknown,
    VenueWire,
    listed,
    of_millis,
    positive,
    reader_of,
    refused,
    side_named,
)

VENUE = "bybit"
RESTARTED = 1
"""The update id of a book sent anew after the venue's service was restarted."""
QUIET_TOPICS = frozenset(
    ("kline", "kline_lt", "tickers_lt", "lt", "insurance", "priceLimit", "adlAlert", "rpiOrderbook")
)
MARGINS = {
    "LinearPerpetual": (PERPETUAL, LINEAR),
    "LinearFutures": (FUTURE, LINEAR),
    "InversePerpetual": (PERPETUAL, INVERSE),
    "InverseFutures": (FUTURE, INVERSE),
}
OPTION_TYPES = {"Call": CALL, "Put": PUT}


class _Message(Struct, rename="camel"):
    topic: str = ""
    type: str = ""
    ts: Millis = 0
    data: Raw = Raw(b"")
    success: bool | None = None
    op: str = ""
    ret_code: int | None = None
    ret_msg: str = ""
    result: Raw = Raw(b"")


class _Short(Struct):
    """Answers of the WebSocket write ret_msg, REST retMsg."""

    ret_msg: str = ""


class _BookRow(Struct):
    s: str
    b: list[tuple[LevelPart, LevelPart]]
    a: list[tuple[LevelPart, LevelPart]]
    u: Sequence


class _TradeRow(Struct):
    T: Millis
    s: str
    S: str
    v: Number
    p: Number
    i: str


class _TickerRow(Struct, rename="camel"):
    symbol: str
    last_price: str = ""
    mark_price: str = ""
    index_price: str = ""
    bid1_price: str = ""
    bid1_size: str = ""
    ask1_price: str = ""
    ask1_size: str = ""
    bid_price: str = ""
    bid_size: str = ""
    ask_price: str = ""
    ask_size: str = ""
    funding_rate: str = ""
    next_funding_time: str = ""


class _LiquidationRow(Struct):
    T: Millis
    s: str
    S: str
    v: Number
    p: Number


class _OldLiquidation(Struct, rename="camel"):
    updated_time: Millis
    symbol: str
    side: str
    size: Number
    price: Number


class _OlderLiquidation(Struct):
    time: Millis
    symbol: str
    side: str
    qty: Number
    price: Number


class _PriceFilter(Struct, rename="camel"):
    tick_size: Number


class _LotFilter(Struct, rename="camel"):
    qty_step: Number | None = None
    base_precision: Number | None = None


class _InstrumentRow(Struct, rename="camel"):
    symbol: str
    status: str
    base_coin: str
    quote_coin: str
    price_filter: _PriceFilter
    lot_size_filter: _LotFilter
    contract_type: str = ""
    settle_coin: str = ""
    delivery_time: str = "0"
    options_type: str = ""


class _Listed(Struct):
    category: str = ""
    rows: list[_InstrumentRow] = field(name="list", default_factory=list)


_message, _short, _book, _trades = (
    reader_of(_Message),
    reader_of(_Short),
    reader_of(_BookRow),
    reader_of(list[_TradeRow]),
)
_ticker, _liquidations, _old_liquidation = (
    reader_of(_TickerRow),
    reader_of(list[_LiquidationRow]),
    reader_of(_OldLiquidation),
)
_older_liquidation = reader_of(_OlderLiquidation)
_listed, _number = reader_of(_Listed), reader_of(Number)


class BybitWire(VenueWire):
    """Messages of the public streams, and the REST answer of instruments-info."""

    venue = VENUE

    def _read(self, raw: bytes, about: str) -> Iterable[Any]:
        message = _message(raw)
        if message.topic:
            words = _streamed(message)
            return words if words is not None else bybit_v2.streamed(message.topic, message.type, message.data)
        if message.success is False or message.ret_code:
            return (Failed(str(message.ret_code or ""), message.ret_msg or _short(raw).ret_msg),)
        if message.success is not None or message.op:
            return (Quiet(message.op or "answer"),)
        if message.result:
            found = _listed(message.result)
            return listed(partial(_instrument, found.category), found.rows)
        return (Unknown("no topic"),)


def _streamed(message: _Message) -> Iterable[Any] | None:
    """None for a topic that v5 does not have."""
    topic, *rest = message.topic.split(".")
    if topic == "orderbook":
        return (_changed(message, _book(message.data)),)
    if topic == "publicTrade":
        return [_traded(row) for row in _trades(message.data)]
    if topic == "tickers":
        return _ticked(message.ts, _ticker(message.data))
    if topic == "allLiquidation":
        return [_closed(row.s, row.S, row.p, row.v, row.T) for row in _liquidations(message.data)]
    if topic == "liquidation":
        return (_closed_before(message.data),)
    return (Quiet(topic),) if topic in QUIET_TOPICS and rest else None


def _changed(message: _Message, row: _BookRow) -> Book:
    if message.type not in ("snapshot", "delta"):
        raise ValueError(f"type {message.type!r} is neither snapshot nor delta")
    whole = message.type == "snapshot" or row.u == RESTARTED
    first = None if whole else row.u
    return Book(row.s, whole, tuple(row.b), tuple(row.a), of_millis(message.ts), first, row.u)


def _traded(row: _TradeRow) -> Trade:
    price, size = positive(row.p, "p"), positive(row.v, "v")
    return Trade(row.s, price, size, side_named(row.S, TITLE_SIDES), row.i, of_millis(row.T))


def _ticked(ts: int, row: _TickerRow) -> list[Any]:
    """A change says only what changed; each word holds what this message said."""
    at = of_millis(ts)
    prices = [
        _optional(text)
        for text in (
            row.bid1_price or row.bid_price,
            row.bid1_size or row.bid_size,
            row.ask1_price or row.ask_price,
            row.ask1_size or row.ask_size,
            row.last_price,
        )
    ]
    words: list[Any] = [Ticker(row.symbol, at, *prices)] if any(one is not None for one in prices) else []
    mark, index, rate = _optional(row.mark_price), _optional(row.index_price), _optional(row.funding_rate)
    if mark is not None or index is not None:
        words.append(Mark(row.symbol, at, mark, index))
    if rate is not None:
        words.append(Funding(row.symbol, rate, of_millis(_millis(row.next_funding_time or "0")), at))
    return words or [Quiet("tickers")]


def _closed(symbol: str, side: str, price: Decimal, size: Decimal, ms: int) -> Liquidation:
    """The venue names the position's side: a long one is closed by selling."""
    return Liquidation(symbol, BUY + SELL - side_named(side, TITLE_SIDES), price, size, of_millis(ms))


def _closed_before(data: Raw) -> Liquidation:
    """One at a time, as v5 told it until 2025, or as v2 did."""
    if b'"updatedTime"' not in bytes(data):
        older = _older_liquidation(data)
        return _closed(older.symbol, older.side, older.price, older.qty, older.time)
    old = _old_liquidation(data)
    return _closed(old.symbol, old.side, old.price, old.size, old.updated_time)


def _instrument(category: str, row: _InstrumentRow) -> Instrument:
    kind, margin = SPOT, NONE
    if row.options_type:
        if row.options_type not in OPTION_TYPES:
            raise refused(VENUE, "optionsType", row.options_type, "is neither Call nor Put")
        kind, margin = OPTION_TYPES[row.options_type], LINEAR
    elif category != "spot" or row.contract_type:
        if row.contract_type not in MARGINS:
            raise refused(VENUE, "contractType", row.contract_type, "is no type of contract that is known")
        kind, margin = MARGINS[row.contract_type]
    delivered = _millis(row.delivery_time or "0")
    strike = _strike(row.symbol) if row.options_type else None
    return Instrument(
        venue=VENUE,
        symbol=row.symbol,
        kind=kind,
        base=row.base_coin,
        quote=row.quote_coin,
        settle=row.settle_coin or row.quote_coin,
        margin=margin,
        multiplier=Decimal(1),
        tick=row.price_filter.tick_size,
        lot=row.lot_size_filter.qty_step or row.lot_size_filter.base_precision,
        expiry=of_millis(delivered) if delivered else None,
        strike=strike,
        active=row.status == "Trading",
    )


def _strike(symbol: str) -> Decimal:
    """BTC-27DEC24-100000-C(-USDT): the list has no field for it."""
    parts = symbol.split("-")
    if len(parts) < 4:
        raise ValueError(f"option {symbol[:40]!r} is not COIN-DATE-STRIKE-TYPE")
    return positive(_number(f'"{parts[2]}"'.encode()), "strike")


def _optional(text: str) -> Decimal | None:
    return _number(f'"{text}"'.encode()) if text else None


def _millis(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 13):
        raise ValueError(f"{text[:40]!r} is no time in milliseconds")
    return int(text)
