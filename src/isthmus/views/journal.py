"""The journal's records for people: the newest from memory, older ones from disk."""

from __future__ import annotations

from collections import deque
from itertools import islice
from pathlib import Path

from isthmus.engine.archive import records
from isthmus.engine.engine import Record

TAIL_MAX = 4_096
"""Newest records kept in memory."""
GAP_READ_MAX = 1_000
"""Records that are read and passed over rather than looked for."""


class JournalTail:
    """The last records, and a way to the older ones."""

    def __init__(self, data: str | None) -> None:
        self._data = data
        self._tail: deque[Record] = deque(maxlen=TAIL_MAX)

    @property
    def last(self) -> int:
        """The newest sequence that was seen; 0 before the first."""
        return self._tail[-1].sequence if self._tail else 0

    def on_record(self, record: Record) -> None:
        """Keep it."""
        self._tail.append(record)

    def read(self, start: int, most: int) -> list[Record]:
        """Up to `most` records from sequence `start` on, oldest first; a negative `start` counts from the end."""
        first = max(1, self.last + 1 + start) if start < 0 else max(1, start)
        if first > self.last:
            return []
        if first >= self._tail[0].sequence:
            offset = first - self._tail[0].sequence
            return list(islice(self._tail, offset, offset + most))
        return self._from_disk(first, min(most, self.last - first + 1))

    @property
    def oldest(self) -> int:
        """The oldest sequence in memory; 1 while there is none."""
        return self._tail[0].sequence if self._tail else 1

    def recent(self, sequences: list[int]) -> list[Record]:
        """These records, none older than `oldest`."""
        kept, oldest = list(self._tail), self.oldest
        return [kept[sequence - oldest] for sequence in sequences]

    def from_disk(self, sequences: list[int]) -> list[Record]:
        """These records, in ascending order, read on any thread. One reader goes on over gaps that are small."""
        if self._data is None or not sequences:
            return []
        found: list[Record] = []
        data, at = Path(self._data), sequences[0]
        reader = records(data, at)
        for sequence in sequences:
            if sequence - at > GAP_READ_MAX:
                reader, at = records(data, sequence), sequence
            found += islice(reader, sequence - at, sequence - at + 1)
            at = sequence + 1
        return found

    def _from_disk(self, first: int, count: int) -> list[Record]:
        if self._data is None:
            return []
        return list(islice(records(Path(self._data), first), count))
