"""The ledger's rows of `isthmus bench books`: durable moves in batches from numpy rows, beside SQLite and bare writes.

Everybody takes turns within a slice of a second or so, since the speed of a disk changes by the minute; sums over all
slices of a round are compared, and the median round speaks. All figures are on the wall: they wait for the disk.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isthmus import _core
from isthmus.app.bench_report import Peer, Probe, Row
from isthmus.kernel.messages import ACCOUNT_CLIENT, PURPOSE_NUMBERS, AddAsset, Deposit, OpenAccount

ROUNDS, SLICES = 5, 3
ACCOUNTS = 10_000
BATCH = 8_190
"""Moves of a batch: as many as fit in TigerBeetle's message."""
BATCHES = 6
"""In a slice."""
PEER_BATCH, PEER_BATCHES = 1_000, 12
"""Transfers of a transaction of SQLite, and transactions in a slice."""
FUNDS = 10**12
FIRST_ACCOUNT = 16
SEED = 20_261_123
GOALS = {"sqlite": 8.0, "write_fdatasync": 0.35}
"""Ours over theirs at least."""
QUOTED = Peer(
    name="tigerbeetle",
    version="0.17.9",
    row="ledger_group",
    value=577_361.0,
    status="quoted",
    reason="its own benchmark, one replica, batches of 8,189, on another day (2026-11) and disk: 546,154 to 672,314/s",
)

Rows = npt.NDArray[Any]


class Ours:
    """The engine on a journal of durability group."""

    def __init__(self, folder: Path, *, named: bool) -> None:
        self.folder, self.named = folder, named
        self.engine = _core.Engine(str(folder), "group")
        self.engine.submit(AddAsset(code="USD", decimals=2))
        for _ in range(ACCOUNTS):
            account = self.engine.stage(OpenAccount(kind=ACCOUNT_CLIENT)).effects[0].account
            self.engine.stage(Deposit(account=account, asset=1, amount=FUNDS))
        flusher = self.engine.flusher
        assert flusher is not None, "an engine on a folder has one"
        flusher.flush()
        self.began = self.engine.sequence
        self.expected = np.full(ACCOUNTS, FUNDS, np.int64)
        self.refused = 0

    def run(self, rows: Rows) -> None:
        """One batch; it is on the medium when this returns."""
        moved = self.engine.submit_moves(rows, 1)
        self.refused += int(np.count_nonzero(moved.reasons))

    def drawn(self, chance: np.random.Generator) -> Rows:
        """A batch between accounts drawn at random, each move with a client id of its own if they are named."""
        rows = np.zeros(BATCH, _core.MOVE)
        source = chance.integers(0, ACCOUNTS, BATCH)
        target = (source + chance.integers(1, ACCOUNTS, BATCH)) % ACCOUNTS
        amount = chance.integers(1, 1_000, BATCH)
        rows["source"], rows["target"] = source + FIRST_ACCOUNT, target + FIRST_ACCOUNT
        rows["asset"], rows["purpose"], rows["amount"] = 1, PURPOSE_NUMBERS["allocation"], amount
        if self.named:
            rows["client_id"] = np.frombuffer(chance.bytes(16 * BATCH), "V16")
        np.subtract.at(self.expected, source, amount)
        np.add.at(self.expected, target, amount)
        return rows

    def frame_bytes(self) -> float:
        """Bytes of a move in the journal: the difference that one batch makes in the written part of the segments."""
        before = _written(self.folder)
        self.run(self.drawn(np.random.default_rng(SEED + 1)))
        return (_written(self.folder) - before) / BATCH

    def is_right(self, batches: int) -> bool:
        """Nothing was refused, every balance is what the moves come to, and the journal has all of them."""
        balances = [self.engine.balance(FIRST_ACCOUNT + at, 1)[0] for at in range(ACCOUNTS)]
        records = self.engine.sequence - self.began
        head, sequence = self.engine.head, self.engine.sequence
        self.engine.close()
        found = _core.verify(str(self.folder), head.hex(), False, False)
        whole = bool(found["ok"]) and found["records"] == sequence
        return whole and not self.refused and records == batches * BATCH and balances == self.expected.tolist()


