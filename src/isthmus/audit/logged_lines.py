"""A file of lines of which each is an entry of a signed log by its digest: none goes or changes without being found.

The log has the SHA-256 of a line, which has a salt in it, so that nobody tests guesses against a public log. A line
whose entry never came into the log was cut off by a kill, and does not count; the next one takes its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from isthmus.audit.entry_log import EntryLog, entries
from isthmus.audit.lines import Lines
from isthmus.kernel.errors import Damaged


class LoggedLine(msgspec.Struct, frozen=True):
    """`place`: its entry in the log, from 0. `salt`: hexadecimal."""

    place: int
    salt: str


Line = TypeVar("Line", bound=LoggedLine)


class LoggedLines(Generic[Line]):
    """Of one type and one log. `private`: for their owner alone, else they are not read."""

    def __init__(self, data: Path, path: Path, type_: type[Line], log: str, private: bool = False) -> None:
        self._data = data
        self._path = data / path
        self._lines = Lines(self._path, type_, private)
        self._log = log

    def read(self) -> list[Line]:
        """Oldest first. Raises Damaged (cut_file, changed_record) where the log has another line or one that is not
        there, BadInput (loose_permissions), LogRefused, OSError.
        """
        logged = entries(self._data, self._log)
        by_place = {line.place: line for line in self._lines.read()}
        for place, entry in enumerate(logged):
            if (line := by_place.get(place)) is None:
                raise Damaged(f"cut_file: {self._path} lacks the line of entry {place} of its log")
            if entry_of(line) != entry:
                raise Damaged(f"changed_record: {self._path} has another line than entry {place} of its log")
        return [by_place[place] for place in range(len(logged))]

    def add(self, log: EntryLog, made: Callable[[int], Line], now: int) -> Line:
        """The line that `made` makes of its place: on the medium and under a signed head when this returns. `now` in
        ns. Raises as `made`, LogRefused, OSError.
        """
        lines: list[Line] = []

        def appended(place: int) -> bytes:
            lines.append(made(place))
            self._lines.add(lines[0])
            return entry_of(lines[0])

        log.append(appended, now)
        return lines[0]


def entry_of(line: LoggedLine) -> bytes:
    """What the log has of a line."""
    return hashlib.sha256(msgspec.json.encode(line)).digest()
