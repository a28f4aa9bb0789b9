"""Clearing's journal of decisions: rows in a chain, a torn last line, and everything else that is damage."""

from pathlib import Path

import pytest

from isthmus.clearing.decisions import DecisionReader, Decisions, rows_of
from isthmus.kernel.errors import Damaged


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.log"


def written(path: Path, count: int) -> None:
    decisions = Decisions(path)
    for number in range(count):
        decisions.append("close", number, account=16, quantity=number)
    decisions.close()


def test_rows_are_numbered_and_chained(path: Path) -> None:
    written(path, 3)
    rows = rows_of(path)
    assert [row["n"] for row in rows] == [1, 2, 3]
    assert [row["before"] for row in rows[1:]] == [row["hash"] for row in rows[:-1]]


def test_a_second_start_goes_on_where_the_first_ended(path: Path) -> None:
    written(path, 2)
    written(path, 1)
    assert [row["n"] for row in rows_of(path)] == [1, 2, 3]


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_torn_last_line_is_cut_and_written_anew(path: Path, cut: int) -> None:
    written(path, 3)
    path.write_bytes(path.read_bytes()[:-cut])
    assert [row["n"] for row in rows_of(path)] == [1, 2]
    written(path, 1)
    assert [row["n"] for row in rows_of(path)] == [1, 2, 3]


@pytest.mark.parametrize(("old", "new"), [(b'"quantity":1', b'"quantity":9'), (b'"close"', b'"clone"'), (b"{", b"[")])
def test_a_changed_row_is_damage(path: Path, old: bytes, new: bytes) -> None:
    written(path, 3)
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    with pytest.raises(Damaged):
        rows_of(path)


def test_a_row_that_is_gone_is_damage(path: Path) -> None:
    written(path, 3)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    with pytest.raises(Damaged):
        Decisions(path)


def test_a_reader_sees_rows_as_they_come_and_waits_for_half_ones(path: Path) -> None:
    reader = DecisionReader(path)
    assert reader.new() == []
    written(path, 2)
    assert [row["n"] for row in reader.new()] == [1, 2]
    assert reader.new() == []
    written(path, 1)
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    assert reader.new() == []
    with path.open("ab") as file:
        file.write(whole[-5:])
    assert [row["n"] for row in reader.new()] == [3]
    reader.close()
