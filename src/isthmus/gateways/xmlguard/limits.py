"""How large and how deep a document may be before anything parses it. Each limit has the unit in its name."""

from __future__ import annotations

from typing import Literal

import msgspec

SchemaHints = Literal["bare", "drop"]
"""What becomes of xsi:schemaLocation: the message's own file name is let through and taken off, anything else
is refused ("bare"), or all of them are taken off unread ("drop")."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one document. A batch of 10,000 payments, pretty-printed, lies within the defaults."""

    document_bytes: int = 16 << 20
    depth_levels: int = 40
    elements: int = 1_000_000
    names_distinct: int = 1_000
    name_characters: int = 64
    tag_characters: int = 4_096
    attributes: int = 16
    text_characters: int = 16_384
    """Of one value, comment or CDATA section."""
    schema_hints: SchemaHints = "bare"
    comments_judged: bool = False
    """Whether comments may hold neither markup nor fragments of other languages, as values may not."""
    cdata_in: frozenset[str] | None = None
    """Local names of elements whose whole value may be one CDATA section; None: any element that holds a value."""


DOCUMENT = Limits()
"""A message of a bank."""
ORDER = Limits(
    document_bytes=64 << 10,
    depth_levels=4,
    elements=64,
    names_distinct=64,
    text_characters=1_024,
    comments_judged=True,
    cdata_in=frozenset({"Comment"}),
)
"""An order of the MT4 bridge."""
