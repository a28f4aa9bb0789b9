"""Rules of statements and reports (camt.052, camt.053, camt.054): balances, sums and counts of entries."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from isthmus.gateways.iso20022.elements import Element, Finding, every, finding, first, number, text

_OPENING = ("OPBD", "PRCD")
_SIGNS = {"CRDT": 1, "DBIT": -1}


def statement_findings(body: Element) -> Iterator[Finding]:
    """Each statement, report or notification of the message."""
    for statement in every(body, "Stmt") + every(body, "Rpt") + every(body, "Ntfctn"):
        yield from _balances(statement)
        yield from _summary(statement)
        yield from _references(statement)
        for entry in every(statement, "Ntry"):
            yield from _entry(entry)


def _references(statement: Element) -> Iterator[Finding]:
    """An entry reference is unique within its statement, unless it was not provided."""
    seen: set[str] = set()
    for reference in every(statement, "Ntry/NtryRef"):
        value = text(reference) or ""
        if value in seen and value != "NOTPROVIDED":
            yield finding("entry_reference_twice", reference, f"{value} is used more than once")
        seen.add(value)


def signed(element: Element) -> tuple[str, Decimal]:
    """Currency and amount of a balance or an entry, negative for a debit."""
    amount = first(element, "Amt")
    sign = _SIGNS.get(text(element, "CdtDbtInd") or "", 1)
    return ("", Decimal(0)) if amount is None else (amount.get("Ccy") or "", sign * (number(amount) or Decimal(0)))


def status_of(entry: Element) -> str | None:
    """Sts in the old versions, Sts/Cd since 2019."""
    return text(entry, "Sts/Cd") or text(entry, "Sts")


def _balances(statement: Element) -> Iterator[Finding]:
    """Opening booked balance and booked entries make the closing one, for each currency; only where the statement
    is whole (one page).
    """
    if text(statement, "StmtPgntn/PgNb") not in (None, "1") or text(statement, "StmtPgntn/LastPgInd") == "false":
        return
    opening: dict[str, Decimal] = {}
    closing: dict[str, tuple[Decimal, Element]] = {}
    for balance in every(statement, "Bal"):
        kind = text(balance, "Tp/CdOrPrtry/Cd")
        currency, amount = signed(balance)
        if text(balance, "Tp/SubTp/Cd") == "INTM":
            continue
        if kind in _OPENING:
            opening.setdefault(currency, amount)
        elif kind == "CLBD":
            closing[currency] = (amount, balance)
    moved: dict[str, Decimal] = {}
    for entry in every(statement, "Ntry"):
        if status_of(entry) == "BOOK":
            currency, amount = signed(entry)
            moved[currency] = moved.get(currency, Decimal(0)) + amount
    for currency, (amount, balance) in closing.items():
        total = opening.get(currency, amount) + moved.get(currency, Decimal(0))
        if currency in opening and total != amount:
            yield finding(
                "statement_balance", balance, f"closes at {amount} {currency}, opening and entries make {total}"
            )


def _summary(statement: Element) -> Iterator[Finding]:
    """TxsSummry: counts and sums of all entries, of credits, of debits."""
    summary, entries = first(statement, "TxsSummry"), every(statement, "Ntry")
    if summary is None:
        return
    groups = {"TtlNtries": entries}
    for name, indicator in (("TtlCdtNtries", "CRDT"), ("TtlDbtNtries", "DBIT")):
        groups[name] = [entry for entry in entries if text(entry, "CdtDbtInd") == indicator]
    for name, members in groups.items():
        stated, total = first(summary, f"{name}/NbOfNtries"), first(summary, f"{name}/Sum")
        if stated is not None and number(stated) != len(members):
            yield finding("number_of_entries", stated, f"states {stated.text}, there are {len(members)}")
        amount = sum((number(entry, "Amt") or Decimal(0) for entry in members), Decimal(0))
        if total is not None and number(total) != amount:
            yield finding("sum_of_entries", total, f"states {total.text}, the entries add up to {amount}")
    yield from _net(summary, entries)


def _net(summary: Element, entries: list[Element]) -> Iterator[Finding]:
    for path in ("TtlNtries/TtlNetNtry/Amt", "TtlNtries/TtlNetNtryAmt"):
        net = first(summary, path)
        if net is None:
            continue
        amount = abs(sum((signed(entry)[1] for entry in entries), Decimal(0)))
        if number(net) != amount:
            yield finding("net_of_entries", net, f"states {net.text}, the entries make {amount}")


def _entry(entry: Element) -> Iterator[Finding]:
    """A batch may list fewer transactions than it states, never more; an indicator of a single transaction agrees
    with its entry.
    """
    for details in every(entry, "NtryDtls"):
        transactions = every(details, "TxDtls")
        stated = first(details, "Btch/NbOfTxs")
        if stated is not None and (number(stated) or 0) < len(transactions):
            yield finding("number_of_transactions", stated, f"states {stated.text}, there are {len(transactions)}")
    transactions = every(entry, "NtryDtls/TxDtls")
    if len(transactions) == 1:
        indicator = first(transactions[0], "CdtDbtInd")
        if indicator is not None and text(indicator) != text(entry, "CdtDbtInd"):
            yield finding("debit_credit", indicator, f"{text(indicator)}, but the entry is {text(entry, 'CdtDbtInd')}")
