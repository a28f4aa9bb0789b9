"""Measures every parent as it ends: the live side of transaction-cost analysis."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec

from isthmus.execution.policy import Work
from isthmus.execution.tca import REVERSION_NS, Analysis, analyse
from isthmus.execution.trace import Trace
from isthmus.execution.works import Working

ANALYSES_MAX = 10_000
"""Analyses kept; the oldest go first."""

PPM = 1_000_000


class Ended(msgspec.Struct, frozen=True):
    """A parent that ended; its children's fills are all in."""

    path: str
    work: Work
    at: int
    fees: int


class Costs:
    """Feed it the best prices and trades of instruments that are worked, and parents as they end. `value(instrument,
    turnover)` is quote minor units of a sum of price x quantity.
    """

    def __init__(self, value: Callable[[int, int], int]) -> None:
        self._value = value
        self._traces: dict[int, Trace] = {}
        self._done: dict[int, Ended] = {}
        self._order: deque[int] = deque()
        self._final: dict[int, Analysis] = {}

    def value(self, instrument: int, turnover: int) -> int:
        """Quote minor units of a sum of price x quantity."""
        return self._value(instrument, turnover)

    def trace(self, instrument: int) -> Trace:
        """What the instrument's market did."""
        return self._traces.setdefault(instrument, Trace())

    def see(self, instrument: int, at: int, touch: tuple[int, int]) -> None:
        """The best bid and ask now."""
        self.trace(instrument).see(at, *touch)

    def trade(self, instrument: int, at: int, price: int, quantity: int) -> None:
        """Somebody traded."""
        self.trace(instrument).trade(at, price, quantity)

    def end(self, working: Working, at: int) -> None:
        """The parent is done."""
        number = working.work.parent.number
        self._done[number] = Ended(working.note.path, working.work, at, working.fees)
        self._order.append(number)
        while len(self._order) > ANALYSES_MAX:
            oldest = self._order.popleft()
            self._done.pop(oldest, None)
            self._final.pop(oldest, None)

    def live(self, working: Working, at: int) -> Analysis:
        """A parent that is still worked, as if it ended now."""
        ended = Ended(working.note.path, working.work, at, working.fees)
        return self._analyse(ended)

    def of(self, parent: int, now: int) -> Analysis | None:
        """A parent that ended. Final once the time in which prices may come back is over."""
        known = self._final.get(parent)
        ended = self._done.get(parent)
        if known is not None or ended is None:
            return known
        made = self._analyse(ended)
        if now >= ended.at + REVERSION_NS:
            self._final[parent] = made
        return made

    def work_of(self, parent: int) -> Work | None:
        """Everything that became of a parent that ended."""
        ended = self._done.get(parent)
        return ended.work if ended is not None else None

    def finished(self, now: int) -> list[Analysis]:
        """All that ended and are kept, oldest first."""
        return [made for number in self._order if (made := self.of(number, now)) is not None]

    def _analyse(self, ended: Ended) -> Analysis:
        work = ended.work
        value = self._value(work.parent.instrument, work.turnover)
        fees_ppm = ended.fees * PPM / value if value else 0.0
        return analyse(ended.path, work, ended.at, self.trace(work.parent.instrument), fees_ppm)
