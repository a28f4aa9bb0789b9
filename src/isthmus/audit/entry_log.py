"""A log that commands write, entry by entry: one writer at a time, a signed head behind each entry."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from isthmus.audit.places import keys_folder, log_folder, origin
from isthmus.audit.signed_log import SignedLog, size_and_root
from isthmus.engine.proofs import ED25519, LogReader, LogRefused, Signer
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import flush

CEREMONIES = "ceremonies"
DOCUMENTS = "documents"
PARTICULARS = "particulars"
DROPS = "drops"


class EntryLog:
    """The log of that name in a data folder; `name` as in the settings of the audit."""

    def __init__(self, data: Path, name: str, log: str) -> None:
        """Raises BadInput (loose_permissions, no_key), OSError."""
        self._folder = log_folder(data, log)
        keys = keys_folder(data)
        for made in (keys.parent, keys):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = keys / f"{log}.lock"
        with self._alone():
            self._signer = _signer(keys / f"{log}.key", origin(name, log), self._folder)

    def append(self, made: Callable[[int], bytes], now: int) -> int:
        """`made` is told the entry's place (from 0), which is returned. On the disk, and under a signed head, when it
        returns. Raises LogRefused, Disagrees, Damaged, OSError.
        """
        with self._alone():
            log = SignedLog(self._folder, self._signer)
            place = log.log.size
            log.log.append([made(place)])
            log.sign(0, now)
        return place

    @contextmanager
    def _alone(self) -> Iterator[None]:
        handle = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def entries(data: Path, log: str = CEREMONIES) -> list[bytes]:
    """All that a signed head covers; none where there is no log. Raises LogRefused, OSError."""
    folder = log_folder(data, log)
    if not (folder / "checkpoint").exists():
        return []
    reader = LogReader(folder)
    note = reader.note()
    size = size_and_root(note)[0] if note is not None else 0
    return [reader.entry(index) for index in range(size)]


def _signer(path: Path, name: str, folder: Path) -> Signer:
    if not path.exists():
        if (folder / "checkpoint").exists():
            raise BadInput(path.name, f"no_key: {path} is gone, while the log was begun with it")
        fresh = path.with_name(f"{path.name}.new")
        fresh.unlink(missing_ok=True)
        signer = Signer.generate(name, ED25519)
        signer.write(fresh)
        path.with_suffix(".vkey").write_text(f"{signer.vkey}\n")
        fresh.rename(path)
        flush(path.parent)
    try:
        return Signer.read(path)
    except LogRefused as error:
        raise BadInput(path.name, ": ".join(map(str, error.args))) from None
