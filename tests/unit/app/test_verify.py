"""`isthmus verify` tells sound from damaged from torn, names the place, and cannot be fooled by one flipped byte."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from isthmus._core import COMMANDS, Engine
from isthmus.app.cli import main

OpenAccount = next(command for command in COMMANDS.values() if command.__name__ == "OpenAccount")
RECORDS = 6
SEAL_BYTES = 4 + 4 + 16 + 32 + 4 + 4


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    engine = Engine(str(tmp_path / "data"), "os")
    for stamp in range(RECORDS):
        engine.submit(OpenAccount(kind=1), stamp)
    engine.close()
    return tmp_path / "data"


def segment(data: Path) -> Path:
    return next((data / "journal").glob("*.seg"))


def verify(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = main(["verify", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_sealed_journal_is_sound(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = verify(capsys, str(sealed), "--replay")
    assert code == 0
    assert (answer["ok"], answer["records"], answer["tail"], answer["effects_equal"]) == (True, RECORDS, "sealed", True)
    assert len(answer["state_hash"]) == len(answer["head"]) == 64


def test_the_state_is_the_same_with_and_without_a_snapshot(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, with_snapshot = verify(capsys, str(sealed), "--replay")
    _, without = verify(capsys, str(sealed), "--replay", "--no-snapshot")
    assert with_snapshot["state_hash"] == without["state_hash"]


@pytest.mark.parametrize("name", ["journal", "copy-of-june"])
def test_the_journal_folder_itself_will_do(
    sealed: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(sealed / "journal", tmp_path / "evidence" / name)
    code, answer = verify(capsys, str(tmp_path / "evidence" / name))
    assert (code, answer["records"]) == (0, RECORDS)


def test_a_known_head_proves_that_nothing_was_cut_off(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, answer = verify(capsys, str(sealed))
    assert verify(capsys, str(sealed), "--head", answer["head"])[0] == 0
    code, other = verify(capsys, str(sealed), "--head", "11" * 32)
    assert (code, other["first_bad"]["reason"]) == (1, "head")
    code, other = verify(capsys, str(sealed), "--head", "00" * 32)
    assert (code, other["ok"], other["first_bad"]["reason"]) == (1, False, "head")


def test_a_flipped_byte_of_a_snapshot_is_named(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = next((sealed / "snapshots").glob("*.snap"))
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        code, answer = verify(capsys, str(sealed))
        assert (code, answer["ok"]) == (1, False)
        assert answer["first_bad"] == {"record": RECORDS, "segment": path.name, "offset": 0, "reason": "snapshot"}
    assert verify(capsys, str(sealed), "--no-snapshot")[0] == 0
    assert main(["verify", str(sealed)]) == 1
    assert path.name in capsys.readouterr().out


def test_a_flipped_byte_anywhere_is_damage_with_its_place(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = segment(sealed).read_bytes()
    for at in range(0, len(whole), 7):
        segment(sealed).write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        code, answer = verify(capsys, str(sealed))
        assert code == 1, f"byte {at} flipped: exit {code}"
        assert set(answer["first_bad"]) == {"record", "segment", "offset", "reason"}
        assert answer["first_bad"]["offset"] <= at


def test_a_snapshot_of_a_later_record_tells_that_records_were_cut_off(
    sealed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = segment(sealed).read_bytes()
    engine = Engine(str(sealed), "os")
    engine.submit(OpenAccount(kind=1), RECORDS)
    engine.close()
    segments = sorted((sealed / "journal").glob("*.seg"))
    assert (len(segments), segments[0].read_bytes()) == (2, first)
    segments[1].unlink()
    code, answer = verify(capsys, str(sealed))
    assert (code, answer["ok"], answer["records"]) == (1, False, RECORDS)
    place = {"record": RECORDS + 1, "segment": segments[0].name, "offset": len(first), "reason": "cut_off"}
    assert answer["first_bad"] == place
    assert main(["verify", str(sealed)]) == 1
    assert "are gone" in capsys.readouterr().out
    assert verify(capsys, str(sealed), "--no-snapshot")[0] == 0


def test_a_torn_tail_is_exit_3_and_what_would_be_cut_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = Engine(str(tmp_path / "data"), "os")
    for stamp in range(RECORDS):
        engine.submit(OpenAccount(kind=1), stamp)
    shutil.copytree(tmp_path / "data", tmp_path / "killed")
    engine.close()
    path = segment(tmp_path / "killed")
    written = path.read_bytes().rstrip(b"\0")
    path.write_bytes(written[:-30] + bytes(1_000))

    code, answer = verify(capsys, str(tmp_path / "killed"))
    assert (code, answer["tail"], answer["records"]) == (3, "torn", RECORDS - 1)
    assert (answer["first_bad"]["record"], answer["first_bad"]["segment"]) == (RECORDS, path.name)

    assert main(["verify", str(tmp_path / "killed")]) == 3
    said = capsys.readouterr().out
    assert "torn tail" in said
    assert f"recovery would cut {answer['torn_bytes']} bytes" in said


def test_a_growing_journal_is_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = Engine(str(tmp_path), "os")
    engine.submit(OpenAccount(kind=1), 1)
    code, answer = verify(capsys, str(tmp_path))
    assert (code, answer["tail"]) == (0, "open")
    engine.close()


def test_a_known_head_that_the_torn_tail_took_is_damage(sealed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = verify(capsys, str(sealed))[1]["head"]
    content = segment(sealed).read_bytes()[:-SEAL_BYTES]
    segment(sealed).write_bytes(content[:-8] + bytes(1_000))
    code, torn = verify(capsys, str(sealed))
    assert (code, torn["tail"], torn["records"]) == (3, "torn", RECORDS - 1)
    assert verify(capsys, str(sealed), "--head", torn["head"])[0] == 3
    assert verify(capsys, str(sealed), "--head", head)[0] == 1
    assert main(["verify", str(sealed), "--head", head]) == 1
    assert "the head that was given is not in this journal" in capsys.readouterr().out
