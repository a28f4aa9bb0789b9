"""The leaves of a journal's log are made from its segments, and hide what was recorded until a salt is shown."""

import hashlib
import hmac
from pathlib import Path

import pytest

from isthmus._core import COMMANDS, Engine, JournalReader, JournalTrial
from isthmus.engine.proofs import Log, LogRefused, Salts, Signer, journal_entry

OpenAccount = next(command for command in COMMANDS.values() if command.__name__ == "OpenAccount")
KEY = bytes(range(32))
SALTS = Salts(KEY)
MANY = 1 << 62


def journal(folder: Path, records: int) -> JournalTrial:
    folder.mkdir(exist_ok=True)
    trial = JournalTrial(str(folder))
    trial.append([b"record %d" % number for number in range(records)])
    return trial


def test_every_record_becomes_the_entry_of_its_sequence_salt_and_hash(tmp_path: Path) -> None:
    engine = Engine(str(tmp_path / "data"), "os")
    for number in range(300):
        engine.submit(OpenAccount(kind=1), number)
    engine.close()
    log = Log(tmp_path / "log", "x.test/journal")
    assert log.append_journal(str(tmp_path / "data"), SALTS, (1, MANY, MANY)) == 300
    for record in JournalReader(str(tmp_path / "data")):
        if record is None:
            break
        message = b"record" + record.sequence.to_bytes(8, "big")
        salt = hmac.digest(KEY, message, "sha256")[:16]
        commitment = hashlib.sha256(salt + record.hash).digest()
        entry = b"\x01" + record.sequence.to_bytes(8, "big") + commitment + b"\x00"
        assert log.entry(record.sequence - 1) == entry == journal_entry(record.sequence, salt, record.hash)
        assert SALTS.salt(record.sequence) == salt
    assert log.size == 300


def test_a_growing_journal_is_followed_as_far_as_it_is_durable(tmp_path: Path) -> None:
    trial = journal(tmp_path / "data", 10)
    log, data = Log(tmp_path / "log", "x.test/journal"), str(tmp_path / "data")
    assert log.append_journal(data, SALTS, (1, 4, MANY)) == 4
    assert log.append_journal(data, SALTS, (1, MANY, 3)) == 3
    assert log.append_journal(data, SALTS, (1, MANY, MANY)) == 3
    assert log.append_journal(data, SALTS, (1, MANY, MANY)) == 0
    trial.append([b"one more"])
    assert log.append_journal(data, SALTS, (1, MANY, MANY)) == 1
    whole = Log(tmp_path / "whole", "x.test/journal")
    whole.append_journal(data, SALTS, (1, MANY, MANY))
    assert whole.root == log.root


def test_a_log_that_begins_later_has_its_first_record_as_entry_0(tmp_path: Path) -> None:
    journal(tmp_path / "data", 10).close()
    log = Log(tmp_path / "log", "x.test/journal")
    assert log.append_journal(str(tmp_path / "data"), SALTS, (7, MANY, MANY)) == 4
    assert int.from_bytes(log.entry(0)[1:9], "big") == 7


def test_after_a_crash_the_log_goes_on_at_its_checkpoint_and_is_the_same(tmp_path: Path) -> None:
    journal(tmp_path / "data", 900).close()
    signer, data = Signer.generate("x.test/journal", 1), str(tmp_path / "data")
    log = Log(tmp_path / "log", "x.test/journal")
    log.append_journal(data, SALTS, (1, MANY, 300))
    log.checkpoint(signer, 1)
    log.append_journal(data, SALTS, (1, MANY, MANY))
    root = log.root
    del log
    again = Log(tmp_path / "log", "x.test/journal")
    assert again.append_journal(data, SALTS, (1, MANY, MANY)) == 600
    again.checkpoint(signer, 2)
    assert (again.root, again.rewritten) == (root, 0)


def test_a_first_record_beyond_what_a_number_holds_is_refused(tmp_path: Path) -> None:
    journal(tmp_path / "data", 1).close()
    log = Log(tmp_path / "log", "x.test/journal")
    log.append([b"x"])
    with pytest.raises(LogRefused, match="out_of_range"):
        log.append_journal(str(tmp_path / "data"), SALTS, ((1 << 64) - 1, MANY, MANY))
