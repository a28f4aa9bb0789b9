"""Snapshot files as an auditor sees them: whole or not, and of which record. Recovery reads them in the extension."""

from __future__ import annotations

import hashlib
from pathlib import Path

from msgspec import Struct

HASH_BYTES = 32
HEADER_BYTES = 64
_SEQUENCE = slice(8, 16)


class SnapshotFile(Struct, frozen=True):
    """`sequence` is the record whose state it holds; None when the file is not what was written."""

    name: str
    sequence: int | None


def snapshots_in(data: Path) -> list[SnapshotFile]:
    """The snapshots of a data folder, newest first. One that a live server removes meanwhile is left out."""
    found = []
    for path in sorted((*(data / "snapshots").glob("*.snap"), *(data / "snapshots").glob("*.base")), reverse=True):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        whole = len(content) >= HEADER_BYTES + HASH_BYTES
        whole = whole and hashlib.sha256(content[:-HASH_BYTES]).digest() == content[-HASH_BYTES:]
        found.append(SnapshotFile(path.name, int.from_bytes(content[_SEQUENCE], "little") if whole else None))
    return found


def newest_sequence(snapshots: list[SnapshotFile]) -> int:
    """The last record that a whole snapshot knows of: it was in the journal before the snapshot was written."""
    return max((found.sequence for found in snapshots if found.sequence is not None), default=0)
