"""MT940 and MT950 to camt.053, MT941 and MT942 to camt.052, MT900 and MT910 to camt.054."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from isthmus.gateways.cbpr.fields import Field, Fields, Money, date_of, decimal_of, money_of
from isthmus.gateways.cbpr.header_from_fin import SERVICE, Incoming, Translated
from isthmus.gateways.cbpr.parties_from_fin import NOT_PROVIDED, account_node, customer, institution, party_of
from isthmus.gateways.iso20022.trees import Node, amount, branch, leaf
from isthmus.kernel.errors import BadInput

STATEMENT, REPORT, NOTIFICATION = "camt.053.001.08", "camt.052.001.08", "camt.054.001.08"

SIDES = {"C": "CRDT", "D": "DBIT", "RC": "DBIT", "RD": "CRDT", "EC": "CRDT", "ED": "DBIT"}
"""The reversal of a credit debits."""

_LINE = re.compile(
    r"([0-9]{6})([0-9]{4})?(R?[CD]|E[CD])([A-Z])?([0-9]{1,12},[0-9]{0,2})([NFS][A-Z0-9]{3})(.*?)(?://(.*))?"
)
_KINDS = {"60": "OPBD", "62": "CLBD", "64": "CLAV", "65": "FWAV"}
_INDICATED = re.compile(r"([0-9]{6})([0-9]{4})(?:([+-][0-9]{2})([0-9]{2}))?")


class Line(msgspec.Struct, frozen=True):
    """Field 61: a line of a statement."""

    date: str
    entry: str | None
    side: str
    """C, D, RC or RD (EC, ED of expected entries)."""
    value: str
    kind: str
    """Transaction type, N, F or S and three characters."""
    reference: str
    servicer: str | None
    supplement: str | None

    @property
    def reversed(self) -> bool:
        return self.side in ("RC", "RD")


def line_of(field: Field) -> Line:
    """Raises BadInput."""
    found = _LINE.fullmatch(field.lines[0])
    if found is None:
        raise BadInput("61", f"{field.lines[0]!r} is no statement line")
    date, entry, side, _, value, kind, reference, servicer = found.groups()
    supplement = "\n".join(field.lines[1:]) or None
    return Line(date_of(date, "61"), entry, side, decimal_of(value, "61"), kind, reference, servicer, supplement)


def statement(message: Incoming) -> Translated:
    """MT940 and MT950."""
    fields = message.fields
    last = any(field.number + field.option == "62F" for field in fields.rows)
    currency, balances = _balances(fields)
    entries, closing = _entries(fields, currency)
    sequence, page = _numbers(fields)
    body = branch(
        "BkToCstmrStmt",
        branch("GrpHdr", *message.group),
        branch(
            "Stmt",
            leaf("Id", message.reference),
            branch("StmtPgntn", leaf("PgNb", page or "1"), leaf("LastPgInd", "true" if last else "false")),
            leaf("LglSeqNb", sequence),
            None if sequence else leaf("CreDtTm", message.created),
            account(fields, currency),
            balances,
            entries,
            leaf("AddtlStmtInf", closing),
        ),
    )
    return _translated(STATEMENT, message, body)


def report(message: Incoming) -> Translated:
    """MT941 (balances) and MT942 (entries since the last one)."""
    fields = message.fields
    currency, balances = _balances(fields)
    currency = currency or _first_currency(fields)
    entries, closing = _entries(fields, currency)
    sequence, page = _numbers(fields)
    body = branch(
        "BkToCstmrAcctRpt",
        branch("GrpHdr", *message.group),
        branch(
            "Rpt",
            leaf("Id", message.reference),
            branch("RptPgntn", leaf("PgNb", page or "1"), leaf("LastPgInd", "true")),
            leaf("LglSeqNb", sequence),
            leaf("CreDtTm", _indicated(fields)),
            account(fields, currency),
            balances,
            _summary(fields),
            entries,
            leaf("AddtlRptInf", closing),
        ),
    )
    return _translated(REPORT, message, body)


def notification(message: Incoming) -> Translated:
    """MT900 confirms a debit, MT910 a credit."""
    fields = message.fields
    money = money_of(fields.find("32", "A"))
    if money is None:
        raise BadInput("32A", "the field is missing")
    side = "DBIT" if message.message_type == "900" else "CRDT"
    body = branch(
        "BkToCstmrDbtCdtNtfctn",
        branch("GrpHdr", *message.group),
        branch(
            "Ntfctn",
            leaf("Id", message.reference),
            account(fields, money.currency),
            _single_entry(message, money, side),
        ),
    )
    return _translated(NOTIFICATION, message, body)


def _single_entry(message: Incoming, money: Money, side: str) -> Node | None:
    fields = message.fields
    related, booked = fields.text("21"), _indicated(fields)
    value = amount("Amt", money.value, money.currency)
    return branch(
        "Ntry",
        leaf("NtryRef", NOT_PROVIDED),
        value,
        leaf("CdtDbtInd", side),
        leaf("Sts/Cd", "BOOK"),
        leaf("BookgDt/DtTm", booked),
        leaf("ValDt/Dt", money.date),
        branch("BkTxCd", branch("Prtry", leaf("Cd", NOT_PROVIDED), leaf("Issr", NOT_PROVIDED))),
        branch(
            "NtryDtls",
            branch(
                "TxDtls",
                branch("Refs", leaf("InstrId", related), leaf("EndToEndId", related), leaf("UETR", message.uetr)),
                value,
                leaf("CdtDbtInd", side),
                *_related(fields),
                leaf("RltdDts/IntrBkSttlmDt", money.date),
                leaf("AddtlTxInf", field.text if (field := fields.find("72")) else None),
            ),
        ),
    )


def _related(fields: Fields) -> Iterable[Node | None]:
    """Ordering customer (50) with its bank (52), or the bank alone as the debtor; the intermediary (56)."""
    ordering, bank, between = (
        party_of(field) if (field := fields.find(number)) else None for number in ("50", "52", "56")
    )
    payer = ordering or bank
    debtor = customer("Pty", ordering, debtor=True) if ordering else institution("Agt", bank)
    yield branch("RltdPties", branch("Dbtr", debtor), account_node("DbtrAcct", payer.account if payer else None))
    yield branch("RltdAgts", institution("DbtrAgt", bank) if ordering else None, institution("IntrmyAgt1", between))


def account(fields: Fields, currency: str | None) -> Node | None:
    """Field 25; with option P the second line is the owner's BIC. Raises BadInput where there is none."""
    field = fields.find("25")
    if field is None:
        raise BadInput("25", "the field is missing")
    numbered = account_node("Acct", field.lines[0])
    owner = leaf(
        "Ownr/Id/OrgId/AnyBIC", field.lines[1].strip() if field.option == "P" and len(field.lines) > 1 else None
    )
    inner = numbered.content if numbered is not None and isinstance(numbered.content, tuple) else ()
    return branch("Acct", inner, leaf("Ccy", currency), owner)


