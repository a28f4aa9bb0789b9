"""kill -9 under load, again and again: no acknowledged order is lost, and the state is that of a full replay."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx
import pytest
from tests.e2e.server import Broker, isthmus

ORDERS_BEFORE_THE_KILL = 25
THREADS = 2


class Load:
    """Places orders from several threads until the server is gone; keeps what was acknowledged."""

    def __init__(self, broker: Broker, round_number: int) -> None:
        self.acknowledged: list[str] = []
        self.enough = threading.Event()
        self._broker = broker
        self._round = round_number
        self._threads = [threading.Thread(target=self._place, args=(number,)) for number in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def _place(self, number: int) -> None:
        order = {"instrument": "BTC-USD", "side": "buy", "quantity": "0.001", "price": "1.00"}
        try:
            with self._broker.client() as client:
                for count in range(1_000_000):
                    text = f"round-{self._round}-{number}-{count}"
                    answer = client.post("/v1/orders", json=order | {"client_order_id": text})
                    self.acknowledged.append(answer.raise_for_status().json()["id"])
                    if len(self.acknowledged) >= ORDERS_BEFORE_THE_KILL:
                        self.enough.set()
        except httpx.TransportError:
            self.enough.set()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


@pytest.mark.parametrize(("durability", "kills"), [("group", 12), ("os", 4)])
def test_nothing_acknowledged_is_lost_by_kills(tmp_path: Path, durability: str, kills: int) -> None:
    acknowledged: list[str] = []
    for round_number in range(kills):
        broker = Broker(tmp_path / "data", "--durability", durability)
        load = Load(broker, round_number)
        assert load.enough.wait(30)
        broker.kill()
        load.join()
        assert len(load.acknowledged) >= ORDERS_BEFORE_THE_KILL
        acknowledged += load.acknowledged
        code, verdict = isthmus("verify", str(broker.data))
        assert code in (0, 3), verdict
    last = Broker(tmp_path / "data", "--durability", durability)
    try:
        with last.client() as client:
            for order in acknowledged:
                assert client.get(f"/v1/orders/{order}").raise_for_status().json()["status"] == "open"
    finally:
        assert last.stop() == 0
    code, replayed = isthmus("verify", str(last.data), "--replay")
    from_start, whole = isthmus("verify", str(last.data), "--replay", "--no-snapshot")
    assert (code, from_start) == (0, 0)
    assert replayed["effects_equal"] is whole["effects_equal"] is True
    assert replayed["state_hash"] == whole["state_hash"]
