"""A JSON file that is signed as a whole: a C2SP signed note over SHA-256 of its canonical form (RFC 8785, JCS).

The note's first line is the file's format, which is no log's origin: the signature of a file is never one of a head.
"""

from __future__ import annotations

import base64
import hashlib
from typing import ClassVar, TypeVar

import msgspec
import rfc8785

from isthmus.engine.proofs import LogRefused, Note, Signer, VerifierKey, note_signed
from isthmus.kernel.errors import BadInput

SEALED_MAX = 1 << 27
"""Bytes of a file that is read as one."""


class SignedFile(msgspec.Struct, frozen=True, kw_only=True):
    """What every such file has. `signature`: the note; empty while it is made. `SUBJECT`: the fields that say, in one
    line, what the file is of; whoever reads the note alone sees them.
    """

    SUBJECT: ClassVar[tuple[str, ...]] = ()
    format: str
    signature: str = ""


File = TypeVar("File", bound=SignedFile)


class Fault(msgspec.Struct, frozen=True):
    """`where`: which part is wrong, as narrow as can be told."""

    where: str
    fault: str
    reason: str


def signed(file: File, signer: Signer, at: int) -> File:
    """With its signature; `at`: Unix seconds, which a log's key does not sign."""
    said = text(file)
    return msgspec.structs.replace(file, signature=f"{said}\n{signer.sign(said, at)}\n")


def text(file: SignedFile) -> str:
    """What is signed: format, subject, base64 of the digest, a line each."""
    plain = msgspec.to_builtins(msgspec.structs.replace(file, signature=""))
    subject = " ".join(plain[name] for name in file.SUBJECT)
    digest = hashlib.sha256(rfc8785.dumps(plain)).digest()
    return f"{file.format}\n{subject}\n{base64.b64encode(digest).decode()}\n"


def signature_fault(file: SignedFile, key: VerifierKey) -> Fault | None:
    """malformed_note, other_file (signed, and not this), not_signed or bad_signature."""
    raw = file.signature.encode()
    try:
        if Note.parse(raw).text != text(file):
            return Fault("signature", "other_file", "what was signed is not what this file says")
        note_signed(raw, key)
    except LogRefused as refused:
        name, reason = refused.args
        return Fault("signature", name, reason)
    return None


def parse(raw: bytes, shape: type[File], form: str) -> File:
    """Raises BadInput by the field that is wrong; unknown fields are refused, for nothing may stand in it unsigned."""
    try:
        found = msgspec.json.decode(raw, type=shape)
        plain = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput("file", str(error)) from None
    if found.format != form:
        raise BadInput("format", f"{found.format[:40]!r} is not {form}")
    if msgspec.to_builtins(found) != plain:
        raise BadInput("file", "has fields that are none of its format, or lacks some")
    return found


def written(file: SignedFile) -> bytes:
    """As it is kept: JSON with indents."""
    return msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n"
