"""Tick files as parts of a market: a currency dealer's quotes, the consolidated quotes and trades of a share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from heapq import merge
from pathlib import Path

import msgspec

from isthmus.kernel.errors import BadInput
from isthmus.venues.formats import lean, zipped
from isthmus.venues.recorded import session
from isthmus.venues.recorded.clock import day_of, midnight_at, midnight_in_new_york
from isthmus.venues.recorded.events import Level, Rows, TradeEvent, taker_side
from isthmus.venues.recorded.kinds import EQUITY, FX_SPOT
from isthmus.venues.recorded.session import Market, Part, costs_of
from isthmus.venues.recorded.settings import QUOTE_SIZE, Terms, size_units

NS_PER_MS = 1_000_000
CONSOLIDATED = "us-consolidated"
"""The national best bid and offer is one venue: rows name the exchange that set it, not that exchange's own book."""
BPS = 10_000
CODE_LETTERS = 3


class Ticks(msgspec.Struct, frozen=True):
    """A tick file as its name and first row present it. `provider`: the word of its file name before the symbol."""

    path: Path
    form: str
    day: date
    symbol: str
    provider: str | None


def recognised(path: Path, terms: Terms) -> Ticks:
    """What a zip holds. Raises BadInput when it is no tick file or does not tell its day and symbol."""
    name, stream = zipped.open_table(path)
    form = lean.form_of(lean.columns_of(stream))
    day, symbol = lean.named(name)
    if terms.entry.date:
        day = day_of(terms.entry.date)
    symbol = terms.entry.instrument or symbol
    if day is None or symbol is None:
        raise BadInput("date" if day is None else "instrument", f"the name of the table ({name}) does not tell it")
    before, found, _ = path.name.lower().partition(f"_{symbol.lower()}")
    return Ticks(path, form, day, symbol, before if found and before else None)


def read_fx(ticks: Ticks, terms: Terms) -> Part:
    """The quotes of one dealer for one day. Raises BadInput when they are malformed or the dealer is not told."""
    venue = terms.entry.venue or ticks.provider
    if venue is None:
        raise BadInput("venue", "neither the file's name nor markets.toml tells whose quotes these are")
    said = terms.of_venue(venue)
    base, quote = _pair(ticks.symbol, terms)
    size, size_decimals = size_units(said.quote_size or QUOTE_SIZE)
    midnight = midnight_at(ticks.day, said.utc_offset or 0.0)
    first, last = (second * 1_000 for second in terms.hours())
    rows = Rows()
    for line, found in lean.read_fx_quotes(zipped.open_table(ticks.path)[1]):
        _check_spread(found.bid, found.ask, terms, line)
        if first <= found.ms < last:
            at = midnight + found.ms * NS_PER_MS
            _append(partial(rows.book, at, [(found.bid, size)], [(found.ask, size)], True), line)
    _require(rows)
    clock = "clock taken as UTC" if said.utc_offset is None else f"clock UTC{said.utc_offset:+g}"
    return Part(
        files=[ticks.path.name],
        market=Market(FX_SPOT, ticks.symbol, base, quote, venue),
        kept=rows,
        price_decimals=rows.price_decimals,
        quantity_decimals=size_decimals,
        costs=costs_of(FX_SPOT, said),
        tick=rows.ticks,
        depth=session.QUOTES,
        day=ticks.day,
        assumed=(f"size {_grouped(said.quote_size or QUOTE_SIZE)} {base} assumed", clock),
    )


