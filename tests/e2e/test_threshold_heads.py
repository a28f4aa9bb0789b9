"""A running broker whose heads are signed by four of seven holders, each a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.server import ALONE, GENEROUS, Broker
from tests.e2e.test_audit_log import placed
from tests.e2e.test_books import eventually

from isthmus.app.cli import main
from isthmus.app.keys_house import House
from isthmus.audit.places import JOURNAL, LOGS, log_folder
from isthmus.engine.proofs import LogReader, VerifierKey, note_signed

SETTINGS = f"""{GENEROUS}
[audit.threshold]
key = "heads"
every_s = 0.2
timeout_s = 2.0
{ALONE}"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, 7)
    try:
        yield made
    finally:
        made.stop()


def told(broker: Broker) -> dict[str, Any]:
    with broker.client("auditor") as client:
        status: dict[str, Any] = client.get("/v1/audit/status").raise_for_status().json()
    return status["threshold"] or {"logs": [], "holders": [], "have": 0}


def signed(broker: Broker) -> dict[str, int]:
    return {row["log"]: row["size"] for row in told(broker)["logs"] if row["state"] == "signed"}


def published(broker: Broker, log: str = JOURNAL) -> bytes:
    return (LogReader(log_folder(broker.data, log)).note() or "").encode()


def test_heads_are_signed_by_four_of_seven_while_three_are_away_and_orders_go_on_without_any(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--data", str(house.data), "--json"]
    assert main(["keys", "create", "--key", "heads", "--use", "head", *words]) == 0
    made = json.loads(capsys.readouterr().out)
    keys = {log: VerifierKey.parse(made["vkeys"][f"isthmus.local/demo/{log}"]) for log in LOGS}
    broker = Broker(house.data, settings=SETTINGS)
    try:
        house.kill(5, 6, 7)
        placed(broker)
        eventually(lambda: set(signed(broker)) == set(LOGS) and told(broker)["have"] == 4)
        assert [row["state"] for row in told(broker)["holders"]] == ["present"] * 4 + ["silent"] * 3
        before = signed(broker)
        house.kill(4)
        placed(broker)
        eventually(lambda: not signed(broker))
        assert all(row["size"] >= before[row["log"]] for row in told(broker)["logs"])
        order, _ = placed(broker)
        with broker.client() as client:
            assert client.get(f"/v1/orders/ord-{order}").raise_for_status().json()["status"] == "filled"
        house.start(4, 5, 6, 7)
        eventually(lambda: set(signed(broker)) == set(LOGS) and told(broker)["have"] == 7)
        placed(broker)
    finally:
        assert broker.stop() == 0
    for log, key in keys.items():
        assert note_signed(published(broker, log), key) is None
        folder = str(log_folder(house.data, log))
        assert main(["audit", "verify", "log", folder, "--group", key.text(), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["group"]["key"] == key.name
