"""Clearing beside a real trading process: what it does alone, and that a living one is never pushed aside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.server import COMMAND, Broker, isthmus

from isthmus.app.clearing_drill import SYMBOL, prepare
from isthmus.engine.archive import records
from isthmus.engine.engine import Engine, Origin
from isthmus.kernel.messages import FLAGS, Mark, PlaceOrder

WAIT_S = 20.0


def test_killed_trading_leaves_clearing_alone_and_gets_everything_back(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = isthmus("clearing", "drill", "--clients", "6")
    assert code == 0, found
    assert (found["ok"], found["fills_twice"], found["trial_balance"], found["dissent"]) == (True, 0, {}, 0)
    assert found["closed_lots"] + found["lots_left"] == 6_000
    assert found["closed_lots"] > 0
    with capsys.disabled():
        print(
            f"\nin charge {found['killed_to_in_charge_s']} s after the kill, first close "
            f"{found['in_charge_to_first_close_s']} s later, decision to fill {found['decision_to_fill_ms']} ms; "
            f"{found['closes']} closes of {found['closed_lots']} lots; back to serving {found['back_to_serving_s']} s"
        )


@contextmanager
def clearing(data: Path, prices: Path) -> Iterator[Path]:
    """A clearing process that follows; the file of what it says."""
    said = data.parent / "clearing.ndjson"
    words = [*COMMAND, "clearing", "serve", "--data", str(data), "--prices", str(prices)]
    with said.open("wb") as output, (data.parent / "clearing.log").open("wb") as log:
        process = subprocess.Popen(words, stdout=output, stderr=log, env=os.environ)
        try:
            event(said, "ready")
            yield said
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(WAIT_S) == 0


def event(said: Path, name: str) -> dict[str, Any]:
    """The first row of this event, waited for."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        for line in said.read_text().splitlines():
            row: dict[str, Any] = json.loads(line)
            if row["event"] == name:
                return row
        time.sleep(0.05)
    raise AssertionError(f"nobody said {name}: {said.read_text()}")


def prepared(folder: Path, mark: int) -> tuple[Path, Path]:
    """A folder with clients who are long, marked at this price, and a file of clearing's own prices."""
    data, prices = folder / "data", folder / "prices.ndjson"
    prepare(data, 3)
    engine = Engine(str(data), "os")
    engine.submit(Mark(instrument=1, settlement=0, source=1, price=mark), time.time_ns(), Origin(role=5, gateway=4))
    engine.close()
    prices.write_text(json.dumps({"symbol": SYMBOL, "price": str(mark // 10)}) + "\n")
    return data, prices


def test_a_living_trading_process_carries_out_what_clearing_decides(tmp_path: Path) -> None:
    data, prices = prepared(tmp_path, 460_000)
    trading = Broker(data)
    with clearing(data, prices) as said:
        close = event(said, "close")
        closed = event(said, "closed")
        assert (close["by"], close["votes"], closed["close"]) == ("trading", 3, close["n"])
    assert trading.stop() == 0
    ours = [one for one in records(data) if one.origin.text == f"clearing-{close['n']}"]
    (order,) = [one.command for one in ours if type(one.command) is PlaceOrder]
    assert (order.account, order.venue, order.flags, order.quantity) == (16, 0, FLAGS["reduce_only"], close["quantity"])


def test_a_stopped_trading_process_is_alive_and_keeps_its_folder(tmp_path: Path) -> None:
    data, prices = prepared(tmp_path, 500_000)
    trading = Broker(data)
    with clearing(data, prices) as said:
        trading.process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        assert "took_over" not in said.read_text(), "it may wake up at any time: an operator must kill it"
        trading.process.send_signal(signal.SIGCONT)
        with trading.client() as client:
            assert client.get("/v1/account").status_code in (200, 404)
        trading.kill()
        assert event(said, "took_over")["epoch"] == 1
    back = Broker(data, name="back")
    assert back.stop() == 0


def test_two_clearing_processes_of_one_folder_are_one_too_many(tmp_path: Path) -> None:
    data, prices = prepared(tmp_path, 500_000)
    trading = Broker(data)
    with clearing(data, prices):
        code, answer = isthmus("clearing", "serve", "--data", str(data))
        assert (code, answer["error"]["field"]) == (2, "data")
    assert trading.stop() == 0
    code, answer = isthmus("clearing", "serve", "--data", str(tmp_path / "none"))
    assert (code, answer["error"]["field"]) == (2, "data")
