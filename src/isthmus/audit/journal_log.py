"""The journal's log: an entry a record, made behind the journal, signed when something is new, never rewritten.

Where journal and log disagree the log is believed, since it was shown to others: whoever makes it stops by name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from isthmus.audit import heads
from isthmus.audit.heads import Head
from isthmus.audit.places import FIRST, JOURNAL, log_folder
from isthmus.audit.signed_log import Disagrees, SignedLog
from isthmus.audit.trail_keys import TrailKeys
from isthmus.engine import archive
from isthmus.engine.engine import segment_header
from isthmus.engine.proofs import journal_entry
from isthmus.kernel.errors import Damaged
from isthmus.kernel.files import flush

SEQUENCE_MAX = (1 << 63) - 1


class JournalLog:
    """Made by `begin`. `take` until nothing new comes, `sign` in between."""

    def __init__(self, data: Path, keys: TrailKeys, first: int) -> None:
        self.signed = SignedLog(log_folder(data, JOURNAL), keys.signers[JOURNAL])
        self.first = first
        self._data = data
        self._salts = keys.salts
        self._flushed = ""
        self._check()
        self._archived: Iterator[bytes] | None = self._from_archive()

    @classmethod
    def begin(cls, data: Path, keys: TrailKeys, now: int) -> JournalLog | None:
        """None while there is no journal. Raises Disagrees, LogRefused, Damaged, JournalDamaged, OSError."""
        first = _first(data)
        if first is None:
            return None
        made = cls(data, keys, first)
        made.signed.recover(made.last, now)
        return made

    @property
    def last(self) -> int:
        """The sequence of the last record that is in the log; that before the first for none."""
        return self.first + self.signed.log.size - 1

    def take(self, most: int) -> int:
        """Appends the next records, so many at most; fewer than `most` where the journal ends."""
        taken = 0
        if self._archived is not None:
            entries = list(islice(self._archived, most))
            self.signed.log.append(entries)
            taken = len(entries)
            if taken == most:
                return taken
            self._archived = None
        upto = (self.first, SEQUENCE_MAX, most - taken)
        return taken + self.signed.log.append_journal(self._data, self._salts, upto)

    def sign(self, now: int) -> Head:
        """A head over all that was taken, which is on the medium in the journal by then: no head is signed of what a
        power loss could take back.
        """
        self._flush_journal()
        return self.signed.sign(self.last, now)

    def _check(self) -> None:
        """The journal still has the last record of the log. Its hash stands for all records before it."""
        sequence, size = self.last, self.signed.log.size
        if size == 0:
            return
        record = next(archive.records(self._data, sequence), None)
        if record is None:
            raise Disagrees("journal_shorter", f"record {sequence} is in the log and not in the journal")
        if self._entry(sequence, record.hash) != self.signed.log.entry(size - 1):
            raise Disagrees("journal_forked", f"record {sequence} of the journal is not the one that is in the log")

    def _entry(self, sequence: int, record_hash: bytes) -> bytes:
        return journal_entry(sequence, self._salts.salt(sequence), record_hash)

    def _from_archive(self) -> Iterator[bytes]:
        """Records that are in no segment any more; none, where the log reaches behind them."""
        following = self.last + 1
        for path in archive.archived(self._data):
            sequence = archive.facts_of(path).before
            for _, hashes in archive.batches(path):
                for hash_ in hashes:
                    sequence += 1
                    if sequence == following:
                        following += 1
                        yield self._entry(sequence, hash_)

    def _flush_journal(self) -> None:
        paths = sorted(path for path in (self._data / "journal").glob("*.seg") if path.name >= self._flushed)
        for path in paths:
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fdatasync(handle)
            finally:
                os.close(handle)
        self._flushed = paths[-1].name if paths else self._flushed


def covered_to(data: Path) -> int | None:
    """The last record under a signed head; None where no log is made. Raises Damaged."""
    folder = log_folder(data, JOURNAL)
    if not (folder / FIRST).exists():
        return None
    head = heads.newest(folder)
    return head.sequence if head is not None else read_first(data) - 1


def read_first(data: Path) -> int:
    """The sequence of entry 0. Raises Damaged, FileNotFoundError."""
    path = log_folder(data, JOURNAL) / FIRST
    written = path.read_text().strip()
    if not written.isascii() or not written.isdigit():
        raise Damaged(f"{path}: holds no record's number")
    return int(written)


def _first(data: Path) -> int | None:
    """As it was written when the log was begun, or by the journal as it is now."""
    found = _first_kept(data)
    folder = log_folder(data, JOURNAL)
    try:
        written = read_first(data)
    except FileNotFoundError:
        if found is None:
            return None
        if (folder / "checkpoint").exists():
            raise Damaged(f"{folder / FIRST}: is gone") from None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FIRST).write_text(f"{found}\n")
        flush(folder / FIRST)
        flush(folder)
        return found
    return written


def _first_kept(data: Path) -> int | None:
    """The sequence of the oldest record in archive and journal; None where there is neither."""
    files = archive.archived(data)
    if files:
        return archive.facts_of(files[0]).before + 1
    segments = sorted((data / "journal").glob("*.seg"))
    if not segments:
        return None
    try:
        return segment_header(str(segments[0]))[0] + 1
    except ValueError:
        return None  # it is being made
