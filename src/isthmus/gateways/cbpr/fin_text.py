"""Values as FIN writes them, and a message from its fields."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from isthmus.gateways.swift.fin import RECEIVER_TERMINAL, Row, full_bic
from isthmus.kernel.errors import BadInput

REFERENCE_MAX = 16
CUT = "+"
"""Ends a reference that was cut (CBPR+)."""


class Outgoing(msgspec.Struct, frozen=True):
    """A FIN message: type, fields of block 4, tags of block 3."""

    message_type: str
    rows: tuple[Row, ...]
    user: tuple[Row, ...] = ()


def reference(text: str | None) -> str:
    """At most 16 characters; what was longer ends with +. NOTPROVIDED where there is none."""
    if text is None:
        return "NOTPROVIDED"
    return text if len(text) <= REFERENCE_MAX else text[: REFERENCE_MAX - 1] + CUT


def fin_amount(text: str) -> str:
    """ "654489.98" is "654489,98"; a comma is always there."""
    bare = text.strip().lstrip("+")
    if not bare.replace(".", "", 1).isdigit() or not bare.isascii():
        raise BadInput("amount", f"{text!r} is no amount")
    whole, _, fraction = bare.partition(".")
    return f"{whole.lstrip('0') or '0'},{fraction}"


def fin_date(text: str | None) -> str:
    """YYMMDD of a date, or of a date with a time as it was written. Raises BadInput."""
    if text is None:
        raise BadInput("date", "there is none")
    try:
        return datetime.fromisoformat(text.strip()[:10]).strftime("%y%m%d")
    except ValueError as fault:
        raise BadInput("date", f"{text!r} is no date") from fault


def moment(text: str | None) -> datetime:
    """A date and time with its offset; UTC where it has none. Raises BadInput."""
    try:
        found = datetime.fromisoformat((text or "").strip())
    except ValueError as fault:
        raise BadInput("CreDt", f"{text!r} is no date and time") from fault
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def terminal(bic: str | None) -> str:
    """The address of twelve characters of a BIC of eight or eleven. Raises BadInput."""
    whole = full_bic((bic or "").strip())
    if _BIC.fullmatch(whole) is None:
        raise BadInput("BICFI", f"{bic!r} is no BIC of the header")
    return whole[:8] + RECEIVER_TERMINAL + whole[8:]


_OTHER = re.compile(r"[^A-Za-z0-9/?:().,'+ \n-]")
_LINE_START = re.compile(r"\n[:-]")
_BIC = re.compile("[A-Z0-9]{11}")
REPLACEMENT = "."


def written(value: str) -> str:
    """A value in the character set X of FIN: others become a dot (CBPR+), as does what would end a field or message.

    So nothing that stands in an element can begin a field or a block of its own.
    """
    return _LINE_START.sub("\n" + REPLACEMENT, _OTHER.sub(REPLACEMENT, value))


def message_text(message: Outgoing, sender: str | None, receiver: str | None, created: str | None) -> str:
    """An output message, as the receiver gets it: time of input and output are the header's, in UTC. Lines end
    with CRLF.
    """
    at = moment(created).astimezone(UTC)
    date, time = at.strftime("%y%m%d"), at.strftime("%H%M")
    tags = "".join(f"{{{tag}:{value}}}" for tag, value in message.user)
    third = f"{{3:{tags}}}" if tags else ""
    text = "".join(f":{tag}:{written(value)}\n" for tag, value in message.rows).replace("\n", "\r\n")
    return (
        f"{{1:F01{terminal(receiver)}0000000000}}"
        f"{{2:O{message.message_type}{time}{date}{terminal(sender)}0000000000{date}{time}N}}{third}{{4:\r\n{text}-}}"
    )


def joined(tag: str, lines: Iterable[str]) -> list[Row]:
    """The field with those lines; none where there are none."""
    value = "\n".join(lines)
    return [(tag, value)] if value else []
