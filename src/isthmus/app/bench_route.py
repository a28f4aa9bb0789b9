"""`isthmus bench route`: what a decision about a route takes on this machine. Exit 0 when it ran.

The arithmetic is timed inside Rust (bench/engine of the repository, built when it is asked for), over made books that
are the same every time; each row is ok when the answers were right and the goal is reached. The last two rows are
timed in Python, from a venue's book change to both orders at the venues' adapters: through the consolidated book, the
scan for arbitrage and the engine alone, and through the running broker's own desk (`bench_desk`), which has the goal.
It is for the best of five runs, since a pause of the machine is not ours; a loop that is only busy for as long stands
beside it as a probe of such pauses.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from isthmus.app.bench_desk import RunningDesk
from isthmus.app.bench_native import LIMIT_S, PACKAGES, Unbuilt, build
from isthmus.app.bench_outside import last_line
from isthmus.app.bench_report import Probe, Row, machine, percentiles, print_table
from isthmus.app.output import EXIT_OK, note, print_json
from isthmus.engine.engine import Engine
from isthmus.engine.market import VenueFacts
from isthmus.execution.book import ConsolidatedBook
from isthmus.kernel.messages import (
    BUY,
    IOC,
    LIMIT,
    SELL,
    Accepted,
    AddAsset,
    AddInstrument,
    Deposit,
    OpenAccount,
    PlaceOrder,
)

ADAPTER_GOAL_NS = 38_000
GOALS_NS: dict[str, int | None] = {
    "sweep_ten_venues": 1_000,
    "best_of_ten_venues": 1_000,
    "dark_scan_five_pools": 87,
    "split_100k_three_books": 50_000,
    "breaker_lock": 1_000_000,
    "book_update": None,
    "arbitrage_scan": None,
    "arbitrage_without_desk": None,
    "arbitrage_to_adapter": ADAPTER_GOAL_NS,
}
"""The most that a row's value may be: the median, of the last row the 99th percentile of the best run."""
IN_PYTHON = ("arbitrage_without_desk", "arbitrage_to_adapter")
RUNS = 5
CHANGES = 20_000
"""Book changes of a run."""
WARM = 500
EVERY = 5
"""So many changes make one arbitrage: a venue that is crossed all the time would be called wrong, and rightly."""
AWAY = 40
FAIR, FEE_PPM = 1_000_000, 2
CLIENT, VENUE = 1, 3
"""Kinds of accounts."""
DEPOSIT = 10**15
SECOND = 1_000_000_000
CLOCK = "empty"
"""What the loop inside Rust shows around nothing."""


def route(arguments: argparse.Namespace) -> int:
    """Measures and prints all rows."""
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as folder:
        report = measured(Path(folder))
    if arguments.json:
        print_json(report)
    else:
        print_table(report)
    return EXIT_OK


def measured(folder: Path, runs: int = RUNS, changes: int = CHANGES) -> dict[str, Any]:
    """The report."""
    facts = machine(folder)
    note("isthmus: what is timed inside Rust is built, if it is not up to date")
    rows, probes = _native()
    note("isthmus: from a book change to the order at the adapter")
    bare, _ = _to_adapter(IN_PYTHON[0], Desk, runs, changes)
    last, probe = _to_adapter(IN_PYTHON[1], RunningDesk, runs, changes)
    facts["load_after"] = round(os.getloadavg()[0], 2)
    return {
        "machine": facts,
        "workload": {"books": 64, "levels": 10, "venues": 10, "changes": changes},
        "rows": [*rows, bare, last],
        "peers": [],
        "probes": [*probes, *probe],
    }


def _native() -> tuple[list[Row], list[Probe]]:
    names = [name for name in GOALS_NS if name not in IN_PYTHON]
    try:
        found = _answer([build()[PACKAGES[0]], "route"])
    except (Unbuilt, subprocess.TimeoutExpired) as error:
        return [_row(name, None, reason=str(error)) for name in names], []
    rows = [_row(name, found[name]["times"], right=found[name]["right"]) for name in names]
    figures = found[CLOCK]["times"]
    return rows, [Probe(f"empty_loop_{name}", figures[name], "ns") for name in ("p50_ns", "p99_ns", "max_ns")]


def _answer(command: list[str | Path]) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if done.returncode:
        raise Unbuilt(last_line(done.stderr))
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _row(name: str, times: dict[str, int] | None, right: bool = True, reason: str | None = None) -> Row:
    goal = GOALS_NS[name]
    row = Row(name=name, unit="ns", goal=goal, clock="wall", reason=reason)
    if times is None:
        return row
    row.p50_ns, row.p99_ns, row.p999_ns, row.max_ns = (times[key] for key in ("p50_ns", "p99_ns", "p999_ns", "max_ns"))
    row.value, row.rounds = times["p50_ns"], 1
    row.ok = right and (goal is None or row.value <= goal)
    return row


class Adapter:
    """A venue in this process: keeps the orders that arrive, and when the last one did."""

    def __init__(self) -> None:
        self.orders: list[tuple[int, int, int, int]] = []
        self.at = 0

    def send(self, order: int, side: int, price: int, quantity: int) -> None:
        """An order arrives."""
        self.at = time.perf_counter_ns()
        self.orders.append((order, side, price, quantity))


