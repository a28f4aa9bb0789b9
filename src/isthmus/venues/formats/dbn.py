"""Databento Binary Encoding: order events (MBO) and books by level (MBP-1, MBP-10, TBBO), versions 1 to 3.

Layout: Databento "DBN encoding": "DBN", version byte, length of the metadata, the metadata, then records whose first
byte is their length in words of four bytes. Little-endian; prices are integers of 10^-9.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple, cast

from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS

MAGIC = b"DBN"
VERSIONS = (1, 2, 3)
METADATA_BYTES_MAX = 64 << 20
RTYPE_MBO = 0xA0
RTYPE_MBP_1, RTYPE_MBP_10 = 0x01, 0x0A

_PRELUDE = struct.Struct("<3sBI")
_HEADER = struct.Struct("<BBHIQ")
_MBO = struct.Struct("<QqIBBccQiI")
_MBP = struct.Struct("<qIccBBQiI")
_LEVEL = struct.Struct("<qqIIII")


class MboRecord(NamedTuple):
    """An order event; `action` and `side` are its letters."""

    publisher: int
    instrument: int
    ts_event: int
    action: str
    side: str
    price: int
    size: int
    order: int
    sequence: int


class LevelsRecord(NamedTuple):
    """A book by level after an event: bid price, size, count, ask price, size, count of each level."""

    publisher: int
    instrument: int
    ts_event: int
    action: str
    sequence: int
    levels: list[Sequence[int]]


def peeked(stream: BinaryIO) -> tuple[bytes, BinaryIO]:
    """The first bytes of a stream, and the stream as if nothing had been read."""
    buffered = stream if hasattr(stream, "peek") else cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, stream)))
    try:
        return cast(io.BufferedReader, buffered).peek(len(MAGIC))[: len(MAGIC)], buffered
    except UNPACKING_ERRORS as error:
        raise BadInput("events", f"cannot be unpacked: {error}", 1) from error


def is_dbn(head: bytes) -> bool:
    """Whether a stream that starts so is DBN."""
    return head == MAGIC


def read_mbo(stream: BinaryIO) -> Iterator[tuple[int, MboRecord]]:
    """(record number, order event); status and other side records are passed over, a book by level is refused."""
    for number, header, body in _records(stream):
        if header[1] in (RTYPE_MBP_1, RTYPE_MBP_10):
            raise BadInput("events", "holds a book by level, not orders", number)
        if header[1] != RTYPE_MBO:
            continue
        if len(body) < _MBO.size:
            raise BadInput("events", "an order event is cut short", number)
        order, price, size, _, _, action, side, _, _, sequence = _MBO.unpack_from(body)
        letters = action.decode("latin-1"), side.decode("latin-1")
        yield number, MboRecord(header[2], header[3], header[4], *letters, price, size, order, sequence)


def read_levels(stream: BinaryIO) -> Iterator[tuple[int, LevelsRecord]]:
    """(record number, book by level)."""
    for number, header, body in _records(stream):
        if header[1] not in (RTYPE_MBP_1, RTYPE_MBP_10):
            continue
        if len(body) < _MBP.size + _LEVEL.size:
            raise BadInput("expected", "a book is cut short", number)
        _, _, action, _, _, _, _, _, sequence = _MBP.unpack_from(body)
        levels: list[Sequence[int]] = []
        for start in range(_MBP.size, len(body) - _LEVEL.size + 1, _LEVEL.size):
            bid, ask, bid_size, ask_size, bid_count, ask_count = _LEVEL.unpack_from(body, start)
            levels.append((bid, bid_size, bid_count, ask, ask_size, ask_count))
        yield number, LevelsRecord(header[2], header[3], header[4], action.decode("latin-1"), sequence, levels)


def _records(stream: BinaryIO) -> Iterator[tuple[int, tuple[int, int, int, int, int], bytes]]:
    number = 0
    try:
        magic, version, length = _PRELUDE.unpack(_exactly(stream, _PRELUDE.size, number))
        if magic != MAGIC or version not in VERSIONS or length > METADATA_BYTES_MAX:
            raise BadInput("events", f"is no DBN of version {VERSIONS[0]} to {VERSIONS[-1]}", 1)
        _exactly(stream, length, number)
        while first := stream.read(1):
            number += 1
            size = first[0] * 4
            if size < _HEADER.size:
                raise BadInput("events", f"a record of {size} bytes", number)
            record = first + _exactly(stream, size - 1, number)
            yield number, _HEADER.unpack_from(record), record[_HEADER.size :]
    except UNPACKING_ERRORS as error:
        raise BadInput("events", f"cannot be unpacked: {error}", number + 1) from error
    finally:
        stream.close()


def _exactly(stream: BinaryIO, size: int, number: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise BadInput("events", "ends in the middle of a record", number or 1)
    return data
