"""LOBSTER message and order book files (NASDAQ TotalView-ITCH as LOBSTER hands it out; its ReadMe of 2013-09-01)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import msgspec

from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S, PRICE_MAX, QUANTITY_MAX
from isthmus.venues.formats.lines import numbered_lines

SUBMISSION, PARTIAL_CANCEL, DELETION, VISIBLE_EXECUTION, HIDDEN_EXECUTION, CROSS_TRADE, HALT = range(1, 8)
"""What a message says. Hidden executions, cross trades and halts change no visible order."""

CHANGES_BOOK = (SUBMISSION, PARTIAL_CANCEL, DELETION, VISIBLE_EXECUTION)
PRICE_DECIMALS = 4
EMPTY_LEVEL = 9_999_999_999
"""An unoccupied level holds this as ask price and its negative as bid price, with size 0."""

BUY, SELL = 1, 2
_COLUMNS = (b"time", b"type", b"order id", b"size", b"price", b"direction")
_LEVEL_COLUMNS = 4
_decode_message = msgspec.json.Decoder(tuple[float, int, int, int, int, int]).decode
_decode_row = msgspec.json.Decoder(list[int]).decode
"""A line of numbers is the inside of a JSON array: the quickest reader at hand."""

Level = tuple[int, int]
"""Price in 1/10,000 dollar and size in shares."""


class Message(NamedTuple):
    """One event. `side` is that of the resting order, also for an execution. `time_ns` counts from midnight."""

    kind: int
    order: int
    size: int
    price: int
    side: int
    time_ns: int = 0


class BookRow(NamedTuple):
    """The published levels after a message, best first, empty ones left out."""

    asks: list[Level]
    bids: list[Level]
    levels: int


def read_messages(stream: BinaryIO) -> Iterator[tuple[int, Message]]:
    """(line, message) for every message. A first line of column names is skipped."""
    for number, line in numbered_lines(stream, "messages"):
        try:
            time, kind, order, size, price, direction = _decode_message(b"[" + line + b"]")
        except msgspec.MsgspecError:
            parts = line.split(b",")
            if number == 1 and _is_header(parts[0]):
                continue
            time, kind, order, size, price, direction = _slowly(parts, number)
        if refusal := _refusal(kind, size, price, direction):
            raise BadInput(*refusal, number)
        yield number, Message(kind, order, size, price, BUY if direction == 1 else SELL, round(time * NS_PER_S))


def _slowly(parts: list[bytes], number: int) -> tuple[float, int, int, int, int, int]:
    """A message that is not written like most: more columns, signs, blanks. Raises BadInput with its column."""
    if len(parts) < len(_COLUMNS):
        raise BadInput("messages", f"has {len(parts)} columns instead of {len(_COLUMNS)}", number)
    try:
        kind, order, size, price, direction = (int(part) for part in parts[1:6])
        return time_of(parts[0]), kind, order, size, price, direction
    except ValueError as error:
        raise _no_number(parts, number) from error


def time_of(text: bytes) -> float:
    """Seconds after midnight. Raises ValueError for what is no finite number."""
    time = float(text)
    if not math.isfinite(time):
        raise ValueError(text)
    return time


def _refusal(kind: int, size: int, price: int, direction: int) -> tuple[str, str] | None:
    if not SUBMISSION <= kind <= HALT:
        return "type", f"{kind} is not 1 to 7"
    if kind not in CHANGES_BOOK:
        return None
    if direction not in (1, -1):
        return "direction", f"{direction} is neither 1 nor -1"
    if not 0 < size <= QUANTITY_MAX:
        return "size", f"{size} is not 1 to {QUANTITY_MAX}"
    return None if 0 < price <= PRICE_MAX else ("price", f"{price} is not 1 to {PRICE_MAX}")


def read_rows(stream: BinaryIO, levels: int | None = None) -> Iterator[tuple[int, BookRow]]:
    """(line, row) for every row, cut to the first `levels` levels when given."""
    width = 0
    for number, line in numbered_lines(stream, "orderbook"):
        try:
            values = _decode_row(b"[" + line + b"]")
        except msgspec.MsgspecError as error:
            parts = line.split(b",")
            if number == 1 and _is_header(parts[0]):
                continue
            column = _first_bad(parts, whole_from=0) + 1
            raise BadInput("orderbook", f"column {column} is no whole number", number) from error
        width = width or _width(len(values), levels, number)
        if len(values) < width:
            raise BadInput("orderbook", f"has {len(values)} columns instead of {width}", number)
        del values[width:]
        asks = [level for level in zip(values[0::4], values[1::4], strict=True) if level[1] > 0]
        bids = [level for level in zip(values[2::4], values[3::4], strict=True) if level[1] > 0]
        yield number, BookRow(asks, bids, width // _LEVEL_COLUMNS)


def _width(columns: int, levels: int | None, number: int) -> int:
    if columns % _LEVEL_COLUMNS:
        raise BadInput("orderbook", f"{columns} columns are no whole number of levels", number)
    if levels is not None and levels * _LEVEL_COLUMNS > columns:
        raise BadInput("levels", f"the book file has {columns // _LEVEL_COLUMNS} levels, not {levels}", number)
    return columns if levels is None else levels * _LEVEL_COLUMNS


def _is_header(first: bytes) -> bool:
    try:
        float(first)
    except ValueError:
        return first.strip().strip(b'"')[:1].isalpha()
    return False


def _no_number(parts: list[bytes], number: int) -> BadInput:
    column = _first_bad(parts[: len(_COLUMNS)])
    text = parts[column].decode(errors="replace")
    return BadInput(_COLUMNS[column].decode().replace(" ", "_"), f"{text!r} is no number", number)


def _first_bad(parts: list[bytes], whole_from: int = 1) -> int:
    for column, text in enumerate(parts):
        try:
            int(text) if column >= whole_from else time_of(text)
        except ValueError:
            return column
    return 0
