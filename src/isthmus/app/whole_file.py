"""Files of others that are read as one: bounded, and refused by the argument that named them."""

from __future__ import annotations

from pathlib import Path

from isthmus.kernel.errors import BadInput

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
