"""Days whose rows went for good when nobody wants them any more, on record before they go.

Owns: DATA/audit/drops.ndjson. What goes are the rows of the store; the journal they were made from and the logs of
their fingerprints stay, so that a proof that was given away still verifies. The newest day of a store never goes: its
writer goes on behind it. A drop that was cut off is finished by the next one; until then its day counts as dropped.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import msgspec

from isthmus.audit.jurisdictions import Jurisdiction
from isthmus.audit.lines import Lines
from isthmus.audit.parts import FOLDER, NAME, SUFFIX, SUM_SUFFIX, Part, sum_of
from isthmus.audit.retention import BEGUN, DONE, Asked, kept_until
from isthmus.kernel.errors import BadInput, Damaged
from isthmus.kernel.files import flush

DROPS = Path("audit") / "drops.ndjson"
LOCK = Path("audit") / "drops.lock"


class Drop(msgspec.Struct, frozen=True):
    """A line of the file. `first` and `last`: records that had rows on the day; `files`: SHA-256 by name, none in a
    database. `kept_until`: when the last obligation of `jurisdictions` ended.
    """

    day: dt.date
    state: str
    first: int
    last: int
    files: dict[str, str]
    by: str
    reason: str
    time: str
    kept_until: dt.date
    jurisdictions: list[str]


class DroppedDay(msgspec.Struct, frozen=True):
    """What is told of one where its rows are asked for; `dropped_on`: RFC 3339."""

    day: dt.date
    dropped_on: str
    by: str
    reason: str


class DayKept(msgspec.Struct, frozen=True):
    """A day that is there: its `bytes` in files or `rows` in a database, the first day on which nobody wants it, who is
    the last that does, and the holds that cover it. `newest`: it stays as the store goes on behind it.
    """

    day: dt.date
    bytes: int | None
    rows: int | None
    kept_until: dt.date
    jurisdiction: str
    holds: list[int]
    newest: bool
    may_go: bool


class Wanted(msgspec.Struct, frozen=True):
    """Who wants days, as of `today`. `held`: the days that each standing hold covers, None for all of them."""

    rows: Mapping[str, Jurisdiction]
    holds: Mapping[int, Collection[dt.date] | None]
    today: dt.date

    def kept(self, sizes: Mapping[dt.date, tuple[int | None, int | None]]) -> list[DayKept]:
        """Of each day by its bytes and rows, oldest first."""
        found = []
        newest = max(sizes, default=None)
        for day in sorted(sizes):
            until, name = kept_until(day, self.rows)
            holds = [number for number, days in sorted(self.holds.items()) if days is None or day in days]
            free = self.today >= until and not holds and day != newest
            found.append(DayKept(day, *sizes[day], until, name, holds, day == newest, free))
        return found


def drops(data: Path) -> dict[dt.date, Drop]:
    """The last line of each day. Raises Damaged."""
    return {line.day: line for line in Lines(data / DROPS, Drop).read()}


def cut_off(data: Path) -> list[Drop]:
    """Those that were cut off."""
    return [drop for drop in drops(data).values() if drop.state == BEGUN]


def dropped_days(dropped: Collection[Drop]) -> list[DroppedDay]:
    """Oldest day first."""
    return [DroppedDay(drop.day, drop.time, drop.by, drop.reason) for drop in sorted(dropped, key=lambda one: one.day)]


@contextlib.contextmanager
def alone(data: Path) -> Iterator[None]:
    """Nothing else drops days of the folder or makes its store anew. Raises BadInput where something does."""
    path = data / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise BadInput("data", f"{path}: another process drops days or makes the store anew") from None
    finally:
        os.close(handle)


def drop(data: Path, kept: DayKept, parts: list[Part], jurisdictions: list[str], asked: Asked) -> Drop:
    """Takes the files of a day away, for the holder of `alone`. Raises BadInput where the day may not go, Damaged,
    OSError. It is on record before the first file goes.
    """
    if not kept.may_go:
        raise BadInput("day", f"{kept.day} may not go")
    home = data / FOLDER / f"day={kept.day}"
    files = {path.name: sum_of(path) for path in sorted(home.glob(f"*{SUFFIX}")) if NAME.fullmatch(path.name)}
    given = (asked.by, asked.reason, asked.time, kept.kept_until, jurisdictions)
    begun = Drop(kept.day, BEGUN, parts[0].first, parts[-1].last, files, *given)
    Lines(data / DROPS, Drop).add(begun)
    return finish(data, begun)


def finish(data: Path, begun: Drop) -> Drop:
    """Takes away what a begun drop has not yet, for the holder of `alone`. Raises Damaged, OSError."""
    home = data / FOLDER / f"day={begun.day}"
    for name in begun.files:
        if not NAME.fullmatch(name):
            raise Damaged(f"{data / DROPS}: {name[:60]!r} is no file of the store")
        path = home / name
        path.unlink(missing_ok=True)
        path.with_suffix(SUM_SUFFIX).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # gone already, or somebody else has files there
        home.rmdir()
    if (data / FOLDER).is_dir():
        flush(data / FOLDER)
    done = msgspec.structs.replace(begun, state=DONE)
    Lines(data / DROPS, Drop).add(done)
    return done
