"""Fail-over drills with real processes: the owner is killed or stopped under load, and the standby serves.

Nothing that was acknowledged is lost, nothing is acknowledged twice, and a former owner that wakes up is refused.
"""

from __future__ import annotations

import shutil
import signal
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest
from tests.e2e.server import GENEROUS, STOP_TIMEOUT_S, Broker, isthmus

ENOUGH = 60
THREADS = 2
ORDER = {"instrument": "BTC-USD", "side": "buy", "quantity": "0.001", "price": "1.00"}
KEY = "0123456789abcdef0123456789abcdef\n"


class Load:
    """Places orders from several threads until nobody answers; keeps what was acknowledged, by client id."""

    def __init__(self, broker: Broker) -> None:
        self.acknowledged: dict[str, str] = {}
        self.enough = threading.Event()
        self._broker = broker
        self._threads = [threading.Thread(target=self._place, args=(number,)) for number in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def _place(self, number: int) -> None:
        with self._broker.client() as client:
            for count in range(1_000_000):
                text = f"load-{number}-{count}"
                try:
                    answer = client.post("/v1/orders", json=ORDER | {"client_order_id": text})
                except httpx.TransportError:
                    break
                if answer.status_code != 201:
                    break
                self.acknowledged[text] = answer.json()["id"]
                if len(self.acknowledged) >= ENOUGH:
                    self.enough.set()
        self.enough.set()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


def place(broker: Broker, text: str, timeout_s: float = 30) -> httpx.Response:
    with httpx.Client(base_url=broker.url, headers=broker.headers(), timeout=timeout_s) as client:
        return client.post("/v1/orders", json=ORDER | {"client_order_id": text})


def nothing_is_lost_or_doubled(broker: Broker, acknowledged: dict[str, str]) -> None:
    """Every acknowledged order stands; its client id, sent again, is answered with the same order."""
    assert len(acknowledged) >= ENOUGH
    with broker.client() as client:
        for text, order in acknowledged.items():
            assert client.get(f"/v1/orders/{order}").raise_for_status().json()["status"] == "open"
            again = client.post("/v1/orders", json=ORDER | {"client_order_id": text}).raise_for_status().json()
            assert again["id"] == order


def is_sound(data: Path, epochs: int) -> None:
    """The journal is whole and runs again from its first record."""
    code, found = isthmus("verify", str(data), "--replay", "--no-snapshot")
    assert (code, found["ok"], found["effects_equal"]) == (0, True, True)
    assert found["epoch"] == epochs


@pytest.mark.parametrize("durability", ["group", "os"])
def test_a_standby_serves_when_the_owner_is_killed_under_load(
    tmp_path: Path, durability: str, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = Broker(tmp_path / "data", "--durability", durability)
    standby = Broker(tmp_path / "data", "--durability", durability, "--standby", name="standby")
    load = Load(owner)
    assert load.enough.wait(30)
    killed = time.perf_counter()
    owner.kill()
    ready = standby.is_ready()
    serves = time.perf_counter() - killed
    load.join()
    answer = place(standby, "after the fail-over")
    first = time.perf_counter() - killed
    assert answer.status_code == 201
    took = ready["took_over"]
    assert (took["epoch"], took["forced"]) == (1, False)
    with capsys.disabled():
        print(
            f"\n{durability}: journal taken over in {took['seconds']} s; from the kill to serving {serves:.3f} s, ",
            end="",
        )
        print(f"to the first new order {first:.3f} s; {len(load.acknowledged)} acknowledged, none lost")
    nothing_is_lost_or_doubled(standby, load.acknowledged)
    assert standby.stop() == 0
    is_sound(tmp_path / "data", 1)


def test_an_owner_that_was_stopped_is_refused_when_it_wakes_up(tmp_path: Path) -> None:
    owner = Broker(tmp_path / "data", name="owner")
    standby = Broker(tmp_path / "data", "--standby", name="standby")
    load = Load(owner)
    assert load.enough.wait(30)
    owner.process.send_signal(signal.SIGSTOP)
    time.sleep(0.2)
    assert standby.process.poll() is None, "a stopped owner still holds its lock: the standby waits for an operator"
    code, told = isthmus("takeover", "--data", str(tmp_path / "data"))
    assert (code, told["took_over"], told["epoch"]) == (0, True, 1)
    took = standby.is_ready()["took_over"]
    assert took["forced"] is True
    assert place(standby, "of the new owner").status_code == 201
    owner.process.send_signal(signal.SIGCONT)
    assert owner.process.wait(STOP_TIMEOUT_S) == 2
    load.join()
    assert "epoch 1" in Path(owner.log.name).read_text()
    owner.kill()
    nothing_is_lost_or_doubled(standby, load.acknowledged)
    assert standby.stop() == 0
    is_sound(tmp_path / "data", 1)


def test_a_take_over_without_a_standby_says_so(tmp_path: Path) -> None:
    code, told = isthmus("takeover", "--data", str(tmp_path), "--wait", "0.1")
    assert (code, told["took_over"]) == (3, False)
    assert list(tmp_path.iterdir()) == []
    code, told = isthmus("takeover", "--data", str(tmp_path / "none"))
    assert (code, told["error"]["field"]) == (2, "data")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Sites:
    """An owner and a standby with folders of their own and a link between them, as on two hosts."""

    def __init__(self, folder: Path, receipt_s: float = 5) -> None:
        self.port = free_port()
        self.here, self.there = folder / "here" / "data", folder / "there" / "data"
        for data in (self.here, self.there):
            data.mkdir(parents=True)
            (data / "link.key").write_text(KEY)
        self.settings = f'{GENEROUS}\n[standby]\nlisten = "127.0.0.1:{self.port}"\nreceipt_s = {receipt_s}\n'
        self.standby = self.linked()
        self.owner = Broker(self.here, settings=self.settings)
        shutil.copy(self.here / "keys.sqlite", self.there)
        shutil.copy(self.here / "demo-keys.json", self.there)

    def linked(self) -> Broker:
        return Broker(self.there, "--standby", "--from", f"127.0.0.1:{self.port}")


def lose(folder: Path) -> None:
    """The processes beside a killed server may still be writing there when it is taken away."""
    for _ in range(100):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)
    raise AssertionError(f"somebody goes on writing in {folder}")


def test_a_standby_elsewhere_has_all_that_was_acknowledged_when_the_owner_is_gone_for_good(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sites = Sites(tmp_path)
    load = Load(sites.owner)
    assert load.enough.wait(30)
    with sites.owner.client() as client:
        health = client.get("/health").json()
    assert health["standby"]["connected"] is True
    assert health["durable"] <= health["standby"]["receipt"]
    killed = time.perf_counter()
    sites.owner.kill()
    load.join()
    lose(sites.here)
    code, told = isthmus("takeover", "--data", str(sites.there))
    assert (code, told["took_over"], told["epoch"]) == (0, True, 1)
    took = sites.standby.is_ready()["took_over"]
    assert place(sites.standby, "after the fail-over").status_code == 201
    with capsys.disabled():
        print(f"\nlink: taken over by command in {told['seconds']} s (journal {took['seconds']} s); ", end="")
        print(f"kill to first new order {time.perf_counter() - killed:.3f} s; {len(load.acknowledged)} acknowledged")
    nothing_is_lost_or_doubled(sites.standby, load.acknowledged)
    assert sites.standby.stop() == 0
    is_sound(sites.there, 1)


def test_without_the_standby_nothing_is_acknowledged_and_all_is_when_it_is_back(tmp_path: Path) -> None:
    sites = Sites(tmp_path, receipt_s=1)
    assert place(sites.owner, "with the standby").status_code == 201
    sites.standby.kill()
    with pytest.raises(httpx.TransportError):
        place(sites.owner, "waits for the standby", timeout_s=0.7)
    for _ in range(100):
        if httpx.get(f"{sites.owner.url}/health").json()["status"] == "degraded":
            break
        time.sleep(0.1)
    refused = place(sites.owner, "refused")
    assert (refused.status_code, refused.json()["reason"]) == (503, "journal_unavailable")
    standby = sites.linked()
    for _ in range(100):
        if httpx.get(f"{sites.owner.url}/health").json()["status"] == "ok":
            break
        time.sleep(0.1)
    assert place(sites.owner, "with it again").status_code == 201
    assert sites.owner.stop() == 0
    assert standby.stop() == 0
    _, here = isthmus("verify", str(sites.here))
    assert isthmus("verify", str(sites.there), "--head", here["head"])[0] == 0


def test_an_owner_whose_standby_took_over_is_told_by_the_link_and_stops(tmp_path: Path) -> None:
    sites = Sites(tmp_path)
    assert place(sites.owner, "before").status_code == 201
    assert isthmus("takeover", "--data", str(sites.there))[0] == 0
    sites.standby.is_ready()
    assert sites.owner.process.wait(STOP_TIMEOUT_S) == 2
    assert "epoch 1" in Path(sites.owner.log.name).read_text()
    sites.owner.kill()
    assert sites.standby.stop() == 0


def test_a_standby_without_the_key_or_of_another_journal_is_refused(tmp_path: Path) -> None:
    sites = Sites(tmp_path)
    stranger = tmp_path / "stranger" / "data"
    stranger.mkdir(parents=True)
    (stranger / "link.key").write_text(KEY)
    sites.standby.kill()
    other = Broker(stranger)
    assert other.stop() == 0
    refused = Broker(stranger, "--standby", "--from", f"127.0.0.1:{sites.port}", name="refused")
    assert refused.process.wait(STOP_TIMEOUT_S) == 2
    assert "not one of this journal" in Path(refused.log.name).read_text()
    (stranger / "link.key").write_text("another key of enough bytes")
    wrong = Broker(stranger, "--standby", "--from", f"127.0.0.1:{sites.port}", name="wrong")
    time.sleep(1)
    assert "trying again" in Path(wrong.log.name).read_text()
    for ended in (refused, wrong, sites.owner):
        ended.kill()
