"""Inputs: a path or `-`, plain or packed. What packed them is told by the content, never by the name."""

import bz2
import gzip
import io
import lzma
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from isthmus.kernel.errors import BadInput

UNPACKING_ERRORS = (OSError, EOFError, lzma.LZMAError, zstandard.ZstdError)
"""What reading from an opened input can raise."""


def open_input(source: str | Path) -> BinaryIO:
    """A buffered stream of the unpacked bytes of a file, or of standard input for `-`.

    Raises BadInput when it cannot be opened. Broken packing shows while reading, as one of UNPACKING_ERRORS.
    """
    try:
        if str(source) == "-":
            return _unpacked(sys.stdin.buffer)
        raw = Path(source).open("rb")  # noqa: SIM115 (the caller closes it)
        return _unpacked(raw)
    except OSError as error:
        raise BadInput(str(source), error.strerror or str(error)) from error


def _unpacked(raw: BinaryIO) -> BinaryIO:
    start = cast(io.BufferedReader, raw).peek(_MAGIC_BYTES)
    for magic, unpacking in _PACKINGS:
        if start.startswith(magic):
            return cast(BinaryIO, unpacking(raw))
    return raw


class _Owning(io.BufferedIOBase):
    """Closes what it reads from."""

    source: BinaryIO

    def close(self) -> None:
        super().close()
        self.source.close()


class _Gzip(_Owning, gzip.GzipFile):
    def __init__(self, source: BinaryIO) -> None:
        super().__init__(fileobj=source, mode="rb")
        self.source = source


class _Xz(_Owning, lzma.LZMAFile):
    def __init__(self, source: BinaryIO) -> None:
        super().__init__(source)
        self.source = source


class _Bzip2(_Owning, bz2.BZ2File):
    def __init__(self, source: BinaryIO) -> None:
        super().__init__(source)
        self.source = source


def _zstd(raw: BinaryIO) -> io.BufferedReader:
    reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
    return io.BufferedReader(cast(io.RawIOBase, reader))


_MAGIC_BYTES = 6
_PACKINGS: tuple[tuple[bytes, Callable[[BinaryIO], object]], ...] = (
    (b"\x1f\x8b", _Gzip),
    (b"\xfd7zXZ\x00", _Xz),
    (b"\x28\xb5\x2f\xfd", _zstd),
    (b"BZh", _Bzip2),
)
