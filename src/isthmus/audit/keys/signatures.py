"""Signatures that holders made, where those who act on them look: DATA/audit/signed, one file a message."""

from __future__ import annotations

import hashlib
from pathlib import Path

from isthmus.audit.keys.requests import Request, message_of
from isthmus.audit.places import audit_folder
from isthmus.engine.frost import FrostRefused, frost_verify
from isthmus.kernel.files import flush

SIGNATURE_BYTES = 64


def keep_signature(data: Path, message: bytes, signature: bytes) -> Path:
    """On the disk, whole, when it returns."""
    path = _path(data, message)
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(signature)
    flush(fresh)
    fresh.rename(path)
    flush(path.parent)
    return path


def is_signed(data: Path, key: bytes, request: Request) -> bool:
    """Whether the Ed25519 key (32 bytes) signed just this. A file is believed by its signature."""
    message = message_of(request)
    try:
        with _path(data, message).open("rb") as file:
            signature = file.read(SIGNATURE_BYTES + 1)
    except OSError:
        return False
    try:
        return frost_verify("ed25519", key, message, signature)
    except FrostRefused:
        # Bytes that are no key or no signature.
        return False


def _path(data: Path, message: bytes) -> Path:
    return audit_folder(data) / "signed" / f"{hashlib.sha256(message).hexdigest()}.sig"
