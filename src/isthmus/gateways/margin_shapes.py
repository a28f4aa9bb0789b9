"""JSON of margined positions: what is asked of them and what is told."""

from __future__ import annotations

import msgspec


class Leverage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`initial_bps`: the initial margin that the account holds in the perpetual, 10,000 by the leverage; 0: the
    listing's.
    """

    instrument: str
    initial_bps: int
    account: str | None = None


class NewTier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From this value on (decimal, of the asset it settles in) the whole position is margined so; both rates 0: the
    row goes.
    """

    instrument: str
    from_value: str
    initial_bps: int
    maintenance_bps: int


class OneAsset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which one."""

    asset: str


class Freeze(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account that was frozen for a loss in an asset."""

    account: str
    asset: str


class Funding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`rate`: a decimal share of the value ("0.0001"), at most nine decimals; longs pay shorts where it is positive."""

    instrument: str
    rate: str


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the margin accounts of an asset are treated; what is left out is the default."""

    asset: str
    loss_bps: int = 3_000
    call_s: int = 3_600
    fee_ppm: int = 5_000


class Liquidation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Closes by the house book, no worse than at `limit`."""

    account: str
    instrument: str
    quantity: str
    limit: str


class Deleveraging(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Closes against the account that is first in line, at the bankruptcy price; left out, both are those of now."""

    account: str
    instrument: str
    quantity: str
    against: str | None = None
    price: str | None = None


class Tier(msgspec.Struct, frozen=True):
    """A row of a perpetual's tier table."""

    from_value: str
    initial_bps: int
    maintenance_bps: int


class MarginPosition(msgspec.Struct, frozen=True):
    """A position at the mark. `liquidation_price`: where the account would fall below its maintenance margin if nothing
    else moved; null where no price does. `bankruptcy_price`: where nothing would be left. `leverage_bps`: the initial
    margin chosen, null the listing's.
    """

    instrument: str
    quantity: str
    entry_price: str | None
    mark: str
    unrealised: str
    initial: str
    maintenance: str
    leverage_bps: int | None
    liquidation_price: str | None
    bankruptcy_price: str | None


class MarginAccount(msgspec.Struct, frozen=True):
    """An account's margin in an asset. `ratio`: equity by maintenance margin, null without one; below 1 it is
    liquidatable. `state`: well, called, liquidatable, overdue; `due`: when a call ends. `loss` of `base`: since the
    daily close.
    """

    account: str
    asset: str
    equity: str
    unrealised: str
    initial: str
    maintenance: str
    ratio: str | None
    state: str
    due: str | None
    loss: str | None
    base: str | None
    positions: list[MarginPosition]
