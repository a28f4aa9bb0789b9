"""A book of price levels fed by a venue's depth stream, and the rules by which the two stay in step."""

from __future__ import annotations

import zlib
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Sequence

from isthmus.venues.formats.depth import PLACES, Snapshot, TextLevel, Update, scaled

BUFFER_MAX = 100_000
"""Updates kept while no snapshot has come; older ones are dropped."""
OKX_LEVELS, KRAKEN_LEVELS = 25, 10


class LevelSide:
    """One side: sizes by price. Prices ascend; `best_last` tells whether the best is the highest."""

    __slots__ = ("_best_last", "_prices", "_texts")

    def __init__(self, best_last: bool) -> None:
        self._best_last = best_last
        self._prices: list[int] = []
        self._texts: dict[int, TextLevel] = {}

    def __len__(self) -> int:
        return len(self._prices)

    def change(self, level: TextLevel) -> None:
        """Set a level, or take it away when its size is 0. Raises ValueError when it is no level."""
        price = scaled(level[0])
        if not level[1].strip("0."):
            if price in self._texts:
                del self._texts[price]
                del self._prices[bisect_left(self._prices, price)]
            return
        if price <= 0 or scaled(level[1]) < 0:
            raise ValueError(f"{level[1]!r} at {level[0]!r} is no level")
        if price not in self._texts:
            insort(self._prices, price)
        self._texts[price] = level

    def best(self) -> int | None:
        """The best price in 10^-12, None when the side is empty."""
        if not self._prices:
            return None
        return self._prices[-1] if self._best_last else self._prices[0]

    def top(self, count: int) -> list[TextLevel]:
        """The best levels as the venue wrote them."""
        prices = self._prices[: -count - 1 : -1] if self._best_last else self._prices[:count]
        return [self._texts[price] for price in prices]

    def keep(self, count: int) -> None:
        """Let levels beyond the best `count` fall out."""
        beyond = len(self._prices) - count
        if beyond <= 0:
            return
        gone = self._prices[:beyond] if self._best_last else self._prices[count:]
        for price in gone:
            del self._texts[price]
        self._prices = self._prices[beyond:] if self._best_last else self._prices[:count]

    def clear(self) -> None:
        """Take every level away."""
        self._prices.clear()
        self._texts.clear()


class LevelBook:
    """Bids and asks of one instrument."""

    def __init__(self) -> None:
        self.bids = LevelSide(best_last=True)
        self.asks = LevelSide(best_last=False)

    def change(self, bids: Iterable[TextLevel], asks: Iterable[TextLevel]) -> None:
        """Apply changed levels."""
        for level in bids:
            self.bids.change(level)
        for level in asks:
            self.asks.change(level)

    def clear(self) -> None:
        """Empty the book."""
        self.bids.clear()
        self.asks.clear()

    def is_crossed(self) -> bool:
        """Whether the best bid is not below the best ask."""
        bid, ask = self.bids.best(), self.asks.best()
        return bid is not None and ask is not None and bid >= ask


class StreamSync:
    """Keeps a book in step with its stream by sequence numbers, where the venue sends them.

    Updates wait for the snapshot; those that it holds already are dropped, the one that straddles it is applied, and
    from then on each must follow the one before. After a gap the book goes on, counted, until the next snapshot mends
    it.
    """

    def __init__(self) -> None:
        self.gaps = 0
        self.synced = False
        self._last: int | None = None
        self._mending = True
        self._buffer: deque[Update] = deque(maxlen=BUFFER_MAX)

    def take_snapshot(self, snapshot: Snapshot) -> list[Update] | None:
        """The updates that waited and come after this snapshot, each to be taken again; None when it is older than
        the book and is to be left.
        """
        if self.synced and not self._mending and snapshot.last is not None and snapshot.last <= (self._last or 0):
            return None
        self._last, self.synced, self._mending = snapshot.last, True, False
        waiting, self._buffer = self._buffer, deque(maxlen=BUFFER_MAX)
        return [update for update in waiting if not self._is_old(update)] if snapshot.last is not None else []

    def take_update(self, update: Update) -> bool:
        """Whether the update is to be applied now; if not, it waits for the snapshot or is dropped."""
        if self._mending:
            self._buffer.append(update)
        if not self.synced or self._is_old(update):
            return False
        if self._leaves_gap(update):
            self.gaps += 1
            self._mending = True
            self._buffer.append(update)
        if update.last is not None:
            self._last = update.last
        return True

    def _is_old(self, update: Update) -> bool:
        return update.last is not None and self._last is not None and update.last <= self._last

    def _leaves_gap(self, update: Update) -> bool:
        """Whether numbers are missing between what was applied and this update."""
        if self._last is None or update.last is None:
            return False
        if update.previous is not None:
            straddles = update.first is not None and update.first <= self._last
            return update.previous != self._last and not straddles and update.previous > self._last
        return update.first is not None and update.first > self._last + 1


def okx_checksum(book: LevelBook) -> int:
    """OKX: CRC-32 (signed) of the best 25 levels, bid and ask in turn, as "price:size:price:size"."""
    bids, asks = book.bids.top(OKX_LEVELS), book.asks.top(OKX_LEVELS)
    parts: list[str] = []
    for place in range(max(len(bids), len(asks))):
        for side in (bids, asks):
            parts += side[place] if place < len(side) else ()
    value = zlib.crc32(":".join(parts).encode())
    return value - (1 << 32) if value >= 1 << 31 else value


def kraken_checksum(book: LevelBook) -> int:
    """Kraken v1: CRC-32 of the digits of the best 10 asks and bids, without point and leading zeros."""
    levels: Sequence[TextLevel] = [*book.asks.top(KRAKEN_LEVELS), *book.bids.top(KRAKEN_LEVELS)]
    return zlib.crc32("".join(text.replace(".", "").lstrip("0") for level in levels for text in level).encode())


CHECKSUMS = {"okx": okx_checksum, "kraken": kraken_checksum}
PRICE_PLACES = PLACES
