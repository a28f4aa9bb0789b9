"""A BitMEX instrument: what its `typ`, multiplier and currencies mean.

`typ` is a CFI code: FFWCSX perpetual, FFCCSX future, IFXXXP spot, OCECCS call, OPECCS put; others (indices, baskets of
prediction, stock perpetuals) are refused by value. The raw multiplier counts minor units of the settlement currency.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from isthmus.venues.wires.words import (
    CALL,
    EXACT,
    FUTURE,
    INVERSE,
    LINEAR,
    NONE,
    PERPETUAL,
    PUT,
    QUANTO,
    SPOT,
    Instrument,
    Number,
    of_text,
    positive,
    refused,
)

VENUE = "bitmex"
KINDS = {"FFWCSX": PERPETUAL, "FFCCSX": FUTURE, "IFXXXP": SPOT, "OCECCS": CALL, "OPECCS": PUT}
CODES = {"XBT": "BTC"}
"""The venue's code of bitcoin is ISO 4217's; everybody else writes BTC."""
MINOR_UNITS = {
    "XBt": ("BTC", 8),
    "USDt": ("USDT", 6),
    "USDc": ("USDC", 6),
    "Gwei": ("ETH", 9),
    "LAMp": ("SOL", 9),
    "MAMUSd": ("MAMUSD", 6),
    "BMEx": ("BMEX", 6),
}
"""Settlement currencies as the venue writes them (its minor units): asset and decimals."""


class InstrumentRow(Struct, rename="camel"):
    """The fields that an instrument's meaning hangs on; the others are left."""

    symbol: str
    typ: str
    underlying: str
    quote_currency: str
    state: str = "Open"
    settl_currency: str | None = None
    multiplier: Number | None = None
    is_inverse: bool = False
    is_quanto: bool = False
    underlying_to_position_multiplier: Number | None = None
    underlying_to_settle_multiplier: Number | None = None
    quote_to_settle_multiplier: Number | None = None
    tick_size: Number | None = None
    lot_size: Number | None = None
    expiry: str | None = None
    option_strike_price: Number | None = None


def code_of(code: str) -> str:
    """An asset's code as others write it."""
    return CODES.get(code, code)


def instrument_of(row: InstrumentRow) -> Instrument:
    """Raises BadInput that names field and value of what is not understood."""
    if row.typ not in KINDS:
        raise refused(VENUE, "typ", row.typ, f"is none of {', '.join(KINDS)}")
    kind = KINDS[row.typ]
    margin = _margin(row, kind)
    settle, decimals = _settlement(row, margin)
    option = kind in (CALL, PUT)
    if option and row.option_strike_price is None:
        raise refused(VENUE, "optionStrikePrice", None, "an option has one")
    if (option or kind == FUTURE) and not row.expiry:
        raise refused(VENUE, "expiry", None, f"a {kind} has one")
    strike = positive(row.option_strike_price, "optionStrikePrice") if option and row.option_strike_price else None
    if option and strike is None:
        raise refused(VENUE, "optionStrikePrice", row.option_strike_price, "is not above zero")
    return Instrument(
        venue=VENUE,
        symbol=row.symbol,
        kind=kind,
        base=code_of(row.underlying),
        quote=code_of(row.quote_currency),
        settle=settle,
        margin=margin,
        multiplier=_multiplier(row, margin, decimals),
        tick=row.tick_size,
        lot=row.lot_size,
        expiry=of_text(row.expiry) if row.expiry and kind != PERPETUAL else None,
        strike=strike,
        active=row.state == "Open",
    )


def _margin(row: InstrumentRow, kind: str) -> str:
    if row.is_inverse and row.is_quanto:
        raise refused(VENUE, "isQuanto", True, "cannot be with isInverse")
    if kind == SPOT:
        return NONE
    return INVERSE if row.is_inverse else QUANTO if row.is_quanto else LINEAR


def _settlement(row: InstrumentRow, margin: str) -> tuple[str, int]:
    """Asset and decimals of its minor unit. Spot settles in what it is quoted in."""
    if margin == NONE:
        return code_of(row.quote_currency), 0
    if row.settl_currency not in MINOR_UNITS:
        raise refused(VENUE, "settlCurrency", row.settl_currency, f"is none of {', '.join(MINOR_UNITS)}")
    assert row.settl_currency is not None
    return MINOR_UNITS[row.settl_currency]


def _multiplier(row: InstrumentRow, margin: str, decimals: int) -> Decimal:
    """As `Instrument` defines it. Raw: value = multiplier x price (linear, quanto) or multiplier / price (inverse), in
    minor units of the settlement currency; quote and underlying become those by their own multipliers.
    """
    if margin == NONE:
        return Decimal(1)
    if row.multiplier is None or not row.multiplier:
        raise refused(VENUE, "multiplier", row.multiplier, "a contract has one")
    assert row.multiplier is not None
    minor = Decimal(10) ** decimals
    if margin == QUANTO:
        return positive(EXACT.divide(row.multiplier, minor), "multiplier")
    if margin == INVERSE:
        scale, field = row.underlying_to_settle_multiplier, "underlyingToSettleMultiplier"
    else:
        scale, field = row.quote_to_settle_multiplier, "quoteToSettleMultiplier"
    if scale is not None and not scale:
        raise refused(VENUE, field, scale, "is zero")
    of_quote = abs(scale) if scale is not None else minor
    made = positive(abs(EXACT.divide(row.multiplier, of_quote)), "multiplier")
    position = row.underlying_to_position_multiplier
    if margin == LINEAR and position is not None and EXACT.multiply(made, position) != 1:
        raise refused(
            VENUE, "underlyingToPositionMultiplier", position, f"does not fit a contract of {made} {row.underlying}"
        )
    return made
