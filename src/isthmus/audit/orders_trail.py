"""From records to the store and the log of orders: rows, fingerprints, Parquet, entries, heads, in this order.

Whatever ends it, the next start makes the rows behind the newest head again: the store passes over what it has, the log
goes on behind its head.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from isthmus.audit.client_keys import ClientKeys
from isthmus.audit.heads import Head
from isthmus.audit.orders_log import OrderEntries, OrderEntry, Previous
from isthmus.audit.places import ORDERS, log_folder
from isthmus.audit.resuming import keep, rows_behind
from isthmus.audit.rows import Row, Rows
from isthmus.audit.signed_log import Disagrees, SignedLog
from isthmus.audit.store import StoreWriter
from isthmus.audit.trail_keys import TrailKeys
from isthmus.engine import archive
from isthmus.engine.engine import JournalReader, Record
from isthmus.engine.proofs import fingerprints

ACCOUNT = 2
"""Where a row has its account (O03)."""
ROWS_MOST = 8_192
"""Rows that wait for the store at most."""
KEEP_RECORDS = 200_000
"""Records after which the state of the rows is kept: so many are read again at a start at most, and a head's more."""


class OrdersTrail:
    """`take` until nothing new comes, `sign` in between."""

    def __init__(self, data: Path, keys: TrailKeys, first: int, now: int) -> None:
        self.signed = SignedLog(log_folder(data, ORDERS), keys.signers[ORDERS])
        self._data = data
        self._store = StoreWriter(data)
        self._clients = ClientKeys(data)
        entries = OrderEntries(data)
        size = self.signed.log.size
        last = entries.entry(size - 1).sequence if size else first - 1
        head = self.signed.head
        self.signed.recover(last, now)
        reached = head.sequence if head is not None and head.size == size else last
        self._rows = rows_behind(data, reached, first) if reached >= first else begun(first)
        if reached >= first and self._rows.sequence < reached:
            raise Disagrees("journal_shorter", f"the log of orders reaches to record {reached}, the journal does not")
        self._previous = Previous(entries)
        self._pending: list[Row] = []
        self._archived: Iterator[Record] | None = archive.records(data, self._rows.sequence + 1)
        self._reader: JournalReader | None = None
        self._kept_at = self._rows.sequence
        self.covered = self._rows.sequence
        """The last record whose rows are all under a head."""

    @property
    def waiting(self) -> int:
        """Records whose rows were made and may not be under a head yet."""
        return self._rows.sequence - self.covered

    @property
    def last(self) -> int:
        """The last record whose rows were made."""
        return self._rows.sequence

    def take(self, upto: int, most: int) -> int:
        """Makes the rows of the next records, up to `upto`, so many records at most. Raises Damaged, JournalDamaged."""
        taken = 0
        while taken < most and self._rows.sequence < upto and (record := self._next()) is not None:
            self._pending += self._rows.take(record)
            taken += 1
            if len(self._pending) >= ROWS_MOST:
                self._write()
        if not self.is_unsigned:
            self.covered = self._rows.sequence
        return taken

    @property
    def is_unsigned(self) -> bool:
        """Whether a head would say more than the last one."""
        return bool(self._pending) or self.signed.unsigned > 0

    def sign(self, now: int) -> Head:
        """A head over all rows that were made; they are in the store by then."""
        self._write()
        head = self.signed.sign(self._rows.sequence, now)
        self.covered = self._rows.sequence
        if self._rows.sequence >= self._kept_at + KEEP_RECORDS:
            self.keep()
        return head

    def keep(self) -> None:
        """The state of the rows, on the medium: only where a head reaches as far."""
        if not self.is_unsigned:
            keep(self._data, self._rows)
            self._kept_at = self._rows.sequence

    def close(self) -> None:
        """Another may write."""
        self._store.close()

    def _next(self) -> Record | None:
        following = self._rows.sequence + 1
        if self._archived is not None:
            record = next(self._archived, None)
            if record is not None:
                return record
            self._archived = None
        if self._reader is None:
            self._reader = JournalReader(str(self._data), following)
        return next(self._reader, None)

    def _write(self) -> None:
        """Pending rows with their marks: into the store, then into the log."""
        rows, self._pending = self._pending, []
        if not rows:
            return
        self._clients.forget()
        seeds = [self._clients.seed(row.values[ACCOUNT], row.sequence, row.place) for row in rows]
        made = fingerprints(seeds, [row.values for row in rows])
        pairs = zip(rows, made, strict=True)
        marks = [(mark, self._previous.take(row.order, row.sequence, mark)) for row, mark in pairs]
        self._store.take(rows, marks)
        of = zip(rows, marks, strict=True)
        self.signed.log.append([OrderEntry(row.sequence, row.place, row.order, *pair).encode() for row, pair in of])


def begun(first: int) -> Rows:
    """Rows of which the first record is `first`."""
    rows = Rows(first)
    rows.sequence = first - 1
    return rows
