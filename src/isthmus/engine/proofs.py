"""Merkle logs (RFC 6962, RFC 9162; C2SP tlog-tiles, signed-note, tlog-checkpoint): the typed face of crates/proofs.

`Log` is the one writer of a log's folder, `LogReader` reads it from other processes. Both raise `LogRefused`
(name, reason) and OSError. Every call leaves the interpreter free while it works. docs/reference/audit-log.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from isthmus import _core
from isthmus._core import Log, LogReader, LogRefused, Salts, Signer

__all__ = [
    "COSIGNATURE",
    "ED25519",
    "FIELDS",
    "SIZE_MAX",
    "Checkpoint",
    "Finding",
    "Log",
    "LogReader",
    "LogRefused",
    "Note",
    "NoteLine",
    "Salts",
    "Signer",
    "Verified",
    "VerifierKey",
    "consistency_fault",
    "create_secret",
    "field_fault",
    "field_proof",
    "fingerprints",
    "inclusion_fault",
    "journal_entry",
    "leaf_hash",
    "line_signed",
    "note_signed",
    "read_secret",
    "tree_path",
    "tree_root",
    "verify_log",
]

FIELDS = 78
"""Fields of an order's row: O01 to O78, here counted from 0."""
SIZE_MAX = (1 << 64) - 1
ED25519 = 0x01
"""The kind of a log's own key: a signature of the text."""
COSIGNATURE = 0x04
"""The kind of a witness's key: a signature of the time and the text (cosignature/v1)."""


class NoteLine(msgspec.Struct, frozen=True):
    """A signature line of a note: who says that he signed, the first 4 bytes of the key's hash, the signature."""

    name: str
    key_id: bytes
    signature: bytes


class Note(msgspec.Struct, frozen=True):
    """A signed text (it ends in a line feed) and its lines, unjudged."""

    text: str
    lines: tuple[NoteLine, ...]

    @staticmethod
    def parse(raw: bytes) -> Note:
        """Raises LogRefused malformed_note."""
        text, lines = _core.note_parse(raw)
        return Note(text, tuple(NoteLine(*line) for line in lines))


class Checkpoint(msgspec.Struct, frozen=True):
    """What a log commits to: its origin, its size, the 32 bytes of its root, and lines of its own."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @staticmethod
    def parse(text: str) -> Checkpoint:
        """Of the text of a note; raises LogRefused malformed_checkpoint."""
        origin, size, root, extensions = _core.checkpoint_parse(text)
        return Checkpoint(origin, size, root, tuple(extensions))

    def text(self) -> str:
        """The text to sign; raises LogRefused malformed_checkpoint where it could not be read back."""
        return _core.checkpoint_text(self.origin, self.size, self.root, list(self.extensions))


class VerifierKey(msgspec.Struct, frozen=True):
    """Whose signatures are believed: name, kind (`ED25519` or `COSIGNATURE`), key id (4 bytes) and 32 bytes of key."""

    name: str
    kind: int
    key_id: bytes
    public: bytes

    @staticmethod
    def parse(text: str) -> VerifierKey:
        """Reads name+id+base64(kind, key), a line feed behind it or not; raises LogRefused bad_key."""
        return VerifierKey(*_core.vkey_parse(text))

    @staticmethod
    def of(name: str, kind: int, public: bytes) -> VerifierKey:
        """Raises LogRefused bad_key."""
        return VerifierKey.parse(_core.vkey_text(name, kind, public))

    def text(self) -> str:
        """The form that `parse` reads."""
        return _core.vkey_text(self.name, self.kind, self.public)


def note_signed(note: bytes, key: VerifierKey) -> int | None:
    """The time (Unix seconds) of a witness's signature that holds, None of a log's.

    Raises LogRefused not_signed, bad_signature or malformed_note.
    """
    return _core.note_signed(note, key.text())


def line_signed(text: str, line: str, key: VerifierKey) -> int | None:
    """The same of a text and one signature line that stand apart."""
    return _core.line_signed(text, line, key.text())


def read_secret(path: str) -> bytes:
    """The bytes of a secret's file; raises LogRefused loose_permissions where others than its owner may use it."""
    return _core.secret_read(path)


