"""camt.056, .058 to MTn92, camt.029 to MTn96, camt.105 to MTn90, camt.106 to MTn91."""

from __future__ import annotations

from isthmus.gateways.cbpr.codes import CHARGES_TO_FIN, TYPE_OF_MESSAGE
from isthmus.gateways.cbpr.fin_text import Outgoing, fin_date, joined, reference
from isthmus.gateways.cbpr.parties_to_fin import account_of, agent_rows, name_or_bic
from isthmus.gateways.cbpr.sender_to_receiver import cut
from isthmus.gateways.cbpr.source import Source
from isthmus.gateways.cbpr.transfers_to_fin import currency_and_amount, only, shortened, user_tags
from isthmus.gateways.swift.fin import Row
from isthmus.kernel.errors import BadInput

_CUSTOMER_MESSAGES = ("pacs.008", "pacs.003", "pain.", "MT1")


def cancellation(body: Source) -> Outgoing:
    """camt.056. The case names the request; where there is none (market infrastructures), the assignment does."""
    _settle_assignment(body)
    transaction = only(body, "Undrlyg/TxInf")
    kind, original = original_row(transaction, "S")
    uetr = transaction.text("OrgnlUETR")
    reason = transaction.at("CxlRsnInf")
    code = reason.first("Rsn/Cd", "Rsn/Prtry") if reason is not None else None
    words = " ".join(text for found in (reason.every("AddtlInf") if reason else []) if (text := found.text()))
    lines = [*cut(f"/{code or 'NARR'}/{'' if words == 'NOTPROVIDED' else words}"), *([f"/UETR/{uetr}"] if uetr else [])]
    rows: list[Row] = [
        ("20", reference(transaction.text("Case/Id") or body.text("Assgnmt/Id"))),
        ("21", reference(transaction.first("OrgnlInstrId", "OrgnlGrpInf/OrgnlMsgId"))),
        *original,
        *joined("79", lines),
        *_original_amount(transaction),
    ]
    transaction.settle("OrgnlGrpInf/OrgnlMsgId")
    return Outgoing(f"{category(kind)}92", tuple(rows), user_tags(uetr))


def _original_amount(transaction: Source) -> list[Row]:
    amount, date = transaction.at("OrgnlIntrBkSttlmAmt"), transaction.text("OrgnlIntrBkSttlmDt")
    if amount is None:
        return []
    text = currency_and_amount(amount)
    return [("32A", fin_date(date) + text)] if date else [("32B", text)]


def notice_cancellation(body: Source) -> Outgoing:
    """camt.058, of one item."""
    header, original = body.need("GrpHdr"), body.need("OrgnlNtfctn")
    header.settle("CreDtTm")
    item = only(original, "OrgnlNtfctnRef/OrgnlItm") if original.at("OrgnlNtfctnRef") else only(original, "OrgnlItm")
    created = original.text("OrgnlCreDtTm")
    code = body.text("CxlRsn/Rsn/Cd")
    words = " ".join(text for found in body.every("CxlRsn/AddtlInf") if (text := found.text()))
    amount = item.at("Amt")
    rows = [
        ("20", shortened(header, "MsgId")),
        ("21", shortened(item, "OrgnlItmId")),
        ("11S", "210" + (f"\n{fin_date(created)}" if created else "")),
        *joined("79", cut(f"/{code or 'NARR'}/{words}")),
        *([("32B", currency_and_amount(amount))] if amount is not None else []),
    ]
    return Outgoing("292", tuple(rows))


def resolution(body: Source) -> Outgoing:
    """camt.029: outcome, reasons, and the UETR in field 77A."""
    _settle_assignment(body)
    transaction = only(body, "CxlDtls/TxInfAndSts")
    kind, original = original_row(transaction, "R")
    uetr = transaction.text("OrgnlUETR")
    outcome = body.text("Sts/Conf")
    if outcome is None:
        raise BadInput("Sts/Conf", "only the outcome of a cancellation becomes a message")
    rows: list[Row] = [
        ("20", reference(transaction.text("CxlStsId") or body.text("Assgnmt/Id"))),
        ("21", reference(_case(body, transaction))),
        *joined("76", _answers(outcome, transaction)),
        *joined("77A", cut(f"/UETR/{uetr}") if uetr else []),
        *original,
    ]
    transaction.settle("OrgnlGrpInf/OrgnlMsgId")
    return Outgoing(f"{category(kind)}96", tuple(rows), user_tags(uetr))


def _case(body: Source, transaction: Source) -> str | None:
    """The case, or what it is about."""
    found = transaction.text("RslvdCase/Id") or body.text("RslvdCase/Id")
    return found or transaction.first("OrgnlInstrId", "OrgnlGrpInf/OrgnlMsgId")


def _answers(outcome: str, transaction: Source) -> list[str]:
    lines = []
    for reason in transaction.every("CxlStsRsnInf"):
        code = reason.first("Rsn/Cd", "Rsn/Prtry")
        words = " ".join(text for found in reason.every("AddtlInf") if (text := found.text()))
        if code or words:
            lines += cut(f"/{outcome}/{code or 'NARR'}" + (f"/{words}" if words else ""))
    return lines or [f"/{outcome}/"]


