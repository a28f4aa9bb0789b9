"""Commands and effects, read from the lists in crates/core/src/{messages,names}.rs, and their wire form."""

from __future__ import annotations

import re
import struct
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace
from typing import Any

CORE = Path(__file__).resolve().parents[2] / "crates" / "core" / "src"
FORMATS = {
    "u8": "B",
    "u16": "H",
    "u32": "I",
    "u64": "Q",
    "i32": "i",
    "i64": "q",
    "ClientId": "16s",
    "Code": "16s",
    "Symbol": "32s",
    "Hash": "32s",
}
NO_ID = bytes(16)

_MESSAGE = re.compile(r"(\w+) = (\d+) \{([^}]*)\}")
_FIELD = re.compile(r"(\w+): (\w+)")
_NAMED = re.compile(r"(\w+) = (\d+) \"(\w+)\"")


def _zero(type_: str) -> Any:
    return bytes(int(FORMATS[type_][:-1])) if FORMATS[type_].endswith("s") else 0


class Kind:
    """One row of the list: number, name, fields with their types, and the bytes of a message."""

    def __init__(self, name: str, number: int, fields: list[tuple[str, str]]) -> None:
        self.name, self.number, self.fields = name, number, fields
        self.make: Any = namedtuple(
            name, [field for field, _ in fields], defaults=[_zero(type_) for _, type_ in fields]
        )
        self._wire = struct.Struct("<HH" + "".join(FORMATS[type_] for _, type_ in fields))
        self._length = self._wire.size - 4

    def encode(self, message: Any) -> bytes:
        """Kind, length, fields; little-endian, no padding."""
        return self._wire.pack(self.number, self._length, *message)

    def decode(self, raw: bytes, at: int) -> tuple[Any, int]:
        """The message whose head is at `at`, and where the next one begins."""
        _, length, *fields = self._wire.unpack_from(raw, at)
        assert length == self._length, (self.name, length)
        return self.make(*fields), at + self._wire.size


def _family(text: str, name: str) -> dict[str, Kind]:
    """The kinds of `commands` or `effects`: the block runs to the line with its closing brace."""
    block = re.search(rf"^ +{name} \{{\n(.*?)^            \}}", text, re.S | re.M)
    assert block, name
    listed = re.sub(r"///.*", "", block.group(1))
    kinds = [Kind(m[0], int(m[1]), _FIELD.findall(m[2])) for m in _MESSAGE.findall(listed)]
    return {kind.name: kind for kind in kinds}


def _named(text: str, name: str) -> dict[str, int]:
    """Texts and their numbers of one `named!` list."""
    block = re.search(rf"^    {name}: \w+ \{{\n(.*?)^    \}}", text, re.S | re.M)
    assert block, name
    return {label: int(number) for _, number, label in _NAMED.findall(block.group(1))}


_TEXT = (CORE / "messages.rs").read_text()
_NAMES = (CORE / "names.rs").read_text()
COMMANDS = _family(_TEXT, "commands")
EFFECTS = _family(_TEXT, "effects")
REASONS = _named(_NAMES, "Reason")
CANCEL_REASONS = _named(_NAMES, "CancelReason")
TEMPLATES = _named(_NAMES, "Template")
RULES = _named(_NAMES, "Rule")
STATES = _named(_NAMES, "SessionState")
CAUSES = _named(_NAMES, "SessionCause")
SCOPES = _named(_NAMES, "Scope")
LIMITS = _named(_NAMES, "Limit")
PURPOSES = _named(_NAMES, "Purpose")
PENDING_ENDS = _named(_NAMES, "PendingEnd")

commands = SimpleNamespace(**{name: kind.make for name, kind in COMMANDS.items()})
effects = SimpleNamespace(**{name: kind.make for name, kind in EFFECTS.items()})


def name_of(message: Any) -> str:
    """The message's name in the list."""
    return type(message).__name__


def encode_command(command: Any) -> bytes:
    return COMMANDS[name_of(command)].encode(command)


def encode_effect(effect: Any) -> bytes:
    return EFFECTS[name_of(effect)].encode(effect)


def rejected(reason: str) -> Any:
    return effects.Rejected(REASONS[reason])


def code(text: str) -> bytes:
    """An asset's code as it is on the wire."""
    return text.encode().ljust(16, b"\0")


def symbol(text: str) -> bytes:
    """An instrument's symbol as it is on the wire."""
    return text.encode().ljust(32, b"\0")
