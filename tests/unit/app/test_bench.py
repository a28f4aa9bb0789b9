"""`isthmus bench engine`: the workload, what is made of it, and when a row counts as reached."""

from __future__ import annotations

import argparse
import json
import lzma
import os
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from bench.peers import PEERS, pure_python

from isthmus.app import bench, bench_disk, bench_native, bench_outside, bench_rest
from isthmus.app.bench_disk import Disk
from isthmus.app.bench_flow import generated, splitmix64
from isthmus.app.bench_native import YARDSTICKS, Native
from isthmus.app.bench_outside import run_peer, run_twin
from isthmus.app.bench_report import GOALS, Rates, percentiles
from isthmus.app.bench_rows import Truth, outcome
from isthmus.app.bench_workload import CANCEL, COMMAND, LIMIT, MARKET, TRADE, fresh_engine, read_workload
from isthmus.kernel.errors import BadInput

SMALL = 3_000


def commands_file(folder: Path, commands: np.ndarray, name: str = "commands") -> str:
    path = folder / name
    path.write_bytes(commands.tobytes())
    return str(path)


def made(*rows: tuple[int, int, int, int, int]) -> np.ndarray:
    """Commands of (type, side, quantity, price, id)."""
    return np.array([(kind, side, 0, quantity, price, order) for kind, side, quantity, price, order in rows], COMMAND)


def test_a_workload_is_read_packed_or_plain_with_owner_and_order_numbers(tmp_path: Path) -> None:
    commands = made((LIMIT, 0, 5, 100, 7), (LIMIT, 1, 2, 101, 520), (CANCEL, 0, 0, 0, 520), (MARKET, 1, 3, 0, 9))
    packed = tmp_path / "commands.xz"
    packed.write_bytes(lzma.compress(commands.tobytes()))
    workload = read_workload(str(packed))
    first = len(workload.setup) + 1
    assert workload.rows["account"].tolist() == [16 + 14, 16 + 17, 16 + 17, 16 + 19]
    assert workload.rows["order"].tolist() == [0, 0, first + 1, 0]
    assert workload.rows["kind"].tolist() == [1, 1, 0, 2]
    batch = fresh_engine(workload).submit_batch(workload.rows, 1)
    assert batch.outcomes["status"].tolist() == [1, 1, 1, 1]
    assert workload.ids(batch.fills["maker_order"]).tolist() == [7]


def test_a_cancel_of_an_order_that_nobody_placed_before_is_refused_by_the_engine(tmp_path: Path) -> None:
    commands = made((CANCEL, 0, 0, 0, 3), (LIMIT, 0, 5, 100, 3), (CANCEL, 0, 0, 0, 4))
    workload = read_workload(commands_file(tmp_path, commands))
    assert fresh_engine(workload).submit_batch(workload.rows, 1).outcomes["status"].tolist() == [0, 1, 0]
    only_cancels = read_workload(commands_file(tmp_path, commands[:1]))
    assert outcome(only_cancels)[0].trades == 0


@pytest.mark.parametrize(
    ("commands", "line"),
    [
        (made((LIMIT, 0, 5, 100, 1), (3, 0, 5, 100, 2)), 2),
        (made((LIMIT, 2, 5, 100, 1)), 1),
        (made((LIMIT, 0, 0, 100, 1)), 1),
        (made((LIMIT, 0, 5, 0, 1)), 1),
        (made((LIMIT, 0, 5, 100, 1), (LIMIT, 0, 5, 100, 1)), None),
        (made(), None),
    ],
)
def test_a_workload_that_cannot_be_is_refused_with_its_line(tmp_path: Path, commands: np.ndarray, line: int) -> None:
    with pytest.raises(BadInput) as refused:
        read_workload(commands_file(tmp_path, commands))
    assert refused.value.field == "workload" and refused.value.line == line


def test_a_workload_cut_off_in_a_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "short"
    path.write_bytes(made((LIMIT, 0, 5, 100, 1)).tobytes()[:-1])
    with pytest.raises(BadInput):
        read_workload(str(path))


