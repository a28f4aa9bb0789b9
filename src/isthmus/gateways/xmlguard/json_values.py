"""JSON from outside, by the same measures: size and depth before parsing, one value a name, text that is only text."""

from __future__ import annotations

import json
from typing import Any

from isthmus.gateways.xmlguard.characters import CONTROLS, INVISIBLES
from isthmus.gateways.xmlguard.free_text import fault_of
from isthmus.gateways.xmlguard.stops import Stopped

JSON_BYTES_MAX = 64 << 10
JSON_DEPTH_MAX = 8
JSON_VALUES_MAX = 2_000


def safe_json(data: bytes) -> Any:
    """The value. Raises Stopped; a place is a path of names and positions."""
    if len(data) > JSON_BYTES_MAX:
        raise Stopped("document-bytes", "/", f"more than {JSON_BYTES_MAX} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Stopped("encoding-invalid", f"byte {error.start}", "not UTF-8") from None
    if max(text.count("["), text.count("{")) > JSON_VALUES_MAX:
        raise Stopped("elements", "/", f"more than {JSON_VALUES_MAX} values")
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Stopped("not-well-formed", "/", f"not JSON: {error}") from None
    _judge(value, "", 1)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two values of one name are read as the first by some and as the last by others."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Stopped("duplicate-name", "/", "an object has a name twice")
    return found


def _no_constant(name: str) -> Any:
    raise Stopped("number-form", "/", f"{name} is no number")


def _judge(value: Any, place: str, depth: int) -> None:
    if depth > JSON_DEPTH_MAX:
        raise Stopped("depth", place, f"nested deeper than {JSON_DEPTH_MAX} levels")
    if isinstance(value, dict):
        for name, inner in value.items():
            _judge_text(name, f"{place}/{name[:40]}")
            _judge(inner, f"{place}/{name[:40]}", depth + 1)
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            _judge(inner, f"{place}[{number}]", depth + 1)
    elif isinstance(value, str):
        _judge_text(value, place or "/")


def _judge_text(text: str, place: str) -> None:
    for pattern, rule in ((CONTROLS, "character-forbidden"), (INVISIBLES, "invisible-character")):
        found = pattern.search(text)
        if found is not None:
            raise Stopped(rule, place, f"the text holds U+{ord(found[0][0]):04X}")
    fault = fault_of(text)
    if fault is not None:
        raise Stopped(fault[0], place, fault[1])
