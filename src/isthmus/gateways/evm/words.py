"""Elementary values as 32 bytes and back, each held against its type. No value is cut, padded or read kindly.

Numbers are whole numbers, or text of one, decimal or 0x; bytes are `bytes` or 0x text of exactly their length; an
address is 0x and 40 digits, and with large and small letters mixed its ERC-55 checksum must be right.
"""

from __future__ import annotations

import re
from typing import Any

from isthmus.gateways.evm.keccak import checksummed
from isthmus.gateways.evm.types import WORD, Refused, Type

ADDRESS_BYTES = 20
DIGITS_MAX = 80
"""Of a number's text: 2^256 has 78 digits."""
_DECIMAL = re.compile(r"-?[0-9]+")
_HEX_NUMBER = re.compile(r"-?0x[0-9A-Fa-f]+")
_HEX = re.compile(r"0x(?:[0-9A-Fa-f]{2})*")
SHOWN_CHARS = 60


def word(kind: Type, value: Any, place: str) -> bytes:
    """32 bytes. `kind` is uint, int, bool, address or fixed. Raises Refused that names `place`."""
    if kind.kind in ("uint", "int"):
        return whole(kind, value, place).to_bytes(WORD, "big", signed=kind.kind == "int")
    if kind.kind == "bool":
        if not isinstance(value, bool):
            raise Refused(place, f"{_shown(value)} is neither true nor false")
        return bytes(WORD - 1) + bytes((value,))
    if kind.kind == "address":
        return address(value, place).rjust(WORD, b"\0")
    assert kind.kind == "fixed", kind
    data = octets(value, place)
    if len(data) != kind.size:
        raise Refused(place, f"has {len(data)} bytes, {kind.text} has {kind.size}")
    return data.ljust(WORD, b"\0")


def whole(kind: Type, value: Any, place: str) -> int:
    """A number within the bounds of its type. Raises Refused."""
    number = _number(value, place)
    low, high = (0, 1 << kind.size) if kind.kind == "uint" else (-(1 << kind.size - 1), 1 << kind.size - 1)
    if not low <= number < high:
        raise Refused(place, f"{_shown(value)} is out of the bounds of {kind.text}")
    return number


def _number(value: Any, place: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) <= DIGITS_MAX and value.isascii():
        if _DECIMAL.fullmatch(value):
            return int(value)
        if _HEX_NUMBER.fullmatch(value):
            return int(value, 16)
    raise Refused(place, f"{_shown(value)} is no whole number")


def address(value: Any, place: str) -> bytes:
    """20 bytes. Raises Refused."""
    if isinstance(value, bytes):
        if len(value) == ADDRESS_BYTES:
            return value
    elif isinstance(value, str) and len(value) == 2 + 2 * ADDRESS_BYTES and _HEX.fullmatch(value):
        found = bytes.fromhex(value[2:])
        if value[2:] not in (value[2:].lower(), value[2:].upper()) and value != checksummed(found):
            raise Refused(place, f"{value} has a wrong checksum")
        return found
    raise Refused(place, f"{_shown(value)} is no address")


def octets(value: Any, place: str) -> bytes:
    """Bytes of any length. Raises Refused."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str) and _HEX.fullmatch(value):
        return bytes.fromhex(value[2:])
    raise Refused(place, f"{_shown(value)} is not 0x and whole bytes in hexadecimal")


def letters(value: Any, place: str) -> bytes:
    """A text's UTF-8. Raises Refused."""
    if not isinstance(value, str):
        raise Refused(place, f"{_shown(value)} is no text")
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise Refused(place, "holds half a character (a lone surrogate)") from None


def read_word(kind: Type, found: bytes, place: str) -> Any:
    """The value of 32 bytes: int, bool, bytes, or an address as text. Raises Refused where they are not how the type
    is written.
    """
    if kind.kind in ("uint", "int"):
        return whole(kind, int.from_bytes(found, "big", signed=kind.kind == "int"), place)
    if kind.kind == "bool":
        number = int.from_bytes(found, "big")
        if number > 1:
            raise Refused(place, f"{number} is neither 0 nor 1")
        return number == 1
    if kind.kind == "address":
        if any(found[: WORD - ADDRESS_BYTES]):
            raise Refused(place, "has more than the 20 bytes of an address")
        return checksummed(found[WORD - ADDRESS_BYTES :])
    if any(found[kind.size :]):
        raise Refused(place, f"has more than the {kind.size} bytes of {kind.text}")
    return found[: kind.size]


def _shown(value: Any) -> str:
    """What was given, short enough to be read; never what is inside of it, which may be as deep as the input."""
    if isinstance(value, (list, tuple, dict)):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and abs(value) >= 10**DIGITS_MAX:
        return "the number"
    if isinstance(value, (str, bytes)) and len(value) > SHOWN_CHARS:
        return repr(value[:SHOWN_CHARS]) + "…"
    return repr(value)
