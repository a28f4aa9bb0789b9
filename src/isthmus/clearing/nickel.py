"""LME nickel, March 2022: public prices, generated positions, and what margin, voiding and the waterfall make of them.

Prices are facts: official prices 29,800 USD a tonne on 4 March and 42,995 on 7 March (LME notices); highest trade
101,365 on 8 March, a day whose trades the exchange cancelled (Oliver Wyman, Independent Review, January 2023). A lot is
6 tonnes.

Positions are GENERATED: there is no public record of them. `generate` makes one owner who is short, a part of it on the
exchange and the rest with banks that are short on the exchange for it; producers who are short a little, and funds and
makers who are long. Sizes come from a seed by splitmix64, so that every reader gets the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from isthmus.clearing.concentration import Concentration, Held, Margining, concentrations
from isthmus.clearing.waterfall import Member, Waterfall, default_waterfall

TONNES = 6
OFFICIAL = (("2022-03-04", 29_800), ("2022-03-07", 42_995))
"""Official cash settlement prices, USD a tonne."""
HIGHEST = ("2022-03-08", 101_365)
"""The highest trade of the day whose trades were cancelled."""
OWNER, BANKS, PRODUCERS, FUNDS = "the-short", 10, 30, 60
RULE = Margining(usual_bps=1_000, special_bps=4_500, value_per_lot=TONNES)
"""Usual: about what a lot needed in February 2022. Special: more than the 44 % of one day to 7 March."""
FUND_BPS = 300
"""Contribution to the default fund, of a member's margin."""
ASSESSMENT_BPS = 20_000
CAPITAL_BPS = 2_500
"""Our own capital before others' fund, of the whole fund (EMIR: a quarter of what a counterparty must hold)."""
_MASK = (1 << 64) - 1


class Trade(msgspec.Struct, frozen=True):
    """A trade of one day at a price, between owners, on the exchange."""

    day: str
    buyer: str
    seller: str
    lots: int
    price: int


class Account(msgspec.Struct, frozen=True):
    """An owner after a replay: signed lots and variation margin since the first day, USD."""

    owner: str
    lots: int
    variation: int


class Day(msgspec.Struct, frozen=True):
    """What an owner is called for on a day at its price: variation margin of the day (paid in above 0)."""

    day: str
    price: int
    call: int


class Outcome(msgspec.Struct, frozen=True):
    """Of one default: margin that the owner had, what closing it out at `price` lost, and who paid."""

    price: int
    special: bool
    margin: int
    loss: int
    waterfall: Waterfall


class _Luck:
    """splitmix64 (Steele, Lea and Flood 2014)."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def below(self, most: int) -> int:
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return (mixed ^ (mixed >> 31)) % most


def generate(seed: int) -> list[Held]:
    """Positions on the evening of 4 March: GENERATED. The short owner has 5,000 lots (30,000 t) on the exchange and
    20,000 (120,000 t) with ten banks, the sizes that the press told of; everything else is invented.
    """
    luck, made = _Luck(seed), [Held(OWNER, OWNER, "exchange", -5_000)]
    for bank in range(BANKS):
        name, lots = f"bank-{bank:02}", 20_000 // BANKS
        made += [Held(OWNER, OWNER, "otc", -lots), Held(name, name, "otc", lots)]
        made.append(Held(name, name, "exchange", -lots))
    for number in range(PRODUCERS):
        name = f"producer-{number:02}"
        made.append(Held(name, name, "exchange", -(200 + luck.below(1_000))))
    short = -sum(one.lots for one in made if one.place == "exchange")
    weights = [1 + luck.below(100) for _ in range(FUNDS)]
    parts = [short * weight // sum(weights) for weight in weights]
    parts[0] += short - sum(parts)
    return made + [
        Held(f"fund-{number:02}", f"fund-{number:02}", "exchange", lots) for number, lots in enumerate(parts)
    ]


def trades_of_the_day(seed: int, positions: Sequence[Held]) -> list[Trade]:
    """Trades of 8 March between 48,000 and the highest price: GENERATED. Producers buy back, funds sell."""
    luck, day = _Luck(seed ^ 0x8), HIGHEST[0]
    buyers = sorted({one.owner for one in positions if one.lots < 0 and one.place == "exchange"})
    sellers = sorted({one.owner for one in positions if one.lots > 0 and one.place == "exchange"})
    made = []
    for number in range(200):
        price = HIGHEST[1] if number == 150 else 48_000 + luck.below(HIGHEST[1] - 48_000)
        buyer, seller = buyers[luck.below(len(buyers))], sellers[luck.below(len(sellers))]
        made.append(Trade(day, buyer, seller, 1 + luck.below(40), price))
    return made


def replay(positions: Sequence[Held], trades: Sequence[Trade], prices: Sequence[tuple[str, int]]) -> list[Account]:
    """Every owner by name after the days of `prices`, the first of which is where positions start. A trade is settled
    against its day's price; one of a day without a price, whose trades were cancelled, is refused.

    Raises ValueError for a trade of a day that has no price.
    """
    days = dict(prices[1:])
    if missing := sorted({trade.day for trade in trades if trade.day not in days}):
        raise ValueError(f"there is no price of {missing[0]}: void its trades")
    lots: dict[str, int] = {}
    for one in positions:
        lots[one.owner] = lots.get(one.owner, 0) + one.lots
    variation = dict.fromkeys(lots, 0)
    last = prices[0][1]
    for day, price in prices[1:]:
        for owner in lots:
            variation[owner] += lots[owner] * (price - last) * TONNES
        for trade in (trade for trade in trades if trade.day == day):
            for owner, signed in ((trade.buyer, trade.lots), (trade.seller, -trade.lots)):
                lots[owner] += signed
                variation[owner] += signed * (price - trade.price) * TONNES
        last = price
    return [Account(owner, lots[owner], variation[owner]) for owner in sorted(lots)]


def calls(positions: Sequence[Held], owner: str, prices: Sequence[tuple[str, int]]) -> list[Day]:
    """Variation margin that the owner must pay day by day."""
    lots = sum(one.lots for one in positions if one.owner == owner)
    pairs = zip(prices, prices[1:], strict=False)
    return [Day(day, price, -lots * (price - before) * TONNES) for (_, before), (day, price) in pairs]


def default_at(positions: Sequence[Held], price: int, *, special: bool) -> Outcome:
    """The short owner pays nothing after 4 March and is closed out at `price`, with the rule or as before it."""
    start = OFFICIAL[0][1]
    rule = RULE if special else msgspec.structs.replace(RULE, special_bps=RULE.usual_bps)
    found = {one.owner: one for one in concentrations(positions, start, rule)}
    short = found[OWNER]
    members = [member_of(one) for one in found.values() if one.owner != OWNER]
    defaulter = member_of(short)
    loss = abs(short.lots) * max(0, price - start) * TONNES
    capital = sum(one.fund for one in (*members, defaulter)) * CAPITAL_BPS // 10_000
    fall = default_waterfall(loss, defaulter, members, capital, ASSESSMENT_BPS)
    return Outcome(price, short.special, short.margin, loss, fall)


def member_of(one: Concentration) -> Member:
    """A member with its margin and the contribution that follows from it."""
    return Member(one.owner, one.margin, one.margin * FUND_BPS // 10_000)
