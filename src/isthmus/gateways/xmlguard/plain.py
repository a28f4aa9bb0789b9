"""The short way for documents of elements and values alone, as systems write them: no scan where there is nothing to
scan for.

What the scanner stops needs a character or a word that a plain document does not have: markup declarations and
comments (`<!`), processing instructions (`<?`), references other than to the five predefined entities, instance or
XML attributes, invisible characters, another encoding. Whatever has one of them, or could be too deep, goes the long
way and is judged there. Values that stand beside elements (mixed content) are left to the schema, so that only a
caller that validates may come here.
"""

from __future__ import annotations

import re

from lxml import etree

from isthmus.gateways.xmlguard.characters import CONTROLS, INVISIBLES
from isthmus.gateways.xmlguard.limits import DOCUMENT, Limits
from isthmus.gateways.xmlguard.parse import XSI, judge_attributes_of, new_parser, safe_parse
from isthmus.gateways.xmlguard.stops import Stopped

_BLOCK_BYTES = 512
_DECLARATION = (
    rb"<\?xml version=[\"']1\.0[\"'](?: encoding=[\"'][Uu][Tt][Ff]-?8[\"'])?"
    rb"(?: standalone=[\"'](?:yes|no)[\"'])? ?\?>"
)
_START = re.compile(rb"(?:" + _DECLARATION + rb")?\s*<[A-Za-z_]")
_WORDS = (b"<!", b"XInclude", b"xml:", b"\x7f")
"""Each is looked for on its own: four searches are faster than one pattern."""
_OTHER_REFERENCE = re.compile(rb"&(?!amp;|lt;|gt;|apos;|quot;)")
_PLAIN_PARSER = new_parser()
_INSTANCE = XSI.encode()
_with_hints = etree.XPath("//*[@xsi:*]", namespaces={"xsi": XSI})


def plain_parse(data: bytes | str, limits: Limits = DOCUMENT) -> etree._Element:
    """The root of a document that its caller validates against a schema. Raises Stopped, as `safe_parse` does."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > limits.document_bytes or not _is_plain(raw, limits):
        return safe_parse(data, limits)
    try:
        root = etree.fromstring(raw, _PLAIN_PARSER)
    except etree.XMLSyntaxError as error:
        safe_parse(data, limits)
        line, column = error.position
        raise Stopped("not-well-formed", f"{line}:{column}", error.msg or "no XML") from None
    if _INSTANCE in raw:
        for element in _with_hints(root):
            judge_attributes_of(element, limits)
    return root


def _is_plain(raw: bytes, limits: Limits) -> bool:
    start = _START.match(raw)
    if start is None or raw.find(b"<?", start.end()) >= 0 or any(word in raw for word in _WORDS):
        return False
    if b"&" in raw and _OTHER_REFERENCE.search(raw) is not None:
        return False
    if raw.count(b"<") > limits.elements or _depth_at_most(raw) > limits.depth_levels:
        return False
    if raw.isascii():
        return True
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return False
    return INVISIBLES.search(text) is None and CONTROLS.search(text) is None


def _depth_at_most(raw: bytes) -> int:
    """No depth is greater than this: what was open before a block, and all that the block opens. An element that
    closes itself counts as open, since its mark may also stand in a value.
    """
    highest = opened = 0
    for start in range(0, len(raw), _BLOCK_BYTES):
        end = start + _BLOCK_BYTES
        closing = raw.count(b"</", start, end + 1)
        opening = raw.count(b"<", start, end) - closing
        highest = max(highest, opened + opening)
        opened += opening - closing
    return highest
