"""A day's data under one signature: what each of its files held when the day was sealed, in pieces of 64 KiB.

Owns: DATA/audit/days/DAY.json. Covers the segments (or archives) of the journal that have records of the day, the day's
rows of the store, its exports, and the lists of heads. The logs prove themselves and stand in it by their heads.
Whoever has the seal and the public key finds a flipped bit by file and piece, in a browser too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from isthmus.audit.places import LOGS, audit_folder, log_folder
from isthmus.audit.signed_file import SEALED_MAX, Fault, SignedFile, parse
from isthmus.engine import archive
from isthmus.engine.engine import JournalReader, journal_end, segment_header
from isthmus.kernel.errors import BadInput
from isthmus.kernel.values import NS_PER_S

FORMAT = "isthmus-day/1"
PIECE = 1 << 16
DAY_NS = 86_400 * NS_PER_S
HEADS = "heads"
"""Of a log's folder: no signature covers the times in it, and this one does."""
EXPORTS = "audit/exports"
WITH_DAY = ("audit/store", EXPORTS)
"""Folders in which a day has the folder day=YYYY-MM-DD."""


class SealedFile(msgspec.Struct, frozen=True):
    """`pieces`: SHA-256 (hexadecimal) of each 64 KiB of the first `size` bytes. `grows`: more may follow."""

    path: str
    size: int
    grows: bool
    pieces: list[str]


class DaySeal(SignedFile, frozen=True, kw_only=True):
    """`day` of UTC; `made`: RFC 3339; `heads`: the signed head of each log at that moment, by log; paths from DATA."""

    SUBJECT = ("day",)
    format: str = FORMAT
    day: str
    made: str
    heads: dict[str, str]
    files: list[SealedFile]


def path_of(data: Path, day: str) -> Path:
    """Where a day's seal is kept."""
    return audit_folder(data) / "days" / f"{day}.json"


def sealed(data: Path, day: str, made: str) -> DaySeal:
    """Of what is there now, unsigned. Raises BadInput for what is no day or has no records, OSError."""
    begins = _begins(day)
    journal = list(_of_journal(data, begins))
    if not journal:
        raise BadInput("day", f"the journal has no record of {day}")
    dated = [path for folder in _whole(day, made) for path in _dated(data, folder, day)]
    lists = [(path, True) for log in LOGS if (path := log_folder(data, log) / HEADS).is_file()]
    files = [_sealed(data, path, grows) for path, grows in [*journal, *lists, *((path, False) for path in dated)]]
    heads = {log: path.read_text() for log in LOGS if (path := log_folder(data, log) / "checkpoint").is_file()}
    return DaySeal(day=day, made=made, heads=heads, files=files)


def parse_seal(raw: bytes) -> DaySeal:
    """Raises BadInput by the field that is wrong."""
    if len(raw) > SEALED_MAX:
        raise BadInput("file", f"is larger than {SEALED_MAX} bytes")
    found = parse(raw, DaySeal, FORMAT)
    _begins(found.day)
    for file in found.files:
        if file.path.startswith("/") or ".." in file.path.split("/"):
            raise BadInput("files.path", f"{file.path[:60]!r} leads out of the folder")
        if len(file.pieces) != -(-file.size // PIECE):
            raise BadInput("files.pieces", f"of {file.path[:60]}: {len(file.pieces)} for {file.size} bytes")
    return found


def seal_faults(data: Path, seal: DaySeal, advance: Callable[[int], None]) -> Iterator[Fault]:
    """missing, shorter, longer, changed (by piece), unlisted. `advance` is told bytes."""
    for file in seal.files:
        path = data / file.path
        try:
            with path.open("rb") as stream:
                yield from _file_faults(stream, file, advance)
        except FileNotFoundError:
            yield Fault(file.path, "missing", "it was there when the day was sealed")
        except OSError as error:
            yield Fault(file.path, "unreadable", error.strerror or str(error))
    listed = {file.path for file in seal.files}
    for folder in _whole(seal.day, seal.made):
        for path in _dated(data, folder, seal.day):
            if str(path.relative_to(data)) not in listed:
                yield Fault(str(path.relative_to(data)), "unlisted", "it was not there when the day was sealed")


def _file_faults(stream: BinaryIO, file: SealedFile, advance: Callable[[int], None]) -> Iterator[Fault]:
    left = file.size
    for number, hash_ in enumerate(file.pieces):
        piece = stream.read(min(PIECE, left))
        advance(len(piece))
        if len(piece) < min(PIECE, left):
            yield Fault(file.path, "shorter", f"it had {file.size} bytes and has {file.size - left + len(piece)}")
            return
        if hashlib.sha256(piece).hexdigest() != hash_:
            first = number * PIECE
            yield Fault(file.path, "changed", f"between bytes {first} and {first + len(piece) - 1}")
        left -= len(piece)
    if not file.grows and stream.read(1):
        yield Fault(file.path, "longer", f"it had {file.size} bytes and has more")


def _whole(day: str, made: str) -> tuple[str, ...]:
    """Folders that are complete: rows of a day that was not over are still written and put together."""
    return WITH_DAY if made[: len(day)] > day else (EXPORTS,)


def _begins(day: str) -> int:
    """ns of its midnight."""
    try:
        if len(day) == len("2026-11-29"):
            return int(datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).timestamp()) * NS_PER_S
    except ValueError:
        pass
    raise BadInput("day", f"{day[:40]!r} is no day like 2026-11-29")


def _of_journal(data: Path, begins: int) -> Iterator[tuple[Path, bool]]:
    """Archives and segments with records of the day, and whether more may follow in them."""
    paths = [*archive.archived(data), *sorted((data / "journal").glob("*.seg"))]
    stamps = [_first_stamp(data, path) for path in paths]
    for number, (path, stamp) in enumerate(zip(paths, stamps, strict=True)):
        is_last = number == len(paths) - 1
        if stamp is None:
            continue
        following = next((later for later in stamps[number + 1 :] if later is not None), None)
        if stamp < begins + DAY_NS and (following is None or following >= begins):
            yield path, is_last


def _first_stamp(data: Path, path: Path) -> int | None:
    """Of the file's first record; None of a segment that has none yet."""
    if path.suffix == archive.SUFFIX:
        return next(archive.records(data, archive.facts_of(path).before + 1)).stamp
    record = next(JournalReader(str(data), segment_header(str(path))[0] + 1), None)
    return None if record is None else record.stamp


def _dated(data: Path, folder: str, day: str) -> list[Path]:
    return sorted(path for path in (data / folder / f"day={day}").glob("**/*") if path.is_file())


def _written(data: Path) -> int:
    """Bytes of the last segment up to the end of its last record: what lies behind is room for those to come."""
    return journal_end(str(data))[1]


def _sealed(data: Path, path: Path, grows: bool) -> SealedFile:
    pieces, size = [], 0
    left = _written(data) if grows and path.suffix == ".seg" else path.stat().st_size
    with path.open("rb") as stream:
        while piece := stream.read(min(PIECE, left - size)):
            pieces.append(hashlib.sha256(piece).hexdigest())
            size += len(piece)
    return SealedFile(str(path.relative_to(data)), size, grows, pieces)
