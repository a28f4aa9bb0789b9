"""Signed heads of a log, a line of JSON each (`heads` beside the tiles), the oldest first.

The line is written before the checkpoint that the world sees, so that no head is shown that a restart does not know.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from isthmus.kernel.errors import Damaged
from isthmus.kernel.files import flush

HEADS = "heads"
BLOCK_BYTES = 1 << 14


class Head(msgspec.Struct, frozen=True):
    """The log had `size` entries and this root (hex) when `note` was signed, at `time` (RFC 3339): all that records up
    to `sequence` of the journal caused.
    """

    time: str
    size: int
    root: str
    note: str
    sequence: int


def append(folder: Path, head: Head) -> None:
    """On the medium when it returns."""
    path = folder / HEADS
    is_new = not path.exists()
    with path.open("ab") as file:
        file.write(msgspec.json.encode(head) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        flush(folder)


def mend(folder: Path) -> None:
    """Cuts what a kill left behind the last whole line: nobody was shown it."""
    path = folder / HEADS
    if not path.exists():
        return
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        whole = _line_end(path, end)
        if whole < end:
            file.truncate(whole)
            os.fsync(file.fileno())


def newest(folder: Path) -> Head | None:
    """The last whole line; None for a log without a head. Raises Damaged."""
    return next(newest_first(folder), None)


def covering(folder: Path, sequence: int) -> Head | None:
    """The newest head, if it covers that record. Raises Damaged."""
    head = newest(folder)
    return head if head is not None and head.sequence >= sequence else None


def oldest_first(folder: Path) -> Iterator[Head]:
    """All of them. Raises Damaged."""
    path = folder / HEADS
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield _decoded(path, line)


def newest_first(folder: Path) -> Iterator[Head]:
    """From the file's end, as far as somebody asks. Raises Damaged."""
    path = folder / HEADS
    if not path.exists():
        return
    rest, at = b"", _line_end(path, path.stat().st_size)
    with path.open("rb") as file:
        while at > 0:
            start = max(0, at - BLOCK_BYTES)
            file.seek(start)
            lines = (file.read(at - start) + rest).splitlines(keepends=True)
            at = start
            rest = lines[0] if start > 0 else b""
            for line in reversed(lines[1:] if start > 0 else lines):
                yield _decoded(path, line)


def _line_end(path: Path, end: int) -> int:
    """Where the last whole line ends."""
    with path.open("rb") as file:
        while end > 0:
            start = max(0, end - BLOCK_BYTES)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0


def _decoded(path: Path, line: bytes) -> Head:
    try:
        return msgspec.json.decode(line, type=Head)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Damaged(f"{path}: a line is no head ({error})") from error
