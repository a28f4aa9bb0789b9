"""`isthmus audit export`: a day's order events as a regulator wants them."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable, Iterable
from pathlib import Path

from isthmus.app.audit_particulars import asked_by, logged, writer
from isthmus.app.audit_search import folder
from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, note, print_json, say
from isthmus.audit.comparing import rows_in
from isthmus.audit.dropping import drops
from isthmus.audit.exports import Reference, Report, read_reference, rts24
from isthmus.audit.exports_cat import cat
from isthmus.audit.exports_rts22 import rts22
from isthmus.audit.keys.vault import write_private
from isthmus.audit.rows import Row
from isthmus.audit.sealed_particulars import EXPORT, Holders
from isthmus.audit.store import StoreReader
from isthmus.kernel.clock import system_clock
from isthmus.kernel.errors import BadInput

Reporting = Callable[[Iterable[Row], Reference], Report]
REPORTS: dict[str, Reporting] = {"rts24": rts24, "cat": cat, "rts22": rts22}


def run(arguments: argparse.Namespace) -> int:
    """Exit 1 where events were refused: they are in the answer by name, and not in the file."""
    data = folder(arguments)
    try:
        day = dt.date.fromisoformat(arguments.day)
    except ValueError:
        fail("day", "must be YYYY-MM-DD")
    if (gone := drops(data).get(day)) is not None:
        fail("day", f"was dropped on {gone.time} by {gone.by}: {gone.reason}")
    parts = StoreReader(data).days().get(day, [])
    rows = (row for part in parts for row in rows_in(part))
    reference = _reference(arguments.reference)
    report = (_of_persons if arguments.particulars else _plain)(data, arguments, rows, reference)
    if arguments.out is not None:
        _write(Path(arguments.out), report.text, arguments.particulars)
    _tell(report, arguments)
    return EXIT_FOUND if report.refused else EXIT_OK


def _plain(_data: Path, arguments: argparse.Namespace, rows: Iterable[Row], reference: Reference) -> Report:
    return REPORTS[arguments.form](rows, reference)


def _of_persons(data: Path, arguments: argparse.Namespace, rows: Iterable[Row], reference: Reference) -> Report:
    """With natural persons; whose particulars were read goes on record before the report is seen."""
    if arguments.form != "rts22":
        fail("particulars", "rts22 alone has persons in it")
    asked = asked_by(arguments)
    holders = logged(lambda: Holders(data))
    report = rts22(rows, reference, holders)
    if holders.read:
        writing = writer(data, arguments.name)
        logged(lambda: writing.read(EXPORT, holders.read, asked, system_clock()))
    return report


def _write(path: Path, text: str, private: bool) -> None:
    """For its owner alone where persons are in it."""
    try:
        if private:
            write_private(path, text.encode())
        else:
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput("out", f"{path}: {error.strerror}") from error


def _reference(path: str | None) -> Reference:
    if path is None:
        return Reference()
    try:
        return read_reference(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("reference", f"{path}: {error}") from error


def _tell(report: Report, arguments: argparse.Namespace) -> None:
    if arguments.json:
        print_json({"rows": report.rows, "skipped": report.skipped, "refused": report.refused})
        return
    if arguments.out is None:
        say(report.text.rstrip("\n"))
    for row in report.refused:
        note(f"record {row.sequence}, event {row.place}: refused, {row.field}: {row.reason}")
    note(f"{report.rows} rows, {len(report.refused)} refused, {report.skipped} events that the rule has no code for")
