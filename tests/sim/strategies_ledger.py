"""Ledger sessions: accounts of every kind on both sides of the wall, and money that moves between them."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.oracle.engine import Twin
from tests.oracle.messages import NO_ID, PURPOSES, commands
from tests.oracle.values import GTC, LIMIT

from .strategies import EQUITY, EUR, START, USD, XYZ, Session, opening

CLIENT_BANK, SECOND_BANK, FIRM_BANK, OMNIBUS, TAX, UNCLEAR, FIRM_UNCLEAR, FUND, FEES = range(23, 32)
OPENED = ((5, 1), (5, 1), (5, 2), (6, 0), (7, 0), (8, 1), (8, 2), (9, 0), (10, 0))
"""(kind, side) of the accounts from 23 on."""
ACCOUNTS = (1, 2, 3, 5, 6, 16, 17, 19, 20, 21, *range(23, 32))
"""Of the world, the system, clients, the house's desk, a venue, and those above."""
BANKS = (CLIENT_BANK, SECOND_BANK, FIRM_BANK)
ASSETS = (USD, EUR, XYZ)


def ledger_opening(seed: int) -> Session:
    """A session's opening with accounts of every kind; the banks have money of both sides."""
    began = opening(seed)
    opened = [commands.OpenAccount(kind, NO_ID, side) for kind, side in OPENED]
    brought = [
        commands.Move(bank, holder, USD, amount, PURPOSES["deposit"], NO_ID)
        for bank, holder, amount in (
            (CLIENT_BANK, 16, 50_000),
            (CLIENT_BANK, UNCLEAR, 7_000),
            (SECOND_BANK, 17, 20_000),
            (SECOND_BANK, OMNIBUS, 3_000),
            (FIRM_BANK, 20, 40_000),
            (FIRM_BANK, FUND, 9_000),
        )
    ]
    return began + [(command, START + 900 + at) for at, command in enumerate(opened + brought)]


def session(seed: int, length: int) -> Session:
    """A whole session; the twin tells which transfers wait."""
    chance, twin, now = Random(seed), Twin(), START + 10**6
    written = ledger_opening(seed % 7)
    for command, at in written:
        twin.apply(command, at)
    for _ in range(length):
        now += chance.choice((0, 1, 1_000, 10**4))
        command = draw(chance, twin.state.sequence, list(twin.state.pending), now)
        twin.apply(command, now)
        written.append((command, now))
    return written


def draw(chance: Random, sequence: int, pending: list[int], now: int) -> Any:
    """The next command; `pending` are sequences that may wait, `sequence` is the last record's."""
    what = chance.random()
    client_id = chance.randint(1, 12).to_bytes(16, "little") if chance.random() < 0.25 else NO_ID
    if what < 0.25:
        return commands.Move(*_way(chance), client_id)
    if what < 0.5:
        expire = chance.choice((0, now, now + 1, now + 5_000, now + 10**9))
        return commands.MovePending(*_way(chance), client_id, expire)
    if what < 0.75:
        number = chance.choice(pending) if pending and chance.random() < 0.9 else chance.randint(0, sequence + 1)
        if chance.random() < 0.4:
            return commands.VoidPending(number, client_id)
        return commands.PostPending(number, chance.choice((0, 0, 1, 40, 999, -1, 10**9)), client_id)
    if what < 0.85:
        sold, bought = chance.choice(ASSETS), chance.choice((*ASSETS, 99))
        amounts = (_amount(chance), _amount(chance))
        return commands.Exchange(chance.choice(ACCOUNTS), sold, amounts[0], bought, amounts[1], client_id)
    return _everyday(chance, client_id)


def _everyday(chance: Random, client_id: bytes) -> Any:
    """Holds by orders beside those by transfers, plain movements, and the time."""
    what, who = chance.random(), chance.choice((16, 17, 19, 20, OMNIBUS))
    if what < 0.4:
        words = (chance.choice((1, 2)), LIMIT, GTC, 0, chance.randint(97, 103), chance.randint(1, 9))
        return commands.PlaceOrder(who, EQUITY, 0, *words, client_id)
    if what < 0.6:
        return commands.Transfer(who, chance.choice(ACCOUNTS), USD, _amount(chance), client_id)
    if what < 0.8:
        return commands.Withdraw(who, chance.choice(ASSETS), _amount(chance), client_id)
    return commands.TimePassed()


def _way(chance: Random) -> tuple[int, int, int, int, int]:
    """Source, target, asset, amount, purpose; mostly in dollars, which the banks have."""
    source, target = chance.choice(ACCOUNTS), chance.choice((*ACCOUNTS, 9, 99) if chance.random() < 0.1 else ACCOUNTS)
    asset = chance.choice((0, 99) if chance.random() < 0.02 else (USD, USD, USD, EUR, XYZ))
    purpose = chance.choice((0, 3, 20, 255)) if chance.random() < 0.02 else chance.choice(list(PURPOSES.values()))
    return source, target, asset, _amount(chance), purpose


def _amount(chance: Random) -> int:
    return chance.choice((0, -5, 2**63 - 1)) if chance.random() < 0.05 else chance.choice((1, 2, 50, 999, 6_000))
