"""Holders as processes who sign a log's heads beside it: who is away, slow or shown another history."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.unit.app.test_audit_trail import Clocks, run_engine, trail_of

from isthmus.app.audit_reads import AuditLogReads
from isthmus.app.cli import main
from isthmus.app.keys_house import House
from isthmus.app.settings import read_defaults, settings_of
from isthmus.app.threshold_board import Board, LogRow, read_board
from isthmus.app.threshold_rounds import Rounds
from isthmus.app.threshold_settings import ThresholdSettings
from isthmus.audit.cosigned import COSIGNED, agreed_note, group_folder, group_note, witness_folder
from isthmus.audit.entry_log import entries, merge_last
from isthmus.audit.keys.asks import Terms
from isthmus.audit.keys.policy import Policy
from isthmus.audit.keys.record import Entry
from isthmus.audit.places import JOURNAL, LOGS, ORDERS, keys_folder, log_folder, origin
from isthmus.audit.proving import head_over, record_proof
from isthmus.audit.told import write_whole
from isthmus.engine.proofs import LogReader, VerifierKey, note_signed
from isthmus.kernel.errors import BadInput

SETTINGS = ThresholdSettings(key="heads", state="", every_s=1.0, timeout_s=2.0)
ORIGINS = tuple(origin("test", log) for log in LOGS)


class Beside:
    """A log that grows, and the rounds beside it, on one clock."""

    def __init__(self, house: House) -> None:
        self.house, self.data, self.clocks = house, house.data, Clocks()
        self.clocks.seconds = 1_800_000_000.0
        self.seed = 10
        self.trail = trail_of(self.data, self.clocks)
        self.rounds = self.begun()

    def begun(self, settings: ThresholdSettings = SETTINGS) -> Rounds:
        return Rounds(self.data, "test", settings, (self.clocks.now, self.clocks.steady))

    def grow(self) -> None:
        """Records, and heads over them."""
        self.seed += 1
        run_engine(self.data, 40, self.seed)
        self.follow()

    def follow(self) -> None:
        self.clocks.seconds += 2
        while self.trail.step():
            pass
        self.trail.finish()
        self.trail.step()

    def turn(self) -> Board:
        self.clocks.seconds += 2
        self.rounds.turn()
        return self.board()

    def board(self) -> Board:
        board = read_board(self.data)
        assert board is not None
        return board

    def row(self, log: str = JOURNAL) -> LogRow:
        return next(row for row in self.board().logs if row.log == log)

    def key(self, log: str = JOURNAL) -> VerifierKey:
        return VerifierKey.parse((group_folder(self.data) / f"{log}.vkey").read_text())

    def published(self, log: str = JOURNAL) -> str:
        return LogReader(log_folder(self.data, log)).note() or ""


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    """Three holders, and a key of two of them for the heads of both logs."""
    house = House(tmp_path_factory.mktemp("house"), 3)
    try:
        coordinator, lines = house.coordinator()
        coordinator.create(Terms("heads", "ed25519", "head", 3, 2, Policy(ORIGINS, by_code=False)))
        lines.close()
        beside = Beside(house)
        beside.grow()
        yield beside
        beside.rounds.close()
        beside.trail.close()
    finally:
        house.stop()


@pytest.fixture
def beside(begun: Beside) -> Beside:
    """All holders there, and the newest heads signed."""
    begun.grow()
    begun.turn()
    return begun


def test_the_published_heads_of_both_logs_carry_the_keys_line_and_the_board_says_so(beside: Beside) -> None:
    beside.follow()
    for log in LOGS:
        note = beside.published(log)
        assert note_signed(note.encode(), beside.key(log)) is None
        own = VerifierKey.parse((keys_folder(beside.data) / f"{'log' if log == JOURNAL else log}.vkey").read_text())
        assert note_signed(note.encode(), own) is None
        assert (beside.row(log).state, beside.row(log).vkey) == ("signed", beside.key(log).text())
        assert str(beside.row(log).size) == note.split("\n")[1]
    board = beside.board()
    assert (board.needed, board.have, board.of, board.fault) == (2, 3, 3, None)
    assert beside.key(JOURNAL).public == beside.key(ORDERS).public


def test_a_head_is_asked_for_once_and_only_when_it_is_due(beside: Beside) -> None:
    signed = group_note(beside.data, JOURNAL)
    beside.turn()
    assert group_note(beside.data, JOURNAL) == signed
    beside.grow()
    beside.clocks.seconds = beside.rounds._asked_at[JOURNAL] + 0.5
    beside.rounds.turn()
    assert group_note(beside.data, JOURNAL) == signed
    beside.rounds.turn(is_last=True)
    assert group_note(beside.data, JOURNAL) != signed


def test_a_holder_who_is_away_or_slow_is_named_and_the_others_sign(beside: Beside) -> None:
    beside.house.kill(1)
    beside.grow()
    first = beside.turn()
    assert [row.state for row in first.holders] == ["silent", "present", "present"]
    assert beside.row().state == "signed"
    beside.grow()
    again = beside.turn()
    assert (again.holders[0].since, again.have) == (first.holders[0].since, 2)
    beside.house.start(1)
    stopped = beside.house._running[2]
    stopped.send_signal(signal.SIGSTOP)
    try:
        beside.grow()
        assert [row.state for row in beside.turn().holders] == ["present", "silent", "present"]
        assert beside.row().state == "signed"
    finally:
        stopped.send_signal(signal.SIGCONT)
    beside.grow()
    assert beside.turn().have == 3


def test_too_few_holders_stop_the_signatures_and_not_the_log(beside: Beside) -> None:
    signed = beside.row()
    beside.house.kill(1, 2)
    beside.grow()
    beside.turn()
    failing = beside.row()
    assert (failing.state, failing.size, failing.time) == ("failing", signed.size, signed.time)
    assert (failing.reason or "").startswith("unknown_key: fewer than sign hold heads alike")
    assert int(beside.published().split("\n")[1]) > signed.size
    beside.house.start(1, 2)
    beside.turn()
    assert (beside.row().state, str(beside.row().size)) == ("signed", beside.published().split("\n")[1])


def test_a_log_that_was_put_back_gets_no_signature_and_it_is_told(beside: Beside, tmp_path: Path) -> None:
    folder = log_folder(beside.data, JOURNAL)
    beside.trail.close()
    shutil.copytree(folder, tmp_path / "before")
    beside.grow()
    beside.turn()
    signed = group_note(beside.data, JOURNAL)
    beside.trail.close()
    shutil.move(folder, tmp_path / "after")
    shutil.copytree(tmp_path / "before", folder)
    beside.turn()
    assert (beside.row().state, (beside.row().reason or "").partition(":")[0]) == ("failing", "old_head")
    assert [row.state for row in beside.board().holders] == ["old_head"] * 3
    assert group_note(beside.data, JOURNAL) == signed
    shutil.rmtree(folder)
    shutil.move(tmp_path / "after", folder)
    beside.grow()
    assert beside.turn().have == 3


def test_the_log_of_ceremonies_says_what_changed_and_not_every_head(beside: Beside) -> None:
    count = len(entries(beside.data))
    beside.grow()
    beside.turn()
    assert len(entries(beside.data)) == count
    beside.house.kill(3)
    beside.grow()
    beside.turn()
    told = [Entry.parse(raw) for raw in entries(beside.data)[count:]]
    beside.house.start(3)
    assert [(one.kind, one.key, one.step, one.verdicts["3"]) for one in told] == [
        ("sign", "heads", "done", "silent")
    ] * 2
    assert all(one.result["signers"] == "1 2" for one in told)
    beside.grow()
    beside.turn()


def test_proofs_are_under_a_head_that_the_key_and_the_quorum_signed(
    beside: Beside, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert note_signed(head_over(beside.data, JOURNAL, 0).encode(), beside.key()) is None
    made = record_proof(beside.data, 1)
    (tmp_path / "proof.json").write_bytes(msgspec.json.encode(made))
    words = ["audit", "verify", "proof", str(tmp_path / "proof.json"), "--json"]
    vkey = str(group_folder(beside.data) / "journal.vkey")
    assert main([*words, "--group", vkey]) == 0
    assert json.loads(capsys.readouterr().out)["group"] == beside.key().name
    other = VerifierKey.of(beside.key().name, beside.key().kind, LogKey.public(beside.data)).text()
    assert main([*words, "--group", other]) == 1
    assert json.loads(capsys.readouterr().out)["reason"] == "not_signed_by_group"
    # A head that a quorum of witnesses cosigned is asked for before the newest one.
    beside.grow()
    cosigned = beside.published()
    witness_folder(beside.data).mkdir(exist_ok=True)
    beside.grow()
    write_whole(witness_folder(beside.data) / f"{JOURNAL}.{COSIGNED}", cosigned.encode())
    beside.turn()
    agreed = agreed_note(beside.data, JOURNAL) or ""
    assert agreed.startswith(cosigned)
    assert note_signed(agreed.encode(), beside.key()) is None
    beside.turn()
    assert str(beside.row().size) == beside.published().split("\n")[1]


class LogKey:
    """The log's own key in the place of the holders'."""

    @staticmethod
    def public(data: Path) -> bytes:
        return VerifierKey.parse((keys_folder(data) / "orders.vkey").read_text()).public


def test_a_whole_log_is_checked_for_the_keys_signature(beside: Beside, capsys: pytest.CaptureFixture[str]) -> None:
    folder, vkey = str(log_folder(beside.data, JOURNAL)), str(group_folder(beside.data) / "journal.vkey")
    words = ["audit", "verify", "log", folder, "--json", "--group"]
    assert main([*words, vkey]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["group"] == {"key": beside.key().name, "size": beside.row().size}
    other = VerifierKey.of(beside.key().name, beside.key().kind, LogKey.public(beside.data)).text()
    assert main([*words, other]) == 1
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["findings"]] == ["not_signed_by_group"]


def test_the_last_heads_get_the_line_when_their_writer_is_gone(beside: Beside) -> None:
    beside.grow()
    beside.trail.close()
    beside.rounds.turn(is_last=True)
    own = (keys_folder(beside.data) / "log.vkey").read_text().strip()
    merge_last(beside.data, {JOURNAL: own})
    assert note_signed(beside.published().encode(), beside.key()) is None


def test_a_restart_goes_on_where_it_was_and_a_folder_without_a_roster_is_named(beside: Beside, tmp_path: Path) -> None:
    before = beside.row()
    beside.rounds.close()
    beside.rounds = beside.begun()
    beside.turn()
    assert beside.row() == before
    elsewhere = beside.begun(ThresholdSettings(key="heads", state=str(tmp_path), every_s=1.0, timeout_s=1.0))
    with pytest.raises(BadInput, match="roster"):
        elsewhere.turn()


def test_another_key_in_the_settings_signs_the_head_that_the_first_one_signed(beside: Beside) -> None:
    coordinator, lines = beside.house.coordinator()
    coordinator.create(Terms("others", "ed25519", "head", 3, 2, Policy(ORIGINS, by_code=False)))
    lines.close()
    first = beside.key()
    beside.follow()
    beside.rounds.close()
    beside.rounds = beside.begun(ThresholdSettings(key="others", state="", every_s=1.0, timeout_s=2.0))
    beside.turn()
    beside.follow()
    assert beside.key().public != first.public
    for key in (first, beside.key()):
        assert note_signed(beside.published().encode(), key) is None
    beside.rounds.close()
    beside.rounds = beside.begun()


def test_operators_are_told_over_rest_and_nothing_where_no_key_is_named(beside: Beside) -> None:
    settings = settings_of(read_defaults(), {"audit": {"name": "test", "threshold": {"key": "heads"}}}).audit
    told = asyncio.run(AuditLogReads(beside.data, settings, lambda: None).status()).threshold
    assert told is not None
    assert (told.key, told.needed, told.have, told.of) == ("heads", 2, 3, 3)
    assert [(row.log, row.state) for row in told.logs] == [("journal", "signed"), ("orders", "signed")]
    off = settings_of(read_defaults(), {}).audit
    assert asyncio.run(AuditLogReads(beside.data, off, lambda: None).status()).threshold is None
