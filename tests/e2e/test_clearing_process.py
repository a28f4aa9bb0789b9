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
from tests.e2e.binance_server import BinanceServer
from tests.e2e.server import COMMAND, Broker, isthmus
from tests.unit.venues.binance_exchange import KEY, SECRET

from isthmus.app.clearing_drill import SYMBOL, prepare
from isthmus.engine.archive import records
from isthmus.engine.engine import Engine, Origin, content_id
from isthmus.kernel.messages import (
    FLAGS,
    AddAsset,
    AddInstrument,
    Deposit,
    Mark,
    OpenAccount,
    PlaceOrder,
    VenueFilled,
)

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
def clearing(data: Path, *options: str) -> Iterator[Path]:
    """A clearing process that follows; the file of what it says."""
    said = data.parent / "clearing.ndjson"
    words = [*COMMAND, "clearing", "serve", "--data", str(data), *options]
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
    with clearing(data, "--prices", str(prices)) as said:
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
    with clearing(data, "--prices", str(prices)) as said:
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
    with clearing(data, "--prices", str(prices)):
        code, answer = isthmus("clearing", "serve", "--data", str(data))
        assert (code, answer["error"]["field"]) == (2, "data")
    assert trading.stop() == 0
    code, answer = isthmus("clearing", "serve", "--data", str(tmp_path / "none"))
    assert (code, answer["error"]["field"]) == (2, "data")


LIVE = """
[clearing.simulated]
play = false
[clearing.venues.binance-clearing]
wire = "binance-futures"
rest = "{rest}"
stream = "{stream}"
keys = "{keys}"
prefix = "clr"
silence_s = 2.0
retry_s = 0.1
[clearing.venues.binance-clearing.markets.BTCUSDT-PERP]
symbol = "BTCUSDT"
kind = "linear_perpetual"
base = "BTC"
quote = "USDT"
tick = "0.10"
lot = "0.001"
mark = "30000"
"""


def long_at_a_venue(data: Path) -> None:
    """A client is long 0.2 BTC from 33,000 with 700 USDT, and trading is gone."""
    engine, at = Engine(str(data), "os"), time.time_ns()
    units = {"price_decimals": 1, "quantity_decimals": 3, "tick": 1, "lot": 1, "multiplier": 1, "mark": 330_000}
    fees = {"maker_fee_ppm": 200, "taker_fee_ppm": 500, "collar_bps": 300, "initial_margin_bps": 1_000}
    listed = AddInstrument(symbol="BTCUSDT-PERP", kind=4, base=1, quote=2, **units, **fees)
    places = {"order": 0, "venue": 17, "account": 16, "instrument": 1}
    fill = VenueFilled(**places, side=1, liquidity=2, price=330_000, quantity=200, fill_id=content_id("opening"))
    for command, text in (
        (AddAsset(code="BTC", decimals=8), ""),
        (AddAsset(code="USDT", decimals=8), ""),
        (listed, ""),
        (OpenAccount(kind=1, client_id=content_id("client:a")), "client:a"),
        (OpenAccount(kind=3, client_id=content_id("venue:outside")), "venue:outside"),
        (Deposit(account=16, asset=2, amount=700 * 10**8), ""),
        (fill, ""),
    ):
        assert engine.submit(command, at, Origin(role=5, gateway=4, text=text)).reason is None
    engine.close()


def test_it_closes_through_a_session_of_its_own_at_a_live_venue(tmp_path: Path) -> None:
    data, keys, config = tmp_path / "data", tmp_path / "binance.toml", tmp_path / "clearing.toml"
    long_at_a_venue(data)
    keys.write_text(f'key = "{KEY}"\nsecret = "{SECRET}"\n')
    keys.chmod(0o600)
    server = BinanceServer()
    try:
        config.write_text(LIVE.format(rest=server.rest, stream=server.stream, keys=keys))
        with clearing(data, "--config", str(config)) as said:
            close, closed = event(said, "close"), event(said, "closed")
            assert (close["by"], closed["quantity"]) == ("clearing", close["quantity"])
            assert 290_000 < closed["price"] < 310_000
    finally:
        server.stop()
    back = Broker(data)
    assert back.stop() == 0
    fills = [one.command for one in records(data) if type(one.command) is VenueFilled]
    assert sum(fill.quantity for fill in fills if fill.side == 2) == closed["quantity"]
    assert len({fill.fill_id for fill in fills}) == len(fills)


def test_a_standby_that_comes_while_clearing_is_in_charge_gets_the_folder_with_what_was_closed(tmp_path: Path) -> None:
    data, prices = prepared(tmp_path, 500_000)
    with clearing(data, "--prices", str(prices)) as said:
        event(said, "took_over")
        with prices.open("a") as file:
            file.write(json.dumps({"symbol": SYMBOL, "price": "46000"}) + "\n")
        closed = event(said, "closed")
        standby = Broker(data, "--standby", name="standby")
        assert standby.is_ready()["took_over"]["epoch"] == 2
        event(said, "applied")
    assert standby.stop() == 0
    assert any(one.sequence == closed["order"] and type(one.command) is PlaceOrder for one in records(data))
    code, found = isthmus("verify", str(data), "--replay", "--no-snapshot")
    assert (code, found["effects_equal"]) == (0, True)
