"""Handlers of market data: bars, trades, quotes, books, snapshots, of one kind of market."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from typing import Any

import msgspec

from isthmus.gateways.access import ROWS_A_TOKEN, Access
from isthmus.gateways.alpaca.bars import Timeframe, bars_of, shown_bar, timeframe_of
from isthmus.gateways.alpaca.fields import moment
from isthmus.gateways.alpaca.quotes import Quotes, shown_quote, shown_trade
from isthmus.gateways.alpaca.symbols import EQUITY, Symbols, class_of, listed
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.gateways.rest.answers import ok
from isthmus.gateways.rest.decode import one_of, whole_number
from isthmus.gateways.rest.http import Answer, Request
from isthmus.kernel.values import time_text
from isthmus.refdata.instruments import Instrument
from isthmus.views.tape import DAY_NS

PAGE_MAX = 10_000
PAGE = 1_000
BOOK_LEVELS = 50
STRETCH = 250
"""Rows written out before others get a turn."""

Row = tuple[int, Any]
"""Time, and what the views keep."""
Page = tuple[str, Instrument, list[Row]]
"""Rows of one symbol."""
Read = Callable[[Instrument, int, int], list[Row]]
Show = Callable[[Any, Instrument], dict[str, Any]]


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The next page begins with this symbol, after `sent` rows of time `at`."""

    symbol: str
    at: int
    sent: int


