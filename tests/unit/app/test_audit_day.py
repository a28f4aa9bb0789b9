"""One flipped bit anywhere in a sealed day is found and located; what grew since is no fault."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.unit.app.commands import Run
from tests.unit.app.test_audit_trail import Clocks, followed, run_engine

from isthmus.app.cli import main
from isthmus.audit.day_seal import PIECE
from isthmus.engine import archive
from isthmus.engine.engine import Engine
from isthmus.kernel.messages import AddAsset


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A journal of some segments, its log, a file of rows and one of exports of the day."""
    data = tmp_path_factory.mktemp("day") / "data"
    run_engine(data, 400)
    followed(data, Clocks())
    *_, last = archive.records(data)
    day = datetime.fromtimestamp(last.stamp / 1e9, UTC).date().isoformat()
    path = data / "audit" / "exports" / f"day={day}" / "rts24.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(range(256)) * 600)
    assert main(["audit", "seal", "--data", str(data), "--day", day, "--json"]) == 0
    return data, day


@pytest.fixture
def data(whole: tuple[Path, str], tmp_path: Path) -> Path:
    shutil.copytree(whole[0], tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def day(whole: tuple[Path, str]) -> str:
    return whole[1]


def verify(run: Run, data: Path, day: str, *more: str) -> tuple[int, dict[str, Any]]:
    return run("audit", "verify", "day", "--data", str(data), "--day", day, *more)


def flip(path: Path, place: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)


def test_what_was_not_touched_holds(data: Path, day: str, run: Run) -> None:
    code, told = verify(run, data, day)
    assert (code, told["ok"], told["faults"]) == (0, True, [])
    assert [part["part"] for part in told["parts"]] == ["seal", "journal", "log journal", "log orders", "rows"]


@pytest.mark.parametrize("place", [0, PIECE, 2 * PIECE + 17, -1])
def test_a_bit_of_an_export_is_located_by_piece(data: Path, day: str, run: Run, place: int) -> None:
    (path,) = (data / "audit" / "exports" / f"day={day}").iterdir()
    size = path.stat().st_size
    flip(path, place)
    code, told = verify(run, data, day)
    first = (place % size) // PIECE * PIECE
    assert code == 1
    assert told["faults"] == [
        {
            "where": str(path.relative_to(data)),
            "fault": "changed",
            "reason": f"between bytes {first} and {min(first + PIECE, size) - 1}",
        }
    ]


def test_a_bit_of_the_rows_is_located_by_piece_and_by_part(data: Path, day: str, run: Run) -> None:
    path = sorted((data / "audit" / "store" / f"day={day}").glob("*.parquet"))[0]
    flip(path, path.stat().st_size // 2)
    code, told = verify(run, data, day)
    places = [fault["where"] for fault in told["faults"]]
    assert code == 1 and places[0] == str(path.relative_to(data))
    assert any(path.name in place for place in places[1:])


def test_a_bit_of_the_journal_is_located_by_its_record_too(data: Path, day: str, run: Run) -> None:
    seal = json.loads((data / "audit" / "days" / f"{day}.json").read_text())
    segment = data / next(file["path"] for file in seal["files"] if file["path"].startswith("journal/"))
    flip(segment, segment.stat().st_size // 2)
    code, told = verify(run, data, day)
    assert code == 1
    faults = {fault["where"].split(" ")[0]: fault for fault in told["faults"]}
    assert faults[f"journal/{segment.name}"]["fault"] == "changed"
    assert "is the first that is not what was written" in faults[segment.name]["reason"]


def test_a_bit_of_the_logs_files_is_located(data: Path, day: str, run: Run) -> None:
    files = [path for path in (data / "audit/log/journal").glob("**/*") if path.is_file() and path.stat().st_size]
    for path in files:
        before = path.read_bytes()
        flip(path, len(before) // 2)
        code, told = verify(run, data, day)
        assert code == 1 and any(path.name in fault["where"] for fault in told["faults"]), path
        path.write_bytes(before)


def test_any_bit_of_the_seal_is_refused(data: Path, day: str, run: Run) -> None:
    seal = data / "audit" / "days" / f"{day}.json"
    raw = seal.read_bytes()
    for place in range(3, len(raw), max(1, len(raw) // 40)):
        if chr(raw[place]).isspace():
            continue
        seal.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
        code, told = verify(run, data, day)
        assert code in (1, 2) and (told.get("faults") or told.get("error")), place


def test_a_file_that_is_gone_cut_longer_or_new_is_named(data: Path, day: str, run: Run) -> None:
    folder = data / "audit" / "exports" / f"day={day}"
    (rows,) = folder.iterdir()
    raw = rows.read_bytes()
    for change, fault in (
        (lambda: rows.unlink(), "missing"),
        (lambda: rows.write_bytes(raw[:-1]), "shorter"),
        (lambda: rows.write_bytes(raw + b"x"), "longer"),
    ):
        change()
        assert [one["fault"] for one in verify(run, data, day)[1]["faults"]] == [fault]
        rows.write_bytes(raw)
    (folder / "more.csv").write_bytes(b"x")
    assert [one["fault"] for one in verify(run, data, day)[1]["faults"]] == ["unlisted"]


def test_records_that_followed_since_are_no_fault(data: Path, day: str, run: Run) -> None:
    last = sorted((data / "journal").glob("*.seg"))[-1]
    before = len(list(archive.records(data)))
    seal = json.loads((data / "audit" / "days" / f"{day}.json").read_text())
    assert {file["path"] for file in seal["files"] if file["grows"]} == {
        f"journal/{last.name}", "audit/log/journal/heads", "audit/log/orders/heads",
    }  # fmt: skip
    engine = Engine(str(data), "os", 1 << 20)
    engine.submit(AddAsset(code="LATER", decimals=2))
    engine.close()
    followed(data, Clocks())
    assert len(list(archive.records(data))) == before + 1
    assert verify(run, data, day)[0] == 0


def test_a_segment_that_is_being_written_is_sealed_up_to_its_last_record(tmp_path: Path, run: Run) -> None:
    data = tmp_path / "data"
    engine = Engine(str(data), "os", 1 << 20)
    record = engine.submit(AddAsset(code="USD", decimals=2))
    day = datetime.fromtimestamp(record.stamp / 1e9, UTC).date().isoformat()
    followed(data, Clocks())
    code, told = run("audit", "seal", "--data", str(data), "--day", day)
    assert code == 0 and told["bytes"] < 1 << 16
    engine.submit(AddAsset(code="EUR", decimals=2))
    rows = data / "audit" / "store" / f"day={day}"
    rows.mkdir(parents=True, exist_ok=True)
    (rows / "note").write_text("a part that came later")
    assert verify(run, data, day)[1]["faults"] == []
    engine.close()
    assert verify(run, data, day)[1]["faults"] == []


def test_a_key_or_a_day_that_is_another_is_named(data: Path, day: str, run: Run) -> None:
    other = (data / "audit/keys/orders.vkey").read_text().strip()
    code, told = verify(run, data, day, "--vkey", other)
    assert code == 1 and "not_signed" in {fault["fault"] for fault in told["faults"]}
    code, told = verify(run, data, "2001-01-01")
    assert code == 2 and "make one by" in told["error"]["reason"]
    shutil.copy(data / "audit/days" / f"{day}.json", data / "audit/days/2001-01-01.json")
    code, told = verify(run, data, "2001-01-01")
    assert (code, told["error"]["field"]) == (2, "day")


@pytest.mark.parametrize("day_", ["2001-01-01", "yesterday", "2026-13-01", "20261129"])
def test_a_day_without_records_or_none_is_refused(data: Path, run: Run, day_: str) -> None:
    code, told = run("audit", "seal", "--data", str(data), "--day", day_)
    assert (code, told["error"]["field"]) == (2, "day")
