"""The loop's side of the sessions' queue."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from tests.unit.gateways.fix.house import Algorithms, House, Said

from isthmus.gateways.fix.application import Parts
from isthmus.gateways.fix.server import FixServer, Terms
from isthmus.gateways.fix.shapes import Body, Peer
from isthmus.gateways.keys import KeyStore


class Front:
    """The sessions' thread, as far as Python sees it: a pipe for a bell."""

    def __init__(self) -> None:
        self.readable, self.writable = os.pipe()
        self.queue: list[tuple[Any, ...]] = []
        self.sent: list[tuple[int, str, Body]] = []
        self.members: list[Any] = []
        self.routed: list[int] | None = None
        self.taken = 0
        self.running = True

    def close(self) -> None:
        os.close(self.readable)
        os.close(self.writable)

    def fileno(self) -> int:
        return self.readable

    def ring(self, *events: tuple[Any, ...]) -> None:
        self.queue += events
        os.write(self.writable, b"!")

    def events(self) -> list[tuple[Any, ...]]:
        os.read(self.readable, 100)
        events, self.queue = self.queue, []
        return events

    def send(self, place: int, msg_type: str, body: Body, cause: int = 0) -> None:
        self.sent.append((place, msg_type, body))

    def done(self, place: int) -> None:
        self.taken += 1

    def is_full(self, place: int) -> bool:
        return False

    def wake(self) -> None:
        return None

    def set_members(self, members: list[Any]) -> None:
        self.members = members

    def set_routed(self, instruments: list[int]) -> None:
        self.routed = instruments


class Driver:
    def __init__(self) -> None:
        self.heard = 0

    def hear_sessions(self) -> None:
        self.heard += 1


class Desk:
    """A house, its keys and a server of its sessions."""

    def __init__(self, folder: Path, cancels: bool) -> None:
        self.house = House()
        self.keys = KeyStore(folder / "keys.sqlite", lambda: 1, os.urandom)
        user = self.keys.user("ann", "client", self.house.accounts[0])
        self.key, _ = self.keys.create_key(user)
        self.front, self.driver = Front(), Driver()
        reads = self.house.application.trading._reads
        parts = Parts(self.house.application.trading._entry, reads, Algorithms(), self.house.allocator)  # type: ignore[arg-type]
        terms = Terms(frozenset(), cancels)
        self.server = FixServer(self.front, parts, self.keys, self.driver, terms)

    def close(self) -> None:
        self.front.close()
        self.keys.close()


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    made = Desk(tmp_path, cancels=True)
    yield made
    made.close()


def test_a_session_that_logs_on_is_answered_in_its_order(desk: Desk) -> None:
    async def run() -> None:
        desk.server.start()
        asked = [Said({35: "H", 11: name, 55: "ACME", 54: "1"}) for name in ("a", "b")]
        desk.front.ring(("logon", 3, "FIX.4.4", desk.key, 0), ("message", 3, asked[0], 0), ("message", 3, asked[1], 0))
        await asyncio.sleep(0.01)
        await desk.server.stop()

    asyncio.run(run())
    assert [dict(body)[11] for _, _, body in desk.front.sent] == ["a", "b"]
    assert (desk.front.taken, desk.driver.heard) == (2, 1)


def test_a_session_that_goes_takes_its_orders_along_where_that_is_set(desk: Desk) -> None:
    gone: list[Peer] = []
    desk.server.end_session = gone.append

    async def run() -> None:
        desk.server.start()
        desk.front.ring(("logon", 3, "FIX.4.4", desk.key, 0), ("logout", 3))
        await asyncio.sleep(0.01)
        await desk.server.stop()

    asyncio.run(run())
    assert [(peer.place, peer.identity.account) for peer in gone] == [(3, desk.house.accounts[0])]


def test_keys_that_others_make_may_log_on_within_a_second(desk: Desk, tmp_path: Path) -> None:
    desk.server.second()
    assert [member[0] for member in desk.front.members] == [desk.key]
    desk.front.members = []
    desk.server.second()
    assert desk.front.members == [], "nothing changed"
    other = KeyStore(tmp_path / "keys.sqlite", lambda: 1, os.urandom)
    made, _ = other.create_key(other.user("bob", "operator", None))
    other.create_key(other.user("eve", "client", 16), public_key=bytes(32))
    other.close()
    desk.server.second()
    assert [(member[0], member[4]) for member in desk.front.members] == [(desk.key, desk.house.accounts[0]), (made, 0)]