def _balances(fields: Fields) -> tuple[str | None, list[Node]]:
    """Fields 60 to 65: side, date, currency, amount; option M is intermediate."""
    found: list[Node] = []
    currency = None
    for number, kind in _KINDS.items():
        for field in fields.every(number):
            side, text = field.text[:1], field.text[1:]
            money = money_of(Field(number, field.option, (text,)))
            if side not in SIDES or money is None or money.date is None:
                raise BadInput(number + field.option, f"{field.text!r} is no balance")
            currency = currency or money.currency
            node = branch(
                "Bal",
                branch("Tp", leaf("CdOrPrtry/Cd", kind), leaf("SubTp/Cd", "INTM") if field.option == "M" else None),
                amount("Amt", money.value, money.currency),
                leaf("CdtDbtInd", SIDES[side]),
                leaf("Dt/Dt", money.date),
            )
            assert node is not None, "a balance has a type"
            found.append(node)
    return currency, found


def lines_with_notes(fields: Fields) -> Iterator[tuple[Line | None, str | None]]:
    """Each line (61) with the information to the owner (86) that follows it; at last (None, what follows no line)."""
    open_line: Line | None = None
    closing: str | None = None
    waiting = False
    for field in fields.rows:
        if field.number == "61":
            if waiting:
                yield open_line, None
            open_line, waiting = line_of(field), True
        elif field.number == "86" and waiting:
            yield open_line, " ".join(field.lines)
            waiting = False
        elif field.number == "86":
            closing = " ".join(field.lines)
        elif waiting and field.number == "62":
            yield open_line, None
            waiting = False
    if waiting:
        yield open_line, None
    yield None, closing


