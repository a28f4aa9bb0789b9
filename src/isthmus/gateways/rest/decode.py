"""Bodies and query fields as typed values; every failure names the field."""

from __future__ import annotations

import re
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from isthmus.gateways.problems import Refusal
from isthmus.kernel.ids import number_of
from isthmus.kernel.values import time_ns

Shape = TypeVar("Shape", bound=msgspec.Struct)

_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_MISSING = re.compile(r"missing required field `([^`]*)`")
_PLACE = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`$")
_NUMBER = re.compile(r"Expected `str( \| null)?`, got `(int|float)`")
_decoders: dict[type[Any], msgspec.json.Decoder[Any]] = {}


def body_as(body: bytes, shape: type[Shape]) -> Shape:
    """The JSON body as a `shape`. Raises Refusal 400 that names the field."""
    decoder = _decoders.get(shape)
    if decoder is None:
        decoder = _decoders[shape] = msgspec.json.Decoder(shape)
    try:
        made: Shape = decoder.decode(body or b"{}")
    except msgspec.ValidationError as error:
        raise _misfit(str(error), shape) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, "malformed_json", str(error)) from None
    return made


def made_as(fields: dict[str, Any], shape: type[Shape]) -> Shape:
    """Fields by name as a `shape`. Raises Refusal 400 that names the field."""
    try:
        return msgspec.convert(fields, shape)
    except msgspec.ValidationError as error:
        raise _misfit(str(error), shape) from None


def _misfit(message: str, shape: type[msgspec.Struct]) -> Refusal:
    place = _PLACE.search(message)
    words = message[: place.start()] if place else message
    found = _UNKNOWN.search(message) or _MISSING.search(message)
    field = found[1] if found else (place[1] if place else None)
    limit = None
    if words.startswith("Invalid enum value"):
        limit = ", ".join(_choices(shape, field))
        words = f"{field} is one of: {limit}"
    elif _NUMBER.fullmatch(words):
        words = f'{field} is text in quotes, like "12.50": a number might be rounded on the way'
    return Refusal(400, "malformed_request", words, field=field, limit=limit)


def _choices(shape: type[msgspec.Struct], field: str | None) -> list[str]:
    """The words that a field may be."""
    made = next((made.type for made in msgspec.structs.fields(shape) if made.name == field), None)
    literals = [part for part in (made, *get_args(made)) if get_origin(part) is Literal]
    return [word for literal in literals for word in get_args(literal)]


def whole_number(query: dict[str, str], field: str, default: int, least: int, most: int) -> int:
    """A count in the query. Raises Refusal 400."""
    written = query.get(field)
    if written is None:
        return default
    digits = written.removeprefix("-")
    number = int(written) if digits.isascii() and digits.isdigit() and len(digits) <= 19 else None
    if number is None or not least <= number <= most:
        raise Refusal(
            400,
            "malformed_request",
            f"{field} is a whole number from {least} to {most}",
            field=field,
            value=written,
            limit=f"{least}..{most}",
        )
    return number


def order_number(written: str) -> int:
    """The number of an order's id in the path. Raises Refusal 400."""
    number = number_of("ord", written)
    if number is None:
        raise Refusal(400, "malformed_id", "an order's id looks like ord-4711", field="id", value=written)
    return number


def one_of(query: dict[str, str], field: str, default: str, choices: tuple[str, ...]) -> str:
    """A word in the query. Raises Refusal 400."""
    word = query.get(field, default)
    if word not in choices:
        words = ", ".join(choices)
        raise Refusal(400, "malformed_request", f"{field} is one of: {words}", field=field, value=word, limit=words)
    return word


def time_in(query: dict[str, str], field: str, default: int) -> int:
    """A time in the query, RFC 3339. Raises Refusal 400."""
    written = query.get(field)
    if written is None:
        return default
    try:
        return time_ns(written.replace(" ", "+"))
    except ValueError:
        raise Refusal(
            400, "malformed_request", f"{field} is a time like 2026-11-23T10:00:00Z", field=field, value=written
        ) from None
