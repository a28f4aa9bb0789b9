"""What clearing does while it is in charge, as a journal of its own that trading applies before anything else.

A charge is a fork of the trading journal: DATA/clearing/charge-<epoch> begins as its copy (whole segments and snapshots
are linked, the last segments are copied) and goes on with clearing's own records. Trading has written nothing since, so
that the same commands at the same stamps make the same records: applying them is proven by the head of the chain, and
how far an interrupted applying came is told by the records that are there already. Nothing can count twice.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from isthmus.app.output import note
from isthmus.engine.archive import records
from isthmus.engine.engine import Engine, FolderLocked, Record, journal_end
from isthmus.kernel.errors import Damaged

CLEARING = "clearing"
CHARGE = "charge-"
RETURN_REQUEST = "return.request"
"""In DATA/clearing: made by a trading process that wants its folder back, removed by clearing when it lets go."""
DECISIONS = "decisions.log"
_LINKED = ("journal", "snapshots", "archive")
BATCH = 2_048
"""Records applied at a time."""
RETRY_S = 0.02


def charges(data: Path) -> list[Path]:
    """Folders of charges, oldest first."""
    found = [path for path in (data / CLEARING).glob(f"{CHARGE}*") if path.name.removeprefix(CHARGE).isdigit()]
    return sorted(found, key=lambda path: int(path.name.removeprefix(CHARGE)))


def fork(data: Path, epoch: int) -> Path:
    """The folder of a new charge, complete or not there at all. Raises OSError."""
    target = data / CLEARING / f"{CHARGE}{epoch}"
    making = data / CLEARING / f"making-{epoch}"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    for name in _LINKED:
        source = data / name
        if source.is_dir():
            _link(source, making / name)
    making.rename(target)
    return target


def _link(source: Path, target: Path) -> None:
    """Every file as another name for it; segments that an owner may still write (the last, and the one before it in
    the middle of a rotation) as copies.
    """
    target.mkdir(mode=0o700)
    files = sorted(path for path in source.iterdir() if path.is_file())
    for path in files:
        if source.name == "journal" and path in files[-2:]:
            shutil.copyfile(path, target / path.name)
        else:
            try:
                os.link(path, target / path.name)
            except OSError:  # another file system, or files of another user
                shutil.copyfile(path, target / path.name)


def unfinished(data: Path) -> Path | None:
    """The last charge if trading has not applied it: it goes on where it was left."""
    found = charges(data)
    if not found:
        return None
    with_end, here = journal_end(str(found[-1]))[2], journal_end(str(data))[2]
    return found[-1] if here < with_end and same_at(data, found[-1], here) else None


def same_at(data: Path, charge: Path, sequence: int) -> bool:
    """Whether both journals have the same record of this number, and so all before it."""
    if sequence == 0:
        return True
    ours, theirs = next(records(data, sequence), None), next(records(charge, sequence), None)
    return ours is not None and theirs is not None and ours.hash == theirs.hash


def owed(engine: Engine, data: Path) -> Iterator[Record]:
    """Records of charges that the trading journal has not got, in order. Raises Damaged when the journals parted."""
    for charge in charges(data):
        end = journal_end(str(charge))[2]
        both = min(end, engine.sequence)
        if not same_at(data, charge, both):
            raise Damaged(
                f"{charge}: clearing went on from another journal than this one, from record {both} or before"
            )
        if engine.sequence < end:
            yield from records(charge, engine.sequence + 1)


def apply(engine: Engine, data: Path) -> list[Record]:
    """What clearing did while trading was down, before trading does anything; the records, which are durable then.

    Raises Damaged when it does not come out as clearing had it: then nothing was written.
    """
    made: list[Record] = []
    waiting: list[tuple[Record, Record]] = []
    for record in owed(engine, data):
        waiting.append((engine.stage(record.command, record.stamp, record.origin), record))
        if len(waiting) == BATCH:
            made += _durable(engine, waiting)
    return made + _durable(engine, waiting)


def _durable(engine: Engine, waiting: list[tuple[Record, Record]]) -> list[Record]:
    """The last record's hash stands for all before it."""
    if waiting:
        ours, theirs = waiting[-1]
        if ours.hash != theirs.hash:
            raise Damaged(
                f"record {theirs.sequence} of clearing does not come out the same here: is it another release?"
            )
        engine.hand_over()
        assert engine.flusher is not None, "trading has a folder"
        engine.flusher.flush()
    made = [ours for ours, _ in waiting]
    waiting.clear()
    return made


def ask_back(data: Path) -> None:
    """Asks clearing for the folder, where it is in charge: a charge that is not done with lies there then."""
    if charges(data):
        (data / CLEARING / RETURN_REQUEST).touch(mode=0o600)


def opened(data: Path, open_engine: Callable[[], Engine], wait_s: float) -> Engine:
    """The engine as `open_engine` opens it; while clearing is in charge it is asked for the folder, and waited for.

    Raises FolderLocked when it is not let go within `wait_s`.
    """
    until = time.monotonic() + wait_s
    asked = False
    while True:
        try:
            return open_engine()
        except FolderLocked:
            folder = data / CLEARING
            if not folder.is_dir():
                raise
            if time.monotonic() > until:
                (folder / RETURN_REQUEST).unlink(missing_ok=True)
                raise
            if not asked:
                note("clearing may be in charge: asking it for the folder")
                asked = True
            (folder / RETURN_REQUEST).touch(mode=0o600)
            time.sleep(RETRY_S)
