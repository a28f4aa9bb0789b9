"""The contract ABI: values to bytes and back.

Source: Solidity documentation, "Contract ABI Specification", Formal Specification of the Encoding, Strict Encoding
Mode. Reading is strict: offsets as short as they can be and in order, padding zero, nothing left over. So there is one
encoding of a value, and no bytes can make more of themselves than they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from isthmus.gateways.evm.types import WORD, Refused, Type
from isthmus.gateways.evm.words import letters, octets, read_word, word


def encoded(kind: Type, value: Any, place: str = "value") -> bytes:
    """As the only argument of a call. Raises Refused that names the place in the value."""
    return sequence((kind,), (value,), (place,))


def sequence(kinds: Sequence[Type], values: Sequence[Any], places: Sequence[str]) -> bytes:
    """As the arguments of a call, one after the other: heads, then what they point at. Raises Refused."""
    offset = sum(kind.head_bytes for kind in kinds)
    heads, tails = [], []
    for kind, value, place in zip(kinds, values, places, strict=True):
        made = _body(kind, value, place)
        if kind.dynamic:
            heads.append(offset.to_bytes(WORD, "big"))
            tails.append(made)
            offset += len(made)
        else:
            heads.append(made)
    return b"".join(heads + tails)


def _body(kind: Type, value: Any, place: str) -> bytes:
    if kind.kind == "array":
        return _array(kind, value, place)
    if kind.kind == "tuple":
        values = _members(kind, value, place)
        return sequence(kind.parts, values, _places(kind, place))
    if kind.kind in ("bytes", "string"):
        data = octets(value, place) if kind.kind == "bytes" else letters(value, place)
        return len(data).to_bytes(WORD, "big") + data + bytes(-len(data) % WORD)
    return word(kind, value, place)


def _array(kind: Type, value: Any, place: str) -> bytes:
    if not isinstance(value, (list, tuple)):
        raise Refused(place, f"is no list, which {kind.text} is")
    if kind.count is not None and len(value) != kind.count:
        raise Refused(place, f"has {len(value)} elements, {kind.text} has {kind.count}")
    item = kind.parts[0]
    if item.kind in ("uint", "int", "bool", "address", "fixed"):
        made = b"".join(word(item, one, f"{place}[{number}]") for number, one in enumerate(value))
    else:
        made = sequence((item,) * len(value), value, [f"{place}[{number}]" for number in range(len(value))])
    return made if kind.count is not None else len(value).to_bytes(WORD, "big") + made


def _members(kind: Type, value: Any, place: str) -> Sequence[Any]:
    """A tuple's values: a list, or an object by the names of its parts."""
    if isinstance(value, dict) and kind.names:
        for name in kind.names:
            if name not in value:
                raise Refused(f"{place}.{name}", "is missing")
        for name in value:
            if name not in kind.names:
                raise Refused(f"{place}.{name}", "is no part of the tuple")
        return [value[name] for name in kind.names]
    if not isinstance(value, (list, tuple)):
        raise Refused(place, f"is no list, which {kind.text} is")
    if len(value) != len(kind.parts):
        raise Refused(place, f"has {len(value)} parts, {kind.text} has {len(kind.parts)}")
    return value


def _places(kind: Type, place: str) -> list[str]:
    return [f"{place}.{name}" for name in kind.names] or [f"{place}[{number}]" for number in range(len(kind.parts))]


def decoded(kind: Type, data: bytes, place: str = "value") -> Any:
    """What `encoded` was given: int, bool, str, bytes, an address as ERC-55 text, lists. Raises Refused."""
    (found,) = decoded_sequence((kind,), data, (place,))
    return found


def decoded_sequence(kinds: Sequence[Type], data: bytes, places: Sequence[str]) -> list[Any]:
    """The arguments of a call. Raises Refused."""
    values, end = _read_sequence(kinds, data, 0, places)
    if end != len(data):
        raise Refused(places[-1] if places else "data", f"{len(data) - end} bytes are left over")
    return values


def _read_sequence(kinds: Sequence[Type], data: bytes, base: int, places: Sequence[str]) -> tuple[list[Any], int]:
    """Values and where the next thing begins."""
    head, tail = base, base + sum(kind.head_bytes for kind in kinds)
    values = []
    for kind, place in zip(kinds, places, strict=True):
        if not kind.dynamic:
            value, head = _read(kind, data, head, place)
        else:
            offset = int.from_bytes(_cut(data, head, WORD, place), "big")
            if base + offset != tail:
                raise Refused(place, f"its offset is {offset:#x}, the next free place is {tail - base:#x}")
            value, tail = _read(kind, data, tail, place)
            head += WORD
        values.append(value)
    return values, tail


def _read(kind: Type, data: bytes, start: int, place: str) -> tuple[Any, int]:
    if kind.kind == "array":
        return _read_array(kind, data, start, place)
    if kind.kind == "tuple":
        return _read_sequence(kind.parts, data, start, _places(kind, place))
    if kind.kind not in ("bytes", "string"):
        return read_word(kind, _cut(data, start, WORD, place), place), start + WORD
    length = int.from_bytes(_cut(data, start, WORD, place), "big")
    padded = length + -length % WORD
    found = _cut(data, start + WORD, padded, place)
    if any(found[length:]):
        raise Refused(place, "is padded with other bytes than zeros")
    try:
        value = found[:length] if kind.kind == "bytes" else found[:length].decode()
    except UnicodeDecodeError:
        raise Refused(place, "is no UTF-8") from None
    return value, start + WORD + padded


def _read_array(kind: Type, data: bytes, start: int, place: str) -> tuple[list[Any], int]:
    item, count = kind.parts[0], kind.count
    if count is None:
        count = int.from_bytes(_cut(data, start, WORD, place), "big")
        start += WORD
    if count * item.head_bytes > len(data) - start:  # before anything is made for the elements
        raise Refused(place, f"{count} elements are announced, {max(0, len(data) - start)} bytes are there")
    return _read_sequence((item,) * count, data, start, [f"{place}[{number}]" for number in range(count)])


def _cut(data: bytes, start: int, length: int, place: str) -> bytes:
    if start + length > len(data):
        raise Refused(place, f"ends after {max(0, len(data) - start)} of {length} bytes")
    return data[start : start + length]
