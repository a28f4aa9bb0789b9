"""The rows of the port and of order entry over HTTP are measured and told, whatever they are."""

from __future__ import annotations

import pytest

from isthmus.app import bench_port, bench_rest_entry


def test_what_the_port_adds_is_measured_against_a_direct_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ROUNDS", 1), ("ASKS", 30), ("WARM", 5)):
        monkeypatch.setattr(bench_port, name, value)
    row, direct, ours = list(bench_port.rows())
    assert (row.name, row.rounds, row.reason) == ("sniff", 1, None)
    assert row.ok == (row.value is not None and row.value <= bench_port.GOAL_US)
    assert (direct.name, ours.name) == ("connection_direct", "connection_by_port")
    assert direct.value > 0
    assert ours.value > 0


def test_an_order_over_http_is_measured_beside_both_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ROUNDS", 1), ("ORDERS", 3), ("CONNECTIONS", 4), ("IDLE_S", 0.05)):
        monkeypatch.setattr(bench_rest_entry, name, value)
    row, bare, duties = list(bench_rest_entry.rows())
    assert (row.name, row.rounds, row.reason) == ("rest_entry", 1, None)
    assert row.value == bare.ratio
    assert (bare.name, bare.status, duties.name, duties.status) == (
        bench_rest_entry.BARE, "ok", bench_rest_entry.DUTIES, "ok",
    )  # fmt: skip


def test_a_server_that_does_not_come_up_is_a_row_without_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_port, "_SERVE", "print()")
    (row,) = bench_port.rows()
    assert (row.value, row.ok) == (None, False)
    assert row.reason
