"""A venue's stream, watched: books kept in step, what breaks them named, every message counted by its kind."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

import msgspec

from isthmus.kernel.errors import BadInput
from isthmus.venues.formats.depth import Snapshot, Update
from isthmus.venues.level_book import CHECKSUMS, LevelBook, StreamSync
from isthmus.venues.wires.words import Book, BookLost, Quiet, Trade, Unknown, VenueWire

FAULTS_KEPT = 1_000
KINDS_MAX = 1_000
"""Kinds of messages counted by name; further ones count as "others"."""
BOOKS_MAX = 10_000

GAP, CHECKSUM, CROSSED, LOST, MALFORMED, TRADES = "gap", "checksum", "crossed", "lost", "malformed", "trade gap"


class Fault(msgspec.Struct, frozen=True):
    """Something broke an instrument's book or a message. `message` counts the stream's messages from 1."""

    kind: str
    instrument: str
    message: int
    reason: str


class WatchedBook:
    """A book and whether it can be believed."""

    def __init__(self) -> None:
        self.book = LevelBook()
        self.sync = StreamSync()
        self.stale = False
        """Levels are missing: it is to be asked for again, and mended by the next whole book."""
        self.last_trade = 0


class Watch:
    """One stream of one venue. A malformed message is a fault and changes nothing; the stream goes on."""

    def __init__(self, wire: VenueWire) -> None:
        self.wire = wire
        self.messages = 0
        self.words: Counter[str] = Counter()
        self.quiet: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.faults: deque[Fault] = deque(maxlen=FAULTS_KEPT)
        self.fault_counts: Counter[str] = Counter()
        self.books: dict[str, WatchedBook] = {}
        self.checksums = 0
        self.checksums_right = 0

    def take(self, raw: bytes, about: str = "") -> tuple[Any, ...]:
        """The message's words, after the books have them; none of a malformed one."""
        self.messages += 1
        try:
            words = self.wire.decode(raw, about)
            for word in words:
                self._count(word)
                self._apply(word)
        except BadInput as error:
            self._fault(MALFORMED, "", str(error))
            return ()
        return words

    def wanting(self) -> list[str]:
        """Instruments whose book is to be asked for again."""
        return [name for name, watched in self.books.items() if watched.stale]

    def _count(self, word: Any) -> None:
        kind = type(word).__name__
        self.words[kind] += 1
        if isinstance(word, Quiet | Unknown):
            named = self.quiet if isinstance(word, Quiet) else self.unknown
            named[word.kind if word.kind in named or len(named) < KINDS_MAX else "others"] += 1

    def _apply(self, word: Any) -> None:
        if isinstance(word, Book):
            self._book(word)
        elif isinstance(word, BookLost):
            self._of(word.instrument).stale = True
            self._fault(LOST, word.instrument, word.reason)
        elif isinstance(word, Trade) and word.number:
            self._trade(word)

    def _of(self, instrument: str) -> WatchedBook:
        if instrument not in self.books and len(self.books) >= BOOKS_MAX:
            raise BadInput(self.wire.venue, f"more than {BOOKS_MAX} books")
        return self.books.setdefault(instrument, WatchedBook())

    def _book(self, word: Book) -> None:
        watched = self._of(word.instrument)
        try:
            if word.whole:
                self._whole(watched, word)
            else:
                self._change(watched, word, _update(word))
        except ValueError as error:
            watched.stale = True
            raise BadInput(f"{self.wire.venue}.{word.instrument}", str(error)) from error

    def _whole(self, watched: WatchedBook, word: Book) -> None:
        """Updates that waited for the book, and come after it, follow."""
        snapshot = Snapshot(word.instrument, word.bids, word.asks, word.last, word.checksum)
        waiting = watched.sync.take_snapshot(snapshot)
        if waiting is None:
            return
        watched.stale = False
        watched.book.clear()
        watched.book.change(word.bids, word.asks)
        self._check(watched, word.instrument, word.checksum)
        for update in waiting:
            self._change(watched, word, update)

    def _change(self, watched: WatchedBook, word: Book, update: Update) -> None:
        gaps = watched.sync.gaps
        if not watched.sync.take_update(update):
            return
        if watched.sync.gaps > gaps:
            watched.stale = True
            before = update.previous if update.previous is not None else (update.first or 1) - 1
            self._fault(GAP, word.instrument, f"an update follows {before}, which never came")
        watched.book.change(update.bids, update.asks)
        if word.depth:
            watched.book.bids.keep(word.depth)
            watched.book.asks.keep(word.depth)
        if watched.book.is_crossed():
            self._fault(CROSSED, word.instrument, "the best bid is not below the best ask")
        self._check(watched, word.instrument, update.checksum)

    def _check(self, watched: WatchedBook, instrument: str, told: int | None) -> None:
        rule = CHECKSUMS.get(self.wire.venue)
        if told is None or rule is None:
            return
        self.checksums += 1
        made = rule(watched.book)
        if made == told:
            self.checksums_right += 1
            return
        watched.stale = True
        self._fault(CHECKSUM, instrument, f"the venue says {told}, the book gives {made}")

    def _trade(self, word: Trade) -> None:
        """Trade ids that count by one show trades that were missed."""
        watched = self._of(word.instrument)
        if watched.last_trade and word.number > watched.last_trade + 1:
            missing = word.number - watched.last_trade - 1
            self._fault(TRADES, word.instrument, f"{missing} trades before {word.number} never came")
        watched.last_trade = max(watched.last_trade, word.number)

    def _fault(self, kind: str, instrument: str, reason: str) -> None:
        self.fault_counts[kind] += 1
        self.faults.append(Fault(kind, instrument, self.messages, reason))


def _update(word: Book) -> Update:
    return Update(word.instrument, word.bids, word.asks, word.first, word.last, word.previous, word.checksum, word.at)
