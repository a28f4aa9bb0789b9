"""Arithmetic of forced closing of perpetual positions, in exact fractions: what the core's integers are held against.

Sources: the public rule of the dYdX v4 chain (protocol/x/clob/keeper/liquidations.go; docs "Liquidations"), whose
terms are kept. An account is worth `net` (TNC: collateral plus positions at the oracle's price) and must keep
`required` (TMMR). Closing `delta` units (opposite to the position) changes the value of the positions by dN and what is
required by dMMR.

- bankruptcy quote = -dN - TNC * |dMMR| / TMMR: what closing has to bring so that the rest of the account is as solvent
  as before. Rounded up to the quote's unit, which is against the account.
- fillable price = (N - ABR * s * MMR) / q with ABR = BA * (1 - TNC / TMMR), kept between 0 and 1: where an order that
  closes may trade. N, MMR and q are the whole position's.
- insurance delta = proceeds - bankruptcy quote; when positive no more than the highest fee on the proceeds. Proceeds
  and fee are cut to the quote's unit; proceeds of zero bring nothing.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec

QUOTE_UNITS = 1_000_000
"""Units of the quote asset: amounts are counted in millionths."""
PRICE_DIGITS = 18
"""Decimal places of a price that does not end."""


class Terms(msgspec.Struct, frozen=True):
    """How an account is liquidated: `adjustment` (BA), `spread` (s) and the highest fee, as fractions of one."""

    adjustment: Fraction = Fraction(1)
    spread: Fraction = Fraction(1, 10)
    fee: Fraction = Fraction(5, 1000)


class Position(msgspec.Struct, frozen=True):
    """Signed size in base units, the oracle's price, and the share of the value that must be kept."""

    size: Fraction
    price: Fraction
    fraction: Fraction

    @property
    def value(self) -> Fraction:
        """N, signed."""
        return self.size * self.price

    @property
    def required(self) -> Fraction:
        """MMR."""
        return abs(self.value) * self.fraction


class Standing(msgspec.Struct, frozen=True):
    """Of a whole account: TNC and TMMR in quote."""

    net: Fraction
    required: Fraction

    @property
    def liquidatable(self) -> bool:
        """Somebody who needs nothing is left alone, however little it has."""
        return self.required > 0 and self.net < self.required


def standing(collateral: Fraction, positions: list[Position]) -> Standing:
    """Of an account with these positions, all margined together."""
    net = collateral + sum((one.value for one in positions), Fraction(0))
    return Standing(net, sum((one.required for one in positions), Fraction(0)))


def bankruptcy_quote(account: Standing, position: Position, delta: Fraction) -> Fraction | None:
    """What closing `delta` has to bring (negative: may cost), in quote; None where nothing is required."""
    if account.required <= 0:
        return None
    rest = Position(position.size + delta, position.price, position.fraction)
    change = rest.value - position.value
    freed = abs(rest.required - position.required)
    return -change - _cut(account.net * freed / account.required, QUOTE_UNITS)


def fillable_price(account: Standing, position: Position, terms: Terms) -> Fraction | None:
    """Where closing may trade; None without a position, or where nothing is required of the account."""
    if position.size == 0 or account.required <= 0:
        return None
    short = terms.adjustment * (1 - account.net / account.required)
    ratio = min(Fraction(1), max(Fraction(0), short))
    return (position.value - ratio * terms.spread * position.required) / position.size


def insurance_delta(bankruptcy: Fraction, delta: Fraction, price: Fraction, fee: Fraction) -> Fraction:
    """What the insurance fund gets of a close at `price`; negative: what it pays."""
    paid = _cut(abs(delta) * price, QUOTE_UNITS)
    if paid == 0:
        return Fraction(0)
    gained = (paid if delta < 0 else -paid) - bankruptcy
    return min(gained, _cut(paid * fee, QUOTE_UNITS)) if gained > 0 else gained


def _cut(value: Fraction, units: int) -> Fraction:
    """Down to a whole unit, towards minus infinity."""
    return Fraction(value.numerator * units // value.denominator, units)
