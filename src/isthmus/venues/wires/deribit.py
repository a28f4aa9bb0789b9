"""Deribit v2 (JSON-RPC): books by change id, trades, tickers, quotes, funding, instruments, and orders."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec import Raw, Struct

from isthmus.venues.wires import deribit_orders
from isthmus.venues.wires.words import (
    BUY,
    CALL,
    COMBO,
    FUTURE,
    INVERSE,
    LINEAR,
    NONE,
    PERPETUAL,
    PUT,
    SELL,
    SIDES,
    SPOT,
    Book,
    Failed,
    Funding,
    Instrument,
    Liquidation,
    Mark,
    Millis,
    Number,
    Quiet,
    Sequence,
    TextLevel,
    Ticker,
    Trade,
    Unknown,
    VenueWire,
    level,
    listed,
    of_millis,
    positive,
    present,
    reader_of,
    refused,
    side_named,
)

VENUE = "deribit"
ACTIONS = frozenset(("new", "change", "delete"))
QUIET_CHANNELS = frozenset(
    (
        "announcements",
        "block_rfq",
        "block_trade_confirmations",
        "chart",
        "deribit_price_ranking",
        "deribit_price_statistics",
        "deribit_volatility_index",
        "estimated_expiration_price",
        "instrument",
        "markprice",
        "platform_state",
        "rfq",
        "user",
    )
)
MARGINS = {"reversed": INVERSE, "linear": LINEAR}


class _Params(Struct):
    channel: str = ""
    data: Raw = Raw(b"")
    type: str = ""


class _Error(Struct):
    code: int | None = None
    message: str = ""


class _Message(Struct):
    method: str = ""
    params: _Params | None = None
    result: Raw = Raw(b"")
    error: _Error | None = None


class _BookRow(Struct):
    instrument_name: str
    change_id: Sequence
    bids: list[Any]
    asks: list[Any]
    timestamp: Millis = 0
    type: str = ""
    prev_change_id: Sequence | None = None


class _TradeRow(Struct):
    instrument_name: str
    price: Number
    amount: Number
    direction: str
    trade_id: str
    timestamp: Millis
    liquidation: str = ""


class _TickerRow(Struct):
    instrument_name: str
    timestamp: Millis
    best_bid_price: Number | None = None
    best_bid_amount: Number | None = None
    best_ask_price: Number | None = None
    best_ask_amount: Number | None = None
    last_price: Number | None = None
    mark_price: Number | None = None
    index_price: Number | None = None
    current_funding: Number | None = None


class _PerpetualRow(Struct):
    timestamp: Millis
    interest: Number
    index_price: Number | None = None


class _IndexRow(Struct):
    timestamp: Millis
    price: Number
    index_name: str


class _InstrumentRow(Struct):
    instrument_name: str
    kind: str
    base_currency: str
    quote_currency: str
    tick_size: Number
    min_trade_amount: Number
    contract_size: Number | None = None
    expiration_timestamp: Millis = 0
    settlement_period: str = ""
    settlement_currency: str = ""
    counter_currency: str = ""
    instrument_type: str = ""
    future_type: str = ""
    option_type: str = ""
    strike: Number | None = None
    is_active: bool = True


class _Answer(Struct):
    """Enough of a result to know what it is."""

    instrument_name: str = ""
    change_id: int | None = None
    kind: str = ""
    order: Raw = Raw(b"")
    order_id: str = ""
    trades: Raw = Raw(b"")
    best_bid_price: Any = None


_message = reader_of(_Message)
_book, _trades, _ticker = reader_of(_BookRow), reader_of(list[_TradeRow]), reader_of(_TickerRow)
_perpetual, _index, _answer = reader_of(_PerpetualRow), reader_of(_IndexRow), reader_of(_Answer)
_instrument_row, _raws, _number = reader_of(_InstrumentRow), reader_of(list[Raw]), reader_of(Number)


class DeribitWire(VenueWire):
    """Messages of the WebSocket and answers of its requests, or of HTTP."""

    venue = VENUE

    def _read(self, raw: bytes, about: str) -> Iterable[Any]:
        message = _message(raw)
        if message.error is not None:
            code = message.error.code
            return (Failed("" if code is None else str(code), message.error.message),)
        if message.method == "heartbeat":
            return (Quiet(message.params.type if message.params and message.params.type else "heartbeat"),)
        if message.method == "subscription" and message.params is not None:
            return _streamed(message.params)
        if message.result:
            return _answered(message.result)
        return (Unknown(f"method {message.method}" if message.method else "no method and no result"),)


def _streamed(params: _Params) -> Iterable[Any]:
    channel, data = params.channel, params.data
    stream, _, rest = channel.partition(".")
    if stream == "book":
        return (_changed(_book(data)),)
    if stream == "trades":
        return _traded(data)
    if stream in ("ticker", "incremental_ticker", "quote"):
        return _ticked(_ticker(data))
    if stream == "perpetual":
        row = _perpetual(data)
        instrument, at = rest.partition(".")[0], of_millis(row.timestamp)
        return (Funding(instrument, row.interest, 0, at), Mark(instrument, at, index=row.index_price))
    if stream == "deribit_price_index":
        index = _index(data)
        return (Mark(index.index_name, of_millis(index.timestamp), index=index.price),)
    if stream == "user" and rest.partition(".")[0] in ("orders", "trades", "changes"):
        return deribit_orders.told(rest.partition(".")[0], data)
    return (Quiet(stream),) if stream in QUIET_CHANNELS else (Unknown(f"channel {channel}"),)


def _changed(row: _BookRow) -> Book:
    """Raw and 100 ms books have rows [action, price, amount] and change ids; grouped ones rows [price, amount] and are
    whole each time.
    """
    if row.type not in ("", "snapshot", "change"):
        raise ValueError(f"type {row.type!r} is neither snapshot nor change")
    whole = row.type != "change"
    previous = None if whole else row.prev_change_id
    bids, asks = _levels(row.bids, not row.type), _levels(row.asks, not row.type)
    at = of_millis(row.timestamp)
    return Book(row.instrument_name, whole, bids, asks, at, last=row.change_id, previous=previous)


def _levels(rows: list[Any], plain_rows: bool) -> tuple[TextLevel, ...]:
    made: list[TextLevel] = []
    for row in rows:
        if not isinstance(row, list) or len(row) != (2 if plain_rows else 3):
            raise ValueError(f"{str(row)[:60]} is no level")
        if not plain_rows and row[0] not in ACTIONS:
            raise ValueError(f"action {str(row[0])[:40]!r} is none of new, change, delete")
        price, amount = (_exactly(one) for one in row[-2:])
        gone = not plain_rows and row[0] == "delete"
        made.append(level(price, Decimal(0) if gone else amount))
    return tuple(made)


def _exactly(value: Any) -> Decimal:
    """Numbers came as text of what was written, or as integers."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{str(value)[:40]!r} is no number")
    return _number(f'"{value}"'.encode())


