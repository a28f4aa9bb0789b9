"""Inputs: a path or `-`, plain or packed. What packed them is told by the content, never by the name."""

import bz2
import gzip
import io
import lzma
import sys
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from isthmus.kernel.errors import BadInput

_MAGIC_BYTES = 6
_GZIP = b"\x1f\x8b"
_XZ = b"\xfd7zXZ\x00"
_ZSTD = b"\x28\xb5\x2f\xfd"
_BZIP2 = b"BZh"

UNPACKING_ERRORS = (OSError, EOFError, lzma.LZMAError, zstandard.ZstdError)
"""What reading from an opened input can raise."""


def open_input(source: str | Path) -> BinaryIO:
    """A buffered stream of the unpacked bytes of a file, or of standard input for `-`.

    Raises BadInput when it cannot be opened. Broken packing shows while reading, as one of UNPACKING_ERRORS.
    """
    try:
        raw = sys.stdin.buffer if str(source) == "-" else Path(source).open("rb")
        return unpacked(cast(io.BufferedReader, raw))
    except OSError as error:
        raise BadInput(str(source), error.strerror or str(error)) from error


def unpacked(raw: io.BufferedReader) -> BinaryIO:
    """`raw` read through gzip, xz, zstd or bzip2 if it starts like one, itself otherwise."""
    start = raw.peek(_MAGIC_BYTES)
    if start.startswith(_GZIP):
        return cast(BinaryIO, gzip.GzipFile(fileobj=raw))
    if start.startswith(_XZ):
        return cast(BinaryIO, lzma.LZMAFile(raw))
    if start.startswith(_BZIP2):
        return cast(BinaryIO, bz2.BZ2File(raw))
    if start.startswith(_ZSTD):
        reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
        return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, reader)))
    return raw
