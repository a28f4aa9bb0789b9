"""The pass before the parser is a twin of the rules: what it knows to hold, the rules find nothing against."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.gateways.iso20022.payment_rules import transfer_findings
from isthmus.gateways.iso20022.payments import Party, Payment, Payments, customer_transfer
from isthmus.gateways.iso20022.reading import read_screened
from isthmus.gateways.iso20022.value_rules import RULED, value_findings
from isthmus.gateways.xmlguard import Stopped
from isthmus.gateways.xmlguard.plain import PLAIN, TRANSFER, VALUES

SPACE = "urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"
TAGS = tuple(f"{{{SPACE}}}{name}" for name in sorted(RULED))


def _transfer(count: int) -> str:
    payments = tuple(
        Payment(
            end_to_end=f"E{place}",
            amount=Decimal("10.50") + place,
            currency="EUR",
            debtor=Party(name="A", country="DE", town="Berlin"),
            creditor=Party(name="B", lei="529900T8BM49AURSDO55"),
            debtor_account="DE89370400440532013000",
            creditor_account="GB29NWBK60161331926819",
            debtor_agent="DEUTDEFF",
            creditor_agent="CHASUS33XXX",
            uetr=f"7a562c67-ca16-48ba-b074-65581be6f{place:03x}",
            purpose="SALA",
        )
        for place in range(count)
    )
    return customer_transfer(
        Payments(message="M", created="2026-01-05T10:00:00+00:00", date="2026-01-06", payments=payments)
    )


@pytest.mark.parametrize("count", [1, 2, 40])
def test_of_a_right_transfer_the_pass_knows_everything(count: int) -> None:
    """Otherwise the laws below would hold of a pass that knows nothing."""
    assert read_screened(_transfer(count))[1] == PLAIN | VALUES | TRANSFER


_PIECES = [
    "DE89370400440532013000",
    "DE88370400440532013000",
    "DEUTDEFF",
    "DEUTXXFF",
    "EUR",
    "JPY",
    "USD",
    "10.50",
    "11.50",
    "10.505",
    "INDA",
    "COVE",
    "CLRG",
    "E0",
    "E1",
    "NOTPROVIDED",
    "1",
    "2",
    "IntrBkSttlmDt",
    "InstdAmt",
    "XchgRate",
    "ChrgsInf",
    "IntrmyAgt2",
    "PmtTpInf",
    "CdtTrfTxInf",
    "GrpHdr",
    "NbOfTxs",
    "CtrlSum",
    "SALA",
    "sala",
    "DE",
    "UK",
    "48ba",
    "65581be6f000",
    "65581be6f001",
    "18ba",
]
_INSERTS = [
    "<IntrmyAgt2/>",
    "<PmtTpInf/>",
    '<InstdAmt Ccy="USD">1</InstdAmt>',
    "<XchgRate>1.1</XchgRate>",
    "<ChrgsInf/>",
    "<CtrlSum>22</CtrlSum>",
    "<CtrlSum>10.50</CtrlSum>",
    "<IntrBkSttlmDt>2026-01-06</IntrBkSttlmDt>",
    "<Ctry>UK</Ctry>",
    '<Amt Ccy="JPY">1.5</Amt>',
    "<InstgAgt/>",
    "<ISIN>US0378331006</ISIN>",
    "<a>",
    "</a>",
    "x",
]


@settings(max_examples=400)
@given(
    st.integers(1, 3),
    st.lists(st.tuples(st.sampled_from(_PIECES), st.sampled_from(_PIECES), st.integers(1, 3)), max_size=3),
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from(_INSERTS)), max_size=3),
)
def test_what_the_pass_knows_no_rule_contradicts(
    count: int, changes: list[tuple[str, str, int]], inserts: list[tuple[int, str]]
) -> None:
    xml = _transfer(count)
    for old, new, times in changes:
        xml = xml.replace(old, new, times)
    for place, piece in inserts:
        parts = xml.split(">")
        at = 1 + place % max(1, len(parts) - 2)
        xml = ">".join(parts[:at]) + ">" + piece + ">".join(parts[at:]) if at < len(parts) else xml
    try:
        root, known = read_screened(xml)
    except Stopped:
        return
    if known & VALUES:
        assert list(value_findings(root, TAGS)) == []
    if known & TRANSFER:
        try:
            found = list(transfer_findings(root[0]))
        except KeyError:
            found = []
        assert found == []
