"""XML from outside, made harmless before and while it is parsed.

Refused before parsing: more than DOCUMENT_BYTES_MAX bytes, more than DEPTH_MAX open elements, a document type, an encoding that is not
in ENCODINGS. While parsing: no entity is resolved, no DTD read, no network used, libxml2's own limits stay on. Processing instructions are
refused after it. Whatever is refused is refused by a name (`rule`), a place and a reason.
"""

from __future__ import annotations

import codecs
import re

from lxml import etree

from isthmus.kernel.errors import BadInput

DOCUMENT_BYTES_MAX = 32 << 20
DEPTH_MAX = 100
ENCODINGS = frozenset({"utf-8", "us-ascii", "ascii"} | {f"iso-8859-{part}" for part in range(1, 17)} | {f"windows-125{part}" for part in range(9)})
"""Encodings in which a byte below 128 is ASCII, so that what is looked for before parsing is where it seems to be."""

_BLOCK = 2_048
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_MARKS = re.compile(rb"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)|</|<[^<>]*>", re.DOTALL)
"""What can open or close an element, and what can hide that. Each goes to its end or to the end of all, so that one pass is enough."""
_WIDE = ((codecs.BOM_UTF8, ""), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))


class XmlRefused(BadInput):
    """XML that is not let in. `rule` names what it breaks, `line` where."""

    def __init__(self, rule: str, reason: str, line: int | None = None) -> None:
        super().__init__("xml", reason, line)
        self.rule = rule


def parse(data: bytes | str) -> etree._Element:
    """The root element, without blank text between elements. Text is taken as it stands, whatever encoding it declares.

    Raises XmlRefused: too_large, too_deep, document_type, encoding, processing_instruction, not_well_formed.
    """
    parser = _PARSER
    if isinstance(data, str):
        data, parser = data.encode("utf-8", "surrogatepass"), _PARSER_UTF_8
    if len(data) > DOCUMENT_BYTES_MAX:
        raise XmlRefused("too_large", f"more than {DOCUMENT_BYTES_MAX} bytes")
    if data[0:1] != b"<" or data[1:2] == b"\0":
        data, parser = _narrow(data, parser)
    if parser is _PARSER:
        _check_encoding(data)
    _check_structure(data)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as fault:
        rule = "too_deep" if "depth" in str(fault) else "not_well_formed"
        raise XmlRefused(rule, fault.msg or "not XML", fault.lineno) from fault
    except ValueError as fault:
        raise XmlRefused("not_well_formed", str(fault)) from fault


def _new_parser(encoding: str | None) -> etree.XMLParser:
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        collect_ids=False,
        remove_blank_text=True,
        remove_comments=True,
    )


_PARSER = _new_parser(None)
_PARSER_UTF_8 = _new_parser("utf-8")


def _narrow(data: bytes, parser: etree.XMLParser) -> tuple[bytes, etree.XMLParser]:
    """UTF-16 becomes UTF-8, so that every later look at the bytes sees what the parser will see."""
    for mark, encoding in _WIDE:
        if data.startswith(mark):
            if not encoding:
                return data[len(mark) :], _PARSER_UTF_8
            try:
                return data.decode(encoding).lstrip("\ufeff").encode(), _PARSER_UTF_8
            except UnicodeDecodeError as fault:
                raise XmlRefused("not_well_formed", f"not {encoding}: {fault.reason}") from fault
    return data, parser


def _check_encoding(data: bytes) -> None:
    if not data.startswith(b"<?xml"):
        return
    declared = _DECLARED.match(data)
    if declared is not None and declared[1].decode().lower() not in ENCODINGS:
        raise XmlRefused("encoding", f"encoding {declared[1].decode()!r} is not taken", 1)


def _check_structure(data: bytes) -> None:
    """No document type; never more than DEPTH_MAX elements open. Whole blocks are counted first: only where a block could reach the limit,
    or where comments and CDATA could hide tags, is each tag looked at."""
    if b"<!" in data:
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"<!ELEMENT" in data:
            raise XmlRefused("document_type", "a document type is not taken", _line(data, data.find(b"<!")))
    elif data.find(b"<?", 2) < 0 and _bound(data) <= DEPTH_MAX:
        return
    _walk(data)


def _bound(data: bytes) -> int:
    """No depth is greater than this: what was open before a block, and all that the block opens."""
    highest = opened = 0
    for start in range(0, len(data), _BLOCK):
        closing = data.count(b"</", start, start + _BLOCK + 1)
        opening = data.count(b"<", start, start + _BLOCK) - closing
        highest = max(highest, opened + opening)
        opened += opening - closing
    return highest


def _walk(data: bytes) -> None:
    """Each tag in turn. A `/>` within an attribute can make this count low; libxml2 then stops at 256."""
    depth = 0
    for mark in _MARKS.finditer(data):
        start = mark.start()
        if data.startswith((b"</", b"<!"), start):
            depth -= data[start + 1] == _SLASH
        elif data[start + 1] == _QUESTION:
            if data[start : start + 5] != b"<?xml" or data[start + 5 : start + 6].strip():
                raise XmlRefused("processing_instruction", "a processing instruction is not taken", _line(data, start))
        elif data[mark.end() - 2] != _SLASH:
            depth += 1
            if depth > DEPTH_MAX:
                raise XmlRefused("too_deep", f"more than {DEPTH_MAX} elements are open at once", _line(data, start))


def _line(data: bytes, place: int) -> int:
    return data.count(b"\n", 0, place) + 1


_SLASH, _QUESTION = b"/?"
