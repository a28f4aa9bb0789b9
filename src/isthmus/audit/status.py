"""What the process that makes the trail says of itself, in a file that others read: DATA/audit/status.json."""

from __future__ import annotations

from pathlib import Path

import msgspec

from isthmus.audit.places import STATUS, audit_folder
from isthmus.kernel.errors import Damaged

CURRENT, BEHIND, STOPPED = "current", "behind", "stopped"


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """At `time` (RFC 3339). `lag_records`: of the journal, without a signed head; `lag_s`: since the first of them was
    seen. `bounded_at`: so many are read without a head at most. `fault`: what keeps it from going on, by name first.
    """

    name: str
    time: str
    state: str
    journal_sequence: int
    lag_records: int
    lag_s: float
    bounded_at: int
    fault: str | None


def write_status(data: Path, status: Status) -> None:
    """Whole or not at all; a power loss may lose it, since the next look makes it again."""
    path = audit_folder(data) / STATUS
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(status))
    fresh.rename(path)


def read_status(data: Path) -> Status | None:
    """None where no trail was ever made. Raises Damaged."""
    path = audit_folder(data) / STATUS
    try:
        return msgspec.json.decode(path.read_bytes(), type=Status)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Damaged(f"{path}: {error}") from error