class DataHandlers:
    """`stocks` says which of the two families of paths this is: shares, or everything else."""

    def __init__(self, reads: Reads, quotes: Quotes, symbols: Symbols, access: Access, stocks: bool) -> None:
        self._reads = reads
        self._quotes = quotes
        self._symbols = symbols
        self._access = access
        self._stocks = stocks

    async def bars(self, request: Request) -> Answer:
        """Of any length."""
        timeframe = timeframe_of(request.query.get("timeframe", "1Min"))
        return await self._paged(request, "bars", lambda row, *span: self._bars(row, timeframe, *span), shown_bar)

    async def trades(self, request: Request) -> Answer:
        """Those that are kept."""
        return await self._paged(request, "trades", self._trades, shown_trade)

    async def quotes(self, request: Request) -> Answer:
        """Those that are kept."""
        return await self._paged(request, "quotes", self._quotes_between, shown_quote)

    async def latest_bars(self, request: Request) -> Answer:
        """The minute that is growing."""
        return self._each(request, "bars", lambda row: self._last_bar(row, "1m"))

    async def latest_trades(self, request: Request) -> Answer:
        """The last ones."""
        return self._each(request, "trades", self._last_trade)

    async def latest_quotes(self, request: Request) -> Answer:
        """What stands."""
        return self._each(request, "quotes", self._last_quote)

    async def latest_orderbooks(self, request: Request) -> Answer:
        """All venues merged."""
        return self._each(request, "orderbooks", self._book)

    async def snapshots(self, request: Request) -> Answer:
        """Last trade and quote, minute, day and the day before. Shares: without a name around it."""
        return self._each(request, None if self._stocks else "snapshots", self._snapshot)

    def _found(self, text: str) -> Instrument:
        instrument = self._symbols.find(text)
        if instrument is None or (class_of(instrument) == EQUITY) != self._stocks:
            raise Refusal(400, "unknown_instrument", "invalid symbol", field="symbols", value=text)
        return instrument

    def _each(self, request: Request, name: str | None, read: Callable[[Instrument], Any]) -> Answer:
        if (symbol := request.parameters.get("symbol")) is not None:
            found = read(self._found(symbol))
            return ok({"symbol": symbol, name[:-1]: found} if name else {"symbol": symbol, **found})
        names = listed(request.query.get("symbols", ""))
        rows = {text: read(self._found(text)) for text in names}
        shown = {text: row for text, row in rows.items() if row is not None}
        return ok({name: shown} if name else shown)

    async def _paged(self, request: Request, name: str, read: Read, show: Show) -> Answer:
        """Symbol after symbol, each by time; at most `limit` rows over all of them."""
        single = request.parameters.get("symbol")
        names = [single] if single is not None else sorted(listed(request.query.get("symbols", "")))
        pages, following = self._pages(request, [(text, self._found(text)) for text in names], read)
        self._charge(request, sum(len(page) for _, _, page in pages))
        found: dict[str, list[Any]] = {}
        for text, instrument, page in pages:
            found[text] = []
            for at in range(0, len(page), STRETCH):
                found[text] += [show(row, instrument) for _, row in page[at : at + STRETCH]]
                await asyncio.sleep(0)
        if single is not None:
            return ok({"symbol": single, name: found.get(single, []), "next_page_token": _token(following)})
        return ok({name: found, "next_page_token": _token(following)})

    def _pages(
        self, request: Request, instruments: list[tuple[str, Instrument]], read: Read
    ) -> tuple[list[Page], Cursor | None]:
        query, now = request.query, self._reads.now()
        start, end = moment(query, "start", now - now % DAY_NS), moment(query, "end", now)
        left = whole_number(query, "limit", PAGE, 1, PAGE_MAX)
        falling = one_of(query, "sort", "asc", ("asc", "desc")) == "desc"
        cursor = _cursor(query.get("page_token"))
        pages: list[Page] = []
        for text, instrument in instruments:
            if cursor is not None and text < cursor.symbol:
                continue
            if left == 0:
                return pages, Cursor(text, 0, 0)
            rows = _after(read(instrument, start, end)[:: -1 if falling else 1], cursor, text, falling)
            page, left = rows[:left], max(0, left - len(rows))
            if page:
                pages.append((text, instrument, page))
            if len(rows) > len(page):
                return pages, _behind(text, page, cursor)
        return pages, None

    def _charge(self, request: Request, rows: int) -> None:
        """Raises Refusal 429 before many rows are written out for somebody who asked for too many."""
        if (tokens := rows // ROWS_A_TOKEN) and request.identity is not None:
            self._access.charge(request.identity, tokens)
        elif tokens:
            self._access.stranger(request.address, tokens)

    def _bars(self, row: Instrument, timeframe: Timeframe, start: int, end: int) -> list[Row]:
        return [(bar.start, bar) for bar in bars_of(self._reads.views.tape, row.number, timeframe, start, end)]

    def _trades(self, row: Instrument, start: int, end: int) -> list[Row]:
        kept = self._reads.views.tape.trades_newest_first(row.number)
        return [(trade.time, trade) for trade in kept if start <= trade.time <= end][::-1]

    def _quotes_between(self, row: Instrument, start: int, end: int) -> list[Row]:
        return [(quote.time, quote) for quote in self._quotes.kept(row.number) if start <= quote.time <= end]

    def _last_bar(self, row: Instrument, interval: str) -> dict[str, Any] | None:
        bar = self._reads.views.tape.last_bar(row.number, interval)
        return shown_bar(bar, row) if bar else None

    def _last_trade(self, row: Instrument) -> dict[str, Any] | None:
        trade = self._reads.views.tape.last(row.number)
        return shown_trade(trade, row) if trade else None

    def _last_quote(self, row: Instrument) -> dict[str, Any]:
        return shown_quote(self._quotes.latest(row), row)

    def _book(self, row: Instrument) -> dict[str, Any]:
        bids, asks = self._reads.views.books.merged(row.number, BOOK_LEVELS)
        price, quantity = 10**row.price_decimals, 10**row.quantity_decimals
        sides = [[{"p": at / price, "s": size / quantity} for at, size, _ in side] for side in (bids, asks)]
        return {"t": time_text(self._reads.now()), "b": sides[0], "a": sides[1]}

    def _snapshot(self, row: Instrument) -> dict[str, Any]:
        days = self._reads.views.tape.bars(row.number, "1d", 0, self._reads.now(), 2)
        return {
            "latestTrade": self._last_trade(row),
            "latestQuote": self._last_quote(row),
            "minuteBar": self._last_bar(row, "1m"),
            "dailyBar": shown_bar(days[-1], row) if days else None,
            "prevDailyBar": shown_bar(days[0], row) if len(days) > 1 else None,
        }


def _after(rows: list[Row], cursor: Cursor | None, symbol: str, falling: bool) -> list[Row]:
    """What the page before did not send."""
    if cursor is None or cursor.symbol != symbol or cursor.sent == 0:
        return rows
    rest = [row for row in rows if (row[0] <= cursor.at if falling else row[0] >= cursor.at)]
    same = sum(1 for row in rest if row[0] == cursor.at)
    return rest[min(same, cursor.sent) :]


def _behind(symbol: str, page: list[Row], before: Cursor | None) -> Cursor:
    """The cursor behind this page; rows of its last time may have been sent by the page before as well."""
    last = page[-1][0]
    sent = sum(1 for at, _ in page if at == last)
    if before is not None and before.symbol == symbol and before.at == last:
        sent += before.sent
    return Cursor(symbol, last, sent)


def _token(cursor: Cursor | None) -> str | None:
    return None if cursor is None else base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode()


def _cursor(token: str | None) -> Cursor | None:
    """Raises Refusal 400 for a token that we did not make."""
    if not token:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(token), type=Cursor)
    except (msgspec.DecodeError, binascii.Error, ValueError):
        raise Refusal(
            400, "malformed_request", "page_token is one that next_page_token gave", field="page_token", value=token
        ) from None
