"""What a process tells of itself below DATA/audit, in files that others read again and again: none of it must last."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from isthmus.kernel.errors import Damaged

Told = TypeVar("Told", bound=msgspec.Struct)


def write_whole(path: Path, content: bytes) -> bool:
    """Whole or not at all, and only where it changes anything: whether it did. A power loss may lose it, since the next
    turn makes it again.
    """
    if path.exists() and path.read_bytes() == content:
        return False
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(content)
    fresh.rename(path)
    return True


def read_told(path: Path, kind: type[Told]) -> Told | None:
    """JSON of this shape; None where nobody told anything yet. Raises Damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Damaged(f"{path}: {fault}") from fault
