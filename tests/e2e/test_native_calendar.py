"""A calendar of the settings file drives the trading states of a real server."""

from __future__ import annotations

import time
from pathlib import Path

from tests.e2e.server import GENEROUS, Broker

CALENDAR = """
[calendars.currencies]
instruments = ["EUR-USD"]
timezone = "UTC"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

[calendars.currencies.times]
"00:00" = ["closed"]
"""
ORDER = {"instrument": "EUR-USD", "side": "buy", "type": "limit", "quantity": "1000", "price": "1.00000"}
PATIENCE_S = 10


def test_a_server_that_starts_after_the_close_closes(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data", settings=GENEROUS + CALENDAR)
    try:
        with broker.client() as client:
            until = time.monotonic() + PATIENCE_S
            states: dict[str, str] = {}
            while states.get("EUR-USD") != "closed" and time.monotonic() < until:
                states = {row["instrument"]: row["state"] for row in client.get("/v1/sessions").json()}
            assert states["EUR-USD"] == "closed"
            assert states["ACME"] == "continuous"
            refused = client.post("/v1/orders", json=ORDER)
            assert (refused.status_code, refused.json()["reason"]) == (422, "wrong_session")
    finally:
        assert broker.stop() == 0
