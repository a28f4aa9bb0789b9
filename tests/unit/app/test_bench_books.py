"""`isthmus bench books`: all write the same moves, what was written is checked, and the ratios are of one run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isthmus.app import bench_books, bench_books_ledger
from isthmus.app.bench_books_ledger import BATCH, BATCHES, Ours, Sqlite


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ACCOUNTS", 50), ("BATCH", 200), ("BATCHES", 2), ("PEER_BATCHES", 1)):
        monkeypatch.setattr(bench_books_ledger, name, value)


def run(folder: Path) -> dict[str, Any]:
    return bench_books_ledger.measured(folder, rounds=2, slices=1)


def test_rows_peers_and_ratios_are_of_the_same_run(tmp_path: Path) -> None:
    report = run(tmp_path)
    named, plain = report["rows"]
    assert (named.name, plain.name) == ("ledger_group", "ledger_group_without_ids")
    assert named.reason is None and plain.reason is None
    assert report["workload"]["moves"] == 2 * 2 * 200 != 2 * BATCHES * BATCH
    sqlite, quoted = report["peers"]
    assert (sqlite.status, quoted.status, quoted.value) == ("ok", "quoted", 577_361.0)
    over = {found["over"]: found["ratio"] for found in report["ratios"]}
    assert over["sqlite"] == pytest.approx(named.value / sqlite.value, rel=0.01)
    assert over["write_fdatasync"] == pytest.approx(named.value / report["probes"][0].value, rel=0.01, abs=0.001)


def test_a_balance_that_differs_is_not_right(tmp_path: Path) -> None:
    ours = Ours(tmp_path / "ours", named=True)
    ours.run(ours.drawn(np.random.default_rng(1)))
    ours.expected[0] += 1
    assert not ours.is_right(1)


def test_a_peer_that_lost_a_transfer_is_wrong(tmp_path: Path) -> None:
    peer = Sqlite(tmp_path)
    peer.run(peer.drawn(np.random.default_rng(1)))
    peer.count += 1
    assert not peer.is_right()


def test_the_report_has_every_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_books, "PARTS", {"ledger": run})
    report = bench_books.measured(tmp_path)
    assert set(report) >= {"machine", "workload", "rows", "peers", "probes", "ratios"}
    assert set(report["workload"]) == {"ledger"}
