"""What `isthmus bench engine` runs in other processes: peers and the naive twin, from the repository's bench/."""

from __future__ import annotations

import json
import os
import shutil
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
    "nautilus-trader",
    "exchange-core",
)
LIMIT_S = 20
"""Of processor time, which the peer's process sets itself; on the wall it may take WALL_LIMIT_S on a busy machine."""
WALL_LIMIT_S = 60
TWIN_LIMIT_S = 60
TWIN_COMMANDS = 10_000
NOTES = {
    "exchange-core": "its book alone, in Java, after warming up",
    "nautilus-trader": "its book; which order a fill takes was told it",
}
NOT_HERE = "bench/ of the repository is not here"


def run_peer(name: str, folder: Path, truth: Truth, count: int) -> Peer:
    """Drives one peer within the limit and compares its trades with ours. `folder` holds `commands` and `trades`."""
    row = "match" if name == "exchange-core" else "python_batch"
    peer = Peer(name=name, row=row)
    made = folder / f"{name}.trades"
    try:
        done = _run(*_driver(name, folder), str(folder / "commands"), str(made), limit_s=WALL_LIMIT_S)
    except FileNotFoundError as error:
        peer.reason = str(error)
        return peer
    except subprocess.TimeoutExpired:
        peer.status, peer.reason = "timeout", f"over {WALL_LIMIT_S} s on the wall"
        return peer
    if done.returncode < 0:
        peer.status, peer.reason = "timeout", f"over {LIMIT_S} s of processor time"
    elif done.returncode:
        peer.reason = last_line(done.stderr)
        peer.status = "missing" if peer.reason.startswith("ModuleNotFound") else "wrong"
    else:
        _judge(peer, json.loads(done.stdout), made, truth, count)
    return peer


def _driver(name: str, folder: Path) -> list[str]:
    """How a peer is started; commands and the file for trades follow. Raises FileNotFoundError with what is missing."""
    if not (SCRIPTS / "peers.py").exists():
        raise FileNotFoundError(NOT_HERE)
    built = SCRIPTS.parent / "target" / "peers" / name.removesuffix("-trader")
    if name == "exchange-core":
        if not (built / "Replay.class").exists() or shutil.which("java") is None:
            raise FileNotFoundError("sh bench/exchange_core/build.sh builds it, with Java and Maven")
        return ["java", "-classpath", f"{built}{os.pathsep}{built}/*", "Replay"]
    if name == "nautilus-trader":
        python = built / "bin" / "python"
        if not python.exists():
            raise FileNotFoundError("sh bench/nautilus/build.sh installs it")
        return [str(python), str(SCRIPTS / "nautilus" / "replay.py"), str(folder / "trades")]
    return [sys.executable, str(SCRIPTS / "peers.py"), name]


def _judge(peer: Peer, found: dict[str, Any], made: Path, truth: Truth, count: int) -> None:
    """Writes what a peer did into it."""
    peer.version, peer.value, peer.status = found["version"], _rate(count, found["rounds"]), "ok"
    if found["trades"] is None:
        peer.reason = "reports no trades"
    elif difference := _difference(np.fromfile(made, TRADE), truth, made.parent):
        peer.status, peer.reason = "wrong", difference
    else:
        peer.reason = NOTES.get(peer.name)


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
        done = _run(sys.executable, str(script), str(folder / "commands"), str(count), limit_s=TWIN_LIMIT_S)
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


def _run(*command: str, limit_s: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)


def last_line(text: str) -> str:
    """What a process said last, usually why it ended."""
    return (text.strip().splitlines() or ["ended without a word"])[-1]
