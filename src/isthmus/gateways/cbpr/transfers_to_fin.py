"""pacs.008 to MT103, pacs.009 to MT202 (COV too), pacs.004 to the type of what is returned, pacs.002 to MTn99."""

from __future__ import annotations

import re
from collections.abc import Iterable

from isthmus.gateways.cbpr.codes import BEARERS_TO_FIN
from isthmus.gateways.cbpr.fin_text import Outgoing, fin_amount, fin_date, joined, reference
from isthmus.gateways.cbpr.parties_from_fin import NOT_PROVIDED
from isthmus.gateways.cbpr.parties_to_fin import account_of, agent_rows, customer_rows, name_or_bic
from isthmus.gateways.cbpr.sender_to_receiver import LINE_MAX, cut
from isthmus.gateways.cbpr.source import Source
from isthmus.gateways.swift.fin import Row
from isthmus.kernel.errors import BadInput

NOTES_MAX = 6
"""Lines of field 72."""
REMITTANCE_MAX = 4
"""Lines of field 70."""
_REIMBURSEMENT = (("53", "InstgRmbrsmntAgt"), ("54", "InstdRmbrsmntAgt"), ("55", "ThrdRmbrsmntAgt"))
_CURRENCY = re.compile("[A-Z]{3}")
_UETR = re.compile("[0-9A-Za-z-]{1,36}")
_INSTRUCTIONS = ("CHQB", "HOLD", "PHOB", "TELB")
_PURPOSES = ("INTC", "CORT", "REPA")


def customer_transfer(body: Source) -> Outgoing:
    """pacs.008, of one transaction."""
    header, transaction = body.need("GrpHdr"), only(body, "CdtTrfTxInf")
    settle_frame(header, transaction)
    rows: list[Row] = [("20", reference(transaction.text("PmtId/InstrId") or header.text("MsgId")))]
    rows += times(transaction)
    rows.append(("23B", "CRED"))
    rows += _instruction_codes(transaction)
    rows += settled(transaction, "IntrBkSttlmAmt", header)
    rows += instructed(transaction, "InstdAmt", "IntrBkSttlmAmt")
    rows += customer_rows("50", transaction.at("Dbtr"), transaction.at("DbtrAcct"))
    rows += agent_rows("52", transaction.at("DbtrAgt"), transaction.at("DbtrAgtAcct"))
    rows += reimbursement(header)
    rows += agent_rows("56", transaction.at("IntrmyAgt1"), transaction.at("IntrmyAgt1Acct"))
    rows += agent_rows("57", transaction.at("CdtrAgt"), transaction.at("CdtrAgtAcct"))
    rows += customer_rows("59", transaction.at("Cdtr"), transaction.at("CdtrAcct"))
    rows += remittance(transaction)
    rows += charges(transaction)
    rows += joined("72", [*_payment_type(transaction), *_notes(transaction)][:NOTES_MAX])
    rows += _regulatory(transaction)
    return Outgoing("103", tuple(rows), user_tags(transaction.text("PmtId/UETR"), _service(transaction)))


def bank_transfer(body: Source) -> Outgoing:
    """pacs.009, of one transaction; with an underlying customer transfer it is a cover."""
    header, transaction = body.need("GrpHdr"), only(body, "CdtTrfTxInf")
    settle_frame(header, transaction)
    underlying = transaction.at("UndrlygCstmrCdtTrf")
    rows: list[Row] = [
        ("20", reference(transaction.text("PmtId/InstrId") or header.text("MsgId"))),
        ("21", shortened(transaction, "PmtId/EndToEndId")),
    ]
    rows += times(transaction)
    rows += settled(transaction, "IntrBkSttlmAmt", header)
    rows += agent_rows("52", transaction.at("Dbtr"), transaction.at("DbtrAcct"))
    rows += reimbursement(header)
    rows += agent_rows("56", transaction.at("IntrmyAgt1"), transaction.at("IntrmyAgt1Acct"))
    rows += agent_rows("57", transaction.at("CdtrAgt"), transaction.at("CdtrAgtAcct"))
    rows += agent_rows("58", transaction.at("Cdtr"), transaction.at("CdtrAcct"))
    rows += joined(
        "72", [*_payment_type(transaction), *_notes(transaction, "DbtrAgt"), *_to_beneficiary(transaction)][:NOTES_MAX]
    )
    rows += _covered(underlying) if underlying is not None else []
    tags = user_tags(transaction.text("PmtId/UETR"), _service(transaction), cover=underlying is not None)
    return Outgoing("202", tuple(rows), tags)


