"""Cosignatures of witnesses, checked and merged into the note of a checkpoint (C2SP tlog-cosignature)."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from isthmus.audit.witness import Key


def merged(note: str, lines: Sequence[str], keys: Sequence[Key]) -> tuple[str, tuple[str, ...]]:
    """The note with the lines that hold, one for each key, and the names of those who cosigned.

    A line by no key of these, of another text, or that cannot be read is left out: it never stops the log.
    """
    names: list[str] = []
    for line in lines:
        name = next((key.name for key in keys if cosigned_at(note, line, key) is not None), None)
        if name is not None and name not in names:
            names.append(name)
            note += line.rstrip("\n") + "\n"
    return note, tuple(names)


def cosigned_at(note: str, line: str, key: Key) -> int | None:
    """When (Unix seconds) the holder of the key says he cosigned the note's text; None where the line does not hold."""
    text = note.split("\n\n", 1)[0] + "\n"
    try:
        dash, name, blob = line.rstrip("\n").split(" ")
        raw = base64.b64decode(blob, validate=True)
    except ValueError:
        return None
    if (dash, name, raw[:4], len(raw)) != ("\u2014", key.name, key.number, 76):
        return None
    time = int.from_bytes(raw[4:12], "big")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(raw[12:], f"cosignature/v1\ntime {time}\n{text}".encode())
    except (InvalidSignature, ValueError):
        return None
    return time
