"""`isthmus bench journal`: all write the same records, what was written is checked, and what is missing is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from isthmus.app import bench_journal
from isthmus.app.bench_journal import BATCH, SINGLES, measured


def run(folder: Path) -> dict[str, Any]:
    return measured(folder, rounds=2, slices=1, batches=1)


def test_rows_probes_and_peers_are_of_the_same_run(tmp_path: Path) -> None:
    pytest.importorskip("rocksdict")
    pytest.importorskip("lmdb")
    report = run(tmp_path)
    batch, single = report["rows"]
    assert (batch.name, single.name) == ("journal_batch", "journal_single")
    assert batch.ok
    assert batch.rounds == single.rounds == 2
    assert report["workload"] == {"record_bytes": 300, "batch": BATCH, "records": 2 * BATCH, "frame_bytes": 368}
    assert {probe.name for probe in report["probes"]} == {"write_fdatasync", "fdatasync_single"}
    for peer in report["peers"]:
        assert (peer.status, peer.row) == ("ok", "journal_batch")
        assert peer.version is not None
        assert peer.ratio == pytest.approx(batch.value / peer.value, abs=0.01)


def test_a_peer_that_is_not_installed_is_missing_and_the_rest_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(_folder: Path) -> None:
        raise ModuleNotFoundError("no module")

    monkeypatch.setattr(bench_journal, "PEERS", {"lmdb": absent})
    report = run(tmp_path)
    assert [(peer.name, peer.status) for peer in report["peers"]] == [("lmdb", "missing")]
    assert report["rows"][0].ok


def test_a_journal_that_lost_a_record_is_not_ok(tmp_path: Path) -> None:
    report = run(tmp_path)
    written = 2 * BATCH + 2 * SINGLES
    assert report["rows"][0].ok
    assert bench_journal._is_whole(tmp_path, written)
    assert not bench_journal._is_whole(tmp_path, written + 1)


def test_a_peer_that_lost_a_record_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful:
        def append(self, records: list[bytes]) -> None:
            pass

        def count(self) -> int:
            return 0

    monkeypatch.setattr(bench_journal, "PEERS", {"lmdb": lambda _folder: Forgetful()})
    assert [peer.status for peer in run(tmp_path)["peers"]] == ["wrong"]
