"""UUIDs that say what they name: version 8 of RFC 9562, made of a kind and two numbers, read back without a table."""

from __future__ import annotations

import uuid

ORDER, ASSET, ACCOUNT, EXECUTION = 1, 2, 3, 4
NUMBER_BITS = 58
_NUMBER_MAX = (1 << NUMBER_BITS) - 1
_VERSION = 8 << 76
_VARIANT = 2 << 62
_LOW, _MIDDLE = (1 << 62) - 1, (1 << 12) - 1


def made(kind: int, number: int, part: int = 0) -> str:
    """The UUID of this kind and numbers. An order's `part` is its version: the sequence of its latest replacement."""
    assert 0 <= number <= _NUMBER_MAX and 0 <= part <= _NUMBER_MAX
    free = kind << (2 * NUMBER_BITS) | number << NUMBER_BITS | part
    high, middle, low = free >> 74, free >> 62 & _MIDDLE, free & _LOW
    return str(uuid.UUID(int=high << 80 | _VERSION | middle << 64 | _VARIANT | low))


def read(kind: int, text: str) -> tuple[int, int] | None:
    """The numbers of a UUID of this kind; None for everything else."""
    try:
        whole = uuid.UUID(text)
    except ValueError:
        return None
    if whole.version != 8:
        return None
    free = whole.int >> 80 << 74 | (whole.int >> 64 & _MIDDLE) << 62 | whole.int & _LOW
    if free >> (2 * NUMBER_BITS) != kind:
        return None
    return free >> NUMBER_BITS & _NUMBER_MAX, free & _NUMBER_MAX
