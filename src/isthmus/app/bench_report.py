"""What `isthmus bench` reports: rows, peers and probes, what was aimed at, and the table for people."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from isthmus import _core
from isthmus.app.output import say

GOALS = {
    "match": 20_000_000.0,
    "match_1000_books": 10_000_000.0,
    "gated": 6_000_000.0,
    "latency": 1_000.0,
    "large_market": 2.0,
    "large_market_bytes": 128.0,
    "purge_1m": 100.0,
    "purge_5m": 300.0,
    "shared_memory": 900.0,
    "durable_never": 3_000_000.0,
    "durable_group": 0.5,
    "python_call": 600.0,
    "python_batch": 5_000_000.0,
    "recovery": 3_000_000.0,
}
"""What each row is to reach in its unit: at least so many commands or records a second, at most so many of anything
else; durable_group is a share of its probe."""


class Row(Struct, kw_only=True):
    """One figure. `value` is in `unit`; the percentiles are of single commands (of a whole batch where `batch` is over
    1). `clock`: cpu (processor time) or wall; `cpu_value` and `wall_value` are the same figure by either."""

    name: str
    unit: str = "commands/s"
    value: float | None = None
    p50_ns: int | None = None
    p99_ns: int | None = None
    p999_ns: int | None = None
    max_ns: int | None = None
    rounds: int = 0
    durability: str | None = None
    ok: bool = False
    goal: float | None = None
    clock: str | None = None
    cpu_value: float | None = None
    wall_value: float | None = None
    batch: int | None = None
    reason: str | None = None


class Peer(Struct, kw_only=True):
    """Another engine on the same commands. `ratio`: ours (`row`) over theirs, `call_ratio` for our single calls."""

    name: str
    version: str | None = None
    row: str = "python_batch"
    value: float | None = None
    ratio: float | None = None
    call_ratio: float | None = None
    status: str = "missing"
    reason: str | None = None


class Probe(Struct):
    """Something plain that was measured beside a row, for scale."""

    name: str
    value: float
    unit: str = "commands/s"


class Rates:
    """Seconds of each round of one row; the median speaks."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.cpu: list[float] = []
        self.wall: list[float] = []

    def add(self, cpu_s: float, wall_s: float) -> None:
        """One round."""
        self.cpu.append(cpu_s)
        self.wall.append(wall_s)

    @property
    def cpu_rate(self) -> float:
        """Commands per second of the thread's own time."""
        return self.count / max(statistics.median(self.cpu), 1e-9)

    @property
    def wall_rate(self) -> float:
        """Commands per second on the wall."""
        return self.count / max(statistics.median(self.wall), 1e-9)

    def row(self, name: str, clock: str = "cpu", right: bool = True, **more: Any) -> Row:
        """The row; it is ok when the answers are right and the goal, where there is one, is reached."""
        value = self.cpu_rate if clock == "cpu" else self.wall_rate
        goal = GOALS.get(name)
        reached = right and (goal is None or value >= goal)
        more = {"goal": goal, "ok": reached} | more
        return Row(
            cpu_value=round(self.cpu_rate, 1),
            name=name,
            value=round(value, 1),
            clock=clock,
            wall_value=round(self.wall_rate, 1),
            rounds=len(self.cpu),
            **more,
        )


def percentiles(times_ns: Sequence[int]) -> dict[str, Any]:
    """p50, p99 and p99.9 of times."""
    ordered = sorted(times_ns)
    last = len(ordered) - 1
    return {
        name: ordered[last * share // 1_000] for name, share in (("p50_ns", 500), ("p99_ns", 990), ("p999_ns", 999))
    }


def machine(folder: Path) -> dict[str, Any]:
    """What was measured on; `file_system` is that of the folder the journals were written in."""
    load = os.getloadavg()
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "engine": f"{_core.PROFILE} build, rules {_core.RULES}",
        "file_system": file_system(folder),
        "load_before": round(load[0], 2),
        "load_after": None,
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def file_system(folder: Path) -> str | None:
    """The type of the file system that a folder is on; None where the system does not tell."""
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return None
    place = folder.resolve()
    holding = [(len(fields[1]), fields[2]) for fields in mounts if place.is_relative_to(fields[1])]
    return max(holding, default=(0, None))[1]


def print_table(report: dict[str, Any]) -> None:
    """The report for a person: each row with what it is to reach."""
    say("   ".join(f"{name} {value}" for name, value in report["machine"].items() if value is not None))
    say("   ".join(f"{name} {value}" for name, value in report["workload"].items()))
    _print_lines(("row", "value", "unit", "goal", "p50 ns", "p99 ns", "p99.9 ns", ""), map(_row_line, report["rows"]))
    _print_lines(
        ("peer", "version", "commands/s", "ratio", "call ratio", "status", ""), map(_peer_line, report["peers"])
    )
    probes = ((p.name, _figure(p.value), p.unit) for p in report["probes"])
    _print_lines(("probe", "value", "unit"), probes)


def _row_line(row: Row) -> tuple[str, ...]:
    times = (row.p50_ns, row.p99_ns, row.p999_ns)
    state = "ok" if row.ok else "MISSED" if row.value is not None else "missing"
    verdict = f"{state}: {row.reason}" if row.reason else state
    return (row.name, _figure(row.value), row.unit, _figure(row.goal), *map(_figure, times), verdict)


def _peer_line(peer: Peer) -> tuple[str, ...]:
    figures = (_figure(peer.value), _figure(peer.ratio), _figure(peer.call_ratio))
    return (peer.name, peer.version or "-", *figures, peer.status, peer.reason or "")


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _print_lines(head: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> None:
    table = [head, *lines]
    widths = [max(len(line[at]) for line in table) for at in range(len(head))]
    say("")
    for line in table:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
