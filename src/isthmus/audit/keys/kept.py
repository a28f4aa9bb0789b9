"""What a holder keeps, all of it in his vault."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from isthmus.audit.keys.asks import Alarm, Roster, Terms
from isthmus.audit.keys.growing import SeenHead
from isthmus.audit.keys.requests import Request
from isthmus.audit.keys.vault import KEY_BYTES, Chance, Code
from isthmus.kernel.errors import BadInput

Spent = dict[str, dict[str, dict[str, Decimal]]]
"""What left in a day: key, asset, what it was counted as."""


class KeyShare(msgspec.Struct, frozen=True):
    """A share of a key. `epoch` counts its refreshes."""

    terms: Terms
    share: bytes
    public: bytes
    epoch: int

    def __repr__(self) -> str:
        return f"KeyShare({self.terms.key}, epoch {self.epoch})"


class Opened(msgspec.Struct, frozen=True):
    """A request that a custodian approves by code. `void`: he did so under duress."""

    key: str
    request: Request
    since: int
    approved: int | None = None
    void: bool = False


class Sounded(msgspec.Struct, frozen=True):
    """An alarm and the holder whose custodian raised it."""

    holder: int
    alarm: Alarm


class Kept(msgspec.Struct):
    """`candidates`: shares made and not yet in force, by ceremony. `outbox`: alarms still to be told, by receiver.
    `heads`: the last that were signed, by key and origin.
    """

    number: int
    box: bytes
    code: Code
    duress: Code
    roster: Roster | None = None
    keys: dict[str, KeyShare] = {}
    candidates: dict[str, KeyShare] = {}
    opened: dict[str, Opened] = {}
    day: str = ""
    spent: Spent = {}
    round: int = 0
    alarms: list[Sounded] = []
    outbox: list[tuple[int, Alarm]] = []
    wrong: int = 0
    wrong_at: int = 0
    heads: dict[str, dict[str, SeenHead]] = {}

    def __repr__(self) -> str:
        return f"Kept(holder {self.number})"


def begun(number: int, code: str, duress: str, chance: Chance) -> Kept:
    """A new holder. Raises BadInput."""
    if code == duress:
        raise BadInput("duress", "is the ordinary code")
    return Kept(number, chance(KEY_BYTES), Code.of(code, chance), Code.of(duress, chance))