def _covered(underlying: Source) -> list[Row]:
    """Sequence B of a cover."""
    rows = customer_rows("50", underlying.at("Dbtr"), underlying.at("DbtrAcct"))
    rows += agent_rows("52", underlying.at("DbtrAgt"), underlying.at("DbtrAgtAcct"))
    rows += agent_rows("56", underlying.at("IntrmyAgt1"), underlying.at("IntrmyAgt1Acct"))
    rows += agent_rows("57", underlying.at("CdtrAgt"), underlying.at("CdtrAgtAcct"))
    rows += customer_rows("59", underlying.at("Cdtr"), underlying.at("CdtrAcct"))
    words = " ".join(text for found in underlying.every("RmtInf/Ustrd") if (text := found.text()))
    rows += joined("70", cut(words, LINE_MAX, "")[:REMITTANCE_MAX] if words else [])
    amount = underlying.at("InstdAmt")
    return rows + ([("33B", currency_and_amount(amount))] if amount is not None else [])


def returned(body: Source) -> Outgoing:
    """pacs.004: to MT103 where a customer's transfer comes back, else to MT202 or MT205, with /RETN/ in field 72."""
    header, transaction = body.need("GrpHdr"), only(body, "TxInf")
    settle_frame(header, transaction)
    transaction.settle("OrgnlUETR")
    kind = return_type(transaction)
    chain = transaction.need("RtrChain")
    rows: list[Row] = [("20", reference(transaction.text("RtrId") or header.text("MsgId")))]
    if kind == "103":
        rows.append(("23B", "CRED"))
    else:
        rows.append(("21", reference(transaction.text("OrgnlEndToEndId"))))
    rows += settled(transaction, "RtrdIntrBkSttlmAmt", header)
    if kind == "103":
        rows += instructed(transaction, "RtrdInstdAmt", "RtrdIntrBkSttlmAmt")
        rows += _payer(chain)
        rows += agent_rows("52", chain.at("DbtrAgt"))
    else:
        transaction.settle("ChrgBr")
        rows += agent_rows("52", chain.at("Dbtr/Agt"))
    rows += agent_rows("56", chain.at("IntrmyAgt1"))
    rows += agent_rows("57", chain.at("CdtrAgt"))
    if kind == "103":
        rows += _payee(chain)
        rows += charges(transaction)
    else:
        rows += agent_rows("58", chain.at("Cdtr/Agt"))
    rows += joined("72", refusal_lines(transaction, "RETN", transaction.at("RtrRsnInf")))
    return Outgoing(kind, tuple(rows), user_tags(transaction.text("OrgnlUETR")))


def return_type(transaction: Source) -> str:
    """Of the original's name; where it says nothing, of who gets the money back."""
    name = transaction.text("OrgnlGrpInf/OrgnlMsgNmId") or ""
    if name.startswith("MT") and name[2:5] in ("103", "202", "205"):
        return name[2:5]
    if name.startswith(("pacs.008", "pacs.003")):
        return "103"
    if name.startswith(("pacs.009", "pacs.010")):
        return "202"
    return "103" if transaction.at("RtrChain/Cdtr/Pty") is not None else "202"


