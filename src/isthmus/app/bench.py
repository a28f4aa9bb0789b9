"""`isthmus bench engine`: how fast the engine is on this machine, beside peers and probes. Exit 0 when it ran.

Rows take turns in rounds and the median speaks, so that a slow minute of the machine meets all of them. One core is
used, but for recovery, which reads ahead on a second one.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from isthmus.app import bench_flow
from isthmus.app.bench_disk import Disk
from isthmus.app.bench_native import Native
from isthmus.app.bench_outside import PEERS, run_peer, run_twin
from isthmus.app.bench_report import Peer, Row, file_system, machine, print_table
from isthmus.app.bench_rest import measure_rest
from isthmus.app.bench_rows import Memory, Truth, outcome
from isthmus.app.bench_workload import Workload, read_workload
from isthmus.app.output import EXIT_OK, note, print_json

ROUNDS = 5
TEST_DATA = "ISTHMUS_TEST_DATA"
PUBLISHED = Path("matching") / "w1_commands.bin.xz"
PUBLISHED_HASH = "8d68fab1e8bc8d2e"
"""Of the trades that four independent engines make of the published workload."""
IN_MEMORY = ("tmpfs", "ramfs")


def engine(arguments: argparse.Namespace) -> int:
    """Measures and prints all rows."""
    workload, published = _workload(arguments.workload)
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-", dir=_folder()) as name:
        report = _measure(workload, published, Path(name))
    if arguments.json:
        print_json(report)
    else:
        print_table(report)
    return EXIT_OK


def _workload(source: str | None) -> tuple[Workload, bool]:
    """The given workload, the published one, or one of our own; and whether it is the published one."""
    known = Path(os.environ.get(TEST_DATA, "")) / PUBLISHED
    if source is None and TEST_DATA in os.environ and known.exists():
        note(f"isthmus: the published workload W1 ({known.name})")
        return read_workload(str(known)), True
    if source is None:
        note("isthmus: no workload given, one of the same mix is generated")
        return bench_flow.generated(), False
    return read_workload(source), False


def _folder() -> str | None:
    """Where journals are written: not where a flush costs nothing."""
    usual = Path(tempfile.gettempdir())
    return str(Path.cwd()) if file_system(usual) in IN_MEMORY else None


@contextmanager
def _one_core() -> Iterator[None]:
    """Keeps this process on one core where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _measure(workload: Workload, published: bool, folder: Path) -> dict[str, Any]:
    facts = machine(folder)
    truth, trades = outcome(workload)
    (folder / "commands").write_bytes(workload.commands.tobytes())
    (folder / "trades").write_bytes(trades.tobytes())
    note("isthmus: what is timed inside Rust is built, if it is not up to date")
    native = Native(folder / "commands", len(workload.rows))
    memory, disk = Memory(workload), Disk(workload, folder)
    with _one_core(), native.running():
        right = _checked(native, truth, published)
        for number in range(ROUNDS):
            note(f"isthmus: round {number + 1} of {ROUNDS}")
            native.round()
            memory.round()
            disk.round()
    with _one_core():
        peers = [*native.yardsticks(right), *_peers(folder, truth, native, memory)]
        note("isthmus: naive twin")
        twin = run_twin(folder, workload)
        flushes = disk.singles()
        note("isthmus: latency, a large market, the purge")
        single_rows, single_probes = native.singles(folder)
    note("isthmus: shared memory")
    shared_rows, shared_probes = native.on_two_cores(folder, truth.trade_hash)
    note("isthmus: REST order entry")
    rest, rest_probes = measure_rest(folder)
    rows = [*native.rows(right), *single_rows, *shared_rows, *memory.rows(right), *disk.rows(right), rest, twin]
    facts["load_after"] = round(os.getloadavg()[0], 2)
    return {
        "machine": facts,
        "workload": _described(workload, truth),
        "rows": _in_order(rows),
        "peers": peers,
        "probes": [*memory.found(), *disk.found(), *flushes, *single_probes, *shared_probes, *rest_probes],
    }


def _checked(native: Native, truth: Truth, published: bool) -> bool:
    """Are the trades those of the published workload, and of everything that is timed inside Rust?"""
    right = not published or truth.trade_hash == PUBLISHED_HASH
    right = right and (native.why is not None or native.right(truth.trade_hash))
    if not right:
        note("isthmus: THE TRADES ARE WRONG: books, engine and published hash do not agree")
    return right


def _peers(folder: Path, truth: Truth, native: Native, memory: Memory) -> Iterator[Peer]:
    for name in PEERS:
        note(f"isthmus: peer {name}")
        yield _compared(run_peer(name, folder, truth, memory.batch.count), native, memory)


def _described(workload: Workload, truth: Truth) -> dict[str, Any]:
    return {
        "commands": len(workload.commands),
        "trades": truth.trades,
        "quantity": truth.quantity,
        "trade_hash": truth.trade_hash,
        "best_bid": truth.best_bid,
        "best_ask": truth.best_ask,
        "generated": workload.generated,
    }


def _compared(peer: Peer, native: Native, memory: Memory) -> Peer:
    if peer.value and peer.row == "match":
        peer.ratio = None if native.why else round(native.rates["match"].cpu_rate / peer.value, 2)
    elif peer.value:
        peer.ratio = round(memory.batch.cpu_rate / peer.value, 2)
        peer.call_ratio = round(memory.call_rate.cpu_rate / peer.value, 2)
    return peer


ORDER = (
    "match",
    "match_1000_books",
    "gated",
    "latency",
    "large_market",
    "large_market_bytes",
    "purge_1m",
    "purge_5m",
    "shared_memory",
    "durable_never",
    "durable_os",
    "durable_group",
    "python_call",
    "python_batch",
    "recovery",
    "rest",
    "twin",
)


def _in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: ORDER.index(row.name))
