"""`isthmus backup`: a consistent copy of a data folder, beside a server that writes to it, verified."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

from isthmus.app.output import EXIT_FOUND, EXIT_OK, fail, print_json, say
from isthmus.app.verify import checked
from isthmus.engine import archive
from isthmus.engine.engine import journal_end
from isthmus.kernel.files import flush
from isthmus.ledger.invoice_store import FOLDER as INVOICES
from isthmus.ledger.invoice_store import NAME

CHUNK = 1 << 20
PRIVATE = ("demo-keys.json", "link.key")
CUSTODY = "custody"
"""Folder of client money."""


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 when the copy is whole, 1 when it is not (it is left for looking at)."""
    data, to, started = Path(arguments.data), Path(arguments.to), time.perf_counter()
    if not any((data / "journal").glob("*.seg")):
        fail("data", f"{data} holds no journal")
    if to.exists() and any(to.iterdir()):
        fail("to", f"{to} is not empty")
    records = copy(data, to)
    answer = checked(to, None, replay=False, use_snapshot=True)
    whole = bool(answer["ok"]) and answer["records"] == records
    told: dict[str, Any] = {
        "ok": whole,
        "records": answer["records"],
        "head": answer["head"],
        "first_bad": answer["first_bad"],
        "bytes": sum(path.stat().st_size for path in to.rglob("*") if path.is_file()),
        "seconds": round(time.perf_counter() - started, 3),
    }
    if arguments.json:
        print_json(told)
    else:
        say(f"{'verified' if whole else 'NOT WHOLE'}: {told['records']:,} records in {to}, {told['bytes']:,} bytes")
        say(f"head {told['head']}")
    return EXIT_OK if whole else EXIT_FOUND


def copy(data: Path, to: Path) -> int:
    """Copies all that a restart needs; returns the records. Everything in the copy is of one moment or before.

    Snapshots and archive first: what they know is in the journal, whose end is fixed after them. Up to that end the
    files only ever grow, so that a server may write on meanwhile.
    """
    (to / "journal").mkdir(mode=0o700, parents=True)
    for folder, patterns in (("snapshots", ("*.snap", "*.base")), (archive.FOLDER, (f"*{archive.SUFFIX}",))):
        for pattern in patterns:
            for path in sorted((data / folder).glob(pattern)):
                (to / folder).mkdir(exist_ok=True)
                with contextlib.suppress(FileNotFoundError):  # a newer snapshot has taken its place
                    _copied(path, to / folder / path.name)
    last, offset, records = journal_end(str(data))
    for path in sorted((data / "journal").glob("*.seg")):
        number = int(path.stem)
        if number <= last and not (to / archive.FOLDER / f"{path.stem}{archive.SUFFIX}").exists():
            _copied(path, to / "journal" / path.name, offset if number == last else None)
    for name in PRIVATE:
        if (data / name).exists():
            _copied(data / name, to / name)
    _copy_base(data / "keys.sqlite", to / "keys.sqlite")
    _copy_custody(data / CUSTODY, to / CUSTODY)
    if (data / INVOICES / NAME).exists():
        (to / INVOICES).mkdir(mode=0o700)
        _copy_base(data / INVOICES / NAME, to / INVOICES / NAME)
    flush(to / "journal")
    flush(to)
    return records


def _copied(source: Path, target: Path, most: int | None = None) -> None:
    """The first `most` bytes, on the medium."""
    with source.open("rb") as read, target.open("xb") as write:
        os.fchmod(write.fileno(), source.stat().st_mode & 0o777)
        left = most if most is not None else source.stat().st_size
        while left and (chunk := read.read(min(CHUNK, left))):
            write.write(chunk)
            left -= len(chunk)
        write.flush()
        os.fsync(write.fileno())


def _copy_custody(source: Path, target: Path) -> None:
    """Client money's file, which may know more than the journal up to its end: what is missing there is asked again;
    and the daily records, which never change.
    """
    if not source.is_dir():
        return
    (target / "records").mkdir(mode=0o700, parents=True)
    _copy_base(source / "custody.sqlite", target / "custody.sqlite")
    for path in sorted((source / "records").glob("*-*.*")):
        if path.suffix in (".json", ".txt"):
            _copied(path, target / "records" / path.name)


def _copy_base(source: Path, target: Path) -> None:
    """By SQLite's own backup, since a server may write to it."""
    if not source.exists():
        return
    with contextlib.closing(sqlite3.connect(source)) as read, contextlib.closing(sqlite3.connect(target)) as write:
        read.backup(write)
    shutil.copymode(source, target)
