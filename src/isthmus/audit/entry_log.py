"""A log that commands write, entry by entry: one writer at a time, a signed head behind each entry."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from isthmus.audit.cosigned import cosignatures, merge
from isthmus.audit.places import keys_folder, log_folder, origin
from isthmus.audit.signed_log import SignedLog, size_and_root
from isthmus.engine.proofs import ED25519, LogReader, LogRefused, Signer
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import flush

CEREMONIES = "ceremonies"
DOCUMENTS = "documents"
PARTICULARS = "particulars"
DROPS = "drops"
ENTRY_LOGS = {CEREMONIES, DOCUMENTS, PARTICULARS, DROPS}
"""Commands write these and are gone: others merge what comes for their heads."""


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
        with _alone(self._lock):
            self._signer = _signer(keys / f"{log}.key", origin(name, log), self._folder)

    def append(self, made: Callable[[int], bytes], now: int) -> int:
        """`made` is told the entry's place (from 0), which is returned. On the disk, and under a signed head, when it
        returns. Raises LogRefused, Disagrees, Damaged, OSError.
        """
        with _alone(self._lock):
            log = SignedLog(self._folder, self._signer)
            place = log.log.size
            log.log.append([made(place)])
            log.sign(0, now)
        return place


def cosign(data: Path, log: str, vkey: str) -> None:
    """Lines that witnesses gave for the published head since, into its checkpoint. Not while a command writes the log:
    the next call does it then. Raises LogRefused, OSError.
    """
    note = LogReader(log_folder(data, log)).note()
    if note is None or not cosignatures(data, log, note):
        return
    with contextlib.suppress(BlockingIOError), _alone(keys_folder(data) / f"{log}.lock", fcntl.LOCK_NB):
        merge(data, log, vkey)


def merge_last(data: Path, logs: Mapping[str, str]) -> None:
    """Into the last heads what came for them, once the server is gone. A writer that is there still merges it himself.
    `logs`: public key by log.
    """
    for log, vkey in logs.items():
        with contextlib.suppress(LogRefused, OSError):
            (cosign if log in ENTRY_LOGS else merge)(data, log, vkey)


def entries(data: Path, log: str = CEREMONIES) -> list[bytes]:
    """All that a signed head covers; none where there is no log. Raises LogRefused, OSError."""
    folder = log_folder(data, log)
    if not (folder / "checkpoint").exists():
        return []
    reader = LogReader(folder)
    note = reader.note()
    size = size_and_root(note)[0] if note is not None else 0
    return [reader.entry(index) for index in range(size)]


@contextlib.contextmanager
def _alone(lock: Path, how: int = 0) -> Iterator[None]:
    """Raises BlockingIOError where it is taken and `how` says not to wait."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | how)
        yield
    finally:
        os.close(handle)


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
