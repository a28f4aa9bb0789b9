"""What a holder says he did in a ceremony, signed by the key of his certificate: nobody need believe who tells it.

Signed is `isthmus-attest/1`, a line feed, and the statement as RFC 8785 JSON: ECDSA on P-256 with SHA-256, DER.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import rfc8785
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

DOINGS = ("begun", "shared", "made", "kept", "mended", "gathered", "restored", "committed", "signed")
LAST_DOINGS = ("kept", "gathered", "restored", "signed")
"""A holder's last part in a ceremony that is done."""
PREFIX = b"isthmus-attest/1\n"

Sign = Callable[[bytes], bytes]
"""A holder's signature of these bytes."""


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`did`: what was done, or the name of the refusal. `of`: what it was about, hexadecimal: SHA-256 of the message
    that is signed, or the public key that is made; empty where neither is known yet. `at`: RFC 3339.
    """

    holder: int
    ceremony: str
    key: str
    did: str
    of: str
    at: str


class Said(msgspec.Struct, frozen=True):
    """A statement (JSON) and its signature."""

    text: str
    signature: bytes


def stated(statement: Statement, sign: Sign) -> Said:
    """The holder's own."""
    text = rfc8785.dumps(msgspec.to_builtins(statement))
    return Said(text.decode(), sign(PREFIX + text))


def heard(said: Said, certificate: str) -> Statement | None:
    """What the holder of that certificate (PEM) said; None where it is not his, or cannot be read."""
    text = said.text.encode()
    try:
        key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return None
        key.verify(said.signature, PREFIX + text, ec.ECDSA(hashes.SHA256()))
        return msgspec.json.decode(text, type=Statement)
    except (InvalidSignature, ValueError):
        # msgspec's faults are ValueErrors too.
        return None
