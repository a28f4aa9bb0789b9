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


_FIXED = struct.Struct("<16sHQQQ")
"""Of the metadata: dataset, schema, start, end, limit. Then version 1 has a record count, version 2 and 3 the length
of a symbol after the three bytes of symbology.
"""
SYMBOL_BYTES_V1 = 22
RESERVED_BYTES = {1: 47, 2: 53, 3: 53}
SCHEMAS = {0: "mbo", 1: "mbp-1", 2: "mbp-10", 3: "tbbo"}
SYMBOLS_MAX = 10_000


class Metadata(NamedTuple):
    """What the head of a stream says: "GLBX.MDP3", "mbo" ("" where the schema is none of SCHEMAS), the symbols asked
    for.
    """

    dataset: str
    schema: str
    symbols: list[str]


class MboRecord(NamedTuple):
    """An order event; `action` and `side` are its letters, `flags` its bits, times ns UTC."""

    publisher: int
    instrument: int
    ts_event: int
    action: str
    side: str
    price: int
    size: int
    order: int
    sequence: int
    flags: int
    ts_recv: int


class LevelsRecord(NamedTuple):
    """A book by level after an event (a trade: before it): bid price, size, count, ask price, size, count of each
    level.
    """

    publisher: int
    instrument: int
    ts_event: int
    action: str
    sequence: int
    levels: list[Sequence[int]]
    side: str
    price: int
    size: int


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
        order, price, size, flags, _, action, side, received, _, sequence = _MBO.unpack_from(body)
        head = header[2], header[3], header[4], action.decode("latin-1"), side.decode("latin-1")
        yield number, MboRecord(*head, price, size, order, sequence, flags, received)


def read_levels(stream: BinaryIO) -> Iterator[tuple[int, LevelsRecord]]:
    """(record number, book by level)."""
    for number, header, body in _records(stream):
        if header[1] not in (RTYPE_MBP_1, RTYPE_MBP_10):
            continue
        if len(body) < _MBP.size + _LEVEL.size:
            raise BadInput("expected", "a book is cut short", number)
        price, size, action, side, _, _, _, _, sequence = _MBP.unpack_from(body)
        levels: list[Sequence[int]] = []
        for start in range(_MBP.size, len(body) - _LEVEL.size + 1, _LEVEL.size):
            bid, ask, bid_size, ask_size, bid_count, ask_count = _LEVEL.unpack_from(body, start)
            levels.append((bid, bid_size, bid_count, ask, ask_size, ask_count))
        letters = action.decode("latin-1"), side.decode("latin-1")
        record = LevelsRecord(header[2], header[3], header[4], letters[0], sequence, levels, letters[1], price, size)
        yield number, record


def read_metadata(stream: BinaryIO) -> Metadata:
    """The head of a stream; closes it. Raises BadInput when it is no DBN or cut short."""
    try:
        version, raw = _head(stream)
    except UNPACKING_ERRORS as error:
        raise BadInput("events", f"cannot be unpacked: {error}", 1) from error
    finally:
        stream.close()
    try:
        dataset, schema, *_ = _FIXED.unpack_from(raw)
        place = _FIXED.size + (8 if version == 1 else 0) + 3
        width = SYMBOL_BYTES_V1
        if version > 1:
            (width,) = struct.unpack_from("<H", raw, place)
            place += 2
        place += RESERVED_BYTES[version] + 4
        (count,) = struct.unpack_from("<I", raw, place)
        if not 0 <= count <= SYMBOLS_MAX or not 0 < width <= len(raw):
            raise BadInput("metadata", f"names {count} symbols of {width} bytes", 1)
        symbols = [_c_text(raw[at : at + width]) for at in range(place + 4, place + 4 + count * width, width)]
    except struct.error as error:
        raise BadInput("metadata", "is cut short", 1) from error
    return Metadata(_c_text(dataset), SCHEMAS.get(schema, ""), symbols)


def _c_text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("ascii", errors="replace")


def _head(stream: BinaryIO) -> tuple[int, bytes]:
    """Version and metadata."""
    magic, version, length = _PRELUDE.unpack(_exactly(stream, _PRELUDE.size, 0))
    if magic != MAGIC or version not in VERSIONS or length > METADATA_BYTES_MAX:
        raise BadInput("events", f"is no DBN of version {VERSIONS[0]} to {VERSIONS[-1]}", 1)
    return version, _exactly(stream, length, 0)


def _records(stream: BinaryIO) -> Iterator[tuple[int, tuple[int, int, int, int, int], bytes]]:
    number = 0
    try:
        _head(stream)
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
