"""Rules of foreign exchange (fxtr) and securities (sese, setr, semt): rates against amounts, dates, directions,
quantities.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from isthmus.gateways.iso20022.code_lists import MINOR_UNITS
from isthmus.gateways.iso20022.elements import Element, Finding, every, finding, first, number, text

_CASH = {"DELI": "CRDT", "RECE": "DBIT"}
"""Who delivers against payment gets the cash, who receives pays it."""


def exchange_findings(body: Element) -> Iterator[Finding]:
    """fxtr.014 and fxtr.015: two currencies, the rate that they make, settlement not before the trade."""
    bought, sold = first(body, "TradAmts/TradgSdBuyAmt/Amt"), first(body, "TradAmts/TradgSdSellAmt/Amt")
    if bought is not None and sold is not None:
        if bought.get("Ccy") == sold.get("Ccy"):
            yield finding("same_currency", sold, f"{sold.get('Ccy')} is bought and sold")
        else:
            yield from _rate(body, bought, sold)
    yield from _order_of_dates(text(body, "TradInf/TradDt"), first(body, "TradAmts/SttlmDt"))


def _rate(body: Element, bought: Element, sold: Element) -> Iterator[Finding]:
    rate, unit, quoted = first(body, "AgrdRate/XchgRate"), text(body, "AgrdRate/UnitCcy"), text(body, "AgrdRate/QtdCcy")
    amounts = {amount.get("Ccy"): amount for amount in (bought, sold)}
    if rate is None:
        return
    for name, currency in (("UnitCcy", unit), ("QtdCcy", quoted)):
        if currency is not None and currency not in amounts:
            yield finding("rate_currency", rate, f"{name} {currency} is neither bought nor sold")
            return
    value = number(rate)
    if value is None or value <= 0:
        yield finding("exchange_rate", rate, "a rate is more than nothing")
        return
    pairs = (
        [(unit, quoted)]
        if unit and quoted
        else [(bought.get("Ccy"), sold.get("Ccy")), (sold.get("Ccy"), bought.get("Ccy"))]
    )
    if not any(_makes(amounts[base], value, amounts[other]) for base, other in pairs):
        yield finding(
            "exchange_rate",
            rate,
            f"{bought.text} {bought.get('Ccy')} and {sold.text} {sold.get('Ccy')} do not make {rate.text}",
        )


def _makes(base: Element, rate: Decimal, other: Element) -> bool:
    """Whether base x rate is `other`, but for half a unit of the last place of the rate and the rounding of both
    amounts to their minor units.
    """
    amount, target = number(base), number(other)
    if amount is None or target is None:
        return False
    last = Decimal(1).scaleb(-_decimals(rate)) / 2
    slack = amount * last + _minor(base) * rate + _minor(other)
    return abs(amount * rate - target) <= slack


def _minor(amount: Element) -> Decimal:
    decimals = MINOR_UNITS.get(amount.get("Ccy") or "")
    return Decimal(1).scaleb(-(2 if decimals is None else decimals))


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _order_of_dates(traded: str | None, settled: Element | None) -> Iterator[Finding]:
    if traded is not None and settled is not None and (text(settled) or "")[:10] < traded[:10]:
        yield finding("settlement_before_trade", settled, f"settles on {text(settled)}, traded on {traded}")


def settlement_findings(body: Element) -> Iterator[Finding]:
    """sese.023, sese.024 and sese.025: movement against cash, quantities that add up, dates."""
    kind = first(body, "SttlmTpAndAddtlParams")
    kind = first(body, "TxIdDtls") if kind is None else kind
    movement, payment = text(kind, "SctiesMvmntTp"), text(kind, "Pmt")
    cash = first(body, "SttlmAmt")
    cash = first(body, "SttldAmt") if cash is None else cash
    if payment == "APMT" and cash is None:
        yield finding("settlement_amount", body, "against payment needs a settlement amount")
    if cash is not None:
        direction = first(cash, "CdtDbtInd")
        expected = _CASH.get(movement or "")
        if payment == "APMT" and direction is not None and expected is not None and text(direction) != expected:
            yield finding("debit_credit", direction, f"{movement} against payment is {expected}, not {text(direction)}")
    yield from _quantities(body)
    traded = text(body, "TradDtls/TradDt/Dt/Dt") or text(body, "TradDtls/TradDt/Dt/DtTm")
    for path in ("TradDtls/SttlmDt/Dt/Dt", "TradDtls/FctvSttlmDt/Dt/Dt"):
        yield from _order_of_dates(traded, first(body, path))


def _quantities(body: Element) -> Iterator[Finding]:
    quantity = first(body, "QtyAndAcctDtls")
    for name in ("SttlmQty", "SttldQty"):
        for kind in ("Unit", "FaceAmt"):
            total = first(quantity, f"{name}/Qty/{kind}")
            if total is None:
                continue
            if (number(total) or 0) <= 0:
                yield finding("quantity", total, "a quantity is more than nothing")
            parts = [number(part) or Decimal(0) for part in every(quantity, f"QtyBrkdwn/LotQty/Qty/{kind}")]
            if parts and sum(parts) != number(total):
                yield finding("quantity_breakdown", total, f"{total.text}, the lots add up to {sum(parts)}")


def order_findings(body: Element) -> Iterator[Finding]:
    """setr: order references are used once; a quantity is more than nothing; a confirmation's units and price
    make its gross amount.
    """
    seen: set[str] = set()
    for reference in body.iter("{*}OrdrRef"):
        value = text(reference) or ""
        if value in seen:
            yield finding("order_reference_twice", reference, f"{value} is used more than once")
        seen.add(value)
    for units in body.iter("{*}UnitsNb"):
        value_of_units = number(units, "Unit") if len(units) else number(units)
        if value_of_units is not None and value_of_units <= 0:
            yield finding("quantity", units, "a quantity is more than nothing")


def holding_findings(body: Element) -> Iterator[Finding]:
    """semt.002 and semt.003: the sub-balances of a holding do not exceed it; activity is announced rightly."""
    active = text(body, "StmtGnlDtls/ActvtyInd")
    holdings = list(body.iter("{*}BalForAcct"))
    if (
        active == "true"
        and not holdings
        and first(body, "SubAcctDtls") is None
        and text(body, "Pgntn/PgNb") in (None, "1")
    ):
        yield finding("activity", body, "activity is announced, but nothing is held")
    for holding in holdings:
        total = number(holding, "AggtBal/Qty/Qty/Qty/Unit")
        parts = [number(part) or Decimal(0) for part in every(holding, "BalBrkdwn/SubBal/Qty/Qty/Unit")]
        if total is not None and any(part > total for part in parts):
            yield finding("quantity_breakdown", holding, f"a part is more than the whole of {total}")
