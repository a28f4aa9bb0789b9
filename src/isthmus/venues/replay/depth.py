"""A venue's raw depth stream: does the book stay in step and uncrossed, do the venue's own checksums hold?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import short_text
from isthmus.venues.formats import binance
from isthmus.venues.formats.depth import PLACES, MarketEvent, RawLine, Reader, Snapshot, TapeTrade, Update
from isthmus.venues.formats.speakers import LINES_TO_TELL, reader_of, venue_of
from isthmus.venues.level_book import CHECKSUMS, LevelBook, StreamSync


class Counts(msgspec.Struct):
    """What a replay found. Instrument and best prices are None when the stream holds several books, or none."""

    venue: str | None = None
    instrument: str | None = None
    lines: int = 0
    depth_updates: int = 0
    trades: int = 0
    snapshots: int = 0
    sequence_gaps: int = 0
    crossed: int = 0
    best_bid: str | None = None
    best_ask: str | None = None
    checksums: int | None = None
    checksums_right: int | None = None
    unknown: int = 0
    instruments: int = 0
    at_start: int = 0
    """Updates that waited for the snapshot and were applied with it; depth_updates are those after it."""
    not_applied: int = 0
    """Updates that the snapshot held already, or whose snapshot never came."""


class SyncedBook:
    """A book and what keeps it in step."""

    def __init__(self) -> None:
        self.book = LevelBook()
        self.sync = StreamSync()


class DepthReplay:
    """The books of one stream."""

    def __init__(self, venue: str | None) -> None:
        known = venue if venue != binance.ANY else None
        self.counts = Counts(venue=known)
        self._read: Reader | None = reader_of(known) if known else None
        self._early: list[RawLine] = []
        self._books: dict[str, SyncedBook] = {}
        self._seen: set[str] = set()
        self._nameless: Snapshot | None = None
        self._updates = 0

    def take(self, line: RawLine) -> None:
        """Apply a line. Lines wait until one tells which venue speaks."""
        self.counts.lines += 1
        if line.message is None:
            return
        if self._read is None:
            self._early.append(line)
            self._recognise(line)
            return
        self._apply(line)

    def _recognise(self, line: RawLine) -> None:
        venue = venue_of(line)
        if venue is None:
            if len(self._early) > LINES_TO_TELL:
                raise BadInput("venue", "the content does not tell the venue", line.number)
            return
        self.counts.venue, self._read = venue, reader_of(venue)
        early, self._early = self._early, []
        for waiting in early:
            self._apply(waiting)

    def _apply(self, line: RawLine) -> None:
        assert self._read is not None
        try:
            events = self._read(line)
            if events is None:
                self.counts.unknown += 1
                return
            for event in events:
                self._take(event)
        except KeyError as error:
            raise BadInput(str(error.args[0]), "is missing", line.number) from error
        except (TypeError, ValueError, IndexError, AttributeError) as error:
            raise BadInput("events", f"malformed message: {error}", line.number) from error

    def _take(self, event: MarketEvent) -> None:
        if isinstance(event, Update):
            self._update(event)
        elif isinstance(event, TapeTrade):
            self._seen.add(event.instrument)
            self.counts.trades += 1
        else:
            self._snapshot(event)

    def _snapshot(self, snapshot: Snapshot) -> None:
        self.counts.snapshots += 1
        instrument = snapshot.instrument or (next(iter(self._books)) if len(self._books) == 1 else None)
        if instrument is None:
            self._nameless = snapshot
            return
        self._sync(instrument, snapshot)

    def _sync(self, instrument: str, snapshot: Snapshot) -> None:
        book = self._book(instrument)
        waiting = book.sync.take_snapshot(snapshot)
        if waiting is None:
            return
        book.book.clear()
        book.book.change(snapshot.bids, snapshot.asks)
        self._check(book, snapshot.checksum)
        for update in waiting:
            self.counts.at_start += self._change(book, update)

    def _book(self, instrument: str) -> SyncedBook:
        self._seen.add(instrument)
        return self._books.setdefault(instrument, SyncedBook())

    def _update(self, update: Update) -> None:
        self._updates += 1
        book = self._book(update.instrument)
        if self._nameless is not None:
            nameless, self._nameless = self._nameless, None
            self._sync(update.instrument, nameless)
        self.counts.depth_updates += self._change(book, update)

    def _change(self, book: SyncedBook, update: Update) -> bool:
        applied = book.sync.take_update(update)
        if applied:
            book.book.change(update.bids, update.asks)
            self.counts.crossed += book.book.is_crossed()
            self._check(book, update.checksum)
        return applied

    def _check(self, book: SyncedBook, checksum: int | None) -> None:
        rule = CHECKSUMS.get(self.counts.venue or "")
        if checksum is None or rule is None:
            return
        self.counts.checksums = (self.counts.checksums or 0) + 1
        self.counts.checksums_right = (self.counts.checksums_right or 0) + (rule(book.book) == checksum)

    def books(self) -> dict[str, LevelBook]:
        """The book of every instrument that is in step, as it is now."""
        return {name: found.book for name, found in self._books.items() if found.sync.synced}

    def finish(self) -> Counts:
        """The counts, complete."""
        counts = self.counts
        if self._read is None and self._early:
            counts.unknown = len(self._early)
        counts.instruments = len(self._seen)
        counts.not_applied = self._updates - counts.depth_updates - counts.at_start
        counts.sequence_gaps = sum(book.sync.gaps for book in self._books.values())
        if len(self._seen) == 1:
            counts.instrument = next(iter(self._seen))
            book = self._books.get(counts.instrument)
            counts.best_bid = _text(book.book.bids.best()) if book else None
            counts.best_ask = _text(book.book.asks.best()) if book else None
        return counts


def _text(price: int | None) -> str | None:
    """At least two decimals, as prices are quoted."""
    if price is None:
        return None
    whole, _, fraction = short_text(price, PLACES).partition(".")
    return f"{whole}.{fraction.ljust(2, '0')}"


def replay_depth(lines: Iterable[RawLine], venue: str | None = None) -> Iterator[Counts]:
    """Replay a stream; yields the counts after every line, the last of which are the result."""
    replay = DepthReplay(venue)
    for line in lines:
        replay.take(line)
        yield replay.counts
    yield replay.finish()
