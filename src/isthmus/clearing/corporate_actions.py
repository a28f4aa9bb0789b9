"""Corporate actions as values, and what each moves: dividends, splits and reverse splits, renames, mergers.

Amounts are minor units; ratios and rates are pairs of integers, never floats. The issuer is an account outside; what
rounding leaves stays with it. Holders below zero (short) owe what holders above it get. Who bought before the
ex-date holds: the balances are those that were booked when the ex-day began, whatever has settled by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import msgspec

from isthmus.clearing.calendars import ORDINARY, Closed, preceding, rolled
from isthmus.clearing.fails import PPM
from isthmus.clearing.terms import Market, days_of
from isthmus.clearing.trades import Trade, portion
from isthmus.kernel.errors import BadInput

DIVIDEND, SHARES = "dividend", "settlement"
"""Purposes of moves; shares come and go, with the cash for their fractions, as a settlement."""
RATIO_MAX = 100_000
Ratio = tuple[int, int]


class Dividend(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="dividend", forbid_unknown_fields=True):
    """`rate`: minor units of `currency` a minor unit of `asset`, as a fraction. `withheld_ppm`: tax that the issuer's
    agent keeps back.
    """

    asset: int
    currency: int
    rate: Ratio
    declared: date
    ex: date
    record: date
    pay: date
    withheld_ppm: int = 0


class Split(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="split", forbid_unknown_fields=True):
    """`ratio`: (new, old) shares; a reverse split has fewer new than old. `unit`: minor units of the smallest holding.
    `lieu`: minor units of `currency` for a minor unit of the new asset, paid for fractions.
    """

    asset: int
    currency: int
    ratio: Ratio
    ex: date
    lieu: Ratio
    unit: int = 1


class Exchange(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="exchange", forbid_unknown_fields=True):
    """Holders of `asset` get `ratio` (new, old) of `target`, fractions by `lieu`, and `cash` of `currency` for each
    minor unit that they held: a rename (one for one, no cash) or a merger.
    """

    asset: int
    target: int
    currency: int
    ex: date
    ratio: Ratio = (1, 1)
    lieu: Ratio = (0, 1)
    cash: Ratio = (0, 1)
    unit: int = 1


Action = Dividend | Split | Exchange


class Posting(msgspec.Struct, frozen=True):
    """A move that the action asks for; `purpose` is the ledger's."""

    source: int
    target: int
    asset: int
    amount: int
    purpose: str


def check(action: Action, closed: Closed = ORDINARY, calendars: tuple[str, ...] = ("NYSE",)) -> None:
    """Raises BadInput by the field that cannot be."""
    if isinstance(action, Dividend):
        _positive("rate", action.rate)
        if not 0 <= action.withheld_ppm <= PPM:
            raise BadInput("withheld_ppm", f"{action.withheld_ppm} is not 0 to {PPM}")
        days = ("declared", action.declared), ("ex", action.ex), ("record", action.record), ("pay", action.pay)
        for (earlier, first), (later, second) in zip(days, days[1:], strict=False):
            if first > second:
                raise BadInput(later, f"{second} is before {earlier}, {first}")
        return
    _positive("ratio", action.ratio)
    if action.unit < 1:
        raise BadInput("unit", f"{action.unit} is below 1")
    if isinstance(action, Split) and action.ratio[0] == action.ratio[1]:
        raise BadInput("ratio", f"{action.ratio[0]} for {action.ratio[1]} is no split")
    if isinstance(action, Exchange) and action.asset == action.target:
        raise BadInput("target", "is the asset itself")
    rolled(action.ex, calendars, "refuse", closed)


def _positive(field: str, ratio: Ratio) -> None:
    if not all(0 < part for part in ratio) or (field == "ratio" and max(ratio) > RATIO_MAX):
        raise BadInput(field, f"{ratio[0]} to {ratio[1]} is not two numbers above 0 (a ratio: up to {RATIO_MAX})")


