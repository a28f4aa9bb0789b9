"""pain.001 to MT101, pacs.003 to MT104, pacs.010 to MT204: the messages of FIN that carry several transactions."""

from __future__ import annotations

from decimal import Decimal

from isthmus.gateways.cbpr.codes import BEARERS_TO_FIN
from isthmus.gateways.cbpr.fin_text import Outgoing, fin_amount, fin_date, joined, reference
from isthmus.gateways.cbpr.parties_from_fin import NOT_PROVIDED
from isthmus.gateways.cbpr.parties_to_fin import account_of, agent_rows, customer_rows
from isthmus.gateways.cbpr.sender_to_receiver import LINE_MAX, cut
from isthmus.gateways.cbpr.source import Source
from isthmus.gateways.cbpr.transfers_to_fin import REMITTANCE_MAX, currency_and_amount, shortened, user_tags
from isthmus.gateways.swift.fin import Row
from isthmus.kernel.errors import BadInput


def initiation(body: Source) -> Outgoing:
    """pain.001: a transaction for each payment; the debtor's fields stand in each, since blocks may differ."""
    header = body.need("GrpHdr")
    header.settle("CreDtTm", "NbOfTxs", "CtrlSum")
    pairs = [(block, found) for block in body.every("PmtInf") for found in block.every("CdtTrfTxInf")]
    if not pairs:
        raise BadInput("PmtInf", "no payment")
    dates = {_execution(block) for block, _ in pairs}
    if len(dates) != 1:
        raise BadInput("ReqdExctnDt", "payments of several days: one message has one")
    rows: list[Row] = [("20", shortened(header, "MsgId")), ("28D", "1/1"), *_initiator(header)]
    rows.append(("30", fin_date(next(iter(dates)))))
    for block, payment in pairs:
        block.settle("PmtInfId", "PmtMtd", "NbOfTxs", "CtrlSum", "BtchBookg")
        rows += _payment(block, payment)
    return Outgoing("101", tuple(rows), user_tags(pairs[0][1].text("PmtId/UETR")))


def _execution(block: Source) -> str | None:
    return block.first("ReqdExctnDt/Dt", "ReqdExctnDt/DtTm", "ReqdExctnDt")


def _initiator(header: Source) -> list[Row]:
    """50C or 50L, where the initiating party is identified."""
    bic = header.text("InitgPty/Id/OrgId/AnyBIC")
    if bic is not None:
        return [("50C", bic)]
    other = header.first("InitgPty/Id/PrvtId/Othr/Id", "InitgPty/Id/OrgId/Othr/Id")
    return [("50L", other[:LINE_MAX])] if other else []


def _payment(block: Source, payment: Source) -> list[Row]:
    amount = payment.at("Amt/InstdAmt") or payment.need("Amt/EqvtAmt/Amt")
    rate = payment.text("XchgRateInf/XchgRate")
    payment.settle("PmtId/InstrId")
    rows: list[Row] = [("21", shortened(payment, "PmtId/EndToEndId"))]
    for path in ("PmtTpInf/CtgyPurp/Cd", "InstrForCdtrAgt/Cd"):
        rows += [("23E", code) for found in payment.every(path) if (code := found.text())]
    rows.append(("32B", currency_and_amount(amount)))
    rows += [(_h(tag), value) for tag, value in customer_rows("50", block.at("Dbtr"), block.at("DbtrAcct"))]
    rows += agent_rows("52", block.at("DbtrAgt"), block.at("DbtrAgtAcct"))
    rows += agent_rows("56", payment.at("IntrmyAgt1"), payment.at("IntrmyAgt1Acct"))
    rows += agent_rows("57", payment.at("CdtrAgt"), payment.at("CdtrAgtAcct"))
    rows += customer_rows("59", payment.at("Cdtr"), payment.at("CdtrAcct"))
    words = _words(payment)
    rows += joined("70", cut(words, LINE_MAX, "")[:REMITTANCE_MAX] if words else [])
    bearer = payment.text("ChrgBr") or block.text("ChrgBr") or "SHAR"
    rows.append(("71A", BEARERS_TO_FIN.get(bearer, "SHA")))
    charged = account_of(block.at("ChrgsAcct"))
    rows += [("25A", f"/{charged}")] if charged else []
    return rows + ([("36", fin_amount(rate))] if rate else [])


def _h(tag: str) -> str:
    """In MT101 the ordering customer with lines as they stand is option H, with a BIC option G."""
    return {"50K": "50H", "50A": "50G"}.get(tag, tag)


def _words(payment: Source) -> str:
    return " ".join(text for found in payment.every("RmtInf/Ustrd") if (text := found.text()))


