"""LOBSTER's published levels, and the executions between them, as a part of a market."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import open_input
from isthmus.kernel.messages import BUY, SELL
from isthmus.kernel.values import NS_PER_S
from isthmus.venues.formats import lobster
from isthmus.venues.recorded import session
from isthmus.venues.recorded.clock import day_of, midnight_in_new_york
from isthmus.venues.recorded.events import PRICE_DECIMALS, Level, Rows, TradeEvent
from isthmus.venues.recorded.kinds import EQUITY
from isthmus.venues.recorded.session import Market, Part, costs_of
from isthmus.venues.recorded.settings import Terms

VENUE = "xnas"
"""LOBSTER is made of NASDAQ's feed."""
STEP = 10 ** (PRICE_DECIMALS - lobster.PRICE_DECIMALS)
EXECUTIONS = (lobster.VISIBLE_EXECUTION, lobster.HIDDEN_EXECUTION)
_NAME = re.compile(
    r"(?P<symbol>[A-Za-z.]+)_(?P<day>\d{4}-\d\d-\d\d)_\d+_\d+_(?P<what>message|orderbook)_(?P<levels>\d+)(?!\d)"
)


class Named(NamedTuple):
    """What the name of a file by LOBSTER's rule says. `what` is "message" or "orderbook"."""

    symbol: str
    day: str
    what: str
    levels: str


def named(path: Path) -> Named | None:
    """None for a file of another name."""
    found = _NAME.match(path.name)
    return Named(found["symbol"].upper(), found["day"], found["what"], found["levels"]) if found else None


def read_lobster(messages: Path, book: Path, terms: Terms) -> Part:
    """Published levels with the executions between them. Raises BadInput when one of the two is malformed, or they are
    not of equal length.
    """
    found = named(messages)
    assert found is not None, "files are paired by their names"
    day = day_of(terms.entry.date or found.day)
    midnight = midnight_in_new_york(day, terms.entry.utc_offset)
    rows = Rows()
    first, last = (second * NS_PER_S for second in terms.hours())
    before: lobster.BookRow | None = None
    for line, message, row in _paired(messages, book):
        if not first <= message.time_ns < last:
            continue
        at = midnight + message.time_ns
        try:
            if len(rows) and message.kind in EXECUTIONS and message.size > 0 and message.price > 0:
                rows.trade(_execution(at, message))
            if row != before and (len(rows) or (row.bids and row.asks)):
                rows.book(at, _scaled(row.bids), _scaled(row.asks), True)
                before = row
        except ValueError as error:
            raise BadInput("messages", str(error), line) from error
    if not len(rows):
        raise BadInput("orderbook", "holds no moment with both a bid and an ask within its hours")
    symbol, venue = terms.entry.instrument or found.symbol, terms.entry.venue or VENUE
    return Part(
        files=[messages.name, book.name],
        market=Market(EQUITY, symbol, terms.entry.base or symbol, terms.entry.quote or "USD", venue),
        kept=rows,
        price_decimals=rows.price_decimals,
        quantity_decimals=0,
        costs=costs_of(EQUITY, terms.of_venue(venue)),
        tick=rows.ticks,
        depth=session.WINDOW,
        day=day,
    )


def _paired(messages: Path, book: Path) -> Iterator[tuple[int, lobster.Message, lobster.BookRow]]:
    """(line, message, the book after it)."""
    rows = lobster.read_rows(open_input(book))
    for line, message in lobster.read_messages(open_input(messages)):
        row = next(rows, None)
        if row is None:
            raise BadInput("orderbook", f"{book.name}: has fewer rows than there are messages", line)
        yield line, message, row[1]
    if (more := next(rows, None)) is not None:
        raise BadInput("orderbook", f"{book.name}: has more rows than there are messages", more[0])


def _execution(at: int, message: lobster.Message) -> TradeEvent:
    """The resting side is told, so the taker's is the other; a hidden order's execution took nothing displayed."""
    side = SELL if message.side == lobster.BUY else BUY
    return TradeEvent(at, message.price * STEP, message.size, side, message.kind == lobster.VISIBLE_EXECUTION)


def _scaled(levels: Sequence[Level]) -> list[Level]:
    return [(price * STEP, size) for price, size in levels]
