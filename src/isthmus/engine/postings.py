"""The postings of a journal in order, wherever its records are: archive first, then segments, while they grow as well.

Takes a data folder and a place to begin. Emits batches of columns. Never runs a command, never writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from isthmus._core import OtherJournal, PostingsReader, balances_at
from isthmus.engine import archive
from isthmus.engine.engine import JournalDamaged, Record, journal_end
from isthmus.kernel.errors import Damaged

__all__ = [
    "GENESIS",
    "HEAD_OF_NOTHING",
    "Batch",
    "JournalPostings",
    "OtherJournal",
    "Place",
    "balances_at",
    "end_of",
    "posted_by",
]

HEAD_OF_NOTHING = bytes(32)
SEQUENCE_MAX = (1 << 63) - 1
COLUMNS = ("sequence", "place", "stamp", "source", "target", "asset", "template", "amount")
"""int64, uint32, int64, uint32, uint32, uint32, uint8, int64: stamps in ns UTC, amounts in minor units, above 0."""


class Place(msgspec.Struct, frozen=True):
    """Behind record `sequence`, whose hash is `head` and whose stamp is `stamp` (ns UTC)."""

    sequence: int
    stamp: int
    head: bytes


GENESIS = Place(0, 0, HEAD_OF_NOTHING)


class Batch(msgspec.Struct, frozen=True):
    """Postings of the records `first` to `end.sequence`, one row each in the arrays of `columns`.

    `noted`: sequence and body of records that opened an account or listed an asset or an instrument; whoever begins
    behind them hands the bodies to the reader.
    """

    first: int
    end: Place
    noted: list[tuple[int, bytes]]
    columns: dict[str, Any]

    @property
    def rows(self) -> int:
        """How many postings."""
        return len(self.columns["sequence"])

    @property
    def records(self) -> int:
        """How many records; 0 where nothing new has come."""
        return self.end.sequence - self.first + 1


def end_of(data: Path) -> int:
    """The sequence of the journal's last record; 0 for none. Raises JournalDamaged."""
    return journal_end(str(data))[2]


def posted_by(record: Record, noted: Sequence[bytes]) -> list[tuple[int, int, int, int]]:
    """Source, target, asset and amount (minor units) of each posting of one record, from bodies alone. `noted`: bodies
    of the records that listed its assets and instruments. Raises JournalDamaged where one of them is missing.
    """
    reader = PostingsReader("", record.sequence - 1, record.prev, list(noted))
    columns = reader.take([record.body], [record.hash])["columns"]
    rows = zip(*(columns[name].tolist() for name in ("source", "target", "asset", "amount")), strict=True)
    return list(rows)


class JournalPostings:
    """Reads on from `place`, never beyond record `upto`. Raises OtherJournal for a journal that does not go on there,
    JournalDamaged, Damaged, PartMissing (an archive, and no pyarrow to read it with).
    """

    def __init__(
        self, data: Path, place: Place = GENESIS, noted: Sequence[bytes] = (), upto: int = SEQUENCE_MAX
    ) -> None:
        self._data = data
        self._upto = upto
        self._stamp = place.stamp
        self._reader = PostingsReader(str(data), place.sequence, place.head, list(noted))
        self._archived: Iterator[Batch] | None = self._from_archive()

    def read(self, most: int) -> Batch:
        """About `most` postings or records at most; a batch without records where nothing has come."""
        if self._archived is not None:
            batch = next(self._archived, None)
            if batch is not None:
                return batch
            self._archived = None
        try:
            return self._batch(self._reader.read(most, self._upto))
        except JournalDamaged as error:
            if not self._is_archived(self._reader.last + 1):
                raise self._gap(error) from error
        self._archived = self._from_archive()
        return self.read(most)

    def _batch(self, read: dict[str, Any]) -> Batch:
        if read["last"] >= read["first"]:
            self._stamp = read["stamp"]
        end = Place(read["last"], self._stamp, read["head"])
        return Batch(read["first"], end, read["noted"], read["columns"])

    def _from_archive(self) -> Iterator[Batch]:
        for path in archive.archived(self._data):
            facts = archive.facts_of(path)
            if facts.before >= self._upto or _last(path, facts) <= self._reader.last:
                continue
            following = facts.before + 1
            for bodies, hashes in archive.batches(path):
                wanted = slice(max(0, self._reader.last + 1 - following), max(0, self._upto + 1 - following))
                following += len(bodies)
                if bodies[wanted]:
                    yield self._batch(self._reader.take(bodies[wanted], hashes[wanted]))

    def _is_archived(self, sequence: int) -> bool:
        files = ((path, archive.facts_of(path)) for path in archive.archived(self._data))
        return any(facts.before < sequence <= _last(path, facts) for path, facts in files)

    def _gap(self, error: JournalDamaged) -> Exception:
        """Records that were taken out of the folder are named as that, not as damage of a record."""
        if "missing_segment" in str(error):
            return Damaged(f"{self._data}: record {self._reader.last + 1} is neither in journal/ nor in archive/")
        return error


def _last(path: Path, facts: archive.SegmentFacts) -> int:
    return facts.before + int(archive.parquet().read_metadata(path).num_rows)
