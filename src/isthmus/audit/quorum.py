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
        name = _signer(text, line, keys)
        if name is not None and name not in names:
            names.append(name)
            note += line.rstrip("\n") + "\n"
    return note, tuple(names)


def _signer(text: str, line: str, keys: Sequence[VerifierKey]) -> str | None:
    for key in keys:
        if key.kind != COSIGNATURE:
            continue
        try:
            line_signed(text, line, key)
        except LogRefused:
            continue
        return key.name
    return None
