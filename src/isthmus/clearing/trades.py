"""A trade as clearing sees it, and its novation: two obligations against the house, which stands between both sides.

Amounts are minor units. Quantities and both amounts of cash are those that the engine posted, so that what settles is
what was booked, to the unit; the residual of rounding stays with the house.
"""

from __future__ import annotations

from datetime import date

import msgspec

HOUSE = 0
"""The house as a participant: central counterparty, and whoever trades for its account."""


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """`quantity`: minor units of the asset `base`; what the buyer pays and the seller gets are of the asset `quote`.
    `unit`: the smallest part of the quantity that can be delivered. Fees (of `quote`, negative: rebates) settle with
    the cash.
    """

    reference: str
    instrument: int
    traded_on: date
    buyer: int
    seller: int
    base: int
    quote: int
    quantity: int
    buyer_pays: int
    seller_gets: int
    unit: int = 1
    buyer_fee: int = 0
    seller_fee: int = 0


class Obligation(msgspec.Struct, frozen=True, kw_only=True):
    """What one participant owes the house (negative) and is owed by it, of both legs of a trade."""

    reference: str
    trade: str
    participant: int
    instrument: int
    traded_on: date
    due: date
    base: int
    quote: int
    base_amount: int
    quote_amount: int


def novate(trade: Trade, due: date) -> tuple[Obligation, Obligation]:
    """The buyer's and the seller's obligation. The house's own are their opposite: what is left of both is its residual
    of rounding and its fees.
    """
    buyer = (trade.quantity, -(trade.buyer_pays + trade.buyer_fee))
    seller = (-trade.quantity, trade.seller_gets - trade.seller_fee)
    return (
        _obligation(trade, due, (trade.buyer, "B"), buyer),
        _obligation(trade, due, (trade.seller, "S"), seller),
    )


def _obligation(trade: Trade, due: date, who: tuple[int, str], amounts: tuple[int, int]) -> Obligation:
    participant, side = who
    return Obligation(
        reference=f"{trade.reference}-{side}",
        trade=trade.reference,
        participant=participant,
        instrument=trade.instrument,
        traded_on=trade.traded_on,
        due=due,
        base=trade.base,
        quote=trade.quote,
        base_amount=amounts[0],
        quote_amount=amounts[1],
    )


def portion(trade: Trade, before: int, settled: int) -> dict[tuple[int, int], int]:
    """What moves when the settled quantity grows from `before` to `settled`: (participant, asset) -> amount, the
    house's residual included, so that every asset sums to zero. Cash is cut in proportion, against the participant,
    and adds up to the whole however often it is cut.
    """
    assert 0 <= before <= settled <= trade.quantity, "a trade settles between nothing and all of it"
    pays = _share(trade, trade.buyer_pays + trade.buyer_fee, settled, up=True)
    pays -= _share(trade, trade.buyer_pays + trade.buyer_fee, before, up=True)
    gets = _share(trade, trade.seller_gets - trade.seller_fee, settled, up=False)
    gets -= _share(trade, trade.seller_gets - trade.seller_fee, before, up=False)
    moved: dict[tuple[int, int], int] = {}
    for key, amount in (
        ((trade.buyer, trade.base), settled - before),
        ((trade.seller, trade.base), before - settled),
        ((trade.buyer, trade.quote), -pays),
        ((trade.seller, trade.quote), gets),
        ((HOUSE, trade.quote), pays - gets),
    ):
        moved[key] = moved.get(key, 0) + amount
    return moved


def _share(trade: Trade, amount: int, quantity: int, *, up: bool) -> int:
    whole = amount * quantity
    return -(-whole // trade.quantity) if up else whole // trade.quantity
