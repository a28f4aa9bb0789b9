"""Journals whose old segments lie in the archive give the same books; records that are nowhere are named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.oracle.adapter import to_core
from tests.sim.strategies import session

from isthmus import _core
from isthmus.app.cli import main
from isthmus.engine import archive
from isthmus.engine.engine import Engine
from isthmus.engine.postings import Batch, JournalPostings, end_of
from isthmus.kernel.errors import Damaged

SEGMENT_BYTES = 16_384
GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "journals"


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


def compacted(data: Path) -> int:
    """The last record of the archive."""
    assert main(["compact", "--data", str(data), "--json"]) == 0
    facts = [archive.facts_of(path) for path in archive.archived(data)]
    rows = archive.parquet().read_metadata(archive.archived(data)[-1]).num_rows
    return facts[-1].before + int(rows)


def rows_of(reader: JournalPostings, most: int = 1_000_000) -> tuple[list[tuple[int, ...]], list[Batch]]:
    rows: list[tuple[int, ...]] = []
    batches: list[Batch] = []
    while (batch := reader.read(most)).records:
        batches.append(batch)
        rows += zip(*(column.tolist() for column in batch.columns.values()), strict=True)
    return rows, batches


def test_an_archived_journal_has_the_postings_it_had(data: Path) -> None:
    before, whole = rows_of(JournalPostings(data))
    last = compacted(data)
    after, parts = rows_of(JournalPostings(data))
    assert (after, parts[-1].end) == (before, whole[-1].end)
    assert [note for part in parts for note in part.noted] == whole[0].noted
    assert parts[0].end.sequence <= last < end_of(data)


@pytest.mark.parametrize("upto", [30, 150])
def test_a_reader_begins_and_ends_within_the_archive(data: Path, upto: int) -> None:
    everything, whole = rows_of(JournalPostings(data))
    first, parts = rows_of(JournalPostings(data, upto=upto))
    assert compacted(data) > upto
    again, archived = rows_of(JournalPostings(data, upto=upto))
    assert (again, archived[-1].end) == (first, parts[-1].end)
    noted = [body for part in parts for _, body in part.noted]
    rest, behind = rows_of(JournalPostings(data, parts[-1].end, noted))
    assert first + rest == everything
    assert behind[-1].end == whole[-1].end


def test_a_reader_goes_on_in_the_archive_when_segments_move_there_under_it(data: Path) -> None:
    everything, _ = rows_of(JournalPostings(data))
    reader = JournalPostings(data)
    first = reader.read(10)
    rows = list(zip(*(column.tolist() for column in first.columns.values()), strict=True))
    compacted(data)
    assert rows + rows_of(reader)[0] == everything


def test_records_that_are_nowhere_are_named(data: Path) -> None:
    compacted(data)
    shutil.rmtree(data / archive.FOLDER)
    with pytest.raises(Damaged, match="record 1 is neither in journal/ nor in archive/"):
        JournalPostings(data).read(10)


def test_books_of_an_archived_journal_are_checked(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compacted(data)
    capsys.readouterr()
    for words in (["rebuild"], ["rebuild", "--check"]):
        assert main(["books", *words, "--data", str(data), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["ok"], told["sequence"]) == (True, end_of(data))


@pytest.mark.parametrize("rules", ["rules_1", "rules_3"])
def test_books_of_a_journal_of_earlier_rules_are_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rules: str
) -> None:
    shutil.copytree(GOLDEN / rules, tmp_path / "data")
    code = main(["books", "rebuild", "--data", str(tmp_path / "data"), "--check", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (code, told["ok"], told["engine_fault"]) == (0, True, None), told
    assert told["postings"] > 0
