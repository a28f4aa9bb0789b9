"""Writes the tables of src/isthmus/gateways/xmlguard/tables: what a message of ISO 20022 may hold, a type a line.

    python tools/iso_tables.py XSD_FOLDER NAME ...      prints the table of each message, such as pain.001.001.09

A table states the message definition's facts (element, how often, type) in a notation of our own, so that the filter
works where no schema is installed. tests/unit/tools compares the tables with the schemas where those are at hand.
"""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

XS = "{http://www.w3.org/2001/XMLSchema}"
PLAIN = {
    "xs:date": "date",
    "xs:dateTime": "dateTime",
    "xs:time": "time",
    "xs:boolean": "boolean",
    "xs:gYear": "gYear",
    "xs:gYearMonth": "gYearMonth",
    "xs:gMonth": "gMonth",
    "xs:base64Binary": "base64",
}


def table(path: Path) -> list[str]:
    """The lines of one schema's table, in the order of the schema."""
    root = ET.parse(path).getroot()
    lines = [f"Root > {root.find(f'{XS}element').get('name')}:{root.find(f'{XS}element').get('type')}"]
    for node in root:
        if node.tag == f"{XS}complexType":
            lines.append(f"{node.get('name')} {complex_type(node)}")
        elif node.tag == f"{XS}simpleType":
            lines.append(f"{node.get('name')} {simple_type(node)}")
    return lines


def complex_type(node: ET.Element) -> str:
    """Elements in sequence (>) or of choice (|), a value with attributes (@), or anything at all."""
    (content,) = [child for child in node if child.tag != f"{XS}attribute"]
    if content.tag == f"{XS}simpleContent":
        (extension,) = content
        attributes = " ".join(f"{found.get('name')}:{found.get('type')}" for found in extension)
        return f"@ {extension.get('base')} {attributes}"
    parts = list(content)
    if content.tag == f"{XS}sequence" and len(parts) == 1 and parts[0].tag == f"{XS}choice":
        content, parts = parts[0], list(parts[0])
    if [part.tag for part in parts] == [f"{XS}any"]:
        return "any"
    assert all(part.tag == f"{XS}element" for part in parts), node.get("name")
    assert content.get("minOccurs", "1") == content.get("maxOccurs", "1") == "1", node.get("name")
    sign = {f"{XS}sequence": ">", f"{XS}choice": "|"}[content.tag]
    return f"{sign} {' '.join(map(element, parts))}"


def element(node: ET.Element) -> str:
    """Name, how often, type."""
    least, most = node.get("minOccurs", "1"), node.get("maxOccurs", "1")
    signs = {("1", "1"): "", ("0", "1"): "?", ("0", "unbounded"): "*", ("1", "unbounded"): "+"}
    return f"{node.get('name')}{signs.get((least, most), f'{{{least},{most}}}')}:{node.get('type')}"


def simple_type(node: ET.Element) -> str:
    """What a value may be."""
    (restriction,) = node
    base = restriction.get("base")
    facets = {facet.tag.removeprefix(XS): facet.get("value") for facet in restriction}
    if "enumeration" in facets:
        return "codes " + " ".join(facet.get("value") for facet in restriction)
    if base == "xs:decimal":
        least = facets.get("minInclusive", "-")
        return f"decimal {facets['totalDigits']} {facets['fractionDigits']} {least}"
    if base in PLAIN:
        return PLAIN[base]
    assert base == "xs:string", node.get("name")
    words = [f"length {facets.get('minLength', 0)} {facets.get('maxLength', '-')}"] if "maxLength" in facets else []
    words += [f"pattern {facets['pattern']}"] if "pattern" in facets else []
    return " ".join(words) or "string"


if __name__ == "__main__":
    for name in sys.argv[2:]:
        print("\n".join(table(Path(sys.argv[1]) / f"{name}.xsd")))