def create_secret(path: str, secret: bytes) -> None:
    """A new file of mode 0600, on the medium when it returns; raises FileExistsError in the place of another."""
    _core.secret_create(path, secret)


def journal_entry(sequence: int, salt: bytes, record_hash: bytes) -> bytes:
    """The 42 bytes of a record in the journal's log, from its salt (16 bytes) and its hash (32 bytes)."""
    return _core.journal_entry(sequence, salt, record_hash)


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry), 32 bytes."""
    return _core.log_leaf(entry)


def tree_root(entries: Sequence[bytes]) -> bytes:
    """The root (32 bytes) of the tree of these entries (RFC 9162, 2.1.1), made in memory."""
    return _core.tree_root(entries)


def tree_path(entries: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes from entry `index` (from 0) to that root (2.1.3.1). ValueError: there is no such entry."""
    return _core.tree_path(entries, index)


def inclusion_fault(index: int, size: int, leaf: bytes, proof: list[bytes], root: bytes) -> str | None:
    """None where `leaf` is the hash of leaf `index` (from 0) of the tree of that size and root (RFC 9162, 2.1.3.2).

    Else out_of_range, proof_too_short, proof_too_long or other_root. ValueError: a hash that has not 32 bytes.
    """
    return _core.log_included(index, size, leaf, proof, root)


def consistency_fault(old: tuple[int, bytes], new: tuple[int, bytes], proof: list[bytes]) -> str | None:
    """None where the tree `new` (size, root) begins with the whole tree `old` (RFC 9162, 2.1.4.2).

    Else out_of_range, empty_tree (an old size of 0 proves nothing), proof_too_short, proof_too_long, other_old_root or
    other_root. ValueError: a hash that has not 32 bytes.
    """
    return _core.log_consistent(old, new, proof)


class Finding(msgspec.Struct, frozen=True):
    """What is wrong with a log and where: the file, and the entry, or hash of its level, where one can be told."""

    name: str
    file: str
    index: int | None
    reason: str


class Verified(msgspec.Struct, frozen=True):
    """A whole log checked: all is well where nothing was found. `found` counts what `findings` lists the first 100 of.

    `heads` are the signed heads that the tree agrees with; `beyond` the files that no checkpoint covers, which are no
    part of the log. `root` is None where the log could not be read to its end.
    """

    origin: str
    size: int
    root: bytes | None
    entries: int
    bytes: int
    files: int
    heads: int
    beyond: int
    found: int
    findings: tuple[Finding, ...]


def verify_log(
    files: Mapping[str, bytes] | Path,
    key: VerifierKey | None = None,
    heads: Sequence[tuple[str, bytes]] = (),
    progress: Callable[[int, int], object] | None = None,
) -> Verified:
    """Hashes every entry and makes every tile again, up to the root that the checkpoint signs.

    `heads` are notes published before with the place they were found at; `progress` is told (entries done, of), and
    ends the check by raising. OSError: the disk.
    """
    of = files if isinstance(files, Path) else dict(files)
    found = _core.log_verify(of, key.text() if key else None, list(heads), progress)
    return Verified(findings=tuple(Finding(*row) for row in found.pop("findings")), **found)


def fingerprints(seeds: list[bytes], rows: Sequence[Sequence[str | None]]) -> list[bytes]:
    """The fingerprint (32 bytes) of each row of 78 values, None for unknown, from the row's seed (32 bytes).

    ValueError: a row of another length, a seed of another length, or not as many seeds as rows.
    """
    return _core.fingerprints(seeds, rows)


def field_proof(seed: bytes, row: Sequence[str | None], field: int) -> tuple[bytes, list[bytes]]:
    """The salt (16 bytes) of field `field` (from 0) and the hashes from it to the row's fingerprint."""
    return _core.field_proof(seed, row, field)


def field_fault(field: int, salt: bytes, value: str | None, proof: list[bytes], fingerprint: bytes) -> str | None:
    """None where field `field` (from 0) of the row with this fingerprint has this value; else as `inclusion_fault`."""
    return _core.field_proven(field, salt, value, proof, fingerprint)
