"""Holders as processes: who may talk to them, what lies on their disks, and what a kill leaves."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from isthmus.app.cli import main
from isthmus.app.keys_ceremonies import Coordinator
from isthmus.app.keys_drill import Crooked
from isthmus.app.keys_house import COMMAND, NAME, House
from isthmus.app.keys_link import Lines
from isthmus.app.keys_member import coordinator_folder, make_coordinator, make_member
from isthmus.app.keys_reads import CeremonyReads
from isthmus.audit.keys import asks
from isthmus.audit.keys.asks import Ask, Here, Package, Reply, Roster, Silent, Terms
from isthmus.audit.keys.log import entries
from isthmus.audit.keys.policy import Policy, Refused
from isthmus.audit.keys.record import board
from isthmus.audit.keys.requests import Head
from isthmus.engine.proofs import Checkpoint, Note, VerifierKey, note_signed, verify_log

ORIGIN = "isthmus.local/drill/journal"
HEAD = Head(Checkpoint(ORIGIN, 3, bytes(32)).text())
TERMS = Terms("heads", "ed25519", "head", 3, 2, Policy((ORIGIN,), by_code=False))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Three holders and a key of two of them."""
    made = House(tmp_path_factory.mktemp("house"), 3)
    try:
        coordinator, lines = made.coordinator()
        coordinator.create(TERMS)
        lines.close()
        yield made
    finally:
        made.stop()


