"""Market by order: Databento's MBO schema and its ten-level book, as CSV (with or without header) or DBN.

Prices are integers of 10^-9, as in DBN. Field meanings: Databento "Schemas and data formats", MBO and MBP-10.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from functools import lru_cache
from io import TextIOWrapper
from typing import BinaryIO, NamedTuple

from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS
from isthmus.kernel.values import NotANumber, TooFine, time_ns, units
from isthmus.venues.formats import dbn

PRICE_DECIMALS = 9
BUY, SELL, NONE = 1, 2, 0
SIDES = {"B": BUY, "A": SELL, "N": NONE}
ADD, CANCEL, MODIFY, TRADE, FILL, CLEAR = "A", "C", "M", "T", "F", "R"
ACTIONS = frozenset((ADD, CANCEL, MODIFY, TRADE, FILL, CLEAR))
IGNORED_ACTION = "N"
"""No action: the record may carry flags only."""
UNDEFINED_PRICE = (1 << 63) - 1
WHOLE_PRICE_MAX = 10**7
"""A price without a point from here on is a count of 10^-9."""
DAY_NS = 86_400_000_000_000

_COMMON = ["ts_recv", "ts_event", "rtype", "publisher_id", "instrument_id", "action", "side"]
EVENT_COLUMNS = [*_COMMON, "price", "size", "channel_id", "order_id", "flags", "ts_in_delta", "sequence", "symbol"]
BOOK_COLUMNS = [*_COMMON, "depth", "price", "size", "flags", "ts_in_delta", "sequence"]
"""The order of columns in files without a header; the levels follow those of the book."""
LEVEL_COLUMNS = ("bid_px", "bid_sz", "bid_ct", "ask_px", "ask_sz", "ask_ct")

Book = tuple[list[tuple[int, int, int]], list[tuple[int, int, int]]]
"""Bids and asks: price, size, orders; best first, empty levels left out."""


LAST, SNAPSHOT = 1 << 7, 1 << 5
"""Bits of `flags`: the last record of an event; replayed from a snapshot, its order's own time lies in the past."""


class Event(NamedTuple):
    """One record of the feed. `source` tells books apart: publisher and instrument. `at` is the venue's time in ns UTC
    (of a snapshot's record: when it was sent), 0 where the file has none; without a column of flags every record is
    the last of its event.
    """

    source: str
    day: str
    action: str
    side: int
    price: int
    size: int
    order: int
    sequence: int
    flags: int = LAST
    at: int = 0
    symbol: str = ""


class ExpectedRow(NamedTuple):
    """The vendor's book after an event. `order` is None where the file does not name it."""

    source: str
    day: str
    action: str
    order: int | None
    sequence: int
    levels: int
    book: Book


