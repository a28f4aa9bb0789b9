"""`isthmus match F`: rows of a test suite through the engine. Exit 0, or 1 if there was a row that cannot be read."""

from __future__ import annotations

import argparse
import sys
from typing import Any, BinaryIO

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK
from isthmus.gateways.match.door import Door
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS, open_input

ROW_BYTES_MAX = 1 << 20
"""The longest row; a longer one is an error row."""


def run(arguments: argparse.Namespace) -> int:
    """Answers each row before the next is read, so that a program at the other end of a pipe can talk to it."""
    door = Door()
    write, flush = sys.stdout.write, sys.stdout.flush
    encode = msgspec.json.Encoder().encode
    clean = True
    with open_input(arguments.file) as stream:
        for number, line in _lines(stream):
            for answer in answers(door, line):
                clean = clean and answer["ev"] != "error"
                write(encode({"n": number} | answer).decode() + "\n")
            flush()
    return EXIT_OK if clean else EXIT_FOUND


def _lines(stream: BinaryIO) -> Any:
    """Lines that say something, numbered from 1; None for one that is over the limit."""
    number = 0
    try:
        while line := stream.readline(ROW_BYTES_MAX + 1):
            number += 1
            whole, rest = len(line.rstrip(b"\r\n")) <= ROW_BYTES_MAX, line
            while not rest.endswith(b"\n") and (rest := stream.readline(ROW_BYTES_MAX)):
                whole = whole and not rest.strip(b"\r\n")
            if line.strip() or not whole:
                yield number, line if whole else None
    except UNPACKING_ERRORS as fault:
        raise BadInput("file", str(fault), number) from fault


def answers(door: Door, line: bytes | None) -> list[dict[str, Any]]:
    if line is None:
        return [{"ev": "error", "field": None, "reason": f"longer than {ROW_BYTES_MAX} bytes"}]
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        return [{"ev": "error", "field": None, "reason": f"not JSON: {fault}"}]
    answers = door.take(row)
    echo = row.get("id") if isinstance(row, dict) else None
    return answers if echo is None else [{"id": echo} | answer for answer in answers]
