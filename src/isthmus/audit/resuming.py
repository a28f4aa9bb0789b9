"""Rows that go on where they were: their state is kept beside the store, and what it lacks is read again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from isthmus.audit.parts import FOLDER, NEW_SUFFIX
from isthmus.audit.rows import Row, Rows
from isthmus.engine.archive import records
from isthmus.kernel.errors import Damaged
from isthmus.kernel.files import flush

STATE = "rows.state"
STEP = 10_000
"""Records between two calls of `advance`."""


def rows_behind(data: Path, sequence: int, first: int = 1) -> Rows:
    """Rows that took in every record up to `sequence`: from the state that was kept, where there is one of that record
    or an earlier one, else from the journal's first record on. Raises Damaged, JournalDamaged.
    """
    rows = _kept(data)
    if rows is None or rows.sequence > sequence:
        rows = Rows(first)
    if rows.sequence < sequence:
        for record in records(data, rows.sequence + 1):
            rows.take_in(record)
            if rows.pending >= STEP:
                rows.hand_out()
            if rows.sequence >= sequence:
                break
        rows.hand_out()
    return rows


def keep(data: Path, rows: Rows) -> None:
    """Writes the state: on the medium when this returns, the one before it until then."""
    path = data / FOLDER / STATE
    unfinished = path.with_suffix(NEW_SUFFIX)
    with unfinished.open("wb") as file:
        file.write(rows.state())
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    flush(path.parent)


def rows_of_journal(data: Path, advance: Callable[[int], None] = lambda _: None) -> Iterator[Row]:
    """All rows of a folder's journal. Raises Damaged, JournalDamaged, PartMissing."""
    rows = Rows()
    for record in records(data):
        yield from rows.take(record)
        if record.sequence % STEP == 0:
            advance(STEP)


def _kept(data: Path) -> Rows | None:
    """None where there is no state, or one that cannot be used: the journal says it all again."""
    try:
        return Rows.from_state((data / FOLDER / STATE).read_bytes())
    except (OSError, Damaged):
        return None