def read_events(stream: BinaryIO) -> Iterator[tuple[int, Event]]:
    """(line or record from 1, event) for every event of a CSV or DBN stream."""
    head, stream = dbn.peeked(stream)
    if dbn.is_dbn(head):
        for number, record in dbn.read_mbo(stream):
            day = str(record.ts_event // DAY_NS)
            source = f"{record.publisher}/{record.instrument}"
            side, at = SIDES.get(record.side, NONE), record.ts_recv if record.flags & SNAPSHOT else record.ts_event
            yield number, _checked(Event(source, day, record.action, side, *record[5:10], at), number)
        return
    for number, row in _rows(stream, "events", EVENT_COLUMNS):
        yield number, _checked(_event(row, number), number)


def _event(row: dict[str, str], number: int) -> Event:
    side = SIDES.get(row.get("side", ""))
    if side is None:
        raise BadInput("side", f"{row.get('side')!r} is none of A, B, N", number)
    return Event(
        _source(row),
        _day(row),
        row.get("action", ""),
        side,
        _price(row, "price", number) or 0,
        _count(row, "size", number),
        _count(row, "order_id", number),
        _count(row, "sequence", number),
        flags := _count(row, "flags", number) if row.get("flags") else LAST,
        _time(row, "ts_recv" if flags & SNAPSHOT else "ts_event", number),
        row.get("symbol", ""),
    )


def _checked(event: Event, number: int) -> Event:
    if event.action not in ACTIONS and event.action != IGNORED_ACTION:
        raise BadInput("action", f"{event.action!r} is none of A, C, M, T, F, R", number)
    if event.size < 0:
        raise BadInput("size", f"{event.size} is negative", number)
    if event.action not in (ADD, MODIFY):
        return event
    if event.side == NONE:
        raise BadInput("side", "an order needs A or B", number)
    if not 0 < event.price < UNDEFINED_PRICE:
        raise BadInput("price", "an order needs a positive price", number)
    if event.size <= 0 and event.action == ADD:
        raise BadInput("size", f"{event.size} is not positive", number)
    return event


def read_expected(stream: BinaryIO) -> Iterator[tuple[int, ExpectedRow]]:
    """(line or record, row) for every row of a CSV or DBN stream of the ten-level book."""
    head, stream = dbn.peeked(stream)
    if dbn.is_dbn(head):
        for number, found in dbn.read_levels(stream):
            book = _book(found.levels)
            source, day = f"{found.publisher}/{found.instrument}", str(found.ts_event // DAY_NS)
            yield number, ExpectedRow(source, day, found.action, None, found.sequence, len(found.levels), book)
        return
    for number, row in _rows(stream, "expected", None):
        levels = sum(name.startswith("bid_px_") for name in row)
        if not levels:
            raise BadInput("expected", "has no columns bid_px_00 ...", number)
        order = _count(row, "order_id", number) if "order_id" in row else None
        yield (
            number,
            ExpectedRow(
                _source(row),
                _day(row),
                row.get("action", ""),
                order,
                _count(row, "sequence", number),
                levels,
                _book([_level(row, f"{place:02}", number) for place in range(levels)]),
            ),
        )


def _level(row: dict[str, str], place: str, number: int) -> Sequence[int]:
    return [
        (_price(row, f"{name}_{place}", number) or 0) if name.endswith("px") else _count(row, f"{name}_{place}", number)
        for name in LEVEL_COLUMNS
    ]


def _book(levels: Sequence[Sequence[int]]) -> Book:
    bids = [(level[0], level[1], level[2]) for level in levels if level[1] and level[0] != UNDEFINED_PRICE]
    asks = [(level[3], level[4], level[5]) for level in levels if level[4] and level[3] != UNDEFINED_PRICE]
    return bids, asks


def _rows(stream: BinaryIO, field: str, columns: list[str] | None) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows as dictionaries; the header is the first row, or the schema's own order where there is none."""
    text = TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")
    reader = csv.reader(text)
    header: list[str] | None = None
    try:
        for cells in reader:
            if not any(cells):
                continue
            if header is None:
                named = "action" in cells
                header = cells if named else (columns or _book_columns(len(cells)))
                if named:
                    _require(header, field, reader.line_num)
                    continue
            if len(cells) < (len(header) if columns is None else min(len(header), len(EVENT_COLUMNS) - 1)):
                raise BadInput(field, f"has {len(cells)} columns instead of {len(header)}", reader.line_num)
            yield reader.line_num, dict(zip(header, cells, strict=False))
    except csv.Error as error:
        raise BadInput(field, str(error), reader.line_num) from error
    except UNPACKING_ERRORS as error:
        raise BadInput(field, f"cannot be unpacked: {error}", reader.line_num + 1) from error
    finally:
        text.close()


def _require(header: list[str], field: str, number: int) -> None:
    needed = ["action", "sequence", *(["side", "price", "size", "order_id"] if field == "events" else ["bid_px_00"])]
    for name in needed:
        if name not in header:
            raise BadInput(field, f"has no column {name}", number)


def _book_columns(count: int) -> list[str]:
    levels = (count - len(BOOK_COLUMNS)) // len(LEVEL_COLUMNS)
    return [*BOOK_COLUMNS, *(f"{name}_{place:02}" for place in range(levels) for name in LEVEL_COLUMNS), "symbol"]


def _source(row: dict[str, str]) -> str:
    instrument = row.get("instrument_id") or row.get("symbol") or ""
    return f"{row.get('publisher_id', '')}/{instrument}"


def _day(row: dict[str, str]) -> str:
    stamp = row.get("ts_event", "")
    return stamp[:10] if "-" in stamp else str(int(stamp) // DAY_NS) if stamp.isdigit() else ""


def _time(row: dict[str, str], name: str, number: int) -> int:
    """ns UTC, from such a count or from a time of day; 0 where the column is missing."""
    text = row.get(name, "")
    try:
        return int(text) if text.isdigit() else time_ns(text) if text else 0
    except ValueError as error:
        raise BadInput(name, str(error), number) from error


def _count(row: dict[str, str], name: str, number: int) -> int:
    text = row.get(name, "")
    try:
        return int(text)
    except ValueError:
        if text.endswith(".0") and text[:-2].isdigit():
            return int(text[:-2])
        raise BadInput(name, f"{text!r} is no whole number", number) from None


def _price(row: dict[str, str], name: str, number: int) -> int | None:
    text = row.get(name, "")
    try:
        return price_units(text) if text else None
    except (NotANumber, TooFine):
        raise BadInput(name, f"{text!r} is no price", number) from None


@lru_cache(maxsize=1 << 16)
def price_units(text: str) -> int:
    """A price as a count of 10^-9, from decimal text or from such a count."""
    whole = units(text, PRICE_DECIMALS) if "." in text else units(text, 0)
    return whole if "." in text or abs(whole) >= WHOLE_PRICE_MAX else whole * 10**PRICE_DECIMALS
