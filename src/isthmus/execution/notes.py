"""What a parent's record says beyond its numbers: the path's parameters and times, as JSON in the origin's note.

The engine copies the note and never reads it, so that a parent goes on after a restart with what it was given.
"""

from __future__ import annotations

from typing import Any

import msgspec

NOTE_MAX = 1_024
"""Bytes of a note, as the engine takes them."""
WHY_MAX = 480
"""Characters of a reason inside a note."""


class ParentNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`path` by name; `until` and `cap_ppm` as in Parent; `basket`: parents of one name are worked together."""

    path: str
    parameters: dict[str, Any] = {}
    until: int = 0
    cap_ppm: int = 0
    seed: int = 0
    basket: str = ""
    arrival_x2: int = 0
    why: str = ""


def note_of(note: ParentNote) -> str:
    """As the record carries it. Raises ValueError when it is too long."""
    written = msgspec.json.encode(note)
    if len(written) > NOTE_MAX:
        short = msgspec.structs.replace(note, why=note.why[:WHY_MAX])
        written = msgspec.json.encode(short)
    if len(written) > NOTE_MAX:
        raise ValueError(f"the parameters take {len(written)} bytes, {NOTE_MAX} at most")
    return written.decode()


def read_note(text: str) -> ParentNote | None:
    """The note of a parent's record; None when it is none (a parent placed by hand)."""
    try:
        return msgspec.json.decode(text, type=ParentNote)
    except msgspec.DecodeError:
        return None
