"""The native API's objects of operators: what runs the house and its markets, in and out (see shapes.py)."""

from __future__ import annotations

from typing import Literal

import msgspec


class Protection(msgspec.Struct, frozen=True):
    """What pulls a maker's quotes; null: not watched."""

    window_ms: int
    quantity: str | None
    net_quantity: str | None
    percent_bps: int | None


class Maker(msgspec.Struct, frozen=True):
    """A market maker: obligations, last score, and whether its protection pulled its quotes (`pulled_by`: lots,
    net_lots or share). `protection` is told to the maker itself, traders, operators and auditors.
    """

    account: str
    instrument: str
    spread: str
    quantity: str
    presence_bps: int
    quoted_s: str
    open_s: str
    presence: str | None
    met: bool | None
    pulled: bool
    pulled_by: str | None
    protection: Protection | None


class Released(msgspec.Struct, frozen=True):
    """What a purge released of an asset, over all accounts."""

    asset: str
    amount: str


class KillState(msgspec.Struct, frozen=True):
    """A kill that stands, and what it purged: orders, the SHA-256 over (order u64, lots left i64) of each by order,
    what was released. `agreed`: the operator who agreed to end it; a second one is needed.
    """

    scope: str
    of: str | None
    user: int
    user_name: str | None
    since: str
    record: str
    orders: int
    digest: str
    released: list[Released]
    agreed: int | None
    agreed_name: str | None


class NewAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`name` is kept in the journal: an id, no personal data. Custodians and suspense accounts have a `side`."""

    kind: Literal["client", "house", "venue", "custodian", "omnibus", "tax", "suspense", "insurance", "fee"] = "client"
    name: str | None = None
    side: Literal["client", "firm"] | None = None


class Movement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A deposit or withdrawal."""

    account: str
    asset: str
    amount: str
    client_id: str | None = None


class AccountTransfer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `source` to `target`."""

    source: str
    target: str
    asset: str
    amount: str
    client_id: str | None = None


class NewAsset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One unit is 10^decimals minor units."""

    code: str
    decimals: int


class NewInstrument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`tick_size`, `lot_size` and `mark` are decimals in the instrument's own units."""

    instrument: str
    kind: Literal["equity", "fx_spot", "crypto_spot", "linear_perpetual", "inverse_perpetual", "future", "option"]
    base: str
    quote: str
    price_decimals: int
    quantity_decimals: int
    tick_size: str
    lot_size: str
    multiplier: int = 1
    maker_fee_ppm: int = 0
    taker_fee_ppm: int = 0
    collar_bps: int = 0
    initial_margin_bps: int = 0
    mark: str | None = None


class Halting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`instrument` null: everything."""

    instrument: str | None = None


class MassCancel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """null means any."""

    account: str | None = None
    instrument: str | None = None
    side: Literal["buy", "sell"] | None = None


class NewRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule of an instrument's book by name (docs/reference/match.md), its value as the engine's number."""

    instrument: str
    rule: str
    value: int


class NewTick(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From the price `from_price` on the instrument ticks so."""

    instrument: str
    from_price: str
    tick_size: str


class NewSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another trading state."""

    instrument: str
    state: Literal[
        "pre_open", "opening_auction", "continuous", "volatility_auction", "halted", "closing_auction", "closed"
    ]


class OneInstrument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which one."""

    instrument: str


class Membership(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Group and firm of an account; 0 for none."""

    account: str
    group: int = 0
    firm: int = 0


class Credit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far the account may go below zero in the asset: a credit line, or stock located for short sales."""

    account: str
    asset: str
    amount: str


class NewLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A limit of the gate (docs/reference/gate.md); `of` is an account ("acc-16"), a group, firm or session. `value`
    null takes the limit away.
    """

    scope: Literal["everything", "account", "group", "firm", "session"]
    limit: str
    value: int | None
    of: str | int | None = None
    instrument: str | None = None


class Killing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom: an account ("acc-16"), an instrument, a venue's name, a group, firm or session; nothing for everything."""

    scope: Literal["everything", "account", "group", "firm", "session", "instrument", "venue"]
    of: str | int | None = None


class NewMaker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Obligations of a market maker; a quantity of 0 ends them."""

    account: str
    instrument: str
    spread: str
    quantity: str
    presence_bps: int = 0


class NewProtection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pulls the maker's quotes when more trades within `window_ms`; what is left out is not watched."""

    account: str
    instrument: str
    window_ms: int
    quantity: str | None = None
    net_quantity: str | None = None
    percent_bps: int = 0


class Correction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Undoes a trade ("trd-4711-1"), or moves it to `price`."""

    trade: str
    price: str | None = None


class NewMark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`settlement`: settle every open perpetual position against it."""

    instrument: str
    price: str
    settlement: bool = False


class NewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A user is made when there is none of this name. With `public_key` (Ed25519, 64 hexadecimal digits) there is no
    secret.
    """

    user: str
    role: Literal["client", "trader", "operator", "auditor"] = "client"
    account: str | None = None
    public_key: str | None = None


class Snapshot(msgspec.Struct, frozen=True):
    """The file that was written under the data folder."""

    snapshot: str
    sequence: int


class KeyMade(msgspec.Struct, frozen=True):
    """The secret is shown this once."""

    key_id: str
    secret: str | None
    user: str
    role: str
    account: str | None
