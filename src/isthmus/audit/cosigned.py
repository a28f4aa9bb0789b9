"""What witnesses cosigned, in files that the process which asks them writes and everybody else reads.

Below DATA/audit/witnesses: `LOG.newest` is the newest head with the cosignatures that came so far, `LOG.cosigned` the
newest head that a quorum cosigned, `vkeys` the public keys of the witnesses, `peers` their addresses, a line each.
"""

from __future__ import annotations

from pathlib import Path

from isthmus.audit.places import audit_folder

NEWEST, COSIGNED, VKEYS, PEERS = "newest", "cosigned", "vkeys", "peers"


def witness_folder(data: Path) -> Path:
    """DATA/audit/witnesses."""
    return audit_folder(data) / "witnesses"


def cosignatures(data: Path, log: str, note: str) -> list[str]:
    """Lines of witnesses that the note has not yet, where they are of its head: for the log's writer to merge."""
    newest = _read(witness_folder(data) / f"{log}.{NEWEST}")
    text, _, lines = newest.partition("\n\n")
    if text != note.partition("\n\n")[0]:
        return []
    return [line for line in lines.splitlines()[1:] if f"\n{line}\n" not in note]


def cosigned_note(data: Path, log: str) -> str | None:
    """The newest head that a quorum cosigned, with its signatures; None where there is none."""
    return _read(witness_folder(data) / f"{log}.{COSIGNED}") or None


def witness_vkeys(data: Path) -> list[str]:
    """Public keys of the witnesses that are asked."""
    return _read(witness_folder(data) / VKEYS).splitlines()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
