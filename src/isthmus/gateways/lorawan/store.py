"""What must survive a restart, in one SQLite file of mode 0600: sessions with their counters, nonces of joins, who
approved which rule, and every intent with its why.

Whatever is written survives kill -9 when the call returns. Approvals, nonces and intents survive power loss too, and
with them every counter that was written before: the log is one file, and is flushed whole. So a frame that an order
came of is never taken again; counters alone are not flushed, since a flush for every frame would stop the loop for
milliseconds.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS sessions (digest TEXT PRIMARY KEY, device TEXT NOT NULL, body BLOB NOT NULL, last INTEGER,
  joined INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS nonces (device TEXT NOT NULL, nonce INTEGER NOT NULL, PRIMARY KEY (device, nonce));
CREATE TABLE IF NOT EXISTS joins (number INTEGER PRIMARY KEY, device TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (device TEXT NOT NULL, session TEXT NOT NULL, last INTEGER NOT NULL,
  at INTEGER NOT NULL, PRIMARY KEY (device, session));
CREATE TABLE IF NOT EXISTS approvals (number INTEGER PRIMARY KEY, rule TEXT NOT NULL, hash TEXT NOT NULL,
  by TEXT NOT NULL, at INTEGER NOT NULL, until INTEGER NOT NULL, orders INTEGER NOT NULL, nano INTEGER NOT NULL,
  second TEXT, second_at INTEGER, ended_by TEXT, ended_at INTEGER);
CREATE TABLE IF NOT EXISTS intents (number INTEGER PRIMARY KEY, rule TEXT NOT NULL, hash TEXT NOT NULL,
  at INTEGER NOT NULL, day INTEGER NOT NULL, nano INTEGER NOT NULL, approval INTEGER, status TEXT NOT NULL,
  body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS intents_by_rule ON intents (rule, day);
CREATE INDEX IF NOT EXISTS intents_by_approval ON intents (approval);
"""
BUSY_TIMEOUT_S = 5
COUNTED = "('sent', 'placed', 'unknown')"
"""Intents that count against limits."""
APPROVAL = "number, rule, hash, by, at, until, orders, nano, second, second_at"


class Session(msgspec.Struct, frozen=True):
    """A device's session. In 1.0 the three network keys are one. `digest` names it: the same address and keys are the
    same session, whose counter goes on.
    """

    device: str
    version: str
    address: int
    forwarding: bytes
    serving: bytes
    network: bytes
    application: bytes
    digest: str


class Approval(msgspec.Struct, frozen=True):
    """Of a rule's content: who proposed it, and what for; who approved it, None while nobody did. Times are ns UTC. It
    is good until `until`, for so many `orders` and so much quantity (`nano`, 10^-9) in all.
    """

    number: int
    rule: str
    hash: str
    by: str
    at: int
    until: int
    orders: int
    nano: int
    second: str | None = None
    second_at: int | None = None


