"""Input rows of commands that answer each row: NDJSON, or one JSON document."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS, open_input

ROW_BYTES_MAX = 1 << 24
"""The longest row."""
DOCUMENT_BYTES_MAX = 1 << 26
"""The longest input that is one document and not rows."""


def rows_of(source: str) -> Iterator[dict[str, Any] | str]:
    """Each row that says something, as it comes; for one that is no JSON object the reason. Raises BadInput when
    the file cannot be read.
    """
    with open_input(source) as stream:
        try:
            yield from _rows(stream)
        except UNPACKING_ERRORS as fault:
            raise BadInput("file", str(fault)) from fault


def named_rows_of(source: str) -> Iterator[dict[str, Any] | str]:
    """As `rows_of`; and of one JSON document its rows: a list's elements, or an object's, which then have the key as
    their `name`.
    """
    with open_input(source) as stream:
        try:
            text = stream.read(DOCUMENT_BYTES_MAX)
            document = _decoded(text)
            if isinstance(document, list):
                yield from (row if isinstance(row, dict) else "row: is no JSON object" for row in document)
            elif isinstance(document, dict) and document and all(isinstance(row, dict) for row in document.values()):
                yield from ({"name": name} | row for name, row in document.items())
            else:
                whole = len(text) < DOCUMENT_BYTES_MAX
                yield from _rows(io.BytesIO(text if whole else text + stream.readline(ROW_BYTES_MAX)))
            yield from _rows(stream)
        except UNPACKING_ERRORS as fault:
            raise BadInput("file", str(fault)) from fault


def _rows(stream: BinaryIO) -> Iterator[dict[str, Any] | str]:
    while line := stream.readline(ROW_BYTES_MAX + 1):
        if len(line) > ROW_BYTES_MAX:
            _skip_line(stream, line)
            yield f"row: is longer than {ROW_BYTES_MAX} bytes"
        elif line.strip():
            yield _row(line)


def _decoded(text: bytes) -> Any:
    """None where it is no JSON."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _skip_line(stream: BinaryIO, rest: bytes) -> None:
    while rest and not rest.endswith(b"\n"):
        rest = stream.readline(ROW_BYTES_MAX)


def _row(line: bytes) -> dict[str, Any] | str:
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        return f"row: is no JSON: {fault}"
    return row if isinstance(row, dict) else "row: is no JSON object"
