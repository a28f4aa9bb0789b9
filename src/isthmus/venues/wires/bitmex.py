"""BitMEX: tables of the real-time feed (instrument, orderBookL2, orderBook10, quote, trade, funding, liquidation,
order, execution), and REST answers of instrument, order and trade.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec import Raw, Struct

from isthmus.venues.wires import bitmex_orders
from isthmus.venues.wires.bitmex_instruments import InstrumentRow, instrument_of
from isthmus.venues.wires.words import (
    SELL,
    TITLE_SIDES,
    Book,
    BookLost,
    Failed,
    Funding,
    Liquidation,
    Mark,
    Number,
    Quiet,
    TextLevel,
    Ticker,
    Trade,
    Unknown,
    VenueWire,
    level,
    listed,
    of_text,
    plain,
    positive,
    reader_of,
    side_named,
)

VENUE = "bitmex"
LEVELS_MAX = 1_000_000
"""Levels whose prices are remembered; a feed with more is refused."""
QUIET_TABLES = frozenset(
    (
        *("announcement", "chat", "connected", "insurance", "publicNotifications", "settlement"),
        *("affiliate", "margin", "position", "privateNotifications", "transact", "wallet"),
        *("quoteBin1m", "quoteBin5m", "quoteBin1h", "quoteBin1d"),
        *("tradeBin1m", "tradeBin5m", "tradeBin1h", "tradeBin1d"),
    )
)
PARTIAL, UPDATE, INSERT, DELETE = "partial", "update", "insert", "delete"
BOOK_TABLES = ("orderBookL2", "orderBookL2_25")


class _Message(Struct):
    table: str = ""
    action: str = ""
    data: Raw = Raw(b"")
    info: str = ""
    success: bool | None = None
    error: Any = None
    status: int | None = None


class _Filter(Struct, frozen=True):
    symbol: str = ""


class _Filtered(Struct):
    filter: _Filter = _Filter()


class _Level(Struct):
    symbol: str
    id: int
    side: str
    size: Number | None = None
    price: Number | None = None


class _TopTen(Struct):
    symbol: str
    bids: list[tuple[Number, Number]]
    asks: list[tuple[Number, Number]]
    timestamp: str


class _Quote(Struct, rename="camel"):
    symbol: str
    timestamp: str
    bid_size: Number | None = None
    bid_price: Number | None = None
    ask_price: Number | None = None
    ask_size: Number | None = None


class _TradeRow(Struct, rename={"trade_id": "trdMatchID"}):
    symbol: str
    timestamp: str
    side: str
    size: Number
    price: Number
    trade_id: str = ""


class _FundingRow(Struct, rename="camel"):
    symbol: str
    timestamp: str
    funding_rate: Number


class _LiquidationRow(Struct, rename={"leaves": "leavesQty"}):
    symbol: str = ""
    side: str = ""
    price: Number | None = None
    leaves: Number | None = None


class _Changed(Struct, rename="camel"):
    """What may change of an instrument; a message has only what did."""

    symbol: str
    timestamp: str = ""
    mark_price: Number | None = None
    indicative_settle_price: Number | None = None
    index_price: Number | None = None
    bid_price: Number | None = None
    ask_price: Number | None = None
    last_price: Number | None = None
    funding_rate: Number | None = None
    funding_timestamp: str | None = None


class _Row(Struct):
    """Enough of a REST row to know what it is."""

    typ: str | None = None
    trdMatchID: str | None = None  # noqa: N815 (the venue's word)
    orderID: str | None = None  # noqa: N815


_message, _filtered, _levels, _ten = (
    reader_of(_Message),
    reader_of(_Filtered),
    reader_of(list[_Level]),
    reader_of(list[_TopTen]),
)
_quotes, _trades, _fundings = reader_of(list[_Quote]), reader_of(list[_TradeRow]), reader_of(list[_FundingRow])
_liquidations, _changes = reader_of(list[_LiquidationRow]), reader_of(list[_Changed])
_listed, _rows, _raws = reader_of(list[InstrumentRow]), reader_of(list[_Row]), reader_of(list[Raw])

ALIVE = b"pong"


class BitmexWire(VenueWire):
    """A feed's messages: it remembers which price each level's id stands for, from the partial of its book on."""

    venue = VENUE

    def __init__(self) -> None:
        self._prices: dict[tuple[str, int], Decimal] = {}
        self._begun: set[str] = set()

    def _read(self, raw: bytes, about: str) -> Iterable[Any]:
        if raw.lstrip()[:1] == b"[":
            return _rest(raw)
        if raw == ALIVE:
            return (Quiet("pong"),)
        message = _message(raw)
        if message.table:
            return self._table(raw, message)
        if message.error:
            error = message.error
            text = error.get("message") if isinstance(error, dict) else error
            code = error.get("name") if isinstance(error, dict) else message.status
            return (Failed(str(code or ""), str(text)),)
        if message.info or message.success is not None:
            return (Quiet("welcome" if message.info else "subscribed"),)
        return _rest(b"[" + raw + b"]")

    def _table(self, raw: bytes, message: _Message) -> Iterable[Any]:
        table, action, data = message.table, message.action, message.data
        if table in BOOK_TABLES:
            return self._book(_filtered(raw).filter.symbol, action, _levels(data))
        if action not in (PARTIAL, UPDATE, INSERT, DELETE):
            raise ValueError(f"action {action!r} is none of partial, update, insert, delete")
        if table == "instrument":
            return _instruments(action, data)
        if table in ("order", "execution"):
            return bitmex_orders.told(table, action, data)
        if table == "liquidation":
            return [word for row in _liquidations(data) if (word := _liquidation(row)) is not None] or (Quiet(table),)
        if table in QUIET_TABLES:
            return (Quiet(table),)
        read = _ROWS.get(table)
        return read(data) if read is not None else (Unknown(f"table {table}"),)

    def _book(self, subscribed: str, action: str, rows: list[_Level]) -> Iterable[Any]:
        """Before a book's partial its changes are to be ignored, as the venue says."""
        if action == PARTIAL:
            for symbol in {row.symbol for row in rows} | ({subscribed} - {""}):
                self._forget(symbol)
                self._begun.add(symbol)
        by_symbol: dict[str, tuple[list[TextLevel], list[TextLevel]]] = {}
        if action == PARTIAL and subscribed:
            by_symbol[subscribed] = ([], [])
        lost: list[BookLost] = []
        for row in rows:
            if row.symbol not in self._begun:
                continue
            price = self._price(action, row)
            if price is None:
                lost.append(BookLost(row.symbol, f"{action} of level {row.id}, which was never told of"))
                continue
            sides = by_symbol.setdefault(row.symbol, ([], []))
            size = Decimal(0) if action == DELETE else _size(row)
            sides[side_named(row.side, TITLE_SIDES) == SELL].append(level(price, size))
        whole = action == PARTIAL
        words = [Book(symbol, whole, tuple(bids), tuple(asks)) for symbol, (bids, asks) in by_symbol.items()]
        return [*words, *lost] or (Quiet("book before its partial"),)

    def _price(self, action: str, row: _Level) -> Decimal | None:
        key = row.symbol, row.id
        if action in (PARTIAL, INSERT):
            if row.price is None:
                raise ValueError(f"{action} of level {row.id} has no price")
            if len(self._prices) >= LEVELS_MAX and key not in self._prices:
                raise ValueError(f"more than {LEVELS_MAX} levels")
            self._prices[key] = row.price
            return row.price
        if action == DELETE:
            return self._prices.pop(key, None)
        if action != UPDATE:
            raise ValueError(f"action {action!r} is none of partial, update, insert, delete")
        return self._prices.get(key)

    def _forget(self, symbol: str) -> None:
        for key in [key for key in self._prices if key[0] == symbol]:
            del self._prices[key]


