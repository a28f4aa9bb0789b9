"""Compiled XSD schemas of a folder, found by namespace: a folder is listed once, a schema compiled once."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import msgspec
from lxml import etree

from isthmus.gateways.iso20022.elements import Element, local, place
from isthmus.kernel.errors import BadInput

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
"""What the namespace of every message begins with; the identifier of the message follows."""

ERRORS_MAX = 50
"""As many errors of one document are told."""

_ELEMENT = "{http://www.w3.org/2001/XMLSchema}element"
_TRUSTED = etree.XMLParser(no_network=True, resolve_entities=False)
_TARGET = re.compile(rb"targetNamespace\s*=\s*[\"']([^\"']+)[\"']")
_HEAD_BYTES = 1 << 16


class SchemaError(msgspec.Struct, frozen=True):
    line: int
    path: str
    message: str


class Schemas:
    """The schemas of one folder."""

    def __init__(self, folder: Path) -> None:
        """Raises BadInput if the folder cannot be listed."""
        if not folder.is_dir():
            raise BadInput("xsd", f"{folder} is no folder")
        self.folder = folder
        self._files: dict[str, Path] = {}
        self._compiled: dict[str, etree.XMLSchema] = {}
        for file in sorted(folder.glob("*.xsd")):
            with file.open("rb") as stream:
                found = _TARGET.search(stream.read(_HEAD_BYTES))
            if found:
                self._files.setdefault(found[1].decode(), file)

    def for_namespace(self, namespace: str) -> etree.XMLSchema | None:
        """The compiled schema, or None where the folder has none. Raises BadInput for a file that is no schema."""
        schema = self._compiled.get(namespace)
        if schema is None and namespace in self._files:
            file = self._files[namespace]
            try:
                schema = etree.XMLSchema(etree.parse(file, _TRUSTED))
            except (etree.XMLSchemaParseError, etree.XMLSyntaxError) as fault:
                raise BadInput("xsd", f"{file.name}: {fault}") from fault
            self._compiled[namespace] = schema
        return schema

    def names(self, namespace: str) -> frozenset[str] | None:
        """The names of all elements that the schema declares; None where the folder has none."""
        file = self._files.get(namespace)
        if file is None:
            return None
        return frozenset(str(element.get("name")) for element in etree.parse(file, _TRUSTED).iter(_ELEMENT))


@lru_cache(maxsize=8)
def schemas_of(folder: Path) -> Schemas:
    return Schemas(folder)


def schema_errors(schema: etree.XMLSchema, part: Element) -> list[SchemaError]:
    """What the last validation of `part` against `schema` found, namespaces left out."""
    found = list(schema.error_log)[:ERRORS_MAX]
    return [SchemaError(error.line, _path(part, error.path or ""), _plain(error.message)) for error in found]


def _path(part: Element, path: str) -> str:
    """The names along a path of libxml2, which says * where a namespace has no prefix; its first step is `part`."""
    at: Element | None = part
    for step in path.strip("/").split("/")[1:]:
        name, _, position = step.rstrip("]").partition("[")
        if at is None or not (position.isdigit() or not position):
            return path
        wanted = name.rpartition(":")[2]
        named = [child for child in at if isinstance(child.tag, str) and (wanted == "*" or local(child) == wanted)]
        place_of = int(position or 1) - 1
        at = named[place_of] if place_of < len(named) else None
    return path if at is None else place(at)


def _plain(text: str) -> str:
    return re.sub(r"\{[a-z]+:[^}]*\}", "", text)
