"""Recorded files as the house desks read them: whose they are, in which units, and every change of the book.

Times are those of one clock where a recording has one: the recorder's own, at which a message came in. Venue clocks
differ from each other by more than an arbitrage lasts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from isthmus.execution.arbitrage import NANO, Terms
from isthmus.execution.arbitrage_report import Change
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import open_input
from isthmus.kernel.values import NS_PER_S, units
from isthmus.venues.formats import binance, lean
from isthmus.venues.formats.depth import NS_PER_MS, Snapshot, TapeTrade, TextLevel, Update, read_lines
from isthmus.venues.formats.speakers import LINES_TO_TELL, reader_of, venue_of
from isthmus.venues.formats.zipped import is_zip, open_table
from isthmus.venues.level_book import LevelBook, StreamSync
from isthmus.venues.recorded.kinds import CRYPTO_SPOT, FEES_PPM, INVERSE_PERPETUAL, LINEAR_PERPETUAL
from isthmus.venues.recorded.streams import CONTRACT_USD, CONTRACT_USD_BTC, split_symbol

LEVELS = 20
"""Levels of a side that a desk sees."""
STEP_DECIMALS = 8
"""Prices and sizes of crypto venues count 10^-8 here; none of them is finer."""
QUOTE_SIZE = 1_000_000
"""What a dealer's quote without a size is taken to be good for, in units of the base asset."""
FX_LOT = 1_000

KINDS = {
    binance.SPOT: CRYPTO_SPOT,
    binance.USD_MARGINED: LINEAR_PERPETUAL,
    binance.COIN_MARGINED: INVERSE_PERPETUAL,
}
DOLLARS = ("USDT", "USDC", "BUSD", "FDUSD", "TUSD", "DAI")
CRYPTO_LOTS = {binance.SPOT: 1_000, binance.USD_MARGINED: 100_000, binance.COIN_MARGINED: 10**STEP_DECIMALS}
"""0.00001 and 0.001 coins, one contract, in 10^-8: the lots of the BTC markets; a coarser lot of another coin is not
known here.
"""


FloatLevel = tuple[float, float]
"""Price and size of a picture."""


class Asked(msgspec.Struct, frozen=True):
    """What the command line says of all files: latency, and by venue's name fees and hours ahead of UTC."""

    latency_ns: int = 0
    fees_ppm: dict[str, int] = {}
    utc_offsets: dict[str, float] = {}


class MarketFile(msgspec.Struct, frozen=True):
    """A recording of one market. `day` is 0 where the file holds its own dates, else ns UTC of its midnight."""

    path: Path
    terms: Terms
    venue: str
    symbol: str
    assumed: tuple[str, ...] = ()
    day: int = 0

    def changes(self) -> Iterator[Change]:
        """The book after each change, times never going back. Raises BadInput."""
        if self.day:
            yield from _fx_changes(self)
        else:
            yield from _depth_changes(self)


def market_file(path: Path, number: int, asked: Asked) -> MarketFile:
    """Whose recording a file is, by its content. Raises BadInput when that cannot be told."""
    with path.open("rb") as head:
        zipped = is_zip(head.read(4))
    return _fx_file(path, number, asked) if zipped else _depth_file(path, number, asked)


def _depth_file(path: Path, number: int, asked: Asked) -> MarketFile:
    venue, symbol = _speaker(path)
    if venue not in binance.VENUES:
        raise BadInput("markets", f"{path.name} is a recording of {venue}, whose units are not known here")
    base, quote = split_symbol(symbol.partition("_")[0])
    inverse = venue == binance.COIN_MARGINED
    contract = CONTRACT_USD_BTC if base == "BTC" else CONTRACT_USD
    assumed = (f"1 {quote} = 1 USD",) if quote in DOLLARS else ()
    terms = Terms(
        number=number,
        name=f"{venue} {symbol}",
        base=base,
        quote="USD" if quote in DOLLARS else quote,
        price_nano=NANO // 10**STEP_DECIMALS,
        quantity_nano=contract * NANO // 10**STEP_DECIMALS if inverse else NANO // 10**STEP_DECIMALS,
        fee_ppm=asked.fees_ppm.get(venue, FEES_PPM[KINDS[venue]][1]),
        lot=CRYPTO_LOTS[venue],
        latency_ns=asked.latency_ns,
        inverse=inverse,
        perpetual=venue != binance.SPOT,
    )
    return MarketFile(path, terms, venue, symbol, assumed)


