"""MT540 to MT543 (instructions) and MT544 to MT547 (confirmations) of settlements, and back.

Source: SWIFT User Handbook, Category 5, MT 540 to 547 Format Specifications. Parties stand from the depository
outwards: PSET, then the agent (DEAG or REAG), then seller or buyer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from isthmus.gateways.iso20022.settlements import Settlement
from isthmus.gateways.swift.fin import Header, Row, build_fin, parse_fin
from isthmus.gateways.swift.verdict import validate
from isthmus.kernel.errors import BadInput

KINDS = {("RECE", False): 0, ("RECE", True): 1, ("DELI", False): 2, ("DELI", True): 3}
"""By movement and whether against payment: added to 540 for an instruction, to 544 for a confirmation."""
INSTRUCTION, CONFIRMATION = 540, 544
AGENTS = {"delivering": ("DEAG", "SELL"), "receiving": ("REAG", "BUYR")}
UNITS = {"Unit": "UNIT", "FaceAmt": "FAMT"}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_ISIN = re.compile(r"ISIN ([A-Z]{2}[A-Z0-9]{9}[0-9])")
_CASH = re.compile(r"([A-Z]{3})([0-9]+,[0-9]*)")


def instruction(settlement: Settlement, sender: str, receiver: str) -> str:
    """FIN text. Raises BadInput that names the field where the settlement does not fit the message."""
    return _message(settlement, INSTRUCTION, (sender, receiver))


def confirmation(settlement: Settlement, sender: str, receiver: str) -> str:
    """FIN text; `settlement_date` is when it settled. Raises BadInput as above."""
    if settlement.account is None:
        raise BadInput("account", "is missing: a confirmation names the safekeeping account")
    return _message(settlement, CONFIRMATION, (sender, receiver))


def _message(settlement: Settlement, first: int, between: tuple[str, str]) -> str:
    number = first + KINDS[settlement.movement, settlement.amount is not None]
    for name, bic in zip(("sender_bic", "receiver_bic"), between, strict=True):
        if len(bic) not in (8, 11):
            raise BadInput(name, f"{bic!r} is no BIC")
    text = build_fin(Header(str(number), *between), _fields(settlement, first == CONFIRMATION))
    for mistake in validate(text).errors:
        raise BadInput(f"mt{number}.{mistake.field}", f"{mistake.network_code or mistake.rule}: {mistake.message}")
    return text


def _fields(settlement: Settlement, confirmed: bool) -> list[Row]:
    date, amount = ("ESET", "ESTT") if confirmed else ("SETT", "SETT")
    links = [("20C", f":RELA//{settlement.reference}")] if confirmed else []
    own = settlement.servicer_reference if confirmed else settlement.reference
    if own is None:
        raise BadInput("servicer_reference", "is missing: a confirmation has its own reference")
    return [
        *_block("GENL", [("20C", f":SEME//{own}"), ("23G", "NEWM"), *(_block("LINK", links) if links else [])]),
        *_block("TRADDET", _trade(settlement, date)),
        *_block("FIAC", _holding(settlement, "ESTT" if confirmed else "SETT")),
        *_block("SETDET", [("22F", f":SETR//{settlement.transaction_type}"), *_details(settlement, amount)]),
    ]


def _trade(settlement: Settlement, date: str) -> list[Row]:
    rows = [("98A", f":{date}//{_day('settlement_date', settlement.settlement_date)}")]
    if settlement.trade_date is not None:
        rows.append(("98A", f":TRAD//{_day('trade_date', settlement.trade_date)}"))
    return [*rows, ("35B", f"ISIN {settlement.isin}")]


def _holding(settlement: Settlement, qualifier: str) -> list[Row]:
    rows = [("36B", f":{qualifier}//{UNITS[settlement.unit]}/{_number('quantity', settlement.quantity)}")]
    return rows + ([("97A", f":SAFE//{settlement.account}")] if settlement.account is not None else [])


def _details(settlement: Settlement, qualifier: str) -> list[Row]:
    rows: list[Row] = []
    for qualified, bic in _parties(settlement):
        rows += _block("SETPRTY", [("95P", f":{qualified}//{bic}")])
    if settlement.amount is not None:
        if settlement.currency is None:
            raise BadInput("currency", "is missing beside the amount")
        value = f"{settlement.currency}{_number('amount', settlement.amount)}"
        rows += _block("AMT", [("19A", f":{qualifier}//{value}")])
    return rows


def _parties(settlement: Settlement) -> list[tuple[str, str]]:
    """(qualifier, BIC). Both sides settle at one place."""
    chains = {"delivering": settlement.delivering, "receiving": settlement.receiving}
    places = sorted({chain[0] for chain in chains.values() if chain})
    if len(places) != 1:
        raise BadInput("delivering", "one depository is needed, the same on both sides")
    found = []
    for side, chain in chains.items():
        if len(chain) > 3:
            raise BadInput(side, f"has {len(chain)} parties, the message 3")
        found += list(zip(AGENTS[side], chain[1:], strict=False))
    return [*found, ("PSET", places[0])]


def _block(name: str, rows: Iterable[Row]) -> list[Row]:
    return [("16R", name), *rows, ("16S", name)]


def _day(field: str, written: str) -> str:
    if not _DATE.fullmatch(written):
        raise BadInput(field, f"{written!r} is no date like 2026-11-30")
    return written.replace("-", "")


def _number(field: str, value: Decimal) -> str:
    """SWIFT's: a comma always, no sign, 15 characters."""
    if value <= 0:
        raise BadInput(field, f"{value} is not above 0")
    text = f"{value:f}"
    whole, _, part = text.partition(".")
    return f"{whole},{part.rstrip('0')}"


