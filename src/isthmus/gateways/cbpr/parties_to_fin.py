"""Parties and agents of elements as fields, each with the option that carries most of it.

A BIC makes option A. A customer with country and town, or without any address, is written in numbered lines (option
F); with address lines alone in lines as they stand (K, or no option for field 59). An agent without a BIC is option
D, or C where only its clearing number is known.
"""

from __future__ import annotations

import textwrap

from isthmus.gateways.cbpr.codes import CLEARING_TO_FIN
from isthmus.gateways.cbpr.parties_from_fin import NOT_PROVIDED
from isthmus.gateways.cbpr.source import Source
from isthmus.gateways.swift.fin import Row

LINE_MAX, LINES_MAX = 35, 4
NUMBERED_MAX = LINE_MAX - 2

_STREET = ("Dept", "SubDept", "StrtNm", "BldgNb", "BldgNm", "Flr", "PstBx", "Room")
_PLACE = ("TwnNm", "TwnLctnNm", "DstrctNm", "CtrySubDvsn", "PstCd")


def account_of(source: Source | None) -> str | None:
    """Of a CashAccount: the IBAN, or the other identification."""
    return None if source is None else source.first("Id/IBAN", "Id/Othr/Id")


def agent_rows(number: str, agent: Source | None, account: Source | None = None) -> list[Row]:
    """The field of an agent; none where there is no agent."""
    if agent is None:
        return []
    institution = agent.at("FinInstnId") or agent
    numbered = account_of(account)
    head = [f"/{numbered}"] if numbered else []
    bic = institution.text("BICFI")
    clearing = _clearing(institution)
    if bic is not None:
        institution.settle("ClrSysMmbId") if clearing and not head else None
        return [(f"{number}A", "\n".join([*head, *([clearing] if clearing and not head else []), bic]))]
    lines = [*head, *([clearing] if clearing and not head else [])]
    named = _name_and_address(institution, LINE_MAX)
    if named:
        return [(f"{number}D", "\n".join([*lines, *_fitting(institution, named)]))]
    return [(f"{number}C", lines[0])] if lines else []


def _clearing(institution: Source) -> str | None:
    system, member = institution.peek("ClrSysMmbId/ClrSysId/Cd"), institution.peek("ClrSysMmbId/MmbId")
    letters = CLEARING_TO_FIN.get(system or "")
    if letters is None or member is None:
        return None
    institution.settle("ClrSysMmbId")
    return f"//{letters}{member}"


def customer_rows(number: str, party: Source | None, account: Source | None = None) -> list[Row]:
    """Fields 50 and 59."""
    if party is None:
        return []
    numbered = account_of(account)
    head = [f"/{numbered}"] if numbered else []
    bic = party.text("Id/OrgId/AnyBIC")
    if bic is not None:
        return [(f"{number}A", "\n".join([*head, bic]))]
    if party.peek("PstlAdr/AdrLine") is None or party.peek("PstlAdr/Ctry") is not None:
        return [(f"{number}F", "\n".join(_numbered(number, party, head)))]
    lines = _fitting(party, _name_and_address(party, LINE_MAX))
    return [(f"{number}K" if number == "50" else number, "\n".join([*head, *lines]))]


def _numbered(number: str, party: Source, head: list[str]) -> list[str]:
    """Numbered lines. Field 50F needs an identifier in its first line, field 59F does not."""
    identifier = _identifier(party) if number == "50" and not head else None
    first = [identifier] if identifier else head or (["/" + NOT_PROVIDED] if number == "50" else [])
    name = party.text("Nm")
    lines = [f"1/{part}" for part in _wrapped(name or NOT_PROVIDED, NUMBERED_MAX)[:2]]
    address = party.at("PstlAdr")
    if address is not None:
        lines += [f"2/{part}" for part in _street(party, address, LINES_MAX - len(lines))]
        country = address.text("Ctry")
        if country is not None:
            where = ",".join(found for path in _PLACE if (found := address.text(path)))
            lines += [f"3/{part}" for part in _wrapped(f"{country}/{where}" if where else country, NUMBERED_MAX)]
    return [*first, *_fitting(party, lines)]


def _street(party: Source, address: Source, room: int) -> list[str]:
    """Parts of the street and lines as they stand, with a line left for country and town; what does not fit is lost."""
    words = [*(found for path in _STREET if (found := address.text(path))), *_address_lines(address)]
    parts = _wrapped(", ".join(words), NUMBERED_MAX) if words else []
    room -= 1 if address.peek("Ctry") else 0
    if len(parts) > room:
        party.forget("PstlAdr/AdrLine")
        party.forget("PstlAdr/StrtNm")
    return parts[: max(room, 0)]


def _identifier(party: Source) -> str | None:
    """CODE/country/value of option F, where the scheme is one of its codes."""
    for kind in ("PrvtId", "OrgId"):
        code, value = party.peek(f"Id/{kind}/Othr/SchmeNm/Cd"), party.peek(f"Id/{kind}/Othr/Id")
        country = party.peek("PstlAdr/Ctry") or party.peek("CtryOfRes")
        if value == NOT_PROVIDED:
            party.settle(f"Id/{kind}")
        elif code is not None and value is not None and country is not None:
            party.settle(f"Id/{kind}/Othr")
            return f"{code}/{country}/{value}"
    return None


def _address_lines(address: Source) -> list[str]:
    return [line for found in address.every("AdrLine") if (line := found.text()) is not None and line != NOT_PROVIDED]


def _name_and_address(party: Source, width: int) -> list[str]:
    name, address = party.text("Nm"), party.at("PstlAdr")
    lines = _wrapped(name, width)[:2] if name else []
    if address is None:
        return lines
    lines += [part for line in _address_lines(address) for part in _wrapped(line, width)]
    street = [found for path in _STREET if (found := address.text(path))]
    lines += _wrapped(", ".join(street), width) if street else []
    country = address.text("Ctry")
    where = ",".join(found for path in _PLACE if (found := address.text(path)))
    return lines + ([f"{country}/{where}"[:width]] if country else [where] if where else [])


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` characters, cut between words where that can be; a text that fits stays as it is
    written.
    """
    return [text] if len(text) <= width else textwrap.wrap(text, width, break_long_words=True, break_on_hyphens=False)


def _fitting(party: Source, lines: list[str]) -> list[str]:
    """As many lines as a field has; of an address that does not fit the rest is lost."""
    if len(lines) > LINES_MAX:
        party.forget("PstlAdr/AdrLine")
        party.forget("PstlAdr/StrtNm")
    return lines[:LINES_MAX]


def name_or_bic(agent: Source) -> str | None:
    """What stands after /INS/: the BIC, else the name."""
    found = agent.first("FinInstnId/BICFI", "FinInstnId/Nm")
    if agent.peek("FinInstnId/PstlAdr/AdrLine") == NOT_PROVIDED:
        agent.settle("FinInstnId/PstlAdr")
    return found
