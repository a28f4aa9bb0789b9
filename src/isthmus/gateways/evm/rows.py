"""Rows of values and of data to sign, for `isthmus evm`: what each is as bytes, or why it is refused.

Nothing is raised for what a row holds. Besides `type` and `value` the older forms of public test vectors are read:
lists of `types` with `values` or `args`, also as JSON text.
"""

from __future__ import annotations

from typing import Any

import msgspec

from isthmus.gateways.evm import abi
from isthmus.gateways.evm.keccak import selector
from isthmus.gateways.evm.typed_data import hashed
from isthmus.gateways.evm.types import Refused, Type, parse, parse_signature
from isthmus.gateways.evm.words import octets

Row = dict[str, Any]


def abi_row(row: Row) -> Row:
    """`encoded` of the row's value; of a row that has `encoded` and no value, the `value`."""
    answer: Row = {"name": row.get("name"), "encoded": None, "error": None}
    try:
        head, kinds, single = _kinds(row)
        values = _values(row, single)
        if values is None:
            answer |= _read(row, head, kinds, single)
        else:
            _require_as_many(kinds, values)
            answer["encoded"] = "0x" + (head + abi.sequence(kinds, values, _places(values, single))).hex()
    except Refused as refused:
        answer["error"] = str(refused)
    return answer


def typed_data_row(row: Row) -> Row:
    """`hash`: what is signed; `encoded`: the struct before it is hashed."""
    answer: Row = {"name": row.get("name"), "hash": None, "encoded": None, "error": None}
    try:
        message = row["data"] if "data" in row else row.get("message")
        primary = row.get("primaryType")
        if not isinstance(primary, str | None):
            raise Refused("primaryType", "is no text")
        found = hashed(row.get("domain"), row.get("types"), primary, message)
        answer |= {"hash": "0x" + found.hash.hex(), "encoded": "0x" + found.encoded.hex()}
    except Refused as refused:
        answer["error"] = str(refused)
    return answer


def _kinds(row: Row) -> tuple[bytes, tuple[Type, ...], bool]:
    """What stands before the arguments, their types, and whether the row has one `value`."""
    if "function" in row:
        if not isinstance(row["function"], str):
            raise Refused("function", "is no text")
        name, parameters = parse_signature(row["function"])
        return selector(name + parameters.text), parameters.parts, False
    if "type" in row:
        if not isinstance(row["type"], str):
            raise Refused("type", "is no text")
        return b"", (parse(row["type"]),), True
    types = _listed(row, "types")
    if types is None or not all(isinstance(one, str) for one in types):
        raise Refused("type", "is missing")
    return b"", tuple(parse(one, f"types[{number}]") for number, one in enumerate(types)), False


def _values(row: Row, single: bool) -> list[Any] | None:
    if single:
        return [row["value"]] if "value" in row else None
    for name in ("values", "normalizedValues"):
        if name in row:
            return _listed(row, name)
    found = _listed(row, "args")
    return None if found is None else [_plain_bytes(one) for one in found]


def _plain_bytes(value: Any) -> Any:
    """`args` of ethereum/tests write bytes as their letters; where a string is wanted they are the same."""
    return _Letters(value) if isinstance(value, str) and not value.startswith("0x") else value


class _Letters(str):
    """Text that may stand for its bytes."""

    __slots__ = ()


def _listed(row: Row, name: str) -> list[Any] | None:
    """A list, or JSON text of one."""
    found = row.get(name)
    if isinstance(found, str):
        try:
            found = msgspec.json.decode(found)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            raise Refused(name, "is no list") from None
    if found is not None and not isinstance(found, list):
        raise Refused(name, "is no list")
    return found


def _require_as_many(kinds: tuple[Type, ...], values: list[Any]) -> None:
    if len(kinds) != len(values):
        raise Refused("values", f"has {len(values)} elements for {len(kinds)} types")
    for place, (kind, value) in enumerate(zip(kinds, values, strict=True)):
        if isinstance(value, _Letters) and kind.kind in ("bytes", "fixed"):
            values[place] = value.encode()


def _places(values: list[Any], single: bool) -> list[str]:
    return ["value"] if single else [f"values[{number}]" for number in range(len(values))]


def _read(row: Row, head: bytes, kinds: tuple[Type, ...], single: bool) -> Row:
    if "encoded" not in row:
        raise Refused("value", "is missing")
    data = octets(row["encoded"], "encoded")
    if not data.startswith(head):
        raise Refused("encoded", f"does not begin with {head.hex()}, the function's selector")
    found = abi.decoded_sequence(kinds, data[len(head) :], _places([None] * len(kinds), single))
    shown = [told(kind, value) for kind, value in zip(kinds, found, strict=True)]
    return {"encoded": row["encoded"], "value": shown[0] if single else shown}


def told(kind: Type, value: Any) -> Any:
    """As JSON: numbers as decimal text, bytes as 0x text, tuples with names as objects."""
    if kind.kind == "array":
        return [told(kind.parts[0], one) for one in value]
    if kind.kind == "tuple":
        parts = [told(part, one) for part, one in zip(kind.parts, value, strict=True)]
        return dict(zip(kind.names, parts, strict=True)) if kind.names else parts
    if kind.kind in ("uint", "int"):
        return str(value)
    return "0x" + value.hex() if isinstance(value, bytes) else value
