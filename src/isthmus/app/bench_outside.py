"""What `isthmus bench engine` runs in other processes: peers and the naive twin, from the repository's bench/."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

import isthmus
from isthmus.app.bench_report import Peer, Row
from isthmus.app.bench_rows import Truth
from isthmus.app.bench_workload import TRADE, Workload, fresh_engine, trade_hash

SCRIPTS = Path(isthmus.__file__).resolve().parents[2] / "bench"
PEERS = (
    "pure-python",
    "limit-order-book",
    "liquibook",
    "litebook",
    "nanobook",
    "orderly-chaos",
    "cython-orderbook",
)
LIMIT_S = 20
"""Of processor time, which the peer's process sets itself; on the wall it may take WALL_LIMIT_S on a busy machine."""
WALL_LIMIT_S = 60
TWIN_LIMIT_S = 60
TWIN_COMMANDS = 10_000
NOT_HERE = "bench/ of the repository is not here"


def run_peer(name: str, folder: Path, truth: Truth, count: int) -> Peer:
    """Drives one peer within the limit and compares its trades with ours. `folder` holds `commands`."""
    script, trades = SCRIPTS / "peers.py", folder / f"{name}.trades"
    if not script.exists():
        return Peer(name=name, reason=NOT_HERE)
    try:
        done = _run(script, name, str(folder / "commands"), str(trades), limit_s=WALL_LIMIT_S)
    except subprocess.TimeoutExpired:
        return Peer(name=name, status="timeout", reason=f"over {WALL_LIMIT_S} s on the wall")
    if done.returncode < 0:
        return Peer(name=name, status="timeout", reason=f"over {LIMIT_S} s of processor time")
    if done.returncode:
        reason = last_line(done.stderr)
        return Peer(name=name, status="missing" if reason.startswith("ModuleNotFound") else "wrong", reason=reason)
    found = json.loads(done.stdout)
    value = _rate(count, found["rounds"])
    peer = Peer(name=name, version=found["version"], value=value, status="ok")
    if found["trades"] is None:
        peer.reason = "reports no trades"
    elif difference := _difference(np.fromfile(trades, TRADE), truth, folder):
        peer.status, peer.reason = "wrong", difference
    return peer


def _difference(made: np.ndarray[Any, np.dtype[Any]], truth: Truth, folder: Path) -> str | None:
    """How a peer's trades differ from ours; None when they are the same."""
    if trade_hash(made) == truth.trade_hash:
        return None
    ours = np.fromfile(folder / "trades", TRADE)
    if len(made) != len(ours):
        return f"{len(made)} trades, not {len(ours)}"
    columns = [name for name in TRADE.names or () if (made[name] != ours[name]).any()]
    return f"differs in {', '.join(columns)}, first in trade {int((made != ours).argmax()) + 1}"


def run_twin(folder: Path, workload: Workload) -> Row:
    """The twin on the first commands; its chain must be the engine's."""
    row = Row(name="twin", clock="cpu", batch=None)
    script = SCRIPTS / "twin.py"
    if not script.exists():
        row.reason = NOT_HERE
        return row
    count = min(TWIN_COMMANDS, len(workload.rows))
    try:
        done = _run(script, str(folder / "commands"), str(count), limit_s=TWIN_LIMIT_S)
    except subprocess.TimeoutExpired:
        row.reason = f"over {TWIN_LIMIT_S} s"
        return row
    if done.returncode:
        row.reason = last_line(done.stderr)
        return row
    found = json.loads(done.stdout)
    engine = fresh_engine(workload)
    engine.submit_batch(workload.rows[:count], 1)
    row.ok = found["head"] == engine.head.hex()
    row.value, row.rounds = _rate(count, found["rounds"]), len(found["rounds"])
    row.reason = f"the first {count} commands, {'the same' if row.ok else 'ANOTHER'} chain"
    return row


def _rate(count: int, rounds: list[float]) -> float:
    """Commands a second; a round shorter than the clock's step counts as a microsecond."""
    return round(count / max(statistics.median(rounds), 1e-6), 1)


def _run(script: Path, *arguments: str, limit_s: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)


def last_line(text: str) -> str:
    """What a process said last, usually why it ended."""
    return (text.strip().splitlines() or ["ended without a word"])[-1]
