"""A file of JSON lines that only grows; a line counts once it is on the medium, and one that was cut off never did."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from isthmus.kernel.errors import Damaged
from isthmus.kernel.files import flush

Line = TypeVar("Line", bound=msgspec.Struct)


class Lines(Generic[Line]):
    """Of one type. There is one writer at a time."""

    def __init__(self, path: Path, type_: type[Line]) -> None:
        self._path = path
        self._type = type_

    def read(self) -> list[Line]:
        """Oldest first. Raises Damaged where a whole line cannot be read."""
        try:
            whole = self._path.read_bytes().rpartition(b"\n")[0]
        except FileNotFoundError:
            return []
        try:
            return [msgspec.json.decode(line, type=self._type) for line in whole.split(b"\n") if line]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Damaged(f"{self._path}: {error}") from error

    def add(self, line: Line) -> None:
        """On the medium when this returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a+b") as file:
            file.seek(0)
            whole = file.read().rfind(b"\n") + 1
            file.truncate(whole)
            file.write(msgspec.json.encode(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        flush(self._path.parent)
