"""Bytes to a tree: decoded once, scanned, then parsed by an lxml that resolves, loads and fetches nothing."""

from __future__ import annotations

from lxml import etree

from isthmus.gateways.xmlguard.decoding import text_in_row, text_of
from isthmus.gateways.xmlguard.limits import DOCUMENT, Limits
from isthmus.gateways.xmlguard.places import path_of
from isthmus.gateways.xmlguard.scanning import Scanner
from isthmus.gateways.xmlguard.stops import Stopped

XSI = "http://www.w3.org/2001/XMLSchema-instance"
_XINCLUDE = ("http://www.w3.org/2001/XInclude", "http://www.w3.org/2003/XInclude")
_SPACE_OF_XML = "{http://www.w3.org/XML/1998/namespace}"
_HINTS = (f"{{{XSI}}}schemaLocation", f"{{{XSI}}}noNamespaceSchemaLocation")


def safe_parse(data: bytes | str, limits: Limits = DOCUMENT) -> etree._Element:
    """The root of a document from outside; comments are taken off, as are hints at schemas.

    `data` are its bytes in any encoding of docs/reference/xmlguard.md, or its text where it came inside another
    format. Raises Stopped, with a rule and a place, for whatever the byte, character and markup rules refuse. What the
    elements say is not looked at: that is `inspecting`.
    """
    if len(data) > limits.document_bytes:
        raise Stopped("document-bytes", "1:1", f"more than {limits.document_bytes} bytes")
    text = text_of(data) if isinstance(data, bytes) else text_in_row(data)
    Scanner(text, limits).scan()
    root = _tree(text)
    _judge_attributes(root, limits)
    return root


def new_parser() -> etree.XMLParser:
    """An lxml parser that resolves, loads, fetches and mends nothing."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        collect_ids=False,
        remove_comments=True,
        remove_pis=False,
    )


def _tree(text: str) -> etree._Element:
    parser = new_parser()
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise Stopped("not-well-formed", f"{line}:{column}", error.msg or "no XML") from None


def _judge_attributes(root: etree._Element, limits: Limits) -> None:
    """Attributes and namespaces that send a reader elsewhere. Raises Stopped."""
    namespaces: set[str | None] = set()
    for element in root.iter(etree.Element):
        if element.nsmap is not None and element.prefix not in namespaces:
            namespaces.add(element.prefix)
            if any(space in _XINCLUDE for space in element.nsmap.values()):
                raise Stopped("xinclude", path_of(element), "the namespace of XInclude")
        if element.attrib:
            judge_attributes_of(element, limits)


def judge_attributes_of(element: etree._Element, limits: Limits) -> None:
    """The attributes of one element; hints at schemas are taken off. Raises Stopped."""
    for name, value in list(element.attrib.items()):
        if name in _HINTS:
            if limits.schema_hints == "bare" and not _is_bare(name, value, element):
                raise Stopped("schema-location", path_of(element), "a schema from elsewhere is named")
            del element.attrib[name]
        elif name.startswith(f"{{{XSI}}}"):
            raise Stopped("xsi-attribute", path_of(element), f"xsi:{name.partition('}')[2]} changes what is validated")
        elif name == f"{_SPACE_OF_XML}base":
            raise Stopped("xml-base", path_of(element), "xml:base changes what addresses mean")


def _is_bare(name: str, value: str, element: etree._Element) -> bool:
    """Whether the hint only repeats the document's own namespace, and that message's own file name."""
    if name != _HINTS[0]:
        return False
    words = value.split()
    own = (element.tag if isinstance(element.tag, str) else "").partition("}")[0].removeprefix("{")
    return len(words) == 2 and words[0] == own and words[1] == own.rpartition(":")[2] + ".xsd"
