"""Turns the twin's commands and effects into those of the extension and back. The only module here that knows it."""

from __future__ import annotations

from typing import Any

from .messages import COMMANDS, EFFECTS, encode_command, name_of
from .record import Origin

TEXTS = ("Code", "Symbol")


def to_core(core: Any, command: Any) -> Any:
    """The command as an object of `isthmus._core`; codes and symbols are text there."""
    kind = COMMANDS[name_of(command)]
    values = {
        field: value.rstrip(b"\0").decode() if type_ in TEXTS else value
        for (field, type_), value in zip(kind.fields, command, strict=True)
    }
    return core.COMMANDS[kind.number](**values)


def origin_to_core(core: Any, origin: Origin | None) -> Any:
    return core.Origin(**origin._asdict()) if origin else None


def explain(raw: bytes) -> list[Any]:
    """A record's body read back: (sequence, stamp, flags), the command, then the effects."""
    words = [int.from_bytes(raw[at : at + size], "little") for at, size in ((0, 8), (8, 8), (20, 2), (22, 2), (24, 4))]
    sequence, stamp, flags, origin_bytes, count = words
    by_number = {kind.number: kind for kind in COMMANDS.values()}
    at = 32 + origin_bytes
    command, at = by_number[int.from_bytes(raw[at : at + 2], "little")].decode(raw, at)
    found: list[Any] = [(sequence, stamp, flags), command]
    by_number = {kind.number: kind for kind in EFFECTS.values()}
    for _ in range(count):
        effect, at = by_number[int.from_bytes(raw[at : at + 2], "little")].decode(raw, at)
        found.append(effect)
    assert encode_command(command) in raw
    return found
