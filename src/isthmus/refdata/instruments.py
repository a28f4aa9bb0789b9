"""Assets, instruments and accounts as rows; the arithmetic that an instrument alone may do."""

from __future__ import annotations

import msgspec

from isthmus.kernel.messages import (
    ACCOUNT_CLIENT,
    ACCOUNT_KINDS,
    ACCOUNT_OMNIBUS,
    ACCOUNT_VENUE,
    INSTRUMENT_KINDS,
    INVERSE_PERPETUAL,
    LINEAR_PERPETUAL,
    OPTION,
    SIDED_KINDS,
    SYSTEM_ACCOUNTS,
    WALL_SIDES,
)

_ACCOUNT_KIND_NAMES = {number: name for name, number in ACCOUNT_KINDS.items()}
_WALL_NAMES = {number: name for name, number in WALL_SIDES.items()}
WORLD_NAME = SYSTEM_ACCOUNTS[1]

INVERSE_SCALE: int = 10**24
"""What quantity / price of an inverse perpetual is counted in: parts of one."""


class Asset(msgspec.Struct, frozen=True):
    """One unit is 10^decimals minor units."""

    number: int
    code: str
    decimals: int


class Account(msgspec.Struct, frozen=True):
    """`kind`: one of ACCOUNT_KINDS. `name` is what the OpenAccount record's origin said; `side`: 1 client money, 2 the
    firm's, of custodians and suspense accounts.
    """

    number: int
    kind: int
    name: str
    side: int = 0

    @property
    def kind_name(self) -> str:
        """ "client", "house", "venue", "custodian" ..."""
        return _ACCOUNT_KIND_NAMES.get(self.kind, "system")

    @property
    def wall(self) -> str:
        """Its side of the wall between client money and the firm's: "client", "firm" or "outside"."""
        if self.kind in SIDED_KINDS:
            return _WALL_NAMES.get(self.side, "firm")
        if self.kind == ACCOUNT_VENUE or self.name == WORLD_NAME:
            return "outside"
        return "client" if self.kind in (ACCOUNT_CLIENT, ACCOUNT_OMNIBUS) else "firm"

    @property
    def path(self) -> str:
        """Its place in the chart of accounts: "client:ann", "custodian:BANK:client", "house:fees". A name that says no
        kind stands under its kind.
        """
        if self.number in SYSTEM_ACCOUNTS or self.name.startswith(f"{self.kind_name}:"):
            return self.name
        return f"{self.kind_name}:{self.name}"

    @property
    def short_name(self) -> str:
        """The name without its kind: "binance-spot" of "venue:binance-spot"."""
        return self.name.partition(":")[2] or self.name


class Instrument(msgspec.Struct, frozen=True):
    """A price of 1 is 10^-price_decimals of the quote asset, a quantity of 1 is 10^-quantity_decimals of the base
    asset.
    """

    number: int
    symbol: str
    kind: int
    base: Asset
    quote: Asset
    price_decimals: int
    quantity_decimals: int
    tick: int
    lot: int
    multiplier: int
    maker_fee_ppm: int
    taker_fee_ppm: int
    collar_bps: int
    initial_margin_bps: int
    mark: int

    @property
    def kind_name(self) -> str:
        """As REST names it: "equity", "linear_perpetual", "future" ..."""
        return INSTRUMENT_KINDS[self.kind]

    @property
    def perpetual(self) -> bool:
        """Is it held as a position and not as an asset? Perpetuals are, and contracts that expire."""
        return self.kind >= LINEAR_PERPETUAL

    @property
    def is_option(self) -> bool:
        """Its premium is paid at the trade."""
        return self.kind == OPTION

    @property
    def inverse(self) -> bool:
        """A contract is worth a fixed amount of the quote asset, and settles in the base asset."""
        return self.kind == INVERSE_PERPETUAL

    @property
    def value_asset(self) -> Asset:
        """What it is paid in, and a perpetual margined in."""
        return self.base if self.inverse else self.quote

    def turnover(self, price: int, quantity: int) -> int:
        """What a value is made of: price x quantity; of an inverse perpetual quantity / price, INVERSE_SCALE times."""
        if not self.inverse:
            return price * quantity
        size = abs(quantity) * INVERSE_SCALE // price
        return size if quantity > 0 else -size

    @property
    def value_exponent(self) -> int:
        """Of ten: value in quote minor units is price x quantity x multiplier x 10^this (docs/reference/engine.md,
        Numbers).
        """
        return self.quote.decimals - self.price_decimals - self.quantity_decimals

    def value(self, price_times_quantity: int) -> int:
        """Quote minor units of a sum of price x quantity, rounded down; for show, the engine posts its own. Of an
        inverse perpetual base minor units of a sum of its turnovers.
        """
        exact: int = price_times_quantity * self.multiplier
        if self.inverse:
            digits = self.base.decimals + self.price_decimals - self.quantity_decimals
            scaled: int = exact * 10**digits
            return scaled // INVERSE_SCALE
        exponent = self.value_exponent
        scale: int = 10 ** abs(exponent)
        return exact * scale if exponent >= 0 else exact // scale

    def base_units(self, quantity: int) -> int:
        """Minor units of the base asset; nothing is delivered for a perpetual."""
        scale: int = 10 ** (self.base.decimals - self.quantity_decimals)
        return quantity * scale

    def quantity_of(self, base_units: int) -> int:
        """The reverse of `base_units`, rounded down."""
        scale: int = 10 ** (self.base.decimals - self.quantity_decimals)
        return base_units // scale
