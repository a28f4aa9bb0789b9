"""What the process that makes the trail says of itself, in a file that others read: DATA/audit/status.json."""

from __future__ import annotations

from pathlib import Path

import msgspec

from isthmus.audit.places import STATUS, audit_folder
from isthmus.audit.told import read_told, write_whole

CURRENT, BEHIND, STOPPED = "current", "behind", "stopped"


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """At `time` (RFC 3339). `lag_records`: of the journal, without a signed head; `lag_s`: since the first of them was
    seen. `bounded_at`: so many are read without a head at most, by either log. `fault`: what keeps it from going on, by
    name first. `orders_sequence`: the last record whose orders' events are all under a head of the log of orders;
    `orders_lag_records` and `orders_lag_s`: as above, behind it.
    """

    name: str
    time: str
    state: str
    journal_sequence: int
    lag_records: int
    lag_s: float
    bounded_at: int
    fault: str | None
    orders_sequence: int = 0
    orders_lag_records: int = 0
    orders_lag_s: float = 0.0


def write_status(data: Path, status: Status) -> None:
    """Whole or not at all; a power loss may lose it, since the next look makes it again."""
    write_whole(audit_folder(data) / STATUS, msgspec.json.encode(status))


def read_status(data: Path) -> Status | None:
    """None where no trail was ever made. Raises Damaged."""
    return read_told(audit_folder(data) / STATUS, Status)
