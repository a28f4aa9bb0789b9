"""DATA/settlement/settlement.sqlite: obligations, cycles, nets, fails and corporate actions as tables for whoever asks.

It is made anew from the journal at every start; while the server runs, what changed is written at each look. Nothing is
read from it by the desk, so that a file that is lost or wrong costs a start and nothing else.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from isthmus.clearing.book import Cycle, Open, fail_of
from isthmus.clearing.netting import Net
from isthmus.kernel.errors import BadInput

FOLDER, NAME = "settlement", "settlement.sqlite"
_TABLES = """
create table obligations(
    trade text primary key, instrument integer, traded_on text, due text, how text, buyer integer, seller integer,
    base integer, quote integer, quantity integer, buyer_pays integer, seller_gets integer, settled integer, state text,
    failing integer, reason text
) without rowid;
create table cycles(
    day text primary key, due integer, done integer, legs integer, gross text, netted text, holds integer
) without rowid;
create table nets(
    day text, due text, asset integer, participant integer, amount text, gross text, legs integer,
    primary key(day, due, asset, participant)
) without rowid;
create table notes(place integer primary key, record integer, kind text, subject text, text text);
"""


class ClearingStore:
    """In memory until it is opened in a folder: a standby that only reads along writes no file."""

    def __init__(self) -> None:
        self._base = sqlite3.connect(":memory:")
        self._base.executescript(_TABLES)
        self._changed: dict[str, tuple[object, ...]] = {}

    def open(self, data: Path | None) -> None:
        """From now on the tables are in the folder's file; None leaves them in memory. Raises BadInput."""
        if data is None:
            return
        folder = data / FOLDER
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for suffix in ("", "-wal", "-shm"):
                (folder / f"{NAME}{suffix}").unlink(missing_ok=True)
            base = sqlite3.connect(folder / NAME)
            base.execute("pragma journal_mode = wal")
            base.execute("pragma synchronous = off")  # the journal is what counts
            self.flush()
            self._base.backup(base)
        except (OSError, sqlite3.Error) as error:
            raise BadInput("data", f"{folder / NAME}: {error}") from error
        self._base.close()
        self._base = base

    def obligation(self, row: Open) -> None:
        """A trade came or changed; written at the next `flush`."""
        trade = row.trade
        reason, failing = "", None
        if row.lacks is not None or row.reported:
            fail = fail_of(row)
            reason, failing = fail.reason, fail.failing
        self._changed[row.reference] = (
            row.reference, trade.instrument, str(trade.traded_on), str(row.due), row.how, trade.buyer, trade.seller,
            trade.base, trade.quote, trade.quantity, trade.buyer_pays, trade.seller_gets, row.settled, row.state,
            failing, reason,
        )  # fmt: skip

    def cycle(self, cycle: Cycle) -> None:
        """A day's cycle with its nets and their proof."""
        proof = cycle.proof
        row = (
            str(cycle.day), cycle.due, len(cycle.done), proof.legs, str(proof.gross), str(proof.netted),
            int(proof.holds),
        )  # fmt: skip
        self._base.execute("insert or replace into cycles values(?,?,?,?,?,?,?)", row)
        self._base.executemany(
            "insert or replace into nets values(?,?,?,?,?,?,?)", [_net(cycle, one) for one in cycle.nets]
        )

    def note(self, record: int, kind: str, subject: str, text: str = "") -> None:
        """Something happened that is no state: a penalty, a buy-in, a refusal."""
        self._base.execute(
            "insert into notes(record, kind, subject, text) values(?,?,?,?)", (record, kind, subject, text)
        )

    def flush(self) -> None:
        """Writes what changed."""
        if self._changed:
            self._base.executemany(
                f"insert or replace into obligations values({','.join('?' * 16)})", self._changed.values()
            )
            self._changed.clear()
        self._base.commit()

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Of a query of ours, after what changed is written."""
        self.flush()
        return list(self._base.execute(query, values))

    def close(self) -> None:
        """Writes and lets go."""
        self.flush()
        self._base.close()


def _net(cycle: Cycle, one: Net) -> tuple[object, ...]:
    return str(cycle.day), str(one.due), one.asset, one.participant, str(one.amount), str(one.gross), one.count
