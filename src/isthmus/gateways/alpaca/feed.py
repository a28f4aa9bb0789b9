"""Live market data: what changed since the last look, to whoever subscribed, encoded once for each encoding."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from isthmus.engine.engine import Record
from isthmus.gateways.alpaca.bars import MINUTE_NS, bar_fields
from isthmus.gateways.alpaca.quotes import Quotes, quote_fields, trade_fields
from isthmus.gateways.alpaca.symbols import EQUITY, Symbols, class_of
from isthmus.gateways.reads import Reads
from isthmus.gateways.render import Renderer
from isthmus.gateways.shapes import Level
from isthmus.gateways.websocket.sampling import BookSampler
from isthmus.kernel.values import NS_PER_S, time_text
from isthmus.refdata.instruments import Instrument
from isthmus.views.orders import FillRow, OrderRow
from isthmus.views.tape import TradeRow

BOOK_LEVELS = 20
LETTERS = {"trades": "t", "quotes": "q", "bars": "b", "updatedBars": "u", "dailyBars": "d", "orderbooks": "o"}
"""Channels and the type of their messages. A bar that was sent never changes, so `updatedBars` stays silent."""
TIMESTAMP = -1
"""MessagePack's extension type of times."""

_json = msgspec.json.Encoder()
_packed = msgspec.msgpack.Encoder()


class Message:
    """One message, encoded when somebody wants it."""

    def __init__(self, channel: str, instrument: Instrument, symbol: str, at: int, numbers: dict[str, Any]) -> None:
        self.channel = channel
        self.symbol = symbol
        self.is_share = class_of(instrument) == EQUITY
        self._at = at
        self._fields = {"T": LETTERS[channel], "S": symbol, **numbers}
        self._made: dict[bool, bytes] = {}

    def encoded(self, packed: bool) -> bytes:
        """As MessagePack or as JSON."""
        if packed not in self._made:
            encoder = _packed if packed else _json
            at = stamp(self._at) if packed else time_text(self._at)
            self._made[packed] = encoder.encode({**self._fields, "t": at})
        return self._made[packed]


class Subscriber(Protocol):
    """One connection."""

    def wants(self, message: Message) -> bool:
        """Whether it subscribed to this."""

    def tell(self, messages: list[Message]) -> None:
        """Queue them; never blocks."""

    def wants_book(self, symbol: str) -> bool:
        """Whether it subscribed to this book."""


class Feed:
    """An outlet of the views. The loop calls `sample` at the rate of books and `second` once a second."""

    def __init__(self, reads: Reads, renderer: Renderer, quotes: Quotes, symbols: Symbols) -> None:
        self.subscribers: set[Subscriber] = set()
        self._reads = reads
        self._render = renderer
        self._quotes = quotes
        self.symbols = symbols
        self._trades: list[TradeRow] = []
        self._books: dict[int, BookSampler] = {}
        self._minute = reads.now() // MINUTE_NS

    def record(self, record: Record) -> None:
        """Not told here."""

    def order(self, row: OrderRow) -> None:
        """Not told here."""

    def fill(self, row: FillRow) -> None:
        """Not told here."""

    def balance(self, account: int, asset: int) -> None:
        """Not told here."""

    def position(self, account: int, instrument: int) -> None:
        """Not told here."""

    def trade(self, row: TradeRow) -> None:
        """Put together until the next sample."""
        if self.subscribers:
            self._trades.append(row)

    def sample(self) -> None:
        """Trades, quotes and books since the last sample."""
        messages = self._traded()
        for instrument, quote in self._quotes.look():
            messages.append(self._message("quotes", instrument, quote.time, quote_fields(quote, instrument)))
        for number, sampler in self._books.items():
            if (change := sampler.change()) is not None:
                messages.append(self._book_message(self._reads.directory.instruments[number], change))
        self._send(messages)

    def second(self) -> None:
        """At the turn of a minute: the bar that closed, and the day's so far. Books that nobody wants are let go."""
        self._books = {number: book for number, book in self._books.items() if self._is_wanted(number)}
        minute = self._reads.now() // MINUTE_NS
        if minute == self._minute:
            return
        closed, self._minute = self._minute * MINUTE_NS, minute
        tape = self._reads.views.tape
        messages = []
        for instrument in self.symbols.all():
            for bar in tape.bars(instrument.number, "1m", closed, closed, 1):
                messages.append(self._message("bars", instrument, bar.start, bar_fields(bar, instrument)))
                if (day := tape.last_bar(instrument.number, "1d")) is not None:
                    messages.append(self._message("dailyBars", instrument, day.start, bar_fields(day, instrument)))
        self._send(messages)

    def whole_book(self, instrument: Instrument) -> Message:
        """The book as it stands, for somebody who subscribed now; others get what changed until now first."""
        sampler = self._books.get(instrument.number)
        if sampler is None:
            sampler = self._books[instrument.number] = BookSampler(
                self._reads, self._render, instrument, None, BOOK_LEVELS
            )
        elif (change := sampler.change()) is not None:
            self._send([self._book_message(instrument, change)])
        return self._book_message(instrument, sampler.snapshot(), reset=True)

    def _is_wanted(self, instrument: int) -> bool:
        symbol = self.symbols.name(instrument)
        return any(subscriber.wants_book(symbol) for subscriber in self.subscribers)

    def _traded(self) -> list[Message]:
        trades, self._trades = self._trades, []
        rows = [(self._reads.directory.instruments[row.instrument], row) for row in trades]
        return [self._message("trades", of, row.time, trade_fields(row, of)) for of, row in rows]

    def _message(self, channel: str, instrument: Instrument, at: int, numbers: dict[str, Any]) -> Message:
        return Message(channel, instrument, self.symbols.name(instrument.number), at, numbers)

    def _book_message(self, instrument: Instrument, sides: dict[str, list[Level]], reset: bool = False) -> Message:
        numbers: dict[str, Any] = {
            letter: [{"p": float(price), "s": float(quantity)} for price, quantity, _ in sides[side]]
            for letter, side in (("b", "bids"), ("a", "asks"))
        }
        if reset:
            numbers["r"] = True
        return self._message("orderbooks", instrument, self._reads.now(), numbers)

    def _send(self, messages: list[Message]) -> None:
        if messages:
            for subscriber in tuple(self.subscribers):
                if wanted := [message for message in messages if subscriber.wants(message)]:
                    subscriber.tell(wanted)


def stamp(at: int) -> msgspec.msgpack.Ext:
    """Nanoseconds since 1970 as MessagePack's 64-bit timestamp (30 bits of nanoseconds, 34 of seconds)."""
    seconds, nanos = divmod(at, NS_PER_S)
    return msgspec.msgpack.Ext(TIMESTAMP, (nanos << 34 | seconds).to_bytes(8, "big"))


def array_of(parts: list[bytes], packed: bool) -> bytes:
    """Encoded messages as one array."""
    if not packed:
        return b"[" + b",".join(parts) + b"]"
    head = bytes((0x90 | len(parts),)) if len(parts) < 16 else b"\xdc" + len(parts).to_bytes(2, "big")
    return head + b"".join(parts)
