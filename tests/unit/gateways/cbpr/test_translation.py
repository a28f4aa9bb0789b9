"""FIN to ISO 20022 and back: fields become elements, elements fields, and what has no place is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from isthmus.gateways.cbpr.from_fin import to_mx
from isthmus.gateways.cbpr.to_fin import to_mt
from isthmus.gateways.iso20022.schemas import schemas_of
from isthmus.gateways.iso20022.validation import validate
from isthmus.gateways.swift.fin import parse_fin
from isthmus.kernel.errors import BadInput

NOW = "2026-01-05T10:00:00+00:00"

DEPARTURES = {
    "test_custom_mt_mx/custom_a_2014": "charges of nothing are told in the currency that settles, not in dollars",
    "usecase_c29_1_1_test/B_C_MI": "field 20 is never empty: without a case the assignment names the request",
    "usecase_c29_1_1_test/C_B_MI": "field 21 is never empty: without a case the instruction names what was asked",
}
"""Recorded pairs that are not followed, and why."""


def fin(kind: str, *fields: str, third: str = "") -> str:
    text = "".join(f":{field}\r\n" for field in fields)
    head = f"{{1:F01CHASUS33XXXX0000000000}}{{2:O{kind}1013210511DEUTDEFFXXXX00000000002105111013N}}"
    return head + third + "{4:\r\n" + text + "-}"


def found(xml: str, path: str) -> list[str | None]:
    root = etree.fromstring(xml.encode())
    return [element.text for element in root.findall(".//{*}" + path.replace("/", "/{*}"))]


TRANSFER = ("20:REF1", "23B:CRED", "32A:210511EUR100,", "50K:/123\r\nA", "59:/456\r\nB", "71A:SHA")


def test_agents_that_are_not_named_are_sender_and_receiver() -> None:
    xml = to_mx(fin("103", *TRANSFER), NOW).xml
    assert found(xml, "DbtrAgt/FinInstnId/BICFI") == ["DEUTDEFFXXX"]
    assert found(xml, "CdtrAgt/FinInstnId/BICFI") == ["CHASUS33XXX"]
    assert found(xml, "AppHdr/CreDt") == ["2021-05-11T10:13:00+00:00"]


def test_the_end_to_end_identification_stands_after_roc_up_to_the_next_code() -> None:
    xml = to_mx(fin("103", *TRANSFER, "70:/ROC/E2E-1///URI/invoice 7"), NOW).xml
    assert found(xml, "PmtId/EndToEndId") == ["E2E-1"]


def test_a_clearing_number_becomes_a_member_of_its_system() -> None:
    xml = to_mx(fin("103", *TRANSFER, "57D://FW021000089\r\nSOME BANK\r\nNEW YORK"), NOW).xml
    assert found(xml, "CdtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd") == ["USABA"]
    assert found(xml, "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId") == ["021000089"]


def test_an_account_that_is_an_iban_is_written_as_one() -> None:
    xml = to_mx(fin("103", *TRANSFER[:4], "59:/GB29NWBK60161331926819\r\nB", "71A:SHA"), NOW).xml
    assert found(xml, "CdtrAcct/Id/IBAN") == ["GB29NWBK60161331926819"]


def test_reimbursement_agents_make_a_cover_and_an_account_alone_does_not() -> None:
    cover = to_mx(fin("103", *TRANSFER, "53A:BOFAUS3N", "54A:CITIUS33"), NOW).xml
    assert found(cover, "SttlmInf/SttlmMtd") == ["COVE"]
    assert found(cover, "InstdRmbrsmntAgt/FinInstnId/BICFI") == ["CITIUS33"]
    account = to_mx(fin("103", *TRANSFER, "53B:/C/777"), NOW).xml
    assert found(account, "SttlmInf/SttlmMtd") == ["INGA"]
    assert found(account, "SttlmAcct/Id/Othr/Id") == ["777"]


def test_a_field_without_a_place_is_lost_by_name() -> None:
    assert to_mx(fin("103", *TRANSFER, "51A:DEUTDEFF"), NOW).lost == ["51A"]


def test_a_statement_becomes_balances_and_entries_and_comes_back() -> None:
    fields = (
        "20:STMT-1", "25:DE89370400440532013000", "28C:12/1", "60F:C210510EUR1000,50",
        "61:2105110511D200,25NTRFREF-9//BANK-1", "86:rent", "61:210511RC10,NCHGNONREF", "62F:C210511EUR790,25",
    )  # fmt: skip
    translated = to_mx(fin("940", *fields), NOW)
    assert translated.lost == []
    assert found(translated.xml, "Ntry/CdtDbtInd") == ["DBIT", "DBIT"]
    assert found(translated.xml, "Ntry/RvslInd") == ["true"]
    assert found(translated.xml, "Bal/Tp/CdOrPrtry/Cd") == ["OPBD", "CLBD"]
    back = dict(parse_fin(to_mt(translated.xml).fin).fields)
    assert back["60F"] == "C210510EUR1000.50".replace(".", ",").replace("1000,50", "1000,5")
    assert back["28C"] == "12/1"
    assert back["86"] == "rent"


@pytest.mark.parametrize(("kind", "side"), [("900", "DBIT"), ("910", "CRDT")])
def test_a_confirmation_becomes_a_notification_and_comes_back(kind: str, side: str) -> None:
    translated = to_mx(fin(kind, "20:N-1", "21:REF-9", "25:123", "32A:210511EUR5,", "52A:BOFAUS3N"), NOW)
    assert set(found(translated.xml, "Ntry/CdtDbtInd")) == {side}
    back = parse_fin(to_mt(translated.xml).fin)
    assert back.message_type == kind
    assert back.fields[1:] == [("21", "REF-9"), ("25", "123"), ("32A", "210511EUR5,"), ("52A", "BOFAUS3N")]


def test_a_request_for_statements_becomes_one_for_each_account_and_comes_back() -> None:
    fields = ("20:Q-1", "12:942", "25:123", "34F:EURD100,", "34F:EURC50,", "12:940", "25:456")
    translated = to_mx(fin("920", *fields), NOW)
    assert found(translated.xml, "RptgReq/ReqdMsgNmId") == ["camt.052.001.08", "camt.053.001.08"]
    assert [f"{tag}:{value}" for tag, value in parse_fin(to_mt(translated.xml).fin).fields] == list(fields)


def test_a_stopped_cheque_keeps_its_reason_both_ways() -> None:
    translated = to_mx(fin("111", "20:C-1", "21:102145", "30:210511", "32B:EUR10,", "75:/LOST/in the post"), NOW)
    assert found(translated.xml, "ChqCxlOrStopRsn/Rsn/Cd") == ["LOST"]
    assert dict(parse_fin(to_mt(translated.xml).fin).fields)["75"] == "/LOST/in the post"


BATCHES = {
    "101": (
        "20:BATCH-1", "28D:1/1", "30:210511", "21:PAY-1", "32B:EUR10,", "50H:/123\nA\nHIGH STREET", "52A:DEUTDEFF",
        "57A:CHASUS33", "59:/456\nB\nMAIN STREET", "70:/ROC/PAY-1", "71A:SHA",
        "21:PAY-2", "23E:CHQB", "32B:USD20,5", "50H:/123\nA\nHIGH STREET", "52A:DEUTDEFF",
        "59:/789\nC\nSIDE STREET", "71A:OUR",
    ),
    "104": (
        "20:DEBIT-1", "23E:AUTH", "30:210511", "50K:/65479512\nOP CORPORATE\nALEKSANTERINKATU 19", "52A:NDEAFIHH",
        "71A:OUR",
        "21:COLL-1", "21C:MANDATE-1", "32B:EUR45250,", "57A:RBOSGB2L", "59:/25698745\nNT ASSET\n50 BANK STREET",
        "33B:EUR45250,", "21:COLL-2", "32B:EUR1,25", "57A:RBOSGB2L", "59:/77\nX\nY", "32B:EUR45251,25",
    ),
    "204": (
        "20:DRAW-1", "19:30,5", "30:210511", "57A:DEUTDEFF", "58A:CHASUS33", "20:TX-1", "21:REF-1", "32B:USD10,",
        "53A:BOFAUS3N", "20:TX-2", "21:REF-2", "32B:USD20,5", "53A:CITIUS33",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BATCHES)
def test_a_message_of_several_transactions_comes_back(kind: str) -> None:
    there = to_mx(fin(kind, *(field.replace("\n", "\r\n") for field in BATCHES[kind])), NOW)
    assert there.lost == []
    assert found(there.xml, "GrpHdr/NbOfTxs") == ["2"]
    back = parse_fin(to_mt(there.xml).fin)
    assert back.message_type == kind
    missing = {field for field in BATCHES[kind] if field not in {f"{tag}:{value}" for tag, value in back.fields}}
    assert missing <= {"70:/ROC/PAY-1"}


VARIED = {
    "statement": fin(
        "940", "20:STMT-1", "25:DE89370400440532013000", "28C:12/1", "60F:C210510EUR1000,50",
        "61:2105110511D200,25NTRFREF-9//BANK-1\r\nSUPPLEMENT", "86:rent", "61:210511RC10,NCHGNONREF",
        "62F:C210511EUR790,25", "64:C210511EUR5,", "86:all",
    ),
    "entries": fin("942", "20:R1", "25:123", "28C:1/1", "13D:2105111013+0100", "61:210511C5,NTRFX", "90C:1EUR5,"),
    "balances": fin(
        "941", "20:R1", "25P:123\r\nDEUTDEFF", "28:1/1", "13D:2105111013+0100", "60F:C210511EUR5,", "90D:0EUR0,",
        "62F:C210511EUR5,",
    ),
    "debit": fin("900", "20:N", "21:R", "25:123", "32A:210511EUR5,", "52A:BOFAUS3N", "72:/BNF/x"),
    "credit": fin(
        "910", "20:N", "21:R", "25:123", "13D:2105111013+0100", "32A:210511EUR5,", "50F:/123\r\n1/A\r\n3/GB/London",
        "52A:BOFAUS3N", "56A:CITIUS33",
    ),
    "everything": fin(
        "103", *TRANSFER, "53A:BOFAUS3N", "54A:CITIUS33", "23E:HOLD/abc", "23E:PHOI/x", "13C:/CLSTIME/0915+0100",
        "72:/ACC/a\r\n/REC/b\r\n/INS/DEUTDEFF\r\n/SVCLVL/X\r\n/LOCINS/abcdefg\r\n/CATPURP/CASH",
        "77B:/ORDERRES/BE//WORDS",
        "26T:K90", "57D://FW021000089\r\nSOME BANK\r\nNEW YORK", "33B:USD120,", "36:1,2", "71F:USD5,",
    ),
    "return": fin(
        "103", *TRANSFER[:3], "50F:NIDN/DE/1212\r\n1/A\r\n2/X\r\n3/DE/Berlin", "59A:DEUTDEFF", "71A:BEN",
        "72:/RETN/99\r\n/AC04/x\r\n/MREF/A\r\n/TREF/B",
    ),
    "rejection": fin("103", *TRANSFER, "72:/REJT/99\r\n/AC04/x\r\n/MREF/A\r\n/TREF/B"),
    "bank": fin(
        "202", "20:A", "21:B", "32A:210511EUR1,", "52D:/123\r\nNAME\r\nADR", "56C://FW021000089", "57B:/12\r\nPLACE",
        "58D:X\r\nY", "72:/BNF/hello\r\n//world",
    ),
    "cover": fin(
        "205", "20:A", "21:B", "32A:210511EUR1,", "58A:DEUTDEFF", "50A:/12\r\nDEUTDEFF", "59:/1\r\nB",
        "70:x", "33B:EUR1,",
    ),
    "cancellation": fin("192", "20:A", "21:B", "11S:103\r\n210511", "79:some words"),
    "resolution": fin("196", "20:A", "21:B", "76:/RJCR/CUST/no\r\n/NARR/x", "11R:103\r\n210511"),
    "batch": fin("101", *(field.replace("\n", "\r\n") for field in BATCHES["101"])),
    "own money": fin("200", "20:O", "32A:210511EUR5,", "57A:CITIUS33"),
}  # fmt: skip


@pytest.mark.parametrize("name", VARIED)
def test_what_was_translated_is_valid_keeps_all_rules_and_goes_back(name: str, test_data: Path) -> None:
    there = to_mx(VARIED[name], NOW)
    report = validate(there.xml, schemas_of(test_data / "protocols/iso20022/xsd"))
    assert (report.schema, report.schema_errors, report.rules) == ("valid", [], [])
    assert there.message == report.message
    assert to_mt(there.xml).fin.startswith("{1:F01CHASUS33XXXX")


def test_a_bank_that_moves_its_own_money_is_debtor_and_creditor() -> None:
    there = to_mx(fin("200", "20:OWN-1", "32A:210511EUR5,", "57A:CITIUS33"), NOW)
    assert found(there.xml, "Dbtr/FinInstnId/BICFI") == found(there.xml, "Cdtr/FinInstnId/BICFI") == ["DEUTDEFFXXX"]
    assert there.lost == []


def test_a_code_without_a_place_is_lost() -> None:
    assert to_mx(fin("103", *TRANSFER, "23E:XXYY"), NOW).lost == ["23E"]


@pytest.mark.parametrize(
    "text",
    [
        "\n:59:/666&#13;\nATTACKER",
        "x-}{5:{CHK:0}}",
        "{1:F01",
        "a" * 35 + ":59:/666",
        "a" * 35 + "-}",
        "Köln & Söhne @ home",
    ],
)
def test_no_text_of_an_element_begins_a_field_or_a_block(text: str) -> None:
    xml = to_mx(fin("103", *TRANSFER, "70:WORDS"), NOW).xml
    plain, hostile = parse_fin(to_mt(xml).fin), parse_fin(to_mt(xml.replace("WORDS", text.replace("&", "&amp;"))).fin)
    assert [tag for tag, _ in hostile.fields] == [tag for tag, _ in plain.fields]
    assert [block.name for block in hostile.blocks] == [block.name for block in plain.blocks]
    assert hostile.fields[5] == plain.fields[5]


def test_characters_that_fin_does_not_have_become_dots_and_are_told() -> None:
    xml = to_mx(fin("103", *TRANSFER, "70:WORDS"), NOW).xml
    back = to_mt(xml.replace("WORDS", "Köln"))
    assert dict(parse_fin(back.fin).fields)["70"] == "K.ln"
    assert back.lost == ["70"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('Ccy="EUR"', 'Ccy="EUR:59:"'),
        ("DEUTDEFFXXX</BICFI></FinInstnId></FIId></Fr>", "DEUT{EFF</BICFI></FinInstnId></FIId></Fr>"),
    ],
)
def test_a_currency_or_a_terminal_that_is_none_is_refused(old: str, new: str) -> None:
    xml = to_mx(fin("103", *TRANSFER), NOW).xml
    assert old in xml
    with pytest.raises(BadInput):
        to_mt(xml.replace(old, new))


def test_an_address_that_does_not_fit_is_cut_to_lines_of_fin_and_counts_as_lost() -> None:
    line = "<AdrLine>" + "LONG STREET NAME " * 4 + "</AdrLine>"
    xml = to_mx(fin("103", *TRANSFER, "57D:BANK\r\nHERE"), NOW).xml
    back = to_mt(xml.replace("<AdrLine>HERE</AdrLine>", line * 3))
    lines = dict(parse_fin(back.fin).fields)["57D"].split("\n")
    assert len(lines) == 4
    assert max(len(text) for text in lines) <= 35
    assert [place.rpartition("/")[2] for place in back.lost] == ["AdrLine[1]", "AdrLine[2]", "AdrLine[3]"]


def test_a_count_that_is_no_number_is_refused() -> None:
    xml = to_mx(VARIED["entries"], NOW).xml.replace("<NbOfNtries>1<", "<NbOfNtries>one<")
    with pytest.raises(BadInput, match="no number"):
        to_mt(xml)


def test_a_reference_that_does_not_fit_is_cut_and_counts_as_lost() -> None:
    xml = to_mx(fin("202", "20:R", "21:E2E", "32A:210511EUR1,", "58A:CHASUS33"), NOW).xml
    long = xml.replace("<EndToEndId>E2E<", "<EndToEndId>A-REFERENCE-OF-MORE-THAN-16<")
    back = to_mt(long)
    assert dict(parse_fin(back.fin).fields)["21"] == "A-REFERENCE-OF-+"
    assert [place.rpartition("/")[2] for place in back.lost] == ["EndToEndId"]


def test_more_than_one_transaction_is_refused_since_a_message_carries_one() -> None:
    xml = to_mx(fin("103", *TRANSFER), NOW).xml
    start, end = xml.index("<CdtTrfTxInf>"), xml.index("</FIToFICstmrCdtTrf>")
    with pytest.raises(BadInput, match="2 transactions"):
        to_mt(xml[:end] + xml[start:end] + xml[end:])


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (fin("103", *TRANSFER[:2], *TRANSFER[3:]), "32A"),
        (fin("103", *TRANSFER[:2], "32A:2105EUR1,", *TRANSFER[3:]), "32A"),
        (fin("103", *TRANSFER[:5], "71A:ALL"), "71A"),
        (fin("199", "20:A", "21:B", "79:hello"), "79"),
        (fin("540", "20:A"), "fin"),
        ("hello", "fin"),
        ("", "fin"),
    ],
)
def test_what_cannot_be_translated_names_the_field(text: str, field: str) -> None:
    with pytest.raises(BadInput) as fault:
        to_mx(text, NOW)
    assert fault.value.field == field


@pytest.mark.parametrize("xml", ["", "<a/>", "<Document><b/></Document>", "<Document><PmtRtr/></Document>"])
def test_xml_that_is_no_message_is_refused(xml: str) -> None:
    with pytest.raises(BadInput):
        to_mt(xml)


def _pairs(test_data: Path, direction: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (test_data / "protocols/swift/mt-mx-pairs.jsonl").read_text().splitlines()]
    return [row for row in rows if row["direction"] == direction]


def _tree(xml: str) -> Any:
    """Names, attributes and texts; prefixes, comments and blanks between elements do not count."""

    def of(element: Any) -> Any:
        children = [of(child) for child in element if isinstance(child.tag, str)]
        attributes = {name: value for name, value in element.attrib.items() if "schemaLocation" not in name}
        return element.tag, attributes, children or (element.text or "").strip()

    return of(etree.fromstring(xml.encode()))


def test_recorded_fin_messages_become_the_recorded_documents(test_data: Path) -> None:
    rows = _pairs(test_data, "mt->mx")
    differ = {row["case"] for row in rows if _tree(to_mx(row["fin"], "CURRENT_TIME").xml) != _tree(row["xml"])}
    assert len(rows) > 30
    assert differ <= set(DEPARTURES)


def test_recorded_documents_become_the_recorded_fin_messages(test_data: Path) -> None:
    rows = _pairs(test_data, "mx->mt")
    differ = {row["case"] for row in rows if to_mt(row["xml"]).fin != row["fin"]}
    assert len(rows) > 40
    assert differ <= set(DEPARTURES)