def _entries(fields: Fields, currency: str | None) -> tuple[list[Node], str | None]:
    for number in ("61", "86"):
        list(fields.every(number))
    nodes, closing = [], None
    for line, note in lines_with_notes(fields):
        if line is None:
            closing = note
            continue
        node = _entry(line, note, currency)
        if node is not None:
            nodes.append(node)
    return nodes, closing


def _entry(line: Line, note: str | None, currency: str | None) -> Node | None:
    side = SIDES[line.side]
    value = amount("Amt", line.value, currency)
    booked = f"{line.date[:4]}-{line.entry[:2]}-{line.entry[2:]}" if line.entry else None
    return branch(
        "Ntry",
        value,
        leaf("CdtDbtInd", side),
        leaf("RvslInd", "true" if line.reversed else None),
        leaf("Sts/Cd", "BOOK"),
        leaf("BookgDt/Dt", booked),
        leaf("ValDt/Dt", line.date),
        leaf("AcctSvcrRef", line.servicer),
        leaf("BkTxCd/Prtry/Cd", line.kind),
        branch(
            "NtryDtls",
            branch(
                "TxDtls",
                leaf("Refs/EndToEndId", line.reference),
                value,
                leaf("CdtDbtInd", side),
                leaf("AddtlTxInf", line.supplement),
            ),
        ),
        leaf("AddtlNtryInf", note),
    )


def _summary(fields: Fields) -> Node | None:
    """90C and 90D: number and sum of credits and of debits."""
    totals = {}
    for field in fields.every("90"):
        found = re.fullmatch(r"([0-9]{1,5})([A-Z]{3}[0-9,]+)", field.text)
        money = money_of(Field("90", field.option, (found[2],))) if found else None
        if found is None or money is None:
            raise BadInput("90" + field.option, f"{field.text!r} is no sum of entries")
        totals[field.option] = (found[1], money.value)
    credited, debited = (
        branch(name, leaf("NbOfNtries", totals[side][0]), leaf("Sum", totals[side][1])) if side in totals else None
        for name, side in (("TtlCdtNtries", "C"), ("TtlDbtNtries", "D"))
    )
    return branch("TxsSummry", credited, debited)


def _numbers(fields: Fields) -> tuple[str | None, str | None]:
    """28C: number of the statement / of its page."""
    text = fields.text("28C") or fields.text("28")
    number, _, page = (text or "").partition("/")
    return number or None, page or None


def _indicated(fields: Fields) -> str | None:
    """13D: date, time, offset."""
    text = fields.text("13D")
    if text is None:
        return None
    found = _INDICATED.fullmatch(text)
    if found is None:
        raise BadInput("13D", f"{text!r} is no date and time")
    date, time, hours, minutes = found.groups()
    return f"{date_of(date, '13D')}T{time[:2]}:{time[2:]}:00{hours or '+00'}:{minutes or '00'}"


def _first_currency(fields: Fields) -> str | None:
    found = next((field.text[:3] for field in fields.rows if field.number == "34"), None)
    return found or next((re.sub("^[0-9]+", "", field.text)[:3] for field in fields.rows if field.number == "90"), None)


def _translated(identifier: str, message: Incoming, body: Node | None) -> Translated:
    assert body is not None, "a group header is always there"
    return identifier, message.header(identifier, SERVICE), body
