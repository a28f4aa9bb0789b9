"""Proof files (isthmus-proof/1), checked with SHA-256 and Ed25519 alone; docs/reference/audit-log.md has the format.

What it does not prove: that what the record says is true, that nothing else was recorded, or that others were shown the
same head (witnesses who cosigned it say that).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence

import msgspec

from isthmus.engine.proofs import (
    COSIGNATURE,
    ED25519,
    FIELDS,
    SIZE_MAX,
    Checkpoint,
    LogRefused,
    Note,
    VerifierKey,
    field_fault,
    inclusion_fault,
    leaf_hash,
    note_signed,
)

FORMAT = "isthmus-proof/1"
JOURNAL_ENTRY = 0x01
ORDER_ENTRY = 0x02
DOCUMENT_ENTRY = 0x04
KINDS = {JOURNAL_ENTRY: ("journal", 42), ORDER_ENTRY: ("orders", 83), DOCUMENT_ENTRY: ("documents", 45)}
"""The log and the length of entries by their first byte."""


class RecordFacts(msgspec.Struct, frozen=True):
    """Whoever holds these and the entry can check that the entry commits to the record."""

    hash: str
    salt: str


class FieldFacts(msgspec.Struct, frozen=True):
    """A field that is shown: its value, salt and the hashes up to the fingerprint."""

    id: str
    name: str
    value: str | None
    salt: str
    proof: list[str]


class OrderFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event of an order by its fingerprint, and what is shown of it. `blinded`: fields that whose view this is may
    not see: neither value nor salt is here, nor any proof that there is a value.
    """

    order: int
    fingerprint: str
    fields: list[FieldFacts]
    blinded: list[str] = []


class ProofFile(msgspec.Struct, frozen=True, kw_only=True):
    """`entry` is base64, hashes and salts are hexadecimal; `checkpoint` is the note with all its signatures."""

    format: str
    log: str
    sequence: int
    index: int
    entry: str
    leaf_hash: str
    tree_size: int
    root: str
    proof: list[str]
    checkpoint: str
    log_vkey: str
    witness_vkeys: list[str]
    record: RecordFacts | None
    order: OrderFacts | None


class Refused(Exception):
    """Why a proof is not believed: a name and what is wrong."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


class Trust(msgspec.Struct, frozen=True):
    """Who must have signed: the log's key and the witnesses (None: those in the file), and how many of these; and the
    key of the log's holders, where one is given.
    """

    log: VerifierKey | None = None
    witnesses: tuple[VerifierKey, ...] | None = None
    quorum: int | None = None
    group: VerifierKey | None = None


class Proven(msgspec.Struct, frozen=True):
    """What holds: the entry is in the log of this signed head, which these witnesses (with Unix time) saw. `group`: the
    key of holders that was asked for.
    """

    head: Checkpoint
    signed_by: str
    cosigned: dict[str, int]
    fields: dict[str, str | None]
    group: str | None


def decode(raw: bytes) -> ProofFile:
    """Raises Refused malformed."""
    try:
        file = msgspec.json.decode(raw, type=ProofFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused("malformed", f"no proof file: {error}") from error
    if file.format != FORMAT:
        raise Refused("malformed", f"format is {file.format!r}, not {FORMAT}")
    return file


def entry_of(file: ProofFile) -> bytes:
    """The entry's bytes, of a file that `check` believed."""
    return base64.b64decode(file.entry)


def check(file: ProofFile, trust: Trust) -> Proven:
    """Every step, the signature first; raises Refused by the name of the first that fails."""
    try:
        key = trust.log or VerifierKey.parse(file.log_vkey)
        if key.kind != ED25519:
            raise Refused("bad_key", f"the key of {key.name} is a witness's")
        note = file.checkpoint.encode()
        head = Checkpoint.parse(Note.parse(note).text)
        if head.origin != key.name:
            raise Refused("wrong_log", f"the head is of {head.origin!r}, the key of {key.name!r}")
        note_signed(note, key)
        _grouped(note, trust.group)
        cosigned = _cosigned(note, file, trust)
    except LogRefused as error:
        raise Refused(*error.args) from error
    entry = _entry(file, head)
    _included(file, head)
    _record(file, entry)
    return Proven(head, key.name, cosigned, _fields(file, entry), trust.group.name if trust.group else None)


def _grouped(note: bytes, key: VerifierKey | None) -> None:
    if key is None:
        return
    if key.kind != ED25519:
        raise Refused("bad_key", f"the key of {key.name} is a witness's")
    try:
        note_signed(note, key)
    except LogRefused as error:
        name = "not_signed_by_group" if error.args[0] == "not_signed" else error.args[0]
        raise Refused(name, f"the holders' key {key.name}: {error.args[1]}") from error