def _speaker(path: Path) -> tuple[str, str]:
    """Venue and symbol of a depth stream."""
    venue: str | None = None
    for line in read_lines(open_input(path)):
        if line.message is None:
            continue
        venue = venue or venue_of(line)
        if venue is not None:
            for event in reader_of(venue)(line) or ():
                if event.instrument is not None:
                    return venue, event.instrument
        if line.number > LINES_TO_TELL:
            break
    raise BadInput("markets", f"{path.name}: the content does not tell venue and instrument")


def _depth_changes(file: MarketFile) -> Iterator[Change]:
    """The best levels after each message, at the recorder's time."""
    for at, book in _books(file):
        bids, asks = (_units(side.top(LEVELS)) for side in (book.bids, book.asks))
        yield Change(at, file.terms.number, bids, asks)


def book_samples(file: MarketFile, every_ns: int) -> Iterator[tuple[int, list[FloatLevel], list[FloatLevel]]]:
    """(time, bids, asks) of a depth stream every so often, all levels best first, for pictures: numbers as they are."""
    due = 0
    for at, book in _books(file):
        if at >= due:
            due = at - at % every_ns + every_ns
            sides = (side.top(len(side)) for side in (book.bids, book.asks))
            bids, asks = ([(float(price), float(size)) for price, size in side] for side in sides)
            yield at, bids, asks


def _books(file: MarketFile) -> Iterator[tuple[int, LevelBook]]:
    """The whole book after each message that changed it; the same book each time."""
    sync, book, reader = StreamSync(), LevelBook(), reader_of(file.venue)
    latest = 0
    for line in read_lines(open_input(file.path)):
        if line.message is None:
            continue
        try:
            events = reader(line) or ()
            changed = [_applied(event, sync, book) for event in events]
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise BadInput("markets", f"{file.path.name}: malformed message: {error}", line.number) from error
        if any(changed):
            latest = max(latest, line.at or max(getattr(event, "at", 0) for event in events))
            yield latest, book


def _applied(event: Snapshot | Update | TapeTrade, sync: StreamSync, book: LevelBook) -> bool:
    """Whether the event changed the book."""
    if isinstance(event, TapeTrade):
        return False
    if isinstance(event, Snapshot):
        waiting = sync.take_snapshot(event)
        if waiting is None:
            return False
        book.clear()
        book.change(event.bids, event.asks)
        for update in waiting:
            if sync.take_update(update):
                book.change(update.bids, update.asks)
        return True
    if sync.take_update(event):
        book.change(event.bids, event.asks)
        return True
    return False


def _units(levels: list[TextLevel]) -> list[tuple[int, int]]:
    return [(units(price, STEP_DECIMALS), units(size, STEP_DECIMALS)) for price, size in levels]


def _fx_file(path: Path, number: int, asked: Asked) -> MarketFile:
    entry, stream = open_table(path)
    if lean.form_of(lean.columns_of(stream)) != lean.FX_QUOTES:
        raise BadInput("markets", f"{path.name} holds no quotes of currencies")
    day, symbol = lean.named(entry)
    venue, named = path.name.partition("_")[0].lower(), path.name.split("_")
    if day is None or symbol is None or len(symbol) != 6 or len(named) < 2:
        raise BadInput("markets", f"{path.name}: its name tells no provider, pair and day")
    hours = asked.utc_offsets.get(venue, 0.0)
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * NS_PER_S
    assumed = [f"size {QUOTE_SIZE:,} {symbol[:3]}", f"{venue} charges no fee beside its spread"]
    if venue not in asked.utc_offsets:
        assumed.append(f"{venue} times are UTC")
    terms = Terms(
        number=number,
        name=f"{venue} {symbol}",
        base=symbol[:3],
        quote=symbol[3:],
        price_nano=1,
        quantity_nano=NANO,
        fee_ppm=asked.fees_ppm.get(venue, 0),
        lot=FX_LOT,
        latency_ns=asked.latency_ns,
    )
    return MarketFile(path, terms, venue, symbol, tuple(assumed), midnight - int(hours * 3600) * NS_PER_S)


def _fx_changes(file: MarketFile) -> Iterator[Change]:
    _, stream = open_table(file.path)
    for _, quote in lean.read_fx_quotes(stream):
        at = file.day + quote.ms * NS_PER_MS
        yield Change(at, file.terms.number, ((quote.bid, QUOTE_SIZE),), ((quote.ask, QUOTE_SIZE),))
