"""Old segments as Parquet files, one each, in DATA/archive: whole records, beside columns that other tools can read.

Columns: sequence, stamp (uint64), rules, flags (uint16), command (its name), body, hash (binary). The file's metadata
holds the segment's number, epoch, and what stands before it, so that the chain goes on from file to file and from the
last file to the first segment. pyarrow is an optional part, asked for only where there is an archive.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from isthmus.engine.engine import Archived, JournalReader, Record, segment_header
from isthmus.kernel.errors import Damaged, PartMissing
from isthmus.kernel.files import flush

FOLDER = "archive"
SUFFIX = ".parquet"
ROWS = 65_536
"""Records in a row group: read and written at a time."""
COMPRESSION = "zstd"
META = b"isthmus"


class SegmentFacts(msgspec.Struct, frozen=True):
    """What a segment's header says. `before`: the sequence of the record before its first, whose hash is `prev`."""

    segment: int
    epoch: int
    before: int
    prev: str


def parquet() -> Any:
    """pyarrow.parquet. Raises PartMissing."""
    try:
        return importlib.import_module("pyarrow.parquet")
    except ModuleNotFoundError as error:
        raise PartMissing("pyarrow", "pip install pyarrow, or isthmus with its extra [archive]") from error


def archived(data: Path) -> list[Path]:
    """The archive's files, oldest first."""
    return sorted((data / FOLDER).glob(f"*{SUFFIX}"))


def path_of(data: Path, segment: int) -> Path:
    """Where a segment's archive file is, or would be."""
    return data / FOLDER / f"{segment:08}{SUFFIX}"


def facts_of(path: Path) -> SegmentFacts:
    """The segment that a file holds. Raises Damaged, PartMissing."""
    try:
        metadata = parquet().read_schema(path).metadata or {}
        return msgspec.json.decode(metadata.get(META, b""), type=SegmentFacts)
    except (OSError, ValueError) as error:  # pyarrow's and msgspec's errors are ValueErrors
        raise Damaged(f"{path}: not a file of this archive ({error})") from error


def batches(path: Path) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """Bodies and hashes, row group by row group. Raises Damaged, PartMissing."""
    try:
        file = parquet().ParquetFile(path)
        for batch in file.iter_batches(ROWS, columns=["body", "hash"]):
            yield batch.column(0).to_pylist(), batch.column(1).to_pylist()
    except (OSError, ValueError) as error:
        raise Damaged(f"{path}: {error}") from error


def proven(data: Path, archive: Archived) -> Path | None:
    """Hands the whole archive to `archive`; the first file that is not what was written, or None."""
    for path in archived(data):
        try:
            facts = facts_of(path)
            follows = (facts.before, facts.prev) == (archive.records, archive.head)
            if not follows or not all(archive.take(facts.segment, facts.epoch, *both) for both in batches(path)):
                return path
        except Damaged:
            return path
    return None


def records(data: Path, start: int = 1) -> Iterator[Record]:
    """Records from `start` on, wherever they are. Raises JournalDamaged, Damaged, PartMissing."""
    following = start
    for record in archived_records(data, start):
        yield record
        following = record.sequence + 1
    yield from JournalReader(str(data), following)


def archived_records(data: Path, start: int = 1) -> Iterator[Record]:
    """Those of them that are in the archive. Raises Damaged, PartMissing."""
    following = start
    for path in archived(data):
        facts = facts_of(path)
        if facts.before + parquet().read_metadata(path).num_rows < following:
            continue
        prev, sequence = bytes.fromhex(facts.prev), facts.before
        for bodies, hashes in batches(path):
            for body, hash_ in zip(bodies, hashes, strict=True):
                sequence += 1
                if sequence >= following:
                    record = Record.from_body(body, prev)
                    if record.hash != hash_ or record.sequence != sequence:
                        raise Damaged(f"{path}: record {sequence} is not what was written")
                    yield record
                    following = sequence + 1
                prev = hash_


def write(data: Path, segment: int) -> int:
    """Writes a sealed segment's archive file, whole and on the medium or not at all; returns its records.

    The file is read back and its chain recomputed before it gets its name. Raises Damaged, PartMissing, OSError.
    """
    pq, path = parquet(), path_of(data, segment)
    arrow = importlib.import_module("pyarrow")
    path.parent.mkdir(exist_ok=True)
    before, prev, epoch = segment_header(str(segment_path(data, segment)))
    facts = SegmentFacts(segment, epoch, before, prev)
    following, head, _ = segment_header(str(segment_path(data, segment + 1)))
    schema = _schema(arrow).with_metadata({META: msgspec.json.encode(facts)})
    unfinished = path.with_suffix(".new")
    with pq.ParquetWriter(unfinished, schema, compression=COMPRESSION) as writer:
        for rows in _rows(data, before + 1, following):
            writer.write_table(arrow.Table.from_pylist(rows, schema))
    if _read_back(unfinished, facts) != (following, head):
        unfinished.unlink()
        raise Damaged(f"{path}: what was read back is not what the segment holds")
    flush(unfinished)
    unfinished.rename(path)
    flush(path.parent)
    return following - before


def segment_path(data: Path, segment: int) -> Path:
    """DATA/journal/<8 digits>.seg."""
    return data / "journal" / f"{segment:08}.seg"


def _schema(arrow: Any) -> Any:
    words = (("sequence", arrow.uint64()), ("stamp", arrow.uint64()), ("rules", arrow.uint16()))
    more = (("flags", arrow.uint16()), ("command", arrow.string()))
    return arrow.schema([*words, *more, ("body", arrow.binary()), ("hash", arrow.binary(32))])


def _rows(data: Path, first: int, last: int) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    for record in JournalReader(str(data), first):
        if record.sequence > last:
            break
        body = record.body
        rows.append({
            "sequence": record.sequence, "stamp": record.stamp, "rules": int.from_bytes(body[18:20], "little"),
            "flags": record.flags, "command": type(record.command).__name__, "body": body, "hash": record.hash,
        })  # fmt: skip
        if len(rows) == ROWS:
            yield rows
            rows = []
    if rows:
        yield rows


def _read_back(path: Path, facts: SegmentFacts) -> tuple[int, str]:
    """The last sequence and hash of a chain recomputed from the file alone."""
    sequence, prev = facts.before, bytes.fromhex(facts.prev)
    for bodies, hashes in batches(path):
        for body, hash_ in zip(bodies, hashes, strict=True):
            record = Record.from_body(body, prev)
            sequence, prev = sequence + 1, record.hash
            if prev != hash_ or record.sequence != sequence:
                return sequence, ""
    return sequence, prev.hex()
