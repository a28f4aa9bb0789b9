"""One pass over the text before any parser sees it: what is banned, what is too large, values in more than one piece.

It reads the part of XML 1.0 that is let through (section 2.4: tags, comments, CDATA sections, references to the five
predefined entities and to characters); whatever else it finds is a stop. Linear in the text, and it ends at the first
stop, so that a bomb is refused before it is unpacked.
"""

from __future__ import annotations

import re

from isthmus.gateways.xmlguard.characters import CONTROLS, INVISIBLES, forbidden_in
from isthmus.gateways.xmlguard.free_text import fault_of
from isthmus.gateways.xmlguard.limits import Limits
from isthmus.gateways.xmlguard.places import path_from
from isthmus.gateways.xmlguard.stops import Stopped, line_and_column

_S = r"[ \t\r\n]"
_NAME = r"[^\x00-\x20<>/=!?'\"&;()\[\]{}#,*+|@$%^`~\\]++"
_TAG = re.compile(
    rf"<(?:/(?P<end>{_NAME}){_S}*+>"
    rf"|(?P<start>{_NAME})(?P<attributes>(?:{_S}++{_NAME}{_S}*+={_S}*+(?:\"[^\"<]*+\"|'[^'<]*+'))*+){_S}*+(?P<empty>/?)>)"
)
_ATTRIBUTE = re.compile(rf"({_NAME}){_S}*+={_S}*+(?:\"([^\"<]*+)\"|'([^'<]*+)')")
_REFERENCE = re.compile(r"&(?:#x([0-9A-Fa-f]{1,8});|#([0-9]{1,10});|(amp|lt|gt|apos|quot);|([^\s;&<]{0,40});?)?")
_DOCTYPE = re.compile(r"<!\s*(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION|\[)", re.IGNORECASE)
_SMALL_CHARACTERS = 1 << 16
"""Up to here every character is looked at first, so that its rule is the one named; larger ones end at their markup."""
_SPACES = " \t\r\n"
_COMMENT, _CDATA = "<!--", "<![CDATA["


class _Open:
    """An element that is not closed yet, and what it has held so far."""

    __slots__ = ("at", "children", "holds_elements", "name", "number", "pieces", "remarks", "sections")

    def __init__(self, name: str, number: int, at: int) -> None:
        self.name = name
        self.number = number
        self.children: dict[str, int] = {}
        self.at = at
        self.pieces = 0
        """Runs of characters that say something, CDATA sections among them."""
        self.sections = 0
        self.remarks = 0
        self.holds_elements = False


