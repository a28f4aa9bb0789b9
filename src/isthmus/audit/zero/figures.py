"""What is proven of: a day's trades, what clients have and may owe, what lies outside for them; in minor units."""

from __future__ import annotations

import msgspec

CUSTODIANS, VENUES, WORLD = "custodians", "venues", "world"
PARTS = (CUSTODIANS, VENUES, WORLD)
"""Where what clients are owed lies: at banks for clients, at venues, and outside where the books name no place."""


class Leg(msgspec.Struct, frozen=True):
    """What a record's trades changed of one account's asset; below zero where it went out."""

    account: str
    asset: str
    sequence: int
    amount: int


class Standing(msgspec.Struct, frozen=True):
    """A client's balance in an asset at the end of the day, and the credit line that it may owe."""

    account: str
    asset: str
    balance: int
    line: int

    @property
    def owed(self) -> int:
        """To the client."""
        return max(self.balance, 0)

    @property
    def used(self) -> int:
        """Of the line: what the client owes."""
        return max(-self.balance, 0)


class Reserve(msgspec.Struct, frozen=True):
    """What lies outside of an asset, by part; `counted`: the parts that cover what clients are owed."""

    asset: str
    parts: dict[str, int]
    counted: tuple[str, ...]


class Figures(msgspec.Struct, frozen=True):
    """Of one day, up to record `sequence` whose hash is `head`."""

    day: str
    sequence: int
    head: bytes
    legs: list[Leg]
    standings: list[Standing]
    reserves: list[Reserve]
