"""Lines of a recording, numbered, with broken packing told as bad input."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, cast

from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS

LINE_BYTES_MAX = 16 << 20
"""A snapshot of the deepest book seen takes under 1 MiB."""

BUFFER_BYTES = 1 << 18


def numbered_lines(stream: BinaryIO, field: str) -> Iterator[tuple[int, bytes]]:
    """(number from 1, line without its end) for every line that is not blank; closes the stream. Raises BadInput."""
    number = 0
    try:
        with io.BufferedReader(cast(io.RawIOBase, stream), BUFFER_BYTES) as buffered:
            while line := buffered.readline(LINE_BYTES_MAX):
                number += 1
                if len(line) == LINE_BYTES_MAX:
                    raise BadInput(field, f"line longer than {LINE_BYTES_MAX} bytes", number)
                if line := line.strip():
                    yield number, line
    except UNPACKING_ERRORS as error:
        raise BadInput(field, f"cannot be unpacked: {error}", number + 1) from error
