"""The record of one pass: its canonical body and the hash chain."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

from .messages import encode_command, encode_effect

FORMAT = 1
RULES = 4
CLOCK_HELD = 1
GENESIS = bytes(32)

_HEAD = struct.Struct("<QQHHHHII")
_ORIGIN = struct.Struct("<IIBBBBHHQ")


class Origin(NamedTuple):
    """Where a command came from; the engine copies it and never reads it."""

    session: int = 0
    user: int = 0
    role: int = 0
    gateway: int = 0
    received_at: int = 0
    text: str = ""
    instruction: bytes | None = None
    note: str = ""

    def encode(self) -> bytes:
        text, note = self.text.encode(), self.note.encode()
        words = (self.session, self.user, self.role, self.gateway, len(text), int(self.instruction is not None))
        head = _ORIGIN.pack(*words, len(note), 0, self.received_at)
        return head + (self.instruction or b"") + padded(text + note)


def padded(raw: bytes) -> bytes:
    """With zeros up to a multiple of 8."""
    return raw + bytes(-len(raw) % 8)


def body(sequence: int, stamp: int, flags: int, origin: Origin | None, command: Any, effects: Sequence[Any]) -> bytes:
    """The canonical bytes, which are hashed."""
    block = origin.encode() if origin else b""
    encoded = b"".join(map(encode_effect, effects))
    head = _HEAD.pack(sequence, stamp, FORMAT, RULES, flags, len(block), len(effects), len(encoded))
    return padded(head + block + encode_command(command) + encoded)


def chained(previous: bytes, raw: bytes) -> bytes:
    """The hash of a record whose predecessor's hash is `previous`."""
    return hashlib.sha256(previous + raw).digest()
