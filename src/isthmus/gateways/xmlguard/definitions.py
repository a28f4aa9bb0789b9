"""What a message may hold, from the tables beside this module, as a schema that libxml2 checks.

A table states facts of the message definition (element, how often, type), a type a line: `>` elements in sequence,
`|` a choice, `@` a value with attributes, `any`, or what a value may be; `?`, `*`, `+`, `{least,most}`: how often.
tools/iso_tables.py makes them of the standard's schemas; bridge.txt is ours.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from xml.sax.saxutils import quoteattr

import msgspec
from lxml import etree

BRIDGE = "bridge"
PAYMENTS = ("pain.001.001.03", "pain.001.001.09")
"""Versions of the customer credit transfer initiation that there is a table of."""
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
_PART = re.compile(r"(?P<name>\w+)(?P<times>[?*+]|\{\d+,(?:\d+|unbounded)\})?:(?P<type>\w+)")
_TIMES = {"": (1, 1), "?": (0, 1), "*": (0, "unbounded"), "+": (1, "unbounded")}
_PLAIN = {"date", "dateTime", "time", "boolean", "gYear", "gYearMonth", "gMonth", "string"}


class Definition(msgspec.Struct, frozen=True):
    """A message, or the messages of one table: namespace (None for ours), names of root elements, the schema."""

    namespace: str | None
    roots: frozenset[str]
    schema: etree.XMLSchema


@cache
def definition(name: str) -> Definition:
    """By the name of its table."""
    text = (files("isthmus.gateways.xmlguard") / "tables" / f"{name}.txt").read_text(encoding="ascii")
    namespace = None if name == BRIDGE else NAMESPACE + name
    lines = text.splitlines()
    roots = frozenset(name for name, _ in _roots(lines))
    schema = etree.XMLSchema(etree.fromstring(schema_text(lines, namespace)))
    return Definition(namespace, roots, schema)


def schema_text(lines: list[str], namespace: str | None) -> str:
    """The table as XML Schema."""
    space = f" targetNamespace={quoteattr(namespace)} xmlns={quoteattr(namespace)}" if namespace else ""
    head = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified"{space}>'
    roots = "".join(f'<xs:element name="{name}" type="{kind}"/>' for name, kind in _roots(lines))
    return "".join((head, roots, *map(_type, lines[1:]), "</xs:schema>"))


def _roots(lines: list[str]) -> list[tuple[str, str]]:
    words = lines[0].removeprefix("Root > ").split(" ")
    return [(name, kind) for name, _, kind in (word.partition(":") for word in words)]


def _type(line: str) -> str:
    name, kind, *rest = line.split(" ")
    if kind in (">", "|"):
        order = "sequence" if kind == ">" else "choice"
        return f'<xs:complexType name="{name}"><xs:{order}>{"".join(map(_element, rest))}</xs:{order}></xs:complexType>'
    if kind == "@":
        attributes = "".join(
            f'<xs:attribute name="{attribute}" type="{of}" use="required"/>'
            for attribute, _, of in (word.partition(":") for word in rest[1:])
        )
        content = f'<xs:extension base="{rest[0]}">{attributes}</xs:extension>'
        return f'<xs:complexType name="{name}"><xs:simpleContent>{content}</xs:simpleContent></xs:complexType>'
    if kind == "any":
        content = '<xs:sequence><xs:any namespace="##any" processContents="lax"/></xs:sequence>'
        return f'<xs:complexType name="{name}">{content}</xs:complexType>'
    base, facets = _facets(line.removeprefix(f"{name} "))
    return f'<xs:simpleType name="{name}"><xs:restriction base="xs:{base}">{facets}</xs:restriction></xs:simpleType>'


def _element(part: str) -> str:
    found = _PART.fullmatch(part)
    assert found is not None, part
    times = found["times"] or ""
    least, most = _TIMES.get(times) or times[1:-1].split(",")
    return f'<xs:element name="{found["name"]}" type="{found["type"]}" minOccurs="{least}" maxOccurs="{most}"/>'


def _facets(said: str) -> tuple[str, str]:
    """The base type and its restrictions."""
    words = said.split(" ")
    if words[0] == "codes":
        return "string", "".join(f'<xs:enumeration value="{code}"/>' for code in words[1:])
    if words[0] == "decimal":
        facets = f'<xs:fractionDigits value="{words[2]}"/><xs:totalDigits value="{words[1]}"/>'
        return "decimal", facets + (f'<xs:minInclusive value="{words[3]}"/>' if words[3] != "-" else "")
    if words[0] in _PLAIN:
        return words[0], ""
    if words[0] == "base64":
        return "base64Binary", ""
    length, _, pattern = said.partition("pattern ")
    facets = f"<xs:pattern value={quoteattr(pattern)}/>" if pattern else ""
    if length:
        least, most = length.split()[1:3]
        facets += f'<xs:minLength value="{least}"/>'
        facets += f'<xs:maxLength value="{most}"/>' if most != "-" else ""
    return "string", facets
