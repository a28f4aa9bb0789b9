"""A running broker confirms a client's foreign exchange by MT300, and says how the other side answered."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec
from tests.e2e.server import COMMAND, GENEROUS, Broker

from isthmus.gateways.swift import mt300

SETTINGS = f"""{GENEROUS}
[swift.confirmations]
own_bic = "BANKGB2L"
[swift.confirmations.parties]
"client:demo" = "CHASUS33"
"""
BUY = {"instrument": "EUR-USD", "side": "buy", "type": "market", "quantity": "50000"}
TRIES, PAUSE_S = 200, 0.05


def rows(operator: httpx.Client, count: int, state: str = "all") -> list[dict[str, Any]]:
    """The confirmations in a state, once there are so many."""
    for _ in range(TRIES):
        found: list[dict[str, Any]] = operator.get(f"/v1/confirmations?state={state}").raise_for_status().json()
        if len(found) >= count:
            return found
        time.sleep(PAUSE_S)
    raise AssertionError(f"{found} after {TRIES * PAUSE_S} s")


def listed(data: Path) -> tuple[int, list[dict[str, Any]]]:
    """`isthmus mt300 list`: exit code and rows."""
    done = subprocess.run(
        [*COMMAND, "mt300", "list", "--data", str(data), "--json"], capture_output=True, check=False, timeout=60
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_a_fill_is_confirmed_answered_and_found_again_after_a_kill(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data", settings=SETTINGS)
    folder = tmp_path / "data" / "confirmations"
    with broker.client() as client, broker.client("operator") as operator:
        assert client.get("/v1/confirmations").status_code == 403
        assert client.post("/v1/orders", json=BUY).status_code == 201
        first = rows(operator, 1)
        assert {row["state"] for row in first} == {"sent"}
        assert {row["deal"]["sold"][0] for row in first} == {"EUR"}
        deal = msgspec.convert(first[0]["deal"], mt300.Deal)
        answer = mt300.build(msgspec.structs.replace(deal.turned(), reference="THEIRS", rate="1.2"))
        assert answer.fin is not None, "rate digits of 22C are those of the rate"
        folder.joinpath("in").mkdir()
        folder.joinpath("in", "answer.fin").write_bytes(answer.fin.encode())
        (wrong,) = rows(operator, 1, "mismatched")
        assert [one["field"] for one in wrong["mismatches"]] == ["36"]
    broker.kill()
    code, offline = listed(tmp_path / "data")
    assert (code, {row["reference"]: row["state"] for row in offline}[wrong["reference"]]) == (1, "mismatched")
    again = Broker(tmp_path / "data", settings=SETTINGS)
    with again.client("operator") as operator:
        assert rows(operator, 1, "mismatched") == [wrong]
        assert sorted(row["reference"] for row in rows(operator, len(first))) == sorted(r["reference"] for r in first)
    assert again.stop() == 0


def test_without_a_bic_nothing_is_confirmed(broker: Broker) -> None:
    with broker.client("operator") as operator:
        answer = operator.get("/v1/confirmations")
    assert (answer.status_code, answer.json()["reason"]) == (404, "no_confirmations")
    assert not (broker.data / "confirmations").exists()
