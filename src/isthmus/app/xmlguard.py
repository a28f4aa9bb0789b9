"""`isthmus xmlguard F...`: documents through the filter (docs/reference/xmlguard.md). Exit 1 if one is refused."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK
from isthmus.gateways.xmlguard.definitions import BRIDGE, PAYMENTS, definition
from isthmus.gateways.xmlguard.inspecting import TRANSFER, Kind, Verdict, verdict_of
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS, open_input

ROW_BYTES_MAX = 8 * TRANSFER.document_bytes
"""The longest row: a document whose every character is escaped is longer than it says."""
READ_BYTES = TRANSFER.document_bytes + 1
"""As much of a file as tells that it is too long."""


def run(arguments: argparse.Namespace) -> int:
    """A file is one document, in bytes as they are, or rows of documents as text; what it is, its first byte says."""
    for table in (*PAYMENTS, BRIDGE):
        definition(table)  # a server has read them long before its first document
    clean = True
    for path in arguments.file:
        name = None if path == "-" else Path(path).name
        with open_input(path) as stream:
            for answer in _answers(stream, arguments.schema, name):
                clean = clean and answer["verdict"] == "accept"
                sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
                sys.stdout.flush()
    return EXIT_OK if clean else EXIT_FOUND


def _answers(stream: BinaryIO, kind: Kind | None, name: str | None) -> Iterator[dict[str, Any]]:
    try:
        first = stream.readline(READ_BYTES)
        if first.lstrip()[:1] == b"{":
            yield from _answers_of_rows(first, stream, kind)
        else:
            rest = stream.read(READ_BYTES - len(first)) if len(first) < READ_BYTES else b""
            yield _judged(first + rest, kind, {"id": name})
    except UNPACKING_ERRORS as fault:
        raise BadInput("file", str(fault)) from fault


def _answers_of_rows(first: bytes, stream: BinaryIO, kind: Kind | None) -> Iterator[dict[str, Any]]:
    number, line = 1, first
    while line:
        if not line.endswith(b"\n"):
            line += stream.readline(ROW_BYTES_MAX)
        if len(line) > ROW_BYTES_MAX:
            raise BadInput("row", f"longer than {ROW_BYTES_MAX} bytes", number)
        if line.strip():
            xml, echo = _row(line, number)
            yield _judged(xml, kind, echo)
        number, line = number + 1, stream.readline(ROW_BYTES_MAX)


def _row(line: bytes, number: int) -> tuple[str, dict[str, Any]]:
    """The document's text, and what names the row. By `json`, which reads half a surrogate pair: it is for the filter
    to refuse. Raises BadInput.
    """
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as fault:
        raise BadInput("row", f"not JSON: {fault}", number) from fault
    if not isinstance(row, dict) or not isinstance(row.get("xml"), str):
        raise BadInput("xml", "a row is an object whose xml is text", number)
    return row["xml"], {"id": row["id"]} if "id" in row else {"id": None, "row": number}


def _judged(data: bytes | str, kind: Kind | None, echo: dict[str, Any]) -> dict[str, Any]:
    """`ms` is processor time, so that a busy machine makes no document slower."""
    started = time.process_time_ns()
    verdict: Verdict = verdict_of(data, kind)
    took = time.process_time_ns() - started
    return echo | msgspec.structs.asdict(verdict) | {"ms": round(took / 1e6, 3)}
