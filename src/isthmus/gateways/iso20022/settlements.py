"""Securities as values: sese.023 (instruction), sese.025 (confirmation), sese.024 (status), semt.002 and semt.003
(holdings).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from isthmus.gateways.iso20022.elements import Element, every, first, local, number, text
from isthmus.gateways.iso20022.payments import plain
from isthmus.gateways.iso20022.trees import Node, amount, branch, document, leaf
from isthmus.kernel.errors import BadInput

INSTRUCTION, CONFIRMATION = "sese.023.001.11", "sese.025.001.11"

Movement = Literal["DELI", "RECE"]
_SIDES = {"DELI": "CRDT", "RECE": "DBIT"}
"""Who delivers against payment is credited."""


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """An instruction, or what it came to. Against payment where there is an `amount`, free where there is none.

    Parties are BICs: the depository and up to two parties of a side, from the depository outwards.
    """

    reference: str
    movement: Movement
    isin: str
    quantity: Decimal
    trade_date: str | None
    settlement_date: str
    account: str | None = None
    """Safekeeping account."""
    unit: Literal["Unit", "FaceAmt"] = "Unit"
    amount: Decimal | None = None
    currency: str | None = None
    delivering: tuple[str, ...] = ()
    receiving: tuple[str, ...] = ()
    servicer_reference: str | None = None
    """Of a confirmation: the account servicer's own."""
    transaction_type: str = "TRAD"


def instruction(settlement: Settlement, name: str = INSTRUCTION) -> str:
    """XML of sese.023."""
    body = branch(
        "SctiesSttlmTxInstr",
        leaf("TxId", settlement.reference),
        branch("SttlmTpAndAddtlParams", *_kind(settlement)),
        branch(
            "TradDtls", leaf("TradDt/Dt/Dt", settlement.trade_date), leaf("SttlmDt/Dt/Dt", settlement.settlement_date)
        ),
        leaf("FinInstrmId/ISIN", settlement.isin),
        _quantity("SttlmQty", settlement),
        leaf("SttlmParams/SctiesTxTp/Cd", settlement.transaction_type),
        *_sides(settlement),
        _cash("SttlmAmt", settlement),
    )
    return _written(name, body)


def confirmation(settlement: Settlement, name: str = CONFIRMATION) -> str:
    """XML of sese.025; `settlement_date` is when it settled."""
    body = branch(
        "SctiesSttlmTxConf",
        branch(
            "TxIdDtls",
            leaf("AcctOwnrTxId", settlement.reference),
            leaf("AcctSvcrTxId", settlement.servicer_reference),
            *_kind(settlement),
        ),
        branch(
            "TradDtls",
            leaf("TradDt/Dt/Dt", settlement.trade_date),
            leaf("FctvSttlmDt/Dt/Dt", settlement.settlement_date),
        ),
        leaf("FinInstrmId/ISIN", settlement.isin),
        _quantity("SttldQty", settlement),
        leaf("SttlmParams/SctiesTxTp/Cd", settlement.transaction_type),
        *_sides(settlement),
        _cash("SttldAmt", settlement),
    )
    return _written(name, body)


def _kind(settlement: Settlement) -> tuple[Node | None, ...]:
    return leaf("SctiesMvmntTp", settlement.movement), leaf("Pmt", "FREE" if settlement.amount is None else "APMT")


def _quantity(name: str, settlement: Settlement) -> Node | None:
    quantity = leaf(f"{name}/Qty/{settlement.unit}", plain(settlement.quantity))
    return branch("QtyAndAcctDtls", quantity, leaf("SfkpgAcct/Id", settlement.account))


def _sides(settlement: Settlement) -> tuple[Node | None, ...]:
    return _chain("DlvrgSttlmPties", settlement.delivering), _chain("RcvgSttlmPties", settlement.receiving)


def _chain(name: str, bics: tuple[str, ...]) -> Node | None:
    places = ("Dpstry", "Pty1", "Pty2")
    if len(bics) > len(places):
        raise BadInput(name, f"more than {len(places)} parties")
    return branch(
        name, [node for place, bic in zip(places, bics, strict=False) if (node := leaf(f"{place}/Id/AnyBIC", bic))]
    )


