"""Rows of `isthmus bench audit` about zero knowledge: commitments, openings, range proofs made and verified.

Timed by the processor, on one core and on all that the process may use; every proof that is timed is verified.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from isthmus.app.bench_report import Row
from isthmus.engine import zero
from isthmus.engine.zero import WIDTH, About, Hidden, Stated, ZeroRefused

COUNT = 1_000
MADE_GOAL_S, VERIFIED_GOAL_S = 10.0, 1.0
"""For 1,000 proofs of 64 bits."""
ABOUT = About("bench", bytes(WIDTH), "2026-01-05")
STEP = 7_919 * 10**12


def rows(count: int = COUNT) -> list[Row]:
    """Goals are for 1,000 proofs and shrink with `count`."""
    amounts = [place * STEP % 2**64 for place in range(count)]
    blindings = zero.blindings(count)
    found: list[Row] = []
    took, commitments = _timed(lambda: zero.commit(amounts, blindings))
    found.append(_row("commitments", took, None, True))
    cores = len(os.sched_getaffinity(0))
    share = count / COUNT
    stated: list[Stated] = []
    for name, threads in (("range_proofs_made_one_core", 1), ("range_proofs_made_all_cores", cores)):
        took, stated = _timed(partial(_proven, amounts, blindings, commitments, 1, threads))
        found.append(_row(name, took, MADE_GOAL_S * share, _holds(stated[:: max(1, count // 8)])))
    took, holds = _timed(lambda: _holds(stated))
    found.append(_row("range_proofs_verified", took, VERIFIED_GOAL_S * share, holds))
    took, stated = _timed(lambda: _proven(amounts, blindings, commitments, zero.AMOUNTS_MAX, cores))
    found.append(_row("range_proofs_made_sixteen_in_one", took, MADE_GOAL_S * share, True))
    took, holds = _timed(lambda: _holds(stated))
    found.append(_row("range_proofs_verified_sixteen_in_one", took, VERIFIED_GOAL_S * share, holds))
    return found


def _proven(amounts: list[int], blindings: bytes, commitments: bytes, together: int, threads: int) -> list[Stated]:
    starts = range(0, len(amounts), together)
    width = together * WIDTH
    hidden = [
        Hidden(b"%d" % at, amounts[at : at + together], blindings[at * WIDTH : at * WIDTH + width]) for at in starts
    ]
    proofs = zero.prove_ranges(ABOUT, hidden, threads=threads)
    return [
        Stated(b"%d" % at, commitments[at * WIDTH : at * WIDTH + width], proof)
        for at, proof in zip(starts, proofs, strict=True)
    ]


def _holds(stated: list[Stated]) -> bool:
    try:
        zero.ranges_hold(ABOUT, stated)
    except ZeroRefused:
        return False
    return True


def _timed(act: Callable[[], Any]) -> tuple[tuple[float, float], Any]:
    """Seconds of all threads' processor time, seconds that passed, what came of it."""
    begun, started = time.process_time_ns(), time.perf_counter_ns()
    answer = act()
    return ((time.process_time_ns() - begun) / 1e9, (time.perf_counter_ns() - started) / 1e9), answer


def _row(name: str, took: tuple[float, float], goal: float | None, right: bool) -> Row:
    """The value is what passed where more than one core works, else processor time."""
    clock = "wall" if name.endswith(("all_cores", "made_sixteen_in_one")) else "cpu"
    cpu, wall = took
    value = wall if clock == "wall" else cpu
    ok = right and (goal is None or value <= goal)
    row = Row(name=name, unit="s", value=round(value, 4), clock=clock, rounds=1, goal=goal, ok=ok)
    row.cpu_value, row.wall_value = round(cpu, 4), round(wall, 4)
    return row
