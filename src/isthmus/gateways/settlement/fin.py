"""Settlements as MT540 to MT543 (instructions) and MT544 to MT547 (confirmations), and back.

A FIN message names the other side's agent and party, and the place; our side is whoever sends the instruction, or
receives the confirmation. Where the other side has one party, it is its own agent.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from isthmus.gateways.iso20022.settlements import Settlement
from isthmus.gateways.settlement.chain import day
from isthmus.gateways.swift import settlement as mt
from isthmus.gateways.swift.fin import HEAD_OFFICE, parse_fin
from isthmus.gateways.swift.settlement import NotASettlement, build_settlement
from isthmus.kernel.errors import BadInput

KINDS = {"Unit": mt.UNITS, "FaceAmt": mt.FACE_AMOUNT}
TRADE = "TRAD"
PARTIES_MAX = 3


class Read(msgspec.Struct, frozen=True):
    """A message's settlement. `lost`: what it says beside it."""

    settlement: Settlement
    confirmed: bool
    lost: tuple[str, ...]


def instruction(settlement: Settlement, sender: str, receiver: str) -> str:
    """FIN text from whose settlement it is. Raises BadInput by the field that has no place in the message."""
    return _built(_terms(settlement, sender), sender, receiver)


def confirmation(settlement: Settlement, sender: str, receiver: str, instructed_for: str) -> str:
    """FIN text to whose settlement it is. `settlement_date` is when it settled, `instructed_for` when it should have.
    Raises BadInput as above.
    """
    if settlement.servicer_reference is None:
        raise BadInput("servicer_reference", "is missing: a confirmation has its own reference")
    terms = msgspec.structs.replace(
        _terms(settlement, receiver),
        reference=settlement.servicer_reference,
        related=settlement.reference,
        settles_on=day("settlement_date", instructed_for),
        settled_on=day("settlement_date", settlement.settlement_date),
    )
    return _built(terms, sender, receiver)


def _built(terms: mt.Settlement, sender: str, receiver: str) -> str:
    for name, bic in (("sender_bic", sender), ("receiver_bic", receiver)):
        if len(bic) not in (8, 11):
            raise BadInput(name, f"{bic[:20]!r} is no BIC")
    made = build_settlement(terms, sender, receiver)
    for error in made.errors:
        raise BadInput(f"mt{terms.message_type}.{error.field}", f"{error.network_code}: {error.message}")
    assert made.fin is not None, "without errors there is a message"
    return made.fin


def _terms(settlement: Settlement, own: str) -> mt.Settlement:
    receives = settlement.movement == "RECE"
    ours, theirs = settlement.receiving, settlement.delivering
    names = ("receiving", "delivering")
    if not receives:
        ours, theirs, names = theirs, ours, names[::-1]
    place = _place(ours, theirs, names)
    if [_branch(bic) for bic in ours[1:]] not in ([], [_branch(own)]):
        raise BadInput(names[0], f"is {', '.join(ours[1:])}, and the message is of {own}")
    if len(theirs) < 2:
        raise BadInput(names[1], "names nobody beside the depository")
    if settlement.account is None:
        raise BadInput("account", "is missing: the message names the safekeeping account")
    if settlement.transaction_type != TRADE:
        raise BadInput("transaction_type", f"{settlement.transaction_type[:20]!r} is not {TRADE}")
    return mt.Settlement(
        reference=settlement.reference,
        receives=receives,
        isin=settlement.isin,
        quantity=settlement.quantity,
        quantity_kind=KINDS[settlement.unit],
        account=settlement.account,
        agent=theirs[1],
        party=theirs[-1],
        place=place,
        settles_on=day("settlement_date", settlement.settlement_date),
        traded_on=None if settlement.trade_date is None else day("trade_date", settlement.trade_date),
        amount=_amount(settlement),
    )


def _amount(settlement: Settlement) -> tuple[str, Decimal] | None:
    for name, value in (("quantity", settlement.quantity), ("amount", settlement.amount)):
        if value is not None and value <= 0:
            raise BadInput(name, f"{value} is not above 0")
    if settlement.amount is None:
        return None
    if settlement.currency is None:
        raise BadInput("currency", "is missing beside the amount")
    return settlement.currency, settlement.amount


def _place(ours: tuple[str, ...], theirs: tuple[str, ...], names: tuple[str, str]) -> str:
    for name, chain in zip(names, (ours, theirs), strict=True):
        if len(chain) > PARTIES_MAX:
            raise BadInput(name, f"has {len(chain)} parties, at most {PARTIES_MAX} are told")
    places = {chain[0] for chain in (ours, theirs) if chain}
    if len(places) != 1:
        raise BadInput("delivering", "one depository is needed, the same on both sides")
    return places.pop()


def _branch(bic: str) -> str:
    return bic.removesuffix(HEAD_OFFICE) if len(bic) == 11 else bic


def read_settlement(text: str) -> Read:
    """Raises BadInput for another message, an invalid one, or a cancellation."""
    try:
        found = mt.read_settlement(text)
    except NotASettlement as fault:
        raise BadInput(f"fin.{fault.field}", fault.reason) from None
    if found.function != mt.NEW:
        raise BadInput("fin.23G", f"{found.function} is no new settlement")
    confirmed = found.settled_on is not None
    if confirmed and found.related is None:
        raise BadInput("fin.20C", "the confirmation is linked to no instruction")
    header = parse_fin(text).header
    assert header is not None, "a message without a header is not valid"
    theirs = (found.agent,) if found.agent == found.party else (found.agent, found.party)
    ours, theirs = ((found.place, _branch(header.receiver if confirmed else header.sender)), (found.place, *theirs))
    currency, amount = found.amount if found.amount is not None else (None, None)
    settlement = Settlement(
        reference=(found.related or "") if confirmed else found.reference,
        movement="RECE" if found.receives else "DELI",
        isin=found.isin,
        quantity=found.quantity,
        unit="Unit" if found.quantity_kind == mt.UNITS else "FaceAmt",
        trade_date=None if found.traded_on is None else found.traded_on.isoformat(),
        settlement_date=(found.settled_on or found.settles_on).isoformat(),
        account=found.account,
        amount=amount,
        currency=currency,
        delivering=theirs if found.receives else ours,
        receiving=ours if found.receives else theirs,
        servicer_reference=found.reference if confirmed else None,
    )
    lost = tuple(name for name in ("price", "description") if getattr(found, name))
    return Read(settlement, confirmed, lost)
