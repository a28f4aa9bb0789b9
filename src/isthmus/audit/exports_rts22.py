"""Transactions of a day as RTS 22 has them, in the message auth.016.001.01: one report a trade in the house's own book.

A trade is two rows, its buyer's and its seller's, joined by O31. What the journal does not say comes from the reference
file or refuses the trade; so does a client who is no legal entity where nobody gives access to his particulars, and a
fill at an outside venue, whose other side nobody told us. rts22.xsd is our own derivation of the message, and narrower
than the official schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib import resources
from typing import Any

import msgspec
from lxml import etree

from isthmus.audit.concat import nationality_of
from isthmus.audit.exports import LEI, Reference, Refused, Report
from isthmus.audit.jurisdictions import FIELDS
from isthmus.audit.particulars import CONCAT, NATURAL, Particulars, identifier_of
from isthmus.audit.rows import Row

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:auth.016.001.01"
TRADES = ("fill", "partial_fill", "late_fill")
OWNER = "client"
"""Whose order no user of ours sent, in `people`: NORE, or the algorithm that executes it."""
UNKNOWN = "unknown"
Fields = dict[str, str | None]


class Lacking(msgspec.Struct, frozen=True):
    """Why nothing can be said."""

    reason: str


Holders = Callable[[str], Particulars | Lacking]
"""Who holds an account (acc-16)."""
Told = dict[str, str | Particulars | Lacking | None]


def nobody(_account: str) -> Particulars | Lacking:
    """Where access to particulars was not given."""
    return Lacking(UNKNOWN)


def rts22(rows: Iterable[Row], reference: Reference, holders: Holders = nobody) -> Report:
    """The message, oldest trade first. `skipped`: rows that are no trades. A refused row is one of a trade's two.

    A client of the reference file is asked of it alone; others are natural or legal persons of `holders`.
    """
    trades: dict[str, list[tuple[Row, Fields]]] = {}
    skipped = 0
    for row in rows:
        fields: Fields = dict(zip(FIELDS, row.values, strict=True))
        if fields["O65"] not in TRADES:
            skipped += 1
            continue
        trades.setdefault(fields["O31"] or "", []).append((row, fields))
    document, message = _message()
    refused, count = [], 0
    checking = schema()
    for sides in trades.values():
        found = _told(sides, reference, holders)
        fault = next((name for name, value in found.items() if value is None or isinstance(value, Lacking)), None)
        reason = _reason(found[fault]) if fault is not None else "bad_form"
        if fault is None:
            alone, one = _message()
            _write(one, found)
            if checking.validate(alone):
                message.append(one[0])
            else:
                fault = str(checking.error_log.last_error.message)
        if fault is not None:
            refused.append(Refused(sides[0][0].sequence, sides[0][0].place, fault, reason))
        else:
            count += 1
    text = etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True).decode()
    return Report(text, count, skipped, refused)


def _message() -> tuple[Any, Any]:
    """A document and its message, without a trade."""
    document = etree.Element(f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE})
    return document, _in(document, "FinInstrmRptgTxRpt")


def schema() -> Any:
    """That the message holds against."""
    shipped = resources.files("isthmus.audit").joinpath("rts22.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(shipped))


def _reason(value: object) -> str:
    return value.reason if isinstance(value, Lacking) else UNKNOWN


def _told(sides: list[tuple[Row, Fields]], reference: Reference, holders: Holders) -> Told:
    """By the element that has it; None or Lacking where nothing says it."""
    of = {fields["O57"]: fields for _, fields in sides}
    fields = sides[0][1]
    rules = reference.rts22
    capacities = {side["O13"] for side in of.values()}
    listed = reference.instruments.get(fields["O35"] or "")
    sold = of.get("sell")
    taker = next((side for _, side in sides if '"AGRE"' in (side["O61"] or "")), fields)
    price = msgspec.json.decode(fields["O50"]) if fields["O50"] else {}
    short = msgspec.json.decode(sold["O64"]).get("short_sale") if sold is not None and sold["O64"] else ""
    return {
        "TxId": re.sub("[^A-Z0-9]", "X", (fields["O31"] or "").upper()) or None,
        "ExctgPty": reference.lei or None,
        "InvstmtPtyInd": _flag(rules.investment_firm),
        "Buyr": _party(of.get("buy"), reference, holders),
        "Sellr": _party(sold, reference, holders),
        "TrnsmssnInd": _flag(rules.transmitted),
        "TradDt": f"{fields['O22'][:-4]}Z" if fields["O22"] else None,
        "TradgCpcty": "DEAL" if "DEAL" in capacities else "AOTC" if capacities == {"AOTC"} else None,
        "Unit": fields["O55"] or None,
        "Amt": fields["O49"] or None,
        "Ccy": price.get("currency"),
        "TradVn": reference.venues.get(fields["O37"] or "house"),
        "FinInstrm": listed.isin if listed is not None else None,
        "ExctgPrsn": reference.people.get(taker["O11"] or OWNER),
        "ShrtSellgInd": short or "",
        "SctiesFincgTxInd": _flag(rules.securities_financing),
    }


def _party(side: Fields | None, reference: Reference, holders: Holders) -> str | Particulars | Lacking | None:
    """A legal entity's LEI from the reference file, else what is kept of the account's holder."""
    account = side["O03"] if side is not None else None
    if not account:
        return None
    client = reference.clients.get(account)
    if client is not None and re.fullmatch(LEI, client.id):
        return client.id
    return holders(account)


def _flag(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()


def _write(message: Any, told: Any) -> None:
    new = _in(_in(message, "Tx"), "New")
    for name in ("TxId", "ExctgPty", "InvstmtPtyInd"):
        _in(new, name, told[name])
    _in(new, "SubmitgPty", told["ExctgPty"])
    for name in ("Buyr", "Sellr"):
        _write_party(_in(_in(new, name), "AcctOwnr"), told[name])
    _in(_in(new, "OrdrTrnsmssn"), "TrnsmssnInd", told["TrnsmssnInd"])
    trade = _in(new, "Tx")
    _in(trade, "TradDt", told["TradDt"])
    _in(trade, "TradgCpcty", told["TradgCpcty"])
    _in(_in(trade, "Qty"), "Unit", told["Unit"])
    _in(_in(_in(_in(trade, "Pric"), "Pric"), "MntryVal"), "Amt", told["Amt"]).set("Ccy", told["Ccy"])
    _in(trade, "TradVn", told["TradVn"])
    _in(_in(new, "FinInstrm"), "Id", told["FinInstrm"])
    _in(_in(new, "ExctgPrsn"), "Clnt" if told["ExctgPrsn"] == "NORE" else "Algo", told["ExctgPrsn"])
    more = _in(new, "AddtlAttrbts")
    if told["ShrtSellgInd"]:
        _in(more, "ShrtSellgInd", told["ShrtSellgInd"])
    _in(more, "SctiesFincgTxInd", told["SctiesFincgTxInd"])


def _write_party(owner: Any, party: str | Particulars) -> None:
    """Fields 7 to 11 (a seller's 16 to 20): capitals, names joined by commas, the scheme as ISO 20022 codes it."""
    who = _in(owner, "Id")
    if isinstance(party, str) or party.kind != NATURAL:
        _in(who, "LEI", party if isinstance(party, str) else party.lei)
    else:
        person = _in(who, "Prsn")
        _in(person, "FrstNm", ",".join(party.given_names).upper())
        _in(person, "Nm", ",".join(party.family_names).upper())
        _in(person, "BirthDt", party.birth_date)
        other = _in(person, "Othr")
        _in(other, "Id", f"{nationality_of(party.nationalities)}{identifier_of(party)}")
        _in(_in(other, "SchmeNm"), "Prtry" if party.identifier_kind == CONCAT else "Cd", party.identifier_kind)
    if isinstance(party, Particulars) and party.branch_country:
        _in(owner, "CtryOfBrnch", party.branch_country)


def _in(parent: Any, name: str, text: str | None = None) -> Any:
    made = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    made.text = text
    return made
