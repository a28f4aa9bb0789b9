"""Whatever is done to a document's bytes: a verdict, never a fault; and nobody's mutation passes a value unchecked."""

import contextlib
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.unit.gateways.xmlguard.documents import ORDER, PAYMENT, said

from isthmus.gateways.xmlguard.definitions import NAMESPACE as SPACE
from isthmus.gateways.xmlguard.definitions import PAYMENTS, definition
from isthmus.gateways.xmlguard.free_text import fault_of
from isthmus.gateways.xmlguard.inspecting import inspect, verdict_of
from isthmus.gateways.xmlguard.json_values import safe_json
from isthmus.gateways.xmlguard.stops import Stopped

PIECES = (
    b"<!DOCTYPE x [",
    b"]>",
    b"<!ENTITY a 'b'>",
    b"&a;",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"-->",
    b"<?x?>",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"&#x202e;",
    b"&#0;",
    b"xmlns='u'",
    b"</IBAN>",
    b"<IBAN>",
    b"\xc0\xbc",
    b"\xed\xa0\x80",
    b"'",
    b'"',
    b"=",
    b"encoding='utf-16'",
    b"</CdtTrfTxInf>",
    b"<CdtTrfTxInf>",
    b"9",
    b"\xe2\x80\xae",
    b"\xd0\x90",
    b"+",
    b"-",
    b" ",
    b"\n",
)
EDITS = st.lists(
    st.tuples(st.integers(0, 2_000), st.integers(0, 12), st.one_of(st.sampled_from(PIECES), st.binary(max_size=4))),
    min_size=1,
    max_size=4,
)


def mutated(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for at, cut, piece in edits:
        at %= len(data) + 1
        data = data[:at] + piece + data[at + cut :]
    return data


@settings(max_examples=400)
@given(st.sampled_from((PAYMENT.encode(), ORDER.encode(), PAYMENT.replace("UTF-8", "UTF-16").encode("utf-16"))), EDITS)
def test_any_mutation_has_a_verdict(data: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    verdict = verdict_of(mutated(data, edits))
    assert (verdict.rule is None) == (verdict.verdict == "accept")
    assert bool(verdict.place) == (verdict.verdict == "reject")


@settings(max_examples=400)
@given(EDITS)
def test_a_mutated_payment_that_is_let_through_still_adds_up(edits: list[tuple[int, int, bytes]]) -> None:
    try:
        root = inspect(mutated(PAYMENT.encode(), edits), "pain.001")
    except Stopped:
        return
    transfers = list(root.iter("{*}CdtTrfTxInf"))
    assert root.findtext(".//{*}NbOfTxs") == str(len(transfers))
    claimed = root.findtext(".//{*}CtrlSum")
    total = sum(Decimal(amount.text or "0") for amount in root.iter("{*}InstdAmt"))
    assert claimed is None or Decimal(claimed) == total
    assert all(
        int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1 for text in root.itertext("{*}IBAN")
    )


@given(st.text(max_size=140))
def test_any_text_has_a_verdict(text: str) -> None:
    fault = fault_of(text)
    assert fault is None or all(fault)
    if text.isascii() and text.replace(" ", "").isalnum() and "select" not in text.lower():
        assert fault is None


@given(st.binary(max_size=100))
def test_any_bytes_are_json_or_a_stop(data: bytes) -> None:
    with contextlib.suppress(Stopped):
        assert safe_json(data) == json.loads(data)


@given(st.text(st.characters(min_codepoint=0x61, max_codepoint=0x7A), min_size=1, max_size=30))
def test_words_of_letters_are_always_let_through(text: str) -> None:
    assert verdict_of(said(text)).rule is None


@pytest.mark.parametrize("name", PAYMENTS)
def test_a_table_says_what_the_published_schema_says(name: str, test_data: Path) -> None:
    published = etree.XMLSchema(etree.parse(test_data / "protocols" / "iso20022" / "xsd" / f"{name}.xsd"))
    ours = definition(name).schema
    tried = accepted = 0
    for path in sorted((test_data / "protocols" / "iso20022").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            xml = str(json.loads(line).get("xml", ""))
            if SPACE + name not in xml:
                continue
            root = etree.fromstring(xml.encode())
            assert ours.validate(root) == published.validate(root)
            accepted += ours.validate(root)
            for element in list(root.iter(etree.Element))[1:]:
                around = element.getparent()
                place = around.index(element)
                around.remove(element)
                assert ours.validate(root) == published.validate(root), element.tag
                around.insert(place, element)
                around.insert(place, etree.fromstring(etree.tostring(element)))
                assert ours.validate(root) == published.validate(root), element.tag
                around.remove(around[place])
                tried += 1
    assert tried > 20
    assert accepted > 0
