"""`isthmus audit seal` and `isthmus audit verify day`: a day under one signature, and whatever differs, located."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from isthmus.app.audit_key import read_key
from isthmus.app.audit_verify_log import folder_findings
from isthmus.app.output import EXIT_FOUND, EXIT_OK, print_json, progress, say
from isthmus.app.verify import checked
from isthmus.audit.comparing import compared
from isthmus.audit.day_seal import DaySeal, parse_seal, path_of, seal_faults, sealed
from isthmus.audit.dropping import Drop, DroppedDay, dropped_days, drops
from isthmus.audit.entry_log import DROPS
from isthmus.audit.marks import Prints, logged
from isthmus.audit.parts import FOLDER, SUM_SUFFIX
from isthmus.audit.places import FIRST, JOURNAL, LOG_KEYS, LOGS, keys_folder, log_folder
from isthmus.audit.resuming import rows_of_journal
from isthmus.audit.signed_file import Fault, signature_fault, signed, written
from isthmus.audit.store import StoreReader
from isthmus.audit.trail_keys import public_key
from isthmus.engine.engine import JournalDamaged
from isthmus.engine.proofs import LogReader, LogRefused, Signer, VerifierKey
from isthmus.kernel.clock import system_clock
from isthmus.kernel.errors import BadInput, Damaged, IsthmusError
from isthmus.kernel.files import flush
from isthmus.kernel.values import NS_PER_S, time_text

Part = tuple[str, Callable[[], Iterator[Fault]]]


def seal(arguments: argparse.Namespace) -> int:
    """Exit 0 with the seal written; 2 where the day has no records or there is no key; 1 damage."""
    data, now = Path(arguments.data), system_clock()
    day = arguments.day or datetime.fromtimestamp(now // NS_PER_S, UTC).date().isoformat()
    path = path_of(data, day)
    try:
        signer = Signer.read(keys_folder(data) / f"{LOG_KEYS[JOURNAL]}.key")
        made = signed(sealed(data, day, time_text(now)), signer, now // NS_PER_S)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".new")
        part.write_bytes(written(made))
        flush(part)
        part.rename(path)
        flush(path.parent)
    except FileNotFoundError as error:
        raise BadInput("data", f"{error.filename} is not there") from None
    except LogRefused as error:
        raise BadInput("data", ": ".join(map(str, error.args))) from None
    except JournalDamaged as error:
        raise Damaged(str(error)) from error
    told = {"day": day, "files": len(made.files), "bytes": sum(file.size for file in made.files), "seal": str(path)}
    if arguments.json:
        print_json(told)
    else:
        say(f"{day}: {told['files']} files, {told['bytes']} bytes sealed in {path}")
    return EXIT_OK


def verify(arguments: argparse.Namespace) -> int:
    """Exit 0 where a day's data are what was sealed, and what the journal and the logs prove; 1 with each fault."""
    data = Path(arguments.data)
    path = Path(arguments.seal) if arguments.seal else path_of(data, arguments.day)
    try:
        found = parse_seal(path.read_bytes())
        key = read_key(arguments.vkey) if arguments.vkey else VerifierKey.parse(public_key(data, JOURNAL))
    except OSError as error:
        raise BadInput("seal", f"{path}: {error.strerror}; make one by: isthmus audit seal") from None
    except LogRefused as error:
        raise BadInput("vkey", ": ".join(map(str, error.args))) from None
    if found.day != arguments.day:
        raise BadInput("day", f"the seal is of {found.day}")
    begun = time.perf_counter()
    told, faults = [], []
    for name, part in _parts(data, found, key):
        wrong = list(part())
        told.append({"part": name, "ok": not wrong})
        faults += wrong
    gone = _gone(data, found.day)
    answer = {
        "ok": not faults,
        "day": found.day,
        "parts": told,
        "faults": faults,
        "dropped": gone,
        "seconds": round(time.perf_counter() - begun, 3),
    }
    if arguments.json:
        print_json(answer)
    else:
        for one in told:
            say(f"{one['part']}: {'holds' if one['ok'] else 'DIFFERS'}")
        if gone is not None:
            say(f"rows of {gone.day}: dropped on {gone.dropped_on} by {gone.by}: {gone.reason}; the logs stay")
        for fault in faults:
            say(f"  {fault.where}: {fault.fault}: {fault.reason}")
    return EXIT_OK if not faults else EXIT_FOUND


