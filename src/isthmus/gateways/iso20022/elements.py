"""Short words over lxml elements: names without namespace, children by name, texts, places."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TypeAlias

import msgspec
from lxml import etree

Element: TypeAlias = etree._Element
"""lxml's class of elements has no public name."""


class Finding(msgspec.Struct, frozen=True):
    """A business rule that a document breaks, where, and how."""

    rule: str
    path: str
    message: str


def local(element: Element) -> str:
    """The name without its namespace."""
    tag = element.tag
    return str(tag[tag.rfind("}") + 1 :])


def namespace(element: Element) -> str:
    tag = element.tag
    return tag[1 : tag.rfind("}")] if tag.startswith("{") else ""


def children(element: Element) -> dict[str, Element]:
    """Children by name; of those that repeat the last one."""
    skip = element.tag.rfind("}") + 1
    return {child.tag[skip:]: child for child in element}


def every(element: Element | None, path: str) -> list[Element]:
    """Descendants at `A/B/C`, whatever the namespace."""
    return [] if element is None else element.findall("{*}" + path.replace("/", "/{*}"))


def first(element: Element | None, path: str) -> Element | None:
    return None if element is None else element.find("{*}" + path.replace("/", "/{*}"))


def text(element: Element | None, path: str = "") -> str | None:
    """The trimmed text at `A/B/C`, or None where there is none."""
    found = first(element, path) if path else element
    return None if found is None or found.text is None else found.text.strip()


def number(element: Element | None, path: str = "") -> Decimal | None:
    """A decimal as XML Schema writes it; None where it is not one."""
    value = text(element, path)
    if value is None or not value.isascii() or not value.strip("+-").replace(".", "", 1).isdigit():
        return None
    return Decimal(value)


def place(element: Element) -> str:
    """`/Document/FIToFICstmrCdtTrf/CdtTrfTxInf[2]/Amt`: names, and a position from 1 where there are others of
    the name.
    """
    steps = []
    at: Element | None = element
    while at is not None:
        steps.append(local(at) + _position(at))
        at = at.getparent()
    return "/" + "/".join(reversed(steps))


def _position(element: Element) -> str:
    before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
    after = next(iter(element.itersiblings(element.tag)), None)
    return f"[{before + 1}]" if before or after is not None else ""


def finding(rule: str, element: Element, message: str) -> Finding:
    return Finding(rule, place(element), message)


def messages(root: Element, prefix: str) -> Iterator[Element]:
    """Documents and headers whose namespace starts with `prefix`, wherever an envelope put them."""
    if local(root) in _MESSAGES and namespace(root).startswith(prefix):
        yield root
        return
    for child in root:
        if isinstance(child.tag, str):
            yield from messages(child, prefix)


_MESSAGES = ("Document", "AppHdr")
