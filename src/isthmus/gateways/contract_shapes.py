"""Bodies and answers about contracts that expire and about margin."""

from __future__ import annotations

from typing import Literal

import msgspec


class NewContract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The terms of a dated future or an option. `underlying` null: the base asset. `strike` is a price as it is quoted;
    `floor` null or the negative price that a future's prices are counted from. `expire`: ns.
    """

    instrument: str
    delivery: Literal["cash", "physical"]
    expire: int
    underlying: str | None = None
    right: Literal["call", "put"] | None = None
    style: Literal["european", "american"] | None = None
    strike: str | None = None
    floor: str | None = None


class FinalPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`price` null says that there is no price: refused, and the positions stand."""

    instrument: str
    price: str | None


class Use(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many options are used."""

    instrument: str
    quantity: str
    client_id: str | None = None


class MarginMode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`portfolio`: positions with risk arrays are margined together."""

    account: str
    mode: Literal["isolated", "portfolio"]


class WhatIf(msgspec.Struct, frozen=True):
    """`required` with the order, `held` without it, `available` beyond that; `reason` of a refusal, or null."""

    account: str
    asset: str
    required: str
    held: str
    available: str
    reason: str | None