def _size(row: _Level) -> Decimal:
    if row.size is None:
        raise ValueError(f"level {row.id} has no size")
    return row.size


def _rest(raw: bytes) -> Iterable[Any]:
    """Rows of a REST answer, each by what it has."""
    words: list[Any] = []
    for kind, row in zip(_rows(raw), _raws(raw), strict=True):
        one = b"[" + bytes(row) + b"]"
        if kind.typ is not None:
            words += [instrument_of(found) for found in _listed(one)]
        elif kind.orderID is not None:
            words += bitmex_orders.stated(one)
        elif kind.trdMatchID is not None:
            words += _traded(Raw(one))
        else:
            words.append(Unknown("row that is no instrument, order or trade"))
    return words


def _instruments(action: str, data: Raw) -> list[Any]:
    """New and whole rows are instruments; of a change, the prices that it has."""
    words: list[Any] = []
    if action in (PARTIAL, INSERT):
        words += listed(instrument_of, _listed(data))
    for row in _changes(data):
        at = of_text(row.timestamp)
        index = row.index_price if row.index_price is not None else row.indicative_settle_price
        if row.mark_price is not None or index is not None:
            words.append(Mark(row.symbol, at, row.mark_price, index))
        if row.bid_price is not None or row.ask_price is not None or row.last_price is not None:
            words.append(Ticker(row.symbol, at, bid=row.bid_price, ask=row.ask_price, last=row.last_price))
        if row.funding_rate is not None:
            words.append(Funding(row.symbol, row.funding_rate, of_text(row.funding_timestamp), at))
    return words or [Quiet("instrument")]


def _quoted(data: Raw) -> list[Any]:
    return [
        Ticker(row.symbol, of_text(row.timestamp), row.bid_price, row.bid_size, row.ask_price, row.ask_size)
        for row in _quotes(data)
    ]


def _traded(data: Raw) -> list[Any]:
    return [
        Trade(
            row.symbol,
            positive(row.price, "price"),
            positive(row.size, "size"),
            side_named(row.side, TITLE_SIDES),
            row.trade_id,
            of_text(row.timestamp),
        )
        for row in _trades(data)
    ]


def _funded(data: Raw) -> list[Any]:
    """The table tells of what was paid: the rate became due at its time."""
    return [
        Funding(row.symbol, row.funding_rate, of_text(row.timestamp), of_text(row.timestamp)) for row in _fundings(data)
    ]


def _top_ten(data: Raw) -> list[Any]:
    words: list[Any] = []
    for row in _ten(data):
        bids, asks = ([(plain(positive(p, "price")), plain(size)) for p, size in side] for side in (row.bids, row.asks))
        words.append(Book(row.symbol, True, tuple(bids), tuple(asks), of_text(row.timestamp)))
    return words


def _liquidation(row: _LiquidationRow) -> Liquidation | None:
    """A change or an end of one has not all of its fields, and tells nothing new."""
    if not row.symbol or not row.side or row.price is None or row.leaves is None:
        return None
    return Liquidation(row.symbol, side_named(row.side, TITLE_SIDES), row.price, row.leaves, 0)


_ROWS = {"quote": _quoted, "trade": _traded, "funding": _funded, "orderBook10": _top_ten}