def _payer(chain: Source) -> list[Row]:
    """An agent that returns is a customer's field of option A here."""
    bic = chain.text("Dbtr/Agt/FinInstnId/BICFI")
    return [("50A", bic)] if bic is not None else customer_rows("50", chain.at("Dbtr/Pty"))


def _payee(chain: Source) -> list[Row]:
    bic = chain.text("Cdtr/Agt/FinInstnId/BICFI")
    return [("59A", bic)] if bic is not None else customer_rows("59", chain.at("Cdtr/Pty"))


def status(body: Source) -> Outgoing:
    """pacs.002: MT199 for a customer's payment, MT299 for one between banks; only a rejection has a form in FIN."""
    header, transaction = body.need("GrpHdr"), only(body, "TxInfAndSts")
    header.settle("CreDtTm")
    transaction.settle("InstgAgt", "InstdAgt")
    if (transaction.text("TxSts") or "").strip() != "RJCT":
        raise BadInput("TxSts", f"{transaction.peek('TxSts')}: only a rejection (RJCT) becomes a message")
    name = transaction.text("OrgnlGrpInf/OrgnlMsgNmId") or ""
    category = "2" if name.startswith(("pacs.009", "pacs.010", "MT2")) else "1"
    uetr = transaction.text("OrgnlUETR")
    lines = refusal_lines(transaction, "REJT", transaction.at("StsRsnInf"))
    lines += [f"/TEXT//UETR/{uetr}"] if uetr else []
    transaction.settle("OrgnlGrpInf/OrgnlMsgId")
    rows = [
        ("20", shortened(header, "MsgId")),
        ("21", reference(transaction.text("OrgnlInstrId"))),
        *joined("79", lines),
    ]
    return Outgoing(f"{category}99", tuple(rows), user_tags(uetr))


def refusal_lines(transaction: Source, kind: str, reason: Source | None) -> list[str]:
    """/RETN/ or /REJT/ with the number of the field at fault, which is not known (99), reason and references of
    the original.
    """
    code = reason.first("Rsn/Cd", "Rsn/Prtry") if reason is not None else None
    words = " ".join(text for found in (reason.every("AddtlInf") if reason else []) if (text := found.text()))
    if code == "NARR" and words.startswith("/"):
        lines = cut(words)
    else:
        lines = cut(f"/{code or 'NARR'}/{words}")
    message = transaction.text("OrgnlInstrId") or transaction.text("OrgnlGrpInf/OrgnlMsgId")
    transaction.settle("OrgnlGrpInf/OrgnlMsgId")
    lines += [f"/MREF/{reference(message)}"] if message else []
    end_to_end = transaction.text("OrgnlEndToEndId")
    if end_to_end is not None:
        lines.append(f"/TREF/{shortened(transaction, 'OrgnlEndToEndId')}")
    return [f"/{kind}/99", *lines]


def only(body: Source, name: str) -> Source:
    """FIN carries one transaction a message. Raises BadInput for more or none."""
    found = body.every(name)
    if len(found) != 1:
        raise BadInput(name, f"{len(found)} transactions: one message carries one")
    return found[0]


def shortened(source: Source, path: str) -> str:
    """A reference; where it had to be cut the element counts as lost."""
    text = source.text(path)
    if text is not None and text != reference(text):
        source.forget(path)
    return reference(text)


def settle_frame(header: Source, transaction: Source) -> None:
    """What the blocks of a FIN message say of itself: when, between whom, how many."""
    header.settle("CreDtTm", "NbOfTxs", "CtrlSum", "TtlIntrBkSttlmAmt", "SttlmInf/SttlmMtd", "InstgAgt", "InstdAgt")
    header.settle("MsgId")
    transaction.settle("InstgAgt", "InstdAgt", "PmtId/TxId")