def direct_debit(body: Source) -> Outgoing:
    """pacs.003: the creditor of all transactions stands in the head, or else the message is refused."""
    header, transactions = body.need("GrpHdr"), body.every("DrctDbtTxInf")
    header.settle("CreDtTm", "NbOfTxs", "CtrlSum", "TtlIntrBkSttlmAmt", "SttlmInf/SttlmMtd", "InstgAgt", "InstdAgt")
    if not transactions:
        raise BadInput("DrctDbtTxInf", "no transaction")
    if len({found.peek("CdtrAcct/Id/IBAN") or found.peek("CdtrAcct/Id/Othr/Id") for found in transactions}) != 1:
        raise BadInput("CdtrAcct", "several creditors: one message has one")
    head = transactions[0]
    date = head.first("IntrBkSttlmDt", "ReqdColltnDt") or header.text("IntrBkSttlmDt")
    code = head.first("PmtTpInf/CtgyPurp/Cd", "PmtTpInf/SeqTp")
    rows: list[Row] = [("20", shortened(header, "MsgId")), *([("23E", code)] if code else []), ("30", fin_date(date))]
    rows += customer_rows("50", head.at("Cdtr"), head.at("CdtrAcct"))
    rows += agent_rows("52", head.at("CdtrAgt"), head.at("CdtrAgtAcct"))
    rows.append(("71A", BEARERS_TO_FIN.get(head.text("ChrgBr") or "SHAR", "SHA")))
    for found in transactions:
        found.settle(
            "PmtId/InstrId", "IntrBkSttlmDt", "ReqdColltnDt", "Cdtr", "CdtrAcct", "CdtrAgt", "InstgAgt", "InstdAgt"
        )
        found.settle("PmtTpInf", "ChrgBr")
        rows += _collection(found)
    rows.append(("32B", _total(transactions)))
    return Outgoing("104", tuple(rows), user_tags(head.text("PmtId/UETR")))


def _collection(found: Source) -> list[Row]:
    mandate, instructed = found.text("DrctDbtTx/MndtRltdInf/MndtId"), found.at("InstdAmt")
    rows: list[Row] = [
        ("21", shortened(found, "PmtId/EndToEndId")),
        *([("21C", mandate[:LINE_MAX])] if mandate else []),
    ]
    rows.append(("32B", currency_and_amount(found.need("IntrBkSttlmAmt"))))
    rows += agent_rows("57", found.at("DbtrAgt"), found.at("DbtrAgtAcct"))
    rows += customer_rows("59", found.at("Dbtr"), found.at("DbtrAcct"))
    words = _words(found)
    rows += joined("70", cut(words, LINE_MAX, "")[:REMITTANCE_MAX] if words else [])
    return rows + ([("33B", currency_and_amount(instructed))] if instructed is not None else [])


def _total(transactions: list[Source]) -> str:
    """Raises BadInput for several currencies."""
    amounts = [found.need("IntrBkSttlmAmt") for found in transactions]
    currencies = {found.attribute("Ccy") or "" for found in amounts}
    if len(currencies) != 1:
        raise BadInput("IntrBkSttlmAmt", "several currencies: one message has one")
    return currencies.pop() + fin_amount(format(sum(_value(found) for found in amounts), "f"))


def _value(amount: Source) -> Decimal:
    fin_amount(amount.peek() or "")
    return Decimal(amount.peek() or "0")


def bank_debit(body: Source) -> Outgoing:
    """pacs.010, of one credit instruction."""
    header, instructions = body.need("GrpHdr"), body.every("CdtInstr")
    header.settle("CreDtTm", "NbOfTxs", "CtrlSum", "InstgAgt", "InstdAgt")
    if len(instructions) != 1:
        raise BadInput("CdtInstr", f"{len(instructions)} credit instructions: one message carries one")
    credit = instructions[0]
    credit.settle("InstgAgt", "InstdAgt")
    transactions = credit.every("DrctDbtTxInf")
    if not transactions:
        raise BadInput("DrctDbtTxInf", "no transaction")
    date = credit.text("IntrBkSttlmDt") or transactions[0].text("IntrBkSttlmDt")
    total = sum(_value(found.need("IntrBkSttlmAmt")) for found in transactions)
    rows: list[Row] = [
        ("20", reference(credit.text("CdtId") or header.text("MsgId"))),
        ("19", fin_amount(format(total, "f"))),
        ("30", fin_date(date)),
    ]
    header.settle("MsgId")
    rows += agent_rows("57", credit.at("CdtrAgt"), credit.at("CdtrAgtAcct"))
    rows += agent_rows("58", credit.at("Cdtr"), credit.at("CdtrAcct"))
    notes = [line for found in credit.every("InstrForCdtrAgt/InstrInf") if (text := found.text()) for line in cut(text)]
    rows += joined("72", notes)
    for found in transactions:
        found.settle("IntrBkSttlmDt")
        rows.append(("20", reference(found.text("PmtId/InstrId") or NOT_PROVIDED)))
        rows.append(("21", shortened(found, "PmtId/EndToEndId")))
        rows.append(("32B", currency_and_amount(found.need("IntrBkSttlmAmt"))))
        rows += agent_rows("53", found.at("Dbtr"), found.at("DbtrAcct"))
    return Outgoing("204", tuple(rows), user_tags(transactions[0].text("PmtId/UETR")))