class Desk:
    """Two venues, an engine in memory, and what turns a book change into two orders at the venues."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.account, self.venues = self._open()
        self.adapters = {venue: Adapter() for venue in self.venues}
        facts = [
            VenueFacts(number=v, name=f"Venue {v}", kind="lit", maker_fee_ppm=0, taker_fee_ppm=FEE_PPM)
            for v in self.venues
        ]
        self.book = ConsolidatedBook(facts)
        self.now = SECOND
        for venue in self.venues:
            self.book.update(venue, self.now, *self._sides(0))

    @property
    def sent(self) -> int:
        """Orders that arrived at the adapters."""
        return sum(len(adapter.orders) for adapter in self.adapters.values())

    def _open(self) -> tuple[int, tuple[int, int]]:
        """The desk's own account and the two venues, as accounts of the engine."""
        submit = self.engine.submit
        submit(AddAsset("USD", 2))
        submit(AddAsset("BASE", 0))
        submit(
            AddInstrument(
                symbol="BASE-USD", kind=1, base=2, quote=1, price_decimals=2, quantity_decimals=0,
                tick=1, lot=1, multiplier=1, taker_fee_ppm=FEE_PPM,
            )
        )  # fmt: skip
        desk, first, second = (int(submit(OpenAccount(kind)).effects[0].account) for kind in (CLIENT, VENUE, VENUE))
        for asset in (1, 2):
            submit(Deposit(desk, asset, DEPOSIT))
        return desk, (first, second)

    @staticmethod
    def _sides(away: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        bids = [(FAIR + away - 5 - step, 10) for step in range(10)]
        return bids, [(FAIR + away + 5 + step, 10) for step in range(10)]

    def change(self, away: int) -> int:
        """The first venue's book moves: ns until the second order was at its adapter, 0 when nothing is to be had."""
        self.now += SECOND // 100
        first, second = self.venues
        self.book.update(second, self.now, *self._sides(0))
        bids, asks = self._sides(away)
        started = time.perf_counter_ns()
        self.book.update(first, self.now, bids, asks)
        pair = self.book.arbitrage(first)
        if pair is None:
            return 0
        self._leg(pair.buy, BUY, pair.buy_price, pair.quantity)
        self._leg(pair.sell, SELL, pair.sell_price, pair.quantity)
        return self.adapters[pair.sell].at - started

    def _leg(self, venue: int, side: int, price: int, quantity: int) -> None:
        order = PlaceOrder(self.account, 1, venue, side, LIMIT, IOC, price=price, quantity=quantity)
        record = self.engine.submit(order, self.now)
        for effect in record.effects:
            if isinstance(effect, Accepted):
                self.adapters[venue].send(effect.order, side, price, quantity)


class Changing(Protocol):
    """What turns a change into orders."""

    @property
    def sent(self) -> int: ...

    def change(self, away: int) -> int: ...


def _to_adapter(name: str, make: Callable[[], Changing], runs: int, changes: int) -> tuple[Row, list[Probe]]:
    """The best run by p99, and what a loop shows that is busy for the median time and does nothing."""
    times, empty = [], []
    right = True
    for _ in range(runs):
        desk = make()
        _changes(desk, WARM)
        before = desk.sent
        found = [took for took in _undisturbed(partial(_changes, desk, changes)) if took]
        right = right and len(found) == changes // EVERY and desk.sent - before == 2 * len(found)
        times.append(_all_percentiles(found))
        empty.append(_all_percentiles(_undisturbed(partial(_waits, len(found), times[-1]["p50_ns"]))))
    best = min(range(runs), key=lambda run: times[run]["p99_ns"])
    row = _row(name, times[best], right)
    row.value, row.rounds = times[best]["p99_ns"], runs
    row.ok = right and (row.goal is None or row.value <= row.goal)
    row.reason = f"p99 of the best of {runs} runs; both legs; engine in memory"
    jitter = empty[best]
    return row, [Probe(f"busy_python_loop_{name}", jitter[name], "ns") for name in ("p50_ns", "p99_ns", "max_ns")]


def _undisturbed(act: Callable[[], list[int]]) -> list[int]:
    """Without the collector of garbage, whose pauses are the caller's to place."""
    gc.collect()
    gc.disable()
    try:
        return act()
    finally:
        gc.enable()


def _changes(desk: Changing, changes: int) -> list[int]:
    """Up and down in turn, and back to the fair price in between."""
    ways = [0] * (EVERY - 1) + [AWAY] + [0] * (EVERY - 1) + [-AWAY]
    return [desk.change(ways[step % len(ways)]) for step in range(changes)]


def _waits(count: int, wait_ns: int) -> list[int]:
    """Busy for that long and nothing else: what is longer, the machine made longer."""
    clock, times = time.perf_counter_ns, []
    for _ in range(count):
        started = now = clock()
        while now - started < wait_ns:
            now = clock()
        times.append(now - started)
    return times


def _all_percentiles(times: list[int]) -> dict[str, int]:
    return {**percentiles(times), "max_ns": max(times)}
