"""Messages of the service and the gateways' shapes: fields of the same names, both ways."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from isthmus.gateways import shapes
from isthmus.gateways.grpc import isthmus_pb2 as wire
from isthmus.gateways.problems import Refusal
from isthmus.gateways.rest.decode import made_as

Shape = TypeVar("Shape", bound=msgspec.Struct)
Given = TypeVar("Given", bound=Message)


def read(raw: bytes, kind: type[Given]) -> Given:
    """The message. Raises Refusal 400 for bytes that are none, and for fields that this server does not know: one of
    them might be a condition of the order.
    """
    try:
        given: Given = kind.FromString(raw)
    except DecodeError:
        raise Refusal(400, "malformed_request", f"these bytes are no {kind.DESCRIPTOR.name}") from None
    unknown = [field.field_number for field in UnknownFieldSet(given)]
    if unknown:
        name = kind.DESCRIPTOR.name
        raise Refusal(400, "malformed_request", f"{name} has no field {unknown[0]}", field=str(unknown[0]))
    return given


def fields_of(given: Message) -> dict[str, Any]:
    """What the message says, by name; what it leaves out is not there."""
    return {field.name: _plain(value) for field, value in given.ListFields()}


def texts_of(given: Message) -> dict[str, str]:
    """The same as the fields of a query."""
    named = fields_of(given).items()
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in named}


def shape_of(given: Message, shape: type[Shape], *, without: str = "") -> Shape:
    """The message as one of the gateways' shapes. Raises Refusal 400 that names the field."""
    fields = fields_of(given)
    fields.pop(without, None)
    return made_as(fields, shape)


def order(shown: shapes.Order) -> wire.Order:
    """An order."""
    return wire.Order(**_there(shown))


def fill(shown: shapes.Fill) -> wire.Fill:
    """A fill."""
    return wire.Fill(**_there(shown))


def book(shown: shapes.Book) -> wire.BookLevels:
    """A book."""
    sides = {side: [_level(level) for level in getattr(shown, side)] for side in ("bids", "asks")}
    return wire.BookLevels(**_there(shown) | sides)


def _level(level: shapes.Level) -> wire.Level:
    return wire.Level(price=level[0], quantity=level[1], orders=level[2])


def _there(shown: msgspec.Struct) -> dict[str, Any]:
    values = ((name, getattr(shown, name)) for name in shown.__struct_fields__)
    return {name: value for name, value in values if value is not None}


def _plain(value: Any) -> Any:
    return _whole(MessageToDict(value)) if isinstance(value, Message) else value


def _whole(value: Any) -> Any:
    """A Struct has floating numbers only: those that are whole numbers were meant as such."""
    if isinstance(value, dict):
        return {name: _whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_whole(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
