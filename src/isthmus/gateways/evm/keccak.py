"""Keccak-256 as Ethereum uses it (the submission's padding, not SHA-3's), and what is made of nothing else."""

from __future__ import annotations

from Crypto.Hash import keccak

WORD_BYTES = 32
SELECTOR_BYTES = 4


def keccak256(data: bytes) -> bytes:
    """32 bytes."""
    return keccak.new(digest_bits=256, data=data).digest()


def selector(signature: str) -> bytes:
    """The first four bytes of a call, of a canonical signature like `transfer(address,uint256)`."""
    return keccak256(signature.encode("ascii"))[:SELECTOR_BYTES]


def checksummed(address: bytes) -> str:
    """An address (20 bytes) as text, its letters large where ERC-55 says so."""
    plain = address.hex()
    marks = keccak256(plain.encode()).hex()
    return "0x" + "".join(letter.upper() if mark >= "8" else letter for letter, mark in zip(plain, marks, strict=False))
