"""OKX v5, public: books with the CRC-32 of their best 25 levels, trades, tickers, marks, funding, instruments."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec
from msgspec import Raw, Struct

from isthmus.venues.wires.words import (
    CALL,
    EXACT,
    FUTURE,
    INVERSE,
    LINEAR,
    NONE,
    PERPETUAL,
    PUT,
    SIDES,
    SPOT,
    Book,
    Failed,
    Funding,
    Instrument,
    LevelPart,
    Liquidation,
    Mark,
    Number,
    Quiet,
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

VENUE = "okx"
BOOK_CHANNELS = frozenset(("books", "books5", "bbo-tbt", "books-l2-tbt", "books50-l2-tbt"))
QUIET_CHANNELS = frozenset(
    ("open-interest", "price-limit", "opt-summary", "estimated-price", "status", "adl-warning", "economic-calendar")
)
ALIVE = b"pong"

Level = tuple[LevelPart, LevelPart, str, str]


class _Argument(Struct, rename="camel", frozen=True):
    channel: str = ""
    inst_id: str = ""


class _Message(Struct, rename="camel"):
    event: str = ""
    arg: _Argument = _Argument()
    action: str = ""
    data: Raw = Raw(b"")
    code: str = ""
    msg: str = ""


class _BookRow(Struct, rename="camel"):
    asks: list[Level]
    bids: list[Level]
    ts: str
    checksum: int | None = None
    seq_id: int | None = None
    prev_seq_id: int | None = None


class _TradeRow(Struct, rename="camel"):
    inst_id: str
    trade_id: str
    px: Number
    sz: Number
    side: str
    ts: str


class _TickerRow(Struct, rename="camel"):
    inst_id: str
    ts: str
    last: str = ""
    bid_px: str = ""
    bid_sz: str = ""
    ask_px: str = ""
    ask_sz: str = ""


class _FundingRow(Struct, rename="camel"):
    inst_id: str
    funding_rate: Number
    funding_time: str
    ts: str = "0"


class _MarkRow(Struct, rename="camel"):
    inst_id: str
    ts: str
    mark_px: Number | None = None
    idx_px: Number | None = None


class _Detail(Struct, rename="camel"):
    side: str
    bk_px: Number
    sz: Number
    ts: str


class _LiquidationRow(Struct, rename="camel"):
    inst_id: str
    details: list[_Detail]


class _InstrumentRow(Struct, rename="camel"):
    inst_type: str
    inst_id: str
    tick_sz: str
    lot_sz: str
    state: str
    base_ccy: str = ""
    quote_ccy: str = ""
    settle_ccy: str = ""
    ct_val: str = ""
    ct_mult: str = ""
    ct_type: str = ""
    uly: str = ""
    opt_type: str = ""
    stk: str = ""
    exp_time: str = ""


_message = reader_of(_Message)
_books, _trades, _tickers = reader_of(list[_BookRow]), reader_of(list[_TradeRow]), reader_of(list[_TickerRow])
_funding, _marks = reader_of(list[_FundingRow]), reader_of(list[_MarkRow])
_liquidations, _instruments = reader_of(list[_LiquidationRow]), reader_of(list[_InstrumentRow])
_number = reader_of(Number)


class OkxWire(VenueWire):
    """Messages of the public WebSocket, and the REST answer of public/instruments."""

    venue = VENUE

    def _read(self, raw: bytes, about: str) -> Iterable[object]:
        if raw == ALIVE:
            return (Quiet("pong"),)
        message = _message(raw)
        if message.event == "error" or message.code not in ("", "0"):
            return (Failed(message.code, message.msg),)
        if message.event:
            return (Quiet(message.event),)
        if not message.data:
            return (Unknown("no event and no data"),)
        channel = message.arg.channel
        if not channel:
            return listed(_instrument, _instruments(message.data))
        return _rows(channel, message)


def _rows(channel: str, message: _Message) -> Iterable[object]:
    data = message.data
    if channel in BOOK_CHANNELS:
        return [_book(message, row) for row in _books(data)]
    if channel in ("trades", "trades-all"):
        return [_trade(row) for row in _trades(data)]
    if channel == "tickers":
        return [_ticker(row) for row in _tickers(data)]
    if channel == "funding-rate":
        return [
            Funding(row.inst_id, row.funding_rate, of_millis(_millis(row.funding_time)), of_millis(_millis(row.ts)))
            for row in _funding(data)
        ]
    if channel in ("mark-price", "index-tickers"):
        return [Mark(row.inst_id, of_millis(_millis(row.ts)), row.mark_px, row.idx_px) for row in _marks(data)]
    if channel == "liquidation-orders":
        return [_liquidation(row.inst_id, one) for row in _liquidations(data) for one in row.details]
    if channel == "instruments":
        return listed(_instrument, _instruments(data))
    known = channel in QUIET_CHANNELS or "candle" in channel
    return (Quiet(channel),) if known else (Unknown(f"channel {channel}"),)


def _book(message: _Message, row: _BookRow) -> Book:
    """Channels without an action (books5, bbo-tbt) send the whole of what they show each time."""
    if message.action not in ("", "snapshot", "update"):
        raise ValueError(f"action {message.action!r} is neither snapshot nor update")
    changed = message.action == "update"
    return Book(
        message.arg.inst_id,
        not changed,
        tuple((one[0], one[1]) for one in row.bids),
        tuple((one[0], one[1]) for one in row.asks),
        of_millis(_millis(row.ts)),
        last=row.seq_id,
        previous=row.prev_seq_id if changed and row.prev_seq_id != -1 else None,
        checksum=row.checksum,
    )


def _trade(row: _TradeRow) -> Trade:
    at = of_millis(_millis(row.ts))
    return Trade(
        row.inst_id, positive(row.px, "px"), positive(row.sz, "sz"), side_named(row.side, SIDES), row.trade_id, at
    )


def _ticker(row: _TickerRow) -> Ticker:
    bid, bid_size, ask, ask_size, last = (
        _optional(text) for text in (row.bid_px, row.bid_sz, row.ask_px, row.ask_sz, row.last)
    )
    return Ticker(row.inst_id, of_millis(_millis(row.ts)), bid, bid_size, ask, ask_size, last)


def _liquidation(instrument: str, row: _Detail) -> Liquidation:
    return Liquidation(instrument, side_named(row.side, SIDES), row.bk_px, row.sz, of_millis(_millis(row.ts)))


def _instrument(row: _InstrumentRow) -> Instrument:
    margin, multiplier = NONE, Decimal(1)
    base, quote, settle = row.base_ccy, row.quote_ccy, row.quote_ccy
    if row.inst_type not in ("SPOT", "MARGIN"):
        if row.ct_type not in (LINEAR, INVERSE) and row.inst_type != "OPTION":
            raise refused(VENUE, "ctType", row.ct_type, "is neither linear nor inverse")
        base, _, quote = row.uly.partition("-")
        margin = row.ct_type or INVERSE
        settle = row.settle_ccy
        values = _text(row.ct_val, "ctVal"), _text(row.ct_mult or "1", "ctMult")
        multiplier = positive(EXACT.multiply(*values), "ctVal x ctMult")
        if row.inst_type == "OPTION":  # priced in the coin: the contract is of that many coins
            margin = LINEAR
            quote = settle
    return Instrument(
        venue=VENUE,
        symbol=row.inst_id,
        kind=_kind(row),
        base=base,
        quote=quote,
        settle=settle,
        margin=margin,
        multiplier=multiplier,
        tick=_optional(row.tick_sz),
        lot=_optional(row.lot_sz),
        expiry=of_millis(_millis(row.exp_time)) if row.exp_time else None,
        strike=_optional(row.stk),
        active=row.state == "live",
    )


def _kind(row: _InstrumentRow) -> str:
    kinds = {"SPOT": SPOT, "MARGIN": SPOT, "SWAP": PERPETUAL, "FUTURES": FUTURE}
    if row.inst_type == "OPTION":
        if row.opt_type not in ("C", "P"):
            raise refused(VENUE, "optType", row.opt_type, "is neither C nor P")
        return CALL if row.opt_type == "C" else PUT
    if row.inst_type not in kinds:
        raise refused(VENUE, "instType", row.inst_type, "is no kind of instrument that is known")
    return kinds[row.inst_type]


def _millis(text: str) -> int:
    """Raises ValueError."""
    if not (text.isascii() and text.isdigit() and len(text) <= 13):
        raise ValueError(f"{text[:40]!r} is no time in milliseconds")
    return int(text)


def _text(text: str, field: str) -> Number:
    if not text:
        raise ValueError(f"{field} is empty")
    return _number(msgspec.json.encode(text))


def _optional(text: str) -> Number | None:
    return _number(msgspec.json.encode(text)) if text else None