def test_splitmix64_gives_the_published_numbers() -> None:
    assert splitmix64(1234567, 0, 3).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert splitmix64(1234567, 2, 1).tolist() == [9817491932198370423]


def test_the_generated_workload_has_the_mix_of_the_published_one() -> None:
    workload = generated(60_000)
    kinds = np.bincount(workload.commands["type"], minlength=3) / len(workload.commands)
    assert kinds == pytest.approx([0.70, 0.25, 0.05], abs=0.01)
    engine = fresh_engine(workload)
    outcomes = engine.submit_batch(workload.rows, 1).outcomes
    crossing = ((outcomes["filled"] > 0) & (workload.commands["type"] == LIMIT)).mean()
    assert 0.10 < crossing < 0.25
    assert (outcomes["status"] == 0).mean() < 0.01
    assert 1_500 < sum(len(engine.orders(16 + owner)) for owner in range(1_024)) < 3_000
    assert generated(60_000).commands.tobytes() == workload.commands.tobytes()


def test_engine_books_alone_yardsticks_and_reference_book_make_the_same_trades(tmp_path: Path) -> None:
    workload = generated(SMALL)
    truth, made = outcome(workload)
    assert truth.trades > SMALL / 10 and bench_outside.trade_hash(made) == truth.trade_hash
    trades: list[tuple[int, int, int, int]] = []
    pure_python(workload.commands.tolist(), trades)
    assert trades == made.tolist()
    native = Native(Path(commands_file(tmp_path, workload.commands)), SMALL)
    with native.running():
        assert native.why is None and native.right(truth.trade_hash)
        assert len(native.hashes) == 6 and not native.right("0" * 16)


def test_a_book_that_makes_other_trades_is_told(tmp_path: Path) -> None:
    native = Native(tmp_path / "commands", SMALL)
    names = ("match", "gated", *YARDSTICKS)
    native.hashes = dict.fromkeys(names, "aa") | {"match_1000_books": "bb", "tick_array_1000_books": "bb"}
    assert native.right("aa") and not native.right("cc")
    for name in native.hashes:
        right = dict(native.hashes)
        native.hashes[name] = "dd"
        assert not native.right("aa"), name
        native.hashes = right


def test_match_is_held_against_both_yardsticks(tmp_path: Path) -> None:
    native = Native(tmp_path / "commands", 30_000_000)
    for name, seconds in (("match", 1.0), ("plain_map_book", 2.0), ("tick_array_book", 0.5)):
        native.rates[name].add(seconds, seconds)
    for name in ("match_1000_books", "gated"):
        native.rates[name].add(1.0, 1.0)
    row = native.rows(right=True)[0]
    assert row.ok and row.reason == "2.00 of the plain map book (goal 1.3), 0.50 of the tick array book (goal 0.4)"
    assert not native.rows(right=False)[0].ok
    assert [(peer.name, peer.ratio, peer.status) for peer in native.yardsticks(right=True)] == [
        ("plain_map_book", 2.0, "ok"), ("tick_array_book", 0.5, "ok"),
    ]  # fmt: skip
    native.rates["tick_array_book"].cpu[0] = 0.39
    assert not native.rows(right=True)[0].ok


def test_without_the_part_in_rust_its_rows_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_native, "SCRIPTS", tmp_path / "elsewhere")
    native = Native(tmp_path / "commands", SMALL)
    with native.running():
        native.round()
    rows = [*native.rows(right=True), *native.singles(tmp_path)[0], *native.on_two_cores(tmp_path, "")[0]]
    assert {row.name for row in rows} == {*bench_native.TIMED, *bench_native.UNITS}
    assert all(row.value is None and not row.ok and row.reason == bench_outside.NOT_HERE for row in rows)
    assert [peer.status for peer in native.yardsticks(right=True)] == ["missing", "missing"]


