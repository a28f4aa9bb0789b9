"""The chart of accounts: every account of the engine as a path, its class, its side of the wall and its normal side.

A balance above zero is a credit (we owe it, or it is ours to keep), one below zero a debit (it is owed to us, or lies
elsewhere for us): an amount goes from a posting's source, which is debited, to its target, which is credited.
"""

from __future__ import annotations

from collections.abc import Container

import msgspec

from isthmus.kernel.messages import SYSTEM_ACCOUNTS

CLIENT, FIRM, OUTSIDE = "client", "firm", "outside"
"""Sides of the wall between client money and the firm's."""
CREDIT, DEBIT, EITHER = "credit", "debit", "either"
SYSTEM = 4


class AccountClass(msgspec.Struct, frozen=True):
    """What all accounts of an engine's kind have in common; `side` where the account does not say it itself."""

    name: str
    side: str
    normal_side: str


CLASSES = {
    1: AccountClass("client", CLIENT, CREDIT),
    2: AccountClass("house", FIRM, CREDIT),
    3: AccountClass("venue", OUTSIDE, EITHER),
    SYSTEM: AccountClass("house", FIRM, EITHER),
    5: AccountClass("custodian", FIRM, DEBIT),
    6: AccountClass("omnibus", CLIENT, CREDIT),
    7: AccountClass("tax", FIRM, CREDIT),
    8: AccountClass("suspense", FIRM, EITHER),
    9: AccountClass("insurance", FIRM, CREDIT),
    10: AccountClass("fee", FIRM, CREDIT),
}
"""By the engine's kind of account."""
UNKNOWN_CLASS = AccountClass("unknown", FIRM, EITHER)
WORLD = AccountClass("world", OUTSIDE, DEBIT)
SIDES = {1: CLIENT, 2: FIRM}
"""What OpenAccount may say of a custodian or suspense account."""


class LedgerAccount(msgspec.Struct, frozen=True):
    """A row of the chart. `opened`: the record that opened it; 0 for the system's own."""

    number: int
    path: str
    class_name: str
    kind: int
    side: str
    normal_side: str
    opened: int


def system_accounts() -> list[LedgerAccount]:
    """Those that every engine begins with."""
    rows = []
    for number, path in SYSTEM_ACCOUNTS.items():
        of = WORLD if path == "world" else CLASSES[SYSTEM]
        rows.append(LedgerAccount(number, path, of.name, SYSTEM, of.side, of.normal_side, 0))
    return rows


def opened_account(number: int, kind: int, said: tuple[str, int], opened: int, taken: Container[str]) -> LedgerAccount:
    """The account of an OpenAccount record; `said`: the origin's text and the side that the command gives (0: by kind).

    The path is the text, below its class where the text does not name it; a path in `taken` gets the number behind it.
    """
    text, side = said
    of = CLASSES.get(kind, UNKNOWN_CLASS)
    path = text or f"{of.name}:{number}"
    if path.partition(":")[0] != of.name:
        path = f"{of.name}:{path}"
    if path in taken:
        path = f"{path}#{number}"
    return LedgerAccount(number, path, of.name, kind, SIDES.get(side, of.side), of.normal_side, opened)
