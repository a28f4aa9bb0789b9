"""What a proof is bound to: the head of the journal's log (C2SP tlog-checkpoint) or, without one, a record's hash."""

from __future__ import annotations

import base64
import binascii

import msgspec

from isthmus.audit.zero.proof import Bound

ROOT_BYTES = 32
HEAD_LINES = 3


class Head(msgspec.Struct, frozen=True):
    """A checkpoint's first three lines."""

    origin: str
    size: int
    root: bytes


def head_of(checkpoint: str) -> Head | None:
    """None where the text is no checkpoint. Its signatures are checked by whoever knows the log's key."""
    lines = checkpoint.split("\n")
    if len(lines) <= HEAD_LINES or not lines[0] or not (lines[1].isascii() and lines[1].isdecimal()):
        return None
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError):
        return None
    return Head(lines[0], int(lines[1]), root) if len(root) == ROOT_BYTES else None


def bound_fault(bound: Bound) -> str | None:
    """Why the root is not that of what is stated beside it."""
    if len(bound.root) != ROOT_BYTES:
        return "malformed: a root has 32 bytes"
    if bound.record is not None and bound.checkpoint is not None:
        return "malformed: it is a record or a checkpoint"
    if bound.checkpoint is None:
        return None if bound.record == bound.root else "other_root: it is not the hash of the record"
    head = head_of(bound.checkpoint)
    if head is None:
        return "malformed: the checkpoint is none"
    return None if head.root == bound.root else "other_root: it is not the checkpoint's"
