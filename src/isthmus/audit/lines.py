"""A file of JSON lines that only grows; a line counts once it is on the medium, and one that was cut off never did."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from isthmus.audit.keys.vault import read_private
from isthmus.kernel.errors import Damaged
from isthmus.kernel.files import flush

Line = TypeVar("Line", bound=msgspec.Struct)
PRIVATE_MODE, PUBLIC_MODE = 0o600, 0o666
"""The second one is narrowed by the umask."""


class Lines(Generic[Line]):
    """Of one type. There is one writer at a time. `private`: for their owner alone, else they are not read."""

    def __init__(self, path: Path, type_: type[Line], private: bool = False) -> None:
        self._path = path
        self._type = type_
        self._private = private

    def read(self) -> list[Line]:
        """Oldest first. Raises Damaged where a whole line cannot be read, BadInput (loose_permissions)."""
        try:
            raw = read_private(self._path) if self._private else self._path.read_bytes()
        except FileNotFoundError:
            return []
        try:
            return [
                msgspec.json.decode(line, type=self._type) for line in raw.rpartition(b"\n")[0].split(b"\n") if line
            ]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Damaged(f"{self._path}: {error}") from error

    def add(self, line: Line) -> None:
        """On the medium when this returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        mode = PRIVATE_MODE if self._private else PUBLIC_MODE
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, mode), "a+b") as file:
            file.seek(0)
            whole = file.read().rfind(b"\n") + 1
            file.truncate(whole)
            file.write(msgspec.json.encode(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        flush(self._path.parent)
