"""A log with its signed heads: what is appended is not rewritten, what is signed is told in `heads` as well."""

from __future__ import annotations

from pathlib import Path

from isthmus.audit import heads
from isthmus.audit.heads import Head
from isthmus.engine.proofs import Checkpoint, Log, Note, Signer
from isthmus.kernel.errors import IsthmusError
from isthmus.kernel.values import NS_PER_S, time_text


class Disagrees(IsthmusError):
    """Two things that must tell the same do not; no new start mends that. `name`: journal_shorter, journal_forked,
    rolled_back, forked, first_differs.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


class SignedLog:
    """The one writer of a log's folder. After a kill it goes on behind the head that was published last: whatever lies
    beyond is made again. Raises LogRefused, Disagrees, Damaged, OSError.
    """

    def __init__(self, folder: Path, signer: Signer) -> None:
        self.folder = folder
        self._signer = signer
        self.log = Log(folder, signer.name, signer.vkey)
        heads.mend(folder)
        self.head = self._agreed(heads.newest(folder))

    @property
    def unsigned(self) -> int:
        """Entries without a head."""
        return self.log.size - self.log.covered

    def sign(self, sequence: int, now: int) -> Head:
        """A head over all that was appended: what records up to `sequence` caused, at `now` (ns UTC)."""
        note = self.log.checkpoint(self._signer, now // NS_PER_S)
        return self._told(note, sequence, now)

    def recover(self, sequence: int, now: int) -> None:
        """Tells the published head in `heads`, where a kill came between the two."""
        published = self.log.note
        if published is not None and (self.head is None or self.head.size < self.log.covered):
            self._told(published, sequence, now)

    def _told(self, note: str, sequence: int, now: int) -> Head:
        self.head = Head(time_text(now), *size_and_root(note), note, sequence)
        heads.append(self.folder, self.head)
        return self.head

    def _agreed(self, newest: Head | None) -> Head | None:
        """Raises Disagrees where the published head is older than one that was signed, or another one."""
        published = self.log.note
        if newest is None:
            return None
        size, root = size_and_root(published) if published is not None else (0, "")
        if size < newest.size:
            reason = f"a head of {newest.size} entries was signed at {newest.time}, the checkpoint covers {size}"
            raise Disagrees("rolled_back", f"{self.folder}: {reason}")
        if size == newest.size and root != newest.root:
            raise Disagrees("forked", f"{self.folder}: two roots of {size} entries: {newest.root} and {root}")
        return newest


def size_and_root(note: str) -> tuple[int, str]:
    """Of a C2SP checkpoint: entries, and the root as hexadecimal. Raises LogRefused."""
    checkpoint = Checkpoint.parse(Note.parse(note.encode()).text)
    return checkpoint.size, checkpoint.root.hex()
