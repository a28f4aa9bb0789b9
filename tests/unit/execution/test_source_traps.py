"""The two traps of the recorded data: what a book must not believe, and what it must not call wrong.

FXCM's tick files are stamped in UTC-5, OANDA's in UTC. Binance's spot recording has its snapshot in mid-stream: a
loader that drops what came before it misses the event that straddles it, and keeps a stale bid.
"""

from __future__ import annotations

import gzip
import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from isthmus.engine.market import VenueFacts
from isthmus.execution.book import Care, ConsolidatedBook, Event
from isthmus.venues.formats import binance
from isthmus.venues.formats.depth import Snapshot, Update, read_lines, scaled
from isthmus.venues.formats.lean import read_fx_quotes
from isthmus.venues.formats.zipped import open_table
from isthmus.venues.level_book import LevelBook, StreamSync

FXCM, OANDA = 1, 2
HOUR_NS = 3_600 * 10**9
SIZE = 1_000_000
NO_BREAKERS = {"others_ppm": 10**9, "hard_ppm": 10**9}
"""What is tested is what the sources' health says, not that a lock comes first."""


def quotes(folder: Path, provider: str, day: int, shift_ns: int) -> Iterator[tuple[int, int, int, int]]:
    """(stamp in ns, venue, bid, ask), prices in steps of 0.00001."""
    _, table = open_table(folder / "fx" / f"{provider}_eurusd_2014050{day}_tickquote.zip")
    venue = FXCM if provider == "fxcm" else OANDA
    midnight = day * 24 * HOUR_NS
    for _, quote in read_fx_quotes(table):
        yield midnight + quote.ms * 10**6 + shift_ns, venue, quote.bid // 10_000, quote.ask // 10_000


def fx_events(folder: Path, shift_ns: int, days: tuple[int, ...] = (5,)) -> list[Event]:
    """What becomes of the two sources when their quotes are told by their stamps; OANDA's clock is believed."""
    book = ConsolidatedBook(guards=NO_BREAKERS)
    for venue, name in ((FXCM, "FXCM"), (OANDA, "OANDA")):
        facts = VenueFacts(number=venue, name=name, kind="lit", maker_fee_ppm=0, taker_fee_ppm=0)
        book.list_venue(facts, Care(reference=venue == OANDA))
    events: list[Event] = []
    for day in days:
        both = heapq.merge(quotes(folder, "fxcm", day, shift_ns), quotes(folder, "oanda", day, 0))
        for at, venue, bid, ask in both:
            events += book.update(venue, at, [(bid, SIZE)], [(ask, SIZE)])
    return events


@pytest.fixture(scope="module")
def raw(test_data: Path) -> list[Event]:
    """Two days with raw stamps."""
    return fx_events(test_data, 0)


def test_raw_stamps_are_found_to_be_five_hours_behind(raw: list[Event]) -> None:
    shifted = [event for event in raw if event.state == "clock_shifted"]
    assert [(event.venue, event.on) for event in shifted] == [(FXCM, True)]
    lag_ns, correlation_ppm, other = shifted[0].figures
    assert lag_ns == -5 * HOUR_NS
    assert correlation_ppm > 700_000
    assert other == OANDA


def test_raw_stamps_are_marked_as_crossed_long_before_the_shift_can_be_known(raw: list[Event]) -> None:
    crossed = next(event for event in raw if event.reason == "crossed_with_others")
    shifted = next(event for event in raw if event.reason == "clock_shift")
    assert crossed.venue == FXCM
    assert shifted.at - crossed.at > 4 * HOUR_NS
    assert crossed.figures[0] >= 500_000


def test_stamps_that_are_put_right_are_not_marked_for_clock_or_crossing(test_data: Path) -> None:
    events = fx_events(test_data, 5 * HOUR_NS, (5, 6))
    found = {(event.venue, event.reason) for event in events if event.on}
    assert not found & {(venue, "clock_shift") for venue in (FXCM, OANDA)}
    assert not found & {(venue, "crossed_with_others") for venue in (FXCM, OANDA)}


