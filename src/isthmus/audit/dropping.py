"""Days whose rows went for good when nobody wants them any more, on record before they go.

Owns: DATA/audit/drops.ndjson, whose lines are entries of the signed log "drops". What goes are the rows of the store;
the journal they were made from and the logs of their fingerprints stay, so that a proof that was given away still
verifies. The newest day of a store never goes: its writer goes on behind it. A drop that was cut off is finished by the
next one; until then its day counts as dropped.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path

import msgspec

from isthmus.audit.entry_log import DROPS as DROPS_LOG
from isthmus.audit.entry_log import EntryLog
from isthmus.audit.jurisdictions import Jurisdiction
from isthmus.audit.keys.vault import Chance
from isthmus.audit.logged_lines import LoggedLine, LoggedLines
from isthmus.audit.parts import FOLDER, NAME, SUFFIX, SUM_SUFFIX, Part, sum_of
from isthmus.audit.places import log_folder
from isthmus.audit.retention import BEGUN, DONE, Asked, kept_until
from isthmus.engine.proofs import LogRefused
from isthmus.kernel.errors import BadInput, Damaged
from isthmus.kernel.files import flush

DROPS = Path("audit") / "drops.ndjson"
LOCK = Path("audit") / "drops.lock"
SALT_BYTES = 16


class Drop(LoggedLine, frozen=True, kw_only=True):
    """A line of the file, or a row of a database (`place` -1, no salt). `first` and `last`: records that had rows then;
    `files`: SHA-256 by name, none in a database. `kept_until`: when the last obligation of `jurisdictions` ended.
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
    """The last line of each day. Raises Damaged where the file is not what the signed log has, OSError."""
    if not (data / DROPS).exists() and not (log_folder(data, DROPS_LOG) / "checkpoint").exists():
        return {}
    try:
        return {line.day: line for line in _record(data).read()}
    except LogRefused as error:
        raise Damaged(f"{log_folder(data, DROPS_LOG)}: {': '.join(map(str, error.args))}") from error


def cut_off(data: Path) -> list[Drop]:
    """Those that are begun and not done."""
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


class Dropper:
    """Takes the files of days away, for the holder of `alone`. `chance` gives bytes that nobody foretells, `now` is in
    ns.
    """

    def __init__(self, data: Path, log: EntryLog, chance: Chance, now: int) -> None:
        self._data = data
        self._log = log
        self._chance = chance
        self._now = now

    def drop(self, kept: DayKept, parts: list[Part], jurisdictions: list[str], asked: Asked) -> Drop:
        """Of one day: on record, under a signed head, before the first file goes. Raises BadInput where the day may not
        go, Damaged, LogRefused, OSError.
        """
        home = self._data / FOLDER / f"day={kept.day}"
        files = {path.name: sum_of(path) for path in sorted(home.glob(f"*{SUFFIX}")) if NAME.fullmatch(path.name)}
        begun = begun_of(kept, (parts[0].first, parts[-1].last), jurisdictions, asked)
        return self.finish(self._recorded(msgspec.structs.replace(begun, files=files)))

    def finish(self, begun: Drop) -> Drop:
        """Takes away what a begun drop has not yet. Raises as `drop`."""
        home = self._data / FOLDER / f"day={begun.day}"
        for name in begun.files:
            if not NAME.fullmatch(name):
                raise Damaged(f"{self._data / DROPS}: {name[:60]!r} is no file of the store")
            path = home / name
            path.unlink(missing_ok=True)
            path.with_suffix(SUM_SUFFIX).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # gone already, or somebody else has files there
            home.rmdir()
        if (self._data / FOLDER).is_dir():
            flush(self._data / FOLDER)
        return self._recorded(msgspec.structs.replace(begun, state=DONE))

    def _recorded(self, drop: Drop) -> Drop:
        salt = self._chance(SALT_BYTES).hex()
        made = partial(msgspec.structs.replace, drop, salt=salt)
        return _record(self._data).add(self._log, lambda place: made(place=place), self._now)


def begun_of(kept: DayKept, records: tuple[int, int], jurisdictions: list[str], asked: Asked) -> Drop:
    """What goes on record first, of the records that have rows on the day. Raises BadInput where it may not go."""
    if not kept.may_go:
        raise BadInput("day", f"{kept.day} may not go")
    return Drop(
        place=-1,
        salt="",
        day=kept.day,
        state=BEGUN,
        first=records[0],
        last=records[1],
        files={},
        by=asked.by,
        reason=asked.reason,
        time=asked.time,
        kept_until=kept.kept_until,
        jurisdictions=jurisdictions,
    )


def _record(data: Path) -> LoggedLines[Drop]:
    return LoggedLines(data, DROPS, Drop, DROPS_LOG)