def _cash(name: str, settlement: Settlement) -> Node | None:
    if settlement.amount is None:
        return None
    value = amount("Amt", plain(settlement.amount), settlement.currency)
    return branch(name, value, leaf("CdtDbtInd", _SIDES[settlement.movement]))


def read_settlement(body: Element) -> Settlement:
    """Of the element below Document (sese.023, sese.025). Raises BadInput for another, or where movement, ISIN or
    quantity is missing.
    """
    confirmed = local(body) == "SctiesSttlmTxConf"
    if not confirmed and local(body) != "SctiesSttlmTxInstr":
        raise BadInput(local(body), "is no settlement")
    kind = first(body, "TxIdDtls" if confirmed else "SttlmTpAndAddtlParams")
    movement, isin = text(kind, "SctiesMvmntTp"), text(body, "FinInstrmId/ISIN")
    held = first(body, "QtyAndAcctDtls")
    unit, quantity = _read_quantity(first(held, "SttldQty/Qty" if confirmed else "SttlmQty/Qty"))
    if movement not in ("DELI", "RECE") or isin is None or quantity is None:
        raise BadInput(local(body), "movement, ISIN and quantity are needed")
    cash = first(body, "SttldAmt/Amt" if confirmed else "SttlmAmt/Amt")
    date = "FctvSttlmDt" if confirmed else "SttlmDt"
    return Settlement(
        reference=(text(kind, "AcctOwnrTxId") if confirmed else text(body, "TxId")) or "",
        movement="DELI" if movement == "DELI" else "RECE",
        isin=isin,
        quantity=quantity,
        unit="Unit" if unit == "Unit" else "FaceAmt",
        trade_date=_day(body, "TradDtls/TradDt"),
        settlement_date=_day(body, f"TradDtls/{date}") or "",
        account=text(held, "SfkpgAcct/Id"),
        amount=number(cash),
        currency=None if cash is None else cash.get("Ccy"),
        delivering=_read_chain(first(body, "DlvrgSttlmPties")),
        receiving=_read_chain(first(body, "RcvgSttlmPties")),
        servicer_reference=text(kind, "AcctSvcrTxId"),
        transaction_type=text(body, "SttlmParams/SctiesTxTp/Cd") or "TRAD",
    )


def _read_quantity(element: Element | None) -> tuple[str, Decimal | None]:
    for unit in ("Unit", "FaceAmt"):
        found = number(element, unit)
        if found is not None:
            return unit, found
    return "Unit", None


def _read_chain(element: Element | None) -> tuple[str, ...]:
    return tuple(found for place in ("Dpstry", "Pty1", "Pty2") if (found := text(element, f"{place}/Id/AnyBIC")))


def _day(body: Element, path: str) -> str | None:
    found = text(body, f"{path}/Dt/Dt") or text(body, f"{path}/Dt/DtTm")
    return None if found is None else found[:10]


class Holding(msgspec.Struct, frozen=True):
    """`isin` as the message has it; short positions are negative."""

    account: str
    isin: str | None
    quantity: Decimal
    date: str | None


def read_holdings(body: Element) -> tuple[Holding, ...]:
    """Of semt.002 or semt.003: the aggregate balance of each instrument. Raises BadInput for another message."""
    if local(body) not in ("SctiesBalCtdyRpt", "SctiesBalAcctgRpt"):
        raise BadInput(local(body), "holds no balances")
    account = text(body, "SfkpgAcct/Id") or ""
    date = text(body, "StmtGnlDtls/StmtDtTm/Dt") or text(body, "StmtGnlDtls/StmtDtTm/DtTm")
    found = []
    for place, holder in [(account, body)] + [
        (text(sub, "SfkpgAcct/Id") or account, sub) for sub in every(body, "SubAcctDtls")
    ]:
        for balance in every(holder, "BalForAcct"):
            total = first(balance, "AggtBal")
            unit = first(total, "Qty/Qty/Qty")
            _, quantity = _read_quantity(first(total, "Qty/Qty") if unit is None else unit)
            if quantity is not None:
                sign = -1 if text(total, "ShrtLngInd") == "SHOR" else 1
                found.append(
                    Holding(place, text(balance, "FinInstrmId/ISIN"), sign * quantity, date[:10] if date else None)
                )
    return tuple(found)


def _written(name: str, body: Node | None) -> str:
    assert body is not None, "a reference is always there"
    return document(name, body)
