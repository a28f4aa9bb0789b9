"""The link between an owner and a standby elsewhere: its messages, and how both sides prove that they know the key.

Sans-I/O. The owner listens. After the handshake a message is u8 kind, u32 length, then so many bytes, little-endian:

HELLO    standby -> owner   u32 epoch, u64 next sequence wanted, 32 bytes hash before it
WELCOME  owner -> standby   u32 epoch
FRAMES   owner -> standby   whole frames as in the journal
RECEIPT  standby -> owner   u64 sequence up to which the standby's own promise holds
FENCED   either way         u32 epoch: a later owner exists
REFUSED  owner -> standby   text

Nothing is encrypted: between sites it belongs into a tunnel.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from pathlib import Path

from isthmus.kernel.errors import BadInput

HELLO, WELCOME, FRAMES, RECEIPT, FENCED, REFUSED = range(1, 7)
HEADER = struct.Struct("<BI")
HELLO_BODY = struct.Struct("<IQ32s")
EPOCH_BODY = struct.Struct("<I")
RECEIPT_BODY = struct.Struct("<Q")
NONCE_BYTES = PROOF_BYTES = 32
MESSAGE_BYTES_MAX = 64 << 20
FRAMES_BYTES = 256 << 10
"""Frames in one message."""
KEY_FILE = "link.key"
KEY_BYTES_MIN = 16


def message(kind: int, body: bytes = b"") -> bytes:
    """A message's bytes."""
    return HEADER.pack(kind, len(body)) + body


def proof(key: bytes, side: bytes, first: bytes, second: bytes) -> bytes:
    """That `side` knows the key, for these two nonces."""
    return hmac.digest(key, side + first + second, hashlib.sha256)


def proves(key: bytes, side: bytes, first: bytes, second: bytes, shown: bytes) -> bool:
    """Whether what was shown is that proof."""
    return hmac.compare_digest(proof(key, side, first, second), shown)


def read_key(data: Path) -> bytes:
    """The key of DATA/link.key, the same on both sides. Raises BadInput."""
    path = data / KEY_FILE
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise BadInput("standby", f"{path}: {error.strerror}: both sides need the same file of random bytes") from error
    if len(key) < KEY_BYTES_MIN:
        raise BadInput("standby", f"{path} holds fewer than {KEY_BYTES_MIN} bytes")
    return key


def parse_address(text: str, field: str) -> tuple[str, int]:
    """HOST:PORT. Raises BadInput."""
    host, found, port = text.rpartition(":")
    if not found or not host or not port.isdigit() or int(port) > 65_535:
        raise BadInput(field, f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)
