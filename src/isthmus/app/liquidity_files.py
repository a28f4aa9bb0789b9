"""Days of quotes and trades as bins of the day: spread, depth and volume of each venue.

Times of day are those of the file's own clock. A quote stands until the next one; means are weighted by time. Files: a
day of quotes of a provider of currencies (no size, so no depth), a day of consolidated quotes or trades of a US share
(regular hours), minutes of an automated market maker's pool (depth: its active liquidity; no spread but its fee).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import msgspec
import numpy as np

from isthmus.execution.forecast import DayBins
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import open_input
from isthmus.venues.formats import lean
from isthmus.venues.formats.lines import numbered_lines
from isthmus.venues.formats.zipped import is_zip, open_table

DAY_MS = 86_400_000
OPEN_MS, CLOSE_MS = 34_200_000, 57_600_000
"""09:30 to 16:00 New York."""
POOL_HEADER = (
    b"timestamp,netAmount0,netAmount1,closeTick,openTick,lowestTick,highestTick,inAmount0,inAmount1,currentLiquidity"
)
PPM = 1_000_000


class DayFile(msgspec.Struct, frozen=True):
    """One file: whose, of which day, and how it is poured into bins."""

    path: Path
    source: str
    day: str
    pour: Callable[[Bins], None]


class Bins:
    """Gathers a day. Quotes must come in time order."""

    def __init__(self, bin_s: int) -> None:
        self._ms = bin_s * 1_000
        count = DAY_MS // self._ms
        self._held: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]] = {
            name: np.zeros(count) for name in ("spread", "depth", "quoted", "deep")
        }
        self._volume = np.zeros(count)
        self._from, self._until = DAY_MS, 0
        self._last: tuple[int, float, float | None] | None = None
        self._traded = False

    def quote(self, ms: int, spread_ppm: float, depth: float | None) -> None:
        """What stands from now on."""
        self._hold(ms)
        self._last = (ms, spread_ppm, depth)

    def trade(self, ms: int, quantity: float) -> None:
        """A trade; the day's volume is known from its first to its last bin."""
        self._traded = True
        place = ms // self._ms
        self._volume[place] += quantity
        self._from, self._until = min(self._from, place), max(self._until, place)

    def end(self, ms: int) -> None:
        """No quote stands any more."""
        self._hold(ms)
        self._last = None

    def made(self, day: str) -> DayBins:
        """The day."""
        held = self._held
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = np.where(held["quoted"] > 0, held["spread"] / held["quoted"], np.nan)
            depth = np.where(held["deep"] > 0, held["depth"] / held["deep"], np.nan)
        places = np.arange(len(self._volume))
        known = self._traded & (places >= self._from) & (places <= self._until)
        return DayBins(day, depth, spread, np.where(known, self._volume, np.nan))

    def _hold(self, until: int) -> None:
        """Count the last quote for the time that it stood."""
        if self._last is None:
            return
        start, spread, depth = self._last
        while start < until:
            place = start // self._ms
            part = min(until, (place + 1) * self._ms) - start
            self._held["spread"][place] += spread * part
            self._held["quoted"][place] += part
            if depth is not None:
                self._held["depth"][place] += depth * part
                self._held["deep"][place] += part
            start += part


def read_days(paths: list[Path], bin_s: int) -> dict[str, list[DayBins]]:
    """The days of each source in order, quotes and trades of one day together. Raises BadInput."""
    gathered: dict[str, dict[str, Bins]] = defaultdict(dict)
    for path in paths:
        file = day_file(path)
        file.pour(gathered[file.source].setdefault(file.day, Bins(bin_s)))
    return {source: [bins.made(day) for day, bins in sorted(days.items())] for source, days in sorted(gathered.items())}


def day_file(path: Path) -> DayFile:
    """Whose day a file is, by its content and name. Raises BadInput."""
    with path.open("rb") as head:
        zipped = is_zip(head.read(4))
    if not zipped:
        day = _first_day(path)
        return DayFile(path, f"pool {path.name.rpartition('_')[0] or path.name}", day, lambda bins: _pool(path, bins))
    entry, stream = open_table(path)
    form = lean.form_of(lean.columns_of(stream))
    found, symbol = lean.named(entry)
    if found is None or symbol is None:
        raise BadInput("quotes", f"{path.name}: the name of its table ({entry}) does not tell day and symbol")
    pours = {lean.FX_QUOTES: _fx, lean.EQUITY_QUOTES: _equity, lean.EQUITY_TRADES: _trades}
    provider = path.name.partition("_")[0] if form == lean.FX_QUOTES else "us-consolidated"
    pour = pours[form]
    return DayFile(path, f"{provider} {symbol}", found.isoformat(), lambda bins: pour(path, bins))


def _fx(path: Path, bins: Bins) -> None:
    last = 0
    for _, quote in lean.read_fx_quotes(open_table(path)[1]):
        bins.quote(quote.ms, 2 * PPM * (quote.ask - quote.bid) / (quote.ask + quote.bid), None)
        last = quote.ms
    bins.end(last)


def _equity(path: Path, bins: Bins) -> None:
    """Each row carries one side of the consolidated best; the other stands as it was."""
    bid = ask = (0, 0)
    for _, row in lean.read_equity_quotes(open_table(path)[1]):
        if row.suspicious:
            continue
        bid = (row.bid, row.bid_size) if row.bid else bid
        ask = (row.ask, row.ask_size) if row.ask else ask
        if OPEN_MS <= row.ms < CLOSE_MS and bid[0] and ask[0]:
            width = max(0, ask[0] - bid[0])
            bins.quote(row.ms, 2 * PPM * width / (ask[0] + bid[0]), (bid[1] + ask[1]) / 2)
    bins.end(CLOSE_MS)


def _trades(path: Path, bins: Bins) -> None:
    """Trades that met the book, in regular hours: no auctions, no late or derived prices."""
    for _, row in lean.read_equity_trades(open_table(path)[1]):
        if OPEN_MS <= row.ms < CLOSE_MS and not row.suspicious and not row.condition & lean.NOT_ON_BOOK:
            bins.trade(row.ms, row.size)


def _pool(path: Path, bins: Bins) -> None:
    """Depth is the active liquidity, volume what came in of the first token and went out of it."""
    last = 0
    for ms, _, moved, liquidity in _pool_rows(path):
        bins.quote(ms, 0.0, liquidity)
        bins.trade(ms, moved)
        last = ms
    bins.end(min(DAY_MS, last + 60_000))


def _first_day(path: Path) -> str:
    for _, day, _, _ in _pool_rows(path):
        return day.isoformat()
    raise BadInput("quotes", f"{path.name} holds no minute")


def _pool_rows(path: Path) -> Iterator[tuple[int, date, float, float]]:
    """(ms of the day, day, amount of the first token that moved, liquidity)."""
    columns = len(POOL_HEADER.split(b","))
    for number, line in numbered_lines(open_input(path), "quotes"):
        if number == 1:
            if line != POOL_HEADER:
                raise BadInput("quotes", f"{path.name}: neither a day of ticks nor minutes of a pool", 1)
            continue
        parts = line.decode("ascii", "replace").split(",")
        if len(parts) != columns:
            raise BadInput("quotes", f"has {len(parts)} columns instead of {columns}", number)
        try:
            at = datetime.fromisoformat(parts[0])
            net, taken, liquidity = int(parts[1]), int(parts[7]), int(parts[9])
        except ValueError as error:
            raise BadInput("quotes", str(error), number) from None
        moved = max(abs(net), taken)
        yield (at.hour * 60 + at.minute) * 60_000, at.date(), float(moved), float(liquidity)
