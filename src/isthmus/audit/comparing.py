"""Is the store what the journal says? Every row is made again, and every byte of a part has its sum.

Proves that the store holds the rows that this journal gives, field by field. It does not prove the journal (`isthmus
verify` does), nor fingerprints, whose salts are not in the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from isthmus.audit.jurisdictions import FIELDS
from isthmus.audit.parts import Part, read_part, sum_holds
from isthmus.audit.rows import Row
from isthmus.kernel.errors import Damaged
from isthmus.kernel.values import time_text

OWN = ("sequence", "place", "order_id", "time")


class Difference(msgspec.Struct, frozen=True):
    """The first one. `row` counts from 0 within the file; `field` is a column, empty for a whole row or file. `reason`:
    "differs", "missing" (the journal has it, the store has not), "extra", "unreadable", or "bytes" (the file's sum is
    another one, though every value is right: a flipped bit where no value lies, or in the sum's own file).
    """

    file: str
    row: int | None
    sequence: int | None
    place: int | None
    field: str
    stored: str | None
    journal: str | None
    reason: str


class Compared(msgspec.Struct, frozen=True):
    """`rows`: that were compared and equal. `behind`: rows of the journal's end that the store has not yet."""

    rows: int
    files: int
    behind: int
    difference: Difference | None

    @property
    def ok(self) -> bool:
        """Nothing differs."""
        return self.difference is None


def compared(parts: Sequence[Part], rows: Iterable[Row]) -> Compared:
    """`rows`: all that the journal gives, oldest first."""
    made = iter(rows)
    waiting = next(made, None)
    count = 0
    for files, part in enumerate(parts):
        try:
            table = read_part(part)
        except Damaged as error:
            found = Difference(str(part.path), None, None, None, "", str(error), None, "unreadable")
            return Compared(count, files, 0, found)
        for at, stored in enumerate(_stored(table)):
            difference = _of_rows(part, at, stored, waiting)
            if difference is not None:
                return Compared(count, files, 0, difference)
            count, waiting = count + 1, next(made, None)
        if waiting is not None and waiting.sequence <= part.last:
            return Compared(count, files, 0, _missing(part, table.num_rows, waiting))
        if not sum_holds(part):
            found = Difference(str(part.path), None, None, None, "", None, None, "bytes")
            return Compared(count, files, 0, found)
    behind = 0 if waiting is None else 1 + sum(1 for _ in made)
    return Compared(count, len(parts), behind, None)


def _stored(table: Any) -> Iterator[Row]:
    """Of a part, batch by batch."""
    for batch in table.select([*OWN, *FIELDS]).to_batches(4_096):
        columns = [batch.column(at).to_pylist() for at in range(3)]
        columns.append(batch.column(3).cast("int64").to_pylist())
        columns += [batch.column(at).to_pylist() for at in range(4, batch.num_columns)]
        for sequence, place, order, at, *values in zip(*columns, strict=True):
            yield Row(sequence, place, order, at, tuple(values))


def _of_rows(part: Part, at: int, stored: Row, made: Row | None) -> Difference | None:
    if stored == made:
        return None
    if made is None or (stored.sequence, stored.place) < (made.sequence, made.place):
        return Difference(str(part.path), at, stored.sequence, stored.place, "", None, None, "extra")
    if (stored.sequence, stored.place) > (made.sequence, made.place):
        return _missing(part, at, made)
    own = (("order_id", str(stored.order), str(made.order)), ("time", _time(stored.time), _time(made.time)))
    fields = zip(FIELDS, stored.values, made.values, strict=True)
    name, was, be = next(pair for pair in (*own, *fields) if pair[1] != pair[2])
    return Difference(str(part.path), at, made.sequence, made.place, name, was, be, "differs")


def _missing(part: Part, at: int, made: Row) -> Difference:
    return Difference(str(part.path), at, made.sequence, made.place, "", None, None, "missing")


def _time(at: int | None) -> str | None:
    return time_text(at) if at is not None and at >= 0 else str(at)
