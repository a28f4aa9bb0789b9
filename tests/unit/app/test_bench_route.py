"""`isthmus bench route`: every row says whether its answers were right and its goal was reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from isthmus.app import bench_route
from isthmus.app.bench_desk import RunningDesk
from isthmus.app.bench_native import Unbuilt
from isthmus.app.bench_route import EVERY, GOALS_NS, Desk

TIMES = {"p50_ns": 900, "p99_ns": 2_000, "p999_ns": 3_000, "max_ns": 9_000}


def built(monkeypatch: pytest.MonkeyPatch, right: bool) -> None:
    """As if the part inside Rust had been timed."""
    monkeypatch.setattr(bench_route, "build", lambda: {bench_route.PACKAGES[0]: Path("isthmus-bench")})
    names = [name for name in GOALS_NS if name not in bench_route.IN_PYTHON]
    found = {name: {"times": TIMES, "right": right} for name in (*names, bench_route.CLOCK)}
    monkeypatch.setattr(bench_route, "_answer", lambda _command: found)


def test_rows_stand_in_one_order_and_are_ok_by_goal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    built(monkeypatch, right=True)
    report = bench_route.measured(tmp_path, runs=2, changes=20 * EVERY)
    rows = {row.name: row for row in report["rows"]}
    assert list(rows) == list(GOALS_NS)
    assert rows["sweep_ten_venues"].ok
    assert not rows["dark_scan_five_pools"].ok, "900 ns are more than 87"
    assert rows["book_update"].ok, "it has no goal"
    assert (rows["arbitrage_to_adapter"].rounds, rows["arbitrage_to_adapter"].unit) == (2, "ns")
    assert rows["arbitrage_to_adapter"].p50_ns > 0
    assert {probe.name for probe in report["probes"]} >= {"empty_loop_p50_ns", "busy_python_loop_p99_ns"}


def test_wrong_answers_are_never_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    built(monkeypatch, right=False)
    rows, _ = bench_route._native()
    assert not any(row.ok for row in rows)


def test_a_part_that_cannot_be_built_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def unbuilt() -> dict[str, Path]:
        raise Unbuilt("cargo is not here")

    monkeypatch.setattr(bench_route, "build", unbuilt)
    rows, probes = bench_route._native()
    assert {(row.value, row.ok, row.reason) for row in rows} == {(None, False, "cargo is not here")}
    assert probes == []


def test_the_row_with_the_goal_goes_through_the_running_desk() -> None:
    desk = RunningDesk()
    found = [took for took in bench_route._changes(desk, 10 * EVERY) if took]
    assert len(found) == 10 and desk.sent == 20
    arbitrage = desk._core.arbitrage
    assert arbitrage is not None and len(arbitrage.ended) == 10
    assert all(ended.profit > 0 for ended in arbitrage.ended)


def test_every_arbitrage_becomes_two_orders_at_two_adapters() -> None:
    desk = Desk()
    found = [took for took in bench_route._changes(desk, 10 * EVERY) if took]
    assert len(found) == 10
    bought, sold = (desk.adapters[venue].orders for venue in desk.venues)
    assert len(bought) == len(sold) == 10
    assert {order[1] for order in bought} == {1, 2}, "the first venue is bought from when low, sold to when high"