def read_equity(quotes: Ticks, trades: Ticks | None, terms: Terms) -> Part:
    """The consolidated quotes of one share for one day, with its trades. Raises BadInput when they are malformed."""
    tape = _Tape(midnight_in_new_york(quotes.day, terms.entry.utc_offset), terms)
    places = [(0, quotes), *([(1, trades)] if trades is not None else [])]
    rows = [_keyed(order, ticks) for order, ticks in reversed(places)]
    for _, _, line, row in merge(*rows, key=lambda found: found[:2]):
        _append(partial(tape.take, row), line)
    _require(tape.rows)
    venue, symbol = terms.entry.venue or CONSOLIDATED, quotes.symbol
    return Part(
        files=[quotes.path.name, *([trades.path.name] if trades is not None else [])],
        market=Market(EQUITY, symbol, terms.entry.base or symbol, terms.entry.quote or "USD", venue),
        kept=tape.rows,
        price_decimals=tape.rows.price_decimals,
        quantity_decimals=0,
        costs=costs_of(EQUITY, terms.of_venue(venue)),
        tick=tape.rows.ticks,
        depth=session.WINDOW,
        day=quotes.day,
        left_out=tape.left_out,
    )


Row = lean.EquityQuote | lean.EquityTrade


def _keyed(order: int, ticks: Ticks) -> Iterator[tuple[int, int, int, Row]]:
    """(ms, trades before quotes, line, row)."""
    stream = zipped.open_table(ticks.path)[1]
    read = lean.read_equity_quotes if order == 0 else lean.read_equity_trades
    try:
        for line, row in read(stream):
            yield row.ms, 1 - order, line, row
    except BadInput as fault:
        raise BadInput(fault.field, f"{ticks.path.name}: {fault.reason}", fault.line) from fault


class _Tape:
    """Keeps the last bid and the last ask of the consolidated quote, since a row carries the side that changed."""

    def __init__(self, midnight: int, terms: Terms) -> None:
        self.rows = Rows()
        self.left_out = 0
        self._midnight = midnight
        self._first, self._last = (second * 1_000 for second in terms.hours())
        self._bid: Level = (0, 0)
        self._ask: Level = (0, 0)
        self._traded = 0

    def take(self, row: Row) -> None:
        """A row in time order; one that says that it is suspicious is left out and counted."""
        if row.suspicious:
            self.left_out += 1
            return
        at = self._midnight + row.ms * NS_PER_MS
        within = self._first <= row.ms < self._last
        if isinstance(row, lean.EquityTrade):
            if within and row.size and len(self.rows):
                self.rows.trade(self._trade(at, row))
            self._traded = row.price
            return
        if row.bid:
            self._bid = (row.bid, row.bid_size)
        if row.ask:
            self._ask = (row.ask, row.ask_size)
        if within and (len(self.rows) or (self._bid[1] and self._ask[1])):
            self.rows.book(at, _shown(self._bid), _shown(self._ask), True)

    def _trade(self, at: int, row: lean.EquityTrade) -> TradeEvent:
        side = taker_side(row.price, self._bid[0], self._ask[0], self._traded)
        on_book = row.venue != lean.OFF_EXCHANGE and not row.condition & lean.NOT_ON_BOOK
        return TradeEvent(at, row.price, row.size, side, on_book, row.venue)


def _shown(level: Level) -> list[Level]:
    return [level] if level[0] and level[1] else []


def _append(step: partial[None], line: int) -> None:
    try:
        step()
    except ValueError as error:
        raise BadInput("quotes", str(error), line) from error


def _require(rows: Rows) -> None:
    if not len(rows):
        raise BadInput("quotes", "holds no moment with both a bid and an ask within its hours")


def _check_spread(bid: int, ask: int, terms: Terms, line: int) -> None:
    if (bid - ask) * BPS > bid * terms.crossed_max_bps:
        raise BadInput("ask", f"is below the bid by more than {terms.crossed_max_bps} bps: a crossed quote", line)


def _pair(symbol: str, terms: Terms) -> tuple[str, str]:
    base, quote = terms.entry.base, terms.entry.quote
    if (base is None or quote is None) and (len(symbol) != 2 * CODE_LETTERS or not symbol.isalpha()):
        raise BadInput("base", f"{symbol} is no pair of two currency codes; markets.toml may tell base and quote")
    return base or symbol[:CODE_LETTERS], quote or symbol[CODE_LETTERS:]


def _grouped(text: str) -> str:
    whole, point, fraction = text.partition(".")
    return f"{int(whole):,}{point}{fraction}"
