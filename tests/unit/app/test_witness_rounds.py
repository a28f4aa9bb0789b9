"""Rounds of asking: who signed, refused or was silent is remembered and told, and the log is never waited for."""

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pytest
from tests.unit.audit.naive_log import NaiveLog

from isthmus.app import witness_rounds
from isthmus.app.venue_http import HttpAnswer, NotSent
from isthmus.app.witness_board import Board
from isthmus.app.witness_gossip import peers_of
from isthmus.app.witness_host import WitnessHost
from isthmus.app.witness_rounds import Line, Rounds
from isthmus.audit.cosigned import cosignatures
from isthmus.audit.jurisdictions import shipped
from isthmus.audit.quorum import cosigned_at
from isthmus.audit.witness import log_key
from isthmus.audit.witness_key import kept_key
from isthmus.engine.proofs import LogRefused, Note
from isthmus.kernel.errors import Damaged

NAMES = ("uk-fca", "us-sec", "hk-sfc")


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000

    def __call__(self) -> int:
        return self.seconds * 1_000_000_000


class Wire:
    """To a witness in this process; may be cut, or hang."""

    def __init__(self, host: WitnessHost) -> None:
        self.host = host
        self.is_cut = self.hangs = False
        self.count = 0

    async def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> HttpAnswer:
        self.count += 1
        if self.is_cut:
            raise NotSent("connection refused")
        if self.hangs:
            await asyncio.sleep(60)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(cast(Any, self.host.application)), base_url="http://w"
        ) as client:
            answer = await client.request(method, target, headers=dict(headers), content=body)
        return HttpAnswer(answer.status_code, dict(answer.headers), answer.content)

    def close(self) -> None:
        """There is no socket."""


class World:
    """A log, three witnesses and the rounds between them, each with a folder that outlives it."""

    def __init__(self, folder: Path, needed: int = 2) -> None:
        self.folder, self.needed, self.clock = folder, needed, Clock()
        self.log = NaiveLog("example.test/journal")
        self.log.append(*(bytes([number]) for number in range(9)))
        self.wires = {name: Wire(self.host(name, folder / name)) for name in NAMES}
        self.rounds = self.begun()

    def host(self, name: str, folder: Path) -> WitnessHost:
        folder.mkdir(exist_ok=True)
        key = kept_key(self.folder / f"{name}.key", f"witness/{name}")
        return WitnessHost.of(key, name, [log_key(self.log.vkey)], folder, self.clock)

    def begun(self) -> Rounds:
        rounds = Rounds(self.folder / "audit", self.needed, shipped(), self.clock)
        for port, (name, wire) in enumerate(self.wires.items(), 1):
            rounds.put(Line(name, f"http://127.0.0.1:{port}", wire.host.key.public, wire))
        return rounds

    def turn(self, seconds: int = 1) -> dict[str, str]:
        """The states on the board after a turn."""
        self.clock.seconds += seconds

        async def once() -> None:
            await self.rounds.turn({"journal": self.log})
            await self.rounds.close()

        asyncio.run(once())
        return {row.name: row.state for row in self.board.witnesses}

    @property
    def board(self) -> Board:
        return msgspec.json.decode((self.folder / "audit" / "witnesses.json").read_bytes(), type=Board)

    def reason(self, name: str) -> str:
        return next(row.reason or "" for row in self.board.witnesses if row.name == name)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_every_witness_cosigns_and_the_quorum_is_told(world: World) -> None:
    world.log.sign(5)
    assert set(world.turn().values()) == {"signed"}
    assert world.board.quorum == msgspec.convert({"needed": 2, "have": 3, "of": 3}, type(world.board.quorum))
    row = next(row for row in world.board.witnesses if row.name == "us-sec")
    assert (row.size, row.jurisdiction, row.time, row.blinded) == (5, "US", "1970-01-01T00:16:41.000000000Z", 2)


def test_cosignatures_go_into_files_for_the_log_s_writer_and_hold(world: World) -> None:
    note = world.log.sign(5)
    world.turn()
    lines = cosignatures(world.folder, "journal", note)
    text = Note.parse(note.encode()).text
    keys = {wire.host.key.public for wire in world.wires.values()}
    assert {key for key in keys for line in lines if cosigned_at(text, line, key) == 1_001} == keys
    assert (world.folder / "audit/witnesses/journal.cosigned").read_text() == note + "".join(
        f"{one}\n" for one in lines
    )
    assert cosignatures(world.folder, "journal", note + "".join(f"{one}\n" for one in lines)) == []
    assert cosignatures(world.folder, "journal", world.log.sign(6)) == []


def test_the_addresses_of_those_who_are_asked_are_told_so_that_they_ask_each_other(world: World) -> None:
    world.rounds.without("hk-sfc", "is away")
    world.turn()
    assert peers_of(world.folder / "audit/witnesses/peers") == ["http://127.0.0.1:1", "http://127.0.0.1:2"]


