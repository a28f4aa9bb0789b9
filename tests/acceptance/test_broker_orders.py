"""QuickFIX trades with the running broker while either of them, and both, are killed: no order is lost, none doubled.

ISTHMUS_FIX_ORDERS says how many orders (100,000 in `make acceptance`).
"""

from __future__ import annotations

import os
import socket
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.peer import Peer, quickfix_python
from tests.e2e.server import GENEROUS, Broker

ORDERS = int(os.environ.get("ISTHMUS_FIX_ORDERS", "3000"))
PATIENCE_S = 600.0
PYTHON = quickfix_python()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def reported(trader: Peer) -> int:
    return max((row["count"] for row in trader.rows if row["event"] == "reported"), default=0)


@pytest.mark.skipif(PYTHON is None, reason="QuickFIX is not installed: name its interpreter by ISTHMUS_QUICKFIX_PYTHON")
def test_kills_on_either_side_lose_no_order_and_double_none(tmp_path: Path) -> None:
    assert PYTHON is not None
    port = free_port()

    def start() -> Broker:
        return Broker(tmp_path / "data", "--port", str(port), settings=GENEROUS)

    broker = start()
    key = broker.keys()["client"]
    facts = {"port": port, "key": key["key_id"], "secret": key["secret"], "orders": ORDERS}
    with Peer(PYTHON, "fix_trader.py", store=str(tmp_path / "trader"), **facts) as trader:

        def until(share: float) -> None:
            trader.wait_for(lambda: reported(trader) >= ORDERS * share, f"{share:.0%} of the reports", PATIENCE_S)

        until(0.2)
        broker.kill()
        broker = start()
        until(0.4)
        trader.restart()
        until(0.6)
        broker.kill()
        trader.kill()
        broker = start()
        trader.start()
        trader.wait_for(lambda: trader.count("done") > 0, "end", PATIENCE_S)
    lines = [line.split() for line in (tmp_path / "trader" / "reports").read_text().splitlines()]
    news = {(client, execution) for client, execution, kind in lines if kind == "0"}
    names = {f"o{number}" for number in range(1, ORDERS + 1)}
    with broker.client() as http:
        orders = _orders(http)
    assert Counter(row["client_order_id"] for row in orders) == dict.fromkeys(names, 1)
    assert Counter(client for client, _ in news) == dict.fromkeys(names, 1)
    assert not [row for row in trader.rows if row["event"] == "other"]
    assert broker.stop() == 0


def _orders(http: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = http.get(f"/v1/orders?status=open&limit=500{cursor}").json()
        rows += page["data"]
        if page["next"] is None:
            return rows
        cursor = f"&cursor={page['next']}"
