"""Tick files of the Lean data format (QuantConnect Lean, Data/forex and Data/equity readmes): a zip with one table
without a header, named by day and symbol, its first column milliseconds after midnight.

Foreign exchange quotes: ms, bid, ask. US equity quotes: ms, bid x 10,000, bid size, ask x 10,000, ask size, venue
letter, condition, suspicious; a row carries the side that changed, the other is 0. US equity trades: ms, price x
10,000, size, venue letter, condition (hexadecimal flags of Lean's TradeConditionFlags), suspicious.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import BinaryIO, NamedTuple

from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import QUANTITY_MAX, units
from isthmus.venues.formats.lines import numbered_lines

PRICE_DECIMALS = 9
"""Prices read here count 10^-9."""
EQUITY_STEP = 10 ** (PRICE_DECIMALS - 4)
"""An equity price in a file counts 1/10,000 dollar."""
MS_OF_DAY = 86_400_000
PRICE_MAX = 10**15
FX_QUOTES, EQUITY_QUOTES, EQUITY_TRADES = "fx quotes", "equity quotes", "equity trades"
_FORMS = {3: FX_QUOTES, 8: EQUITY_QUOTES, 6: EQUITY_TRADES}
"""Told by the number of columns."""

OFF_EXCHANGE = "D"
"""Reported to FINRA: made off exchange, and reported up to seconds later."""
NOT_ON_BOOK = (
    1 << 1  # cash settlement
    | 1 << 2  # next day
    | 1 << 3  # seller
    | 1 << 6  # opening print
    | 1 << 7  # closing print
    | 1 << 8  # reopening print
    | 1 << 9  # derivatively priced
    | 1 << 11  # sold last: late
    | 1 << 14  # out of sequence
    | 1 << 17  # bunched
    | 1 << 18  # stock option
    | 1 << 19  # distribution
    | 1 << 20  # average price
    | 1 << 21  # cross
    | 1 << 22  # price variation
    | 1 << 24  # official close
    | 1 << 25  # prior reference price
    | 1 << 26  # official open
)
"""Conditions of trades that did not take displayed size at this moment: auctions, late and derived prices."""

_NAME = re.compile(r"(?P<day>\d{8})(?:_(?P<symbol>[A-Za-z0-9.]+))?")


class FxQuote(NamedTuple):
    """A quote of a provider, prices in 10^-9."""

    ms: int
    bid: int
    ask: int


class EquityQuote(NamedTuple):
    """The side (or sides) of the consolidated best that changed; price 0: that side did not. Prices in 10^-9."""

    ms: int
    bid: int
    bid_size: int
    ask: int
    ask_size: int
    venue: str
    suspicious: bool


class EquityTrade(NamedTuple):
    """A reported trade, price in 10^-9. `venue` is the letter of who reported it."""

    ms: int
    price: int
    size: int
    venue: str
    condition: int
    suspicious: bool


def form_of(columns: int) -> str:
    """Which of the three tables has so many columns. Raises BadInput."""
    if columns not in _FORMS:
        raise BadInput("columns", f"{columns} columns are none of a tick file (3 for quotes of currencies, 8 and 6)", 1)
    return _FORMS[columns]


def named(entry: str) -> tuple[date | None, str | None]:
    """Day and symbol as the name of the table says: 20140505_eurusd_tick_quote.csv."""
    found = _NAME.search(entry.rpartition("/")[2])
    if found is None:
        return None, None
    text = found["day"]
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None, None
    return day, found["symbol"].upper() if found["symbol"] else None


def columns_of(stream: BinaryIO) -> int:
    """How many columns the first row has; closes the stream. Raises BadInput when there is none."""
    lines = numbered_lines(stream, "quotes")
    try:
        for _, line in lines:
            return line.count(b",") + 1
    finally:
        stream.close()
    raise BadInput("quotes", "is empty", 1)


def read_fx_quotes(stream: BinaryIO) -> Iterator[tuple[int, FxQuote]]:
    """(line, quote) for every row. Raises BadInput that names line and field."""
    for number, parts, ms in _rows(stream, 3):
        yield number, FxQuote(ms, _price(parts[1], "bid", number), _price(parts[2], "ask", number))


def read_equity_quotes(stream: BinaryIO) -> Iterator[tuple[int, EquityQuote]]:
    """(line, quote) for every row. Raises BadInput that names line and field."""
    for number, parts, ms in _rows(stream, 8):
        try:
            bid, bid_size, ask, ask_size = (int(part) for part in parts[1:5])
        except ValueError:
            raise _no_number(parts[1:5], ("bid", "bid_size", "ask", "ask_size"), number) from None
        for field, value, most in (("bid", bid, PRICE_MAX), ("ask", ask, PRICE_MAX)):
            if not 0 <= value <= most // EQUITY_STEP:
                raise BadInput(field, f"{value} is negative or too large", number)
        for field, value in (("bid_size", bid_size), ("ask_size", ask_size)):
            if not 0 <= value <= QUANTITY_MAX:
                raise BadInput(field, f"{value} is negative or too large", number)
        suspicious = _flag(parts[7], number)
        step = EQUITY_STEP
        yield number, EquityQuote(ms, bid * step, bid_size, ask * step, ask_size, _text(parts[5]), suspicious)


def read_equity_trades(stream: BinaryIO) -> Iterator[tuple[int, EquityTrade]]:
    """(line, trade) for every row. Raises BadInput that names line and field."""
    for number, parts, ms in _rows(stream, 6):
        try:
            price, size = int(parts[1]), int(parts[2])
        except ValueError:
            raise _no_number(parts[1:3], ("price", "size"), number) from None
        if not 0 < price <= PRICE_MAX // EQUITY_STEP:
            raise BadInput("price", f"{price} is not positive or too large", number)
        if not 0 <= size <= QUANTITY_MAX:
            raise BadInput("size", f"{size} is negative or too large", number)
        try:
            condition = int(parts[4] or b"0", 16)
        except ValueError:
            raise BadInput("condition", f"{_text(parts[4])!r} is no hexadecimal number", number) from None
        suspicious = _flag(parts[5], number)
        yield number, EquityTrade(ms, price * EQUITY_STEP, size, _text(parts[3]), condition, suspicious)


def _rows(stream: BinaryIO, columns: int) -> Iterator[tuple[int, list[bytes], int]]:
    """(line, columns, ms after midnight); times never go back."""
    before = 0
    for number, line in numbered_lines(stream, "quotes"):
        parts = line.split(b",")
        if b"_" in line:
            raise BadInput("columns", "holds an underscore", number)
        if len(parts) != columns:
            raise BadInput("columns", f"has {len(parts)} columns instead of {columns}", number)
        try:
            ms = int(parts[0])
        except ValueError:
            raise BadInput("time", f"{_text(parts[0])!r} is no whole number of ms", number) from None
        if not 0 <= ms < MS_OF_DAY:
            raise BadInput("time", f"{ms} ms is not within a day", number)
        if ms < before:
            raise BadInput("time", f"goes back from {before} to {ms} ms", number)
        before = ms
        yield number, parts, ms


def _price(text: bytes, field: str, number: int) -> int:
    try:
        price = _scaled(text)
    except (ValueError, UnicodeDecodeError):
        raise BadInput(field, f"{_text(text)!r} is no price", number) from None
    if not 0 < price <= PRICE_MAX:
        raise BadInput(field, f"{_text(text)} is not positive or too large", number)
    return price


@lru_cache(maxsize=1 << 16)
def _scaled(text: bytes) -> int:
    return units(text.decode("ascii"), PRICE_DECIMALS)


def _flag(text: bytes, number: int) -> bool:
    if text not in (b"0", b"1"):
        raise BadInput("suspicious", f"{_text(text)!r} is neither 0 nor 1", number)
    return text == b"1"


def _no_number(parts: list[bytes], fields: tuple[str, ...], number: int) -> BadInput:
    for field, text in zip(fields, parts, strict=True):
        try:
            int(text)
        except ValueError:
            return BadInput(field, f"{_text(text)!r} is no whole number", number)
    raise AssertionError("one of them is no number")


def _text(raw: bytes) -> str:
    return raw.decode("ascii", errors="replace")
