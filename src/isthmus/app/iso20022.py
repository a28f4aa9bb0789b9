"""`isthmus iso20022 validate | translate`: one message, or rows. Exit 0, 1 if a message is broken, 2 for what cannot
be read.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from isthmus.app.output import EXIT_FOUND, EXIT_OK, print_json, say
from isthmus.gateways.cbpr.from_fin import to_mx
from isthmus.gateways.cbpr.to_fin import to_mt
from isthmus.gateways.iso20022.reading import MESSAGE
from isthmus.gateways.iso20022.schemas import schemas_of
from isthmus.gateways.iso20022.validation import Report
from isthmus.gateways.iso20022.validation import validate as judge
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import UNPACKING_ERRORS, open_input

XSD_VARIABLE = "ISTHMUS_XSD_DIR"
INPUT_BYTES_MAX = MESSAGE.document_bytes * 2
"""Of one message or one row, which escapes may make larger than the document in it."""

Row = dict[str, Any]


def validate(arguments: argparse.Namespace) -> int:
    """Each message gets two verdicts. Without a folder of schemas the first is "not_checked", which is no fault."""
    folder = arguments.xsd or os.environ.get(XSD_VARIABLE)
    schemas = schemas_of(Path(folder)) if folder else None

    def answer(row: Row, *, alone: bool) -> bool:
        report = judge(_text(row, "xml"), schemas)
        if alone and not arguments.json:
            _tell(report)
        else:
            print_json({"id": row.get("id")} | msgspec.to_builtins(report))
        return report.clean

    return _each(arguments.file, "xml", answer)


def _tell(report: Report) -> None:
    say(f"{report.message or 'no message'}: schema {report.schema}, {len(report.rules)} rules broken")
    for error in (*report.schema_errors, *report.header_errors):
        say(f"  line {error.line} {error.path}: {error.message}")
    for finding in report.rules:
        say(f"  {finding.rule} {finding.path}: {finding.message}")
    for part in report.unchecked:
        say(f"  not checked: {part.namespace}: {part.reason}")


def translate(arguments: argparse.Namespace) -> int:
    """FIN becomes XML, XML becomes FIN; `lost` names what has no place on the other side."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")

    def answer(row: Row, *, alone: bool) -> bool:
        found, clean = translated(row, now)
        if alone and not arguments.json and clean:
            say(found.get("fin") or found["xml"])
        else:
            print_json(found)
        return clean

    return _each(arguments.file, None, answer)


def translated(row: Row, now: str) -> tuple[Row, bool]:
    """The answer to one row, and whether it could be translated. Raises BadInput for a row that asks nothing."""
    direction = row.get("direction")
    if direction not in ("mt->mx", "mx->mt"):
        raise BadInput("direction", "must be mt->mx or mx->mt")
    to = "xml" if direction == "mt->mx" else "fin"
    source = _text(row, "fin" if to == "xml" else "xml")
    echo = {"case": row.get("case", row.get("id"))}
    try:
        if to == "xml":
            mx = to_mx(source if isinstance(source, str) else source.decode(), now)
            return echo | {"xml": mx.xml, "lost": mx.lost}, True
        mt = to_mt(source)
        return echo | {"fin": mt.fin, "lost": mt.lost}, True
    except BadInput as fault:
        return echo | {
            to: None,
            "lost": [],
            "error": {"field": fault.field, "reason": fault.reason, "line": fault.line},
        }, False


def _text(row: Row, key: str) -> str | bytes:
    text = row.get(key)
    if not isinstance(text, str | bytes):
        raise BadInput(key, "must be text")
    return text


def _each(source: str, key: str | None, answer: Callable[..., bool]) -> int:
    clean = True
    with open_input(source) as stream:
        try:
            for number, row, alone in _rows(stream, key):
                try:
                    clean = answer(row, alone=alone) and clean
                except BadInput as fault:
                    raise BadInput(fault.field, fault.reason, fault.line or number) from fault
        except UNPACKING_ERRORS as fault:
            raise BadInput("file", str(fault)) from fault
    return EXIT_OK if clean else EXIT_FOUND


def _rows(stream: BinaryIO, key: str | None) -> Iterator[tuple[int | None, Row, bool]]:
    """A message alone, or rows numbered from 1: rows begin with a brace, and so does FIN, whose first block says so."""
    first = _line(stream)
    while first and not first.strip():
        first = _line(stream)
    head = first.lstrip()
    if not head.startswith(b"{") or head.startswith(b"{1:"):
        whole = first + stream.read(INPUT_BYTES_MAX + 1)
        if len(whole) > INPUT_BYTES_MAX:
            raise BadInput("file", f"more than {INPUT_BYTES_MAX} bytes")
        yield None, _alone(whole, key), True
        return
    number, line = 1, first
    while line:
        if line.strip():
            yield number, _decoded(line, number), False
        number, line = number + 1, _line(stream)


def _line(stream: BinaryIO) -> bytes:
    line = stream.readline(INPUT_BYTES_MAX + 1)
    if len(line) > INPUT_BYTES_MAX:
        raise BadInput("file", f"a line of more than {INPUT_BYTES_MAX} bytes")
    return line


def _alone(data: bytes, key: str | None) -> Row:
    """What is to be done with a message shows in its first characters."""
    if key is not None:
        return {key: data}
    if data.lstrip().startswith(b"{1:"):
        try:
            return {"direction": "mt->mx", "fin": data.decode()}
        except UnicodeDecodeError as fault:
            raise BadInput("file", f"not UTF-8: {fault.reason}") from fault
    return {"direction": "mx->mt", "xml": data}


def _decoded(line: bytes, number: int) -> Row:
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise BadInput("row", f"not JSON: {fault}", number) from fault
    if not isinstance(row, dict):
        raise BadInput("row", "not an object", number)
    return row
