"""Settings files: TOML into frozen Structs. An unknown key, a missing key and a wrong type are refused by name."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from isthmus.kernel.errors import BadInput

FILE_BYTES_MAX = 1 << 20

Shape = TypeVar("Shape")

_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]*)`")
_MISSING = re.compile(r"missing required field `(?P<key>[^`]*)`")
_PLACE = re.compile(r" - at `\$\.?(?P<place>[^`]*)`$")
_LINE = re.compile(r"at line (?P<line>\d+)")


def read_toml(path: Path) -> dict[str, Any]:
    """The file's tables. Raises BadInput when it cannot be read or is no TOML (with its line)."""
    try:
        with path.open("rb") as file:
            text = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise BadInput(str(path), error.strerror or str(error)) from error
    if len(text) > FILE_BYTES_MAX:
        raise BadInput(str(path), f"larger than {FILE_BYTES_MAX} bytes")
    try:
        return tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = _LINE.search(str(error))
        raise BadInput(str(path), str(error), int(line["line"]) if line else None) from error


def overlay(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the values of `top` in their place, table by table; neither is changed."""
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = overlay(below or {}, value) if both else value
    return merged


def shaped(tables: Mapping[str, Any], shape: type[Shape]) -> Shape:
    """`tables` as a `shape` (a Struct with forbid_unknown_fields). Raises BadInput that names the key."""
    try:
        return msgspec.convert(tables, shape)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error


def _refusal(message: str) -> BadInput:
    place = _PLACE.search(message)
    path = place["place"] if place else ""
    reason = message[: place.start()] if place else message
    for pattern, words in ((_UNKNOWN, "is no setting"), (_MISSING, "is missing")):
        if found := pattern.search(message):
            return BadInput(".".join(part for part in (path, found["key"]) if part), words)
    return BadInput(path or None, reason)
