"""The one table inside a zip file, with limits: a small file must not unpack into more than memory or patience hold."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from isthmus.kernel.errors import BadInput

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
"""A zip with files in it, and an empty one."""
UNPACKED_BYTES_MAX = 1 << 30
RATIO_MAX = 200
"""Bytes unpacked from one packed: tick tables come to 5 to 12, a zip bomb to 1,000."""
RATIO_FROM_BYTES = 1 << 20
_FLAG_ENCRYPTED = 0x1


def is_zip(head: bytes) -> bool:
    """Whether a file that starts so is a zip file."""
    return head.startswith(MAGICS)


def open_table(path: Path) -> tuple[str, BinaryIO]:
    """The name and the unpacked bytes of the only file in a zip; closing the stream closes the zip.

    Raises BadInput when the zip cannot be read, is empty, holds several files, is encrypted or beyond the limits. What
    breaks while reading (wrong sum, more bytes than were said) is raised as OSError, one of UNPACKING_ERRORS.
    """
    try:
        packed = zipfile.ZipFile(path)
        entry = _only(packed)
        return entry.filename, cast(BinaryIO, _Entry(packed, entry))
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError) as error:
        raise BadInput("zip", f"cannot be unpacked: {error}") from error


def _only(packed: zipfile.ZipFile) -> zipfile.ZipInfo:
    entries = [entry for entry in packed.infolist() if not entry.is_dir()]
    if len(entries) != 1:
        raise BadInput("zip", "is empty" if not entries else f"holds {len(entries)} files instead of one")
    entry = entries[0]
    if entry.flag_bits & _FLAG_ENCRYPTED:
        raise BadInput("zip", f"{entry.filename} is encrypted")
    if entry.file_size > UNPACKED_BYTES_MAX:
        raise BadInput("zip", f"{entry.filename} unpacks to more than {UNPACKED_BYTES_MAX} bytes")
    if entry.file_size > max(RATIO_FROM_BYTES, RATIO_MAX * entry.compress_size):
        raise BadInput("zip", f"{entry.filename} unpacks to more than {RATIO_MAX} times its size")
    return entry


class _Entry(io.RawIOBase):
    """Reads one file of a zip, no further than its directory says."""

    def __init__(self, packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
        super().__init__()
        self._packed = packed
        self._source = cast(zipfile.ZipExtFile, packed.open(entry))
        self._left = entry.file_size

    def readable(self) -> bool:
        return True

    def readinto(self, target: WriteableBuffer) -> int:
        try:
            found = self._source.readinto(target)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise OSError(str(error)) from error
        self._left -= found
        if self._left < 0:
            raise OSError("holds more than its directory says")
        return found

    def close(self) -> None:
        super().close()
        self._source.close()
        self._packed.close()