def user_tags(uetr: str | None, service: str | None = None, *, cover: bool = False) -> tuple[Row, ...]:
    """Block 3. Raises BadInput for a UETR that could not stand in it; whether it is one is a rule of `iso20022`."""
    if uetr is not None and _UETR.fullmatch(uetr) is None:
        raise BadInput("UETR", f"{uetr!r} is no UETR")
    tags = [("111", service)] if service else []
    tags += [("119", "COV")] if cover else []
    tags += [("121", uetr)] if uetr else []
    return tuple(tags)


def settled(transaction: Source, name: str, header: Source) -> list[Row]:
    amount = transaction.need(name)
    date = transaction.text("IntrBkSttlmDt") or header.text("IntrBkSttlmDt")
    return [("32A", fin_date(date) + currency_and_amount(amount))]


def instructed(transaction: Source, name: str, otherwise: str) -> list[Row]:
    """33B is always told, even where it says no more than 32A."""
    amount = transaction.at(name) or transaction.need(otherwise)
    rate = transaction.text("XchgRate")
    return [("33B", currency_and_amount(amount)), *([("36", fin_amount(rate))] if rate else [])]


def currency_and_amount(amount: Source) -> str:
    currency = amount.attribute("Ccy") or ""
    if _CURRENCY.fullmatch(currency) is None:
        raise BadInput(amount.name, f"{currency!r} is no currency")
    return f"{currency}{fin_amount(amount.text() or '')}"


def reimbursement(header: Source) -> list[Row]:
    rows: list[Row] = []
    for number, name in _REIMBURSEMENT:
        rows += agent_rows(number, header.at(f"SttlmInf/{name}"), header.at(f"SttlmInf/{name}Acct"))
    account = account_of(header.at("SttlmInf/SttlmAcct"))
    if account is not None and not rows:
        side = "C" if header.peek("SttlmInf/SttlmMtd") == "INGA" else "D"
        rows.append(("53B", f"/{side}/{account}"))
    return rows


def charges(transaction: Source) -> list[Row]:
    """71A; charges taken on the way are 71F, those that the sender pays the receiver 71G."""
    bearer = transaction.text("ChrgBr")
    code = BEARERS_TO_FIN.get((bearer or "SHAR").strip())
    if code is None:
        raise BadInput("ChrgBr", f"{bearer!r} has no code in FIN")
    tag = "71G" if code == "OUR" else "71F"
    amounts = [found for found in transaction.every("ChrgsInf/Amt") if fin_amount(found.peek() or "").strip("0,")]
    transaction.settle("ChrgsInf/Agt", *(["ChrgsInf/Amt"] if not amounts else []))
    return [("71A", code), *((tag, currency_and_amount(found)) for found in amounts[: 1 if tag == "71G" else None])]


def remittance(transaction: Source) -> list[Row]:
    """Field 70: the end-to-end identification after /ROC/, then what is said about the payment."""
    end_to_end = transaction.text("PmtId/EndToEndId")
    words = " ".join(text for found in transaction.every("RmtInf/Ustrd") if (text := found.text()))
    told = end_to_end is not None and end_to_end != NOT_PROVIDED
    if told and not words.startswith("/ROC/"):
        words = f"/ROC/{end_to_end}" + (f"///URI/{words}" if words else "")
    lines = cut(words, LINE_MAX, "") if words else []
    if len(lines) > REMITTANCE_MAX:
        transaction.forget("RmtInf/Ustrd")
    return joined("70", lines[:REMITTANCE_MAX])


def _to_beneficiary(transaction: Source) -> list[str]:
    """A bank's transfer has no field 70: what is said about the payment goes to the beneficiary in field 72."""
    words = " ".join(text for found in transaction.every("RmtInf/Ustrd") if (text := found.text()))
    return cut(words if words.startswith("/BNF/") else f"/BNF/{words}") if words else []


