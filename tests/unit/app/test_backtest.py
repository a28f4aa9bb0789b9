"""`isthmus.backtest`: a strategy in process against the real engine, router and read models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

import isthmus
from isthmus.app.backtest import START
from isthmus.app.cli import main
from isthmus.engine.archive import records
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S

SYMBOL = "BTC-USD"


class Plain(isthmus.Strategy):
    """Rests an order, changes it, takes it back; crosses the market; works a parent. Keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self.steps: list[int] = []
        self.begun = self.ended = 0

    def on_start(self, broker: isthmus.Broker) -> None:
        self.begun = broker.now
        self.resting = broker.buy(SYMBOL, "0.0100", "100.00").number
        self.parent = broker.sell(SYMBOL, "0.0400", path="TWAP", parameters={"slices": 4}, until_s=40).number

    def on_step(self, broker: isthmus.Broker) -> None:
        self.steps.append(broker.now)
        step = len(self.steps)
        if step == 2:
            broker.replace(self.resting, "0.0200", "101.00")
        elif step == 4:
            self.changed = broker.order_row(self.resting)
            broker.cancel(self.resting)
        elif step == 6:
            self.crossing = broker.buy(SYMBOL, "0.0100").number

    def on_fill(self, broker: isthmus.Broker, fill: Any) -> None:
        self.told.append(("fill", fill.order))

    def on_order(self, broker: isthmus.Broker, order: Any) -> None:
        self.told.append((order.status, order.number))

    def on_end(self, broker: isthmus.Broker) -> None:
        self.ended = broker.now


def test_orders_a_change_a_cancel_and_a_parent_do_what_they_do_on_a_server() -> None:
    strategy = Plain()
    outcome = isthmus.backtest(strategy, seconds=60)
    orders = {row.number: row for row in outcome.orders}
    assert (orders[strategy.resting].status, orders[strategy.resting].reason) == ("cancelled", "user")
    assert (orders[strategy.resting].price, orders[strategy.resting].quantity) == (10_100, 200)
    assert orders[strategy.crossing].status == "filled"
    assert (orders[strategy.parent].status, orders[strategy.parent].filled) == ("filled", 400)
    assert ("fill", strategy.crossing) in strategy.told and ("cancelled", strategy.resting) in strategy.told
    children = {row.number for row in outcome.orders if row.of == strategy.parent}
    assert len(children) >= 4 and sum(fill.quantity for fill in outcome.fills if fill.order in children) == 400
    (cost,) = outcome.analyses
    assert (cost.parent, cost.path, cost.filled) == (strategy.parent, "TWAP", 400)


def test_time_passes_by_the_market_and_not_by_the_clock() -> None:
    strategy = Plain()
    outcome = isthmus.backtest(strategy, seconds=30, step_s=2.0, start=START + 7)
    assert strategy.steps == [START + 7 + second * NS_PER_S for second in range(2, 31, 2)]
    assert (strategy.begun, strategy.ended) == (START + 7, START + 7 + 30 * NS_PER_S)
    assert (outcome.started_at, outcome.ended_at) == (strategy.begun, strategy.ended)


def test_the_same_seed_leaves_the_same_records_and_another_does_not() -> None:
    hashes = [isthmus.backtest(Plain(), seconds=30, seed=seed).state_hash for seed in (1, 1, 2)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_data_folder_is_a_servers_and_verifies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    outcome = isthmus.backtest(Plain(), seconds=30, data=data)
    assert outcome.records == []
    assert main(["verify", str(data), "--replay", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["tail"], answer["effects_equal"]) == (True, "sealed", True)
    assert answer["state_hash"] == outcome.state_hash
    in_memory = isthmus.backtest(Plain(), seconds=30)
    assert [type(record.command) for record in records(data)][-len(in_memory.records) :] == [
        type(record.command) for record in in_memory.records
    ]
    assert in_memory.state_hash == outcome.state_hash


def test_money_is_what_was_given() -> None:
    outcome = isthmus.backtest(isthmus.Strategy(), seconds=1, money={"USD": "1234.50"})
    assert outcome.balances["USD"] == "1234.5"
    assert set(outcome.balances.values()) == {"0", "1234.5"}


class Once(isthmus.Strategy):
    """Does one thing at the start."""

    def __init__(self, act: Any) -> None:
        self._act = act

    def on_start(self, broker: isthmus.Broker) -> None:
        self._act(broker)


@pytest.mark.parametrize(
    ("act", "field", "part"),
    [
        (lambda broker: broker.buy("MOON-USD", "1"), "instrument", "MOON-USD is not listed"),
        (lambda broker: broker.buy(SYMBOL, "1", path="NO_SUCH"), "path", "none of SWEEP"),
        (lambda broker: broker.buy(SYMBOL, "1", "100.00", venue="moon"), "venue", "moon is not known"),
        (lambda broker: broker.buy(SYMBOL, "1000000", "100.00"), "order", "insufficient_funds"),
        (lambda broker: broker.buy(SYMBOL, "0", "100.00"), "order", "quantity_not_positive"),
        (lambda broker: broker.replace(4711, "1", "1.00"), "order", "4711 is not known"),
        (lambda broker: broker.balance("GOLD"), "asset", "GOLD is not known"),
    ],
)
def test_what_cannot_be_is_refused_by_name(act: Any, field: str, part: str) -> None:
    with pytest.raises(BadInput) as refused:
        isthmus.backtest(Once(act), seconds=1)
    assert refused.value.field == field and part in refused.value.reason


def test_bad_parameters_of_a_path_are_refused_by_name() -> None:
    with pytest.raises(msgspec.ValidationError, match="slices"):
        isthmus.backtest(Once(lambda broker: broker.buy(SYMBOL, "1", path="TWAP", parameters={"slices": 0})), seconds=1)


def test_markets_and_money_that_are_not_there_are_refused() -> None:
    with pytest.raises(BadInput, match="no folder"):
        isthmus.backtest(isthmus.Strategy(), "/no/such/folder")
    with pytest.raises(BadInput, match="GOLD is listed by none"):
        isthmus.backtest(isthmus.Strategy(), seconds=1, money={"GOLD": "1"})


def test_an_empty_folder_has_no_markets(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        isthmus.backtest(isthmus.Strategy(), tmp_path)


class Shopper(isthmus.Strategy):
    """Sweeps a little of whatever the recording trades."""

    def on_step(self, broker: isthmus.Broker) -> None:
        symbol = next((name for name in broker.instruments if broker.middle(name) is not None), None)
        if symbol is not None and not hasattr(self, "parent"):
            self.parent = broker.buy(symbol, "0.0100", path="SWEEP").number


def test_a_recording_is_traded_against(test_data: Path) -> None:
    folder = test_data / "crypto_l2" / "binance"
    folder = folder if folder.is_dir() else test_data / "crypto_l2"
    strategy = Shopper()
    outcome = isthmus.backtest(strategy, folder, seconds=60)
    parent = next(row for row in outcome.orders if row.number == strategy.parent)
    assert parent.filled == parent.quantity > 0