def read_settlement(text: str) -> tuple[Settlement, bool]:
    """The settlement, and whether it is a confirmation. Raises BadInput for another or an invalid message."""
    verdict = validate(text)
    told = verdict.message_type or ""
    number = int(told) if told.isdigit() else 0
    if not INSTRUCTION <= number <= CONFIRMATION + 3:
        raise BadInput("fin", f"MT{verdict.message_type} is no settlement (MT540 to MT547)")
    for mistake in verdict.errors:
        raise BadInput(f"mt{number}.{mistake.field}", f"{mistake.network_code or mistake.rule}: {mistake.message}")
    confirmed = number >= CONFIRMATION
    found = _qualified(parse_fin(text).fields)
    movement = "RECE" if (number - INSTRUCTION) % 4 < 2 else "DELI"
    unit, _, quantity = found[("36B", "ESTT" if confirmed else "SETT")].partition("/")
    if unit not in UNITS.values():
        raise BadInput("quantity", f"{unit} is neither units nor face amount")
    cash = _CASH.fullmatch(found.get(("19A", "ESTT" if confirmed else "SETT"), ""))
    isin = _ISIN.match(found[("35B", "")])
    if isin is None:
        raise BadInput("isin", f"{found[('35B', '')]!r} names no ISIN")
    reference = found.get(("20C", "RELA")) if confirmed else found[("20C", "SEME")]
    if reference is None:
        raise BadInput("reference", "is missing: the confirmation is linked to no instruction")
    return Settlement(
        reference=reference,
        movement="RECE" if movement == "RECE" else "DELI",
        isin=isin[1],
        quantity=_decimal(quantity),
        unit="Unit" if unit == "UNIT" else "FaceAmt",
        trade_date=_iso_day(found.get(("98A", "TRAD"))),
        settlement_date=_iso_day(found.get(("98A", "ESET" if confirmed else "SETT"))) or "",
        account=found.get(("97A", "SAFE")),
        amount=_decimal(cash[2]) if cash else None,
        currency=cash[1] if cash else None,
        delivering=_chain(found, "delivering"),
        receiving=_chain(found, "receiving"),
        servicer_reference=found[("20C", "SEME")] if confirmed else None,
        transaction_type=found.get(("22F", "SETR"), "TRAD"),
    ), confirmed


def _qualified(fields: list[Row]) -> dict[tuple[str, str], str]:
    """The first value of each tag and qualifier."""
    found: dict[tuple[str, str], str] = {}
    for tag, value in fields:
        qualifier, slashes, rest = value.removeprefix(":").partition("//") if value.startswith(":") else ("", "", value)
        found.setdefault((tag, qualifier), rest if slashes else value)
    return found


def _chain(found: dict[tuple[str, str], str], side: str) -> tuple[str, ...]:
    """From the depository outwards. It is given on both sides, as settlements have it."""
    outer = [found.get(("95P", qualifier)) for qualifier in AGENTS[side]]
    if outer[0] is None and outer[1] is not None:
        raise BadInput(side, f"names {AGENTS[side][1]} without {AGENTS[side][0]}")
    place = found.get(("95P", "PSET"))
    return tuple(bic for bic in (place, *outer) if bic is not None)


def _iso_day(written: str | None) -> str | None:
    return None if written is None else f"{written[:4]}-{written[4:6]}-{written[6:8]}"


def _decimal(written: str) -> Decimal:
    return Decimal(written.replace(",", ".").removesuffix("."))
