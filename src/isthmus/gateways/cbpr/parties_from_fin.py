"""Parties and agents of FIN fields (options none, A, B, C, D, F, K) as elements.

An account that is a right IBAN is one; any other identification is `Othr`. An agent that only has a name gets an
address line NOTPROVIDED, since CBPR+ takes no name without an address; a customer without an account gets an
identification NOTPROVIDED for the same reason.
"""

from __future__ import annotations

import re

import msgspec

from isthmus.gateways.cbpr.codes import CLEARING_FROM_FIN
from isthmus.gateways.cbpr.fields import Field
from isthmus.gateways.iso20022.identifiers import bic_fault, iban_fault
from isthmus.gateways.iso20022.trees import Node, branch, leaf, whole

NOT_PROVIDED = "NOTPROVIDED"

_CLEARING = re.compile(r"//([A-Z]{2})(.*)")
_NUMBERED = re.compile(r"([1-8])/(.*)")
_PRIVATE = {"ARNU", "CCPT", "DRLC", "EMPL", "NIDN", "SOSE"}


class Party(msgspec.Struct, frozen=True):
    """What a party field says, whatever its option."""

    account: str | None = None
    clearing: tuple[str, str] | None = None
    """System of the external code list, member."""
    bic: str | None = None
    identifier: str | None = None
    """Party identifier of option F that is no account: CODE/CC/value."""
    names: tuple[str, ...] = ()
    address: tuple[str, ...] = ()
    country: str | None = None
    town: str | None = None
    birth: tuple[str, ...] = ()
    """Lines 4 to 8 of option F as they stand."""


def party_of(field: Field) -> Party:
    """Reads a field of option A, B, C, D, F, K or none."""
    lines = list(field.lines)
    account = clearing = identifier = None
    if lines and lines[0].startswith("/"):
        first = lines.pop(0)
        found = _CLEARING.fullmatch(first)
        if found is not None:
            clearing = (CLEARING_FROM_FIN.get(found[1], found[1]), found[2]) if found[2] else None
        else:
            account = re.sub(r"^/(?:[CD]/)?", "", first)
    elif field.option == "F" and lines and _NUMBERED.match(lines[0]) is None:
        identifier = lines.pop(0)
    if field.option in ("A", "G"):
        return Party(account, clearing, lines[0].strip() if lines else None)
    if field.option == "F":
        return _numbered(account, identifier, lines)
    return Party(account, clearing, None, None, tuple(lines[:1]), tuple(lines[1:]))


def _numbered(account: str | None, identifier: str | None, lines: list[str]) -> Party:
    """Option F: 1 name, 2 address, 3 country and town, 4 to 8 birth and identification."""
    names, address, birth, country, town = [], [], [], None, None
    for line in lines:
        found = _NUMBERED.match(line)
        if found is None:
            continue
        kind, rest = found[1], found[2]
        if kind == "1":
            names.append(rest)
        elif kind == "2":
            address.append(rest)
        elif kind == "3" and country is None:
            country, _, place = rest.partition("/")
            town = place or None
        elif kind == "3":
            address.append(rest)
        else:
            birth.append(line)
    return Party(account, None, None, identifier, tuple(names), tuple(address), country, town, tuple(birth))


def account_node(name: str, account: str | None) -> Node | None:
    """CashAccount: IBAN where it is one."""
    if account is None:
        return None
    bare = account.strip()
    return leaf(f"{name}/Id/IBAN", bare) if iban_fault(bare) is None else leaf(f"{name}/Id/Othr/Id", account)


def institution(name: str, party: Party | None) -> Node | None:
    """BranchAndFinancialInstitutionIdentification."""
    if party is None:
        return None
    member = None
    if party.clearing is not None:
        system, identification = party.clearing
        member = branch("ClrSysMmbId", leaf("ClrSysId/Cd", system), leaf("MmbId", identification))
    unnamed = not (party.names or party.bic)
    named = None if party.bic else leaf("Nm", " ".join(party.names))
    lines = party.address or ((NOT_PROVIDED,) if party.names and not party.bic else ())
    address = branch("PstlAdr", [Node("AdrLine", line) for line in lines])
    if unnamed and member is None:
        return None
    return whole(name, branch("FinInstnId", leaf("BICFI", party.bic), member, named, address))


def institution_of_bic(name: str, bic: str | None) -> Node | None:
    return None if bic is None else leaf(f"{name}/FinInstnId/BICFI", bic)


def institution_of_word(name: str, word: str) -> Node | None:
    """Of what stands after a code word such as /INS/: a BIC, or a name."""
    return institution(name, Party(bic=word) if is_bic(word) else Party(names=(word,)))


def unknown_institution(name: str) -> Node:
    found = institution(name, Party(names=(NOT_PROVIDED,)))
    assert found is not None, "a name makes an institution"
    return found


def is_bic(word: str) -> bool:
    return bic_fault(word) is None


def customer(name: str, party: Party | None, *, debtor: bool = False, identified: bool = True) -> Node | None:
    """PartyIdentification. Where neither account nor identifier is known, and `identified`, an identification
    says NOTPROVIDED.
    """
    if party is None:
        return None
    address = branch(
        "PstlAdr",
        leaf("TwnNm", party.town),
        leaf("Ctry", party.country),
        [Node("AdrLine", line) for line in party.address if line],
    )
    return branch(
        name, leaf("Nm", " ".join(party.names)), address, _identification(party, debtor=debtor, identified=identified)
    )


def _identification(party: Party, *, debtor: bool, identified: bool) -> Node | None:
    other = None
    if party.identifier is not None:
        return _identifier(party.identifier)
    if party.account is None and identified and (party.bic is not None or not debtor):
        other = branch("Othr", leaf("Id", NOT_PROVIDED), leaf("SchmeNm/Cd", "TXID") if debtor else None)
    return branch("Id", branch("OrgId", leaf("AnyBIC", party.bic), other))


def _identifier(text: str) -> Node | None:
    """CODE/country/issuer/value of option F."""
    code, _, rest = text.partition("/")
    kind = "PrvtId" if code in _PRIVATE else "OrgId"
    return branch("Id", branch(kind, branch("Othr", leaf("Id", rest.rpartition("/")[2]), leaf("SchmeNm/Cd", code))))
