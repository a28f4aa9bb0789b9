"""Clearing's own journal of what it decided: rows of JSON, each with the hash of the row before it.

A row is written and flushed before anything is done about it. The last line may be torn by a stop in the middle of a
write: it was never acted on and is cut. Anything else that is not as it was written is damage.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from isthmus.kernel.errors import Damaged

START = "0" * 64
LINE_BYTES_MAX = 1 << 16

Row = dict[str, Any]


class Decisions:
    """The writer: one at a time for a file. Raises Damaged for a file that was changed, OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.rows: list[Row] = []
        self.head = START
        good = 0
        if path.exists():
            for row, end in _read(path):
                self.rows.append(row)
                self.head, good = row["hash"], end
        self._file = path.open("ab", buffering=0)
        if path.stat().st_size > good:
            self._file.truncate(good)

    def append(self, kind: str, at: int, **told: Any) -> Row:
        """Write a row down, flushed; `at` in ns UTC."""
        row = {"n": len(self.rows) + 1, "kind": kind, "at": at, **told, "before": self.head}
        row["hash"] = self.head = _hash(row)
        self._file.write(msgspec.json.encode(row) + b"\n")
        os.fsync(self._file.fileno())
        self.rows.append(row)
        return row

    def close(self) -> None:
        """Let the file go."""
        self._file.close()


class DecisionReader:
    """Reads the rows of a file that another process writes, as they come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._head = START

    @property
    def begun(self) -> bool:
        """Whether there is a file."""
        return self._file is not None

    def new(self) -> list[Row]:
        """Whole rows since the last look; nothing while there is no file. Raises Damaged."""
        if self._file is None:
            if not self._path.exists():
                return []
            self._file = self._path.open("rb")
        found: list[Row] = []
        while True:
            place = self._file.tell()
            line = self._file.readline(LINE_BYTES_MAX)
            if not line.endswith(b"\n"):
                self._file.seek(place)
                return found
            row = _row(self._path, line, self._head)
            self._head = row["hash"]
            found.append(row)

    def close(self) -> None:
        """Let the file go."""
        if self._file is not None:
            self._file.close()


def rows_of(path: Path) -> list[Row]:
    """Every whole row of a file. Raises Damaged."""
    return [row for row, _ in _read(path)] if path.exists() else []


def _read(path: Path) -> Iterator[tuple[Row, int]]:
    """Rows with the offset behind each; a torn last line is left out."""
    head, end = START, 0
    with path.open("rb") as file:
        while (line := file.readline(LINE_BYTES_MAX)).endswith(b"\n"):
            row = _row(path, line, head)
            head, end = row["hash"], end + len(line)
            yield row, end


def _row(path: Path, line: bytes, head: str) -> Row:
    try:
        row: Row = msgspec.json.decode(line, type=dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Damaged(f"{path}: a row is no JSON object: {fault}") from fault
    told = {key: value for key, value in row.items() if key != "hash"}
    if row.get("before") != head or row.get("hash") != _hash(told):
        raise Damaged(f"{path}: row {row.get('n')} is not what was written")
    return row


def _hash(row: Row) -> str:
    return hashlib.sha256(msgspec.json.encode(row, order="sorted")).hexdigest()
