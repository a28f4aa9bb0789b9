"""camt.053 to MT940, camt.052 to MT942 (MT941 where it has balances alone), camt.054 to MT900 and MT910."""

from __future__ import annotations

import re

from isthmus.gateways.cbpr.fin_text import Outgoing, fin_amount, fin_date, joined, moment, reference
from isthmus.gateways.cbpr.parties_from_fin import NOT_PROVIDED
from isthmus.gateways.cbpr.parties_to_fin import account_of, agent_rows, customer_rows
from isthmus.gateways.cbpr.sender_to_receiver import cut
from isthmus.gateways.cbpr.source import Source
from isthmus.gateways.cbpr.transfers_to_fin import currency_and_amount, only, shortened
from isthmus.gateways.swift.fin import Row
from isthmus.kernel.errors import BadInput

NO_REFERENCE = "NONREF"
TRANSFER = "NTRF"
NOTE_LINES_MAX, NOTE_WIDTH = 6, 65
"""Field 86."""

_SIDES = {"CRDT": "C", "DBIT": "D"}
_REVERSED = {"CRDT": "RD", "DBIT": "RC"}
_KIND = re.compile(r"[NFS][A-Z0-9]{3}")
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
_AVAILABLE = (("CLAV", "64"), ("FWAV", "65"))


def statement(body: Source) -> Outgoing:
    """camt.053, of one statement."""
    body.settle("GrpHdr/MsgId", "GrpHdr/CreDtTm")
    found = only(body, "Stmt")
    rows: list[Row] = [("20", shortened(found, "Id")), *account_rows(found), _number(found, "StmtPgntn")]
    rows += _balances(found, _OPENING, "60")
    rows += _lines(found)
    rows += _balances(found, _CLOSING, "62")
    for kind, number in _AVAILABLE:
        rows += [(number, text) for text, _ in _balance_texts(found, (kind,))]
    rows += _note(found, "AddtlStmtInf")
    return Outgoing("940", tuple(rows))


def report(body: Source) -> Outgoing:
    """camt.052, of one report: entries make MT942, balances alone MT941."""
    body.settle("GrpHdr/MsgId")
    found = only(body, "Rpt")
    entries = found.every("Ntry")
    created = found.text("CreDtTm") or body.text("GrpHdr/CreDtTm")
    body.settle("GrpHdr/CreDtTm")
    rows: list[Row] = [("20", shortened(found, "Id")), *account_rows(found), _number(found, "RptPgntn")]
    if not entries:
        return Outgoing("941", (*rows, _indicated(created), *_report_balances(found)))
    currency = found.peek("Acct/Ccy") or entries[0].need("Amt").attribute("Ccy") or ""
    rows += [("34F", f"{currency}0,"), _indicated(created)]
    rows += _lines(found)
    rows += _totals(found, currency)
    rows += _note(found, "AddtlRptInf")
    return Outgoing("942", tuple(rows))


def _report_balances(found: Source) -> list[Row]:
    rows = [("60F", text) for text, _ in _balance_texts(found, (*_OPENING, "OPAV"))]
    rows += _totals(found, found.peek("Acct/Ccy") or "")
    rows += [("62F", text) for text, _ in _balance_texts(found, ("ITBD", "CLBD"))]
    rows += [("64", text) for text, _ in _balance_texts(found, ("ITAV", "CLAV"))]
    return [*rows, *(("65", text) for text, _ in _balance_texts(found, ("FWAV",))), *_note(found, "AddtlRptInf")]


def notification(body: Source) -> Outgoing:
    """camt.054, of one entry."""
    header = body.need("GrpHdr")
    found = only(body, "Ntfctn")
    entry = only(found, "Ntry")
    details = entry.at("NtryDtls/TxDtls") or entry
    credit = entry.text("CdtDbtInd") == "CRDT"
    created = header.text("CreDtTm")
    found.settle("Id", "Acct/Ccy")
    entry.settle("NtryRef", "Sts", "NtryDtls/TxDtls/Amt", "NtryDtls/TxDtls/CdtDbtInd")
    booked = entry.text("BookgDt/DtTm")
    date = (
        details.text("RltdDts/IntrBkSttlmDt")
        or entry.first("ValDt/Dt", "ValDt/DtTm", "BookgDt/Dt")
        or booked
        or created
    )
    entry.settle("ValDt")
    rows: list[Row] = [
        ("20", shortened(header, "MsgId")),
        ("21", reference(details.first("Refs/InstrId", "Refs/EndToEndId"))),
        *account_rows(found),
        *([_indicated(booked)] if booked else []),
        ("32A", fin_date(date) + currency_and_amount(entry.need("Amt"))),
        *(
            _payer(details)
            if credit
            else agent_rows("52", details.at("RltdPties/Dbtr/Agt") or details.at("RltdAgts/DbtrAgt"))
        ),
        *agent_rows("56", details.at("RltdAgts/IntrmyAgt1") if credit else None),
        *_note_72(details),
    ]
    if details.peek("Refs/EndToEndId") == details.peek("Refs/InstrId"):
        details.settle("Refs/EndToEndId")
    return Outgoing("910" if credit else "900", tuple(rows))


