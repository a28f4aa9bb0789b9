"""Is the store what the journal says? Every row is made again, and every byte of a part has its sum.

Proves that the store holds the rows that this journal gives, field by field, and, where rows have fingerprints, that
those are the log's and are made of these values by the client's key. Where a key was erased only the first holds. It
does not prove the journal (`isthmus verify` does) or the log (`isthmus audit verify log`).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from isthmus.audit.jurisdictions import FIELDS
from isthmus.audit.marks import DIFFERS, ERASED, KEYLESS, PROVEN
from isthmus.audit.orders_log import OrderEntry
from isthmus.audit.parts import Part, day_of, read_part, sum_holds, unreadable_column
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
    """`rows`: that were compared and equal. `behind`: rows of the journal's end that the store has not yet. Of the rows
    with fingerprints: `proven`, `erased` (the key is gone, by record), `keyless` (gone without a record). `dropped`: of
    days that are on record as dropped, and so are not looked for.
    """

    rows: int
    files: int
    behind: int
    difference: Difference | None
    proven: int = 0
    erased: int = 0
    keyless: int = 0
    dropped: int = 0

    @property
    def ok(self) -> bool:
        """Nothing differs."""
        return self.difference is None


class Trail(Protocol):
    """What is known of fingerprints beside the store."""

    def verdict(self, row: Row, fingerprint: bytes) -> str:
        """One of the verdicts of marks.py."""


def compared(
    parts: Sequence[Part],
    rows: Iterable[Row],
    trail: Trail | None = None,
    log: Iterable[OrderEntry] = (),
    gone: Collection[dt.date] = (),
) -> Compared:
    """`rows`: all that the journal gives, oldest first; `log`: entries of the log of orders; `gone`: dropped days."""
    comparing = _Comparing(iter(rows), trail, iter(log), gone)
    difference = None
    for part in parts:
        difference = comparing.part(part)
        if difference is not None:
            break
        comparing.files += 1
    return comparing.found(difference)


class _Comparing:
    def __init__(
        self, rows: Iterator[Row], trail: Trail | None, log: Iterator[OrderEntry], gone: Collection[dt.date]
    ) -> None:
        self.files = 0
        self._rows, self._trail, self._log, self._gone = rows, trail, log, gone
        self._count = self._dropped = 0
        self._waiting = self._next()
        self._verdicts: Counter[str] = Counter()

    def part(self, part: Part) -> Difference | None:
        """The first difference of a file."""
        try:
            table = read_part(part)
        except Damaged as error:
            return Difference(str(part.path), None, None, None, unreadable_column(part), str(error), None, "unreadable")
        for at, (stored, mark) in enumerate(_stored(table)):
            found = of_rows(str(part.path), at, stored, self._waiting) or self._of_marks(part, at, stored, mark)
            if found is not None:
                return found
            self._count, self._waiting = self._count + 1, self._next()
        if self._waiting is not None and self._waiting.sequence <= part.last:
            return missing_row(str(part.path), table.num_rows, self._waiting)
        if not sum_holds(part):
            return Difference(str(part.path), None, None, None, "", None, None, "bytes")
        return None

    def found(self, difference: Difference | None) -> Compared:
        """All in all."""
        ended = difference is not None or self._waiting is None
        behind = 0 if ended else 1 + sum(1 for _ in iter(self._next, None))
        proven, erased, keyless = (self._verdicts[name] for name in (PROVEN, ERASED, KEYLESS))
        return Compared(self._count, self.files, behind, difference, proven, erased, keyless, self._dropped)

    def _next(self) -> Row | None:
        """The journal's next row that the store should have; entries of the log go with those that it should not."""
        for row in self._rows:
            if not self._gone or day_of(row.time) not in self._gone:
                return row
            next(self._log, None)
            self._dropped += 1
        return None

    def _of_marks(self, part: Part, at: int, row: Row, stored: tuple[bytes | None, bytes | None]) -> Difference | None:
        entry = next(self._log, None)
        fingerprint, previous = stored
        if fingerprint is None or self._trail is None:
            return None
        pairs = (
            [("fingerprint", fingerprint, entry.fingerprint), ("previous", previous, entry.previous)] if entry else []
        )
        for name, was, be in pairs:
            if was != be:
                return _of_mark(part, at, row, (name, was, be))
        verdict = self._trail.verdict(row, fingerprint)
        self._verdicts[verdict] += 1
        return _of_mark(part, at, row, ("fingerprint", fingerprint, None)) if verdict == DIFFERS else None


def rows_in(part: Part) -> Iterator[Row]:
    """The rows of a part. Raises Damaged."""
    return (row for row, _ in _stored(read_part(part)))


def _stored(table: Any) -> Iterator[tuple[Row, tuple[bytes | None, bytes | None]]]:
    """Of a part, batch by batch, each row with its fingerprint and the one before."""
    for batch in table.select([*OWN, *FIELDS, "fingerprint", "previous"]).to_batches(4_096):
        columns = [batch.column(at).to_pylist() for at in range(3)]
        columns.append(batch.column(3).cast("int64").to_pylist())
        columns += [batch.column(at).to_pylist() for at in range(4, batch.num_columns)]
        for sequence, place, order, at, *values, fingerprint, previous in zip(*columns, strict=True):
            yield Row(sequence, place, order, at, tuple(values)), (fingerprint, previous)


def _of_mark(part: Part, at: int, row: Row, pair: tuple[str, bytes | None, bytes | None]) -> Difference:
    name, was, be = pair
    stored, logged = (value.hex() if value is not None else None for value in (was, be))
    return Difference(str(part.path), at, row.sequence, row.place, name, stored, logged, "differs")


def of_rows(file: str, at: int, stored: Row, made: Row | None) -> Difference | None:
    """The difference between a stored row and the one that the journal gives there, if any."""
    if stored == made:
        return None
    if made is None or (stored.sequence, stored.place) < (made.sequence, made.place):
        return Difference(file, at, stored.sequence, stored.place, "", None, None, "extra")
    if (stored.sequence, stored.place) > (made.sequence, made.place):
        return missing_row(file, at, made)
    own = (("order_id", str(stored.order), str(made.order)), ("time", _time(stored.time), _time(made.time)))
    fields = zip(FIELDS, stored.values, made.values, strict=True)
    name, was, be = next(pair for pair in (*own, *fields) if pair[1] != pair[2])
    return Difference(file, at, made.sequence, made.place, name, was, be, "differs")


def missing_row(file: str, at: int, made: Row) -> Difference:
    """The journal has this row, the store has not."""
    return Difference(file, at, made.sequence, made.place, "", None, None, "missing")


def _time(at: int | None) -> str | None:
    return time_text(at) if at is not None and at >= 0 else str(at)
