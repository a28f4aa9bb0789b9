"""Orders of funds as values: setr.010 (subscription), setr.004 (redemption), and their confirmations setr.012,
setr.006.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from isthmus.gateways.iso20022.elements import Element, every, first, local, number, text
from isthmus.gateways.iso20022.payments import plain
from isthmus.gateways.iso20022.trees import Node, amount, branch, document, leaf
from isthmus.kernel.errors import BadInput

SUBSCRIPTION, REDEMPTION = "setr.010.001.04", "setr.004.001.04"

Side = Literal["buy", "sell"]
_BODIES: dict[str, tuple[Side, bool]] = {
    "SbcptOrdr": ("buy", False),
    "SbcptOrdrConf": ("buy", True),
    "RedOrdr": ("sell", False),
    "RedOrdrConf": ("sell", True),
}


class FundOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order of units, or for an amount. Of a confirmation: what was dealt."""

    reference: str
    side: Side
    isin: str
    account: str
    units: Decimal | None = None
    amount: Decimal | None = None
    currency: str | None = None
    deal: str | None = None
    """The deal's own reference, of a confirmation."""


def order(message: str, created: str, orders: tuple[FundOrder, ...]) -> str:
    """XML of setr.010 or setr.004: all orders have one side and account. Raises BadInput where they do not."""
    shared = {(found.side, found.account) for found in orders}
    if len(shared) != 1:
        raise BadInput("orders", "orders of one message have one side and one account")
    side, account = next(iter(shared))
    body = branch(
        "SbcptOrdr" if side == "buy" else "RedOrdr",
        branch("MsgId", leaf("Id", message), leaf("CreDtTm", created)),
        branch(
            "MltplOrdrDtls",
            leaf("InvstmtAcctDtls/AcctId", account),
            [node for found in orders if (node := _ordered(found))],
        ),
    )
    assert body is not None, "a message has an identification"
    return document(SUBSCRIPTION if side == "buy" else REDEMPTION, body)


def _ordered(found: FundOrder) -> Node | None:
    name = "AmtOrUnits" if found.side == "buy" else "AmtOrUnitsOrPctg"
    if (found.units is None) == (found.amount is None):
        raise BadInput("units", "an order has units or an amount, and not both")
    what = (
        leaf(f"{name}/UnitsNb", plain(found.units))
        if found.units is not None
        else amount(f"{name}/NetAmt", plain(found.amount or Decimal(0)), found.currency)
    )
    return branch(
        "IndvOrdrDtls",
        leaf("OrdrRef", found.reference),
        leaf("FinInstrmDtls/Id/ISIN", found.isin),
        what,
        leaf("PhysDlvryInd", "false"),
    )


def read_orders(body: Element) -> tuple[FundOrder, ...]:
    """Of the element below Document. Raises BadInput for a message that is none of the four."""
    kind = _BODIES.get(local(body))
    if kind is None:
        raise BadInput(local(body), "holds no orders of funds")
    side, confirmed = kind
    path, single = ("MltplExctnDtls", "IndvExctnDtls") if confirmed else ("MltplOrdrDtls", "IndvOrdrDtls")
    return tuple(
        _order(group, found, side, confirmed=confirmed) for group in every(body, path) for found in every(group, single)
    )


def _order(group: Element, found: Element, side: Side, *, confirmed: bool) -> FundOrder:
    holder = found if confirmed else first(found, "AmtOrUnits" if side == "buy" else "AmtOrUnitsOrPctg")
    cash = (
        first(holder, "SttlmAmt")
        if confirmed
        else next(
            (value for name in ("NetAmt", "GrssAmt", "OrdrdAmt") if (value := first(holder, name)) is not None), None
        )
    )
    return FundOrder(
        reference=text(found, "OrdrRef") or "",
        side=side,
        isin=text(found, "FinInstrmDtls/Id/ISIN") or "",
        account=text(group, "InvstmtAcctDtls/AcctId") or "",
        units=number(holder, "UnitsNb/Unit") or number(holder, "UnitsNb"),
        amount=number(cash),
        currency=None if cash is None else cash.get("Ccy"),
        deal=text(found, "DealRef"),
    )
