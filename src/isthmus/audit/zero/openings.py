"""What is not public: what a client needs to find itself in a proof, and the broker to open what lies outside."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

CLIENT_FORMAT: Literal["isthmus-zk-client/1"] = "isthmus-zk-client/1"
NONCE_BYTES = 16


def client_id(nonce: bytes, account: str) -> bytes:
    """SHA-256 of a label, the nonce and the account's path: nobody without the nonce can test a guess."""
    return hashlib.sha256(b"isthmus/zero/client/v1" + nonce + account.encode()).digest()


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in minor units and the blinding of its commitment; the text of it shows neither."""

    amount: int
    blinding: bytes

    def __repr__(self) -> str:
        return "Opening(...)"


class ClientRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A client's row of an asset: row `place` of `of` in both lists, and its way to the root of the tree."""

    asset: str
    place: int
    of: int
    nonce: bytes
    owed: Opening
    used: Opening
    line: Opening
    way: bytes


class ClientLeg(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A client's leg: commitment `place` of the asset's list; `sequence`: the record of the trade."""

    asset: str
    place: int
    sequence: int
    opening: Opening


class ClientProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For one client, to be handed over on a private way."""

    format: Literal["isthmus-zk-client/1"]
    day: str
    root: bytes
    account: str
    rows: list[ClientRow]
    legs: list[ClientLeg]


class BrokerOpenings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lies outside, by asset and part: for whoever compares it with the statements of banks and venues."""

    day: str
    root: bytes
    parts: dict[str, dict[str, Opening]]
