"""The bridge's documents as values and back, every one through the filter on its way in.

<BridgeOrder><Login>50012345</Login><Ticket>TKT-1</Ticket><Symbol>EURUSD</Symbol><Side>BUY</Side>
<Volume>0.10</Volume><Comment>open</Comment></BridgeOrder>
"""

from __future__ import annotations

from typing import TypeVar
from xml.sax.saxutils import escape

import msgspec
from lxml import etree

from isthmus.gateways.mt4.messages import BankAnswer, BridgeAnswer, BridgeOrder, Cancel, Logon, Query, Request
from isthmus.gateways.xmlguard.inspecting import inspect
from isthmus.gateways.xmlguard.places import local_name
from isthmus.gateways.xmlguard.stops import Stopped

_REQUESTS: dict[str, type[Request]] = {
    "BridgeLogon": Logon,
    "BridgeOrder": BridgeOrder,
    "BridgeCancel": Cancel,
    "BridgeQuery": Query,
}
_NAMES = {kind: name for name, kind in _REQUESTS.items()} | {BridgeAnswer: "BridgeAnswer", BankAnswer: "BankAnswer"}
_ELEMENTS = (
    "Key Secret Id Login Ticket Symbol Side Type Status Order Volume Price StopPrice TimeInForce Filled AveragePrice"
    " Reference Reason Detail Rule Place Comment"
)
_ELEMENT_ORDER = tuple(_ELEMENTS.split())
"""Every element of every document in the one order that all their schemas keep."""
Document = TypeVar("Document")


def request_of(data: bytes) -> Request:
    """What the bridge asks. Raises Stopped."""
    root = inspect(data, "bridge")
    kind = _REQUESTS.get(local_name(root))
    if kind is None:
        raise Stopped("schema-unknown", f"/{local_name(root)}", "this document is not for the broker")
    return _value(root, kind)


def answer_of(data: bytes) -> BridgeAnswer:
    """What the broker answered. Raises Stopped."""
    return _value(_expected(data, "BridgeAnswer"), BridgeAnswer)


def bank_answer_of(data: bytes) -> BankAnswer:
    """What the bank answered in XML. Raises Stopped."""
    return _value(_expected(data, "BankAnswer"), BankAnswer)


def document_of(value: Request | BridgeAnswer | BankAnswer) -> bytes:
    """The document of a value; what is None or empty is left out."""
    name = _NAMES[type(value)]
    texts = {_element_name(field): text for field, text in msgspec.structs.asdict(value).items() if text is not None}
    inner = "".join(f"<{name}>{escape(texts[name])}</{name}>" for name in _ELEMENT_ORDER if name in texts)
    return f'<?xml version="1.0" encoding="UTF-8"?><{name}>{inner}</{name}>'.encode()


def _expected(data: bytes, name: str) -> etree._Element:
    root = inspect(data, "bridge")
    if local_name(root) != name:
        raise Stopped("schema-unknown", f"/{local_name(root)}", f"{name} is expected here")
    return root


def _value(root: etree._Element, kind: type[Document]) -> Document:
    """The schema has said that it fits."""
    return msgspec.convert({_field_name(local_name(element)): element.text or "" for element in root}, kind)


def _element_name(field: str) -> str:
    return "".join(word.capitalize() for word in field.split("_"))


def _field_name(element: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in element).lstrip("_")
