"""Old segments become Parquet files and nothing is lost by it: not the chain, not a record, not a start."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from tests.oracle.adapter import to_core
from tests.sim.strategies import session
from tests.unit.app.commands import Run

from isthmus import _core
from isthmus.engine import archive
from isthmus.engine.engine import Engine, JournalReader

SEGMENT_BYTES = 16_384
RULES_1 = Path(__file__).resolve().parents[2] / "golden" / "journals" / "rules_1"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Several segments, two snapshots beyond the first of them, a clean stop."""
    folder = tmp_path / "data"
    engine = Engine(str(folder), "os", SEGMENT_BYTES)
    for number, (command, at) in enumerate(session(11, 400)):
        engine.submit(to_core(_core, command), at)
        if number in (300, 350):
            engine.snapshot()
    engine.close()
    return folder


def bodies(data: Path) -> list[tuple[bytes, bytes, bytes]]:
    return [(record.body, record.prev, record.hash) for record in archive.records(data)]


def segments(data: Path) -> list[str]:
    return sorted(path.name for path in (data / "journal").glob("*.seg"))


def test_segments_before_the_oldest_snapshot_become_parquet_and_everything_reads_on(data: Path, run: Run) -> None:
    whole = bodies(data)
    before = segments(data)
    _, sound = run("verify", str(data), "--replay", "--no-snapshot")
    code, told = run("compact", "--data", str(data))
    assert code == 0
    assert told["segments"] >= 2
    assert segments(data) == before[told["segments"] :]
    assert len(archive.archived(data)) == told["segments"]
    assert told["bytes_after"] < told["bytes_before"]
    assert bodies(data) == whole
    for start in (1, told["records"] - 1, told["records"], told["records"] + 1, len(whole)):
        assert [record.sequence for record in archive.records(data, start)] == list(range(start, len(whole) + 1))
    for words in ((), ("--replay",), ("--replay", "--no-snapshot"), ("--head", sound["head"])):
        code, found = run("verify", str(data), *words)
        assert (code, found["ok"], found["records"], found["head"]) == (0, True, len(whole), sound["head"])
        if "--replay" in words:
            assert (found["effects_equal"], found["state_hash"]) == (True, sound["state_hash"])
    archived_head = whole[told["records"] // 2][2].hex()
    assert run("verify", str(data), "--head", archived_head)[0] == 0
    assert run("verify", str(data), "--head", "11" * 32)[0] == 1
    engine = Engine(str(data), "os", SEGMENT_BYTES)
    assert engine.state_hash() == sound["state_hash"]


def test_compacting_again_has_nothing_to_do(data: Path, run: Run) -> None:
    run("compact", "--data", str(data))
    assert run("compact", "--data", str(data))[1]["segments"] == 0


def test_a_compaction_that_was_cut_off_before_it_removed_the_segment_is_gone_on_with(data: Path, run: Run) -> None:
    kept = Path(shutil.copytree(data / "journal", data.parent / "kept"))
    whole = bodies(data)
    run("compact", "--data", str(data))
    last = archive.archived(data)[-1].stem + ".seg"
    shutil.move(kept / last, data / "journal" / last)
    assert run("verify", str(data))[0] == 0
    assert bodies(data) == whole
    assert run("compact", "--data", str(data))[1]["segments"] == 1
    assert run("verify", str(data))[0] == 0


def test_without_two_snapshots_nothing_is_compacted(data: Path, run: Run) -> None:
    sorted((data / "snapshots").glob("*.snap"))[0].unlink()
    before = segments(data)
    assert run("compact", "--data", str(data))[1]["segments"] == 0
    assert segments(data) == before


def test_a_file_that_was_changed_or_is_gone_is_named(data: Path, run: Run) -> None:
    run("compact", "--data", str(data))
    files = archive.archived(data)
    path = files[1]
    content = path.read_bytes()
    for at in range(4, len(content), max(1, len(content) // 40)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
        code, found = run("verify", str(data))
        if code:  # a few bytes of a Parquet file are of no consequence: statistics, padding
            assert (code, found["ok"], found["first_bad"]["segment"]) == (1, False, path.name)
            assert found["first_bad"]["reason"] == "archive"
    path.write_bytes(content)
    path.unlink()
    code, found = run("verify", str(data))
    following = files[2].name if len(files) > 2 else None
    assert (code, found["ok"]) == (1, False)
    assert following is None or found["first_bad"]["segment"] == following


def test_a_record_that_was_exchanged_breaks_the_chain(data: Path, run: Run) -> None:
    import pyarrow.parquet as pq

    run("compact", "--data", str(data))
    path = archive.archived(data)[0]
    table = pq.read_table(path)
    rows = table.to_pylist()
    forged = bytearray(rows[3]["body"])
    forged[40] ^= 1
    rows[3]["body"] = bytes(forged)
    pq.write_table(table.from_pylist(rows, table.schema), path)
    code, found = run("verify", str(data))
    assert (code, found["first_bad"]["segment"], found["records"]) == (1, path.name, 3)


def test_a_missing_pyarrow_is_named(data: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    code, told = run("compact", "--data", str(data))
    assert code == 4
    assert "pip install pyarrow" in told["error"]["reason"]


def test_an_upgraded_journal_is_proven_through_its_archive(tmp_path: Path, run: Run) -> None:
    data = Path(shutil.copytree(RULES_1, tmp_path / "data"))
    for _ in range(3):
        engine = Engine(str(data), "os", SEGMENT_BYTES)
        for number in range(200):
            engine.submit(_core.COMMANDS[11](order=number), 2**62)
        engine.close()
    sound = run("verify", str(data), "--replay", "--no-snapshot")[1]
    assert run("compact", "--data", str(data))[1]["segments"] >= 4
    found = run("verify", str(data), "--replay", "--no-snapshot")[1]
    assert {key: found[key] for key in sound if key != "tail"} == {key: sound[key] for key in sound if key != "tail"}
    assert found["recorded_only"] == 334


def test_a_backup_is_whole_and_starts(data: Path, tmp_path: Path, run: Run) -> None:
    run("compact", "--data", str(data))
    code, told = run("backup", "--data", str(data), "--to", str(tmp_path / "copy"))
    source = run("verify", str(data))[1]
    assert (code, told["ok"], told["records"], told["head"]) == (0, True, source["records"], source["head"])
    assert bodies(tmp_path / "copy") == bodies(data)
    again = Engine(str(tmp_path / "copy"), "os")
    assert again.head.hex() == source["head"]


def test_a_backup_beside_a_writer_is_a_beginning_of_its_journal(tmp_path: Path, run: Run) -> None:
    engine = Engine(str(tmp_path / "data"), "os", SEGMENT_BYTES)
    commands = iter(session(5, 600))
    for round_number in range(5):
        for command, at in (next(commands) for _ in range(100)):
            engine.submit(to_core(_core, command), at)
        code, told = run("backup", "--data", str(tmp_path / "data"), "--to", str(tmp_path / f"copy-{round_number}"))
        assert (code, told["ok"], told["records"], told["head"]) == (0, True, engine.sequence, engine.head.hex())


def test_a_backup_needs_a_journal_and_an_empty_place(data: Path, tmp_path: Path, run: Run) -> None:
    assert (
        run("backup", "--data", str(tmp_path / "none"), "--to", str(tmp_path / "copy"))[1]["error"]["field"] == "data"
    )
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    code, told = run("backup", "--data", str(data), "--to", str(tmp_path / "full"))
    assert (code, told["error"]["field"]) == (2, "to")


def test_the_present_journal_is_read_without_pyarrow(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert len(list(archive.records(data))) == len(list(JournalReader(str(data))))
