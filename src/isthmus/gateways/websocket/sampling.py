"""What changes too often to be sent each time: books, quotes, the market list. Looked at, compared, and the
difference sent.
"""

from __future__ import annotations

from typing import Any, Protocol

from isthmus.gateways.reads import Reads
from isthmus.gateways.render import Renderer
from isthmus.gateways.shapes import Level
from isthmus.kernel.values import text, time_text
from isthmus.refdata.instruments import Instrument
from isthmus.views.books import Level as LevelRow
from isthmus.views.books import Sides

Difference = dict[str, list[Level]]


class Sampler(Protocol):
    """`every_sample`: at the rate of books; otherwise once a second."""

    every_sample: bool

    def snapshot(self) -> Any:
        """All of it as it was last sent."""

    def change(self) -> Any | None:
        """What changed since it was last sent, or None; from then on that is what was sent."""


class BookSampler:
    """One venue's book, or all merged; a level whose quantity is 0 is gone."""

    every_sample = True

    def __init__(self, reads: Reads, renderer: Renderer, instrument: Instrument, venue: int | None, depth: int) -> None:
        self._reads = reads
        self._render = renderer
        self._instrument = instrument
        self._venue = venue
        self._depth = depth
        self._sent = self._look()

    def snapshot(self) -> dict[str, list[Level]]:
        """The levels as last sent."""
        return {
            "bids": self._render.levels(self._instrument, self._sent[0]),
            "asks": self._render.levels(self._instrument, self._sent[1]),
        }

    def change(self) -> Difference | None:
        """The levels that differ."""
        now = self._look()
        if now == self._sent:
            return None
        before, self._sent = self._sent, now
        return {
            "bids": self._render.levels(self._instrument, _difference(before[0], now[0])),
            "asks": self._render.levels(self._instrument, _difference(before[1], now[1])),
        }

    def _look(self) -> Sides:
        books = self._reads.views.books
        if self._venue is None:
            return books.merged(self._instrument.number, self._depth)
        return books.at(self._instrument.number, self._venue, self._depth)


def _difference(before: list[LevelRow], now: list[LevelRow]) -> list[LevelRow]:
    """Levels that are new or differ, and those that are gone with quantity 0."""
    old, new = set(before), set(now)
    prices = {price for price, _, _ in now}
    gone: list[LevelRow] = [(price, 0, None) for price, _, _ in before if price not in prices]
    return [level for level in now if level in new - old] + gone


class QuoteSampler:
    """The best bid and ask over all venues."""

    every_sample = True

    def __init__(self, reads: Reads, renderer: Renderer, instrument: Instrument) -> None:
        self._reads = reads
        self._instrument = instrument
        self._sent = self._look()

    def snapshot(self) -> dict[str, str | None]:
        """The quote as last sent."""
        return self._sent | {"time": time_text(self._reads.now())}

    def change(self) -> dict[str, str | None] | None:
        """The whole quote, if it differs."""
        now = self._look()
        if now == self._sent:
            return None
        self._sent = now
        return self.snapshot()

    def _look(self) -> dict[str, str | None]:
        bid, ask = self._reads.views.books.best(self._instrument.number)
        places, lots = self._instrument.price_decimals, self._instrument.quantity_decimals
        return {
            "bid": text(bid[0], places) if bid else None,
            "bid_quantity": text(bid[1], lots) if bid else None,
            "ask": text(ask[0], places) if ask else None,
            "ask_quantity": text(ask[1], lots) if ask else None,
        }


class MarketsSampler:
    """Every instrument's last price, best quote and change; only what changed is sent."""

    every_sample = False

    def __init__(self, reads: Reads, renderer: Renderer) -> None:
        self._reads = reads
        self._render = renderer
        self._sent = self._look()

    def snapshot(self) -> list[dict[str, Any]]:
        """All rows as last sent."""
        return list(self._sent.values())

    def change(self) -> list[dict[str, Any]] | None:
        """The rows that differ."""
        now = self._look()
        changed = [row for number, row in now.items() if self._sent.get(number) != row]
        self._sent = now
        return changed or None

    def _look(self) -> dict[int, dict[str, Any]]:
        return {row.number: self._row(row) for row in self._reads.directory.instruments.values()}

    def _row(self, row: Instrument) -> dict[str, Any]:
        views, places = self._reads.views, row.price_decimals
        last = views.tape.last(row.number)
        bid, ask = views.books.best(row.number)
        return {
            "instrument": row.symbol,
            "last": text(last.price, places) if last else None,
            "bid": text(bid[0], places) if bid else None,
            "ask": text(ask[0], places) if ask else None,
            "change_24h": self._render.change_24h(row.number, self._reads.now()),
            "state": self._render.market_state(row.number),
            "session": views.sessions.state(row.number),
        }
