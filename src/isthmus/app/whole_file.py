"""Files of others that are read as one: bounded, and refused by the argument that named them."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from isthmus.kernel.errors import BadInput

Shape = TypeVar("Shape")
FILE_BYTES_MAX = 1 << 22


def read_whole(path: str, field: str) -> bytes:
    """Raises BadInput, `field` being the argument."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise BadInput(field, f"{path}: {error.strerror}") from None
    if len(raw) > FILE_BYTES_MAX:
        raise BadInput(field, f"{path} is larger than {FILE_BYTES_MAX} bytes")
    return raw


def read_json(path: str, field: str, shape: type[Shape]) -> Shape:
    """The same, of a file of JSON with this shape."""
    return json_of(read_whole(path, field), field, shape)


def json_of(raw: bytes, field: str, shape: type[Shape]) -> Shape:
    """Raises BadInput."""
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(field, str(error)) from None
