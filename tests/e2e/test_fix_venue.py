"""An order for a product of a CME-style venue leaves by our own FIX session, and its fill comes back as the venue's."""

from __future__ import annotations

import time
from pathlib import Path

from tests.e2e.fix_client import value
from tests.e2e.fix_venue import FixVenue
from tests.e2e.server import GENEROUS, Broker

SETTINGS = """
[venues.cme]
wire = "fix"
[venues.cme.session]
address = "127.0.0.1:{port}"
sender = "ISTH"
target = "CME"
reset_on_logon = true
[venues.cme.markets.BTC-CME]
symbol = "BTCZ6"
kind = "linear_perpetual"
base = "BTC"
quote = "USD"
tick = "5"
lot = "1"
mark = "30000"
multiplier = 5

[[product_routes]]
products = ["BTC-CME"]
venue = "cme"
"""
PATIENCE_S = 20


def test_a_future_is_bought_at_the_venue_by_fix_and_its_fill_booked(tmp_path: Path) -> None:
    venue = FixVenue()
    broker = Broker(tmp_path / "data", settings=GENEROUS + SETTINGS.format(port=venue.port))
    wanted = {"instrument": "BTC-CME", "side": "buy", "type": "limit", "price": "30000", "quantity": "2"}
    until = time.monotonic() + PATIENCE_S
    with broker.client() as http:
        placed = http.post("/v1/orders", json=wanted)
        while placed.status_code != 201 and time.monotonic() < until:  # until the session is up
            time.sleep(0.1)
            placed = http.post("/v1/orders", json=wanted)
        assert placed.status_code == 201, placed.text
        order = placed.json()
        while order["status"] != "filled" and time.monotonic() < until:
            time.sleep(0.05)
            order = http.get(f"/v1/orders/{order['id']}").json()
        assert (order["status"], order["filled"], order["venue"]) == ("filled", "2", "cme")
        fills = http.get("/v1/fills").json()["data"]
    assert [(fill["venue"], float(fill["price"]), fill["quantity"]) for fill in fills] == [("cme", 30_000, "2")]
    assert [value(venue.orders[0], tag) for tag in (55, 54, 38, 44)] == ["BTCZ6", "1", "2", "30000"]
    assert broker.stop() == 0
    venue.close()
