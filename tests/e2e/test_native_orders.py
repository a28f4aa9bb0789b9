"""The examples of docs/reference/orders.md, one after the other, and what PATCH does to a peg."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.server import Broker

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "orders.md").read_text()
EXAMPLE = re.compile(r"^```json\n(POST|PATCH|DELETE|GET) (\S+)\n(?:(\{.*\})\n)?(\d{3}) (\{.*\})\n```$", re.MULTILINE)
NAMED = re.compile(r"\bord-([a-z]+)\b")


@pytest.fixture(scope="module")
def desk(broker: Broker) -> Iterator[httpx.Client]:
    """The demo client with stock and money beside a share where somebody stands at 99.00 and 100.00."""
    with broker.client("operator") as operator:

        def run(name: str, **body: Any) -> Any:
            return operator.post(f"/v1/operator/{name}", json=body).raise_for_status().json()

        run("add_asset", code="EUC", decimals=2)
        run("add_asset", code="PEN", decimals=0)
        share = {"instrument": "PEN-USD", "kind": "equity", "base": "PEN", "quote": "EUC"}
        run("add_instrument", **share, price_decimals=2, quantity_decimals=0, tick_size="0.01", lot_size="1")
        other = f"acc-{run('open_account', kind='client')['effects'][0]['account']}"
        for account in (broker.keys()["account"], other):
            run("deposit", account=account, asset="EUC", amount="1000000.00")
            run("deposit", account=account, asset="PEN", amount="10000")
        key = run("create_key", user="other", role="trader")
        headers = {"Isthmus-Key": key["key_id"], "Isthmus-Secret": key["secret"]}
        with httpx.Client(base_url=broker.url, headers=headers, timeout=30) as trader, broker.client() as client:

            def stand(side: str, price: str, quantity: str = "1000") -> None:
                body = {"instrument": "PEN-USD", "side": side, "price": price, "quantity": quantity, "account": other}
                trader.post("/v1/orders", json=body).raise_for_status()

            stand("buy", "99.00", "1001")
            mine = {"instrument": "PEN-USD", "side": "sell", "price": "99.00", "quantity": "1"}
            assert client.post("/v1/orders", json=mine).json()["status"] == "filled"
            stand("sell", "100.00")
            yield client


def test_the_examples_of_the_page(desk: httpx.Client) -> None:
    ids: dict[str, str] = {}
    found = EXAMPLE.findall(PAGE)
    assert len(found) == PAGE.count("```json\n") > 0

    def named(text: str) -> str:
        return NAMED.sub(lambda match: ids[match.group(1)], text)

    for method, path, body, status, expected in found:
        sent = json.loads(named(body)) if body else None
        answer = desk.request(method, named(path), **({"json": sent} if sent is not None else {}))
        row, wanted = answer.json(), json.loads(expected)
        assert (answer.status_code, {name: row.get(name) for name in wanted}) == (int(status), wanted), (body, row)
        if sent and "client_order_id" in sent:
            ids[sent["client_order_id"]] = row["id"]
    desk.delete("/v1/orders").raise_for_status()


def test_a_smaller_quantity_of_a_peg_leaves_it_free_to_follow(desk: httpx.Client) -> None:
    peg = {"instrument": "PEN-USD", "side": "buy", "quantity": "10", "type": "peg", "peg": "primary"}
    order = desk.post("/v1/orders", json=peg).raise_for_status().json()
    assert order["price"] == "99.00"
    assert desk.patch(f"/v1/orders/{order['id']}", json={"quantity": "9"}).raise_for_status().json()["price"] == "99.00"
    better = {"instrument": "PEN-USD", "side": "buy", "quantity": "1", "price": "99.50"}
    desk.post("/v1/orders", json=better).raise_for_status()
    assert desk.get(f"/v1/orders/{order['id']}").json()["price"] == "99.50"
    limited = desk.patch(f"/v1/orders/{order['id']}", json={"price": "99.20"}).raise_for_status().json()
    assert (limited["price"], limited["hold"]) == ("99.20", "892.80")
    desk.delete("/v1/orders").raise_for_status()
