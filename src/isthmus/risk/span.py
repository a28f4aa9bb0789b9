"""SPAN margins of portfolios: parameters of exchanges (`.spn`, `.pa2`, JSON) and positions in, requirements out.

The rule is `crates/margin`'s, in integers; money, prices and strikes are millionths inside and Decimals outside.
docs/reference/span.md tells the rule and works it by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any

from msgspec import Struct

from isthmus.engine.span import SpanParameters, SpanUnreadable, span_month
from isthmus.kernel.errors import BadInput
from isthmus.risk.span_form import add_form

UNIT = 1_000_000
"""Millionths."""
KINDS = ("future", "call", "put", "spot")
INDEX_RATE = 20_000
"""Exposure margin (extreme loss margin) of index contracts in millionths of the notional: 2 % (NSE Clearing)."""
STOCK_RATE = 35_000
"""Of single stocks: 3.5 %."""
INDICES = frozenset(
    (
        "NIFTY",
        "BANKNIFTY",
        "FINNIFTY",
        "MIDCPNIFTY",
        "NIFTYNXT50",
        "NIFTYIT",
        "INDIAVIX",
        "SENSEX",
        "BANKEX",
        "SENSEX50",
    )
)
EXPOSURE_CURRENCY = "INR"
"""Where a file says nothing, only clearing houses of this currency ask for exposure margin."""


class Position(Struct, frozen=True, kw_only=True):
    """Signed contracts of a product's code. `expiry`: as files write it, 20260630 or 201903; `strike` in millionths."""

    product: str
    kind: str
    expiry: int
    strike: int = 0
    quantity: int


class Margin(Struct, frozen=True, kw_only=True):
    """What a portfolio needs in one currency. `exposure` is None where no price of an underlying is known."""

    currency: str
    scan_risk: Decimal
    worst_scenario: int | None
    intra_spread: Decimal
    inter_credit: Decimal
    delivery: Decimal
    short_option_minimum: Decimal
    net_option_value: Decimal
    requirement: Decimal
    exposure: Decimal | None
    total: Decimal | None


class ProductMargin(Struct, frozen=True, kw_only=True):
    """What one product of the last portfolio needs, before option value."""

    product: str
    scan_risk: Decimal
    worst_scenario: int
    risk: Decimal
    net_option_value: Decimal


