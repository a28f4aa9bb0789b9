"""Who holds too much of a market: positions by beneficial owner, on and off the exchange together.

The lesson of LME nickel in March 2022 (Oliver Wyman, Independent Review of Events in the Nickel Market, January 2023):
most of one owner's short position lay off the exchange, with banks that hedged it there under their own names, so that
nobody who looked at members or at the exchange alone saw it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from isthmus.clearing.margining import BPS

THRESHOLD_BPS = 2_500
"""Of open interest; a holder above it gets the special margin."""


class Held(msgspec.Struct, frozen=True):
    """One position: signed lots of `holder`, whose `owner` is the beneficial one; `place` is exchange or otc."""

    holder: str
    owner: str
    place: str
    lots: int


class Margining(msgspec.Struct, frozen=True):
    """Shares of the value in basis points; `value_per_lot` at a price of 1."""

    usual_bps: int
    special_bps: int
    value_per_lot: int
    threshold_bps: int = THRESHOLD_BPS


class Concentration(msgspec.Struct, frozen=True):
    """An owner: signed lots in all and on the exchange, its shares of open interest (basis points, rounded down), and
    the margin that it has to have.
    """

    owner: str
    lots: int
    exchange_lots: int
    share_bps: int
    exchange_share_bps: int
    special: bool
    margin: int


def open_interest(positions: Iterable[Held]) -> int:
    """Lots that somebody is long, each position as it stands. Raises ValueError unless as many are short."""
    long = short = 0
    for one in positions:
        long, short = (long + one.lots, short) if one.lots > 0 else (long, short - one.lots)
    if long != short:
        raise ValueError(f"{long} lots are long and {short} short: a position is missing")
    return long


def concentrations(positions: Sequence[Held], price: int, rule: Margining) -> list[Concentration]:
    """Every owner, by name. Above the threshold means above: at 25 % exactly the usual margin holds.

    An owner's share is that of its net position in the open interest of exchange and over-the-counter positions between
    owners: what a bank holds for somebody on the exchange and against him off it is nobody's and counts in neither.
    """
    owned, listed = defaultdict[str, int](int), defaultdict[str, int](int)
    for one in positions:
        owned[one.owner] += one.lots
        listed[one.owner] += one.lots if one.place == "exchange" else 0
    of_all = sum(max(0, lots) for lots in owned.values())
    of_exchange = open_interest(one for one in positions if one.place == "exchange")
    open_interest(positions)
    found = []
    for owner in sorted(owned):
        lots = owned[owner]
        special = abs(lots) * BPS > rule.threshold_bps * of_all
        value = abs(lots) * price * rule.value_per_lot
        margin = -(-value * (rule.special_bps if special else rule.usual_bps) // BPS)
        shares = (_share(lots, of_all), _share(listed[owner], of_exchange))
        found.append(Concentration(owner, lots, listed[owner], *shares, special, margin))
    return found


def _share(lots: int, of: int) -> int:
    return abs(lots) * BPS // of if of else 0
