"""The rows of books carried: measured over a small journal, complete and honest."""

from __future__ import annotations

from pathlib import Path

import pytest

from isthmus.app import bench_books_projection
from isthmus.app.bench_books_projection import measured
from isthmus.kernel.errors import PartMissing


def test_both_stores_are_measured_beside_the_barest_writes(tmp_path: Path, postgres: str) -> None:
    found = measured(tmp_path, orders=2_000, rounds=1)
    assert [row.name for row in found["rows"]] == ["books_read", "books_sqlite", "books_postgresql"]
    assert all(row.value is not None and row.value > 0 and row.unit == "postings/s" for row in found["rows"])
    assert {probe.name for probe in found["probes"]} == {"sqlite_bare_insert", "postgresql_bare_copy"}
    assert [ratio["row"] for ratio in found["ratios"]] == ["books_sqlite", "books_postgresql"]
    assert found["workload"]["postings"] > 3 * 1_000
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_missing_is_told_in_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_options: str) -> None:
        raise PartMissing("PostgreSQL", "install it")

    monkeypatch.setattr(bench_books_projection, "local_postgres", absent)
    found = measured(tmp_path, orders=200, rounds=1)
    (missing,) = [row for row in found["rows"] if row.value is None]
    assert (missing.name, missing.ok, missing.reason) == (
        "books_postgresql",
        False,
        "PostgreSQL is missing: install it",
    )
    assert [probe.name for probe in found["probes"]] == ["sqlite_bare_insert"]
