"""A journal that cannot be written: nothing is acknowledged, it is said so, and nothing acknowledged is lost."""

from __future__ import annotations

import resource
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from tests.e2e.server import COMMAND, Broker, isthmus

ORDER = {"instrument": "BTC-USD", "side": "buy", "type": "limit", "quantity": "0.001", "price": "1.00"}
LOG_ROOM = 5_000
"""Bytes: below the journal's end, above that of the log."""
NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def wait_for(client: httpx.Client, status: str) -> dict[str, object]:
    for _ in range(100):
        health: dict[str, object] = client.get("/health").json()
        if health["status"] == status:
            return health
        time.sleep(0.1)
    raise AssertionError(f"the status did not become {status}")


@pytest.mark.parametrize("durability", ["group", "os"])
def test_a_full_disk_stops_acknowledging_says_so_and_recovers(tmp_path: Path, durability: str) -> None:
    broker = Broker(tmp_path / "data", "--durability", durability)
    try:
        with broker.client() as client:
            acknowledged = [client.post("/v1/orders", json=ORDER).raise_for_status().json()["id"] for _ in range(5)]
            resource.prlimit(broker.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
            health = wait_for(client, "degraded")
            assert health["reason"]
            refused = client.post("/v1/orders", json=ORDER)
            assert (refused.status_code, refused.json()["reason"]) == (503, "journal_unavailable")
            assert client.get("/v1/orders", params={"status": "open"}).json()["data"][0]["id"] == acknowledged[-1]

            resource.prlimit(broker.process.pid, resource.RLIMIT_FSIZE, NO_LIMIT)
            wait_for(client, "ok")
            acknowledged.append(client.post("/v1/orders", json=ORDER).raise_for_status().json()["id"])
    finally:
        code = broker.stop()
    assert code == 0
    code, verdict = isthmus("verify", str(broker.data), "--replay")
    assert (code, verdict["tail"], verdict["effects_equal"]) == (0, "sealed", True)
    again = Broker(tmp_path / "data")
    try:
        with again.client() as client:
            kept = {row["id"] for row in client.get("/v1/orders", params={"limit": 500}).json()["data"]}
            assert set(acknowledged) <= kept
    finally:
        assert again.stop() == 0


def test_a_stop_while_the_disk_is_full_says_so_and_the_next_start_goes_on(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data")
    with broker.client() as client:
        order = client.post("/v1/orders", json=ORDER).raise_for_status().json()["id"]
        resource.prlimit(broker.process.pid, resource.RLIMIT_FSIZE, (LOG_ROOM, resource.RLIM_INFINITY))
        wait_for(client, "degraded")
    assert broker.stop() == 2
    again = Broker(tmp_path / "data")
    try:
        with again.client() as client:
            assert client.get(f"/v1/orders/{order}").raise_for_status().json()["status"] == "open"
    finally:
        assert again.stop() == 0


def test_a_second_server_on_the_same_folder_or_port_says_why_and_exits_2(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data")
    try:
        code, answer = isthmus("serve", "--data", str(tmp_path / "data"), "--port", "0")
        assert (code, answer["error"]["field"]) == (2, "data")
        port = broker.url.rsplit(":", 1)[1]
        code, answer = isthmus("serve", "--data", str(tmp_path / "other"), "--port", port)
        assert (code, answer["error"]["field"]) == (2, "port")
    finally:
        assert broker.stop() == 0


def test_a_damaged_journal_is_named_and_exits_1(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data")
    assert broker.stop() == 0
    segment = sorted((tmp_path / "data" / "journal").glob("*.seg"))[0]
    content = bytearray(segment.read_bytes())
    content[2_000] ^= 1
    segment.write_bytes(content)
    code, answer = isthmus("serve", "--data", str(tmp_path / "data"), "--port", "0")
    assert code == 1
    assert "record" in answer["error"]["reason"]


def test_a_journal_that_is_gone_while_its_snapshot_stays_is_damage(tmp_path: Path) -> None:
    broker = Broker(tmp_path / "data")
    assert broker.stop() == 0
    for segment in (tmp_path / "data" / "journal").glob("*.seg"):
        segment.unlink()
    code, answer = isthmus("serve", "--data", str(tmp_path / "data"), "--port", "0")
    assert code == 1
    assert "snapshot" in answer["error"]["reason"]


def test_a_stop_before_the_server_is_up_ends_without_an_error(tmp_path: Path) -> None:
    words = [*COMMAND, "serve", "--data", str(tmp_path / "data"), "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        while not (tmp_path / "data" / "journal").exists() and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert isthmus("verify", str(tmp_path / "data"))[0] == 0
