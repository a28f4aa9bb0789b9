"""How far the holders of the heads' key came, in a file that one process writes and others read."""

from __future__ import annotations

from pathlib import Path

import msgspec

from isthmus.audit.places import audit_folder
from isthmus.audit.told import read_told

BOARD = "threshold.json"
SIGNED, FAILING = "signed", "failing"
PRESENT, SILENT, LOST = "present", "silent", "lost"


class HolderRow(msgspec.Struct, frozen=True):
    """`state`: PRESENT, SILENT, LOST (he has no share) or the name of his refusal, since `since` (RFC 3339)."""

    holder: int
    state: str
    since: str


class LogRow(msgspec.Struct, frozen=True):
    """The newest head of a log that the key signed, at `time`; `vkey` is for public tools. `state`: SIGNED, or FAILING
    by `reason` (a name first) since `since`.
    """

    log: str
    vkey: str | None
    size: int
    root: str | None
    time: str | None
    state: str
    since: str
    reason: str | None


class Board(msgspec.Struct, frozen=True):
    """At `time` (RFC 3339). `needed` of `of` holders sign, `have` are there; 0 of both before one was asked."""

    key: str
    time: str
    needed: int
    have: int
    of: int
    logs: list[LogRow]
    holders: list[HolderRow]
    fault: str | None


def read_board(data: Path) -> Board | None:
    """None where no key was ever asked. Raises Damaged."""
    return read_told(audit_folder(data) / BOARD, Board)