def test_a_large_market_and_the_purge_are_measured_on_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_native, "LARGE", (3, 64, 500))
    monkeypatch.setattr(bench_native, "PURGED", {"purge_1m": (3, 64, 500)})
    source = Path(commands_file(tmp_path, generated(SMALL).commands))
    rows, probes = Native(source, SMALL).singles(tmp_path)
    found = {row.name: row for row in rows}
    assert set(found) == {"latency", "large_market", "large_market_bytes", "purge_1m"}
    assert found["purge_1m"].reason is not None and found["purge_1m"].reason.startswith("500 orders, ")
    assert all(row.value is not None and row.goal == GOALS[row.name] for row in rows)
    latency = found["latency"]
    assert latency.p50_ns and latency.p99_ns and latency.p999_ns and latency.max_ns
    assert latency.p50_ns <= latency.p99_ns <= latency.p999_ns <= latency.max_ns and latency.value == latency.p99_ns
    assert {probe.name for probe in probes} >= {"empty_loop_p99_ns", "large_market_command", "small_market_command"}


def test_orders_over_shared_memory_make_the_same_trades(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_native, "SHARED_ROUNDS", 1)
    workload = generated(SMALL)
    native = Native(Path(commands_file(tmp_path, workload.commands)), SMALL)
    truth, _ = outcome(workload)
    rows, probes = native.on_two_cores(tmp_path, truth.trade_hash)
    if len(os.sched_getaffinity(0)) < 2:
        assert rows[0].reason is not None and rows[0].reason.endswith("needs two cores")
        return
    assert rows[0].value == rows[0].p50_ns and rows[0].value and rows[0].goal == GOALS["shared_memory"]
    assert [probe.name for probe in probes] == ["two_cores_word_p50_ns"] and probes[0].value > 0
    assert rows[0].ok == (rows[0].value <= GOALS["shared_memory"])
    monkeypatch.setitem(GOALS, "shared_memory", 1e9)
    assert not native.on_two_cores(tmp_path, "0" * 16)[0][0].ok


def test_the_published_workload_has_the_published_trades(test_data: Path) -> None:
    source = test_data / "matching" / "w1_commands.bin.xz"
    workload = read_workload(str(source))
    assert outcome(workload)[0] == Truth(495_096, 13_915_040, "8d68fab1e8bc8d2e", 10_078, 10_080)


def test_a_row_is_ok_only_when_it_is_right_and_reaches_its_goal() -> None:
    rates = Rates(3_000_000)
    for seconds in (0.45, 1.1, 0.4):
        rates.add(seconds, 2.0)
    assert rates.row("gated").value == round(3_000_000 / 0.45, 1) and rates.row("gated").ok
    assert not rates.row("gated", right=False).ok
    assert not rates.row("gated", clock="wall").ok
    assert rates.row("durable_os", clock="wall").ok and "durable_os" not in GOALS


def test_percentiles_are_of_what_was_measured() -> None:
    assert percentiles(range(1_001)) == {"p50_ns": 500, "p99_ns": 990, "p999_ns": 999}
    assert percentiles([7]) == {"p50_ns": 7, "p99_ns": 7, "p999_ns": 7}


