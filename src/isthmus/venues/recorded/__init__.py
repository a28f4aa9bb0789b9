"""Markets that are replayed: recorded depth and trades of outside venues, played in a loop, that client orders can be
sent to.

Owns: the choice of recordings in a folder, the sessions, the rules by which a recording fills a client's order.
Takes: a folder, the time, records of the engine. Emits: the venues' answers and marks as commands, their books and
trades as data. Never: gives a fill that the tape would not have given, reads a clock, or touches an order that is not
at its venues.
"""

from __future__ import annotations

from pathlib import Path

from isthmus.engine.market import Market
from isthmus.venues.recorded.catalogue import survey
from isthmus.venues.recorded.venue import RecordedMarkets

__all__ = ["make"]


def make(folder: Path, speed: float) -> Market:
    """The recordings of a folder as one market; `speed` 2 plays twice as fast. Raises BadInput when none can be
    played.
    """
    found = survey(folder)
    return RecordedMarkets(found.recordings, found.rows, speed)
