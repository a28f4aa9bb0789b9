"""Documents of banks, read by the guard that every wire uses. Hints at schemas (xsi:schemaLocation), which banks
write, are taken off unread.
"""

from __future__ import annotations

from isthmus.gateways.iso20022.elements import Element
from isthmus.gateways.xmlguard import plain_parse, safe_parse
from isthmus.gateways.xmlguard.limits import Limits

MESSAGE = Limits(document_bytes=32 << 20, schema_hints="drop")


def read(data: bytes | str, *, validated: bool = False) -> Element:
    """The root. With `validated` the caller validates against a schema, and plain documents take the short way.
    Raises Stopped.
    """
    return plain_parse(data, MESSAGE) if validated else safe_parse(data, MESSAGE)
