"""The life of one order, page by page, from the journal's records."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec

from isthmus.engine.engine import Record
from isthmus.gateways.keys import Identity
from isthmus.gateways.problems import Refusal
from isthmus.gateways.reads import Reads
from isthmus.refdata.instruments import Instrument
from isthmus.views.history import Event, Life
from isthmus.views.journal import JournalTail
from isthmus.views.orders import PLACING

RECORDS_SEARCHED_MAX = 20_000
"""Records that one page looks through for an order that is no client's."""
FIGURE_MAX = 2**62


class Place(msgspec.Struct, frozen=True):
    """Where a page begins: a record, how many of its events were told, and the order's figures before that record."""

    record: int
    told: int = 0
    filled: int = 0
    quantity: int = 0

    def __str__(self) -> str:
        return f"{self.record}-{self.told}-{self.filled}-{self.quantity}"


class Page(msgspec.Struct, frozen=True):
    """`following`: the cursor of the next page, or None."""

    instrument: Instrument
    events: list[Event]
    following: str | None


async def page_of(reads: Reads, identity: Identity, order: int, cursor: str | None, most: int) -> Page:
    """Up to `most` events. A client's orders are known by their records; those of the house are searched for, and only
    for who may read the journal. Raises Refusal.
    """
    start = _place(cursor, order)
    row = reads.views.orders.order(order)
    if row is not None and (identity.sees_all or row.account == identity.account):
        touched = [sequence for sequence in row.touched if sequence >= start.record][: most + 1]
        records = await _read(reads.views.journal, touched)
        return _page(reads, Life(order, row, reads.directory, start.filled, start.quantity), (start, records), most)
    if row is None and identity.role in ("operator", "auditor"):
        return await _searched(reads, order, start, most)
    raise Refusal(404, "unknown_order", "there is no such order", field="id")


async def _read(tail: JournalTail, sequences: list[int]) -> list[Record]:
    """Records in memory at once, older ones in a thread: the disk may take a while."""
    older = [sequence for sequence in sequences if sequence < tail.oldest]
    recent = tail.recent(sequences[len(older) :])  # before the wait: the oldest in memory move on
    return (await asyncio.to_thread(tail.from_disk, older) if older else []) + recent


async def _searched(reads: Reads, order: int, start: Place, most: int) -> Page:
    tail = reads.views.journal
    placed = (await _read(tail, [order]))[:1] if order <= tail.last else []
    if not placed or type(placed[0].command).__name__ not in PLACING:
        raise Refusal(404, "unknown_order", "there is no such order", field="id")
    command: Any = placed[0].command
    last = min(tail.last, start.record + RECORDS_SEARCHED_MAX - 1)
    records = await _read(tail, list(range(start.record, last + 1)))
    life = Life(order, command, reads.directory, start.filled, start.quantity)
    found = _page(reads, life, (start, records), most)
    if found.following is not None or life.over or last == tail.last:
        return found
    return msgspec.structs.replace(found, following=str(Place(last + 1, 0, life.filled, life.quantity)))


def _page(reads: Reads, life: Life, given: tuple[Place, list[Record]], most: int) -> Page:
    start, records = given
    events: list[Event] = []
    following = None
    for place, found in _by_record(life, start, records):
        room = most - len(events)
        events += found[:room]
        if len(found) > room:
            following = str(msgspec.structs.replace(place, told=place.told + room))
            break
    instrument = reads.directory.instruments.get(life.instrument)
    if instrument is None:
        raise Refusal(404, "unknown_order", "that order was refused: it named no instrument", field="id")
    return Page(instrument, events, following)


def _by_record(life: Life, start: Place, records: list[Record]) -> Iterator[tuple[Place, list[Event]]]:
    """Each record's events that were not told yet, and where they begin."""
    for record in records:
        told = start.told if record.sequence == start.record else 0
        place = Place(record.sequence, told, life.filled, life.quantity)
        yield place, life.take(record)[told:]
        if life.over:
            return


def _place(cursor: str | None, order: int) -> Place:
    if cursor is None:
        return Place(order)
    parts = cursor.split("-")
    if len(parts) == 4 and all(part.isascii() and part.isdigit() and len(part) <= 19 for part in parts):
        place = Place(*map(int, parts))
        if order <= place.record and max(place.record, place.told, place.filled, place.quantity) <= FIGURE_MAX:
            return place
    raise Refusal(400, "malformed_request", "the cursor is one that `next` gave", field="cursor", value=cursor)