def original_row(transaction: Source, option: str) -> tuple[str, list[Row]]:
    """Field 11: the type of the original message and its date. First the name as it stands."""
    name = transaction.text("OrgnlGrpInf/OrgnlMsgNmId") or ""
    kind = name[2:5] if name.startswith("MT") else TYPE_OF_MESSAGE.get(name[:8], "")
    created = transaction.text("OrgnlGrpInf/OrgnlCreDtTm")
    if not kind:
        raise BadInput("OrgnlMsgNmId", f"{name!r} has no message type")
    return name, [(f"11{option}", kind + (f"\n{fin_date(created)}" if created else ""))]


def category(name: str) -> str:
    """1 for customers' payments, 2 for banks'."""
    return "1" if name.startswith(_CUSTOMER_MESSAGES) else "2"


def _settle_assignment(body: Source) -> None:
    body.settle("Assgnmt/Id", "Assgnmt/CreDtTm", "Assgnmt/Assgnr", "Assgnmt/Assgne")


def charges_notice(body: Source) -> Outgoing:
    """camt.105, of one record."""
    header, record, identifier = _record(body)
    total, date = record.need("TtlChrgsPerRcrd/TtlChrgsAmt"), record.first("ValDt/Dt", "ValDt/DtTm")
    option = "C" if record.text("TtlChrgsPerRcrd/CdtDbtInd") == "CRDT" else "D"
    rows: list[Row] = [
        ("20", identifier),
        ("21", shortened(record, "UndrlygTx/InstrId")),
        *_optional("25", account_of(header.at("ChrgsAcct"))),
        (f"32{option}", fin_date(date) + currency_and_amount(total)),
        *agent_rows("52", record.at("DbtrAgt"), record.at("DbtrAgtAcct")),
        *_breakdown([record]),
        *_requester(header, record),
    ]
    return Outgoing(f"{_charged(record)}90", tuple(rows), user_tags(record.text("UndrlygTx/UETR")))


def charges_request(body: Source) -> Outgoing:
    """camt.106: its records share an underlying transaction and a debtor's agent, and make one message."""
    header, record, identifier = _record(body)
    records = body.every("Chrgs/PerTx/Rcrd")
    total = header.at("TtlChrgs/TtlChrgsAmt")
    header.settle("TtlChrgs/NbOfChrgsRcrds", "TtlChrgs/CdtDbtInd")
    record.settle("TtlChrgsPerRcrd/CdtDbtInd")
    for other in records[1:]:
        if other.peek("UndrlygTx/InstrId") != record.peek("UndrlygTx/InstrId"):
            raise BadInput("UndrlygTx", "charges of several transactions: one message carries those of one")
        other.settle("UndrlygTx", "TtlChrgsPerRcrd", "DbtrAgt", "ChrgsRqstr")
    rows: list[Row] = [
        ("20", identifier),
        ("21", shortened(record, "UndrlygTx/InstrId")),
        ("32B", currency_and_amount(total or record.need("TtlChrgsPerRcrd/TtlChrgsAmt"))),
        *agent_rows("52", record.at("DbtrAgt"), record.at("DbtrAgtAcct")),
        *agent_rows("57", header.at("ChrgsAcctAgt"), header.at("ChrgsAcctAgtAcct")),
        *_breakdown(records),
        *_requester(header, record),
    ]
    record.settle("TtlChrgsPerRcrd")
    return Outgoing(f"{_charged(record)}91", tuple(rows), user_tags(record.text("UndrlygTx/UETR")))


def _record(body: Source) -> tuple[Source, Source, str]:
    """Group header, first record, reference."""
    header = body.need("GrpHdr")
    header.settle("MsgId", "CreDtTm")
    records = body.every("Chrgs/PerTx/Rcrd")
    if not records:
        raise BadInput("Chrgs", "no record of a transaction")
    records[0].settle("TtlChrgsPerRcrd/NbOfChrgsBrkdwnItms")
    return header, records[0], reference(body.text("Chrgs/PerTx/ChrgsId") or header.text("MsgId"))


def _charged(record: Source) -> str:
    """Category of the underlying message; a request that names none is about a customer's payment."""
    name = record.text("UndrlygTx/MsgNmId") or "pacs.008"
    return category(name)


def _breakdown(records: list[Source]) -> list[Row]:
    """71B: a line each."""
    lines = []
    for record in records:
        for item in record.every("ChrgsBrkdwn"):
            code = item.first("Tp/Cd", "Tp/Prtry/Id") or "COMM"
            amount = item.need("Amt")
            side = "C" if item.text("CdtDbtInd") == "CRDT" else "D"
            lines.append(f"/{CHARGES_TO_FIN.get(code, code)}/{currency_and_amount(amount)}/{side}")
    return joined("71B", lines)


def _requester(header: Source, record: Source) -> list[Row]:
    found = header.at("ChrgsRqstr") or record.at("ChrgsRqstr")
    word = name_or_bic(found) if found is not None else None
    return joined("72", cut(f"/CHRQ/{word}") if word else [])


def _optional(tag: str, value: str | None) -> list[Row]:
    return [(tag, value)] if value else []