def test_who_signed_a_head_is_not_asked_again_for_it(world: World) -> None:
    world.log.sign(5)
    world.turn()
    before = [wire.count for wire in world.wires.values()]
    world.turn()
    assert [wire.count for wire in world.wires.values()] == before


def test_a_witness_that_is_away_is_silent_is_asked_less_often_and_catches_up(world: World) -> None:
    wire = world.wires["uk-fca"]
    wire.is_cut = True
    for size in (3, 4, 5):
        world.log.sign(size)
        world.turn()
    assert {row.name: row.state for row in world.board.witnesses} == {
        "uk-fca": "silent",
        "us-sec": "signed",
        "hk-sfc": "signed",
    }
    assert world.reason("uk-fca") == "journal: connection refused"
    assert world.board.quorum.have == 2
    wire.is_cut = False
    assert world.turn(60)["uk-fca"] == "signed"


def test_without_a_quorum_the_head_that_had_one_stays_and_the_newest_goes_on(world: World) -> None:
    first = world.log.sign(3)
    world.turn()
    for name in ("uk-fca", "us-sec"):
        world.wires[name].is_cut = True
    second = world.log.sign(7)
    world.turn()
    folder = world.folder / "audit" / "witnesses"
    assert (folder / "journal.cosigned").read_text().startswith(first)
    assert (folder / "journal.newest").read_text().startswith(second)
    assert len(cosignatures(world.folder, "journal", second)) == 1


def test_a_witness_that_hangs_holds_up_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness_rounds, "TURN_S", 0.05)
    world.wires["uk-fca"].hangs = True
    world.log.sign(5)
    assert world.turn() == {"uk-fca": "silent", "us-sec": "signed", "hk-sfc": "signed"}


def test_a_fork_is_refused_by_all_reported_and_told_with_what_was_seen(world: World) -> None:
    world.log.sign(5)
    world.turn()
    world.log.leaves.reverse()
    world.log.sign(5)
    assert set(world.turn().values()) == {"refused"}
    assert world.board.quorum.have == 0
    reports = [row for row in world.board.reports if row.kind == "fork"]
    assert {row.witness for row in reports} == set(NAMES)
    assert "held 5 entries with root" in reports[0].what
    world.log.sign(9)
    world.turn(60)
    assert world.reason("uk-fca").startswith("journal: status_422")


def test_a_shrunken_log_is_told_as_such(world: World) -> None:
    world.log.sign(9)
    world.turn()
    world.log.sign(4)
    assert set(world.turn().values()) == {"refused"}
    assert world.reason("hk-sfc") == "journal: log_shrank: it holds a head of 9 entries, the log shows one of 4"
    assert {row.kind for row in world.board.reports} == {"log_shrank"}


def test_a_witness_whose_folder_was_put_back_is_refused_also_after_a_restart_of_this_side(world: World) -> None:
    world.log.sign(3)
    old = world.folder / "old"
    wire = world.wires["uk-fca"]
    world.turn()
    shutil.copytree(world.folder / "uk-fca", old)
    world.log.sign(7)
    world.turn()
    wire.host = world.host("uk-fca", old)
    world.rounds = world.begun()
    world.log.sign(9)
    assert world.turn() == {"uk-fca": "refused", "us-sec": "signed", "hk-sfc": "signed"}
    assert world.reason("uk-fca") == "journal: rolled_back: it cosigned a head of 7 entries, and holds one of 3 now"
    assert [(row.witness, row.kind) for row in world.board.reports] == [("uk-fca", "rolled_back")]


def test_a_witness_that_comes_back_with_another_key_is_not_asked(world: World) -> None:
    world.log.sign(5)
    world.turn()
    wire = world.wires["uk-fca"]
    other = kept_key(world.folder / "other.key", "witness/uk-fca")
    world.rounds.put(Line("uk-fca", "http://127.0.0.1:1", other.public, wire))
    count = wire.count
    world.log.sign(6)
    assert world.turn()["uk-fca"] == "refused"
    assert "other_key" in world.reason("uk-fca")
    assert wire.count == count


def test_a_log_whose_proof_cannot_be_made_is_told_and_stops_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.log.sign(5)
    world.turn()

    def cut(_old: int, _new: int) -> list[bytes]:
        raise LogRefused("truncated_tile", "tile/0/000 is cut")

    monkeypatch.setattr(world.log, "consistency", cut)
    world.log.sign(7)
    assert set(world.turn().values()) == {"refused"}
    assert world.reason("us-sec") == "journal: no_proof: tile/0/000 is cut"


def test_a_memory_that_cannot_be_read_is_damage(world: World) -> None:
    (world.folder / "audit" / "witnesses" / "memory.json").write_text("{")
    with pytest.raises(Damaged, match=r"memory\.json"):
        world.begun()
