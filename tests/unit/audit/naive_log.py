"""A log in memory, RFC 6962 read off the page: it drives witnesses in tests, also as no honest log would."""

from __future__ import annotations

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

DASH = "\u2014"


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1


def root(leaves: list[bytes]) -> bytes:
    """Merkle tree hash of leaf hashes (RFC 6962, 2.1)."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    at = split(len(leaves))
    return node(root(leaves[:at]), root(leaves[at:]))


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """Audit path (RFC 6962, 2.1.1)."""
    if len(leaves) <= 1:
        return []
    at = split(len(leaves))
    if index < at:
        return [*path(index, leaves[:at]), root(leaves[at:])]
    return [*path(index - at, leaves[at:]), root(leaves[:at])]


def consistency(old: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF(old, leaves, whole) (RFC 6962, 2.1.2)."""
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    at = split(len(leaves))
    if old <= at:
        return [*consistency(old, leaves[:at], whole), root(leaves[at:])]
    return [*consistency(old - at, leaves[at:], False), root(leaves[:at])]


class NaiveLog:
    """Signs what it is asked to, also what no honest log would."""

    def __init__(self, origin: str, seed: int = 1) -> None:
        self.origin = origin
        self.secret = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        blob = b"\x01" + self.secret.public_key().public_bytes_raw()
        self.number = hashlib.sha256(origin.encode() + b"\n" + blob).digest()[:4]
        self.vkey = f"{origin}+{self.number.hex()}+{base64.b64encode(blob).decode()}"
        self.leaves: list[bytes] = []
        self.checkpoint: str | None = None

    def append(self, *entries: bytes) -> None:
        self.leaves += [hashlib.sha256(b"\0" + entry).digest() for entry in entries]

    def note(self) -> str | None:
        """The newest head that was signed; None before."""
        return self.checkpoint

    def consistency(self, old: int, new: int) -> list[bytes]:
        return consistency(old, self.leaves[:new])

    def sign(self, size: int | None = None, leaves: list[bytes] | None = None) -> str:
        """A signed head of the first `size` leaves."""
        signed = (self.leaves if leaves is None else leaves)[:size]
        text = f"{self.origin}\n{len(signed)}\n{base64.b64encode(root(signed)).decode()}\n"
        signature = base64.b64encode(self.number + self.secret.sign(text.encode())).decode()
        self.checkpoint = f"{text}\n{DASH} {self.origin} {signature}\n"
        return self.checkpoint
