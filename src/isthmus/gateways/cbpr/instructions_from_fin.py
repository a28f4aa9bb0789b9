"""What fields 13C, 23E, 70, 72 and tag 111 say to agents: payment type, instructions, previous agents, remittance."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from isthmus.gateways.cbpr.fields import Fields
from isthmus.gateways.cbpr.header_from_fin import Incoming
from isthmus.gateways.cbpr.sender_to_receiver import Word, words_of
from isthmus.gateways.iso20022.trees import Node, branch, leaf
from isthmus.kernel.errors import BadInput

_PURPOSES = ("INTC", "CORT", "REPA")
"""Codes of 23E that say what kind of payment it is."""
_AT_CREDITOR = {"CHQB": "CHQB", "HOLD": "HOLD", "PHOB": "PHOB", "TELB": "TELB"}
_AT_NEXT = ("PHON", "PHOI", "TELE", "TELI")
_KNOWN = (*_PURPOSES, *_AT_CREDITOR, *_AT_NEXT, "SDVA")
_TO_CREDITOR = ("ACC", "UDLC")
_TIMES = re.compile(r"/(CLSTIME|SNDTIME|RNCTIME)/([0-9]{2})([0-9]{2})([+-][0-9]{2})([0-9]{2})")


class Instructions(msgspec.Struct, frozen=True):
    """`previous`: what /INS/ names, in order. `for_agents`: InstrForCdtrAgt, InstrForNxtAgt."""

    end_to_end: str
    remittance: str | None
    payment_type: Node | None
    previous: tuple[str, ...]
    for_agents: tuple[Node, ...]


def instructions_of(message: Incoming) -> Instructions:
    """Of a customer's or a bank's transfer."""
    fields = message.fields
    coded = [field.text for field in fields.each("23E", _KNOWN)]
    notes = fields.find("72")
    words = words_of(notes.lines) if notes is not None else []
    remittance = _remittance(fields, words)
    at_creditor = [_coded(name, code) for name in coded if (code := _AT_CREDITOR.get(name[:4]))]
    at_creditor += [leaf("InstrForCdtrAgt/InstrInf", word.whole) for word in words if word.code in _TO_CREDITOR]
    at_next = [leaf("InstrForNxtAgt/InstrInf", f"/{name}") for name in coded if name[:4] in _AT_NEXT]
    at_next += [leaf("InstrForNxtAgt/InstrInf", word.whole.strip()) for word in words if word.code not in _PLACED]
    return Instructions(
        end_to_end_of(remittance),
        remittance,
        _payment_type(message.service, [code[:4] for code in coded], words),
        tuple(word.text.strip() for word in words if word.code == "INS"),
        tuple(node for node in (*at_creditor, *at_next) if node is not None),
    )


_PLACED = (*_TO_CREDITOR, "INS", "BNF", "SVCLVL", "LOCINS", "CATPURP")


def end_to_end_of(remittance: str | None) -> str:
    """/ROC/ is the reference of the ordering customer, up to /// where another code follows; "" where there is none."""
    found = re.match(r"/ROC/(.+?)(?:///|$)", remittance or "")
    return found[1] if found else ""


def _remittance(fields: Fields, words: list[Word]) -> str | None:
    """Field 70 of a customer's transfer, in one line; /BNF/ of a bank's."""
    own = next((field for field in fields.rows if field.number == "70"), None)
    cover = any(field.number == "50" for field in fields.rows) and not any(
        field.number == "23" for field in fields.rows
    )
    if own is not None and not cover:
        fields.find("70")
        return " ".join(own.lines)
    return next((word.whole for word in words if word.code == "BNF"), None)


def _coded(name: str, code: str) -> Node | None:
    """23E: a code, and perhaps what is to be done after a slash."""
    return branch("InstrForCdtrAgt", leaf("Cd", code), leaf("InstrInf", name[5:]))


def _payment_type(service: str | None, coded: list[str], words: list[Word]) -> Node | None:
    levels = [leaf("SvcLvl/Cd", "G" + service)] if service else []
    levels += [leaf("SvcLvl/Cd", "SDVA")] if "SDVA" in coded else []
    levels += [leaf("SvcLvl/Prtry", word.text) for word in words if word.code == "SVCLVL"]
    instrument = next((word.text for word in words if word.code == "LOCINS"), None)
    if instrument is not None:
        levels.append(leaf("LclInstrm/Cd" if len(instrument) <= 4 else "LclInstrm/Prtry", instrument))
    purposes = [code for code in coded if code in _PURPOSES] + [word.text for word in words if word.code == "CATPURP"]
    purpose = leaf("CtgyPurp/Cd", purposes[0]) if len(purposes) == 1 else leaf("CtgyPurp/Prtry", " ".join(purposes))
    return branch("PmtTpInf", [level for level in levels if level is not None], purpose)


def times_of(fields: Fields, date: str | None) -> Iterable[Node | None]:
    """13C: CLSTIME is a time to settle by, SNDTIME and RNCTIME are when it was debited and credited, on the day
    of settlement.
    """
    found: dict[str, str] = {}
    for field in fields.every("13"):
        parts = _TIMES.fullmatch(field.text)
        if parts is None:
            raise BadInput("13C", f"{field.text!r} is no time indication")
        found[parts[1]] = f"{parts[2]}:{parts[3]}:00{parts[4]}:{parts[5]}"
    debited, credited = (f"{date}T{found[name]}" if name in found else None for name in ("SNDTIME", "RNCTIME"))
    yield branch("SttlmTmIndctn", leaf("DbtDtTm", debited), leaf("CdtDtTm", credited))
    yield leaf("SttlmTmReq/CLSTm", found.get("CLSTIME"))
