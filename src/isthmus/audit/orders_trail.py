"""From records to the store and the log of orders: rows, fingerprints, Parquet, entries, heads, in this order.

Whatever ends it, the next start makes the rows behind the newest head again: the store passes over what it has, the log
goes on behind its head.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from isthmus.audit.client_keys import ClientKeys
from isthmus.audit.heads import Head
from isthmus.audit.orders_log import ENTRY_BYTES, OrderEntries, Previous
from isthmus.audit.parts import table_of_batch
from isthmus.audit.places import ORDERS, log_folder
from isthmus.audit.resuming import keep, rows_behind
from isthmus.audit.rows import Rows
from isthmus.audit.signed_log import Disagrees, SignedLog
from isthmus.audit.store import StoreWriter
from isthmus.audit.trail_keys import TrailKeys
from isthmus.engine import archive
from isthmus.engine.engine import JournalReader, Record

ACCOUNT = 2
"""Where a row has its account (O03)."""
ROWS_MOST = 16_384
"""Rows that wait for the store at most; so many make a part that is not merged any more (store.SMALL_BYTES)."""
KEEP_RECORDS = 200_000
"""Records after which the state of the rows is kept: so many are read again at a start at most, and a head's more.
Whoever calls keeps it now and then besides."""


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
        self._archived: Iterator[Record] | None = archive.archived_records(data, self._rows.sequence + 1)
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
        while taken < most and self._rows.sequence < upto and (count := self._more(upto, most - taken)):
            taken += count
            if self._rows.pending >= ROWS_MOST:
                self._write()
        if not self.is_unsigned:
            self.covered = self._rows.sequence
        return taken

    @property
    def is_unsigned(self) -> bool:
        """Whether a head would say more than the last one."""
        return self._rows.pending > 0 or self.signed.unsigned > 0

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

    def _more(self, upto: int, most: int) -> int:
        """Takes in some of the next records, and says how many; 0 where there is none."""
        if self._archived is not None:
            record = next(self._archived, None)
            if record is not None:
                self._rows.take_in(record)
                return 1
            self._archived = None
        if self._reader is None:
            self._reader = JournalReader(str(self._data), self._rows.sequence + 1)
        return self._rows.take_from(self._reader, upto, most, ROWS_MOST)

    def _write(self) -> None:
        """Pending rows with their marks: into the store, then into the log."""
        if not self._rows.pending:
            return
        batch = self._rows.hand_out()
        made = batch.fingerprints(self._clients.of(batch.accounts()))
        sequences, _, orders, _ = (memoryview(column) for column in batch.heads())
        marks = self._previous.pairs(orders.cast("q"), sequences.cast("q"), made)
        self._store.put(table_of_batch(batch, marks))
        self.signed.log.append_fixed(batch.entries(marks), ENTRY_BYTES)


def begun(first: int) -> Rows:
    """Rows of which the first record is `first`."""
    rows = Rows(first)
    rows.begin(first - 1)
    return rows
