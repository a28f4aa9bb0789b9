"""Best bids and asks as they were when somebody looked: what this protocol calls quotes."""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec

from isthmus.gateways.alpaca.symbols import EQUITY, class_of
from isthmus.gateways.reads import Reads
from isthmus.kernel.values import time_text
from isthmus.refdata.instruments import Instrument
from isthmus.views.tape import TradeRow

QUOTES_MAX = 5_000
"""Quotes kept for each instrument; the oldest go first."""
ORDINAL_BITS = 12
"""Of a trade's number, for its place in its record; what does not fit counts on."""


class QuoteRow(msgspec.Struct, frozen=True):
    """Prices and quantities in the instrument's units; 0 where a side is empty."""

    time: int
    bid: int
    bid_quantity: int
    ask: int
    ask_quantity: int


class Quotes:
    """Sees every instrument each time it is asked to look; keeps what differs from the look before."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._kept: dict[int, deque[QuoteRow]] = {}
        self._version: tuple[int, int] | None = None

    def look(self) -> list[tuple[Instrument, QuoteRow]]:
        """The quotes that changed."""
        books = self._reads.views.books
        if books.version == self._version:
            return []
        self._version = books.version
        instruments = self._reads.directory.instruments.values()
        seen = [(instrument, self._seen(instrument)) for instrument in instruments]
        return [(instrument, quote) for instrument, quote in seen if quote is not None]

    def latest(self, instrument: Instrument) -> QuoteRow:
        """What stands, with the time at which it was first seen."""
        kept = self._kept.get(instrument.number)
        return self._read(instrument, kept[-1].time if kept else None)

    def kept(self, instrument: int) -> list[QuoteRow]:
        """Oldest first."""
        return list(self._kept.get(instrument, ()))

    def _seen(self, instrument: Instrument) -> QuoteRow | None:
        kept = self._kept.setdefault(instrument.number, deque(maxlen=QUOTES_MAX))
        now = self._read(instrument, kept[-1].time if kept else None)
        if kept and now == kept[-1]:
            return None
        now = msgspec.structs.replace(now, time=self._reads.now())
        kept.append(now)
        return now

    def _read(self, instrument: Instrument, time: int | None) -> QuoteRow:
        bid, ask = self._reads.views.books.best(instrument.number)
        at = self._reads.now() if time is None else time
        return QuoteRow(at, *(bid[:2] if bid else (0, 0)), *(ask[:2] if ask else (0, 0)))


def quote_fields(quote: QuoteRow, instrument: Instrument) -> dict[str, Any]:
    """The quote's object without its time."""
    price, quantity = 10**instrument.price_decimals, 10**instrument.quantity_decimals
    numbers: dict[str, Any] = {
        "bp": quote.bid / price,
        "bs": quote.bid_quantity / quantity,
        "ap": quote.ask / price,
        "as": quote.ask_quantity / quantity,
    }
    if class_of(instrument) == EQUITY:
        numbers |= {"bx": "", "ax": "", "c": [], "z": ""}
    return numbers


def shown_quote(quote: QuoteRow, instrument: Instrument) -> dict[str, Any]:
    """The quote's object."""
    return {"t": time_text(quote.time), **quote_fields(quote, instrument)}


def trade_fields(trade: TradeRow, instrument: Instrument) -> dict[str, Any]:
    """The trade's object without its time."""
    numbers: dict[str, Any] = {
        "p": trade.price / 10**instrument.price_decimals,
        "s": trade.quantity / 10**instrument.quantity_decimals,
        "i": trade_number(trade.id),
    }
    if class_of(instrument) == EQUITY:
        return numbers | {"x": "", "c": [], "z": ""}
    return numbers | {"tks": "B" if trade.taker_side == 1 else "S"}


def shown_trade(trade: TradeRow, instrument: Instrument) -> dict[str, Any]:
    """The trade's object."""
    return {"t": time_text(trade.time), **trade_fields(trade, instrument)}


def trade_number(text: str) -> int:
    """A trade's id as a number, below 2^53 for some 2^41 records: "trd-4711-1", or "out-18-7" of an outside venue."""
    _, first, second = text.split("-")
    high, low = (int(first), int(second)) if text.startswith("trd") else (int(second), int(first))
    return (high << ORDINAL_BITS) + low