def _traded(data: Raw) -> list[Any]:
    """A trade says whose order closed a position by force: the maker's (M), the taker's (T) or both (MT)."""
    words: list[Any] = []
    for row in _trades(data):
        price, size, at = positive(row.price, "price"), positive(row.amount, "amount"), of_millis(row.timestamp)
        taker = side_named(row.direction, SIDES)
        words.append(Trade(row.instrument_name, price, size, taker, row.trade_id, at))
        if set(row.liquidation) - {"M", "T"}:
            raise refused(VENUE, "liquidation", row.liquidation, "is none of M, T, MT")
        for who in row.liquidation:
            side = taker if who == "T" else BUY + SELL - taker
            words.append(Liquidation(row.instrument_name, side, price, size, at))
    return words


def _ticked(row: _TickerRow) -> list[Any]:
    at, name = of_millis(row.timestamp), row.instrument_name
    sides = row.best_bid_price, row.best_bid_amount, row.best_ask_price, row.best_ask_amount, row.last_price
    words: list[Any] = []
    if any(one is not None for one in sides):
        bid, bid_size, ask, ask_size, last = (present(one) if one is not None else None for one in sides)
        words.append(Ticker(name, at, bid, bid_size, ask, ask_size, last))
    if row.mark_price is not None or row.index_price is not None:
        words.append(Mark(name, at, row.mark_price, row.index_price))
    if row.current_funding is not None:
        words.append(Funding(name, row.current_funding, 0, at))
    return words or [Quiet("ticker")]