def _parts(data: Path, found: DaySeal, key: VerifierKey) -> Iterator[Part]:
    yield "seal", lambda: _of_seal(data, found, key)
    yield "journal", lambda: _of_journal(data)
    for log in LOGS:
        if (log_folder(data, log) / "checkpoint").exists() or log in found.heads:
            yield f"log {log}", lambda log=log: _of_log(data, log, found.heads.get(log))  # type: ignore[misc]
    if (log_folder(data, DROPS) / "checkpoint").exists():
        yield f"log {DROPS}", lambda: _of_drops(data)
    if any((data / FOLDER).glob("day=*")):
        yield "rows", lambda: _of_rows(data)


def _of_seal(data: Path, found: DaySeal, key: VerifierKey) -> Iterator[Fault]:
    wrong = signature_fault(found, key)
    if wrong is not None:
        yield msgspec.structs.replace(wrong, where=f"audit/days/{found.day}.json")
    with progress("bytes", sum(file.size for file in found.files)) as advance:
        gone = _dropped_files(data, found.day)
        yield from (fault for fault in seal_faults(data, found, advance) if (fault.where, fault.fault) not in gone)


def _dropped_files(data: Path, day: str) -> set[tuple[str, str]]:
    """Files of rows that are missing, and by name on a record that is the signed log's."""
    names = [Path(name) for drop in _drops_of(data, day) for name in drop.files]
    home = FOLDER / f"day={day}"
    return {(str(home / one), "missing") for name in names for one in (name, name.with_suffix(SUM_SUFFIX))}


def _gone(data: Path, day: str) -> DroppedDay | None:
    return next(iter(dropped_days(_drops_of(data, day))), None)


def _drops_of(data: Path, day: str) -> list[Drop]:
    """None where the record is damaged, which its own part tells."""
    try:
        return [drop for drop in drops(data).values() if str(drop.day) == day]
    except Damaged:
        return []


def _of_drops(data: Path) -> Iterator[Fault]:
    """The record of days that were dropped, and the signed log of its lines."""
    yield from _of_log(data, DROPS, None)
    try:
        drops(data)
    except Damaged as error:
        yield Fault("audit/drops.ndjson", "changed", str(error))


def _of_journal(data: Path) -> Iterator[Fault]:
    bad = checked(data, None, False, True)["first_bad"]
    if bad is not None:
        place = f"{bad['segment']} at byte {bad['offset']}" if bad["segment"] else "journal"
        yield Fault(place, str(bad["reason"]), f"record {bad['record']} is the first that is not what was written")


def _of_log(data: Path, log: str, head: str | None) -> Iterator[Fault]:
    """Everything in it, and that it still begins with what it was when the day was sealed."""
    folder, place = log_folder(data, log), f"audit/log/{log}"
    try:
        key = VerifierKey.parse(public_key(data, log))
        findings = folder_findings(folder, key, [] if head is None else [(f"heads.{log}", head.encode())])
        if log == JOURNAL and not findings:
            yield from _of_first(folder)
    except (LogRefused, OSError) as error:
        yield Fault(place, "unreadable", ": ".join(map(str, error.args)))
        return
    for one in findings:
        at = "" if one.index is None else f" at {one.index}"
        yield Fault(f"{place}/{one.file}{at}", one.name, one.reason)


def _of_rows(data: Path) -> Iterator[Fault]:
    """The store against the journal, row by row."""
    try:
        with progress("rows") as advance:
            rows = rows_of_journal(data, advance)
            parts, gone = StoreReader(data).parts(), drops(data)
            difference = compared(parts, rows, Prints(data), logged(data), gone).difference
    except (IsthmusError, JournalDamaged, LogRefused, OSError) as error:
        yield Fault("audit/store", "unreadable", ": ".join(map(str, error.args)))
        return
    if difference is not None:
        row = "" if difference.row is None else f" row {difference.row} {difference.field}".rstrip()
        says = f"record {difference.sequence}: the store says {difference.stored}, the journal {difference.journal}"
        yield Fault(f"{difference.file}{row}", difference.reason, says)


def _of_first(folder: Path) -> Iterator[Fault]:
    """The file that says which record is entry 0."""
    said = int.from_bytes(LogReader(folder).entry(0)[1:9], "big")
    if (folder / FIRST).read_bytes() != f"{said}\n".encode():
        yield Fault(f"audit/log/journal/{FIRST}", "wrong_sequence", f"entry 0 is of record {said}, the file differs")
