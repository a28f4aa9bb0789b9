"""How long rows are kept, what is held for a court, and how a client's data are destroyed for good.

Personal data that may be destroyed lies outside the journal, under the client's own key (DATA/audit/keys/clients): the
salts of his fingerprints are made of it, and his particulars are sealed under what is made of it. Without the key
nobody can read those or test a guess of a hidden field against the log, and the log itself stays whole. What the
journal says of orders stays too: it names accounts by number. What this does not prove: that no copy of the key was
made elsewhere, in a backup or on the medium under the file system.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from isthmus.audit.jurisdictions import Jurisdiction
from isthmus.audit.lines import Lines
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import flush

HOLDS = Path("audit") / "holds.ndjson"
ERASURES = Path("audit") / "erasures.ndjson"
KEYS = Path("audit") / "keys" / "clients"
ACCOUNT = re.compile(r"acc-[1-9][0-9]{0,9}", re.ASCII)
EVERYBODY = "all"
BEGUN, DONE = "begun", "done"


class Hold(msgspec.Struct, frozen=True):
    """A line of the holds' file. `account` "all": of everybody. `ends`: the number of the hold that this line ends."""

    hold: int
    account: str
    reason: str
    by: str
    time: str
    ends: int = 0


class Erasure(msgspec.Struct, frozen=True):
    """A line of the erasures' file. `sequence`: rows up to this record have salts that are gone. `kept_until`: when
    the last obligation of `jurisdictions` ended.
    """

    account: str
    state: str
    sequence: int
    by: str
    reason: str
    time: str
    kept_until: str
    jurisdictions: list[str]


class Asked(msgspec.Struct, frozen=True):
    """Who wants it, why, and when (RFC 3339, UTC)."""

    by: str
    reason: str
    time: str

    def __post_init__(self) -> None:
        for name in ("by", "reason"):
            if not getattr(self, name).strip():
                raise BadInput(name, "must be said")


def holds(data: Path) -> dict[int, Hold]:
    """Those that stand, by number."""
    standing: dict[int, Hold] = {}
    for line in Lines(data / HOLDS, Hold).read():
        if line.ends:
            standing.pop(line.ends, None)
        else:
            standing[line.hold] = line
    return standing


def hold(data: Path, account: str, asked: Asked) -> Hold:
    """Nothing of the account ("all": of nobody) is erased or dropped until the hold is ended. Raises BadInput."""
    checked(account, or_all=True)
    return _add(data, account, asked, 0)


def end_hold(data: Path, number: int, asked: Asked) -> Hold:
    """Raises BadInput where no such hold stands."""
    standing = holds(data).get(number)
    if standing is None:
        raise BadInput("end", f"no hold {number} stands")
    return _add(data, standing.account, asked, number)


def held(data: Path, account: str) -> Hold | None:
    """The oldest hold that the account is under."""
    return next((line for line in holds(data).values() if line.account in (account, EVERYBODY)), None)


def kept_until(day: dt.date, rows: Mapping[str, Jurisdiction]) -> tuple[dt.date, str]:
    """The first day on which nobody wants records of `day` any more, and who is the last. `rows` is not empty."""
    name = max(rows, key=lambda name: (rows[name].retention_years, name))
    return _years_on(day, rows[name].retention_years), name


def chosen(rows: Mapping[str, Jurisdiction], names: Iterable[str]) -> dict[str, Jurisdiction]:
    """The named ones, all of them where none is named. Raises BadInput."""
    found = {}
    for name in names:
        if name not in rows:
            raise BadInput("jurisdiction", f"{name} is none of {', '.join(rows)}")
        found[name] = rows[name]
    return found or dict(rows)


def erasures(data: Path) -> dict[str, Erasure]:
    """The last of each account."""
    return {line.account: line for line in Lines(data / ERASURES, Erasure).read()}


def erase(
    data: Path, account: str, last: tuple[dt.date, int] | None, rows: Mapping[str, Jurisdiction], asked: Asked
) -> Erasure:
    """Destroys the account's key. `last`: day and sequence of its last row. Raises BadInput where a hold stands, a
    jurisdiction of `rows` still wants the records, or there is nothing to destroy; OSError.

    The erasure is on record before the key goes: cut off in between, it is asked for again.
    """
    checked(account)
    if (stopped := held(data, account)) is not None:
        raise BadInput("account", f"hold {stopped.hold} stands: {stopped.reason}")
    if last is None:
        raise BadInput("account", f"the store has no row of {account}: nothing says when its retention ends")
    until, name = kept_until(last[0], rows)
    today = dt.date.fromisoformat(asked.time[:10])
    if today < until:
        raise BadInput("account", f"is retained until {until}: {name} wants records of {last[0]} so long")
    path = data / KEYS / f"{account}.key"
    if not path.exists():
        done = erasures(data).get(account)
        raise BadInput("account", f"was erased on {done.time}" if done else f"{path} does not exist")
    erasure = Erasure(account, BEGUN, last[1], asked.by, asked.reason, asked.time, str(until), sorted(rows))
    written = Lines(data / ERASURES, Erasure)
    written.add(erasure)
    _destroy(path)
    done = msgspec.structs.replace(erasure, state=DONE)
    written.add(done)
    return done


def checked(account: str, or_all: bool = False) -> str:
    """The account's id. Raises BadInput."""
    if not ACCOUNT.fullmatch(account) and not (or_all and account == EVERYBODY):
        raise BadInput("account", "must be an account's id (acc-16)" + (" or all" if or_all else ""))
    return account


def _add(data: Path, account: str, asked: Asked, ends: int) -> Hold:
    lines = Lines(data / HOLDS, Hold)
    number = max((line.hold for line in lines.read()), default=0) + 1
    line = Hold(number, account, asked.reason, asked.by, asked.time, ends)
    lines.add(line)
    return line


def _years_on(day: dt.date, years: int) -> dt.date:
    """The same day of a later year; of a 29 February that is not there, 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)


def _destroy(path: Path) -> None:
    """Overwrites, then removes. The medium may still have an older copy: a file system promises no more."""
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    flush(path.parent)