def _answered(result: Raw) -> Iterable[Any]:
    opening = bytes(result).lstrip()[:1]
    if opening == b"[":
        return [word for words in listed(_listed, _raws(result)) for word in _flat(words)] or (Quiet("empty list"),)
    if opening != b"{":
        return (Quiet("answer"),)
    answer = _answer(result)
    if answer.order:
        return deribit_orders.answered(answer.order, answer.trades)
    if answer.change_id is not None:
        return (_changed(_book(result)), *_ticked(_ticker(result)))
    if answer.best_bid_price is not None:
        return _ticked(_ticker(result))
    if answer.trades:
        return _traded(answer.trades) or (Quiet("trades"),)
    return _listed(result)


def _flat(words: Any) -> Iterable[Any]:
    return (words,) if isinstance(words, Unknown) else words


def _listed(row: Raw) -> Iterable[Any]:
    """A row of a list: an instrument, or an order; anything else is an answer that says nothing of the market."""
    if bytes(row).lstrip()[:1] != b"{":
        return (Quiet("answer"),)
    answer = _answer(row)
    if answer.order_id:
        return deribit_orders.stated(row)
    if answer.kind and answer.instrument_name:
        return (_instrument(_instrument_row(row)),)
    return (Quiet("answer"),)


def _instrument(row: _InstrumentRow) -> Instrument:
    """An inverse contract is of `contract_size` units of the counter currency, a linear one and every option of so many
    coins. An option is inverse where the venue says "reversed": it is priced and settled in its coin.
    """
    kind = _kind(row)
    option = kind in (CALL, PUT)
    told = row.instrument_type or row.future_type
    settle = row.settlement_currency or (row.base_currency if not told or told == "reversed" else row.quote_currency)
    margin = NONE
    if kind != SPOT:
        inverse = settle == row.base_currency if not told else _margin(told) == INVERSE
        margin = INVERSE if inverse else LINEAR
    expires = row.expiration_timestamp if kind in (FUTURE, CALL, PUT, COMBO) and row.expiration_timestamp else None
    return Instrument(
        venue=VENUE,
        symbol=row.instrument_name,
        kind=kind,
        base=row.base_currency,
        quote=row.quote_currency,
        settle=settle,
        margin=margin,
        multiplier=positive(row.contract_size, "contract_size") if row.contract_size and kind != SPOT else Decimal(1),
        tick=row.tick_size,
        lot=row.min_trade_amount,
        expiry=of_millis(expires) if expires is not None else None,
        strike=row.strike if option else None,
        active=row.is_active,
    )


def _margin(told: str) -> str:
    if told not in MARGINS:
        raise refused(VENUE, "instrument_type", told, "is neither reversed nor linear")
    return MARGINS[told]


def _kind(row: _InstrumentRow) -> str:
    if row.kind == "option":
        if row.option_type not in (CALL, PUT):
            raise refused(VENUE, "option_type", row.option_type, "is neither call nor put")
        return CALL if row.option_type == CALL else PUT
    if row.kind == "future":
        return PERPETUAL if row.settlement_period == PERPETUAL else FUTURE
    if row.kind in ("future_combo", "option_combo"):
        return COMBO
    if row.kind != SPOT:
        raise refused(VENUE, "kind", row.kind, "is no kind of instrument that is known")
    return SPOT
