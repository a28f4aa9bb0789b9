"""One row of 78 values for every event of every order, from the journal's records alone.

Feed it every record in order. A value is None where the journal does not say it, and empty where it is known that there
is none; nothing is guessed. A purge names its scope: the live orders in it are those that match, as for the engine.
They are made in crates/trail; this is its face. `Rows.take` is for whoever reads rows one by one, `take_from` and
`hand_out` are for the trail.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from isthmus.engine.engine import JournalReader, Record
from isthmus.engine.order_rows import OrderBatch, OrderRows
from isthmus.kernel.errors import Damaged

FIELDS = 78
EVENTS_MAX = 65_536
"""Of one record: the place of an event is two bytes in the log."""


class Row(msgspec.Struct, frozen=True):
    """An event of an order: `place` counts the events of a record from 0; `order` 0: of no order, or of a trade whose
    correction names no order. `time`: ns. `values`: O01 to O78.
    """

    sequence: int
    place: int
    order: int
    time: int
    values: tuple[str | None, ...]


class Rows:
    """`first`: the sequence of the log's first leaf."""

    def __init__(self, first: int = 1) -> None:
        self._made = OrderRows(first)

    @property
    def sequence(self) -> int:
        """The last record taken in."""
        return self._made.sequence

    @property
    def unknown(self) -> list[int]:
        """Rows so far in which nothing said the field, O01 first."""
        return self._made.unknown

    @property
    def pending(self) -> int:
        """Rows that were made and not handed out."""
        return self._made.pending

    def begin(self, sequence: int) -> None:
        """The next record is the one behind this."""
        self._made.sequence = sequence

    def state(self) -> bytes:
        """All that `from_state` needs to go on behind the last record."""
        return self._made.state()

    @classmethod
    def from_state(cls, state: bytes) -> Rows:
        """Raises Damaged where it is not what `state` said."""
        made = OrderRows.from_state(state)
        if made is None:
            raise Damaged("the state of the rows is not what was written")
        rows = cls()
        rows._made = made
        return rows

    def take(self, record: Record) -> list[Row]:
        """The rows of the next record; most records that are no orders' have none. Raises Damaged where a record is
        missing, or has more than EVENTS_MAX events.
        """
        self.take_in(record)
        return [Row(*row) for row in self.hand_out().rows()] if self.pending else []

    def take_in(self, record: Record) -> None:
        """The same; the rows wait to be handed out."""
        with _damaged():
            self._made.take(record)

    def take_from(self, reader: JournalReader, upto: int, most: int, rows: int) -> int:
        """Takes in what a journal has next, up to record `upto`, `most` records at most and until so many rows wait;
        says how many records. Raises Damaged, JournalDamaged.
        """
        with _damaged():
            return self._made.take_from(reader, upto, most, rows)

    def hand_out(self) -> OrderBatch:
        """The rows that wait."""
        return self._made.hand_out()


@contextmanager
def _damaged() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise Damaged(str(error)) from error
