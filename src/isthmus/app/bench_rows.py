"""The rows of `isthmus bench engine` that call the engine in memory from Python."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from isthmus.app.bench_report import GOALS, Probe, Rates, Row, percentiles
from isthmus.app.bench_workload import CANCEL_ORDER, Array, Workload, fresh_engine, trade_hash
from isthmus.kernel.messages import CancelOrder, PlaceOrder

BATCH = 1_000
"""Rows in a call of submit_batch."""
CALLS = 100_000
"""Single calls in a round."""


class Truth(Struct, frozen=True):
    """What the workload comes to."""

    trades: int
    quantity: int
    trade_hash: str
    best_bid: int
    best_ask: int


def timed(act: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of this thread, seconds on the wall."""
    wall, cpu = time.perf_counter(), time.thread_time()
    act()
    return time.thread_time() - cpu, time.perf_counter() - wall


@contextmanager
def all_cores() -> Iterator[None]:
    """Lets this process use every core: the journal's own thread works beside the engine's."""
    pinned = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    if pinned is None:
        yield
        return
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield
    finally:
        os.sched_setaffinity(0, pinned)


def timed_on_all_cores(act: Callable[[], Any]) -> tuple[float, float]:
    """Processor seconds of all threads, which is what one core would need, and seconds on the wall."""
    with all_cores():
        before = time.process_time()
        _, wall = timed(act)
        return time.process_time() - before, wall


def outcome(workload: Workload) -> tuple[Truth, Array]:
    """What the engine makes of the workload, and its trades as TRADE rows."""
    engine = fresh_engine(workload)
    fills = engine.submit_batch(workload.rows, 1).fills
    trades = workload.trades(fills["maker_order"], fills["taker_order"], fills["price"], fills["quantity"])
    bid, _, ask, _ = engine.best(1)
    return Truth(len(trades), int(fills["quantity"].sum()), trade_hash(trades), bid, ask), trades


class Memory:
    """Rounds of `python_call` and `python_batch`."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.batch = Rates(len(workload.rows))
        self.calls = workload.rows[:CALLS]
        self.call_rate = Rates(len(self.calls))
        self.call_times: list[int] = []
        self.submit_times: list[int] = []
        self.batch_times: list[int] = []

    def round(self) -> None:
        """Every row once."""
        self._batch_round()
        self._call_round()

    def _batch_round(self) -> None:
        engine = fresh_engine(self.workload)
        self.batch.add(*timed_on_all_cores(lambda: submit_all(engine, self.workload, self.batch_times)))

    def _call_round(self) -> None:
        """The fills are read back each time, as a caller would."""
        engine = fresh_engine(self.workload)
        asked = _calls(engine, self.calls)
        self.call_rate.add(*timed(lambda: _call_all(asked)))
        clock, times = time.perf_counter_ns, self.call_times
        for call, arguments in _calls(fresh_engine(self.workload), self.calls):
            started = clock()
            _ = call(*arguments).fills
            times.append(clock() - started)
        times = self.submit_times
        submit = fresh_engine(self.workload).submit
        for make, arguments in map(_command, self.calls.tolist()):
            started = clock()
            submit(make(*arguments))
            times.append(clock() - started)

    def rows(self, right: bool) -> list[Row]:
        """The rows; `right`: the trades are those that they should be."""
        times = percentiles(self.call_times)
        call = Row(
            name="python_call", unit="ns", value=float(times["p50_ns"]), goal=GOALS["python_call"], clock="wall",
            ok=right and times["p50_ns"] <= GOALS["python_call"], rounds=len(self.call_rate.cpu), **times,
        )  # fmt: skip
        batch = self.batch.row("python_batch", "wall", right, batch=BATCH, **percentiles(self.batch_times))
        batch.reason = f"the chain on a second core; {self.batch.cpu_rate:,.0f} by the processor time of both"
        return [call, batch]

    def found(self) -> list[Probe]:
        """The same commands as objects, by `submit`."""
        return [Probe("python_submit", float(percentiles(self.submit_times)["p50_ns"]), "ns")]


def submit_all(engine: Any, workload: Workload, times: list[int]) -> None:
    """All rows in batches; the time of each batch is appended."""
    rows, clock = workload.rows, time.perf_counter_ns
    for start in range(0, len(rows), BATCH):
        started = clock()
        engine.submit_batch(rows[start : start + BATCH], 1)
        times.append(clock() - started)


def _call_all(asked: list[tuple[Any, tuple[int, ...]]]) -> None:
    for call, arguments in asked:
        _ = call(*arguments).fills


def _calls(engine: Any, rows: Array) -> list[tuple[Any, tuple[int, ...]]]:
    """The method for each row and its arguments in order."""
    made = map(_command, rows.tolist())
    return [
        (engine.cancel, arguments[:2]) if make is CancelOrder else (engine.place, arguments[:2] + arguments[3:])
        for make, arguments in made
    ]


def _command(row: tuple[Any, ...]) -> tuple[Any, tuple[int, ...]]:
    """The class of a row's command and its arguments in order."""
    command, side, kind, tif, flags, reason, _, account, instrument, venue, _, order, price, quantity, _ = row
    if command == CANCEL_ORDER:
        return CancelOrder, (order, account, reason)
    return PlaceOrder, (account, instrument, venue, side, kind, tif, flags, price, quantity)
