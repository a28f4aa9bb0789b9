"""Rows of `isthmus bench wire` for FIX orders over loopback TCP: from the socket through session, engine and journal
and back (bench/engine/src/fix_orders.rs). A bare write with fdatasync in the same folder stands in between.
"""

from __future__ import annotations

import json
import statistics
import subprocess
from pathlib import Path
from typing import Any

from isthmus.app.bench_native import LIMIT_S, Unbuilt, build
from isthmus.app.bench_report import Peer, Probe, Row

ROUNDS = 5
PINGS, ORDERS = 2_000, 300_000
PING_US = 25.0
"""p50 of one order at a time: with `os` at most so much, with `group` so much above the probe."""
RATE = 300_000.0
"""Orders a second on one session, pipelined, with `group`."""
DURABILITIES = ("os", "group")


def measure(folder: Path) -> tuple[list[Row], list[Peer], list[Probe]]:
    """Both durabilities in turn, each round in a folder of its own. What cannot be built is a row that says so."""
    names = [f"fix_{what}_{durability}" for durability in DURABILITIES for what in ("order", "pipelined")]
    try:
        command = build()["isthmus-bench"]
        rounds: dict[str, list[dict[str, Any]]] = {durability: [] for durability in DURABILITIES}
        for number in range(ROUNDS):
            for durability in DURABILITIES:
                rounds[durability].append(_round(command, folder / f"{durability}-{number}", durability))
    except (Unbuilt, OSError, ValueError, subprocess.SubprocessError) as error:
        return [Row(name=name, reason=str(error)) for name in names], [], []
    rows: list[Row] = []
    for durability in DURABILITIES:
        rows += _rows(durability, rounds[durability])
    probe = _median(rounds["group"], "probe_us", "p50")
    return rows, [], [Probe("write_and_fdatasync", round(probe, 1), "us")]


def _round(command: Path, folder: Path, durability: str) -> dict[str, Any]:
    words = [str(command), "fix-orders", str(folder), durability, str(PINGS), str(ORDERS)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT_S, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _rows(durability: str, rounds: list[dict[str, Any]]) -> list[Row]:
    """The goal of `group` counts from the probe of the same rounds."""
    probe = _median(rounds, "probe_us", "p50") if durability == "group" else 0.0
    p50, p99 = (_median(rounds, "ping_us", place) for place in ("p50", "p99"))
    goal = round(PING_US + probe, 1)
    order = Row(
        name=f"fix_order_{durability}",
        unit="us",
        value=round(p50, 1),
        p50_ns=int(p50 * 1_000),
        p99_ns=int(p99 * 1_000),
        rounds=len(rounds),
        durability=durability,
        goal=goal,
        ok=p50 <= goal,
        clock="wall",
    )
    rate = statistics.median(found["pipelined_per_s"] for found in rounds)
    wanted = RATE if durability == "group" else None
    pipelined = Row(
        name=f"fix_pipelined_{durability}",
        unit="orders/s",
        value=rate,
        rounds=len(rounds),
        durability=durability,
        goal=wanted,
        ok=wanted is None or rate >= wanted,
        clock="wall",
    )
    return [order, pipelined]


def _median(rounds: list[dict[str, Any]], what: str, place: str) -> float:
    return float(statistics.median(found[what][place] for found in rounds))
