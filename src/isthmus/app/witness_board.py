"""The board of witnesses: a file that one process writes and others read."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

import msgspec

from isthmus.app.witness_host import ReportRow
from isthmus.audit.jurisdictions import Jurisdiction
from isthmus.audit.places import audit_folder
from isthmus.audit.standing import REFUSED, SIGNED, SILENT, Standing
from isthmus.audit.told import read_told
from isthmus.kernel.values import NS_PER_S, time_text

BOARD = "witnesses.json"
BY_WEIGHT = (REFUSED, SILENT, "behind", SIGNED)
"""A witness of several logs stands as badly as with the one where it stands worst."""
ROOT_LETTERS = 16
WORDS_MAX, KIND_MAX = 400, 32
"""Of what a witness reports: it may be anybody's."""
SECONDS_MAX = 253_402_300_799
"""The last second of the year 9999."""


class Seen(msgspec.Struct, frozen=True):
    """What was seen of a log or of a witness, at `time` (Unix seconds)."""

    time: int
    witness: str
    kind: str
    what: str


class SeenRow(msgspec.Struct, frozen=True):
    """The same for people: `time` is RFC 3339."""

    time: str
    witness: str
    kind: str
    what: str


class Quorum(msgspec.Struct, frozen=True):
    """So many must cosign the newest heads of all logs, so many did, so many are asked."""

    needed: int
    have: int
    of: int


class WitnessRow(msgspec.Struct, frozen=True):
    """`size` and `time`: the newest head that it cosigned. `since`: when it came into its state."""

    name: str
    jurisdiction: str
    authority: str
    state: str
    size: int
    time: str | None
    since: str | None
    reason: str | None
    url: str
    may_see: tuple[str, ...]
    blinded: int
    retention_years: int
    source: str
    as_of: str
    verified: bool


class Board(msgspec.Struct, frozen=True):
    """`reports`: the newest first."""

    quorum: Quorum
    witnesses: list[WitnessRow]
    reports: list[SeenRow]

    @staticmethod
    def of(quorum: tuple[int, int, int], witnesses: list[WitnessRow], seen: Sequence[Seen]) -> Board:
        """`quorum`: needed, have, of."""
        rows = [SeenRow(_time(row.time) or "", row.witness, row.kind, row.what) for row in reversed(seen)]
        return Board(Quorum(*quorum), witnesses, rows)


def read_board(data: Path) -> Board | None:
    """None where nobody was ever asked. Raises Damaged."""
    return read_told(audit_folder(data) / BOARD, Board)


def board_row(
    name: str, jurisdiction: Jurisdiction, url: str, stands: Sequence[tuple[str, Standing, int]]
) -> WitnessRow:
    """`stands`: log, standing with it, size of its newest head; the first log is the one whose head is shown."""
    by_state = sorted(stands, key=lambda row: BY_WEIGHT.index(row[1].at(row[2])))
    log, worst, newest = by_state[0] if by_state else ("", Standing(), 0)
    shown = stands[0][1] if stands else Standing()
    reason = f"{log}: {worst.reason}" if worst.reason else None
    return WitnessRow(
        name=name,
        jurisdiction=jurisdiction.country,
        authority=jurisdiction.authority,
        state=worst.at(newest),
        size=shown.size,
        time=_time(shown.time),
        since=_time(worst.since),
        reason=reason,
        url=url,
        may_see=jurisdiction.may_see,
        blinded=len(jurisdiction.blinded),
        retention_years=jurisdiction.retention_years,
        source=jurisdiction.source,
        as_of=jurisdiction.as_of.isoformat(),
        verified=jurisdiction.verified,
    )


def seen_row(witness: str, report: ReportRow) -> Seen:
    """A witness's report in words; the notes that show it stay with the witness."""
    held, given = _head(report.held), _head(report.given)
    what = f"{report.origin[:WORDS_MAX]}: held {held}, was given {given}"
    return Seen(max(0, min(report.time, SECONDS_MAX)), witness, report.kind[:KIND_MAX], what[:WORDS_MAX])


def _head(note: str) -> str:
    lines = note.split("\n")
    try:
        root = base64.b64decode(lines[2], validate=True).hex()[:ROOT_LETTERS]
    except (IndexError, ValueError):
        return "a head that cannot be read"
    return f"{lines[1][:19]} entries with root {root}"


def _time(seconds: int) -> str | None:
    return time_text(seconds * NS_PER_S) if seconds else None
