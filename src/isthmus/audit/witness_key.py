"""The key of a witness: made once, in a file that nobody else can read, and refused where others could.

C2SP signed-note (key ids and the text of a signer), tlog-cosignature (type 0x04: a cosignature/v1 with its time).
"""

from __future__ import annotations

import base64
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from isthmus.engine.proofs import COSIGNATURE, LogRefused, Signer, VerifierKey, read_secret
from isthmus.kernel.errors import BadInput


class WitnessKey:
    """`name` is what its cosignatures are signed as; no text of it shows the secret."""

    def __init__(self, name: str, secret: Ed25519PrivateKey) -> None:
        self.name = name
        self.secret = secret
        self.public = VerifierKey.of(name, COSIGNATURE, secret.public_key().public_bytes_raw())

    @property
    def vkey(self) -> str:
        """For everybody: name+id+base64(type, key)."""
        return self.public.text()


def witness_key(text: str) -> VerifierKey:
    """Key `name+id+base64` of a witness (type 0x04). Raises BadInput (bad_key)."""
    try:
        key = VerifierKey.parse(text.strip())
    except LogRefused as fault:
        raise BadInput("vkey", ": ".join(fault.args)) from fault
    if key.kind != COSIGNATURE:
        raise BadInput("vkey", f"bad_key: {key.name} is a log's key and no witness's")
    return key


def kept_key(path: Path, name: str) -> WitnessKey:
    """The key in the file, made where there is none. Raises BadInput (loose_permissions, bad_key, other_name)."""
    if not path.exists():
        Signer.generate(name, COSIGNATURE).write(str(path))
    try:
        text = read_secret(str(path)).decode().strip()
        signer = Signer.parse(text)
    except (LogRefused, UnicodeDecodeError) as fault:
        told = ": ".join(fault.args) if isinstance(fault, LogRefused) else "bad_key: is no text"
        raise BadInput(path.name, told) from None
    if signer.name != name:
        raise BadInput(path.name, f"other_name: {path} is the key of {signer.name}, not of {name}")
    secret = base64.b64decode(text.split("+", 4)[4])[1:]  # PRIVATE+KEY+name+id+base64(kind, secret)
    found = WitnessKey(name, Ed25519PrivateKey.from_private_bytes(secret))
    if found.vkey != signer.vkey:
        raise BadInput(path.name, f"bad_key: {path} is no witness's key")
    return found
