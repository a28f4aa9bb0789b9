"""Markets that are replayed: recordings of outside venues (depth and trades, quotes of dealers, consolidated ticks,
order events), played in a loop, that client orders can be sent to.

Owns: the choice of recordings in a folder, the sessions, the rules by which a recording fills a client's order.
Takes: a folder, the time, records of the engine. Emits: the venues' answers and marks as commands, their books and
trades as data, their facts. Never: gives a fill that the tape would not have given, reads a clock, or touches an order
that is not at its venues.

Without a server: `survey(folder).recordings` are the sessions, `in_time_order` their events by true time.
"""

from __future__ import annotations

from pathlib import Path

from isthmus.engine.market import Market
from isthmus.venues.recorded.catalogue import survey
from isthmus.venues.recorded.programme import in_time_order
from isthmus.venues.recorded.venue import RecordedMarkets

__all__ = ["in_time_order", "make", "survey"]


def make(folder: Path, speed: float) -> Market:
    """The recordings of a folder as one market; `speed` 2 plays twice as fast. Raises BadInput when none can be
    played.
    """
    found = survey(folder)
    return RecordedMarkets(found.recordings, found.rows, speed)
