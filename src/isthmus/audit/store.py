"""The audit store: rows of order events in Parquet by day, searched with DuckDB."""

from __future__ import annotations

import datetime as dt
import fcntl
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from isthmus.audit.asking import (
    Found,
    Life,
    Query,
    days_question,
    events_of,
    found_of,
    last_question,
    life_question,
    question,
    unknown_question,
)
from isthmus.audit.dropping import Drop, cut_off, drops
from isthmus.audit.parts import (
    FOLDER,
    NEW_SUFFIX,
    SUM_SUFFIX,
    Marks,
    Part,
    day_of,
    parts_in,
    read_part,
    table_of,
    write_part,
)
from isthmus.audit.rows import Row
from isthmus.kernel.errors import BadInput, Damaged
from isthmus.kernel.files import flush

SMALL_BYTES = 1 << 20
"""Parts below this are merged ..."""
SMALL_PARTS = 32
"""... once so many follow on each other in a day."""
LOCK = "lock"
SOURCE = "(SELECT * REPLACE (epoch_ns(time) AS time) FROM read_parquet({}, hive_partitioning = false))"
COUNTED = "SELECT sum(num_rows) FROM parquet_file_metadata({})"
TRIES = 3
"""A part may be merged into another one between its listing and its reading."""


class StoreWriter:
    """The one writer of a store's folder. Raises BadInput where another process writes to it."""

    def __init__(self, data: Path) -> None:
        self.folder = data / FOLDER
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self.folder / LOCK).open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise BadInput("data", f"{self.folder}: another process writes to this store") from error
        counting = self._tidied()
        self._last = counting[-1].last if counting else 0
        self._small: list[Part] = []
        for part in reversed(counting):
            if part.day != counting[-1].day or part.path.stat().st_size >= SMALL_BYTES:
                break
            self._small.insert(0, part)

    @property
    def next_sequence(self) -> int:
        """The first record whose rows are not here."""
        return self._last + 1

    def take(self, rows: Sequence[Row], marks: Marks | None = None) -> int:
        """Writes the rows of whole records, in order; those that are here already are passed over. How many were new.

        They are on the medium when this returns. Killed in between, whole days of them are here or not.
        """
        return self.put(table_of(rows, marks)) if rows else 0

    def put(self, table: Any) -> int:
        """The same of a table."""
        fresh = table.slice(pc.sum(pc.less_equal(table["sequence"], self._last)).as_py() or 0)
        begin = 0
        for end in pc.run_end_encode(fresh["day"].combine_chunks()).run_ends.to_pylist():
            part = write_part(self.folder, fresh.slice(begin, end - begin))
            self._last, begin = part.last, end
            self._small.append(part)
            self._small = [small for small in self._small if small.day == part.day]
        if len(self._small) >= SMALL_PARTS:
            self.merge()
        return int(fresh.num_rows)

    def merge(self) -> None:
        """Makes one part of the small ones of the last day."""
        small, self._small = self._small, []
        if len(small) < 2:
            return
        merged = write_part(self.folder, pa.concat_tables([read_part(part) for part in small]))
        for part in small:
            _remove(part)
        flush(merged.path.parent)
        if merged.path.stat().st_size < SMALL_BYTES:
            self._small = [merged]

    def close(self) -> None:
        """Another may write."""
        self._lock.close()

    def _tidied(self) -> list[Part]:
        """The parts that count, without what a writer that was killed left behind."""
        counting, merged = parts_in(self.folder)
        for part in merged:
            _remove(part)
        for unfinished in self.folder.glob(f"day=*/*{NEW_SUFFIX}"):
            unfinished.unlink()
        kept = {part.sum_path for part in counting}
        for orphan in set(self.folder.glob(f"day=*/*{SUM_SUFFIX}")) - kept:
            orphan.unlink()
        return counting


class StoreReader:
    """Asks a folder's store; it may be written to meanwhile. Raises Damaged where a part cannot be read."""

    def __init__(self, data: Path) -> None:
        self.folder = data / FOLDER
        self._data = data

    def search(self, query: Query) -> Found:
        """Newest first."""
        began = time.perf_counter()
        parts = [part for part in self._parts() if query.touches(part.day)]
        rows, scanned = self._asked(parts, lambda source: question(query, source))
        return found_of(rows, query, (time.perf_counter() - began, scanned), self._dropped().values())

    def life(self, order: int) -> Life:
        """Every event of an order, oldest first; of one that is not here no event."""
        parts = [part for part in self._parts() if part.last >= order]
        rows, _ = self._asked(parts, lambda source: life_question(order, source))
        return events_of(order, rows, self._dropped().values())

    def unknown(self) -> tuple[int, list[int]]:
        """Rows, and in how many of them each field is null."""
        rows, _ = self._asked(self._parts(), unknown_question)
        return (rows[0][0], list(rows[0][1:])) if rows else (0, [0] * 78)

    def last_of(self, account: str) -> tuple[dt.date, int] | None:
        """Day and sequence of an account's last row; None where it has none."""
        rows, _ = self._asked(self._parts(), lambda source: last_question(account, source))
        return (day_of(rows[0][0]), rows[0][1]) if rows else None

    def days_of(self, account: str) -> set[dt.date]:
        """Days on which the account has rows."""
        return {row[0] for row in self._asked(self._parts(), lambda source: days_question(account, source))[0]}

    def parts(self) -> list[Part]:
        """Oldest first, without those of a day that is being dropped."""
        return self._parts()

    def days(self) -> dict[dt.date, list[Part]]:
        """Parts by day."""
        return {day: list(parts) for day, parts in groupby(self._parts(), key=lambda part: part.day)}

    def _parts(self) -> list[Part]:
        going = {drop.day for drop in cut_off(self._data)}
        return [part for part in parts_in(self.folder)[0] if part.day not in going]

    def _dropped(self) -> dict[dt.date, Drop]:
        return drops(self._data)

    def _asked(
        self, parts: list[Part], asking: Callable[[str], tuple[str, list[Any]]]
    ) -> tuple[list[tuple[Any, ...]], int]:
        if not parts:
            asking("nothing")  # which refuses what cannot be asked
            return [], 0
        for left in reversed(range(TRIES)):
            files = "[" + ", ".join(_quoted(part.path) for part in parts) + "]"
            try:
                with duckdb.connect(":memory:") as asked:
                    rows = asked.execute(*asking(SOURCE.format(files))).fetchall()
                    scanned = asked.execute(COUNTED.format(files)).fetchone()
                    return rows, int(scanned[0]) if scanned is not None else 0
            except duckdb.Error as error:
                if all(part.path.exists() for part in parts) or not left:
                    raise Damaged(f"{self.folder}: {error}") from error
                parts = self._again(parts)
                if not parts:
                    return [], 0
        raise AssertionError("the last try answers or raises")

    def _again(self, parts: list[Part]) -> list[Part]:
        """What the same records lie in now."""
        first, last = parts[0].first, parts[-1].last
        return [part for part in self._parts() if part.last >= first and part.first <= last]


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _remove(part: Part) -> None:
    part.path.unlink()
    part.sum_path.unlink(missing_ok=True)
