"""`isthmus bench journal`: durable 300-byte records, in batches of 1,000 and one by one, beside stores and bare writes.

Everybody takes turns within a slice of a second or so, since the speed of a disk changes by the minute; sums over all
slices of a round are compared, and the median round speaks. All figures are on the wall: they wait for the disk.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from isthmus import _core
from isthmus.app.bench_report import Peer, Probe, Row, file_system, machine, percentiles, print_table
from isthmus.app.output import EXIT_OK, note, print_json

ROUNDS, SLICES = 5, 4
BATCHES, BATCH = 25, 1_000
"""In a slice."""
SINGLES = 50
"""In a slice."""
RECORD_BYTES = 300
MAP_BYTES = 8 << 30
"""Of LMDB's address space; its file is only as long as it is filled."""
GOALS = {"rocksdict": 1.0, "lmdb": 0.8, "fdatasync_single": 0.85}
"""Ours over theirs at least: batches over the peers', single events over the bare flush."""
IN_MEMORY = ("tmpfs", "ramfs")


class Subject(Protocol):
    """Something that makes records durable."""

    def append(self, records: list[bytes], /) -> Any:
        """All of them are on the medium when it returns."""


class RocksDb:
    """The rocksdict wheel: one synced write batch an append, as its documentation has it."""

    def __init__(self, folder: Path) -> None:
        rocksdict = importlib.import_module("rocksdict")
        self._batch = rocksdict.WriteBatch
        self._store = rocksdict.Rdict(str(folder / "rocksdb"), rocksdict.Options(raw_mode=True))
        self._options = rocksdict.WriteOptions()
        self._options.sync = True
        self._next = 0

    def append(self, records: list[bytes]) -> None:
        """One batch."""
        batch = self._batch(raw_mode=True)
        for number, record in enumerate(records, self._next):
            batch.put(number.to_bytes(8, "big"), record)
        self._store.write(batch, self._options)
        self._next += len(records)

    def count(self) -> int:
        """Records that are there."""
        return len(list(self._store.keys()))


class Lmdb:
    """The lmdb wheel: one transaction an append, keys in order."""

    def __init__(self, folder: Path) -> None:
        lmdb = importlib.import_module("lmdb")
        self._store = lmdb.open(str(folder / "lmdb"), map_size=MAP_BYTES)
        self._next = 0

    def append(self, records: list[bytes]) -> None:
        """One transaction."""
        with self._store.begin(write=True) as transaction:
            for number, record in enumerate(records, self._next):
                transaction.put(number.to_bytes(8, "big"), record, append=True)
        self._next += len(records)

    def count(self) -> int:
        """Records that are there."""
        return int(self._store.stat()["entries"])


