"""`isthmus clearing-file read | write`. Exit 0, 1 if a control total does not agree, 2 for what is no such file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK, note, print_json
from isthmus.gateways.clearing import files
from isthmus.gateways.clearing.layout import read_layout
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS, open_input


class _Given(msgspec.Struct):
    """A row as JSON has it: amounts and dates are text."""

    record: str
    fields: dict[str, str | int | None]


def read(arguments: argparse.Namespace) -> int:
    """A row for each record, then one that says whether the control totals agree."""
    layout = read_layout(Path(arguments.format))
    rows, differences = files.read(_whole(arguments.file), layout)
    for row in rows:
        print_json({"record": row.record, "line": row.line, "fields": row.fields})
    print_json({"ok": not differences, "records": len(rows), "totals": differences})
    return EXIT_FOUND if differences else EXIT_OK


def write(arguments: argparse.Namespace) -> int:
    """Takes rows as `read` prints them; the last row of `read`, which is no record, is passed over."""
    layout = read_layout(Path(arguments.format))
    rows = [row for number, line in enumerate(_whole(arguments.file).splitlines(), 1) if (row := _row(line, number))]
    data = files.write(rows, layout)
    if arguments.out is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return EXIT_OK
    Path(arguments.out).write_bytes(data)
    if arguments.json:
        print_json({"file": arguments.out, "records": len(rows), "bytes": len(data)})
    else:
        note(f"{len(rows)} records, {len(data)} bytes in {arguments.out}")
    return EXIT_OK


def _row(line: bytes, number: int) -> files.Row | None:
    if not line.strip():
        return None
    try:
        row: Any = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise BadInput("row", f"not JSON: {fault}", number) from fault
    if isinstance(row, dict) and "ok" in row and "record" not in row:
        return None
    try:
        given = msgspec.convert(row, _Given)
    except msgspec.ValidationError as fault:
        raise BadInput("row", str(fault), number) from fault
    return files.Row(given.record, dict(given.fields))


def _whole(source: str) -> bytes:
    with open_input(source) as stream:
        try:
            data = stream.read(files.FILE_BYTES_MAX + 1)
        except UNPACKING_ERRORS as fault:
            raise BadInput("file", str(fault)) from fault
    if len(data) > files.FILE_BYTES_MAX:
        raise BadInput("file", f"more than {files.FILE_BYTES_MAX} bytes")
    return data
