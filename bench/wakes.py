"""What it costs to watch over many parents: `python bench/wakes.py [PARENTS]`.

Every parent waits for a time, a price and a volume; quotes, trades and time pass, and whoever is due is set again.
Processor time of one core, the Python calls included.
"""

from __future__ import annotations

import sys
import time

from isthmus.engine.tape import Wakes
from isthmus.kernel.messages import BUY, SELL

INSTRUMENTS = 50
EVENTS = 300_000
DUE_AFTER_NS = 1_000_000_000
EVENT_NS = 100_000
"""Ten thousand events a second."""


def main(parents: int) -> None:
    """Prints events a second of processor time, and how many parents woke."""
    wakes = Wakes()

    def arm(parent: int, now: int) -> None:
        side, price = (BUY, 9_000 - parent % 997) if parent % 2 else (SELL, 11_000 + parent % 997)
        at = now + DUE_AFTER_NS + parent * 7_919 % DUE_AFTER_NS
        wakes.set(parent, parent % INSTRUMENTS, side, at=at, price=price, volume=1_000_000 + parent)

    for parent in range(parents):
        arm(parent, 0)
    woken = 0
    started = time.process_time()
    for event in range(EVENTS):
        now, instrument = event * EVENT_NS, event % INSTRUMENTS
        middle = 10_000 + event * 31 % 2_100 - 1_050
        due = wakes.on_quote(instrument, middle - 1, middle + 1)
        due += wakes.on_trade(instrument, event % 13)
        due += wakes.on_time(now)
        for parent in due:
            arm(parent, now)
        woken += len(due)
    spent = time.process_time() - started
    print(f"parents {parents}, events {EVENTS} of {EVENTS * EVENT_NS / 1e9:.0f} s, woken {woken}")
    print(f"processor time {spent:.2f} s, {spent / EVENTS * 1e9:.0f} ns an event, woken ones set again")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
