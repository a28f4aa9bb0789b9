"""The key of a witness: made once, in a file that nobody else can read, and refused where others could.

C2SP signed-note (key ids and the text of a signer), tlog-cosignature (type 0x04: a cosignature/v1 with its time).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from isthmus.audit.witness import Key
from isthmus.kernel.errors import BadInput
from isthmus.kernel.files import flush

KIND = b"\x04"
MODE, OTHERS = 0o600, 0o077
WORD = "PRIVATE+KEY"
SECRET_BYTES = 32


class WitnessKey:
    """`name` is what its cosignatures are signed as; no text of it shows the secret."""

    def __init__(self, name: str, secret: Ed25519PrivateKey) -> None:
        self.name = name
        self.secret = secret
        public = secret.public_key().public_bytes_raw()
        self.public = Key(name, _number(name, KIND + public), public)

    @property
    def vkey(self) -> str:
        """For everybody: name+id+base64(type, key)."""
        return f"{self.name}+{self.public.number.hex()}+{base64.b64encode(KIND + self.public.public).decode()}"


def witness_key(text: str) -> Key:
    """Key `name+id+base64` of a witness (type 0x04). Raises BadInput (bad_key)."""
    parts = text.strip().split("+", 2)
    try:
        name, number, blob = parts[0], bytes.fromhex(parts[1]), base64.b64decode(parts[2], validate=True)
    except (IndexError, ValueError) as fault:
        raise BadInput("vkey", "bad_key: is not name+id+base64") from fault
    if len(blob) != 1 + SECRET_BYTES or blob[:1] != KIND or number != _number(name, blob):
        raise BadInput("vkey", f"bad_key: is no witness's key of the name {name}")
    return Key(name, number, blob[1:])


def kept_key(path: Path, name: str) -> WitnessKey:
    """The key in the file, which is made where there is none. Raises BadInput (loose_permissions, bad_key, other_name)."""
    if not path.exists():
        _make(path, name)
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & OTHERS:
            raise BadInput(
                path.name, f"loose_permissions: {path} has mode {mode:04o}, which lets others in: 0600 does not"
            )
        found = _parsed(path, file.read())
    if found.name != name:
        raise BadInput(path.name, f"other_name: {path} is the key of {found.name}, not of {name}")
    return found


def _make(path: Path, name: str) -> None:
    made = WitnessKey(name, Ed25519PrivateKey.generate())
    blob = base64.b64encode(KIND + made.secret.private_bytes_raw()).decode()
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)  # a start that was killed left it, and nothing was signed with it
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
    with os.fdopen(handle, "w") as file:
        file.write(f"{WORD}+{name}+{made.public.number.hex()}+{blob}\n")
        file.flush()
        os.fsync(file.fileno())
    os.link(fresh, path)
    fresh.unlink()
    flush(path.parent)


def _parsed(path: Path, written: bytes) -> WitnessKey:
    refused = BadInput(path.name, f"bad_key: {path} holds no key of a witness")
    try:
        word, plus, rest = written.decode().strip().partition(f"{WORD}+")
        name, number, text = rest.split("+", 2)
        blob = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise refused from None
    if word or not plus or blob[:1] != KIND or len(blob) != 1 + SECRET_BYTES:
        raise refused
    found = WitnessKey(name, Ed25519PrivateKey.from_private_bytes(blob[1:]))
    if found.public.number.hex() != number:
        raise refused
    return found


def _number(name: str, blob: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + blob).digest()[:4]
