"""Cosignatures of witnesses, checked and merged into the note of a checkpoint (C2SP tlog-cosignature)."""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.engine.proofs import COSIGNATURE, LogRefused, Note, VerifierKey, line_signed


def merged(note: str, lines: Sequence[str], keys: Sequence[VerifierKey]) -> tuple[str, tuple[str, ...]]:
    """The note with the lines that hold, one for each key, and the names of those who cosigned.

    A line by no key of these, of another text, or that cannot be read is left out: it never stops the log. Raises
    LogRefused malformed_note.
    """
    text = Note.parse(note.encode()).text
    names: list[str] = []
    for line in lines:
        name = next((key.name for key in keys if cosigned_at(text, line, key) is not None), None)
        if name is not None and name not in names:
            names.append(name)
            note += line.rstrip("\n") + "\n"
    return note, tuple(names)


def cosigned_at(text: str, line: str, key: VerifierKey) -> int | None:
    """When (Unix seconds) the holder of the key says he cosigned the text; None where the line does not hold."""
    if key.kind != COSIGNATURE:
        return None
    try:
        return line_signed(text, line, key)
    except LogRefused:
        return None