def ex_date(record: date, market: Market, closed: Closed = ORDINARY) -> date:
    """The first day on which a buyer comes too late to be on the register at the record date: so many open days
    before it as a cycle has, less one (FINRA Rule 11140(b)(1): the record date itself since the cycle is one
    day).
    """
    day = preceding(record, market.calendars, closed)
    for _ in range(days_of(market, day) - 1):
        day = preceding(date.fromordinal(day.toordinal() - 1), market.calendars, closed)
    return day


def postings(action: Action, holders: Iterable[tuple[int, int]], issuer: int) -> Iterator[Posting]:
    """What moves between the issuer and each (account, booked balance), in the order given."""
    for account, held in holders:
        if held == 0 or account == issuer:
            continue
        if isinstance(action, Dividend):
            yield from _paid(issuer, account, action.currency, dividend_of(action, held), DIVIDEND)
        elif isinstance(action, Split):
            new, lieu = converted(held, action.ratio, action.unit, action.lieu)
            yield from _paid(issuer, account, action.asset, new - held, SHARES)
            yield from _paid(issuer, account, action.currency, lieu, SHARES)
        else:
            new, lieu = converted(held, action.ratio, action.unit, action.lieu)
            yield from _paid(issuer, account, action.asset, -held, SHARES)
            yield from _paid(issuer, account, action.target, new, SHARES)
            yield from _paid(issuer, account, action.currency, lieu + _times(held, action.cash), SHARES)


def _paid(issuer: int, account: int, asset: int, amount: int, purpose: str) -> Iterator[Posting]:
    """To the account, or from it where negative; nothing of nothing."""
    if amount > 0:
        yield Posting(issuer, account, asset, amount, purpose)
    elif amount < 0:
        yield Posting(account, issuer, asset, -amount, purpose)


def dividend_of(action: Dividend, held: int) -> int:
    """Net of tax; a short account owes the gross amount, since what it borrowed was paid on. Rounded down, whoever
    gets or owes it.
    """
    gross = held * action.rate[0] // action.rate[1]
    if held < 0:
        return gross
    return gross - -(-gross * action.withheld_ppm // PPM)


def converted(held: int, ratio: Ratio, unit: int, lieu: Ratio) -> tuple[int, int]:
    """(what is held afterwards in whole units, cash for the fraction that is left); a short account owes both."""
    new, old = ratio
    whole = abs(held) * new // (old * unit) * unit
    fraction = (abs(held) * new - whole * old, old)
    cash, over = divmod(fraction[0] * lieu[0], fraction[1] * lieu[1])
    if held < 0:
        return -whole, -(cash + (over > 0))
    return whole, cash


def _times(held: int, rate: Ratio) -> int:
    return held * rate[0] // rate[1]


def new_price(price: int, ratio: Ratio) -> int:
    """A price after a split, so that the value stays: rounded half up, at least one step."""
    new, old = ratio
    return max(1, (2 * price * old + new) // (2 * new))


def rest_of(trade: Trade, settled: int) -> Trade:
    """The trade of what is open: a trade of its own, so that what settled stays as it settled."""
    if settled == 0:
        return trade
    moved = portion(trade, settled, trade.quantity)
    pays, gets = -moved[(trade.buyer, trade.quote)], moved[(trade.seller, trade.quote)]
    return msgspec.structs.replace(
        trade, quantity=trade.quantity - settled, buyer_pays=pays, seller_gets=gets, buyer_fee=0, seller_fee=0
    )


def converted_trade(trade: Trade, settled: int, action: Split | Exchange) -> Trade | None:
    """What is open of a trade after the action: as many new shares as they are worth, for the same money. None
    where less than a unit is left, which nobody can deliver.
    """
    rest = rest_of(trade, settled)
    new, old = action.ratio
    quantity = rest.quantity * new // (old * action.unit) * action.unit
    if quantity == 0:
        return None
    base = action.target if isinstance(action, Exchange) else trade.base
    return msgspec.structs.replace(rest, quantity=quantity, base=base, unit=action.unit)