class BinanceBook:
    """The recording's book and what the consolidated book says about it, by line."""

    def __init__(self) -> None:
        self.levels = LevelBook()
        self.book = ConsolidatedBook(
            [VenueFacts(number=1, name="Binance", kind="lit", maker_fee_ppm=0, taker_fee_ppm=0)], guards=NO_BREAKERS
        )
        self.events: list[tuple[int, Event]] = []

    def tell(self, line: int, at: int, message: Snapshot | Update, with_numbers: bool) -> None:
        """A message that was applied to the levels."""
        if with_numbers and isinstance(message, Snapshot):
            assert message.last is not None
            self._keep(line, self.book.feed_snapshot(1, at, message.last))
        elif with_numbers and isinstance(message, Update):
            assert message.first is not None and message.last is not None
            self._keep(line, self.book.feed_update(1, at, message.first, message.last, message.previous))
        sides = [self._side(side.top(20)) for side in (self.levels.bids, self.levels.asks)]
        self._keep(line, self.book.update(1, at, *sides))

    def _keep(self, line: int, events: tuple[Event, ...]) -> None:
        self.events += [(line, event) for event in events]

    @staticmethod
    def _side(levels: list[tuple[str, str]]) -> list[tuple[int, int]]:
        """In steps of 0.01 and lots of 0.00001."""
        return [(scaled(price) // 10**10, scaled(size) // 10**7) for price, size in levels]


def lines(folder: Path) -> Iterator[tuple[int, int, Snapshot | Update]]:
    """(line, received at, message) of every message about the book."""
    with gzip.open(folder / "crypto_l2" / "binance_spot_btcusdt_20240808.gz") as stream:
        for line in read_lines(cast(BinaryIO, stream)):
            for event in binance.read(line) or ():
                if isinstance(event, Snapshot | Update):
                    yield line.number, line.at, event


def careless(folder: Path, with_numbers: bool) -> BinanceBook:
    """A loader that drops what came before the snapshot."""
    loaded, started = BinanceBook(), False
    for line, at, event in lines(folder):
        started = started or isinstance(event, Snapshot)
        if started:
            loaded.levels.change(event.bids, event.asks)
            loaded.tell(line, at, event, with_numbers)
    return loaded


def test_a_stale_bid_is_marked_from_the_line_where_it_crosses_the_book(test_data: Path) -> None:
    loaded = careless(test_data, with_numbers=False)
    crossed = [(line, event) for line, event in loaded.events if event.reason == "crossed" and event.on]
    line, event = crossed[0]
    assert 9_367 <= line < 9_420
    assert event.figures[0] == 6_182_099 * 10**6, "the bid of 61,820.99"
    level = next((line, event) for line, event in loaded.events if event.reason == "stale_level")
    assert level[0] < 9_600
    assert level[1].figures[:2] == (6_182_099 * 10**6, 0)
    assert loaded.book.open() == []
    assert {"crossed", "snapshot"} <= set(loaded.book.why_not(1))


def test_the_numbers_of_the_feed_tell_it_at_the_first_update_after_the_snapshot(test_data: Path) -> None:
    loaded = careless(test_data, with_numbers=True)
    line, event = loaded.events[0]
    assert (event.state, event.reason, event.on) == ("snapshot", "sequence", True)
    assert event.figures[:2] == (50_093_239_219, 50_093_239_225)
    assert line < 30
    assert loaded.book.open() == []


def test_a_loader_that_follows_the_venues_rule_is_never_marked(test_data: Path) -> None:
    loaded, sync = BinanceBook(), StreamSync()
    for line, at, event in lines(test_data):
        if isinstance(event, Snapshot):
            waiting = sync.take_snapshot(event)
            assert waiting is not None
            loaded.levels.change(event.bids, event.asks)
            loaded.tell(line, at, event, with_numbers=True)
        else:
            waiting = [event]
        for update in waiting:
            if sync.take_update(update):
                loaded.levels.change(update.bids, update.asks)
                loaded.tell(line, at, update, with_numbers=True)
    wrong = [(line, e) for line, e in loaded.events if e.state in ("crossed", "snapshot", "malformed", "stale")]
    assert wrong == []
    assert loaded.book.levels(1, 1)[0][1] == 6_168_599
    assert loaded.book.levels(2, 1)[0][1] == 6_168_600
