"""Packages for one holder alone: the coordinator carries them and can neither read, change nor replay them.

X25519 between the two holders' keys, which each other holder knows from the roster; HKDF-SHA256 over sender, receiver,
ceremony and step; ChaCha20-Poly1305. As only the two can make that key, a package that opens is its sender's.
"""

from __future__ import annotations

import struct

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from isthmus.audit.keys.policy import Refused
from isthmus.audit.keys.vault import NONCE_BYTES, Chance

CEREMONY_BYTES = 16
_HEAD = struct.Struct(f">{CEREMONY_BYTES}sBHH")


class Way(msgspec.Struct, frozen=True):
    """From whom to whom, in which step of which ceremony."""

    ceremony: bytes
    step: int
    sender: int
    receiver: int

    @property
    def head(self) -> bytes:
        """Stands in clear in front of what is sealed, and is bound to it."""
        return _HEAD.pack(self.ceremony, self.step, self.sender, self.receiver)


def sealed(way: Way, own: bytes, other: bytes, content: bytes, chance: Chance) -> bytes:
    """By the sender's secret key `own` for the receiver's public key `other`, 32 bytes each."""
    nonce = chance(NONCE_BYTES)
    return way.head + nonce + _cipher(way, own, other).encrypt(nonce, content, way.head)


def opened(way: Way, own: bytes, other: bytes, package: bytes) -> bytes | Refused:
    """By the receiver's secret key `own`; the way is the one that the receiver expects."""
    if len(package) < _HEAD.size + NONCE_BYTES:
        return Refused("forged_package", "is too short", (way.sender,))
    ceremony, step, sender, receiver = _HEAD.unpack_from(package)
    if ceremony != way.ceremony:
        return Refused("replayed_package", "is of another ceremony", (way.sender,))
    if (step, sender, receiver) != (way.step, way.sender, way.receiver):
        reason = f"is from holder {sender} to {receiver}, not from {way.sender} to {way.receiver}"
        return Refused("swapped_package", reason, (way.sender,))
    nonce, content = package[_HEAD.size :][:NONCE_BYTES], package[_HEAD.size + NONCE_BYTES :]
    try:
        return _cipher(way, own, other).decrypt(nonce, content, way.head)
    except InvalidTag:
        return Refused("forged_package", "was not sealed by its sender for this holder", (way.sender,))


def public_of(secret: bytes) -> bytes:
    """The 32 bytes that the others know."""
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def _cipher(way: Way, own: bytes, other: bytes) -> ChaCha20Poly1305:
    shared = X25519PrivateKey.from_private_bytes(own).exchange(X25519PublicKey.from_public_bytes(other))
    info = b"isthmus holders/1" + way.head
    return ChaCha20Poly1305(HKDF(hashes.SHA256(), 32, None, info).derive(shared))
