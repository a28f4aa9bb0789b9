"""The rows of `isthmus bench engine` that write: three durabilities, recovery, and bare writes of the same bytes."""

from __future__ import annotations

import os
import shutil
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from isthmus import _core
from isthmus.app.bench_report import GOALS, Probe, Rates, Row, percentiles
from isthmus.app.bench_rows import BATCH, all_cores, submit_all, timed, timed_on_all_cores
from isthmus.app.bench_workload import Workload, fresh_engine

SEGMENT_HEADER_BYTES = 64
SLICE = 100
"""Batches that are written before the probe writes the same ones: engine and probe see the same minute of the disk."""
SINGLES = 200
"""Flushes of single commands."""
RECORD, GROUP = b"IsR1", b"IsG1"
RECOVERY_ONE_CORE = 2_000_000.0
"""Records a second of the processor time of both threads."""


class Disk:
    """Rounds of the durable rows and of recovery, in a folder of its own."""

    def __init__(self, workload: Workload, folder: Path) -> None:
        self.workload = workload
        self.folder = folder
        count = len(workload.rows)
        self.rates = {name: Rates(count) for name in ("never", "os", "group")}
        self.times: dict[str, list[int]] = {name: [] for name in self.rates}
        self.probes = {name: Rates(count) for name in ("write", "write_fdatasync")}
        self.recovery = Rates(count + len(workload.setup))
        self.batches: list[bytes] = []
        self.heads: set[str] = set()
        self.bytes_per_record = 0.0

    def round(self) -> None:
        """Every row and every probe once."""
        for durability in ("never", "os"):
            with self._engine(durability) as (engine, path):
                act = partial(submit_all, engine, self.workload, self.times[durability])
                self.rates[durability].add(*timed_on_all_cores(act))
                self.heads.add(engine.state_hash())
                engine.close()
                self.batches = self.batches or self._written(path)
                if durability == "os":
                    self._recover(path)
        self.probes["write"].add(*timed(lambda: self._write_plainly(flush=False)))
        self._group_round()

    @contextmanager
    def _engine(self, durability: str) -> Iterator[tuple[Any, Path]]:
        path = self.folder / durability
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        try:
            yield fresh_engine(self.workload, str(path), durability), path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def _written(self, path: Path) -> list[bytes]:
        """The journal's frames, cut into what each batch wrote (the setup's before it left out)."""
        whole, ends = bytearray(), [0]
        for segment in sorted((path / "journal").glob("*.seg")):
            raw = segment.read_bytes()
            at = SEGMENT_HEADER_BYTES
            while raw[at : at + 4] in (RECORD, GROUP):
                length = struct.unpack_from("<I", raw, at + 4)[0]
                whole += raw[at : at + length]
                ends.append(len(whole))
                at += length
        self.bytes_per_record = len(whole) / (len(ends) - 1)
        cuts = [*ends[len(self.workload.setup) : -1 : BATCH], ends[-1]]
        return [bytes(whole[start:end]) for start, end in zip(cuts, cuts[1:], strict=False)]

    def _recover(self, path: Path) -> None:
        """Opens the folder without its snapshot: every record is read, checked, run again and compared."""
        shutil.rmtree(path / "snapshots", ignore_errors=True)
        opened: list[Any] = []
        self.recovery.add(*timed_on_all_cores(lambda: opened.append(_core.Engine(str(path), "never"))))
        self.heads.add(opened[0].state_hash())

    def _write_plainly(self, flush: bool) -> None:
        with self._plain_file() as file:
            for batch in self.batches:
                os.write(file, batch)
                if flush:
                    os.fdatasync(file)

    @contextmanager
    def _plain_file(self) -> Iterator[int]:
        path = self.folder / "probe"
        file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        try:
            yield file
        finally:
            os.close(file)
            path.unlink()

    def _group_round(self) -> None:
        """Engine and probe take turns, slice by slice."""
        ours, bare = [0.0, 0.0], [0.0, 0.0]
        rows, times = self.workload.rows, self.times["group"]
        with all_cores(), self._engine("group") as (engine, _), self._plain_file() as file:
            for first in range(0, len(self.batches), SLICE):
                part = range(first, min(first + SLICE, len(self.batches)))
                cpu, wall = time.process_time(), time.perf_counter()
                for at in part:
                    started = time.perf_counter_ns()
                    engine.submit_batch(rows[at * BATCH : (at + 1) * BATCH], 1)
                    times.append(time.perf_counter_ns() - started)
                between, passed = time.process_time(), time.perf_counter()
                for at in part:
                    os.write(file, self.batches[at])
                    os.fdatasync(file)
                ours = [ours[0] + between - cpu, ours[1] + passed - wall]
                bare = [bare[0] + time.process_time() - between, bare[1] + time.perf_counter() - passed]
            self.heads.add(engine.state_hash())
        self.rates["group"].add(ours[0], ours[1])
        self.probes["write_fdatasync"].add(bare[0], bare[1])

    def singles(self) -> list[Probe]:
        """One command a flush, beside one write and fdatasync of as many bytes."""
        size = round(self.bytes_per_record)
        ours, bare = 0.0, 0.0
        with self._engine("group") as (engine, _), self._plain_file() as file:
            for at in range(min(SINGLES, len(self.workload.rows))):
                started = time.perf_counter()
                engine.submit_batch(self.workload.rows[at : at + 1], 1)
                between = time.perf_counter()
                os.write(file, bytes(size))
                os.fdatasync(file)
                ours, bare = ours + between - started, bare + time.perf_counter() - between
        done = min(SINGLES, len(self.workload.rows))
        return [Probe("durable_group_single", round(done / ours, 1)), Probe("fdatasync_single", round(done / bare, 1))]

    @property
    def share(self) -> float:
        """Engine under `group` over the bare write and fdatasync of the same bytes."""
        return self.rates["group"].wall_rate / self.probes["write_fdatasync"].wall_rate

    def rows(self, right: bool) -> list[Row]:
        """The rows of the three durabilities and of recovery; all must have come to the same state."""
        right = right and len(self.heads) == 1
        rows = []
        for name, rates in self.rates.items():
            row = rates.row(
                f"durable_{name}", "wall", right, durability=name, batch=BATCH, **percentiles(self.times[name])
            )
            row.reason = f"on two cores; {rates.cpu_rate:,.0f} by the processor time of both threads"
            rows.append(row)
        group = rows[-1]
        group.ok = right and self.share >= GOALS["durable_group"]
        group.goal = round(GOALS["durable_group"] * self.probes["write_fdatasync"].wall_rate, 1)
        group.reason = f"{self.share:.2f} of the bare write and fdatasync"
        return [*rows, self._recovery_row(right)]

    def _recovery_row(self, right: bool) -> Row:
        """Two threads share the work; for one core the processor time of both together counts."""
        row = self.recovery.row("recovery", "wall", right, unit="records/s", durability="os")
        row.ok = row.ok and self.recovery.cpu_rate >= RECOVERY_ONE_CORE
        row.reason = f"on the wall with two threads; {self.recovery.cpu_rate:,.0f} on one core, by their processor time"
        return row

    def found(self) -> list[Probe]:
        """The bare writes, the share of `group` in them, and what a record takes on disk."""
        return [
            Probe("write", round(self.probes["write"].wall_rate, 1), "records/s"),
            Probe("write_fdatasync", round(self.probes["write_fdatasync"].wall_rate, 1), "records/s"),
            Probe("group_to_write_fdatasync", round(self.share, 3), "ratio"),
            Probe("bytes_per_record", round(self.bytes_per_record, 1), "bytes"),
        ]
