"""Trades over REST with `httpx`: reads the book, places, replaces and cancels an order, takes, and reads what it cost.

Run: python examples/rest_client.py [DATA]

Needs a running `isthmus serve --data DATA`; key and address are read from DATA/demo-keys.json ("data" when not given).
"""

import json
import sys
from pathlib import Path
from uuid import uuid4

import httpx

SYMBOL = "BTC-USD"
keys = json.loads(Path(sys.argv[1] if len(sys.argv) > 1 else "data", "demo-keys.json").read_text())
headers = {"Isthmus-Key": keys["client"]["key_id"], "Isthmus-Secret": keys["client"]["secret"]}


def answered(response: httpx.Response):
    """The answer's JSON; a refusal says why (RFC 9457) and ends the script."""
    if response.is_error:
        problem = response.json()
        sys.exit(f"{problem['status']} {problem['reason']}: {problem['detail']} (field {problem['field']})")
    return response.json()


def usd(broker: httpx.Client) -> str:
    (row,) = [row for row in answered(broker.get("/v1/balances")) if row["asset"] == "USD"]
    return f"{row['available']} available, {row['held']} held"


with httpx.Client(base_url=keys["url"], headers=headers) as broker:
    book = answered(broker.get(f"/v1/instruments/{SYMBOL}/book", params={"depth": 3}))
    print(f"book     {book['bids'][0]} / {book['asks'][0]}")

    # A limit order far below the market rests and holds its worst cost with fees. The idempotency key makes a second
    # attempt after a lost answer harmless: the same key with the same order gives the same answer.
    order = {"instrument": SYMBOL, "side": "buy", "type": "limit", "price": "30000.00", "quantity": "0.0100"}
    once = {"Idempotency-Key": f"example-{uuid4()}"}
    placed = answered(broker.post("/v1/orders", json=order, headers=once))
    again = answered(broker.post("/v1/orders", json=order, headers=once))
    print(f"placed   {placed['id']} {placed['status']}, holds {placed['hold']} {placed['hold_asset']}: {usd(broker)}")
    assert again["id"] == placed["id"]

    smaller = answered(broker.patch(f"/v1/orders/{placed['id']}", json={"price": "30000.00", "quantity": "0.0050"}))
    print(f"replaced {smaller['id']} to {smaller['quantity']}, holds {smaller['hold']}")
    gone = answered(broker.delete(f"/v1/orders/{placed['id']}"))
    print(f"cancel   {gone['status']}: {usd(broker)}")

    # A market order is held at its protection price, then fills at the book's prices in the same pass.
    order = {"instrument": SYMBOL, "side": "buy", "type": "market", "quantity": "0.0100"}
    bought = answered(broker.post("/v1/orders", json=order))
    print(f"bought   {bought['filled']} at {bought['average_price']}, record {bought['record']}: {usd(broker)}")
    fills = answered(broker.get("/v1/fills", params={"limit": 5}))["data"]
    for fill in (fill for fill in fills if fill["order"] == bought["id"]):
        print(f"fill     {fill['quantity']} at {fill['price']}, fee {fill['fee']} {fill['fee_asset']}")
    assert bought["status"] == "filled", bought["reason"]