def _payer(details: Source) -> list[Row]:
    """MT910 names a customer or a bank; where neither is known it says so."""
    rows = customer_rows("50", details.at("RltdPties/Dbtr/Pty"), details.at("RltdPties/DbtrAcct"))
    rows += agent_rows("52", details.at("RltdAgts/DbtrAgt") or details.at("RltdPties/Dbtr/Agt"))
    return rows or [("52D", NOT_PROVIDED)]


def _note_72(details: Source) -> list[Row]:
    text = details.text("AddtlTxInf")
    return joined("72", text.split("\n") if text and "\n" in text else cut(text)) if text else []


def account_rows(found: Source) -> list[Row]:
    """Field 25; with the owner's BIC option P."""
    account, owner = account_of(found.at("Acct")), found.text("Acct/Ownr/Id/OrgId/AnyBIC")
    found.settle("Acct/Ccy")
    if account is None:
        return [("25", NOT_PROVIDED)]
    return [("25P", f"{account}\n{owner}")] if owner else [("25", account)]


def _number(found: Source, pages: str) -> Row:
    """28C: number of the statement / of its page."""
    found.settle(f"{pages}/LastPgInd")
    number, page = found.first("LglSeqNb", "ElctrncSeqNb") or "0", found.text(f"{pages}/PgNb")
    return "28C", f"{number[-5:]}/{page}" if page else number[-5:]


def _balances(found: Source, kinds: tuple[str, ...], number: str) -> list[Row]:
    """Final (F), or of a page that is not the last or the first (M)."""
    return [(number + ("M" if between else "F"), text) for text, between in _balance_texts(found, kinds)][:1]


def _balance_texts(found: Source, kinds: tuple[str, ...]) -> list[tuple[str, bool]]:
    texts = []
    for balance in found.every("Bal"):
        if balance.peek("Tp/CdOrPrtry/Cd") in kinds:
            balance.settle("Tp")
            side = _SIDES.get(balance.text("CdtDbtInd") or "", "C")
            date = balance.first("Dt/Dt", "Dt/DtTm")
            between = balance.peek("Tp/SubTp/Cd") == "INTM"
            texts.append((side + fin_date(date) + currency_and_amount(balance.need("Amt")), between))
    return texts


def _lines(found: Source) -> list[Row]:
    """A line (61) for each entry, with its note (86)."""
    rows: list[Row] = []
    for entry in found.every("Ntry"):
        rows.append(("61", _line(entry)))
        rows += _note(entry, "AddtlNtryInf")
    return rows


def _line(entry: Source) -> str:
    entry.settle("Sts", "BkTxCd/Prtry/Issr")
    details = entry.at("NtryDtls/TxDtls") or entry
    indicator = entry.text("CdtDbtInd") or "CRDT"
    side = (_REVERSED if entry.text("RvslInd") in ("true", "1") else _SIDES).get(indicator, "C")
    value, booked = entry.first("ValDt/Dt", "ValDt/DtTm"), entry.first("BookgDt/Dt", "BookgDt/DtTm")
    amount = entry.need("Amt").text() or "0"
    if details is not entry and details.peek("Amt") == amount.strip():
        details.settle("Amt", "CdtDbtInd")
    kind = entry.text("BkTxCd/Prtry/Cd")
    supplement = details.text("AddtlTxInf")
    return (
        f"{fin_date(value or booked)}{fin_date(booked)[2:] if booked else ''}{side}{fin_amount(amount)}"
        f"{kind if kind and _KIND.fullmatch(kind) else TRANSFER}{_own_reference(details, indicator)}"
        + (f"\n{supplement[:34]}" if supplement else "")
    )


def _own_reference(details: Source, indicator: str) -> str:
    """The account owner's own reference: who paid knows his instruction, who was paid the end-to-end identification."""
    path = "Refs/InstrId" if indicator == "DBIT" else "Refs/EndToEndId"
    found = details.peek(path)
    return shortened(details, path) if found and found != NOT_PROVIDED else NO_REFERENCE


def _totals(found: Source, currency: str) -> list[Row]:
    """90D and 90C of the summary."""
    rows = []
    for tag, name in (("90D", "TtlDbtNtries"), ("90C", "TtlCdtNtries")):
        count, total = found.text(f"TxsSummry/{name}/NbOfNtries"), found.text(f"TxsSummry/{name}/Sum")
        if count is not None and total is not None:
            rows.append((tag, f"{_count(count)}{currency}{fin_amount(total)}"))
    return rows


def _count(text: str) -> int:
    """Raises BadInput."""
    if not (text.strip().isascii() and text.strip().isdecimal()):
        raise BadInput("NbOfNtries", f"{text!r} is no number")
    return int(text)


def _note(found: Source, path: str) -> list[Row]:
    text = found.text(path)
    if text is None:
        return []
    lines = cut(text, NOTE_WIDTH, "")
    if len(lines) > NOTE_LINES_MAX:
        found.forget(path)
    return joined("86", lines[:NOTE_LINES_MAX])


def _indicated(text: str | None) -> Row:
    """13D: date, time and offset as they were written."""
    at = moment(text)
    return "13D", at.strftime("%y%m%d%H%M%z")[:15]
