"""The process that asks witnesses, with a log that is really there and a witness that is really a process."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.unit.app.test_audit_trail import Clocks, run_engine, trail_of

from isthmus.app import witness_follower
from isthmus.app.audit_verify_log import folder_findings
from isthmus.app.settings import read_defaults, settings_of
from isthmus.app.witness_board import read_board
from isthmus.app.witness_follower import Follower, logs_of
from isthmus.app.witness_gossip import peers_of
from isthmus.app.witness_host import Heads, Peer
from isthmus.app.witness_settings import WitnessSettings
from isthmus.audit.cosigned import NEWEST, PEERS, cosigned_note, witness_folder, witness_vkeys
from isthmus.audit.entry_log import CEREMONIES, DOCUMENTS, EntryLog, cosign, entries
from isthmus.audit.places import JOURNAL, LOG_KEYS, ORDERS, keys_folder, log_folder
from isthmus.audit.proving import record_proof
from isthmus.audit.quorum import cosigned_at
from isthmus.audit.standing import Asked
from isthmus.audit.witness import Witness, log_key
from isthmus.audit.witness_key import kept_key, witness_key
from isthmus.engine.proofs import LogReader, Note, VerifierKey, note_signed
from isthmus.kernel.errors import BadInput

ONE = WitnessSettings(count=1, quorum=1, every_s=0.05, urls={})
WAIT_S = 20.0


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A journal whose log has one head, and not all records under it."""
    folder = tmp_path / "data"
    run_engine(folder, 60)
    trail = trail_of(folder, Clocks())
    trail.step()
    trail.finish()
    trail.close()
    return folder


async def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end, "it did not come"
        await asyncio.sleep(0.02)


def state(data: Path) -> str:
    board = read_board(data)
    return board.witnesses[0].state if board is not None and board.witnesses else ""


def test_a_witness_is_started_cosigns_is_started_again_after_a_kill_and_ends_with_the_server(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness_follower, "AGAIN_S", 0.5)

    async def run() -> None:
        follower = Follower(data, ONE)
        running = asyncio.create_task(follower.run())
        await until(lambda: state(data) == "signed")
        first = follower._processes["uk-fca"].pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: state(data) == "silent")
        await until(lambda: state(data) == "signed")
        follower.stopped.set()
        assert await running == 0
        assert follower._processes["uk-fca"].returncode == 0
        assert follower._processes["uk-fca"].pid != first

    asyncio.run(run())
    note, (vkey,) = cosigned_note(data, JOURNAL) or "", witness_vkeys(data)
    line = note.splitlines()[-1]
    assert cosigned_at(Note.parse(note.encode()).text, line, witness_key(vkey)) is not None
    assert line in (LogReader(log_folder(data, JOURNAL)).note() or ""), "the last head has it too, without its writer"


def test_the_witnesses_that_run_here_ask_each_other_and_find_nothing_to_report(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness_follower, "GOSSIP_S", 0.1)

    def asked(url: str) -> list[Peer]:
        """Without a fault, by this witness."""
        peers = msgspec.json.decode(httpx.get(f"{url}/heads").content, type=Heads).peers
        return [peer for peer in peers if peer.fault is None]

    async def run() -> None:
        follower = Follower(data, WitnessSettings(count=2, quorum=2, every_s=0.05, urls={}))
        running = asyncio.create_task(follower.run())
        await until(lambda: peers_of(witness_folder(data) / PEERS)[1:] != [])
        await until(lambda: cosigned_note(data, JOURNAL) is not None)
        one, two = peers_of(witness_folder(data) / PEERS)
        await until(lambda: [len(asked(url)) for url in (one, two)] == [2, 2])
        follower.stopped.set()
        assert await running == 0

    asyncio.run(run())
    board = read_board(data)
    assert board is not None and board.reports == []


@pytest.mark.parametrize("log", [CEREMONIES, DOCUMENTS])
def test_logs_that_commands_write_are_cosigned_too_though_no_trail_runs_and_commands_go_on_writing(
    tmp_path: Path, log: str
) -> None:
    data = tmp_path / "data"
    written = EntryLog(data, "test", log)

    def published() -> str:
        return LogReader(log_folder(data, log)).note() or ""

    def is_cosigned() -> bool:
        return any(line.startswith("\u2014 isthmus.local/witness/uk-fca ") for line in published().splitlines())

    async def run() -> None:
        follower = Follower(data, ONE)
        running = asyncio.create_task(follower.run())
        for number in range(3):
            written.append(lambda place: b"entry %d" % place, 7_000_000_000 + number)
            await until(is_cosigned)
        follower.stopped.set()
        assert await running == 0

    written.append(lambda place: b"entry %d" % place, 6_000_000_000)
    asyncio.run(run())
    key = VerifierKey.parse((keys_folder(data) / f"{log}.vkey").read_text())
    assert entries(data, log) == [b"entry 0", b"entry 1", b"entry 2", b"entry 3"]
    assert folder_findings(log_folder(data, log), key, []) == []
    (vkey,) = witness_vkeys(data)
    assert note_signed(published().encode(), witness_key(vkey)) is not None


