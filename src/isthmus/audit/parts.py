"""Files of the audit store: DATA/audit/store/day=YYYY-MM-DD/part-FIRST-LAST.parquet, each with its SHA-256 beside it.

FIRST and LAST are the sequences of a part's first and last record. A part is written whole, flushed, and then named;
its rows are all that the records from FIRST to LAST have on that day. A part that lies within another one was merged
into it: it does not count, and goes when the next writer comes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from isthmus.audit.jurisdictions import FIELDS
from isthmus.audit.rows import Row
from isthmus.engine.order_rows import OrderBatch
from isthmus.kernel.errors import Damaged
from isthmus.kernel.files import flush
from isthmus.kernel.values import NS_PER_S

FOLDER = Path("audit") / "store"
DAY_NS = 86_400 * NS_PER_S
SUFFIX = ".parquet"
SUM_SUFFIX = ".sha256"
NEW_SUFFIX = ".new"
NAME = re.compile(r"part-(\d{20})-(\d{20})\.parquet", re.ASCII)
DAY = re.compile(r"day=(\d{4}-\d\d-\d\d)", re.ASCII)
Marks = Sequence[tuple[bytes, bytes]]
"""Fingerprint of each row, and that of its order before (32 bytes each)."""
SCHEMA = pa.schema(
    [
        ("sequence", pa.int64()),
        ("place", pa.int32()),
        ("order_id", pa.int64()),
        ("day", pa.date32()),
        ("time", pa.timestamp("ns")),
        *((field, pa.string()) for field in FIELDS),
        ("fingerprint", pa.binary()),
        ("previous", pa.binary()),
    ]
)

DISTINCT = frozenset((
    "sequence", "order_id", "time", "fingerprint", "previous",
    "O16", "O21", "O22", "O25", "O26", "O27", "O30", "O31", "O32", "O72", "O76", "O77",
))  # fmt: skip
"""Columns of which each row has a value of its own, or nearly: a dictionary of them is made for nothing."""
ALIKE = [name for name in SCHEMA.names if name not in DISTINCT]


class Part(msgspec.Struct, frozen=True, order=True):
    """A file with the rows of records `first` to `last` of a day."""

    first: int
    last: int
    day: dt.date
    path: Path

    @property
    def sum_path(self) -> Path:
        """Where its SHA-256 is."""
        return self.path.with_suffix(SUM_SUFFIX)


def parts_in(folder: Path) -> tuple[list[Part], list[Part]]:
    """Those that count, oldest first, and those that were merged into one of them. Other files are none."""
    found: list[Part] = []
    for home in folder.glob("day=*"):
        if (day := DAY.fullmatch(home.name)) is None:
            continue
        named = [(NAME.fullmatch(path.name), path) for path in _files(home)]
        of_day = dt.date.fromisoformat(day[1])
        found += [Part(int(name[1]), int(name[2]), of_day, path) for name, path in named if name is not None]
    found.sort(key=lambda part: (part.first, -part.last))
    counting: list[Part] = []
    merged: list[Part] = []
    for part in found:
        within = counting and part.day == counting[-1].day and part.last <= counting[-1].last
        (merged if within else counting).append(part)
    return counting, merged


def _files(home: Path) -> list[Path]:
    """A day's; none of one that was dropped meanwhile."""
    try:
        return list(home.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def day_of(at: int) -> dt.date:
    """Of nanoseconds since 1970, UTC."""
    return dt.datetime.fromtimestamp(at // NS_PER_S, dt.UTC).date()


def table_of(rows: Sequence[Row], marks: Marks | None) -> Any:
    """An Arrow table."""
    columns: list[Any] = [
        [row.sequence for row in rows],
        [row.place for row in rows],
        [row.order for row in rows],
        [day_of(row.time) for row in rows],
        [row.time for row in rows],
        *zip(*(row.values for row in rows), strict=True),
    ]
    columns += zip(*marks, strict=True) if marks else [[None] * len(rows)] * 2
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )  # fmt: skip


def table_of_batch(batch: OrderBatch, marks: Marks) -> Any:
    """The same of rows that were never taken apart."""
    count = len(batch)
    sequences, places, orders, times = (pa.py_buffer(column) for column in batch.heads())
    at = pa.Array.from_buffers(pa.int64(), count, [None, times])
    days = pc.divide(at, pa.scalar(DAY_NS, pa.int64())).cast(pa.int32()).cast(pa.date32())
    columns = [
        pa.Array.from_buffers(pa.int64(), count, [None, sequences]),
        pa.Array.from_buffers(pa.int32(), count, [None, places]),
        pa.Array.from_buffers(pa.int64(), count, [None, orders]),
        days,
        at.cast(pa.timestamp("ns")),
    ]
    for known, ends, texts in batch.columns():
        buffers = [pa.py_buffer(known) if known is not None else None, pa.py_buffer(ends), pa.py_buffer(texts)]
        columns.append(pa.Array.from_buffers(pa.string(), count, buffers))
    columns += [pa.array(column, pa.binary()) for column in zip(*marks, strict=True)]
    return pa.table(columns, schema=SCHEMA)


def write_part(folder: Path, table: Any) -> Part:
    """On the medium when this returns, or not at all. All rows are of one day."""
    first, last = table["sequence"][0].as_py(), table["sequence"][-1].as_py()
    day = table["day"][0].as_py()
    home = folder / f"day={day}"
    if not home.exists():
        home.mkdir(parents=True)
        flush(folder)
    part = Part(first, last, day, home / f"part-{first:020}-{last:020}{SUFFIX}")
    unfinished = part.path.with_suffix(NEW_SUFFIX)
    pq.write_table(table, unfinished, compression="zstd", write_page_checksum=True, use_dictionary=ALIKE)
    _write(part.sum_path, sum_of(unfinished).encode())
    flush(unfinished)
    unfinished.rename(part.path)
    flush(home)
    return part


def read_part(part: Part) -> Any:
    """Its table. Raises Damaged."""
    try:
        with pq.ParquetFile(part.path, page_checksum_verification=True) as file:
            table = file.read()
    except (OSError, ValueError) as error:  # pyarrow's are ValueErrors or OSErrors
        raise Damaged(f"{part.path}: {error}") from error
    if table.schema.names != SCHEMA.names:
        raise Damaged(f"{part.path}: has other columns than this store")
    return table


def unreadable_column(part: Part) -> str:
    """The first column of a part that cannot be read; empty where the whole file cannot."""
    try:
        with pq.ParquetFile(part.path, page_checksum_verification=True) as file:
            names: list[str] = SCHEMA.names
            for name in names:
                try:
                    file.read(columns=[name])
                except (OSError, ValueError):
                    return name
    except (OSError, ValueError):
        return ""
    return ""


def sum_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sum_holds(part: Part) -> bool:
    """Whether the bytes are those that were written."""
    try:
        return part.sum_path.read_bytes() == sum_of(part.path).encode()
    except OSError:
        return False


def _write(path: Path, content: bytes) -> None:
    unfinished = path.with_suffix(path.suffix + NEW_SUFFIX)
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
