"""The log of orders made again: rows from the journal, fingerprints with the clients' keys.

Of rows whose client's key was destroyed only number, place, order and the fingerprint before can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from isthmus.audit import heads
from isthmus.audit.client_keys import NOBODY, NoClientKey, client_key, seed_of
from isthmus.audit.journal_log import read_first
from isthmus.audit.orders_log import BUNDLED_BYTES, NONE_BEFORE, OrderEntries, OrderEntry
from isthmus.audit.orders_trail import ACCOUNT, begun
from isthmus.audit.places import ORDERS, log_folder, origin
from isthmus.audit.rebuilding import Difference, Rebuilt, Shape, compared
from isthmus.audit.retention import erasures
from isthmus.audit.rows import Row
from isthmus.engine import archive
from isthmus.engine.engine import JournalDamaged
from isthmus.engine.proofs import Log, fingerprints
from isthmus.kernel.errors import Damaged

BATCH = 4_096


def rebuild_orders(data: Path, name: str, into: Path, advance: Callable[[int], None]) -> Rebuilt | None:
    """Makes the log anew in the empty folder `into`, and compares it; None where none was begun.

    Raises BadInput for keys that cannot be used, LogRefused, OSError.
    """
    entries = OrderEntries(data)
    size = entries.size
    if size == 0:
        return None
    made = Log(into, origin(name, ORDERS))
    difference = _entries(data, made, entries, size, advance)
    known = list(heads.oldest_first(log_folder(data, ORDERS)))
    if difference is None:
        shape = Shape(ORDERS, BUNDLED_BYTES, lambda index: OrderEntry.decode(made.entry(index)).sequence)
        difference = compared(made, (into, log_folder(data, ORDERS)), shape, known)
    return Rebuilt(made.size, len(known), made.root.hex(), difference)


def _entries(
    data: Path, made: Log, entries: OrderEntries, size: int, advance: Callable[[int], None]
) -> Difference | None:
    """Appends what the journal's rows give for the log's `size` entries."""
    prints, last = _Prints(data), dict[int, bytes]()
    there = entries.oldest_first(size)
    batch: list[Row] = []
    try:
        for row in _rows(data, size):
            batch.append(row)
            if len(batch) == BATCH:
                _append(made, batch, there, prints, last)
                advance(BATCH)
                batch = []
        _append(made, batch, there, prints, last)
    except (JournalDamaged, Damaged, ValueError, OSError) as error:
        return Difference(ORDERS, "entry", made.size, None, str(error))
    if made.size < size:
        reason = f"journal_shorter: the log has {size} events of orders, the journal {made.size} of them"
        return Difference(ORDERS, "journal", made.size, None, reason)
    return None


def _rows(data: Path, most: int) -> Iterator[Row]:
    first = read_first(data)
    rows = begun(first)
    for record in archive.records(data, first):
        for row in rows.take(record):
            yield row
            most -= 1
            if most == 0:
                return


def _append(made: Log, rows: list[Row], there: Iterator[OrderEntry], prints: _Prints, last: dict[int, bytes]) -> None:
    found = []
    for row, mark, entry in zip(rows, prints.made(rows), there, strict=False):
        fingerprint = entry.fingerprint if mark is None else mark
        previous = last.get(row.order, NONE_BEFORE) if row.order else NONE_BEFORE
        if row.order in last or row.order == row.sequence:
            last[row.order] = fingerprint
        found.append(OrderEntry(row.sequence, row.place, row.order, fingerprint, previous).encode())
    made.append(found)


class _Prints:
    """Fingerprints of rows, None where the client's key is gone."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._gone = {account: one.sequence for account, one in erasures(data).items()}
        self._keys: dict[str | None, bytes | None] = {}

    def made(self, rows: list[Row]) -> list[bytes | None]:
        """Of each row."""
        keys = [self._key(row) for row in rows]
        keyed = [(row, key) for row, key in zip(rows, keys, strict=True) if key is not None]
        seeds = [seed_of(key, row.sequence, row.place) for row, key in keyed]
        marks = iter(fingerprints(seeds, [row.values for row, _ in keyed]))
        return [next(marks) if key is not None else None for key in keys]

    def _key(self, row: Row) -> bytes | None:
        account = row.values[ACCOUNT]
        if row.sequence <= self._gone.get(account or NOBODY, -1):
            return None
        if account not in self._keys:
            try:
                self._keys[account] = client_key(self._data, account)
            except NoClientKey:
                self._keys[account] = None
        return self._keys[account]
