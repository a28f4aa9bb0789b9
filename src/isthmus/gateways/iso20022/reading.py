"""Documents of banks, read by the guard that every wire uses. Hints at schemas (xsi:schemaLocation) are taken off."""

from __future__ import annotations

from isthmus.gateways.iso20022.code_lists import COUNTRIES, IBANS, MINOR_UNITS
from isthmus.gateways.iso20022.elements import Element
from isthmus.gateways.iso20022.value_rules import VALUES
from isthmus.gateways.xmlguard.limits import Limits
from isthmus.gateways.xmlguard.plain import Tables, new_screen, screened_parse

MESSAGE = Limits(document_bytes=32 << 20, schema_hints="drop")

_SCREEN = new_screen(
    MESSAGE,
    Tables(
        sorted(COUNTRIES),
        sorted(MINOR_UNITS.items()),
        list(IBANS),
        [name for name, (rule, _) in VALUES.items() if rule == "country"],
        [name for name, (rule, _) in VALUES.items() if rule == "currency"],
    ),
)


def read(data: bytes | str) -> Element:
    """The root. Raises Stopped."""
    return screened_parse(data, MESSAGE, _SCREEN)[0]


def read_screened(data: bytes | str) -> tuple[Element, int]:
    """The root, and the flags of `xmlguard.plain` that say which rules hold in any case. Raises Stopped."""
    return screened_parse(data, MESSAGE, _SCREEN)
