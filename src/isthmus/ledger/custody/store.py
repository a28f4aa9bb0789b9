"""What the journal does not know, in one SQLite file of mode 0600: requests and who approved them, instructions and
whether they may have left, what banks told, since when books and bank differ, the daily records.

Every change is on disk when the call returns (synchronous = FULL): an instruction is written before it leaves, so that
after kill -9 or power loss it is sent again under the same message id, and never a second time under another.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from isthmus.kernel.errors import Damaged
from isthmus.ledger.custody.ageing import OpenBreak
from isthmus.ledger.custody.sequence import Before
from isthmus.ledger.custody.values import Break, Line, Statement
from isthmus.ledger.custody.withdrawals import Withdrawal

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS withdrawals (number INTEGER PRIMARY KEY, account INTEGER NOT NULL, client_id TEXT NOT NULL,
  state TEXT NOT NULL, closed INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS withdrawals_open ON withdrawals (number) WHERE NOT closed;
CREATE INDEX IF NOT EXISTS withdrawals_by_account ON withdrawals (account, number);
CREATE UNIQUE INDEX IF NOT EXISTS withdrawals_by_client_id ON withdrawals (account, client_id) WHERE client_id != '';
CREATE TABLE IF NOT EXISTS moves (number INTEGER PRIMARY KEY, state TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS payments (message TEXT PRIMARY KEY, bank TEXT NOT NULL, reference TEXT NOT NULL,
  state TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS statements (number INTEGER PRIMARY KEY, bank TEXT NOT NULL, account TEXT NOT NULL,
  sequence INTEGER, digest TEXT NOT NULL, final INTEGER NOT NULL, taken INTEGER NOT NULL, arrived INTEGER NOT NULL,
  day INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS statements_by_account ON statements (bank, account, sequence);
CREATE INDEX IF NOT EXISTS statements_by_digest ON statements (bank, digest);
CREATE TABLE IF NOT EXISTS lines (bank TEXT NOT NULL, account TEXT NOT NULL, key TEXT NOT NULL, final INTEGER NOT NULL,
  matched INTEGER, assigned INTEGER, closed INTEGER NOT NULL DEFAULT 0, arrived INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (bank, account, key));
CREATE INDEX IF NOT EXISTS lines_open ON lines (bank) WHERE NOT closed;
CREATE INDEX IF NOT EXISTS lines_unmatched ON lines (bank, account) WHERE final AND matched IS NULL;
CREATE TABLE IF NOT EXISTS breaks (number INTEGER PRIMARY KEY, key TEXT NOT NULL, since INTEGER NOT NULL,
  ended INTEGER, ended_by TEXT, why TEXT, body BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS breaks_open ON breaks (key) WHERE ended IS NULL;
CREATE TABLE IF NOT EXISTS records (number INTEGER PRIMARY KEY, day TEXT NOT NULL, hash TEXT NOT NULL,
  body BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS records_stay BEFORE UPDATE ON records BEGIN SELECT RAISE(ABORT, 'records stay'); END;
CREATE TRIGGER IF NOT EXISTS records_kept BEFORE DELETE ON records BEGIN SELECT RAISE(ABORT, 'records stay'); END;
"""
BUSY_TIMEOUT_S = 5

PaymentState = Literal["made", "sending", "given", "answered", "dropped"]
"""made: has not left. sending: may have left. given: the bank has it. answered: it said what became of it. dropped: it
never left, and another took its place.
"""


class Instruction(Struct, frozen=True, kw_only=True):
    """A payment as the bank is told it; `message`: its message id, `created`: RFC 3339, `day`: of execution."""

    message: str
    bank: str
    reference: str
    debtor_account: str
    creditor_name: str
    creditor_account: str
    creditor_bank: str
    amount: int
    currency: str
    created: str
    day: str
    remittance: str = ""


class OwnMove(Struct, frozen=True, kw_only=True):
    """Money between two of our accounts: proposed, approved by one, released by another, sent, left, arrived."""

    number: int
    purpose: str
    source: str
    target: str
    currency: str
    amount: int
    state: str = "proposed"
    proposed_by: str = ""
    approved_by: str | None = None
    released_by: str | None = None
    left: bool = False
    arrived: bool = False
    why: str | None = None

    @property
    def reference(self) -> str:
        """What the banks tell back."""
        return f"MV-{self.number}"


