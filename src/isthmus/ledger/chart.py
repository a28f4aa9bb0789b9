"""The chart of accounts: every account of the engine as a path, its class, its side of the wall and its normal side.

A balance above zero is a credit (we owe it, or it is ours to keep), one below zero a debit (it is owed to us, or lies
elsewhere for us): an amount goes from a posting's source, which is debited, to its target, which is credited.
"""

from __future__ import annotations

from collections.abc import Container

import msgspec

from isthmus.kernel.messages import SYSTEM_ACCOUNTS
from isthmus.refdata.instruments import Account

CLIENT, FIRM, OUTSIDE = "client", "firm", "outside"
"""Sides of the wall between client money and the firm's."""
CREDIT, DEBIT, EITHER = "credit", "debit", "either"
SYSTEM = 4


class AccountClass(msgspec.Struct, frozen=True):
    """What all accounts of an engine's kind have in common."""

    name: str
    normal_side: str


CLASSES = {
    1: AccountClass("client", CREDIT),
    2: AccountClass("house", CREDIT),
    3: AccountClass("venue", EITHER),
    SYSTEM: AccountClass("house", EITHER),
    5: AccountClass("custodian", DEBIT),
    6: AccountClass("omnibus", CREDIT),
    7: AccountClass("tax", CREDIT),
    8: AccountClass("suspense", EITHER),
    9: AccountClass("insurance", CREDIT),
    10: AccountClass("fee", CREDIT),
}
"""By the engine's kind of account."""
UNKNOWN_CLASS = AccountClass("unknown", EITHER)
WORLD = AccountClass("world", DEBIT)


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
        of, wall = (WORLD, OUTSIDE) if path == "world" else (CLASSES[SYSTEM], FIRM)
        rows.append(LedgerAccount(number, path, of.name, SYSTEM, wall, of.normal_side, 0))
    return rows


def opened_account(number: int, kind: int, said: tuple[str, int], opened: int, taken: Container[str]) -> LedgerAccount:
    """The account of an OpenAccount record; `said`: the origin's text and the side that the command gives (0: by kind).

    Its path is that of the directory; one in `taken` gets the number behind it.
    """
    text, side = said
    account, of = Account(number, kind, text or f"account:{number}", side), CLASSES.get(kind, UNKNOWN_CLASS)
    path = f"{account.path}#{number}" if account.path in taken else account.path
    return LedgerAccount(number, path, of.name, kind, account.wall, of.normal_side, opened)