class Scanner:
    """Scans one document; `scan` raises Stopped with rule and place."""

    def __init__(self, text: str, limits: Limits) -> None:
        self._text = text
        self._limits = limits
        self._open: list[_Open] = []
        self._names: set[str] = set()
        self._elements = 0
        self._has_root = False
        self._refers = "&" in text

    def scan(self) -> None:
        """All of it. Raises Stopped."""
        text = self._text
        small = len(text) <= _SMALL_CHARACTERS
        if small:
            self._characters()
        position = 0
        while (at := text.find("<", position)) != -1:
            if at > position:
                self._run(position, at)
            following = text[at + 1 : at + 2]
            if following == "!":
                position = self._declared(at)
            elif following == "?":
                raise self._instruction(at)
            else:
                position = self._tag(at)
        self._run(position, len(text))
        if self._open:
            raise self._stop("not-well-formed", self._open[-1].at, f"{self._open[-1].name} is not closed")
        if not self._has_root:
            raise self._stop("not-well-formed", 0, "there is no element")
        if not small:
            self._characters()

    def _characters(self) -> None:
        found = forbidden_in(self._text)
        if found is not None:
            rule, at = found
            kind = "invisible " if rule == "invisible-character" else ""
            raise self._stop(rule, at, f"the document holds the {kind}U+{ord(self._text[at]):04X}")

    def _run(self, start: int, end: int) -> None:
        """Characters between two pieces of markup."""
        text = self._text
        if end - start > self._limits.text_characters:
            if self._open or text[start:end].strip(_SPACES):
                raise self._stop(
                    "text-length", start, f"more than {self._limits.text_characters} characters in a value"
                )
            raise self._stop("text-length", start, "too much space outside the root")
        if self._refers:
            self._references(start, end)
        if text[start:end].strip(_SPACES):
            if not self._open:
                rule = "trailing-content" if self._has_root else "not-well-formed"
                raise self._stop(rule, start, "there are characters outside the root element")
            if "]]>" in text[start:end]:
                raise self._stop("not-well-formed", start, "]]> stands in a value")
            self._open[-1].pieces += 1

    def _references(self, start: int, end: int) -> None:
        position = self._text.find("&", start, end)
        while position != -1:
            found = _REFERENCE.match(self._text, position, end)
            assert found is not None
            if found[1] or found[2]:
                self._character(found, position)
            elif not found[3]:
                name = found[4] or ""
                rule = "entity-undeclared" if re.fullmatch(r"[\w.:-]+", name) else "not-well-formed"
                raise self._stop(rule, position, f"a reference to {name!r}: only the five of XML itself are known")
            position = self._text.find("&", found.end(), end)

    def _character(self, found: re.Match[str], position: int) -> None:
        number = int(found[1], 16) if found[1] else int(found[2])
        if number > 0x10FFFF or CONTROLS.match(chr(number)):
            raise self._stop("character-reference", position, f"{found[0]} is a forbidden character")
        if INVISIBLES.match(chr(number)):
            raise self._stop("invisible-character", position, f"{found[0]} is an invisible character")

    def _declared(self, at: int) -> int:
        """A comment or CDATA section; where it ends. Anything else that begins so is refused."""
        text = self._text
        if text.startswith(_COMMENT, at):
            return self._remark(at)
        if text.startswith(_CDATA, at):
            return self._section(at)
        if _DOCTYPE.match(text, at):
            raise self._stop("doctype", at, "a document type or markup declaration")
        raise self._stop("not-well-formed", at, "<! begins neither a comment nor a CDATA section")

    def _remark(self, at: int) -> int:
        dashes = self._text.find("--", at + len(_COMMENT))
        if dashes == -1 or self._text[dashes + 2 : dashes + 3] != ">":
            raise self._stop("not-well-formed", at, "a comment is not closed, or holds --")
        if dashes - at > self._limits.text_characters:
            raise self._stop("text-length", at, "the comment is too long")
        if self._limits.comments_judged:
            self._judge_comment(at, self._text[at + len(_COMMENT) : dashes])
        if self._open:
            self._open[-1].remarks += 1
        return dashes + 3

    def _judge_comment(self, at: int, said: str) -> None:
        if "<" in said:
            raise self._stop("comment-markup", at, "the comment hides markup")
        fault = fault_of(said.strip())
        if fault is not None:
            raise self._stop(fault[0], at, fault[1])

    def _section(self, at: int) -> int:
        start = at + len(_CDATA)
        end = self._text.find("]]>", start)
        if end == -1 or not self._open:
            raise self._stop("not-well-formed", at, "a CDATA section is not closed, or stands outside the root")
        if end - start > self._limits.text_characters:
            raise self._stop("text-length", at, "the CDATA section is too long")
        self._open[-1].pieces += 1
        self._open[-1].sections += 1
        return end + 3

    def _instruction(self, at: int) -> Stopped:
        if re.match(r"<\?xml[ \t\r\n?]", self._text[at : at + 6], re.IGNORECASE):
            return self._stop("declaration-misplaced", at, "an XML declaration stands only once, at the very start")
        return self._stop("processing-instruction", at, "a processing instruction")

    def _tag(self, at: int) -> int:
        found = _TAG.match(self._text, at, at + self._limits.tag_characters)
        if found is None:
            raise self._long_or_broken(at)
        if (name := found["end"]) is not None:
            self._close(name, at)
            return found.end()
        self._begin(found["start"], at)
        if found["attributes"]:
            self._attributes(found)
        if found["empty"]:
            self._open.pop()
        return found.end()

    def _long_or_broken(self, at: int) -> Stopped:
        """A tag that does not match within the limit: broken, unless it goes on longer than the limit."""
        cut = self._text[at : at + self._limits.tag_characters]
        if len(cut) == self._limits.tag_characters and cut.count("=") > self._limits.attributes:
            return self._stop("attributes", at, f"more than {self._limits.attributes} attributes")
        if len(cut) == self._limits.tag_characters and "<" not in cut[1:]:
            return self._stop("tag-length", at, f"a tag of more than {self._limits.tag_characters} characters")
        return self._stop("not-well-formed", at, "the tag is not well-formed")

    def _begin(self, name: str, at: int) -> None:
        limits = self._limits
        number = 1
        if self._open:
            around = self._open[-1]
            around.holds_elements = True
            number = around.children[name] = around.children.get(name, 0) + 1
        elif self._has_root:
            raise self._stop("trailing-content", at, "there is a second root element")
        self._has_root = True
        if len(name) > limits.name_characters:
            raise self._stop("name-length", at, f"a name of more than {limits.name_characters} characters")
        self._names.add(name)
        self._elements += 1
        self._open.append(_Open(name, number, at))
        if len(self._open) > limits.depth_levels:
            raise self._stop("depth", at, f"nested deeper than {limits.depth_levels} levels")
        if self._elements > limits.elements:
            raise self._stop("elements", at, f"more than {limits.elements} elements")
        if len(self._names) > limits.names_distinct:
            raise self._stop("names", at, f"more than {limits.names_distinct} different names")

    def _attributes(self, tag: re.Match[str]) -> None:
        at = tag.start("attributes")
        pairs = _ATTRIBUTE.findall(tag["attributes"])
        if len(pairs) > self._limits.attributes:
            raise self._stop("attributes", at, f"more than {self._limits.attributes} attributes")
        names = [name for name, _, _ in pairs]
        if len(set(names)) != len(names):
            raise self._stop("not-well-formed", at, "an attribute stands twice")
        if any(len(name) > self._limits.name_characters for name in names):
            raise self._stop("name-length", at, "the name of an attribute is too long")
        if self._refers:
            self._references(at, tag.end("attributes"))

    def _close(self, name: str, at: int) -> None:
        if not self._open or self._open[-1].name != name:
            raise self._stop("not-well-formed", at, f"</{name}> closes nothing that is open here")
        held = self._open[-1]
        if held.holds_elements:
            if held.pieces:
                raise self._stop_here("mixed-content", f"{name} holds both characters and elements")
        elif held.remarks:
            raise self._stop_here("value-split", f"a comment stands in the value of {name}")
        elif held.sections:
            self._judge_sections(held)
        self._open.pop()

    def _judge_sections(self, held: _Open) -> None:
        allowed = self._limits.cdata_in
        local = held.name.rpartition(":")[2]
        if held.pieces > 1:
            raise self._stop_here("value-split", f"the value of {held.name} is in more than one piece")
        if allowed is not None and local not in allowed:
            raise self._stop_here("cdata-in-value", f"{held.name} holds a CDATA section")

    def _stop(self, rule: str, at: int, reason: str) -> Stopped:
        return Stopped(rule, line_and_column(self._text, at), reason)

    def _stop_here(self, rule: str, reason: str) -> Stopped:
        """With the path of the element that is open."""
        steps = [(held.name.rpartition(":")[2], held.number) for held in self._open]
        return Stopped(rule, path_from(steps), reason)
