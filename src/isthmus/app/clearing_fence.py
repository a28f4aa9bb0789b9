"""The lock of the data folder as clearing sees it: whether trading lives, and how clearing takes its place.

The same file, lock and epoch as `crates/core/src/journal/lock.rs` (docs/reference/engine.md, "Segments, seals,
snapshots"): who holds DATA/lock owns the folder. Clearing takes it only when nobody holds it, raises the epoch, and
writes nothing else there; while it holds it no trading process can start.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
from pathlib import Path

from isthmus.kernel.errors import Damaged

LOCK = "lock"
TAKEOVER = "lock.takeover"
_WORD = struct.Struct("<II")
_ALL = 0xFFFF_FFFF


class Fence:
    """Held until `release`, or until the process ends however it ends."""

    def __init__(self, path: Path, descriptor: int, epoch: int) -> None:
        self.path = path
        self.epoch = epoch
        self._descriptor = descriptor

    def release(self) -> None:
        """Trading may have the folder back."""
        os.close(self._descriptor)


def is_held(data: Path) -> bool:
    """Whether some process owns the folder now: asked by a shared lock for a moment."""
    try:
        descriptor = os.open(data / LOCK, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def take(data: Path) -> Fence | None:
    """Owns the folder under a new epoch; None when another does, or is about to."""
    with contextlib.ExitStack() as stack:
        guard = os.open(data / TAKEOVER, os.O_CREAT | os.O_RDWR, 0o600)
        stack.callback(os.close, guard)
        descriptor = os.open(data / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_ino != (data / LOCK).stat().st_ino:
                raise BlockingIOError
            epoch = _epoch(data / LOCK, descriptor) + 1
            os.pwrite(descriptor, _WORD.pack(epoch, ~epoch & _ALL), 0)
            os.fsync(descriptor)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
    return Fence(data / LOCK, descriptor, epoch)


def _epoch(path: Path, descriptor: int) -> int:
    word = os.pread(descriptor, _WORD.size, 0)
    if not word:
        return 0
    if len(word) == _WORD.size:
        epoch, complement = _WORD.unpack(word)
        if complement == ~epoch & _ALL:
            return int(epoch)
    raise Damaged(f"{path} is no lock file of this kind")