class SpanBook:
    """Parameters of one or several files and the rule over them.

    Add files, JSON forms and lots in any order; the first question seals them. Raises BadInput.
    """

    def __init__(self) -> None:
        self._parameters = SpanParameters()
        self._lots: dict[str, int] = {}
        self._sealed = False
        self._futures: dict[int, int | None] = {}

    def add_file(self, data: bytes) -> None:
        """A `.spn` or `.pa2`, told by its content."""
        try:
            self._parameters.add_file(data)
        except SpanUnreadable as fault:
            raise _bad(fault) from fault
        self._sealed = False

    def add_form(self, form: Any) -> None:
        """The JSON form, decoded; see `isthmus.risk.span_form`."""
        self._lots |= add_form(self._parameters, form)
        self._sealed = False

    def seal(self) -> None:
        """Builds the rule; questions do it by themselves."""
        for code, lot in self._lots.items():
            if not self._parameters.set_lot(code, lot):
                raise BadInput(f"lots.{code}", "is in none of the parameter files")
        try:
            self._parameters.seal()
        except SpanUnreadable as fault:
            raise _bad(fault) from fault
        self._sealed = True
        self._futures = {}

    @property
    def counts(self) -> tuple[int, int, int]:
        """Products, contracts, inter-commodity credits."""
        return self._parameters.counts

    @property
    def skipped(self) -> dict[str, int]:
        """Record types and elements that were passed over, with how often."""
        return dict(self._parameters.skipped)

    @property
    def parameters(self) -> SpanParameters:
        """The sealed parameters, for calls in bulk."""
        if not self._sealed:
            self.seal()
        return self._parameters

    def find(self, position: Position) -> int:
        """The contract's number. Raises BadInput that names the position's field."""
        try:
            return self.parameters.find(position.product, position.kind, position.expiry, position.strike)
        except KeyError as fault:
            reason = str(fault.args[0])
            field = "product" if reason.startswith("product ") else "expiry"
            name = f"{position.product} {position.kind} {position.expiry}"
            raise BadInput(field, f"{reason.removeprefix('product ')} ({name})") from fault

    def margin(self, positions: Sequence[Position]) -> list[Margin]:
        """What the positions need, a row a currency; none for no positions."""
        held = [(self.find(position), position.quantity) for position in positions]
        try:
            rows = self.parameters.margin(held)
        except ValueError as fault:
            field, _, reason = str(fault).partition(": ")
            raise BadInput(field, reason) from fault
        exposures = self._exposures(held)
        return [_row(currency, needed, exposures.get(currency, 0)) for currency, needed in rows]

    def products(self) -> list[ProductMargin]:
        """Product by product of the last portfolio."""
        return [
            ProductMargin(
                product=code,
                scan_risk=money(scan),
                worst_scenario=worst,
                risk=money(risk),
                net_option_value=money(value),
            )
            for code, scan, worst, risk, value in self.parameters.products_of_last()
        ]

    def _exposures(self, held: Iterable[tuple[int, int]]) -> dict[str, int | None]:
        """Exposure margin by currency: a part of the notional of futures and short options, rounded up."""
        sums: dict[str, int | None] = {}
        for contract, quantity in held:
            _, form, _, _, lot, multiplier, price, product = self._parameters.terms(contract)
            code, currency, spot, rate = self._parameters.product(product)
            sums.setdefault(currency, 0)
            rate = _usual_rate(code, currency) if rate is None else rate
            if rate == 0 or (form in ("call", "put") and quantity >= 0):
                continue
            if form in ("call", "put"):
                price = spot if spot is not None else self._front_price(product)
            so_far = sums[currency]
            if price is None or so_far is None:
                sums[currency] = None
            else:
                notional = abs(quantity) * lot * abs(price) * multiplier
                sums[currency] = so_far - (-notional * rate // (UNIT * UNIT))
        return sums

    def _front_price(self, product: int) -> int | None:
        """The price of the nearest future of a product, for a file that has no spot."""
        if product not in self._futures:
            found: tuple[int, int] | None = None
            for contract in range(self._parameters.counts[1]):
                _, form, expiry, _, _, _, price, own = self._parameters.terms(contract)
                if own == product and form == "future" and price is not None and (found is None or expiry < found[0]):
                    found = (expiry, price)
            self._futures[product] = found[1] if found else None
        return self._futures[product]


def money(millionths: int) -> Decimal:
    """An amount with two places at least, and no zeros behind them."""
    whole = Decimal(millionths) / UNIT
    return whole.quantize(Decimal("0.01")) if millionths % 10_000 == 0 else whole.normalize()


def expiry_of(text: str) -> int:
    """`2026-06-30`, `20260630`, `201903` or `2019-03` as the number of a month. Raises BadInput."""
    month = span_month(text.strip().replace("-", ""))
    if month is None:
        raise BadInput("expiry", f"{text!r} is no day or month")
    return month


def strike_of(text: str) -> int:
    """A strike in millionths; nothing is zero. Raises BadInput."""
    if not text.strip():
        return 0
    try:
        scaled = Decimal(text.strip()) * UNIT
    except InvalidOperation as fault:
        raise BadInput("strike", f"{text!r} is no number") from fault
    if not scaled.is_finite() or scaled != scaled.to_integral_value(ROUND_CEILING) or abs(scaled) >= 1 << 62:
        raise BadInput("strike", f"{text!r} has more than six places, or is too large")
    return int(scaled)


def _row(currency: str, needed: tuple[int, int | None, int, int, int, int, int, int], exposure: int | None) -> Margin:
    scan, worst, intra, inter, delivery, minimum, value, requirement = needed
    return Margin(
        currency=currency,
        scan_risk=money(scan),
        worst_scenario=worst,
        intra_spread=money(intra),
        inter_credit=money(inter),
        delivery=money(delivery),
        short_option_minimum=money(minimum),
        net_option_value=money(value),
        requirement=money(requirement),
        exposure=None if exposure is None else money(exposure),
        total=None if exposure is None else money(requirement + exposure),
    )


def _usual_rate(code: str, currency: str) -> int:
    if currency != EXPOSURE_CURRENCY:
        return 0
    return INDEX_RATE if code.upper() in INDICES else STOCK_RATE


def _bad(fault: SpanUnreadable) -> BadInput:
    line, field, reason = fault.args
    return BadInput(field, reason, line or None)
