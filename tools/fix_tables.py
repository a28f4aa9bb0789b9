"""Makes a compact table of facts (tags, types, codes, layouts) of a FIX dictionary in the XML form of FIX engines.

    python tools/fix_tables.py FIX44.xml > crates/wire/src/fix/dictionary/tables/fix44.txt

The tables in the repository were made from the dictionaries that the crate rustyfix-dictionary 0.7.4 carries
(Apache-2.0; its own reader loses what components hold), then amended by `AMENDED_*` where those fall short of the
published standard.
The form of a table is described in crates/wire/src/fix/dictionary/table.rs.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator

AMENDED_TYPES = {
    # two-character codes exist, so these are not CHAR
    ("FIX.4.4", 139): "STRING", ("FIX.4.4", 532): "STRING", ("FIX.5.0SP2", 587): "STRING",
    ("FIX.5.0SP2", 1193): "STRING", ("FIX.5.0SP2", 1317): "STRING",
    # several codes may be given; a quantity may have decimals; XML documents are data
    ("FIX.5.0SP2", 1308): "MULTIPLECHARVALUE", ("FIX.5.0SP2", 1009): "QTY", ("FIX.5.0SP2", 213): "XMLDATA",
    ("FIX.5.0SP2", 1283): "XMLDATA", ("FIX.5.0SP2", 1294): "CHAR", ("FIX.5.0SP2", 1299): "INT",
    ("FIX.5.0SP2", 674): "INT", ("FIX.5.0SP2", 877): "STRING",
}  # fmt: skip
"""By version and tag."""

OPEN_CODES = {35, 336, 347, 625, 1035}
"""Fields whose codes are not closed: message types (the messages are the list), trading sessions (agreed between the
parties), encodings (IANA names, in any case), handling instructions (registered by markets)."""

AMENDED_CODES = {("FIXT.1.1", 373): ["18"]}
"""Codes of the standard that are missing."""

AMENDED_FIELDS = {
    "FIXT.1.1": [
        (372, "RefMsgType", "STRING"), (384, "NoMsgTypes", "NUMINGROUP"), (385, "MsgDirection", "CHAR"),
        (925, "NewPassword", "STRING"), (1156, "ApplExtID", "INT"), (1400, "EncryptedPasswordMethod", "INT"),
        (1401, "EncryptedPasswordLen", "LENGTH"), (1402, "EncryptedPassword", "DATA"),
        (1403, "EncryptedNewPasswordLen", "LENGTH"), (1404, "EncryptedNewPassword", "DATA"),
        (1406, "RefApplExtID", "INT"), (1407, "DefaultApplExtID", "INT"), (1408, "DefaultCstmApplVerID", "STRING"),
        (1409, "SessionStatus", "INT"), (1410, "DefaultVerIndicator", "BOOLEAN"),
    ],
}  # fmt: skip
"""Fields of FIXT 1.1 as of its extension packs up to 2010."""

AMENDED_MEMBERS = {
    ("FIXT.1.1", "header"): ["1156"],
    ("FIXT.1.1", "3"): ["1130", "1406", "1131"],
    ("FIXT.1.1", "5"): ["1409"],
    ("FIXT.1.1", "A"): ["925", "1400", "1401", "1402", "1403", "1404", "1407", "1408", "1409", "58", "354", "355"],
    ("FIXT.1.1", "MsgTypeGrp"): ["384[", "1406", "1410", "]"],
}
"""What else belongs to a header, a message or a component (of a group: before its end)."""

AMENDED_MESSAGES = {"FIXT.1.1": [("n", "XMLnonFIX", "admin")]}


def table(root: ET.Element) -> Iterator[str]:
    """The lines of the table."""
    version = version_of(root)
    fields = {field.get("name", ""): field for field in root.iterfind("fields/field")}
    yield f"fix {version}"
    known = {int(field.get("number", "0")) for field in fields.values()}
    for field in sorted(fields.values(), key=lambda field: int(field.get("number", "0"))):
        yield " ".join(["f", *_field(version, field)])
    for tag, name, kind in AMENDED_FIELDS.get(version, []):
        if tag not in known:
            yield f"f {tag} {name} {kind}"
    for name in ("header", "trailer"):
        node = root.find(name)
        yield _layout(name[0], version, name, () if node is None else node, fields)
    for component in root.iterfind("components/component"):
        name = component.get("name", "")
        yield _layout(f"c {name}", version, name, component, fields)
    for message in root.iterfind("messages/message"):
        kind = message.get("msgtype", "")
        yield _layout(f"m {kind} {message.get('name')} {message.get('msgcat')}", version, kind, message, fields)
    for kind, name, category in AMENDED_MESSAGES.get(version, []):
        yield f"m {kind} {name} {category}"


def version_of(root: ET.Element) -> str:
    """As a BeginString or an ApplVerID names it."""
    pack = root.get("servicepack", "0")
    return f"{root.get('type')}.{root.get('major')}.{root.get('minor')}" + ("" if pack == "0" else f"SP{pack}")


def _field(version: str, field: ET.Element) -> Iterable[str]:
    tag = int(field.get("number", "0"))
    yield str(tag)
    yield field.get("name", "")
    yield AMENDED_TYPES.get((version, tag), field.get("type", ""))
    if tag not in OPEN_CODES:
        yield from (value.get("enum", "").strip() for value in field.iterfind("value"))
        yield from AMENDED_CODES.get((version, tag), [])


def _layout(head: str, version: str, name: str, node: Iterable[ET.Element], fields: dict[str, ET.Element]) -> str:
    members = list(_members(node, fields))
    more = AMENDED_MEMBERS.get((version, name), [])
    if more and more[-1] == "]":
        members[-1:-1] = more[1:-1]
    else:
        members += more
    return " ".join([head, *members])


def _members(node: Iterable[ET.Element], fields: dict[str, ET.Element]) -> Iterator[str]:
    for child in node:
        name, mark = child.get("name", ""), "!" if child.get("required") == "Y" else ""
        if child.tag == "component":
            yield f"@{name}{mark}"
        elif child.tag == "field":
            yield f"{fields[name].get('number')}{mark}"
        else:
            yield f"{fields[name].get('number')}{mark}["
            yield from _members(child, fields)
            yield "]"


if __name__ == "__main__":
    print("\n".join(table(ET.parse(sys.argv[1]).getroot())))
