"""`serve --markets` on a folder of pools: listed, traded, a flash move made, and all of it again after kill -9."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from tests.e2e.server import GENEROUS, Broker, isthmus

E18 = 10**18
FLASH = GENEROUS + '\n[flash.USDC]\nmost = "1000000"\ngas = "20"\n'
PATIENCE_S = 30


def pools_at(folder: Path, *reserves: int) -> None:
    """StableSwap pools of a million FRAX and so many USDC: the more USDC, the dearer is FRAX there."""
    folder.mkdir()
    rows = {
        f"pool{number}": {
            "pool_type": "REGISTRY_V1",
            "symbol": f"pool{number}",
            "coins": {"names": ["FRAX", "USDC"], "decimals": [18, 6]},
            "params": {"A": 500, "fee": 1_000_000, "admin_fee": 0},
            "basepool": None,
            "reserves": {"unnormalized_by_coin": [10**6 * E18, usdc * 10**6]},
        }
        for number, usdc in enumerate(reserves)
    }
    (folder / "pools.json").write_text(json.dumps(rows))


def waited(question: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError("waited too long")


def levels(client: httpx.Client, instrument: str) -> Any:
    found = client.get(f"/v1/instruments/{instrument.replace('/', '%2F')}/book", params={"depth": 20}).json()
    return found["bids"], found["asks"]


def test_pools_are_traded_moved_by_the_house_and_found_again_after_a_kill(tmp_path: Path) -> None:
    markets = tmp_path / "markets"
    pools_at(markets, 1_000_000, 4_000_000)
    data = tmp_path / "data"
    broker = Broker(data, "--markets", str(markets), settings=FLASH)
    rows = [(row["kind"], row["instrument"], row["venue"], row["taken"]) for row in broker.ready["markets"]]
    assert rows == [("amm_pool", "FRAX/USDC", f"curve-pool{number}", True) for number in (0, 1)]
    log = Path(broker.log.name)
    waited(lambda: "legs executed" in log.read_text())
    with broker.client() as client:
        listed = next(row for row in client.get("/v1/instruments").json() if row["instrument"] == "FRAX/USDC")
        facts = {row["venue"]: row for row in listed["venue_facts"]}
        assert facts["curve-pool0"]["kind"] == "amm"
        assert facts["curve-pool0"]["assumed"] == "the pool's fee is in the price, gas is not"
        order = client.post(
            "/v1/orders",
            json={
                "instrument": "FRAX/USDC", "side": "buy", "type": "limit", "quantity": "100", "price": "1.5",
                "venue": "curve-pool0",
            },
        )  # fmt: skip
        assert order.status_code == 201, order.text
        number = order.json()["id"]
        waited(lambda: client.get(f"/v1/orders/{number}").json()["status"] == "filled")
        time.sleep(1)
        before = levels(client, "FRAX/USDC")
    broker.kill()
    moves = log.read_text().count("legs executed")
    again = Broker(data, "--markets", str(markets), settings=FLASH)
    with again.client() as client:
        time.sleep(1)
        assert levels(client, "FRAX/USDC") == before, "the pools are where the fills left them"
    assert Path(again.log.name).read_text().count("legs executed") == moves, "what was gained is not there twice"
    assert again.stop() == 0
    code, found = isthmus("verify", str(data), "--replay")
    assert (code, found["ok"], found["effects_equal"]) == (0, True, True)
