"""Foreign exchange as values: fxtr.014 (instruction), fxtr.015 (amendment), fxtr.017 and fxtr.008 (status)."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from isthmus.gateways.iso20022.elements import Element, every, first, local, number, text
from isthmus.gateways.iso20022.payments import plain
from isthmus.gateways.iso20022.trees import Node, amount, branch, document, leaf
from isthmus.kernel.errors import BadInput

INSTRUCTION, AMENDMENT = "fxtr.014.001.05", "fxtr.015.001.05"


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """A trade as the trading side sees it. Parties are BICs. `rate`: units of `quoted` for one of `base`."""

    reference: str
    trade_date: str
    settlement_date: str
    bought: Decimal
    bought_currency: str
    sold: Decimal
    sold_currency: str
    rate: Decimal
    base: str | None = None
    quoted: str | None = None
    trading_side: str | None = None
    counterparty: str | None = None
    common_reference: str | None = None
    matching_reference: str | None = None
    """Of the matching system; an amendment needs it."""


class ExchangeStatus(msgspec.Struct, frozen=True):
    """What a matching system says of a trade."""

    reference: str | None
    matching_reference: str | None
    status: str | None
    previous: str | None
    settlement_date: str | None


def instruction(exchange: Exchange, name: str = INSTRUCTION) -> str:
    """XML of fxtr.014."""
    return _trade(exchange, name, "FXTradInstr", None)


def amendment(exchange: Exchange, name: str = AMENDMENT) -> str:
    """XML of fxtr.015. Raises BadInput without the reference of the matching system."""
    if exchange.matching_reference is None:
        raise BadInput("matching_reference", "an amendment names the trade by it")
    return _trade(exchange, name, "FXTradInstrAmdmnt", leaf("MtchgSysRef/MtchgSysUnqRef", exchange.matching_reference))


def _trade(exchange: Exchange, name: str, body_name: str, matching: Node | None) -> str:
    body = branch(
        body_name,
        branch(
            "TradInf",
            leaf("TradDt", exchange.trade_date),
            leaf("OrgtrRef", exchange.reference),
            matching,
            leaf("CmonRef", exchange.common_reference),
        ),
        leaf("TradgSdId/SubmitgPty/AnyBIC/AnyBIC", exchange.trading_side),
        leaf("CtrPtySdId/SubmitgPty/AnyBIC/AnyBIC", exchange.counterparty),
        branch(
            "TradAmts",
            amount("TradgSdBuyAmt/Amt", plain(exchange.bought), exchange.bought_currency),
            amount("TradgSdSellAmt/Amt", plain(exchange.sold), exchange.sold_currency),
            leaf("SttlmDt", exchange.settlement_date),
        ),
        branch(
            "AgrdRate",
            leaf("XchgRate", plain(exchange.rate)),
            leaf("UnitCcy", exchange.base),
            leaf("QtdCcy", exchange.quoted),
        ),
    )
    assert body is not None, "a trade has a date"
    return document(name, body)


def read_exchange(body: Element) -> Exchange:
    """Of the element below Document (fxtr.014, fxtr.015). Raises BadInput for another, or where amounts or rate
    are missing.
    """
    bought, sold = first(body, "TradAmts/TradgSdBuyAmt/Amt"), first(body, "TradAmts/TradgSdSellAmt/Amt")
    rate = number(body, "AgrdRate/XchgRate")
    bought_value, sold_value = number(bought), number(sold)
    if bought is None or sold is None or bought_value is None or sold_value is None or rate is None:
        raise BadInput(local(body), "two amounts of money and a rate are needed")
    return Exchange(
        reference=text(body, "TradInf/OrgtrRef") or "",
        trade_date=text(body, "TradInf/TradDt") or "",
        settlement_date=text(body, "TradAmts/SttlmDt") or "",
        bought=bought_value,
        bought_currency=bought.get("Ccy") or "",
        sold=sold_value,
        sold_currency=sold.get("Ccy") or "",
        rate=rate,
        base=text(body, "AgrdRate/UnitCcy"),
        quoted=text(body, "AgrdRate/QtdCcy"),
        trading_side=text(body, "TradgSdId/SubmitgPty/AnyBIC/AnyBIC"),
        counterparty=text(body, "CtrPtySdId/SubmitgPty/AnyBIC/AnyBIC"),
        common_reference=text(body, "TradInf/CmonRef"),
        matching_reference=text(body, "TradInf/MtchgSysRef/MtchgSysUnqRef"),
    )


_STATUSES = ("FXTradStsNtfctn", "FXTradStsAndDtlsNtfctn", "FXTradBlkStsNtfctn")


def read_exchange_statuses(body: Element) -> tuple[ExchangeStatus, ...]:
    """Of fxtr.008, fxtr.017 or fxtr.030: a status for each trade. Raises BadInput for another."""
    if local(body) not in _STATUSES:
        raise BadInput(local(body), "tells no status of a trade")
    common = first(body, "StsDtls")
    trades = every(body, "TradData") or [body]
    return tuple(_status(common, trade) for trade in trades)


def _status(common: Element | None, trade: Element) -> ExchangeStatus:
    holder = trade if first(trade, "CurSts") is not None else common
    code = first(holder, "CurSts")
    return ExchangeStatus(
        text(trade, "OrgtrRef") or text(trade, "TradInf/OrgtrRef") or text(holder, "MsgId"),
        text(trade, "MtchgSysUnqRef") or text(trade, "TradInf/MtchgSysRef/MtchgSysUnqRef"),
        text(code, "StsCd/Cd") or text(code, "StsCd/Prtry") or text(code, "Cd") or text(code, "Prtry"),
        text(holder, "PrvsSts/Cd") or text(holder, "PrvsSts/Prtry"),
        text(trade, "NewSttlmDt") or text(trade, "TradAmts/SttlmDt"),
    )