def _cosigned(note: bytes, file: ProofFile, trust: Trust) -> dict[str, int]:
    keys = trust.witnesses
    if keys is None:
        keys = tuple(VerifierKey.parse(text) for text in file.witness_vkeys)
    found: dict[str, int] = {}
    for key in keys:
        if key.kind != COSIGNATURE:
            raise Refused("bad_key", f"the key of {key.name} is no witness's")
        try:
            found[key.name] = note_signed(note, key) or 0
        except LogRefused as error:
            if error.args[0] != "not_signed":
                raise
    needed = trust.quorum if trust.quorum is not None else min(1, len(keys))
    if len(found) < needed:
        raise Refused("not_cosigned", f"{len(found)} of {len(keys)} witnesses cosigned, {needed} are needed")
    return found


def _entry(file: ProofFile, head: Checkpoint) -> bytes:
    try:
        entry = base64.b64decode(file.entry, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("malformed", "entry is no base64") from error
    if leaf_hash(entry) != _hash(file.leaf_hash, "leaf_hash"):
        raise Refused("leaf_differs", "the entry is not the one of the leaf's hash")
    log, length = KINDS.get(entry[0] if entry else 0, ("", 0))
    if len(entry) != length:
        raise Refused("wrong_log", "the entry is of no log that is known")
    if not log == file.log == head.origin.rpartition("/")[2]:
        raise Refused("wrong_log", f"the entry is of {log}, the file says {file.log}, the head is of {head.origin}")
    if int.from_bytes(entry[1:9], "big") != file.sequence:
        raise Refused("leaf_differs", f"the entry is not of record {file.sequence}")
    return entry


def _included(file: ProofFile, head: Checkpoint) -> None:
    if (file.tree_size, _hash(file.root, "root")) != (head.size, head.root):
        raise Refused("old_head", "size or root of the proof are not those of the signed head")
    if not 0 <= file.index <= SIZE_MAX:
        raise Refused("malformed", "index is no number of 64 bits")
    path = [_hash(text, f"proof[{place}]") for place, text in enumerate(file.proof)]
    fault = inclusion_fault(file.index, head.size, _hash(file.leaf_hash, "leaf_hash"), path, head.root)
    if fault is not None:
        raise Refused("inclusion_fails", f"{fault}: the hashes do not lead from entry {file.index} to the root")


def _record(file: ProofFile, entry: bytes) -> None:
    if file.record is None:
        return
    if entry[0] != JOURNAL_ENTRY:
        raise Refused("wrong_log", "an entry of this log commits to no record")
    salted = _bytes(file.record.salt, 16, "record.salt") + _hash(file.record.hash, "record.hash")
    if hashlib.sha256(salted).digest() != entry[9:41]:
        raise Refused("record_differs", "the entry does not commit to the record of this hash and salt")


def _fields(file: ProofFile, entry: bytes) -> dict[str, str | None]:
    if file.order is None:
        return {}
    if entry[0] != ORDER_ENTRY:
        raise Refused("wrong_log", "an entry of this log has no fingerprint")
    fingerprint = entry[19:51]
    if int.from_bytes(entry[11:19], "big") != file.order.order:
        raise Refused("leaf_differs", f"the entry is not of order {file.order.order}")
    if _hash(file.order.fingerprint, "order.fingerprint") != fingerprint:
        raise Refused("leaf_differs", "the entry has another fingerprint")
    return {field.id: _field(field, fingerprint) for field in file.order.fields}


def _field(field: FieldFacts, fingerprint: bytes) -> str | None:
    number = field.id[1:]
    if len(field.id) != 3 or field.id[0] != "O" or not number.isascii() or not number.isdigit():
        raise Refused("field_differs", f"{field.id!r} is no field")
    if not 1 <= int(number) <= FIELDS:
        raise Refused("field_differs", f"{field.id!r} is no field")
    path = _hashes(field.proof, field.id)
    salt = _bytes(field.salt, 16, f"{field.id}.salt")
    if field_fault(int(number) - 1, salt, field.value, path, fingerprint) is not None:
        raise Refused("field_differs", f"{field.id} with this value is not under the fingerprint")
    return field.value


def _hashes(texts: Sequence[str], name: str) -> list[bytes]:
    return [_hash(text, f"{name}.proof[{place}]") for place, text in enumerate(texts)]


def _hash(text: str, name: str) -> bytes:
    return _bytes(text, 32, name)


def _bytes(text: str, length: int, name: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError as error:
        raise Refused("malformed", f"{name} is not hexadecimal") from error
    if len(found) != length or len(text) != 2 * length:
        raise Refused("malformed", f"{name} has not {length} bytes")
    return found
