"""The whole filter: bytes or text in, a tree that may be acted on out, or a stop with rule and place.

parse -> of which kind -> schema -> values that say one thing only -> counts, sums, identifiers -> free text
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec
from lxml import etree

from isthmus.gateways.xmlguard.definitions import BRIDGE, NAMESPACE, PAYMENTS, Definition, definition
from isthmus.gateways.xmlguard.free_text import fault_of
from isthmus.gateways.xmlguard.limits import ORDER, Limits
from isthmus.gateways.xmlguard.parse import safe_parse
from isthmus.gateways.xmlguard.payments import judge_payments
from isthmus.gateways.xmlguard.places import local_name, path_of
from isthmus.gateways.xmlguard.stops import Stopped

Kind = Literal["pain.001", "bridge"]
FREE_TEXT = frozenset(
    {
        "Nm",
        "Ustrd",
        "AddtlRmtInf",
        "AdrLine",
        "StrtNm",
        "TwnNm",
        "BldgNm",
        "Dept",
        "SubDept",
        "InstrInf",
        "Inf",
        "Comment",
    }
)
"""Elements whose value may be written as one CDATA section."""
TRANSFER = Limits(
    document_bytes=4 << 20,
    depth_levels=32,
    elements=200_000,
    names_distinct=400,
    text_characters=4_096,
    comments_judged=True,
    cdata_in=FREE_TEXT,
)
"""A message of a bank's client: some 4,000 transfers."""
UNKNOWN = Limits(
    document_bytes=4 << 20,
    depth_levels=32,
    elements=5_000,
    names_distinct=500,
    text_characters=4_096,
    comments_judged=True,
)
"""A document of no kind that is known here."""
ELEMENTS_BESIDE, ELEMENTS_A_TRANSFER = 2_000, 400
"""What a message may hold in all, by the number of transfers that it announces: a schema allows far fewer."""
_LOOKED_AT = 4_096
_SECRETS = frozenset({"Key", "Secret"})
"""Random letters, held to their pattern by the schema."""
_FIRST_NAME = re.compile(r"<(?:[\w.-]{1,64}:)?([A-Za-z_][\w.-]{0,64})")
_ANNOUNCED = re.compile(r"NbOfTxs>\s{0,8}([0-9]{1,15})")
_NUMBER_TOO_LARGE = 10**6


def inspect(data: bytes | str, kind: Kind | None = None) -> etree._Element:
    """The root of a document that broke no rule. Without a kind it is told by the root element; a document of another
    kind is then judged by everything but a schema. Raises Stopped.
    """
    looks = kind if kind is not None else _kind_of(data)
    limits = {"pain.001": TRANSFER, "bridge": ORDER, None: UNKNOWN}[looks]
    if looks != "bridge":
        _judge_size(data, limits, announced=looks == "pain.001")
    root = safe_parse(data, limits)
    if kind is not None or looks is not None:
        _judge_schema(root, _definition_for(root, looks))
    _judge_texts(root)
    if looks == "pain.001":
        judge_payments(root)
    elif looks == "bridge":
        _judge_order(root)
    return root


def _kind_of(data: bytes | str) -> Kind | None:
    """By the first element's name, as far as it can be seen before the document is read."""
    head = _head(data)
    found = _FIRST_NAME.search(head)
    if found is None:
        return None
    if found[1] in definition(BRIDGE).roots:
        return "bridge"
    return "pain.001" if found[1] == "Document" and "pain.001" in head else None


def _head(data: bytes | str) -> str:
    """The beginning, without the bytes that only a wide encoding has."""
    start = data[:_LOOKED_AT]
    return start if isinstance(start, str) else start.replace(b"\x00", b"").decode("latin-1")


def _judge_size(data: bytes | str, limits: Limits, *, announced: bool) -> None:
    """Markup that no honest document has, before anything walks over it. Raises Stopped."""
    tags = data.count("<") if isinstance(data, str) else data.count(b"<")
    most = limits.elements * 2
    if announced:
        found = _ANNOUNCED.search(_head(data))
        transfers = min(int(found[1]), _NUMBER_TOO_LARGE) if found is not None else 0
        most = min(most, 2 * (ELEMENTS_BESIDE + ELEMENTS_A_TRANSFER * transfers))
    if tags > most:
        raise Stopped("elements", "1:1", f"{tags} marks of elements: more than a message of this kind can have")


def _definition_for(root: etree._Element, kind: Kind | None) -> Definition:
    space, _, name = str(root.tag).rpartition("}")
    space = space.removeprefix("{")
    if kind == "bridge":
        ours = definition(BRIDGE)
        if str(root.tag) not in ours.roots:
            raise Stopped("schema-unknown", path_of(root), f"{name} is no document of the bridge")
        return ours
    message = space.removeprefix(NAMESPACE)
    if name != "Document" or message not in PAYMENTS:
        raise Stopped("schema-unknown", path_of(root), f"none of {', '.join(PAYMENTS)}: {message or name}")
    return definition(message)


def _judge_schema(root: etree._Element, expected: Definition) -> None:
    if expected.schema.validate(root):
        return
    error = expected.schema.error_log[0]
    raise Stopped("schema", _place(root, error.path), error.message.replace("{" + (expected.namespace or "") + "}", ""))


def _place(root: etree._Element, found: str | None) -> str:
    """libxml2's path as one of names."""
    try:
        elements = root.getroottree().xpath(found) if found else []
    except etree.XPathError:
        elements = []
    first = elements[0] if isinstance(elements, list) and elements else root
    return path_of(first) if isinstance(first, etree._Element) else path_of(root)


def _judge_texts(root: etree._Element) -> None:
    """Every value of every element and attribute: what it holds must be text and no more. Raises Stopped."""
    for element in root.iter(etree.Element):
        if len(element) == 0 and element.text and local_name(element) not in _SECRETS:
            fault = fault_of(element.text)
            if fault is not None:
                raise Stopped(fault[0], path_of(element), fault[1])
        for name, value in element.attrib.items():
            fault = fault_of(str(value))
            if fault is not None:
                raise Stopped(fault[0], f"{path_of(element)}/@{str(name).rpartition('}')[2]}", fault[1])


def _judge_order(root: etree._Element) -> None:
    """Numbers of an order are above zero; its price and its type go together. Raises Stopped."""
    values = {local_name(element): element for element in root}
    for name in ("Volume", "Price", "StopPrice"):
        if name in values and not float(values[name].text or "0"):
            raise Stopped("number-form", path_of(values[name]), f"{name} is zero")


class Verdict(msgspec.Struct, frozen=True):
    """What became of a document: `rule` and `place` of the stop, None when it was accepted."""

    verdict: Literal["accept", "reject"]
    rule: str | None = None
    place: str | None = None
    reason: str | None = None


def verdict_of(data: bytes | str, kind: Kind | None = None) -> Verdict:
    """The same as a value."""
    try:
        inspect(data, kind)
    except Stopped as stop:
        return Verdict("reject", stop.rule, stop.place, stop.reason)
    return Verdict("accept")
