"""Heads of logs that a threshold key signs: what holders are shown of the log, and the line in the note."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from isthmus.audit.keys.asks import Held, Here, Reply
from isthmus.audit.keys.requests import Head
from isthmus.audit.places import audit_folder
from isthmus.engine.frost import frost_known
from isthmus.engine.proofs import ED25519, Checkpoint, LogReader, LogRefused, VerifierKey, note_signed
from isthmus.kernel.errors import Damaged


class Growing(Protocol):
    """A log that shows that its heads follow one another (LogReader)."""

    def consistency(self, old: int, new: int, /) -> list[bytes]:
        """That the head of `new` entries extends the one of `old`. Raises LogRefused, OSError."""


def proofs_of(looked: Mapping[int, Reply], key: str, head: Head, log: Growing | None) -> dict[int, tuple[bytes, ...]]:
    """By holder, from the head that he signed last. Where none can be made the holder will say why he refuses."""
    checkpoint = Checkpoint.parse(head.text)
    found: dict[int, tuple[bytes, ...]] = {}
    made: dict[int, tuple[bytes, ...]] = {}
    for holder, size in signed_sizes(looked, key, checkpoint.origin).items():
        if log is not None and 0 < size < checkpoint.size:
            if size not in made:
                made[size] = _proof(log, size, checkpoint.size)
            found[holder] = made[size]
    return found


def signed_sizes(looked: Mapping[int, Reply], key: str, origin: str) -> dict[int, int]:
    """Entries of the last head that each holder says he signed; 0 for none."""
    here = {holder: reply for holder, reply in looked.items() if isinstance(reply, Here)}
    last = {holder: reply.heads.get(key, {}).get(origin) for holder, reply in here.items()}
    return {holder: 0 if seen is None else seen.size for holder, seen in last.items()}


def log_named(data: Path, origin: str) -> LogReader | None:
    """The log of a data folder whose heads are of that origin. Raises OSError."""
    for path in sorted((audit_folder(data) / "log").glob("*/checkpoint")):
        if path.read_text(encoding="utf-8").partition("\n")[0] == origin:
            return LogReader(path.parent)
    return None


def signed_note(note_text: str, request: Head, held: Held, signature: bytes) -> str:
    """The note with the key's line behind those that it has (C2SP signed-note). Raises Damaged."""
    key = head_key(request.text.split("\n", 1)[0], held)
    line = f"— {key.name} {base64.b64encode(key.key_id + signature).decode()}\n"
    made = (note_text if note_text != request.text else note_text + "\n") + line
    try:
        note_signed(made.encode(), key)
    except LogRefused as error:
        raise Damaged(f"the note does not verify: {error.args[1]}") from None
    return made


def head_key(origin: str, held: Held) -> VerifierKey:
    """By which anybody checks the heads of that log: named by its origin, an ordinary Ed25519 key."""
    return VerifierKey.of(origin, ED25519, frost_known(held.public)[1])


def _proof(log: Growing, old: int, new: int) -> tuple[bytes, ...]:
    try:
        return tuple(log.consistency(old, new))
    except (LogRefused, OSError):
        return ()