class KeptLine(Struct, frozen=True):
    """A line with what is known of it. `final`: a final statement told it; `matched`: the record of the entry that it
    is; `assigned`: the client's account that an operator gave it to.
    """

    bank: str
    account: str
    line: Line
    final: bool
    matched: int | None
    assigned: int | None
    arrived: int


class Store:
    """One connection, used on one thread."""

    def __init__(self, path: Path, instance: str) -> None:
        """`instance`: part of message ids, kept from the first opening on. Raises Damaged."""
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
        self._base = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            self._base.executescript(SCHEMA)
        except sqlite3.DatabaseError as error:
            raise Damaged(f"{path}: {error}") from error
        self._base.execute("INSERT OR IGNORE INTO facts VALUES ('instance', ?)", (instance,))
        self.instance = str(self._base.execute("SELECT value FROM facts WHERE name = 'instance'").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """All changes inside, or none."""
        if self._base.in_transaction:
            yield
            return
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    # Withdrawals and own moves.

    def add_withdrawal(self, asked: Withdrawal) -> Withdrawal:
        """With its number."""
        with self.together():
            row = (asked.account, asked.client_id, asked.state, b"")
            number = self._base.execute(
                "INSERT INTO withdrawals (account, client_id, state, body) VALUES (?, ?, ?, ?)", row
            ).lastrowid
            made = msgspec.structs.replace(asked, number=number)
            self.keep_withdrawal(made)
        return made

    def keep_withdrawal(self, one: Withdrawal) -> None:
        """As it is now."""
        self._base.execute(
            "UPDATE withdrawals SET state = ?, body = ? WHERE number = ?",
            (one.state, msgspec.json.encode(one), one.number),
        )

    def withdrawal(self, number: int) -> Withdrawal | None:
        """By number."""
        return next(iter(self._withdrawals("number = ?", (number,))), None)

    def withdrawal_of(self, account: int, client_id: str) -> Withdrawal | None:
        """By the client's own id; None for no id."""
        return next(
            iter(self._withdrawals("account = ? AND client_id = ? AND client_id != ''", (account, client_id))), None
        )

    def open_withdrawals(self) -> list[Withdrawal]:
        """Those that may still make something happen, newest first."""
        return self._withdrawals("NOT closed", ())

    def close_withdrawals(self, numbers: Iterable[int]) -> None:
        """All that they make happen is done and durable."""
        self._base.executemany("UPDATE withdrawals SET closed = 1 WHERE number = ?", [(one,) for one in numbers])

    def withdrawals_of_day(self, account: int, since: int) -> list[Withdrawal]:
        """Of an account, requested from `since` (ns UTC) on."""
        found = self._withdrawals("account = ?", (account,), "LIMIT 1000")
        return [one for one in found if one.requested_at >= since]

    def withdrawals(self, account: int | None = None) -> list[Withdrawal]:
        """Newest first."""
        return self._withdrawals("account = ?", (account,)) if account is not None else self._withdrawals("1", ())

    def _withdrawals(self, where: str, values: tuple[Any, ...], most: str = "") -> list[Withdrawal]:
        asked = f"SELECT body FROM withdrawals WHERE {where} ORDER BY number DESC {most}"  # noqa: S608 (own words only)
        rows = self._base.execute(asked, values)
        return [msgspec.json.decode(body, type=Withdrawal) for (body,) in rows]

    def add_move(self, asked: OwnMove) -> OwnMove:
        """With its number."""
        with self.together():
            number = self._base.execute("INSERT INTO moves (state, body) VALUES (?, ?)", (asked.state, b"")).lastrowid
            made = msgspec.structs.replace(asked, number=number)
            self.keep_move(made)
        return made

    def keep_move(self, one: OwnMove) -> None:
        """As it is now."""
        self._base.execute(
            "UPDATE moves SET state = ?, body = ? WHERE number = ?", (one.state, msgspec.json.encode(one), one.number)
        )

    def moves(self) -> list[OwnMove]:
        """Newest first."""
        rows = self._base.execute("SELECT body FROM moves ORDER BY number DESC")
        return [msgspec.json.decode(body, type=OwnMove) for (body,) in rows]

    def move(self, number: int) -> OwnMove | None:
        """By number."""
        row = self._base.execute("SELECT body FROM moves WHERE number = ?", (number,)).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=OwnMove)

    # Instructions to banks.

    def add_payment(self, one: Instruction) -> None:
        """Not sent yet; nothing where its message id is known."""
        row = (one.message, one.bank, one.reference, "made", msgspec.json.encode(one))
        self._base.execute("INSERT OR IGNORE INTO payments VALUES (?, ?, ?, ?, ?)", row)

    def set_payment(self, message: str, state: PaymentState) -> None:
        """What became of it."""
        self._base.execute("UPDATE payments SET state = ? WHERE message = ?", (state, message))

    def payments(self, *states: PaymentState) -> list[tuple[Instruction, PaymentState]]:
        """In the order in which they were made."""
        marks = ", ".join("?" * len(states))
        rows = self._base.execute(
            f"SELECT body, state FROM payments WHERE state IN ({marks}) ORDER BY rowid",  # noqa: S608 (marks only)
            states,
        )
        return [(msgspec.json.decode(body, type=Instruction), state) for body, state in rows]

    def payment(self, message: str) -> tuple[Instruction, PaymentState] | None:
        """By message id."""
        row = self._base.execute("SELECT body, state FROM payments WHERE message = ?", (message,)).fetchone()
        return None if row is None else (msgspec.json.decode(row[0], type=Instruction), row[1])

    # What banks told.

    def add_statement(self, one: Statement, taken: bool, at: int) -> None:
        """Whether its lines count or not."""
        body, day = msgspec.json.encode(one), one.day.toordinal()
        row = (one.bank, one.account, one.number, one.digest, one.final, taken, at, day, body)
        self._base.execute(
            "INSERT INTO statements (bank, account, sequence, digest, final, taken, arrived, day, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )

    def newest(self, bank: str, account: str) -> tuple[int, int] | None:
        """When the last final statement that was taken came (ns UTC), and the last day (ordinal) that one told."""
        row = self._base.execute(
            "SELECT MAX(arrived), MAX(day) FROM statements WHERE bank = ? AND account = ? AND final AND taken",
            (bank, account),
        ).fetchone()
        return None if row[0] is None else (row[0], row[1])

    def numbers(self, bank: str, account: str) -> dict[int, str]:
        """Numbers of the final statements that were taken, with their days."""
        rows = self._base.execute(
            "SELECT sequence, day FROM statements WHERE bank = ? AND account = ? AND final AND taken"
            " AND sequence IS NOT NULL",
            (bank, account),
        )
        return {number: date.fromordinal(day).isoformat() for number, day in rows}

    def closing(self, bank: str, account: str) -> Statement | None:
        """The last final statement of an account that tells a closing balance, by its number, else by its day."""
        row = self._base.execute(
            "SELECT body FROM statements WHERE bank = ? AND account = ? AND final AND taken"
            " ORDER BY sequence DESC, day DESC, number DESC LIMIT 1",
            (bank, account),
        ).fetchone()
        found = None if row is None else msgspec.json.decode(row[0], type=Statement)
        return None if found is None or found.closing is None else found

    def count(self, bank: str) -> int:
        """Final statements of a bank that were taken."""
        asked = "SELECT COUNT(*) FROM statements WHERE bank = ? AND final AND taken"
        return int(self._base.execute(asked, (bank,)).fetchone()[0])

    def began(self) -> int | None:
        """When the first final statement came."""
        row = self._base.execute("SELECT MIN(arrived) FROM statements WHERE final").fetchone()
        return None if row[0] is None else int(row[0])

    def statements(self, since: int = 0) -> list[tuple[Statement, bool, int]]:
        """(statement, whether it was taken, when it came), oldest first; all that came from `since` on."""
        rows = self._base.execute(
            "SELECT body, taken, arrived FROM statements WHERE final AND arrived >= ? ORDER BY number", (since,)
        )
        return [(msgspec.json.decode(body, type=Statement), bool(taken), at) for body, taken, at in rows]

    def before(self, bank: str, account: str) -> list[Before]:
        """The final statements of an account that were taken, in the order they came."""
        rows = self._base.execute(
            "SELECT body, number FROM statements WHERE bank = ? AND account = ? AND final AND taken ORDER BY number",
            (bank, account),
        )
        found = []
        for body, order in rows:
            one = msgspec.json.decode(body, type=Statement)
            found.append(Before(one.number, one.digest, one.opening, one.closing, order))
        return found

    def seen_report(self, bank: str, digest: str) -> bool:
        """Whether a report or notice within the day came before."""
        row = self._base.execute(
            "SELECT 1 FROM statements WHERE bank = ? AND digest = ? AND NOT final", (bank, digest)
        ).fetchone()
        return row is not None

    def keep_line(self, bank: str, account: str, line: Line, final: bool, at: int) -> None:
        """A line as told last; what a final statement told stays, and so does what was matched."""
        self._base.execute(
            "INSERT INTO lines (bank, account, key, final, arrived, body) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (bank, account, key) DO UPDATE SET final = 1, body = excluded.body"
            " WHERE excluded.final AND NOT lines.final",
            (bank, account, line.key, final, at, msgspec.json.encode(line)),
        )

    def lines(self) -> list[KeptLine]:
        """All, in the order they came."""
        return self._lines("", ())

    def open_lines(self) -> list[KeptLine]:
        """Those that may still make something happen."""
        return self._lines("WHERE NOT closed", ())

    def unmatched(self, bank: str, account: str) -> list[KeptLine]:
        """Lines of final statements that are no entry of the books yet."""
        return self._lines("WHERE final AND matched IS NULL AND bank = ? AND account = ?", (bank, account))

    def matched(self) -> set[tuple[int, str, str]]:
        """(record, bank, account) of entries that lines are."""
        return set(self._base.execute("SELECT matched, bank, account FROM lines WHERE matched IS NOT NULL"))

    def close_lines(self, keys: Iterable[tuple[str, str, str]]) -> None:
        """(bank, account, key): all that they make happen is done and durable."""
        self._base.executemany("UPDATE lines SET closed = 1 WHERE bank = ? AND account = ? AND key = ?", list(keys))

    def _lines(self, where: str, values: tuple[Any, ...]) -> list[KeptLine]:
        rows = self._base.execute(
            f"SELECT bank, account, body, final, matched, assigned, arrived FROM lines {where} ORDER BY rowid",  # noqa: S608 (own words only)
            values,
        )
        return [
            KeptLine(row[0], row[1], msgspec.json.decode(row[2], type=Line), bool(row[3]), row[4], row[5], row[6])
            for row in rows
        ]

    def set_matched(self, bank: str, account: str, key: str, sequence: int) -> None:
        """The line is this record's entry."""
        self._base.execute(
            "UPDATE lines SET matched = ? WHERE bank = ? AND account = ? AND key = ?", (sequence, bank, account, key)
        )

    def assign(self, bank: str, account: str, key: str, to: int) -> None:
        """Money in suspense is this client's."""
        self._base.execute(
            "UPDATE lines SET assigned = ? WHERE bank = ? AND account = ? AND key = ? AND assigned IS NULL",
            (to, bank, account, key),
        )

    # Breaks and records.

    def open_break(self, found: Break, at: int) -> None:
        """A break that is open already keeps its age; its words become those of now."""
        body = msgspec.json.encode(found)
        self._base.execute(
            "INSERT INTO breaks (key, since, body) VALUES (?, ?, ?) ON CONFLICT (key) WHERE ended IS NULL"
            " DO UPDATE SET body = excluded.body",
            (found.key, at, body),
        )

    def end_break(self, key: str, at: int, by: str, why: str) -> bool:
        """Whether it was open."""
        done = self._base.execute(
            "UPDATE breaks SET ended = ?, ended_by = ?, why = ? WHERE key = ? AND ended IS NULL", (at, by, why, key)
        )
        return done.rowcount == 1

    def was_ended_by_person(self, key: str) -> bool:
        """Whether an operator settled the same break before: it is not opened again."""
        row = self._base.execute(
            "SELECT 1 FROM breaks WHERE key = ? AND ended IS NOT NULL AND ended_by != ''", (key,)
        ).fetchone()
        return row is not None

    def breaks(self) -> list[OpenBreak]:
        """Open ones, oldest first."""
        rows = self._base.execute("SELECT body, since FROM breaks WHERE ended IS NULL ORDER BY since, number")
        return [OpenBreak(msgspec.json.decode(body, type=Break), since) for body, since in rows]

    def add_record(self, day: str, digest: str, body: bytes) -> int:
        """The number of a daily record; it stays as it is for ever."""
        made = self._base.execute(
            "INSERT INTO records (day, hash, body) VALUES (?, ?, ?)", (day, digest, body)
        ).lastrowid
        assert made is not None
        return made

    def records(self) -> list[tuple[int, str, str, bytes]]:
        """(number, day, hash, JSON form), oldest first."""
        return [tuple(row) for row in self._base.execute("SELECT number, day, hash, body FROM records ORDER BY number")]
