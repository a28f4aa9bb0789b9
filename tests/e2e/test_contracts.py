"""Contracts of a running broker come to their end by themselves, once, although it is killed around it; without a price
they wait for two operators, and the books agree.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
from tests.e2e.server import GENEROUS, Broker, isthmus

from isthmus.engine.archive import records
from isthmus.kernel.messages import ExpirySettled

SOON_S, PAUSE_S = 40.0, 0.2
AHEAD_S = 8
LISTED = {
    "kind": "future", "base": "GOLD", "quote": "USD", "price_decimals": 2, "quantity_decimals": 0, "tick_size": "0.01",
    "lot_size": "1", "multiplier": 10, "initial_margin_bps": 1_000, "mark": "100.00",
}  # fmt: skip


def key(broker: Broker, operator: httpx.Client, **wanted: Any) -> httpx.Client:
    made = operator.post("/v1/operator/create_key", json=wanted).raise_for_status().json()
    headers = {"Isthmus-Key": made["key_id"], "Isthmus-Secret": made["secret"]}
    return httpx.Client(base_url=broker.url, headers=headers, timeout=30)


def listed(operator: httpx.Client, symbol: str) -> int:
    """A future that ends soon; when (ns)."""
    operator.post("/v1/operator/add_instrument", json={"instrument": symbol, **LISTED}).raise_for_status()
    expire = (int(time.time()) + AHEAD_S) * 10**9
    terms = {"instrument": symbol, "delivery": "cash", "expire": expire}
    operator.post("/v1/operator/set_contract", json=terms).raise_for_status()
    return expire


def deal(buyer: httpx.Client, seller: httpx.Client, symbol: str) -> None:
    order = {"instrument": symbol, "type": "limit", "quantity": "3", "price": "100.00"}
    for client, side in ((seller, "sell"), (buyer, "buy")):
        client.post("/v1/orders", json={**order, "side": side}).raise_for_status()


def open_in(client: httpx.Client, symbol: str) -> bool:
    rows = client.get("/v1/positions").raise_for_status().json()
    return any(row["instrument"] == symbol and float(row["quantity"]) for row in rows)


def eventually(client: httpx.Client, symbol: str) -> None:
    until = time.monotonic() + SOON_S
    while open_in(client, symbol):
        assert time.monotonic() < until, f"{symbol} was not settled in time"
        time.sleep(PAUSE_S)


def settlements(data: Path) -> int:
    return sum(type(effect) is ExpirySettled for record in records(data) for effect in record.effects)


def test_contracts_end_once_through_kills_and_a_missing_price_is_asked_for(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data", settings=GENEROUS)
    with broker.client() as client, broker.client("operator") as operator:
        operator.post("/v1/operator/add_asset", json={"code": "GOLD", "decimals": 0}).raise_for_status()
        opened = operator.post("/v1/operator/open_account", json={"kind": "client", "name": "mill"})
        number = f"acc-{opened.raise_for_status().json()['effects'][0]['account']}"
        funds = {"account": number, "asset": "USD", "amount": "100000"}
        paid = operator.post("/v1/operator/deposit", json=funds)
        assert paid.status_code == 200, (opened.text, paid.text)
        with key(broker, operator, user="mill", role="client", account=number) as mill:
            priced, unpriced = listed(operator, "GC-A"), listed(operator, "GC-B")
            deal(client, mill, "GC-A")
            deal(client, mill, "GC-B")
            mark = {"instrument": "GC-A", "price": "101.00", "settlement": True}
            operator.post("/v1/operator/mark", json=mark).raise_for_status()
    broker.kill()
    time.sleep(max(0.0, max(priced, unpriced) / 1e9 - time.time()))
    again = Broker(tmp_path / "data", settings=GENEROUS)
    with again.client() as client, again.client("operator") as operator:
        eventually(client, "GC-A")
        until = time.monotonic() + SOON_S
        while not (found := operator.get("/v1/clearing/breaks").json()["breaks"]):
            assert time.monotonic() < until
            time.sleep(PAUSE_S)
        (missing,) = [row for row in found if row["what"] == "final_price"]
        assert missing["instrument"] == "GC-B" and "another operator approves" in missing["words"]
        assert open_in(client, "GC-B"), "nothing is absorbed"
        wrong = operator.post("/v1/operator/settlement_price", json={"instrument": "GC-A", "price": "99"})
        assert (wrong.status_code, wrong.json()["field"]) == (422, "instrument")
        entered = operator.post("/v1/operator/settlement_price", json={"instrument": "GC-B", "price": "99.00"})
        chosen = {"price": entered.raise_for_status().json()["record"]}
        assert operator.post("/v1/operator/approve_price", json=chosen).status_code == 422
        with key(again, operator, user="second", role="operator") as second:
            second.post("/v1/operator/approve_price", json=chosen).raise_for_status()
        eventually(client, "GC-B")
    again.kill()
    third = Broker(tmp_path / "data", settings=GENEROUS)
    with third.client("operator") as operator:
        assert operator.get("/v1/clearing/breaks").json() == {"breaks": [], "prices": []}
    assert third.stop() == 0
    assert settlements(tmp_path / "data") == 2
    code, answer = isthmus("books", "rebuild", "--data", str(tmp_path / "data"), "--check")
    assert (code, answer["ok"], answer["differences"]) == (0, True, []), answer


def test_the_demo_s_perpetual_has_tiers_and_a_position_shows_its_margin(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data", settings=GENEROUS)
    with broker.client() as client:
        tiers = client.get("/v1/instruments/BTC-USD-PERP/tiers").raise_for_status().json()
        assert [(row["initial_bps"], row["maintenance_bps"]) for row in tiers] == [
            (2_000, 500), (3_000, 1_000), (5_000, 2_500),
        ]  # fmt: skip
        client.post("/v1/leverage", json={"instrument": "BTC-USD-PERP", "initial_bps": 2_000}).raise_for_status()
        order = {"instrument": "BTC-USD-PERP", "side": "buy", "type": "market", "quantity": "0.010"}
        client.post("/v1/orders", json=order).raise_for_status()
        until = time.monotonic() + SOON_S
        while not (rows := [row for row in client.get("/v1/margin").json() if row["positions"]]):
            assert time.monotonic() < until
            time.sleep(PAUSE_S)
        (usd,) = rows
        (position,) = usd["positions"]
        assert (usd["asset"], usd["state"], position["quantity"]) == ("USD", "well", "0.010")
        assert float(usd["initial"]) == float(position["initial"]) > float(usd["maintenance"]) > 0
        assert position["leverage_bps"] == 2_000
    assert broker.stop() == 0