def test_durable_rows_come_to_one_state_and_the_probe_writes_the_journals_own_bytes(tmp_path: Path) -> None:
    workload = generated(SMALL)
    disk = Disk(workload, tmp_path)
    disk.round()
    assert len(disk.heads) == 1 and len(disk.batches) == -(-SMALL // bench_disk.BATCH)
    assert all(batch[:4] in (b"IsR1", b"IsG1") for batch in disk.batches)
    assert 100 < disk.bytes_per_record < 400
    rows = {row.name: row for row in disk.rows(right=True)}
    assert rows["durable_os"].ok and not {row.name: row for row in disk.rows(right=False)}["durable_os"].ok
    assert list(tmp_path.iterdir()) == []


def test_a_peer_with_other_trades_is_wrong_and_one_that_is_not_here_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workload = generated(SMALL)
    commands_file(tmp_path, workload.commands)
    truth, _ = outcome(workload)
    reference = run_peer("pure-python", tmp_path, truth, SMALL)
    assert (reference.status, reference.reason) == ("ok", None) and reference.value
    trades = np.fromfile(tmp_path / "pure-python.trades", TRADE)
    trades["price"][4] += 1
    trades.tofile(tmp_path / "trades")
    other = Truth(truth.trades, truth.quantity, bench_outside.trade_hash(trades), 0, 0)
    wrong = run_peer("pure-python", tmp_path, other, SMALL)
    assert (wrong.status, wrong.reason) == ("wrong", "differs in price, first in trade 5")
    assert set(bench_outside.PEERS) == {*PEERS, "nautilus-trader", "exchange-core"}
    monkeypatch.setattr(bench_outside, "SCRIPTS", tmp_path / "elsewhere")
    for name in bench_outside.PEERS:
        missing = run_peer(name, tmp_path, truth, SMALL)
        assert (missing.status, missing.value, missing.reason) == ("missing", None, bench_outside.NOT_HERE)
    assert not run_twin(tmp_path, workload).ok


@pytest.mark.parametrize("name", ["nautilus-trader", "exchange-core"])
def test_a_peer_with_an_environment_of_its_own_makes_the_same_trades_or_is_missing(tmp_path: Path, name: str) -> None:
    workload = generated(SMALL)
    commands_file(tmp_path, workload.commands)
    truth, trades = outcome(workload)
    trades.tofile(tmp_path / "trades")
    peer = run_peer(name, tmp_path, truth, SMALL)
    if peer.status == "missing":
        assert peer.reason, "what is missing is named"
        pytest.skip(peer.reason)
    assert (peer.status, peer.reason) == ("ok", bench_outside.NOTES[name]) and peer.value


def test_peers_with_an_environment_of_their_own_say_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = tmp_path / "bench"
    scripts.mkdir()
    (scripts / "peers.py").touch()
    monkeypatch.setattr(bench_outside, "SCRIPTS", scripts)
    truth = Truth(0, 0, "", 0, 0)
    for name, script in (("nautilus-trader", "nautilus"), ("exchange-core", "exchange_core")):
        peer = run_peer(name, tmp_path, truth, SMALL)
        assert peer.status == "missing" and peer.reason and peer.reason.startswith(f"sh bench/{script}/build.sh ")


def test_the_twin_has_the_same_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_outside, "TWIN_COMMANDS", 200)
    workload = generated(400)
    commands_file(tmp_path, workload.commands)
    row = run_twin(tmp_path, workload)
    assert row.ok and row.value and row.reason == "the first 200 commands, the same chain"


def test_the_command_prints_every_key_of_its_contract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "PEERS", ("pure-python",))
    monkeypatch.setattr(bench_outside, "TWIN_COMMANDS", 100)
    monkeypatch.setattr(bench_rest, "ROUNDS", 1)
    monkeypatch.setattr(bench_rest, "ORDERS", 20)
    monkeypatch.setattr(bench_native, "LARGE", (3, 64, 500))
    monkeypatch.setattr(bench_native, "PURGED", {"purge_1m": (3, 64, 500), "purge_5m": (3, 64, 1_000)})
    source = commands_file(tmp_path, generated(SMALL).commands)
    assert bench.engine(argparse.Namespace(workload=source, json=True)) == 0
    report = json.loads(capsys.readouterr().out, object_pairs_hook=OrderedDict)
    assert list(report) == ["machine", "workload", "rows", "peers", "probes"]
    assert {"commands", "trades", "quantity", "trade_hash", "best_bid", "best_ask"} <= set(report["workload"])
    assert [row["name"] for row in report["rows"]] == list(bench.ORDER)
    columns = {"name", "unit", "value", "p50_ns", "p99_ns", "p999_ns", "rounds", "durability", "ok"}
    assert all(columns <= set(row) for row in report["rows"])
    assert all(row["value"] is not None for row in report["rows"]), report["rows"]
    assert {"name", "version", "row", "value", "ratio", "status", "reason"} <= set(report["peers"][0])
    assert [peer["status"] for peer in report["peers"]] == ["ok"] * 3
    probes = {probe["name"] for probe in report["probes"]}
    assert {"write", "write_fdatasync", "bytes_per_record", "bare_asgi_msgspec", "empty_loop_max_ns"} <= probes
