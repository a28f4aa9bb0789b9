"""Inputs: a path or `-`, plain or packed. What packed them is told by the content, never by the name."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import zstandard

from isthmus.kernel.errors import BadInput

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

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


def flush(path: Path) -> None:
    """Waits until a file's bytes, or a folder's names, are on the disk: a rename lasts once its folder was flushed."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


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


class _ZstdFrames(io.RawIOBase):
    """All frames of a stream. zstandard's own reader takes a cut stream for its end; this one raises EOFError."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: WriteableBuffer) -> int:
        while not self._ready:
            packed = self._source.read(_ZSTD_STEP)
            if not packed:
                if self._frame is not None:
                    raise EOFError("the stream ends in the middle of a frame")
                return 0
            self._ready = self._unpack(packed)
        view = memoryview(target).cast("B")
        size = min(len(view), len(self._ready))
        view[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _unpack(self, packed: bytes) -> bytes:
        found = []
        while packed:
            frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
            found.append(frame.decompress(packed))
            packed = frame.unused_data if frame.eof else b""
            self._frame = None if frame.eof else frame
        return b"".join(found)

    def close(self) -> None:
        super().close()
        self._source.close()


def _zstd(raw: BinaryIO) -> io.BufferedReader:
    return io.BufferedReader(_ZstdFrames(raw), _ZSTD_BUFFER)


_ZSTD_STEP = 1 << 14
_ZSTD_BUFFER = 1 << 17
_MAGIC_BYTES = 6
_PACKINGS: tuple[tuple[bytes, Callable[[BinaryIO], object]], ...] = (
    (b"\x1f\x8b", _Gzip),
    (b"\xfd7zXZ\x00", _Xz),
    (b"\x28\xb5\x2f\xfd", _zstd),
    (b"BZh", _Bzip2),
)