class Sqlite:
    """Double entry in SQLite (WAL, synchronous FULL): five statements a transfer, by executemany, rows made before."""

    def __init__(self, folder: Path) -> None:
        self.base = sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)
        self.base.execute("PRAGMA journal_mode = WAL")
        self.base.execute("PRAGMA synchronous = FULL")
        self.base.executescript(
            """
            CREATE TABLE accounts (number INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0));
            CREATE TABLE transfers (client_id BLOB PRIMARY KEY, source INTEGER, target INTEGER, amount INTEGER);
            CREATE TABLE postings (client_id BLOB, account INTEGER, amount INTEGER);
            """
        )
        self.base.execute("BEGIN")
        self.base.executemany("INSERT INTO accounts VALUES (?, ?)", ((at, FUNDS) for at in range(ACCOUNTS)))
        self.base.execute("COMMIT")
        self.count = 0

    def drawn(self, chance: np.random.Generator) -> list[list[tuple[Any, ...]]]:
        """The rows of each of the five statements of one transaction."""
        source = chance.integers(0, ACCOUNTS, PEER_BATCH).tolist()
        target = chance.integers(0, ACCOUNTS, PEER_BATCH).tolist()
        amount = chance.integers(1, 1_000, PEER_BATCH).tolist()
        ids = [chance.bytes(16) for _ in range(PEER_BATCH)]
        return [
            list(zip(ids, source, target, amount, strict=True)),
            [(key, account, -sum_) for key, account, sum_ in zip(ids, source, amount, strict=True)],
            list(zip(ids, target, amount, strict=True)),
            list(zip(amount, source, strict=True)),
            list(zip(amount, target, strict=True)),
        ]

    def run(self, rows: list[list[tuple[Any, ...]]]) -> None:
        """One transaction."""
        base, posting = self.base, "INSERT INTO postings VALUES (?, ?, ?)"
        base.execute("BEGIN")
        base.executemany("INSERT INTO transfers VALUES (?, ?, ?, ?)", rows[0])
        base.executemany(posting, rows[1])
        base.executemany(posting, rows[2])
        base.executemany("UPDATE accounts SET balance = balance - ? WHERE number = ?", rows[3])
        base.executemany("UPDATE accounts SET balance = balance + ? WHERE number = ?", rows[4])
        base.execute("COMMIT")
        self.count += len(rows[0])

    def is_right(self) -> bool:
        """Every transfer is there and money was kept."""
        (kept,) = self.base.execute("SELECT count(*) FROM transfers").fetchone()
        (total,) = self.base.execute("SELECT sum(balance) FROM accounts").fetchone()
        self.base.close()
        return bool(kept == self.count and total == ACCOUNTS * FUNDS)


