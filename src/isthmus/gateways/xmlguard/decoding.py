"""Bytes to text, once and by one reading: byte order mark, first bytes and declaration agree (XML 1.0, appendix F).

What a parser might read in two ways is refused, since an attack hides where two readers differ.
"""

from __future__ import annotations

import codecs
import re

from isthmus.gateways.xmlguard.stops import Stopped

_BOMS = (
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xff\xfe", "utf-16-le"),
)
"""The longer ones first: UTF-32 begins as UTF-16 does."""
_FOREIGN_STARTS = (
    (b"+/v", "UTF-7"),
    (b"+ADw-", "UTF-7"),
    (b"\xdd\x73\x66\x73", "UTF-EBCDIC"),
    (b"\x4c\x6f\xa7\x94", "EBCDIC"),
    (b"\x4c\x5a", "EBCDIC"),
    (b"\x0e\xfe\xff", "SCSU"),
    (b"\xfb\xee\x28", "BOCU-1"),
    (b"\x84\x31\x95\x33", "GB18030"),
)
_ASCII_FAMILY = re.compile(r"us-ascii|ascii|utf-?8|(iso-?8859-|iso8859-?|latin-?|windows-|cp)([0-9]{1,4})")
_WIDE_FAMILY = re.compile(r"(?:utf-?|iso-10646-ucs-)(16|32|2|4)(le|be|-le|-be)?")
_ISO_PARTS = frozenset({*range(1, 12), 13, 14, 15, 16})
_LATIN_PARTS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 9, 6: 10, 7: 13, 8: 14, 9: 15, 10: 16}
_WINDOWS_PAGES = frozenset(range(1250, 1259))
_QUOTED = r"(?:\"{0}\"|'{0}')"
_DECLARATION = re.compile(
    r"<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?P<version>" + _QUOTED.format(r"[0-9.]{1,8}") + ")"
    r"(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?P<encoding>" + _QUOTED.format(r"[A-Za-z][A-Za-z0-9._-]{0,31}") + "))?"
    r"(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*" + _QUOTED.format("(?:yes|no)") + r")?[ \t\r\n]*\?>"
)
_HEAD_CHARACTERS = 512
_ENCODING_NAME = re.compile(r"encoding\s*=\s*[\"']?([\w.:-]+)")


def text_of(data: bytes) -> str:
    """The document's text, its declaration blanked out so that places stay. Raises Stopped."""
    for start, name in _FOREIGN_STARTS:
        if data.startswith(start):
            raise Stopped("encoding-refused", "1:1", f"{name} is not read here")
    marked = next(((mark, codec) for mark, codec in _BOMS if data.startswith(mark)), None)
    mark, family = marked if marked is not None else (b"", _family(data))
    head = data[len(mark) : len(mark) + 4 * _HEAD_CHARACTERS].decode(family or "latin-1", "replace")[:_HEAD_CHARACTERS]
    declared = declared_encoding(head)
    codec = _codec(declared, family, marked=bool(mark))
    try:
        text = codecs.decode(memoryview(data)[len(mark) :], codec, "strict")
    except UnicodeDecodeError as error:
        raise Stopped("encoding-invalid", f"byte {len(mark) + error.start}", f"no {codec}: {error.reason}") from None
    return without_declaration(text)


def text_in_row(text: str) -> str:
    """The same of a document that came as text, whatever encoding its declaration names. Raises Stopped."""
    text = text.removeprefix("\ufeff")
    declared = declared_encoding(text[:_HEAD_CHARACTERS])
    if declared is not None:
        _known(declared)
    return without_declaration(text)


def declared_encoding(head: str) -> str | None:
    """What the declaration names, in lower case; None if nothing. Raises Stopped for a faulty declaration."""
    if not re.match(r"<\?xml[ \t\r\n?]", head, re.IGNORECASE):
        return None
    found = _DECLARATION.match(head)
    if found is None:
        named = _ENCODING_NAME.search(head[: head.find("?>") + 1])
        if named is not None:
            _known(named[1].lower())
        raise Stopped("declaration-faulty", "1:1", "the XML declaration is not well-formed")
    if found["version"][1:-1] != "1.0":
        raise Stopped("declaration-version", "1:1", "only XML 1.0 is read")
    return found["encoding"][1:-1].lower() if found["encoding"] else None


def without_declaration(text: str) -> str:
    """Spaces in place of the declaration, line ends kept."""
    found = _DECLARATION.match(text)
    if found is None:
        return text
    return re.sub(r"[^\r\n]", " ", found[0]) + text[found.end() :]


def _family(data: bytes) -> str | None:
    """What the first bytes say without a mark: a wide form, or None for one byte an ASCII character.

    Raises Stopped for NUL bytes that fit no form.
    """
    start = data[:4]
    if b"\x00" not in start:
        return None
    for pattern, codec in (("000x", "utf-32-be"), ("x000", "utf-32-le"), ("0x0x", "utf-16-be"), ("x0x0", "utf-16-le")):
        if len(start) == 4 and all((byte == 0) == (wanted == "0") for byte, wanted in zip(start, pattern, strict=True)):
            return codec
    raise Stopped("character-forbidden", "1:1", "NUL bytes at the start")


def _known(declared: str) -> tuple[str, int]:
    """(codec, bytes of its unit) of a name. Raises Stopped for one that is not read here."""
    wide = _WIDE_FAMILY.fullmatch(declared)
    if wide is not None:
        size = {"16": 2, "2": 2, "32": 4, "4": 4}[wide[1]]
        order = "-" + wide[2].strip("-") if wide[2] else ""
        return f"utf-{size * 8}{order}", size
    narrow = _ASCII_FAMILY.fullmatch(declared)
    if narrow is not None:
        codec = _narrow_codec(declared, narrow)
        if codec is not None:
            return codec, 1
    raise Stopped("encoding-refused", "1:1", f"the encoding {declared} is not read here")


def _narrow_codec(declared: str, found: re.Match[str]) -> str | None:
    if found[1] is None:
        return "utf-8" if declared.startswith("utf") else "ascii"
    number = int(found[2])
    if found[1].startswith("iso"):
        return f"iso8859-{number}" if number in _ISO_PARTS else None
    if found[1].startswith("latin"):
        return f"iso8859-{_LATIN_PARTS[number]}" if number in _LATIN_PARTS else None
    return f"cp{number}" if number in _WINDOWS_PAGES else None


def _codec(declared: str | None, family: str | None, *, marked: bool) -> str:
    """The one codec that bytes and declaration agree on. Raises Stopped when they do not."""
    if declared is None:
        if family is not None and not marked and family != "utf-8":
            raise Stopped("encoding-contradiction", "1:1", f"{family} without byte order mark and declaration")
        return family or "utf-8"
    codec, size = _known(declared)
    if family is None:
        if size != 1:
            raise Stopped("encoding-contradiction", "1:1", f"declared {declared}, but the bytes are not")
        return codec
    if family == "utf-8":
        agreed = codec == "utf-8"
    else:
        agreed = size > 1 and family.startswith(f"utf-{size * 8}") and codec in (family, family[:6])
    if not agreed:
        raise Stopped("encoding-contradiction", "1:1", f"declared {declared}, but the bytes are {family}")
    return family
