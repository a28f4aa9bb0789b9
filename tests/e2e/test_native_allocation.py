"""A block bought over the API, given to two accounts at its average price, and told again when it is asked again."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

from tests.e2e.server import Broker


def test_a_block_is_allocated_over_the_api_once(broker: Broker) -> None:
    block = broker.keys()["account"]
    with broker.client("operator") as operator, broker.client("client") as client:
        members = [_member(operator, block, name) for name in ("cat", "dan")]
        order = _bought(client)
        half = Decimal(order["filled"]) / 2
        body = {
            "name": "first",
            "orders": [order["id"]],
            "allocations": [{"account": member, "quantity": str(half)} for member in members],
        }
        made = client.post("/v1/allocations", json=body)
        assert made.status_code == 201, made.text
        told = made.json()
        assert [row["account"] for row in told["allocations"]] == members and len(told["records"]) == 4
        for member in members:
            owned = {row["asset"]: row for row in operator.get("/v1/balances", params={"account": member}).json()}
            assert Decimal(owned["BTC"]["total"]) == half
        again = client.post("/v1/allocations", json=body).json()
        assert again == told | {"records": []}
        other = client.post("/v1/allocations", json=body | {"name": "second"})
        assert (other.status_code, other.json()["reason"]) == (409, "already_allocated")


def _member(operator: Any, block: str, name: str) -> str:
    opened = operator.post("/v1/operator/open_account", json={"name": f"client:{name}", "kind": "client"}).json()
    account = f"acc-{next(effect['account'] for effect in opened['effects'] if 'account' in effect)}"
    operator.post("/v1/operator/deposit", json={"account": account, "asset": "USD", "amount": "90000"})
    for each in (account, block):
        done = operator.post("/v1/operator/set_account", json={"account": each, "group": 0, "firm": 9})
        assert done.status_code == 200, done.text
    return account


def _bought(client: Any) -> dict[str, Any]:
    wanted = {"instrument": "BTC-USD", "side": "buy", "type": "market", "quantity": "0.02", "time_in_force": "ioc"}
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        order: dict[str, Any] = client.post("/v1/orders", json=wanted).json()
        if Decimal(order.get("filled", "0")) == Decimal("0.02"):
            return order
        time.sleep(0.2)
    raise AssertionError(f"the market did not fill: {order}")