class Bare:
    """One write and one fdatasync of as many bytes as the journal takes for a batch."""

    def __init__(self, folder: Path, batch_bytes: int) -> None:
        pattern = bytes(range(1, 252))
        self.bytes = (pattern * (batch_bytes // len(pattern) + 1))[:batch_bytes]
        self.file = os.open(folder / "bare", os.O_CREAT | os.O_WRONLY, 0o600)

    def run(self, _: None) -> None:
        """On the medium when this returns."""
        os.write(self.file, self.bytes)
        os.fdatasync(self.file)


class Turns:
    """Seconds of one subject, a sum a round."""

    def __init__(self, run: Callable[[Any], None], draw: Callable[[], Any], batches: int, each: int) -> None:
        self.run, self.draw, self.batches, self.each = run, draw, batches, each
        self.rounds: list[float] = []
        self.cpu: list[float] = []

    def slice(self) -> None:
        """Its batches, made before the clock runs."""
        drawn = [self.draw() for _ in range(self.batches)]
        began, cpu = time.perf_counter(), time.process_time()
        for rows in drawn:
            self.run(rows)
        self.rounds[-1] += time.perf_counter() - began
        self.cpu[-1] += time.process_time() - cpu

    def rate(self, slices: int) -> float:
        """Moves a second of the median round, on the wall."""
        return slices * self.batches * self.each / statistics.median(self.rounds)

    def cpu_rate(self, slices: int) -> float:
        """The same of the processor time of all threads."""
        return slices * self.batches * self.each / max(statistics.median(self.cpu), 1e-9)


def measured(folder: Path, rounds: int = ROUNDS, slices: int = SLICES) -> dict[str, Any]:
    """{"rows", "peers", "probes"} of the ledger."""
    chance = np.random.default_rng(SEED)
    named, plain = Ours(folder / "named", named=True), Ours(folder / "plain", named=False)
    peer, frame_bytes = Sqlite(folder), named.frame_bytes()
    bare = Bare(folder, round(frame_bytes * BATCH))
    subjects = {
        "ledger_group": Turns(named.run, lambda: named.drawn(chance), BATCHES, BATCH),
        "sqlite": Turns(peer.run, lambda: peer.drawn(chance), PEER_BATCHES, PEER_BATCH),
        "write_fdatasync": Turns(bare.run, lambda: None, BATCHES, BATCH),
        "ledger_group_without_ids": Turns(plain.run, lambda: plain.drawn(chance), BATCHES, BATCH),
    }
    for number in range(rounds):
        for turns in subjects.values():
            turns.rounds.append(0.0)
            turns.cpu.append(0.0)
        for _ in range(slices):
            for name in list(subjects) if number % 2 == 0 else reversed(subjects):
                subjects[name].slice()
    rates = {name: turns.rate(slices) for name, turns in subjects.items()}
    cpu = {name: turns.cpu_rate(slices) for name, turns in subjects.items()}
    written = rounds * slices * BATCHES
    right = {"ledger_group": named.is_right(written + 1), "ledger_group_without_ids": plain.is_right(written)}
    return {
        "workload": {
            "accounts": ACCOUNTS,
            "batch": BATCH,
            "moves": written * BATCH,
            "frame_bytes": round(frame_bytes, 1),
        },
        "rows": [_row(name, (rates, cpu), right[name], rounds) for name in right],
        "peers": [_peer(rates, peer.is_right()), QUOTED],
        "probes": [Probe("write_fdatasync", round(rates["write_fdatasync"], 1), "moves/s")],
        "ratios": [_ratio(rates, against) for against in GOALS],
    }


def _row(name: str, rates: tuple[dict[str, float], dict[str, float]], right: bool, rounds: int) -> Row:
    wall, cpu = rates[0][name], rates[1][name]
    reached = all(wall >= goal * rates[0][against] for against, goal in GOALS.items())
    return Row(
        name=name,
        unit="moves/s",
        value=round(wall, 1),
        clock="wall",
        cpu_value=round(cpu, 1),
        wall_value=round(wall, 1),
        rounds=rounds,
        durability="group",
        batch=BATCH,
        ok=right and reached,
        reason=None if right else "a move was refused, a balance differs, or the journal lost a record",
    )


def _peer(rates: dict[str, float], right: bool) -> Peer:
    return Peer(
        name="sqlite",
        version=f"{sqlite3.sqlite_version} WAL FULL, transactions of {PEER_BATCH:,}",
        row="ledger_group",
        value=round(rates["sqlite"], 1),
        ratio=round(rates["ledger_group"] / rates["sqlite"], 2),
        status="ok" if right else "wrong",
    )


def _ratio(rates: dict[str, float], against: str) -> dict[str, Any]:
    """Ours over theirs, in the same minutes."""
    ratio = rates["ledger_group"] / rates[against]
    return {"row": "ledger_group", "over": against, "ratio": round(ratio, 3), "goal": GOALS[against]}


def _written(folder: Path) -> int:
    """Bytes of the frames in the journal's segments, which are made full of zeros."""
    header = 64
    total = 0
    for segment in sorted((folder / "journal").glob("*.seg")):
        total += len(segment.read_bytes().rstrip(b"\0")) - header
    return total
