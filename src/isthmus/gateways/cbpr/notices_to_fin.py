"""camt.057 to MT210, camt.060 to MT920, camt.107, .108, .109 to MT110, MT111, MT112."""

from __future__ import annotations

from isthmus.gateways.cbpr.codes import CHEQUE_STOP_FROM_FIN
from isthmus.gateways.cbpr.fin_text import Outgoing, fin_date, joined, reference
from isthmus.gateways.cbpr.parties_to_fin import account_of, agent_rows, customer_rows
from isthmus.gateways.cbpr.sender_to_receiver import cut
from isthmus.gateways.cbpr.source import Source
from isthmus.gateways.cbpr.transfers_to_fin import currency_and_amount, only, shortened
from isthmus.gateways.swift.fin import Row
from isthmus.kernel.errors import BadInput

_STATEMENTS = {"camt.052": "942", "camt.053": "940", "camt.054": "900"}
_SIDES = {"CRED": "C", "DEBT": "D", "BOTH": ""}


def notice_to_receive(body: Source) -> Outgoing:
    """camt.057. Items of one notice share account, date and payer."""
    header, notice = body.need("GrpHdr"), only(body, "Ntfctn")
    header.settle("CreDtTm")
    notice.settle("Id", "AcctOwnr", "AcctSvcr")
    items = notice.every("Itm")
    if not items:
        raise BadInput("Itm", "nothing is to be received")
    date = notice.first("XpctdValDt", "Itm/XpctdValDt")
    rows: list[Row] = [("20", shortened(header, "MsgId"))]
    account = account_of(notice.at("Acct")) or account_of(items[0].at("Acct"))
    rows += [("25", account)] if account else []
    rows.append(("30", fin_date(date)))
    for item in items:
        if item.peek("XpctdValDt") == date:
            item.settle("XpctdValDt")
        rows += [("21", shortened(item, "Id")), ("32B", currency_and_amount(item.need("Amt")))]
        rows += _payer(item if item.at("Dbtr") is not None else notice)
        rows += agent_rows("56", item.at("IntrmyAgt") or notice.at("IntrmyAgt"))
    return Outgoing("210", tuple(rows))


def _payer(source: Source) -> list[Row]:
    """A customer, or a bank (rule C2 of MT210: one of them)."""
    party = source.at("Dbtr/Pty")
    if party is not None:
        return customer_rows("50", party, source.at("DbtrAcct"))
    return agent_rows("52", source.at("Dbtr/Agt") or source.at("DbtrAgt"))


def report_request(body: Source) -> Outgoing:
    """camt.060: a group of fields for each request."""
    header = body.need("GrpHdr")
    header.settle("CreDtTm")
    rows: list[Row] = [("20", shortened(header, "MsgId"))]
    for request in body.every("RptgReq"):
        request.settle("Id", "AcctOwnr", "ReqdTxTp/Sts", "ReqdTxTp/CdtDbtInd")
        name = request.text("ReqdMsgNmId") or ""
        rows.append(("12", _STATEMENTS.get(name[:8], name.removeprefix("MT")[:3])))
        account = account_of(request.at("Acct"))
        rows += [("25", account)] if account else []
        for limit in request.every("ReqdTxTp/FlrLmt"):
            amount = limit.need("Amt")
            side = _SIDES.get(limit.text("CdtDbtInd") or "BOTH", "")
            told = currency_and_amount(amount)
            rows.append(("34F", told[:3] + side + told[3:]))
    return Outgoing("920", tuple(rows))


def cheque_advice(body: Source) -> Outgoing:
    """camt.107: all cheques of the message."""
    header = body.need("GrpHdr")
    header.settle("CreDtTm", "NbOfChqs")
    rows: list[Row] = [("20", shortened(header, "MsgId"))]
    for cheque in body.every("Chq"):
        cheque.settle("InstrId")
        rows += _cheque(cheque)
        rows += customer_rows("50", cheque.at("Pyer"), cheque.at("PyerAcct"))
        rows += agent_rows("52", cheque.at("DrwrAgt"), cheque.at("DrwrAgtAcct"))
        rows += customer_rows("59", cheque.at("Pyee"), cheque.at("PyeeAcct"))
    return Outgoing("110", tuple(rows))


def cheque_stop(body: Source) -> Outgoing:
    """camt.108."""
    rows, cheque = _single(body)
    code = cheque.text("ChqCxlOrStopRsn/Rsn/Cd")
    words = cheque.text("ChqCxlOrStopRsn/AddtlInf") or ""
    word = next((fin for fin, iso in CHEQUE_STOP_FROM_FIN.items() if iso == code), code)
    return Outgoing("111", (*rows, *joined("75", cut(f"/{word}/{words}") if word else [])))


def cheque_stop_status(body: Source) -> Outgoing:
    """camt.109."""
    rows, cheque = _single(body)
    code, words = (
        cheque.first("ChqCxlOrStopSts/Sts/Cd", "ChqCxlOrStopSts/Sts/Prtry"),
        cheque.text("ChqCxlOrStopSts/AddtlInf") or "",
    )
    return Outgoing("112", (*rows, *joined("76", cut(f"/{code}/{words}") if code else [])))


def _single(body: Source) -> tuple[list[Row], Source]:
    header, cheque = body.need("GrpHdr"), only(body, "Chq")
    header.settle("CreDtTm", "NbOfChqs")
    cheque.settle("InstrId", "OrgnlInstrId")
    rows: list[Row] = [("20", shortened(header, "MsgId"))]
    rows += _cheque(cheque)
    rows += agent_rows("52", cheque.at("DrwrAgt"), cheque.at("DrwrAgtAcct"))
    rows += _payee(cheque)
    return rows, cheque


def _payee(cheque: Source) -> list[Row]:
    """Field 59 of MT111 and MT112 has no option."""
    return [("59", value) for _, value in customer_rows("59", cheque.at("Pyee"), cheque.at("PyeeAcct"))]


def _cheque(cheque: Source) -> list[Row]:
    rows: list[Row] = [("21", reference(cheque.text("ChqNb"))), ("30", fin_date(cheque.text("IsseDt")))]
    date, amount = cheque.first("FctvDt/Dt", "ValDt/Dt"), currency_and_amount(cheque.need("Amt"))
    return [*rows, ("32A", fin_date(date) + amount) if date else ("32B", amount)]
