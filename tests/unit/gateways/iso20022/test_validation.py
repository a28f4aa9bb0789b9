"""Two verdicts: schema and rules. Neither hides the other, and nothing in a document makes the judge fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from isthmus.gateways.iso20022.schemas import Schemas
from isthmus.gateways.iso20022.validation import Report, validate
from isthmus.kernel.errors import BadInput

PACS_008 = "urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"
TRANSACTION = """
<CdtTrfTxInf><PmtId><EndToEndId>E1</EndToEndId><UETR>7a562c67-ca16-48ba-b074-65581be6f001</UETR></PmtId>
<IntrBkSttlmAmt Ccy="EUR">10.50</IntrBkSttlmAmt><IntrBkSttlmDt>2026-01-06</IntrBkSttlmDt><ChrgBr>SHAR</ChrgBr>
<Dbtr><Nm>A</Nm></Dbtr><DbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></DbtrAcct>
<DbtrAgt><FinInstnId><BICFI>DEUTDEFF</BICFI></FinInstnId></DbtrAgt>
<CdtrAgt><FinInstnId><BICFI>CHASUS33XXX</BICFI></FinInstnId></CdtrAgt><Cdtr><Nm>B</Nm></Cdtr></CdtTrfTxInf>
"""
SCHEMA = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{PACS_008}" xmlns="{PACS_008}"
 elementFormDefault="qualified"><xs:element name="IntrBkSttlmAmt"/>
 <xs:element name="Document"><xs:complexType><xs:sequence>
 <xs:element name="FIToFICstmrCdtTrf"><xs:complexType><xs:sequence><xs:any processContents="skip" maxOccurs="5"/>
 </xs:sequence></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element></xs:schema>"""


def transfer(transactions: str = TRANSACTION, count: str = "1", more: str = "", settlement: str = "INDA") -> str:
    return (
        f'<Document xmlns="{PACS_008}"><FIToFICstmrCdtTrf><GrpHdr><MsgId>M1</MsgId>'
        f"<CreDtTm>2026-01-05T10:00:00Z</CreDtTm><NbOfTxs>{count}</NbOfTxs>{more}"
        f"<SttlmInf><SttlmMtd>{settlement}</SttlmMtd></SttlmInf></GrpHdr>{transactions}</FIToFICstmrCdtTrf></Document>"
    )


def rules(report: Report) -> list[str]:
    return [finding.rule for finding in report.rules]


@pytest.fixture
def schemas(tmp_path: Path) -> Schemas:
    (tmp_path / "pacs.008.001.08.xsd").write_text(SCHEMA)
    return Schemas(tmp_path)


def test_without_schemas_the_first_verdict_says_what_it_could_not_check() -> None:
    report = validate(transfer(), None)
    assert (report.message, report.schema, report.rules) == ("pacs.008.001.08", "not_checked", [])
    assert [part.namespace for part in report.unchecked] == [PACS_008]


def test_a_schema_of_another_message_does_not_judge_this_one(schemas: Schemas) -> None:
    report = validate(transfer().replace("pacs.008.001.08", "pacs.008.001.09"), schemas)
    assert report.schema == "not_checked"


def test_both_verdicts_are_given_and_neither_hides_the_other(schemas: Schemas) -> None:
    assert validate(transfer(), schemas).schema == "valid"
    broken = validate(transfer(TRANSACTION.replace("EUR", "JPY") * 6, "6"), schemas)
    assert broken.schema == "invalid"
    assert broken.schema_errors[0].path.startswith("/Document/FIToFICstmrCdtTrf")
    assert set(rules(broken)) == {"decimals", "end_to_end_twice", "uetr_twice"}


def test_a_schema_is_compiled_once(schemas: Schemas) -> None:
    assert schemas.for_namespace(PACS_008) is schemas.for_namespace(PACS_008)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no folder"):
        Schemas(tmp_path / "missing")


def test_a_file_that_is_no_schema_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.xsd").write_text(SCHEMA.replace('name="FIToFICstmrCdtTrf"', 'type="nothing" name="X"'))
    with pytest.raises(BadInput, match=r"bad\.xsd"):
        Schemas(tmp_path).for_namespace(PACS_008)


