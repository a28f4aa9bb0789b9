"""The logs made again from the journal, and compared with those that are there: entries, hashes, roots of heads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from isthmus.audit import heads
from isthmus.audit.heads import Head
from isthmus.audit.journal_log import read_first
from isthmus.audit.places import JOURNAL, log_folder, origin
from isthmus.audit.signed_log import size_and_root
from isthmus.audit.trail_keys import open_salts
from isthmus.engine import archive
from isthmus.engine.engine import JournalDamaged
from isthmus.engine.proofs import Log, LogReader, Salts, journal_entry
from isthmus.kernel.errors import Damaged

BATCH = 16_384
LEVELS, WIDTH, HASH_BYTES = 8, 256, 32
BUNDLED_BYTES = 44
"""An entry of 42 bytes with its length in front (C2SP tlog-tiles)."""


class Difference(msgspec.Struct, frozen=True):
    """The first one found: `what` is entry, tile, head or journal; `index` and `sequence` locate it where they can."""

    log: str
    what: str
    index: int | None
    sequence: int | None
    reason: str


class Shape(msgspec.Struct, frozen=True):
    """Of a log: what an entry takes in its bundle, and which record an entry is of."""

    log: str
    bundled_bytes: int
    sequence: Callable[[int], int]


class Rebuilt(msgspec.Struct, frozen=True):
    """`entries`: made again and compared, of those that the head covers. `heads`: whose roots were compared."""

    entries: int
    heads: int
    root: str
    difference: Difference | None


def rebuild(data: Path, name: str, into: Path, advance: Callable[[int], None]) -> Rebuilt:
    """Makes the log anew in the empty folder `into`, and compares entries, tiles and the roots of all heads.

    Raises FileNotFoundError for a log that was never begun, BadInput for its keys, LogRefused, OSError.
    """
    kept = log_folder(data, JOURNAL)
    made, note = Log(into, origin(name, JOURNAL)), LogReader(kept).note()
    size = size_and_root(note)[0] if note is not None else 0
    first, salts = read_first(data), open_salts(data)
    difference = _entries(data, made, (first, size), salts, advance)
    known = list(heads.oldest_first(kept))
    if difference is None:
        shape = Shape(JOURNAL, BUNDLED_BYTES, lambda index: first + index)
        difference = compared(made, (into, kept), shape, known)
    return Rebuilt(made.size, len(known), made.root.hex(), difference)


def _entries(
    data: Path, made: Log, span: tuple[int, int], salts: Salts, advance: Callable[[int], None]
) -> Difference | None:
    """Appends what the journal gives for the log's `size` entries."""
    first, size = span
    batch: list[bytes] = []
    try:
        for record in archive.records(data, first):
            if made.size + len(batch) == size:
                break
            batch.append(journal_entry(record.sequence, salts.salt(record.sequence), record.hash))
            if len(batch) == BATCH:
                made.append(batch)
                advance(len(batch))
                batch = []
    except (JournalDamaged, Damaged) as error:
        made.append(batch)
        return Difference(JOURNAL, "journal", made.size, first + made.size, str(error))
    made.append(batch)
    if made.size < size:
        reason = f"journal_shorter: the head covers {size} records, the journal has {made.size} of them"
        return Difference(JOURNAL, "journal", made.size, first + made.size, reason)
    return None


def compared(made: Log, folders: tuple[Path, Path], shape: Shape, known: list[Head]) -> Difference | None:
    """The first difference between the log that was made again and the one that is kept, in `folders`."""
    into, kept = folders
    made.text()
    note = LogReader(kept).note()
    published = size_and_root(note) if note is not None else (0, "")
    return _located(into, kept, shape) or _heads(made, known, shape, published)


def _located(made: Path, kept: Path, shape: Shape) -> Difference | None:
    """The first file of entries, then of hashes, from the leaves up, that is missing or another one."""
    for part in ("entries", *(str(level) for level in range(LEVELS))):
        for path in sorted((made / "tile" / part).rglob("*")):
            if not path.is_file():
                continue
            name = path.relative_to(made)
            there, ours = kept / name, path.read_bytes()
            theirs = there.read_bytes() if there.is_file() else b""
            if theirs != ours:
                return _place(part, name, (ours, theirs), shape)
    return None


def _place(part: str, name: Path, both: tuple[bytes, bytes], shape: Shape) -> Difference:
    ours, theirs = both
    at = next((at for at, (one, other) in enumerate(zip(ours, theirs, strict=False)) if one != other), None)
    if at is None:
        at, reason = min(len(ours), len(theirs)), f"truncated_tile: {name} has {len(theirs)} bytes, not {len(ours)}"
    else:
        reason = f"{'entry' if part == 'entries' else 'tile'}_differs: {name}, byte {at}"
    level, bytes_each = (0, shape.bundled_bytes) if part == "entries" else (int(part), HASH_BYTES)
    index = (_number(name, part) * WIDTH + at // bytes_each) * WIDTH**level
    return Difference(shape.log, "entry" if part == "entries" else "tile", index, shape.sequence(index), reason)


def _number(name: Path, part: str) -> int:
    """Of tile/L/x001/x234/067 or tile/L/x001/x234/067.p/8: 1234067."""
    digits = str(name.relative_to(Path("tile") / part)).split(".p", 1)[0]
    return int(digits.replace("/", "").replace("x", ""))


def _heads(made: Log, known: list[Head], shape: Shape, published: tuple[int, str]) -> Difference | None:
    """Every head that was ever signed has the root that the journal's own log has at its size."""
    for size, root in (*((head.size, head.root) for head in known), published):
        if 0 < size <= made.size and made.root_at(size).hex() != root:
            return Difference(shape.log, "head", size, None, f"root_differs: a head of {size} entries has another root")
    return None