class Bare:
    """Write and fdatasync of as many bytes as the journal writes for the records."""

    def __init__(self, folder: Path, bytes_each: int) -> None:
        self._file = os.open(folder / "bare", os.O_CREAT | os.O_WRONLY, 0o600)
        self._bytes_each = bytes_each
        self._pattern = bytes(range(1, 252))

    def append(self, records: list[bytes]) -> None:
        """One write, one flush."""
        wanted = self._bytes_each * len(records)
        whole = self._pattern * (wanted // len(self._pattern) + 1)
        os.write(self._file, whole[:wanted])
        os.fdatasync(self._file)


class Times:
    """Seconds of one subject, by round; and of each append in ns."""

    def __init__(self) -> None:
        self.rounds: list[float] = []
        self.each_ns: list[int] = []

    def rate(self, records: int) -> float:
        """Records a second of the median round."""
        return records / statistics.median(self.rounds)


PEERS: dict[str, Callable[[Path], Any]] = {"rocksdict": RocksDb, "lmdb": Lmdb}


def journal(arguments: argparse.Namespace) -> int:
    """Measures and prints all rows; exit 0 when it ran."""
    usual = Path(tempfile.gettempdir())
    place = str(Path.cwd()) if file_system(usual) in IN_MEMORY else None
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-", dir=place) as name:
        report = measured(Path(name))
    if arguments.json:
        print_json(report)
    else:
        print_table(report)
    return EXIT_OK


def measured(folder: Path, rounds: int = ROUNDS, slices: int = SLICES, batches: int = BATCHES) -> dict[str, Any]:
    """The report."""
    facts = machine(folder)
    peers, missing = _peers(folder)
    ours = _core.JournalTrial(str(folder / "journal"))
    bytes_each = _frame_bytes(folder)
    subjects: dict[str, Subject] = {"journal": ours, "write_fdatasync": Bare(folder, bytes_each), **peers}
    batched = {name: Times() for name in subjects}
    single = {name: Times() for name in ("journal", "write_fdatasync")}
    records = [os.urandom(RECORD_BYTES) for _ in range(BATCH)]
    for number in range(rounds):
        note(f"isthmus: round {number + 1} of {rounds}")
        for times in (*batched.values(), *single.values()):
            times.rounds.append(0.0)
        for _ in range(slices):
            for name, times in _turns(batched, number):
                _run(subjects[name], [records] * batches, times)
            for name, times in _turns(single, number):
                _run(subjects[name], [records[:1]] * SINGLES, times)
    ours.close()
    written = rounds * slices * (batches * BATCH)
    right = _is_whole(folder, written + rounds * slices * SINGLES)
    facts["load_after"] = round(os.getloadavg()[0], 2)
    of_round = slices * batches * BATCH
    return {
        "machine": facts,
        "workload": {"record_bytes": RECORD_BYTES, "batch": BATCH, "records": written, "frame_bytes": bytes_each},
        "rows": _rows(batched, single, (of_round, slices * SINGLES), right),
        "peers": [*(_peer(name, peers[name], batched, of_round, written) for name in peers), *missing],
        "probes": [
            Probe("write_fdatasync", round(batched["write_fdatasync"].rate(of_round), 1), "records/s"),
            Probe("fdatasync_single", round(single["write_fdatasync"].rate(slices * SINGLES), 1), "events/s"),
        ],
    }


def _turns(times: dict[str, Times], number: int) -> Iterator[tuple[str, Times]]:
    """In alternating order, so that nobody always comes after the same one."""
    names = list(times)
    for name in names if number % 2 == 0 else reversed(names):
        yield name, times[name]


def _run(subject: Subject, appends: list[list[bytes]], times: Times) -> None:
    clock, append = time.perf_counter_ns, subject.append
    began = clock()
    for records in appends:
        started = clock()
        append(records)
        times.each_ns.append(clock() - started)
    times.rounds[-1] += (clock() - began) / 1e9


def _peers(folder: Path) -> tuple[dict[str, Any], list[Peer]]:
    found, missing = {}, []
    for name, make in PEERS.items():
        try:
            found[name] = make(folder)
        except ModuleNotFoundError:
            missing.append(Peer(name=name, row="journal_batch", reason=f"not installed: pip install {name}"))
    return found, missing


def _frame_bytes(folder: Path) -> int:
    """What a record of RECORD_BYTES takes in the journal."""
    sample = folder / "sample"
    trial = _core.JournalTrial(str(sample))
    trial.append([bytes(RECORD_BYTES)])
    trial.close()
    segment = next((sample / "journal").glob("*.seg"))
    return segment.stat().st_size - SEGMENT_HEADER_BYTES - SEAL_BYTES


SEGMENT_HEADER_BYTES = SEAL_BYTES = 64


def _is_whole(folder: Path, records: int) -> bool:
    """The chain of what was written holds, and nothing is missing."""
    found = _core.verify(str(folder / "journal"))
    return bool(found["ok"]) and found["records"] == records


def _rows(batched: dict[str, Times], single: dict[str, Times], counts: tuple[int, int], right: bool) -> list[Row]:
    ours, bare = batched["journal"].rate(counts[0]), batched["write_fdatasync"].rate(counts[0])
    one, flush = single["journal"].rate(counts[1]), single["write_fdatasync"].rate(counts[1])
    goal = GOALS["fdatasync_single"]
    return [
        Row(
            name="journal_batch", unit="records/s", value=round(ours, 1), rounds=len(batched["journal"].rounds),
            durability="group", ok=right, clock="wall", wall_value=round(ours, 1), batch=BATCH,
            reason=f"{ours / bare:.2f} of the bare write and fdatasync", **percentiles(batched["journal"].each_ns),
        ),
        Row(
            name="journal_single", unit="events/s", value=round(one, 1), rounds=len(single["journal"].rounds),
            durability="group", ok=right and one >= goal * flush, goal=round(goal * flush, 1), clock="wall",
            wall_value=round(one, 1), batch=1, reason=f"{one / flush:.2f} of the bare write and fdatasync",
            **percentiles(single["journal"].each_ns),
        ),
    ]  # fmt: skip


def _peer(name: str, store: Any, batched: dict[str, Times], of_round: int, written: int) -> Peer:
    theirs, ours = batched[name].rate(of_round), batched["journal"].rate(of_round)
    ratio, goal = ours / theirs, GOALS[name]
    verdict = f"goal {goal}: {'reached' if ratio >= goal else 'MISSED'}"
    right = store.count() == written
    return Peer(
        name=name, version=_version(name), row="journal_batch", value=round(theirs, 1), ratio=round(ratio, 2),
        status="ok" if right else "wrong", reason=verdict,
    )  # fmt: skip


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