def test_a_command_that_writes_its_log_is_not_disturbed_by_cosignatures(tmp_path: Path) -> None:
    data = tmp_path / "data"
    written = EntryLog(data, "test", DOCUMENTS)
    written.append(lambda _: b"one", 7_000_000_000)
    note, line = cosigned(data, tmp_path, DOCUMENTS)
    vkey = (keys_folder(data) / "documents.vkey").read_text().strip()

    def busy(_place: int) -> bytes:
        cosign(data, DOCUMENTS, vkey)
        assert LogReader(log_folder(data, DOCUMENTS)).note() == note
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written.append(busy, 8_000_000_000)
    for _ in range(2):
        cosign(data, DOCUMENTS, vkey)
        assert LogReader(log_folder(data, DOCUMENTS)).note() == note + line


def cosigned(data: Path, tmp_path: Path, of: str = JOURNAL) -> tuple[str, str]:
    """The published note, and a cosignature of it in the file for the log's writer."""
    note = LogReader(log_folder(data, of)).note() or ""
    (tmp_path / "w").mkdir()
    key = kept_key(tmp_path / "w" / "witness.key", "w.test")
    log = log_key((keys_folder(data) / f"{LOG_KEYS.get(of, of)}.vkey").read_text())
    size = int(note.splitlines()[1])
    line = Witness(key.name, key.secret, log, tmp_path / "w").add_checkpoint(Asked(note, size, lambda _: []).body(0), 7)
    witness_folder(data).mkdir()
    (witness_folder(data) / f"{of}.{NEWEST}").write_text(note + line.body)
    return note, line.body


def test_the_log_s_writer_takes_cosignatures_of_its_head_into_the_checkpoint_once(data: Path, tmp_path: Path) -> None:
    note, line = cosigned(data, tmp_path)
    trail = trail_of(data, Clocks())
    for _ in range(3):
        trail.step()
    trail.close()
    assert LogReader(log_folder(data, JOURNAL)).note() == note + line


def test_a_proof_is_under_the_head_that_a_quorum_cosigned_where_that_covers_the_record(
    data: Path, tmp_path: Path
) -> None:
    note, line = cosigned(data, tmp_path)
    assert record_proof(data, 3).checkpoint == note
    (witness_folder(data) / f"{JOURNAL}.cosigned").write_text(note + line)
    (witness_folder(data) / "vkeys").write_text("a+b+c\n")
    proof = record_proof(data, 3)
    assert (proof.checkpoint, proof.witness_vkeys) == (note + line, ["a+b+c"])


def test_logs_are_those_with_a_head_and_a_key_of_its_origin(data: Path) -> None:
    keys = {JOURNAL: "log", ORDERS: "orders"}
    known = {log: (keys_folder(data) / f"{stem}.vkey").read_text().strip() for log, stem in keys.items()}
    assert logs_of(data) == known
    (log_folder(data, "other")).mkdir()
    (log_folder(data, "other") / "checkpoint").write_text("isthmus.local/test/other\n1\nAA==\n")
    assert list(logs_of(data)) == [JOURNAL, ORDERS]


@pytest.mark.parametrize(
    ("witnesses", "field"),
    [
        ({"quorum": 4}, "audit.witnesses.quorum"),
        ({"count": 18}, "audit.witnesses.count"),
        ({"urls": {"xx": {"url": "http://127.0.0.1:1", "vkey": ""}}}, "audit.witnesses.urls.xx"),
        ({"urls": {"uk-fca": {"url": "http://w.test", "vkey": ""}}}, "audit.witnesses.urls.uk-fca.url"),
        ({"urls": {"uk-fca": {"url": "https://w.test", "vkey": "a+b+c"}}}, "audit.witnesses.urls.uk-fca.vkey"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(witnesses: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        settings_of(read_defaults(), {"audit": {"witnesses": witnesses}})
    assert refused.value.field == field


def test_who_runs_beside_the_server_are_the_first_that_nobody_runs_elsewhere() -> None:
    elsewhere = {"us-cftc": {"url": "https://w.test", "vkey": ""}}
    settings = msgspec.convert({"count": 3, "quorum": 2, "every_s": 1.0, "urls": elsewhere}, WitnessSettings)
    assert settings.own == ("uk-fca", "us-sec", "hk-sfc")
