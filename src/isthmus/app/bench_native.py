"""What `isthmus bench engine` times inside Rust: bench/engine of the repository, built when it is asked for.

Books alone, two yardstick books, the engine's pass, one command's latency, large markets, the purge, and orders over
shared memory. Where the folder or cargo is not here, the rows say so.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from isthmus.app.bench_outside import NOT_HERE, SCRIPTS, last_line
from isthmus.app.bench_report import GOALS, Peer, Probe, Rates, Row

PACKAGES = ("isthmus-bench", "isthmus-port")
BUILD_LIMIT_S = 600
LIMIT_S = 300
TIMED = ("match", "match_1000_books", "gated")
YARDSTICKS = {"plain_map_book": 1.3, "tick_array_book": 0.4}
"""Books of bench/engine and how many times as fast as they `match` is to be."""
LARGE = (1_000, 100_000, 5_000_000)
"""Instruments, accounts, resting orders."""
PURGED = {"purge_1m": (1_000, 10_000, 1_000_000), "purge_5m": (1_000, 10_000, 5_000_000)}
PURGE_ROUNDS = {"purge_1m": 3, "purge_5m": 1}
SHARED_ROUNDS = 3


class Unbuilt(Exception):
    """The part that is timed inside Rust cannot be had; says why."""


def build() -> dict[str, Path]:
    """The commands by name, built if they are not up to date. Raises Unbuilt."""
    if not (SCRIPTS / "engine" / "Cargo.toml").exists():
        raise Unbuilt(NOT_HERE)
    if shutil.which("cargo") is None:
        raise Unbuilt("cargo is not here")
    packages = [word for package in PACKAGES for word in ("--package", package)]
    command = ["cargo", "build", "--release", "--locked", *packages, "--message-format", "json"]
    done = subprocess.run(
        command, cwd=SCRIPTS.parent, capture_output=True, text=True, timeout=BUILD_LIMIT_S, check=False
    )
    if done.returncode:
        raise Unbuilt(last_line(done.stderr))
    made = (json.loads(line).get("executable") for line in done.stdout.splitlines())
    return {Path(path).name: Path(path) for path in made if path}


class Native:
    """Rounds of what is timed inside Rust; `why` says why there are none."""

    def __init__(self, commands: Path, count: int) -> None:
        self.commands = commands
        self.rates = {name: Rates(count) for name in (*TIMED, *YARDSTICKS)}
        self.why: str | None = None
        self.hashes: dict[str, str] = {}
        self._times: dict[str, dict[str, int]] = {}
        self._process: subprocess.Popen[str] | None = None
        self._built: dict[str, Path] = {}
        try:
            self._built = build()
        except (Unbuilt, subprocess.TimeoutExpired) as error:
            self.why = str(error)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The process that answers rounds, while they last."""
        if self.why is not None:
            yield
            return
        with subprocess.Popen(
            [self._built[PACKAGES[0]], "rounds", self.commands],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as self._process:
            self.hashes = self._ask("truth")
            yield
            self._times = {name: self._ask(f"each {name}") for name in ("match", "gated")}
        self._process = None

    def round(self) -> None:
        """Every subject once."""
        if self._process is not None:
            for name, took in self._ask("round").items():
                self.rates[name].add(took["cpu_s"], took["wall_s"])

    def _ask(self, line: str) -> dict[str, Any]:
        assert self._process is not None and self._process.stdin is not None and self._process.stdout is not None
        print(line, file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def right(self, trade_hash: str) -> bool:
        """Do books, yardsticks and engine make these trades, and the many books those of as many arrays?"""
        same = {self.hashes.get(name) for name in ("match", "gated", *YARDSTICKS)}
        return same == {trade_hash} and self.hashes["match_1000_books"] == self.hashes["tick_array_1000_books"]

    def rows(self, right: bool) -> list[Row]:
        """`match`, `match_1000_books` and `gated`."""
        if self.why is not None:
            return [Row(name=name, reason=self.why, goal=GOALS.get(name)) for name in TIMED]
        rows = [self.rates[name].row(name, right=right, **self._each(name)) for name in TIMED]
        ratios = {name: self._ratio(name) for name in YARDSTICKS}
        rows[0].ok = rows[0].ok and all(ratios[name] >= goal for name, goal in YARDSTICKS.items())
        rows[0].reason = ", ".join(
            f"{ratio:.2f} of the {name.replace('_', ' ')} (goal {YARDSTICKS[name]})" for name, ratio in ratios.items()
        )
        return rows

    def _each(self, name: str) -> dict[str, Any]:
        times = self._times.get(name, {})
        return {key: value for key, value in times.items() if key != "max_ns"}

    def _ratio(self, yardstick: str) -> float:
        return self.rates["match"].cpu_rate / self.rates[yardstick].cpu_rate

    def yardsticks(self, right: bool) -> list[Peer]:
        """The two books that `match` is held against."""
        if self.why is not None:
            return [Peer(name=name, row="match", reason=self.why) for name in YARDSTICKS]
        return [
            Peer(
                name=name, row="match", value=round(self.rates[name].cpu_rate, 1), ratio=round(self._ratio(name), 2),
                status="ok" if right else "wrong", reason="in Rust, of this repository",
            )
            for name in YARDSTICKS
        ]  # fmt: skip

    def singles(self, folder: Path) -> tuple[list[Row], list[Probe]]:
        """The rows that are measured once: latency, a large market, the purge."""
        probes: list[Probe] = []
        rows = self._made(
            (partial(self._latency, probes), ("latency",)),
            (partial(self._large, probes), ("large_market", "large_market_bytes")),
            *((partial(self._purge, name, folder), (name,)) for name in PURGED),
        )
        return rows, probes

    def on_two_cores(self, folder: Path, trade_hash: str) -> tuple[list[Row], list[Probe]]:
        """The row `shared_memory`; the process that asks must be free to use two cores."""
        probes: list[Probe] = []
        return self._made((partial(self._shared_memory, folder, trade_hash, probes), ("shared_memory",))), probes

    def _made(self, *makers: tuple[Callable[[], list[Row]], tuple[str, ...]]) -> list[Row]:
        """What each makes, or rows of its names that say why there is nothing."""
        rows: list[Row] = []
        for make, names in makers:
            try:
                rows += make()
            except (Unbuilt, subprocess.TimeoutExpired) as error:
                rows += [Row(name=name, unit=UNITS[name], goal=GOALS[name], reason=str(error)) for name in names]
        return rows

    def _run(self, *words: str) -> dict[str, Any]:
        if self.why is not None:
            raise Unbuilt(self.why)
        done = subprocess.run(
            [self._built[PACKAGES[0]], *words], capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
        if done.returncode:
            raise Unbuilt(last_line(done.stderr))
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def _latency(self, probes: list[Probe]) -> list[Row]:
        """The best of the runs by p99, and what the same loop shows around nothing and around an even engine."""
        found = self._run("latency", str(self.commands))
        best, empty, even = (min(found[name], key=lambda run: run["p99_ns"]) for name in ("runs", "empty", "even"))
        figures = ("p50_ns", "p99_ns", "p999_ns", "max_ns")
        probes += [Probe(f"empty_loop_{name}", empty[name], "ns") for name in figures]
        probes += [Probe(f"even_loop_{name}", even[name], "ns") for name in figures]
        reason = f"p99; max {best['max_ns']} ns; one arrival every {found['interval_ns']} ns; p99 of an empty loop "
        reason += f"{empty['p99_ns']} ns, of an engine that takes half of that for each {even['p99_ns']} ns"
        row = Row(name="latency", value=best["p99_ns"], clock="wall", rounds=len(found["runs"]), **best)
        return [_reached(row, reason)]

    def _large(self, probes: list[Probe]) -> list[Row]:
        """How many times what a command costs on a small market, and the bytes of a resting order."""
        found = self._run("scale", *map(str, LARGE))
        small, large = (sorted(found[name])[len(found[name]) // 2] for name in ("small_ns", "large_ns"))
        probes += [Probe("small_market_command", small, "ns"), Probe("large_market_command", large, "ns")]
        size = f"{LARGE[0]:,} instruments, {LARGE[1]:,} accounts, {found['resting']:,} resting orders"
        cost = Row(name="large_market", value=round(large / small, 2), clock="cpu", rounds=len(found["small_ns"]))
        each = Row(name="large_market_bytes", value=found["bytes_per_order"], rounds=1)
        return [_reached(cost, size), _reached(each, "of the process, while the orders came to rest")]

    def _purge(self, name: str, folder: Path) -> list[Row]:
        """Milliseconds on the wall for one command that purges everything, flushed."""
        runs = []
        for _ in range(PURGE_ROUNDS[name]):
            data = folder / name
            data.mkdir()
            runs.append(self._run("purge", str(data), *map(str, PURGED[name])))
            shutil.rmtree(data)
        walls = sorted(run["wall_s"] * 1e3 for run in runs)
        value = round(walls[len(walls) // 2], 1)
        reason = f"{runs[0]['purged']:,} orders, {runs[0]['cpu_s'] * 1e3:.0f} ms of processor time"
        row = Row(name=name, value=value, clock="wall", durability="group", rounds=len(runs))
        return [_reached(row, reason)]

    def _shared_memory(self, folder: Path, trade_hash: str, probes: list[Probe]) -> list[Row]:
        """The run whose median is the middle one of several."""
        runs = []
        for _ in range(SHARED_ROUNDS):
            data = folder / "shared_memory"
            data.mkdir()
            runs.append(self._run("shared-memory", str(self._built.get(PACKAGES[1])), str(data), str(self.commands)))
            shutil.rmtree(data)
        runs.sort(key=lambda run: run["times"]["p50_ns"])
        times, bare = (runs[len(runs) // 2][name] for name in ("times", "bare"))
        probes.append(Probe("two_cores_word_p50_ns", bare["p50_ns"], "ns"))
        row = Row(
            name="shared_memory", value=times["p50_ns"], clock="wall", rounds=len(runs), durability="never", **times
        )
        row = _reached(row, f"order to answer; a word there and back between the cores {bare['p50_ns']} ns")
        row.ok = row.ok and all(run["trade_hash"] == trade_hash for run in runs)
        return [row]


UNITS = {
    "latency": "ns",
    "large_market": "x small",
    "large_market_bytes": "bytes/order",
    "purge_1m": "ms",
    "purge_5m": "ms",
    "shared_memory": "ns",
}
"""Rows in which less is better."""


def _reached(row: Row, reason: str) -> Row:
    """The row with its unit and its goal, the most that its value may be."""
    row.unit, row.goal, row.reason = UNITS[row.name], GOALS[row.name], reason
    row.ok = row.value is not None and row.value <= row.goal
    return row
