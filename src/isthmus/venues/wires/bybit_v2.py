"""Bybit's streams as they were until 2023: orderBookL2_25, orderBook_200, trade, instrument_info, liquidation."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec import Raw, Struct

from isthmus.venues.wires.words import (
    BUY,
    SELL,
    TITLE_SIDES,
    Book,
    Mark,
    Number,
    Quiet,
    TextLevel,
    Ticker,
    Trade,
    Unknown,
    level,
    of_millis,
    plain,
    positive,
    reader_of,
    side_named,
)

QUIET_TOPICS = frozenset(("klineV2", "candle", "insurance"))
PRICE_PLACES = -4
"""`last_price_e4`: counts of 10^-4."""


class _Row(Struct):
    symbol: str
    price: Number
    side: str
    size: Number = Number(0)


class _Whole(Struct):
    order_book: list[_Row]


class _Changes(Struct):
    delete: list[_Row]
    update: list[_Row]
    insert: list[_Row]


class _TradeRow(Struct):
    symbol: str
    price: Number
    size: Number
    side: str
    trade_id: str
    trade_time_ms: Number


class _Info(Struct):
    symbol: str
    last_price_e4: Number | None = None
    bid1_price_e4: Number | None = None
    ask1_price_e4: Number | None = None
    mark_price_e4: Number | None = None
    index_price_e4: Number | None = None
    last_price: Number | None = None
    bid1_price: Number | None = None
    ask1_price: Number | None = None
    mark_price: Number | None = None
    index_price: Number | None = None


class _InfoChanges(Struct):
    update: list[_Info] = []
    insert: list[_Info] = []


_whole, _rows, _changes = reader_of(_Whole), reader_of(list[_Row]), reader_of(_Changes)
_trades, _info, _info_changes = reader_of(list[_TradeRow]), reader_of(_Info), reader_of(_InfoChanges)


def streamed(topic: str, kind: str, data: Raw) -> Iterable[Any]:
    """The words of a message on this topic ("orderBookL2_25.BTCUSDT")."""
    name, _, instrument = topic.rpartition(".")
    name = name.partition(".")[0]
    if name == "trade":
        return [_traded(row) for row in _trades(data)]
    if name.startswith("orderBook"):
        return (_book(instrument, kind, data),)
    if name == "instrument_info":
        if kind == "snapshot":
            return _told(_info(data))
        changes = _info_changes(data)
        return [word for row in (*changes.update, *changes.insert) for word in _told(row)]
    return (Quiet(name),) if name in QUIET_TOPICS else (Unknown(f"topic {topic}"),)


def _book(instrument: str, kind: str, data: Raw) -> Book:
    if kind == "snapshot":
        rows = _rows(data) if bytes(data).lstrip()[:1] == b"[" else _whole(data).order_book
        return Book(instrument, True, *_sides(rows))
    if kind != "delta":
        raise ValueError(f"type {kind!r} is neither snapshot nor delta")
    changes = _changes(data)
    gone = _sides(changes.delete, gone=True)
    set_now = _sides([*changes.update, *changes.insert])
    return Book(instrument, False, (*gone[0], *set_now[0]), (*gone[1], *set_now[1]))


def _sides(rows: list[_Row], gone: bool = False) -> tuple[tuple[TextLevel, ...], tuple[TextLevel, ...]]:
    sides: dict[int, list[TextLevel]] = {BUY: [], SELL: []}
    for row in rows:
        size = Decimal(0) if gone else row.size
        sides[side_named(row.side, TITLE_SIDES)].append(level(row.price, size))
    return tuple(sides[BUY]), tuple(sides[SELL])


def _traded(row: _TradeRow) -> Trade:
    at = int(plain(row.trade_time_ms))
    if not 0 <= at < 2**45:
        raise ValueError(f"trade_time_ms {at} is no time")
    price, size = positive(row.price, "price"), positive(row.size, "size")
    return Trade(row.symbol, price, size, side_named(row.side, TITLE_SIDES), row.trade_id, of_millis(at))


def _told(row: _Info) -> list[Any]:
    last, bid, ask, mark, index = (
        told if told is not None else (counted.scaleb(PRICE_PLACES) if counted is not None else None)
        for told, counted in (
            (row.last_price, row.last_price_e4),
            (row.bid1_price, row.bid1_price_e4),
            (row.ask1_price, row.ask1_price_e4),
            (row.mark_price, row.mark_price_e4),
            (row.index_price, row.index_price_e4),
        )
    )
    words: list[Any] = []
    if last is not None or bid is not None or ask is not None:
        words.append(Ticker(row.symbol, 0, bid=bid, ask=ask, last=last))
    if mark is not None or index is not None:
        words.append(Mark(row.symbol, 0, mark, index))
    return words or [Quiet("instrument_info")]
