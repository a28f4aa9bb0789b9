"""Elements to be written, as plain tuples: what is not there is left out, so that a table of a message reads like the
message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec

from isthmus.gateways.xmlguard.characters import CONTROLS, INVISIBLES
from isthmus.kernel.errors import BadInput

HEADER_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:head.001.001.02"
ENVELOPE_NAMESPACE = "urn:swift:xsd:envelope"
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

Content: TypeAlias = "str | tuple[Node, ...]"
Part: TypeAlias = "Node | Iterable[Node] | None"


class Node(msgspec.Struct, frozen=True):
    """An element: text, or elements in order."""

    name: str
    content: Content
    attributes: Mapping[str, str] = {}


def branch(name: str, *parts: Part) -> Node | None:
    """An element of those `parts` that are there; None where none is."""
    children: list[Node] = []
    for part in parts:
        if isinstance(part, Node):
            children.append(part)
        elif part is not None:
            children.extend(part)
    return Node(name, tuple(children)) if children else None


def whole(name: str, *parts: Part) -> Node:
    """The same, for an element that is there in any case."""
    return branch(name, *parts) or Node(name, ())


def leaf(path: str, text: str | None) -> Node | None:
    """The element at `A/B/C` with its parents; None where there is no text."""
    if not text:
        return None
    first, *rest = path.split("/")
    return Node(first, text) if not rest else Node(first, (_down(rest, text),))


def _down(names: list[str], text: str) -> Node:
    return Node(names[0], text) if len(names) == 1 else Node(names[0], (_down(names[1:], text),))


def amount(path: str, value: str | None, currency: str | None) -> Node | None:
    """An amount with Ccy."""
    if value is None or currency is None:
        return None
    *above, name = path.split("/")
    node = Node(name, value, {"Ccy": currency})
    for step in reversed(above):
        node = Node(step, (node,))
    return node


def document(message: str, body: Node) -> str:
    """The XML of a message without a header; `message` is its identifier, "pacs.008.001.08".

    Raises BadInput for a text with characters that no document may hold.
    """
    return _checked(_DECLARATION + _document(message, body))


def envelope(message: str, header: tuple[Node, ...], body: Node) -> str:
    """Header (head.001.001.02) and document in the envelope of the translation portal.

    Raises BadInput as `document` does.
    """
    return with_header(header, document(message, body))


def with_header(header: tuple[Node, ...], xml: str) -> str:
    """The same of a document that was written already."""
    head = "".join(_written(node) for node in header)
    return _checked(
        f'{_DECLARATION}<Envelope xmlns="{ENVELOPE_NAMESPACE}"><AppHdr xmlns="{HEADER_NAMESPACE}">{head}</AppHdr>'
        f"{xml.removeprefix(_DECLARATION)}</Envelope>"
    )


def _checked(xml: str) -> str:
    """What the guard would stop must not leave either."""
    found = CONTROLS.search(xml) or INVISIBLES.search(xml)
    if found is not None:
        raise BadInput("text", f"U+{ord(found[0][0]):04X} is a character that no document may hold")
    return xml


def _document(message: str, body: Node) -> str:
    return f'<Document xmlns="{NAMESPACE}{message}">{_written(body)}</Document>'


def _written(node: Node) -> str:
    attributes = "".join(f' {name}="{_escaped(value)}"' for name, value in node.attributes.items())
    if isinstance(node.content, str):
        return f"<{node.name}{attributes}>{_escaped(node.content)}</{node.name}>"
    return f"<{node.name}{attributes}>{''.join(_written(child) for child in node.content)}</{node.name}>"


def _escaped(text: str) -> str:
    if "&" not in text and "<" not in text and ">" not in text and '"' not in text:
        return text
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