def _notes(transaction: Source, *before: str) -> list[str]:
    """Field 72: instructions to the creditor's agent and to the next one, then previous agents (and those named
    `before` them).
    """
    lines: list[str] = []
    for path, code in (("InstrForCdtrAgt", "ACC"), ("InstrForNxtAgt", "REC")):
        for found in transaction.every(path):
            words = None if found.peek("Cd") in _INSTRUCTIONS else found.text("InstrInf")
            lines += cut(words if words.startswith("/") else f"/{code}/{words}") if words else []
    for name in (*before, "PrvsInstgAgt1", "PrvsInstgAgt2", "PrvsInstgAgt3"):
        agent = transaction.at(name)
        found_name = name_or_bic(agent) if agent is not None else None
        lines += cut(f"/INS/{found_name}") if found_name else []
    second = transaction.at("IntrmyAgt2")
    word = name_or_bic(second) if second is not None else None
    return lines + (cut(f"/INTA/{word}") if word else [])


def _payment_type(transaction: Source) -> list[str]:
    """What of PmtTpInf has neither a tag in block 3 nor a code in 23E."""
    lines = [f"/SVCLVL/{text}" for found in transaction.every("PmtTpInf/SvcLvl/Prtry") if (text := found.text())]
    for path, code in (("LclInstrm", "LOCINS"), ("CtgyPurp", "CATPURP")):
        text = (
            None
            if transaction.peek(f"PmtTpInf/{path}/Cd") in _PURPOSES
            else transaction.first(f"PmtTpInf/{path}/Cd", f"PmtTpInf/{path}/Prtry")
        )
        if text is not None and not set(text.split()) <= set(_PURPOSES):
            lines.append(f"/{code}/{text}")
    return lines


def _service(transaction: Source) -> str | None:
    """G001 is tag 111 with 001."""
    for found in transaction.every("PmtTpInf/SvcLvl/Cd"):
        code = (found.element.text or "").strip()
        if len(code) == 4 and code[0] == "G" and code[1:].isdigit():
            found.text()
            return code[1:]
    return None


def _instruction_codes(transaction: Source) -> list[Row]:
    """23E, in the order of the rule book: what kind of payment, then what the creditor's agent does."""
    codes = [
        code
        for found in transaction.every("PmtTpInf/SvcLvl/Cd")
        if (code := (found.element.text or "").strip()) == "SDVA" and found.text()
    ]
    for path in ("PmtTpInf/CtgyPurp/Cd", "PmtTpInf/CtgyPurp/Prtry"):
        words = (transaction.peek(path) or "").split()
        if words and set(words) <= set(_PURPOSES):
            transaction.settle(path)
            codes += words
    for found in transaction.every("InstrForCdtrAgt"):
        if found.peek("Cd") in _INSTRUCTIONS:
            words_of_it = found.text("InstrInf")
            codes.append(f"{found.text('Cd')}" + (f"/{words_of_it}" if words_of_it else ""))
    return [("23E", code) for code in codes]


def times(transaction: Source) -> Iterable[Row]:
    """13C of the times of settlement."""
    for path, name in (
        ("SttlmTmReq/CLSTm", "CLSTIME"),
        ("SttlmTmIndctn/DbtDtTm", "SNDTIME"),
        ("SttlmTmIndctn/CdtDtTm", "RNCTIME"),
    ):
        text = transaction.text(path)
        if text is not None:
            time = text.rpartition("T")[2].strip().replace("Z", "+00:00")
            offset = time[-6:].replace(":", "") if time[-6:-5] in ("+", "-") else "+0000"
            yield "13C", f"/{name}/{time[:5].replace(':', '')}{offset}"


def _regulatory(transaction: Source) -> list[Row]:
    """77B, three lines."""
    found = transaction.at("RgltryRptg")
    if found is None:
        return []
    code = {"DEBT": "ORDERRES", "CRED": "BENEFRES"}.get(found.text("DbtCdtRptgInd") or "")
    country, words = found.text("Dtls/Ctry"), found.text("Dtls/Inf") or ""
    text = f"/{code}/{country}//{words}" if code and country else words
    return joined("77B", cut(text)[:3])
