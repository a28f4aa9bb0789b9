"""What witnesses cosigned and holders of a key signed, in files that those who ask them write and everybody else reads.

Below DATA/audit/witnesses: `LOG.newest` is the newest head with the cosignatures that came so far, `LOG.cosigned` the
newest head that a quorum cosigned, `vkeys` the public keys of the witnesses, `peers` their addresses, a line each.
Below DATA/audit/threshold: `LOG.newest` is the newest head that the holders' key signed, `LOG.cosigned` the newest that
a quorum of witnesses cosigned as well, `LOG.vkey` the key by its name for that log.
"""

from __future__ import annotations

from pathlib import Path

from isthmus.audit.places import audit_folder, log_folder
from isthmus.engine.proofs import Log, VerifierKey

NEWEST, COSIGNED, VKEYS, PEERS = "newest", "cosigned", "vkeys", "peers"


def witness_folder(data: Path) -> Path:
    """DATA/audit/witnesses."""
    return audit_folder(data) / "witnesses"


def group_folder(data: Path) -> Path:
    """DATA/audit/threshold."""
    return audit_folder(data) / "threshold"


def cosignatures(data: Path, log: str, note: str) -> list[str]:
    """Lines of witnesses and of the holders' key that the note has not yet, where they are of its head: for the log's
    writer to merge.
    """
    folders = witness_folder(data), group_folder(data)
    return [line for folder in folders for line in lines_of(_read(folder / f"{log}.{NEWEST}"), note)]


def merge(data: Path, log: str, vkey: str) -> None:
    """Into the log's published head what came for it, where nobody else writes. Raises LogRefused, OSError."""
    writer = Log(log_folder(data, log), VerifierKey.parse(vkey).name, vkey)
    if writer.note and (lines := cosignatures(data, log, writer.note)):
        writer.cosign(lines)


def cosigned_note(data: Path, log: str) -> str | None:
    """The newest head that a quorum cosigned, with its signatures; None where there is none."""
    return _read(witness_folder(data) / f"{log}.{COSIGNED}") or None


def group_note(data: Path, log: str) -> str | None:
    """The newest head that the holders' key signed, with the log's own line; None where there is none."""
    return _read(group_folder(data) / f"{log}.{NEWEST}") or None


def agreed_note(data: Path, log: str) -> str | None:
    """The newest head that both a quorum of witnesses and the holders' key signed; None where there is none."""
    return _read(group_folder(data) / f"{log}.{COSIGNED}") or None


def witness_vkeys(data: Path) -> list[str]:
    """Public keys of the witnesses that are asked."""
    return _read(witness_folder(data) / VKEYS).splitlines()


def lines_of(other: str, note: str) -> list[str]:
    """Signature lines of the other note that this one has not, the log's own (its first) left out; none of another
    head.
    """
    text, _, lines = other.partition("\n\n")
    if text != note.partition("\n\n")[0]:
        return []
    return [line for line in lines.splitlines()[1:] if f"\n{line}\n" not in note]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
