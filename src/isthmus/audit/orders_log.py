"""The log of orders: an entry an event of an order, its row's fingerprint bound to the one before of the same order.

Entry, 83 bytes: 0x02 | sequence, 8 | place among the record's events, 2 | order, 8 | fingerprint, 32 | the fingerprint
before of the same order, 32 (zeros for its first, and for numbers that are no order's). Numbers are big-endian.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from isthmus.audit.places import ORDERS, log_folder
from isthmus.engine.proofs import Checkpoint, LogReader, Note

KIND = b"\x02"
ENTRY_BYTES = 83
BUNDLED_BYTES = ENTRY_BYTES + 2
WIDTH = 256
NONE_BEFORE = bytes(32)
REMEMBERED = 262_144
"""Orders whose last fingerprint is at hand; that of others is looked for in the log."""


class OrderEntry(msgspec.Struct, frozen=True):
    """An event of an order, as the log has it."""

    sequence: int
    place: int
    order: int
    fingerprint: bytes
    previous: bytes

    def encode(self) -> bytes:
        """The bytes of the entry."""
        numbers = self.sequence.to_bytes(8, "big") + self.place.to_bytes(2, "big") + self.order.to_bytes(8, "big")
        return KIND + numbers + self.fingerprint + self.previous

    @staticmethod
    def decode(entry: bytes) -> OrderEntry:
        """Raises ValueError for what is no such entry."""
        if len(entry) != ENTRY_BYTES or entry[:1] != KIND:
            raise ValueError("is no entry of the log of orders")
        sequence, place, order = (int.from_bytes(entry[at:to], "big") for at, to in ((1, 9), (9, 11), (11, 19)))
        return OrderEntry(sequence, place, order, entry[19:51], entry[51:])


class OrderEntries:
    """Reads the log's entries, which are in the order of the journal: (sequence, place) rises."""

    def __init__(self, data: Path) -> None:
        self._folder = log_folder(data, ORDERS)
        self._reader = LogReader(self._folder)

    @property
    def size(self) -> int:
        """Entries under the published head. Raises LogRefused."""
        note = self._reader.note()
        return 0 if note is None else Checkpoint.parse(Note.parse(note.encode()).text).size

    def entry(self, index: int) -> OrderEntry:
        """Raises LogRefused, ValueError."""
        return OrderEntry.decode(self._reader.entry(index))

    def index_of(self, sequence: int, place: int, size: int) -> int | None:
        """Of an event among the first `size` entries, by halving; None where there is none."""
        low, high = 0, size
        while low < high:
            middle = (low + high) // 2
            found = self.entry(middle)
            if (found.sequence, found.place) < (sequence, place):
                low = middle + 1
            else:
                high = middle
        if low == size:
            return None
        found = self.entry(low)
        return low if (found.sequence, found.place) == (sequence, place) else None

    def last_of(self, order: int, size: int) -> OrderEntry | None:
        """The last event of an order among the first `size` entries. An order has an event at the record that is its
        number: without one it is none, and nothing is searched. Raises LogRefused, ValueError, OSError.
        """
        if not self._is_born(order, size):
            return None
        wanted = order.to_bytes(8, "big")
        for number in range((size - 1) // WIDTH, -1, -1):
            bundle = self._bundle(number, size)
            if wanted in bundle:
                rows = (bundle[at + 2 : at + BUNDLED_BYTES] for at in range(0, len(bundle), BUNDLED_BYTES))
                found = [entry for entry in map(OrderEntry.decode, rows) if entry.order == order]
                if found:
                    return found[-1]
        return None

    def _is_born(self, order: int, size: int) -> bool:
        index = self.index_of(order, 0, size)
        while index is not None and index < size and (entry := self.entry(index)).sequence == order:
            if entry.order == order:
                return True
            index += 1
        return False

    def oldest_first(self, size: int) -> Iterator[OrderEntry]:
        """The first `size` entries. Raises ValueError for what is none, OSError."""
        for number in range((size + WIDTH - 1) // WIDTH):
            bundle = self._bundle(number, size)
            for at in range(0, len(bundle), BUNDLED_BYTES):
                yield OrderEntry.decode(bundle[at + 2 : at + BUNDLED_BYTES])

    def _bundle(self, number: int, size: int) -> bytes:
        """Entries 256 x number and on, each with its length of 2 bytes in front (C2SP tlog-tiles)."""
        path = self._folder / "tile" / "entries" / _name(number)
        cut = size - number * WIDTH
        if cut < WIDTH:
            part = path.with_name(f"{path.name}.p") / str(cut)
            if part.exists() or not path.exists():
                path = part
        return path.read_bytes()[: cut * BUNDLED_BYTES]


def _name(number: int) -> str:
    """1234067 is x001/x234/067."""
    first, *rest = reversed([f"{number // 1_000**at % 1_000:03}" for at in range(_groups(number))])
    return "/".join([*(f"x{group}" for group in (first, *rest[:-1])), rest[-1]]) if rest else first


def _groups(number: int) -> int:
    return max(1, (len(str(number)) + 2) // 3)


class Previous:
    """The last fingerprint of each order; numbers that are no order's have none. Those of the latest are at hand,
    others are in the log's signed entries: whoever appends signs before REMEMBERED orders have passed.
    """

    def __init__(self, entries: OrderEntries) -> None:
        self._entries = entries
        self._last: dict[int, bytes] = {}

    def pairs(self, orders: Iterable[int], sequences: Iterable[int], marks: list[bytes]) -> list[tuple[bytes, bytes]]:
        """Fingerprints of events, each with the one before of its order, in whose place it comes."""
        last, found = self._last, list[tuple[bytes, bytes]]()
        for order, sequence, mark in zip(orders, sequences, marks, strict=True):
            before = last.pop(order, None)
            if before is None:
                if order == 0 or (order != sequence and (before := self._logged(order)) is None):
                    found.append((mark, NONE_BEFORE))
                    continue
                if len(last) >= REMEMBERED:
                    del last[next(iter(last))]
            last[order] = mark
            found.append((mark, before or NONE_BEFORE))
        return found

    def _logged(self, order: int) -> bytes | None:
        entry = self._entries.last_of(order, self._entries.size)
        return None if entry is None else entry.fingerprint
