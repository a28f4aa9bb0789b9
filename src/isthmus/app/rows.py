"""Input rows of commands that answer each row: NDJSON, or one JSON document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS, open_input

ROW_BYTES_MAX = 1 << 24
"""The longest row."""


def rows_of(source: str) -> Iterator[dict[str, Any] | str]:
    """Each row that says something, as it comes; for one that is no JSON object the reason. Raises BadInput when
    the file cannot be read.
    """
    with open_input(source) as stream:
        number = 0
        try:
            while line := stream.readline(ROW_BYTES_MAX + 1):
                number += 1
                if len(line) > ROW_BYTES_MAX:
                    _skip_line(stream, line)
                    yield f"row: is longer than {ROW_BYTES_MAX} bytes"
                elif line.strip():
                    yield _row(line)
        except UNPACKING_ERRORS as fault:
            raise BadInput("file", str(fault), number) from fault


def _skip_line(stream: BinaryIO, rest: bytes) -> None:
    while rest and not rest.endswith(b"\n"):
        rest = stream.readline(ROW_BYTES_MAX)


def _row(line: bytes) -> dict[str, Any] | str:
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        return f"row: is no JSON: {fault}"
    return row if isinstance(row, dict) else "row: is no JSON object"
