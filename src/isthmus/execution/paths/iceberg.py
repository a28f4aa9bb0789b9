"""11 ICEBERG: show a peak, keep the rest unseen, refresh it by chance.

Source: Esser, Moench 2007 (`estimators.peak`): the peak weighs queueing again after each peak against being seen. On
the house book the order itself is an iceberg, its peaks drawn between `display` and `display_high` from the record's
seed; at outside venues the path sends one peak after the other, drawn from the parent's seed and the child's ordinal,
with a pause drawn alike, so that neither size nor rhythm gives it away.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from isthmus.execution.estimators.draws import between
from isthmus.execution.estimators.peak import best_peak
from isthmus.execution.paths.ending import Rest, by_end, ending
from isthmus.execution.paths.posting import fitting, home, keep, on_tick, others_best, standing
from isthmus.execution.paths.taking import allowed
from isthmus.execution.policy import PPM, Decision, Market, Path, Ticket, Venue, Work, floor_lot, within
from isthmus.kernel.messages import GTC, HOUSE_BOOK, POST_ONLY

NS_PER_MS = 1_000_000
PEAKS_MOST = 1_000
"""Peaks of one order on the house book at most."""
PAUSE_SEED = 0x9E3779B97F4A7C15
"""Sizes and pauses are drawn from different sequences of one seed."""


class IcebergParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`peak_lots`: the peak, 0: the one of least cost, and where that cannot be told `peak_ppm` of the order.
    `wait_steps_s`: what a second of waiting costs a lot, in price steps; 0: the volatility. `random_ppm`: how far a
    peak may be from the mean peak. `pause_ms`: the longest pause between two peaks, at outside venues. `behind_ticks`:
    how far the best price may move away before the order follows; `at_limit`: stand at the limit instead.
    """

    venue: str = ""
    peak_lots: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000_000)] = 0
    peak_ppm: Annotated[int, msgspec.Meta(ge=1_000, le=PPM)] = 100_000
    wait_steps_s: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] = 0.0
    random_ppm: Annotated[int, msgspec.Meta(ge=0, le=900_000)] = 300_000
    pause_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 500
    behind_ticks: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 1
    at_limit: bool = False
    rest: Rest = "take"


def decide(work: Work, market: Market, parameters: IcebergParameters, now: int) -> Decision:
    """One iceberg on the house book, one peak at an outside venue."""
    if (last := ending(work, market, parameters.rest, now)) is not None:
        return last
    wake = by_end(work, now, book=not parameters.at_limit)
    venue = home(work, market, parameters.venue)
    price = 0 if venue is None else _price(work, market, parameters, venue)
    if venue is None or price <= 0:
        return keep(work.children, None, wake, "There is no price to stand at: waits.")
    low, high = peaks(work, market, parameters, (venue, price))
    if venue.number == HOUSE_BOOK:
        ticket = _native(work, market, (venue, price, low, high))
        return keep(work.children, ticket, wake, ticket.why)
    if not standing(work.children) and now < (again := _next_peak(work, parameters)):
        return Decision(wake=by_end(work, now, again), why="Pauses before the next peak.")
    ticket = _peak(work, market, (venue, price, low, high))
    return keep(work.children, ticket, wake, ticket.why)


def peaks(work: Work, market: Market, parameters: IcebergParameters, told: tuple[Venue, int]) -> tuple[int, int]:
    """The smallest and the largest peak, whole lots."""
    venue, price = told
    mean = parameters.peak_lots or _best(work, market, parameters, (venue, price))
    low = floor_lot(mean * (PPM - parameters.random_ppm) // PPM, venue.lot)
    high = floor_lot(mean * (PPM + parameters.random_ppm) // PPM, venue.lot)
    least = max(venue.lot, fitting(venue.minimum, venue) or -(-venue.minimum // venue.lot) * venue.lot)
    return max(low, least), max(low, high, least)


def _best(work: Work, market: Market, parameters: IcebergParameters, told: tuple[Venue, int]) -> int:
    """The mean peak by least cost; a share of the order where that is not known."""
    venue, price = told
    wait = parameters.wait_steps_s or market.volatility()
    queue = float(market.queue(venue.number, work.parent.side, price))
    rate = market.rate(venue.number, work.parent.side) / PPM
    best = best_peak(float(work.parent.quantity), queue, rate, (wait, market.impact()[0]))
    return max(1, round(best if best is not None else work.parent.quantity * parameters.peak_ppm / PPM))


def _price(work: Work, market: Market, parameters: IcebergParameters, venue: Venue) -> int:
    """Where it stands: with the others' best, or where it stands already while that is near enough."""
    parent = work.parent
    if parameters.at_limit:
        return on_tick(parent.limit, venue.tick, parent.buys)
    best = others_best(work.children, market, venue.number, parent.side)
    if best is None:
        return 0
    price = on_tick(within(best[0], parent), venue.tick, parent.buys)
    stands = [child.price for child in standing(work.children) if child.venue == venue.number]
    if stands and 0 <= (price - stands[0]) * parent.sign <= parameters.behind_ticks * venue.tick:
        return stands[0]
    return price


def _native(work: Work, market: Market, told: tuple[Venue, int, int, int]) -> Ticket:
    """An iceberg of the house book."""
    venue, price, low, high = told
    lots = fitting(allowed(work, market), venue)
    least = -(-lots // (PEAKS_MOST * venue.lot)) * venue.lot
    display = min(lots, max(low, least))
    return Ticket(
        venue=venue.number,
        price=price,
        quantity=lots,
        tif=GTC,
        flags=POST_ONLY,
        display=display,
        display_high=min(lots, max(high, display)),
        why=f"Iceberg at {venue.name}: {lots} lots, peaks of {display} to {min(lots, max(high, display))}.",
    )


def _peak(work: Work, market: Market, told: tuple[Venue, int, int, int]) -> Ticket:
    """The next peak at an outside venue; nothing more while one stands."""
    venue, price, low, high = told
    drawn = between(work.parent.seed, work.placed, low // venue.lot, high // venue.lot) * venue.lot
    lots = 0 if standing(work.children) else fitting(min(drawn, allowed(work, market)), venue)
    return Ticket(
        venue=venue.number,
        price=price,
        quantity=lots,
        tif=GTC,
        flags=POST_ONLY,
        why=f"Iceberg at {venue.name}: a peak of {lots} of {work.left} lots.",
    )


def _next_peak(work: Work, parameters: IcebergParameters) -> int:
    """When the next peak may follow the last one."""
    last = max((child.ended_at for child in work.children if not child.lives), default=0)
    if not last:
        return 0
    return last + between(work.parent.seed ^ PAUSE_SEED, work.placed, 0, parameters.pause_ms) * NS_PER_MS


ICEBERG = Path(
    number=11,
    name="ICEBERG",
    title="Iceberg: a displayed peak, refreshed by chance",
    source="Esser, Moench, Finance Research Letters 4 (2007)",
    parameters=IcebergParameters,
    decide=decide,
    measured_on="tape",
)
