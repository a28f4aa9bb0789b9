"""4 QUEUE_POST: rest where a place in the queue is worth most.

Sources: `estimators.queue_value` (Moallemi, Yuan 2017; Maglaras, Moallemi, Zheng 2021). A venue's value is the chance
of a fill before the price moves away x (edge to the middle + rebate - toxicity), less what missing it costs (the half
spread and the fee of taking), less what the wait for it costs. The child goes to the most valuable queue, follows its
venue's best price, and changes the venue only for a gain worth losing its place for.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec

from isthmus.execution.estimators.queue_value import (
    expected_wait,
    fill_chance,
    joining_cost,
    moves_a_second,
    queue_value,
)
from isthmus.execution.paths.ending import Rest, by_end, ending
from isthmus.execution.paths.posting import can_rest, fitting, keep, on_tick, others_best, standing
from isthmus.execution.paths.taking import allowed, other_side
from isthmus.execution.policy import PPM, Decision, Market, Path, Ticket, Venue, Work, within
from isthmus.kernel.messages import GTC, POST_ONLY

SECONDS_A_MINUTE = 60
WAIT_MOST_S = 3_600.0
"""A longer wait costs no more: nobody waits longer for one queue."""


class QueuePostParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`wait_bps_a_minute`: what waiting costs. `trade_lots`: lots of a usual trade of takers. `improve`: stand a tick
    before the others where the spread has room. `behind_ticks`: how far the best price may move away before the child
    follows. `switch_bps`: by how much another venue must be worth more.
    """

    wait_bps_a_minute: Annotated[float, msgspec.Meta(ge=0, le=1_000)] = 0.5
    trade_lots: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)] = 1
    improve: bool = False
    behind_ticks: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    switch_bps: Annotated[float, msgspec.Meta(ge=0, le=1_000)] = 0.5
    rest: Rest = "take"


class Standing(NamedTuple):
    """A place to post: what a lot there is worth in price steps, how long it would wait, how likely it fills."""

    venue: Venue
    price: int
    value: float
    wait_s: float
    chance: float


def decide(work: Work, market: Market, parameters: QueuePostParameters, now: int) -> Decision:
    """One resting child in the most valuable queue."""
    if (last := ending(work, market, parameters.rest, now)) is not None:
        return last
    wake = by_end(work, now, book=True)
    best = best_place(work, market, parameters)
    if best is None:
        return keep(work.children, None, wake, "No venue shows prices on both sides to queue behind: waits.")
    best = _patient(work, market, parameters, best)
    ticket = Ticket(
        venue=best.venue.number,
        price=best.price,
        quantity=fitting(allowed(work, market), best.venue),
        tif=GTC,
        flags=POST_ONLY,
        why=(
            f"Queue: {best.venue.name} is worth {best.value:+.2f} price steps a lot "
            f"({best.chance:.0%} to fill, {best.wait_s:.0f} s to wait)."
        ),
    )
    return keep(work.children, ticket, wake, ticket.why)


def best_place(work: Work, market: Market, parameters: QueuePostParameters) -> Standing | None:
    """The most valuable place over all displayed books; of equal ones the venue with the smaller number."""
    places = [
        place
        for venue in sorted(market.venues(), key=lambda venue: venue.number)
        if can_rest(work, venue) and (place := place_at(work, market, parameters, venue)) is not None
    ]
    return max(places, key=lambda place: place.value, default=None)


def place_at(work: Work, market: Market, parameters: QueuePostParameters, venue: Venue) -> Standing | None:
    """What the queue of one venue is worth; None without prices on both sides."""
    middle_x2, price = market.middle_x2(), _price(work, market, parameters, venue)
    if middle_x2 is None or price is None:
        return None
    middle = middle_x2 / 2
    edge = (middle - price) * work.parent.sign
    rate = market.rate(venue.number, work.parent.side) / PPM
    ahead = float(_before_us(work, market, venue, price))
    moves = moves_a_second(market.volatility(), max(abs(edge), float(venue.tick)))
    chance = fill_chance(ahead, parameters.trade_lots, rate, moves)
    wait = min(WAIT_MOST_S, expected_wait(ahead, min(work.left, max(1.0, ahead)), rate))
    rebate = -venue.maker_fee_ppm * price / PPM
    missed = abs(edge) + venue.taker_fee_ppm * price / PPM
    worth = queue_value(chance, edge + rebate, venue.toxicity_ppm * price / PPM, missed)
    patience = parameters.wait_bps_a_minute * middle / 10_000 / SECONDS_A_MINUTE
    return Standing(venue, price, worth - joining_cost(0.0, wait, patience), wait, chance)


def _before_us(work: Work, market: Market, venue: Venue, price: int) -> int:
    """Lots before our next lot there; what is ours already does not count, where the book shows it."""
    shown = market.queue(venue.number, work.parent.side, price)
    own = sum(child.left for child in work.live if child.venue == venue.number and child.price == price)
    return shown - own if shown >= own else shown


def _price(work: Work, market: Market, parameters: QueuePostParameters, venue: Venue) -> int | None:
    """Where a child would stand: with the others of its side, or a tick before them."""
    parent = work.parent
    near = others_best(work.children, market, venue.number, parent.side)
    far = market.best(venue.number, other_side(parent.side))
    if near is None or far is None:
        return None
    price = near[0]
    if parameters.improve and (far[0] - price) * parent.sign > venue.tick:
        price += parent.sign * venue.tick
    price = on_tick(within(price, parent), venue.tick, parent.buys)
    return price if price > 0 else None


def _patient(work: Work, market: Market, parameters: QueuePostParameters, best: Standing) -> Standing:
    """The place of the child that stands, unless the best one is worth the move."""
    resting = standing(work.children)
    here = next((venue for venue in market.venues() if resting and venue.number == resting[0].venue), None)
    place = place_at(work, market, parameters, here) if here is not None else None
    if place is None:
        return best
    gain = parameters.switch_bps * (market.middle_x2() or 0) / 2 / 10_000
    chosen = best if best.value > place.value + gain else place
    if chosen.venue.number != resting[0].venue:
        return chosen
    behind = (chosen.price - resting[0].price) * work.parent.sign
    near_enough = 0 <= behind <= parameters.behind_ticks * chosen.venue.tick
    return chosen._replace(price=resting[0].price) if near_enough else chosen


QUEUE_POST = Path(
    number=4,
    name="QUEUE_POST",
    title="Queue post: rest where a place in the queue is worth most",
    source="Maglaras, Moallemi, Zheng, Operations Research 69(4) 2021; Moallemi, Yuan 2017",
    parameters=QueuePostParameters,
    decide=decide,
    measured_on="tape",
)
