"""The short way for documents of elements and values alone, as systems write them: one pass in Rust, then the parser.

The pass knows a document to be plain that the scanner would let in: no markup declaration, comment, instruction or
other reference, no value beside elements, all within the limits. Of whatever it does not know, the scanner judges.
"""

from __future__ import annotations

import msgspec
from lxml import etree

from isthmus.engine.iso20022 import XmlScreen
from isthmus.gateways.xmlguard.characters import CONTROLS, INVISIBLES
from isthmus.gateways.xmlguard.limits import DOCUMENT, Limits
from isthmus.gateways.xmlguard.parse import XSI, judge_attributes_of, new_parser, safe_parse
from isthmus.gateways.xmlguard.stops import Stopped

PLAIN, BEYOND_ASCII, PREFIXED, VALUES, TRANSFER = 1, 2, 4, 8, 16
"""Flags of `XmlScreen.look`."""

_PARSER = new_parser()
_with_hints = etree.XPath("//*[@xsi:*]", namespaces={"xsi": XSI})


class Tables(msgspec.Struct, frozen=True):
    """What the pass looks values up in; without them it knows nothing of values."""

    countries: list[str] = []
    currencies: list[tuple[str, int | None]] = []
    ibans: list[str] = []
    country_names: list[str] = []
    currency_names: list[str] = []


def new_screen(limits: Limits, tables: Tables = Tables()) -> XmlScreen:  # noqa: B008 (frozen)
    """The pass for those limits."""
    bounds = (
        limits.depth_levels,
        limits.elements,
        limits.names_distinct,
        limits.name_characters,
        limits.tag_characters,
        limits.attributes,
        limits.text_characters,
    )
    names = (tables.country_names, tables.currency_names)
    return XmlScreen(bounds, tables.countries, tables.currencies, tables.ibans, names)


_SCREEN = new_screen(DOCUMENT)


def plain_parse(data: bytes | str) -> etree._Element:
    """The root of a document, within the limits of a bank's message. Raises Stopped, as `safe_parse` does."""
    return screened_parse(data, DOCUMENT, _SCREEN)[0]


def screened_parse(data: bytes | str, limits: Limits, screen: XmlScreen) -> tuple[etree._Element, int]:
    """The root, and what the pass knows (0 where the scanner was the judge). `screen` is that of `limits`."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    known: int = screen.look(raw) if len(raw) <= limits.document_bytes else 0
    if not known or (known & BEYOND_ASCII and not _visible(raw)):
        return safe_parse(data, limits), 0
    try:
        root = etree.fromstring(raw, _PARSER)
    except etree.XMLSyntaxError as error:
        safe_parse(data, limits)
        line, column = error.position
        raise Stopped("not-well-formed", f"{line}:{column}", error.msg or "no XML") from None
    if known & PREFIXED:
        for element in _with_hints(root):
            judge_attributes_of(element, limits)
    return root, known


def _visible(raw: bytes) -> bool:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return False
    return INVISIBLES.search(text) is None and CONTROLS.search(text) is None
