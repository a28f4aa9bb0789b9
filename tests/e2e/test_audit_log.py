"""A running broker's records are under signed heads, and proofs of them hold without the broker."""

from __future__ import annotations

from typing import Any

import httpx
from tests.e2e.server import Broker
from tests.e2e.test_books import eventually

from isthmus.audit.places import keys_folder
from isthmus.audit.proof_file import Trust, check, decode
from isthmus.engine.proofs import VerifierKey


def placed(broker: Broker) -> tuple[int, int]:
    """A market order: its record's number, and that of the last record then."""
    with broker.client() as client:
        asked = {"instrument": "BTC-USD", "side": "buy", "type": "market", "quantity": "0.0100"}
        order = client.post("/v1/orders", json=asked).raise_for_status().json()["id"]
        return int(order.removeprefix("ord-")), int(client.get("/health").json()["sequence"])


def log_of(client: httpx.Client, name: str) -> dict[str, Any]:
    rows = [row for row in client.get("/v1/audit/status").raise_for_status().json()["logs"] if row["log"] == name]
    return rows[0] if rows else {"sequence": 0}


def test_an_order_is_proven_by_the_logs_that_follow_the_journal(broker: Broker) -> None:
    order, last = placed(broker)
    with broker.client("auditor") as client:
        eventually(
            lambda: log_of(client, "journal")["sequence"] >= last and log_of(client, "orders")["sequence"] >= order
        )
        status = client.get("/v1/audit/status").json()
        assert (status["name"], status["fault"], status["state"]) == ("demo", None, "current")
        assert client.get("/health").json()["audit"] is None
        record = client.get(f"/v1/audit/records/{order}/proof").raise_for_status().content
        event = client.get(f"/v1/audit/orders/ord-{order}/proof").raise_for_status().content
        late = client.get("/v1/audit/records/999999999/proof")
        assert (late.status_code, late.json()["reason"]) == (404, "not_covered")
        assert client.get(f"/v1/audit/orders/{order}/proof?sequence=1").json()["reason"] == "no_event"
        assert client.get("/v1/audit/records/none/proof").status_code == 422
    keys = keys_folder(broker.data)
    trust = {name: Trust(log=VerifierKey.parse((keys / f"{name}.vkey").read_text())) for name in ("log", "orders")}
    assert check(decode(record), trust["log"]).head.origin == "isthmus.local/demo/journal"
    shown = check(decode(event), trust["orders"]).fields
    assert len(shown) == 78 and shown["O25"] == f"ord-{order}"


def test_clients_do_not_ask_for_proofs_and_their_statements_print_the_head(broker: Broker) -> None:
    with broker.client() as client:
        assert client.get("/v1/audit/status").status_code == 403
        assert client.get("/v1/audit/records/1/proof").status_code == 403
        assert client.get("/v1/audit/orders/1/proof").status_code == 403
        head = client.get("/v1/statements").raise_for_status().json()["log"]
    with broker.client("operator") as client:
        now = log_of(client, "journal")
    assert (head["origin"], len(head["root"])) == ("isthmus.local/demo/journal", 64)
    assert 0 < head["size"] <= now["size"]
    assert "consistency proof" in head["check"]