class Store:
    """One connection, used on one thread."""

    def __init__(self, path: Path) -> None:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
        self._base = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        self._base.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    @contextmanager
    def _flushed(self) -> Iterator[None]:
        """What is committed inside is on disk afterwards, with all that was written before."""
        self._base.execute("PRAGMA synchronous = FULL")
        try:
            yield
        finally:
            self._base.execute("PRAGMA synchronous = NORMAL")

    def keep_session(self, session: Session, joined: bool, last: int | None = None) -> None:
        """A session that was not known, its counter at `last`; of a known one the counter stays."""
        row = (session.digest, session.device, msgspec.json.encode(session), last, int(joined))
        self._base.execute(
            "INSERT INTO sessions (digest, device, body, last, joined) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            row,
        )

    def sessions(self) -> list[tuple[Session, int | None, bool]]:
        """Every session, its last counter (None: nothing came), and whether it came of a join."""
        rows = self._base.execute("SELECT body, last, joined FROM sessions")
        return [(msgspec.json.decode(body, type=Session), last, bool(joined)) for body, last, joined in rows]

    def count(self, digest: str, last: int) -> None:
        """The session's counter."""
        self._base.execute("UPDATE sessions SET last = ? WHERE digest = ?", (last, digest))

    def drop_sessions(self, device: str, but: frozenset[str]) -> list[str]:
        """Forget the device's other sessions; their digests."""
        rows = self._base.execute("SELECT digest FROM sessions WHERE device = ?", (device,)).fetchall()
        gone = [digest for (digest,) in rows if digest not in but]
        self._base.executemany("DELETE FROM sessions WHERE digest = ?", [(digest,) for digest in gone])
        return gone

    def use_nonce(self, device: str, nonce: int, rising: bool) -> bool:
        """Whether the device's join nonce is new (`rising`: above all before); it is used from now on."""
        row = self._base.execute("SELECT MAX(nonce) FROM nonces WHERE device = ?", (device,)).fetchone()
        if rising and row[0] is not None and nonce <= row[0]:
            return False
        with self._flushed():
            done = self._base.execute("INSERT INTO nonces VALUES (?, ?) ON CONFLICT DO NOTHING", (device, nonce))
        return done.rowcount == 1

    def join(self, device: str, at: int) -> int:
        """The number of a new join, over all devices."""
        made = self._base.execute("INSERT INTO joins (device, at) VALUES (?, ?)", (device, at)).lastrowid
        assert made is not None
        return made

    def count_event(self, device: str, session: str, counter: int, at: int) -> bool:
        """Whether a network server's counter is new; it is used from now on. An earlier session never comes back."""
        newest = self._base.execute(
            "SELECT session, last FROM events WHERE device = ? ORDER BY at DESC, rowid DESC LIMIT 1", (device,)
        ).fetchone()
        known = self._base.execute(
            "SELECT last FROM events WHERE device = ? AND session = ?", (device, session)
        ).fetchone()
        if known is not None and (newest[0] != session or counter <= known[0]):
            return False
        self._base.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?) ON CONFLICT (device, session) DO UPDATE SET last = excluded.last",
            (device, session, counter, at),
        )
        return True

    def propose(self, asked: Approval) -> Approval:
        """An approval that waits for a second person, with its number. It takes the place of one that waited before."""
        with self._flushed(), self._base:
            self._base.execute("BEGIN IMMEDIATE")
            self._end(asked.rule, asked.by, asked.at, "AND second IS NULL")
            made = self._base.execute(
                "INSERT INTO approvals (rule, hash, by, at, until, orders, nano) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (asked.rule, asked.hash, asked.by, asked.at, asked.until, asked.orders, asked.nano),
            ).lastrowid
        assert made is not None
        return msgspec.structs.replace(asked, number=made)

    def approve(self, waiting: Approval, second: str, at: int) -> None:
        """From now on it stands, and no other of the rule does."""
        with self._flushed(), self._base:
            self._base.execute("BEGIN IMMEDIATE")
            self._end(waiting.rule, second, at, "AND second IS NOT NULL")
            self._base.execute(
                "UPDATE approvals SET second = ?, second_at = ? WHERE number = ? AND ended_at IS NULL",
                (second, at, waiting.number),
            )

    def revoke(self, rule: str, by: str, at: int) -> bool:
        """Whether an approval of the rule stood or waited; none does now."""
        with self._flushed():
            return self._end(rule, by, at) > 0

    def _end(self, rule: str, by: str, at: int, which: str = "") -> int:
        done = self._base.execute(
            f"UPDATE approvals SET ended_by = ?, ended_at = ? WHERE rule = ? AND ended_at IS NULL {which}",  # noqa: S608 (own words only)
            (by, at, rule),
        )
        return done.rowcount

    def approval(self, rule: str, content: str) -> Approval | None:
        """The approval of exactly this content that stands; its scope may be used up."""
        return self._approval(rule, content, "IS NOT NULL")

    def waiting(self, rule: str, content: str) -> Approval | None:
        """The approval of exactly this content that waits for a second person."""
        return self._approval(rule, content, "IS NULL")

    def _approval(self, rule: str, content: str, second: str) -> Approval | None:
        row = self._base.execute(
            f"SELECT {APPROVAL} FROM approvals WHERE rule = ? AND hash = ? AND ended_at IS NULL AND second {second}",  # noqa: S608 (own words only)
            (rule, content),
        ).fetchone()
        return None if row is None else Approval(*row)

    def add_intent(self, row: dict[str, Any], day: int, nano: int, approval: int | None = None) -> int:
        """The number of a new intent; `row` has rule, hash, at and status."""
        values = (row["rule"], row["hash"], row["at"], day, nano, approval, row["status"], msgspec.json.encode(row))
        with self._flushed():
            made = self._base.execute(
                "INSERT INTO intents (rule, hash, at, day, nano, approval, status, body)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            ).lastrowid
        assert made is not None
        return made

    def end_intent(self, number: int, row: dict[str, Any]) -> None:
        """What became of it."""
        body = msgspec.json.encode(row)
        self._base.execute("UPDATE intents SET status = ?, body = ? WHERE number = ?", (row["status"], body, number))

    def intents(self, most: int, status: str | None = None) -> list[tuple[int, dict[str, Any]]]:
        """Newest first."""
        where, values = ("WHERE status = ?", (status,)) if status is not None else ("", ())
        rows = self._base.execute(
            f"SELECT number, body FROM intents {where} ORDER BY number DESC LIMIT ?",  # noqa: S608 (own words only)
            (*values, most),
        )
        return [(number, msgspec.json.decode(body)) for number, body in rows]

    def spent(self, day: int, rule: str | None = None) -> tuple[int, int]:
        """Intents that were sent on this day, and their quantities together in 10^-9; of one rule, or of all."""
        only, values = ("day = ? AND rule = ?", (day, rule)) if rule is not None else ("day = ?", (day,))
        return self._counted(only, values)

    def used(self, approval: int) -> tuple[int, int]:
        """The same of all that was sent under an approval."""
        return self._counted("approval = ?", (approval,))

    def _counted(self, only: str, values: tuple[Any, ...]) -> tuple[int, int]:
        rows = self._base.execute(
            f"SELECT nano FROM intents WHERE {only} AND status IN {COUNTED}",  # noqa: S608 (own words only)
            values,
        ).fetchall()
        return len(rows), sum(nano for (nano,) in rows)

    def last_intent_at(self, rule: str) -> int | None:
        """When the rule last wanted something (ns UTC), whatever became of it."""
        found = self._base.execute("SELECT MAX(at) FROM intents WHERE rule = ?", (rule,)).fetchone()
        return None if found[0] is None else int(found[0])
