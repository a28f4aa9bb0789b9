"""Binance Futures, USD-margined and coin-margined: streams of market and user, REST depth, exchangeInfo, errors."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec import Raw, Struct, field

from isthmus.venues.wires import binance_orders
from isthmus.venues.wires.words import (
    BUY,
    FUTURE,
    INVERSE,
    LINEAR,
    PERPETUAL,
    SELL,
    UPPER_SIDES,
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
    of_millis,
    positive,
    present,
    reader_of,
    refused,
    side_named,
)

VENUE = "binance-futures"
MATCHED = ("MARKET", "")
"""Trades of another sort (insurance fund, NA) did not happen on the book."""
QUIET_EVENTS = frozenset(
    (
        "kline",
        "continuous_kline",
        "indexPrice_kline",
        "markPrice_kline",
        "24hrMiniTicker",
        "compositeIndex",
        "contractInfo",
        "assetIndexUpdate",
        "tradingSession",
        "ACCOUNT_UPDATE",
        "ACCOUNT_CONFIG_UPDATE",
        "MARGIN_CALL",
        "STRATEGY_UPDATE",
        "GRID_UPDATE",
        "CONDITIONAL_ORDER_TRIGGER_REJECT",
        "ALGO_UPDATE",
        "listenKeyExpired",
    )
)
PERPETUAL_TYPES = frozenset(("PERPETUAL", "PERPETUAL_DELIVERING", "TRADIFI_PERPETUAL"))
FUTURE_TYPES = frozenset(
    (
        "CURRENT_QUARTER",
        "NEXT_QUARTER",
        "CURRENT_MONTH",
        "NEXT_MONTH",
        "CURRENT_QUARTER_DELIVERING",
        "NEXT_QUARTER_DELIVERING",
    )
)
UNTYPED = ""
"""`contractType` of a contract that is not listed yet, or was delivered."""

Pair = tuple[LevelPart, LevelPart]


class _Message(Struct):
    stream: str = ""
    data: Raw = Raw(b"")
    e: str = ""
    last_update: int | None = field(default=None, name="lastUpdateId")
    symbols: Raw = Raw(b"")
    code: int | None = None
    msg: str = ""
    result: Any = ""
    order_id: int | None = field(default=None, name="orderId")
    u: int | None = None
    listen_key: str = field(default="", name="listenKey")
    server_time: int | None = field(default=None, name="serverTime")
    position: str = field(default="", name="positionAmt")
    open_interest: str = field(default="", name="openInterest")
    funding_rate: str = field(default="", name="fundingRate")
    algo_id: int | None = field(default=None, name="algoId")
    fee_tier: int | None = field(default=None, name="feeTier")
    alias: str = field(default="", name="accountAlias")


class _Depth(Struct):
    s: str
    E: Millis
    U: Sequence
    u: Sequence
    b: list[Pair]
    a: list[Pair]
    T: Millis = 0
    pu: Sequence | None = None


class _Snapshot(Struct):
    last: Sequence = field(name="lastUpdateId")
    bids: list[Pair]
    asks: list[Pair]
    T: Millis = 0
    symbol: str = ""


class _TradeRow(Struct):
    s: str
    p: Number
    q: Number
    T: Millis
    m: bool
    a: Sequence | None = None
    t: Sequence | None = None
    X: str = ""


class _BookTicker(Struct):
    s: str
    b: Number
    B: Number
    a: Number
    A: Number
    T: Millis = 0


class _DayTicker(Struct):
    s: str
    c: Number
    E: Millis


class _MarkRow(Struct):
    s: str
    p: Number
    E: Millis
    i: Number | None = None
    r: str = ""
    T: Millis = 0


class _FundingRow(Struct, rename="camel"):
    symbol: str
    funding_rate: Number
    funding_time: Millis


class _IndexRow(Struct):
    i: str
    p: Number
    E: Millis


class _Forced(Struct):
    s: str
    S: str
    q: Number
    p: Number
    T: Millis


class _ForcedMessage(Struct):
    o: _Forced


class _Filter(Struct, rename="camel"):
    filter_type: str = ""
    tick_size: Number | None = None
    step_size: Number | None = None


class _Symbol(Struct, rename="camel"):
    symbol: str
    contract_type: str
    base_asset: str
    quote_asset: str
    margin_asset: str
    delivery_date: Millis = 0
    contract_size: Number | None = None
    status: str = ""
    contract_status: str = ""
    filters: list[_Filter] = []


_message, _depth, _snapshot, _trade = reader_of(_Message), reader_of(_Depth), reader_of(_Snapshot), reader_of(_TradeRow)
_book_ticker, _day_ticker, _mark = reader_of(_BookTicker), reader_of(_DayTicker), reader_of(_MarkRow)
_index, _forced, _symbols, _raws = (
    reader_of(_IndexRow),
    reader_of(_ForcedMessage),
    reader_of(list[_Symbol]),
    reader_of(list[Raw]),
)
_number, _funding = reader_of(Number), reader_of(_FundingRow)


class BinanceFuturesWire(VenueWire):
    """Messages of both futures markets. A REST depth answer of USD-margined contracts does not name its symbol."""

    venue = VENUE

    def _read(self, raw: bytes, about: str) -> Iterable[Any]:
        if raw.lstrip()[:1] == b"[":
            return [word for row in _raws(raw) for word in self._one(bytes(row), about)]
        return self._one(raw, about)

    def _one(self, raw: bytes, about: str) -> Iterable[Any]:
        message = _message(raw)
        if message.stream:
            return self._read(bytes(message.data), about)
        if message.e:
            return _event(message.e, raw)
        if message.last_update is not None:
            return (_whole(_snapshot(raw), about),)
        if message.symbols:
            return [_instrument(row) for row in _symbols(message.symbols)]
        if message.order_id is not None:
            return binance_orders.answered(raw)
        if message.code is not None and message.code != binance_orders.DONE:
            return (Failed(str(message.code), message.msg),)
        if message.u is not None:
            return (_best(_book_ticker(raw)),)
        if message.position or message.alias or message.algo_id is not None or message.fee_tier is not None:
            return (Quiet("account"),)
        if message.funding_rate:
            return (_paid(_funding(raw)),)
        if message.open_interest:
            return (Quiet("openInterest"),)
        known = message.code is not None or message.listen_key or message.server_time or message.result != ""
        return (Quiet("answer"),) if known else (Unknown("no event"),)


def _event(event: str, raw: bytes) -> Iterable[Any]:
    if event == "bookTicker":
        return (_best(_book_ticker(raw)),)
    if event == "depthUpdate":
        return (_changed(_depth(raw)),)
    if event in ("aggTrade", "trade"):
        return (_traded(_trade(raw)),)
    if event == "markPriceUpdate":
        return _marked(_mark(raw))
    if event == "24hrTicker":
        row = _day_ticker(raw)
        return (Ticker(row.s, of_millis(row.E), last=row.c),)
    if event == "indexPriceUpdate":
        index = _index(raw)
        return (Mark(index.i, of_millis(index.E), index=index.p),)
    if event == "forceOrder":
        forced = _forced(raw).o
        side = side_named(forced.S, UPPER_SIDES)
        return (Liquidation(forced.s, side, forced.p, forced.q, of_millis(forced.T)),)
    if event in binance_orders.EVENTS:
        return binance_orders.told(event, raw)
    return (Quiet(event),) if event in QUIET_EVENTS else (Unknown(f"event {event}"),)


def _changed(row: _Depth) -> Book:
    """`pu` is the last id of the message before; partial books (depth5 to depth20) look alike and are whole."""
    at = of_millis(row.T or row.E)
    return Book(row.s, False, tuple(row.b), tuple(row.a), at, row.U, row.u, row.pu)


def _whole(row: _Snapshot, about: str) -> Book:
    instrument = row.symbol or about
    if not instrument:
        raise ValueError("a depth answer without a symbol needs to be told which one was asked for")
    return Book(instrument, True, tuple(row.bids), tuple(row.asks), of_millis(row.T), last=row.last)


def _traded(row: _TradeRow) -> Any:
    number = row.a if row.a is not None else row.t
    if row.X not in MATCHED:
        return Quiet(f"trade {row.X}")
    price, size = positive(row.p, "p"), positive(row.q, "q")
    return Trade(row.s, price, size, SELL if row.m else BUY, str(number or ""), of_millis(row.T))


def _best(row: _BookTicker) -> Ticker:
    return Ticker(row.s, of_millis(row.T), present(row.b), row.B, present(row.a), row.A)


def _marked(row: _MarkRow) -> list[Any]:
    """`r` is empty for contracts that pay no funding."""
    at = of_millis(row.E)
    words: list[Any] = [Mark(row.s, at, row.p, present(row.i) if row.i is not None else None)]
    if row.r:
        words.append(Funding(row.s, _number(f'"{row.r}"'.encode()), of_millis(row.T), at))
    return words


def _paid(row: _FundingRow) -> Funding:
    at = of_millis(row.funding_time)
    return Funding(row.symbol, row.funding_rate, at, at)


def _instrument(row: _Symbol) -> Any:
    """A coin-margined contract is of `contractSize` units of its quote; it is settled in its coin."""
    if row.contract_type == UNTYPED:
        return Quiet(f"symbol without a contract type ({row.status or row.contract_status})")
    if row.contract_type not in PERPETUAL_TYPES | FUTURE_TYPES:
        return Unknown(f"contractType {row.contract_type[:40]} of {row.symbol[:40]}")
    perpetual = row.contract_type in PERPETUAL_TYPES
    inverse = row.contract_size is not None
    if inverse != (row.margin_asset == row.base_asset):
        raise refused(VENUE, "marginAsset", row.margin_asset, "does not fit a contract with this contractSize")
    ticks = {one.filter_type: one for one in row.filters}
    price, lot = ticks.get("PRICE_FILTER"), ticks.get("LOT_SIZE")
    return Instrument(
        venue=VENUE,
        symbol=row.symbol,
        kind=PERPETUAL if perpetual else FUTURE,
        base=row.base_asset,
        quote=row.quote_asset,
        settle=row.margin_asset,
        margin=INVERSE if inverse else LINEAR,
        multiplier=positive(row.contract_size, "contractSize") if row.contract_size is not None else Decimal(1),
        tick=price.tick_size if price else None,
        lot=lot.step_size if lot else None,
        expiry=None if perpetual else of_millis(row.delivery_date),
        active=(row.status or row.contract_status) == "TRADING",
    )
