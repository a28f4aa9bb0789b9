"""The service Markets: books, once or as they change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from isthmus.gateways.grpc import isthmus_pb2 as wire
from isthmus.gateways.grpc import messages
from isthmus.gateways.grpc.calls import Calls, Handlers
from isthmus.gateways.limits import StreamLimits
from isthmus.gateways.reads import Reads
from isthmus.gateways.render import Renderer
from isthmus.gateways.rest.decode import whole_number
from isthmus.gateways.submission import Asker
from isthmus.refdata.instruments import Instrument
from isthmus.views.books import Sides

SERVICE = "isthmus.v1.Markets"
DEPTH = 20


class Markets:
    """Everybody with a key may see these."""

    def __init__(self, reads: Reads, renderer: Renderer, limits: StreamLimits) -> None:
        self._reads = reads
        self._render = renderer
        self._levels = limits.book_levels
        self._pause = 1 / limits.book_updates_per_s

    def handlers(self, calls: Calls) -> Handlers:
        """By method."""
        one = f"/{SERVICE}/"
        return {
            "Book": calls.unary(f"{one}Book", wire.BookWanted, self.book),
            "Books": calls.stream(f"{one}Books", wire.BookWanted, self.books),
        }

    async def book(self, wanted: wire.BookWanted, _: Asker) -> wire.BookLevels:
        """As it is now."""
        instrument, venue, depth = self._meant(wanted)
        return self._shown(instrument, venue, self._look(instrument, venue, depth))

    async def books(self, wanted: wire.BookWanted, _: Asker) -> AsyncIterator[bytes]:
        """As it is now, and whenever it has changed."""
        instrument, venue, depth = self._meant(wanted)
        seen: Sides | None = None
        while True:
            sides = self._look(instrument, venue, depth)
            if sides != seen:
                seen = sides
                yield self._shown(instrument, venue, sides).SerializeToString()
            await asyncio.sleep(self._pause)

    def _meant(self, wanted: wire.BookWanted) -> tuple[Instrument, int | None, int]:
        said = messages.texts_of(wanted)
        depth = whole_number(said, "depth", DEPTH, 1, self._levels)
        return self._reads.instrument(said.get("instrument", "")), self._reads.venue(said.get("venue")), depth

    def _look(self, instrument: Instrument, venue: int | None, depth: int) -> Sides:
        books = self._reads.views.books
        return books.merged(instrument.number, depth) if venue is None else books.at(instrument.number, venue, depth)

    def _shown(self, instrument: Instrument, venue: int | None, sides: Sides) -> wire.BookLevels:
        return messages.book(self._render.book(instrument, venue, sides, self._reads.standing().sequence))