def test_two_of_three_processes_sign_a_head_that_public_tools_verify(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    note = tmp_path / "checkpoint"
    note.write_text(HEAD.text)
    words = ["--data", str(house.data), "--name", NAME, "--json"]
    assert main(["keys", "sign", "--key", "heads", "--note", str(note), *words]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert main(["keys", "status", *words]) == 0
    status = json.loads(capsys.readouterr().out)
    assert [row["state"] for row in status["holders"]] == ["present"] * 3
    key = VerifierKey.parse(status["keys"][0]["vkey"])
    assert note_signed(answer["note"].encode(), key) is None
    (line,) = Note.parse(answer["note"].encode()).lines
    Ed25519PublicKey.from_public_bytes(key.public).verify(line.signature, HEAD.text.encode())


def test_a_head_of_another_log_is_not_signed(house: House) -> None:
    coordinator, lines = house.coordinator()
    other = Head(Checkpoint("isthmus.local/other/journal", 3, bytes(32)).text())
    reply = lines.ask({1: asks.Propose("heads", other)})[1]
    assert coordinator.held("heads").terms == TERMS
    lines.close()
    assert isinstance(reply, Refused)
    assert reply.name == "destination_not_allowed"


def test_a_certificate_that_is_in_no_roster_is_let_in_nowhere(house: House, tmp_path: Path) -> None:
    stranger = make_member(tmp_path / "stranger", (0, "", 0), b"", None)
    lines = Lines(tmp_path / "stranger", Roster((stranger, *house.cards.values())))
    reply = lines.ask({1: asks.Look()})[1]
    lines.close()
    assert isinstance(reply, Silent)


def test_a_holder_whose_certificate_is_another_holders_is_not_believed(house: House) -> None:
    swapped = msgspec.structs.replace(house.cards[1], port=house.cards[2].port)
    lines = Lines(coordinator_folder(house.data), Roster((make_coordinator(house.data), swapped, house.cards[2])))
    reply = lines.ask({1: asks.Look()})[1]
    lines.close()
    assert isinstance(reply, Silent)
    assert "wrong_certificate" in reply.reason


def test_a_holder_speaks_no_older_tls(house: House) -> None:
    lines = Lines(coordinator_folder(house.data), house.roster)
    lines._context.minimum_version = ssl.TLSVersion.TLSv1_2
    lines._context.maximum_version = ssl.TLSVersion.TLSv1_2
    reply = lines.ask({1: asks.Look()})[1]
    lines.close()
    assert isinstance(reply, Silent)


def test_bytes_that_are_no_ask_are_refused_by_name(house: House) -> None:
    lines = Lines(coordinator_folder(house.data), house.roster)
    reply = lines.ask({1: {"type": "nothing"}})[1]  # type: ignore[dict-item]
    again = lines.ask({1: asks.Look()})[1]
    lines.close()
    assert isinstance(reply, Refused)
    assert reply.name == "malformed"
    assert isinstance(again, Here)


def test_a_holder_killed_in_the_middle_of_a_round_costs_the_round_and_nothing_else(house: House) -> None:
    coordinator, lines = house.coordinator()
    begun: list[asks.Sign] = []

    def fell(holder: int, ask: Ask, reply: Reply) -> Reply:
        if isinstance(ask, asks.Commit) and holder == 1 and not begun and isinstance(reply, Package):
            house.kill(1)
            begun.append(asks.Sign(ask.round, HEAD.text.encode(), {1: reply.package}))
        return reply

    crooked = Coordinator(house.data, NAME, Crooked(lines, fell), [1, 2, 3])
    assert crooked.sign("heads", HEAD, 0.0).signers == (2, 3)
    house.start(1)
    replies = [lines.ask({1: ask})[1] for ask in (begun[0], asks.Commit("heads", HEAD, begun[0].round))]
    assert [one.name for one in replies if isinstance(one, Refused)] == ["round_unknown", "round_replayed"]
    assert coordinator.sign("heads", HEAD, 0.0).signers == (1, 2)
    lines.close()


def test_what_lies_on_a_holders_disk_is_sealed_and_shows_no_share(house: House) -> None:
    share = house.share(1, "heads").share
    for path in house.state(1).iterdir():
        assert share not in path.read_bytes()
        assert base64.b64encode(share) not in path.read_bytes()
    assert repr(share) not in repr(house.share(1, "heads"))


@pytest.mark.parametrize("name", ["vault", "key.pem"])
def test_files_that_others_may_read_are_refused(house: House, name: str, tmp_path: Path) -> None:
    path = house.state(3) / name
    path.chmod(0o640)
    try:
        words = [*COMMAND, "keys", "serve", "--holder", "3", "--state", str(house.state(3)), "--json"]
        ended = subprocess.run(words, input=f"{house.passphrase(3)}\n".encode(), capture_output=True, timeout=30)
    finally:
        path.chmod(0o600)
    assert ended.returncode == 2
    assert b"loose_permissions" in ended.stdout


def test_the_ceremonies_are_a_log_that_verifies_and_the_board_shows_them(house: House) -> None:
    folder = house.data / "audit" / "log" / "ceremonies"
    vkey = VerifierKey.parse((house.data / "audit" / "keys" / "ceremonies.vkey").read_text())
    assert verify_log(folder, vkey).found == 0
    shown = board(entries(house.data))
    assert (shown.keys[0].key, shown.keys[0].threshold, len(shown.keys[0].holders)) == ("heads", 2, 3)
    kinds = [(one.kind, one.state) for one in shown.ceremonies if one.kind == "generate"]
    assert kinds == [("generate", "done")]


def test_operators_read_the_board_over_rest_from_files_alone(house: House) -> None:
    told = asyncio.run(CeremonyReads(house.data).ceremonies())
    assert [key.key for key in told.keys] == ["heads"]
    assert told.ceremonies[-1].steps[0].verdict == "done"


def test_a_custodian_asks_his_own_holder_from_the_command_line(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*words: str, code: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{house.passphrase(2)}\n{code}\n"))
        ended = main(["keys", *words, "--state", str(house.state(2)), "--json"])
        return ended, capsys.readouterr().out

    assert told("approve") == (0, '{"waiting":[]}\n')
    assert told("alarms", code=house.code(2)) == (0, '{"alarms":[]}\n')
    ended, shown = told("alarms", code="not the code")
    assert (ended, "wrong_code" in shown) == (2, True)
    ended, shown = told("approve", "--key", "heads", "--request", "00", code=house.code(2))
    assert (ended, "unknown_request" in shown) == (2, True)
    roster = str(coordinator_folder(house.data) / "roster.json")
    assert told("enter", "--roster", roster, code=house.code(2)) == (0, '{"entered":true}\n')


def test_the_ceremonies_log_is_checked_by_the_command_line(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    keys = house.data / "audit" / "keys" / "ceremonies.vkey"
    folder = house.data / "audit" / "log" / "ceremonies"
    assert main(["audit", "verify", "log", str(folder), "--vkey", keys.read_text().strip(), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_secrets_are_read_from_standard_input_and_a_short_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a long passphrase\nshort\nanother one\n"))
    words = ["keys", "enroll", "--holder", "1", "--state", str(tmp_path / "h"), "--port", "1", "--json"]
    assert main(words) == 2
    assert "code" in capsys.readouterr().out
