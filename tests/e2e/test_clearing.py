"""A running broker shows what its trades owe, takes a corporate action with two pairs of eyes, and knows both
again after a kill.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import httpx
from tests.e2e.server import GENEROUS, Broker

BUY = {"instrument": "EUR-USD", "side": "buy", "type": "market", "quantity": "50000"}
TRIES, PAUSE_S = 200, 0.05


def rows(operator: httpx.Client, path: str, count: int = 1) -> list[dict[str, Any]]:
    """What a list shows, once there are so many."""
    for _ in range(TRIES):
        found: list[dict[str, Any]] = operator.get(path).raise_for_status().json()
        if len(found) >= count:
            return found
        time.sleep(PAUSE_S)
    raise AssertionError(f"{found} after {TRIES * PAUSE_S} s")


def second_operator(broker: Broker, operator: httpx.Client) -> httpx.Client:
    made = (
        operator.post("/v1/operator/create_key", json={"user": "second", "role": "operator"}).raise_for_status().json()
    )
    return httpx.Client(base_url=broker.url, headers={"Isthmus-Key": made["key_id"], "Isthmus-Secret": made["secret"]})


def test_trades_owe_reports_fail_and_actions_need_two_pairs_of_eyes(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data", settings=GENEROUS)
    with broker.client() as client, broker.client("operator") as operator:
        assert client.get("/v1/clearing/obligations").status_code == 403
        assert client.post("/v1/orders", json=BUY).status_code == 201
        owed = rows(operator, "/v1/clearing/obligations")
        assert {row["state"] for row in owed} == {"pending"} and {row["how"] for row in owed} == {"pvp"}
        assert all("house" in (row["buyer"], row["seller"]) or row["seller"].startswith("acc-") for row in owed)
        assert operator.get("/v1/clearing/nets").json()["reason"] == "no_cycle"
        wrong = operator.post("/v1/operator/report_fail", json={"trade": "trd-1-1", "reason": "LACK"})
        assert (wrong.status_code, wrong.json()["field"]) == (422, "trade")
        operator.post("/v1/operator/report_fail", json={"trade": owed[0]["trade"], "reason": "BLOC"}).raise_for_status()
        entered = enter(operator)
        mine = operator.post("/v1/operator/approve_action", json={"action": entered})
        assert mine.status_code == 422 and "second pair of eyes" in mine.json()["detail"]
        with second_operator(broker, operator) as other:
            other.post("/v1/operator/approve_action", json={"action": entered}).raise_for_status()
        time.sleep(0.5)
        (action,) = operator.get("/v1/clearing/actions").json()
        assert (action["state"], action["approved_by"], action["terms"]) == ("approved", "second", "2 for 1")
        before = operator.get("/v1/clearing/obligations?state=all").json()
    broker.kill()
    again = Broker(tmp_path / "data", settings=GENEROUS)
    with again.client("operator") as operator:
        assert operator.get("/v1/clearing/obligations?state=all").json() == before
        assert operator.get("/v1/clearing/actions").json() == [action]
    assert again.stop() == 0
    with sqlite3.connect(tmp_path / "data" / "settlement" / "settlement.sqlite") as base:
        assert base.execute("select count(*) from obligations").fetchone() == (len(before),)


def enter(operator: httpx.Client) -> str:
    """A split of the euro against the dollar makes no sense to anybody but a test; what cannot be is refused by
    field.
    """
    terms = {"kind": "split", "instrument": "EUR-USD", "ex": "2040-01-05", "new": 2, "old": 1, "cash_in_lieu": "0.5"}
    for change, field in (({"new": 1}, "ratio"), ({"ex": "2000-01-03"}, "ex"), ({"cash_in_lieu": "x"}, "cash_in_lieu")):
        refused = operator.post("/v1/operator/corporate_action", json=terms | change)
        assert (refused.status_code, refused.json()["field"]) == (422, field), refused.text
    made = operator.post("/v1/operator/corporate_action", json=terms).raise_for_status().json()
    rows(operator, "/v1/clearing/actions")
    return str(made["record"])
