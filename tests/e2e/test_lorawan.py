"""Sensors at a running broker: frames and events of sensors become orders, once, and only as two people approved."""

from __future__ import annotations

import base64
import hashlib
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.server import GENEROUS, Broker
from tests.unit.gateways.lorawan.sensor import ADDRESS, APPLICATION, EUI, GATEWAY, NETWORK, Sensor, packet

from isthmus.gateways.lorawan import semtech

WORD = "the word of the network server"
WARM = bytes.fromhex("0167005f")
"""9.5 degrees."""
COLD = bytes.fromhex("01670028")
RULE = """
device = "{eui}"
sensor = "temperature"
when = "above"
threshold = "8.0"
account = "client:demo"
instrument = "BTC-USD"
side = "sell"
quantity = "0.01"
max_quantity = "0.01"
quantity_per_day = "0.04"
intents_per_day = 4
cooldown_s = 1
why = "warm beef is sold before it spoils"
"""
SERVED = "00000000000000aa"
WAIT_S = 10


def settings(folder: Path, port: int) -> str:
    devices, rules = folder / "devices.toml", folder / "rules.toml"
    keys = f'devaddr = "{ADDRESS:08x}"\nnwkskey = "{NETWORK.hex()}"\nappskey = "{APPLICATION.hex()}"'
    devices.write_text(f"[devices.{EUI}]\n{keys}\n[devices.{SERVED}]\n")
    rules.write_text(f"[rules.beef]{RULE.format(eui=EUI)}[rules.pork]{RULE.format(eui=SERVED)}")
    listen = f'listen = "127.0.0.1:{port}"\ngateways = ["{GATEWAY}"]\n'
    digest = hashlib.sha256(WORD.encode()).hexdigest()
    files = f'token_sha256 = "{digest}"\ndevices = "{devices}"\nrules = "{rules}"\n'
    return f"{GENEROUS}\n[lorawan]\n{listen}{files}"


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Gateway:
    """A packet forwarder."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(WAIT_S)
        self.socket.connect(("127.0.0.1", port))

    def push(self, frame: bytes) -> None:
        """Sent and acknowledged."""
        self.socket.send(semtech.push(2, b"ab", GATEWAY, [packet(frame)]))
        assert self.socket.recv(64) == b"\x02ab\x01"


def until(found: Callable[[], Any]) -> Any:
    end = time.monotonic() + WAIT_S
    while not (got := found()):
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.05)
    return got


def second_operator(operator: httpx.Client, url: str) -> httpx.Client:
    asked = {"user": "second", "role": "operator"}
    key = operator.post("/v1/operator/create_key", json=asked).raise_for_status().json()
    return httpx.Client(
        base_url=url, headers={"Isthmus-Key": key["key_id"], "Isthmus-Secret": key["secret"]}, timeout=30
    )


def approve(first: httpx.Client, other: httpx.Client, name: str, orders: int = 10) -> None:
    """Both steps."""
    rule = next(row for row in first.get("/v1/lorawan/rules").json() if row["name"] == name)
    end = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    scope = {"hash": rule["hash"], "until": end, "orders": orders, "quantity": "1"}
    waiting = first.post(f"/v1/lorawan/rules/{name}/propose", json=scope).raise_for_status().json()["waiting"]
    agreed = {"hash": rule["hash"], "number": waiting["number"]}
    alone = first.post(f"/v1/lorawan/rules/{name}/approve", json=agreed)
    assert (alone.status_code, alone.json()["reason"]) == (409, "same_person")
    done = other.post(f"/v1/lorawan/rules/{name}/approve", json=agreed).raise_for_status().json()
    assert done["approved"] and done["approval"]["approved_by"] == "second" and done["waiting"] is None


def intents(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/v1/lorawan/intents").raise_for_status().json()
    return found


def test_a_reading_becomes_one_order_as_two_operators_approved_and_a_kill_forgets_nothing(tmp_path: Path) -> None:
    port = free_port()
    config = settings(tmp_path, port)
    broker = Broker(tmp_path / "data", settings=config)
    gateway, sensor = Gateway(port), Sensor()
    try:
        with broker.client("operator") as operator, second_operator(operator, broker.url) as second:
            gateway.push(sensor.frame(COLD))
            gateway.push(sensor.frame(WARM))
            (proposed,) = until(lambda: intents(operator))
            assert (proposed["status"], proposed["order"]) == ("proposed", None), "nobody approved the rule"
            approve(operator, second, "beef")
            time.sleep(1.1)
            last = sensor.frame(WARM)
            gateway.push(last)
            placed = until(lambda: [row for row in intents(operator) if row["status"] == "placed"])[0]
            order = operator.get(f"/v1/orders/{placed['order']}").raise_for_status().json()
            told = (order["instrument"], order["side"], order["quantity"], order["client_order_id"])
            assert told == ("BTC-USD", "sell", "0.0100", f"lorawan-{placed['number']}")
            assert order["account"] == broker.keys()["account"]
        broker.kill()
        broker = Broker(tmp_path / "data", settings=config)
        with broker.client("operator") as operator:
            assert operator.get(f"/v1/orders/{placed['order']}").json()["client_order_id"] == told[3]
            gateway.push(last)
            refused = until(lambda: operator.get("/v1/lorawan/state").json()["refusals"])[0]
            assert refused["refused"] == "replayed" and len(intents(operator)) == 2
            time.sleep(1.1)
            gateway.push(sensor.frame(WARM))
            newest = until(lambda: [row for row in intents(operator) if row["status"] == "placed"][:-1])[0]
            assert newest["number"] > placed["number"] and newest["order"] != placed["order"]
            standing = operator.get("/v1/lorawan/rules").json()[0]
            assert standing["approval"]["orders_sent"] == 2 and standing["approval"]["quantity_sent"] == "0.02"
            operator.post("/v1/lorawan/rules/beef/revoke", json={}).raise_for_status()
            time.sleep(1.1)
            gateway.push(sensor.frame(WARM))
            assert until(lambda: intents(operator)[:-3])[0]["status"] == "proposed"
    finally:
        gateway.socket.close()
        broker.stop()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("lorawan")
    broker = Broker(folder / "data", settings=settings(folder, free_port()))
    yield broker
    assert broker.stop() == 0


def event(counter: int, payload: bytes = WARM) -> dict[str, Any]:
    """Of ChirpStack."""
    at = datetime.now(UTC).isoformat()
    info = {"devEui": SERVED, "deviceName": "pork 1"}
    return {"deviceInfo": info, "time": at, "fCnt": counter, "fPort": 2, "data": base64.b64encode(payload).decode()}


def test_an_event_of_a_network_server_counts_once_and_needs_its_word(served: Broker) -> None:
    up = "/v1/lorawan/uplinks/chirpstack?event=up"
    with served.client("operator") as operator, second_operator(operator, served.url) as second:
        approve(operator, second, "pork", orders=1)
        assert operator.post(up, json=event(1)).status_code == 401, "a key of a person is no word of a server"
        with httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {WORD}"}) as server:
            taken = server.post(up, json=event(7)).raise_for_status().json()
            assert (taken["device"], taken["readings"], taken["refused"]) == (SERVED, 1, None)
            assert server.post(up, json=event(7)).json()["refused"] == "replayed"
            until(lambda: [row for row in intents(operator) if row["status"] == "placed"])
            time.sleep(1.1)
            server.post(up, json=event(8)).raise_for_status()
            limited = until(lambda: [row for row in intents(operator) if row["status"] == "limited"])[0]
            assert limited["detail"] == "the approval's orders: 1 were sent of 1"
            assert server.post(up, content=b"{").status_code == 400
            assert server.post("/v1/lorawan/uplinks/other", json=event(9)).status_code == 404


def test_what_is_proposed_and_approved_is_held_against_the_rule_that_stands(served: Broker) -> None:
    with served.client("operator") as operator, served.client("client") as client:
        rule = operator.get("/v1/lorawan/rules").json()[0]
        path = f"/v1/lorawan/rules/{rule['name']}"
        end = (datetime.now(UTC) + timedelta(days=7)).isoformat()
        scope = {"hash": rule["hash"], "until": end, "orders": 1, "quantity": "1"}
        wrong = (
            ({"hash": "0" * 64}, 409, "other_content"),
            ({"until": "tomorrow"}, 400, "malformed_request"),
            ({"until": "2020-01-01T00:00:00Z"}, 422, "invalid_time"),
            ({"until": "2199-01-01T00:00:00Z"}, 422, "invalid_time"),
            ({"quantity": "0"}, 400, "malformed_request"),
            ({"quantity": "much"}, 400, "malformed_request"),
            ({"orders": 0}, 400, "malformed_request"),
            ({"more": 1}, 400, "malformed_request"),
        )
        for change, status, reason in wrong:
            answer = operator.post(f"{path}/propose", json=scope | change)
            assert (answer.status_code, answer.json()["reason"]) == (status, reason), (change, answer.text)
        assert client.post(f"{path}/propose", json=scope).status_code == 403
        missing = operator.post(f"{path}/approve", json={"hash": rule["hash"], "number": 99})
        assert (missing.status_code, missing.json()["reason"]) == (409, "not_proposed")
        assert operator.post("/v1/lorawan/rules/none/propose", json=scope).status_code == 404