CASES = {
    "number_of_transactions": transfer(count="2"),
    "control_sum": transfer(more="<CtrlSum>11</CtrlSum>"),
    "total_amount": transfer(more='<TtlIntrBkSttlmAmt Ccy="EUR">11</TtlIntrBkSttlmAmt>'),
    "total_currency": transfer(more='<TtlIntrBkSttlmAmt Ccy="USD">10.50</TtlIntrBkSttlmAmt>'),
    "iban": transfer(TRANSACTION.replace("DE89", "DE88")),
    "bic": transfer(TRANSACTION.replace("CHASUS33XXX", "CHASXX33XXX")),
    "uetr": transfer(TRANSACTION.replace("48ba", "18ba")),
    "currency": transfer(TRANSACTION.replace("EUR", "ZZZ")),
    "decimals": transfer(TRANSACTION.replace("10.50", "10.505")),
    "settlement_date_missing": transfer(TRANSACTION.replace("<IntrBkSttlmDt>2026-01-06</IntrBkSttlmDt>", "")),
    "settlement_date_twice": transfer(more="<IntrBkSttlmDt>2026-01-06</IntrBkSttlmDt>"),
    "settlement_method": transfer(settlement="CLRG"),
    "end_to_end_twice": transfer(TRANSACTION * 2, "2"),
    "uetr_twice": transfer(TRANSACTION + TRANSACTION.replace(">E1<", ">E2<"), "2"),
    "instructed_amount_missing": transfer(TRANSACTION.replace("<Dbtr>", "<ChrgsInf/><Dbtr>")),
    "agent_chain": transfer(TRANSACTION.replace("<Dbtr>", "<IntrmyAgt2/><Dbtr>")),
    "exchange_rate": transfer(TRANSACTION.replace("<ChrgBr>", '<InstdAmt Ccy="USD">11</InstdAmt><ChrgBr>')),
}


@pytest.mark.parametrize(("rule", "xml"), CASES.items())
def test_a_broken_rule_is_named_with_its_place(rule: str, xml: str) -> None:
    report = validate(xml, None)
    found = [finding for finding in report.rules if finding.rule == rule]
    assert found, rules(report)
    assert found[0].path.startswith("/Document/FIToFICstmrCdtTrf/")
    assert found[0].message
    assert not report.clean


def test_a_document_of_which_all_rules_hold_is_clean() -> None:
    assert validate(transfer(more="<CtrlSum>10.5</CtrlSum>"), None).clean


def test_the_header_must_announce_its_document() -> None:
    header = (
        '<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"><Fr><FIId><FinInstnId><BICFI>DEUTDEFF</BICFI>'
        "</FinInstnId></FIId></Fr><BizMsgIdr>M2</BizMsgIdr><MsgDefIdr>pacs.009.001.08</MsgDefIdr></AppHdr>"
    )
    report = validate(f"<Envelope>{header}{transfer()}</Envelope>", None)
    assert {"header_message", "header_identifier"} <= set(rules(report))


@pytest.mark.parametrize(
    ("xml", "rule"),
    [
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "doctype"),
        ("<a><b></a>", "not-well-formed"),
        ("<a>" * 50 + "</a>" * 50, "depth"),
        ("", "not-well-formed"),
        (b"\xff\xfe", "not-well-formed"),
    ],
)
def test_xml_that_is_not_let_in_is_invalid_and_names_the_rule(xml: str | bytes, rule: str, schemas: Schemas) -> None:
    for found in (validate(xml, None), validate(xml, schemas)):
        assert found.schema == "invalid"
        assert rules(found) == [rule]


STATEMENT = """<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S1</Id>
<Acct><Id><Othr><Id>123</Id></Othr></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">100</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{closing}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
<TxsSummry><TtlNtries><NbOfNtries>{count}</NbOfNtries></TtlNtries></TxsSummry>
<Ntry><Amt Ccy="EUR">30.25</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts></Ntry></Stmt></BkToCstmrStmt>
</Document>"""


def test_balances_of_a_statement_must_add_up() -> None:
    assert validate(STATEMENT.format(closing="69.75", count="1"), None).clean
    assert rules(validate(STATEMENT.format(closing="69.76", count="1"), None)) == ["statement_balance"]
    assert rules(validate(STATEMENT.format(closing="69.75", count="2"), None)) == ["number_of_entries"]


def test_an_entry_reference_stands_once_in_a_statement() -> None:
    entry = '<Ntry><NtryRef>1</NtryRef><Amt Ccy="EUR">1</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>INFO</Sts></Ntry>'
    twice = STATEMENT.format(closing="69.75", count="3").replace("</Stmt>", entry * 2 + "</Stmt>")
    assert rules(validate(twice, None)) == ["entry_reference_twice"]
