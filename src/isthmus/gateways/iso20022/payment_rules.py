"""Rules of payments (pain, pacs, camt.055/056/029/057): counts, control sums, charges, exchange rates, settlement.

The rules are those that the message definitions state in words (ISO 20022 message definition reports of pain.001,
pacs.008, pacs.009, pacs.004), since a schema cannot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from isthmus.gateways.iso20022.elements import Element, Finding, children, every, finding, first, number, place, text

TRANSACTIONS = {
    "FIToFICstmrCdtTrf": "CdtTrfTxInf",
    "FICdtTrf": "CdtTrfTxInf",
    "FIToFICstmrDrctDbt": "DrctDbtTxInf",
    "FIDrctDbt": "CdtInstr/DrctDbtTxInf",
    "PmtRtr": "TxInf",
    "FIToFIPmtRvsl": "TxInf",
    "CstmrCdtTrfInitn": "PmtInf/CdtTrfTxInf",
    "CstmrDrctDbtInitn": "PmtInf/DrctDbtTxInf",
}
"""Body of a message -> where its transactions stand."""

_AMOUNT = ("IntrBkSttlmAmt", "RtrdIntrBkSttlmAmt", "RvsdIntrBkSttlmAmt", "Amt/InstdAmt", "Amt/EqvtAmt/Amt", "InstdAmt")
_CHAINS = (("IntrmyAgt1", "IntrmyAgt2", "IntrmyAgt3"), ("PrvsInstgAgt1", "PrvsInstgAgt2", "PrvsInstgAgt3"))
_REIMBURSEMENT = ("InstgRmbrsmntAgt", "InstdRmbrsmntAgt", "ThrdRmbrsmntAgt")


def initiation_findings(body: Element) -> Iterator[Finding]:
    """pain.001 and pain.008: the group, then each payment information block."""
    yield from _totals(
        body[0], every(body, TRANSACTIONS["CstmrCdtTrfInitn"]) + every(body, TRANSACTIONS["CstmrDrctDbtInitn"])
    )
    for block in every(body, "PmtInf"):
        transactions = every(block, "CdtTrfTxInf") + every(block, "DrctDbtTxInf")
        yield from _totals(block, transactions)
        yield from _end_to_end(transactions)
        if first(block, "ChrgBr") is not None:
            for transaction in transactions:
                bearer = first(transaction, "ChrgBr")
                if bearer is not None:
                    yield finding("charge_bearer_twice", bearer, "charge bearer is given for the block already")


def transfer_findings(body: Element) -> Iterator[Finding]:
    """pacs.008, pacs.009 and pacs.003: group header against transactions, then each transaction."""
    skip = body.tag.rfind("}") + 1
    header = children(body[0])
    transactions = [child for child in body if child.tag.endswith("TxInf")]
    if header["NbOfTxs"].text != str(len(transactions)):
        yield from _count(header["NbOfTxs"], len(transactions))
    if "CtrlSum" in header or "TtlIntrBkSttlmAmt" in header:
        yield from _sums(header, transactions)
    settlement = header.get("SttlmInf")
    if settlement is not None:
        yield from _settlement(settlement)
    for transaction in transactions:
        fields = {child.tag[skip:]: child for child in transaction}
        yield from _transaction(fields, header, transaction)
    if len(transactions) > 1:
        yield from _end_to_end(transactions)


def return_findings(body: Element) -> Iterator[Finding]:
    """pacs.004: totals where it lists transactions, and each return against its original amount."""
    header, transactions = body[0], every(body, "TxInf")
    if transactions:
        yield from _totals(header, transactions)
    for transaction in transactions:
        returned, original = first(transaction, "RtrdIntrBkSttlmAmt"), first(transaction, "OrgnlIntrBkSttlmAmt")
        if returned is None or original is None or returned.get("Ccy") != original.get("Ccy"):
            continue
        more = (number(returned) or 0) > (number(original) or 0)
        if more and first(transaction, "CompstnAmt") is None:
            yield finding(
                "returned_more", returned, f"{returned.text} is more than the {original.text} of the original"
            )


def debit_findings(body: Element) -> Iterator[Finding]:
    """pacs.010: counts and sums over all credit instructions."""
    yield from _totals(body[0], every(body, TRANSACTIONS["FIDrctDbt"]))


def cancellation_findings(body: Element) -> Iterator[Finding]:
    """camt.056 and camt.029: control data against transactions, a reason for what needs one."""
    transactions = every(body, "Undrlyg/TxInf")
    control = first(body, "CtrlData")
    if control is not None and transactions:
        yield from _totals(control, transactions)
    for reason in every(body, "Undrlyg/TxInf/CxlRsnInf"):
        if text(reason, "Rsn/Cd") == "NARR" and first(reason, "AddtlInf") is None:
            yield finding("narrative_missing", reason, "reason NARR needs additional information")


def status_findings(body: Element) -> Iterator[Finding]:
    """pacs.002 and pain.002: a rejection says why; a reason NARR needs words."""
    for transaction in every(body, "TxInfAndSts") + every(body, "OrgnlPmtInfAndSts/TxInfAndSts"):
        if text(transaction, "TxSts") == "RJCT" and first(transaction, "StsRsnInf") is None:
            yield finding("reason_missing", transaction, "a rejection needs a status reason")
        for reason in every(transaction, "StsRsnInf"):
            if text(reason, "Rsn/Cd") == "NARR" and first(reason, "AddtlInf") is None:
                yield finding("narrative_missing", reason, "reason NARR needs additional information")


def _totals(holder: Element, transactions: list[Element]) -> Iterator[Finding]:
    header = children(holder)
    if "NbOfTxs" in header:
        yield from _count(header["NbOfTxs"], len(transactions))
    yield from _sums(header, transactions)


def _count(stated: Element, count: int) -> Iterator[Finding]:
    value = (stated.text or "").strip()
    if not value.isdecimal() or int(value) != count:
        yield finding("number_of_transactions", stated, f"states {value}, there are {count}")


def _sums(header: dict[str, Element], transactions: list[Element]) -> Iterator[Finding]:
    amounts = [amount for transaction in transactions if (amount := _amount(transaction)) is not None]
    if len(amounts) != len(transactions):
        return
    stated = header.get("CtrlSum")
    total = sum((number(amount) or Decimal(0) for amount in amounts), Decimal(0))
    if stated is not None and number(stated) != total:
        yield finding("control_sum", stated, f"states {stated.text}, the amounts add up to {total}")
    stated = header.get("TtlIntrBkSttlmAmt", header.get("TtlRtrdIntrBkSttlmAmt"))
    if stated is None:
        return
    currencies = {amount.get("Ccy") for amount in amounts}
    if currencies - {stated.get("Ccy")}:
        yield finding(
            "total_currency",
            stated,
            f"{stated.get('Ccy')}, but amounts are in {', '.join(sorted(map(str, currencies)))}",
        )
    elif number(stated) != total:
        yield finding("total_amount", stated, f"states {stated.text}, the amounts add up to {total}")


def _amount(transaction: Element) -> Element | None:
    for path in _AMOUNT:
        found = first(transaction, path)
        if found is not None:
            return found
    return None


def _settlement(settlement: Element) -> Iterator[Finding]:
    fields = children(settlement)
    method = (fields["SttlmMtd"].text or "").strip() if "SttlmMtd" in fields else ""
    agents = [name for name in _REIMBURSEMENT if name in fields]
    if agents and method in ("INDA", "INGA", "CLRG"):
        yield finding("settlement_method", fields[agents[0]], f"settlement method {method} has no reimbursement agent")
    if method == "COVE" and "InstdRmbrsmntAgt" not in fields and "InstgRmbrsmntAgt" not in fields:
        yield finding("settlement_method", settlement, "settlement method COVE needs a reimbursement agent")
    if method == "CLRG" and "ClrSys" not in fields:
        yield finding("settlement_method", settlement, "settlement method CLRG needs a clearing system")


def _transaction(fields: dict[str, Element], header: dict[str, Element], transaction: Element) -> Iterator[Finding]:
    yield from _rate(fields, transaction)
    if ("IntrBkSttlmDt" in fields) == ("IntrBkSttlmDt" in header):
        yield from _settlement_date(fields, transaction)
    if "PmtTpInf" in fields and "PmtTpInf" in header:
        yield finding("payment_type_twice", fields["PmtTpInf"], "payment type is given for the group already")
    for name in ("InstgAgt", "InstdAgt"):
        if name in fields and name in header:
            yield finding("agent_twice", fields[name], f"{name} is given for the group already")
    for chain in _CHAINS:
        for before, name in zip(chain, chain[1:], strict=False):
            if name in fields and before not in fields:
                yield finding("agent_chain", fields[name], f"{name} needs {before}")


def _settlement_date(fields: dict[str, Element], transaction: Element) -> Iterator[Finding]:
    if "IntrBkSttlmDt" in fields:
        yield finding(
            "settlement_date_twice", fields["IntrBkSttlmDt"], "settlement date is given for the group already"
        )
    else:
        yield finding("settlement_date_missing", transaction, "neither group nor transaction has a settlement date")


def _rate(fields: dict[str, Element], transaction: Element) -> Iterator[Finding]:
    instructed, settled, rate = fields.get("InstdAmt"), fields.get("IntrBkSttlmAmt"), fields.get("XchgRate")
    if instructed is None:
        if rate is not None:
            yield finding("exchange_rate", rate, "a rate needs an instructed amount")
        if "ChrgsInf" in fields:
            yield finding("instructed_amount_missing", transaction, "charges need an instructed amount")
    elif settled is not None:
        same = instructed.get("Ccy") == settled.get("Ccy")
        if rate is None and not same:
            yield finding("exchange_rate", instructed, "instructed in another currency than settled, without a rate")
        elif rate is not None and same:
            yield finding("exchange_rate", rate, "a rate between amounts of one currency")


def _end_to_end(transactions: list[Element]) -> Iterator[Finding]:
    """No two transactions of a group share an end-to-end identification, unless it was not provided, or a UETR."""
    yield from _twice("end_to_end_twice", transactions, "PmtId/EndToEndId")
    yield from _twice("uetr_twice", transactions, "PmtId/UETR")


def _twice(rule: str, transactions: list[Element], path: str) -> Iterator[Finding]:
    found = [(text(element), element) for transaction in transactions for element in every(transaction, path)]
    counts = Counter(value for value, _ in found)
    seen: set[str | None] = set()
    for value, element in found:
        if value in seen and value != "NOTPROVIDED":
            yield Finding(rule, place(element), f"{value} is used {counts[value]} times")
        seen.add(value)
